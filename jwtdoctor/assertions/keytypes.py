"""What a key is, once it is parsed. `native` is cryptography's object; nothing here imports it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jwtdoctor.errors import BadKey


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A parsed private key. `native` is cryptography's object. `kind` is RSA, EC, Ed25519 …; `curve` P-256 …"""

    native: Any = field(repr=False)
    kind: str
    bits: int
    curve: str = ""
    form: str = ""
    where: str = ""
    encrypted: bool = False
    notes: tuple[str, ...] = ()
    certificate: PublicKey | None = None
    """The certificate that lay in the same file (PKCS#12, PEM bundle), where it belongs to the key."""

    @property
    def description(self) -> str:
        return described(self.kind, self.bits, self.curve)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public side: of a certificate, a public key, a JWK, or a private key.

    `not_before` and `not_after` are epoch seconds of a certificate, else None. `spki_sha256` is the hex
    SHA-256 of the public key alone and is what two things that belong together share. `x5t`, `x5t_s256` are
    the header values of RFC 7515 §4.1.7 and §4.1.8 (the certificate's, base64url); `thumbprint` is that of
    RFC 7638.
    """

    native: Any = field(repr=False)
    kind: str
    bits: int
    curve: str = ""
    form: str = ""
    where: str = ""
    not_before: float | None = None
    not_after: float | None = None
    subject: str = ""
    issuer: str = ""
    serial: str = ""
    signature_hash: str = ""
    spki_sha256: str = ""
    x5t: str = ""
    x5t_s256: str = ""
    thumbprint: str = ""
    kid: str = ""
    certificate_bytes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        return described(self.kind, self.bits, self.curve)

    @property
    def is_certificate(self) -> bool:
        return self.not_after is not None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One thing in a file. `role`: private key, certificate, public key, certificate request."""

    role: str
    form: str
    encrypted: bool = False
    public: PublicKey | None = None
    """None for an encrypted key without its passphrase."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a file is. `wrong` says what it is instead, where it is no usable key, and `do` what then."""

    where: str
    parts: tuple[KeyPart, ...] = ()
    notes: tuple[str, ...] = ()
    wrong: str = ""
    do: str = ""


_SIMPLE = {"Ed25519PublicKey": ("Ed25519", 256), "Ed448PublicKey": ("Ed448", 456)}
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def kind_of(public: Any, where: str) -> tuple[str, int, str]:
    """(kind, bits, curve) of a native public key. Raises BadKey for one that signs no JWT."""
    name = type(public).__name__
    if name in _SIMPLE:
        return (*_SIMPLE[name], "")
    if name == "RSAPublicKey":
        return "RSA", int(public.key_size), ""
    if name in ("ECPublicKey", "EllipticCurvePublicKey"):
        curve = str(public.curve.name)
        return "EC", int(public.key_size), _CURVES.get(curve, curve)
    raise BadKey("this key is of a kind that signs no JWT", where=where, expected="RSA, EC, Ed25519 or Ed448")


def described(kind: str, bits: int, curve: str) -> str:
    if curve:
        return f"an {kind} key on {curve}"
    return f"an {kind} key of {bits} bits" if kind in ("RSA", "EC") else f"a key of type {kind}"
