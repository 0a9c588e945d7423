"""Draws a series of clock errors over time, in fixed width. Pure.

Every sighting is an interval: a bar from the lowest to the highest error that it allows, its middle marked. Zero is
drawn where it lies within the picture, since it is what one looks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AXIS = 11
"""Columns of the figures at the left."""
NARROWEST = 24
LEAST_SPAN_S = 0.002


@dataclass(frozen=True, slots=True)
class Sighting:
    """One round. `at` is epoch seconds of the local clock, the errors are seconds, positive where it is fast."""

    at: float
    low_s: float
    high_s: float

    @property
    def ahead_s(self) -> float:
        return (self.low_s + self.high_s) / 2


def plot(series: Sequence[Sighting], width: int, height: int = 7) -> list[str]:
    """Lines of at most `width` columns, the newest at the right end; nothing for fewer than two sightings."""
    room = width - AXIS - 2
    if len(series) < 2 or room < NARROWEST - AXIS:
        return []
    shown = list(series)[-room:]
    low, high = _bounds(shown)
    rows = [[" "] * room for _ in range(height)]

    def row_of(error_s: float) -> int:
        return min(height - 1, max(0, round((high - error_s) / (high - low) * (height - 1))))

    if low <= 0.0 <= high:
        rows[row_of(0.0)] = ["┈"] * room
    for column, sighting in enumerate(shown, room - len(shown)):
        for row in range(row_of(sighting.high_s), row_of(sighting.low_s) + 1):
            rows[row][column] = "│"
        rows[row_of(sighting.ahead_s)][column] = "●"
    named = {0: high, height - 1: low} | ({row_of(0.0): 0.0} if low < 0.0 < high else {})
    lines = [f"{_figure(named[n]) if n in named else '':>{AXIS}} ┤{''.join(row)}" for n, row in enumerate(rows)]
    return [line.rstrip() for line in lines]


def _bounds(shown: Sequence[Sighting]) -> tuple[float, float]:
    low, high = min(s.low_s for s in shown), max(s.high_s for s in shown)
    span = max(high - low, LEAST_SPAN_S)
    middle = (low + high) / 2
    low, high = middle - span * 0.55, middle + span * 0.55
    # zero is drawn in where it is near: a picture without it makes a millisecond look like a mountain
    if 0.0 < low <= 2 * span:
        low = -0.05 * span
    if 0.0 > high >= -2 * span:
        high = 0.05 * span
    return low, high


def _figure(error_s: float) -> str:
    if abs(error_s) < 1.0:
        return f"{error_s * 1000:+.1f} ms"
    return f"{error_s:+.3f} s" if abs(error_s) < 100 else f"{error_s:+,.0f} s"
