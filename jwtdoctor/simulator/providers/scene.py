"""A client, a provider's service, the clocks of both and the network between: `world.Scenario` for the others.

    local clock ──(true_time_offset_s)──▶ true time ──(server_clock_offset_s)──▶ the service's clock

The client is what `check` makes of the provider's data, so that a healthy scene is a test of those data too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.proxies import DEFAULT_PORTS
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.keys import Role, can_sign, pair
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.simulator.providers.checks import code_name
from jwtdoctor.simulator.providers.judge import Decision, dialect_of, rule
from jwtdoctor.simulator.providers.plain import example_of
from jwtdoctor.simulator.providers.service import Issued, RegisteredKey, Service, public_key
from jwtdoctor.simulator.providers.snowflake import fingerprint
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest
from jwtdoctor.simulator.world import CALLER_IP, Network

SIGNING = ("jwt-bearer", "private-key-jwt", "api-jwt", "client-secret-jwt")
USER = "integration@acme.example"
TENANT = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
CLIENT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SERVICE_ACCOUNT = "integration@acme-project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/drive.readonly"
LIFETIME_S = 180
TEAM, SERVICES_ID, KEY_ID = "A1B2C3D4E5", "com.acme.signin", "K1M2P3Q4R5"
ISSUER_ID = "57246542-96fe-1a63-e053-0824d011072a"
CALLBACK = "https://app.acme.example/oauth/callback"
CODE, REFRESH_TOKEN = Secret("simulated-code"), Secret("simulated-refresh-token")
CODE_LIFE_S = 300.0
"""GUESS where the provider does not publish it; Apple's five minutes."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A scene at a moment: what the client now sends with, and the service that awaits it."""

    attempt: Attempt
    policy: Service


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole situation. `assertion_shift_s` is what the client adds to its clock when it writes times (negative: an
    assertion kept from earlier). `nbf_ahead_s`: how far ahead of its clock it dates nbf; None: it writes none.
    `code_age_s`: how long ago the code was issued that it holds."""

    attempt: Attempt
    policy: Service
    assertion_shift_s: float | None = None
    nbf_ahead_s: float | None = None
    code_age_s: float = 5.0
    network: Network = "open"
    true_time_offset_s: float = 0.0
    """True time minus the local clock: positive means that the local clock is slow."""
    server_clock_offset_s: float = 0.0
    """The service's clock minus true time: positive means that the service is fast."""
    caller_ip: str = CALLER_IP
    scheme: str = "https"

    @property
    def flow(self) -> str:
        return self.policy.flow

    @property
    def provider(self) -> str:
        return self.policy.provider.slug

    @property
    def token_host(self) -> str:
        return self.policy.host

    @property
    def path(self) -> str:
        return self.policy.path

    @property
    def meant_url(self) -> str:
        return f"{self.scheme}://{self.policy.host}{self.policy.path}"

    def true_time(self, local_now: float) -> float:
        return local_now + self.true_time_offset_s

    def server_time(self, local_now: float) -> float:
        return self.true_time(local_now) + self.server_clock_offset_s

    def ready(self, local_now: float, token_url: str | None = None) -> Ready:
        """The attempt and the service as they stand at `local_now` (epoch seconds of the client's clock)."""
        attempt = replace(self.attempt, token_url=token_url or self.meant_url)
        if self.assertion_shift_s is not None:
            signed_at = int(local_now + self.assertion_shift_s)
            times = {"exp": signed_at + attempt.lifetime_s} | ({"iat": signed_at} if attempt.iat else {})
            attempt = replace(attempt, extra_claims={**times, **attempt.extra_claims})
        if self.nbf_ahead_s is not None:
            claims = {"nbf": int(local_now + self.nbf_ahead_s), **attempt.extra_claims}
            attempt = replace(attempt, extra_claims=claims)
        code_ends_at = self.server_time(local_now) - self.code_age_s + CODE_LIFE_S
        return Ready(attempt, replace(self.policy, code_ends_at=code_ends_at))

    def rule(self, request: HttpRequest, policy: Service, now: float) -> Decision:
        return rule(request, policy, now)

    def vague(self, how: Vague) -> Scene:
        """The same with a service that says less."""
        return replace(self, policy=replace(self.policy, vague=how))

    def client_facts(self) -> tuple[Observation, ...]:
        """What is known at the client: the host that is meant, since a loopback address testifies to nothing."""
        facts: dict[str, Value] = {
            "request.token_host": self.token_host,
            "request.token_port": DEFAULT_PORTS[self.scheme],
            "request.scheme": self.scheme,
        }
        return _observed(facts, "user")

    def admin_facts(self, refusal: Refusal | None = None) -> tuple[Observation, ...]:
        """What whoever administers the service could tell, of its state alone."""
        service = self.policy
        facts: dict[str, Value] = {}
        claims: Mapping[str, Any] = self.attempt.extra_claims
        issuer = str(claims.get("iss", self.attempt.client_id))
        facts["request.client_id_matches_app"] = issuer.startswith(service.issuer)
        facts["app.exists"] = service.client == "active"
        facts["app.requires_dpop"] = service.wants_dpop
        if service.auth_method:
            facts["app.client_auth_method"] = service.auth_method
        facts["app.certificate_uploaded"] = bool(service.keys)
        if self.attempt.key_pem is not None and service.keys:
            facts["key.matches_certificate"] = _pairs(self.attempt.key_pem, service)
        if service.users and self.attempt.username:
            facts["user.exists_in_org"] = self.attempt.username in service.users
        if self.attempt.code is not None:
            facts["history.code_used_before"] = code_name(CODE.reveal()) in service.spent
            facts["request.code_age_s"] = self.code_age_s
        if refusal is not None and refusal.login_history is not None:
            facts["login_history.status"] = refusal.login_history
        return _observed(facts, "org")


