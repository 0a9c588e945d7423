"""Jump mode: a letter beside everything that takes the focus; the letter goes there."""

from __future__ import annotations

from string import ascii_lowercase
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Footer, Static

from jwtdoctor.tui.sturdy import Sturdy

LETTERS = ascii_lowercase + "0123456789"


class JumpScreen(Sturdy, ModalScreen[Widget | None]):
    """Gives the widget to go to; any other key gives none."""

    HELP = "Jump: press the letter that stands beside what you want to go to."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("f4", "close", "Close"),
        Binding("f1", "app.help", "Help"),
        Binding("ctrl+q", "app.quit", "Quit", priority=True),
    ]

    def __init__(self, targets: tuple[Widget, ...]) -> None:
        super().__init__()
        self._targets = dict(zip(LETTERS, targets, strict=False))

    def compose(self) -> ComposeResult:
        for letter, target in self._targets.items():
            label = Static(Content.styled(f" {letter} ", "reverse bold"), classes="jump")
            label.styles.offset = (max(target.region.x - 3, 0), target.region.y)
            yield label
        yield Footer(show_command_palette=False)

    def action_close(self) -> None:
        self.dismiss(None)

    def on_key(self, event: events.Key) -> None:
        if event.character and event.character.lower() in self._targets:
            event.stop()
            event.prevent_default()
            self.dismiss(self._targets[event.character.lower()])


def targets_on(screen: object) -> tuple[Widget, ...]:
    """What takes the focus and is seen, in reading order."""
    chain = getattr(screen, "focus_chain", ())
    seen = [widget for widget in chain if widget.region.area and widget.region.y >= 0]
    return tuple(sorted(seen, key=lambda widget: (widget.region.y, widget.region.x)))
