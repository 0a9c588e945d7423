"""A page to read: what it is about is given as lines for a width."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer

from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawing, Drawn


class PageScreen(Sturdy, Screen[None]):
    """Escape goes back. `command`: the one that says the same."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Back")]

    def __init__(self, drawing: Drawing, command: str) -> None:
        super().__init__()
        self._drawn, self._command = drawing, command

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Drawn(self._drawn)
        yield CommandLine(self._command)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
