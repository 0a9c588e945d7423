"""The first run without a profile: three doors, each one key, none of which needs a manual."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.widgets.drawn import Drawn

Door = Literal["example", "choose", "explain", "profile"]
DOORS: tuple[tuple[Door, str, str, str], ...] = (
    (
        "choose",
        "f2",
        "Try a staged fault",
        "No org needed: the built-in simulator refuses a login, and you see why.",
    ),
    (
        "explain",
        "f3",
        "Paste an error",
        "A body, a log, a URL that you already have. Nothing leaves this machine.",
    ),
    (
        "profile",
        "f4",
        "Set up a profile",
        "Five lines in a file, then your own login is examined with one key.",
    ),
)
HELLO = "Finds out why an OAuth token request was refused, shows the evidence, and says what to do."


class WelcomeScreen(Screen[Door | None]):
    """Gives the door that was taken."""

    HELP = (
        "There is no profile yet. f5 runs an example at once: a machine whose clock is slow. f2 lists every fault that "
        "can be staged, f3 takes a pasted error, f4 shows how to set up a profile of your own."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "take('example')", "Run"),
        Binding("f2", "take('choose')", "Choose"),
        Binding("f3", "take('explain')", "Explain"),
        Binding("f4", "take('profile')", "Set up"),
        Binding("escape", "take(None)", "Close", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Drawn(_hello)
        yield OptionList(*[Option(_door(*door), id=door[0]) for door in DOORS], markup=False, id="doors")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def action_take(self, door: Door | None) -> None:
        self.dismiss(door)

    @on(OptionList.OptionSelected)
    def _taken(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(next(door for door, *_ in DOORS if door == event.option_id))


def _hello(width: int) -> Lines:
    return [Content.styled("jwtdoctor", STYLES["title"]), *hanging(Content(""), plain(HELLO), width)]


def _door(_: Door, key: str, title: str, about: str) -> Content:
    return Content.assemble((f"{key}  ", STYLES["?"]), (title, "bold"), f"\n    {about}")
