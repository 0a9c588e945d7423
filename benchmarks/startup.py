"""How long commands take to start, as ratios to floors measured in the same run.

    python benchmarks/startup.py [--runs 11]

Two floors: a bare interpreter (`python -c pass`), and an interpreter that only imports what the command cannot do
without. Each figure is the median of whole processes, the order shuffled so that a busy moment hits all alike.

The knowledge is timed inside its process, without interpreter and imports, and held against the whole of `explain`.
Run it with an installed jwtdoctor: an editable install parses the TOML files, an installed one reads the JSON made of
them.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
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

LOADING = """
import sys, time
from jwtdoctor.knowledge import load
began = time.perf_counter()
knowledge = load.load()
for part in sys.argv[1:]:
    list(knowledge.causes.values()) if part == "causes" else knowledge.providers[part]
print(time.perf_counter() - began)
"""
KNOWLEDGE = {
    "all, on demand": (),
    "what explain reads": ("causes", "salesforce", "generic"),
}
"""What of the knowledge is made ready: all providers and causes as a start has them, then typed as far as one reply
of Salesforce needs it (every cause is weighed)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    programs: dict[str, Sequence[str]] = {"bare": ("-c", "pass")}
    for timed in COMMANDS:
        programs[timed.name] = ("-m", "jwtdoctor", *timed.argv)
        programs[f"floor of {timed.name}"] = ("-c", f"import {timed.needs}")
    for name, parts in KNOWLEDGE.items():
        programs[name] = ("-c", LOADING, *parts)
    medians = measure(programs, runs)
    bare = medians["bare"]
    print(f"bare interpreter {bare * 1000:.0f} ms, median of {runs}, Python {sys.version.split()[0]}")
    print(f"{'command':20}{'ms':>8}{'x bare':>9}{'x its imports':>15}")
    for timed in COMMANDS:
        took, floor = medians[timed.name], medians[f"floor of {timed.name}"]
        print(f"{timed.name:20}{took * 1000:>8.0f}{took / bare:>9.1f}{took / floor:>15.1f}")
    print(f"\n{'the knowledge':20}{'ms':>8}{'of explain':>13}")
    for name in KNOWLEDGE:
        print(f"{name:20}{medians[name] * 1000:>8.1f}{medians[name] / medians['explain']:>12.1%}")


def measure(programs: dict[str, Sequence[str]], runs: int) -> dict[str, float]:
    """Median seconds of each program, one uncounted run first so that byte code is there."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    order = list(programs)
    with tempfile.TemporaryDirectory() as elsewhere:  # in a checkout `-m` would find its sources, not what is installed
        for turn in range(runs + 1):
            random.shuffle(order)
            for name in order:
                argv = [sys.executable, *programs[name]]
                began = time.perf_counter()
                done = subprocess.run(argv, capture_output=True, check=False, text=True, cwd=elsewhere)
                took = float(done.stdout) if name in KNOWLEDGE else time.perf_counter() - began
                if turn:
                    times[name].append(took)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main()
