"""What an audit says besides facts: findings about the app, the assignment and the last logins. Pure.

A finding is said where it would stop this very login, or will before long. It names what was seen and where to go.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from jwtdoctor.model.assertion import Finding, Severity
from jwtdoctor.org.app import AppSeen
from jwtdoctor.org.history import History
from jwtdoctor.org.session import Limits
from jwtdoctor.org.user import Reach

DAY_S = 86_400.0
SOON_S = 30 * DAY_S
MOST_ROWS = 5
"""Rows of Login History that are told."""
_POLICIES = "Setup > Connected Apps > Manage Connected Apps (or External Client App Manager) > (app)"


@dataclass(slots=True)
class Findings:
    """Gathers findings; each rule once."""

    _found: dict[str, Finding] = field(default_factory=dict)

    @property
    def all(self) -> tuple[Finding, ...]:
        rank = {"error": 0, "warning": 1, "note": 2}
        return tuple(sorted(self._found.values(), key=lambda finding: (rank[finding.severity], finding.rule)))

    def not_read(self, reason: str) -> None:
        what = f"the org could not be read ({reason})"
        remedy = "name a session that is alive: sf org login web, then --sf ALIAS; and the org's own host"
        self._say("org-not-read", "error", "session", what, remedy)

    def app_not_there(self, number: int, used_as: str) -> None:
        """`used_as`: an app that the user has approved or logged in by and that is not among the org's own."""
        which = {0: "this org has no app, and none", 1: "the one app of this org is not the one"}
        what = f"{which.get(number, f'none of the {number} apps of this org is the one')} with this consumer key"
        what += f"; the user has used {used_as!r}, which is not installed here" if used_as else ""
        remedy = "install the app here (Setup > Connected Apps OAuth Usage > Install), or use the key of this org's app"
        self._say("app-not-in-org", "error", "app", what, remedy)

    def app_guessed(self, label: str) -> None:
        what = f"the app is taken to be {label!r}: the only one in the user's recent logins, since keys are not visible"
        self._say("app-is-a-guess", "note", "app", what, "name it: --app")

    def nobody_assigned(self, app: AppSeen) -> None:
        what = f"{app.label or app.api_name}: users must be pre-authorised, and no profile or permission set is"
        self._say("preauthorised-nobody", "error", "app", what, f"{_POLICIES} > Manage Profiles, or Permission Sets")

    def assignment(self, reached: Reach, app: AppSeen) -> None:
        """By a group only, or no longer: both are missed on the app's own page."""
        if reached.ran_out and not reached.assigned:
            what = f"the user's assignment to {reached.ran_out!r} has run out, and with it the way to {app.label!r}"
            self._say("assignment-ran-out", "warning", "user", what, "assign the permission set anew")
        if reached.assigned and reached.way == "permission set group":
            what = f"the user reaches the app by the group {reached.by!r} alone; no page says that this counts"
            self._say("assigned-by-group", "note", "user", what, "if it is refused, assign a permission set directly")

    def logins(self, past: History, now: float) -> None:
        failed, worked = past.failure, past.success
        if failed is not None:
            number = sum(not login.worked for login in past.logins)
            ago = _ago(now - failed.at)
            said = f"the last login failed {ago} at {_clock(failed.at)}: {failed.status!r} from {failed.source_ip}"
            more = f"; {number} of the last {len(past.logins)} failed" if number > 1 else ""
            self._say("last-login-failed", "warning", "Login History", said + more, "")
        elif worked is not None:
            said = f"the last login worked, {_ago(now - worked.at)} at {_clock(worked.at)}, from {worked.source_ip}"
            self._say("last-login-worked", "note", "Login History", said, "")

        if len(past.logins) > 1:
            rows = "; ".join(f"{_clock(one.at)} {one.status}" for one in past.logins[:MOST_ROWS])
            self._say("recent-logins", "note", "Login History", f"its newest rows: {rows}", "")

    def app(self, app: AppSeen, flow: str | None, certificate_in_s: float | None) -> None:
        name = app.label or app.api_name
        if app.session_action and flow in ("jwt-bearer", "client-credentials", None):
            what = f"{name}: its session policy demands high assurance ({app.session_action}), which blocks this flow"
            self._say("high-assurance-blocks", "error", "app", what, f"{_POLICIES} > Edit Policies > Session Policies")
        if flow == "jwt-bearer" and app.settings_seen and not app.certificate:
            what = f"{name}: no certificate is uploaded, without which no assertion is taken"
            self._say("app-without-certificate", "error", "app", what, "upload the certificate of the signing key")
        if certificate_in_s is not None and certificate_in_s < SOON_S:
            what = f"{name}: {certificate_words(certificate_in_s)}"
            self._say("app-certificate-ends", "warning", "app", what, RENEW)

    def requests(self, calls: int, limits: Limits | None) -> None:
        """What this cost of the day's API requests, which the org shares with all its integrations."""
        if limits is not None:
            self._say("api-requests", "note", "org", requests_words(calls, limits), "")

    def _say(self, rule: str, severity: Severity, where: str, message: str, remedy: str) -> None:
        self._found.setdefault(rule, Finding(rule, severity, where, message, remedy))


RENEW = "make a new pair (jwtdoctor keys new); upload its certificate and switch the signer together: there is one slot"


def requests_words(calls: int, limits: Limits) -> str:
    """`20 API requests made; the org has used 38 of its 15,000 in 24 hours`."""
    return f"{calls} API requests made; the org has used {limits.used:,} of its {limits.allowed:,} in 24 hours"


def certificate_words(in_s: float) -> str:
    """`its certificate ends in 12 days`."""
    days = days_words(abs(in_s) / DAY_S)
    return f"its certificate ends in {days}" if in_s > 0 else f"its certificate ended {days} ago"


def days_words(days: float) -> str:
    """`1 day`, `12 days`."""
    return "1 day" if round(days) == 1 else f"{days:,.0f} days"


def _ago(seconds: float) -> str:
    for size, unit in ((DAY_S, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
