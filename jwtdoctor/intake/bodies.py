"""What a response body says, whatever dialect it speaks: OAuth JSON (RFC 6749 §5.2), vendors' own JSON, forms, XML.

Decisions: where a body carries a general and a particular error, the particular one is taken (the first entry of
`errors`, the inside of a wrapper such as `{"message": "{\\"error\\": …}"}`). XML is scanned for the few elements
that matter and never parsed, so there is no entity to expand. `code`, `status` and `message` count as an error
only where nothing says `error`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from jwtdoctor.intake.bounds import json_of, shortened
from jwtdoctor.model.exchange import MAX_BODY

MAX_DESCRIPTION = 4_000
_DIG = 4
"""Levels of wrapping (JSON in a string in JSON …) that are unwrapped."""
_BREADTH = 60


@dataclass(frozen=True, slots=True)
class BodyParts:
    """What was found in a body. `kind` is json, form, xml, html, text or empty."""

    kind: str
    error: str | None = None
    description: str | None = None
    granted: bool | None = None
    """True: a token is in it. False: an error is. None: neither."""
    correlation_id: str | None = None
    trace_id: str | None = None
    """Where there is one beside the correlation id (Entra)."""
    server_time: str | None = None
    """The body's own time stamp, as printed (Entra)."""
    is_json_object: bool = False

    @property
    def is_error(self) -> bool:
        return self.error is not None or self.description is not None


NOTHING = BodyParts("empty")

_TOKEN_MEMBERS = ("access_token", "id_token")
_ERROR_MEMBERS = (
    "error",
    "errorCode",
    "error_code",
    "errorcode",
    "code",
    "Code",
    "exceptionCode",
    "faultcode",
    "fault_code",
)
_DESCRIPTION_MEMBERS = (
    "error_description",
    "errorDescription",
    "error_message",
    "errorMessage",
    "errorSummary",
    "message",
    "Message",
    "detail",
    "reason",
    "exceptionMessage",
    "faultstring",
    "title",
    "msg",
    "developerMessage",
    "description",
)
_IDS = ("correlation_id", "correlationId", "trace_id", "traceId", "errorId", "request_id", "requestId", "request-id")
_WRAPPERS = (
    "response",
    "data",
    "body",
    "error",
    "fault",
    "Fault",
    "detail",
    "result",
    "payload",
    "err",
    "cause",
    "OAuth",
)
_REASON_PHRASES = frozenset(
    [
        "bad request",
        "unauthorized",
        "forbidden",
        "not found",
        "internal server error",
        "service unavailable",
        "bad gateway",
        "gateway timeout",
        "too many requests",
        "method not allowed",
        "error",
    ]
)


def parts_of(body: str, content_type: str | None = None) -> BodyParts:
    """The error, description and outcome that a body carries. Never raises."""
    text = body[:MAX_BODY].lstrip("\ufeff").strip()
    if not text:
        return NOTHING
    if text[0] in "{[":
        try:
            return of_json(json_of(text))
        except ValueError:
            pass
    if text[0] == "<" or (content_type is not None and "html" in content_type.lower()):
        return _of_markup(text)
    return _of_form(text) or BodyParts("text")


def of_json(value: Any) -> BodyParts:
    """The same for a JSON value that is already parsed."""
    if isinstance(value, list):
        first = next((item for item in value[:_BREADTH] if isinstance(item, Mapping)), None)
        return of_json(first) if first is not None else BodyParts("json")
    if not isinstance(value, Mapping):
        return BodyParts("json")
    error, description = error_in(value)
    granted = False if error or description else None
    if has_token(value):
        error, description, granted = None, None, True
    trace = _first_text(value, ("trace_id",)) if "correlation_id" in value else None
    return BodyParts("json", error, description, granted, _id_in(value), trace, _time_stamp(value), True)


def _id_in(value: Mapping[str, Any], depth: int = 0) -> str | None:
    """The id that a server gave its answer, outermost first: Microsoft Graph has it in `error.innerError`."""
    found = _first_text(value, _IDS)
    if found is not None or depth >= _DIG:
        return found
    for name in ("error", "errors", "innerError", "innererror", *_WRAPPERS):
        inner = value.get(name)
        if isinstance(inner, list) and inner:
            inner = inner[0]
        if not isinstance(inner, Mapping):
            inner = _json_in(inner)
        if inner is not None and (found := _id_in(inner, depth + 1)) is not None:
            return found
    return None


