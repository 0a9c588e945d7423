"""The workbench: what is examined, the assertion alive, the run as it happens, the diagnosis, and Explain.

Threads only post messages; the handlers below are the only code that touches widgets. What belongs to a run that was
cancelled, or to a subject that is no longer chosen, is dropped by its number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, TabbedContent, TabPane

from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.report import Report
from jwtdoctor.tui.answers import Basis
from jwtdoctor.tui.drawing import STYLES, plain
from jwtdoctor.tui.examining import Run
from jwtdoctor.tui.messages import (
    Answered,
    Drafted,
    Happened,
    LoginSent,
    Reconcluded,
    RunStopped,
    SecretWanted,
    Verdicts,
)
from jwtdoctor.tui.preview import Preview, draft, sent
from jwtdoctor.tui.screens.secret import SecretScreen
from jwtdoctor.tui.subjects import Subject
from jwtdoctor.tui.widgets.assertion import AssertionPane
from jwtdoctor.tui.widgets.diagnosis import DiagnosisPane
from jwtdoctor.tui.widgets.drawn import Drawn
from jwtdoctor.tui.widgets.exchange import ExchangePane
from jwtdoctor.tui.widgets.explain import ExplainPane, PasteArea
from jwtdoctor.tui.widgets.topline import TopLine

VIEWS = ("diagnosis", "assertion", "exchange")
WIDE = 110
"""Columns from which on the assertion stands beside the tabs."""
EMPTY = "Nothing is chosen yet.\n\nf2 chooses a profile or a staged fault, f3 explains an error that you paste."


class Workbench(Screen[None]):
    """One subject at a time."""

    HELP = (
        "The workbench. f2 chooses what to examine, f5 runs it, and the diagnosis comes up as soon as it stands. "
        "The line above the keys is the command that does the same in a shell."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "run", "Run"),
        Binding("f2", "app.choose", "Choose"),
        Binding("f3", "explain", "Explain"),
        Binding("f4", "view", "View"),
        Binding("escape", "back", "Back"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]

    def __init__(self, knowledge: Knowledge, now: Callable[[], float], start: Subject | None = None) -> None:
        """`now`: the local clock in epoch seconds. `start`: what is shown first."""
        super().__init__()
        self._start = start
        self._view = "diagnosis"
        self._knowledge = knowledge
        self._now = now
        self.subject: Subject | None = None
        self.run: Run | None = None
        self._runs = 0
        self._preview: Preview | None = None
        self._sent: Preview | None = None
        self._basis: Basis | None = None
        self.report: Report | None = None
        self.answers: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Horizontal():
            yield AssertionPane(self._now, id="beside")
            with TabbedContent(initial="diagnosis"):
                with TabPane("Diagnosis", id="diagnosis"):
                    yield DiagnosisPane(EMPTY, id="verdicts")
                with TabPane("Assertion", id="assertion"):
                    yield AssertionPane(self._now)
                with TabPane("Exchange", id="exchange"):
                    yield ExchangePane()
                with TabPane("Explain", id="explain"):
                    yield ExplainPane(self._knowledge)
        yield Drawn(self._command, id="command")
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        self._diagnosis.take_focus()
        if self._start is not None:
            await self.take(self._start)

    def on_resize(self) -> None:
        """Where the assertion stands beside the tabs, it needs none of its own."""
        tabs = self.query_one(TabbedContent)
        if self.size.width >= WIDE:
            tabs.hide_tab("assertion")
        else:
            tabs.show_tab("assertion")

    # --- what is examined

    async def take(self, subject: Subject, *, run: bool = False) -> None:
        """Shows a subject, and runs it if asked to."""
        self._cancel()
        self.subject, self.report, self._basis, self._sent, self._preview = subject, None, None, None, None
        self.answers = {}
        self.query_one(TopLine).tell(subject, "", None)
        self._show_assertion(None)
        self.query_one(ExchangePane).show(None, None)
        self._goto("diagnosis")
        await self._diagnosis.show_words(_invitation(subject))
        self._draw_command()
        self._draft(subject)
        if run:
            await self.action_run()

    @work(thread=True, exclusive=True, group="draft")
    def _draft(self, subject: Subject) -> None:
        now = self._now()
        try:
            preview = draft(subject.draft(self._knowledge, now), self._knowledge, now)
        except BadInput as problem:
            preview = Preview(note=str(problem))
        self.post_message(Drafted(subject, preview))

    @on(Drafted)
    def _drafted(self, event: Drafted) -> None:
        if event.subject is not self.subject or self._sent is not None:
            return
        self._preview = event.preview
        self._show_assertion(event.preview)
        self.query_one(TopLine).tell(self.subject, event.preview.flow, self.report)

    # --- the run

    async def action_run(self) -> None:
        if self.subject is None:
            await self.run_action("app.choose")
            return
        if self.run is not None:
            self.notify("Escape cancels it.", title="A run is under way", markup=False)
            return
        self._runs += 1
        self.report, self._basis, self._sent, self.answers = None, None, None, {}
        self._goto("diagnosis")
        self.query_one(ExchangePane).show(None, None)
        self.query_one(TopLine).tell(self.subject, self._preview.flow if self._preview else "", None)
        await self._diagnosis.show_running(f"Examining {self.subject.name}; escape cancels")
        self._draw_command()
        self.run = Run(self._runs, self.subject, self._knowledge, self.post_message)
        self.run.start()

    @on(Happened)
    def _happened(self, event: Happened) -> None:
        if self._is_current(event.run):
            self._diagnosis.heard(event.event)

    @on(LoginSent)
    def _login_sent(self, event: LoginSent) -> None:
        if not self._is_current(event.run):
            return
        self._diagnosis.login_sent()
        self._sent = sent(self._preview.flow if self._preview else "jwt-bearer", event.request, event.at)
        self._show_assertion(self._sent)
        self.query_one(ExchangePane).show(self._sent, None)

    @on(Verdicts)
    async def _concluded(self, event: Verdicts) -> None:
        if not self._is_current(event.run):
            return
        self.run, self._basis = None, event.basis
        self.query_one(ExchangePane).show(self._sent, event.exchange)
        await self._show(event.basis.report)
        self._diagnosis.to_top()

    @on(RunStopped)
    async def _stopped(self, event: RunStopped) -> None:
        if self._is_current(event.run):
            self.run = None
            await self._diagnosis.show_problem(event.problem)

    @on(SecretWanted)
    def _secret_wanted(self, event: SecretWanted) -> None:
        self.app.push_screen(SecretScreen(event.what), event.answer.put)

    def _is_current(self, number: int) -> bool:
        return self.run is not None and self.run.number == number

    def _cancel(self) -> Run | None:
        run, self.run = self.run, None
        if run is not None:
            run.cancel()
        return run

    # --- answers

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if self.query_one(TabbedContent).active == "explain":
            self._draw_command()
            return
        if self._basis is None:
            return
        if event.text:
            self.answers[event.fact] = event.text
        else:
            self.answers.pop(event.fact, None)
        self._conclude(self._basis, dict(self.answers))

    @work(thread=True, exclusive=True, group="answers")
    def _conclude(self, basis: Basis, answers: dict[str, str]) -> None:
        report = basis.with_answers(answers, self._knowledge)
        if basis is self._basis:
            self.post_message(Reconcluded(report))

    @on(Reconcluded)
    async def _reconcluded(self, event: Reconcluded) -> None:
        if self.run is None and self._basis is not None:
            await self._show(event.report)

    async def _show(self, report: Report) -> None:
        self.report = report
        await self._diagnosis.show(report, self.answers)
        self.query_one(TopLine).tell(self.subject, report.flow or "", report)
        self._show_assertion(self._sent or self._preview)
        self._draw_command()

    # --- going about

    def action_explain(self) -> None:
        self._goto("explain")
        self.query_one(PasteArea).focus()

    def action_view(self) -> None:
        """The next view of the subject."""
        tabs = self.query_one(TabbedContent)
        views = [view for view in VIEWS if view != "assertion" or self.size.width < WIDE]
        place = views.index(tabs.active) + 1 if tabs.active in views else 0
        self._goto(views[place % len(views)])

    async def action_back(self) -> None:
        """Cancels a run; else back to the diagnosis; else to the choice."""
        run = self._cancel()
        if run is not None:
            sent_words = "The login had been sent." if run.logins else "No login was sent."
            await self._diagnosis.show_words(f"Cancelled. {sent_words}\n\nf5 runs again.")
        elif self.query_one(TabbedContent).active != "diagnosis":
            self._goto("diagnosis")
        else:
            await self.run_action("app.start")

    def on_unmount(self) -> None:
        self._cancel()

    @on(TabbedContent.TabActivated)
    def _activated(self) -> None:
        self._draw_command()

    def _goto(self, view: str) -> None:
        """Shows a view and gives it the focus.

        Twice: a screen that comes back gives the focus to where it was, and a tab that gets the focus is shown.
        """
        self._view = view
        self._show_view()
        self.call_after_refresh(self._show_view)

    def _show_view(self) -> None:
        self.query_one(TabbedContent).active = self._view
        target: Widget = {
            "diagnosis": self._diagnosis.query_one("#body"),
            "assertion": self.query_one("#assertion AssertionPane"),
            "exchange": self.query_one(ExchangePane),
            "explain": self.query_one(PasteArea),
        }[self._view]
        self.set_focus(target)

    @property
    def _diagnosis(self) -> DiagnosisPane:
        return self.query_one("#verdicts", DiagnosisPane)

    def _show_assertion(self, preview: Preview | None) -> None:
        for pane in self.query(AssertionPane):
            pane.show(preview, _ahead_s(self.report))

    def _draw_command(self) -> None:
        self.query_one("#command", Drawn).draw(self._command)

    def command_line(self) -> str:
        """The command that does the same as what is shown."""
        if self.query_one(TabbedContent).active == "explain":
            return self.query_one(ExplainPane).command_line()
        return self.subject.command(self.answers) if self.subject else "jwtdoctor check --help"

    def _command(self, width: int) -> list[Content]:
        line = Content.assemble((" $ ", STYLES["aside"]), plain(self.command_line(), STYLES["command"]))
        return [line.truncate(width, ellipsis=True)]


def _ahead_s(report: Report | None) -> float | None:
    """How far the local clock is fast against the token host, as far as a report tells."""
    if report is None:
        return None
    against_host = report.chart.number("reply.date_ahead_s")
    return report.chart.number("clock.ahead_s") if against_host is None else against_host


def _invitation(subject: Subject) -> str:
    where = "against the built-in simulator on this machine" if subject.kind == "fault" else "with one real login"
    return f"{subject.name}\n{subject.summary}\n\nf5 runs it {where}."
