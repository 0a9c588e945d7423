"""Every fault by name. A fault is a change of client or policy state, of a clock or of the network: the judge never
reads its name, and the engine is never told which one was staged.

A name is the slug of the cause that it stages, or `SLUG:variant`; `healthy` and its variants stage none. Wherever it
can be, the fault lies on the service's side, so that an unchanged client meets it as well; where it must lie on the
client's, it is said in the words of an `Attempt`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

from jwtdoctor.errors import UnknownName
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.checks import jti_name
from jwtdoctor.simulator.keys import pair
from jwtdoctor.simulator.world import (
    CALLER_IP,
    HELD,
    VERIFIER,
    Network,
    Scenario,
    healthy,
    with_key,
)

Change = Callable[[Scenario], Scenario]
Side = Literal["none", "client", "service", "clock", "network"]

OTHER_KEY = "3MVG9AnotherAppOfAcme.ConsumerKey_zyxwvutsrqponmlkjihgfedcba9876543210ZYXWVUTSRQPONMLK"
OTHER_USER = "integration.user@acme.example"
SANDBOX_HOST = "acme--dev.sandbox.my.salesforce.com"


@dataclass(frozen=True, slots=True)
class Fault:
    """A situation to stage. `stages` is the cause's slug, None where nothing is wrong."""

    name: str
    flow: str
    stages: str | None
    summary: str
    change: Change
    side: Side
    also: tuple[str, ...] = ()
    """Other causes that are as right a name for the very same state."""


def fault(name: str) -> Fault:
    """The fault of that name. Raises UnknownName, with the nearest names."""
    found = _by_name().get(name)
    if found is not None:
        return found
    from difflib import get_close_matches

    near = get_close_matches(name.lower(), list(_by_name()), n=3, cutoff=0.5)
    do = f"nearest: {', '.join(near)}" if near else "list them: jwtdoctor simulate --list"
    raise UnknownName("no fault of that name", do=do)


def stage(name: str, base: Scenario | None = None, *, flow: str | None = None) -> Scenario:
    """The scenario of a fault by its name; `healthy` changes nothing. Raises UnknownName.

    `base` is what is changed in place of a healthy scenario of the fault's flow. `flow` only chooses the flow of
    `healthy`.
    """
    found = fault(name)
    chosen = flow if flow is not None and found.stages is None else found.flow
    return found.change(base if base is not None else healthy(chosen))


@cache
def _by_name() -> dict[str, Fault]:
    return {found.name: found for found in (*FAULTS, *USELESS_TOKENS)}


# --- changes ----------------------------------------------------------------------------------------------------


def _both(*changes: Change) -> Change:
    def change(scenario: Scenario) -> Scenario:
        for one in changes:
            scenario = one(scenario)
        return scenario

    return change


def _app(**fields: Any) -> Change:
    return lambda scenario: replace(scenario, policy=scenario.policy.with_app(**fields))


def _org(**fields: Any) -> Change:
    return lambda scenario: replace(scenario, policy=scenario.policy.with_org(**fields))


def _user(**fields: Any) -> Change:
    return lambda scenario: replace(scenario, policy=scenario.policy.with_user(**fields))


def _policy(**fields: Any) -> Change:
    return lambda scenario: replace(scenario, policy=replace(scenario.policy, **fields))


def _client(**fields: Any) -> Change:
    return lambda scenario: replace(scenario, attempt=replace(scenario.attempt, **fields))


def _held(**fields: Any) -> Change:
    return lambda scenario: replace(scenario, held=replace(scenario.held, **fields))


def _world(**fields: Any) -> Change:
    return lambda scenario: replace(scenario, **fields)


def _network(how: Network) -> Change:
    return _world(network=how)


def _proving(**claims: Any) -> Change:
    """The app wants proofs, and the client sends one with these claims over its own."""
    return _both(_app(requires_dpop=True), _client(dpop=True, dpop_claims=claims))


def _nothing(scenario: Scenario) -> Scenario:
    return scenario


def _sandbox(host: str = SANDBOX_HOST) -> Change:
    """The org is a sandbox, and the client asks at `host`."""
    return _both(_org(kind="sandbox", my_domain=SANDBOX_HOST), _policy(logical_host=host))


def _audience(audience: str) -> Change:
    return _client(audience=audience)


def _foreign_certificate(scenario: Scenario) -> Scenario:
    """The app holds the certificate of another pair (replaced on one side only)."""
    other = pair("other").certificate_pem
    return replace(scenario, policy=scenario.policy.with_app(certificates=(other,)))


