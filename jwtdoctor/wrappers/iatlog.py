"""The iat log as a file: JSON lines, rotating, whole lines from many processes, 0600.

Each record is one `write` on a descriptor that was opened with `O_APPEND` for it alone, so that lines of many threads
and processes stand one after another whole (POSIX), nothing is held open over a fork, and a record costs some tens of
microseconds beside a request of milliseconds.

A lock on the file is held meanwhile, for two things that a single write cannot do: to rotate, and to begin on a fresh
line where a full disk has left a torn one (without it, a line that is just being written looks torn). It is never
waited for longer than a moment: a process that was stopped with the lock in its hands must not hold the others up. A
line that is written without it may reach a file that was just renamed; then it stands in `NAME.1`, and is not lost.

Windows has neither promise: there the file does not rotate, and several processes should have a file each.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import time
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
PATIENCE_S = 0.25
"""How long a record waits for others that are being written: some ten thousand of them."""
_MOST_FILES = 20
"""Rotations by others that one record follows before it is written wherever it is."""


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
        for _ in range(_MOST_FILES):
            with self._opened() as file, _locked(file) as is_locked:
                if is_locked and (self._was_renamed(file) or self._rotated(file, line)):
                    continue  # the name stands for another file now
                _append(file, line, on_a_fresh_line=is_locked)
                return
        with self._opened() as file:
            _append(file, line, on_a_fresh_line=False)

    def __repr__(self) -> str:
        return f"IatLog({str(self.path)!r}, max_bytes={self.max_bytes}, keep={self.keep})"

    @contextmanager
    def _opened(self) -> Iterator[int]:
        file = os.open(self.path, _FLAGS, 0o600)
        try:
            yield file
        finally:
            os.close(file)

    def _was_renamed(self, file: int) -> bool:
        try:
            return not os.path.samestat(self.path.stat(), os.fstat(file))
        except FileNotFoundError:
            return True

    def _rotated(self, file: int, line: bytes) -> bool:
        """Whether the file was full and could be put aside. In a folder where nothing may be renamed it grows on."""
        size = _size(file)
        if size == 0 or size + len(line) <= self.max_bytes:
            return False
        with suppress(OSError):
            self._shift()
            return True
        return False

    def _shift(self) -> None:
        for number in range(self.keep - 1, 0, -1):
            with suppress(FileNotFoundError):
                self._older(number).replace(self._older(number + 1))
        self.path.replace(self._older(1))

    def _older(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def _append(file: int, line: bytes, *, on_a_fresh_line: bool) -> None:
    """One write."""
    if on_a_fresh_line and not _ends_a_line(file):
        line = b"\n" + line
    if os.write(file, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _ends_a_line(file: int) -> bool:
    size = _size(file)
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"


def _size(file: int) -> int:
    """Bytes of a regular file; 0 for a pipe or a device."""
    about = os.fstat(file)
    return about.st_size if stat.S_ISREG(about.st_mode) else 0


@contextmanager
def _locked(file: int) -> Iterator[bool]:
    """Whether this descriptor alone has the file, within `PATIENCE_S`. The lock ends with the descriptor."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        yield False
        return
    ends = time.monotonic() + PATIENCE_S
    while True:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except OSError as problem:
            if isinstance(problem, BlockingIOError) and time.monotonic() < ends:
                time.sleep(0.0005)
                continue
            yield False  # also where a file system knows no locks
        else:
            yield True
        return
