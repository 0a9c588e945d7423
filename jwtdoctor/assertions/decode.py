"""Takes a compact JWT apart without verifying it, and writes down what its header and claims testify.

Standard library only: `explain` uses this and must not load `jwt` or `cryptography`. PyJWT would not do
anyway: it lets times pass as strings and as milliseconds, and stops at the first fault. Here everything
that still decodes is decoded, and what is odd about it is a `Defect`; only what no server could read is
`NotAJwt`.

Decisions: white space inside, `=` padding and the ordinary base64 alphabet are defects, since each can be
undone without a guess. JSON that is not JSON (NaN, Infinity) is kept as text. A number beyond the range of
a float becomes text too, so that no arithmetic on a claim can overflow.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jwtdoctor.errors import NotAJwt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.secret import Secret

MAX_CHARACTERS = 200_000
"""Longest token that is looked at. Real ones have 500 to 2,000 characters; headers end at 8 to 16 kB."""
MAX_DEPTH = 32
MAX_TEXT = 4_096
"""Characters of one claim that become a fact."""

MILLISECONDS_FROM = 1e11
"""An epoch time from here on (the year 5138 in seconds, 1973 in milliseconds) is taken for milliseconds."""

REQUIRED_CLAIMS = ("iss", "sub", "aud", "exp")
"""RFC 7523 §3, items 1 to 4."""


@dataclass(frozen=True, slots=True)
class Defect:
    """Something about the form that a strict reader refuses. `where` is `token`, `header` or `claims`."""

    rule: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """A JWT taken apart. Nothing in it was verified.

    `header_bytes`, `claims_bytes`, `signature_bytes` are sizes after base64url. `token` is the text as it
    would go to a verifier (white space and padding removed), and a secret.
    """

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signature_present: bool
    header_bytes: int
    claims_bytes: int
    signature_bytes: int
    token: Secret = field(repr=False)
    defects: tuple[Defect, ...] = ()


def take_apart(text: str, where: str = "") -> Decoded:
    """The header and claims of a compact JWT (RFC 7519 §7.2, steps 1 to 7, 10). Nothing is verified.

    Raises NotAJwt, whose message never quotes the text.
    """
    defects: list[Defect] = []
    parts = _parts(text, where, defects)
    header_raw = _unbase64(parts[0], "header", where, defects)
    claims_raw = _unbase64(parts[1], "claims", where, defects)
    signature = _unbase64(parts[2], "signature", where, defects)
    return Decoded(
        header=_json_object(header_raw, "header", where, defects),
        claims=_json_object(claims_raw, "claims", where, defects),
        signature_present=bool(signature),
        header_bytes=len(header_raw),
        claims_bytes=len(claims_raw),
        signature_bytes=len(signature),
        token=Secret(".".join(_plain(part) for part in parts)),
        defects=tuple(dict.fromkeys(defects)),
    )


def observe_parameter(text: str, *, at: float | None, ahead_s: float = 0.0) -> tuple[Observation, ...]:
    """The `assertion.*` facts of an assertion parameter as it was sent, whatever it is."""
    try:
        decoded = take_apart(text)
    except NotAJwt:
        found = [Observation("assertion.is_jwt", False, "assertion")]
        if is_private_key(text):
            found.append(Observation("assertion.is_private_key", True, "assertion"))
        return tuple(found)
    return observe(decoded.header, decoded.claims, at=at, ahead_s=ahead_s)


def observe(
    header: Mapping[str, Any],
    claims: Mapping[str, Any],
    *,
    at: float | None,
    ahead_s: float = 0.0,
    required: Sequence[str] = REQUIRED_CLAIMS,
) -> tuple[Observation, ...]:
    """What a header and claims say, as facts.

    `at` is true now in epoch seconds; None gives no fact that needs it. `ahead_s` is how fast the signing
    clock is: an assertion without `iat` was signed at `at + ahead_s`, so that its life is exp minus that.
    Times are read as seconds, as RFC 7519 §2 has them, even where `exp_is_milliseconds` says that they are
    not.
    """
    facts: dict[str, Any] = {"assertion.is_jwt": True}
    facts |= _of_header(header)
    facts |= _of_names(claims)
    facts |= _of_times(claims, at, ahead_s)
    facts["assertion.claims_missing"] = missing_claims(claims, required)
    facts["assertion.jti_present"] = claims.get("jti") is not None
    return tuple(Observation(name, value, "assertion") for name, value in facts.items() if value is not None)


def missing_claims(claims: Mapping[str, Any], required: Sequence[str] = REQUIRED_CLAIMS) -> tuple[str, ...]:
    """The required claims that are absent or null, in the order required. `prn` stands in for `sub`, as
    early drafts of RFC 7523 had it.
    """
    there = {name for name, value in claims.items() if value is not None}
    if "prn" in there:
        there.add("sub")
    return tuple(name for name in required if name not in there)


def seconds(value: object) -> float | None:
    """A NumericDate as a number, numeric text included (simple-salesforce sends that); None where it is none."""
    if isinstance(value, str) and len(value) <= 40:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def is_milliseconds(value: object) -> bool:
    """Whether a time is in milliseconds by its size."""
    number = seconds(value)
    return number is not None and abs(number) >= MILLISECONDS_FROM


def is_private_key(text: str) -> bool:
    """Whether text is, or carries, a private key: PEM of any kind, or a JWK with its private part."""
    if re.search(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----", text[:MAX_CHARACTERS]):
        return True
    if text.lstrip()[:1] != "{":
        return False
    try:
        found = json.loads(text[:MAX_CHARACTERS])
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "kty" in found and bool({"d", "k"} & found.keys())


# --- the form -------------------------------------------------------------------------------------


def _parts(text: str, where: str, defects: list[Defect]) -> list[str]:
    if len(text) > MAX_CHARACTERS:
        raise NotAJwt(f"{len(text):,} characters are too many for a JWT", where=where, expected="a compact JWT")
    stripped = text.strip()
    if not stripped:
        raise NotAJwt("there is nothing here", where=where, expected="a compact JWT (header.claims.signature)")
    if is_private_key(stripped):
        raise NotAJwt("this is a private key, not a JWT", where=where, do="sign an assertion with it: jwtdoctor sign")
    if stripped.startswith("-----BEGIN "):
        raise NotAJwt("this is a PEM file (a key or certificate), not a JWT", where=where, do="jwtdoctor keys show")
    joined = "".join(stripped.split())
    if joined != stripped:
        defects.append(Defect("jwt-white-space", "token", "there is white space inside the token"))
    parts = joined.split(".")
    if len(parts) != 3:
        raise NotAJwt(_wrong_number(parts), where=where, expected="three parts: header.claims.signature")
    if not parts[0] or not parts[1]:
        raise NotAJwt("a part is empty", where=where, expected="three parts: header.claims.signature")
    return parts


def _wrong_number(parts: list[str]) -> str:
    if len(parts) == 5:
        return "this has five parts, so it is an encrypted JWT (JWE, RFC 7516)"
    if len(parts) == 1:
        return "this is no JWT: it has no dot"
    return f"this has {min(len(parts), 1000)} parts"


_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def _unbase64(part: str, name: str, where: str, defects: list[Defect]) -> bytes:
    plain = _plain(part)
    if plain != part:
        defects.append(
            Defect("jwt-base64", "token", f"the {name} part is ordinary or padded base64, not base64url (RFC 7515 §2)")
        )
    if not _BASE64URL.fullmatch(plain):
        at = next(i for i, c in enumerate(plain) if not _BASE64URL.fullmatch(c))
        raise NotAJwt(f"the {name} part is not base64url, at its character {at + 1}", where=where)
    if len(plain) % 4 == 1:
        raise NotAJwt(f"the {name} part is cut off: {len(plain)} characters cannot be base64url", where=where)
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        raise NotAJwt(f"the {name} part is not base64url", where=where) from None


def _plain(part: str) -> str:
    return part.rstrip("=").replace("+", "-").replace("/", "_")


def _json_object(raw: bytes, name: str, where: str, defects: list[Defect]) -> dict[str, Any]:
    def noted(rule: str, message: str) -> None:
        defects.append(Defect(rule, name, message))

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        seen = dict(items)
        if len(seen) != len(items):
            noted("jwt-duplicate-name", f"a name stands twice in the {name}; readers differ in which one counts")
        return seen

    def constant(text: str) -> str:
        noted("jwt-not-json", f"the {name} part holds {text}, which is no JSON (RFC 8259 §6)")
        return text

    def number(text: str) -> float | str:
        value = float(text)
        if math.isfinite(value):
            return value
        noted("jwt-not-json", f"the {name} part holds a number that no reader can represent")
        return text[:40]

    def integer(text: str) -> int | float | str:
        return int(text) if len(text) <= 25 else number(text)

    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise NotAJwt(f"the {name} part is not UTF-8 at byte {problem.start + 1}", where=where) from None
    try:
        found = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_float=number, parse_int=integer
        )
    except json.JSONDecodeError as problem:
        raise NotAJwt(f"the {name} part is not JSON at character {problem.pos + 1}", where=where) from None
    except (ValueError, RecursionError):
        raise NotAJwt(f"the {name} part is JSON that cannot be read", where=where) from None
    if not isinstance(found, dict):
        raise NotAJwt(f"the {name} part is not a JSON object", where=where)
    if _is_deeper_than(found, MAX_DEPTH):
        raise NotAJwt(f"the {name} part is nested deeper than {MAX_DEPTH} levels", where=where)
    cleaned: dict[str, Any] = _without_surrogates(found)
    return cleaned


def _is_deeper_than(value: object, limit: int) -> bool:
    """Level by level and not by recursion, since the input chooses the depth."""
    level = [value]
    for _ in range(limit + 1):
        deeper: list[object] = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        if not deeper:
            return False
        level = deeper
    return any(isinstance(item, (dict, list)) for item in level)


def _without_surrogates(value: Any) -> Any:
    r"""Lone surrogates (`"\ud800"` is JSON) cannot be written to any stream; they become U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not _is_clean(value) else value
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    return value