def _expired_certificate(scenario: Scenario) -> Scenario:
    return with_key(scenario, "expired")


def _private_key_posted(scenario: Scenario) -> Scenario:
    return replace(scenario, attempt=replace(scenario.attempt, ready_assertion=pair("client").private_pem))


_EXTERNAL = _app(kind="external-client-app", requires_pkce=True)
_OUTSIDE = _user(ip_ranges=("198.51.100.0-198.51.100.255",))
_INSIDE = _user(ip_ranges=(CALLER_IP, "198.51.100.0/24"))
_OTHER_VERIFIER = "simulated-other-verifier_0123456789abcdefghijklmnop"
_HELD_CODE = _both(_held(code_age_s=5.0, code_verifier=VERIFIER), _client(code_verifier=Secret(VERIFIER)))
_ROTATED = Secret("SIMULATED0NEW0SECRET0AFTER0ROTATION0NOT0REAL0HERE0")

JWT, CREDENTIALS, CODE = "jwt-bearer", "client-credentials", "authorization-code"
REFRESH, PASSWORD, DEVICE = "refresh-token", "password", "device"
EXCHANGE, SAML = "token-exchange", "saml-bearer"


def _stages(name: str) -> str | None:
    slug = name.partition(":")[0]
    return None if slug == "healthy" else slug


def _fault(name: str, flow: str, summary: str, change: Change, side: Side = "service") -> Fault:
    stages = _stages(name)
    return Fault(name, flow, stages, summary, change, side, _ALSO.get(name, ()))


_ALSO: dict[str, tuple[str, ...]] = {
    "user-not-preauthorized": ("user-not-approved-app",),
    "user-not-approved-app": ("user-not-preauthorized",),
    "client-secret-rotated": ("client-secret-wrong",),
    "network-blocked:portal-page": ("proxy-refused",),
    "network-blocked:portal-redirect": ("proxy-refused",),
}


# --- nothing is wrong -------------------------------------------------------------------------------------------

_HEALTHY = (
    _fault("healthy", JWT, "everything is right", _nothing, "none"),
    _fault("healthy:client-credentials", CREDENTIALS, "everything is right", _nothing, "none"),
    _fault("healthy:authorization-code", CODE, "everything is right, PKCE and secret together",
           _app(requires_pkce=True), "none"),
    _fault("healthy:refresh-token", REFRESH, "everything is right", _nothing, "none"),
    _fault("healthy:password", PASSWORD, "everything is right", _nothing, "none"),
    _fault("healthy:external-client-app", JWT, "an external client app, asked through My Domain", _EXTERNAL, "none"),
    _fault("healthy:sandbox", JWT, "a sandbox, asked through its My Domain with the test audience",
           _both(_sandbox(), _audience("https://test.salesforce.com")), "none"),
    _fault("healthy:fast-clock", JWT, "the local clock is 600 s fast, which Salesforce forgives",
           _world(true_time_offset_s=-600.0), "none"),
    _fault("healthy:slow-clock", JWT, "the local clock is 120 s slow, within the margin",
           _world(true_time_offset_s=120.0), "none"),
    _fault("healthy:ip-inside", JWT, "the profile has login ranges, and the caller is inside", _INSIDE, "none"),
    _fault("healthy:expired-certificate", JWT, "the certificate on the app has ended, which is not checked",
           _expired_certificate, "none"),
    _fault("healthy:long-life", JWT, "the assertion lives for a day, which is taken",
           _client(lifetime_s=86_400), "none"),
    _fault("healthy:audience-with-slash", JWT, "the audience ends in a slash, as the sf CLI sends it",
           _audience("https://login.salesforce.com/"), "none"),
)  # fmt: skip

# --- clocks and times -------------------------------------------------------------------------------------------

_TIMES = (
    _fault("clock-drift", JWT, "the local clock is 600 s slow", _world(true_time_offset_s=600.0), "clock"),
    _fault("clock-drift:just-beyond", JWT, "the local clock is 400 s slow: just beyond lifetime and tolerance",
           _world(true_time_offset_s=400.0), "clock"),
    _fault("clock-drift:time-zone", JWT, "the local clock is two hours slow: local time was set as UTC",
           _world(true_time_offset_s=7200.0), "clock"),
    _fault("server-clock-wrong", JWT, "the token host's clock is 900 s fast, the local one is right",
           _world(server_clock_offset_s=900.0), "clock"),
    _fault("assertion-expired", JWT, "an assertion of 67 minutes ago is sent again",
           _held(assertion_shift_s=-4_000.0), "client"),
    _fault("assertion-time-miscalculated", JWT, "exp was subtracted and not added: 300 s before iat",
           _client(lifetime_s=-300), "client"),
    _fault("assertion-time-miscalculated:time-zone", JWT, "iat and exp are five hours early: utcnow() and mktime()",
           _held(assertion_shift_s=-18_000.0), "client"),
)  # fmt: skip

