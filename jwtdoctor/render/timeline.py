"""Draws the assertion's window against the local and the server's clock, in fixed width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from jwtdoctor.model.report import Timeline
from jwtdoctor.render.words import duration

LABEL = 14
ZONE = " UTC"
NARROWEST = 20
"""Columns; a picture narrower than this shows nothing."""


@dataclass(frozen=True, slots=True)
class Pens:
    """The characters to draw with."""

    left: str
    line: str
    right: str
    point: str


FINE = Pens("├", "─", "┤", "▲")
PLAIN = Pens("|", "-", "|", "^")


def draw(timeline: Timeline, width: int, *, ascii_only: bool = False) -> list[str]:
    """Lines of at most `width` columns: the window as signed, and the moment of the request on both clocks (UTC).

    The window is set by the signing machine's clock; the server judges it by its own. A clock that was not seen is
    not drawn. Nothing is drawn where there is no room, or where a moment lies outside the calendar.
    """
    pens = PLAIN if ascii_only else FINE
    points = _points(timeline)
    moments = [timeline.start_s, timeline.end_s, *(at for _, at in points)]
    low, high = min(moments), max(moments)
    clock = clock_form(low, high)
    if clock is None:
        return []
    said = len(clock(low))
    room = width - 2 - LABEL - 2 * (said + 1) - len(ZONE)
    if room < NARROWEST:
        return []
    scale = (room - 1) / (high - low) if high > low else 0.0

    def column(at: float) -> int:
        return said + 1 + round((at - low) * scale)

    lines = [_window(timeline, column, pens, clock)]
    for name, at in points:
        place = column(at)
        if place < said + 1 + room // 2:
            lines.append(f"{name:<{LABEL}}" + " " * place + f"{pens.point} {clock(at)}")
        else:
            lines.append(f"{name:<{LABEL}}" + " " * (place - said - 1) + f"{clock(at)} {pens.point}")
    return [f"  {line}" for line in lines]


def _points(timeline: Timeline) -> list[tuple[str, float]]:
    """The moment of the request on each clock that was seen."""
    points = [("client clock", timeline.local_now_s)] if timeline.local_seen else []
    if timeline.server_now_s is not None:
        points.append(("server clock" if timeline.server_seen else "true time", timeline.server_now_s))
    return points or [("it was sent", timeline.local_now_s)]


def _window(timeline: Timeline, column: Callable[[float], int], pens: Pens, clock: Callable[[float], str]) -> str:
    """The bar from iat (or where there is none from the earliest moment known) to exp, both said in figures."""
    start, end = sorted((column(timeline.start_s), column(timeline.end_s)))
    life_s = timeline.end_s - timeline.start_s
    if end == start:
        return f"{_name(timeline):<{LABEL}}" + " " * start + f"{pens.right} {clock(timeline.end_s)}{ZONE}"
    life = f"{life_s:.0f} s" if life_s < 7200 else duration(life_s)
    bar = _bar(f" valid {life} ", end - start - 1, pens) if life_s > 0 else pens.line * (end - start - 1)
    first, last = sorted((timeline.start_s, timeline.end_s))
    before = f"{clock(first):>{start - 1}} "
    return f"{_name(timeline):<{LABEL}}{before}{pens.left}{bar}{pens.right} {clock(last)}{ZONE}"


def _name(timeline: Timeline) -> str:
    if timeline.end_s < timeline.start_s:
        return "exp, then iat"
    if timeline.end_s == timeline.start_s:
        return "exp"
    return "iat to exp" if timeline.start_is_iat else "signed to exp"


def _bar(life: str, inside: int, pens: Pens) -> str:
    if len(life) + 2 > inside:
        return pens.line * inside
    side = (inside - len(life)) // 2
    return pens.line * side + life + pens.line * (inside - side - len(life))


def clock_form(low: float, high: float) -> Callable[[float], str] | None:
    """How moments are said: with the day where they are not all of one; None where they lie outside the calendar."""
    try:
        first, last = (datetime.fromtimestamp(at, UTC) for at in (low, high))
    except (OverflowError, OSError, ValueError):
        return None
    form = "%H:%M:%S" if first.date() == last.date() else "%m-%d %H:%M:%S"
    return lambda at: datetime.fromtimestamp(at, UTC).strftime(form)
