"""Draws the assertion's window against the local and the server's clock, in fixed width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from jwtdoctor.model.report import Timeline

LABEL = 14


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

    The window is set by the signing machine's clock; the server judges it by its own.
    """
    pens = PLAIN if ascii_only else FINE
    moments = [timeline.start_s, timeline.end_s, timeline.local_now_s]
    if timeline.server_now_s is not None:
        moments.append(timeline.server_now_s)
    low, high = min(moments), max(moments)
    room = width - LABEL - 12
    if room < 20:
        return []
    scale = (room - 1) / (high - low) if high > low else 0.0

    def column(at: float) -> int:
        return round((at - low) * scale)

    lines = [_window(timeline, column, pens)]
    rows = [("local now", timeline.local_now_s)]
    if timeline.server_now_s is not None:
        rows.append(("server now", timeline.server_now_s))
    for name, at in rows:
        place = column(at)
        clock = _clock(at)
        if place < room // 2:
            lines.append(f"{name:<{LABEL}}" + " " * place + f"{pens.point} {clock}")
        else:
            lines.append(f"{name:<{LABEL}}" + " " * max(place - len(clock) - 1, 0) + f"{clock} {pens.point}")
    return [f"  {line}" for line in lines]


def _window(timeline: Timeline, column: Callable[[float], int], pens: Pens) -> str:
    start, end = column(timeline.start_s), column(timeline.end_s)
    life = f" valid {timeline.end_s - timeline.start_s:.0f} s "
    inside = max(end - start - 1, 0)
    bar = pens.line * inside
    if len(life) + 2 <= inside:
        side = (inside - len(life)) // 2
        bar = pens.line * side + life + pens.line * (inside - side - len(life))
    name = "iat to exp" if timeline.start_is_iat else "signed to exp"
    return f"{name:<{LABEL}}" + " " * start + pens.left + bar + pens.right + f" {_clock(timeline.end_s)}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
