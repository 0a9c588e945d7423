"""What was seen of the org behind a login, in a line each, and the head of an audit's report.

What was not visible is said to be so, in the place where its value would stand: silence would read as fine.
"""

from __future__ import annotations

from datetime import UTC, datetime

from jwtdoctor.model.chart import Chart
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Failed, Report, Skipped
from jwtdoctor.render.way import Rows
from jwtdoctor.render.words import duration, one_line

UNSEEN = "not visible"
KINDS = {"connected-app": "a connected app", "external-client-app": "an external client app"}
MOST_NAMES = 6


def is_of_an_org(report: Report) -> bool:
    """Whether anything of the report was read in an org."""
    return any(seen.source.startswith("audit:") for seen in report.chart)


def head_of_audit(report: Report) -> tuple[str, str, str]:
    """Mark, word and statement of an audit; the statement empty where its verdict is one."""
    not_read = next((f.message for f in report.findings if f.rule == "org-not-read"), "")
    if not_read:
        return "bad", "NOT READ", not_read[:1].upper() + not_read[1:]
    if report.command == "audit --apps":
        return _of_apps(report)
    if report.leaders:
        return ("bad", "REFUSED", "") if report.outcome is Outcome.REFUSED else ("bad", "WOULD FAIL", "")
    if report.outcome is Outcome.REFUSED:
        return "bad", "REFUSED", "No known cause fits the last refusal"
    if any(f.severity == "error" for f in report.findings):
        return "bad", "AUDITED", "Something in the org stands in the way of this login"
    hidden = any(isinstance(p, (Skipped, Failed)) for p in report.probes)
    limit = ", as far as this session sees" if hidden else ""
    return "ok", "AUDITED", f"Nothing in the org speaks against this login{limit}"


def _of_apps(report: Report) -> tuple[str, str, str]:
    number = sum(f.severity in ("error", "warning") for f in report.findings)
    if number:
        return "bad", "AUDITED", f"{number} {'risks' if number > 1 else 'risk'} among the apps of the org"
    hidden = any(isinstance(p, (Skipped, Failed)) for p in report.probes)
    return "ok", "AUDITED", "No app is at risk" + (", as far as this session sees" if hidden else "")


def org_rows(report: Report) -> Rows:
    """The lines, each with its name."""
    if not is_of_an_org(report) or report.command == "audit --apps":
        return ()
    chart = report.chart
    rows = (
        ("app", _app(chart)),
        ("settings", _settings(chart, report.at)),
        ("user", _user(chart)),
        ("assigned", _assigned(chart)),
        ("approved", _approved(chart)),
        ("address", _address(chart)),
        ("hours", _hours(chart)),
        ("event log", _named(chart, "login_history.idp_code", "Identity Provider Event Log:")),
        ("org", _org(chart)),
    )
    return tuple((name, words) for name, words in rows if words)


def _app(chart: Chart) -> str:
    if chart.flag("app.installed") is False or chart.flag("request.client_id_matches_app") is False:
        return "none of the org's apps has this consumer key"
    if "app.name" not in chart:
        return f"which app it is: {UNSEEN}"
    parts = [one_line(chart.text("app.name") or "", 80), KINDS.get(chart.text("app.kind") or "", "")]
    parts.append(_told(chart, "app.blocked", "blocked", ""))
    parts.append(chart.text("app.permitted_users") or f"Permitted Users {UNSEEN}")
    return ", ".join(part for part in parts if part)


def _settings(chart: Chart, at: float | None) -> str:
    scopes = chart.value("app.scopes")
    parts = [f"scopes {' '.join(scopes)}" if isinstance(scopes, tuple) and scopes else ""]
    parts.append(_named(chart, "app.ip_relaxation", "IP relaxation"))
    parts.append(_named(chart, "app.refresh_token_policy", "refresh tokens"))
    ends_s = chart.number("app.certificate_not_after_in_s")
    if ends_s is not None:
        parts.append(_certificate(ends_s, at))
    elif chart.flag("app.certificate_uploaded") is False:
        parts.append("no certificate")
    parts.append(_named(chart, "app.staged_credentials", "staged credentials"))
    return "; ".join(part for part in parts if part)


