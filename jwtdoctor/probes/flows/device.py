"""The device flow (RFC 8628): a code for a person, and polls that are bounded and keep to the interval.

Salesforce has a dialect of its own: the first request goes to the token endpoint with `response_type=device_code`, and
the polls say `grant_type=device` and `code` (help, xcloud.remoteaccess_oauth_device_flow).

A poll that is told to wait is no login; the one that is answered for good is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jwtdoctor.errors import BadProfile
from jwtdoctor.instruments.ports import Person, Transport
from jwtdoctor.intake.bodies import parts_of
from jwtdoctor.intake.redact import printable
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Exchange, NoReply, Reply, TokenRequest
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows.shape import Field, Flow, needed

INTERVAL_S = 5.0
"""RFC 8628 §3.2: where the endpoint names none."""
SLOWER_S = 5.0
"""RFC 8628 §3.5: `slow_down` adds this to the interval."""
LONGEST_INTERVAL_S = 60.0
MOST_POLLS = 60
LONGEST_S = 300.0
WAITING = ("authorization_pending", "slow_down")


@dataclass(frozen=True, slots=True)
class Begun:
    """A device authorization: what the person is shown, and how to poll."""

    code: Secret
    user_code: str
    url: str
    interval_s: float
    expires_in_s: float


def is_salesforce_dialect(token_url: str) -> bool:
    return token_url.endswith("/services/oauth2/token")


def begin(attempt: Attempt, transport: Transport, deadline_s: float) -> Begun | Exchange:
    """Asks for a device code; the refusal where none is given. Raises BadProfile where the endpoint is not known."""
    fields: list[tuple[str, str | Secret]] = [("client_id", attempt.client_id)]
    url = attempt.device_url
    if url is None and is_salesforce_dialect(attempt.token_url):
        url = attempt.token_url
        fields.append(("response_type", "device_code"))
    if url is None:
        raise BadProfile(
            "where a device code is asked for is not known", expected="--device-url URL or --device-code REF"
        )
    if attempt.scope:
        fields.append(("scope", attempt.scope))
    exchange = transport.post_form(TokenRequest(url, tuple(fields)), deadline_s)
    if isinstance(exchange, NoReply):
        return exchange
    return _begun(exchange) or exchange


def _begun(reply: Reply) -> Begun | None:
    try:
        told = json.loads(reply.body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not isinstance(told.get("device_code"), str):
        return None
    url = told.get("verification_uri_complete") or told.get("verification_uri") or told.get("verification_url")
    return Begun(
        Secret(told["device_code"]),
        _line(told.get("user_code")),
        _line(url),
        min(_number(told.get("interval"), INTERVAL_S), LONGEST_INTERVAL_S),
        _number(told.get("expires_in"), LONGEST_S),
    )


def poll(
    ask: Callable[[], Exchange], person: Person, interval_s: float, within_s: float, is_cancelled: Callable[[], bool]
) -> Exchange:
    """Polls until the answer is final or the time is over: never before the interval has passed (RFC 8628 §3.5)."""
    waited_s, answer = 0.0, NoReply("deadline", "the person did not answer in the time allowed")
    final: Exchange = answer
    for _ in range(MOST_POLLS):
        if is_cancelled() or waited_s + interval_s > min(within_s, LONGEST_S):
            return final
        person.wait(interval_s)
        waited_s += interval_s
        final = ask()
        said = _error(final)
        if said not in WAITING:
            return final
        if said == "slow_down":
            interval_s = min(interval_s + SLOWER_S, LONGEST_INTERVAL_S)
    return final


def _error(exchange: Exchange) -> str:
    if isinstance(exchange, NoReply):
        return ""
    return parts_of(exchange.body, exchange.header("content-type")).error or ""


def _line(value: Any) -> str:
    """Text of the endpoint as one line for a terminal."""
    return " ".join(printable(value).split())[:500] if isinstance(value, str) else ""


def _number(value: Any, otherwise: float) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e6
    return float(value) if is_number else otherwise


def _fields(attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    """RFC 8628 §3.4; Salesforce has names of its own."""
    code = needed(attempt.device_code, "--device-code REF")
    if is_salesforce_dialect(attempt.token_url):
        return [("grant_type", "device"), ("code", code)]
    return [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code)]


FLOW = Flow("device", _fields, asks_scope_here=False)
