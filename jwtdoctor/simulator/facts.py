"""What people around a scenario could tell: whoever sits at the client, and whoever administers the org.

Both read the scenario's state and nothing else; no fact is written because of a fault's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jwtdoctor.instruments.proxies import DEFAULT_PORTS
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.simulator.checks import is_within, ranges_apply
from jwtdoctor.simulator.policy import App, Org, Policy, User

if TYPE_CHECKING:
    from jwtdoctor.simulator.refusals import Refusal
    from jwtdoctor.simulator.world import Scenario


def client_facts(scenario: Scenario) -> tuple[Observation, ...]:
    """What is known at the client without any rights in the org.

    The host, port and scheme that are *meant* are among them, since a loopback address testifies to nothing: a `check`
    against the simulator must say `request.token_host` from here.
    """
    facts: dict[str, Value] = {
        "request.token_host": scenario.token_host,
        "request.token_port": DEFAULT_PORTS[scenario.scheme],
        "request.scheme": scenario.scheme,
        "app.kind": scenario.policy.app.kind,
        "org.kind": scenario.policy.org.kind,
        "org.my_domain": scenario.policy.org.my_domain,
    }
    if scenario.held.code_age_s is not None:
        facts["request.code_age_s"] = scenario.held.code_age_s
    return _observed(facts, "user")


def admin_facts(scenario: Scenario, refusal: Refusal | None = None) -> tuple[Observation, ...]:
    """What an administrator of the org sees in Setup, about this app, the user that the client names, and the org.

    `refusal` is what the judge answered (`Ruling.refusal`): with it, the row of Login History is among the facts
    where its text is known.
    """
    policy, flow = scenario.policy, scenario.flow
    facts: dict[str, Value] = {
        **_of_app(policy.app, flow),
        **_of_org(policy.org),
        **_of_control(policy),
        **_of_client(policy),
        **_of_user(scenario, _user_of(scenario)),
        **_of_match(scenario),
    }
    if refusal is not None and refusal.login_history is not None:
        facts["login_history.status"] = refusal.login_history
    return _observed(facts, "org")


def _observed(facts: Mapping[str, Value], source: str) -> tuple[Observation, ...]:
    return tuple(Observation(name, value, source) for name, value in facts.items())


def _user_of(scenario: Scenario) -> User | None:
    """The user that this login would be: the one whom the client names, or whom the app runs as."""
    policy = scenario.policy
    if scenario.flow == "client-credentials":
        return policy.user(policy.app.run_as) if policy.app.run_as else None
    if scenario.flow in ("jwt-bearer", "password", "saml-bearer"):
        return policy.user(scenario.attempt.username)
    return policy.user(policy.browser_user)


def _of_app(app: App, flow: str) -> dict[str, Value]:
    facts: dict[str, Value] = {
        "app.kind": app.kind,
        "app.permitted_users": app.permitted_users,
        "app.scopes": app.scopes,
        "app.has_api_scope": "api" in app.scopes,
        "app.has_refresh_token_scope": app.has_refresh_scope,
        "app.requires_pkce": app.requires_pkce,
        "app.ip_relaxation": app.ip_relaxation,
        "app.age_min": app.age_min,
        "app.is_new": app.is_replicating,
        "app.changed_recently": app.changed_recently or app.is_replicating,
        "app.installed": app.installed,
        "app.home_org_is_target": app.home_org_is_target,
        "app.refresh_token_policy": app.refresh_token_policy,
        "app.refresh_token_rotation": app.rotates_refresh_tokens,
        # The field for the certificate is there only where the JWT flow is ticked.
        "app.certificate_uploaded": bool(app.certificates) and app.jwt_flow_enabled,
        "app.blocked": app.blocked,
        "app.has_policies": app.has_policy,
        "app.requires_dpop": app.requires_dpop,
        "app.flow_enabled": app.is_enabled and _offers(app, flow),
    }
    if app.is_external:
        facts["app.distribution_state"] = app.distribution
    if flow == "token-exchange":
        facts["app.token_handler_enabled"] = app.token_handler != "none"
    if flow in ("authorization-code", "refresh-token"):
        facts["app.requires_secret"] = app.requires_secret
    if flow == "jwt-bearer":
        facts["app.jwt_flow_enabled"] = app.jwt_flow_enabled and bool(app.certificates)
    if flow == "client-credentials":
        facts["app.run_as_user_set"] = app.run_as is not None
        facts["app.client_credentials_enabled"] = flow in app.flows
    if app.secret_rotated_min_ago is not None:
        facts["history.secret_rotated_min_ago"] = app.secret_rotated_min_ago
    return facts


def _of_client(policy: Policy) -> dict[str, Value]:
    """What whoever runs the client can tell of what it did before."""
    reused = any(name.startswith("refresh:") for name in policy.spent)
    return {"history.refresh_token_used_before": True} if reused else {}


def _offers(app: App, flow: str) -> bool:
    return flow in app.flows and not (flow == "password" and app.is_external)


def _of_org(org: Org) -> dict[str, Value]:
    return {
        "org.kind": org.kind,
        "org.requires_pkce": org.requires_pkce,
        "org.allows_password_flow": org.allows_password_flow,
        "org.api_access_control": org.api_access_control,
        "org.is_active": org.is_active,
        "org.is_new": org.is_new,
    }


def _of_control(policy: Policy) -> dict[str, Value]:
    return {"app.allowlisted": policy.app.allowlisted} if policy.org.api_access_control else {}


def _of_user(scenario: Scenario, user: User | None) -> dict[str, Value]:
    names_one = scenario.flow != "client-credentials"
    if user is None:
        return {"user.exists_in_org": False} if names_one else {}
    facts: dict[str, Value] = {
        "user.exists_in_org": True,
        "user.assigned_to_app": user.assigned_to_app,
        "user.has_approved_app": user.approvals > 0,
        "user.approvals_for_app": user.approvals,
        "user.is_active": user.is_active,
        "user.is_frozen": user.is_frozen,
        "user.password_locked": user.is_locked,
        "user.has_logged_in": user.has_logged_in,
        "user.has_api_access": user.has_api_access,
        "user.required_session_level": user.required_session_level,
        "user.has_ip_ranges": bool(user.ip_ranges),
        "user.login_hours_set": user.login_hours is not None,
        "history.logins_last_hour": user.logins_last_hour,
    }
    if user.approvals:
        facts["user.approval_has_refresh_token"] = user.approval_has_refresh_token
    facts.update(_of_address(scenario, user))
    return facts


def _of_address(scenario: Scenario, user: User) -> dict[str, Value]:
    app = scenario.policy.app
    if app.refresh_ip_allowlist and scenario.flow in ("authorization-code", "refresh-token"):
        return {"user.caller_ip_in_ranges": is_within(scenario.caller_ip, app.refresh_ip_allowlist)}
    if not user.ip_ranges:
        return {}
    inside = is_within(scenario.caller_ip, user.ip_ranges)
    applies = ranges_apply(scenario.flow, app)
    return {"user.ip_ranges": user.ip_ranges, "user.caller_ip_in_ranges": inside or not applies}


def _of_match(scenario: Scenario) -> dict[str, Value]:
    """What client and app have in common, for whoever can see both."""
    attempt, app = scenario.attempt, scenario.policy.app
    facts: dict[str, Value] = {"request.client_id_matches_app": attempt.client_id == app.consumer_key}
    if attempt.client_secret is not None:
        facts["request.secret_matches_app"] = attempt.client_secret == app.consumer_secret
    if attempt.redirect_uri is not None:
        facts["request.redirect_uri_registered"] = attempt.redirect_uri in app.callback_urls
    if attempt.key_pem is not None and app.certificates:
        facts["key.matches_certificate"] = _pairs(attempt.key_pem.reveal(), scenario.policy)
    return facts


def _pairs(private_pem: str, policy: Policy) -> bool:
    from jwtdoctor.assertions.keys import load_private, load_public, matches

    private = load_private(private_pem.encode(), where="the client's key")
    certificates = (load_public(pem.encode(), where="the certificate on the app") for pem in policy.app.certificates)
    return any(matches(private, certificate) for certificate in certificates)
