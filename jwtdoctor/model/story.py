"""What logs tell, read back: who failed, since when, why, and what was new then.

Times are epoch seconds (UTC). A `Tally` counts requests: `all` of them and `refused` ones; what is neither granted nor
refused by its row is in `all` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

STORY_SCHEMA = "jwtdoctor.logs/1"


@dataclass(frozen=True, slots=True)
class Tally:
    """One value of something (an app, an address, a key) and what became of its requests."""

    value: str
    all: int
    refused: int
    first_at: float | None = None
    last_at: float | None = None


@dataclass(frozen=True, slots=True)
class CauseRead:
    """A cause that a wording has been seen to mean. `usual`: sole, usual, often, sometimes, rarely."""

    cause: str
    title: str
    usual: str
    sureness: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Requests refused with the same words."""

    said: str
    count: int
    first_at: float | None
    last_at: float | None
    causes: tuple[CauseRead, ...]
    sources: tuple[str, ...]
    """The kinds of log that hold them."""
    about: tuple[tuple[str, tuple[Tally, ...], int], ...] = ()
    """(app, user, address, key …; its most frequent values; how many values there are)."""
    series: tuple[int, ...] = ()
    granted_since: int = 0
    """Requests of the same kind of log granted after the last of these: 0 where it still goes on."""
    ahead_s: float | None = None
    """Median of how far the local clock was fast at these, where the log tells."""

    @property
    def cause(self) -> str | None:
        return self.causes[0].cause if self.causes else None


@dataclass(frozen=True, slots=True)
class Onset:
    """When the refusals began, and ended. `share_before` and `share_within` are of all requests, 0 to 1."""

    start_at: float
    end_at: float | None
    """None: still going on at the end of the logs."""
    refused: int
    asked: int
    share_before: float
    share_within: float
    last_good_at: float | None
    """The last granted request before the start."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was new, gone or different when the refusals began."""

    what: str
    """address, key, app, client, host, flow, audience, country, TLS, clock, setting."""
    how: str
    """new, gone, moved, changed."""
    value: str
    at: float | None
    asked: int
    refused: int
    before: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the refusals are about: one value that has nearly all of them, while the others are granted."""

    what: str
    value: str
    refused: int
    asked: int
    others_refused: int
    others_asked: int


@dataclass(frozen=True, slots=True)
class DriftBin:
    """Requests whose clock was so far off: `low_s` ≤ ahead < `high_s` (positive: fast); None is no bound."""

    low_s: float | None
    high_s: float | None
    asked: int
    refused: int


@dataclass(frozen=True, slots=True)
class AppUse:
    """An app that still logs in or calls."""

    app: str
    logins: int
    refused: int
    calls: int
    last_at: float | None
    users: tuple[Tally, ...]
    user_count: int
    addresses: int


@dataclass(frozen=True, slots=True)
class UnusualSource:
    """An address from which somebody came who had always come from elsewhere."""

    who: str
    address: str
    first_at: float
    asked: int
    refused: int
    asked_before: int
    addresses_before: int
    country: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """The busiest sixty minutes of one user (or of one client, where the log names no user)."""

    who: str
    most_in_an_hour: int
    at: float
    """Where those sixty minutes end."""
    refreshes: int
    logins: int
    """Of the whole log, refreshes included."""


@dataclass(frozen=True, slots=True)
class SourceRead:
    """What was read of one kind of log, and what could not be."""

    kind: str
    files: int
    rows: int
    bytes: int = 0
    repeated: int = 0
    """Rows that were delivered twice, or stand in two exports, counted once."""
    mended: int = 0
    """Rows that a strict reader would have dropped: broken quoting, wrong encoding, NULs, overlong values."""
    unread: int = 0
    """Lines that hold no record."""
    without_time: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """All of it. `step_s`: seconds of one element of each series, which begin at `first_at`."""

    sources: tuple[SourceRead, ...]
    asked: int
    refused: int
    granted: int
    calls: int
    calls_refused: int
    first_at: float | None
    last_at: float | None
    step_s: float
    asked_series: tuple[int, ...]
    refused_series: tuple[int, ...]
    call_failures: tuple[Tally, ...]
    """What refused API calls were told; `all` and `refused` are both their number."""
    failures: tuple[Failure, ...]
    more_failures: int
    """Refusals with rarer words than those that are told."""
    onset: Onset | None
    subjects: tuple[Subject, ...]
    changes: tuple[Change, ...]
    drift: tuple[DriftBin, ...]
    apps: tuple[AppUse, ...]
    more_apps: int
    unusual: tuple[UnusualSource, ...]
    more_unusual: int
    rates: tuple[Rate, ...]
    limit_an_hour: int | None
    events: tuple[Tally, ...]
    """Types of events in event log files, with their rows."""
    warnings: tuple[str, ...] = field(default=())
