"""Throwaway key pairs by role, made when first asked for and kept for the life of the process.

An RSA key takes about 100 ms to make, and a scenario needs one or two; tests stage hundreds. The certificates are valid
from a fixed day on, so that no clock is read here and every simulated moment finds them as their role says.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jwtdoctor.assertions.pairs import Pair

Role = Literal["client", "other", "expired", "server"]
"""`client`: the pair of the client · `other`: one that the client does not hold · `expired`: one whose certificate has
ended · `server`: the listener's own TLS certificate, which nobody trusts."""

_MADE_AT = 1_735_689_600.0
"""2025-01-01T00:00:00Z."""
_ENDED_AT = 1_577_836_800.0
"""2020-01-01T00:00:00Z."""
_KINDS = {"ES256": ("EC", 256), "ES384": ("EC", 384), "ES512": ("EC", 521), "EdDSA": ("Ed25519", 256)}
_RSA = ("RSA", 2048)


def pair(role: Role, alg: str = "RS256") -> Pair:
    """The pair of that role that signs with this algorithm: made at the first call, the same one afterwards.

    Algorithms of one kind of key share a pair (RFC 7518 §3.1, RFC 8037 §3.1).
    """
    return _pair(role, *_KINDS.get(alg, _RSA))


def can_sign(alg: str) -> bool:
    """Whether there is a throwaway key for this algorithm: RSA, the three NIST curves, Ed25519."""
    return alg in _KINDS or (alg[:2] in ("RS", "PS") and alg[2:] in ("256", "384", "512"))


@cache
def _pair(role: Role, kind: str, bits: int) -> Pair:
    from jwtdoctor.assertions.pairs import new_pair

    name = f"jwtdoctor simulator, {role}"
    if role == "expired":
        return new_pair(kind=kind, bits=bits, days=365, common_name=name, now=_ENDED_AT - 365 * 86_400)
    return new_pair(kind=kind, bits=bits, days=36_500, common_name=name, now=_MADE_AT)
