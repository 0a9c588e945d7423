"""Deliberate faults for testing (`sign --fault NAME`): each a small change of the spec, the parts,
the key or the text.

A table and not a ladder: a fault is one entry. `stages` is the cause that a server would name if it looks
at this at all; empty where widely used clients do this and Salesforce takes it, so that it is a thing to
try elsewhere. The faults of the simulator are its own: those change client or policy state, these only
change an assertion.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from jwtdoctor.assertions.build import claims_of, header_of
from jwtdoctor.assertions.keys import PrivateKey
from jwtdoctor.assertions.sign import base64url, compact_json, default_alg, signed_token
from jwtdoctor.errors import UnknownName
from jwtdoctor.model.assertion import Assertion, AssertionSpec
from jwtdoctor.model.secret import Secret

Claims = dict[str, Any]

REPLAYED_JTI = "jwtdoctor-replayed-jti"
"""The one id that `replayed-jti` always writes: the second use is the replay."""


def _same_spec(spec: AssertionSpec) -> AssertionSpec:
    return spec


def _same_claims(claims: Claims, now: float) -> Claims:  # noqa: ARG001
    return claims


def _same_token(token: str) -> str:
    return token


@dataclass(frozen=True, slots=True)
class Fault:
    """One deliberate fault. `key`: whose key signs; `other` and `ec` make one for the occasion."""

    name: str
    does: str
    stages: str = ""
    spec: Callable[[AssertionSpec], AssertionSpec] = _same_spec
    claims: Callable[[Claims, float], Claims] = _same_claims
    payload: Callable[[Mapping[str, Any]], bytes] = compact_json
    token: Callable[[str], str] = _same_token
    key: Literal["given", "other", "ec", "hmac", "none"] = "given"


def fault_named(name: str) -> Fault:
    """The fault. Raises UnknownName."""
    if name not in FAULTS:
        near = get_close_matches(name.lower(), FAULTS, n=3, cutoff=0.6)
        do = (f"nearest: {', '.join(near)}; " if near else "") + "list them: --list-faults"
        raise UnknownName("no fault of an assertion has that name", where="--fault", do=do)
    return FAULTS[name]


def sign_with_fault(spec: AssertionSpec, key: PrivateKey, now: float, fault: Fault) -> Assertion:
    """An assertion with this fault in it, signed at `now` (epoch seconds). Raises as `sign` does."""
    spec = fault.spec(spec)
    signing_key, alg = _key_and_alg(fault, key, spec.alg)
    header = header_of(replace(spec, alg=alg))
    claims = fault.claims(claims_of(spec, now), now)
    if signing_key is not None:
        token = signed_token(header, fault.payload(claims), signing_key, alg)
    else:
        token = _without_key(header, fault.payload(claims), alg)
    return Assertion(Secret(fault.token(token)), header, claims, now)


def _key_and_alg(fault: Fault, key: PrivateKey, alg: str) -> tuple[PrivateKey | None, str]:
    match fault.key:
        case "none":
            return None, "none"
        case "hmac":
            return None, "HS256"
        case "ec":
            other = _fresh("EC", 256)
            return other, default_alg(other)
        case "other":
            return _fresh(key.kind, key.bits), alg
        case _:
            return key, alg


def _without_key(header: Mapping[str, Any], payload: bytes, alg: str) -> str:
    """`alg: none` has an empty signature (RFC 7518 §3.6). The HMAC key is random: nobody can verify it."""
    head = f"{base64url(compact_json(header))}.{base64url(payload)}"
    if alg == "none":
        return f"{head}."
    digest = hmac.new(secrets.token_bytes(32), head.encode("ascii"), hashlib.sha256).digest()
    return f"{head}.{base64url(digest)}"


def _fresh(kind: str, bits: int) -> PrivateKey:
    from jwtdoctor.assertions.pairs import fresh_key

    return fresh_key(kind, bits)


# --- changes of claims ----------------------------------------------------------------------------


def _without(name: str, claims: Claims, now: float) -> Claims:  # noqa: ARG001
    return {key: value for key, value in claims.items() if key != name}


def _with(name: str, change: Callable[[Claims, int], Any], claims: Claims, now: float) -> Claims:
    """The claims with one changed. `now` reaches the change as whole seconds."""
    return claims | {name: change(claims, int(now))}


def _shifted(by_s: int, claims: Claims, now: float) -> Claims:  # noqa: ARG001
    """Every time moved, as a wrong clock or a wrong time zone moves them all."""
    return {k: v + by_s if k in ("exp", "iat", "nbf") and isinstance(v, int) else v for k, v in claims.items()}


def _times_as(change: Callable[[int], Any], claims: Claims, now: float) -> Claims:  # noqa: ARG001
    return {k: change(v) if k in ("exp", "iat", "nbf") and isinstance(v, int) else v for k, v in claims.items()}


def _renamed(old: str, new: str, claims: Claims, now: float) -> Claims:  # noqa: ARG001
    return {new if key == old else key: value for key, value in claims.items()}


def _host(claims: Claims) -> str:
    aud = claims.get("aud")
    one = aud[0] if isinstance(aud, list) and aud else str(aud)
    return urlsplit(one).netloc or one


def _audience_listed(claims: Claims, now: int) -> list[Any]:  # noqa: ARG001
    aud = claims.get("aud", "")
    return aud if isinstance(aud, list) else [aud]


def _other_audience(claims: Claims, now: int) -> str:  # noqa: ARG001
    """The other login host of Salesforce, which is the mistake that is really made; else a stranger."""
    host = _host(claims)
    other = {"login.salesforce.com": "test.salesforce.com", "test.salesforce.com": "login.salesforce.com"}
    return f"https://{other.get(host, 'wrong.example')}"


# --- changes of the text --------------------------------------------------------------------------


def _cut(token: str) -> str:
    return token[:-20]


def _bad_base64(token: str) -> str:
    head, claims, signature = token.split(".")
    return f"{head}.{claims[:8]}!{claims[9:]}.{signature}"


def _padded(token: str) -> str:
    """Every part as ordinary padded base64: the commonest home-made encoding."""
    return ".".join(
        base64.b64encode(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))).decode() for p in token.split(".")
    )


def _line_wrapped(token: str) -> str:
    return "\n".join(token[i : i + 64] for i in range(0, len(token), 64))


def _unsigned(token: str) -> str:
    return token.rpartition(".")[0] + "."


def _two_parts(token: str) -> str:
    return token.rpartition(".")[0]


def _changed_signature(token: str) -> str:
    """One character in the middle of the signature: it decodes and does not verify."""
    head, _, signature = token.rpartition(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    return f"{head}.{signature[:middle]}{other}{signature[middle + 1 :]}"


def _aud_twice(claims: Mapping[str, Any]) -> bytes:
    return compact_json(claims)[:-1] + b',"aud":"https://second.example"}'


def _claims(change: Callable[..., Claims], *given: Any) -> Callable[[Claims, float], Claims]:
    return partial(change, *given)


_TIME = "assertion-time-miscalculated"
_FORM = "assertion-malformed"
_ALG = "unsupported-algorithm"

_TABLE: tuple[Fault, ...] = (
    Fault("expired", "every time lies an hour back", "assertion-expired", claims=_claims(_shifted, -3_600)),
    Fault("not-yet-valid", "every time lies an hour ahead, nbf is written", "assertion-not-yet-valid",
          spec=lambda spec: replace(spec, iat=True, nbf=True), claims=_claims(_shifted, 3_600)),
    Fault("milliseconds", "times in milliseconds", _TIME, claims=_claims(_times_as, lambda t: t * 1000)),
    Fault("string-times", "times as text", claims=_claims(_times_as, str)),
    Fault("fraction-times", "times with a fraction", claims=_claims(_times_as, lambda t: t + 0.5)),
    Fault("word-times", "exp is a date in words", _TIME,
          claims=_claims(_with, "exp", lambda _c, _now: "in three minutes")),
    Fault("time-zone", "exp is five hours early, as local time taken for UTC makes it", _TIME,
          claims=_claims(_shifted, -5 * 3_600)),
    Fault("subtracted", "exp is now minus the lifetime", _TIME,
          claims=_claims(_with, "exp", lambda c, now: 2 * now - int(c["exp"]))),
    Fault("zero-life", "exp equals now, as CumulusCI and restforce sign",
          claims=_claims(_with, "exp", lambda _c, now: now)),
    Fault("ttl-too-long", "exp lies a year ahead", "assertion-ttl-too-long",
          claims=_claims(_with, "exp", lambda _c, now: now + 365 * 86_400)),
    Fault("wrong-aud", "aud names the other login host", "wrong-audience",
          claims=_claims(_with, "aud", _other_audience)),
    Fault("array-aud", "aud is an array of one", "audience-must-be-string",
          claims=_claims(_with, "aud", _audience_listed)),
    Fault("bare-host-aud", "aud is a host without https://", "wrong-audience",
          claims=_claims(_with, "aud", lambda c, _now: _host(c))),
    Fault("http-aud", "aud begins with http://", "wrong-audience",
          claims=_claims(_with, "aud", lambda c, _now: f"http://{_host(c)}")),
    Fault("token-url-aud", "aud is the token URL", "wrong-audience",
          claims=_claims(_with, "aud", lambda c, _now: f"https://{_host(c)}/services/oauth2/token")),
    Fault("slash-aud", "aud ends in a slash, as the Salesforce CLI signs",
          claims=_claims(_with, "aud", lambda c, _now: f"https://{_host(c)}/")),
    Fault("wrong-key", "signed with another key of the same kind", "signature-key-mismatch", key="other"),
    Fault("changed-signature", "one character of the signature is another", "signature-key-mismatch",
          token=_changed_signature),
    Fault("alg-none", "alg none, no signature", _ALG, key="none"),
    Fault("hs256", "signed with a shared secret", _ALG, key="hmac"),
    Fault("es256-where-rs", "signed with an EC key", _ALG, key="ec"),
    Fault("rs512", "signed with RS512", _ALG, spec=lambda spec: replace(spec, alg="RS512")),
    Fault("ps256", "signed with PS256", _ALG, spec=lambda spec: replace(spec, alg="PS256")),
    Fault("missing-iss", "no iss", "client-id-missing", claims=_claims(_without, "iss")),
    Fault("missing-sub", "no sub", "missing-claim", claims=_claims(_without, "sub")),
    Fault("missing-aud", "no aud", "missing-claim", claims=_claims(_without, "aud")),
    Fault("missing-exp", "no exp", "missing-claim", claims=_claims(_without, "exp")),
    Fault("no-iat", "no iat, as most Salesforce clients sign", spec=lambda spec: replace(spec, iat=False)),
    Fault("wrong-iss", "iss is another consumer key", "client-id-unknown",
          claims=_claims(_with, "iss", lambda _c, _now: "3MVG9_no_app_has_this_key")),
    Fault("wrong-sub", "sub is a user that does not exist", "wrong-subject",
          claims=_claims(_with, "sub", lambda _c, _now: "nobody@jwtdoctor.example")),
    Fault("escaped-sub", "sub is URL-escaped", "wrong-subject",
          claims=_claims(_with, "sub", lambda c, _now: quote(str(c.get("sub", "")), safe=""))),
    Fault("white-space-iss", "iss ends in a line break", "credential-mangled",
          claims=_claims(_with, "iss", lambda c, _now: f"{c['iss']}\n")),
    Fault("prn", "prn in place of sub, as two npm clients sign", claims=_claims(_renamed, "sub", "prn")),
    Fault("no-typ", "no typ in the header, as two npm clients sign", spec=lambda spec: replace(spec, typ=None)),
    Fault("alg-in-claims", "alg among the claims, as CumulusCI signs",
          claims=_claims(_with, "alg", lambda _c, _now: "RS256")),
    Fault("wrong-kid", "kid names a key that nobody registered", "key-id-unknown",
          spec=lambda spec: replace(spec, kid="no-such-key")),
    Fault("replayed-jti", "always the same jti: refused from the second use on", "jti-replayed",
          claims=_claims(_with, "jti", lambda _c, _now: REPLAYED_JTI)),
    Fault("duplicate-aud", "aud stands twice", _FORM, payload=_aud_twice),
    Fault("truncated", "the last 20 characters are missing", _FORM, token=_cut),
    Fault("bad-base64", "a character that base64url does not have", _FORM, token=_bad_base64),
    Fault("padded", "ordinary base64 with padding", _FORM, token=_padded),
    Fault("line-wrapped", "line breaks every 64 characters", "credential-mangled", token=_line_wrapped),
    Fault("no-signature", "the signature is empty", _FORM, token=_unsigned),
    Fault("two-parts", "the signature and its dot are missing", _FORM, token=_two_parts),
)  # fmt: skip

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _TABLE}
"""Every fault by name."""