# --- the assertion ----------------------------------------------------------------------------------------------

_ASSERTIONS = (
    _fault("assertion-malformed", JWT, "what is sent is no JWT",
           _client(ready_assertion=Secret("eyJhbGciOiJSUzI1NiJ9.not-a-claim-set")), "client"),
    _fault("assertion-malformed:private-key", JWT, "the private key is sent in the assertion's place",
           _private_key_posted, "client"),
    _fault("unsupported-algorithm", JWT, "signed with RS512", _client(alg="RS512"), "client"),
    _fault("unsupported-algorithm:pss", JWT, "signed with PS256", _client(alg="PS256"), "client"),
    _fault("signature-key-mismatch", JWT, "the app holds the certificate of another key", _foreign_certificate),
    _fault("certificate-not-uploaded", JWT, "the app holds no certificate", _app(certificates=())),
    _fault("certificate-not-uploaded:jwt-flow-off", JWT, "a certificate is there, the JWT bearer flow is not enabled",
           _both(_EXTERNAL, _app(jwt_flow_enabled=False))),
    _fault("jti-replayed", JWT, "the jti was used before",
           _both(_client(extra_claims={"jti": "simulated-jti-1"}),
                 _policy(spent=frozenset({jti_name("simulated-jti-1")}))), "client"),
    _fault("missing-claim", JWT, "there is no exp", _client(extra_claims={"exp": None}), "client"),
    _fault("missing-claim:sub", JWT, "there is no sub", _client(extra_claims={"sub": None}), "client"),
    _fault("wrong-audience", JWT, "the org is a sandbox, and aud is the production login host", _sandbox()),
    _fault("wrong-audience:production", JWT, "the org is in production, and aud is the sandbox login host",
           _audience("https://test.salesforce.com"), "client"),
    _fault("wrong-audience:bare-host", JWT, "aud is a host without https://",
           _audience("login.salesforce.com"), "client"),
    _fault("wrong-audience:token-url", JWT, "aud is the token endpoint and not the login host",
           _audience("https://login.salesforce.com/services/oauth2/token"), "client"),
    _fault("audience-must-be-string", JWT, "aud is an array",
           _client(extra_claims={"aud": ["https://login.salesforce.com"]}), "client"),
    _fault("wrong-issuer", JWT, "iss is the app's name and not its consumer key",
           _client(client_id="Acme_Integration"), "client"),
    _fault("client-id-missing", JWT, "iss is empty", _client(client_id=""), "client"),
    _fault("client-id-unknown", JWT, "the org has no app with this consumer key", _app(consumer_key=OTHER_KEY)),
    _fault("wrong-subject", JWT, "sub is no user of this org", _user(username=OTHER_USER)),
    _fault("wrong-subject:sandbox-suffix", JWT, "a sandbox, and sub lacks its suffix",
           _both(_sandbox(), _audience("https://test.salesforce.com"), _user(username="integration@acme.example.dev"))),
)  # fmt: skip

# --- app, user and org ------------------------------------------------------------------------------------------

