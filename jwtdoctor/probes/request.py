"""The one credentialed request, and for the code flow the authorize request before it.

A reply to the authorize request is a redirect, and it is read, never followed. Where it leads to a page that wants a
person, the person is asked, if one is there; else the code is given with `--code`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from jwtdoctor.instruments.ports import Person, Transport
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.intake.request_facts import observe_request
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import MAX_BODY, Exchange, NoReply, Reply
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.echoes import without_own_secrets
from jwtdoctor.probes.flows import device, token_request

PERSON_S = 300.0
"""How long a person has for a login by browser."""
CANCELLED = "cancelled before anything was sent"


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for a token. `logins` counts credentialed requests that may have reached the server."""

    observations: tuple[Observation, ...]
    exchange: Exchange | None
    logins: int
    saw: str
    skipped: str = ""


def ask_for_token(
    flow: str,
    attempt: Attempt,
    assertion: Assertion | None,
    transport: Transport,
    deadline_s: float,
    is_cancelled: Callable[[], bool],
    host: str | None = None,
    person: Person | None = None,
) -> Asked:
    """Sends one login. `is_cancelled` is read just before it; a login that was sent is always counted.

    `host` is the one that a listener on loopback is to play, where that is not its usual one. `person` can log in by
    browser; the time that this takes is not `deadline_s`.
    """
    seen: tuple[Observation, ...] = ()
    if flow == "device" and attempt.device_code is None and person is not None:
        return _device(attempt, transport, deadline_s, is_cancelled, person)
    if flow == "authorization-code" and attempt.code is None:
        authorized = _authorize(attempt, transport, deadline_s, person)
        if isinstance(authorized, Asked):
            return authorized
        attempt, seen = authorized
    elif flow == "authorization-code":
        seen = _of_given_pair(attempt)
    request = token_request(flow, attempt, assertion)
    if host is not None:
        request = replace(request, headers=(*request.headers, ("Host", host)))
    seen = (*seen, *observe_request(request), *_of_password(flow, attempt))
    if is_cancelled():
        return Asked(seen, None, 0, CANCELLED, skipped=CANCELLED)
    exchange = without_own_secrets(transport.post_form(request, deadline_s), request)
    return Asked((*seen, *observe_exchange(exchange)), exchange, _logins(exchange), line_of(exchange))


def observe_exchange(exchange: Exchange) -> tuple[Observation, ...]:
    """The facts of an HTTP answer, or of the layer that failed in its place."""
    if isinstance(exchange, Reply):
        version = exchange.http_version
        spoken = () if version is None else (Observation("path.http_version", version, "request"),)
        return (*observe_reply(exchange), *spoken, *_of_cut_body(exchange))
    facts: dict[str, str | float | bool] = {
        "path.failure": exchange.layer,
        "path.failure_text": exchange.text[:300],
    }
    if exchange.verify_code is not None:
        facts["path.tls_verify_code"] = exchange.verify_code
    if exchange.proxy is not None:
        facts["path.proxy"] = exchange.proxy
    if exchange.proxy_status is not None:
        facts["path.proxy_status"] = exchange.proxy_status
    if "CERTIFICATE_REQUIRED" in exchange.text:
        facts["path.wants_client_certificate"] = True
    if exchange.layer == "dns":
        facts["path.dns_resolves"] = False
    return tuple(Observation(name, value, "request") for name, value in facts.items())


def _of_cut_body(reply: Reply) -> tuple[Observation, ...]:
    """A body that never ends is no answer of a token endpoint: those have a few kilobytes."""
    if not reply.truncated:
        return ()
    words = f"the body did not end within {MAX_BODY:,} bytes"
    return Observation("path.failure", "too-large", "request"), Observation("path.failure_text", words, "request")


def line_of(exchange: Exchange) -> str:
    """One line about the answer, without anything that is secret."""
    if isinstance(exchange, NoReply):
        return f"no answer ({exchange.layer}): {exchange.text[:120]}"
    said = {o.fact: o.value for o in observe_reply(exchange)}
    if said.get("reply.granted"):
        return f"{exchange.status} a token was issued"
    words = " ".join(str(said[f]) for f in ("reply.error", "reply.description") if f in said)
    return f"{exchange.status} {words}".strip()


def _device(
    attempt: Attempt, transport: Transport, deadline_s: float, is_cancelled: Callable[[], bool], person: Person
) -> Asked:
    """Shows a code, and polls until the person has entered it. Only the last poll is a login."""
    begun = device.begin(attempt, transport, deadline_s)
    if not isinstance(begun, device.Begun):
        return Asked(observe_exchange(begun), begun, 0, "device code: " + line_of(begun))
    person.shown(begun.url, begun.user_code)
    request = token_request("device", replace(attempt, device_code=begun.code), None)
    exchange = device.poll(
        lambda: without_own_secrets(transport.post_form(request, deadline_s), request),
        person,
        begun.interval_s,
        begun.expires_in_s,
        is_cancelled,
    )
    seen = (*observe_request(request), *observe_exchange(exchange))
    return Asked(seen, exchange, _logins(exchange), line_of(exchange))


