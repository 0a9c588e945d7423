"""Asks for a secret that a profile names as `prompt`. What is typed is masked and goes to the waiting run alone."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input

from jwtdoctor.tui.drawing import hanging, plain
from jwtdoctor.tui.widgets.drawn import Drawn


class SecretScreen(Screen[str | None]):
    """Gives what was typed; None where it was given up."""

    HELP = "A secret that the profile does not hold. It is used for this run and kept nowhere. Escape cancels the run."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: hanging(Content(""), plain(f"{self._what}: type it, then enter", "bold"), width))
        yield Input(password=True)
        yield Footer(show_command_palette=False)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)
