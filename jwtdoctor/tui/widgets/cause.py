"""One cause of the ranking: a title that opens, and under it the evidence for and against it."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from jwtdoctor.model.report import Report, Verdict
from jwtdoctor.render.words import LIKELIHOOD, headline
from jwtdoctor.tui.drawing import Lines, evidence, plain, with_word
from jwtdoctor.tui.widgets.drawn import Drawn


class CauseTitle(Drawn, can_focus=True):
    """`▸ clock-drift  This machine's clock is slow   almost certain, 41`."""

    HELP = "A cause that was thought of. Enter opens it: what speaks for it, what against it, and who says so."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "open", "Open", show=False)]

    def action_open(self) -> None:
        if isinstance(self.parent, CauseBox):
            self.parent.toggle()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_open()


class CauseBox(Vertical):
    """The verdict on one cause, opened or not."""

    def __init__(self, report: Report, verdict: Verdict, *, is_open: bool) -> None:
        super().__init__()
        self._report, self.verdict = report, verdict
        self.is_open = is_open

    def compose(self) -> ComposeResult:
        yield CauseTitle(self._title)
        yield Drawn(lambda width: evidence(self._report, self.verdict, width), classes="evidence")

    def on_mount(self) -> None:
        self._show()

    def tell(self, report: Report, verdict: Verdict) -> None:
        """The same cause in another report."""
        self._report, self.verdict = report, verdict
        self.query_one(CauseTitle).draw(self._title)
        self.query_one(".evidence", Drawn).draw(lambda width: evidence(report, verdict, width))

    def toggle(self) -> None:
        self.is_open = not self.is_open
        self._show()

    def _show(self) -> None:
        self.query_one(".evidence").display = self.is_open
        self.query_one(CauseTitle).draw(self._title)

    def _title(self, width: int) -> Lines:
        arrow = "▾" if self.is_open else "▸"
        word = f"{LIKELIHOOD[self.verdict.likelihood]}, {self.verdict.score}"
        body = plain(f"{self.verdict.cause}  {headline(self._report, self.verdict)}")
        return with_word(Content(f"{arrow} "), body, word, width)
