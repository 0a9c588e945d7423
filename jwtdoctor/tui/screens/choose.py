"""Choose what to examine: profiles first, then the staged faults by flow. Type to filter, enter opens, f5 runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer

from jwtdoctor.tui.drawing import STYLES, Lines
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.subjects import Catalogue, Subject
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn
from jwtdoctor.tui.widgets.subjectlist import SubjectList, whose_faults


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and whether it is to be run at once."""

    subject: Subject
    run: bool


class ChooseScreen(Sturdy, Screen[Choice | None]):
    """Gives a `Choice`, or None where nothing was chosen."""

    HELP = (
        "What to examine. A profile is one of your own logins, set up in jwtdoctor.toml; a staged fault is a broken "
        "set-up that the built-in simulator serves on this machine, so no org is needed. Whose faults these are, the "
        "field Provider of the form says (^n begins one). Type a few letters to filter (a cause, a flow, a word of "
        "the description), move with the arrow keys, enter opens, f5 runs."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "choose(True)", "Run"),
        Binding("enter", "choose(False)", "Open", priority=True),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, catalogue: Catalogue, first: str = "") -> None:
        """`first`: the name that is highlighted at the start."""
        super().__init__()
        self._catalogue = catalogue
        self._first = first

    def compose(self) -> ComposeResult:
        yield Drawn(self._title)
        yield SubjectList(tuple(self._catalogue), self._catalogue.matching, self._first)
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    def _title(self, width: int) -> Lines:
        return [
            Content.styled(" What to examine", STYLES["title"]).truncate(width),
            whose_faults(self._catalogue, width),
        ]

    def on_mount(self) -> None:
        self.query_one(SubjectList).take_focus()

    @on(SubjectList.Moved)
    def _moved(self) -> None:
        self.query_one(CommandLine).again()

    @on(SubjectList.Picked)
    def _picked(self) -> None:
        self.action_choose(False)

    def action_choose(self, run: bool) -> None:
        subject = self.query_one(SubjectList).chosen
        if subject is None:
            self.notify("Nothing matches: shorten the filter.", title="Nothing to open", markup=False)
            return
        self.dismiss(Choice(subject, run))

    def command_line(self) -> str:
        subject = self.query_one(SubjectList).chosen if self.is_mounted else None
        return "jwtdoctor profiles list" if subject is None else subject.command({})
