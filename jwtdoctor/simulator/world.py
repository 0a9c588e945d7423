"""A scenario: the client, the service it talks to, the clocks of both, and the network between them.

    local clock ──(true_time_offset_s)──▶ true time ──(server_clock_offset_s)──▶ the token host's clock

The local clock is never touched. A slow client is a world that is ahead: its token host and its time servers both
follow `true_time_offset_s`, so that the local clock *is* slow against everything that it can ask.

What the client holds from earlier (a code, a refresh token, an old assertion) depends on the time of the attempt, and
is made when the attempt is: `Scenario.ready`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from jwtdoctor.assertions import pkce
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator import facts, sealed
from jwtdoctor.simulator.authorize import issue_code
from jwtdoctor.simulator.keys import Role, pair
from jwtdoctor.simulator.policy import App, Org, Policy, User, Vague
from jwtdoctor.simulator.saml import write_saml
from jwtdoctor.simulator.wire import TOKEN_PATH, HttpRequest

if TYPE_CHECKING:
    from jwtdoctor.simulator.refusals import Refusal
    from jwtdoctor.simulator.ruling import Ruling

Network = Literal[
    "open",
    "dns",
    "refused",
    "reset",
    "closed",
    "silent",
    "empty",
    "tls-untrusted",
    "proxy-login",
    "portal-page",
    "portal-redirect",
]
"""What the way to the host does. All but `open` keep the request from the judge.

