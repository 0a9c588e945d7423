"""The history, the exports, the copies: what is kept is redacted, bounded, private, and opens again."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from textual.widgets import Input
from tui_stage import SMALL, app_of, bench, examined, seen, state, subject, until, words  # noqa: F401

from jwtdoctor.checkup import examine
from jwtdoctor.config.kept import MOST_RUNS, forget_runs, keep_run, runs_of
from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.report import Report
from jwtdoctor.testing import World
from jwtdoctor.tui.clipboard import Clipboard, osc52, takes_osc52
from jwtdoctor.tui.past import FORMS, case_document, difference, export, keep, last_good, reopened, runs
from jwtdoctor.tui.screens.export import ExportScreen
from jwtdoctor.tui.screens.history import HistoryScreen


def _report(name: str) -> Report:
    world = World(name)
    return examine(world.case, world.instruments)


def test_a_run_is_kept_redacted_private_and_opens_to_the_same_verdict(state: Path) -> None:  # noqa: F811
    report = _report("wrong-audience")

    path = keep(subject("wrong-audience"), report, 1_795_300_000.0)

    assert path is not None
    text = Path(path).read_text()
    assert Path(path).stat().st_mode & 0o077 == 0
    assert "integration@acme.example" not in text
    assert "3MVG9SimulatedAcme" not in text
    again = reopened(runs(subject("wrong-audience"))[0], load()).report
    assert again.leaders == report.leaders
    assert [(v.cause, v.score) for v in again.verdicts] == [(v.cause, v.score) for v in report.verdicts]


def test_the_history_is_bounded_tells_damage_apart_and_can_be_forgotten(state: Path) -> None:  # noqa: F811
    for number in range(MOST_RUNS + 3):
        keep_run("../acme", 1_795_300_000.0 + number, {"schema": "jwtdoctor.case/1"})
    newest = sorted(state.iterdir())[-1]
    newest.write_text("{")

    kept = runs_of("../acme")

    assert len(kept) == MOST_RUNS - 1
    assert kept[0].at > kept[-1].at
    assert all(path.parent == state for path in state.iterdir())
    assert forget_runs("../acme") == MOST_RUNS
    assert runs_of("../acme") == ()


def test_a_bad_run_is_compared_with_the_good_one_before_it(state: Path) -> None:  # noqa: F811
    for number, name in enumerate(("healthy", "clock-drift", "healthy", "clock-drift")):
        keep(subject(name), _report(name), 1_795_300_000.0 + number)
    kept = runs(subject("clock-drift"))

    good = last_good(kept, kept[0], load())

    assert good is not None
    assert good.path == kept[1].path
    matters = {d.name for d in difference(good, kept[0], load()) if d.matters == "yes"}
    assert {"clock.ahead_s", "reply.error"} <= matters


@pytest.mark.parametrize("form", [form.name for form in FORMS])
def test_every_form_is_written_by_the_renderers_of_the_command_line_and_never_over_a_file(
    form: str, tmp_path: Path
) -> None:
    report = _report("clock-drift")
    target = tmp_path / "out"

    written = export(report, form, str(target))

    assert written == target
    assert target.stat().st_size > 500
    if form in ("json", "case", "sarif"):
        assert isinstance(json.loads(target.read_text()), dict)
    with pytest.raises(BadInput, match="is there already"):
        export(report, form, str(target))
    assert [path.name for path in tmp_path.iterdir() if path.name != "state"] == ["out"]


def test_a_case_holds_no_secret_of_the_attempt() -> None:
    world = World("client-secret-wrong")
    attempt = world.case.attempt
    assert attempt is not None
    assert attempt.client_secret is not None

    saved = json.dumps(case_document(examine(world.case, world.instruments)))

    assert attempt.client_secret.reveal() not in saved


async def test_history_shows_the_difference_opens_again_and_export_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good, bad = subject("healthy"), subject("clock-drift")
    now = {"at": 1_795_300_000.0}
    app = app_of(good, bad, start=good, now=lambda: now["at"])

    async with app.run_test(size=SMALL, notifications=True) as pilot:
        await examined(pilot, app)
        await until(pilot, lambda: len(runs(good)) == 1)
        now["at"] += 60
        await bench(app).take(bad, run=True)
        await until(pilot, lambda: len(runs(good)) == 2)
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen) and "What matters" in words(app))
        assert "clock.ahead_s" in words(app)
        assert "$ jwtdoctor compare" in words(app)
        await pilot.press("down", "f5")
        await until(pilot, lambda: "✓ GRANTED" in words(app))
        assert bench(app).command_line().startswith("jwtdoctor explain ")

        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen) and ".html" in words(app))
        await pilot.press("down")
        await until(pilot, lambda: app.screen.query_one(Input).value.endswith(".md"))
        screen = app.screen
        assert isinstance(screen, ExportScreen)
        assert "--format markdown --output jwtdoctor-" in screen.command_line()
        await pilot.press("up", "f5")
        await until(pilot, lambda: "Written" in words(app))
        await pilot.press("f8")
        await until(pilot, lambda: isinstance(app.screen, ExportScreen))
        await pilot.press("enter")
        await until(pilot, lambda: "is not overwritten" in words(app))
        await pilot.press("escape", "f7")
        await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
        await pilot.press("f8", "y")
        await until(pilot, lambda: not isinstance(app.screen, HistoryScreen) and runs(good) == ())

    assert [path.suffix for path in tmp_path.glob("jwtdoctor-*")] == [".html"]


# --- copying


def test_osc_52_goes_plain_to_a_terminal_and_wrapped_through_tmux_and_screen() -> None:
    said = base64.b64encode(b"sudo chronyc makestep").decode()

    assert osc52("sudo chronyc makestep", {}) == f"\x1b]52;c;{said}\x07"
    through = osc52("sudo chronyc makestep", {"TMUX": "x"})
    assert through == f"\x1bPtmux;\x1b\x1b]52;c;{said}\x07\x1b\\"
    assert osc52("x" * 200, {"TERM": "screen", "STY": "1"}).count("\x1bP") > 2
    assert not takes_osc52({"TERM": "dumb"})
    assert not takes_osc52({"TERM": "xterm", "TERM_PROGRAM": "Apple_Terminal"})


def test_what_no_terminal_takes_goes_to_a_private_file_and_the_way_is_said(tmp_path: Path) -> None:
    wrote: list[str] = []
    quiet = {"TERM": "dumb", "PATH": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    loud = {**quiet, "TERM": "xterm"}

    assert Clipboard(wrote.append, loud).copy("x")[0] == "Copied by OSC 52"
    assert len(wrote) == 1
    for text, environ in (("x", quiet), ("y" * 80_000, loud)):
        title, path = Clipboard(wrote.append, environ).copy(text)
        assert title == "Copied to a file"
        assert Path(path).read_text() == text + "\n"
        assert Path(path).stat().st_mode & 0o077 == 0
    assert len(wrote) == 1
