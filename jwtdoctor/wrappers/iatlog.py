"""The iat log as a file: JSON lines, rotating, whole lines from many processes, 0600.

Each record is one `write` on a descriptor that was opened with `O_APPEND` for it alone, so that lines of many threads
and processes stand one after another whole (POSIX), nothing is held open over a fork, and a record costs some tens of
microseconds beside a request of milliseconds. No lock is waited for: only who rotates takes one, and whoever finds it
taken goes on appending. A line that still reaches a file which was just renamed stands in `NAME.1`, and is not lost.

After a full disk a torn line may stand at the end; the next writer begins on a fresh line, so that no other record is
damaged. Windows has no such promise about several processes: give each a file of its own there.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any

_FLAGS = (
    os.O_RDWR
    | os.O_APPEND
    | os.O_CREAT
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a pipe without a reader must not hold the caller up
    | getattr(os, "O_BINARY", 0)
)


class IatLog:
    """A file of records. `max_bytes` of one file, `keep` older ones beside it (`NAME.1` is the newest of them).

    Calling it with a record writes it; raises OSError where that cannot be done.
    """

    def __init__(self, path: str | PathLike[str], *, max_bytes: int = 10_000_000, keep: int = 5) -> None:
        # Absolute now: the program may change its folder later.
        self.path = Path(path).absolute()
        self.max_bytes = max_bytes
        self.keep = max(1, keep)

    def __call__(self, record: Mapping[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=True, default=str).encode("ascii") + b"\n"
        with self._opened() as file:
            fits = self._fits(file, line)
            if fits or not self._rotated(file):
                _append(file, line)
                return
        with self._opened() as file:
            _append(file, line)

    def __repr__(self) -> str:
        return f"IatLog({str(self.path)!r}, max_bytes={self.max_bytes}, keep={self.keep})"

    @contextmanager
    def _opened(self) -> Iterator[int]:
        file = os.open(self.path, _FLAGS, 0o600)
        try:
            yield file
        finally:
            os.close(file)

    def _fits(self, file: int, line: bytes) -> bool:
        size = _size(file)
        return size == 0 or size + len(line) <= self.max_bytes

    def _rotated(self, file: int) -> bool:
        """Whether the name now stands for another file, by us or by somebody else."""
        with _sole(file) as is_sole:
            try:
                if is_sole and os.path.samestat(os.stat(self.path), os.fstat(file)):
                    self._shift()
                return is_sole
            except OSError:
                # A folder in which nothing may be renamed: the file grows on.
                return False

    def _shift(self) -> None:
        for number in range(self.keep - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._older(number).replace(self._older(number + 1))
        self.path.replace(self._older(1))

    def _older(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def _append(file: int, line: bytes) -> None:
    """One write, on a line of its own."""
    if not _ends_a_line(file):
        line = b"\n" + line
    if os.write(file, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _ends_a_line(file: int) -> bool:
    size = _size(file)
    return size == 0 or not hasattr(os, "pread") or os.pread(file, 1, size - 1) == b"\n"


def _size(file: int) -> int:
    """Bytes of a regular file; 0 for a pipe or a device."""
    about = os.fstat(file)
    return about.st_size if stat.S_ISREG(about.st_mode) else 0


@contextmanager
def _sole(file: int) -> Iterator[bool]:
    """Whether nobody else is rotating this very file. Never waits; the lock ends with the descriptor."""
    try:
        import fcntl
    except ImportError:
        yield True
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
        return
    yield True
