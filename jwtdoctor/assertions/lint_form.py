"""Lint rules: the form, the header, the signature's size, and what does not belong among the claims."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jwtdoctor.assertions.lint_common import Under, quoted
from jwtdoctor.model.assertion import Finding, Severity


def _form(under: Under) -> Iterator[Finding]:
    for defect in under.decoded.defects:
        severity: Severity = "error" if defect.rule in ("jwt-white-space", "jwt-not-json") else "warning"
        yield Finding(defect.rule, severity, defect.where, defect.message, "sign it anew and send it unchanged")


def _algorithm(under: Under) -> Iterator[Finding]:
    alg = under.header.get("alg")
    taken = under.provider.algorithms
    remedy = f"sign with {taken[0]}" if taken else "sign with RS256"
    if not isinstance(alg, str) or not alg:
        yield Finding("alg-missing", "error", "header.alg", "the header names no algorithm", remedy)
    elif alg.lower() == "none":
        yield Finding("alg-none", "error", "header.alg", "alg is none: the assertion is not signed", remedy)
    elif taken and alg not in taken:
        message = f"{quoted(alg)} is not taken by {under.provider.title}, which takes {', '.join(taken)}"
        yield Finding("alg-not-taken", "error", "header.alg", message, remedy)
    elif alg.startswith("HS"):
        message = f"{quoted(alg)} is signed with a shared secret, not with a private key"
        yield Finding("alg-shared-secret", "warning", "header.alg", message, remedy)


def _type(under: Under) -> Iterator[Finding]:
    typ = under.header.get("typ")
    if typ is None:
        yield Finding(
            "typ-missing", "note", "header.typ", "there is no typ; it is optional (RFC 7519 §5.1)", "write typ JWT"
        )
    elif str(typ).upper() not in ("JWT", "CLIENT-AUTHENTICATION+JWT"):
        yield Finding("typ-unusual", "warning", "header.typ", f"typ is {quoted(typ)}, not JWT", "write typ JWT")


def _key_id(under: Under) -> Iterator[Finding]:
    named = [name for name in ("kid", "x5t", "x5t#S256") if under.header.get(name)]
    if under.provider.needs_kid and not named:
        message = f"{under.provider.title} finds the key by kid or x5t, and the header has neither"
        yield Finding("kid-missing", "error", "header.kid", message, "write the kid that the provider shows")
    shape = next((one for one in under.provider.requests.values() if one.thumbprints), None)
    if shape is not None and not named:
        wanted = " or ".join(shape.thumbprints)
        message = f"{under.provider.title} finds the key by {wanted}, and the header has neither"
        remedy = "write it of the certificate that is uploaded: jwtdoctor sign --cert FILE"
        yield Finding("x5t-missing", "error", "header.x5t", message, remedy, shape.sources)
    for name, size in (("x5t", 20), ("x5t#S256", 32)):
        value = under.header.get(name)
        if value is not None and not _is_digest(value, size):
            message = f"{name} is not base64url of {size} bytes (RFC 7515 §4.1.7)"
            remedy = "write base64url of the raw digest, not its hexadecimal form: jwtdoctor keys show CERTIFICATE"
            yield Finding("x5t-malformed", "error", f"header.{name}", message, remedy)


def _is_digest(value: object, size: int) -> bool:
    """Padding is let pass: MSAL writes it, and Entra ID takes it."""
    value = value.rstrip("=") if isinstance(value, str) else value
    return isinstance(value, str) and re.fullmatch(rf"[A-Za-z0-9_-]{{{-(-size * 8 // 6)}}}", value) is not None


_SIGNATURE_BYTES = {"ES256": (64,), "ES256K": (64,), "ES384": (96,), "ES512": (132,), "EdDSA": (64, 114)}


def _signature(under: Under) -> Iterator[Finding]:
    alg, size = under.header.get("alg"), under.decoded.signature_bytes
    if alg == "none" or not isinstance(alg, str):
        return
    if not size:
        yield Finding("signature-missing", "error", "signature", "there is no signature", "sign it")
    elif alg in _SIGNATURE_BYTES and size not in _SIGNATURE_BYTES[alg]:
        yield _odd_signature(alg, size, "/".join(str(n) for n in _SIGNATURE_BYTES[alg]))
    elif alg[:2] in ("RS", "PS") and (size < 64 or size % 16):
        # RSA keys come in sizes that divide by 128 bits; a cut in the text leaves another number of bytes.
        yield _odd_signature(alg, size, "256 (for a key of 2048 bits)")


def _odd_signature(alg: str, size: int, expected: str) -> Finding:
    message = f"the signature has {size} bytes, where {alg} gives {expected}: it was probably cut off"
    return Finding("signature-size", "error", "signature", message, "copy the whole token, or sign it anew")


def _strangers(under: Under) -> Iterator[Finding]:
    for name in ("alg", "typ", "kid"):
        if name in under.claims:
            message = f"{name} stands among the claims, where it does nothing"
            yield Finding("header-in-claims", "note", f"claims.{name}", message, "it belongs in the header")
    for name in under.claims:
        if is_secret_name(name):
            message = "a claim seems to hold a secret; anybody who sees the token can read it"
            yield Finding("secret-in-claims", "error", "claims", message, "leave it out, and renew that secret")


def _replay(under: Under) -> Iterator[Finding]:
    if under.is_salesforce and under.claims.get("jti"):
        message = "it carries a jti: Salesforce refuses a second use of the same one"
        yield Finding("jti-single-use", "note", "claims.jti", message, "write a new one for each request")


_SECRET_NAMES = re.compile(r"secret|passw|private_?key|api_?key|access_?token|refresh_?token|\bpin\b", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a member's name says that its value is to be kept."""
    return _SECRET_NAMES.search(name[:200]) is not None


RULES = (_form, _algorithm, _type, _key_id)
FORM_RULES = (_form, _signature)
"""What holds for every signed JWT, whatever it is for."""
LAST_RULES = (_replay, _strangers, _signature)