def has_token(value: Mapping[str, Any]) -> bool:
    """Whether a token was issued. GitHub's installations answer with `token` and `expires_at`."""
    if any(isinstance(value.get(name), str) and value[name] for name in _TOKEN_MEMBERS):
        return True
    return isinstance(value.get("token"), str) and bool(value["token"]) and "expires_at" in value


def error_in(value: Mapping[str, Any], depth: int = 0) -> tuple[str | None, str | None]:
    """The most specific error and description of an object: (code, text), None where there is none."""
    if depth > _DIG:
        return None, None
    inner = _inner(value, depth)
    if inner != (None, None):
        return inner
    if not _looks_like_error(value):
        return None, None
    description = _first_text(value, _DESCRIPTION_MEMBERS)
    error = next((code for name in _ERROR_MEMBERS if (code := _code(value.get(name)))), None)
    if error is not None and error.lower() in _REASON_PHRASES:
        error, description = None, description or error
    if description is None and isinstance(value.get("error_codes"), list) and value["error_codes"]:
        description = f"AADSTS{value['error_codes'][0]}"
    return error, (None if description is None else _tidy(description))


def is_oauth_error(value: Mapping[str, Any]) -> bool:
    """Whether an object is an error in OAuth's own form, and not merely something with a code and a message."""
    return isinstance(value.get("error"), str) and (
        "error_description" in value
        or "error_uri" in value
        or re.fullmatch(r"[a-z]+(?:_[a-z]+)+", value["error"]) is not None
    )


def strings_in(value: Any, depth: int = 0) -> Iterator[str]:
    """The strings of a JSON value, outermost first, bounded in depth and breadth."""
    if isinstance(value, str):
        yield value
    elif depth < 8:
        items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        for number, item in enumerate(items):
            if number >= _BREADTH * 4:
                return
            yield from strings_in(item, depth + 1)


def _inner(value: Mapping[str, Any], depth: int) -> tuple[str | None, str | None]:
    """The error that is wrapped in this one: `errors: [...]`, `error: {...}`, JSON inside a string."""
    errors = value.get("errors")
    if (
        isinstance(errors, list)
        and errors
        and isinstance(errors[0], Mapping)
        and not isinstance(value.get("error"), str)
    ):
        found = _of_entry(errors[0])
        if found != (None, None):
            return found
    nested = value.get("error")
    if isinstance(nested, Mapping):
        return _of_entry(nested)
    for name in _WRAPPERS:
        if isinstance(value.get(name), Mapping):
            found = error_in(value[name], depth + 1)
            if found != (None, None):
                return found
    if "error_description" in value and _json_in(value["error_description"]) is None:
        return None, None
    for name in (*_DESCRIPTION_MEMBERS, "error", "body"):
        wrapped = _json_in(value.get(name))
        if wrapped is not None:
            found = error_in(wrapped, depth + 1)
            if found != (None, None):
                return found
    return None, None


_NUMBERED: tuple[str, ...] = ("status", "code")
_NAMED: tuple[str, ...] = ("code", "errorCode", "error", "status", "reason")


