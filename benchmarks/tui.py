"""How fast the interface paints, as ratios to an empty Textual application measured in the same run.

    python benchmarks/tui.py [--runs 7]

First paint: whole processes, from their start to the moment at which the first screen stands (headless, 120 x 40).
Key to paint: the slowest of a round of keys while a check is under way in which every probe hangs, from the press to
an idle screen; beside it the same for an empty application with one input. That all keys are answered meanwhile is
asserted: a screen that waits for a probe would hang here.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Event as Flag
from time import perf_counter
from typing import Any, Literal

SIZE = (120, 40)
KEYS = (
    "f1",
    "escape",
    "f4",
    "f4",
    "f4",
    "tab",
    "tab",
    "f9",
    "f2",
    "down",
    "escape",
    "f3",
    "x",
    "y",
    "escape",
    "ctrl+o",
    "escape",
)
PLAIN_KEYS = ("a", "b", "backspace", "tab", "x", "y", "left", "home", "end")
FIRST = """
import time; began = time.time()
{make}
async def paint(pilot):
    await pilot.pause()
    print(time.time() - began)
    app.exit()
app.run(headless=True, size=(120, 40), auto_pilot=paint)
"""
EMPTY = "from textual.app import App; app = App()"
OURS = """
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.subjects import catalogue
app = JwtDoctorApp(catalogue())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"XDG_STATE_HOME": home, "XDG_CONFIG_HOME": home, "TERM": "xterm-256color"}
        first = {name: [] for name in ("empty", "ours")}  # type: dict[str, list[float]]
        for _ in range(runs):
            first["empty"].append(first_paint(EMPTY))
            first["ours"].append(first_paint(OURS))
        empty, ours = (statistics.median(first[name]) for name in ("empty", "ours"))
        plain, keyed = (statistics.median(asyncio.run(ask()) for _ in range(3)) for ask in (plain_keys, hung_keys))
    print(f"median of {runs}, Python {sys.version.split()[0]}, {SIZE[0]} x {SIZE[1]}")
    print(f"{'':34}{'ms':>8}{'x empty':>9}")
    print(f"{'first paint, empty application':34}{empty * 1000:>8.0f}{1.0:>9.1f}")
    print(f"{'first paint, jwtdoctor tui':34}{ours * 1000:>8.0f}{ours / empty:>9.1f}")
    print(f"{'slowest key, empty application':34}{plain * 1000:>8.0f}{1.0:>9.1f}")
    print(f"{'slowest key, every probe hanging':34}{keyed * 1000:>8.0f}{keyed / plain:>9.1f}")


def first_paint(make: str) -> float:
    """Seconds from the start of a process to its first screen."""
    script = FIRST.format(make=make)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


async def plain_keys() -> float:
    """The slowest key of an application with nothing but two inputs."""
    from textual.app import App, ComposeResult
    from textual.widgets import Input

    class Empty(App[None]):
        def compose(self) -> ComposeResult:
            yield Input()
            yield Input()

    app = Empty()
    async with app.run_test(size=SIZE) as pilot:
        return max([await _timed(pilot, key) for key in PLAIN_KEYS])


async def hung_keys() -> float:
    """The slowest key of the interface while a check is under way in which every probe hangs."""
    from jwtdoctor.testing import World
    from jwtdoctor.tui.app import JwtDoctorApp
    from jwtdoctor.tui.subjects import Catalogue

    let = Flag()
    subject = Hanging(World("clock-drift"), let)
    app = JwtDoctorApp(Catalogue(faults=(subject,), start=subject))
    try:
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause(0.5)
            await pilot.press("f5")
            await pilot.pause(0.5)
            slowest = max([await _timed(pilot, key) for key in KEYS])
            bench = app.screen_stack[0]
            assert getattr(bench, "run", None) is not None or getattr(bench, "report", None) is None
            return slowest
    finally:
        let.set()


async def _timed(pilot: Any, key: str) -> float:
    began = perf_counter()
    await pilot.press(key)
    await pilot.pause()
    return perf_counter() - began


@dataclass(frozen=True)
class Hanging:
    """A staged fault in process whose every probe waits."""

    world: Any
    let: Flag
    name: str = "clock-drift"
    kind: Literal["profile", "fault"] = "fault"
    group: str = "jwt-bearer"
    summary: str = "every probe hangs"
    editable: frozenset[str] = frozenset()

    @property
    def edits(self) -> Mapping[str, Any]:
        return {}

    def edited(self, edits: Mapping[str, Any]) -> Hanging:  # noqa: ARG002
        return self

    def settings(self, knowledge: Any) -> Any:  # noqa: ARG002
        from jwtdoctor.tui.subjects import staged_settings

        return staged_settings(self.world.case, {})

    def command(self, facts: Mapping[str, str]) -> str:  # noqa: ARG002
        return "jwtdoctor check --simulate clock-drift"

    def clock_command(self, *, watch: bool) -> str:  # noqa: ARG002
        return "jwtdoctor clock"

    def draft(self, knowledge: Any, now: float) -> Any:  # noqa: ARG002
        return self.world.case

    @contextmanager
    def opened(self, knowledge: Any, ask: Any) -> Iterator[Any]:  # noqa: ARG002
        from jwtdoctor.tui.subjects import Prepared

        yield Prepared(self.world.case, self._hung())

    @contextmanager
    def clocks(self, knowledge: Any) -> Iterator[Any]:  # noqa: ARG002
        from jwtdoctor.tui.subjects import Clocks

        yield Clocks(self._hung(), None, None)

    def _hung(self) -> Any:
        tools = self.world.instruments
        hung = _Hung(tools.transport, self.let)
        return replace(tools, transport=hung, path=hung, time_sources=(hung,))


@dataclass(frozen=True)
class _Hung:
    """Transport, path and time server in one: each waits until it is let."""

    inner: Any
    let: Flag
    name: str = "ntp:time.example"

    def post_form(self, request: Any, deadline_s: float) -> Any:
        self.let.wait(deadline_s)
        return self.inner.post_form(request, deadline_s)

    def get(self, url: str, deadline_s: float) -> Any:
        return self.inner.get(url, deadline_s)

    def look(self, url: str, deadline_s: float) -> tuple[()]:  # noqa: ARG002
        self.let.wait(deadline_s)
        return ()

    def sample(self, timeout_s: float) -> Any:
        from jwtdoctor.model.clock import SourceRefused

        self.let.wait(timeout_s)
        return SourceRefused(self.name, "it hung")


if __name__ == "__main__":
    main()
