"""The clock, the keys, the lookalikes and the palette."""

from __future__ import annotations

import re
from pathlib import Path
from queue import Queue
from threading import Event as Flag

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.binding import Binding
from textual.message import Message
from tui_stage import SMALL, app_of, bench, seen, state, subject, until, words  # noqa: F401

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.testing import FixedTimeSource, World
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.lookalikes import lookalikes
from jwtdoctor.tui.messages import BrowserWanted
from jwtdoctor.tui.person import ScreenPerson
from jwtdoctor.tui.plotting import Sighting, plot
from jwtdoctor.tui.screens.browser import BrowserScreen
from jwtdoctor.tui.screens.help import KEYS
from jwtdoctor.tui.screens.keys import KeysScreen
from jwtdoctor.tui.screens.lab import LabScreen
from jwtdoctor.tui.screens.workbench import Workbench
from jwtdoctor.tui.widgets.clock import ClockPane
from jwtdoctor.tui.widgets.seen import key_lines


async def test_the_clock_is_measured_drawn_and_watched() -> None:
    first = subject("server-clock-wrong")
    first.world.time_sources = (*first.world.time_sources, FixedTimeSource("liar.example", 75.0))
    app = app_of(first, start=first, now=first.world.clock.now)

    async with app.run_test(size=(80, 50)) as pilot:
        await pilot.press("f9")
        await until(pilot, lambda: "ntp:time3.example" in words(app) and "iat to exp" in words(app))
        shown = words(app)
        assert re.search(r"✗ ntp:liar.example \+75.000 s ± 0.010 s falseticker", shown)
        assert "the token host's own clock is 15 min fast" in shown
        assert "server clock" in shown
        assert "an assertion of 3 min, signed now for Salesforce" in shown
        assert "$ jwtdoctor clock" in shown
        first.world.clock.advance(2.0)
        await pilot.press("m")
        await until(pilot, lambda: app.screen.query_one(ClockPane).rounds == 2 and "2 rounds" in words(app))
        assert "●" in words(app)
        await pilot.press("w")
        await until(pilot, lambda: "watching" in words(app))
        assert bench(app).command_line() == "jwtdoctor clock --watch"
        await pilot.press("w")
        await until(pilot, lambda: "watching" not in words(app))


async def test_keys_are_made_inspected_and_matched_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_of()

    async with app.run_test(size=SMALL) as pilot:
        app.action_keys("new")
        await until(pilot, lambda: isinstance(app.screen, KeysScreen))
        await pilot.press(*"srv", "enter")
        await until(pilot, lambda: "Where to upload it" in words(app))
        assert "$ jwtdoctor keys new srv" in words(app)
        await pilot.press("enter")
        await until(pilot, lambda: "not overwritten" in words(app))
        await pilot.press("f2", *".key", "enter")
        await until(pilot, lambda: "an RSA key of 2048 bits" in words(app))
        assert "PRIVATE KEY" not in words(app)
        assert "BEGIN" not in words(app)
        await pilot.press("f3")
        await pilot.press("tab", *"srv.crt", "enter")
        await until(pilot, lambda: "They belong together." in words(app))
        assert "$ jwtdoctor keys match srv.key srv.crt" in words(app)

    assert (tmp_path / "srv.key").stat().st_mode & 0o777 == 0o600


async def test_the_lab_walks_to_a_lookalike_and_copies_the_remedy() -> None:
    app = app_of(*(subject(name) for name in ("clock-drift", "assertion-expired")))

    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, LabScreen))
        await pilot.press("f5")
        await until(pilot, lambda: "its answer" in words(app))
        await pilot.press("c")
        await until(pilot, lambda: "Copied" in words(app))
        await pilot.press("f6")
        await until(pilot, lambda: "$ jwtdoctor check --simulate assertion-expired" in words(app))
        await until(pilot, lambda: "How it is told" in words(app))
        await pilot.press("escape")
        await until(pilot, lambda: "type to filter" in words(app))


def test_a_lookalike_is_told_apart_by_what_was_seen_and_not_by_its_text() -> None:
    world = World("clock-drift")

    found = {one.cause: one for one in lookalikes(examine(world.case, world.instruments), load())}

    assert "clock-drift" not in found
    expired = found["assertion-expired"]
    assert expired.is_same_answer
    assert "600.0 s behind" in expired.here
    assert "although the clock does not explain it" in expired.there


async def test_the_palette_reaches_every_action_and_takes_none_that_is_not_there() -> None:
    first = subject("healthy")
    app = app_of(first, start=first)

    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "f5 runs it" in words(app))
        commands = {command.title: command for command in app.get_system_commands(app.screen)}
        named = {title.partition(":")[0] for title in commands}
        assert named >= {
            "run",
            "explain",
            "choose",
            "profile",
            "assertion",
            "clock",
            "history",
            "export",
            "copy",
            "view",
        }
        assert named >= {"keys", "lab", "app", "help", "fault"}
        for title in ("view: log", "profile: origins", "clock: measure", "keys: match", "help: about this"):
            commands[title].callback()
            await pilot.pause()
            if app.screen is not bench(app):
                await pilot.press("escape")
                await pilot.pause()
        wanted = BrowserWanted("https://acme.my.salesforce.com/authorize?x=1", "", Queue(), True)
        app.push_screen(BrowserScreen(wanted))
        await until(pilot, lambda: "/authorize?x=1" in words(app) and "it is waited for" in words(app))
        await pilot.press(*"http", "enter")
        assert "http" not in words(app).partition("waited for")[2]
        assert wanted.answer.get(timeout=1) == "http"

    assert app.broken == []
    assert app.crash is None


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-1e5, 1e5), st.floats(0, 1e3)), max_size=60),
    st.integers(10, 120),
)
def test_a_plot_fits_its_width_whatever_was_measured(seen_: list[tuple[float, float]], width: int) -> None:
    series = [Sighting(float(n), ahead - bound, ahead + bound) for n, (ahead, bound) in enumerate(seen_)]

    lines = plot(series, width)

    assert all(len(line) <= width for line in lines)
    assert bool(lines) == (len(series) > 1 and width >= 26)
    assert not lines or "●" in "".join(lines)


def test_a_person_is_asked_on_the_screen_and_no_longer_than_the_run_lasts() -> None:
    cancelled = Flag()

    def pasted(message: Message) -> None:
        assert isinstance(message, BrowserWanted)
        message.answer.put("http://localhost/callback?code=x")

    assert (
        ScreenPerson(pasted, cancelled).redirected("https://a/authorize", "s", 5.0)
        == "http://localhost/callback?code=x"
    )
    cancelled.set()
    assert ScreenPerson(lambda _: None, cancelled).redirected("https://a/authorize", "s", 60.0) is None


def test_the_page_about_it_and_its_help_name_every_key() -> None:
    page = (Path(__file__).parents[2] / "docs" / "tui.md").read_text()
    told = " ".join(key for key, _ in KEYS)
    bindings = [*Workbench.BINDINGS, *JwtDoctorApp.BINDINGS, *ClockPane.BINDINGS]
    keys = {binding.key.replace("ctrl+", "^") for binding in bindings if isinstance(binding, Binding)} - {"^c"}

    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []
    assert [key for key in sorted(keys - {"m", "w"}) if key not in told] == []


def test_no_key_teaches_what_to_do() -> None:
    assert "makes a pair" in " ".join(line.plain for line in key_lines((), 78))
