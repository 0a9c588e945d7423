"""One integration, looked at in its org: which app it is, who it is, what binds it, and what happened to it.

    session's rights ─▶ org, apps ─▶ settings of the apps ─▶ user ─▶ everything about app and user ─▶ facts, findings

Rounds of independent questions go out side by side. Only what could be seen becomes a fact; what could not be becomes
a probe that says so. Nothing is written to the org, no secret is asked for, and no consumer key is kept but the one
that was given.

Decisions where the issue is silent: the caller's address is the one given, else that of the newest row of Login
History about this app, since this machine cannot know how the org sees it. Where the Metadata API is not visible the
app is known by `--app`, else by the one OAuth app in the user's recent logins, and then it is said to be a guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.report import Failed, Looked, ProbeOutcome
from jwtdoctor.org import addresses, history, soql, user
from jwtdoctor.org import app as apps
from jwtdoctor.org import queries as ask
from jwtdoctor.org.app import AppSeen
from jwtdoctor.org.asking import Asker
from jwtdoctor.org.found import Findings
from jwtdoctor.org.session import BATCH, Limits, OrgSession
from jwtdoctor.org.shapes import Part, Rows, Unseen, flag, moment, text

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey

MOST_APPS = 60
"""Connected apps whose settings are read to find a consumer key."""
HOUR_S = 3600.0
STAGED_VERSION = "65.0"
"""Staged credentials came with Winter '26."""
IDP_SLACK_S = 60.0
OF_A_USER = (
    ask.USER_LOGIN, ask.ASSIGNMENTS, ask.TOKENS, ask.HISTORY, ask.PROFILE, ask.IDP_EVENTS, ask.SESSION_SETTINGS,
)  # fmt: skip
CONSUMER_KEY = re.compile(r"3MVG9[\w.]{50,250}")
"""The form of a consumer key: one belongs to some app, if not of this org; another text belongs to none."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is known of the integration. `since`: epoch seconds of an attempt at hand, whose row is looked for.

    `app` is an API name or label; `caller_ip` the public address that the service sees.
    """

    client_id: str = ""
    username: str = ""
    flow: str | None = None
    app: str | None = None
    caller_ip: str | None = None
    redirect_uri: str | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit saw. `ended`: why the org could not be read at all, empty where it could.

    `certificate`: the one on the app, as text; whoever holds the key can compare the two.
    """

    observations: tuple[Observation, ...] = ()
    findings: tuple[Finding, ...] = ()
    outcomes: tuple[ProbeOutcome, ...] = ()
    limits: Limits | None = None
    calls: int = 0
    ended: str = ""
    certificate: str = ""
    saw: str = ""


def audit(session: OrgSession, target: Target, now: float) -> Audited:
    """Reads the org. Raises BadInput for a name that no org can hold.

    `now`: epoch seconds, where the org does not tell its own time, which its rows are dated in.
    """
    return _Audit(Asker(session), target, now).audited()


@dataclass(slots=True)
class _Audit:
    """One reading; what came of it gathers here."""

    ask: Asker
    target: Target
    now: float
    facts: dict[str, Observation] = field(default_factory=dict)
    said: Findings = field(default_factory=Findings)
    zone: str = ""
    app: AppSeen | None = None
    user_row: Mapping[str, Any] | None = None
    settled: tuple[AppSeen, ...] = ()
    """Apps whose settings were read."""
    absent_from: tuple[AppSeen, ...] | None = None
    """All the apps of the org, where the one that is meant is none of them."""

    def audited(self) -> Audited:
        self.ask.read_permissions()
        if self.ask.session.ended is not None:
            return self._result()
        self.now = self.ask.session.date or self.now
        menu, external = self._org_and_apps()
        self._find_app(menu, external)
        if self._names_a_user:
            self._find_user()
        self._details()
        self._note_what_was_not_asked()
        return self._result()

    # --- org and apps

    def _org_and_apps(self) -> tuple[Rows | Unseen, Rows | Unseen]:
        org, menu, external = self.ask.together(
            [
                partial(self.ask.rows, ask.ORGANIZATION),
                partial(self.ask.rows, ask.MENU, "Type = 'ConnectedApplication'"),
                partial(self.ask.rows, ask.EXTERNAL_APPS),
            ]
        )
        if isinstance(org, Rows) and org.records:
            self._org_facts(org.records[0])
        return menu, external

    def _org_facts(self, row: Mapping[str, Any]) -> None:
        self.zone = text(row, "TimeZoneSidKey")
        born = moment(row, "CreatedDate")
        self._see({"org.kind": org_kind(row), "org.is_active": True}, "Organization")
        if born is not None:
            self._see({"org.is_new": self.now - born < HOUR_S}, "Organization")

    def _find_app(self, menu: Rows | Unseen, external: Rows | Unseen) -> None:
        """The app of this consumer key, else the one that is named."""
        connected = apps.menu_apps(menu.records) if isinstance(menu, Rows) else ()
        externals = apps.external_apps(external.records, self.now) if isinstance(external, Rows) else ()
        if not self.target.client_id and not self.target.app:
            self.ask.skip(ask.APP_METADATA, "no consumer key and no --app was given: which app is meant is not known")
            return
        known = (*connected, *externals)
        candidates = apps.named(known, self.target.app) if self.target.app else known
        whole = self._read_settings(candidates)
        found = next((app for app in self.settled if self._is_meant(app)), None)
        if found is not None:
            self.app = found
            self._see({"request.client_id_matches_app": True} if self.target.client_id else {}, found_in(found))
        elif self.target.app and candidates:
            self._only_named(candidates[0])
        elif whole and isinstance(menu, Rows) and menu.is_whole:
            self.absent_from = known

    def _is_meant(self, app: AppSeen) -> bool:
        return app.consumer_key == self.target.client_id if self.target.client_id else True

    def _read_settings(self, candidates: tuple[AppSeen, ...]) -> bool:
        """Reads the settings until the consumer key turns up. Whether all of them could be read."""
        connected = [app for app in candidates if not app.is_external]
        is_whole = len(connected) <= MOST_APPS
        for start in range(0, min(len(connected), MOST_APPS), BATCH):
            batch = connected[start : start + BATCH]
            parts = self.ask.components(ask.APP_METADATA, [app.api_name for app in batch])
            if isinstance(parts, Unseen):
                return False
            self.settled += self._paired(batch, parts)
            if self.target.client_id and any(self._is_meant(app) for app in self.settled):
                return True
        return self._read_external_settings(candidates) and is_whole

    def _paired(self, batch: list[AppSeen], parts: tuple[Part, ...]) -> tuple[AppSeen, ...]:
        by_name = {part.text("fullName"): part for part in parts}
        return tuple(
            apps.with_connected_settings(app, by_name[app.api_name], self.target.flow)
            for app in batch
            if app.api_name in by_name
        )

    def _read_external_settings(self, candidates: tuple[AppSeen, ...]) -> bool:
        by_name = {app.api_name: app for app in candidates if app.is_external}
        if self.target.app and not by_name:
            return True
        parts = self.ask.components(ask.EXTERNAL_GLOBAL)
        if isinstance(parts, Unseen):
            return False
        for part in parts:
            name = part.text("externalClientApplication")
            known = by_name.get(name, AppSeen(apps.EXTERNAL, api_name=name, label=part.text("label")))
            if name in by_name or not self.target.app:
                self.settled += (apps.with_global_settings(known, part, self.target.flow),)
        return self.ask.is_whole(ask.EXTERNAL_GLOBAL)

    def _only_named(self, app: AppSeen) -> None:
        """The app that was named, where its key differs or could not be read."""
        settled = next((one for one in self.settled if one.api_name == app.api_name), app)
        self.app = settled
        if settled.settings_seen and settled.consumer_key and self.target.client_id:
            self._see({"request.client_id_matches_app": False}, found_in(settled))

    # --- user

    def _find_user(self) -> None:
        name = self.target.username
        if self.target.flow == "client-credentials":
            name = self.app.run_as if self.app is not None and self.app.run_as else name
        found = self.ask.rows(ask.USER, f"Username = {soql.quoted(name)}", "LIMIT 2")
        if isinstance(found, Unseen):
            return
        if not found.records and not self._sees_all_users():
            return
        self.user_row = found.records[0] if found.records else None
        self._see(user.user_facts(self.user_row), "User")

    def _sees_all_users(self) -> bool:
        return self.ask.permissions is not None and bool(self.ask.permissions & {*ask.USER.needs})

    # --- everything about them

    def _details(self) -> None:
        rounds: list[Callable[[], None]] = [self._settings, self._access_control, self._blocked]
        if self.user_row is not None and soql.is_id(text(self.user_row, "Id")):
            rounds += [self._user_login, self._logins_last_hour, self._idp_events, self._session_level]
        self.ask.together(rounds)
        own = self._of_user()
        self._not_there(own)
        self._complete_app(own.logins)
        self._app_details()
        self._together(own)

    def _not_there(self, own: _OwnRows) -> None:
        """No app of this org has the key: an app of another org that is not installed here, or a wrong key.

        What tells them apart is that the user has used an app which is not among the org's own.
        """
        if self.absent_from is None:
            return
        labels = {app.label.casefold() for app in self.absent_from}
        used = [one.app_name for one in own.approvals or ()]
        used += [one.application for one in own.logins or () if one.kind.casefold() == history.OAUTH]
        strange = next((name for name in used if name and name.casefold() not in labels), "")
        if strange:
            self._see({"app.installed": False, "app.name": strange}, "OauthToken")
        else:
            is_a_key = CONSUMER_KEY.fullmatch(self.target.client_id) is not None
            facts = {"request.client_id_matches_app": False, "app.installed": False if is_a_key else None}
            self._see(facts, "ConnectedApp")
        self.said.app_not_there(len(self.absent_from), strange)

    @property
    def _user_id(self) -> str:
        return "" if self.user_row is None else text(self.user_row, "Id")

    def _of_user(self) -> _OwnRows:
        """What the user holds, has approved, and did; nothing where the user is not known."""
        if not soql.is_id(self._user_id):
            return _OwnRows()
        user_id = soql.quoted(self._user_id)
        newest = f"UserId = {user_id} AND LoginTime = LAST_N_DAYS:7"
        asks: list[Callable[[], Rows | Unseen]] = [
            partial(self.ask.rows, ask.ASSIGNMENTS, f"AssigneeId = {user_id}"),
            partial(self.ask.rows, ask.TOKENS, f"UserId = {user_id}"),
            partial(self.ask.rows, ask.HISTORY, newest, "ORDER BY LoginTime DESC LIMIT 500"),
            self._profile,
        ]
        assigned, tokens, logins, profile = self.ask.together(asks)
        return _OwnRows(
            None if isinstance(assigned, Unseen) else user.assignments_of(assigned.records),
            None if isinstance(tokens, Unseen) else user.approvals_of(tokens.records),
            None if isinstance(logins, Unseen) else history.logins_of(logins.records),
            None if isinstance(profile, Unseen) else profile,
        )

    def _profile(self) -> Rows | Unseen:
        profile_id = "" if self.user_row is None else text(self.user_row, "ProfileId")
        if not soql.is_id(profile_id):
            return Unseen("the user's profile is not known")
        return self.ask.rows(ask.PROFILE, f"Id = {soql.quoted(profile_id)}")

    def _user_login(self) -> None:
        found = self.ask.rows(ask.USER_LOGIN, f"UserId = {soql.quoted(self._user_id)}", "LIMIT 1")
        if isinstance(found, Rows):
            self._see(user.login_facts(found), "UserLogin")

    def _logins_last_hour(self) -> None:
        since = soql.moment(self.now - HOUR_S)
        number = self.ask.count(ask.HISTORY, f"UserId = {soql.quoted(self._user_id)} AND LoginTime >= {since}")
        if not isinstance(number, Unseen):
            self._see({"history.logins_last_hour": number}, "LoginHistory")

    def _idp_events(self) -> None:
        where = f"UserId = {soql.quoted(self._user_id)}"
        found = self.ask.rows(ask.IDP_EVENTS, where, "ORDER BY Timestamp DESC LIMIT 20")
        if isinstance(found, Unseen) or not found.records:
            return
        newest = found.records[0]
        at, code = moment(newest, "Timestamp"), text(newest, "ErrorCode")
        is_ours = self.target.since is None or (at is not None and at >= self.target.since - IDP_SLACK_S)
        if code and code != "Success" and is_ours:
            self._see({"login_history.idp_code": code}, "IdpEventLog")

    def _session_level(self) -> None:
        profile = "" if self.user_row is None else text(self.user_row, "Profile.Name")
        if not profile:
            self.ask.skip(ask.SESSION_SETTINGS, "not asked, since the user's profile is not visible")
            return
        found = self.ask.components(ask.SESSION_SETTINGS)
        if not isinstance(found, Unseen):
            self._see(user.session_facts(found, profile), "ProfileSessionSetting")

    def _settings(self) -> None:
        found = self.ask.components(ask.OAUTH_SETTINGS, ["OauthOidc"])
        if isinstance(found, Unseen) or not found:
            return
        blocks = found[0].flag("blockOAuthUnPwFlow")
        facts: dict[str, Value | None] = {
            "org.requires_pkce": found[0].flag("isPkceRequired"),
            "org.allows_password_flow": None if blocks is None else not blocks,
        }
        self._see(facts, "OauthOidcSettings")

    def _access_control(self) -> None:
        """The element is there only where Support switched the feature on, so that its absence means off."""
        found = self.ask.components(ask.ACCESS_CONTROL, ["ConnectedApp"])
        if not isinstance(found, Unseen) and found:
            is_on = found[0].flag("enableAdminApprovedAppsOnly") or False
            self._see({"org.api_access_control": is_on}, "ConnectedAppSettings")

    def _blocked(self) -> None:
        found = self.ask.components(ask.BLOCKED)
        if isinstance(found, Unseen):
            return
        keys = {part.raw("consumerKey") for part in found}
        wanted = self.app.consumer_key if self.app is not None else self.target.client_id
        if wanted and (wanted in keys or self.ask.is_whole(ask.BLOCKED)):
            self._see({"app.blocked": wanted in keys}, "BlacklistedConsumer")

    def _complete_app(self, logins: tuple[history.Login, ...] | None) -> None:
        """Where the settings were not visible: the one OAuth app of the user's recent logins, as a guess."""
        if self.app is not None or self.absent_from is not None or not logins:
            return
        labels = {login.application for login in logins if login.kind.casefold() == history.OAUTH and login.application}
        if len(labels) == 1:
            label = labels.pop()
            self.app = AppSeen(apps.CONNECTED, label=label)
            self.said.app_guessed(label)

    def _app_details(self) -> None:
        if self.app is None:
            return
        if self.app.is_external:
            self._external_details(self.app)
        elif self.app.label:
            found = self.ask.rows(ask.CONNECTED_APP, f"Name = {soql.quoted(self.app.label)}", "LIMIT 2")
            if isinstance(found, Rows):
                self.app = apps.with_connected_row(self.app, found.records, self.now)

    def _external_details(self, app: AppSeen) -> None:
        settings, switches = self.ask.together(
            [partial(self.ask.components, ask.EXTERNAL_SETTINGS), partial(self.ask.components, ask.EXTERNAL_SWITCHES)]
        )
        if soql.is_id(app.app_id):
            where = f"ExternalClientApplicationId = {soql.quoted(app.app_id)}"
            found = self.ask.rows(ask.EXTERNAL_POLICY, where, "LIMIT 2")
            if isinstance(found, Rows):
                app = apps.with_external_policy(app, found.records, self.target.flow)
            self._staged(app)
        if not isinstance(settings, Unseen):
            app = apps.with_external_settings(app, settings)
        if not isinstance(switches, Unseen):
            app = apps.with_external_switches(app, switches)
        self.app = app

    def _staged(self, app: AppSeen) -> None:
        """Whether a rotation is under way. Of the answers only state and dates are looked at."""
        found = self.ask.resource(ask.STAGED, f"apps/oauth/credentials/{app.app_id}", STAGED_VERSION)
        consumers = found.get("consumers") if isinstance(found, Mapping) else None
        first = consumers[0] if isinstance(consumers, list) and consumers else None
        consumer = first.get("id") if isinstance(first, Mapping) else None
        if not soql.is_id(consumer):
            return
        path = f"apps/oauth/credentials/{app.app_id}/{consumer}/staged"
        state = staged_state(self.ask.resource(ask.STAGED, path, STAGED_VERSION))
        if state is not None:
            self._see({"app.staged_credentials": state}, "StagedCredentials")

    # --- app and user together

    def _together(self, own: _OwnRows) -> None:
        self._approvals(own)
        self._assignment(own)
        past = history.about(own.logins or (), self.app.label if self.app is not None else "", self.target.flow)
        if own.logins is not None:
            self._see(history.history_facts(past, self.target.since), "LoginHistory")
            self.said.logins(past, self.now)
        if own.assignments is not None:
            self._see(user.permission_facts(own.assignments), "PermissionSetAssignment")
        self._addresses(own, past)
        if self.app is not None:
            self._app_facts(self.app)

    def _approvals(self, own: _OwnRows) -> None:
        if own.approvals is None:
            return
        if self.app is not None and self.app.label:
            self._see(user.approval_facts(own.approvals, self.app.label), "OauthToken")

    def _assignment(self, own: _OwnRows) -> None:
        if self.app is None or not soql.is_id(self.app.app_id):
            return
        found = self.ask.rows(ask.GRANTS, f"SetupEntityId = {soql.quoted(self.app.app_id)}")
        if isinstance(found, Unseen):
            return
        grants = user.grants_of(found.records)
        self._see({"app.grantees": tuple(grant.name for grant in grants)}, "SetupEntityAccess")
        if not grants and self.app.is_admin_approved and found.is_whole:
            self.said.nobody_assigned(self.app)
        if own.assignments is None:
            return
        reached = user.reach(grants, own.assignments, self._members(own.assignments))
        if found.is_whole or reached.assigned:
            by = f"{reached.way} {reached.by}".strip() or None
            self._see({"user.assigned_to_app": reached.assigned, "user.assigned_by": by}, "SetupEntityAccess")
        self.said.assignment(reached, self.app)

    def _members(self, assignments: tuple[user.Assignment, ...]) -> dict[str, frozenset[str]]:
        groups = sorted({one.group_id for one in assignments if one.is_active and soql.is_id(one.group_id)})
        if not groups:
            return {}
        found = self.ask.rows(ask.GROUP_MEMBERS, f"PermissionSetGroupId IN {soql.listed(groups)}")
        return {} if isinstance(found, Unseen) else user.members_of(found.records)

    def _addresses(self, own: _OwnRows, past: history.History) -> None:
        """Login ranges and hours, judged by the newest row's address and moment where there is one."""
        caller = self.target.caller_ip or past.caller
        if caller is not None:
            source = "LoginHistory" if self.target.caller_ip is None else "given"
            self._see({"user.caller_ip": caller}, source)
        if own.profile is not None and own.profile.records:
            metadata = own.profile.records[0].get("Metadata")
            relaxation, _ = self.app.facts.get("app.ip_relaxation", (None, "")) if self.app is not None else (None, "")
            ranges = addresses.ranges_of(metadata)
            self._see(
                addresses.range_facts(ranges, caller, self.target.flow, str(relaxation) if relaxation else None),
                "Profile",
            )
            moment_of_it = past.failure.at if past.failure is not None else self.now
            self._see(addresses.hour_facts(metadata, moment_of_it, self.zone), "Profile")
        self._apps_own_list(caller)

    def _apps_own_list(self, caller: str | None) -> None:
        """The trusted addresses of an external client app bind the web server and refresh flows (documented)."""
        if self.app is None or not self.app.trusted_ranges or caller is None:
            return
        if self.target.flow in addresses.BY_APPS_OWN_LIST:
            inside = addresses.is_within(caller, self.app.trusted_ranges)
            if inside is False or "user.caller_ip_in_ranges" not in self.facts:
                self._see({"user.caller_ip_in_ranges": inside}, "ExtlClntAppOauthSettings")

    def _app_facts(self, app: AppSeen) -> None:
        for name, (value, source) in app.facts.items():
            self.facts[name] = Observation(name, value, source)
        self._see(
            {
                "app.kind": app.kind if app.app_id or app.settings_seen else None,
                "app.name": app.label or app.api_name or None,
                "app.installed": True if app.app_id or app.settings_seen else None,
                "app.session_policy": app.session_action or None,
                "request.redirect_uri_registered": self._redirect_registered(app),
            },
            found_in(app),
        )
        if app.is_external and self.target.flow == "password":
            self._see({"app.flow_enabled": False}, found_in(app))  # external client apps offer no such flow
        in_s = certificate_ends_in_s(app.certificate, self.now) if app.certificate else None
        if in_s is not None:
            self._see({"app.certificate_not_after_in_s": in_s}, found_in(app))
        self.said.app(app, self.target.flow, in_s)

    def _redirect_registered(self, app: AppSeen) -> bool | None:
        if self.target.redirect_uri is None or not app.settings_seen:
            return None
        return self.target.redirect_uri in app.callback_urls

    # --- the result

    def _see(self, facts: Mapping[str, Value | None], source: str) -> None:
        """Facts that were seen; None is what was not."""
        label = source if source == "given" else f"audit:{source}"
        for name, value in facts.items():
            if value is not None:
                self.facts[name] = Observation(name, value, label)

    def _note_what_was_not_asked(self) -> None:
        """A question that had nobody to ask about is not answered, and so not fine either."""
        if self.user_row is None:
            exists = self.facts.get("user.exists_in_org")
            why = "no user is named" if not self._names_a_user else "this session does not see the user"
            why = why if exists is None else "there is no such user"
            for query in OF_A_USER:
                self.ask.skip(query, f"not asked, since {why}; not known without it: {query.hides}")
        if self.app is None or not soql.is_id(self.app.app_id):
            why = "the app is none of this org's" if self.absent_from is not None else "which app it is, is not visible"
            self.ask.skip(ask.GRANTS, f"not asked, since {why}; not known without it: {ask.GRANTS.hides}")

    @property
    def _names_a_user(self) -> bool:
        return bool(self.target.username) or (self.app is not None and bool(self.app.run_as))

    def _result(self) -> Audited:
        session = self.ask.session
        self.said.requests(session.calls, session.limits)
        ended = session.ended
        if ended is not None and ended.code == "ORG_LOCKED":
            self._see({"org.is_active": False}, "Organization")
        not_read = "" if self.facts else self._why_nothing(ended)
        if not_read:
            self.said.not_read(not_read)
        return Audited(
            observations=tuple(self.facts.values()),
            findings=self.said.all,
            outcomes=self.ask.outcomes,
            limits=session.limits,
            calls=session.calls,
            ended=not_read,
            certificate="" if self.app is None else self.app.certificate,
            saw=f"{len(self.facts)} facts in {session.calls} requests",
        )

    def _why_nothing(self, ended: Unseen | None) -> str:
        """Why not a single fact could be read, empty where the org did answer."""
        if ended is not None:
            return f"{ended.code}: {ended.reason}"
        outcomes = self.ask.outcomes
        if any(isinstance(outcome, Looked) for outcome in outcomes):
            return ""
        return next((o.reason.partition(";")[0] for o in outcomes if isinstance(o, Failed)), "")


