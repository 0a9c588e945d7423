"""Help: about what has the focus, what this provider is known to do with it, and all keys.

A field of the form tells its own; elsewhere `HELP` of the focused widget is read, or of what surrounds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from jwtdoctor.tui.drawing import STYLES, Lines, hanging, joined, plain
from jwtdoctor.tui.form import Rows
from jwtdoctor.tui.screens.ask import AskScreen
from jwtdoctor.tui.screens.page import PageScreen
from jwtdoctor.tui.widgets.request import FieldRow

KEYS = (
    ("f5", "run: one examination with one login, or the chosen fault on loopback"),
    ("f6", "prove: the same, then asks before anything more is sent"),
    ("f2", "choose a profile or a staged fault; type to filter"),
    ("f3", "explain a pasted body, log or URL, without any network"),
    ("f4", "show the next view"),
    ("f7, f8, f9", "history; export; measure the clock"),
    ("c", "copy the step of the remedy"),
    ("^y", "copy the command at the bottom"),
    ("^n, ^s", "a new request; save what was typed as a profile"),
    ("^e", "edit the assertion as JSON; e in its pane"),
    ("^o", "jump: a letter beside everything on the screen"),
    ("f1", "this help, about what has the focus"),
    ("escape", "go back; while a run is under way: cancel it"),
    ("^p", "every command by name"),
    ("^q", "quit"),
    ("tab, shift+tab", "go on to the next thing on the screen, or back"),
    ("enter, space", "open a cause, choose an answer or take it back, turn a switch"),
    ("u", "in a question: nobody knows, so the next best one is asked"),
)
SIGNS = (
    ("+ - = ?", "evidence for, against, seen before and counted once, not observed"),
    ("✓ ✗ ·", "granted, refused or no answer, not asked"),
    ("✗ ! ·", "beside a field or a claim: refused, likely to hurt, worth knowing"),
    ("[documented, 2]", "how sure a statement is, and how many sources carry it"),
)


@dataclass(frozen=True, slots=True)
class About:
    """What is told about the thing in focus, and the provider's figures about it."""

    words: str
    title: str = ""
    rows: Rows = ()
    provider: str = ""


class HelpScreen(PageScreen):
    """Escape or f1 goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1", "close", "Close")]

    def __init__(self, about: About) -> None:
        super().__init__(lambda width: help_lines(about, width), "jwtdoctor --help")

    def action_close(self) -> None:
        self.dismiss()


def help_about(focused: Widget | None, screen: Screen[object]) -> About:
    """What is told about the focused widget, else about the screen."""
    places = [] if focused is None else [focused, *focused.ancestors]
    for place in (*places, screen):
        if isinstance(place, FieldRow):
            words, rows = place.help_words
            return About(words, place.field.label, rows, place.provider_title)
        told = vars(type(place)).get("HELP") or getattr(type(place), "HELP", None)
        told = getattr(place, "about", told) if isinstance(place, AskScreen) else told
        if isinstance(told, str):
            return About(" ".join(told.split()))
    return About("The terminal interface of jwtdoctor.")


def help_lines(about: About, width: int) -> Lines:
    """The page."""
    here = [Content.styled(about.title or "Here", STYLES["title"]), *hanging(Content("  "), plain(about.words), width)]
    return joined(
        [
            here,
            _table(f"At {about.provider}", about.rows, width) if about.rows else [],
            _table("Keys", KEYS, width),
            _table("Signs", SIGNS, width),
        ]
    )


def _table(title: str, table: Rows, width: int) -> Lines:
    lines = [Content.styled(title, STYLES["title"])]
    for left, right in table:
        lines += hanging(Content.assemble("  ", (f"{left:<18}", "bold")), plain(right), width)
    return lines
