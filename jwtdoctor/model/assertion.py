"""Assertions: what is to be built, what was built, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jwtdoctor.model.names import Sureness
from jwtdoctor.model.secret import Secret

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class AssertionSpec:
    """Everything that goes into an assertion (RFC 7523 §3). Nothing is implied.

    `lifetime_s` seconds from signing to exp. `iat`, `nbf`, `jti` say whether the claim is written.
    `extra_claims` and `extra_header` are added last and win. An empty subject or audience is not written, nor an
    issuer of None.
    """

    issuer: str | None
    subject: str
    audience: str | tuple[str, ...]
    lifetime_s: int = 180
    alg: str = "RS256"
    kid: str | None = None
    x5t: str | None = None
    x5t_s256: str | None = None
    typ: str | None = "JWT"
    iat: bool = True
    iat_back_s: int = 0
    """Seconds before the signing at which iat is dated, for a server that refuses the slightest future."""
    nbf: bool = False
    jti: bool = False
    extra_claims: Mapping[str, Any] = field(default_factory=dict)
    extra_header: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assertion:
    """A signed assertion. `token` is a `Secret`: whoever holds it can log in until exp."""

    token: Secret
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed_at: float
    """Epoch seconds of the clock that it was signed with."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to complain of. `where` is `PATH:LINE[:COL]`, or the claim or file that it is about."""

    rule: str
    severity: Severity
    where: str
    message: str
    remedy: str = ""
    sources: tuple[str, ...] = ()
    sureness: Sureness | None = None
    """How well founded the rule is, where it says so."""
    leads_to: tuple[str, ...] = ()
    """Causes of a refused token that this can explain."""
    fingerprint: str = ""
    """What stays the same of it when lines are moved; empty where nobody keeps count."""
    title: str = ""
    """The rule in a few words, where it is one of many."""
