"""Every staged fault of the five providers that are played in their own words, seen from outside, and of the others.

As in the round trip of Salesforce: the staged cause leads, or ties with a question that breaks the tie; a healthy
service accuses nobody; nothing else is ever almost certain. The others are played from their data alone, whose texts
are often one for everything: where such a text leaves a tie, what an administrator tells must end it rightly.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.names import Likelihood, Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.simulator.providers.judge import PLAYED
from jwtdoctor.simulator.providers.scene import is_playable
from jwtdoctor.simulator.providers.staged import Staged, staged
from jwtdoctor.testing import World

PROVIDERS = load().providers
OTHERS = [slug for slug, one in PROVIDERS.items() if slug not in PLAYED and is_playable(one)]
CASES = [(slug, fault) for slug in PLAYED for fault in staged(PROVIDERS[slug])]
LESS: tuple[Vague, ...] = ("no-description", "bare")
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
    report = seen_by_an_administrator(provider, fault.name)

    right = {fault.stages, *fault.also}
    assert promised(report) <= right, summary(report)
    assert bool(report.leaders) == (fault.stages is not None), summary(report)
    assert fault.stages is None or right & set(report.leaders), summary(report)


@pytest.mark.parametrize("provider", OTHERS)
def test_a_service_made_of_data_alone_ends_in_what_was_staged(provider: str) -> None:
    for fault in staged(PROVIDERS[provider]):
        report = seen_from_outside(provider, fault.name)
        right = {fault.stages, *fault.also}
        said = f"{fault.name}: {summary(report)}"

        if fault.stages is None:
            assert report.outcome is Outcome.GRANTED, said
            assert report.leaders == (), said
            continue
        assert report.outcome is Outcome.REFUSED, said
        assert promised(report) <= right, said
        assert right & set(report.leaders), said
        if not right >= set(report.leaders):
            assert report.questions, said
            told = seen_by_an_administrator(provider, fault.name)
            assert right & set(told.leaders), f"{fault.name}: {summary(told)}"
            assert promised(told) <= right, f"{fault.name}: {summary(told)}"


@pytest.mark.parametrize("provider", [*PLAYED, *OTHERS])
def test_a_service_that_says_less_leads_to_no_wrong_promise(provider: str) -> None:
    """Each third fault is enough: what is left of the texts is the same for most."""
    for number, fault in enumerate(staged(PROVIDERS[provider])[::3]):
        world = World(fault.name, provider=provider, vague=LESS[number % 2])
        report = examine(world.case, world.instruments)

        assert promised(report) <= {fault.stages, *fault.also}, f"{fault.name}: {summary(report)}"
        assert (report.outcome is Outcome.GRANTED) == (fault.stages is None), fault.name


def seen_by_an_administrator(provider: str, fault: str) -> Report:
    first = World(fault, provider=provider)
    examine(first.case, first.instruments)
    again = World(fault, provider=provider)
    return examine(replace(again.case, observations=first.administrators_facts), again.instruments)


def promised(report: Report) -> set[str]:
    """The causes that are called almost certain."""
    return {v.cause for v in report.verdicts if v.likelihood is Likelihood.ALMOST_CERTAIN}