@dataclass(frozen=True, slots=True)
class _OwnRows:
    """What belongs to the user; None: not visible."""

    assignments: tuple[user.Assignment, ...] | None = None
    approvals: tuple[user.Approval, ...] | None = None
    logins: tuple[history.Login, ...] | None = None
    profile: Rows | None = None


def org_kind(row: Mapping[str, Any]) -> str | None:
    """The kind of org. A sandbox that runs out is a scratch org (as the Salesforce CLI tells them apart)."""
    is_sandbox = flag(row, "IsSandbox")
    if is_sandbox is None:
        return None
    if is_sandbox:
        return "scratch" if text(row, "TrialExpirationDate") else "sandbox"
    return "developer" if text(row, "OrganizationType") == "Developer Edition" else "production"


def staged_state(content: object) -> str | None:
    """`Active`, `Expired`, `Rotated` or `none`; None where it was not visible. Nothing else of the answer is read."""
    if not isinstance(content, Mapping):
        return None
    rows = next((value for value in content.values() if isinstance(value, list)), None)
    if rows is None:
        return None
    states = [text(row, "state") for row in rows if isinstance(row, Mapping)]
    return next((state for state in states if state in ("Active", "Expired", "Rotated")), "none")


def certificate_ends_in_s(certificate: str, now: float) -> float | None:
    """Seconds until the certificate on the app ends; None where it cannot be read."""
    from jwtdoctor.assertions.keys import load_public
    from jwtdoctor.errors import BadKey

    try:
        ends = load_public(certificate.encode("utf-8", "replace"), where="the certificate on the app").not_after
    except BadKey:
        return None
    return None if ends is None else round(ends - now, 1)


def pairs_with(key: PrivateKey | None, certificate: str) -> tuple[Observation, ...]:
    """Whether the key at hand belongs to the certificate on the app; nothing where either is not known."""
    if key is None or not certificate:
        return ()
    from jwtdoctor.assertions.keys import load_public, matches
    from jwtdoctor.errors import BadKey

    try:
        public = load_public(certificate.encode("utf-8", "replace"), where="the certificate on the app")
    except BadKey:
        return ()
    return (Observation("key.matches_certificate", matches(key, public), "audit:ConnectedApp"),)


def found_in(app: AppSeen) -> str:
    """The object that an app's settings came from."""
    return "ExtlClntAppGlobalOauthSettings" if app.is_external else "ConnectedApp"
