"""What a token request is, seen from a prepared request, and what of it may be written down.

A token request is a POST whose form (or JSON object: Auth0 takes both) names a `grant_type`, or carries a
`client_assertion` or Adobe's `jwt_token`; and GitHub's `…/access_tokens`, which carries its assertion as a bearer.
The body is looked at only where it is text or bytes already: a stream belongs to the server alone.

Decisions: the client is named by its hash, and where no client id is sent it is the one that the assertion names
(RFC 7521 §4.1). `iat` and `exp` are what was signed, read as seconds (RFC 7519 §2), numeric text included.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from jwtdoctor.assertions.decode import seconds, take_apart
from jwtdoctor.errors import NotAJwt
from jwtdoctor.intake.bounds import json_of
from jwtdoctor.intake.forms import safe_split
from jwtdoctor.intake.redact import clean
from jwtdoctor.intake.request_facts import SeenRequest, flow_of

MAX_BODY = 400_000
"""A larger body is no token request: the longest assertions are SAML's, some tens of kB."""
ASSERTION_FIELDS = ("assertion", "client_assertion", "jwt_token")
_MARKS = ("grant_type", "client_assertion", "jwt_token")
_MAX_NAME = 200
_MAX_AUDIENCES = 20

Number = int | float


@dataclass(frozen=True, slots=True)
class Signed:
    """The assertion of a request, as far as it may be logged. None where it does not say."""

    carrier: str
    """The form field that carries it; empty where it is the bearer token."""
    kid: str | None = None
    alg: str | None = None
    iat: Number | None = None
    exp: Number | None = None
    aud: str | list[str] | None = None
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def ttl_s(self) -> Number | None:
        return None if self.iat is None or self.exp is None else _number(self.exp - self.iat)


@dataclass(frozen=True, slots=True)
class TokenCall:
    """One token request. `fields` hold secrets and never leave the process but towards the server."""

    endpoint: str
    """The URL without user, query and fragment."""
    host: str
    """Host and port."""
    client: str | None
    """First 12 hex digits of the SHA-256 of the client id."""
    flow: str | None
    signed: Signed | None
    seen: SeenRequest = field(repr=False)
    is_form: bool = True


def may_be_token_request(request: Any) -> bool:
    """A look that costs next to nothing: every request of a watched session takes it. Never raises."""
    try:
        if request.method != "POST":
            return False
        body = request.body
        if isinstance(body, str):
            return len(body) <= MAX_BODY and any(mark in body for mark in _MARKS)
        if isinstance(body, (bytes, bytearray)) and body:
            return len(body) <= MAX_BODY and any(mark in body for mark in _BYTE_MARKS)
        return not body and _is_github(request)
    except Exception:  # noqa: BLE001 - whatever this object is, it is sent as it is
        return False


_BYTE_MARKS = tuple(mark.encode() for mark in _MARKS)


def call_of(request: Any) -> TokenCall | None:
    """The token request that a prepared request is; None where it is none."""
    if not may_be_token_request(request):
        return None
    headers = tuple((_text(name), _text(value)) for name, value in request.headers.items())
    fields, is_form = _fields(request.body, {k.lower(): v for k, v in headers}.get("content-type", ""))
    seen = SeenRequest(request.url, "POST", headers, (), fields, is_form)
    values = seen.values()
    if not values.keys() & set(_MARKS) and not _is_github(request):
        return None
    signed = _signed(values, seen)
    client_id = values.get("client_id") or _basic_user(seen) or _named_by(signed)
    endpoint, host = _endpoint(request.url)
    return TokenCall(endpoint, host, _short_hash(client_id), _flow(seen, signed), signed, seen, is_form)


def _is_github(request: Any) -> bool:
    """POST /app/installations/ID/access_tokens, the app's JWT as bearer."""
    if not str(request.url).split("?")[0].endswith("/access_tokens"):
        return False
    return _text(request.headers.get("Authorization") or "").lower().startswith("bearer ey")


def _fields(body: Any, content_type: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """The fields of a body, and whether it is a form."""
    text = body if isinstance(body, str) else bytes(body or b"").decode("utf-8", "replace")
    if text.lstrip()[:1] == "{" and "form" not in content_type.lower():
        try:
            found = json_of(text)
        except ValueError:
            return (), False
        return tuple((k, v) for k, v in found.items() if isinstance(v, str)), False
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=1_000)), True
    except ValueError:  # more fields than any token request has
        return (), True


def _signed(values: Mapping[str, str], seen: SeenRequest) -> Signed | None:
    """What the assertion says; nothing but its field where it is none (SAML, an opaque text)."""
    name = next((n for n in ASSERTION_FIELDS if values.get(n)), "")
    token = values.get(name, "") if name else _bearer(seen)
    if not token:
        return None
    try:
        decoded = take_apart(token)
    except NotAJwt:
        return Signed(name)
    claims = decoded.claims
    return Signed(
        carrier=name,
        kid=_name(decoded.header.get("kid")),
        alg=_name(decoded.header.get("alg")),
        iat=_number(seconds(claims.get("iat"))),
        exp=_number(seconds(claims.get("exp"))),
        aud=_audience(claims.get("aud")),
        claims=claims,
    )


def _bearer(seen: SeenRequest) -> str:
    header = seen.header("authorization") or ""
    return header[7:].strip() if header.lower().startswith("bearer ey") else ""


def _flow(seen: SeenRequest, signed: Signed | None) -> str | None:
    flow = flow_of(seen)
    if signed is not None and signed.carrier == "":
        return flow or "api-jwt"
    if signed is not None and signed.carrier == "client_assertion" and flow in (None, "private-key-jwt"):
        return "client-secret-jwt" if (signed.alg or "").startswith("HS") else "private-key-jwt"
    return flow


def _basic_user(seen: SeenRequest) -> str | None:
    """The client id of HTTP Basic, percent-encoded there (RFC 6749 §2.3.1)."""
    header = seen.header("authorization") or ""
    if not header.lower().startswith("basic "):
        return None
    encoded = header[6:].strip()
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None
    return unquote(decoded.partition(":")[0]) or None


def _named_by(signed: Signed | None) -> str | None:
    """The client that an assertion names. In `client_assertion` it is the subject (RFC 7523 §3), else the issuer."""
    if signed is None:
        return None
    names = ("sub", "iss") if signed.carrier == "client_assertion" else ("iss",)
    return next((v for n in names if isinstance(v := signed.claims.get(n), str) and v), None)


def _short_hash(client_id: str | None) -> str | None:
    return hashlib.sha256(client_id.encode("utf-8", "replace")).hexdigest()[:12] if client_id else None


def _endpoint(url: str) -> tuple[str, str]:
    parts = safe_split(str(url))
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    if parts.port is not None:
        host += f":{parts.port}"
    return clean(f"{parts.scheme}://{host}{parts.path}")[:500], host


def _audience(value: object) -> str | list[str] | None:
    if isinstance(value, list):
        return [clean(one)[:_MAX_NAME] for one in value[:_MAX_AUDIENCES] if isinstance(one, str)]
    return _name(value)


def _name(value: object) -> str | None:
    return clean(value)[:_MAX_NAME] if isinstance(value, str) else None


def _number(value: float | None) -> Number | None:
    """A whole number as such, so that it reads as it was signed."""
    return int(value) if value is not None and value == int(value) else value


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
