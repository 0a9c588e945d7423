"""Reads the public side: certificates, certificate requests, public keys, JWKs; and their thumbprints."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from jwtdoctor.assertions.containers import is_pkcs12, native_of_jwk, opened_pkcs12
from jwtdoctor.assertions.keytypes import PublicKey, kind_of
from jwtdoctor.assertions.material import CERTIFICATE_LABELS, FORMATS, Block, Material
from jwtdoctor.errors import BadKey
from jwtdoctor.model.secret import Secret


def certificates_in(material: Material, where: str) -> list[PublicKey]:
    from cryptography.x509 import load_der_x509_certificate

    ders = (block.der for block in material.blocks if block.label in CERTIFICATE_LABELS)
    read = (_read(partial(load_der_x509_certificate, der), "certificate", where) for der in ders)
    return [public_of_certificate(certificate, where) for certificate in read]


def public_of_certificate(certificate: Any, where: str) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding

    der = certificate.public_bytes(Encoding.DER)
    native = _read(certificate.public_key, "certificate", where)
    return replace(
        public_of_native(native, "certificate", where),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        subject=_name(certificate, "subject"),
        issuer=_name(certificate, "issuer"),
        serial=f"{certificate.serial_number:x}",
        signature_hash=_signature_hash(certificate),
        x5t=_base64url(hashlib.sha1(der, usedforsecurity=False).digest()),
        x5t_s256=_base64url(hashlib.sha256(der).digest()),
        certificate_bytes=len(der),
    )


def _signature_hash(certificate: Any) -> str:
    """Empty where the signature has none (EdDSA) or is of a kind that this library does not know yet."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        hashed = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return hashed.name if hashed else ""


def _name(certificate: Any, which: str) -> str:
    try:
        return str(getattr(certificate, which).rfc4514_string())[:500]
    except ValueError:
        return "(unreadable)"


def public_of_block(block: Block, where: str) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    native = _read(lambda: load_pem_public_key(block.pem()), "public key", where)
    return public_of_native(native, f"public key ({FORMATS[block.label]} PEM)", where)


def public_of_request(der: bytes, where: str) -> PublicKey:
    from cryptography.x509 import load_der_x509_csr

    request = _read(lambda: load_der_x509_csr(der), "certificate request", where)
    native = _read(request.public_key, "certificate request", where)
    return replace(public_of_native(native, "certificate request", where), subject=_name(request, "subject"))


def public_of_jwk(jwk: Mapping[str, Any], where: str) -> PublicKey:
    native = native_of_jwk(jwk, where)
    public = native.public_key() if "d" in jwk else native
    kid = jwk.get("kid")
    return replace(public_of_native(public, "JWK", where), kid=kid if isinstance(kid, str) else "")


def publics_of_der(der: bytes, where: str, passphrase: Secret | None) -> list[PublicKey]:
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from cryptography.x509 import load_der_x509_certificate

    if is_pkcs12(der):
        bundle = opened_pkcs12(der, where, passphrase)
        return [public_of_certificate(one.certificate, where) for one in (bundle.cert, *bundle.additional_certs) if one]
    match public_role_of_der(der):
        case "certificate":
            return [public_of_certificate(load_der_x509_certificate(der), where)]
        case "certificate request":
            return [public_of_request(der, where)]
        case "public key":
            return [public_of_native(load_der_public_key(der), "public key (DER)", where)]
        case _:
            return []


def public_of_native(native: Any, form: str, where: str) -> PublicKey:
    kind, bits, curve = kind_of(native, where)
    return PublicKey(
        native,
        kind,
        bits,
        curve,
        form,
        where,
        spki_sha256=spki_sha256(native),
        thumbprint=_thumbprint(native, kind),
    )


def _read(load: Callable[[], Any], role: str, where: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKey(f"the {role} is damaged or of a kind that is not supported here", where=where) from None


def public_role_of_der(der: bytes) -> str | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from cryptography.x509 import load_der_x509_certificate, load_der_x509_csr

    attempts: tuple[tuple[str, Callable[[bytes], Any]], ...] = (
        ("certificate", load_der_x509_certificate),
        ("certificate request", load_der_x509_csr),
        ("public key", load_der_public_key),
    )
    for role, load in attempts:
        try:
            load(der)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        return role
    return None


def spki_sha256(public: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


_REQUIRED_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}


def jwk_of(public: Any, kind: str) -> dict[str, str]:
    """The public key as a JWK of its required members alone (RFC 7638 §3.2). Empty where JWK has no such key."""
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
    from jwt.exceptions import InvalidKeyError

    writer: Any = {"RSA": RSAAlgorithm, "EC": ECAlgorithm}.get(kind, OKPAlgorithm)
    try:
        jwk = writer.to_jwk(public, as_dict=True)
    except (InvalidKeyError, TypeError):
        return {}
    return {name: jwk[name] for name in _REQUIRED_MEMBERS.get(kind, ("crv", "kty", "x"))}


def _thumbprint(public: Any, kind: str) -> str:
    """RFC 7638 §3: SHA-256 of the required members in lexicographic order. Empty where JWK has no such key."""
    jwk = jwk_of(public, kind)
    canonical = json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode("utf-8")
    return _base64url(hashlib.sha256(canonical).digest()) if jwk else ""


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
