"""Choose what to examine: profiles first, then the staged faults by flow. Type to filter, enter opens, f5 runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from jwtdoctor.tui.drawing import STYLES, hanging, plain
from jwtdoctor.tui.subjects import Catalogue, Subject
from jwtdoctor.tui.widgets.drawn import Drawn

NAME = 39


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and whether it is to be run at once."""

    subject: Subject
    run: bool


class ChooseScreen(Screen[Choice | None]):
    """Gives a `Choice`, or None where nothing was chosen."""

    HELP = (
        "What to examine. A profile is one of your own logins, set up in jwtdoctor.toml; a staged fault is a broken "
        "set-up that the built-in simulator serves on this machine, so no org is needed. Type a few letters to "
        "filter (a cause, a flow, a word of the description), move with the arrow keys, enter opens, f5 runs."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "choose(True)", "Run"),
        Binding("enter", "choose(False)", "Open", priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, catalogue: Catalogue, first: str = "") -> None:
        """`first`: the name that is highlighted at the start."""
        super().__init__()
        self._catalogue = catalogue
        self._first = first
        self._by_id = {str(number): subject for number, subject in enumerate(catalogue)}
        """Ids outlive the filter: a message about a row may arrive when the list has changed."""

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: [Content.styled(" What to examine", STYLES["title"]).truncate(width)])
        yield Input(placeholder="type to filter", compact=True)
        yield OptionList(markup=False, compact=True)
        yield Drawn(id="about")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._list("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self._list(event.value)

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        """What is highlighted, in full."""
        number = event.option_id
        summary = self._by_id[number].summary if number is not None else ""
        self.query_one("#about", Drawn).draw(lambda width: hanging(Content(" "), plain(summary), width))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_choose(False)

    def action_move(self, steps: int) -> None:
        """Moves in the list while the filter keeps the focus."""
        options = self.query_one(OptionList)
        for _ in range(abs(steps)):
            if steps > 0:
                options.action_cursor_down()
            else:
                options.action_cursor_up()

    def action_choose(self, run: bool) -> None:
        options = self.query_one(OptionList)
        option = options.highlighted_option
        if option is None or option.id is None:
            self.notify("Nothing matches: shorten the filter.", title="Nothing to open", markup=False)
            return
        self.dismiss(Choice(self._by_id[option.id], run))

    def _list(self, words: str) -> None:
        matching = self._catalogue.matching(words)
        options = self.query_one(OptionList)
        options.clear_options()
        group = ""
        start = None
        for number, subject in self._by_id.items():
            if subject not in matching:
                continue
            if subject.group != group:
                group = subject.group
                options.add_option(Option(Content.styled(f" {group}", STYLES["title"]), disabled=True))
            if start is None or subject.name == self._first:
                start = options.option_count
            options.add_option(Option(_line(subject), id=number))
        if not matching:
            options.add_option(Option(Content.styled("nothing matches", "italic"), disabled=True))
        options.highlighted = start


def _line(subject: Subject) -> Content:
    return Content.assemble("  ", (f"{subject.name:<{NAME}} ", "bold"), plain(subject.summary))