def _of_entry(value: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Google's and Microsoft Graph's `error`, Apple's and others' `errors[0]`: the name beats the number."""
    codes = _NUMBERED if isinstance(value.get("code"), int) else _NAMED
    error = next((code for name in codes if (code := _code(value.get(name)))), None)
    description = _first_text(value, ("detail", "message", "error_description", "errorMessage", "description", "title"))
    return error, (None if description is None else _tidy(description))


def _looks_like_error(value: Mapping[str, Any]) -> bool:
    if any(
        name in value
        for name in (
            "error",
            "errorCode",
            "error_code",
            "error_codes",
            "error_description",
            "errorSummary",
            "faultcode",
            "errorMessage",
        )
    ):
        return True
    if "message" in value and (
        len(value) <= 2 or any(n in value for n in ("code", "documentation_url", "success", "status", "data"))
    ):
        return value.get("success") is not True
    return "status" in value and ("detail" in value or "title" in value)


def _code(value: object) -> str | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return str(value)[:40]
    if isinstance(value, str) and value.strip() and len(value) <= 200 and not value.lstrip().startswith("{"):
        return value.strip()
    return None


def _first_text(value: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        found = value.get(name)
        if isinstance(found, str) and found.strip():
            return found
        if isinstance(found, list) and found and isinstance(found[0], str) and found[0].strip():
            return found[0]
    return None


def _time_stamp(value: Mapping[str, Any]) -> str | None:
    """Entra's error bodies carry the server's UTC time (with `trace_id` beside it)."""
    stamp = value.get("timestamp")
    return stamp if isinstance(stamp, str) and ("trace_id" in value or "correlation_id" in value) else None


def _json_in(value: object) -> Mapping[str, Any] | None:
    """The object that a string holds as JSON, if it does."""
    if not isinstance(value, str) or not 5 < len(value) < 100_000:
        return None
    start = value.find("{")
    end = value.rfind("}")
    if start < 0 or end < start or '"' not in value[start:end]:
        return None
    try:
        found = json_of(value[start : end + 1])
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None


def _tidy(text: str) -> str:
    return shortened(text.strip(), MAX_DESCRIPTION)


def _of_form(text: str) -> BodyParts | None:
    """`error=…&error_description=…` (Facebook, GitHub and others answer so)."""
    if len(text) > 20_000 or "=" not in text or "\n" in text or "{" in text:
        return None
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        return None
    if fields.get("access_token"):
        return BodyParts("form", granted=True)
    if "error" not in fields or " " in fields["error"].strip():
        return None
    return BodyParts("form", fields["error"] or None, _tidy(fields.get("error_description", "")) or None, False)


_ELEMENT = re.compile(
    r"<(?:[A-Za-z0-9_]{1,20}:)?"
    r"(error|error_description|errorCode|errorcode|error_code|exceptionCode|exceptionMessage|faultcode|faultstring"
    r"|errorMessage|message|code|access_token)"
    r"(?:\s[^<>]{0,300})?>\s{0,50}(?:<!\[CDATA\[)?([^<>\]]{1,4000})",
    re.IGNORECASE,
)
_IS_HTML = re.compile(r"(?i)<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|<title[\s>]|<h1[\s>]")
_PAGE_CODE = re.compile(r"\bOAUTH_[A-Z]{2,30}(?:_[A-Z]{1,30}){1,6}\b")
_PAGE_QUERY = re.compile(r"[?&;]error=([A-Za-z0-9_.-]{1,80})(?:&|&amp;|&#38;)error_description=([^&\"'<>\s]{1,600})")
_PAGE_OBJECT = re.compile(r"\{[^{}<>]{0,50}(?:\"|&quot;)error(?:\"|&quot;)[^{}<>]{1,2000}\}")


def _of_markup(text: str) -> BodyParts:
    if _IS_HTML.search(text[:5_000]) is None and text.lstrip()[:1] == "<":
        return _of_xml(text)
    return _of_html(text[:200_000])


def _of_html(text: str) -> BodyParts:
    """A page. Only what is unmistakable is read: a JSON body in it, an error in a link, a code of a Salesforce page."""
    found = _PAGE_OBJECT.search(text)
    if found is not None:
        try:
            inside = of_json(json_of(html.unescape(found[0])))
        except ValueError:
            inside = NOTHING
        if inside.is_error:
            return BodyParts("html", inside.error, inside.description, False)
    linked = _PAGE_QUERY.search(text)
    if linked is not None:
        (_, description), *_ = parse_qsl("d=" + linked[2]) or [("", "")]
        return BodyParts("html", linked[1], _tidy(description) or None, False)
    code = _PAGE_CODE.search(text)
    return BodyParts("html", code[0] if code else None, None, False if code else None)


def _of_xml(text: str) -> BodyParts:
    """XML errors: Salesforce's `<OAuth><error>…`, SOAP faults, OData. The first element of a name counts."""
    fields: dict[str, str] = {}
    for found in _ELEMENT.finditer(text[:200_000]):
        value = html.unescape(found[2]).strip()
        if value:
            fields.setdefault(found[1].lower(), value)
    if fields.get("access_token"):
        return BodyParts("xml", granted=True)
    error = next(
        (fields[n] for n in ("error", "errorcode", "error_code", "exceptioncode", "faultcode", "code") if n in fields),
        None,
    )
    names = ("error_description", "exceptionmessage", "errormessage", "faultstring", "message")
    description = next((fields[n] for n in names if n in fields), None)
    if error is None and description is None:
        return BodyParts("xml")
    if error is not None and ":" in error and " " not in error:
        error = error.rsplit(":", 1)[-1]
    if description is not None and error is not None:
        description = description.removeprefix(f"{error}: ")
    return BodyParts("xml", error, None if description is None else _tidy(description), False)
