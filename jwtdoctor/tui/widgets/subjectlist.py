"""A list of what can be examined, with a filter that keeps the focus: type, move, choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from jwtdoctor.tui.drawing import STYLES, hanging, plain
from jwtdoctor.tui.subjects import Catalogue, Subject
from jwtdoctor.tui.widgets.drawn import Drawn

NAME = 39


class SubjectList(Vertical):
    """Posts `Moved` when another is highlighted, `Picked` when one is clicked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("pagedown", "move(10)", "Page down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Page up", show=False, priority=True),
    ]

    class Moved(Message):
        """Another subject is highlighted; None where nothing matches."""

        def __init__(self, subject: Subject | None) -> None:
            super().__init__()
            self.subject = subject

    class Picked(Message):
        """One was clicked."""

    def __init__(
        self, subjects: tuple[Subject, ...], matching: Callable[[str], tuple[Subject, ...]], first: str
    ) -> None:
        super().__init__()
        self._matching, self._first = matching, first
        self._by_id = {str(number): subject for number, subject in enumerate(subjects)}
        """Ids outlive the filter: a message about a row may arrive when the list has changed."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="type to filter", compact=True)
        yield OptionList(markup=False, compact=True)
        yield Drawn(id="about")

    def on_mount(self) -> None:
        self._list("")

    def take_focus(self) -> None:
        self.query_one(Input).focus()

    @property
    def chosen(self) -> Subject | None:
        """What is highlighted."""
        option = self.query_one(OptionList).highlighted_option if self.is_mounted else None
        return None if option is None or option.id is None else self._by_id[option.id]

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self._list(event.value)

    @on(OptionList.OptionHighlighted)
    def _moved(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._tell(self._by_id[event.option_id] if event.option_id is not None else None)

    def _tell(self, subject: Subject | None) -> None:
        """What is highlighted, in full."""
        summary = subject.summary if subject else ""
        self.query_one("#about", Drawn).draw(lambda width: hanging(Content(" "), plain(summary), width))
        self.post_message(self.Moved(subject))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Picked())

    def action_move(self, steps: int) -> None:
        """Moves in the list while the filter keeps the focus."""
        options = self.query_one(OptionList)
        for _ in range(abs(steps)):
            if steps > 0:
                options.action_cursor_down()
            else:
                options.action_cursor_up()

    def _list(self, words: str) -> None:
        matching = self._matching(words)
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
            options.add_option(Option(Content.styled(" nothing matches: shorten the filter", "italic"), disabled=True))
            self._tell(None)  # the list tells of no highlight that goes
        options.highlighted = start


def whose_faults(offered: Catalogue, width: int) -> Content:
    """One line: at which provider the listed faults are staged, and what chooses another."""
    text = f" Faults of {offered.provider}; for another's, set Provider in a form (^n)."
    if offered.note:
        text = f" {offered.note}: these are {offered.provider}'s faults."
    return plain(text, STYLES["aside"]).truncate(width, ellipsis=True)


def _line(subject: Subject) -> Content:
    return Content.assemble("  ", (f"{subject.name:<{NAME}} ", "bold"), plain(subject.summary))
