"""Certificates in every form, and folders made of the examples in the rules' docstrings."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

NOW = datetime(2026, 6, 1, tzinfo=UTC)
Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture(scope="session")
def now() -> float:
    """The moment at which examples are judged, in epoch seconds."""
    return NOW.timestamp()


@pytest.fixture(scope="session")
def certificates() -> dict[str, bytes]:
    """DER certificates by the name that examples give them after `@certificate`."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    return {
        "": _der(key, -10, 365),
        "-ended": _der(key, -400, -30),
        "-ends-soon": _der(key, -300, 10),
        "-of-the-future": _der(key, 10, 365),
        "-for-ever": _der(key, -10, 40_000),
        "-1024": _der(small, -10, 365),
        "-ec": _der(curve, -10, 365),
        "-large": _der(key, -10, 365, names=300),
    }


def _der(key: Any, begins: int, ends: int, names: int = 0) -> bytes:
    """A self-signed certificate; days from NOW."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sync.example.com")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 4711, NOW + timedelta(days=begins), NOW + timedelta(days=ends)
    )
    if names:
        hosts = [x509.DNSName(f"host-number-{n}.example.com") for n in range(names)]
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="session")
def filled_in(certificates: dict[str, bytes]) -> Callable[[str], str]:
    """The text of an example with its certificates and ranges written out."""

    def fill(text: str) -> str:
        chain = "".join(_pem(certificates[name]) for name in ("", "-ended"))
        text = text.replace("@certificate-chain", chain)
        for name in sorted(certificates, key=len, reverse=True):
            text = text.replace(f"@certificate{name}<", base64.b64encode(certificates[name]).decode("ascii") + "<")
        rows = (
            f"<trustedIpRanges><startIpAddress>10.0.{n}.1</startIpAddress>"
            f"<endIpAddress>10.0.{n}.9</endIpAddress></trustedIpRanges>"
            for n in range(129)
        )
        return text.replace("@ranges-129", "\n".join(rows))

    return fill


def _pem(der: bytes) -> str:
    body = base64.encodebytes(der).decode("ascii")
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


@pytest.fixture
def write(tmp_path: Path, filled_in: Callable[[str], str]) -> Write:
    """Writes files by path below a fresh folder, which it returns."""

    def into(files: Mapping[str, str]) -> Path:
        for path, text in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(filled_in(text), encoding="utf-8")
        return tmp_path

    return into