_POLICIES = (
    _fault("user-not-preauthorized", JWT, "the app is not set to admin pre-authorisation, and nobody approved it",
           _both(_app(permitted_users="self-authorize"), _user(approvals=0, approvals_made=0, assigned_to_app=False))),
    _fault("user-not-approved-app", JWT, "self-authorise, and this user's approval was withdrawn",
           _both(_app(permitted_users="self-authorize"), _user(approvals=0, approvals_made=1))),
    _fault("user-not-assigned-to-app", JWT, "pre-authorised, and the user is not assigned",
           _user(assigned_to_app=False)),
    _fault("user-never-logged-in", JWT, "the user has never completed a first login", _user(has_logged_in=False)),
    _fault("user-inactive", JWT, "the user is deactivated", _user(is_active=False)),
    _fault("user-frozen", JWT, "the user is frozen", _user(is_frozen=True)),
    _fault("missing-scope-refresh-token", JWT, "the app lacks the refresh_token scope", _app(scopes=("api", "web"))),
    _fault("missing-scope-refresh-token:approval", JWT, "self-authorise, and the approval held no refresh_token",
           _both(_app(permitted_users="self-authorize"), _user(approval_has_refresh_token=False))),
    _fault("ip-restricted", JWT, "the caller is outside the profile's login ranges", _OUTSIDE),
    _fault("ip-restricted:relaxed", JWT, "so, and the app relaxes IP restrictions, which does not help this flow",
           _both(_OUTSIDE, _app(ip_relaxation="relax"))),
    _fault("login-hours-restricted", JWT, "the profile lets nobody in at this hour",
           _user(login_hours=frozenset())),
    _fault("rate-limited", JWT, "3,600 logins of this user in the last hour", _user(logins_last_hour=3600)),
    _fault("mfa-required", JWT, "the profile demands a high-assurance session",
           _user(required_session_level="High Assurance")),
    _fault("org-inactive", JWT, "the org is locked", _org(is_active=False)),
    _fault("app-blocked", JWT, "an administrator blocked the app", _app(blocked=True)),
    _fault("app-in-other-org", JWT, "the external client app is local to another org",
           _both(_EXTERNAL, _app(installed=False, home_org_is_target=False))),
    _fault("app-not-installed", JWT, "the packaged external client app is not installed in this org",
           _both(_EXTERNAL, _app(installed=False))),
    _fault("app-not-propagated-yet", JWT, "the app was created two minutes ago", _app(age_min=2.0)),
    _fault("app-policy-missing", JWT, "the external client app has no policy record in this org",
           _both(_EXTERNAL, _app(has_policy=False))),
    _fault("package-version-mismatch", JWT, "the installed version is not that of the credentials",
           _app(version_matches=False)),
    _fault("flow-disabled", JWT, "the app's OAuth plugin is switched off", _app(is_enabled=False)),
    _fault("dpop-required", JWT, "the app wants a DPoP proof", _app(requires_dpop=True)),
    _fault("dpop-required:url", JWT, "the DPoP proof is for another URL",
           _proving(htu="https://old.acme.example/services/oauth2/token"), "client"),
    _fault("dpop-required:kept", JWT, "the DPoP proof was made long ago", _proving(iat=1_700_000_000), "client"),
    _fault("dpop-required:nonce-lost", JWT, "a proxy drops the DPoP-Nonce header",
           _both(_proving(), _app(dpop_nonces="withheld"))),
    _fault("wrong-login-host", JWT, "an external client app, asked through login.salesforce.com",
           _both(_EXTERNAL, _policy(logical_host="login.salesforce.com"))),
    _fault("wrong-login-host:other-pool", JWT, "a sandbox's app, asked through login.salesforce.com",
           _sandbox("login.salesforce.com")),
    _fault("wrong-login-host:lightning", JWT, "the Lightning host is asked, which serves no tokens",
           _policy(logical_host="acme.lightning.force.com")),
)  # fmt: skip

# --- client credentials -----------------------------------------------------------------------------------------

_CREDENTIALS = (
    _fault("wrong-login-host:client-credentials", CREDENTIALS, "asked at login.salesforce.com and not at My Domain",
           _policy(logical_host="login.salesforce.com")),
    _fault("no-run-as-user", CREDENTIALS, "no execution user is set", _app(run_as=None)),
    _fault("missing-scope-api", CREDENTIALS, "the app has only the full scope", _app(scopes=("full",))),
    _fault("client-secret-wrong", CREDENTIALS, "the secret is not that of the app", _app(consumer_secret=_ROTATED)),
    _fault("client-secret-missing", CREDENTIALS, "no secret is sent", _client(client_secret=None), "client"),
    _fault("client-secret-rotated", CREDENTIALS, "the secret was rotated an hour ago",
           _app(consumer_secret=_ROTATED, secret_rotated_min_ago=60.0, changed_recently=True)),
    _fault("scope-param-not-supported", CREDENTIALS, "a scope parameter is sent", _client(scope="api"), "client"),
    _fault("flow-disabled:client-credentials", CREDENTIALS, "the flow is not enabled on the app",
           _app(flows=frozenset({JWT, CODE, REFRESH}))),
    _fault("user-not-assigned-to-app:client-credentials", CREDENTIALS, "the execution user is not assigned",
           _user(assigned_to_app=False)),
    _fault("ip-restricted:client-credentials", CREDENTIALS, "the caller is outside the execution user's ranges",
           _OUTSIDE),
    _fault("client-id-unknown:client-credentials", CREDENTIALS, "the org has no app with this consumer key",
           _app(consumer_key=OTHER_KEY)),
    _fault("user-inactive:client-credentials", CREDENTIALS, "the execution user is deactivated",
           _user(is_active=False)),
)  # fmt: skip