def _certificate(ends_s: float, at: float | None) -> str:
    """By date where the moment is known, as an administrator reads it in Setup."""
    verb = "ends" if ends_s > 0 else "ended"
    if at is None:
        return f"certificate {verb} {'in ' if ends_s > 0 else ''}{duration(ends_s)}{'' if ends_s > 0 else ' ago'}"
    day = datetime.fromtimestamp(min(max(at + ends_s, 0.0), 253402300799.0), UTC)
    return f"certificate {verb} on {day:%Y-%m-%d}"


def _user(chart: Chart) -> str:
    if chart.flag("user.exists_in_org") is False:
        return "no user of this name is in the org"
    if "user.exists_in_org" not in chart:
        return UNSEEN
    parts = [
        _told(chart, "user.is_active", "active", "inactive"),
        _told(chart, "user.is_frozen", "frozen", "not frozen", unseen="frozen or not: " + UNSEEN),
        _told(chart, "user.password_locked", "password locked", ""),
        _told(chart, "user.has_logged_in", "", "has never logged in"),
        _told(chart, "user.has_api_access", "API access", "no API access", unseen="API access: " + UNSEEN),
        _named(chart, "user.profile", "profile"),
        _named(chart, "user.licence", "licence"),
    ]
    return ", ".join(part for part in parts if part)


def _assigned(chart: Chart) -> str:
    grantees = chart.value("app.grantees")
    whom = _names(grantees) if isinstance(grantees, tuple) else UNSEEN
    assigned = chart.flag("user.assigned_to_app")
    if chart.flag("app.installed") is False:
        return ""
    if assigned is None and not isinstance(grantees, tuple):
        return UNSEEN if "app.name" in chart else ""
    by = one_line(chart.text("user.assigned_by") or "", 80)
    if assigned is None:
        return f"this user or not: {UNSEEN}; the app is assigned to {whom}"
    return f"by {by}" if assigned else f"no: the app is assigned to {whom}"


def _approved(chart: Chart) -> str:
    """Only where users approve the app themselves: elsewhere an approval does nothing."""
    if chart.text("app.permitted_users") != "self-authorize":
        return ""
    number = chart.number("user.approvals_for_app")
    if number is None:
        return f"by this user or not: {UNSEEN}"
    times = "once" if number == 1 else f"{number:.0f} times"
    return f"by this user, {times}" if number else "not by this user"


def _names(names: tuple[str, ...]) -> str:
    if not names:
        return "nobody"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(one_line(name, 60) for name in names[:MOST_NAMES]) + more


def _address(chart: Chart) -> str:
    caller = one_line(chart.text("user.caller_ip") or "", 60)
    if chart.flag("user.has_ip_ranges") is False:
        return f"{caller or 'any address'}: the profile has no login ranges"
    if "user.has_ip_ranges" not in chart:
        return f"login ranges: {UNSEEN}"
    ranges = chart.value("user.ip_ranges")
    which = _names(ranges) if isinstance(ranges, tuple) else ""
    inside = chart.flag("user.caller_ip_in_ranges")
    if inside is None:
        return f"login ranges {which}; the caller's address is not known (--caller-ip)"
    return f"{caller} is {'inside' if inside else 'outside of'} {which}"


def _hours(chart: Chart) -> str:
    if not chart.flag("user.login_hours_set"):
        return ""
    inside = chart.flag("user.within_login_hours")
    where = "" if inside is None else "; the attempt lay " + ("within" if inside else "outside of") + " them"
    return f"the profile has login hours{where}"


def _org(chart: Chart) -> str:
    control = "API Access Control"
    parts = [
        chart.text("org.kind") or "",
        _told(chart, "org.api_access_control", f"{control} on", "", unseen=f"{control}: {UNSEEN}"),
        _told(chart, "org.requires_pkce", "PKCE required", ""),
    ]
    return ", ".join(part for part in parts if part)


def _told(chart: Chart, fact: str, yes: str, no: str, unseen: str = "") -> str:
    found = chart.flag(fact)
    return unseen if found is None else yes if found else no


def _named(chart: Chart, fact: str, name: str) -> str:
    found = chart.text(fact)
    return f"{name} {one_line(found, 60)}" if found else ""
