"""A request as the judge reads it, and how its answer is written: parameters, headers, formats.

Headers of a refusal are those of a real JWT 400 (https://salesforce.stackexchange.com/questions/207685, 2018) and of
newer Salesforce hosts. `Date` is the token host's clock, on failures as well.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

from jwtdoctor.model.exchange import Reply

TOKEN_PATH = "/services/oauth2/token"
AUTHORIZE_PATH = "/services/oauth2/authorize"
ERROR_PAGE = "/setup/secur/RemoteAccessErrorPage.apexp"
JSON = "application/json;charset=UTF-8"
FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 200


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What reached the endpoint. `target` is path and query; `host` is the Host header; the body is decoded text.

    `caller_ip` is the address that the service sees, which is not the loopback address of the simulator's peer.
    `scheme` is the one that the client means (`https` also where the simulator speaks plain http on loopback).
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = field(default="", repr=False)
    caller_ip: str = "203.0.113.7"
    scheme: str = "https"
    own_scheme: str = "https"
    """The scheme that the listener itself speaks, for the URLs that it hands out."""

    def header(self, name: str) -> str:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")

    @property
    def host(self) -> str:
        return self.header("Host").strip().lower()

    @property
    def path(self) -> str:
        """The path with doubled slashes taken for one, as Salesforce does (the sf CLI sends `//services/…`)."""
        path = self.target.partition("?")[0] or "/"
        return "/" + path.lstrip("/")

    @property
    def query(self) -> str:
        return self.target.partition("?")[2].partition("#")[0]

    def parameters(self) -> dict[str, str]:
        """The form of the body and the query string together; the body wins, and the first of a repeated name counts.

        The query string of a POST is read as well (seen working: newrelic/newrelic-salesforce-exporter). A body of
        another content type is not looked at, so that its parameters are not there.
        """
        found = first_values(self.query)
        if self.method == "POST" and self.sends_form:
            found |= first_values(self.body)
        return found

    @property
    def sends_form(self) -> bool:
        """Whether the body is a form. One without a content type is read as a form too.

        # GUESS: servlet containers differ; simple clients leave the header out and are reported to work.
        """
        kind = self.header("Content-Type").partition(";")[0].strip().lower()
        return kind in (FORM, "")


def first_values(text: str) -> dict[str, str]:
    """A form as name -> first value. Too many fields are cut off, and nothing here raises."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        pairs = []
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


@dataclass(frozen=True, slots=True)
class Basic:
    """An `Authorization: Basic` header. Both empty and `readable` False where it cannot be read."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    readable: bool = True


def basic_of(request: HttpRequest) -> Basic | None:
    """The client's Basic credentials (RFC 6749 §2.3.1), None where there is no such header."""
    scheme, _, value = request.header("Authorization").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return Basic(readable=False)
    name, colon, secret = text.partition(":")
    if not colon:
        return Basic(readable=False)
    return Basic(unquote(name), unquote(secret))


def bearer_of(request: HttpRequest) -> str:
    """The access token of a resource call, from the header or, as jsforce does, from `oauth_token`.

    GUESS: a bound token is taken as it comes, since no API of Salesforce is known to look at the proof beside it.
    """
    scheme, _, value = request.header("Authorization").strip().partition(" ")
    if scheme.lower() in ("bearer", "oauth", "dpop") and value.strip():
        return value.strip()
    return first_values(request.query).get("oauth_token", "")


def json_reply(status: int, content: object, now: float, seed: str) -> Reply:
    """`content` as JSON with the endpoint's headers; `now` is the host's clock, `seed` makes the request ids."""
    return reply(status, json.dumps(content, separators=(",", ":")), now, seed, JSON)


def formatted_reply(status: int, content: Mapping[str, str], form: str, now: float, seed: str) -> Reply:
    """The token endpoint's answer in the format asked for: json (default), urlencoded or xml."""
    if form == "urlencoded":
        return reply(status, urlencode(content), now, seed, FORM + ";charset=UTF-8")
    if form == "xml":
        inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in content.items())
        text = f'<?xml version="1.0" encoding="UTF-8"?><OAuth>{inner}</OAuth>'
        return reply(status, text, now, seed, "application/xml;charset=UTF-8")
    return json_reply(status, content, now, seed)


def html_reply(status: int, title: str, text: str, now: float, seed: str) -> Reply:
    body = (
        f"<!DOCTYPE html>\n<html><head><title>{escape(title)}</title></head>"
        f"<body><h1>{escape(title)}</h1><p>{escape(text)}</p></body></html>\n"
    )
    return reply(status, body, now, seed, "text/html;charset=UTF-8")


def redirect(location: str, now: float, seed: str, status: int = 302) -> Reply:
    found = reply(status, "", now, seed, "text/html;charset=UTF-8")
    return Reply(found.status, {**found.headers, "Location": location}, "")


def reply(status: int, body: str, now: float, seed: str, content_type: str) -> Reply:
    request_id = hashlib.sha256(f"{seed}|{now:.6f}".encode()).hexdigest()[:32]
    headers = {
        "Date": http_date(now),
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-XSS-Protection": "1; mode=block",
        "Content-Security-Policy": "upgrade-insecure-requests",
        "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
        "Set-Cookie": f"BrowserId={request_id[:22]}; path=/; secure",
        "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
        "Content-Type": content_type,
        "Server": "sfdcedge",
        "X-SFDC-Request-Id": request_id,
        "X-Request-Id": request_id,
    }
    return Reply(status, headers, body)


def http_date(at: float) -> str:
    """RFC 9110 §5.6.7, rounded down to the second. A time outside the calendar gives the nearest one inside."""
    return formatdate(int(min(max(at, 0.0), 253402300799.0)), usegmt=True)


def host_of(url: str) -> str:
    """Host name of a URL in lower case, empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def iso_date(at: float) -> str:
    """A dateTime as the REST API writes it: UTC, milliseconds, `+0000`."""
    moment = datetime.fromtimestamp(min(max(at, 0.0), 253402300799.0), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"
