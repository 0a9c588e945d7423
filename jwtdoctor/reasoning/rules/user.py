"""The user, the caller's address, and what happened before."""

from __future__ import annotations

from jwtdoctor.reasoning import salesforce_hosts as hosts
from jwtdoctor.reasoning.rules.table import Given, derived


@derived("user.ip_is_outside", "user.caller_ip_in_ranges", "user.has_ip_ranges", "app.ip_relaxation")
def _ip_is_outside(given: Given) -> bool | None:
    """JWT and SAML bearer enforce the profile's ranges whatever the app says (xcloud.connected_app_continuous_ip)."""
    inside = given.chart.flag("user.caller_ip_in_ranges")
    if inside is None:
        return False if given.chart.flag("user.has_ip_ranges") is False else None
    relaxed = (given.chart.text("app.ip_relaxation") or "").lower().replace("-", "_") in (
        "relax",
        "bypass",
        "relax_ip_restrictions",
    )
    if relaxed and given.flow not in ("jwt-bearer", "saml-bearer"):
        return False
    return not inside


@derived("user.ip_is_inside", "user.caller_ip_in_ranges", "user.has_ip_ranges", "app.ip_relaxation")
def _ip_is_inside(given: Given) -> bool | None:
    outside = given.chart.flag("user.ip_is_outside")
    return None if outside is None else not outside


@derived("user.session_level_is_high", "user.required_session_level")
def _session_level_is_high(given: Given) -> bool | None:
    level = given.chart.text("user.required_session_level")
    return None if level is None else "high" in level.lower()


@derived("user.approvals_at_limit", "user.approvals_for_app")
def _approvals_at_limit(given: Given) -> bool | None:
    approvals, most = given.chart.number("user.approvals_for_app"), given.provider.limit("approvals_per_app")
    return None if approvals is None or most is None else approvals >= most


@derived("history.login_rate_is_over_limit", "history.logins_last_hour")
def _login_rate_is_over_limit(given: Given) -> bool | None:
    logins, most = given.chart.number("history.logins_last_hour"), given.provider.limit("logins_per_hour")
    return None if logins is None or most is None else logins >= most


@derived("history.rotated_recently", "history.secret_rotated_min_ago")
def _rotated_recently(given: Given) -> bool | None:
    ago_min = given.chart.number("history.secret_rotated_min_ago")
    return None if ago_min is None else ago_min < 60 * 24 * 45


@derived("history.was_always_broken", "history.worked_before")
def _was_always_broken(given: Given) -> bool | None:
    worked = given.chart.flag("history.worked_before")
    return None if worked is None else not worked


@derived("user.approval_lacks_refresh", "user.has_approved_app", "user.approval_has_refresh_token")
def _approval_lacks_refresh(given: Given) -> bool | None:
    usable = given.chart.flag("user.approval_has_refresh_token")
    return None if usable is None else not usable and given.chart.flag("user.has_approved_app") is not False


@derived("user.username_fits_org", "user.username_is_sandbox_style", "org.kind")
def _username_fits_org(given: Given) -> bool | None:
    style, org = given.chart.flag("user.username_is_sandbox_style"), given.chart.text("org.kind")
    if style is None or org is None or org.strip().lower() in ("scratch", "developer"):
        return None
    return style == hosts.is_sandbox_like(org)


@derived("history.broke_after_app_change", "history.worked_before", "app.changed_recently")
def _broke_after_app_change(given: Given) -> bool | None:
    worked, changed = given.chart.flag("history.worked_before"), given.chart.flag("app.changed_recently")
    return None if not worked or changed is None else changed
