"""The staged faults are those of the provider that the form names."""

from __future__ import annotations

from pathlib import Path

import pytest
from tui_stage import SMALL, bench, state, subject, until, words  # noqa: F401

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.testing import TRUE_NOW, World
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.lookalikes import lookalikes
from jwtdoctor.tui.screens.choose import ChooseScreen
from jwtdoctor.tui.screens.lab import LabScreen
from jwtdoctor.tui.subjects import Catalogue, Profile, StagedFault, catalogue


async def test_the_form_s_provider_decides_whose_faults_are_offered_and_staged() -> None:
    app = JwtDoctorApp(Catalogue(faults=(subject("healthy"),), start=_new(provider="box")))

    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: bench(app).subject is not None)
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ChooseScreen))
        await until(pilot, lambda: "Faults of box" in words(app))
        assert "key-not-registered" in words(app)
        await pilot.press("escape")
        app.action_lab()
        await until(pilot, lambda: isinstance(app.screen, LabScreen) and "Faults of box" in words(app))
        await pilot.press(*"drift:fast", "f5")
        await until(pilot, lambda: "its answer" in words(app))
        shown = words(app)
        assert "Current datetime MUST be before the expiration" in shown
        assert "This machine's clock is 15 min fast" in shown
        assert "$ jwtdoctor check --provider box --simulate clock-drift:fast" in shown
        await pilot.press("f6")
        await until(pilot, lambda: "simulate assertion-time-miscalculated" in words(app))


async def test_a_provider_whose_faults_cannot_be_staged_is_told_of() -> None:
    app = JwtDoctorApp(Catalogue(faults=(subject("healthy"),), start=_new(provider="cognito")))

    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: bench(app).subject is not None)
        await pilot.press("f2")
        await until(pilot, lambda: "cognito takes no JWT" in words(app))
        assert "these are salesforce's faults" in words(app)
        assert "a world in process" in words(app)


def test_the_report_of_a_fault_that_is_played_from_data_alone_says_so() -> None:
    fault = _fault("box", "healthy")

    with fault.opened(load(), lambda _what: "") as prepared:
        assert prepared.case.provider == "box"
        assert "box is played from its data alone" in prepared.case.warnings[0]


def test_a_staged_fault_of_another_provider_has_its_settings_and_its_command() -> None:
    fault = _fault("okta", "clock-drift:slow").edited({"lifetime": 60})

    assert fault.settings(load()).text("provider") == "okta"
    assert fault.command({}) == "jwtdoctor check --provider okta --simulate clock-drift:slow --lifetime 60"
    assert fault.draft(load(), TRUE_NOW).flow == "private-key-jwt"


def test_a_lookalike_is_staged_at_the_same_provider() -> None:
    world = World("clock-drift:fast", provider="google")

    found = {one.cause: one for one in lookalikes(examine(world.case, world.instruments), load())}

    assert "Token must be a short-lived token" in found["assertion-expired"].answer
    assert found["assertion-expired"].is_same_answer


def _fault(provider: str, name: str) -> StagedFault:
    found = next(one for one in catalogue().at(provider, load()).faults if one.name == name)
    assert isinstance(found, StagedFault)
    return found


def _new(**edits: str) -> Profile:
    return Profile(None, edits=edits, is_new=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No profile of this machine."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
