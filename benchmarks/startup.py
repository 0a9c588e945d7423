"""How long commands take to start, as ratios to floors measured in the same run.

    python benchmarks/startup.py [--runs 11]

Two floors: a bare interpreter (`python -c pass`), and an interpreter that only imports what the command cannot do
without. Each figure is the median of whole processes, the order shuffled so that a busy moment hits all alike.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

REPLY = '{"error":"invalid_grant","error_description":"audience is invalid"}'


@dataclass(frozen=True, slots=True)
class Timed:
    """A command, and the imports that it cannot do without."""

    name: str
    argv: tuple[str, ...]
    needs: str


COMMANDS = (
    Timed("--version", ("--version",), "click"),
    Timed("--help", ("--help",), "click"),
    Timed("explain", ("explain", REPLY), "click, json, re, dataclasses, urllib.parse"),
    Timed(
        "check --simulate",
        ("check", "--simulate", "--quiet"),
        "click, jwt, requests, ntplib, http.server, cryptography.x509, cryptography.hazmat.primitives.asymmetric.rsa",
    ),
)
"""`check --simulate` also makes a fresh RSA pair, which no import floor holds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    programs: dict[str, Sequence[str]] = {"bare": ("-c", "pass")}
    for timed in COMMANDS:
        programs[timed.name] = ("-m", "jwtdoctor", *timed.argv)
        programs[f"floor of {timed.name}"] = ("-c", f"import {timed.needs}")
    medians = measure(programs, runs)
    bare = medians["bare"]
    print(f"bare interpreter {bare * 1000:.0f} ms, median of {runs}, Python {sys.version.split()[0]}")
    print(f"{'command':20}{'ms':>8}{'x bare':>9}{'x its imports':>15}")
    for timed in COMMANDS:
        took, floor = medians[timed.name], medians[f"floor of {timed.name}"]
        print(f"{timed.name:20}{took * 1000:>8.0f}{took / bare:>9.1f}{took / floor:>15.1f}")


def measure(programs: dict[str, Sequence[str]], runs: int) -> dict[str, float]:
    """Median seconds of each program, one uncounted run first so that byte code is there."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    order = list(programs)
    for turn in range(runs + 1):
        random.shuffle(order)
        for name in order:
            began = time.perf_counter()
            subprocess.run([sys.executable, *programs[name]], capture_output=True, check=False)
            if turn:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main()
