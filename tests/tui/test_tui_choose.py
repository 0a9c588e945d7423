"""Profiles and staged faults, filtered as one types."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input
from tui_stage import SMALL, app_of, bench, state, subject, until, words  # noqa: F401

from jwtdoctor.errors import UnknownName
from jwtdoctor.model.names import FLOWS
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.screens.choose import ChooseScreen
from jwtdoctor.tui.subjects import catalogue


async def test_typing_filters_arrows_move_enter_opens_and_f5_runs() -> None:
    app = app_of(start=subject("clock-drift"))

    async with app.run_test(size=SMALL) as pilot:
        await _opened(pilot, app)
        await pilot.press(*"zzz", "enter", "f5")
        await until(pilot, lambda: "nothing matches" in words(app))
        assert isinstance(app.screen, ChooseScreen)

        await pilot.press(*["backspace"] * 3, *"user pre")
        assert "$ jwtdoctor check --simulate user-not-preauthorized" in words(app)
        await pilot.press("enter")
        await until(pilot, lambda: _chosen(app) == "user-not-preauthorized")
        assert bench(app).run is None

        await _opened(pilot, app)
        await pilot.press(*"w", "backspace", "up", "enter")
        await until(pilot, lambda: _chosen(app) == "clock-drift")

        await _opened(pilot, app)
        await pilot.press(*"healthy", "f5")
        await until(pilot, lambda: bench(app).report)
        assert "GRANTED" in words(app)


async def test_a_filter_that_nothing_matches_leaves_no_fault_described() -> None:
    """What was highlighted before stayed below the empty list."""
    app = app_of(start=subject("clock-drift"))

    async with app.run_test(size=SMALL) as pilot:
        await _opened(pilot, app)
        await until(pilot, lambda: "a world in process" in words(app))
        await pilot.press(*"zzz")
        await until(pilot, lambda: "nothing matches" in words(app))
        await until(pilot, lambda: "a world in process" not in words(app))


def test_faults_are_grouped_by_flow_each_flow_once() -> None:
    groups = [subject.group for subject in catalogue()]

    runs = [group for n, group in enumerate(groups) if n == 0 or groups[n - 1] != group]
    assert len(set(runs)) == len(runs) > 3
    assert set(runs) <= set(FLOWS)


def test_profiles_come_first_and_the_default_one_is_chosen(home: Path) -> None:
    (home / "jwtdoctor.toml").write_text(
        '[profile.default]\nurl = "https://a.my.salesforce.com"\n[profile.acme]\nurl = "https://acme.my.salesforce.com"\n'
    )

    found = catalogue()

    assert [profile.name for profile in found.profiles] == ["acme", "default"]
    assert found.start is not None
    assert found.start.name == "default"
    assert "acme.my.salesforce.com" in found.profiles[0].summary


def test_an_unknown_profile_is_refused_before_anything_is_painted(home: Path) -> None:
    with pytest.raises(UnknownName):
        catalogue("nowhere")


def test_settings_of_the_environment_alone_are_a_choice_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWTDOCTOR_URL", "https://acme.my.salesforce.com")

    found = catalogue()

    assert [profile.command({}) for profile in found.profiles] == ["jwtdoctor check"]


def _chosen(app: JwtDoctorApp) -> str:
    chosen = bench(app).subject
    return "" if chosen is None else chosen.name


async def _opened(pilot: Pilot[None], app: JwtDoctorApp) -> None:
    await pilot.press("f2")
    await until(pilot, lambda: isinstance(app.screen, ChooseScreen) and isinstance(app.focused, Input))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    return tmp_path
