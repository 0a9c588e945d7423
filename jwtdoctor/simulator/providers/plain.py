"""Any provider, played from its data alone: the rules are those of its TOML file, and so are the words, as far as any
of its responses is said to mean what is wrong.

Which of several wordings is uttered is a GUESS: the one whose reading of the cause is the most usual. Of a
pattern a text is uttered that it fits; where nothing fits, RFC 6749 §5.2 and RFC 7521 §4.2.1 give the code alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Provider, Response
from jwtdoctor.simulator.providers import checks, possession
from jwtdoctor.simulator.providers.checks import KINDS, Asked, Trouble
from jwtdoctor.simulator.providers.dialect import Body, Dialect, access_token, oauth_body
from jwtdoctor.simulator.refusals import Refusal

_CODES = {
    "method": Refusal("invalid_request", None, Sureness.DOCUMENTED),
    "grant-type": Refusal("unsupported_grant_type", None, Sureness.DOCUMENTED),
    "flow": Refusal("unauthorized_client", None, Sureness.DOCUMENTED),
    "scope": Refusal("invalid_scope", None, Sureness.DOCUMENTED),
    "grant": Refusal("invalid_grant", None, Sureness.DOCUMENTED),
    "code-used": Refusal("invalid_grant", None, Sureness.DOCUMENTED),
    "code-ended": Refusal("invalid_grant", None, Sureness.DOCUMENTED),
    "redirect": Refusal("invalid_grant", None, Sureness.DOCUMENTED),
    "grant-client": Refusal("invalid_grant", None, Sureness.DOCUMENTED),
    "dpop": Refusal("invalid_dpop_proof", None, Sureness.DOCUMENTED),
    "dpop-proof": Refusal("invalid_dpop_proof", None, Sureness.DOCUMENTED),
    "dpop-nonce": Refusal("use_dpop_nonce", None, Sureness.DOCUMENTED),
    "down": Refusal("temporarily_unavailable", None, Sureness.INFERRED, status=503),
}
"""RFC 6749 §5.2 and RFC 9449 §5 and §8, whatever the flow; GUESS: §4.1.2.1's word for a service that is down, with the
status of RFC 9110."""
_USUAL = ("sole", "usual", "often", "sometimes", "rarely")
_RARELY = _USUAL.index("rarely")


def dialect(provider: Provider) -> Dialect:
    """The dialect that a provider's data make."""
    return Dialect(
        checks=(
            checks.is_up,
            checks.has_assertion,
            checks.is_readable,
            checks.claims_there,
            checks.nothing_forbidden,
            checks.client_known,
            checks.client_there,
            checks.proves_itself_as_registered,
            checks.flow_enabled,
            checks.address_allowed,
            checks.secret_right,
            checks.algorithm_allowed,
            checks.key_there,
            checks.key_named,
            checks.certificate_lives,
            checks.signature_right,
            checks.audience_right,
            checks.not_expired,
            checks.not_early,
            checks.not_long,
            checks.not_far,
            checks.not_old,
            checks.not_used,
            checks.grant_good,
            checks.subject_known,
            checks.consented,
            possession.proof_right,
            checks.scope_granted,
        ),
        words=partial(_words, provider),
        body=_BODIES.get(provider.slug, oauth_body),
        granted=lambda asked: {} if asked.service.flow == "api-jwt" else access_token(asked),
        # GUESS: where a tolerance is not known a minute is taken, so that whole seconds and the way never decide.
        guesses={"late_tolerance_s": 60.0, "early_tolerance_s": 60.0},
    )


def _errors_body(refusal: Refusal, trouble: Trouble, asked: Asked) -> object:
    """JSON:API's list of errors (https://jsonapi.org/format/#errors), as Apple's API answers."""
    del trouble, asked
    return {"errors": [{"status": str(refusal.status), "code": refusal.error, "detail": refusal.description or ""}]}


_BODIES: Mapping[str, Body] = {"apple-app-store-connect": _errors_body}


def speaks_of(provider: Provider, flow: str, *causes: str) -> bool:
    """Whether the wording for one of these causes, where the provider has its own in this flow, is known for it.

    It is where no other reading of it is more usual by more than a step; what is rarely meant is not heard in it.
    """
    return any(_is_known_for(provider, flow, cause) for cause in causes)


def _is_known_for(provider: Provider, flow: str, cause: str) -> bool:
    found = [(rank, one) for one in provider.responses if (rank := _rank(one, cause, flow)) is not None]
    if not found:
        return False
    wording = min(found, key=lambda pair: pair[0])[1]
    own, best = _step(wording, flow, cause), _step(wording, flow)
    return own is not None and best is not None and own < _RARELY and own - best <= min(best, 1)


def _words(provider: Provider, trouble: Trouble, asked: Asked) -> Refusal:
    flow = asked.service.flow
    if trouble.kind in _TELLING:
        return _of_proof(provider, trouble, flow)
    for cause in KINDS[trouble.kind]:
        found = [(rank, one) for one in provider.responses if (rank := _rank(one, cause, flow)) is not None]
        if found:
            return _uttered(min(found, key=lambda pair: pair[0])[1], _standard(flow, trouble.kind))
    return _standard(flow, trouble.kind)


