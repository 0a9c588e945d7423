"""The assertion alive: header and claims as JSON, each time as UTC and distance, and a margin that ticks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from jwtdoctor.assertions.times import ClaimTime, distance, times
from jwtdoctor.render.words import duration
from jwtdoctor.tui.drawing import STYLES, Lines, blank, hanging, joined, plain
from jwtdoctor.tui.preview import Preview
from jwtdoctor.tui.widgets.drawn import Drawn

TICK_S = 1.0
THIN_S = 30.0
"""Seconds of margin from which on it is marked."""
BAR = 20
DIFFERS_S = 2.0
"""Seconds from which on the two clocks are worth telling apart."""
MOST_CHARACTERS = 20_000


class AssertionPane(VerticalScroll):
    """What is, or would be, signed and sent. `now` is the local clock in epoch seconds."""

    HELP = (
        "The assertion: its header and its claims, never the token itself. Before a run it is shown as it would be "
        "signed now; after a run, as it was sent. The margin counts down to exp on the token host's clock where that "
        "is known, else on this machine's. Secrets in the form are shown as [redacted]."
    )

    def __init__(self, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._preview: Preview | None = None
        self._ahead_s: float | None = None

    def compose(self) -> ComposeResult:
        yield Drawn(self._lines)

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self.tick)

    def show(self, preview: Preview | None, ahead_s: float | None = None) -> None:
        """`ahead_s`: how far the local clock is fast against the token host; None where that is not known."""
        self._preview, self._ahead_s = preview, ahead_s
        self.tick()

    def tick(self) -> None:
        """Draws the times anew."""
        self.query_one(Drawn).draw(self._lines)

    def _lines(self, width: int) -> Lines:
        if self._preview is None:
            return hanging(Content(""), plain("No assertion yet: choose something to examine (f2).", "italic"), width)
        return drawn(self._preview, self._now(), self._ahead_s, width)


def drawn(preview: Preview, now: float, ahead_s: float | None, width: int) -> Lines:
    """Pure: the lines at local time `now`."""
    return joined(
        [
            hanging(Content(""), plain(preview.note, STYLES["!"]), width) if preview.note else [],
            _margin(preview, now, ahead_s, width),
            _json("header", preview.header, {}, None, width),
            _json("claims", preview.claims_at(now), _times(preview, now), ahead_s, width),
            _request(preview, width),
        ]
    )


def _margin(preview: Preview, now: float, ahead_s: float | None, width: int) -> Lines:
    """`margin 2 min 59 s  ████████░░░`, against the token host's clock where its error is known."""
    exp = next((t for t in times(preview.claims_at(now), now) if t.claim == "exp"), None)
    if exp is None or exp.epoch_s is None:
        return []
    left_s = exp.epoch_s - (now - (ahead_s or 0.0))
    whose = "this machine's clock" if ahead_s is None else "the token host's clock"
    life_s = (preview.spec.lifetime_s if preview.spec else _life_s(preview, exp.epoch_s)) or 1
    filled = round(BAR * min(max(left_s / life_s, 0.0), 1.0))
    bar = "█" * filled + "░" * (BAR - filled)
    said = f"{duration(round(left_s))} left" if left_s > 0 else f"over for {duration(round(left_s))}"
    sign = "!" if left_s < THIN_S else "+"
    lead = Content.assemble(("margin  ", STYLES["title"]), (f"{sign} {bar} ", STYLES[sign]))
    state = "as it would be signed now" if preview.spec else "as it was sent"
    words = Content.assemble((said, "bold"), f", {state}; on {whose}")
    return [lead, *hanging(blank(8), words, width)]


def _life_s(preview: Preview, exp_s: float) -> float:
    sent_at = exp_s if preview.sent_at is None else preview.sent_at
    return max(exp_s - sent_at, 0.0)


def _times(preview: Preview, now: float) -> dict[str, ClaimTime]:
    return {time.claim: time for time in times(preview.claims_at(now), now)}


def _json(
    title: str, part: Mapping[str, Any], known: Mapping[str, ClaimTime], ahead_s: float | None, width: int
) -> Lines:
    """An object as JSON, one member a line, under each time what it means."""
    if not part:
        return []
    lines = [Content.styled(title, STYLES["title"]), Content("{")]
    for number, (name, value) in enumerate(part.items(), 1):
        comma = "," if number < len(part) else ""
        text = json.dumps(value, ensure_ascii=False)[:MOST_CHARACTERS]
        lead = Content.assemble("  ", (json.dumps(name, ensure_ascii=False), "bold"), ": ")
        lines += hanging(lead, plain(text + comma), width)
        if name in known:
            lines += hanging(blank(4), plain(_said(known[name], ahead_s), "$text-accent"), width)
    return [*lines, Content("}")]


def _said(time: ClaimTime, ahead_s: float | None) -> str:
    """`2026-11-22 00:29:40Z, in 2 min 59 s`; where the host's clock says otherwise, by both."""
    if time.in_s is None:
        return "is no time"
    odd = (" (milliseconds)" if time.unit == "ms" else "") + (" (text)" if time.is_text else "")
    said = f"{time.utc or 'in no calendar'}, {distance(time.in_s)}{odd}"
    if ahead_s is None or abs(ahead_s) < DIFFERS_S:
        return said
    return f"{said} here, {distance(time.in_s + ahead_s)} on the token host"


def _request(preview: Preview, width: int) -> Lines:
    """Where it goes, and the form, secrets redacted."""
    lines = [
        Content.styled("request", STYLES["title"]),
        *hanging(Content("POST "), plain(preview.url), width),
    ]
    for name, value in preview.fields:
        lines += hanging(Content(f"  {name} = "), plain(value), width)
    return lines
