"""A widget that is drawn anew for every width: what it shows is a function of the columns that it has."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from jwtdoctor.tui.sturdy import as_line

Drawing = Callable[[int], list[Content]]


class Drawn(Widget):
    """Shows the lines that `drawing(width)` gives."""

    DEFAULT_CSS = "Drawn { height: auto; width: 1fr; }"

    def __init__(self, drawing: Drawing | None = None, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawing: Drawing = drawing or (lambda _: [])
        self._cached: tuple[int, Drawing, list[Content]] | None = None

    def draw(self, drawing: Drawing) -> None:
        """Shows something else from now on."""
        self._drawing, self._cached = drawing, None
        self.clear_cached_dimensions()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._drawn(width)) if width else 0

    def render(self) -> Content:
        return Content("\n").join(self._drawn(self.content_size.width or 80))

    def _drawn(self, width: int) -> list[Content]:
        """Drawn once for a width: layout and painting both ask. A drawing of ours that breaks is one line."""
        cached = self._cached
        if cached is None or cached[0] != width or cached[1] is not self._drawing:
            try:
                lines = self._drawing(width)
            except Exception as bug:  # noqa: BLE001 - what is painted must not end the session
                lines = [Content(as_line(bug))]
            self._cached = cached = (width, self._drawing, lines)
        return cached[2]
