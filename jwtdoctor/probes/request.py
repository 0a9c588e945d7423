"""The one credentialed request, and what goes before it: a code from the authorize endpoint, or from a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from jwtdoctor.instruments.ports import Person, Transport
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.intake.request_facts import observe_request
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import MAX_BODY, Exchange, NoReply, Reply
from jwtdoctor.model.provider import Provider
from jwtdoctor.probes.echoes import without_own_secrets
from jwtdoctor.probes.flows import api_jwt, authorization_code, device, token_request

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
    provider: Provider | None = None,
) -> Asked:
    """Sends one login. `is_cancelled` is read just before it; a login that was sent is always counted.

    `host` is the one that a listener on loopback is to play, where that is not its usual one. `person` can log in by
    browser; the time that this takes is not `deadline_s`.
    """
    seen: tuple[Observation, ...] = ()
    if flow == "device" and attempt.device_code is None and person is not None:
        return _device(attempt, transport, deadline_s, is_cancelled, person)
    if flow == "authorization-code" and attempt.code is None:
        authorized = authorization_code.authorize(attempt, transport, deadline_s, person)
        if authorized.attempt is None:
            return _not_authorized(authorized)
        attempt, seen = authorized.attempt, authorized.seen
    elif flow == "authorization-code":
        seen = authorization_code.of_given_pair(attempt)
    request = token_request(flow, attempt, assertion, provider)
    if host is not None:
        request = replace(request, headers=(*request.headers, ("Host", host)))
    seen = (*seen, *observe_request(request), *_of_password(flow, attempt))
    if is_cancelled():
        return Asked(seen, None, 0, CANCELLED, skipped=CANCELLED)
    exchange = without_own_secrets(transport.post_form(request, deadline_s), request)
    if flow == "api-jwt" and isinstance(exchange, Reply) and api_jwt.is_taken(exchange):
        taken = Observation("reply.granted", True, "reply")
        return Asked((*seen, *observe_exchange(exchange), taken), exchange, 1, f"{exchange.status} the JWT was taken")
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


def _not_authorized(authorized: authorization_code.Authorized) -> Asked:
    """No code, so no login: the refusal of the authorize endpoint, no answer of it, or nobody who logged in."""
    answer = authorized.answer
    if answer is None:
        return Asked(authorized.seen, None, 0, authorized.reason, skipped=authorized.reason)
    if isinstance(answer, Reply):
        return Asked((*authorized.seen, *observe_reply(answer)), answer, 0, "authorize: " + line_of(answer))
    return Asked((*authorized.seen, *observe_exchange(answer)), answer, 0, line_of(answer))


def _of_password(flow: str, attempt: Attempt) -> tuple[Observation, ...]:
    """Whether a security token is appended is known where it was given apart; a password alone does not tell."""
    if flow != "password" or attempt.security_token is None:
        return ()
    return (Observation("request.password_has_security_token", bool(attempt.security_token), "request"),)


def _logins(exchange: Exchange) -> int:
    return 1 if isinstance(exchange, Reply) or exchange.sent else 0
