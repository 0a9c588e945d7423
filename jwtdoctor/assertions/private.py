"""Reads private keys: PEM of every kind, DER, PKCS#12, JWK; and says in plain words why one does not open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jwtdoctor.assertions.containers import is_encrypted_pkcs8, is_pkcs12, native_of_jwk, opened_pkcs12
from jwtdoctor.assertions.keytypes import PrivateKey, PublicKey, kind_of
from jwtdoctor.assertions.material import FORMATS, Block
from jwtdoctor.assertions.public import public_of_certificate, public_role_of_der, spki_sha256
from jwtdoctor.errors import BadKey
from jwtdoctor.model.secret import Secret


def private_of_block(block: Block, where: str, passphrase: Secret | None) -> PrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    native = _opened(lambda word: load_pem_private_key(block.pem(), word), where, passphrase, block.encrypted)
    return _private(native, f"{FORMATS.get(block.label, block.label)} PEM", where, block.encrypted)


def private_of_der(der: bytes, where: str, passphrase: Secret | None) -> PrivateKey:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    if is_pkcs12(der):
        return private_of_pkcs12(der, where, passphrase)
    if role := public_role_of_der(der):
        raise not_private(role, where)
    encrypted = is_encrypted_pkcs8(der)
    native = _opened(lambda word: load_der_private_key(der, word), where, passphrase, encrypted)
    return _private(native, "DER", where, encrypted)


def private_of_pkcs12(der: bytes, where: str, passphrase: Secret | None) -> PrivateKey:
    bundle = opened_pkcs12(der, where, passphrase)
    if bundle.key is None:
        raise BadKey("this PKCS#12 file holds no private key", where=where, do="export it again with its key")
    key = _private(bundle.key, "PKCS#12", where, passphrase is not None)
    certificates = [public_of_certificate(bundle.cert.certificate, where)] if bundle.cert else []
    return with_its_certificate(key, certificates)


def private_of_jwks(jwks: tuple[Mapping[str, Any], ...], where: str) -> PrivateKey:
    for jwk in jwks:
        if "d" in jwk:
            return _private(native_of_jwk(jwk, where), "JWK", where, False)
    raise not_private("a JWK set of public keys" if len(jwks) > 1 else "a public JWK", where)


def _private(native: Any, form: str, where: str, encrypted: bool) -> PrivateKey:
    kind, bits, curve = kind_of(native.public_key(), where)
    return PrivateKey(native, kind, bits, curve, form, where, encrypted)


def with_its_certificate(key: PrivateKey, certificates: list[PublicKey]) -> PrivateKey:
    """The key with the certificate among these that belongs to it, if one does."""
    own = spki_sha256(key.native.public_key())
    return replace(key, certificate=next((one for one in certificates if one.spki_sha256 == own), None))


def _opened(load: Callable[[bytes | None], Any], where: str, passphrase: Secret | None, encrypted: bool) -> Any:
    """A loader called with or without its passphrase, and its failure in our words."""
    from cryptography.exceptions import UnsupportedAlgorithm

    if encrypted and passphrase is None:
        raise BadKey(
            "the private key is encrypted and no passphrase was given",
            where=where,
            do="give one by reference (env: file: keyring: cmd: prompt)",
        )
    word = passphrase.reveal().encode("utf-8", "surrogateescape") if encrypted and passphrase is not None else None
    try:
        return load(word)
    except UnsupportedAlgorithm:
        raise BadKey("the private key is of a kind that is not supported here", where=where) from None
    except (ValueError, TypeError):
        if encrypted:
            raise BadKey("the passphrase does not open the private key, or the file is damaged", where=where) from None
        raise BadKey(
            "the private key is damaged: its parts do not make a key",
            where=where,
            do="copy the file again, or make a new pair: jwtdoctor keys new",
        ) from None


def not_private(role: str, where: str) -> BadKey:
    article = role if role.startswith(("a ", "an ")) else f"a {role}"
    return BadKey(f"this is {article}", where=where, expected="the private key that belongs to it")
