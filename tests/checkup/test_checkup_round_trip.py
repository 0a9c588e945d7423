"""Every staged fault, with and without its text, with and without time servers, seen by an administrator or not.

With an administrator's facts the staged cause must lead, or tie with a question that breaks the tie. From outside a
text often has several readings that nothing observed can separate; there the *dialogue* must end at the staged cause:
the questions that the report asks are answered with the truth, three rounds at most.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.checkup import examine
from jwtdoctor.model.names import Likelihood, Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.testing import FAULTS, Fault, World

STAGED = [fault for fault in FAULTS if fault.stages is not None]
HEALTHY = [fault for fault in FAULTS if fault.stages is None]
ROUNDS = 4

DATE_ALONE = {"server-clock-wrong"}
"""Without time servers nothing tells which of two clocks is off: the report must not promise, and must ask."""

BLIND_WITHOUT_TEXT = {
    "user-never-logged-in", "jti-replayed", "package-version-mismatch", "dpop-required", "platform-transient",
    "device-pending", "device-polling-too-fast", "device-code-expired", "token-handler-rejected", "concurrent-refresh",
    "user-denied", "redirect-uri-missing", "redirect-uri-mismatch", "saml-assertion-invalid", "app-policy-missing",
    "security-token-missing:stale", "code-expired", "code-reused", "scope-not-allowed", "refresh-token-revoked",
    "refresh-token-rotated", "refresh-token-expired",
}  # fmt: skip
"""Faults that leave nothing but their text: with a bare `invalid_grant` they must not be accused of anything else
with certainty, and that is all that can be asked."""


def right(fault: Fault) -> set[str]:
    """The staged cause, and those that name the same state."""
    assert fault.stages is not None
    return {fault.stages, *fault.also}


def run(fault: Fault, *, ntp: bool, vague: Vague, admin: bool) -> Report:
    """One login. An administrator sees the row that it left in Login History, and says so with the other facts."""
    world = World(fault.name, ntp=ntp, vague=vague, admin=admin)
    report = examine(world.case, world.instruments)
    if not admin:
        return report
    again = World(fault.name, ntp=ntp, vague=vague)
    return examine(replace(again.case, observations=world.case.observations), again.instruments)


def summary(report: Report) -> str:
    scores = ", ".join(f"{v.cause} {v.score}" for v in report.verdicts[:5])
    return f"{report.outcome}: {scores}; asks {[q.fact for q in report.questions]}"


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
@pytest.mark.parametrize("fault", STAGED, ids=[f.name for f in STAGED])
def test_with_its_text_and_an_administrators_facts_a_staged_cause_leads(fault: Fault, ntp: bool) -> None:
    report = run(fault, ntp=ntp, vague="no", admin=True)

    assert report.leaders, summary(report)
    if fault.name in DATE_ALONE and not ntp:
        assert report.questions, summary(report)
        assert report.verdicts[0].likelihood is not Likelihood.ALMOST_CERTAIN
        return
    assert right(fault) & set(report.leaders), summary(report)
    if not right(fault) >= set(report.leaders):
        assert report.questions, summary(report)


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
@pytest.mark.parametrize("fault", STAGED, ids=[f.name for f in STAGED])
def test_from_outside_the_dialogue_ends_at_the_staged_cause(fault: Fault, ntp: bool) -> None:
    report = dialogue(fault, ntp=ntp, vague="no")

    if fault.name in DATE_ALONE and not ntp:
        assert report.verdicts[0].likelihood is not Likelihood.ALMOST_CERTAIN
        return
    assert right(fault) & set(report.leaders), summary(report)


@pytest.mark.parametrize("vague", ["no-description", "bare"])
@pytest.mark.parametrize("fault", STAGED, ids=[f.name for f in STAGED])
def test_without_its_text_a_staged_cause_leads_or_is_asked_for_and_nothing_else_is_promised(
    fault: Fault, vague: Vague
) -> None:
    report = run(fault, ntp=True, vague=vague, admin=True)

    first = report.verdicts[0] if report.verdicts else None
    if first is not None and first.likelihood is Likelihood.ALMOST_CERTAIN:
        assert first.cause in right(fault), summary(report)
    if fault.name.split(":")[0] not in BLIND_WITHOUT_TEXT and fault.name not in BLIND_WITHOUT_TEXT:
        assert right(fault) & {v.cause for v in report.verdicts[:3]}, summary(report)


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
@pytest.mark.parametrize("vague", ["no", "no-description", "bare"])
def test_no_staged_fault_leads_to_a_wrong_promise_from_outside(ntp: bool, vague: Vague) -> None:
    wrong = []
    for fault in STAGED:
        report = run(fault, ntp=ntp, vague=vague, admin=False)
        first = report.verdicts[0] if report.verdicts else None
        if first and first.likelihood is Likelihood.ALMOST_CERTAIN and first.cause not in right(fault):
            wrong.append(f"{fault.name}: {summary(report)}")

    assert wrong == []


@pytest.mark.parametrize("admin", [True, False], ids=["admin", "outside"])
@pytest.mark.parametrize("fault", HEALTHY, ids=[f.name for f in HEALTHY])
def test_a_healthy_simulator_accuses_nobody(fault: Fault, admin: bool) -> None:
    report = run(fault, ntp=True, vague="no", admin=admin)

    assert report.outcome is Outcome.GRANTED, summary(report)
    assert report.leaders == (), summary(report)
    assert report.logins_used == 1


def dialogue(fault: Fault, *, ntp: bool, vague: Vague) -> Report:
    """The report after its questions were answered with what an administrator would see, round by round."""
    world = World(fault.name, ntp=ntp, vague=vague)
    report = examine(world.case, world.instruments)
    truth_world = World(fault.name, ntp=ntp, vague=vague, admin=True)
    examine(truth_world.case, truth_world.instruments)
    truth = {o.fact: o for o in truth_world.case.observations}
    told = list(world.case.observations)
    for _ in range(ROUNDS):
        if set(report.leaders) <= right(fault) and report.leaders:
            break
        answers = [truth[q.fact] for q in report.questions if q.fact in truth]
        if not answers:
            break
        told += answers
        again = World(fault.name, ntp=ntp, vague=vague)
        report = examine(replace(again.case, observations=tuple(told)), again.instruments)
    return report
