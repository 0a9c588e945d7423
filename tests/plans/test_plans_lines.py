"""Every line rests on what it names: the tests are made of the rows themselves, so that no new row escapes them."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from plan_cases import CHOSEN, Told, all_told, candidates, seen, without

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.planning import content_of, plan_content
from jwtdoctor.lint.rules import all_rules
from jwtdoctor.model.plan import PLANS
from jwtdoctor.plans.judge import command_to_see, lines_of

ORG = Path(__file__).resolve().parents[2] / "jwtdoctor" / "org"
TOLD = list(all_told())
by_name = pytest.mark.parametrize("told", TOLD, ids=lambda told: told.name)


@by_name
def test_each_case_speaks_and_names_all_that_it_rests_on(told: Told) -> None:
    known = told.evidence()

    line = told.line(known)

    assert line is not None
    assert {one.name for one in line.rests_on} >= set(told.facts)
    assert line.missing == ()
    assert line.mark == (told.case.mark if told.case else told.row.mark)


@by_name
def test_a_line_changes_with_each_fact_that_it_rests_on(told: Told) -> None:
    """Another value makes another line of it, or none; where any value will do, its absence does."""
    known = told.evidence()
    before = told.line(known)
    unmoved = []

    for fact in told.facts:
        others = [told.line({**known, fact: value}) for value in candidates(told.row, fact) if value != known[fact]]
        others.append(told.line(without(known, fact)))
        said = (before and before.mark, before and before.text)
        if all(other is not None and (other.mark, other.text) == said for other in others):
            unmoved.append(fact)

    assert unmoved == []


@by_name
def test_without_a_fact_a_line_says_that_it_was_not_observed(told: Told) -> None:
    known = told.evidence()

    for fact in told.facts:
        line = told.line(without(known, fact))

        assert line is not None
        assert fact in line.missing or (line.mark != "open" and fact not in {one.name for one in line.rests_on})


@by_name
def test_less_evidence_never_turns_a_verdict_round(told: Told) -> None:
    known = told.evidence()
    before = told.line(known)
    assert before is not None

    for fact in told.facts:
        after = told.line(without(known, fact))

        assert after is not None
        assert {before.mark, after.mark} != {"ok", "bad"}


@pytest.mark.parametrize("plan", PLANS)
def test_without_evidence_nothing_is_said_to_be_fine(plan: str) -> None:
    """What a flow alone tells is told with the flow."""
    for flow, client, of, through in product(*CHOSEN.values()):
        known = {"flow": flow, "client": client, "of": of, "through": through}
        for line in lines_of(plan_content(plan), seen(known)):
            assert line.missing or {one.name for one in line.rests_on} & {"flow", "client"}, line.id


@pytest.mark.parametrize("plan", PLANS)
def test_every_flow_has_its_lines(plan: str) -> None:
    for flow in CHOSEN["flow"]:
        known = {"flow": flow, "client": "confidential", "of": "secret", "through": "ui"}

        assert len(lines_of(plan_content(plan), seen(known))) >= 6


def test_rules_that_are_looked_at_exist() -> None:
    names = {condition.name for told in TOLD for condition in told.conditions}
    lint = {name.partition(":")[2] for name in names if name.startswith("lint:")}
    apps = {name.partition(":")[2] for name in names if name.startswith("apps:")}
    said = set(re.findall(r'_say\(\s*"([a-z-]+)"', (ORG / "risks.py").read_text(encoding="utf-8")))

    assert lint <= all_rules().keys()
    assert apps <= said


def test_an_open_line_says_what_would_show_it() -> None:
    names = {name for told in TOLD for name in told.facts}
    asked_of_people = {name for name in names if name.startswith(("history.", "retry.", "path.", "reply."))}
    without = {name for name in names - asked_of_people if not command_to_see(name)}

    assert without == {"user.approval_has_refresh_token", "app.allowlisted"}


def test_every_row_has_a_source_and_says_how_sure_it_is() -> None:
    assert [told.name for told in TOLD if not all(s.startswith("https://") for s in told.row.sources)] == []
    assert [told.name for told in TOLD if not told.row.sources] == []


ROW = {"id": "a", "section": "s", "sureness": "documented", "sources": ["ca"]}
CASE = {"when": {"user.is_active": True}, "mark": "ok", "say": "yes"}


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "open": "?", "case": [{**CASE, "when": {"user.is_activ": True}}]},
        {**ROW, "open": "?", "case": [{**CASE, "mark": "fine"}]},
        {**ROW, "open": "?", "case": [{**CASE, "when": {}}]},
        {**ROW, "open": "?", "case": [{**CASE, "when": {"user.is_active": {"about": 3}}}]},
        {**ROW, "open": "?", "case": [CASE], "colour": "red"},
        {**ROW, "case": [CASE]},
        {**ROW, "say": "do it", "only": {"flow": "jwt-bearer"}},
        {**ROW, "say": "do it", "only": {"user.is_active": True}, "sources": ["nowhere"]},
    ],
    ids=["fact", "mark", "no condition", "operator", "key", "no open", "step on nothing", "source"],
)
def test_a_row_that_contradicts_the_form_is_a_bug_of_ours(row: dict[str, object]) -> None:
    with pytest.raises(BadKnowledge):
        content_of({"title": "t", "row": [row]}, "test")


def test_two_rows_of_one_name_are_a_bug_of_ours() -> None:
    row = {**ROW, "open": "?", "case": [CASE]}

    with pytest.raises(BadKnowledge, match="two rows are called a"):
        content_of({"title": "t", "row": [row, row]}, "test")
