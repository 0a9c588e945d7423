"""Every staged fault gives exactly the reply that the knowledge documents for it, and healthy ones a token."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from simulated_client import login, redirect_parameters

import jwtdoctor.simulator.judge as judge_module
from jwtdoctor.errors import UnknownName
from jwtdoctor.model.exchange import NoReply, Reply
from jwtdoctor.model.names import canonical_flow
from jwtdoctor.simulator.faults import FAULTS, USELESS_TOKENS, fault, stage
from jwtdoctor.simulator.world import healthy
from jwtdoctor.testing import World

EXPIRED = ("invalid_grant", "expired authorization code")
ASSERTION = ("invalid_grant", "invalid assertion")
AUDIENCE = ("invalid_grant", "audience is invalid")
CLIENT = ("invalid_client_id", "client identifier invalid")
CREDENTIALS = ("invalid_client", "invalid client credentials")
APPROVAL = ("invalid_grant", "user hasn't approved this consumer")
ASSIGNMENT = ("invalid_app_access", "user is not admin approved to access this app")
INACTIVE = ("invalid_grant", "inactive user")
IP = ("invalid_grant", "ip restricted")
REFRESH = ("invalid_grant", "expired access/refresh token")
PASSWORD = ("invalid_grant", "authentication failure")
NOT_INSTALLED = ("app_not_found", "External client app is not installed in this org")
VERIFIER = ("invalid_grant", "invalid code verifier")
GRANT_TYPE = ("unsupported_grant_type", "grant type not supported")

TOKEN_REPLIES: dict[str, tuple[str, str | None]] = {
    "clock-drift": EXPIRED,
    "clock-drift:just-beyond": EXPIRED,
    "clock-drift:time-zone": EXPIRED,
    "server-clock-wrong": EXPIRED,
    "assertion-expired": EXPIRED,
    "assertion-time-miscalculated": EXPIRED,
    "assertion-time-miscalculated:time-zone": EXPIRED,
    "assertion-malformed": ASSERTION,
    "assertion-malformed:private-key": ASSERTION,
    "unsupported-algorithm": ASSERTION,
    "unsupported-algorithm:pss": ASSERTION,
    "signature-key-mismatch": ASSERTION,
    "certificate-not-uploaded": ASSERTION,
    "certificate-not-uploaded:jwt-flow-off": ASSERTION,
    "jti-replayed": ("bad_jti_claim", None),
    "missing-claim": ASSERTION,
    "missing-claim:sub": ASSERTION,
    "wrong-audience": AUDIENCE,
    "wrong-audience:production": AUDIENCE,
    "wrong-audience:bare-host": AUDIENCE,
    "wrong-audience:token-url": AUDIENCE,
    "audience-must-be-string": AUDIENCE,
    "wrong-issuer": CLIENT,
    "client-id-missing": CLIENT,
    "client-id-unknown": CLIENT,
    "wrong-subject": APPROVAL,
    "wrong-subject:sandbox-suffix": APPROVAL,
    "user-not-preauthorized": APPROVAL,
    "user-not-approved-app": APPROVAL,
    "user-not-assigned-to-app": ASSIGNMENT,
    "user-never-logged-in": APPROVAL,
    "user-inactive": INACTIVE,
    "user-frozen": INACTIVE,
    "missing-scope-refresh-token": (
        "invalid_request",
        "refresh_token scope is required and the connected app should be installed and preauthorized",
    ),
    "missing-scope-refresh-token:approval": APPROVAL,
    "ip-restricted": IP,
    "ip-restricted:relaxed": IP,
    "login-hours-restricted": IP,
    "rate-limited": ("invalid_grant", "login rate exceeded"),
    "mfa-required": ("invalid_session_level", None),
    "org-inactive": ("invalid_grant", "inactive organization"),
    "app-blocked": ("app_blocked", "this app is blocked by admin"),
    "app-in-other-org": NOT_INSTALLED,
    "app-not-installed": NOT_INSTALLED,
    "app-not-propagated-yet": CLIENT,
    "app-policy-missing": ("ecapp_policy_not_found", None),
    "package-version-mismatch": ("wrong_version", None),
    "flow-disabled": ("oauth_flow_disabled", "The external client app or the OAuth plugin is disabled."),
    "dpop-required": ("invalid_dpop_proof", None),
    "dpop-required:url": ("invalid_dpop_proof", None),
    "dpop-required:kept": ("invalid_dpop_proof", None),
    "dpop-required:nonce-lost": ("use_dpop_nonce", None),
    "wrong-login-host": NOT_INSTALLED,
    "wrong-login-host:other-pool": CLIENT,
    "wrong-login-host:lightning": GRANT_TYPE,
    "wrong-login-host:client-credentials": ("invalid_grant", "request not supported on this domain"),
    "no-run-as-user": ("invalid_grant", "no client credentials user enabled"),
    "missing-scope-api": ("invalid_grant", "no valid scopes defined"),
    "client-secret-wrong": CREDENTIALS,
    "client-secret-missing": CREDENTIALS,
    "client-secret-rotated": CREDENTIALS,
    "scope-param-not-supported": ("invalid_request", "scope parameter not supported"),
    "flow-disabled:client-credentials": ("invalid_grant", "client credentials flow not enabled"),
    "user-not-assigned-to-app:client-credentials": ASSIGNMENT,
    "ip-restricted:client-credentials": IP,
    "client-id-unknown:client-credentials": CLIENT,
    "user-inactive:client-credentials": INACTIVE,
    "pkce-verifier-mismatch": VERIFIER,
    "pkce-verifier-mismatch:missing": VERIFIER,
    "client-secret-wrong:authorization-code": CREDENTIALS,
    "client-secret-missing:authorization-code": CREDENTIALS,
    "code-expired": EXPIRED,
    "code-reused": ("invalid_grant", "invalid authorization code"),
    "redirect-uri-missing": ("redirect_uri_missing", None),
    "refresh-token-revoked": REFRESH,
    "refresh-token-expired": REFRESH,
    "refresh-token-rotated": REFRESH,
    "approval-limit-exceeded": REFRESH,
    "concurrent-refresh": ("invalid_grant", "token request is already being processed"),
    "ip-restricted:app-allowlist": ("invalid_grant", "ip restricted by app developer"),
    "org-inactive:refresh-token": ("invalid_grant", "inactive organization"),
    "user-inactive:refresh-token": INACTIVE,
    "client-secret-wrong:refresh-token": CREDENTIALS,
    "password-wrong": PASSWORD,
    "security-token-missing": PASSWORD,
    "security-token-missing:stale": PASSWORD,
    "password-locked": PASSWORD,
    "user-inactive:password": PASSWORD,
    "flow-disabled:password": PASSWORD,
    "flow-disabled:external-client-app": PASSWORD,
    "wrong-login-host:password": PASSWORD,
    "platform-transient": ("unknown_error", "retry your request"),
    "device-pending": ("authorization_pending", None),
    "device-polling-too-fast": ("slow_down", "polling too quickly for the token endpoint"),
    "device-code-expired": ("invalid_grant", "token exchange failed"),
    "token-handler-missing": ("invalid_request", "token handler not found"),
    "token-handler-rejected": ("invalid_request", "token handler validation failed"),
    "saml-assertion-invalid": ASSERTION,
}
AUTHORIZE_REPLIES: dict[str, tuple[str, str]] = {
    "pkce-missing": ("invalid_request", "missing required code challenge"),
    "pkce-missing:org": ("invalid_request", "missing required code challenge"),
    "redirect-uri-mismatch": ("redirect_uri_mismatch", "redirect_uri must match configuration"),
    "app-not-installed:authorize": ("invalid_client", "app must be installed into org"),
    "app-blocked:authorize": ("OAUTH_APP_BLOCKED", "this app is blocked by admin"),
    "scope-not-allowed": ("invalid_scope", "the requested scope is not allowed"),
    "user-denied": ("access_denied", "end-user denied authorization"),
    "user-not-assigned-to-app:authorize": (
        "OAUTH_APP_ACCESS_DENIED",
        "user is not admin approved to access this app",
    ),
}
OTHER_STATUS = {
    "platform-maintenance": 503,
    "platform-transient:overloaded": 503,
    "http-not-https": 301,
    "proxy-refused": 407,
    "network-blocked:portal-page": 200,
    "network-blocked:portal-redirect": 302,
}
NO_REPLY = {
    "dns-failed": "dns",
    "tls-trust-failed": "tls-trust",
    "network-blocked": "refused",
    "network-blocked:reset": "reset",
    "network-blocked:closed": "reset",
    "network-blocked:silent": "read-timeout",
}
HEALTHY = [one.name for one in FAULTS if one.stages is None]


def test_every_fault_has_a_row_in_these_tables() -> None:
    told = {*TOKEN_REPLIES, *AUTHORIZE_REPLIES, *OTHER_STATUS, *NO_REPLY, *HEALTHY}

    assert {one.name for one in FAULTS} == told


@pytest.mark.parametrize("name", TOKEN_REPLIES)
def test_a_fault_at_the_token_endpoint_is_answered_in_the_documented_words(name: str) -> None:
    reply = login(World(name))

    assert isinstance(reply, Reply)
    error, description = TOKEN_REPLIES[name]
    expected = {"error": error} | ({} if description is None else {"error_description": description})
    assert (reply.status, json.loads(reply.body)) == (400, expected)


@pytest.mark.parametrize("name", AUTHORIZE_REPLIES)
def test_a_fault_at_authorize_is_told_in_the_redirect(name: str) -> None:
    parameters = redirect_parameters(login(World(name)))

    assert (parameters["error"], parameters["error_description"]) == AUTHORIZE_REPLIES[name]


@pytest.mark.parametrize("name", OTHER_STATUS)
def test_what_is_not_json_has_its_status(name: str) -> None:
    reply = login(World(name))

    assert isinstance(reply, Reply)
    assert (reply.status, "{" in reply.body) == (OTHER_STATUS[name], False)


@pytest.mark.parametrize("name", NO_REPLY)
def test_a_broken_way_gives_no_reply_and_names_its_layer(name: str) -> None:
    exchange = login(World(name))

    assert isinstance(exchange, NoReply)
    assert exchange.layer == NO_REPLY[name]


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_variant_is_granted(name: str) -> None:
    reply = login(World(name))

    assert isinstance(reply, Reply)
    assert "access_token" in json.loads(reply.body)


@pytest.mark.parametrize("name", [one.name for one in USELESS_TOKENS])
def test_a_useless_token_is_issued_and_refused_by_the_api(name: str) -> None:
    world = World(name)
    token = json.loads(str(getattr(login(world), "body", "")))["access_token"]

    answer = world.transport.get(f"https://acme.my.salesforce.com/services/data/v63.0/query?oauth_token={token}", 5.0)

    assert isinstance(answer, Reply)
    assert (answer.status, json.loads(answer.body)[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_at_least_forty_causes_are_staged() -> None:
    assert len({one.stages for one in FAULTS if one.stages}) >= 40


@pytest.mark.parametrize("one", FAULTS, ids=lambda one: str(one.name))
def test_a_fault_is_named_by_the_cause_that_it_stages(one: object) -> None:
    found = fault(str(getattr(one, "name", "")))

    slug, _, _ = found.name.partition(":")
    assert found.stages == (None if slug == "healthy" else slug)
    assert canonical_flow(found.flow) == found.flow


def test_names_are_unique() -> None:
    names = [one.name for one in (*FAULTS, *USELESS_TOKENS)]

    assert len(set(names)) == len(names)


def test_an_unknown_fault_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="clock-drift"):
        stage("clock-drifft")


def test_no_scenario_holds_the_name_of_its_fault() -> None:
    """The judge and the engine see scenarios; neither may learn from one what was staged."""
    for one in FAULTS:
        if one.stages is not None and one.flow != "jwt-bearer":
            assert one.name not in repr(stage(one.name))


def test_a_fault_is_a_change_of_a_healthy_scenario() -> None:
    base = healthy(username="somebody@else.example")

    staged = stage("user-inactive", base)

    assert (staged.attempt, staged.policy.users[0].is_active) == (base.attempt, False)


@pytest.mark.parametrize("module", ["judge", "grants", "checks", "authorize", "resources", "ruling", "wire", "policy"])
def test_what_judges_never_imports_the_faults(module: str) -> None:
    source = Path(judge_module.__file__).with_name(f"{module}.py").read_text(encoding="utf-8")

    imported = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert not {"jwtdoctor.simulator.faults", "jwtdoctor.simulator.world"} & imported