def _observed(facts: Mapping[str, Value], source: str) -> tuple[Observation, ...]:
    return tuple(Observation(name, value, source) for name, value in facts.items())


def _pairs(pem: Secret, service: Service) -> bool:
    from jwtdoctor.assertions.keys import load_private, matches

    private = load_private(pem.reveal().encode(), where="the client's key")
    return any(matches(private, public_key(key.pem)) for key in service.keys)


def is_playable(provider: Provider) -> bool:
    """Whether there is a JWT to judge, and one that a throwaway key can sign."""
    return provider.slug != "salesforce" and _flow_of(provider) is not None and _alg_of(provider) is not None


def healthy(provider: Provider, *, certificate_pem: str | None = None) -> Scene:
    """A set-up in which everything is right. Raises BadInput for a provider that takes no JWT.

    `certificate_pem` is what is registered where the client has a key of its own; the attempt then carries none.
    """
    flow = _flow_of(provider)
    if not is_playable(provider) or flow is None:
        do = f"explain its replies: jwtdoctor explain --provider {provider.slug} PATH"
        raise BadInput(f"{provider.slug} takes no JWT, so there is none to judge", where="--provider", do=do)
    scene = _SCENES.get(provider.slug, _plain)(provider, flow)
    limits = {name: s for name, s in dialect_of(scene.policy).guesses.items() if provider.limit(name) is None}
    scene = replace(scene, policy=replace(scene.policy, limits={**limits, **scene.policy.limits}))
    if certificate_pem is None:
        return scene
    key = replace(scene.policy.keys[0], pem=certificate_pem)
    alg = _alg_of_certificate(certificate_pem, provider)
    attempt = replace(scene.attempt, key_pem=None, certificate_pem=certificate_pem, alg=alg)
    return replace(scene, attempt=attempt, policy=replace(scene.policy, keys=(key,)))


def registered(role: Role, kid: str = "", alg: str | None = None) -> RegisteredKey:
    """The certificate of a throwaway pair for this algorithm, as a service has it."""
    return RegisteredKey(pair(role, alg or "RS256").certificate_pem, kid)


def _flow_of(provider: Provider) -> str | None:
    return next((flow for flow in provider.flows if flow in SIGNING), None)


def _alg_of(provider: Provider) -> str | None:
    """RS256 where it is taken, else the first that a throwaway key can sign."""
    if not provider.algorithms or "RS256" in provider.algorithms:
        return "RS256"
    return next((alg for alg in provider.algorithms if can_sign(alg)), None)


def _alg_of_certificate(pem: str, provider: Provider) -> str:
    from jwtdoctor.assertions.sign import default_alg

    return default_alg(public_key(pem), provider.algorithms)


def _made(provider: Provider, flow: str, host: str, path: str, client_id: str, **more: Any) -> Scene:
    """A scene of these names: the client holds the pair `client`, which the service knows."""
    kid = more.pop("kid", "acme-key-1" if provider.needs_kid else "")
    alg = _alg_of(provider) or "RS256"
    attempt = Attempt(
        token_url="",
        client_id=client_id,
        key_pem=pair("client", alg).private_pem,
        kid=kid or None,
        alg=alg,
        lifetime_s=_lifetime(provider),
        **more.pop("attempt", {}),
    )
    audiences = (attempt.audience,) if attempt.audience else ()
    service = Service(provider, flow, host, path, client_id, client_id, audiences, (registered("client", kid, alg),))
    return Scene(attempt, replace(service, **more))


def _lifetime(provider: Provider) -> int:
    maxima = [m for m in (provider.limit("max_ttl_s"), provider.limit("max_exp_ahead_s")) if m is not None]
    return int(min(LIFETIME_S, *(m * 0.8 for m in maxima))) if maxima else LIFETIME_S


def _google(provider: Provider, flow: str) -> Scene:
    url = "https://oauth2.googleapis.com/token"
    attempt = {"audience": url, "username": USER, "extra_claims": {"scope": SCOPE}}
    scene = _made(provider, flow, "oauth2.googleapis.com", "/token", SERVICE_ACCOUNT, attempt=attempt)
    policy = replace(scene.policy, audiences=provider.audiences[:1], users=(USER,), scopes=frozenset({SCOPE}))
    return replace(scene, policy=policy)


