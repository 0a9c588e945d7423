"""Every staged fault of the five providers that are played in their own words, seen from outside, and of the others.

As in the round trip of Salesforce: the staged cause leads, or ties with a question that breaks the tie; a healthy
service accuses nobody; nothing else is ever almost certain. The others are played from their data alone, whose texts
are often one for everything: there only the last two hold.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.names import Likelihood, Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.simulator.providers.judge import PLAYED
from jwtdoctor.simulator.providers.scene import is_playable
from jwtdoctor.simulator.providers.staged import Staged, staged
from jwtdoctor.testing import World

PROVIDERS = load().providers
OTHERS = [slug for slug, one in PROVIDERS.items() if slug not in PLAYED and is_playable(one)]
CASES = [(slug, fault) for slug in PLAYED for fault in staged(PROVIDERS[slug])]
DATE_ALONE = "server-clock-wrong"
"""Without time servers nothing tells which of two clocks is off: the report must not promise, and must ask."""


def seen_from_outside(provider: str, fault: str, *, ntp: bool = True) -> Report:
    world = World(fault, provider=provider, ntp=ntp)
    return examine(world.case, world.instruments)


def summary(report: Report) -> str:
    scores = ", ".join(f"{v.cause} {v.score} {v.likelihood}" for v in report.verdicts[:5])
    return f"{report.outcome}: {scores}; asks {[q.fact for q in report.questions]}"


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
@pytest.mark.parametrize(("provider", "fault"), CASES, ids=[f"{slug}-{fault.name}" for slug, fault in CASES])
def test_the_staged_cause_leads_or_ties_with_a_question(provider: str, fault: Staged, ntp: bool) -> None:
    report = seen_from_outside(provider, fault.name, ntp=ntp)

    if fault.stages is None:
        assert report.outcome is Outcome.GRANTED, summary(report)
        assert report.leaders == (), summary(report)
        assert report.logins_used == 1
        return
    right = {fault.stages, *fault.also}
    assert report.outcome is Outcome.REFUSED, summary(report)
    assert promised(report) <= right, summary(report)
    if fault.stages == DATE_ALONE and not ntp:
        assert report.questions, summary(report)
        return
    assert right & set(report.leaders), summary(report)
    if not right >= set(report.leaders):
        assert report.questions, summary(report)


@pytest.mark.parametrize(("provider", "fault"), CASES, ids=[f"{slug}-{fault.name}" for slug, fault in CASES])
def test_with_what_an_administrator_tells_the_staged_cause_leads(provider: str, fault: Staged) -> None:
    first = World(fault.name, provider=provider)
    examine(first.case, first.instruments)
    again = World(fault.name, provider=provider)
    report = examine(replace(again.case, observations=first.administrators_facts), again.instruments)

    right = {fault.stages, *fault.also}
    assert promised(report) <= right, summary(report)
    assert bool(report.leaders) == (fault.stages is not None), summary(report)
    assert fault.stages is None or right & set(report.leaders), summary(report)


@pytest.mark.parametrize("provider", OTHERS)
def test_a_service_made_of_data_alone_grants_when_healthy_and_leads_to_no_wrong_promise(provider: str) -> None:
    for fault in staged(PROVIDERS[provider]):
        report = seen_from_outside(provider, fault.name)

        if fault.stages is None:
            assert report.outcome is Outcome.GRANTED, summary(report)
            assert report.leaders == (), summary(report)
        else:
            assert report.outcome is Outcome.REFUSED, f"{fault.name}: {summary(report)}"
            assert promised(report) <= {fault.stages, *fault.also}, f"{fault.name}: {summary(report)}"


def promised(report: Report) -> set[str]:
    """The causes that are called almost certain."""
    return {v.cause for v in report.verdicts if v.likelihood is Likelihood.ALMOST_CERTAIN}
