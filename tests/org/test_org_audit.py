"""`audit` against the simulated org: in every state facts and verdict are right, and what is unseen is never fine."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from org_stage import Answering, Seen, read, scenario_of, send, session, told

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.commands import AUDIT, COMMANDS
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Likelihood, Outcome
from jwtdoctor.model.report import Failed, Looked, Report
from jwtdoctor.org.audit import Target, audit, pairs_with
from jwtdoctor.org.queries import PERMISSIONS, QUERIES
from jwtdoctor.reasoning.conclude import Seen as Given
from jwtdoctor.reasoning.conclude import conclude
from jwtdoctor.simulator.facts import admin_facts
from jwtdoctor.simulator.faults import LISTED, Fault, stage
from jwtdoctor.simulator.policy import ADMINISTRATORS_PERMISSIONS
from jwtdoctor.testing import World

OUTSIDE = ("198.51.100.0-198.51.100.255",)
INSIDE = ("203.0.113.0/24",)
NOBODY = {"user__assigned_to_app": False, "app__granted_to_nobody": True}
ELSEWHERE = {"app__installed": False, "app__home_org_is_target": False}
EXTERNAL = {"app__kind": "external-client-app", "app__app_id": "0xI5g000000AcmeCAA"}


STATES: list[tuple[str, dict[str, Any], dict[str, Value], str | None]] = [
    ("nothing is wrong", {}, {"user.assigned_to_app": True, "user.is_active": True, "user.is_frozen": False}, None),
    ("assigned by a profile", {"user__assigned_by": "profile"},
     {"user.assigned_to_app": True, "user.assigned_by": "profile Acme Integration Profile"}, None),
    ("assigned by a permission set", {"user__assigned_by": "permission-set"},
     {"user.assigned_to_app": True, "user.assigned_by": "permission set Acme Integration Access"}, None),
    ("assigned by a group", {"user__assigned_by": "group"},
     {"user.assigned_to_app": True, "user.assigned_by": "permission set group Acme_Integration_Group"}, None),
    ("pre-authorised, and not assigned", {"user__assigned_to_app": False},
     {"app.permitted_users": "admin-approved", "user.assigned_to_app": False}, "user-not-assigned-to-app"),
    ("pre-authorised, and nobody is assigned", NOBODY,
     {"app.grantees": (), "user.assigned_to_app": False}, "user-not-assigned-to-app"),
    ("self-authorise, and not approved", {"app__permitted_users": "self-authorize", "user__approvals": 0},
     {"app.permitted_users": "self-authorize", "user.has_approved_app": False}, "user-not-approved-app"),
    ("frozen", {"user__is_frozen": True}, {"user.is_frozen": True, "user.is_active": True}, "user-frozen"),
    ("inactive", {"user__is_active": False}, {"user.is_active": False}, "user-inactive"),
    ("address outside", {"user__ip_ranges": OUTSIDE},
     {"user.has_ip_ranges": True, "user.caller_ip_in_ranges": False, "user.ip_ranges": OUTSIDE}, "ip-restricted"),
    ("address inside", {"user__ip_ranges": INSIDE},
     {"user.has_ip_ranges": True, "user.caller_ip_in_ranges": True}, None),
    ("outside of login hours", {"user__login_hours": frozenset({3})},
     {"user.login_hours_set": True, "user.within_login_hours": False}, "login-hours-restricted"),
    ("within login hours", {"user__login_hours": frozenset(range(24))},
     {"user.login_hours_set": True, "user.within_login_hours": True}, None),
    ("API Access Control", {"org__api_access_control": True, "app__allowlisted": False},
     {"org.api_access_control": True}, "api-access-control"),
    ("blocked", {"app__blocked": True}, {"app.blocked": True}, "app-blocked"),
    ("not installed", ELSEWHERE, {"app.installed": False, "app.name": "Acme Integration"}, "app-not-installed"),
    ("an external client app that is not installed", {**EXTERNAL, "app__installed": False},
     {"app.installed": False}, "app-not-installed"),
    ("an external client app without a policy", {**EXTERNAL, "app__has_policy": False},
     {"app.kind": "external-client-app", "app.has_policies": False}, "app-policy-missing"),
    ("an external client app that is switched off", {**EXTERNAL, "app__is_enabled": False},
     {"app.flow_enabled": False}, "flow-disabled"),
    ("a profile that demands high assurance", {"user__required_session_level": "High Assurance"},
     {"user.required_session_level": "High Assurance"}, "mfa-required"),
    ("no refresh scope", {"app__scopes": ("api",)}, {"app.scopes": ("api",)}, "missing-scope-refresh-token"),
]  # fmt: skip


@cache
def states() -> dict[str, Seen]:
    return {name: read(scenario_of(**changes)) for name, changes, _, _ in STATES}


@pytest.mark.parametrize(("name", "facts"), [(name, facts) for name, _, facts, _ in STATES])
def test_the_facts_of_a_state_are_read(name: str, facts: dict[str, Value]) -> None:
    chart = states()[name].chart

    assert facts == {fact: chart.value(fact) for fact in facts}


@pytest.mark.parametrize(("name", "cause"), [(name, cause) for name, _, _, cause in STATES])
def test_the_verdict_of_a_state_is_right(name: str, cause: str | None) -> None:
    report = states()[name].report

    assert (cause,) == report.leaders if cause else report.leaders == ()


@pytest.mark.parametrize("name", ["frozen", "inactive", "address outside", "outside of login hours",
                                  "pre-authorised, and not assigned"])  # fmt: skip
def test_a_row_of_login_history_says_that_it_did_fail_and_makes_it_almost_certain(name: str) -> None:
    report = states()[name].report

    assert (report.outcome, report.verdicts[0].likelihood) == (Outcome.REFUSED, Likelihood.ALMOST_CERTAIN)


def test_without_a_row_the_report_says_that_it_would_fail() -> None:
    report = states()["blocked"].report

    assert (report.outcome, report.leaders) == (Outcome.NOT_ASKED, ("app-blocked",))


def test_every_fact_names_the_object_that_it_came_from() -> None:
    sources = {seen.source for seen in states()["nothing is wrong"].audited.observations}

    assert {f"audit:{query.subject}" for query in QUERIES} >= sources


def test_what_the_audit_cost_is_said() -> None:
    seen = states()["nothing is wrong"]

    assert seen.audited.calls <= 25
    assert f"{seen.audited.calls} API requests made" in seen.rule("api-requests")


# --- one state, two surfaces ------------------------------------------------------------------------------------

NOT_TOLD_ALIKE = {
    "app.age_min": "the org's own clock counts",
    "app.has_api_scope": "full counts here, as the vocabulary says",
    "app.has_refresh_token_scope": "full does not count here, as the vocabulary says",
    "history.logins_last_hour": "the login that was just made is one more",
    "user.ip_ranges": "as the API writes them",
}
CANNOT_TELL = {
    ("client-id-unknown", "app.installed"),
    ("client-id-unknown:client-credentials", "app.installed"),
    ("app-not-installed:authorize", "request.client_id_matches_app"),
}
"""An org cannot tell another org's app from a wrong key."""


