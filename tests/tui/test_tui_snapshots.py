"""The main states as they are painted at 80 x 24, kept as text. UPDATE_SNAPSHOTS=yes renews them.

Text and no picture: it survives a release of Textual, and a reviewer reads it. What a run took is no part of it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from threading import Event as Flag

from tui_stage import SMALL, app_of, bench, examined, seen, state, subject, until, words  # noqa: F401

from jwtdoctor.testing import TRUE_NOW, FixedClock
from jwtdoctor.tui.app import JwtDoctorApp

KEPT = Path(__file__).parent / "snapshots"
HEAD, FOOT = 3, 2
"""Lines of a report that are kept: what stands between them belongs to the knowledge, which has tests of its own."""
WRITES = os.environ.get("UPDATE_SNAPSHOTS") == "yes"


async def test_empty_running_granted_tied_and_unreachable_look_as_they_were_approved() -> None:
    let = Flag()
    held, granted, tied, unreachable = (
        subject("clock-drift", held=let),
        subject("healthy"),
        subject("user-not-preauthorized"),
        subject("dns-failed"),
    )
    clock = FixedClock(TRUE_NOW)
    app = app_of(held, granted, tied, unreachable, now=clock.now)
    different = []

    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "Try a staged fault" in words(app))
        different += _differs("empty", app)
        await pilot.press("escape")
        await bench(app).take(held, run=True)
        there = ("· jwt-bearer", "login sent", "+ path", "+ clock")
        await until(pilot, lambda: all(part in words(app) for part in there))
        different += _differs("running", app)
        await pilot.press("escape")
        let.set()
        for name, one in (("granted", granted), ("tied", tied), ("unreachable", unreachable)):
            await bench(app).take(one)
            await examined(pilot, app)
            different += _differs(name, app)

    assert not different, "\n".join(different)


def _differs(name: str, app: JwtDoctorApp) -> list[str]:
    """Nothing where the screen is as it was approved, else both."""
    file = KEPT / f"{name}.txt"
    lines = [_steady(line) for line in seen(app)]
    if bench(app).report is not None:
        lines = [*lines[:HEAD], "…", *lines[-FOOT:]]
    painted = "\n".join(lines) + "\n"
    if WRITES:
        file.parent.mkdir(exist_ok=True)
        file.write_text(painted, encoding="utf-8")
    approved = file.read_text(encoding="utf-8")
    return [] if painted == approved else [f"{name} was\n{approved}\nand is\n{painted}"]


def _steady(line: str) -> str:
    """Without what a run took and without the scroll bar."""
    line = re.sub(r"(login used|logins used|running) (·? ?)\d+\.\d s", r"\1 \2T s", line)
    line = re.sub(r" +\(\d+\.\d s\)", "", line)
    return line.rstrip("▁▂▃▄▅▆▇█ ")
