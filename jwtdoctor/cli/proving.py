"""`sign --dpop`: the DPoP proof (RFC 9449) for the token request, beside the assertion or alone (`--format proof`).

It is for the token URL and the method POST, and good for one request. A nonce that the server asked for is put in with
`--dpop-nonce`; nothing is sent here, so that nobody else can ask for it.

`--format token` prints the proof on a second line where it was asked for on the command line. A profile with
`dpop = true` does not add one, since whoever reads one line there must go on to find the assertion alone in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jwtdoctor.cli.attempt import flow_of, provider_name, secret_of, token_url_of
from jwtdoctor.cli.common import Common, narrate
from jwtdoctor.errors import BadInput

if TYPE_CHECKING:
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.model.assertion import Assertion
    from jwtdoctor.probes.dpop import Prover


@dataclass(frozen=True, slots=True)
class ProofOrder:
    """A proof that is to be signed. `is_typed`: it was asked for on the command line."""

    prover: Prover
    url: str
    nonce: str | None
    is_typed: bool

    def signed(self, now: float) -> Assertion:
        """The proof, signed at `now` (epoch seconds)."""
        return self.prover.proof("POST", self.url, nonce=self.nonce, now=now)


_WITH_ITS_OWN_PLACE = ("json", "curl", "python")
"""Forms that a proof fits into without being taken for something else."""


def wants_proof(found: Settings) -> bool:
    """Whether proofs are sent by these settings: a key for them means that they are, unless `dpop` says no."""
    return found.flag("dpop") or ("dpop" not in found and "dpop_key" in found)


def proof_order(common: Common, found: Settings, nonce: str | None) -> ProofOrder | None:
    """What is to be proved; None where no proof is wanted. Raises BadInput and BadKey."""
    is_alone = common.format == "proof"
    typed = (found.get(name) for name in ("dpop", "dpop_key"))
    is_typed = is_alone or nonce is not None or any(one is not None and one.is_flag for one in typed)
    if not is_typed and (common.format not in _WITH_ITS_OWN_PLACE or not wants_proof(found) or "url" not in found):
        return None
    from jwtdoctor.assertions.dpop import is_nonce
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.model.case import Attempt
    from jwtdoctor.probes.dpop import findings_of_key, prover_of

    if nonce is not None and not is_nonce(nonce):
        raise BadInput("is no nonce", where="--dpop-nonce", expected="the value of the DPoP-Nonce header")
    knowledge = load()
    provider = knowledge.providers[provider_name(found, knowledge)]
    flow = flow_of(found, provider)
    if flow == "api-jwt":
        if is_alone:
            raise BadInput("no token is asked for in the flow api-jwt, so there is nothing to prove", where="--format")
        narrate(common, "warning: no token is asked for in this flow, so no DPoP proof is made")
        return None
    text = found.text("url")
    if text is None:
        raise BadInput("the token endpoint is not known", expected="--url https://HOST, which the proof is for")
    url, _ = token_url_of(text, provider, flow)
    path = found.text("dpop_key")
    passphrase = None if path is None else secret_of(found, "key_passphrase")
    attempt = Attempt(url, dpop=True, dpop_key_path=path, key_passphrase=passphrase)
    prover = prover_of(attempt, lambda: 0.0, provider)
    assert prover is not None
    for one in findings_of_key(prover, provider):
        narrate(common, f"{one.severity}: --dpop-key: {one.message}")
    if prover.is_throwaway:
        narrate(common, "note: the proof's key is dropped at once, so no API takes the token: --dpop-key FILE")
    return ProofOrder(prover, url, nonce, is_typed)
