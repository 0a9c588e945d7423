"""DPoP (RFC 9449) for one examination: the key, the proofs that it signs, and the nonces that servers gave for them.

The key is a throwaway unless one is named. A token is bound to the key of its proof, and the token of a check is
dropped or given back at the end, so a key for it alone is enough; nothing of it is written or printed. A key of one's
own is needed where something was bound to it before: the refresh token of a public client (§5), a code that was asked
for with `dpop_jkt` (§10).

A proof's `iat` is the local clock's, wrong or not, as the assertion's is: that is what the failing program does.

Nonces belong to the server that gave them (§8.2, §9): one is kept for each origin, the newest counts, and it goes into
the next proof for that origin whether it came with a refusal or with a success. What comes as a nonce is text of a
stranger that we are asked to sign: what has not its form (§8.1), or is too long, is not sent back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from uuid import uuid4

from jwtdoctor.assertions import dpop
from jwtdoctor.intake.bodies import parts_of
from jwtdoctor.model.assertion import Assertion, Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret

if TYPE_CHECKING:
    from jwtdoctor.assertions.keytypes import PrivateKey

HEADER = "DPoP"
ASKS = "use_dpop_nonce"
Heard = Literal["nothing", "nonce", "no-nonce", "bad-nonce"]
"""What a reply asks of the next proof: nothing, its nonce, a nonce that it does not give, or one that is none."""
REFUSES = "invalid_dpop_proof"
_CHALLENGE = re.compile(r'\berror="?use_dpop_nonce\b')
_RFC_CHECKS = "https://www.rfc-editor.org/rfc/rfc9449#section-4.3"
_RFC_NONCE = "https://www.rfc-editor.org/rfc/rfc9449#section-8"
_RFC_SYNTAX = "https://www.rfc-editor.org/rfc/rfc9449#section-8.1"


@dataclass(slots=True)
class Prover:
    """Signs the proofs of one examination. `now` is the signing clock, `claims` are deliberate faults."""

    key: PrivateKey
    now: Callable[[], float]
    is_throwaway: bool = True
    claims: Mapping[str, Any] = field(default_factory=dict)
    taken: tuple[str, ...] = ()
    """The algorithms that the server takes in proofs; empty where that is not known."""
    nonces: dict[str, str] = field(default_factory=dict, repr=False)
    """The newest nonce of each origin."""

    @property
    def jkt(self) -> str:
        """The key's name (RFC 7638), as `dpop_jkt` binds a code to it (RFC 9449 §10)."""
        from jwtdoctor.assertions.keys import public_of

        return public_of(self.key).thumbprint

    def at_time_of(self, now: Callable[[], float]) -> Prover:
        """The same key and nonces, with another clock to sign by."""
        return replace(self, now=now)

    def proof(
        self, method: str, url: str, token: Secret | None = None, *, nonce: str | None = None, now: float | None = None
    ) -> Assertion:
        """A fresh proof for one request, with the nonce that its server gave last, unless `nonce` is another.

        `now` in epoch seconds; None: by its own clock.
        """
        return dpop.proof(
            self.key, method=method, url=url, now=self.now() if now is None else now, jti=str(uuid4()),
            nonce=nonce or self.nonces.get(_origin(url)), token=token, claims=self.claims, taken=self.taken,
        )  # fmt: skip

    def proved(self, request: TokenRequest) -> TokenRequest:
        """The request with a fresh proof."""
        header = (HEADER, self.proof(request.method, request.url).token)
        return replace(request, headers=(*request.headers, header))

    def hear(self, url: str, exchange: Exchange) -> Heard:
        """Keeps the nonce that a reply gives, and says whether the request is to be sent again with it (§8, §9)."""
        if not isinstance(exchange, Reply):
            return "nothing"
        given = exchange.header("dpop-nonce")
        if given is not None and dpop.is_nonce(given):
            self.nonces[_origin(url)] = given
        if not asks_for_nonce(exchange):
            return "nothing"
        if given is None:
            return "no-nonce"
        return "nonce" if dpop.is_nonce(given) else "bad-nonce"


