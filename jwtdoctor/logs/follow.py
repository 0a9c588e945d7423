"""An iat log while it is written: the records that come, through rotation and truncation.

A rotated log keeps its old file under another name: what was appended there last is still read from the open
descriptor before the new file is begun.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from jwtdoctor.logs.wash import CHUNK

LONGEST = CHUNK
"""Bytes of a line that is read; what is longer is no record."""


def follow(path: Path, wait: Callable[[], bool], *, start: int | None = None) -> Iterator[Mapping[str, Any]]:
    """Each record that is appended to the file behind `start` (bytes; None: from now on).

    `wait` waits a moment, and says whether to go on.
    """
    file = path.open("rb")
    try:
        file.seek(0 if start is None else start, os.SEEK_END if start is None else os.SEEK_SET)
        kept = b""
        while True:
            *lines, kept = (kept + file.read(CHUNK)).split(b"\n")
            yield from (record for line in lines if (record := _record(line)) is not None)
            kept = b"" if len(kept) > LONGEST else kept
            if lines:
                continue
            other = _successor(path, file)
            if other is not None:
                file.close()
                file, kept = other, b""
            elif not wait():
                return
    finally:
        file.close()


def _successor(path: Path, file: BufferedReader) -> BufferedReader | None:
    """The file that has this name now, where it is another one or begins anew."""
    try:
        now, then = path.stat(), os.fstat(file.fileno())
    except OSError:
        return None  # between two files
    if os.path.samestat(now, then) and now.st_size >= file.tell():
        return None
    try:
        return path.open("rb")
    except OSError:
        return None


def _record(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "endpoint" in found else None
