"""Whether a digest that a header, a JWKS or a console shows belongs to a key: `x5t`, `x5t#S256`, RFC 7638, SHA-256.

The forms tell themselves apart by their length, so nobody has to say which of them is meant: 20 bytes are the
certificate's SHA-1 (`x5t`), 32 bytes one of the three SHA-256. Hex (with or without colons, as OpenSSL and Entra show
it) and base64url are both read.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable

from jwtdoctor.assertions.keytypes import PublicKey

_HEX = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]{27}=?|[A-Za-z0-9_-]{43}=?")


def digest_in(text: str) -> bytes | None:
    """The digest that a text is, or None for any other text."""
    plain = text.strip().replace(":", "")
    if _HEX.fullmatch(plain):
        return bytes.fromhex(plain)
    if not _BASE64URL.fullmatch(text.strip()):
        return None
    try:
        return base64.urlsafe_b64decode(text.strip().rstrip("=") + "=")
    except (binascii.Error, ValueError):
        return None


def named_by(digest: bytes, publics: Iterable[PublicKey]) -> str:
    """Which digest of which of these it is, in words; empty where it is none of them."""
    for public in publics:
        for name, value in _digests(public):
            if value and digest_in(value) == digest:
                return name
    return ""


def _digests(public: PublicKey) -> tuple[tuple[str, str], ...]:
    return (
        ("thumbprint (RFC 7638)", public.thumbprint),
        ("x5t of the certificate", public.x5t),
        ("x5t#S256 of the certificate", public.x5t_s256),
        ("SHA-256 of the public key", public.spki_sha256),
    )
