"""What an HTTP reply testifies: the `reply.*` facts, and the true time where the server names it.

Used by `check` on what came over the wire and by `explain` on what somebody kept of it. How far the local clock is
off against `Date` is not said here: whose `Date` may be believed is the business of `instruments/date.py`.
"""

from __future__ import annotations

import re

from jwtdoctor.assertions.dpop import is_nonce
from jwtdoctor.intake.bodies import BodyParts, parts_of
from jwtdoctor.intake.forms import is_unfilled
from jwtdoctor.intake.redact import clean
from jwtdoctor.intake.times import CURRENT_TIME, PRINTED, http_date, iso_time, printed_in, times_alike
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.facts import Value

ID_HEADERS = (
    "x-request-id",
    "x-sfdc-request-id",
    "x-okta-request-id",
    "x-github-request-id",
    "x-ms-request-id",
    "x-correlation-id",
    "x-docusign-tracetoken",
    "box-request-id",
    "x-vcap-request-id",
    "x-n-operationid",
    "x-transaction-id",
    "x-zm-trackingid",
    "x-amzn-requestid",
)
"""Where servers give the id of their answer, in lower case."""
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PRINTED_ID = re.compile(rf"\bCorrelation ID:\s{{0,3}}({_UUID})|\.\s{{1,3}}\[({_UUID})\]", re.IGNORECASE)
"""Entra's, and Snowflake's behind `JWT token is invalid.`: an administrator looks the true reason up by it."""
_PRINTED_TRACE = re.compile(rf"\bTrace ID:\s{{0,3}}({_UUID})", re.IGNORECASE)
_CHALLENGED = re.compile(r'\b(error|error_description)="([^"]{0,500})"')
_UNKNOWN_CLIENT = re.compile(r"\bApplication with identifier '([^']{1,200})' was not found\b", re.IGNORECASE)
_THUMBPRINT = re.compile(
    r"\bthumbprint of key used by client:\s{0,3}'([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})'", re.IGNORECASE
)
_ROW = re.compile(r"authentication failure\s{0,3}-\s{0,3}(Failed: .{3,300})", re.IGNORECASE)
_VALID_FROM = re.compile(rf"valid from:?\s{{0,3}}{PRINTED}", re.IGNORECASE)
_EXPIRY = re.compile(rf"expiry time of assertion:?\s{{0,3}}{PRINTED}", re.IGNORECASE)


def observe_reply(reply: Reply) -> tuple[Observation, ...]:
    """The facts of one reply. A status without a body says nothing about a description."""
    parts = parts_of(reply.body, reply.header("content-type"))
    facts: dict[str, Value | None] = {}
    if reply.status == 407:
        # The token endpoint never asks for proxy credentials (RFC 9110 §15.5.8): this is not its answer.
        facts["path.proxy_status"] = 407
    facts |= _of_transport(reply, parts)
    facts |= _of_body(parts) or _of_challenge(reply)
    facts["reply.granted"] = _granted(reply.status, parts)
    facts["reply.correlation_id"] = _correlation_id(reply, parts)
    facts["reply.trace_id"] = _trace_id(parts)
    nonce = reply.header("dpop-nonce")
    asked_in_vain = parts.error == "use_dpop_nonce" and bool(reply.headers) and nonce is None
    facts["reply.dpop_nonce_given"] = False if asked_in_vain else None if nonce is None else is_nonce(nonce)
    found = [Observation(name, value, "reply") for name, value in facts.items() if value is not None]
    said = parts.description or ""
    return (*found, *_of_printed_client(said), *_of_printed_key(said), *_of_printed_times(said))


def server_time(reply: Reply) -> float | None:
    """Epoch seconds by the server: its `Date`, else a time printed in the body; None where it names none.

    A reply with `Age` came out of a cache, and its `Date` is old (RFC 9111 §5.1).
    """
    if reply.header("age") in (None, "0"):
        found = http_date(reply.header("date"))
        if found is not None:
            return found
    parts = parts_of(reply.body, reply.header("content-type"))
    printed = printed_in(parts.description or "")
    if printed is not None:
        return printed
    return None if parts.server_time is None else iso_time(parts.server_time)


