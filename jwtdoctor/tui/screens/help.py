"""Help: about what has the focus, and all keys. It reads `HELP` of the focused widget or of what surrounds it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from jwtdoctor.tui.drawing import STYLES, Lines, hanging, joined, plain
from jwtdoctor.tui.widgets.drawn import Drawn

KEYS = (
    ("f5", "run: one examination with one login, or the chosen fault on loopback"),
    ("f2", "choose a profile or a staged fault; type to filter"),
    ("f3", "explain a pasted body, log or URL, without any network"),
    ("f4", "show the next view: diagnosis, assertion, exchange"),
    ("f1", "this help, about what has the focus"),
    ("escape", "go back; while a run is under way: cancel it"),
    ("ctrl+p", "every command by name"),
    ("ctrl+q", "quit"),
    ("tab, shift+tab", "go on to the next thing on the screen, or back"),
    ("enter, space", "open a cause, choose an answer"),
    ("arrows, page keys", "scroll; move in a list"),
)
SIGNS = (
    ("+ - = ?", "evidence for, against, seen before and counted once, not observed"),
    ("✓ ✗ ·", "granted, refused or no answer, not asked"),
    ("[documented, 2]", "how sure a statement is, and how many sources carry it"),
)


class HelpScreen(Screen[None]):
    """Escape or f1 goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Back"),
        Binding("f1", "close", "Close"),
    ]

    def __init__(self, about: str) -> None:
        super().__init__()
        self._about = about

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield Drawn(self._lines)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        self.dismiss()

    def _lines(self, width: int) -> Lines:
        return joined(
            [
                [Content.styled("Here", STYLES["title"]), *hanging(Content("  "), plain(self._about), width)],
                _table("Keys", KEYS, width),
                _table("Signs", SIGNS, width),
            ]
        )


def help_about(focused: Widget | None, screen: Screen[object]) -> str:
    """What is told about the focused widget, else about the screen."""
    places = [] if focused is None else [focused, *focused.ancestors]
    for place in (*places, screen):
        told = vars(type(place)).get("HELP") or getattr(type(place), "HELP", None)
        if isinstance(told, str):
            return " ".join(told.split())
    return "The terminal interface of jwtdoctor."


def _table(title: str, table: tuple[tuple[str, str], ...], width: int) -> Lines:
    lines = [Content.styled(title, STYLES["title"])]
    for left, right in table:
        lines += hanging(Content.assemble("  ", (f"{left:<18}", "bold")), plain(right), width)
    return lines
