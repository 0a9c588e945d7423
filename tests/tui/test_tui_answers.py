"""Questions are answered in place, and the ranking changes without a login."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui_stage import app_of, bench, examined, state, subject, until, words  # noqa: F401

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.facts import VOCABULARY, Value
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.conclude import conclude
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.testing import World
from jwtdoctor.tui.answers import NOT_KNOWN, checked, value_of
from jwtdoctor.tui.widgets.question import AnswerRow

FAULTS = ("clock-drift", "user-not-preauthorized", "pkce-missing", "dns-failed", "healthy")


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("vague", ["no", "bare"])
def test_what_a_checkup_found_is_concluded_again_to_the_same_verdicts(name: str, vague: Vague) -> None:
    world = World(name, vague=vague)
    report = examine(world.case, world.instruments)

    again = conclude(checked(report).seen, load())

    assert _ranking(report) == _ranking(again)
    assert report.outcome == again.outcome
    assert report.leaders == again.leaders
    assert report.questions == again.questions
    assert report.timeline == again.timeline


def test_no_answer_leaves_the_report_as_it_is() -> None:
    world = World("user-not-preauthorized")
    report = examine(world.case, world.instruments)

    assert report is checked(report).with_answers({}, load())


def test_what_a_checkup_added_to_its_conclusion_is_kept_when_an_answer_comes() -> None:
    """The fix of this very machine and the findings of the probes follow from no fact."""
    world = World("clock-drift")
    own = Remedy("Set the clock of this machine.", command="sudo ntpd-here --now")
    finding = Finding("token-use", "warning", "token", "seen by a probe")
    report = examine(world.case, world.instruments)
    verdicts = tuple(replace(v, remedy=(own,)) if v.cause == "clock-drift" else v for v in report.verdicts)
    report = replace(report, verdicts=verdicts, findings=(*report.findings, finding))

    after = checked(report).with_answers({"history.worked_before": "true"}, load())

    drift = after.verdict("clock-drift")
    assert drift is not None
    assert drift.remedy == (own,)
    assert finding in after.findings
    assert after.reply == report.reply
    assert "history.worked_before" in after.chart


def _ranking(report: Report) -> list[tuple[str, int]]:
    return [(verdict.cause, verdict.score) for verdict in report.verdicts]


async def test_an_answer_moves_the_ranking_at_once_is_taken_back_when_chosen_again_and_nobody_may_know() -> None:
    first = subject("user-not-preauthorized")
    app = app_of(first, start=first)

    async with app.run_test(size=(80, 60)) as pilot:
        await examined(pilot, app)
        before = bench(app).report
        assert before is not None
        row = app.screen.query(AnswerRow).first()
        row.focus()
        await pilot.press("enter")
        await until(pilot, lambda: bench(app).report is not before)
        after = bench(app).report
        assert after is not None
        assert before.verdicts != after.verdicts
        assert len(first.world.rulings) == 1
        assert "--fact" in words(app)
        assert app.focused is row
        assert after.logins_used == before.logins_used

        await pilot.press("enter")
        await until(pilot, lambda: before.verdicts == getattr(bench(app).report, "verdicts", None))
        assert not bench(app).answers
        assert "--fact" not in bench(app).command_line()

        row.scroll_visible(animate=False)
        await pilot.pause()
        await pilot.click(row, offset=(5, 0))
        await until(pilot, lambda: bench(app).answers)

        asked = {q.fact for q in before.questions}
        row.focus()
        await pilot.press("u")
        await until(pilot, lambda: NOT_KNOWN in bench(app).answers.values() and bench(app).report.questions)  # type: ignore[union-attr]
        after = bench(app).report
        assert after is not None
        fact = next(iter(bench(app).answers))
        assert after.verdicts == before.verdicts
        assert fact not in {q.fact for q in after.questions}
        assert {q.fact for q in after.questions} - asked, "the next best question"
        assert f"--fact {fact}={NOT_KNOWN}" in bench(app).command_line()
        assert "(•) nobody knows" in words(app)


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("user.is_active", "yes", True),
        ("user.is_active", "false", False),
        ("user.is_active", "perhaps", None),
        ("clock.ahead_s", "-12.5", -12.5),
        ("clock.ahead_s", "soon", None),
        ("clock.ahead_s", "nan", None),
        ("app.permitted_users", "admin-approved", "admin-approved"),
        ("app.scopes", "api, refresh_token", ("api", "refresh_token")),
        ("login_history.status", " ", None),
        ("login_history.status", "Unknown", None),
    ],
)
def test_what_is_typed_takes_the_type_of_its_fact(fact: str, text: str, value: Value | None) -> None:
    assert value == value_of(VOCABULARY[fact], text)
