"""Possession of a key (RFC 9449), as a service looks at it: the proof beside a request, and the nonce in it.

A service that wants proofs refuses a request without one, then one that is not good for this request, then one without
its nonce. GUESS: the order, and that `iat` counts beside a nonce too; oidc-provider looks at it only without one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from jwtdoctor.assertions.decode import Decoded, take_apart
from jwtdoctor.assertions.dpop import Beside, fits, malformed, private_members, verified
from jwtdoctor.errors import NotAJwt
from jwtdoctor.simulator.providers.checks import Asked, Trouble, own_addresses

WINDOW_S = 300.0
"""GUESS: how far iat may lie from the service's clock. Keycloak publishes 25 s, oidc-provider 300, others nothing."""
NONCE_LIFE_S = 600.0
"""GUESS: a nonce is good for its period and the next."""


def proof_right(asked: Asked) -> Trouble | None:
    """Whether the request proves possession of a key, where the service wants that."""
    if not asked.service.wants_dpop:
        return None
    if not asked.request.header("DPoP"):
        return Trouble("dpop")
    proof = _proof(asked)
    wrong = "DPoP" if proof is None else _wrong_part(asked, proof)
    if wrong:
        return Trouble("dpop-proof", wrong)
    return None if proof is not None and _has_nonce(asked, proof) else Trouble("dpop-nonce")


def headers(asked: Asked) -> Mapping[str, str]:
    """The nonce for the next proof: on every answer of a service that wants one, unless something drops it."""
    if not asked.service.wants_dpop or asked.service.nonces == "withheld":
        return {}
    return {"DPoP-Nonce": _nonce(asked, "unending" if asked.service.nonces == "unending" else "now")}


def used_up(asked: Asked) -> tuple[str, ...]:
    """The name that a used proof leaves: it is good for one request (RFC 9449 §11.1)."""
    proof = _proof(asked) if asked.service.wants_dpop else None
    return () if proof is None else (f"proof:{proof.claims.get('jti')}",)


def _proof(asked: Asked) -> Decoded | None:
    try:
        found = take_apart(asked.request.header("DPoP"))
    except NotAJwt:
        return None
    return None if found.defects else found


def _wrong_part(asked: Asked, proof: Decoded) -> str:
    """The first claim or header that is not right; empty where all are."""
    for where, _ in malformed(proof):
        return where.partition(".")[2]
    if private_members(proof) or not verified(proof).verifies:
        return "jwk"
    if not fits(proof, Beside(asked.request.method))["proof.method_fits"]:
        return "htm"
    service = asked.service
    urls = (f"https://{service.host}{service.path}", *own_addresses(asked.request))
    if not any(fits(proof, Beside(url=url))["proof.url_fits"] for url in urls):
        return "htu"
    if abs(float(proof.claims["iat"]) - asked.now) > WINDOW_S:
        return "iat"
    return "jti" if set(used_up(asked)) & service.spent else ""


def _has_nonce(asked: Asked, proof: Decoded) -> bool:
    if asked.service.nonces == "unending":
        return False
    return proof.claims.get("nonce") in (_nonce(asked, "now"), _nonce(asked, "before"))


def _nonce(asked: Asked, which: str) -> str:
    """The nonce of this period or the one before, the same for every request in it; `unending`: never the same."""
    period = int(asked.now // NONCE_LIFE_S) - (which == "before")
    moment = f"{asked.now:.6f}|{len(asked.request.header('DPoP'))}" if which == "unending" else str(period)
    return hashlib.sha256(f"{asked.service.host}|nonce|{moment}".encode()).hexdigest()[:28]
