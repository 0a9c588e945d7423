"""One step of the remedy: it takes the focus, and `c` (or a click) copies its command, else the place in Setup."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from jwtdoctor.render.page import Row
from jwtdoctor.tui.drawing import Lines, row_lines
from jwtdoctor.tui.messages import CopyWanted
from jwtdoctor.tui.widgets.drawn import Drawn


class StepRow(Drawn, can_focus=True):
    """`1 Set the clock now.  $ sudo chronyc makestep`."""

    HELP = "A step of the remedy. c copies its command, or where it has none the place in Setup; so does a click."
    BINDINGS: ClassVar[list[BindingType]] = [Binding("c,enter", "copy", "Copy", show=False)]

    def __init__(self, row: Row, sign: str) -> None:
        super().__init__()
        self.row = row
        self._sign = sign
        self._drawing = self._lines

    @property
    def copied(self) -> str:
        """What is copied: the command, else where to go, else the words."""
        return self.row.command or self.row.more or self.row.text

    def action_copy(self) -> None:
        self.post_message(CopyWanted(self.copied, self.copied))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.focus()
        self.action_copy()

    def on_focus(self) -> None:
        self.draw(self._lines)

    def on_blur(self) -> None:
        self.draw(self._lines)

    def _lines(self, width: int) -> Lines:
        lines = row_lines(self.row, self._sign, width)
        return [line.stylize("reverse") for line in lines] if self.has_focus else lines
