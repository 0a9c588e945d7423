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
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn

Door = Literal["example", "lab", "explain", "new"]
DOORS: tuple[tuple[Door, str, str, str, str], ...] = (
    (
        "lab",
        "f2",
        "Try a staged fault",
        "No org needed: the built-in simulator refuses a login, and you see why.",
        "jwtdoctor check --simulate clock-drift",
    ),
    (
        "explain",
        "f3",
        "Paste an error",
        "A body, a log, a URL that you already have. Nothing leaves this machine.",
        "jwtdoctor explain -",
    ),
    (
        "new",
        "f4",
        "Set up a profile",
        "Five fields to fill in, then your own login is examined with one key.",
        "jwtdoctor check --url … --client-id … --username … --key …",
    ),
)
HELLO = "Finds out why an OAuth token request was refused, shows the evidence, and says what to do."
TOUR = "New here? f2, then f5: a login fails, and one page says what was answered, what it is, and what it is not."


class WelcomeScreen(Sturdy, Screen[Door | None]):
    """Gives the door that was taken."""

    HELP = (
        "There is no profile yet. f2 is the fault lab: every fault can be staged there, and each is explained. f5 runs "
        "an example at once: a machine whose clock is slow. f3 takes a pasted error, f4 begins a request of your own."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "take('example')", "Run"),
        Binding("f2", "take('lab')", "Try"),
        Binding("f3", "take('explain')", "Explain"),
        Binding("f4", "take('new')", "Set up"),
        Binding("escape", "take(None)", "Close", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield Drawn(_hello)
        yield OptionList(*[Option(_door(*door), id=door[0]) for door in DOORS], markup=False, id="doors")
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    def action_take(self, door: Door | None) -> None:
        self.dismiss(door)

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        self.query_one(CommandLine).again()

    @on(OptionList.OptionSelected)
    def _taken(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(next(door for door, *_ in DOORS if door == event.option_id))

    def command_line(self) -> str:
        place = self.query_one(OptionList).highlighted if self.is_mounted else 0
        return DOORS[place or 0][4]


def _hello(width: int) -> Lines:
    return [
        Content.styled("jwtdoctor", STYLES["title"]),
        *hanging(Content(""), plain(HELLO), width),
        Content(""),
        *hanging(Content(""), plain(TOUR), width),
    ]


def _door(_: Door, key: str, title: str, about: str, __: str) -> Content:
    return Content.assemble((f"{key}  ", STYLES["?"]), (title, "bold"), f"\n    {about}")
