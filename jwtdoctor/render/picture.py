"""The assertion's window against the clocks, as an SVG that stands inside a page.

Every place along the line is a percentage and every size in pixels, so that the words stay readable on a phone and on
paper alike. Shapes and words say what the colours say. Nothing in it is clickable, named by a URL, or moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from jwtdoctor.model.margins import Margins
from jwtdoctor.model.report import Timeline
from jwtdoctor.render.timeline import clock_form
from jwtdoctor.render.words import duration

LEFT, RIGHT = 2.0, 98.0
"""Per cent of the width between which moments are drawn."""
BAR, BAR_HEIGHT, ROW = 26, 22, 46
"""Pixels: where the window is drawn, how high it is, and the room of each clock below it."""
THINNEST = 0.6
"""Per cent: a window that is nothing beside the distance of a clock is still to be seen."""


@dataclass(frozen=True, slots=True)
class Point:
    """The moment of the request on one clock. `judges`: the answer hung on this one."""

    name: str
    at_s: float
    judges: bool = False


def picture(window: Timeline, margins: Margins | None, number: int = 1) -> str:
    """The figure with its caption; empty where a moment lies outside the calendar.

    `number` keeps the ids of several figures on one page apart.
    """
    points = points_of(window)
    tolerated_s = margins.tolerated_s if margins is not None else 0.0
    moments = [window.start_s, window.end_s, window.end_s + tolerated_s, *(point.at_s for point in points)]
    low, high = min(moments), max(moments)
    form = clock_form(low, high)
    if form is None:
        return ""
    scale = (RIGHT - LEFT) / (high - low) if high > low else 0.0

    def place(at: float) -> float:
        return LEFT + (at - low) * scale

    height = BAR + BAR_HEIGHT + 26 + ROW * len(points)
    said = _said(window, points, tolerated_s)
    parts = [
        "<figure>",
        f'<svg role="img" aria-labelledby="window-{number}" width="100%" height="{height}">',
        f'<title id="window-{number}">{escape(said)}</title>',
        *_window(window, tolerated_s, place, form),
    ]
    for row, point in enumerate(points):
        parts += _clock(window, point, tolerated_s, place, form, BAR + BAR_HEIGHT + 26 + ROW * row)
    parts += ["</svg>", f"<figcaption>{escape(_caption(tolerated_s))}</figcaption>", "</figure>"]
    return "\n".join(parts)


def points_of(window: Timeline) -> tuple[Point, ...]:
    """The clocks that were seen, the judging one last; where none was, the moment of sending alone."""
    points = [Point("client clock", window.local_now_s)] if window.local_seen else []
    has_server = window.server_seen and window.server_now_s is not None
    if window.true_now_s is not None:
        points.append(Point("true time", window.true_now_s, judges=not has_server))
    if window.server_now_s is not None and (has_server or window.true_now_s is None):
        points.append(Point("server clock" if has_server else "true time", window.server_now_s, judges=True))
    return tuple(points) or (Point("it was sent", window.local_now_s),)


def relation(window: Timeline, at_s: float, tolerated_s: float) -> str:
    """Where a moment lies: `within the window`, `7 min after exp`, `12 s before iat`."""
    first, last = sorted((window.start_s, window.end_s))
    if at_s < first:
        return f"{duration(first - at_s)} before {'iat' if window.start_is_iat else 'it was signed'}"
    if at_s <= last:
        return "within the window"
    after = f"{duration(at_s - last)} after exp"
    return f"{after}, still forgiven" if at_s <= last + tolerated_s else after


Place = Callable[[float], float]
Form = Callable[[float], str]


def _said(window: Timeline, points: tuple[Point, ...], tolerated_s: float) -> str:
    """The whole picture in one sentence, for who cannot see it."""
    clocks = "; ".join(f"{point.name}: {relation(window, point.at_s, tolerated_s)}" for point in points)
    return f"The assertion is valid for {duration(window.end_s - window.start_s)}. {clocks}."


def _caption(tolerated_s: float) -> str:
    said = "The assertion's window as it was signed, and what each clock read at the moment of the request (UTC)."
    if tolerated_s > 0:
        said += f" Dashed: the {duration(tolerated_s)} after exp that the server is known to forgive."
    return said


def _window(window: Timeline, tolerated_s: float, place: Place, form: Form) -> list[str]:
    """The bar from iat to exp: iat said above its left end, exp below its right one."""
    first, last = sorted((window.start_s, window.end_s))
    left, right = place(first), place(last)
    names = ["iat" if window.start_is_iat else "signed", "exp"]
    if window.end_s < window.start_s:
        names.reverse()
    parts = []
    if tolerated_s > 0 and window.end_s >= window.start_s:
        width = place(last + tolerated_s) - right
        parts.append(f'<rect class="forgiven" x="{right:.2f}%" y="{BAR}" width="{width:.2f}%" height="{BAR_HEIGHT}"/>')
    width = max(right - left, THINNEST)
    parts.append(f'<rect class="window" x="{left:.2f}%" y="{BAR}" width="{width:.2f}%" height="{BAR_HEIGHT}"/>')
    parts.append(_text(left, BAR - 8, f"{names[0]} {form(first)}"))
    life = f"valid {duration(last - first)}" if last > first else ""
    inside = width > 22
    if inside and life:
        parts.append(_text(left + width / 2, BAR + 16, life, "inside", "middle"))
    below = f"{names[1]} {form(last)}" + (f" ({life})" if life and not inside else "")
    parts.append(_text(right, BAR + BAR_HEIGHT + 17, below))
    return parts


def _clock(window: Timeline, point: Point, tolerated_s: float, place: Place, form: Form, top: int) -> list[str]:
    """A clock's line with its mark, its name and reading above it; the judging one is tied to the bar."""
    at, line = place(point.at_s), top + 30
    where = relation(window, point.at_s, tolerated_s)
    is_out = point.judges and where != "within the window" and "forgiven" not in where
    kind = "out" if is_out else "in" if point.judges else "other"
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{line}" y2="{line}"/>']
    if point.judges:
        parts.append(f'<line class="tie {kind}" x1="{at:.2f}%" x2="{at:.2f}%" y1="{BAR - 4}" y2="{line}"/>')
    parts.append(f'<circle class="{kind}" cx="{at:.2f}%" cy="{line}" r="6"/>')
    parts.append(_text(at, line - 12, f"{point.name} {form(point.at_s)}: {where}", kind))
    return parts


def _text(at: float, y: int, said: str, kind: str = "", anchor: str = "") -> str:
    """Words at a place along the line, kept within the picture at both ends."""
    shift = 0
    if not anchor:
        anchor, shift = ("start", 8) if at < 33 else ("end", -8) if at > 67 else ("middle", 0)
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{at:.2f}%" y="{y}" dx="{shift}" text-anchor="{anchor}">{escape(said)}</text>'