def _is_clean(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in text)


# --- the facts ------------------------------------------------------------------------------------


def _of_header(header: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "assertion.alg": _text(header.get("alg")),
        "assertion.typ": _text(header.get("typ")),
        "assertion.kid_present": header.get("kid") not in (None, ""),
        "assertion.thumbprints": tuple(hex for name in ("x5t", "x5t#S256") if (hex := _hex(header.get(name)))) or None,
    }


def _hex(thumbprint: object) -> str:
    """What a base64url digest is in hex (RFC 7515 §4.1.7); empty where it is none. MSAL leaves the padding on."""
    if not isinstance(thumbprint, str) or not re.fullmatch(r"[A-Za-z0-9_-]{27}=?|[A-Za-z0-9_-]{43}=?", thumbprint):
        return ""
    return base64.urlsafe_b64decode(thumbprint.rstrip("=") + "=").hex()


def _of_names(claims: Mapping[str, Any]) -> dict[str, Any]:
    aud = claims.get("aud")
    subject = claims.get("prn") if claims.get("prn") is not None else claims.get("sub")
    is_array = isinstance(aud, list)
    return {
        "assertion.iss": _text(claims.get("iss")),
        "assertion.sub": _text(subject),
        "assertion.aud": tuple(_text(one) or "" for one in aud[:100]) if is_array and aud else _text(aud),
        "assertion.aud_type": None if aud is None else "array" if is_array else _json_type(aud),
        "assertion.claim_names": tuple(sorted(n[:60] for n, value in claims.items() if value is not None))[:50],
    }


