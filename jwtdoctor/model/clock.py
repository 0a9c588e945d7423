"""Clock samples and intervals. Every estimate travels with its bounds.

Sign, everywhere: **positive `ahead_s` means that the local clock is fast** against the source named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TimeSample:
    """One exchange with one time source, local clock against it.

    The true `ahead_s` lies within `ahead_s ± bound_s` if the source is honest: half the round trip plus the
    source's own root distance (RFC 5905 §10), or for `Date` half the round trip plus the second that it rounds away.
    """

    source: str
    """`ntp:HOST` or `date:HOST`."""
    ahead_s: float
    bound_s: float
    round_trip_s: float = 0.0
    stratum: int | None = None

    @property
    def low_s(self) -> float:
        return self.ahead_s - self.bound_s

    @property
    def high_s(self) -> float:
        return self.ahead_s + self.bound_s


@dataclass(frozen=True, slots=True)
class SourceRefused:
    """A source that gave nothing usable, and why: `no answer in 1.0 s`, `kiss code RATE`, `unsynchronised` …"""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the local clock's error lies: `low_s ≤ ahead_s ≤ high_s`."""

    low_s: float
    high_s: float

    @property
    def ahead_s(self) -> float:
        return (self.low_s + self.high_s) / 2

    @property
    def uncertainty_s(self) -> float:
        return (self.high_s - self.low_s) / 2


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One line of the report's `clocks`: a source and what became of it."""

    source: str
    standing: Literal["agrees", "dissents", "refused"]
    ahead_s: float | None = None
    low_s: float | None = None
    high_s: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """What several sources say together. `interval` is None where no majority agrees or nobody answered."""

    interval: Interval | None
    readings: tuple[ClockReading, ...]
    agree: bool | None
    """True: a majority agrees · False: answers came and no majority agrees · None: nobody answered."""
    note: str
    """One sentence for people: `4 of 4 sources agree`, `no majority: …`, `no time source answered`."""


@dataclass(frozen=True, slots=True)
class SyncState:
    """What the operating system says of its own synchronisation. `enabled` None: it could not be asked."""

    enabled: bool | None
    by: str = ""
    """The program that keeps the clock: `chrony`, `systemd-timesyncd`, `w32time` …; empty where none was found."""
    detail: str = ""
    """What it said, in one line."""
    fix: str | None = None
    """The command that would set the clock right here."""