# --- authorization code -----------------------------------------------------------------------------------------

_CODES = (
    _fault("pkce-missing", CODE, "the app requires PKCE, and no challenge is sent",
           _both(_app(requires_pkce=True), _client(pkce=False)), "client"),
    _fault("pkce-missing:org", CODE, "the whole org requires PKCE, and no challenge is sent",
           _both(_org(requires_pkce=True), _client(pkce=False)), "client"),
    _fault("pkce-verifier-mismatch", CODE, "the verifier is not that of the challenge",
           _both(_HELD_CODE, _client(code_verifier=Secret(_OTHER_VERIFIER))), "client"),
    _fault("pkce-verifier-mismatch:missing", CODE, "a challenge was sent, and no verifier follows",
           _both(_HELD_CODE, _client(code_verifier=None)), "client"),
    _fault("client-secret-wrong:authorization-code", CODE, "the secret is not that of the app",
           _both(_HELD_CODE, _app(consumer_secret=_ROTATED))),
    _fault("client-secret-missing:authorization-code", CODE, "the app requires the secret, a public client sends none",
           _both(_HELD_CODE, _client(client_secret=None)), "client"),
    _fault("code-expired", CODE, "the code is twenty minutes old", _both(_HELD_CODE, _held(code_age_s=1200.0)),
           "client"),
    _fault("code-reused", CODE, "the code was redeemed before",
           _both(_HELD_CODE, _policy(spent=frozenset({f"code:{HELD}"}))), "client"),
    _fault("redirect-uri-mismatch", CODE, "redirect_uri is none of the app's callback URLs",
           _app(callback_urls=("https://app.acme.example/oauth/callback/",))),
    _fault("redirect-uri-missing", CODE, "no redirect_uri is sent with the code",
           _both(_HELD_CODE, _client(redirect_uri=None)), "client"),
    _fault("app-not-installed:authorize", CODE, "the connected app is not installed in this org",
           _both(_app(installed=False, home_org_is_target=False), _user(approvals=0))),
    _fault("app-blocked:authorize", CODE, "an administrator blocked the app", _app(blocked=True)),
    _fault("scope-not-allowed", CODE, "a scope is asked for that the app does not have",
           _client(scope="api refresh_token cdp_api"), "client"),
    _fault("user-denied", CODE, "the user refuses at the approval page", _user(denies_approval=True)),
    _fault("user-not-assigned-to-app:authorize", CODE, "pre-authorised, and the user is not assigned",
           _user(assigned_to_app=False)),
)  # fmt: skip

# --- refresh token ----------------------------------------------------------------------------------------------

_REFRESHES = (
    _fault("refresh-token-revoked", REFRESH, "the refresh token was revoked", _user(tokens_revoked=True)),
    _fault("refresh-token-expired", REFRESH, "the refresh token is older than the app's policy lets it be",
           _both(_app(refresh_token_policy="specific_lifetime", refresh_token_life_s=86_400.0 * 7),
                 _held(refresh_age_s=86_400.0 * 30))),
    _fault("refresh-token-rotated", REFRESH, "rotation is on, and a replaced token is sent",
           _both(_app(rotates_refresh_tokens=True), _policy(spent=frozenset({f"refresh:{HELD}"})))),
    _fault("approval-limit-exceeded", REFRESH, "five later approvals pushed this one out",
           _user(approvals=5, approvals_made=6)),
    _fault("concurrent-refresh", REFRESH, "another process redeems the same token just now",
           _user(refresh_in_flight=True)),
    _fault("ip-restricted:app-allowlist", REFRESH, "the caller is not on the app's own list of addresses",
           _both(_EXTERNAL, _app(refresh_ip_allowlist=("198.51.100.0/24",)))),
    _fault("org-inactive:refresh-token", REFRESH, "the org is locked", _org(is_active=False)),
    _fault("user-inactive:refresh-token", REFRESH, "the user is deactivated", _user(is_active=False)),
    _fault("client-secret-wrong:refresh-token", REFRESH, "the secret is not that of the app",
           _app(consumer_secret=_ROTATED)),
)  # fmt: skip

# --- password, device, token exchange, SAML ---------------------------------------------------------------------

