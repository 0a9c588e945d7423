"""Every app of an org that is at risk: used and not installed, pre-authorised with nobody, a certificate about to end.

Uninstalled apps: since September 2025 nobody new may use an app that is not installed, and those who approved it
before go on until they do so by the device flow (help 005132365); such an app shows in no list of apps, only in the
tokens that users hold and in Login History. Both can be incomplete, so that an app which is in neither is no proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jwtdoctor.model.assertion import Finding, Severity
from jwtdoctor.model.report import Failed, Looked, ProbeOutcome
from jwtdoctor.org import app as apps
from jwtdoctor.org import queries as ask
from jwtdoctor.org.app import AppSeen
from jwtdoctor.org.asking import Asker
from jwtdoctor.org.audit import certificate_ends_in_s
from jwtdoctor.org.found import DAY_S, RENEW, certificate_words, days_words, requests_words
from jwtdoctor.org.session import Limits, OrgSession
from jwtdoctor.org.shapes import Part, Rows, Unseen, key, moment, text

MOST_APPS = 200
SOON_S = 60 * DAY_S
USED_S = 90 * DAY_S
MOST_FINDINGS = 200
_INSTALL = "Setup > Connected Apps OAuth Usage > Install, then set its policies; or block it and revoke its tokens"


@dataclass(frozen=True, slots=True)
class Risks:
    """What was found. `ended`: why the org could not be read, empty where it could."""

    findings: tuple[Finding, ...] = ()
    outcomes: tuple[ProbeOutcome, ...] = ()
    limits: Limits | None = None
    calls: int = 0
    ended: str = ""


def risks(session: OrgSession, now: float) -> Risks:
    """Looks at all apps of the org. `now` epoch seconds, where the org does not tell its own time."""
    return _Look(Asker(session), now).result()


@dataclass(slots=True)
class _Look:
    """One look at all apps."""

    ask: Asker
    now: float
    findings: list[Finding] = field(default_factory=list)

    def result(self) -> Risks:
        self.ask.read_permissions()
        if self.ask.session.ended is not None:
            return self._told(())
        self.now = self.ask.session.date or self.now
        menu, external, grants, tokens, used = self.ask.together(
            [
                partial(self.ask.rows, ask.MENU, "Type = 'ConnectedApplication'"),
                partial(self.ask.rows, ask.EXTERNAL_APPS),
                partial(self.ask.rows, ask.ALL_GRANTS, _GRANTED),
                partial(self.ask.rows, ask.ALL_TOKENS, "", "LIMIT 2500"),
                partial(self.ask.rows, ask.USED_APPS, "LoginTime = LAST_N_DAYS:30", "GROUP BY Application"),
            ]
        )
        known = self._apps(menu, external)
        self._uninstalled(known, menu, external, tokens, used)
        for app in known:
            self._one(app, grants)
        self._shared_certificates(known)
        return self._told(known)

    def _apps(self, menu: Rows | Unseen, external: Rows | Unseen) -> tuple[AppSeen, ...]:
        """The apps, with their settings as far as they are visible."""
        connected = apps.menu_apps(menu.records)[:MOST_APPS] if isinstance(menu, Rows) else ()
        settings = self.ask.components(ask.APP_METADATA, [app.api_name for app in connected]) if connected else ()
        parts = {} if isinstance(settings, Unseen) else {part.text("fullName"): part for part in settings}
        seen = tuple(
            apps.with_connected_settings(app, parts[app.api_name], None) if app.api_name in parts else app
            for app in connected
        )
        return (*seen, *self._external(external))

    def _external(self, external: Rows | Unseen) -> tuple[AppSeen, ...]:
        if isinstance(external, Unseen) or not external.records:
            return ()
        found = apps.external_apps(external.records, self.now)[:MOST_APPS]
        policies = self.ask.rows(ask.ALL_EXTERNAL_POLICIES)
        by_app = _by_app(policies.records) if isinstance(policies, Rows) else None
        parts = self.ask.components(ask.EXTERNAL_GLOBAL)
        by_name = _by_name(parts) if not isinstance(parts, Unseen) else {}
        return tuple(self._with_settings(app, by_app, by_name) for app in found)

    def _with_settings(
        self, app: AppSeen, policies: Mapping[str, Mapping[str, Any]] | None, parts: Mapping[str, Part]
    ) -> AppSeen:
        part = parts.get(app.api_name)
        seen = app if part is None else apps.with_global_settings(app, part, None)
        if policies is None:
            return seen
        row = policies.get(key(app.app_id))
        return apps.with_external_policy(seen, () if row is None else (row,), None)

    # --- risks

    def _uninstalled(
        self,
        known: tuple[AppSeen, ...],
        menu: Rows | Unseen,
        external: Rows | Unseen,
        tokens: Rows | Unseen,
        used: Rows | Unseen,
    ) -> None:
        """Apps that are used and in no list. Where a list is not visible, nothing can be missing from it."""
        if not (isinstance(menu, Rows) and menu.is_whole and isinstance(external, Rows) and external.is_whole):
            return
        labels = {app.label[:64].casefold() for app in known}
        last: dict[str, float] = {}
        for row in tokens.records if isinstance(tokens, Rows) else ():
            _later(last, text(row, "AppName"), moment(row, "LastUsedDate"))
        by_login = {text(row, "Application"): row for row in used.records} if isinstance(used, Rows) else {}
        for name in last:
            _later(last, name, moment(by_login.get(name[:64], {}), "newest"))
        for name, at in sorted(last.items()):
            if name[:64].casefold() not in labels and self.now - at < USED_S:
                days = max(0.0, self.now - at) / DAY_S
                what = f"not installed in this org, and last used {days_words(days)} ago; who is new cannot use it"
                self._say("app-uninstalled-in-use", "error", name, what, _INSTALL)

    def _one(self, app: AppSeen, grants: Rows | Unseen) -> None:
        name = app.label or app.api_name
        if app.is_admin_approved and isinstance(grants, Rows) and grants.is_whole and app.app_id:
            granted = {key(text(row, "SetupEntityId")) for row in grants.records}
            if key(app.app_id) not in granted:
                what = "users must be pre-authorised, and no profile or permission set is assigned"
                self._say("preauthorised-nobody", "error", name, what, "assign a profile or a permission set")
        if app.certificate:
            self._certificate(app, name)
            if app.session_action:
                what = f"its high-assurance policy ({app.session_action}) blocks logins by assertion"
                self._say("high-assurance-blocks", "error", name, what, "set no session level on the app")
        if app.is_external and app.facts.get("app.has_policies", (True, ""))[0] is False:
            what = "the org holds no OAuth policy of this external client app"
            self._say("app-without-policy", "warning", name, what, "open its policies in Setup and save them once")

    def _certificate(self, app: AppSeen, name: str) -> None:
        in_s = certificate_ends_in_s(app.certificate, self.now)
        if in_s is None:
            what = "what stands in the place of its certificate cannot be read as one"
            self._say("app-certificate-unreadable", "warning", name, what, "upload the certificate again")
        elif in_s < SOON_S:
            self._say("app-certificate-ends", "warning", name, certificate_words(in_s), RENEW)

    def _shared_certificates(self, known: Iterable[AppSeen]) -> None:
        """One key opens all apps that hold its certificate, and ends with all of them."""
        by_certificate: dict[str, list[str]] = {}
        for app in known:
            if app.certificate:
                by_certificate.setdefault(app.certificate, []).append(app.label or app.api_name)
        for names in by_certificate.values():
            if len(names) > 1:
                what = f"one certificate in {len(names)} apps: {', '.join(names[:6])}"
                self._say("certificate-shared", "note", names[0], what, "give each integration a pair of its own")

    def _say(self, rule: str, severity: Severity, where: str, message: str, remedy: str) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(rule, severity, where, message, remedy))

    def _told(self, known: tuple[AppSeen, ...]) -> Risks:
        session = self.ask.session
        ended = session.ended
        reason = "" if ended is None else f"{ended.code}: {ended.reason}"
        if not any(isinstance(outcome, Looked) for outcome in self.ask.outcomes):
            failed = (one.reason.partition(";")[0] for one in self.ask.outcomes if isinstance(one, Failed))
            reason = reason or next(failed, "")
        if reason:
            what = f"the org could not be read ({reason})"
            self._say("org-not-read", "error", "session", what, "name a session that is alive, and the org's own host")
        else:
            read = sum(app.settings_seen for app in known)
            number = f"{len(known)} {'app' if len(known) == 1 else 'apps'}"
            self._say("apps-looked-at", "note", "org", f"{number}, the settings of {read} visible", "")
        if session.limits is not None:
            self._say("api-requests", "note", "org", requests_words(session.calls, session.limits), "")
        rank = {"error": 0, "warning": 1, "note": 2}
        found = sorted(self.findings, key=lambda finding: (rank[finding.severity], finding.where))
        return Risks(tuple(found), self.ask.outcomes, session.limits, session.calls, reason)


_GRANTED = "SetupEntityType IN ('ConnectedApplication', 'ExternalClientApplication')"


def _by_app(records: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {key(text(row, "ExternalClientApplicationId")): row for row in records}


def _by_name(parts: Iterable[Part]) -> dict[str, Part]:
    return {part.text("externalClientApplication"): part for part in parts}


def _later(last: dict[str, float], name: str, at: float | None) -> None:
    if name and at is not None:
        last[name] = max(at, last.get(name, at))
