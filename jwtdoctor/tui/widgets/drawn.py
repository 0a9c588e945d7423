"""A widget that is drawn anew for every width: what it shows is a function of the columns that it has."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

Drawing = Callable[[int], list[Content]]


class Drawn(Widget):
    """Shows the lines that `drawing(width)` gives."""

    DEFAULT_CSS = "Drawn { height: auto; width: 1fr; }"

    def __init__(self, drawing: Drawing | None = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawing: Drawing = drawing or (lambda _: [])

    def draw(self, drawing: Drawing) -> None:
        """Shows something else from now on."""
        self._drawing = drawing
        self.clear_cached_dimensions()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._drawing(width)) if width else 0

    def render(self) -> Content:
        return Content("\n").join(self._drawing(self.content_size.width or 80))
