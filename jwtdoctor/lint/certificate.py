"""The certificate in an app's metadata, whichever way it is written down.

Retrieved files hold one line of base64 of the DER certificate; deploy tools write PEM; some hold base64 of a whole
text file with "Bag Attributes" before the PEM. `assertions.material` undoes all that without cryptography, and
`instruments.der` reads the few fields that matter, so that a lint run loads nothing heavy.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from jwtdoctor.assertions.material import CERTIFICATE_LABELS, Material, material_of
from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.der import CertificateFacts, read_certificate

State = Literal["certificate", "placeholder", "private-key", "unusable"]

_PLACEHOLDER = re.compile(
    r"[$%{}@#<>\[\]]|\.\.\.|…|__|replace|placeholder|your|change.?me|insert|todo|dummy|xxx|_here\b|redacted",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What stands in a certificate element. `facts` are None where it is none, or where its fields defy reading."""

    state: State
    why: str = ""
    facts: CertificateFacts | None = None
    size: int = 0
    """Bytes of the DER form."""
    fingerprint: str = ""
    """SHA-256 of the DER form, for comparison."""
    others: int = 0
    """Further certificates behind the first."""


@lru_cache(maxsize=4096)
def certificate_of(text: str) -> Certificate:
    """What the text of a certificate element is. Never raises, never quotes the text."""
    text = text.strip()
    if "PRIVATE KEY-----" in text:
        return Certificate("private-key", "it is a private key")
    try:
        material = material_of(text.encode("utf-8", "replace"), "the element")
    except BadInput as problem:
        if _is_placeholder(text):
            return Certificate("placeholder", "it is a placeholder")
        if re.fullmatch(r"[\w .-]{1,80}", text):
            return Certificate(
                "unusable", "it reads like the name of a certificate, and only the certificate itself counts"
            )
        return Certificate("unusable", problem.what)
    ders = _certificates(material) if isinstance(material, Material) else []
    if not ders:
        return Certificate("unusable", "it holds no certificate")
    return _read(ders)


def _is_placeholder(text: str) -> bool:
    """Something that a deployment fills in: a variable's name, or signs that real base64 and PEM have not."""
    if re.fullmatch(r"[A-Z][A-Z0-9_]{2,39}", text):
        return True
    return len(text) < 300 and _PLACEHOLDER.search(text) is not None and "-----BEGIN CERTIFICATE-----\nMII" not in text


def _certificates(material: Material) -> list[bytes]:
    if material.der is not None:
        return [material.der]
    return [block.der for block in material.blocks if block.label in CERTIFICATE_LABELS]


def _read(ders: list[bytes]) -> Certificate:
    der = ders[0]
    size, fingerprint = len(der), hashlib.sha256(der).hexdigest()
    try:
        facts: CertificateFacts | None = read_certificate(der)
    except (ValueError, StopIteration, IndexError, OverflowError):
        facts = None
    if facts is None and not _is_certificate(der):
        return Certificate("unusable", "its bytes are no certificate", None, size, fingerprint)
    return Certificate("certificate", "", facts, size, fingerprint, len(ders) - 1)


def _is_certificate(der: bytes) -> bool:
    """A second opinion, from the heavy library, before a file is called broken."""
    from jwtdoctor.assertions.keys import load_public

    try:
        load_public(der, where="the element")
    except BadInput:
        return False
    return True
