"""Pick a file: the folders as a tree, and the path to type. Gives the path, relative where it lies below here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DirectoryTree, Footer, Input

from jwtdoctor.tui.drawing import STYLES
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.widgets.drawn import Drawn

KEYLIKE = (".key", ".pem", ".crt", ".cer", ".der", ".p12", ".pfx", ".jwk", ".json", ".pub", ".txt", ".jwks")


class KeyTree(DirectoryTree):
    """Folders and what may be a key; hidden files are left out, as is anything that cannot be read."""

    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "
    ICON_FILE = "  "
    show_all = False

    def filter_paths(self, paths: Iterable[Path]) -> Iterable[Path]:
        return [path for path in paths if self.show_all or _is_wanted(path)]


def _is_wanted(path: Path) -> bool:
    try:
        return not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() in KEYLIKE)
    except OSError:
        return False


class FilesScreen(Sturdy, Screen[str | None]):
    """Escape gives none."""

    HELP = (
        "Pick a file. The arrow keys move, enter opens a folder or takes a file, a shows every file and not only what "
        "may be a key. Or type the path above. Nothing of a file is read here."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "take", "Take"),
        Binding("f4", "all", "Show all"),
        Binding("f2", "up", "Go up"),
        Binding("escape", "dismiss(None)", "Cancel"),
    ]

    def __init__(self, start: Path | None = None) -> None:
        super().__init__()
        self._start = start or Path.cwd()

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: [Content.styled(" Pick a file", STYLES["title"]).truncate(width)])
        yield Input(placeholder="or type its path, then enter", compact=True)
        yield KeyTree(self._start)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(KeyTree).focus()

    @on(DirectoryTree.FileSelected)
    def _selected(self, event: DirectoryTree.FileSelected) -> None:
        event.stop()
        self.dismiss(_shown(event.path))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        path = Path(event.value.strip()).expanduser()
        if path.is_dir():
            self._show(path)
        elif path.is_file():
            self.dismiss(_shown(path))
        else:
            self.notify("There is no such file.", severity="warning", markup=False)

    def action_take(self) -> None:
        node = self.query_one(KeyTree).cursor_node
        path = None if node is None or node.data is None else node.data.path
        if path is not None and path.is_file():
            self.dismiss(_shown(path))
        else:
            self.notify("That is a folder: enter opens it.", markup=False)

    def action_all(self) -> None:
        tree = self.query_one(KeyTree)
        tree.show_all = not tree.show_all
        tree.reload()

    def action_up(self) -> None:
        self._show(Path(self.query_one(KeyTree).path).absolute().parent)

    def _show(self, folder: Path) -> None:
        tree = self.query_one(KeyTree)
        tree.path = folder
        tree.focus()


def _shown(path: Path) -> str:
    """As one would type it here."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path.absolute())
