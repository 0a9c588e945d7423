"""One HTTP exchange with an endpoint: what was sent, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jwtdoctor.model.secret import Secret

Layer = Literal[
    "dns",
    "refused",
    "connect-timeout",
    "unreachable",
    "tls-trust",
    "tls-version",
    "tls-other",
    "proxy",
    "read-timeout",
    "reset",
    "bad-http",
    "too-large",
    "deadline",
]

MAX_BODY = 1_000_000
"""Bytes of a body that are read, after decompression; the rest is dropped and said to be."""
MAX_ORG_BODY = 16_000_000
"""Of an org's answers: a profile with all that it permits comes as one JSON record of several megabytes."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A form-encoded POST (RFC 6749 §4). Values that are credentials are `Secret`s.

    `method` is GET where a JWT is an API's own credential and the call reads something; there are no fields then.
    """

    url: str
    fields: tuple[tuple[str, str | Secret], ...]
    headers: tuple[tuple[str, str | Secret], ...] = ()
    method: Literal["POST", "GET"] = "POST"

    def field(self, name: str) -> str | Secret | None:
        return next((value for key, value in self.fields if key == name), None)


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A POST of text (SOAP). Parts that are credentials are `Secret`s: only the wire puts them together."""

    url: str
    parts: tuple[str | Secret, ...]
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. `body` is text of at most `MAX_BODY` bytes, undecodable bytes replaced.

    `sent_at` and `received_at` are local epoch seconds around the round trip, None in a recorded case.
    Header names are compared without case: use `header()`.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    sent_at: float | None = None
    received_at: float | None = None
    truncated: bool = False
    http_version: str | None = None
    """`1.1`, `1.0`; None in a recorded case."""

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((v for k, v in self.headers.items() if k.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class NoReply:
    """No HTTP answer came: which layer failed, and what it said (cleaned, bounded)."""

    layer: Layer
    text: str
    verify_code: int | None = None
    """OpenSSL's verify code where a certificate was refused."""
    proxy: str | None = None
    proxy_status: int | None = None
    sent: bool = False
    """Whether the request may have reached the server (the login then counts)."""
    took_s: float = 0.0


Exchange = Reply | NoReply
