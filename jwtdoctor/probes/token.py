"""What a granted token is good for: whose it is, what it may do, and whether the API takes it.

All of it is read-only: one harmless API call, the identity of the user, the level and life of the session,
introspection where the client can prove itself. What is asked where is data (`resources` of the provider's file), or
was named by the user (`--api-url`, `--userinfo-url`, `--introspect-url`, `--revoke-url`).

The token goes to the token host, to a host that the user named, and to a host that the response itself names, the
latter only where it is the same host or one of the vendor's own. It is revoked only where that was asked for. No
value of an answer is kept but numbers, scopes and yes or no.

Sources: RFC 6750 §3 (how an API refuses a token), RFC 7662 (introspection), RFC 7009 (revocation); help,
xcloud.remoteaccess_oauth_endpoints; the object AuthSession of the Salesforce object reference: `NumSecondsValid` counts
from the last update, and a user sees their own sessions only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from jwtdoctor.instruments.ports import Resources
from jwtdoctor.intake.bodies import parts_of
from jwtdoctor.intake.redact import clean
from jwtdoctor.intake.reply_facts import challenge_of
from jwtdoctor.model.assertion import Assertion, Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.model.facts import Value
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.dpop import Heard, Prover, findings_of
from jwtdoctor.probes.echoes import without_own_secrets
from jwtdoctor.probes.flows import basic_header
from jwtdoctor.probes.flows.private_key_jwt import assertion_fields
from jwtdoctor.probes.grant import Grant, TokenSeen, grant_of, life_of, observed
from jwtdoctor.reasoning import salesforce_hosts as hosts

CALL_S = 10.0
NAMED_USER_FLOWS = ("jwt-bearer", "password", "saml-bearer")
BY_ASSERTION = ("private-key-jwt", "client-secret-jwt")
WITH_A_PERSON = ("authorization-code", "refresh-token", "password", "device")
SESSION_QUERY = (
    "SELECT SessionSecurityLevel, SessionType, NumSecondsValid FROM AuthSession WHERE IsCurrent = true "
    "ORDER BY LastModifiedDate DESC LIMIT 1"
)
_IDENTITY = re.compile(r"/id/\w{15,18}/\w{15,18}")
_API_HOSTS = (*hosts.MY_DOMAINS, "instance")
_MEMBER = re.compile(r"^\{(\w{1,40})\}")

Prove = Callable[[], Assertion | None]
"""Signs an assertion with which the client proves itself once more (RFC 7523 §2.2); None where it has none."""


def try_token(
    reply: Reply,
    attempt: Attempt,
    provider: Provider,
    flow: str,
    resources: Resources,
    budget_s: float,
    *,
    prove: Prove = lambda: None,
    known: Chart | None = None,
    prover: Prover | None = None,
) -> TokenSeen:
    """Uses the token as a client would, read-only, and gives it back where that was asked for.

    `known`: what was known before, such as the session level that the user must have. `prover`: signs the DPoP proofs
    that go with a token which is bound to its key.
    """
    grant = grant_of(reply)
    if grant is None:
        return TokenSeen()
    trial = _Trial(grant, attempt, provider, flow, resources, monotonic() + budget_s, prove, known or Chart())
    if prover is not None and grant.text("token_type").lower() == "dpop":
        trial.prover, trial.facts["token.sent_with_proof"] = prover, True
    return trial.tried()


@dataclass(slots=True)
class _Trial:
    """One token, tried. Calls stop at `ends_at` (monotonic)."""

    grant: Grant
    attempt: Attempt
    provider: Provider
    flow: str
    resources: Resources
    ends_at: float
    prove: Prove
    known: Chart
    prover: Prover | None = None
    """Of a token that is bound to its key; None: the token goes as Bearer."""
    facts: dict[str, Value] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def tried(self) -> TokenSeen:
        self._api()
        self._identity()
        self._introspect()
        if self.attempt.revoke:
            self._revoke()
        return TokenSeen(observed(self.facts), tuple(self.findings), ", ".join(self.said))

    # --- the API

    def _api(self) -> None:
        url = self._address("api")
        if url is None:
            self.said.append(self._why_no_api())
            return
        self.facts["token.api_host"] = (urlsplit(url).hostname or "").lower()
        reply = self._get(url)
        if reply is None or reply.status is None:
            self.said.append("API: no answer")
            return
        self.facts["token.api_status"] = reply.status
        self.said.append(f"API {reply.status}")
        if reply.status == 200 and parts_of(reply.body, reply.header("content-type")).kind == "json":
            self.facts["token.api_works"] = True
            self._session(url)
        elif reply.status in (401, 403) or _is_of_proof(reply):  # anything else tells nothing of the token
            self.facts["token.api_works"] = False
            self._api_refused(reply)

    def _why_no_api(self) -> str:
        if "api" in self.provider.resources:
            return "API not tried: the response names no host of this vendor"
        return "API not tried: its address is not known (--api-url)"

    def _api_refused(self, reply: Reply) -> None:
        error, description = refusal_of(reply)
        told = {"token.api_error": error, "token.api_description": description}
        cleaned = {name: clean(value)[:500] for name, value in told.items() if value}
        self.facts |= cleaned
        words = " ".join(cleaned.values())
        message = f"a token was issued, and the API answers {reply.status} {words}".strip()
        self.findings.append(Finding("token-is-refused", "error", "API", message, "see the causes above"))

    def _session(self, api: str) -> None:
        """Level and life of the session behind a Salesforce token, as the org itself keeps them."""
        if self.provider.slug != "salesforce" or not re.search(r"/services/data/v\d{2,3}\.0/$", api):
            return
        reply = self._get(f"{api}query?q={quote(SESSION_QUERY)}")
        if reply is None or reply.status != 200:
            return
        records = _object(reply).get("records")
        row = records[0] if isinstance(records, list) and records and isinstance(records[0], dict) else {}
        life_s = life_of(row.get("NumSecondsValid"))
        if life_s is not None:
            self.facts["token.expires_in_s"] = life_s
        for fact, name in (("token.session_level", "SessionSecurityLevel"), ("token.session_type", "SessionType")):
            if isinstance(row.get(name), str):
                self.facts[fact] = clean(row[name])[:50]
        self._compare_level()

    def _compare_level(self) -> None:
        level, wanted = self.facts.get("token.session_level"), self.known.text("user.required_session_level")
        if not isinstance(level, str):
            return
        self.said.append(f"session {level.lower().replace('_', ' ')}")
        if wanted is not None and _is_high(wanted) and not _is_high(level):
            message = f"the session is {level}, and {wanted} is demanded: what asks for it will be refused"
            remedy = "lower the demand for this user, or use a flow in which a person gives a second factor"
            self.findings.append(Finding("session-level-too-low", "warning", "session", message, remedy))

    # --- the user

    def _identity(self) -> None:
        """Whose token it is: Salesforce's identity URL by its path (its host is a login host), else userinfo."""
        for url in self._identity_urls():
            reply = self._get(url)
            if reply is None or reply.status is None:
                return
            self.facts["token.identity_status"] = reply.status
            if reply.status == 200:
                self.said.append("identity 200")
                self._compare_user(reply)
                return
        if "token.identity_status" in self.facts:
            self.said.append(f"identity {self.facts['token.identity_status']}")

    def _identity_urls(self) -> Iterator[str]:
        path = urlsplit(self.grant.text("id")).path
        if self.provider.slug == "salesforce" and _IDENTITY.fullmatch(path):
            yield urljoin(self.attempt.token_url, path)
        userinfo = self._address("userinfo") if self._has_a_user() else None
        if userinfo is not None:
            yield userinfo

    def _has_a_user(self) -> bool:
        """Userinfo is for tokens of a person that were asked for with `openid` (OpenID Connect Core §5.3)."""
        if self.provider.slug == "salesforce" or self.attempt.userinfo_url is not None:
            return True
        scopes = self.grant.text("scope").split()
        return "openid" in scopes or (not scopes and self.flow in WITH_A_PERSON)

    def _compare_user(self, reply: Reply) -> None:
        told = _object(reply)
        name = told.get("username", told.get("preferred_username"))
        if not isinstance(name, str) or not self.attempt.username or self.flow not in NAMED_USER_FLOWS:
            return
        matches = name.casefold() == self.attempt.username.casefold()
        self.facts["token.user_matches"] = matches
        if not matches:
            message = "the token belongs to another user than the one that was asked for"
            self.findings.append(Finding("token-of-another-user", "warning", "sub", message, "compare the user names"))

    # --- introspection, revocation

    def _introspect(self) -> None:
        """RFC 7662, where the client can prove itself: the endpoint wants that."""
        url = self._address("introspect")
        if url is None or not self._can_prove():
            return
        reply = self._post(url, self.grant.token, (("token_type_hint", "access_token"),))
        if reply is None or reply.status is None:
            return
        told = _object(reply)
        if reply.status != 200 or not isinstance(told.get("active"), bool):
            self.said.append(f"introspection {reply.status}")
            return
        self.facts["token.is_active"] = told["active"]
        self.said.append("introspection " + ("active" if told["active"] else "inactive"))
        self._told_by_introspection(told)

    def _told_by_introspection(self, told: Mapping[str, Any]) -> None:
        """The life that is left, where the endpoint names exp and iat and nothing nearer said it."""
        ends, began = told.get("exp"), told.get("iat")
        was_told = "expires_in" in self.grant.told or "token.expires_in_s" in self.facts
        if not was_told and isinstance(ends, (int, float)) and isinstance(began, (int, float)):
            life_s = life_of(ends - began)
            if life_s is not None:
                self.facts["token.expires_in_s"] = life_s
        if told["active"] or self.facts.get("token.api_works"):
            return
        message = "introspection calls the token that was just issued inactive"
        remedy = "ask with the client that the token was issued to; look for a policy that ends sessions at once"
        self.findings.append(Finding("token-is-inactive", "warning", "introspection", message, remedy))

    def _revoke(self) -> None:
        """RFC 7009. A refresh token that came with it goes with it."""
        url = self._address("revoke")
        reply = None if url is None else self._post(url, self.grant.refresh_token or self.grant.token)
        done = reply is not None and reply.status in (200, 204)
        self.said.append("revoked" if done else "not revoked")
        if not done:
            message = "the token could not be revoked"
            if url is None:
                message = "where a token is revoked is not known here"
            remedy = "end the session by hand" if url is not None else "--revoke-url URL, or end the session by hand"
            self.findings.append(Finding("token-not-revoked", "warning", "revoke", message, remedy))

    # --- asking

    def _get(self, url: str) -> Reply | None:
        left_s = self._left_s()
        if left_s <= 0:
            return None
        if self.prover is not None:
            return self._get_with_proof(url, self.prover, left_s)
        sent = TokenRequest(url, (("token", self.grant.token),))
        return _reply(self.resources.get_with_token(url, self.grant.token, left_s), sent)

    def _get_with_proof(self, url: str, prover: Prover, left_s: float) -> Reply | None:
        """RFC 9449 §7.1: a proof with the token's hash goes along; once more with a nonce that is asked for (§9)."""
        reply, heard = self._proved_once(url, prover, left_s)
        second: Heard = "nothing"
        if heard == "nonce" and self._left_s() > 0:
            reply, second = self._proved_once(url, prover, self._left_s())
        self.findings += findings_of(heard, second, urlsplit(url).path or "/")
        return reply

    def _proved_once(self, url: str, prover: Prover, left_s: float) -> tuple[Reply | None, Heard]:
        proof = prover.proof("GET", url, self.grant.token).token
        sent = TokenRequest(url, (("token", self.grant.token), ("proof", proof)))
        exchange = self.resources.get_with_token(url, self.grant.token, left_s, proof)
        return _reply(exchange, sent), prover.hear(url, exchange)

    def _post(self, url: str, token: Secret, more: tuple[tuple[str, str], ...] = ()) -> Reply | None:
        left_s = self._left_s()
        if left_s <= 0:
            return None
        fields: list[tuple[str, str | Secret]] = [("token", token), *more]
        headers: list[tuple[str, str | Secret]] = []
        self._prove_client(fields, headers)
        request = TokenRequest(url, tuple(fields), tuple(headers))
        return _reply(self.resources.post_about_token(request, left_s), request)

    def _prove_client(self, fields: list[tuple[str, str | Secret]], headers: list[tuple[str, str | Secret]]) -> None:
        """The client's proof as in the token request; the id alone of a public client (RFC 7009 §2.1)."""
        secret, client_id = self.attempt.client_secret, self.attempt.client_id
        if self.flow in BY_ASSERTION:
            assertion = self.prove()
            if assertion is not None:
                as_secret: list[tuple[str, str | Secret]] = [("client_secret", assertion.token)]
                proof = assertion_fields(assertion) if self.flow == "private-key-jwt" else as_secret
                fields += [("client_id", client_id), *proof]
            return
        if secret is not None and self.attempt.client_auth == "basic":
            headers.append(basic_header(client_id, secret))
        elif secret is not None:
            fields += [("client_id", client_id), ("client_secret", secret)]
        elif client_id and self.provider.slug != "salesforce":
            fields.append(("client_id", client_id))

    def _can_prove(self) -> bool:
        return self.attempt.client_secret is not None or self.flow in BY_ASSERTION

    def _left_s(self) -> float:
        return min(CALL_S, self.ends_at - monotonic())

    # --- where

    def _address(self, name: str) -> str | None:
        """Where this is asked: as the user named it, else as the provider's data say. None: nowhere."""
        named = {
            "api": self.attempt.api_url,
            "userinfo": self.attempt.userinfo_url,
            "introspect": self.attempt.introspect_url,
            "revoke": self.attempt.revoke_url,
        }[name]
        if named is not None:
            return named
        resource = self.provider.resources.get(name)
        return None if resource is None else self._resolved(resource.at)

    def _resolved(self, at: str) -> str | None:
        member = _MEMBER.match(at)
        if member is None:
            return urljoin(self.attempt.token_url, at)
        base = self._named_by_response(self.grant.text(member[1]))
        return None if base is None else base + at[member.end() :]

    def _named_by_response(self, url: str) -> str | None:
        """The host of a URL in the response; the token host where there is none. None: a host that is not trusted."""
        asked = urlsplit(self.attempt.token_url)
        if not url:
            return f"{asked.scheme}://{asked.netloc}"
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return None
        if parts.username is not None or (parts.scheme != "https" and parts.scheme != asked.scheme):
            return None
        is_same = host == (asked.hostname or "").lower() and port == asked.port
        is_vendors = port is None and parts.scheme == "https" and self._is_vendors(host)
        return f"{parts.scheme}://{parts.netloc}" if is_same or is_vendors else None

    def _is_vendors(self, host: str) -> bool:
        if self.provider.slug == "salesforce":
            return hosts.host_kind(host) in _API_HOSTS
        return any(re.search(pattern, host) for pattern in self.provider.hosts)


def refusal_of(reply: Reply) -> tuple[str | None, str | None]:
    """Error and description of an API's refusal: of its body, else of its `WWW-Authenticate` (RFC 6750 §3)."""
    parts = parts_of(reply.body, reply.header("content-type"))
    if parts.is_error and parts.kind == "json":
        return parts.error, parts.description
    error, description = challenge_of(reply)
    return error or parts.error, description or parts.description


def _is_of_proof(reply: Reply) -> bool:
    """A refusal of the proof, or of its absence, which comes with 400 at some (Okta)."""
    told = " ".join(one or "" for one in refusal_of(reply)).lower()
    return reply.status == 400 and "dpop" in told


def _is_high(level: str) -> bool:
    return "high" in level.lower()


def _object(reply: Reply) -> Mapping[str, Any]:
    """The JSON object in a body; empty where there is none."""
    try:
        told = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _reply(exchange: Exchange, sent: TokenRequest) -> Reply | None:
    """The reply, without what was sent to it: some servers say a token again that they refuse."""
    plain = without_own_secrets(exchange, sent)
    return plain if isinstance(plain, Reply) else None
