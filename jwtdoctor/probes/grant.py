"""What a token response says by itself: scopes, life, signature, instance and time. Pure: nothing is sent.

No value of the response is kept but numbers, scopes, audiences, the org's host, and yes or no. An access token that
is a JWT is read as what it is, unverified: its audience and life are what an API looks at (RFC 9068 §2.2).

Sources: RFC 6749 §5.1; help, xcloud.remoteaccess_oauth_jwt_flow (`signature` is base64(HMAC-SHA256(consumer secret,
id + issued_at)), `issued_at` is in milliseconds).
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jwtdoctor.errors import NotAJwt
from jwtdoctor.intake.redact import clean
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.facts import Value
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.reasoning import salesforce_hosts as hosts

_RFC_DPOP = "https://www.rfc-editor.org/rfc/rfc9449#section-5"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOST_SCOPES = 50
LONGEST_LIFE_S = 1e9


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """What came of looking at a grant, or of trying its token."""

    observations: tuple[Observation, ...] = ()
    findings: tuple[Finding, ...] = ()
    saw: str = ""
    clock: ClockReading | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """The fields of a token response that are looked at. `told` holds no token."""

    token: Secret
    refresh_token: Secret | None
    told: Mapping[str, Any] = field(repr=False)

    def text(self, name: str) -> str:
        value = self.told.get(name)
        return value if isinstance(value, str) else ""


def grant_of(reply: Reply) -> Grant | None:
    """The grant in a reply (JSON, or the form that some endpoints answer with); None where there is none."""
    try:
        told = json.loads(reply.body)
    except (ValueError, RecursionError):
        told = dict(parse_qsl(reply.body[:100_000])) if "=" in reply.body[:2000] else None
    if not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
        return None
    refresh = told.get("refresh_token")
    kept = {name: value for name, value in told.items() if name not in ("access_token", "refresh_token", "id_token")}
    return Grant(Secret(told["access_token"]), Secret(refresh) if isinstance(refresh, str) else None, kept)


def look_at_grant(reply: Reply, attempt: Attempt, provider: Provider) -> TokenSeen:
    """What the token response says by itself."""
    grant = grant_of(reply)
    if grant is None:
        return TokenSeen(saw="the reply holds no access token")
    facts: dict[str, Value] = {"token.is_fresh": True}
    findings: list[Finding] = []
    claims = _claims_of(grant, facts)
    _of_type(grant, attempt, facts, findings)
    _of_scopes(grant, claims, attempt, provider, facts, findings)
    _of_life(grant, claims, facts)
    _of_audience(claims, facts)
    _of_signature(grant, attempt, facts, findings)
    _of_instance(grant, attempt, facts, findings)
    clock = _of_issued_at(grant, reply, facts)
    return TokenSeen(observed(facts), tuple(findings), _line(facts), clock)


def observed(facts: Mapping[str, Value]) -> tuple[Observation, ...]:
    return tuple(Observation(name, value, "token") for name, value in facts.items())


def life_of(value: Any) -> float | None:
    """A number of seconds, as a number or as text; None for what is neither, or is no life of a token."""
    try:
        seconds = float(str(value)[:20])
    except ValueError:
        return None
    return seconds if 0 <= seconds < LONGEST_LIFE_S else None


def _line(facts: Mapping[str, Value]) -> str:
    scopes, life_s = facts.get("token.scopes"), facts.get("token.expires_in_s")
    said = f"scopes {' '.join(scopes)}" if isinstance(scopes, tuple) and scopes else "no scopes named"
    return said if life_s is None else f"{said}, lives {life_s:.0f} s"


def _claims_of(grant: Grant, facts: dict[str, Value]) -> Mapping[str, Any]:
    """The claims of an access token that is a JWT; empty for an opaque one."""
    from jwtdoctor.assertions.decode import take_apart

    try:
        claims = take_apart(grant.token.reveal()).claims
    except NotAJwt:
        facts["token.is_jwt"] = False
        return {}
    facts["token.is_jwt"] = True
    return claims


def _of_type(grant: Grant, attempt: Attempt, facts: dict[str, Value], findings: list[Finding]) -> None:
    """RFC 6749 §7.1: who does not understand the type must not use the token. RFC 9449 §5: DPoP wants a proof, and a
    server that knows nothing of proofs answers one with a plain bearer token."""
    kind = clean(grant.text("token_type"))[:50]
    if not kind:
        return
    facts["token.type"] = kind
    if kind.lower() == "dpop" and attempt.dpop:
        return
    if attempt.dpop:
        message = f"a DPoP proof was sent, and the token is of the type {kind}: whoever has it can use it"
        remedy = "switch DPoP on for the app, or count on no binding"
        findings.append(Finding("token-is-not-bound", "warning", "token_type", message, remedy, (_RFC_DPOP,)))
    elif kind.lower() == "dpop":
        message = "the token is bound to a key: the API wants a DPoP proof with it and refuses it as Bearer"
        findings.append(Finding("token-is-bound", "warning", "token_type", message, "send a DPoP proof with each call"))


def _of_scopes(
    grant: Grant,
    claims: Mapping[str, Any],
    attempt: Attempt,
    provider: Provider,
    facts: dict[str, Value],
    findings: list[Finding],
) -> None:
    """Granted against wanted (RFC 6749 §5.1: an omitted scope means that all was granted)."""
    granted = _scopes_in(grant.text("scope")) or _scopes_in(claims.get("scope", claims.get("scp")))
    if not granted:
        return
    facts["token.scopes"] = granted
    same = {"offline_access": "refresh_token"}
    has = {same.get(s, s) for s in granted}
    missing = tuple(s for s in (attempt.scope or "").split() if same.get(s, s) not in has)
    if provider.slug == "salesforce" and "full" in has:
        missing = tuple(s for s in missing if same.get(s, s) == "refresh_token")  # full is all but this one
    if not missing:
        return
    facts["token.scopes_missing"] = missing
    message = f"asked for and not granted: {' '.join(missing)}"
    findings.append(Finding("scopes-not-granted", "warning", "scope", message, "add them to the app, or do not ask"))


def _scopes_in(value: Any) -> tuple[str, ...]:
    """Scopes as one text (RFC 6749 §3.3) or as a list, which some put into their tokens."""
    if isinstance(value, (list, tuple)):
        value = " ".join(str(one) for one in value[:MOST_SCOPES] if isinstance(one, str))
    return tuple(clean(value)[:2000].split()[:MOST_SCOPES]) if isinstance(value, str) else ()


def _of_life(grant: Grant, claims: Mapping[str, Any], facts: dict[str, Value]) -> None:
    """`expires_in`, else exp - iat of a JWT. Salesforce names neither: there the session policy counts."""
    life_s = life_of(grant.told.get("expires_in"))
    if life_s is None:
        ends, began = claims.get("exp"), claims.get("iat")
        if isinstance(ends, (int, float)) and isinstance(began, (int, float)):
            life_s = life_of(ends - began)
    if life_s is not None:
        facts["token.expires_in_s"] = life_s


def _of_audience(claims: Mapping[str, Any], facts: dict[str, Value]) -> None:
    audience = claims.get("aud")
    if isinstance(audience, str) and audience:
        facts["token.aud"] = clean(audience)[:500]
    elif isinstance(audience, (list, tuple)):
        told = tuple(clean(one)[:500] for one in audience[:10] if isinstance(one, str))
        if told:
            facts["token.aud"] = told


def _of_signature(grant: Grant, attempt: Attempt, facts: dict[str, Value], findings: list[Finding]) -> None:
    if attempt.client_secret is None or not grant.text("signature") or not grant.text("id"):
        return
    message = grant.text("id") + str(grant.told.get("issued_at", ""))
    made = b64encode(hmac.new(attempt.client_secret.reveal().encode(), message.encode(), sha256).digest()).decode()
    verifies = hmac.compare_digest(made.encode(), grant.text("signature").encode("utf-8", "replace"))
    facts["token.signature_verifies"] = verifies
    if not verifies:
        findings.append(
            Finding(
                "response-signature-differs",
                "warning",
                "signature",
                "the signature of the token response was not made with the secret at hand",
                "the secret is not the app's, or something on the way changed id or issued_at",
            )
        )


def _of_instance(grant: Grant, attempt: Attempt, facts: dict[str, Value], findings: list[Finding]) -> None:
    """The org's own host, against the one that was asked."""
    own = (hosts.host_of_url(grant.text("instance_url")) or "").lower()
    asked = (urlsplit(attempt.token_url).hostname or "").lower()
    if not own or own in LOOPBACK:
        return
    if hosts.host_kind(own) in hosts.MY_DOMAINS:
        facts["org.my_domain"] = own
    if own == asked or asked in LOOPBACK:
        return
    if hosts.host_kind(asked) in hosts.MY_DOMAINS and hosts.host_kind(own) in hosts.MY_DOMAINS:
        message = f"the org answers at {own}; the request went through {asked}, a former name of it or another org's"
        findings.append(Finding("host-has-another-name", "warning", "url", message, "ask at the name that the org has"))
        return
    if hosts.host_kind(asked) not in ("login", "test"):
        return
    findings.append(
        Finding(
            "host-is-not-the-orgs-own",
            "note",
            "url",
            f"the org answers at {own}; the request went through {asked}",
            "use the org's own domain: external client apps and the client credentials flow work there only",
        )
    )


def _of_issued_at(grant: Grant, reply: Reply, facts: dict[str, Value]) -> ClockReading | None:
    """`issued_at` (milliseconds, as text) lies between sending and receiving: a third clock."""
    text = str(grant.told.get("issued_at", ""))
    if not re.fullmatch(r"\d{12,14}", text) or reply.sent_at is None or reply.received_at is None:
        return None
    issued = int(text) / 1000
    low, high = reply.sent_at - issued, reply.received_at - issued
    ahead_s = round((low + high) / 2, 3)
    facts["token.issued_ahead_s"] = ahead_s
    return ClockReading("issued_at", "agrees", ahead_s, round(low, 3), round(high, 3))
