"""The one credentialed request, and for the code flow the authorize request before it.

A reply to the authorize request is a redirect, and it is read, never followed. Without a browser only an endpoint
that answers at once can be used (the simulator, or a code given with `--code`); the browser comes with a later issue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from jwtdoctor.instruments.ports import Transport
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.intake.request_facts import observe_request
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Exchange, NoReply, Reply
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.echoes import without_own_secrets
from jwtdoctor.probes.flows import token_request

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
) -> Asked:
    """Sends one login. `is_cancelled` is read just before it; a login that was sent is always counted."""
    seen: tuple[Observation, ...] = ()
    if flow == "authorization-code" and attempt.code is None:
        authorized = _authorize(attempt, transport, deadline_s)
        if isinstance(authorized, Asked):
            return authorized
        attempt, seen = authorized
    request = token_request(flow, attempt, assertion)
    seen = (*seen, *observe_request(request), *_of_password(flow, attempt))
    if is_cancelled():
        return Asked(seen, None, 0, CANCELLED, skipped=CANCELLED)
    exchange = without_own_secrets(transport.post_form(request, deadline_s), request)
    return Asked((*seen, *observe_exchange(exchange)), exchange, _logins(exchange), line_of(exchange))


def observe_exchange(exchange: Exchange) -> tuple[Observation, ...]:
    """The facts of an HTTP answer, or of the layer that failed in its place."""
    if isinstance(exchange, Reply):
        return observe_reply(exchange)
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
    if exchange.layer == "dns":
        facts["path.dns_resolves"] = False
    return tuple(Observation(name, value, "request") for name, value in facts.items())


def line_of(exchange: Exchange) -> str:
    """One line about the answer, without anything that is secret."""
    if isinstance(exchange, NoReply):
        return f"no answer ({exchange.layer}): {exchange.text[:120]}"
    said = {o.fact: o.value for o in observe_reply(exchange)}
    if said.get("reply.granted"):
        return f"{exchange.status} a token was issued"
    words = " ".join(str(said[f]) for f in ("reply.error", "reply.description") if f in said)
    return f"{exchange.status} {words}".strip()


def _authorize(
    attempt: Attempt, transport: Transport, deadline_s: float
) -> Asked | tuple[Attempt, tuple[Observation, ...]]:
    """Asks for a code. Gives the attempt with its code, or the refusal that came in its place."""
    from jwtdoctor.assertions import pkce

    verifier = attempt.code_verifier
    if verifier is None and attempt.pkce:
        verifier = pkce.new().verifier
    challenge = attempt.code_challenge or (pkce.challenge_of(verifier) if verifier and attempt.pkce else None)
    exchange = transport.get(_authorize_url(attempt, challenge), deadline_s)
    seen: tuple[Observation, ...] = (Observation("request.code_challenge_sent", challenge is not None, "request"),)
    if challenge is not None and verifier is not None:
        pair = pkce.challenge_of(verifier) == challenge
        seen = (*seen, Observation("request.verifier_matches_challenge", pair, "request"))
    if isinstance(exchange, NoReply):
        return Asked((*seen, *observe_exchange(exchange)), exchange, 0, line_of(exchange))
    answer = _redirect_query(exchange)
    if "code" in answer:
        return replace(attempt, code=Secret(answer["code"]), code_verifier=verifier), seen
    at_authorize = Observation("request.endpoint", "authorize", "request")
    if "error" in answer:
        form = {**exchange.headers, "Content-Type": "application/x-www-form-urlencoded"}
        said = urlencode({name: value for name, value in answer.items() if name.startswith("error")})
        refusal = replace(exchange, body=said, headers=form)
        return Asked((*seen, at_authorize, *observe_reply(refusal)), refusal, 0, "authorize: " + line_of(refusal))
    if exchange.status and exchange.status >= 400:
        return Asked((*seen, at_authorize, *observe_reply(exchange)), exchange, 0, "authorize: " + line_of(exchange))
    reason = "the authorize page wants a person; log in by browser and give the code with --code"
    return Asked(seen, None, 0, reason, skipped=reason)


def _authorize_url(attempt: Attempt, challenge: str | None) -> str:
    """`/authorize` beside `/token` (RFC 6749 §4.1.1, RFC 7636 §4.3)."""
    parts = urlsplit(attempt.token_url)
    query = {"response_type": "code", "client_id": attempt.client_id}
    if attempt.redirect_uri:
        query["redirect_uri"] = attempt.redirect_uri
    if attempt.scope:
        query["scope"] = attempt.scope
    if challenge:
        query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    path = parts.path.removesuffix("/token") + "/authorize"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def _redirect_query(reply: Reply) -> dict[str, str]:
    """The parameters of a redirect's address, query and fragment alike."""
    parts = urlsplit(reply.header("Location") or "")
    return {name: values[0] for name, values in parse_qs(parts.query + "&" + parts.fragment).items()}


def _of_password(flow: str, attempt: Attempt) -> tuple[Observation, ...]:
    """Whether a security token is appended is known where it was given apart; a password alone does not tell."""
    if flow != "password" or attempt.security_token is None:
        return ()
    return (Observation("request.password_has_security_token", bool(attempt.security_token), "request"),)


def _logins(exchange: Exchange) -> int:
    return 1 if isinstance(exchange, Reply) or exchange.sent else 0
