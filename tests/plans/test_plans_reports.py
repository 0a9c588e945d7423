"""What the reports of the other commands tell a plan, and what they do not."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from jwtdoctor.errors import BadInput
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.plan import Sighting
from jwtdoctor.plans.evidence import client_kind, seen_of
from jwtdoctor.plans.judge import plan_of
from jwtdoctor.plans.reports import ReportRead, report_of

BOMB = {"rule": "rotates-at-every-deployment", "severity": "error", "where": "e/Sync.ecaGlblOauth-meta.xml:3"}


def document(command: str, **parts: Any) -> dict[str, Any]:
    return {"schema": "jwtdoctor.report/1", "command": command, "at": 1_000_000.0, "facts": {}} | parts


def read(command: str, **parts: Any) -> ReportRead:
    app, now = parts.pop("app", ""), parts.pop("now", None)
    return report_of(json.dumps(document(command, **parts)), "r.json", app=app, now=now)


def lint(*apps: str, findings: list[Any], **parts: Any) -> ReportRead:
    return read("lint", findings=findings, lint={"apps": [{"name": name} for name in apps]}, **parts)


def test_a_rule_that_found_something_is_a_fact_with_its_place() -> None:
    seen = seen_of({}, [lint("Sync", findings=[BOMB])])

    assert seen.look("lint:rotates-at-every-deployment") == Sighting(
        "lint:rotates-at-every-deployment", True, "e/Sync.ecaGlblOauth-meta.xml:3"
    )


def test_a_rule_that_found_nothing_is_a_fact_only_where_all_was_read() -> None:
    whole, part = lint("Sync", findings=[]), lint("Sync", findings=[{"rule": "not-all-read", "where": "x"}])

    found = seen_of({}, [whole]).look("lint:rotates-at-every-deployment")

    assert found is not None
    assert found.value is False
    assert seen_of({}, [part]).look("lint:rotates-at-every-deployment") is None
    assert seen_of({}).look("lint:rotates-at-every-deployment") is None


def test_findings_of_other_apps_do_not_count() -> None:
    other = {**BOMB, "where": "e/Billing_global.ecaGlblOauth-meta.xml:3"}

    seen = seen_of({}, [lint("Sync", "Billing", findings=[other], app="Sync")])

    assert seen.look("lint:rotates-at-every-deployment") == Sighting("lint:rotates-at-every-deployment", False, "lint")


def test_a_report_about_several_apps_is_about_none_until_one_is_named() -> None:
    seen = seen_of({}, [lint("Sync", "Billing", findings=[BOMB])])

    assert seen.look("lint:rotates-at-every-deployment") is None
    assert "made with --app NAME" in seen.warnings[0]


def test_the_app_is_known_by_the_facts_of_the_report() -> None:
    facts = {"app.name": {"value": "Night Sync", "source": "metadata"}}

    seen = seen_of({}, [lint("Night_Sync", "Billing", findings=[BOMB], facts=facts)])

    assert seen.look("lint:rotates-at-every-deployment") is not None


def test_no_uninstalled_app_is_known_only_where_the_lists_were_visible() -> None:
    lists = ("audit:AppMenuItem", "audit:ExternalClientApplication", "audit:OauthToken")
    visible = [{"probe": name, "outcome": "looked"} for name in lists]
    hidden = [*visible[:2], {"probe": lists[2], "outcome": "skipped", "reason": "Customize Application is missing"}]

    assert seen_of({}, [read("audit --apps", probes=visible)]).look("apps:app-uninstalled-in-use") is not None
    assert seen_of({}, [read("audit --apps", probes=hidden)]).look("apps:app-uninstalled-in-use") is None


def test_a_certificate_has_aged_since_the_report_was_made() -> None:
    facts = {"app.certificate_not_after_in_s": {"value": 100.0, "source": "audit"}}

    seen = seen_of({}, [read("audit", facts=facts, now=1_000_150.0)])

    assert seen.chart.number("app.certificate_not_after_in_s") == -50.0


def test_a_report_in_which_no_cause_leads_hides_none_that_another_names() -> None:
    seen = seen_of({}, [read("check", leaders=["clock-drift"]), read("audit", leaders=[])])

    assert seen.look("said:leaders") == Sighting("said:leaders", ("clock-drift",), "check")


def test_an_old_report_is_told_to_be_old() -> None:
    assert "made 10 days ago" in read("audit", now=1_000_000.0 + 10 * 86_400).warnings[0]
    assert read("audit", now=1_000_000.0 + 86_400).warnings == ()


def test_a_flow_that_the_plans_do_not_know_is_told() -> None:
    seen = seen_of({}, choices=[Sighting("flow", "private-key-jwt", "asked for")])

    assert seen.warnings == ("the plans do not know the flow private-key-jwt: what depends on the flow is left out",)


def test_logs_tell_their_kinds_and_who_logs_in() -> None:
    logs = {
        "refused": 3,
        "sources": [{"kind": "iat"}],
        "apps": [{"users": [{"value": "a@x.test"}, {"value": "b@x.test"}]}],
    }

    said = read("logs", logs=logs).said

    assert said == {"logs:refused": 3, "logs:kinds": ("iat",), "logs:users": ("a@x.test", "b@x.test")}


def test_the_org_counts_before_the_repository_and_the_difference_is_told() -> None:
    org = read("audit", facts={"app.ip_relaxation": {"value": "relax", "source": "audit:ConnectedApp"}})
    source = read("lint", facts={"app.ip_relaxation": {"value": "enforce", "source": "metadata"}})

    seen = seen_of({}, [org, source])

    assert seen.chart.text("app.ip_relaxation") == "relax"
    assert seen.warnings == ("app.ip_relaxation: lint says enforce, audit relax; the latter counts",)


def test_what_is_typed_counts_before_everything() -> None:
    org = read("audit", facts={"app.kind": {"value": "connected-app", "source": "audit"}})

    seen = seen_of({"user": [Observation("app.kind", "external-client-app", "user")]}, [org])

    assert seen.chart.text("app.kind") == "external-client-app"


def test_whoever_read_the_policies_and_saw_no_session_policy_saw_that_there_is_none() -> None:
    facts = {"app.ip_relaxation": {"value": "enforce", "source": "audit:ConnectedApp"}}
    typed = [Observation("app.ip_relaxation", "enforce", "user")]

    assert seen_of({}, [read("audit", facts=facts)]).chart.text("app.session_policy") == "none"
    assert "app.session_policy" not in seen_of({"user": typed}).chart


def test_a_client_that_sends_a_secret_is_taken_for_one_that_can_keep_it() -> None:
    sends = seen_of({"user": [Observation("request.sends_client_secret", True, "user")]}).chart

    assert client_kind("jwt-bearer", sends) == Sighting("client", "confidential", "flow jwt-bearer")
    assert client_kind("authorization-code", sends) == Sighting("client", "confidential", "request.sends_client_secret")
    assert client_kind("authorization-code", seen_of({}).chart) is None


def test_nothing_missing_is_ever_taken_for_fine() -> None:
    """An audit that may see nothing leaves every line open."""
    plan = plan_of("policy", seen_of({}, [read("audit")]))

    assert {line.mark for line in plan.lines} == {"open"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"schema": "jwtdoctor.case/1"}', '{"schema": 3}', "[" * 100_000, "\x00\xff", "null"],
    ids=["empty", "list", "torn", "case", "number", "deep", "binary", "null"],
)
def test_what_is_no_report_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as problem:
        report_of(text, "r.json")

    assert "\n" not in str(problem.value)


@pytest.mark.parametrize("value", [3, "x", None, [1, None, {}], {"a": []}, True], ids=repr)
def test_a_report_with_anything_in_any_place_is_read_or_refused_in_one_line(value: object) -> None:
    keys = ("at", "findings", "probes", "leaders", "lint", "logs", "facts", "outcome", "flow", "provider")
    odd: list[dict[str, Any]] = [{key: value} for key in keys]
    odd += [{"logs": {"apps": value, "sources": value, "refused": value}}, {"lint": {"apps": value}}]
    for command in ("check", "lint", "audit", "audit --apps", "logs", "keys"):
        for parts in odd:
            with suppress(BadInput):
                seen_of({}, [report_of(json.dumps(document(command, **parts)), "r.json", now=1.0)])
