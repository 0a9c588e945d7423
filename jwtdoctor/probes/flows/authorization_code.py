"""The authorization code grant with PKCE (RFC 6749 §4.1, RFC 7636), and the authorize request before it.

A reply to the authorize request is a redirect, and it is read, never followed. Where it leads to a page that wants a
person, the person is asked, if one is there; else the code is given with `--code`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from jwtdoctor.instruments.ports import Person, Transport
from jwtdoctor.model.assertion import Assertion, Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Exchange, NoReply, Reply
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows.shape import Field, Flow, Given, finding, needed

PERSON_S = 300.0
"""How long a person has for a login by browser."""
_RFC_PKCE = "https://www.rfc-editor.org/rfc/rfc7636#section-4.5"
_RFC_NATIVE = "https://www.rfc-editor.org/rfc/rfc8252#section-8.5"
_TILDE = "https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_pkce.htm&type=5"


def _fields(attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    fields: list[Field] = [("grant_type", "authorization_code"), ("code", needed(attempt.code, "--code REF"))]
    if attempt.redirect_uri is not None:
        fields.append(("redirect_uri", attempt.redirect_uri))
    if attempt.code_verifier is not None:
        fields.append(("code_verifier", attempt.code_verifier))
    return fields


# --- the authorize request -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Authorized:
    """What the authorize endpoint gave: the attempt with its code; or the answer that came in its place.

    `answer` None and `attempt` None: nothing came that could be used, for the `reason`.
    """

    seen: tuple[Observation, ...]
    attempt: Attempt | None = None
    answer: Exchange | None = None
    reason: str = ""


def authorize(
    attempt: Attempt, transport: Transport, deadline_s: float, person: Person | None, *, jkt: str | None = None
) -> Authorized:
    """Asks for a code (RFC 6749 §4.1.1, RFC 7636 §4.3), with a fresh `state` (§10.12) that is looked for again.

    `jkt` is the name of the key that will sign the proof of the token request: the code is then bound to that key
    (RFC 9449 §10). Who does not know the parameter has to leave it aside (RFC 6749 §3.1).
    """
    from jwtdoctor.assertions import pkce

    verifier = attempt.code_verifier
    if verifier is None and attempt.pkce:
        verifier = pkce.new().verifier
    challenge = attempt.code_challenge or (pkce.challenge_of(verifier) if verifier and attempt.pkce else None)
    state = token_urlsafe(24)
    url = _authorize_url(attempt, challenge, state, jkt)
    exchange = transport.get(url, deadline_s)
    seen: tuple[Observation, ...] = (Observation("request.code_challenge_sent", challenge is not None, "request"),)
    if challenge is not None and verifier is not None:
        pair = pkce.challenge_of(verifier) == challenge
        seen = (*seen, Observation("request.verifier_matches_challenge", pair, "request"))
    if isinstance(exchange, NoReply):
        return Authorized(seen, answer=exchange)
    answer = _query_of(exchange.header("Location") or "")
    if _wants_person(exchange, answer) and person is not None:
        answer = {"state": "", **_query_of(person.redirected(url, state, PERSON_S) or "")}
    if answer.keys() & {"code", "error"} and answer.get("state", state) != state:
        reason = "the redirect carries the state of another login, so it is not the answer to this one"
        return Authorized(seen, reason=reason)
    if "code" in answer:
        return Authorized(seen, replace(attempt, code=Secret(answer["code"]), code_verifier=verifier))
    return _without_a_code(exchange, answer, seen, person)


def _without_a_code(
    exchange: Reply, answer: dict[str, str], seen: tuple[Observation, ...], person: Person | None
) -> Authorized:
    """The refusal in a redirect or a page; or nothing but a login page."""
    at_authorize = Observation("request.endpoint", "authorize", "request")
    if "error" in answer:
        form = {**exchange.headers, "Content-Type": "application/x-www-form-urlencoded"}
        said = urlencode({name: value for name, value in answer.items() if name.startswith("error")})
        status = exchange.status if 300 <= (exchange.status or 0) < 400 else 302
        refusal = replace(exchange, status=status, body=said, headers=form)
        return Authorized((*seen, at_authorize), answer=refusal)
    if exchange.status and exchange.status >= 400:
        return Authorized((*seen, at_authorize), answer=exchange)
    reason = "the authorize page wants a person, and none came back from it in time: give the code with --code"
    if person is None:
        reason = "the authorize page wants a person; log in by browser and give the code with --code"
    return Authorized(seen, reason=reason)


def _wants_person(exchange: Reply, answer: dict[str, str]) -> bool:
    """A page, or a redirect to one, that holds neither a code nor an error."""
    return not answer.keys() & {"code", "error"} and (exchange.status or 0) < 400


def _authorize_url(attempt: Attempt, challenge: str | None, state: str, jkt: str | None) -> str:
    """`/authorize` beside `/token`."""
    parts = urlsplit(attempt.authorize_url or attempt.token_url)
    query = {"response_type": "code", "client_id": attempt.client_id, "state": state}
    if attempt.redirect_uri:
        query["redirect_uri"] = attempt.redirect_uri
    if attempt.scope:
        query["scope"] = attempt.scope
    if challenge:
        query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    if jkt:
        query["dpop_jkt"] = jkt
    path = parts.path if attempt.authorize_url else parts.path.removesuffix("/token") + "/authorize"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def _query_of(address: str) -> dict[str, str]:
    """The parameters of a redirect's address, query and fragment alike."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return {}
    return {name: values[0] for name, values in parse_qs(parts.query + "&" + parts.fragment).items()}


