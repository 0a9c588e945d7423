"""Every staged fault, with and without its text, with and without time servers, seen by an administrator or not.

With an administrator's facts the staged cause must lead, or tie with a question that breaks the tie. From outside a
text often has several readings that nothing observed can separate; there the *dialogue* must end at the staged cause:
the questions that the report asks are answered with the truth, six rounds at most.

The tests of one fault share its reports, and pytest runs them one after the other: a fault's reports are made once.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.names import Likelihood, Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.conclude import conclude
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.testing import FAULTS, Fault, World
from jwtdoctor.tui.answers import checked

STAGED = [fault for fault in FAULTS if fault.stages is not None]
HEALTHY = [fault for fault in FAULTS if fault.stages is None]
ROUNDS = 6

DATE_ALONE = {"server-clock-wrong"}
"""Without time servers nothing tells which of two clocks is off: the report must not promise, and must ask."""

HAVE_THEIR_OWN_CODE = {
    "package-version-mismatch", "scope-not-allowed", "user-denied", "platform-transient", "device-pending",
    "device-polling-too-fast", "token-handler-rejected",
}  # fmt: skip
"""Faults that no endpoint calls `invalid_grant`, and that leave nothing but their code. Where something on the way
says `invalid_grant` for everything, all that can be asked is that nothing else is accused with certainty."""


def right(fault: Fault) -> set[str]:
    """The staged cause, and those that name the same state; none where nothing is staged."""
    return set() if fault.stages is None else {fault.stages, *fault.also}


class Reports:
    """What is reported of one staged fault, each way once."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.right = right(fault)
        self._seen: dict[tuple[bool, Vague], tuple[Report, tuple[Observation, ...]]] = {}

    def outside(self, *, ntp: bool, vague: Vague) -> Report:
        return self._login(ntp, vague)[0]

    def truth(self, *, ntp: bool, vague: Vague) -> tuple[Observation, ...]:
        """What an administrator sees after that login, its row in Login History among it."""
        return self._login(ntp, vague)[1]

    def administrators(self, *, ntp: bool, vague: Vague) -> Report:
        """A further login, with all that an administrator saw of the first."""
        world = World(self.fault.name, ntp=ntp, vague=vague)
        told = replace(world.case, observations=self.truth(ntp=ntp, vague=vague))
        return examine(told, world.instruments)

    def dialogue(self, *, ntp: bool, vague: Vague) -> Report:
        """The report after its questions were answered with what an administrator would see, or with "nobody knows",
        round by round and without another login."""
        report = self.outside(ntp=ntp, vague=vague)
        truth = {o.fact: o for o in self.truth(ntp=ntp, vague=vague)}
        seen = checked(report).seen
        for _ in range(ROUNDS):
            if not report.questions or (report.leaders and set(report.leaders) <= self.right):
                break
            asked = {question.fact for question in report.questions}
            answers = [truth[fact] for fact in asked & truth.keys()]
            seen = replace(seen, chart=seen.chart.plus(answers), not_known=seen.not_known | (asked - truth.keys()))
            report = conclude(seen, load())
        return report

    def _login(self, ntp: bool, vague: Vague) -> tuple[Report, tuple[Observation, ...]]:
        if (ntp, vague) not in self._seen:
            world = World(self.fault.name, ntp=ntp, vague=vague)
            self._seen[ntp, vague] = examine(world.case, world.instruments), world.administrators_facts
        return self._seen[ntp, vague]


@pytest.fixture(scope="module", params=STAGED, ids=[fault.name for fault in STAGED])
def staged(request: pytest.FixtureRequest) -> Reports:
    return Reports(request.param)


def summary(report: Report) -> str:
    scores = ", ".join(f"{v.cause} {v.score}" for v in report.verdicts[:5])
    return f"{report.outcome}: {scores}; asks {[q.fact for q in report.questions]}"


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
def test_with_its_text_and_an_administrators_facts_a_staged_cause_leads(staged: Reports, ntp: bool) -> None:
    report = staged.administrators(ntp=ntp, vague="no")

    assert report.leaders, summary(report)
    if staged.fault.name in DATE_ALONE and not ntp:
        assert report.questions, summary(report)
        assert report.verdicts[0].likelihood is not Likelihood.ALMOST_CERTAIN
        return
    assert staged.right & set(report.leaders), summary(report)
    if not staged.right >= set(report.leaders):
        assert report.questions, summary(report)


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
@pytest.mark.parametrize("vague", ["no", "no-description"])
def test_from_outside_the_staged_cause_leads_or_the_question_that_finds_it_is_asked(
    staged: Reports, vague: Vague, ntp: bool
) -> None:
    first = staged.outside(ntp=ntp, vague=vague)
    report = staged.dialogue(ntp=ntp, vague=vague)

    assert staged.right >= set(first.leaders) or first.questions, summary(first)
    if staged.fault.name in DATE_ALONE and not ntp:
        assert report.verdicts[0].likelihood is not Likelihood.ALMOST_CERTAIN
        return
    assert staged.right & set(report.leaders), summary(report)


@pytest.mark.parametrize("vague", ["no-description", "bare"])
def test_without_its_text_a_staged_cause_leads_or_is_asked_for_and_nothing_else_is_promised(
    staged: Reports, vague: Vague
) -> None:
    report = staged.administrators(ntp=True, vague=vague)

    first = report.verdicts[0] if report.verdicts else None
    if first is not None and first.likelihood is Likelihood.ALMOST_CERTAIN:
        assert first.cause in staged.right, summary(report)
    if vague == "no-description" or staged.fault.name not in HAVE_THEIR_OWN_CODE:
        assert staged.right & {v.cause for v in report.verdicts[:3]}, summary(report)


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
@pytest.mark.parametrize("vague", ["no", "no-description", "bare"])
def test_a_staged_fault_leads_to_no_wrong_promise_from_outside(staged: Reports, ntp: bool, vague: Vague) -> None:
    report = staged.outside(ntp=ntp, vague=vague)

    first = report.verdicts[0] if report.verdicts else None
    if first and first.likelihood is Likelihood.ALMOST_CERTAIN:
        assert first.cause in staged.right, summary(report)


@pytest.mark.parametrize("admin", [True, False], ids=["admin", "outside"])
@pytest.mark.parametrize("fault", HEALTHY, ids=[f.name for f in HEALTHY])
def test_a_healthy_simulator_accuses_nobody(fault: Fault, admin: bool) -> None:
    healthy = Reports(fault)
    report = healthy.administrators(ntp=True, vague="no") if admin else healthy.outside(ntp=True, vague="no")

    assert report.outcome is Outcome.GRANTED, summary(report)
    assert report.leaders == (), summary(report)
    assert report.logins_used == 1
