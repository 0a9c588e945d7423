"""What a granted token is good for: whose it is, what it may do, and whether the API takes it.

All of it is read-only: the identity of the user, one listing of the API's resources, introspection where a secret is
at hand. The token goes to the token host and to the host that the reply itself names as `instance_url`, and to the
latter only where it is the same host or one of the vendor's own. It is revoked only where that was asked for. No
value of the reply is kept but numbers, scopes and yes or no.

Only Salesforce says where its API is. Elsewhere the reply alone is read.

Sources: help, xcloud.remoteaccess_oauth_endpoints (userinfo, identity URL, introspect, revoke); the signature is
base64(HMAC-SHA256(consumer secret, id + issued_at)) (help, xcloud.remoteaccess_oauth_jwt_flow).
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from jwtdoctor.instruments.ports import Resources
from jwtdoctor.intake.bodies import parts_of
from jwtdoctor.intake.redact import clean
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.model.facts import Value
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.reasoning import salesforce_hosts as hosts

API_PATH = "/services/data/v60.0/"
"""The list of resources of one API version: it needs a session, reads no record and changes nothing."""
CALL_S = 10.0
NAMED_USER_FLOWS = ("jwt-bearer", "password", "saml-bearer")
_IDENTITY = re.compile(r"/id/\w{15,18}/\w{15,18}")
_API_HOSTS = (*hosts.MY_DOMAINS, "instance")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """What came of trying a token."""

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


def look_at_grant(reply: Reply, attempt: Attempt) -> TokenSeen:
    """What the token response says by itself. Pure: nothing is sent."""
    grant = grant_of(reply)
    if grant is None:
        return TokenSeen(saw="the reply holds no access token")
    facts: dict[str, Value] = {"token.is_fresh": True}
    findings: list[Finding] = []
    _of_scopes(grant, attempt, facts, findings)
    _of_life(grant, facts)
    _of_signature(grant, attempt, facts, findings)
    _of_instance(grant, attempt, facts, findings)
    clock = _of_issued_at(grant, reply, facts)
    return TokenSeen(_observed(facts), tuple(findings), _scope_line(facts), clock)


def try_token(
    reply: Reply, attempt: Attempt, provider: Provider, flow: str, resources: Resources, budget_s: float
) -> TokenSeen:
    """Uses the token as a client would, read-only, and gives it back where that was asked for."""
    grant = grant_of(reply)
    if grant is None:
        return TokenSeen()
    if provider.slug != "salesforce":
        return TokenSeen(saw="where its API is, this provider does not say")
    run = _Trial(grant, attempt, flow, resources, monotonic() + budget_s)
    return run.tried()


# --- what the response says ------------------------------------------------------------------------------------------


def _observed(facts: Mapping[str, Value]) -> tuple[Observation, ...]:
    return tuple(Observation(name, value, "token") for name, value in facts.items())


def _scope_line(facts: Mapping[str, Value]) -> str:
    scopes = facts.get("token.scopes")
    return f"scopes {' '.join(scopes)}" if isinstance(scopes, tuple) and scopes else "no scopes named"


def _of_scopes(grant: Grant, attempt: Attempt, facts: dict[str, Value], findings: list[Finding]) -> None:
    """Granted against wanted (RFC 6749 §5.1: an omitted scope means that all was granted)."""
    granted = tuple(clean(grant.text("scope"))[:2000].split()[:50])
    if not granted:
        return
    facts["token.scopes"] = granted
    same = {"offline_access": "refresh_token"}
    has = {same.get(s, s) for s in granted}
    missing = tuple(s for s in (attempt.scope or "").split() if same.get(s, s) not in has)
    if not missing:
        return
    facts["token.scopes_missing"] = missing
    message = f"asked for and not granted: {' '.join(missing)}"
    findings.append(Finding("scopes-not-granted", "warning", "scope", message, "add them to the app, or do not ask"))


def _of_life(grant: Grant, facts: dict[str, Value]) -> None:
    """Salesforce names no expires_in: a session lives as long as the app's or the org's session policy says."""
    try:
        facts["token.expires_in_s"] = float(str(grant.told.get("expires_in"))[:20])
    except ValueError:
        return


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
    if not own or own in _LOOPBACK:
        return
    if hosts.host_kind(own) in hosts.MY_DOMAINS:
        facts["org.my_domain"] = own
    if own == asked or asked in _LOOPBACK or hosts.host_kind(asked) not in ("login", "test"):
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


# --- what the token does ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Trial:
    """One token, tried. Calls stop at `ends_at` (monotonic)."""

    grant: Grant
    attempt: Attempt
    flow: str
    resources: Resources
    ends_at: float
    facts: dict[str, Value] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def tried(self) -> TokenSeen:
        self._api()
        self._identity()
        self._introspect()
        if self.attempt.revoke:
            self._revoke()
        return TokenSeen(_observed(self.facts), tuple(self.findings), ", ".join(self.said))

    def _api(self) -> None:
        base = self._base_of_instance()
        if base is None:
            self.said.append("API not tried: instance_url is no host of this vendor")
            return
        reply = self._get(base + API_PATH)
        if reply is None or reply.status is None:
            self.said.append("API: no answer")
            return
        self.facts["token.api_status"] = reply.status
        self.said.append(f"API {reply.status}")
        if reply.status == 200 and parts_of(reply.body, reply.header("content-type")).kind == "json":
            self.facts["token.api_works"] = True
        elif reply.status in (401, 403):  # anything else tells nothing of the token
            self.facts["token.api_works"] = False
            self._api_refused(reply)

    def _api_refused(self, reply: Reply) -> None:
        parts = parts_of(reply.body, reply.header("content-type"))
        told = {"token.api_error": parts.error, "token.api_description": parts.description}
        cleaned = {name: clean(value)[:500] for name, value in told.items() if value}
        self.facts |= cleaned
        words = " ".join(cleaned.values())
        message = f"a token was issued, and the API answers {reply.status} {words}".strip()
        self.findings.append(Finding("token-is-refused", "error", "API", message, "see the causes above"))

    def _identity(self) -> None:
        """Whose token it is: the identity URL by its path (its host is a login host), else userinfo."""
        path = urlsplit(self.grant.text("id")).path
        paths = [path] if _IDENTITY.fullmatch(path) else []
        for path in (*paths, "/services/oauth2/userinfo"):
            reply = self._get(self._base() + path)
            if reply is None or reply.status is None:
                return
            self.facts["token.identity_status"] = reply.status
            if reply.status == 200:
                self.said.append("identity 200")
                self._compare_user(reply)
                return
        self.said.append(f"identity {self.facts['token.identity_status']}")

    def _compare_user(self, reply: Reply) -> None:
        try:
            told = json.loads(reply.body)
        except (ValueError, RecursionError):
            return
        name = told.get("username", told.get("preferred_username")) if isinstance(told, dict) else None
        if not isinstance(name, str) or not self.attempt.username or self.flow not in NAMED_USER_FLOWS:
            return
        matches = name.casefold() == self.attempt.username.casefold()
        self.facts["token.user_matches"] = matches
        if not matches:
            message = "the token belongs to another user than the one that was asked for"
            self.findings.append(Finding("token-of-another-user", "warning", "sub", message, "compare the user names"))

    def _introspect(self) -> None:
        """RFC 7662, where a secret is at hand: the endpoint wants the client to prove itself."""
        if self.attempt.client_secret is None:
            return
        reply = self._post("/services/oauth2/introspect", (("token_type_hint", "access_token"),))
        if reply is None or reply.status != 200:
            return
        try:
            told = json.loads(reply.body)
        except (ValueError, RecursionError):
            return
        if isinstance(told, dict) and isinstance(told.get("active"), bool):
            self.facts["token.is_active"] = told["active"]
            self.said.append("introspection " + ("active" if told["active"] else "inactive"))

    def _revoke(self) -> None:
        """RFC 7009. A refresh token that came with it goes with it."""
        token = self.grant.refresh_token or self.grant.token
        reply = self._post("/services/oauth2/revoke", (), token)
        done = reply is not None and reply.status == 200
        self.said.append("revoked" if done else "not revoked")
        if not done:
            message = "the token could not be revoked"
            self.findings.append(Finding("token-not-revoked", "warning", "revoke", message, "end the session by hand"))

    def _get(self, url: str) -> Reply | None:
        left_s = self._left_s()
        return None if left_s <= 0 else _reply(self.resources.get_with_token(url, self.grant.token, left_s))

    def _post(self, path: str, more: tuple[tuple[str, str], ...], token: Secret | None = None) -> Reply | None:
        left_s = self._left_s()
        if left_s <= 0:
            return None
        fields = tuple(self._fields(more, token or self.grant.token))
        return _reply(self.resources.post_about_token(TokenRequest(self._base() + path, fields), left_s))

    def _fields(self, more: tuple[tuple[str, str], ...], token: Secret) -> Iterator[tuple[str, str | Secret]]:
        yield "token", token
        yield from more
        if self.attempt.client_secret is not None:
            yield "client_id", self.attempt.client_id
            yield "client_secret", self.attempt.client_secret

    def _left_s(self) -> float:
        return min(CALL_S, self.ends_at - monotonic())

    def _base(self) -> str:
        parts = urlsplit(self.attempt.token_url)
        return f"{parts.scheme}://{parts.netloc}"

    def _base_of_instance(self) -> str | None:
        """`instance_url` without its path; the token host where there is none. None: a host that is not trusted."""
        own = self.grant.text("instance_url")
        if not own:
            return self._base()
        try:
            parts = urlsplit(own)
            host, _ = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return None
        asked = urlsplit(self.attempt.token_url)
        if parts.username is not None or (parts.scheme != "https" and parts.scheme != asked.scheme):
            return None
        is_same = host == (asked.hostname or "").lower() and parts.port == asked.port
        is_vendors = parts.port is None and parts.scheme == "https" and hosts.host_kind(host) in _API_HOSTS
        return f"{parts.scheme}://{parts.netloc}" if is_same or is_vendors else None


def _reply(exchange: Exchange) -> Reply | None:
    return exchange if isinstance(exchange, Reply) else None
