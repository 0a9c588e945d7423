"""The line above the keys: the command that does the same in a shell. ^y copies it."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from jwtdoctor.tui.drawing import STYLES, Lines, plain
from jwtdoctor.tui.widgets.drawn import Drawn


class CommandLine(Drawn):
    """`$ jwtdoctor check acme`, cut where it is too long."""

    DEFAULT_CSS = "CommandLine { height: 1; background: $surface; }"

    def __init__(self, command: Callable[[], str] | str) -> None:
        super().__init__(id="command")
        self._command = command
        self._drawing = self._lines

    @property
    def text(self) -> str:
        return self._command if isinstance(self._command, str) else self._command()

    def again(self) -> None:
        """Draws it anew."""
        self.draw(self._lines)

    def _lines(self, width: int) -> Lines:
        line = Content.assemble((" $ ", STYLES["aside"]), plain(self.text, STYLES["command"]))
        return [line.truncate(width, ellipsis=True)]
