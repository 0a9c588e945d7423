"""The clock: how far it is off, by whom, what that does to an assertion, and how it goes on.

A round is the same as that of `jwtdoctor clock`, on a thread of its own. Before one was asked for, the pane shows what
the last run saw. While it watches, a round follows the other; the plot grows by one sighting each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer

from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.report import Report, Timeline
from jwtdoctor.probes.rounds import (
    Measured,
    Series,
    drift_words,
    findings_of,
    headline,
    host_ahead,
    measure,
    offset_words,
    readings_of,
    span,
    sync_words,
)
from jwtdoctor.render.timeline import draw
from jwtdoctor.render.words import margin_rows, one_line
from jwtdoctor.tui.drawing import STYLES, Lines, blank, hanging, joined, plain
from jwtdoctor.tui.messages import Rounded
from jwtdoctor.tui.plotting import Sighting, plot
from jwtdoctor.tui.subjects import Subject
from jwtdoctor.tui.widgets.drawn import Drawn

EVERY_S = 16.0
"""Between two rounds of public servers; loopback ones are asked each `STAGED_S`."""
STAGED_S = 2.0
NAME = 30
SIGNS = {"agrees": "+", "dissents": "✗", "refused": "-"}
STANDING = {"agrees": "", "dissents": "falseticker", "refused": "silent"}
EMPTY = "m measures this clock against time servers and the token host; w goes on measuring and draws the drift."


class ClockPane(VerticalScroll):
    """`now` is the local clock in epoch seconds."""

    HELP = (
        "This machine's clock. m measures once: every time server with its interval, those outside the majority marked "
        "as falsetickers, and the token host's own clock, which is the one that judges the assertion. w keeps on "
        "measuring and plots each round: a bar is what the round allows, the point its middle. Positive is fast."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "measure", "Measure", show=False),
        Binding("w", "watch", "Watch", show=False),
    ]

    def __init__(self, knowledge: Knowledge, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._knowledge, self._now = knowledge, now
        self._subject: Subject | None = None
        self._report: Report | None = None
        self._measured: Measured | None = None
        self._series = Series()
        self._problem = ""
        self.is_measuring = False
        self.is_watching = False
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Drawn(self._lines)

    def show(self, subject: Subject | None, report: Report | None) -> None:
        """Whose clocks are asked, and what its last run saw."""
        if subject is None or self._subject is None or subject.name != self._subject.name:
            self._measured, self._series, self._problem = None, Series(), ""
            self._stop()
        self._subject, self._report = subject, report
        self._redraw()

    @property
    def rounds(self) -> int:
        return len(self._series.sightings)

    def action_measure(self) -> None:
        """One round."""
        if self._subject is None or self.is_measuring:
            return
        self.is_measuring = True
        self._redraw()
        self._round(self._subject)

    def action_watch(self) -> None:
        """Rounds until it is pressed again."""
        if self.is_watching:
            self._stop()
        elif self._subject is not None:
            self.is_watching = True
            every_s = STAGED_S if self._subject.kind == "fault" else EVERY_S
            self._timer = self.set_interval(every_s, self.action_measure)
            self.action_measure()
        self._redraw()

    def _stop(self) -> None:
        self.is_watching = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    @work(thread=True, exclusive=True, group="clock")
    def _round(self, subject: Subject) -> None:
        try:
            with subject.clocks(self._knowledge) as clocks:
                measured = measure(clocks.instruments, clocks.url, clocks.pause)
            message = Rounded(subject, measured.under(clocks.rules))
        except BadInput as problem:
            message = Rounded(subject, None, str(problem))
        except Exception as bug:  # noqa: BLE001 - a crash of ours is a line on the screen, and the session goes on
            message = Rounded(subject, None, f"this is a bug in jwtdoctor: {type(bug).__name__}")
        self.post_message(message)

    @on(Rounded)
    def _rounded(self, event: Rounded) -> None:
        """Kept and drawn; it goes on to the screen, whose margin ticks by it."""
        self.is_measuring = False
        if self._subject is None or event.subject.name != self._subject.name:
            return
        self._problem = event.problem
        if event.measured is not None:
            self._measured = event.measured
            self._series.add(event.measured)
        self._redraw()

    def command_line(self) -> str:
        return "jwtdoctor clock" if self._subject is None else self._subject.clock_command(watch=self.is_watching)

    # --- drawing

    def _redraw(self) -> None:
        self.query_one(Drawn).draw(self._lines)

    def _lines(self, width: int) -> Lines:
        parts = [self._state(width)]
        if self._problem:
            parts.append(hanging(Content.styled("✗ ", STYLES["bad"]), plain(self._problem, STYLES["bad"]), width))
        if self._measured is not None:
            parts += drawn(self._measured, self._series, width)
        elif self._report is not None and self._report.clocks:
            parts.append(_readings(self._report.clocks, width))
            if self._report.timeline is not None:
                parts.append([Content(line) for line in draw(self._report.timeline, width)])
        return joined(parts)

    def _state(self, width: int) -> Lines:
        if self._measured is None and not self.is_measuring:
            return hanging(Content(""), plain(EMPTY, "italic"), width)
        watch = f"watching, {self.rounds} rounds; w stops" if self.is_watching else "m measures again, w watches"
        words = "measuring …" if self.is_measuring else watch
        return [plain(words, STYLES["aside"])]


def drawn(measured: Measured, series: Series, width: int) -> list[Lines]:
    """Pure: everything that a round and the rounds before it say."""
    findings = findings_of(measured)
    return [
        _head(measured, findings, width),
        _readings(readings_of(measured), width),
        _host(measured, width),
        _timeline(measured, width),
        _margins(measured, width),
        _plot(series, width),
        _sync(measured, width),
        *(_finding(finding, width) for finding in findings),
    ]


def _head(measured: Measured, findings: tuple[Finding, ...], width: int) -> Lines:
    words = headline(measured, findings)
    style = STYLES["bad"] if words.startswith("✗") else STYLES["ok"] if words.startswith("✓") else STYLES["note"]
    return [
        *hanging(Content(""), plain(words, style), width),
        *hanging(Content("  "), plain(one_line(measured.verdict.note), STYLES["aside"]), width),
    ]


def _readings(clocks: tuple[ClockReading, ...], width: int) -> Lines:
    lines: Lines = []
    for clock in clocks:
        sign = SIGNS[clock.standing]
        lead = Content.assemble(
            "  ", (f"{sign} ", STYLES.get(sign, STYLES["!"])), plain(f"{one_line(clock.source):<{NAME}} ")
        )
        words = one_line(clock.reason or "")
        if clock.ahead_s is not None and clock.low_s is not None and clock.high_s is not None:
            figure = f"{clock.ahead_s:>+12,.3f} s ± {(clock.high_s - clock.low_s) / 2:.3f} s"
            standing = STANDING[clock.standing] if clock.source.startswith("ntp:") else ""
            words = "  ".join(part for part in (figure, standing, words) if part)
        lines += hanging(lead, plain(words), width)
    return lines


def _host(measured: Measured, width: int) -> Lines:
    host = host_ahead(measured)
    if host is None:
        return []
    words = f"the token host's own clock is {offset_words(host)} against true time; it judges the assertion"
    return hanging(Content("  "), plain(words), width)


def _timeline(measured: Measured, width: int) -> Lines:
    """An assertion signed at this moment: iat and exp on this clock, now, and now on the server."""
    if measured.rules is None or measured.judged is None:
        return []
    judged = measured.judged if measured.date is None else measured.date
    now = measured.at
    line = Timeline(now, now + measured.rules.lifetime_s, now, now - judged.ahead_s, measured.rules.has_iat,
                    server_seen=measured.date is not None)  # fmt: skip
    return [Content(text) for text in draw(line, width)]


def _margins(measured: Measured, width: int) -> Lines:
    if measured.margins is None or measured.rules is None:
        return []
    life, title = span(measured.rules.lifetime_s), measured.rules.provider.title
    lines = hanging(Content("  "), plain(f"an assertion of {life}, signed now for {title}", "bold"), width)
    for name, words in margin_rows(measured.margins):
        lines += hanging(Content(f"    {name:<8}"), plain(words), width)
    return lines


def _plot(series: Series, width: int) -> Lines:
    seen = [Sighting(at, interval.low_s, interval.high_s) for _, at, interval in series.sightings]
    lines = plot(seen, width)
    if not lines:
        return []
    return [
        *(plain(line) for line in lines),
        plain(f"  {len(seen)} rounds; {drift_words(series.drift())}", STYLES["aside"]),
    ]


def _sync(measured: Measured, width: int) -> Lines:
    return [] if measured.sync is None else hanging(blank(2), plain(f"this system {sync_words(measured.sync)}"), width)


def _finding(finding: Finding, width: int) -> Lines:
    lines = hanging(Content.styled("! ", STYLES["!"]), plain(finding.message), width)
    return [*lines, *hanging(blank(2), plain(f"do: {finding.remedy}", "bold"), width)] if finding.remedy else lines
