"""The views by name on one line; the shown one stands in reverse. A click or the arrow keys choose.

Textual's own tabs want two lines, which 80 x 24 has not got, and tell the chosen one by a coloured line alone.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from jwtdoctor.tui.drawing import Lines
from jwtdoctor.tui.widgets.drawn import Drawn


class TabLine(Drawn, can_focus=True):
    """Posts `Chosen`."""

    HELP = "The views. Left and right, a click, or f4 for the next one."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Left", show=False),
        Binding("right", "move(1)", "Right", show=False),
    ]

    class Chosen(Message):
        """A view is to be shown."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def __init__(self, views: tuple[tuple[str, str], ...], *, id: str | None = None) -> None:
        """`views`: name and title."""
        super().__init__(id=id)
        self._titles = dict(views)
        self._views = tuple(self._titles)
        self._shown = self._views[0]
        self._drawing = self._lines

    def tell(self, views: tuple[str, ...], shown: str) -> None:
        """Which views there are at this size, and which one is shown."""
        self._views, self._shown = views, shown
        self.draw(self._lines)

    def action_move(self, steps: int) -> None:
        place = self._views.index(self._shown) + steps if self._shown in self._views else 0
        self.post_message(self.Chosen(self._views[place % len(self._views)]))

    def on_click(self, event: events.Click) -> None:
        for view, start, end in self._places():
            if start <= event.x < end:
                self.post_message(self.Chosen(view))

    def on_focus(self) -> None:
        self.draw(self._lines)

    def on_blur(self) -> None:
        self.draw(self._lines)

    def _places(self) -> list[tuple[str, int, int]]:
        places, column = [], 0
        for view in self._views:
            width = len(self._titles[view]) + 2
            places.append((view, column, column + width))
            column += width
        return places

    def _lines(self, width: int) -> Lines:
        parts = []
        for view in self._views:
            style = "reverse bold" if view == self._shown else ""
            parts.append(
                Content.styled(f" {self._titles[view]} ", f"{style} underline".strip() if self.has_focus else style)
            )
        return [Content("").join(parts).truncate(width)]