def staged() -> list[Fault]:
    return [
        fault for fault in LISTED if fault.side in ("none", "service") and fault.name != "org-inactive:refresh-token"
    ]


@cache
def audited() -> dict[str, Seen]:
    return {fault.name: read(fault.name) for fault in staged() if stage(fault.name).policy.org.platform == "up"}


def test_the_org_tells_what_the_simulated_state_is_in_every_staged_fault() -> None:
    wrong, compared = [], 0
    for name, seen in audited().items():
        for truth in admin_facts(stage(name)):
            found = seen.chart.value(truth.fact)
            if found is None or truth.fact in NOT_TOLD_ALIKE or (name, truth.fact) in CANNOT_TELL:
                continue
            compared += 1
            wrong += [(name, truth.fact, truth.value, found)] if found != truth.value else []

    assert not wrong
    assert compared > 1500


def test_whatever_a_question_sends_to_the_audit_for_is_found_there() -> None:
    found = {o.fact for seen in (*audited().values(), *states().values()) for o in seen.audited.observations}

    assert not {fact for fact, command in COMMANDS.items() if command == AUDIT} - found


def test_nobody_is_accused_where_nothing_is_wrong() -> None:
    accused = {name: seen.report.leaders for name, seen in audited().items() if name.startswith("healthy")}

    assert not any(accused.values()), accused


