"""Who starts it for the first time finds the way without a manual, on every screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tui_stage import SMALL, app_of, bench, seen, state, subject, until, words  # noqa: F401

from jwtdoctor.tui.screens.ask import AskScreen
from jwtdoctor.tui.screens.lab import LabScreen
from jwtdoctor.tui.screens.welcome import WelcomeScreen
from jwtdoctor.tui.widgets.explain import PasteArea
from jwtdoctor.tui.widgets.request import FieldInput

KEY = re.compile(r"(?:f\d+|\^\w|esc|⏎|(?<= )\w) [A-Z][a-z]+")
ABOUT_90_S = 90


async def test_the_doors_the_lab_and_the_footers_of_every_screen() -> None:
    """The newcomer's path in at most six keys, each of them shown; and on the way every footer is read."""
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: isinstance(app.screen, WelcomeScreen))
        doors = [line.strip()[:2] for line in seen(app) if line.strip().startswith(("f2  ", "f3  ", "f4  "))]
        assert doors == ["f2", "f3", "f4"]
        _read_footer(app)

        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, LabScreen) and "clock-drift" in words(app))
        _read_footer(app)
        await pilot.press("f5")
        await until(pilot, lambda: "assertion-expired" in words(app))
        shown = words(app)
        assert '"expired authorization code"' in shown
        assert "REFUSED This machine's clock is 10 min slow" in shown
        assert "sudo chronyc makestep" in shown
        assert "the same answer" in shown
        assert "$ jwtdoctor check --simulate clock-drift" in shown
        _read_footer(app)

        await pilot.press("f4")
        await until(pilot, lambda: bench(app).report is not None and not isinstance(app.screen, LabScreen))
        assert "REFUSED This machine's clock is 10 min slow" in words(app)
        for key in ("f2", "f7", "f8", "f1", "ctrl+o"):
            before = app.screen
            await pilot.press(key)
            await until(pilot, lambda before=before: app.screen is not before, key)  # type: ignore[misc]
            await until(pilot, lambda: KEY.search(seen(app)[-1]), key)
            _read_footer(app)
            await pilot.press("escape")
            await until(pilot, lambda before=before: app.screen is before, key)  # type: ignore[misc]
        await pilot.press("ctrl+q")

    assert app.return_code == 0
    assert app.crash is None
    assert app.broken == []


async def test_f5_runs_an_example_f3_explains_and_help_is_about_what_has_the_focus() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f5")
        await until(pilot, lambda: bench(app).report)
        assert "REFUSED This machine's clock is 10 min slow" in words(app)

        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.focused, PasteArea))
        _read_footer(app)
        await pilot.press("f1")
        await until(pilot, lambda: "Paste or type anything" in words(app))


async def test_a_crash_of_ours_keeps_the_session_shows_no_local_variable_and_offers_a_case(
    state: Path,  # noqa: F811
    capfd: pytest.CaptureFixture[str],
) -> None:
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "f5 runs it" in words(app))
        assert first.world.rulings == ()  # what is given at the start is shown and not run
        await pilot.press("f5")
        await until(pilot, lambda: bench(app).report)
        app.call_later(_break, "secret-in-a-local")
        await pilot.pause()
        for _ in range(ABOUT_90_S):
            if isinstance(app.screen, AskScreen):
                break
            await pilot.pause(0.02)
        assert "RuntimeError at" in words(app)
        _read_footer(app)
        await pilot.press("s")
        await pilot.pause()
        assert "secret-in-a-local" not in words(app)
        app.broken.clear()
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(app.focused, FieldInput) or "Token URL" in words(app))

    assert (state / "case.json").stat().st_mode & 0o077 == 0
    assert app.crash is None
    assert "secret-in-a-local" not in "".join(capfd.readouterr())


def _break(secret: str) -> None:
    raise RuntimeError("a bug")


def _read_footer(app: object) -> None:
    """On the last line, four to eight keys, each a verb with a capital."""
    lines = seen(app)  # type: ignore[arg-type]
    found = KEY.findall(lines[-1])
    assert len(lines) == SMALL[1]
    assert 4 <= len(found) <= 8, lines[-1]
    assert any(key.startswith("^q Quit") for key in found)
