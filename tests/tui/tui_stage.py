"""The interface on a stage: subjects that are worlds in process, and the eyes of whoever watches the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event as Flag
from time import monotonic
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from jwtdoctor.config.attempts import claims_of
from jwtdoctor.config.profiles import Settings, Value
from jwtdoctor.instruments.ports import Transport
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.case import Case
from jwtdoctor.model.exchange import Exchange, TokenRequest
from jwtdoctor.probes.rounds import Rules
from jwtdoctor.testing import TRUE_NOW, World
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.screens.workbench import Workbench
from jwtdoctor.tui.subjects import Ask, Catalogue, Clocks, Kind, Prepared, options_of, shell_line, staged_settings

SMALL = (80, 24)
WIDE = (130, 40)
PATIENCE_S = 20.0
NAMES = ("healthy", "clock-drift", "user-not-preauthorized", "client-secret-wrong", "wrong-audience")


@dataclass(frozen=True)
class InWorld:
    """A staged fault without sockets. `held` keeps the token request back until it is set."""

    name: str
    world: World
    held: Flag | None = None
    kind: Kind = "fault"
    summary: str = "a world in process"
    edits: Mapping[str, Value] = field(default_factory=dict)
    editable: frozenset[str] | None = None

    @property
    def group(self) -> str:
        return self.world.scenario.flow

    def edited(self, edits: Mapping[str, Value]) -> InWorld:
        return replace(self, edits=dict(edits))

    def settings(self, knowledge: Knowledge) -> Settings:
        return staged_settings(self._case(), self.edits)

    def command(self, facts: Mapping[str, str]) -> str:
        return shell_line("check", "--simulate", self.name, *options_of(self.edits)[0], facts=facts)

    def draft(self, knowledge: Knowledge, now: float) -> Case:
        return self._case()

    def _case(self) -> Case:
        """The case of the world with what was typed on top, as far as an attempt knows it."""
        case = self.world.case
        names = {"lifetime": "lifetime_s", "claim": "", "no_iat": ""}
        known: dict[str, Any] = {names.get(n, n): v for n, v in self.edits.items() if names.get(n, n)}
        if "no_iat" in self.edits:
            known["iat"] = not self.edits["no_iat"]
        if "claim" in self.edits:
            known["extra_claims"] = claims_of(self.edits["claim"])  # type: ignore[arg-type]
        assert case.attempt is not None
        return replace(case, attempt=replace(case.attempt, **known))

    @contextmanager
    def opened(self, knowledge: Knowledge, ask: Ask) -> Iterator[Prepared]:
        instruments = self.world.instruments
        if self.held is not None:
            instruments = replace(instruments, transport=Holding(instruments.transport, self.held))
        yield Prepared(self._case(), instruments)

    @contextmanager
    def clocks(self, knowledge: Knowledge) -> Iterator[Clocks]:
        rules = Rules(knowledge.providers["salesforce"], 180)
        yield Clocks(self.world.instruments, "https://acme.my.salesforce.com/", rules, pause=lambda _: None)

    def clock_command(self, *, watch: bool) -> str:
        return shell_line("clock", *(("--watch",) if watch else ()))


@dataclass
class Holding:
    """A transport that answers when it is let."""

    inner: Transport
    let: Flag
    asked: int = field(default=0)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        self.asked += 1
        self.let.wait(PATIENCE_S)
        return self.inner.post_form(request, deadline_s)

    def get(self, url: str, deadline_s: float) -> Exchange:
        return self.inner.get(url, deadline_s)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where history, copies and last cases go: a folder of each test's own. To be imported by every test of an app."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "jwtdoctor"


def subject(name: str, *, held: Flag | None = None, **world: Any) -> InWorld:
    return InWorld(name, World(name, **world), held)


def app_of(*subjects: InWorld, start: InWorld | None = None, now: Callable[[], float] | None = None) -> JwtDoctorApp:
    """An application that knows these subjects alone; without any: the usual few."""
    chosen = subjects or tuple(subject(name) for name in NAMES)
    return JwtDoctorApp(Catalogue(faults=chosen, start=start), now=now or (lambda: TRUE_NOW))


def bench(app: JwtDoctorApp) -> Workbench:
    found = app.screen_stack[0]
    assert isinstance(found, Workbench)
    return found


def seen(app: App[None]) -> list[str]:
    """The lines of the screen as they are painted, cut at the terminal's edges."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def words(app: App[None]) -> str:
    """All that stands on the screen, its white space folded."""
    return " ".join(" ".join(seen(app)).split())


async def until(pilot: Pilot[None], holds: Callable[[], object], what: str = "") -> None:
    """Waits for a condition, as long as it takes and no longer."""
    ends_at = monotonic() + PATIENCE_S
    while not holds():
        assert not getattr(pilot.app, "broken", ()), pilot.app.broken  # type: ignore[attr-defined]
        assert monotonic() < ends_at, what or "the screen did not come to it:\n" + "\n".join(seen(pilot.app))
        await asyncio.sleep(0.03)
    await pilot.pause()


async def examined(pilot: Pilot[None], app: JwtDoctorApp) -> None:
    """Presses f5 and waits for the verdict."""
    await pilot.press("f5")
    await until(pilot, lambda: bench(app).report is not None and bench(app).run is None)
    await pilot.pause()
