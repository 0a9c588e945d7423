"""Keys: make a pair, look at a file, see whether two belong together. The same as `jwtdoctor keys`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input

from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.keyfacts import KeyLine, made, match, of_file
from jwtdoctor.tui.screens.files import FilesScreen
from jwtdoctor.tui.sturdy import Sturdy, as_line
from jwtdoctor.tui.subjects import shell_line
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn
from jwtdoctor.tui.widgets.seen import key_lines

Task = Literal["new", "show", "match"]
BITS, DAYS = 2048, 365
ABOUT: dict[Task, tuple[str, tuple[tuple[str, str], ...]]] = {
    "show": ("What is this file?", (("file", "a key, a certificate, a JWKS, a PKCS#12 …"),)),
    "match": (
        "Do these two belong together?",
        (("key", "the private key"), ("other", "certificate, public key, JWKS")),
    ),
    "new": ("Make a pair to upload", (("name", "NAME: writes NAME.key (0600) and NAME.crt"),)),
}


@dataclass
class Told(Message):
    """What was found or made."""

    turn: int
    lines: tuple[KeyLine, ...]


class KeysScreen(Sturdy, Screen[None]):
    """One task at a time; f2, f3 and f4 change it."""

    HELP = (
        "Keys and certificates. f2 says what a file is and what is wrong with it, f3 whether two belong together, f4 "
        "makes an RSA pair and its certificate to upload, never over a file that is there. ^f picks a file. No key "
        "material is shown."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "do", "Run"),
        Binding("f2", "task('show')", "Inspect"),
        Binding("f3", "task('match')", "Match"),
        Binding("f4", "task('new')", "Make"),
        Binding("ctrl+f", "pick", "Pick", show=False, priority=True),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, task: Task = "show", path: str = "") -> None:
        super().__init__()
        self._asked: Task = task
        self._path = path
        self._turn = 0
        self._lines: tuple[KeyLine, ...] = ()

    def compose(self) -> ComposeResult:
        yield Drawn(self._title)
        yield Input(id="first", compact=True, value=self._path)
        yield Input(id="second", compact=True)
        with VerticalScroll(id="told", can_focus=True):
            yield Drawn(lambda width: self._told(width))
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.action_task(self._asked)

    def action_task(self, task: Task) -> None:
        self._asked, self._lines = task, ()
        self._turn += 1
        names = ABOUT[task][1]
        for number, box in enumerate(self.query(Input)):
            box.display = number < len(names)
            box.placeholder = f"{names[number][0]}: {names[number][1]}" if number < len(names) else ""
        self.query_one("#first").focus()
        self._redraw()

    def action_pick(self) -> None:
        box = self.focused if isinstance(self.focused, Input) else self.query_one("#first", Input)

        def picked(path: str | None) -> None:
            if path is not None:
                box.value = path

        self.app.push_screen(FilesScreen(), picked)

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one(CommandLine).again()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.input.id == "first" and self._asked == "match":
            self.query_one("#second").focus()
        else:
            self.action_do()

    def action_do(self) -> None:
        first, second = (box.value.strip() for box in self.query(Input))
        if not first or (self._asked == "match" and not second):
            self.notify("Type a path first; ^f picks one.", title="Nothing to look at", markup=False)
            return
        self._turn += 1
        self._work(self._turn, self._asked, first, second)

    @work(thread=True, exclusive=True, group="keys")
    def _work(self, turn: int, task: Task, first: str, second: str) -> None:
        does = {
            "show": partial(of_file, first),
            "match": partial(match, first, second),
            "new": partial(made, first, BITS, DAYS),
        }[task]
        try:
            lines = does()
        except Exception as bug:  # noqa: BLE001 - a crash of ours is a line on the screen, and the session goes on
            lines = (KeyLine(as_line(bug), sign="✗"),)
        self.post_message(Told(turn, lines))

    @on(Told)
    def _was_told(self, event: Told) -> None:
        if event.turn == self._turn:
            self._lines = event.lines
            self._redraw()

    def command_line(self) -> str:
        typed = [box.value.strip() for box in self.query(Input)] if self.is_mounted else ["", ""]
        names = [name.upper() for name, _ in ABOUT[self._asked][1]]
        words = [value or name for value, name in zip(typed, names, strict=False)]
        return shell_line("keys", self._asked, *words)

    def _redraw(self) -> None:
        self.query(Drawn).first().draw(self._title)
        self.query_one("#told Drawn", Drawn).draw(self._told)
        self.query_one(CommandLine).again()

    def _title(self, width: int) -> Lines:
        return [Content.styled(f" {ABOUT[self._asked][0]}", STYLES["title"]).truncate(width)]

    def _told(self, width: int) -> Lines:
        if not self._lines:
            words = "Type a path and press enter; ^f picks a file." if self._asked != "new" else (
                "Type a name and press enter: an RSA key of 2048 bits, and a certificate for a year. "
                "Nothing is overwritten."
            )  # fmt: skip
            return hanging(Content(""), plain(words, "italic"), width)
        return key_lines(self._lines, width)
