"""Private keys and what belongs to them: loading, pairing, describing. A key is parsed once and then
passed about.

`material` finds out what a file is and undoes its damage; here cryptography reads it. Our own messages,
because the libraries' mislead: PyJWT reports a broken private key as a public one, and an encrypted one as
a TypeError. Nothing here puts file content, or the text of a library's exception, into a message.

OpenSSH keys are refused though cryptography could read them: the client under examination could not, so a
check that passes with one would be no evidence.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jwtdoctor.assertions.containers import is_encrypted_pkcs8, is_pkcs12, opens_without_passphrase
from jwtdoctor.assertions.keytypes import KeyFile, KeyPart, PrivateKey, PublicKey
from jwtdoctor.assertions.material import (
    CERTIFICATE_LABELS,
    FORMATS,
    PRIVATE_LABELS,
    PUBLIC_LABELS,
    REQUEST_LABELS,
    Block,
    Material,
    WrongThing,
    material_of,
)
from jwtdoctor.assertions.private import (
    not_private,
    private_of_block,
    private_of_der,
    private_of_jwks,
    private_of_pkcs12,
    with_its_certificate,
)
from jwtdoctor.assertions.public import (
    certificates_in,
    public_of_block,
    public_of_jwk,
    public_of_native,
    public_of_request,
    public_role_of_der,
    publics_of_der,
    spki_sha256,
)
from jwtdoctor.errors import BadKey
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.secret import Secret

__all__ = [
    "KeyFile",
    "KeyPart",
    "PrivateKey",
    "PublicKey",
    "describe",
    "load_private",
    "load_public",
    "load_publics",
    "matches",
    "observe_key",
    "public_of",
]


def load_private(data: bytes, *, where: str, passphrase: Secret | None = None) -> PrivateKey:
    """The private key in these bytes: PKCS#1, PKCS#8, SEC1, DER, PKCS#12, JWK, damaged in the usual ways.

    `where` names the file in messages. Raises BadKey, saying what the file is instead.
    """
    material = _usable(data, where, "a private key")
    for block in material.blocks:
        if block.label in PRIVATE_LABELS:
            key = private_of_block(block, where, passphrase)
            return with_its_certificate(replace(key, notes=material.notes), certificates_in(material, where))
    if material.blocks:
        raise not_private(_role(material.blocks[0].label), where)
    if material.jwks:
        return replace(private_of_jwks(material.jwks, where), notes=material.notes)
    return replace(private_of_der(material.der or b"", where, passphrase), notes=material.notes)


def load_public(data: bytes, *, where: str, passphrase: Secret | None = None) -> PublicKey:
    """The first public key that these bytes hold: certificate, public key, JWK, or half of a private key."""
    return load_publics(data, where=where, passphrase=passphrase)[0]


def load_publics(data: bytes, *, where: str, passphrase: Secret | None = None) -> tuple[PublicKey, ...]:
    """Every public key in these bytes (a JWKS or a chain may hold several), certificates first. Raises
    BadKey.
    """
    material = _usable(data, where, "a certificate or public key")
    found = [*certificates_in(material, where)]
    found += [public_of_block(b, where) for b in material.blocks if b.label in PUBLIC_LABELS]
    found += [public_of_request(b.der, where) for b in material.blocks if b.label in REQUEST_LABELS]
    found += [public_of_jwk(jwk, where) for jwk in material.jwks]
    if material.der is not None:
        found += publics_of_der(material.der, where, passphrase)
    if not found:
        found.append(public_of(load_private(data, where=where, passphrase=passphrase)))
    return tuple(replace(public, notes=material.notes) for public in found)


def public_of(key: PrivateKey) -> PublicKey:
    """The public half of a private key."""
    return public_of_native(key.native.public_key(), f"public half of a private key ({key.form})", key.where)


def matches(private: PrivateKey, public: PublicKey) -> bool:
    """Whether the two belong together: equal public keys, whatever they came in."""
    return spki_sha256(private.native.public_key()) == public.spki_sha256


def describe(data: bytes, where: str, passphrase: Secret | None = None) -> KeyFile:
    """What a file is and holds, for people. A key that cannot be used is said to be one; what is none is
    BadKey.
    """
    material = material_of(data, where)
    if isinstance(material, WrongThing):
        if material.what.startswith("an HTML"):
            raise BadKey(f"this is {material.what}", where=where, do=material.do)
        return KeyFile(where, wrong=material.what, do=material.do)
    parts = [_part_of_block(block, where, passphrase) for block in material.blocks]
    parts += [_part_of_jwk(jwk, where) for jwk in material.jwks]
    if material.der is not None:
        parts += _parts_of_der(material.der, where, passphrase)
    if not parts:
        raise BadKey("this holds no key and no certificate", where=where)
    return KeyFile(where, tuple(parts), tuple(dict.fromkeys(material.notes)))


def observe_key(
    private: PrivateKey, public: PublicKey | None = None, now: float | None = None
) -> tuple[Observation, ...]:
    """The `key.*` and `certificate.*` facts. `now` is true now in epoch seconds; None gives no fact that
    needs it.
    """
    facts: dict[str, Value] = {"key.loads": True, "key.type": private.kind, "key.bits": private.bits}
    if public is not None:
        facts["key.matches_certificate"] = matches(private, public)
        if public.x5t:  # SHA-1, which is what consoles and error texts print
            facts["certificate.thumbprint"] = base64.urlsafe_b64decode(public.x5t + "=").hex()
        if public.not_after is not None and now is not None:
            facts["certificate.not_after_in_s"] = round(public.not_after - now, 3)
            facts["certificate.is_expired"] = now > public.not_after
    return tuple(Observation(name, value, "key") for name, value in facts.items())


def _usable(data: bytes, where: str, wanted: str) -> Material:
    material = material_of(data, where)
    if isinstance(material, WrongThing):
        raise BadKey(f"this is {material.what}", where=where, expected=wanted, do=material.do)
    return material


def _part_of_block(block: Block, where: str, passphrase: Secret | None) -> KeyPart:
    role = _role(block.label)
    form = f"{FORMATS[block.label]} PEM" if block.label in FORMATS else "PEM"
    match role:
        case "private key":
            if block.encrypted and passphrase is None:
                return KeyPart(role, form, True)
            return KeyPart(role, form, block.encrypted, public_of(private_of_block(block, where, passphrase)))
        case "certificate":
            return KeyPart(role, form, public=certificates_in(Material((block,)), where)[0])
        case "public key":
            return KeyPart(role, form, public=public_of_block(block, where))
        case "certificate request":
            return KeyPart(role, form, public=public_of_request(block.der, where))
        case _:
            return KeyPart(role, form)


def _parts_of_der(der: bytes, where: str, passphrase: Secret | None) -> list[KeyPart]:
    if is_pkcs12(der):
        if passphrase is None and not opens_without_passphrase(der):
            return [KeyPart("key bundle", "PKCS#12, encrypted", True)]
        key = private_of_pkcs12(der, where, passphrase)
        certificates = publics_of_der(der, where, passphrase)
        return [
            KeyPart("private key", "PKCS#12", key.encrypted, public_of(key)),
            *(KeyPart("certificate", "PKCS#12", public=one) for one in certificates),
        ]
    if role := public_role_of_der(der):
        return [KeyPart(role, "DER", public=publics_of_der(der, where, passphrase)[0])]
    if is_encrypted_pkcs8(der) and passphrase is None:
        return [KeyPart("private key", "PKCS#8, encrypted, DER", True)]
    key = private_of_der(der, where, passphrase)
    return [KeyPart("private key", "DER", key.encrypted, public_of(key))]


def _part_of_jwk(jwk: Mapping[str, Any], where: str) -> KeyPart:
    role = "private key" if "d" in jwk else "public key"
    return KeyPart(role, "JWK", public=public_of_jwk(jwk, where))


def _role(label: str) -> str:
    for role, labels in (
        ("private key", PRIVATE_LABELS),
        ("public key", PUBLIC_LABELS),
        ("certificate", CERTIFICATE_LABELS),
        ("certificate request", REQUEST_LABELS),
    ):
        if label in labels:
            return role
    return "PEM block of another kind"
