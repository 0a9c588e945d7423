"""Signs an assertion, and verifies one. PyJWT does the cryptography, always with a loaded key.

PyJWT's algorithm objects are used rather than `jwt.encode`: handing that a PEM string costs 145 times a
loaded key, and it rewrites headers and refuses the claims that `--fault` must be able to write. Whether a
key suits an algorithm is asked before, since PyJWT answers such questions with a misleading text or a bare
TypeError.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jwtdoctor.assertions.build import claims_of, header_of
from jwtdoctor.assertions.decode import Decoded
from jwtdoctor.assertions.keys import PrivateKey, PublicKey
from jwtdoctor.errors import BadInput, BadKey
from jwtdoctor.model.assertion import Assertion, AssertionSpec
from jwtdoctor.model.secret import Secret

ALGORITHMS: dict[str, tuple[str, str]] = {
    "RS256": ("RSA", ""),
    "RS384": ("RSA", ""),
    "RS512": ("RSA", ""),
    "PS256": ("RSA", ""),
    "PS384": ("RSA", ""),
    "PS512": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "ES256K": ("EC", "secp256k1"),
    "EdDSA": ("Ed25519 or Ed448", ""),
}
"""JWS algorithm to the key that it needs: kind and curve (RFC 7518 §3.1, RFC 8037, RFC 8812)."""

_DEFAULTS = {"RSA": "RS256", "Ed25519": "EdDSA", "Ed448": "EdDSA"}
_BY_CURVE = {curve: alg for alg, (kind, curve) in ALGORITHMS.items() if kind == "EC"}


def sign(spec: AssertionSpec, key: PrivateKey, now: float) -> Assertion:
    """An assertion signed at `now` (epoch seconds of the signing clock).

    Raises BadKey where the key does not suit `spec.alg`, BadInput where there is no such algorithm.
    """
    header, claims = header_of(spec), claims_of(spec, now)
    token = signed_token(header, compact_json(claims), key, spec.alg)
    return Assertion(Secret(token), header, claims, now)


def default_alg(key: PrivateKey | PublicKey, taken: Sequence[str] = ()) -> str:
    """The algorithm that goes with a key when nobody says: RS256 for RSA, ES* by curve, EdDSA.

    `taken` are those that the server takes, empty where that is not known: if the usual one is not among them, the
    first of them that suits the key (NetSuite takes PS256 of an RSA key and not RS256). Where none does it stays the
    usual one, so that whoever looks sees what is wrong.
    """
    usual = _DEFAULTS.get(key.kind) or _BY_CURVE.get(key.curve, "RS256")
    if not taken or usual in taken:
        return usual
    return next((alg for alg in taken if alg in ALGORITHMS and _suits(key, alg)), usual)


def signed_token(header: Mapping[str, Any], payload: bytes, key: PrivateKey, alg: str) -> str:
    """A compact JWS (RFC 7515 §7.1) over exactly these bytes. `alg` is what is done, whatever the header
    says.
    """
    refuse_unsuitable(key, alg)
    head = f"{base64url(compact_json(header))}.{base64url(payload)}"
    try:
        signature = _algorithms()[alg].sign(head.encode("ascii"), key.native)
    except ValueError:
        raise BadKey(f"a key of {key.bits} bits is too small for {alg}", where=key.where) from None
    return f"{head}.{base64url(signature)}"


def refuse_unsuitable(key: PrivateKey | PublicKey, alg: str) -> None:
    """Raises BadInput for an algorithm that does not exist here, BadKey for a key that cannot be used with
    it.
    """
    if alg not in ALGORITHMS:
        raise BadInput("there is no such signing algorithm", where="alg", expected=", ".join(ALGORITHMS))
    if not _suits(key, alg):
        kind, curve = ALGORITHMS[alg]
        wanted = f"{kind} key on {curve}" if curve else f"{kind} key"
        raise BadKey(f"{alg} needs an {wanted}, and this is {key.description}", where=key.where)


def _suits(key: PrivateKey | PublicKey, alg: str) -> bool:
    kind, curve = ALGORITHMS[alg]
    return key.kind in kind.split(" or ") and (not curve or key.curve == curve)


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a signature verifies. `because` is one clause for people."""

    verifies: bool
    because: str


def verify(decoded: Decoded, key: PublicKey) -> Verification:
    """Whether the signature verifies with this key.

    The key decides what is acceptable, never the header alone: `none` and HMAC are not verified with a
    public key (RFC 8725 §3.1).
    """
    alg = decoded.header.get("alg")
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        return Verification(False, "its alg is none that a public key can verify")
    try:
        refuse_unsuitable(key, alg)
    except BadKey:
        return Verification(False, f"{alg} cannot be verified with {key.description}")
    if not decoded.signature_present:
        return Verification(False, "it carries no signature")
    head, _, signature = decoded.token.reveal().rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    try:
        verifies = bool(_algorithms()[alg].verify(head.encode("ascii"), key.native, raw))
    except ValueError:
        verifies = False
    if not verifies:
        return Verification(False, "it was made with another key, or the token was changed after signing")
    return Verification(True, f"with {key.description}")


def compact_json(value: Mapping[str, Any]) -> bytes:
    """JSON without white space, non-ASCII as UTF-8 (RFC 7519 §3)."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def base64url(raw: bytes) -> str:
    """RFC 7515 §2: the URL alphabet, no padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@cache
def _algorithms() -> dict[str, Any]:
    from jwt.algorithms import get_default_algorithms

    return dict(get_default_algorithms())
