"""Three views that only show what was seen: the path to the host, the key, and the log of this session."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from jwtdoctor.model.report import Report
from jwtdoctor.render.way import way_rows
from jwtdoctor.render.words import one_line
from jwtdoctor.tui.drawing import STYLES, Lines, hanging, joined, plain
from jwtdoctor.tui.keyfacts import KeyLine
from jwtdoctor.tui.widgets.drawn import Drawn

LAYERS = (
    ("path.dns_resolves", "DNS", "the name resolves"),
    ("path.tcp_connects", "TCP", "the port answers"),
    ("path.tls_ok", "TLS", "the certificate is trusted"),
)
NAME = 14
MOST_LINES = 400


class PathPane(VerticalScroll):
    """The way to the token host, layer by layer."""

    HELP = (
        "The way to the token host: name, port, certificate and proxy, each with what decided it. A layer that failed "
        "is the cause; the layers after it could not be looked at."
    )

    def compose(self) -> ComposeResult:
        yield Drawn(_no_path)

    def show(self, report: Report | None) -> None:
        drawing = _no_path if report is None else (lambda width: _path(report, width))
        self.query_one(Drawn).draw(drawing)


def _no_path(width: int) -> Lines:
    return hanging(Content(""), plain("The way to the host is looked at by a run: f5.", "italic"), width)


def _path(report: Report, width: int) -> Lines:
    layers: Lines = []
    for fact, name, words in LAYERS:
        held = report.chart.flag(fact)
        sign = "?" if held is None else "+" if held else "✗"
        said = "was not looked at" if held is None else words if held else f"not so: {words}"
        style = STYLES["bad"] if sign == "✗" else STYLES.get(sign, "")
        layers += hanging(Content.assemble("  ", (f"{sign} ", style), (f"{name:<{NAME}}", "bold")), plain(said), width)
    rows: Lines = []
    for name, words in way_rows(report, verbose=True):
        rows += hanging(Content(f"    {name:<{NAME}}"), plain(words), width)
    host = [Content.styled(report.host or "the token host", STYLES["title"])]
    return joined([[*host, *layers], rows])


class KeyPane(VerticalScroll):
    """The key that signs and the certificate on the app."""

    HELP = (
        "The key of this request and its certificate: what they are, whether they belong together, when they end, and "
        "the thumbprints that consoles show. No key material is shown. ^p, then keys:, makes and matches others."
    )

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: key_lines((), width))

    def show(self, lines: tuple[KeyLine, ...]) -> None:
        self.query_one(Drawn).draw(lambda width: key_lines(lines, width))


def key_lines(lines: tuple[KeyLine, ...], width: int) -> Lines:
    """Key facts drawn; an empty state that teaches where there are none."""
    if not lines:
        words = "No key is part of this request. ^p, then 'keys', makes a pair or looks at a file."
        return hanging(Content(""), plain(words, "italic"), width)
    drawn: Lines = []
    for line in lines:
        if line.sign == "title":
            drawn += [*([Content("")] if drawn else []), Content.styled(line.text, STYLES["title"])]
        elif line.sign:
            style = STYLES["bad"] if line.sign == "✗" else STYLES.get(line.sign, "")
            drawn += hanging(Content.styled(f"  {line.sign} ", style), plain(line.text), width)
        else:
            drawn += hanging(Content(f"    {line.name:<{max(NAME, len(line.name) + 1)}}"), plain(line.text), width)
    return drawn


class LogPane(VerticalScroll):
    """What happened in this session, a line each. `now` is the local clock in epoch seconds."""

    HELP = (
        "What happened in this session: runs, probes, answers, copies, errors of our own. Nothing secret is among it."
    )

    def __init__(self, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._lines: deque[tuple[str, str, str]] = deque(maxlen=MOST_LINES)

    def compose(self) -> ComposeResult:
        yield Drawn(self._drawn)

    def note(self, what: str, words: str) -> None:
        """Adds a line; the view stays at the end."""
        self._lines.append((time.strftime("%H:%M:%S", time.localtime(self._now())), what, one_line(words)))
        if self.display:
            self.query_one(Drawn).draw(self._drawn)
            self.scroll_end(animate=False)

    @property
    def text(self) -> str:
        return "\n".join(" ".join(line) for line in self._lines)

    def _drawn(self, width: int) -> Lines:
        drawn: Lines = []
        for at, what, words in self._lines:
            lead = Content.assemble((at, STYLES["aside"]), f" {what:<11} ")
            drawn += hanging(lead, plain(words), width)
        return drawn or [plain("Nothing happened yet.", "italic")]

    def on_show(self) -> None:
        self.query_one(Drawn).draw(self._drawn)
