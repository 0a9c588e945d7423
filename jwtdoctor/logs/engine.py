"""DuckDB, and what is the same in every use of it here.

One database in a private folder of its own holds the rows that were read, narrow and compressed, and is removed at the
end: memory is bounded by `MEMORY`, and files may be larger than that. Nothing is fetched: extensions are neither
installed nor loaded by themselves, and a path is never a pattern or a URL to it.

The engine is an extra, since most who sign assertions never read a year of logs; there is no second path without it.
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jwtdoctor.errors import BadInput

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"
MOST_THREADS = 8
"""More read no faster from one disk, and each has its buffers."""
WATCH_S = 0.2
_SPACE = re.compile(r"no space left|not enough space|disk full|could not write|max_temp_directory_size", re.IGNORECASE)

Progress = Callable[[str, float], None]
"""What is being done, and how much of it (0 to 1; negative: not known)."""
Row = tuple[Any, ...]


class Engine:
    """One open database. `folder` is private and ends with it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path, progress: Progress | None) -> None:
        self.folder = folder
        self.progress = progress
        self._connection = connection
        self._files = 0

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """The rows of a query. Raises BadInput where disk or memory do not suffice."""
        with plainly_said():
            return self._connection.execute(query, list(values)).fetchall()

    def one(self, query: str, values: Sequence[object] = ()) -> Row:
        found = self.rows(query, values)
        return found[0]

    def do(self, query: str, values: Sequence[object] = ()) -> None:
        self.rows(query, values)

    def slowly(self, what: str, query: str, values: Sequence[object] = ()) -> None:
        """A query that may take long: how far it is is told meanwhile, from another thread."""
        if self.progress is None:
            self.do(query, values)
            return
        with _told(self._connection, self.progress, what):
            self.do(query, values)

    def new_file(self, suffix: str) -> Path:
        """A path in the private folder that nobody uses yet."""
        self._files += 1
        return self.folder / f"{self._files:06}{suffix}"


@contextmanager
def engine(progress: Progress | None = None) -> Iterator[Engine]:
    """An empty database. Raises BadInput, with what to install, where DuckDB is missing."""
    duckdb = _duckdb()
    with tempfile.TemporaryDirectory(prefix="jwtdoctor-logs-") as name:
        folder = Path(name)
        config: dict[str, Any] = {
            "memory_limit": MEMORY,
            "threads": min(os.cpu_count() or 1, MOST_THREADS),
            "temp_directory": str(folder / "spilt"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        connection = duckdb.connect(str(folder / "events.duckdb"), config=config)
        try:
            connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
            with plainly_said():
                yield Engine(connection, folder, progress)
        finally:
            with suppress(duckdb.Error):  # on a full disk it cannot even be closed properly, and it is removed anyway
                connection.close()


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''").replace("\0", "") + "'"


def name(text: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + text.replace('"', '""').replace("\0", "") + '"'


def path_literal(path: Path) -> str:
    """A path that means this file alone: what would be a pattern stands in brackets."""
    return literal("".join(f"[{char}]" if char in "*?[" else char for char in str(path)))


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise BadInput(
            "reading logs needs DuckDB, which is not installed",
            do="install it with: pip install 'jwtdoctor[logs]' (or: pip install duckdb)",
        ) from None
    return duckdb


@contextmanager
def plainly_said() -> Iterator[None]:
    """What is wrong with the machine, and not with us, in one line; and an interruption as what it is."""
    import duckdb

    try:
        yield
    except RuntimeError as problem:
        if "interrupted" in str(problem).lower():
            raise KeyboardInterrupt from None
        raise
    except duckdb.OutOfMemoryException:
        raise BadInput(
            "these logs need more memory than the engine may have", where="logs", do="narrow them with --since"
        ) from None
    except (duckdb.Error, OSError) as problem:
        if getattr(problem, "errno", None) == errno.ENOSPC or _SPACE.search(str(problem)):
            raise BadInput(
                "the temporary folder is full", where="logs", do="point TMPDIR at a folder with more space"
            ) from None
        raise


@contextmanager
def _told(connection: Any, progress: Progress, what: str) -> Iterator[None]:
    """Tells every `WATCH_S` how far the running query is."""
    ended = threading.Event()

    def tell() -> None:
        while not ended.wait(WATCH_S):
            with suppress(Exception):  # between two queries there is nothing to ask
                progress(what, float(connection.query_progress()) / 100)

    watcher = threading.Thread(target=tell, daemon=True, name="progress")
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
