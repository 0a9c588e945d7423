"""A file that a strict reader stumbles over, read all the same: streamed into a clean copy, with every mending counted.

What is mended: NULs and other control characters, bytes that are no UTF-8 (read as Windows-1252), lines and values
without measure, quotes that do not pair, rows with too many or too few values, UTF-16, an archive that breaks off.
Nothing of a row is dropped but what exceeds `LONGEST_VALUE` and `LONGEST_LINE`.

Memory is bounded by one line of `LONGEST_LINE`: a longer one is squeezed while it is read, a run without a delimiter to
its first `LONGEST_VALUE` bytes, so that the columns behind an endless value are still read.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwtdoctor.logs.columns import RAW, is_event_header, is_login_header, raw_index

CHUNK = 1 << 20
LONGEST_VALUE = 4_096
LONGEST_LINE = CHUNK // 2
"""Bytes of a line: whatever they become in UTF-8 is less than what the engine's reader takes (`load.LONGEST_LINE`)."""
MOST_LINES = 100
"""Lines that one quoted value may span."""
_ENDLESS = re.compile(rb'[^",;\t\n]{%d,}' % LONGEST_VALUE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BOMS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

Told = Callable[[int], None]
"""Is told how many bytes were read."""


@dataclass(slots=True)
class _Width:
    """How many values a row has by the last header; 0 before there is one."""

    value: int = 0


@dataclass(slots=True)
class Washed:
    """What a washing came to."""

    rows: int = 0
    mended: int = 0
    unread: int = 0
    is_cut_off: bool = False
    """The archive broke off before its end."""


def wash_csv(source: Path, target: Path, *, delimiter: str = ",", told: Told | None = None) -> Washed:
    """Copies a CSV with a header to raw rows (`RAW`) that a strict reader takes. A later header replaces the first."""
    washed = Washed()
    with _lines(source, washed, told) as lines, target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(RAW)
        places: list[int] = []
        width, first = _Width(), ""
        for values, is_mended in _records(lines, delimiter, width):
            if _is_header(values, first):
                index = raw_index(values)
                width.value, first, places = len(values), values[0], [index.get(raw, -1) for raw in RAW]
            elif places:
                there = len(values)
                writer.writerow([values[place][:LONGEST_VALUE] if 0 <= place < there else "" for place in places])
                washed.rows += 1
                washed.mended += is_mended
    return washed


def _is_header(values: Sequence[str], first: str) -> bool:
    """A header, or another one: a second one of logins begins with the same name, which spares looking at each row."""
    return is_event_header(values) or ((not first or values[:1] == [first]) and is_login_header(values))


def wash_lines(source: Path, target: Path, *, told: Told | None = None) -> Washed:
    """Copies lines, each on its own, that a reader of UTF-8 lines takes."""
    washed = Washed()
    with _lines(source, washed, told) as lines, target.open("w", encoding="utf-8", newline="\n") as out:
        for line, is_mended in lines:
            out.write(line.rstrip("\r\n") + "\n")
            washed.rows += 1
            washed.mended += is_mended
    return washed


@contextmanager
def text_lines(source: Path, washed: Washed, told: Told | None = None) -> Iterator[Iterator[str]]:
    """The lines of any text, cleaned and bounded."""
    with _lines(source, washed, told) as lines:
        yield (line for line, _ in lines)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The bytes of a file, taken out of gzip where it is one."""
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not is_packed:
            yield file
            return
        with gzip.open(file) as unpacked:
            yield unpacked


# --- bytes to lines


@contextmanager
def _lines(source: Path, washed: Washed, told: Told | None) -> Iterator[Iterator[tuple[str, bool]]]:
    with opened(source) as file:
        yield _decoded(_bounded(_steady(file, washed, told)))


def _steady(file: Any, washed: Washed, told: Told | None) -> Iterator[bytes]:
    """Chunks of UTF-8 or whatever else; UTF-16 by its mark. An archive that breaks off ends quietly."""
    decoder: codecs.IncrementalDecoder | None = None
    is_first = True
    while True:
        try:
            chunk = file.read1(CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile, OSError):
            washed.is_cut_off = True
            return
        if not chunk:
            return
        if is_first:
            is_first = False
            encoding = next((name for mark, name in _BOMS if chunk.startswith(mark)), None)
            decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
            chunk = chunk[2:] if encoding else chunk.removeprefix(codecs.BOM_UTF8)
        if told is not None:
            told(len(chunk))
        yield decoder.decode(chunk).encode("utf-8", "replace") if decoder else chunk


def _bounded(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Lines with their ends, and whether something of them was cut."""
    kept, is_cut = b"", False
    for chunk in chunks:
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            if len(kept) + len(line) <= LONGEST_LINE and not is_cut:
                yield kept + line + b"\n", False
            else:
                yield _squeezed(kept, line) + b"\n", True
            kept, is_cut = b"", False
        if len(kept) + len(rest) > CHUNK:
            kept, is_cut = _squeezed(kept, rest), True
        else:
            kept += rest
    if kept:
        yield kept, is_cut


def _squeezed(kept: bytes, more: bytes) -> bytes:
    short = _ENDLESS.sub(lambda found: found[0][:LONGEST_VALUE], kept + more)
    return short[:LONGEST_LINE]


def _decoded(lines: Iterator[tuple[bytes, bool]]) -> Iterator[tuple[str, bool]]:
    for line, is_cut in lines:
        is_mended = is_cut
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text, is_mended = line.decode("cp1252", "replace"), True
        if _CONTROL.search(text):
            text, is_mended = _CONTROL.sub("", text), True
        yield text, is_mended


# --- lines to records


def _records(lines: Iterator[tuple[str, bool]], delimiter: str, width: _Width) -> Iterator[tuple[list[str], bool]]:
    """Records, and whether they were mended. A value may span lines while its quote is open; where a line that is a
    whole record by itself comes meanwhile, the quote was never meant to be open."""
    pending: list[str] = []
    is_mended = False
    for line, was in lines:
        if not pending:
            if not line.strip():
                continue
            if line.count('"') % 2 == 0:
                yield _split(line, delimiter, width.value, was)
                continue
            pending, is_mended = [line], was
            continue
        if width.value > 1 and _is_whole(line, delimiter, width.value):
            yield from _apart(pending, delimiter, width.value)
            pending = []
            yield _split(line, delimiter, width.value, was)
            continue
        pending.append(line)
        is_mended = is_mended or was
        if line.count('"') % 2:
            yield _split("".join(pending), delimiter, width.value, is_mended)
            pending = []
        elif len(pending) >= MOST_LINES or sum(map(len, pending)) > LONGEST_LINE:
            yield from _apart(pending, delimiter, width.value)
            pending = []
    yield from _apart(pending, delimiter, width.value)


def _apart(pending: Sequence[str], delimiter: str, width: int) -> Iterator[tuple[list[str], bool]]:
    """Lines whose quotes never closed: each is a row of its own."""
    for line in pending:
        if line.strip():
            yield _loosely(line, delimiter, width), True


def _is_whole(line: str, delimiter: str, width: int) -> bool:
    return line.count('"') % 2 == 0 and len(_strictly(line, delimiter) or ()) == width


def _split(record: str, delimiter: str, width: int, is_mended: bool) -> tuple[list[str], bool]:
    values = _strictly(record, delimiter)
    if values is not None and (len(values) == width or not width or is_event_header(values)):
        return values, is_mended
    return _loosely(record, delimiter, width), True


def _strictly(record: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _loosely(record: str, delimiter: str, width: int) -> list[str]:
    """Values of a row whose quotes cannot be trusted: by `","` where that gives as many as the header has."""
    line = record.strip("\r\n")
    quoted = line.strip().strip('"').split(f'"{delimiter}"')
    if len(quoted) == width or (len(quoted) > 1 and not width):
        return quoted
    plain = [value.strip().strip('"') for value in line.split(delimiter)]
    return plain if abs(len(plain) - width) <= abs(len(quoted) - width) else quoted
