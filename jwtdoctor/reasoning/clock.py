"""From several clock samples to one interval, to who disagrees with it, and to the facts of the chart.

The intersection of RFC 5905 §11.2, with one change. The RFC first takes it that nobody lies and narrows the interval to
what all sources share, so a liar whose interval merely touches the honest ones can pull the result off the truth.
A diagnosis must not be pulled: here the interval spans every point that more than half of the sources allow. Where
fewer than half lie, the truth is such a point, so the interval holds it, always (Marzullo, 1984); the price is a width
like that of the median source rather than of the best.

A token host's `Date` is no vote on true time: that host's clock is one of the suspects. It is held against the
interval afterwards (`judge_host`), and never stands in for true time where NTP is silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from jwtdoctor.model.chart import Observation
from jwtdoctor.model.clock import ClockReading, ClockVerdict, Interval, SourceRefused, TimeSample

NOBODY_ANSWERED = "no time source answered"
DATE_STEP_S = 1.0
"""`Date` counts whole seconds (RFC 9110 §5.6.7)."""


def combine(samples: Sequence[TimeSample | SourceRefused]) -> ClockVerdict:
    """One interval from several sources, and each source's standing to it.

    `interval` holds the truth whenever fewer than half of those who answered lie. It is None where nobody answered
    (`agree` None) and where no point is allowed by more than half (`agree` False: no majority).
    """
    answers = _one_vote_each([s for s in samples if isinstance(s, TimeSample) and _is_usable(s)])
    readings_of_refusals = [_refused(s) for s in samples if not _counts(s)]
    if not answers:
        return ClockVerdict(None, tuple(readings_of_refusals), None, NOBODY_ANSWERED)
    interval = _majority(answers)
    readings = [_standing(sample, interval) for sample in answers]
    agreeing = sum(reading.standing == "agrees" for reading in readings)
    return ClockVerdict(
        interval,
        (*readings, *readings_of_refusals),
        interval is not None,
        _note(answers, readings, agreeing, interval),
    )


def _is_usable(sample: TimeSample) -> bool:
    return isfinite(sample.ahead_s) and isfinite(sample.bound_s) and sample.bound_s >= 0


def _counts(sample: TimeSample | SourceRefused) -> bool:
    return isinstance(sample, TimeSample) and _is_usable(sample)


def _one_vote_each(samples: Sequence[TimeSample]) -> list[TimeSample]:
    """A source that was sampled twice has one vote: its narrowest sample."""
    best: dict[str, TimeSample] = {}
    for sample in samples:
        if sample.source not in best or sample.bound_s < best[sample.source].bound_s:
            best[sample.source] = sample
    return list(best.values())


def _majority(samples: Sequence[TimeSample]) -> Interval | None:
    """The hull of all points that more than half of the samples allow."""
    quorum = len(samples) // 2 + 1
    # Where one interval ends as another begins they share that point, so beginnings sort first.
    edges = sorted([(s.low_s, 0) for s in samples] + [(s.high_s, 1) for s in samples])
    covering, low, high = 0, None, None
    for at, is_end in edges:
        if is_end:
            if covering >= quorum:
                high = at
            covering -= 1
        else:
            covering += 1
            if covering >= quorum and low is None:
                low = at
    return None if low is None or high is None else Interval(low, high)


def _standing(sample: TimeSample, interval: Interval | None) -> ClockReading:
    if interval is None:
        return _dissent(sample, "no majority to agree with")
    if sample.high_s < interval.low_s:
        return _dissent(sample, f"{interval.low_s - sample.high_s:.3g} s below the majority")
    if sample.low_s > interval.high_s:
        return _dissent(sample, f"{sample.low_s - interval.high_s:.3g} s above the majority")
    return ClockReading(sample.source, "agrees", sample.ahead_s, sample.low_s, sample.high_s)


def _dissent(sample: TimeSample, reason: str) -> ClockReading:
    return ClockReading(sample.source, "dissents", sample.ahead_s, sample.low_s, sample.high_s, reason)


def _refused(sample: TimeSample | SourceRefused) -> ClockReading:
    reason = sample.reason if isinstance(sample, SourceRefused) else "its answer is no finite number"
    return ClockReading(sample.source, "refused", reason=reason)


def _note(
    answers: Sequence[TimeSample], readings: Sequence[ClockReading], agreeing: int, interval: Interval | None
) -> str:
    if interval is None:
        spread = ", ".join(f"{s.source} {s.ahead_s:+.3g} s" for s in answers[:6])
        return f"no majority: {len(answers)} sources answered and no more than half agree ({spread})"
    if len(answers) == 1:
        return f"{answers[0].source} alone answered; nothing to hold it against"
    dissenting = [reading.source for reading in readings if reading.standing == "dissents"]
    counted = f"{agreeing} of {len(answers)} sources agree"
    return f"{counted}; {', '.join(dissenting)} dissent{'s' if len(dissenting) == 1 else ''}" if dissenting else counted


def judge_host(verdict: ClockVerdict, date: TimeSample | None) -> tuple[Observation, ...]:
    """`host.ahead_s`: the token host's clock against true time, from NTP and its `Date` together.

    Positive: the host is fast. The uncertainty is both bounds together; a value within it is a host that agrees.
    Nothing is observed where either witness is missing.
    """
    if verdict.interval is None or date is None:
        return ()
    ahead_s = verdict.interval.ahead_s - date.ahead_s
    return (Observation("host.ahead_s", ahead_s, "ntp, date", verdict.interval.uncertainty_s + date.bound_s),)


def host_disagrees(verdict: ClockVerdict, date: TimeSample | None) -> bool:
    """Whether the token host's clock is surely not at true time: the two intervals share no point."""
    return any(abs(_number(seen)) > (seen.uncertainty or 0.0) for seen in judge_host(verdict, date))


