"""Makes key pairs, and the self-signed certificate that goes onto an app.

The files are written as a whole or not at all, the private key readable by its owner only from its first
byte on, and neither ever over a file that is there: a lost key means a rotation.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jwtdoctor.assertions.keys import PrivateKey
from jwtdoctor.assertions.keytypes import kind_of
from jwtdoctor.errors import BadInput
from jwtdoctor.model.secret import Secret

SMALLEST_BITS, LARGEST_BITS = 2048, 8192
"""RFC 7518 §3.3 asks for 2048 bits; above 8192, signing takes seconds."""
CURVE_BITS = (256, 384, 521)
LONGEST_DAYS = 36_500
LONGEST_NAME = 64
"""Upper bound of a common name (RFC 5280, ub-common-name)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A private key (PKCS#8 PEM, not encrypted) and its certificate (PEM). `not_after` epoch seconds."""

    private_pem: Secret
    certificate_pem: str
    bits: int
    not_after: float


def new_pair(
    *, kind: str = "RSA", bits: int = 2048, days: int = 365, common_name: str = "jwtdoctor", now: float
) -> Pair:
    """A key and its self-signed certificate, valid from an hour before `now` (epoch seconds) for `days`.

    `kind` is RSA, EC (then `bits` names the curve) or Ed25519 (which has one size). The hour is for a clock on the
    other side that is slow. Raises BadInput for what no server would take.
    """
    _refuse_odd(kind, bits, days, common_name)
    key = fresh_key(kind, bits)
    start = datetime.fromtimestamp(int(now), UTC) - timedelta(hours=1)
    end = start + timedelta(days=days, hours=1)
    return Pair(private_pem_of(key), _certificate(key.native, common_name, start, end), key.bits, end.timestamp())


def fresh_key(kind: str, bits: int) -> PrivateKey:
    """A new key of a kind (RSA, EC, Ed25519, Ed448) and size."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    curves: dict[int, type[ec.EllipticCurve]] = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}
    native: Any
    match kind:
        case "EC":
            native = ec.generate_private_key(curves.get(bits, ec.SECP256R1)())
        case "Ed25519":
            native = ed25519.Ed25519PrivateKey.generate()
        case "Ed448":
            native = ed448.Ed448PrivateKey.generate()
        case _:
            native = rsa.generate_private_key(public_exponent=65537, key_size=max(bits, SMALLEST_BITS))
    found, size, curve = kind_of(native.public_key(), "a fresh key")
    return PrivateKey(native, found, size, curve, form="made here", where="a fresh key")


def write_pair(pair: Pair, base: Path) -> tuple[Path, Path]:
    """Writes BASE.key (0600) and BASE.crt. Raises BadInput, having written neither, if one of them is there."""
    key_path, certificate_path = (base.with_name(base.name + suffix) for suffix in (".key", ".crt"))
    for path in (key_path, certificate_path):
        if path.exists() or path.is_symlink():
            raise _taken(path)
    _write_new(key_path, pair.private_pem.reveal(), 0o600)
    try:
        _write_new(certificate_path, pair.certificate_pem, 0o644)
    except BadInput:
        key_path.unlink(missing_ok=True)
        raise
    return key_path, certificate_path


def private_pem_of(key: PrivateKey, passphrase: Secret | None = None) -> Secret:
    """The key as PKCS#8 PEM, encrypted if a passphrase is given."""
    from cryptography.hazmat.primitives import serialization as s

    cipher: s.KeySerializationEncryption = s.NoEncryption()
    if passphrase is not None:
        cipher = s.BestAvailableEncryption(passphrase.reveal().encode("utf-8"))
    raw = key.native.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, cipher)
    return Secret(raw.decode("ascii"))


def _refuse_odd(kind: str, bits: int, days: int, common_name: str) -> None:
    if kind == "EC" and bits not in CURVE_BITS:
        raise BadInput(f"there is no curve of {bits} bits here", expected="256, 384 or 521 bits (RFC 7518 §6.2.1.1)")
    if kind == "RSA" and (not SMALLEST_BITS <= bits <= LARGEST_BITS or bits % 256):
        raise BadInput(f"{bits} is no usable key size", expected="2048, 3072 or 4096 bits (RFC 7518 §3.3)")
    if not 1 <= days <= LONGEST_DAYS:
        raise BadInput(f"{days} days are not possible", expected=f"1 to {LONGEST_DAYS:,} days")
    if not common_name.strip() or len(common_name) > LONGEST_NAME or not common_name.isprintable():
        raise BadInput("the common name cannot be used", expected="1 to 64 printable characters")


def _certificate(native: Any, common_name: str, start: datetime, end: datetime) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    public = native.public_key()
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
         "crl_sign", "encipher_only", "decipher_only"), False)  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    digest = None if kind_of(public, "a fresh key")[0].startswith("Ed") else SHA256()  # RFC 8410 §6: it has its own
    return builder.sign(native, digest).public_bytes(Encoding.PEM).decode("ascii")


def _taken(path: Path) -> BadInput:
    return BadInput("is there already and is not overwritten", where=str(path), do="choose another name")


def _write_new(path: Path, text: str, mode: int) -> None:
    """Written whole under a temporary name (0600), then linked to its own: a link never replaces."""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
    except OSError as problem:
        raise BadInput(f"cannot be written: {problem.strerror}", where=str(path)) from None
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(mode)
        _put(temporary, path)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as problem:
        raise BadInput(f"cannot be written: {problem.strerror}", where=str(path)) from None
    finally:
        with suppress(OSError):
            Path(temporary).unlink(missing_ok=True)


def _put(temporary: str, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):  # a file system without hard links
        if path.exists():
            raise FileExistsError from None
        Path(temporary).rename(path)
