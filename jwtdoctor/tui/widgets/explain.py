"""Explain: paste anything, and read the diagnosis while typing. Nothing is asked of the network or the clock.

What is pasted is shown without its secrets, while the diagnosis reads it whole: a token in a log still tells its
audience and its times. As soon as the text is edited by hand, what is shown is what is read.
"""

from __future__ import annotations

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import TextArea

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.read import read
from jwtdoctor.intake.redact import clean
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.names import Outcome
from jwtdoctor.tui.answers import NOT_KNOWN, Basis, explained
from jwtdoctor.tui.drawing import STYLES, hanging, plain
from jwtdoctor.tui.messages import Answered, Explained, Reconcluded
from jwtdoctor.tui.sturdy import as_line
from jwtdoctor.tui.subjects import shell_line
from jwtdoctor.tui.widgets.diagnosis import DiagnosisPane
from jwtdoctor.tui.widgets.drawn import Drawn
from jwtdoctor.tui.widgets.question import AnswerRow

FLOW = "flow"
FLOWS_ASKED = ("jwt-bearer", "client-credentials", "authorization-code", "refresh-token", "password")
WHICH_FLOW = "Which grant was sent? One text means different things in different flows."
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
        for key in ("f6", "f7"):  # Textual selects lines with them; here they mean the same as everywhere
            self._bindings.key_to_bindings.pop(key, None)
        self._pasted = ""
        self._shown = ""

    @property
    def observed(self) -> str:
        """The text to read: the paste as it was, while it stands unedited."""
        return self._pasted if self._shown and self.text == self._shown else self.text

    async def _on_paste(self, event: events.Paste) -> None:
        whole = "\n".join(event.text[:LARGEST_PASTE].splitlines())  # terminals send CR where a line ends
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
        self._basis: Basis | None = None
        self._flow: str | None = None
        self.answers: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield PasteArea()
        with Vertical(id="answer"):
            with Vertical(id="flow"):
                yield Drawn(lambda width: hanging(Content.styled(" ? ", STYLES["?"]), plain(WHICH_FLOW), width))
                yield AnswerRow(FLOW, FLOWS_ASKED)
            yield DiagnosisPane(EMPTY)

    def on_mount(self) -> None:
        self.query_one("#flow").display = False

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
            self._explain(self._turn, observed, self._flow)
        else:
            self.post_message(Explained(self._turn, None))

    @work(thread=True, exclusive=True, group="explain")
    def _explain(self, turn: int, observed: str, flow: str | None) -> None:
        try:
            known = tuple(self._knowledge.providers)
            case = read(observed, where="the text", flow=flow, known_providers=known)
            self.post_message(Explained(turn, explained(case, self._knowledge)))
        except BadInput as problem:
            self.post_message(Explained(turn, None, str(problem)))
        except Exception as bug:  # noqa: BLE001 - a crash of ours is a line on the screen, and the session goes on
            self.post_message(Explained(turn, None, as_line(bug)))

    @on(Explained)
    async def _explained(self, event: Explained) -> None:
        event.stop()
        if event.turn != self._turn:
            return
        pane = self.query_one(DiagnosisPane)
        self._basis = event.basis
        report = None if event.basis is None else event.basis.report
        asks = report is not None and report.outcome is not Outcome.GRANTED and report.flow in (None, self._flow)
        if report is not None and self._flow is None:
            flows = FLOWS_ASKED if report.provider == "salesforce" else report.flows[: len(FLOWS_ASKED)]
            self.query_one("#flow", Vertical).query_one(AnswerRow).offer(flows)
        self.query_one("#flow").display = asks
        if report is not None:
            await pane.show(report)
        elif event.problem:
            await pane.show_problem(event.problem)
        else:
            await pane.show_words(EMPTY)

    def command_line(self) -> str:
        """The command that does the same; the text comes from stdin."""
        flow = ("--flow", self._flow) if self._flow else ()
        return shell_line("explain", "-", *flow, facts=self.answers)

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if event.fact == FLOW:
            self._flow = None if event.text in ("", NOT_KNOWN) else event.text
            self.read()
            return
        if self._basis is None:
            event.stop()
            return
        if event.text:
            self.answers[event.fact] = event.text
        else:
            self.answers.pop(event.fact, None)
        self._conclude(self._turn, self._basis, dict(self.answers))

    @work(thread=True, exclusive=True, group="answers")
    def _conclude(self, turn: int, basis: Basis, answers: dict[str, str]) -> None:
        report = basis.with_answers(answers, self._knowledge)
        if turn == self._turn:
            self.post_message(Reconcluded(report))

    @on(Reconcluded)
    async def _reconcluded(self, event: Reconcluded) -> None:
        event.stop()
        await self.query_one(DiagnosisPane).show(event.report, self.answers)
