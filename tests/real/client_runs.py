"""Sends real clients into faults, some of them side by side, and reads what they printed the way a user would ask."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from real_clients import CLIENTS, Client, faults_of

from jwtdoctor.model.report import Report

HERE = Path(__file__).resolve().parent
WALL = ("unshare", "--net", "--mount")
Run = tuple[str, str]
"""A client's name and a fault's."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client printed when it met a fault, and how it ended. `asked` is the simulator's log meanwhile."""

    client: str
    fault: str
    printed: str
    exit_code: int | None
    took_s: float
    asked: list[dict[str, Any]]

    @property
    def logged_in(self) -> bool:
        return self.exit_code == 0 and "the browser is sent to" not in self.printed

    @property
    def refusals(self) -> list[dict[str, Any]]:
        """The requests that the service refused with an OAuth error."""
        return [one for one in self.asked if one["error"]]


def why_not() -> str | None:
    """The reason why no client can be run behind the wall here, None where it can."""
    if os.name != "posix" or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "a network namespace needs root"
    try:
        done = subprocess.run([*WALL, "true"], capture_output=True, text=True, timeout=20, check=False)
    except FileNotFoundError:
        return "unshare is not installed"
    return None if done.returncode == 0 else f"no network namespace here: {done.stderr.strip()[:200]}"


def all_runs(clients: Iterable[Client] = CLIENTS) -> list[Run]:
    """Every client with every fault that it can meet."""
    return [(one.name, met.name) for one in clients for met in faults_of(one)]


def meet(runs: Sequence[Run], *, walls: int = 1) -> list[Seen]:
    """The runs, in their order, behind that many walls side by side. Raises AssertionError where one breaks down."""
    shares = [runs[n::walls] for n in range(walls)]
    with ThreadPoolExecutor(walls) as pool:
        found = [seen for share in pool.map(_behind_a_wall, shares) for seen in share]
    order = {run: n for n, run in enumerate(runs)}
    return sorted(found, key=lambda seen: order[seen.client, seen.fault])


def _behind_a_wall(runs: Sequence[Run]) -> list[Seen]:
    if not runs:
        return []
    with tempfile.TemporaryDirectory(prefix="jwtdoctor-walled-") as folder:
        done = subprocess.run(
            [*WALL, sys.executable, str(HERE / "walled.py")],
            input=json.dumps({"folder": folder, "runs": runs}),
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
            timeout=60 + 20 * len(runs),
            check=False,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return [Seen(**json.loads(line)) for line in done.stdout.splitlines()]


def explained(printed: str) -> Report:
    """What `jwtdoctor explain` says of it, without being told anything else."""
    from jwtdoctor.checkup import explain

    return explain(printed)


def accepted_causes(fault_name: str) -> set[str]:
    """The causes that are a right name for a staged fault; empty where nothing is wrong."""
    from jwtdoctor.simulator.faults import fault

    found = fault(fault_name)
    return {slug for slug in (found.stages, *found.also) if slug}