WITH_A_BETTER_WITNESS = {
    "app-in-other-org": ("app-not-installed",),  # whose it is, is not to be seen in an org where it is not
    "missing-scope-refresh-token:approval": ("user-not-approved-app",),  # no object tells what an approval held
    "wrong-issuer": ("client-id-unknown",),
    "client-secret-wrong:authorization-code": ("client-secret-rotated",),  # a secret is never read
}


def test_the_org_behind_a_refusal_never_leads_away_from_its_cause() -> None:
    astray, looked_at = {}, 0
    for fault in staged():
        seen = audited().get(fault.name)
        refused = None if seen is None else next((r.reply for r in seen.world.rulings if r.refusal), None)
        if fault.stages is None or seen is None or refused is None:
            continue
        looked_at += 1
        right = {fault.stages, *fault.also, *WITH_A_BETTER_WITNESS.get(fault.name, ())}
        leaders = set(concluded(seen, refused, seen.audited.observations).leaders)
        without = set(concluded(seen, refused, ()).leaders)
        if not leaders & right or not leaders - right <= without:
            astray[fault.name] = leaders

    assert not astray
    assert looked_at > 40


def concluded(seen: Seen, reply: Reply, facts: Any) -> Report:
    """What `check` concludes of this refusal, with these facts of the org."""
    chart = Chart.of(observe_reply(reply)).plus(seen.sent).plus(told(seen.world)).plus(facts)
    return conclude(Given(chart, "salesforce", seen.world.scenario.flow, body=reply.body), load())


# --- what the reader may not see --------------------------------------------------------------------------------

HIDDEN = [
    ("ManageUsers", "MonitorLoginHistory", "LoginHistory", "login_history.status"),
    ("ManageUsers", "", "UserLogin", "user.is_frozen"),
    ("ViewSetup", "", "SetupEntityAccess", "user.assigned_to_app"),
    ("ViewSetup", "", "Profile", "user.has_ip_ranges"),
    ("CustomizeApplication", "", "OauthToken", "user.has_approved_app"),
    ("ModifyMetadata", "ModifyAllData", "ConnectedApp", "app.scopes"),
    ("ModifyMetadata", "ModifyAllData", "BlacklistedConsumer", "app.blocked"),
    ("ModifyMetadata", "ModifyAllData", "ConnectedAppSettings", "org.api_access_control"),
]


@pytest.mark.parametrize(("lacks", "and_", "subject", "fact"), HIDDEN)
def test_what_a_permission_would_show_is_not_visible_without_it_and_never_fine(
    lacks: str, and_: str, subject: str, fact: str
) -> None:
    permissions = ADMINISTRATORS_PERMISSIONS - {lacks, and_}

    seen = read(scenario_of("user-frozen", administrator__permissions=permissions))

    assert fact not in seen.chart
    assert "not visible" in seen.skipped(subject)
    assert PERMISSIONS[lacks] in seen.skipped(subject)


def test_a_session_without_any_rights_says_nothing_of_the_user_or_the_app() -> None:
    seen = read(scenario_of("user-frozen", administrator__permissions=frozenset()))

    told_of = {o.fact for o in seen.audited.observations if o.fact.startswith(("user.", "app.", "login_history."))}
    assert not told_of
    assert seen.report.leaders == ()
    hidden = [query.subject for query in QUERIES if "not known without it" in seen.skipped(query.subject)]
    assert len(hidden) >= 13


@pytest.mark.parametrize("permission", sorted(ADMINISTRATORS_PERMISSIONS))
def test_with_one_permission_alone_nobody_is_accused_of_what_it_does_not_show(permission: str) -> None:
    """The user is frozen, and Manage Users alone shows both the user and its row."""
    seen = read(scenario_of("user-frozen", administrator__permissions=frozenset({permission})))

    assert seen.report.leaders == (("user-frozen",) if permission == "ManageUsers" else ())