def _of_times(claims: Mapping[str, Any], at: float | None, ahead_s: float) -> dict[str, Any]:
    exp, iat, nbf = (_bounded(seconds(claims.get(name))) for name in ("exp", "iat", "nbf"))
    signed_at = iat if iat is not None else None if at is None else at + ahead_s
    has_exp = claims.get("exp") is not None
    return {
        "assertion.exp_in_s": _difference(exp, at),
        "assertion.ttl_s": _difference(exp, signed_at),
        "assertion.iat_in_s": _difference(iat, at),
        "assertion.nbf_present": "nbf" in claims,
        "assertion.nbf_in_s": _difference(nbf, at),
        "assertion.exp_is_milliseconds": is_milliseconds(claims.get("exp")) if has_exp else None,
        "assertion.exp_is_string": isinstance(claims.get("exp"), str) if has_exp else None,
    }


def _bounded(number: float | None) -> float | None:
    """Beyond any epoch there is no difference worth stating, and the chart takes no number above 1e300."""
    return number if number is not None and abs(number) < 1e18 else None


def _difference(later: float | None, earlier: float | None) -> float | None:
    return None if later is None or earlier is None else round(later - earlier, 6)


def _text(value: object) -> str | None:
    """A claim as text. A wrong type is shown as its JSON, since it is what the server read."""
    if value is None:
        return None
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return json.dumps(value, default=str)[:MAX_TEXT]


def _json_type(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "number"
        case _:
            return "object"