def _entra(provider: Provider, flow: str) -> Scene:
    host, path = "login.microsoftonline.com", f"/{TENANT}/oauth2/v2.0/token"
    attempt = {
        "audience": f"https://{host}{path}",
        "certificate_pem": pair("client").certificate_pem,
        "scope": "https://graph.microsoft.com/.default",
    }
    return _made(provider, flow, host, path, CLIENT, names={"tenant": TENANT}, attempt=attempt)


def _okta(provider: Provider, flow: str) -> Scene:
    host, path = "acme.okta.com", "/oauth2/v1/token"
    attempt = {"audience": f"https://{host}{path}", "scope": "okta.users.read"}
    more = {"single_use": True, "scopes": frozenset({"okta.users.read"})}
    return _made(provider, flow, host, path, "0oa1simulatedCLIENT0", kid="acme-key-1", attempt=attempt, **more)


def _github(provider: Provider, flow: str) -> Scene:
    return _made(provider, flow, "api.github.com", "/app", "123456")


def _snowflake(provider: Provider, flow: str) -> Scene:
    named = "ACME-PROD.JDOE"
    scene = _made(provider, flow, "acme-prod.snowflakecomputing.com", provider.requests[flow].path, named)
    issuer = f"{named}.{fingerprint(scene.policy.keys[0].pem)}"
    return replace(scene, attempt=replace(scene.attempt, client_id=issuer, username=named))


def _apple(provider: Provider, flow: str) -> Scene:
    """The team is the issuer, the client the subject. A refresh token is held, and a code that can be used once."""
    host = "appleid.apple.com"
    attempt = {
        "audience": provider.audiences[0],
        "username": SERVICES_ID,
        "refresh_token": REFRESH_TOKEN,
        "redirect_uri": CALLBACK,
    }
    issued = (Issued(CODE, SERVICES_ID, CALLBACK), Issued(REFRESH_TOKEN, SERVICES_ID))
    scene = _made(provider, flow, host, provider.token_path, TEAM, kid=KEY_ID, attempt=attempt, issued=issued)
    return replace(scene, policy=replace(scene.policy, client_id=SERVICES_ID))


def _app_store(provider: Provider, flow: str) -> Scene:
    host, path = "api.appstoreconnect.apple.com", provider.requests[flow].path
    return _made(provider, flow, host, path, ISSUER_ID, kid=KEY_ID, attempt={"audience": provider.audiences[0]})


def _plain(provider: Provider, flow: str) -> Scene:
    """What the data leave open is made up: `acme` for whatever is the customer's own."""
    host = _host_of(provider)
    shape = provider.requests.get(flow)
    path = _filled((shape.path if shape else "") or provider.token_path or "/token", host)
    client = "simulated-client"
    attempt: dict[str, Any] = {}
    if "aud" in provider.required_claims or provider.audiences:
        first = provider.audiences[0] if provider.audiences else f"https://{host}{path}"
        attempt["audience"] = _filled(first.replace("{path}", path.lstrip("/")), host)
    secret = Secret("simulated-secret") if shape is not None and "client_secret" in shape.beside else None
    person = _PERSONS.get(provider.slug, USER)
    user = person if flow == "jwt-bearer" else client if flow == "private-key-jwt" else ""
    usual = {"iss", "sub", "aud", "exp", "iat", "nbf", "jti"}
    attempt |= {
        "username": user or (person if "sub" in provider.required_claims else ""),
        "client_secret": secret,
        "extra_claims": {name: "acme" for name in provider.required_claims if name not in usual},
    }
    users = (person,) if flow == "jwt-bearer" else ()
    once = "jti" in provider.required_claims
    return _made(provider, flow, host, path, client, secret=secret, attempt=attempt, users=users, single_use=once)


_PERSONS = {"docusign": "7c1d2f6e-9a34-4b0e-8d55-1e2f3a4b5c6d"}
"""Whom a client logs in, where that is no e-mail address: DocuSign wants the GUID of the user."""
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def _host_of(provider: Provider) -> str:
    """A host of the provider: that of its first audience, or one that a pattern fits; else `SLUG.example`."""
    first = provider.audiences[0] if provider.audiences else ""
    named = first.split("://")[-1].partition("/")[0]
    made = (example_of(pattern.replace(r"(^|\.)", r"acme\.")) for pattern in provider.hosts)
    for host in (named, *made):
        if host and _HOST.fullmatch(host) and any(re.search(pattern, host) for pattern in provider.hosts):
            return host
    return f"{provider.slug}.example"


def _filled(text: str, host: str) -> str:
    return re.sub(r"\{\w+\}", "acme", text.replace("{host}", host).replace("{client_id}", "simulated-client"))


_SCENES: Mapping[str, Callable[[Provider, str], Scene]] = {
    "google": _google,
    "entra": _entra,
    "okta": _okta,
    "github": _github,
    "snowflake": _snowflake,
    "apple": _apple,
    "apple-app-store-connect": _app_store,
}
