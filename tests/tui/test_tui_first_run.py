"""Who starts it for the first time finds the way without a manual."""

from __future__ import annotations

import re

import pytest
from tui_stage import SMALL, app_of, bench, examined, seen, subject, until, words

from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.widgets.explain import PasteArea

KEY = re.compile(r"(?:f\d+|\^\w|esc|⏎) [A-Z][a-z]+")


async def test_without_a_profile_three_doors_are_shown_each_with_its_key() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause()

        doors = [line.strip()[:2] for line in seen(app) if line.strip().startswith(("f2  ", "f3  ", "f4  "))]
        assert doors == ["f2", "f3", "f4"]


@pytest.mark.parametrize(
    "keys", [[], ["f2"], ["f4"], ["f3"], ["f1"], ["escape"]], ids=lambda keys: "+".join(keys) or "start"
)
async def test_the_footer_stands_on_the_last_line_with_four_to_eight_verbs(keys: list[str]) -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press(*keys)
        await until(pilot, lambda: KEY.search(seen(app)[-1]))

        found = KEY.findall(seen(app)[-1])
        assert 4 <= len(found) <= 8
        assert "^q Quit" in found
        assert len(seen(app)) == 24


async def test_one_key_leads_a_newcomer_to_an_understood_diagnosis() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)

        assert "REFUSED This machine's clock is 10 min slow" in words(app)
        assert "sudo chronyc makestep" in words(app)


async def test_ctrl_q_leaves_with_exit_code_0_even_after_a_refusal() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await examined(pilot, app)
        await pilot.press("ctrl+q")

    assert app.return_code == 0
    assert app.crash is None


async def test_the_third_door_shows_the_file_to_write_and_writes_none() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f4")
        await until(pilot, lambda: "[profile.acme]" in words(app))

        assert "jwtdoctor tui acme" in words(app)


async def test_a_subject_given_at_the_start_is_shown_and_not_run() -> None:
    first = subject("clock-drift")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "f5 runs it" in words(app))

        assert bench(app).run is None
        assert first.world.rulings == ()


async def test_help_is_about_what_has_the_focus() -> None:
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.focused, PasteArea))
        await pilot.press("f1")
        await until(pilot, lambda: "Paste or type anything" in words(app))


async def test_a_crash_of_ours_leaves_no_traceback_and_no_local_variable(
    capfd: pytest.CaptureFixture[str],
) -> None:
    app = app_of()

    with pytest.raises(RuntimeError, match="a bug"):
        await _crashed(app)

    assert isinstance(app.crash, RuntimeError)
    assert "secret-in-a-local" not in "".join(capfd.readouterr())


async def _crashed(app: JwtDoctorApp) -> None:
    async with app.run_test(size=SMALL) as pilot:
        app.call_later(_break, "secret-in-a-local")
        await pilot.pause()


def _break(secret: str) -> None:
    raise RuntimeError("a bug")