def of_given_pair(attempt: Attempt) -> tuple[Observation, ...]:
    """A code that was got elsewhere: whether its challenge, where that was given too, is that of the verifier."""
    from jwtdoctor.assertions import pkce

    if attempt.code_challenge is None:
        return ()
    seen = [Observation("request.code_challenge_sent", True, "request")]
    if attempt.code_verifier is not None:
        pair = pkce.challenge_of(attempt.code_verifier) == attempt.code_challenge
        seen.append(Observation("request.verifier_matches_challenge", pair, "request"))
    return tuple(seen)


# --- conflicts -------------------------------------------------------------------------------------------------------


def _pkce_halves(given: Given) -> Iterator[Finding]:
    """Verifier without challenge, challenge without verifier (RFC 7636 §4.5, §4.6)."""
    verifier, challenge = given.attempt.code_verifier, _challenge(given)
    if verifier is not None and challenge is False:
        message = "a code_verifier is sent, and no code_challenge was: the code was not bound to it"
        yield finding("verifier-without-challenge", "error", "code_verifier", message,
                      "send code_challenge with the authorize request, or no verifier", _RFC_PKCE)  # fmt: skip
    if verifier is None and challenge and (given.attempt.code is not None or not given.attempt.pkce):
        message = "a code_challenge was sent, and no code_verifier follows"
        yield finding("challenge-without-verifier", "error", "code_verifier", message,
                      "keep the verifier beside the state, and send it with the code", _RFC_PKCE)  # fmt: skip


def _challenge(given: Given) -> bool | None:
    """Whether a challenge is sent, as far as it is known before."""
    told = given.chart.flag("request.code_challenge_sent")
    if told is not None:
        return told
    if given.attempt.code is not None:
        return True if given.attempt.code_challenge is not None else None
    return given.attempt.code_challenge is not None or given.attempt.pkce


def _pkce_form(given: Given) -> Iterator[Finding]:
    """A verifier that is none, and one that is not that of the challenge (RFC 7636 §4.1, §4.6)."""
    from jwtdoctor.assertions import pkce

    verifier = given.attempt.code_verifier
    if verifier is None:
        return
    challenge = given.attempt.code_challenge
    found = pkce.check_verifier(verifier) if challenge is None else pkce.check(verifier, challenge).findings
    for one in found:
        is_refused_tilde = one.rule == "pkce-tilde" and given.provider.slug == "salesforce"
        yield replace(one, severity="error", sources=(_TILDE,)) if is_refused_tilde else one


def _secret_of_a_native_app(given: Given) -> Iterator[Finding]:
    """RFC 8252 §8.5: a secret in an app on a person's machine is none."""
    if given.attempt.client_secret is not None and _is_native(given.attempt.redirect_uri or ""):
        message = "the redirect goes to this machine or to an app, and such a client cannot keep a secret"
        remedy = "leave the secret out, or register the client as confidential"
        yield finding("secret-of-a-public-client", "note", "client_secret", message, remedy, _RFC_NATIVE)


def _is_native(redirect_uri: str) -> bool:
    """RFC 8252 §7: a private scheme, or http on loopback."""
    parts = urlsplit(redirect_uri)
    is_loopback = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return bool(parts.scheme) and (parts.scheme not in ("http", "https") or is_loopback)


FLOW = Flow("authorization-code", _fields, (_pkce_halves, _pkce_form, _secret_of_a_native_app), asks_scope_here=False)
