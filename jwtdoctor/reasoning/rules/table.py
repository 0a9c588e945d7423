"""What all rules share: what they may look at, the table that they enter, and the figures that they agree on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from jwtdoctor.model.chart import Chart
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Provider

QUARTER_HOUR_S = 900.0
ZONE_SLACK_S = 60.0
"""How far from a whole quarter-hour an offset may lie and still look like a time zone: drift plus a little wait.
More would take every eighth random offset for one."""
USUAL_TTL_S = 60.0
"""Taken for the lifetime of an assertion that nobody measured: short enough to accuse no clock too easily."""
RIGHT_CLOCK_S = 30.0
"""A clock within this of true time is called right; every provider with a known tolerance allows at least it."""
ON_THE_WAY_S = 1.0
"""Whole seconds of `iat` and the way to the server swallow about so much of a fast clock."""
FARTHEST_S = 366 * 86_400.0
"""No clock is so far off, and no client means such a start."""
REPLICATION_MIN = 10.0
"""Salesforce help: changes to an app can take up to ten minutes to take effect."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a rule may look at."""

    chart: Chart
    provider: Provider
    flow: str | None

    def ahead_s(self) -> float | None:
        """The local clock against true time; where no time server answered, against the judging server's `Date`."""
        measured = self.chart.number("clock.ahead_s")
        return self.chart.number("reply.date_ahead_s") if measured is None else measured

    def clock_slack_s(self) -> float:
        return self.chart.uncertainty("clock.ahead_s" if "clock.ahead_s" in self.chart else "reply.date_ahead_s")

    def starts_in_s(self) -> float | None:
        """The later of iat and nbf minus true now, as far as this provider judges them; None where neither is there.

        What lies further away than any clock or zone explains is milliseconds or another damage, and no start.
        """
        judged = ("nbf",) if self._judges_nbf_alone() else ("iat", "nbf")
        found = [self.chart.number(f"assertion.{name}_in_s") for name in judged]
        return max((seconds for seconds in found if seconds is not None and seconds < FARTHEST_S), default=None)

    def early_tolerance_s(self) -> float | None:
        """How far ahead iat or nbf may lie, as far as that is known, and as far as there is one."""
        if not self._judges_nbf_alone():
            return self.provider.limit("early_tolerance_s")
        return None if self.starts_in_s() is None else self.provider.limit("early_nbf_tolerance_s")

    def _judges_nbf_alone(self) -> bool:
        return self.provider.limit("early_nbf_tolerance_s") is not None

    def early_tolerance_is_supposed(self) -> bool:
        """Whether an iat or nbf of the future may be refused, by a figure that no rule of the provider tells.

        That is so where the figure is our own guess, where it is a setting of each client (documented, without a
        value), and where nothing at all is known. An inferred limit without a value says that it is not known to hurt.
        """
        limit = self.provider.limits.get("early_tolerance_s")
        if limit is None:
            return not self._judges_nbf_alone()
        return (limit.value is not None) == (limit.sureness is Sureness.INFERRED)


Rule = Callable[[Given], Value | None]


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived fact: what it reads, and the rule."""

    fact: str
    reads: tuple[str, ...]
    rule: Rule


RULES: list[Derivation] = []


def derived(fact: str, *reads: str) -> Callable[[Rule], Rule]:
    """Enters a rule into the table."""

    def enter(rule: Rule) -> Rule:
        RULES.append(Derivation(fact, reads, rule))
        return rule

    return enter


def is_whole_quarter_hours(seconds: float) -> bool:
    """Near a whole number of quarter-hours, half an hour at least: what a time-zone slip looks like."""
    nearest = round(seconds / QUARTER_HOUR_S) * QUARTER_HOUR_S
    return abs(nearest) >= 2 * QUARTER_HOUR_S and abs(nearest) <= 26 * 3600 and abs(seconds - nearest) <= ZONE_SLACK_S


def scopes_of_app(given: Given) -> frozenset[str] | None:
    scopes = given.chart.value("app.scopes")
    return frozenset(s.strip().lower() for s in scopes) if isinstance(scopes, tuple) else None


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is `localhost` or one of 127.0.0.0/8 or ::1."""
    return re.fullmatch(r"(localhost|127(\.\d{1,3}){3}|\[?::1\]?)(:\d+)?", host.strip().lower()) is not None


def is_placeholder(text: str) -> bool:
    """Whether a saved or published case has something else in the value's place: `<consumer-key>`, `[redacted]`."""
    return text.startswith(("<", "[", "{", "$")) or "…" in text or text.strip().lower() in ("redacted", "xxx", "...")