`dns` the name does not resolve · `refused` nobody listens · `reset`/`closed` the connection ends without an answer ·
`silent` no answer comes · `empty` 200 without a body · `tls-untrusted` another certificate is shown · `proxy-login` a
proxy answers 407 · `portal-page`, `portal-redirect` something answers in the host's place.
"""

CONSUMER_KEY = "3MVG9SimulatedAcmeIntegration.ConsumerKey_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH"
CONSUMER_SECRET = "SIMULATED0SECRET0OF0THE0ACME0APP0NOT0REAL0ANYWHERE"
USERNAME = "integration@acme.example"
PASSWORD = "simulated-Passw0rd"
SECURITY_TOKEN = "SimulatedSecurityToken00"
CALLBACK = "https://app.acme.example/oauth/callback"
CALLER_IP = "203.0.113.7"
VERIFIER = "simulated-verifier_0123456789abcdefghijklmnopqrstuvw"
SERVED_FLOWS = (
    "jwt-bearer",
    "client-credentials",
    "authorization-code",
    "refresh-token",
    "password",
    "device",
    "token-exchange",
    "saml-bearer",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What the client holds from before. Ages are seconds before the attempt; None: it holds no such thing.

    `assertion_shift_s` is what the client adds to its clock when it writes iat and exp (negative: an assertion kept
    from earlier, or a time-zone slip). `code_verifier` is the one whose challenge the code was asked with.
    """

    assertion_shift_s: float | None = None
    code_age_s: float | None = None
    code_verifier: str | None = None
    refresh_age_s: float | None = None
    refresh_approval: int = 1
    device_age_s: float | None = None
    device_polled_ago_s: float | None = None
    saml_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A scenario at a moment: what the client now sends with, and the policy that awaits it."""

    attempt: Attempt
    policy: Policy


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole situation. `attempt.token_url` is the URL that the client means; a listener replaces it by its own."""

    flow: str
    attempt: Attempt
    policy: Policy
    held: Held = field(default_factory=Held)
    network: Network = "open"
    true_time_offset_s: float = 0.0
    """True time minus the local clock: positive means that the local clock is slow."""
    server_clock_offset_s: float = 0.0
    """The token host's clock minus true time: positive means that the host is fast."""
    caller_ip: str = CALLER_IP
    scheme: str = "https"
    """Of the URL that the client means."""
    key_role: Role = "client"

    @property
    def token_host(self) -> str:
        """The host that the client means."""
        return self.policy.logical_host

    @property
    def meant_url(self) -> str:
        return f"{self.scheme}://{self.policy.logical_host}{TOKEN_PATH}"

    def server_time(self, local_now: float) -> float:
        return local_now + self.true_time_offset_s + self.server_clock_offset_s

    def true_time(self, local_now: float) -> float:
        return local_now + self.true_time_offset_s

    @property
    def provider(self) -> str:
        return "salesforce"

    @property
    def path(self) -> str:
        """The path of the endpoint that is meant."""
        return TOKEN_PATH

    def rule(self, request: HttpRequest, policy: Policy, now: float) -> Ruling:
        """The judge's answer, with what it used up. `now` is the token host's clock."""
        from jwtdoctor.simulator.judge import rule

        return rule(request, policy, now)

    def client_facts(self) -> tuple[Observation, ...]:
        """What is known at the client."""
        return facts.client_facts(self)

    def admin_facts(self, refusal: Refusal | None = None) -> tuple[Observation, ...]:
        """What an administrator sees, after a login with that answer."""
        return facts.admin_facts(self, refusal)

    def vague(self, how: Vague) -> Scenario:
        """The same with an endpoint that says less."""
        return replace(self, policy=replace(self.policy, vague=how))

    def ready(self, local_now: float, token_url: str | None = None) -> Ready:
        """The attempt and the policy as they stand at `local_now` (epoch seconds of the client's clock)."""
        changes: dict[str, Any] = {"token_url": token_url or self.meant_url}
        changes |= self._held_assertion(local_now)
        changes |= self._held_code(local_now)
        changes |= self._held_tokens(local_now)
        return Ready(replace(self.attempt, **changes), self._policy_at(local_now))

    def _held_assertion(self, local_now: float) -> Mapping[str, Any]:
        shift = self.held.assertion_shift_s
        if shift is None:
            return {}
        signed_at = int(local_now + shift)
        times = {"exp": signed_at + self.attempt.lifetime_s} | ({"iat": signed_at} if self.attempt.iat else {})
        return {"extra_claims": {**times, **self.attempt.extra_claims}}

    def _held_code(self, local_now: float) -> Mapping[str, Any]:
        age, verifier = self.held.code_age_s, self.held.code_verifier
        if age is None:
            return {}
        challenge = pkce.challenge_of(verifier) if verifier else ""
        code = issue_code(
            self.policy,
            at=self.server_time(local_now) - age,
            redirect_uri=CALLBACK,
            challenge=challenge,
            name=HELD,
        )
        return {"code": Secret(code)}

    def _held_tokens(self, local_now: float) -> Mapping[str, Any]:
        held, now = self.held, self.server_time(local_now)
        common = {"user": self.policy.browser_user, "client": self.policy.app.consumer_key, "id": HELD}
        found: dict[str, Any] = {}
        if held.refresh_age_s is not None:
            scopes = list(self.policy.app.scopes)
            content = {**common, "scopes": scopes, "at": now - held.refresh_age_s, "approval": held.refresh_approval}
            found["refresh_token"] = Secret(sealed.seal("refresh", content, self.policy))
        if held.device_age_s is not None:
            content = {**common, "at": now - held.device_age_s}
            found["device_code"] = Secret(sealed.seal("device", content, self.policy))
        if held.saml_age_s is not None:
            audience = self.attempt.audience or f"https://{self.policy.org.login_host}"
            at = self.true_time(local_now) - held.saml_age_s
            found["saml_assertion"] = Secret(write_saml(self.attempt.client_id, self.attempt.username, audience, at))
        return found

    def _policy_at(self, local_now: float) -> Policy:
        polled = self.held.device_polled_ago_s
        if polled is None:
            return self.policy
        return self.policy.after((), [(f"device:{HELD}", self.server_time(local_now) - polled)])


HELD = "held"
"""The name of codes and tokens that a client holds from before (`code:held` in `Policy.spent`: used up)."""