def test_an_empty_answer_proves_nothing_where_the_sessions_rights_are_not_known() -> None:
    world = World(scenario_of(administrator__permissions=frozenset({"ViewSetup", "ModifyMetadata"})))
    hidden = (400, '[{"errorCode":"INVALID_TYPE","message":"not supported"}]')
    asked = session(world, Answering(world.transport, {"FROM UserPermissionAccess": hidden}))

    seen = Seen(world, audit(asked, Target(told_key(world), "integration@acme.example", "jwt-bearer"), 0.0))

    assert "user.has_approved_app" not in seen.chart
    assert "history.logins_last_hour" not in seen.chart
    assert "not visible" in seen.skipped("OauthToken")


def told_key(world: World) -> str:
    attempt = world.case.attempt
    assert attempt is not None
    return attempt.client_id


# --- details ----------------------------------------------------------------------------------------------------


def test_an_assignment_that_has_run_out_is_no_assignment_and_is_named() -> None:
    assert "has run out" in states()["pre-authorised, and not assigned"].rule("assignment-ran-out")


def test_preauthorised_with_nobody_is_an_error_of_its_own() -> None:
    assert "no profile or permission set is" in states()["pre-authorised, and nobody is assigned"].rule(
        "preauthorised-nobody"
    )


def test_the_callers_address_is_that_of_its_newest_row() -> None:
    assert states()["address outside"].chart.value("user.caller_ip") == "203.0.113.7"


def test_a_given_address_is_believed_before_the_rows() -> None:
    seen = read(scenario_of(user__ip_ranges=OUTSIDE), caller_ip="198.51.100.9")

    assert seen.chart.flag("user.caller_ip_in_ranges") is True


def test_without_a_row_and_without_an_address_nothing_is_said_of_the_ranges_fit() -> None:
    seen = read(scenario_of(user__ip_ranges=OUTSIDE), login=False)

    assert seen.chart.flag("user.has_ip_ranges") is True
    assert "user.caller_ip_in_ranges" not in seen.chart


def test_relaxing_ip_restrictions_helps_other_flows_and_not_jwt_bearer() -> None:
    relaxed: dict[str, Any] = {"user__ip_ranges": OUTSIDE, "app__ip_relaxation": "relax"}

    assert read(scenario_of(**relaxed)).chart.flag("user.caller_ip_in_ranges") is False
    by_secret = read(scenario_of("healthy:client-credentials", **relaxed))
    assert by_secret.chart.flag("user.caller_ip_in_ranges") is True


def test_login_hours_are_read_in_the_time_zone_of_the_org() -> None:
    """It is 22:26 in Greenwich, and 7:26 in the morning in Tokyo."""
    tokyo: dict[str, Any] = {"org__time_zone": "Asia/Tokyo", "user__login_hours": frozenset({7})}

    assert read(scenario_of(**tokyo), login=False).chart.flag("user.within_login_hours") is True


def test_a_row_of_before_the_attempt_tells_nothing_of_it() -> None:
    world = World("user-frozen")
    send(world)
    target = Target(told_key(world), "integration@acme.example", "jwt-bearer", since=world.clock.now() + 3600)

    seen = Seen(world, audit(session(world), target, world.clock.now()))

    assert "login_history.status" not in seen.chart


def test_the_key_at_hand_is_compared_with_the_certificate_on_the_app() -> None:
    from jwtdoctor.probes.local import look_at_key

    for name, pairs in (("healthy", True), ("signature-key-mismatch", False)):
        seen = read(name)
        attempt = seen.world.case.attempt
        assert attempt is not None
        key = look_at_key(attempt, 0.0).key
        assert [pairs] == [o.value for o in pairs_with(key, seen.audited.certificate)]


def test_the_run_as_user_of_client_credentials_is_the_one_that_is_looked_at() -> None:
    seen = read("user-inactive:client-credentials", username="somebody@else.example")

    assert seen.chart.flag("user.is_active") is False


def test_the_app_can_be_named_where_its_key_is_not_visible() -> None:
    hidden = scenario_of(administrator__permissions=ADMINISTRATORS_PERMISSIONS - {"ModifyMetadata", "ModifyAllData"})

    seen = read(hidden, app="acme_integration")

    assert seen.chart.text("app.permitted_users") == "admin-approved"
    assert "request.client_id_matches_app" not in seen.chart


def test_an_app_that_only_login_history_names_is_called_a_guess() -> None:
    hidden = scenario_of(administrator__permissions=ADMINISTRATORS_PERMISSIONS - {"ModifyMetadata", "ModifyAllData"})

    assert "Acme Integration" in read(hidden).rule("app-is-a-guess")