def _authorize(
    attempt: Attempt, transport: Transport, deadline_s: float, person: Person | None
) -> Asked | tuple[Attempt, tuple[Observation, ...]]:
    """Asks for a code. Gives the attempt with its code, or the refusal that came in its place."""
    from jwtdoctor.assertions import pkce

    verifier = attempt.code_verifier
    if verifier is None and attempt.pkce:
        verifier = pkce.new().verifier
    challenge = attempt.code_challenge or (pkce.challenge_of(verifier) if verifier and attempt.pkce else None)
    state = token_urlsafe(24)
    url = _authorize_url(attempt, challenge, state)
    exchange = transport.get(url, deadline_s)
    seen: tuple[Observation, ...] = (Observation("request.code_challenge_sent", challenge is not None, "request"),)
    if challenge is not None and verifier is not None:
        pair = pkce.challenge_of(verifier) == challenge
        seen = (*seen, Observation("request.verifier_matches_challenge", pair, "request"))
    if isinstance(exchange, NoReply):
        return Asked((*seen, *observe_exchange(exchange)), exchange, 0, line_of(exchange))
    answer = _query_of(exchange.header("Location") or "")
    if _wants_person(exchange, answer) and person is not None:
        answer = {"state": "", **_query_of(person.redirected(url, state, PERSON_S) or "")}
    if answer.keys() & {"code", "error"} and answer.get("state", state) != state:
        reason = "the redirect carries the state of another login, so it is not the answer to this one"
        return Asked(seen, None, 0, reason, skipped=reason)
    if "code" in answer:
        return replace(attempt, code=Secret(answer["code"]), code_verifier=verifier), seen
    at_authorize = Observation("request.endpoint", "authorize", "request")
    if "error" in answer:
        form = {**exchange.headers, "Content-Type": "application/x-www-form-urlencoded"}
        said = urlencode({name: value for name, value in answer.items() if name.startswith("error")})
        status = exchange.status if 300 <= (exchange.status or 0) < 400 else 302
        refusal = replace(exchange, status=status, body=said, headers=form)
        return Asked((*seen, at_authorize, *observe_reply(refusal)), refusal, 0, "authorize: " + line_of(refusal))
    if exchange.status and exchange.status >= 400:
        return Asked((*seen, at_authorize, *observe_reply(exchange)), exchange, 0, "authorize: " + line_of(exchange))
    reason = "the authorize page wants a person, and none came back from it in time: give the code with --code"
    if person is None:
        reason = "the authorize page wants a person; log in by browser and give the code with --code"
    return Asked(seen, None, 0, reason, skipped=reason)


def _wants_person(exchange: Reply, answer: dict[str, str]) -> bool:
    """A page, or a redirect to one, that holds neither a code nor an error."""
    return not answer.keys() & {"code", "error"} and (exchange.status or 0) < 400


def _authorize_url(attempt: Attempt, challenge: str | None, state: str) -> str:
    """`/authorize` beside `/token` (RFC 6749 §4.1.1, RFC 7636 §4.3), with a fresh `state` (§10.12)."""
    parts = urlsplit(attempt.authorize_url or attempt.token_url)
    query = {"response_type": "code", "client_id": attempt.client_id, "state": state}
    if attempt.redirect_uri:
        query["redirect_uri"] = attempt.redirect_uri
    if attempt.scope:
        query["scope"] = attempt.scope
    if challenge:
        query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    path = parts.path if attempt.authorize_url else parts.path.removesuffix("/token") + "/authorize"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def _query_of(address: str) -> dict[str, str]:
    """The parameters of a redirect's address, query and fragment alike."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return {}
    return {name: values[0] for name, values in parse_qs(parts.query + "&" + parts.fragment).items()}


def _of_given_pair(attempt: Attempt) -> tuple[Observation, ...]:
    """A code that was got elsewhere: whether its challenge, where that was given too, is that of the verifier."""
    from jwtdoctor.assertions import pkce

    if attempt.code_challenge is None:
        return ()
    seen = [Observation("request.code_challenge_sent", True, "request")]
    if attempt.code_verifier is not None:
        pair = pkce.challenge_of(attempt.code_verifier) == attempt.code_challenge
        seen.append(Observation("request.verifier_matches_challenge", pair, "request"))
    return tuple(seen)


def _of_password(flow: str, attempt: Attempt) -> tuple[Observation, ...]:
    """Whether a security token is appended is known where it was given apart; a password alone does not tell."""
    if flow != "password" or attempt.security_token is None:
        return ()
    return (Observation("request.password_has_security_token", bool(attempt.security_token), "request"),)


def _logins(exchange: Exchange) -> int:
    return 1 if isinstance(exchange, Reply) or exchange.sent else 0