_TELLING = {"dpop": r"missing|requires", "dpop-nonce": "nonce", "dpop-proof": ""}
"""What a wording for a proof must speak of to be the one for this trouble."""
_PARTS = {
    "htm": r"htm|method",
    "htu": r"htu|URL",
    "early": r"not active|future|not recent",
    "late": r"not active|past|not recent",
    "used": r"already|replay|twice",
    "typ": r"\btyp|type",
    "alg": r"\balg",
    "signature": r"signature|verification failure",
}
"""The same for the part of a proof that is wrong (`simulator.proofs`); one of no name here is named as it is."""


def _of_proof(provider: Provider, trouble: Trouble, flow: str) -> Refusal:
    """One cause stands behind all that may be wrong with a proof, so that the words are looked at; else the code alone.

    GUESS: which sentence goes with which part, where only its words tell.
    """
    part = trouble.about
    tells = re.compile(_TELLING[trouble.kind] or _PARTS.get(part, rf"\b{re.escape(part)}\b"), re.IGNORECASE)
    standard = _standard(flow, trouble.kind)
    found = []
    for one in provider.responses:
        rank = _rank(one, "dpop-required", flow) if one.error in (None, standard.error) else None
        uttered = _uttered(one, standard, tells)
        if rank is not None and one.where == "token" and tells.search(uttered.description or ""):
            found.append((rank, uttered))
    return min(found, key=lambda pair: pair[0])[1] if found else standard


def _rank(response: Response, cause: str, flow: str) -> tuple[int, bool] | None:
    """How usual it is that this wording means that cause, the least the most; None where it does not.

    Of equals one whose HTTP status is known comes first: it was seen as a reply, and not in a log.
    """
    if response.where not in ("token", "api") or response.evidence == "enum-only":
        return None
    if response.flows and flow not in response.flows:
        return None
    step = _step(response, flow, cause)
    return None if step is None else (step * 2 + response.transparent, not response.statuses)


def _step(response: Response, flow: str, cause: str | None = None) -> int | None:
    """How usual that reading is in this flow, 0 the most; without a cause that of the most usual."""
    readings = [r for r in response.readings if cause in (None, r.cause) and r.usual in _USUAL]
    return min((_USUAL.index(r.usual) for r in readings if not r.flows or flow in r.flows), default=None)


def _uttered(response: Response, usual: Refusal, tells: re.Pattern[str] | None = None) -> Refusal:
    """The wording of the data, with what they leave out as is `usual` for such trouble."""
    status = response.statuses[0] if response.statuses else usual.status
    text = response.description or (example_of(response.pattern, tells) if response.pattern is not None else None)
    is_status_alone = response.error is None and text is None
    error = "" if is_status_alone else response.error or usual.error
    return Refusal(error, text, Sureness.INFERRED, status=status)


def example_of(pattern: str, tells: re.Pattern[str] | None = None) -> str | None:
    """A short text that a pattern fits: of alternatives the first, of what may be absent nothing.

    `tells`: of alternatives the first that it is found in, if there is one. None where a pattern is too intricate for
    that; what comes out was matched.
    """
    text = re.sub(r"\(\?(?::|P<\w+>)", "(", _AROUND.sub("", pattern)).replace(r"\b", "")
    while (simpler := _GROUP.sub(lambda group: _first_of(group, tells), text)) != text:
        text = simpler
    text = _first(text, tells).removeprefix("^").removesuffix("$")
    for form, stands in _FORMS:
        text = form.sub(stands, text)
    text = re.sub(r"\\(.)", r"\1", text)
    return next((one for one in (text.strip(), text) if one and re.search(pattern, one, re.IGNORECASE)), None)


_AROUND = re.compile(r"\(\?<?[!=](?:[^()]|\([^()]*\))*\)")
_GROUP = re.compile(r"\(((?:[^()\\]|\\.)*)\)([?*]|\{0[^}]*\})?")
_FORMS = tuple(
    (re.compile(form), stands)
    for form, stands in (
        (r"(?:\\[dwWsS]|\[[^\]]*\]|(?<!\\)\.)(?:[?*]|\{0[^}]*\})", ""),
        (r"\\d(?:\+|\{[^}]*\})?", "1"),
        (r"\\[sW](?:\+|\{[^}]*\})?", " "),
        (r"\[([^\^\\\]])[^\]]*\](?:\+|\{[^}]*\})?", r"\1"),
        (r"(?:\\[wS]|\[[^\]]*\]|(?<!\\)\.)(?:\+|\{[^}]*\})?", "x"),
        (r"(?:\\.|[^\\])\?", ""),
    )
)
"""Parts of a pattern, and what stands for them: first what may be absent, last the letter before a `?`."""


def _first_of(group: re.Match[str], tells: re.Pattern[str] | None) -> str:
    return "" if group[2] else _first(group[1], tells)


def _first(alternatives: str, tells: re.Pattern[str] | None = None) -> str:
    each = re.split(r"(?<!\\)\|", alternatives)
    return next((one for one in each if tells is not None and tells.search(one)), each[0])


def _standard(flow: str, kind: str = "") -> Refusal:
    if kind in _CODES:
        return _CODES[kind]
    if flow == "jwt-bearer":
        return Refusal("invalid_grant", None, Sureness.DOCUMENTED)
    return Refusal("invalid_client", None, Sureness.DOCUMENTED, status=401)
