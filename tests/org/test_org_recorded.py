"""Recorded failures again, their org facts read by `audit` from a simulated org that is in the very state.

Of a recorded case every fact about app, user and org that the simulated state can express is turned into that state;
the audit must find the same facts there, and they must lead to the same verdict and score.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from org_stage import Seen, read, scenario_of

from jwtdoctor.checkup import explain_case
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.model.case import Case
from jwtdoctor.model.facts import Value
from jwtdoctor.model.report import Report
from jwtdoctor.simulator.policy import LoginRow
from jwtdoctor.testing import TRUE_NOW

CASES = Path(__file__).parents[1] / "cases" / "dev-salesforce.jsonl"
Change = Callable[[Any], dict[str, Any]]
EXTERNAL_ID = "0xI5g000000AcmeCAA"
LOGINS = {"jwt-bearer": "healthy", "client-credentials": "healthy:client-credentials"}


def _of(path: str, **values: Any) -> Change:
    """The value itself, or what stands for it."""
    return lambda value: {path: values.get(str(value), value)}


def _kind(value: Any) -> dict[str, Any]:
    return {"app__kind": value, "app__app_id": EXTERNAL_ID} if value == "external-client-app" else {"app__kind": value}


STATE: dict[str, Change] = {
    "app.kind": _kind,
    "app.permitted_users": _of("app__permitted_users"),
    "app.scopes": lambda value: {"app__scopes": tuple(value)},
    "app.has_refresh_token_scope": lambda value: {"app__scopes": ("api", "refresh_token") if value else ("api",)},
    "app.requires_pkce": _of("app__requires_pkce"),
    "app.requires_secret": _of("app__requires_secret"),
    "app.ip_relaxation": _of("app__ip_relaxation"),
    "app.run_as_user_set": lambda value: {} if value else {"app__run_as": None},
    "app.is_new": lambda value: {"app__age_min": 2.0 if value else 5000.0},
    "app.changed_recently": lambda value: {"app__changed_recently": True} if value else {},
    "app.refresh_token_rotation": _of("app__rotates_refresh_tokens"),
    "app.refresh_token_policy": _of("app__refresh_token_policy"),
    "app.distribution_state": _of("app__distribution"),
    "user.assigned_to_app": _of("user__assigned_to_app"),
    "user.has_approved_app": lambda value: {"user__approvals": 1 if value else 0},
    "user.approvals_for_app": lambda value: {"user__approvals": int(value)},
    "org.requires_pkce": _of("org__requires_pkce"),
    "org.allows_password_flow": _of("org__allows_password_flow"),
    "org.api_access_control": _of("org__api_access_control"),
    "org.kind": _of("org__kind"),
}
"""Fact -> the state that makes it true."""
CAUSE: dict[str, dict[str, Any]] = {
    "ip-restricted": {"user__ip_ranges": ("198.51.100.0-198.51.100.255",)},
    "certificate-not-uploaded": {"app__certificates": ()},
    "flow-disabled": {"app__flows": frozenset({"authorization-code"})},
    "rate-limited": {"user__logins_last_hour": 3600},
    "client-id-unknown": {"app__consumer_key": "3MVG9" + "AnotherAppOfAcme" * 4},
}
"""Cause -> the state of the org that it is, where nothing that was recorded tells of it."""
KINDS = ("production", "sandbox", "scratch", "developer")
AUDITED = (*STATE, "login_history.status")


@dataclass(frozen=True)
class Recorded:
    """One recorded case, what counts as right, and its facts that a simulated org can be in."""

    case: Case
    accept: tuple[str, ...]
    facts: Mapping[str, Value]


@cache
def recorded() -> tuple[Recorded, ...]:
    """The cases in the administrator's view whose org facts can be expressed, all of them."""
    rows = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    cases = [(case_from(row["case"]), tuple(row["accept"])) for row in rows if row["view"] == "org"]
    found = [Recorded(case, accept, expressible(case)) for case, accept in cases]
    return tuple(one for one in found if one.facts)


def expressible(case: Case) -> dict[str, Value]:
    facts = {o.fact: o.value for o in case.observations if o.fact in AUDITED}
    if facts.get("org.kind") not in KINDS:
        facts.pop("org.kind", None)
    if facts.get("login_history.status") == "Success":
        facts.pop("login_history.status")  # of another login than the one that failed
    if facts.get("app.kind") != "external-client-app":
        facts.pop("app.distribution_state", None)
    return facts


@cache
def read_back(number: int, with_cause: bool = False) -> Seen:
    """The audit of an org in the recorded state; `with_cause`: and in that of the true cause."""
    one = recorded()[number]
    changes: dict[str, Any] = dict(CAUSE.get(one.accept[0], {})) if with_cause else {}
    for fact, value in one.facts.items():
        if fact in STATE:
            changes |= STATE[fact](value)
    status = one.facts.get("login_history.status")
    scenario = scenario_of(LOGINS.get(one.case.flow or "", "healthy"), **changes)
    if status is not None:
        flow, host, app = one.case.flow or "jwt-bearer", "acme.my.salesforce.com", "Acme Integration"
        row = LoginRow(TRUE_NOW - 5, "integration@acme.example", str(status), "203.0.113.7", flow, host, app)
        scenario = replace(scenario, policy=replace(scenario.policy, logins=(row,)))
    return read(scenario, login=False, flow=one.case.flow)


def with_facts(one: Recorded, seen: Seen, names: frozenset[str] | None) -> Report:
    """The diagnosis of the case with the audit's facts in the place of its own; `names` None: with all of them."""
    kept = tuple(o for o in one.case.observations if o.fact not in one.facts)
    audited = [o for o in seen.audited.observations if names is None or o.fact in names]
    known = {o.fact for o in kept}
    return explain_case(replace(one.case, observations=(*kept, *(o for o in audited if o.fact not in known))))


def verdicts(report: Report) -> list[tuple[str, int]]:
    return [(verdict.cause, verdict.score) for verdict in report.verdicts]


def test_the_audit_finds_the_recorded_facts_in_an_org_of_that_state() -> None:
    wrong = {}
    for number, one in enumerate(recorded()):
        found = {o.fact: o.value for o in read_back(number).audited.observations}
        missing = {fact: found.get(fact) for fact, value in one.facts.items() if not same(found.get(fact), value)}
        if missing:
            wrong[one.case.id] = missing

    assert not wrong
    assert len(recorded()) >= 70


def same(found: Value | None, recorded_value: Value) -> bool:
    if isinstance(found, tuple) and isinstance(recorded_value, tuple):
        return set(found) == set(recorded_value)
    return found == recorded_value


def test_the_same_facts_through_the_audit_lead_to_the_same_verdict() -> None:
    for number, one in enumerate(recorded()):
        again = with_facts(one, read_back(number), frozenset(one.facts))

        assert verdicts(explain_case(one.case)) == verdicts(again), one.case.id


def test_all_that_the_audit_sees_makes_the_diagnosis_no_worse() -> None:
    def right(report: Report, one: Recorded) -> bool:
        return bool(report.verdicts) and report.verdicts[0].cause in one.accept

    before = sum(right(explain_case(one.case), one) for one in recorded())
    after = sum(right(with_facts(one, read_back(n, with_cause=True), None), one) for n, one in enumerate(recorded()))

    assert after >= before, (before, after, len(recorded()))
