"""Save the request as a profile: its name, and which settings file. The file's other lines stay as they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from jwtdoctor.config.places import SETTINGS_FILE, user_file
from jwtdoctor.config.profiles import SETTINGS, Value, found_files, read_file
from jwtdoctor.config.writing import profile_toml, write_profiles
from jwtdoctor.errors import BadInput
from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.subjects import Profile, shell_line
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn

ORIGIN = "the form of jwtdoctor tui"
NAME = re.compile(r"[\w.-]{1,60}")


@dataclass(frozen=True, slots=True)
class Saved:
    """Under which name, and where."""

    name: str
    path: Path


class SaveScreen(Sturdy, Screen[Saved | None]):
    """Gives what was saved; None where nothing was."""

    HELP = (
        "Saves what was typed as a profile, in your own settings file or in that of the project. A secret is never "
        "written, only where it is. The rest of the file stays as it is; a profile of that name gets these settings on "
        "top of its own."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "save", "Save"),
        Binding("enter", "save", "Save", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, subject: Profile) -> None:
        super().__init__()
        self._subject = subject
        self._places = _places(subject.profile)
        self._problem = ""

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: [Content.styled(" Save as a profile", STYLES["title"]).truncate(width)])
        yield Input(self._subject.profile or "", placeholder="its name, such as acme", compact=True)
        yield OptionList(*[Option(Content(f" {path}")) for path in self._places], markup=False, compact=True)
        with VerticalScroll(id="preview", can_focus=False):
            yield Drawn(self._lines)
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = 0
        self.query_one(Input).focus()

    def action_move(self, steps: int) -> None:
        options = self.query_one(OptionList)
        if steps > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    @on(Input.Changed)
    @on(OptionList.OptionHighlighted)
    def _changed(self) -> None:
        self._problem = ""
        self._redraw()

    @property
    def _typed_name(self) -> str:
        return self.query_one(Input).value.strip() if self.is_mounted else ""

    @property
    def _path(self) -> Path:
        return self._places[self.query_one(OptionList).highlighted or 0]

    def action_save(self) -> None:
        try:
            if not NAME.fullmatch(self._typed_name):
                raise BadInput("is no name of a profile", where="name", expected="letters, digits, - _ .")
            write_profiles(self._path, {self._typed_name: (ORIGIN, self._settings())}, replace=True)
        except BadInput as problem:
            self._problem = str(problem)
            self._redraw()
            return
        self.dismiss(Saved(self._typed_name, self._path))

    def _settings(self) -> dict[str, Value]:
        """What the file says of it, with what was typed on top."""
        before = read_file(self._path).get(self._typed_name, {}) if self._path.is_file() else {}
        typed = {name: _placed(name, value, self._path.parent) for name, value in self._subject.edits.items()}
        merged = {**before, **typed}
        return {name: value for name, value in merged.items() if value is not False or name in before}

    def command_line(self) -> str:
        return shell_line("profiles", "show", self._typed_name or "NAME")

    def _redraw(self) -> None:
        self.query_one("#preview Drawn", Drawn).draw(self._lines)
        self.query_one(CommandLine).again()

    def _lines(self, width: int) -> Lines:
        if self._problem:
            return hanging(Content.styled(" ✗ ", STYLES["bad"]), plain(self._problem, STYLES["bad"]), width)
        try:
            text = profile_toml(self._typed_name or "NAME", self._settings(), ORIGIN)
        except BadInput as problem:
            return hanging(Content.styled(" ✗ ", STYLES["bad"]), plain(str(problem)), width)
        return [plain(" will be written:", STYLES["aside"]), *(plain(f"   {line}") for line in text.splitlines())]


def _placed(name: str, value: Value, folder: Path) -> Value:
    """A path as that file is to say it: relative below its folder, so that both can be moved, else absolute."""
    if SETTINGS[name] != "path":
        return value
    path = Path(str(value)).expanduser().absolute()
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _places(profile: str | None) -> tuple[Path, ...]:
    """The files that may be written: the one that holds the profile first, then the user's, then the project's."""
    holding = [file.path for file in found_files() if profile in file.profiles]
    own = user_file()
    places = [*holding, *([own] if own else []), Path.cwd() / SETTINGS_FILE]
    return tuple(dict.fromkeys(places))
