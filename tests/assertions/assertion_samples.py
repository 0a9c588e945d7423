"""Keys, specs and providers that the tests of this folder share. Keys are the throwaway ones of `sample_keys/`."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from jwtdoctor.assertions.keys import PrivateKey, PublicKey, load_private, load_public
from jwtdoctor.model.assertion import AssertionSpec
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Limit, Provider

SAMPLES = Path(__file__).resolve().parents[2] / "sample_keys"
NOW = 1_795_310_000.0
SPEC = AssertionSpec("3MVG9sample.key", "user@example.com", "https://login.salesforce.com")


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


@cache
def private(name: str = "matching.key") -> PrivateKey:
    return load_private(sample(name), where=name)


@cache
def public(name: str = "matching.crt") -> PublicKey:
    return load_public(sample(name), where=name)


def provider(slug: str = "salesforce", **changes: Any) -> Provider:
    rules: dict[str, Any] = {
        "slug": slug,
        "title": slug.title(),
        "hosts": (),
        "token_path": "/token",
        "audiences": ("https://login.salesforce.com", "https://test.salesforce.com", "https://{host}"),
        "algorithms": ("RS256",),
        "required_claims": ("iss", "sub", "aud", "exp"),
        "needs_kid": False,
        "aud_as_array": False,
        "flows": ("jwt-bearer",),
        "limits": {"late_tolerance_s": limit(180)} if slug == "salesforce" else {},
    }
    return Provider(**(rules | changes))


def limit(value: float | None) -> Limit:
    return Limit(value, Sureness.DOCUMENTED, ())


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(header: object = None, claims: object = None, signature: bytes = b"s" * 256) -> str:
    """A token of these parts; bytes are taken as they are, so that they need not be JSON."""
    head = {"alg": "RS256", "typ": "JWT"} if header is None else header
    body = {"iss": "3MVG9a", "sub": "u@e.com", "aud": "https://login.salesforce.com", "exp": NOW + 180, "iat": NOW}
    return f"{encoded(head)}.{encoded(body if claims is None else claims)}.{encoded(signature)}"