def observe_clock(verdict: ClockVerdict, date: TimeSample | None) -> tuple[Observation, ...]:
    """The facts of the chart: `clock.*` from NTP alone, `reply.date_ahead_s` from `Date`, `host.ahead_s` from both."""
    seen: list[Observation] = []
    if verdict.interval is not None:
        interval = verdict.interval
        seen.append(Observation("clock.ahead_s", interval.ahead_s, "ntp", interval.uncertainty_s))
        seen.append(Observation("clock.uncertainty_s", interval.uncertainty_s, "ntp"))
    if sum(reading.standing != "refused" for reading in verdict.readings) > 1:
        seen.append(Observation("clock.sources_agree", bool(verdict.agree), "ntp"))
    if date is not None:
        seen.append(_observe_date(date))
    return (*seen, *judge_host(verdict, date))


def _observe_date(date: TimeSample) -> Observation:
    """Local midpoint minus `Date`, as the contract defines it.

    A sample from one header lies half a second below that, since it puts the server in the middle of the second that
    it named. One narrowed by several requests has no such half second left.
    """
    half_step_s = DATE_STEP_S / 2 if date.bound_s >= DATE_STEP_S / 2 else 0.0
    return Observation("reply.date_ahead_s", date.ahead_s + half_step_s, date.source, date.bound_s + half_step_s)


def _number(seen: Observation) -> float:
    assert isinstance(seen.value, float)
    return seen.value


@dataclass(frozen=True, slots=True)
class Drift:
    """How fast the local clock gains (positive) or loses against true time: parts per million, with bounds."""

    low_ppm: float
    high_ppm: float

    @property
    def ppm(self) -> float:
        return (self.low_ppm + self.high_ppm) / 2

    @property
    def uncertainty_ppm(self) -> float:
        return (self.high_ppm - self.low_ppm) / 2


def drift(series: Sequence[tuple[float, Interval]]) -> Drift | None:
    """The rates that a steady drift can have had, from (monotonic seconds, interval) pairs.

    Every pair of sightings bounds the rate; a steady one lies within all bounds. None with fewer than two sightings
    or where no steady rate fits (the clock was stepped).
    """
    low, high = float("-inf"), float("inf")
    for n, (began, first) in enumerate(series):
        for ended, last in series[n + 1 :]:
            if ended > began:
                low = max(low, (last.low_s - first.high_s) / (ended - began))
                high = min(high, (last.high_s - first.low_s) / (ended - began))
    return Drift(low * 1e6, high * 1e6) if isfinite(low) and low <= high else None


QUARTER_HOUR_S = 900.0
HOUR_S = 3600.0
ZONE_SLACK_S = 60.0


def looks_like_a_zone(ahead_s: float) -> bool:
    """Whether an error of an hour or more lies within a minute of a whole quarter-hour: a time zone, not drift."""
    nearest = round(ahead_s / QUARTER_HOUR_S) * QUARTER_HOUR_S
    return abs(nearest) >= HOUR_S and abs(nearest) <= 14 * HOUR_S and abs(ahead_s - nearest) <= ZONE_SLACK_S
