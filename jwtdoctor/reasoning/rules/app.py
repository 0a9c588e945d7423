"""The app's policies, as an administrator sees them."""

from __future__ import annotations

from jwtdoctor.reasoning.rules.table import REPLICATION_MIN, Given, derived, scopes_of_app


def _permitted(given: Given) -> str | None:
    """`admin-approved`, `self-authorize`, or None; Setup's own words are read too."""
    text = given.chart.text("app.permitted_users")
    if text is None:
        return None
    folded = text.lower().replace("_", "-")
    if "admin" in folded or "pre-auth" in folded:
        return "admin-approved"
    return "self-authorize" if "self" in folded or folded.startswith("all") else None


@derived("app.is_admin_approved", "app.permitted_users")
def _is_admin_approved(given: Given) -> bool | None:
    permitted = _permitted(given)
    return None if permitted is None else permitted == "admin-approved"


@derived("app.preauthorised_but_unassigned", "app.permitted_users", "user.assigned_to_app")
def _preauthorised_but_unassigned(given: Given) -> bool | None:
    permitted, assigned = _permitted(given), given.chart.flag("user.assigned_to_app")
    if permitted is None or (permitted == "admin-approved" and assigned is None):
        return None
    return permitted == "admin-approved" and assigned is False


@derived("app.preauthorised_and_assigned", "app.permitted_users", "user.assigned_to_app")
def _preauthorised_and_assigned(given: Given) -> bool | None:
    permitted, assigned = _permitted(given), given.chart.flag("user.assigned_to_app")
    if permitted is None or (permitted == "admin-approved" and assigned is None):
        return None
    return permitted == "admin-approved" and assigned is True


@derived(
    "app.self_authorised_without_approval",
    "app.permitted_users",
    "user.has_approved_app",
    "user.approval_has_refresh_token",
)
def _self_authorised_without_approval(given: Given) -> bool | None:
    permitted, approved = _permitted(given), given.chart.flag("user.has_approved_app")
    usable = given.chart.flag("user.approval_has_refresh_token")
    if permitted != "self-authorize":
        return None if permitted is None else False
    return None if approved is None and usable is None else approved is False or usable is False


@derived(
    "app.self_authorised_with_approval",
    "app.permitted_users",
    "user.has_approved_app",
    "user.approval_has_refresh_token",
)
def _self_authorised_with_approval(given: Given) -> bool | None:
    """Only an approval that held refresh_token counts for JWT bearer (help, xcloud.remoteaccess_oauth_jwt_flow)."""
    permitted, usable = _permitted(given), given.chart.flag("user.approval_has_refresh_token")
    if permitted != "self-authorize":
        return None if permitted is None else False
    approved = given.chart.flag("user.has_approved_app")
    return None if usable is None else usable and approved is not False


@derived("app.supports_flow", "app.kind", "app.flow_enabled")
def _supports_flow(given: Given) -> bool | None:
    """External client apps offer no user name and password flow."""
    app = given.chart.text("app.kind")
    if given.chart.flag("app.flow_enabled") is False:
        return False
    return (
        None if app is None or given.flow is None else not (app == "external-client-app" and given.flow == "password")
    )


@derived("app.is_younger_than_replication", "app.is_new", "app.age_min")
def _is_younger_than_replication(given: Given) -> bool | None:
    age_min, is_new = given.chart.number("app.age_min"), given.chart.flag("app.is_new")
    return is_new if age_min is None else age_min < REPLICATION_MIN


@derived("app.scopes_suffice_for_api", "app.scopes", "app.has_api_scope", "token.scopes")
def _scopes_suffice_for_api(given: Given) -> bool | None:
    granted = given.chart.value("token.scopes")
    if isinstance(granted, tuple) and granted and given.provider.slug == "salesforce":
        return bool({"api", "full"} & set(granted))
    scopes, told = scopes_of_app(given), given.chart.flag("app.has_api_scope")
    if scopes is None:
        return told
    wanted = {"api"} if given.flow == "client-credentials" else {"api", "full", "web"}
    return bool(scopes & wanted)


@derived("app.lacks_refresh_scope", "app.scopes", "app.has_refresh_token_scope")
def _lacks_refresh_scope(given: Given) -> bool | None:
    scopes, told = scopes_of_app(given), given.chart.flag("app.has_refresh_token_scope")
    if scopes is None:
        return None if told is None else not told
    return not scopes & {"refresh_token", "offline_access", "refreshtoken", "offlineaccess"}


@derived("app.token_dies_at_once", "app.refresh_token_policy")
def _token_dies_at_once(given: Given) -> bool | None:
    policy = given.chart.text("app.refresh_token_policy")
    return (
        None
        if policy is None
        else policy.lower().replace("-", "_") not in ("infinite", "until_revoked", "valid_until_revoked")
    )


@derived("app.is_local_elsewhere", "app.distribution_state", "app.home_org_is_target", "app.kind")
def _is_local_elsewhere(given: Given) -> bool | None:
    """A local external client app lives in one org only; a packaged one can be installed elsewhere."""
    state, home = given.chart.text("app.distribution_state"), given.chart.flag("app.home_org_is_target")
    if home is True or (state or "").lower() == "packaged":
        return False
    return True if home is False and (state or "").lower() == "local" else None