def _of_transport(reply: Reply, parts: BodyParts) -> dict[str, Value | None]:
    content_type = reply.header("content-type")
    location = reply.header("location")
    is_redirect = reply.status is not None and 300 <= reply.status < 400
    return {
        "reply.status": reply.status,
        "reply.content_type": clean(content_type)[:200] if content_type else None,
        "request.redirected_to": clean(location).split("?")[0][:500] if location and is_redirect else None,
        "reply.is_html": (parts.kind == "html") if parts.kind != "empty" else None,
        "reply.body_is_json": parts.is_json_object if parts.kind != "empty" else None,
    }


def _of_body(parts: BodyParts) -> dict[str, Value | None]:
    if not parts.is_error:
        return {}
    return {
        "reply.error": clean(parts.error)[:200] if parts.error else None,
        "reply.description": clean(parts.description) if parts.description else None,
        "reply.has_description": parts.description is not None,
        "login_history.status": _row_in(parts.description or ""),
    }


def _row_in(description: str) -> str | None:
    """Salesforce has put its row of Login History behind `authentication failure`."""
    found = _ROW.fullmatch(description.strip()[:400])
    return None if found is None else clean(found[1])


def challenge_of(reply: Reply) -> tuple[str | None, str | None]:
    """Error and description of a refusal's `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7.1)."""
    found = dict(_CHALLENGED.findall((reply.header("www-authenticate") or "")[:2000]))
    return found.get("error"), found.get("error_description")


def _of_challenge(reply: Reply) -> dict[str, Value | None]:
    """What an API says in a header and in no body."""
    error, description = challenge_of(reply)
    if reply.status is None or reply.status < 400 or error is None:
        return {}
    return {
        "reply.error": clean(error)[:200],
        "reply.description": clean(description)[:2000] if description else None,
        "reply.has_description": bool(description),
    }


def _granted(status: int | None, parts: BodyParts) -> bool | None:
    """A token, or the certainty that there was none; None where neither can be said."""
    if parts.granted is not None:
        return parts.granted and not (status is not None and status >= 400)
    if status is not None and status >= 300:
        return False
    return False if parts.kind == "html" else None


def _correlation_id(reply: Reply, parts: BodyParts) -> str | None:
    found = parts.correlation_id or next((v for name in ID_HEADERS if (v := reply.header(name))), None)
    found = found or printed_id((parts.description or "")[:4000])
    return clean(found)[:100] if found else None


def printed_id(text: str) -> str | None:
    """The id of an answer that its words print; of a log that of the last one."""
    return next((one[1] or one[2] for one in reversed(list(_PRINTED_ID.finditer(text)))), None)


def _trace_id(parts: BodyParts) -> str | None:
    """Entra has two ids, and its support asks for both."""
    printed = _PRINTED_TRACE.search((parts.description or "")[:4000])
    found = parts.trace_id or (None if printed is None else printed[1])
    return clean(found)[:100] if found else None


def _of_printed_client(description: str) -> tuple[Observation, ...]:
    """Entra quotes the client id that it does not know (AADSTS700016): whether it is a variable that nothing filled."""
    found = _UNKNOWN_CLIENT.search(description[:4000])
    if found is None or not is_unfilled(found[1]):
        return ()
    return (Observation("request.client_id_is_placeholder", True, "reply"),)


def _of_printed_key(description: str) -> tuple[Observation, ...]:
    """Entra names the key that it looked for (AADSTS700027): the thumbprint as it read it in the header, in hex."""
    found = _THUMBPRINT.search(description[:4000])
    return () if found is None else (Observation("reply.thumbprint", found[1].lower(), "reply"),)


def _of_printed_times(description: str) -> tuple[Observation, ...]:
    """Entra prints the assertion's window beside its own clock (AADSTS700024): the best evidence of the field."""
    said = [form.search(description[:4000]) for form in (CURRENT_TIME, _EXPIRY, _VALID_FROM)]
    now, expiry, start = times_alike(*(None if one is None else one[1] for one in said))
    if now is None:
        return ()
    found: list[Observation] = []
    if expiry is not None:
        found.append(Observation("assertion.exp_in_s", round(expiry - now, 3), "reply"))
    if start is not None:
        found.append(Observation("assertion.nbf_in_s", round(start - now, 3), "reply"))
    elif said[2] is not None:
        # Valid from 1970: the assertion carries no nbf.
        found.append(Observation("assertion.nbf_present", False, "reply"))
    return tuple(found)