def prover_of(attempt: Attempt, now: Callable[[], float], provider: Provider | None = None) -> Prover | None:
    """What signs the proofs of this attempt; None where it sends none. Raises BadKey."""
    if not attempt.dpop:
        return None
    rules = None if provider is None else provider.proofs
    taken = () if rules is None else rules.algorithms
    if attempt.dpop_key_path is None:
        from jwtdoctor.assertions.pairs import fresh_key

        return Prover(fresh_key("EC", 256), now, claims=attempt.dpop_claims, taken=taken)
    from jwtdoctor.assertions.keys import load_private
    from jwtdoctor.assertions.signer import read_file

    path = attempt.dpop_key_path
    key = load_private(read_file(path), where=path, passphrase=attempt.key_passphrase)
    made = Prover(key, now, is_throwaway=False, claims=attempt.dpop_claims, taken=taken)
    made.proof("POST", attempt.token_url)  # a key that can sign no proof is told before anything is sent
    return made


def findings_of_refusal(prover: Prover | None, exchange: Exchange) -> tuple[Finding, ...]:
    """What is left where a proof is refused that is right by all that RFC 9449 §4.3 asks of it by itself."""
    if prover is None or prover.claims or not isinstance(exchange, Reply) or (exchange.status or 0) < 400:
        return ()
    if parts_of(exchange.body, exchange.header("content-type")).error != REFUSES:
        return ()
    alg = prover.proof("POST", "https://any.example/").header["alg"]
    whose = "made for this check" if prover.is_throwaway else "that of --dpop-key"
    message = f"the proof refused was new, for POST and this very URL, signed with {alg}; the key is {whose}"
    remedy = "that leaves the clock, the algorithm, what is bound to another key, or a proxy that changes the URL"
    return (Finding("dpop-proof-refused", "note", "DPoP", message, remedy, (_RFC_CHECKS,)),)


def findings_of_key(prover: Prover | None, provider: Provider) -> tuple[Finding, ...]:
    """A key that signs with none of the algorithms which this provider is known to take."""
    if prover is None or provider.proofs is None or not prover.taken:
        return ()
    alg = str(prover.proof("POST", "https://any.example/").header["alg"])
    if alg in prover.taken:
        return ()
    message = f"the key signs proofs with {alg}, and {provider.title} takes {', '.join(prover.taken)}"
    message += f" ({provider.proofs.note})" if provider.proofs.note else ""
    remedy = "name another key, or leave --dpop-key out: the throwaway is good for ES256"
    return (Finding("dpop-algorithm", "warning", "dpop_key", message, remedy, provider.proofs.sources),)


def asks_for_nonce(reply: Reply) -> bool:
    """`use_dpop_nonce`: in the body of a token endpoint (§8), in the challenge of an API (§9)."""
    if reply.status is None or reply.status < 400:
        return False
    if _CHALLENGE.search((reply.header("www-authenticate") or "")[:2000]):
        return True
    return parts_of(reply.body, reply.header("content-type")).error == ASKS


def findings_of(first: Heard, second: Heard, where: str = "DPoP-Nonce") -> tuple[Finding, ...]:
    """What there is to say of a nonce that was asked for, and of what came of sending it. `first` may be `nothing`."""
    if first == "no-nonce":
        message = f"{ASKS} came without a DPoP-Nonce header, so that no client can follow it"
        remedy = "look for a proxy or gateway that drops the header, else tell those who run the server"
        return (Finding("dpop-nonce-missing", "error", where, message, remedy, (_RFC_NONCE,)),)
    if first == "bad-nonce":
        message = "the nonce that the server gave is none: too long, or with characters that no nonce has; not sent"
        remedy = "look at the header: a proxy may have doubled or quoted it"
        return (Finding("dpop-nonce-malformed", "error", where, message, remedy, (_RFC_SYNTAX,)),)
    if first == "nonce" and second in ("nonce", "no-nonce", "bad-nonce"):
        message = "a nonce was asked for again although the one given was sent; nothing more was sent"
        remedy = "ask those who run the server: its nonces may not be known to every node, or end at once"
        return (Finding("dpop-nonce-asked-again", "error", where, message, remedy, (_RFC_NONCE,)),)
    return ()


def sent_twice(assertion: Literal["none", "fresh", "the same"]) -> Finding:
    """Why one login became two requests. `assertion`: what went with the second."""
    anew = {"none": "", "fresh": ", with a fresh assertion", "the same": ", with the same assertion, made elsewhere"}
    message = f"the endpoint asked for a nonce in the DPoP proof, so the request was sent twice{anew[assertion]}"
    remedy = "a client that keeps the newest DPoP-Nonce for its next request is asked less often"
    return Finding("dpop-nonce-asked", "note", "DPoP-Nonce", message, remedy, (_RFC_NONCE,))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
