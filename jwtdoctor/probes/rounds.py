"""One round of looking at the clocks: the time servers side by side, the token host, and what there is to complain of.

`jwtdoctor clock` and the interface's clock pane draw the same rounds. Limits: an error from 30 s on, half of the
narrowest window that a provider documents (60 s) and more than any healthy clock has; from 5 s on there is a warning.
The whole interval must lie beyond a limit: what may be fine is not complained of.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.clock import ClockReading, ClockVerdict, Interval, SourceRefused, SyncState, TimeSample

if TYPE_CHECKING:
    from jwtdoctor.instruments.ports import Instruments
    from jwtdoctor.model.margins import Margins
    from jwtdoctor.model.provider import Provider
    from jwtdoctor.reasoning.clock import Drift

LIMIT_S = 30.0
NOTICE_S = 5.0
MAX_SERIES = 2000
"""Sightings of a series that are kept; older ones are dropped, the first excepted."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the clock is held against: a provider's rules and the assertions that are signed for it."""

    provider: Provider
    lifetime_s: float
    has_iat: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. `host`: the token host's clock, or why it was not seen; None where no URL was given."""

    at: float
    took_s: float
    verdict: ClockVerdict
    host: TimeSample | SourceRefused | None = None
    sync: SyncState | None = None
    time_skipped: str = ""
    warnings: tuple[str, ...] = ()
    rules: Rules | None = None

    def under(self, rules: Rules | None) -> Measured:
        """The same round, held against these rules."""
        return replace(self, rules=rules)

    @property
    def margins(self) -> Margins | None:
        """The room of an assertion signed now: on the token host's clock, else by true time."""
        from jwtdoctor.reasoning.margins import fresh, margins

        if self.rules is None or self.judged is None:
            return None
        date = self.date
        judging = self.judged if date is None else Interval(date.low_s, date.high_s)
        judge: Literal["date", "ntp"] = "ntp" if date is None else "date"
        window = fresh(self.rules.lifetime_s, judging, judge, has_iat=self.rules.has_iat)
        return margins(window, self.rules.provider)

    @property
    def date(self) -> TimeSample | None:
        return self.host if isinstance(self.host, TimeSample) else None

    @property
    def judged(self) -> Interval | None:
        """The interval that the answer is about: true time, or the host's clock where true time was not seen."""
        if self.verdict.interval is not None or self.verdict.agree is False:
            return self.verdict.interval
        return None if self.date is None else Interval(self.date.low_s, self.date.high_s)


def measure(tools: Instruments, url: str | None, pause: Callable[[float], None] | None = None) -> Measured:
    """One round: the time servers side by side, then the token host. Raises BadInput for an unusable URL."""
    from jwtdoctor.instruments.hostclock import measure_host, wait
    from jwtdoctor.instruments.http import check_url
    from jwtdoctor.instruments.sources import ask_all
    from jwtdoctor.reasoning.clock import combine

    if url is not None:
        check_url(url)
    began = time.monotonic()
    at = tools.clock.now()
    verdict = combine(ask_all(tools.time_sources))
    host = None if url is None else measure_host(tools.transport, url, tools.clock, pause=pause or wait)
    sync = None if tools.sync is None else tools.sync()
    took_s = time.monotonic() - began
    return Measured(at, took_s, verdict, host, sync, tools.time_skipped, tools.warnings)


