"""Asks for a secret that a profile names as `prompt`. What is typed is masked and goes to the waiting run alone.

It can be looked at for a few seconds, to find a slip of the finger; no screenshot is made meanwhile.
"""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input

from jwtdoctor.tui.drawing import hanging, plain
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn

REVEALED_S = 5.0


class SecretScreen(Sturdy, Screen[str | None]):
    """Gives what was typed; None where it was given up."""

    HELP = (
        "A secret that the profile does not hold. It is used for this run and kept nowhere. f4 shows it for five "
        "seconds, escape cancels the run."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f4", "reveal", "Reveal"),
        Binding("escape", "dismiss(None)", "Cancel"),
    ]

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: hanging(Content(""), plain(f"{self._what}: type it, then enter", "bold"), width))
        yield Input(password=True)
        yield CommandLine("jwtdoctor profiles doctor")
        yield Footer(show_command_palette=False)

    def action_reveal(self) -> None:
        """Shows it for some seconds."""
        self.query_one(Input).password = False
        self.set_timer(REVEALED_S, self.mask)

    def mask(self) -> None:
        self.query_one(Input).password = True

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        self.mask()
        self.dismiss(event.value)
