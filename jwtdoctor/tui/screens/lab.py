"""The fault lab: stage a fault, see what its answer looks like, what it is, and how it is told from its lookalikes.

This is the guided tour as well: f5 stages what is highlighted, and one page says in three numbered parts what a client
sees, what the diagnosis makes of it, and why it is none of the causes that look alike. f6 stages the first of those, so
that one walks from a fault to its neighbour. The fault runs on loopback sockets, as `check --simulate` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer

from jwtdoctor.intake.redact import clean_body
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.exchange import Exchange, Reply
from jwtdoctor.model.report import Report
from jwtdoctor.render.page import page
from jwtdoctor.render.words import LIKELIHOOD
from jwtdoctor.tui.drawing import STYLES, Lines, blank, hanging, head, joined, plain, row_lines
from jwtdoctor.tui.examining import Run
from jwtdoctor.tui.lookalikes import Lookalike, lookalikes
from jwtdoctor.tui.messages import CopyWanted, Happened, LoginSent, RunStopped, SecretWanted, Verdicts
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.subjects import SALESFORCE, Catalogue, Subject, shell_line
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn
from jwtdoctor.tui.widgets.exchange import came
from jwtdoctor.tui.widgets.subjectlist import SubjectList, whose_faults

HELLO = "Pick a fault; f5 stages it on this machine. Then you see its answer, its name, and why it is nothing else."
MOST_BODY = 6


@dataclass
class Alike(Message):
    """The lookalikes of a staged fault were staged too."""

    turn: int
    found: tuple[Lookalike, ...]


class LabScreen(Sturdy, Screen[Subject | None]):
    """Gives the subject that is to be opened on the workbench."""

    HELP = (
        "The fault lab. Every fault is a broken set-up that the built-in simulator serves on this machine: no org, no "
        "network. Whose faults these are, the field Provider of the form says (^n begins one). f5 stages the "
        "highlighted one; the page then shows the answer, the verdict and how it is told from its lookalikes. f6 goes "
        "on to a lookalike, f4 opens the run on the workbench with all its evidence, c copies the first remedy, escape "
        "goes back to the list."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "stage", "Run"),
        Binding("enter", "stage", "Run", show=False),
        Binding("f6", "alike", "Next"),
        Binding("f4", "open", "Open"),
        Binding("c", "copy", "Copy"),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, catalogue: Catalogue, knowledge: Knowledge, first: str) -> None:
        super().__init__()
        self._catalogue, self._knowledge, self._first = catalogue, knowledge, first
        self._faults = catalogue.faults
        self._subject: Subject | None = None
        self._run: Run | None = None
        self._turn = 0
        self._exchange: Exchange | None = None
        self.report: Report | None = None
        self.alike: tuple[Lookalike, ...] | None = None

    def compose(self) -> ComposeResult:
        yield Drawn(self._title, id="lab-title")
        yield SubjectList(self._faults, self._matching, self._first)
        with VerticalScroll(id="lab-page"):
            yield Drawn(self._lines)
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show_list(True)

    def _matching(self, words: str) -> tuple[Subject, ...]:
        return tuple(subject for subject in self._catalogue.matching(words) if subject.kind == "fault")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """The keys of the page are offered where there is one."""
        return self._subject is not None if action in ("alike", "open", "copy") else True

    # --- what happens

    @property
    def is_list(self) -> bool:
        return self._subject is None

    def action_stage(self) -> None:
        chosen = self.query_one(SubjectList).chosen if self.is_list else self._subject
        if chosen is None:
            self.notify("Nothing matches: shorten the filter.", title="Nothing to run", markup=False)
            return
        self._stage(chosen)

    @on(SubjectList.Picked)
    def _picked(self) -> None:
        self.action_stage()

    @on(SubjectList.Moved)
    def _moved(self) -> None:
        self.query_one(CommandLine).again()

    def action_alike(self) -> None:
        """The first lookalike that can be staged and was not seen just now."""
        by_cause = {subject.name.partition(":")[0]: subject for subject in reversed(self._faults)}
        by_cause |= {subject.name: subject for subject in self._faults}
        nearest = next((by_cause[one.cause] for one in self.alike or () if one.cause in by_cause), None)
        if nearest is None:
            self.notify("None of its lookalikes can be staged.", markup=False)
            return
        self._stage(nearest)

    def action_open(self) -> None:
        self.dismiss(self._subject)

    def action_copy(self) -> None:
        leader = self.report.verdict(self.report.leaders[0]) if self.report and self.report.leaders else None
        remedy = leader.remedy[0] if leader and leader.remedy else None
        if remedy is not None:
            text = remedy.command or remedy.where or remedy.do
            self.post_message(CopyWanted(text, text))

    def action_back(self) -> None:
        if self.is_list:
            self.dismiss(None)
            return
        self._cancel()
        self._subject = None
        self._show_list(True)

    def _stage(self, subject: Subject) -> None:
        self._cancel()
        self._turn += 1
        self._subject, self.report, self.alike, self._exchange = subject, None, None, None
        self._show_list(False)
        self._run = Run(self._turn, subject, self._knowledge, self.post_message)
        self._run.start()

    def _cancel(self) -> None:
        if self._run is not None:
            self._run.cancel()
            self._run = None

    def on_unmount(self) -> None:
        self._cancel()

    @on(Verdicts)
    def _concluded(self, event: Verdicts) -> None:
        event.stop()
        if event.run == self._turn:
            self._run = None
            self.report, self._exchange = event.basis.report, event.exchange
            self._redraw()
            self._find_alike(event.run, event.basis.report)

    @work(thread=True, exclusive=True, group="alike", exit_on_error=False)
    def _find_alike(self, turn: int, report: Report) -> None:
        self.post_message(Alike(turn, lookalikes(report, self._knowledge)))

    @on(Alike)
    def _found_alike(self, event: Alike) -> None:
        if event.turn == self._turn:
            self.alike = event.found
            self._redraw()

    @on(RunStopped)
    def _stopped(self, event: RunStopped) -> None:
        event.stop()
        if event.run == self._turn and event.problem:
            self.notify(event.problem, title="It could not be staged", severity="error", markup=False)

    @on(Happened)
    @on(LoginSent)
    @on(SecretWanted)
    def _unheard(self, event: Message) -> None:
        """The probes are not the lesson here."""
        event.stop()

    # --- what is shown

    def _show_list(self, is_list: bool) -> None:
        subjects, shown = self.query_one(SubjectList), self.query_one("#lab-page")
        subjects.display, shown.display = is_list, not is_list
        if is_list:
            subjects.take_focus()
        else:
            shown.focus()
            shown.scroll_home(animate=False)
        self._redraw()
        self.refresh_bindings()

    def _redraw(self) -> None:
        self.query_one("#lab-title", Drawn).draw(self._title)
        self.query_one("#lab-page Drawn", Drawn).draw(self._lines)
        self.query_one(CommandLine).again()

    def command_line(self) -> str:
        subject = (self._subject or self.query_one(SubjectList).chosen) if self.is_mounted else None
        if subject is not None:
            return subject.command({})
        whose = self._catalogue.provider
        return shell_line("simulate", *(() if whose == SALESFORCE else ("--provider", whose)), "--list")

    def _title(self, width: int) -> Lines:
        if self._subject is None:
            lead = Content.styled(" Fault lab  ", STYLES["title"])
            return [*hanging(lead, plain(HELLO), width), whose_faults(self._catalogue, width)]
        lead = Content.assemble((" Fault lab  ", STYLES["title"]), (f"{self._subject.name}  ", "bold"))
        return hanging(lead, plain(f"staged: {self._subject.summary}"), width)

    def _lines(self, width: int) -> Lines:
        if self.report is None:
            return [plain("staging it …", STYLES["aside"])]
        return joined([self._answer(width), self._verdict(self.report, width), self._told_apart(self.report, width)])

    def _answer(self, width: int) -> Lines:
        """The status and the body: the headers are the same for every fault."""
        title = _part("1", "What the client gets")
        if not isinstance(self._exchange, Reply):
            return [title, *came(self._exchange, width)[1:]]
        body = clean_body(self._exchange.body).splitlines()[:MOST_BODY] or ["(empty body)"]
        lines = [line for text in body for line in hanging(blank(2), plain(text), width)]
        return [title, plain(f"  HTTP {self._exchange.status}", "bold"), *lines[:MOST_BODY]]

    def _verdict(self, report: Report, width: int) -> Lines:
        shown = page(report)
        lines = [_part("2", "What it is"), *(line for line in head(shown, width)[:-1])]
        do = next((section for section in shown.sections if section.title == "Do"), None)
        for number, row in enumerate([row for row in do.rows if row.sign != "*"][:2] if do else (), 1):
            lines += row_lines(row, str(number), width)
        return lines

    def _told_apart(self, report: Report, width: int) -> Lines:
        title = _part("3", "How it is told from its lookalikes")
        if self.alike is None:
            return [title, plain("  staging those too …", STYLES["aside"])]
        if not self.alike:
            words = "Nothing looks like it." if report.leaders else "Nothing is wrong here: there is nothing to tell."
            return [title, *hanging(blank(2), plain(words), width)]
        lines = [title]
        for one in self.alike:
            lines += _lookalike(one, width)
        return lines


def _part(number: str, title: str) -> Content:
    return Content.assemble((f"{number} ", STYLES["?"]), (title, STYLES["title"]))


def _lookalike(one: Lookalike, width: int) -> Lines:
    lead = Content.assemble("  ", (one.cause, "bold"), "  ")
    lines = hanging(lead, plain(f"{one.title} ({LIKELIHOOD[one.likelihood]} here)"), width)
    answer = "the same answer" if one.is_same_answer else one.answer
    if answer:
        lines += hanging(Content("    its answer  "), plain(answer), width)
    if one.here:
        lines += hanging(Content.assemble("    ", ("- here      ", STYLES["-"])), plain(one.here), width)
    if one.there:
        lines += hanging(Content.assemble("    ", ("+ there     ", STYLES["+"])), plain(one.there), width)
    return lines
