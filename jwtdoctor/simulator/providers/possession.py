"""Possession of a key (RFC 9449), as a service looks at it: the proof beside a request, and the nonce in it.

A service that wants proofs refuses a request without one, then one that is not good for this request, then one without
its nonce. GUESS: the order.
"""

from __future__ import annotations

from collections.abc import Mapping

from jwtdoctor.simulator import proofs
from jwtdoctor.simulator.providers.checks import Asked, Trouble, own_addresses


def proof_right(asked: Asked) -> Trouble | None:
    """Whether the request proves possession of a key, where the service wants that."""
    service = asked.service
    if not service.wants_dpop:
        return None
    header = asked.request.header("DPoP")
    if not header:
        return Trouble("dpop")
    proof = proofs.read(header)
    if proof is None:
        return Trouble("dpop-proof", "DPoP")
    urls = (f"https://{service.host}{service.path}", *own_addresses(asked.request))
    wrong = proofs.wrong_part(proof, asked.request.method, urls, asked.now, service.spent)
    if wrong:
        return Trouble("dpop-proof", wrong)
    if service.nonces == "none":
        return None
    is_known = service.nonces != "unending" and proofs.has_nonce(proof, service.host, asked.now)
    return None if is_known else Trouble("dpop-nonce")


def headers(asked: Asked) -> Mapping[str, str]:
    """The nonce for the next proof: on every answer of a service that wants one, unless something drops it."""
    service = asked.service
    if not service.wants_dpop or service.nonces in ("none", "withheld"):
        return {}
    if service.nonces == "unending":
        moment = f"{asked.now:.6f}|{len(asked.request.header('DPoP'))}"
        return {"DPoP-Nonce": proofs.nonce_of(service.host, moment)}
    return {"DPoP-Nonce": proofs.nonce(service.host, asked.now)}


def used_up(asked: Asked) -> tuple[str, ...]:
    """The name of the proof that was used."""
    proof = proofs.read(asked.request.header("DPoP")) if asked.service.wants_dpop else None
    return () if proof is None else (proofs.name_of(proof),)
