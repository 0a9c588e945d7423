"""A DPoP proof (RFC 9449), as any simulated server looks at it: what is wrong with it, its name, the nonce it needs.

What is wrong with a proof is named by its part (`typ`, `htu`, …); what is no part is `DPoP` (no JWT), `signature`,
`early` and `late` (its time), `used`. A server may have words for each.

GUESS: that `iat` counts beside a nonce too; oidc-provider looks at it only without one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from jwtdoctor.assertions.decode import Decoded, take_apart
from jwtdoctor.assertions.dpop import Beside, fits, malformed, private_members, verified
from jwtdoctor.errors import NotAJwt

WINDOW_S = 300.0
"""How far iat may lie from the server's clock. Okta's five minutes of age and oidc-provider's 300 s are published, and
Keycloak's 25 s; GUESS for the others, and for the future."""
NONCE_LIFE_S = 600.0
"""GUESS: a nonce is good for its period and the next. Okta publishes a day, and three for the old one."""


def read(header: str) -> Decoded | None:
    """The proof in a DPoP header; None where there is none that can be read."""
    try:
        found = take_apart(header)
    except NotAJwt:
        return None
    return None if found.defects else found


def wrong_part(proof: Decoded, method: str, urls: Iterable[str], now: float, spent: frozenset[str]) -> str:
    """The first part that is not right for this request; empty where all are. `urls`: those that the server goes by."""
    for where, _ in malformed(proof):
        return where.partition(".")[2]
    if private_members(proof):
        return "jwk"
    if not verified(proof).verifies:
        return "signature"
    if not fits(proof, Beside(method))["proof.method_fits"]:
        return "htm"
    if not any(fits(proof, Beside(url=url))["proof.url_fits"] for url in urls):
        return "htu"
    ahead_s = float(proof.claims["iat"]) - now
    if abs(ahead_s) > WINDOW_S:
        return "early" if ahead_s > 0 else "late"
    return "used" if name_of(proof) in spent else ""


def name_of(proof: Decoded) -> str:
    """The name that a used proof leaves: it is good for one request (RFC 9449 §11.1)."""
    return f"proof:{proof.claims.get('jti')}"


def nonce(host: str, now: float) -> str:
    """The nonce of this period, the same for every request in it."""
    return nonce_of(host, str(int(now // NONCE_LIFE_S)))


def has_nonce(proof: Decoded, host: str, now: float) -> bool:
    """Whether it carries the nonce of this period or of the one before."""
    return proof.claims.get("nonce") in (nonce(host, now), nonce(host, now - NONCE_LIFE_S))


def nonce_of(host: str, moment: str) -> str:
    """A nonce that nobody else gives for this moment."""
    return hashlib.sha256(f"{host}|nonce|{moment}".encode()).hexdigest()[:28]