_OTHERS = (
    _fault("password-wrong", PASSWORD, "the password was changed", _user(password=Secret("simulated-N3w-passw0rd"))),
    _fault("security-token-missing", PASSWORD, "no security token is appended, and the address is not trusted",
           _client(security_token=None), "client"),
    _fault("security-token-missing:stale", PASSWORD, "the security token was reset",
           _user(security_token=Secret("SimulatedNewerToken00000"))),
    _fault("password-locked", PASSWORD, "the user is locked after failed attempts", _user(is_locked=True)),
    _fault("user-inactive:password", PASSWORD, "the user is deactivated", _user(is_active=False)),
    _fault("flow-disabled:password", PASSWORD, "the org does not allow the password flow",
           _org(allows_password_flow=False)),
    _fault("flow-disabled:external-client-app", PASSWORD, "external client apps offer no password flow", _EXTERNAL),
    _fault("wrong-login-host:password", PASSWORD, "a sandbox user at login.salesforce.com",
           _both(_sandbox("login.salesforce.com"), _app(known_in_both_pools=True))),
    _fault("platform-transient", PASSWORD, "the platform asks to try again", _org(platform="hiccup")),
    _fault("device-pending", DEVICE, "the user has not approved yet", _policy(device_approved=False)),
    _fault("device-polling-too-fast", DEVICE, "the last poll was a second ago",
           _held(device_polled_ago_s=1.0), "client"),
    _fault("device-code-expired", DEVICE, "the device code is 20 minutes old", _held(device_age_s=1200.0), "client"),
    _fault("token-handler-missing", EXCHANGE, "no token exchange handler is enabled", _app(token_handler="none")),
    _fault("token-handler-rejected", EXCHANGE, "the handler refuses the subject token",
           _app(token_handler="rejects")),
    _fault("saml-assertion-invalid", SAML, "what is sent is no SAML assertion",
           _both(_held(saml_age_s=None), _client(saml_assertion=Secret("bm90IGFuIGFzc2VydGlvbg"))), "client"),
)  # fmt: skip

# --- platform and network ---------------------------------------------------------------------------------------

_NETWORKS = (
    _fault("platform-maintenance", JWT, "the org is down: a page in place of JSON", _org(platform="maintenance")),
    _fault("platform-transient:overloaded", JWT, "503 without a body", _org(platform="overloaded")),
    _fault("http-not-https", JWT, "the token URL is http, which is redirected", _world(scheme="http"), "client"),
    _fault("dns-failed", JWT, "the host name does not resolve", _network("dns"), "network"),
    _fault("tls-trust-failed", JWT, "a certificate is shown that nobody trusts", _network("tls-untrusted"), "network"),
    _fault("proxy-refused", JWT, "a proxy asks for credentials", _network("proxy-login"), "network"),
    _fault("network-blocked", JWT, "nobody listens: a firewall refuses", _network("refused"), "network"),
    _fault("network-blocked:reset", JWT, "the connection is reset once the request was sent", _network("reset"),
           "network"),
    _fault("network-blocked:closed", JWT, "the connection is closed without an answer", _network("closed"), "network"),
    _fault("network-blocked:silent", JWT, "no answer ever comes", _network("silent"), "network"),
    _fault("network-blocked:portal-page", JWT, "a portal's page comes in the answer's place",
           _network("portal-page"), "network"),
    _fault("network-blocked:portal-redirect", JWT, "a portal redirects to its own page",
           _network("portal-redirect"), "network"),
)  # fmt: skip

FAULTS: tuple[Fault, ...] = (
    *_HEALTHY,
    *_TIMES,
    *_ASSERTIONS,
    *_POLICIES,
    *_CREDENTIALS,
    *_CODES,
    *_REFRESHES,
    *_OTHERS,
    *_NETWORKS,
)
"""Everything that ends without a token, and what is healthy."""

USELESS_TOKENS: tuple[Fault, ...] = (
    _fault("api-access-control", JWT, "a token is issued, and API Access Control refuses it",
           _both(_org(api_access_control=True), _app(allowlisted=False))),
    _fault("missing-scope-api:token", JWT, "a token is issued, and it lacks the api scope",
           _app(scopes=("web", "refresh_token"))),
)  # fmt: skip
"""A token is granted, and the API refuses it: for a check that tries what the token is good for."""

LISTED: tuple[Fault, ...] = (*FAULTS, *USELESS_TOKENS)
"""Everything that `simulate --list` names."""
