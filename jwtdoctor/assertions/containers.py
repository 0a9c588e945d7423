"""Containers that cryptography opens: PKCS#12, encrypted PKCS#8, JWK. Private and public readers share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jwtdoctor.errors import BadKey
from jwtdoctor.model.secret import Secret


def is_pkcs12(der: bytes) -> bool:
    """PFX begins with version 3 (RFC 7292 §4); nothing else that belongs here does."""
    return der[:1] == b"\x30" and b"\x02\x01\x03" in (der[2:5], der[3:6], der[4:7], der[5:8], der[6:9])


_PKCS5 = bytes.fromhex("2a864886f70d0105")
_PKCS12_PBE = bytes.fromhex("2a864886f70d010c01")


def is_encrypted_pkcs8(der: bytes) -> bool:
    """EncryptedPrivateKeyInfo begins with an encryption algorithm (RFC 5958 §3) and not with a version."""
    return _PKCS5 in der[:24] or _PKCS12_PBE in der[:24]


def opens_without_passphrase(der: bytes) -> bool:
    """Whether a PKCS#12 file has no passphrase, or an empty one."""
    try:
        opened_pkcs12(der, "", None)
    except BadKey:
        return False
    return True


def opened_pkcs12(der: bytes, where: str, passphrase: Secret | None) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    words = [passphrase.reveal().encode("utf-8", "surrogateescape")] if passphrase is not None else [None, b""]
    for word in words:
        try:
            return pkcs12.load_pkcs12(der, word)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    if passphrase is None:
        raise BadKey(
            "the PKCS#12 file is encrypted and no passphrase was given",
            where=where,
            do="give one by reference (env: file: keyring: cmd: prompt)",
        )
    raise BadKey("the passphrase does not open the PKCS#12 file, or the file is damaged", where=where)


def native_of_jwk(jwk: Mapping[str, Any], where: str) -> Any:
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
    from jwt.exceptions import PyJWTError

    readers: dict[str, Any] = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}
    kty = jwk.get("kty")
    if kty == "oct":
        raise BadKey("this JWK is a shared secret (kty oct)", where=where, expected="an RSA, EC or OKP key")
    if not isinstance(kty, str) or kty not in readers:
        raise BadKey("this JWK is of an unknown kind", where=where, expected="kty RSA, EC or OKP")
    try:
        return readers[kty].from_jwk(dict(jwk))
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise BadKey("the JWK is damaged: its members do not make a key", where=where) from None