def healthy(
    flow: str = "jwt-bearer",
    *,
    client_id: str = CONSUMER_KEY,
    username: str = USERNAME,
    certificate_pem: str | None = None,
) -> Scenario:
    """A set-up in which everything is right: a production org, its connected app, one assigned user.

    `certificate_pem` is the certificate on the app where the client has a key of its own; the scenario's attempt then
    carries no key. Raises UnknownName for a flow that is not served.
    """
    if flow not in SERVED_FLOWS:
        from jwtdoctor.errors import UnknownName

        raise UnknownName("the simulator does not serve this flow", expected=", ".join(SERVED_FLOWS))
    policy = _policy(client_id, username)
    attempt = Attempt(token_url="", client_id=client_id, username=username, audience="https://login.salesforce.com")
    scenario = _FLOWS[flow](Scenario(flow, attempt, policy))
    if flow == "jwt-bearer":
        scenario = _with_key(scenario, certificate_pem)
    return replace(scenario, attempt=replace(scenario.attempt, token_url=scenario.meant_url))


def with_key(scenario: Scenario, role: Role) -> Scenario:
    """The client with the pair of that role, its certificate on the app."""
    mine = pair(role)
    return replace(
        scenario,
        key_role=role,
        attempt=replace(scenario.attempt, key_pem=mine.private_pem),
        policy=scenario.policy.with_app(certificates=(mine.certificate_pem,)),
    )


def _with_key(scenario: Scenario, certificate_pem: str | None) -> Scenario:
    if certificate_pem is None:
        return with_key(scenario, "client")
    return replace(scenario, policy=scenario.policy.with_app(certificates=(certificate_pem,)))


def _policy(client_id: str, username: str) -> Policy:
    user = User(
        username=username,
        email=username,
        approvals=1,
        approvals_made=1,
        password=Secret(PASSWORD),
        security_token=Secret(SECURITY_TOKEN),
    )
    app = App(
        consumer_key=client_id,
        consumer_secret=Secret(CONSUMER_SECRET),
        flows=frozenset(SERVED_FLOWS),
        callback_urls=(CALLBACK,),
        run_as=username,
    )
    org = Org()
    return Policy(org=org, app=app, users=(user,), logical_host=org.my_domain, browser_user=username)


def _as_it_is(scenario: Scenario) -> Scenario:
    return scenario


def _with_secret(scenario: Scenario) -> Scenario:
    return replace(scenario, attempt=replace(scenario.attempt, client_secret=Secret(CONSUMER_SECRET)))


def _code_flow(scenario: Scenario) -> Scenario:
    known = _with_secret(scenario)
    return replace(known, attempt=replace(known.attempt, redirect_uri=CALLBACK))


def _refresh_flow(scenario: Scenario) -> Scenario:
    return replace(_with_secret(scenario), held=Held(refresh_age_s=86_400.0))


def _password_flow(scenario: Scenario) -> Scenario:
    known = _with_secret(scenario)
    attempt = replace(known.attempt, password=Secret(PASSWORD), security_token=Secret(SECURITY_TOKEN))
    return replace(known, attempt=attempt)


def _device_flow(scenario: Scenario) -> Scenario:
    return replace(scenario, held=Held(device_age_s=60.0))


def _exchange_flow(scenario: Scenario) -> Scenario:
    return replace(scenario, attempt=replace(scenario.attempt, subject_token=Secret("simulated-subject-token")))


def _saml_flow(scenario: Scenario) -> Scenario:
    return replace(scenario, held=Held(saml_age_s=0.0))


_FLOWS = {
    "jwt-bearer": _as_it_is,
    "client-credentials": _with_secret,
    "authorization-code": _code_flow,
    "refresh-token": _refresh_flow,
    "password": _password_flow,
    "device": _device_flow,
    "token-exchange": _exchange_flow,
    "saml-bearer": _saml_flow,
}
