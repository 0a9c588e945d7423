"""Which command of ours finds a fact out without asking anybody: the one place, so that every question can say so.

Metadata in a repository is at hand where an administrator's session often is not, so that `lint` goes before `audit`
where both could tell. What `lint` can tell is what `lint/facts.py` yields; a test holds the two together.
"""

from __future__ import annotations

LINT = "jwtdoctor lint PATH --app NAME"
AUDIT = "jwtdoctor audit --sf ALIAS"

COMMANDS: dict[str, str] = {
    "key.matches_certificate": "jwtdoctor keys match PRIVATE_KEY CERTIFICATE",
    "clock.ahead_s": "jwtdoctor clock",
    "assertion.is_jwt": "jwtdoctor inspect -",
    "path.dns_resolves": "jwtdoctor check",
    "app.blocked": LINT,
    "app.certificate_uploaded": LINT,
    "app.client_credentials_enabled": LINT,
    "app.distribution_state": LINT,
    "app.flow_enabled": LINT,
    "app.has_api_scope": LINT,
    "app.has_refresh_token_scope": LINT,
    "app.ip_relaxation": LINT,
    "app.jwt_access_tokens": LINT,
    "app.kind": LINT,
    "app.permitted_users": LINT,
    "app.refresh_token_policy": LINT,
    "app.refresh_token_rotation": LINT,
    "app.requires_pkce": LINT,
    "app.run_as_user_set": LINT,
    "org.allows_password_flow": LINT,
    "org.api_access_control": LINT,
    "org.requires_pkce": LINT,
    "app.age_min": AUDIT,
    "app.changed_recently": AUDIT,
    "app.has_policies": AUDIT,
    "app.installed": AUDIT,
    "app.is_new": AUDIT,
    "app.jwt_flow_enabled": AUDIT,
    "app.requires_dpop": AUDIT,
    "app.requires_secret": AUDIT,
    "history.logins_last_hour": AUDIT,
    "history.worked_before": AUDIT,
    "login_history.status": AUDIT,
    "org.is_active": AUDIT,
    "org.is_new": AUDIT,
    "org.kind": AUDIT,
    "request.client_id_matches_app": AUDIT,
    "request.redirect_uri_registered": AUDIT,
    "user.approvals_for_app": AUDIT,
    "user.assigned_to_app": AUDIT,
    "user.caller_ip_in_ranges": AUDIT,
    "user.exists_in_org": AUDIT,
    "user.has_api_access": AUDIT,
    "user.has_approved_app": AUDIT,
    "user.has_ip_ranges": AUDIT,
    "user.has_logged_in": AUDIT,
    "user.is_active": AUDIT,
    "user.is_api_only": AUDIT,
    "user.is_frozen": AUDIT,
    "user.login_hours_set": AUDIT,
    "user.may_use_uninstalled_apps": AUDIT,
    "user.password_locked": AUDIT,
    "user.required_session_level": AUDIT,
}
"""Fact -> the command that answers the question about it."""


def command_for(fact: str, provider: str) -> str | None:
    """The command that finds this fact out, or None. Only Salesforce's apps can be read by `lint` and `audit`."""
    command = COMMANDS.get(fact)
    return None if command in (LINT, AUDIT) and provider != "salesforce" else command
