"""A plan: a page of lines, each with the facts that it rests on, or the names of those that nobody observed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Sureness

Mark = Literal["ok", "bad", "open", "note", "step", "done"]
"""ok, bad: judged by what was seen; open: not seen; note: told for information; step, done: to do, already done."""
PLANS = ("policy", "rotation", "hardening", "checklist", "incident")


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something observed: a fact of the vocabulary, or what a report says (`lint:RULE`, `check:outcome`).

    `source`: who saw it, as `Observation.source`.
    """

    name: str
    value: Value
    source: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan. `rests_on` was observed, `missing` was not; one of the two is never empty."""

    id: str
    section: str
    name: str
    mark: Mark
    text: str
    rests_on: tuple[Sighting, ...] = ()
    missing: tuple[str, ...] = ()
    do: str = ""
    command: str = ""
    """A command line to copy: what to do, or for an open line what would show it."""
    sureness: Sureness = Sureness.DOCUMENTED
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan. `numbered`: sections whose lines are steps in their order."""

    name: str
    title: str
    flow: str
    lines: tuple[Line, ...]
    numbered: frozenset[str] = frozenset()
    about: tuple[str, ...] = ()
    """What it is about: the profile, the app, the user, as far as they are known."""
    warnings: tuple[str, ...] = ()

    def count(self, mark: Mark) -> int:
        return sum(line.mark == mark for line in self.lines)