@dataclass(slots=True)
class Series:
    """The rounds of a watch, on the monotonic clock: the local one is what is being watched."""

    sightings: list[tuple[float, float, Interval]] = field(default_factory=list)
    last: Measured | None = None

    def add(self, measured: Measured) -> None:
        self.last = measured
        if measured.judged is not None:
            self.sightings.append((time.monotonic(), measured.at, measured.judged))
            if len(self.sightings) > MAX_SERIES:
                del self.sightings[1]

    def drift(self) -> Drift | None:
        from jwtdoctor.reasoning.clock import drift

        step = max(1, len(self.sightings) // 200)
        return drift([(mark, interval) for mark, _, interval in self.sightings[::step]])


def findings_of(measured: Measured) -> tuple[Finding, ...]:
    """What there is to complain of. Pure."""
    found = [*_of_margins(measured), *_of_clock(measured), *_of_host(measured)]
    if measured.sync is not None and measured.sync.enabled is False:
        found.append(
            Finding(
                "clock-not-synchronised", "warning", measured.sync.by, measured.sync.detail, measured.sync.fix or ""
            )
        )
    return tuple(found)


def _of_margins(measured: Measured) -> list[Finding]:
    """Whether an assertion that is signed now would surely be refused for the error of this clock."""
    from jwtdoctor.reasoning.clock import host_disagrees

    margins = measured.margins
    if margins is None or measured.rules is None or host_disagrees(measured.verdict, measured.date):
        return []
    room_s = {"slow": margins.slow.room_s + margins.tolerated_s, "fast": margins.fast.room_s if margins.fast else 0.0}
    for edge in (margins.slow, margins.fast):
        if edge is not None and room_s[edge.direction] + margins.bound_s < 0:
            assertion = f"an assertion of {span(measured.rules.lifetime_s)} for {measured.rules.provider.title}"
            message = f"{assertion} is refused: this clock is too {edge.direction}, {edge.because}"
            return [Finding("clock-breaks-assertions", "error", "clock", message, _fix(measured), edge.sources)]
    return []


def _of_clock(measured: Measured) -> list[Finding]:
    from jwtdoctor.reasoning.clock import looks_like_a_zone

    if measured.verdict.agree is False:
        return [Finding("clock-no-majority", "warning", "ntp", measured.verdict.note, "name servers with --ntp")]
    if measured.judged is None or _least(measured.judged) < NOTICE_S:
        return []
    interval, from_ntp = measured.judged, measured.verdict.interval is not None
    against = "true time" if from_ntp else "the token host's clock"
    message = f"this clock is {offset_words(interval)} against {against}"
    if looks_like_a_zone(interval.ahead_s):
        message += ": near a whole number of quarter-hours, as a wrong time zone gives and drift does not"
    severity = "error" if _least(interval) > LIMIT_S else "warning"
    return [Finding("clock-off", severity, "ntp" if from_ntp else "date", message, _fix(measured))]  # type: ignore[arg-type]


def _of_host(measured: Measured) -> list[Finding]:
    from jwtdoctor.reasoning.clock import host_disagrees

    host = host_ahead(measured)
    if host is None or not host_disagrees(measured.verdict, measured.date) or _least(host) < NOTICE_S:
        return []
    message = f"the token host's own clock is {offset_words(host)} against true time, and it judges the assertion"
    severity = "error" if _least(host) > LIMIT_S else "warning"
    remedy = "sign with the host's time: Signer(..., skew=jwtdoctor.Skew())"
    return [Finding("host-clock-off", severity, "date", message, remedy)]  # type: ignore[arg-type]


def host_ahead(measured: Measured) -> Interval | None:
    from jwtdoctor.reasoning.clock import judge_host

    seen = Chart.of(judge_host(measured.verdict, measured.date))
    ahead_s, slack_s = seen.number("host.ahead_s"), seen.uncertainty("host.ahead_s")
    return None if ahead_s is None else Interval(ahead_s - slack_s, ahead_s + slack_s)


def _least(interval: Interval) -> float:
    """The smallest error that the interval allows."""
    return max(0.0, interval.low_s, -interval.high_s)


def _fix(measured: Measured) -> str:
    return (measured.sync.fix if measured.sync is not None else None) or "set this machine's clock by NTP"


def offset_words(interval: Interval) -> str:
    side = "fast" if interval.ahead_s >= 0 else "slow"
    return f"{span(interval.ahead_s)} {side} (± {span(interval.uncertainty_s)})"


def span(seconds: float) -> str:
    from jwtdoctor.render.words import duration

    return "under 1 ms" if abs(seconds) < 0.001 else duration(seconds)


def readings_of(measured: Measured) -> tuple[ClockReading, ...]:
    """The sources' lines; that of the token host stands by whether it can be at true time."""
    from jwtdoctor.reasoning.clock import host_disagrees

    if measured.host is None:
        return measured.verdict.readings
    if isinstance(measured.host, SourceRefused):
        return (*measured.verdict.readings, ClockReading(measured.host.source, "refused", reason=measured.host.reason))
    date = measured.host
    line = ClockReading(date.source, "agrees", date.ahead_s, date.low_s, date.high_s)
    if host_disagrees(measured.verdict, date):
        line = replace(line, standing="dissents", reason="not at true time")
    return (*measured.verdict.readings, line)


def headline(measured: Measured, findings: tuple[Finding, ...]) -> str:
    if measured.judged is None:
        return "? NOT MEASURED   nobody could tell how far this clock is off"
    mark = {"error": "✗ OFF", "warning": "▲ NOTE"}.get(_worst(findings), "✓ FINE")
    host = host_ahead(measured)
    rules = {finding.rule for finding in findings}
    if host is not None and "host-clock-off" in rules and "clock-off" not in rules:
        return f"{mark}   This clock is right; the token host's is {offset_words(host)}"
    against = "true time" if measured.verdict.interval is not None else "the token host"
    return f"{mark}   This clock is {offset_words(measured.judged)} against {against}"


def _worst(findings: tuple[Finding, ...]) -> str:
    severities = [finding.severity for finding in findings]
    return "error" if "error" in severities else "warning" if "warning" in severities else "note"


def drift_words(drift: Drift | None) -> str:
    if drift is None:
        return "no steady drift can be told"
    return f"drift {drift.ppm:+,.1f} ppm (± {drift.uncertainty_ppm:,.1f})"


def sync_words(sync: SyncState) -> str:
    if sync.enabled is None:
        return f"does not say whether it keeps its clock: {sync.detail}"
    return f"{'keeps its clock right' if sync.enabled else 'does not keep its clock right'} ({sync.by}: {sync.detail})"
