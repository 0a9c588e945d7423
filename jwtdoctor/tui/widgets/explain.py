"""Explain: paste anything, and read the diagnosis while typing. Nothing is asked of the network or the clock.

What is pasted is shown without its secrets, while the diagnosis reads it whole: a token in a log still tells its
audience and its times. As soon as the text is edited by hand, what is shown is what is read.
"""

from __future__ import annotations

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import TextArea

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.redact import clean
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.reasoning.conclude import Seen
from jwtdoctor.tui.answers import with_answers
from jwtdoctor.tui.examining import place_of
from jwtdoctor.tui.messages import Answered, Explained, Reconcluded
from jwtdoctor.tui.widgets.diagnosis import DiagnosisPane

PAUSE_S = 0.3
"""So long after the last key the text is read."""
LARGEST_PASTE = 200_000
"""Characters; a text area is no place for more."""
EMPTY = (
    "Paste what you have above: a response body, curl -i output, a log excerpt, a redirect or error-page URL, a HAR, "
    "a case file. The diagnosis appears here while you type. Nothing leaves this machine."
)


class PasteArea(TextArea):
    """A text area that shows what was pasted without secrets, escapes and control characters."""

    HELP = (
        "Paste or type anything that was logged or answered. Tokens and keys in a paste are not shown; the diagnosis "
        "still reads them. Escape goes back, tab goes on to the diagnosis."
    )

    def __init__(self) -> None:
        super().__init__(tab_behavior="focus", show_line_numbers=False, soft_wrap=True, compact=True)
        self._pasted = ""
        self._shown = ""

    @property
    def observed(self) -> str:
        """The text to read: the paste as it was, while it stands unedited."""
        return self._pasted if self._shown and self.text == self._shown else self.text

    async def _on_paste(self, event: events.Paste) -> None:
        whole = event.text[:LARGEST_PASTE]
        stands_alone = not self.text or self.selected_text == self.text
        event.text = clean(whole)
        await super()._on_paste(event)
        event.prevent_default()
        self._pasted, self._shown = (whole, self.text) if stands_alone else ("", "")


class ExplainPane(Vertical):
    """The text above, its diagnosis below; beside each other where there is room."""

    def __init__(self, knowledge: Knowledge, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._knowledge = knowledge
        self._timer: Timer | None = None
        self._turn = 0
        self._seen: Seen | None = None
        self.answers: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield PasteArea()
        yield DiagnosisPane(EMPTY)

    @on(TextArea.Changed)
    def _typed(self, event: TextArea.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(PAUSE_S, self.read)

    def read(self) -> None:
        """Reads what stands there now, on a thread."""
        self._turn += 1
        self.answers = {}
        observed = self.query_one(PasteArea).observed
        if observed.strip():
            self._explain(self._turn, observed)
        else:
            self.post_message(Explained(self._turn, None, None))

    @work(thread=True, exclusive=True, group="explain", exit_on_error=False)
    def _explain(self, turn: int, observed: str) -> None:
        from jwtdoctor.checkup import seen_of
        from jwtdoctor.intake.read import read

        try:
            case = read(observed, where="the text", known_providers=tuple(self._knowledge.providers))
            seen = seen_of(case)
            self.post_message(Explained(turn, with_answers(seen, {}, self._knowledge), seen))
        except BadInput as problem:
            self.post_message(Explained(turn, None, None, str(problem)))
        except Exception as bug:  # noqa: BLE001 - a crash of ours is a line on the screen, and the session goes on
            line = f"this is a bug in jwtdoctor: {type(bug).__name__} at {place_of(bug)}"
            self.post_message(Explained(turn, None, None, line))

    @on(Explained)
    async def _explained(self, event: Explained) -> None:
        event.stop()
        if event.turn != self._turn:
            return
        pane = self.query_one(DiagnosisPane)
        self._seen = event.seen
        if event.report is not None:
            await pane.show(event.report)
        elif event.problem:
            await pane.show_problem(event.problem)
        else:
            await pane.show_words(EMPTY)

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if self._seen is None:
            event.stop()
            return
        if event.text:
            self.answers[event.fact] = event.text
        else:
            self.answers.pop(event.fact, None)
        self._conclude(self._turn, self._seen, dict(self.answers))

    @work(thread=True, exclusive=True, group="answers")
    def _conclude(self, turn: int, seen: Seen, answers: dict[str, str]) -> None:
        report = with_answers(seen, answers, self._knowledge)
        if turn == self._turn:
            self.post_message(Reconcluded(report))

    @on(Reconcluded)
    async def _reconcluded(self, event: Reconcluded) -> None:
        event.stop()
        await self.query_one(DiagnosisPane).show(event.report, self.answers)
