"""The interface on a stage: subjects that are worlds in process, and the eyes of whoever watches the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event as Flag
from time import monotonic
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from jwtdoctor.instruments.ports import Transport
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.case import Case
from jwtdoctor.model.exchange import Exchange, TokenRequest
from jwtdoctor.testing import TRUE_NOW, World
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.screens.workbench import Workbench
from jwtdoctor.tui.subjects import Ask, Catalogue, Kind, Prepared, shell_line

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

    @property
    def group(self) -> str:
        return self.world.scenario.flow

    def command(self, facts: Mapping[str, str]) -> str:
        return shell_line("check", "--simulate", self.name, facts=facts)

    def draft(self, knowledge: Knowledge, now: float) -> Case:
        return self.world.case

    @contextmanager
    def opened(self, knowledge: Knowledge, ask: Ask) -> Iterator[Prepared]:
        instruments = self.world.instruments
        if self.held is not None:
            instruments = replace(instruments, transport=Holding(instruments.transport, self.held))
        yield Prepared(self.world.case, instruments)


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
        assert monotonic() < ends_at, what or "the screen did not come to it:\n" + "\n".join(seen(pilot.app))
        await asyncio.sleep(0.01)
        await pilot.pause()


async def examined(pilot: Pilot[None], app: JwtDoctorApp) -> None:
    """Presses f5 and waits for the verdict."""
    await pilot.press("f5")
    await until(pilot, lambda: bench(app).report is not None and bench(app).run is None)
    await pilot.pause()