def test_a_named_app_with_another_key_is_told_from_the_one_that_is_meant() -> None:
    seen = read("client-id-unknown", app="Acme Integration")

    assert seen.chart.flag("request.client_id_matches_app") is False
    assert seen.chart.flag("app.installed") is True


def test_an_app_among_many_is_found_by_its_key() -> None:
    neighbours = tuple(
        replace(stage("healthy").policy.app, label=f"App {n}", api_name=f"App_{n}", app_id=f"0H45g0000000{n:03}AAA",
                consumer_key=f"3MVG9Other{n:03}")
        for n in range(25)
    )  # fmt: skip

    seen = read(scenario_of(policy__other_apps=neighbours))

    assert seen.chart.text("app.name") == "Acme Integration"


def test_staged_credentials_are_told_by_their_state_alone() -> None:
    seen = read(scenario_of(**EXTERNAL, app__staged="Active"))

    assert seen.chart.text("app.staged_credentials") == "Active"


def test_a_certificate_that_ends_soon_is_said() -> None:
    assert "ended" in read("healthy:expired-certificate").rule("app-certificate-ends")


def test_an_org_without_an_identity_provider_log_is_read_all_the_same() -> None:
    seen = read(scenario_of(org__offers_idp_log=False))

    assert "not visible" in seen.skipped("IdpEventLog")
    assert seen.chart.flag("user.is_frozen") is False


def test_a_column_that_an_org_does_not_know_costs_one_more_request_and_no_answer() -> None:
    """`IsRevoked` is there only where user access policies are on; the simulated org has none."""
    seen = read()

    asked = [request.target for request in seen.world.transport.requests if "PermissionSetAssignment" in request.target]
    assert ["IsRevoked" in target for target in asked] == [True, False]
    assert seen.chart.flag("user.assigned_to_app") is True


def test_a_column_refused_to_a_session_with_the_right_is_told_in_the_orgs_words() -> None:
    world = World()
    refusal = '[{"errorCode":"INVALID_FIELD","message":"No such column \'IsFrozen\' on entity \'UserLogin\'."}]'
    asked = session(world, Answering(world.transport, {"FROM UserLogin": (400, refusal)}))

    seen = Seen(world, audit(asked, Target(told_key(world), "integration@acme.example", "jwt-bearer"), 0.0))

    assert "not visible in this org (INVALID_FIELD" in seen.skipped("UserLogin")
    assert "it needs" not in seen.skipped("UserLogin")


def test_a_user_name_cannot_leave_its_quotes() -> None:
    seen = read(username="x' OR Username LIKE '%")

    assert seen.chart.flag("user.exists_in_org") is False


def test_a_user_name_with_control_characters_is_refused() -> None:
    with pytest.raises(BadInput, match="control characters"):
        read(username="a\0b")


def test_a_locked_org_is_known_by_its_own_refusal() -> None:
    seen = read("org-inactive")

    assert seen.chart.flag("org.is_active") is False


def test_a_spent_days_limit_ends_the_audit_before_it_takes_the_rest() -> None:
    seen = read(scenario_of(org__api_used=14_300))

    assert seen.audited.calls <= 2
    assert any("API requests of the day" in o.reason for o in seen.audited.outcomes if not isinstance(o, Looked))


def test_a_session_that_is_no_good_is_one_failed_probe_and_no_facts() -> None:
    world = World()
    asked = session(world)
    world.transport.policy = replace(world.transport.policy, administrator=replace(
        world.transport.policy.administrator, is_active=False))  # fmt: skip

    seen = audit(asked, Target("x", "y@z.example"), 0.0)

    assert seen.ended.startswith("INVALID_SESSION_ID")
    assert [type(outcome) for outcome in seen.outcomes] == [Failed]
    assert seen.observations == ()


def test_no_secret_of_the_org_reaches_what_is_kept() -> None:
    from jwtdoctor.render.document import document

    seen = read(scenario_of(**EXTERNAL, app__staged="Active"))
    policy = seen.world.transport.policy

    text = json.dumps(document(seen.report))
    assert policy.app.consumer_secret.reveal() not in text
    assert policy.app.consumer_key not in text
