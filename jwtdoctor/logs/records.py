"""JSON of SOQL rows as raw rows: a REST answer, several pages of it, the CLI's `--json`, an array, or an object a line.

Read as a stream of objects, so that a document of any length needs the memory of one row: an object that does not end
within `LONGEST` is an envelope, and its inside is looked at.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jwtdoctor.logs.columns import RAW, raw_index
from jwtdoctor.logs.wash import CHUNK, LONGEST_VALUE, Told, Washed, opened

LONGEST = 2 * CHUNK
_DECODER = json.JSONDecoder(strict=False)
_MOST_DEEP = 4
_ROW_KEYS = re.compile(r'"(?:LoginTime|Status|SourceIp|Application|EVENT_TYPE|LOGIN_STATUS|LoginStatus)"')


def records_to_csv(source: Path, target: Path, *, told: Told | None = None) -> Washed:
    """Copies the rows to a CSV of raw rows. What is no row of a log (an envelope, a broken object) is passed over."""
    washed = Washed()
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(RAW)
        for value in _objects(_texts(source, washed, told), washed):
            for row in _rows(value):
                writer.writerow(_raw(row))
                washed.rows += 1
    return washed


def _texts(source: Path, washed: Washed, told: Told | None) -> Iterator[str]:
    with opened(source) as file:
        head = file.read(CHUNK)
        encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        while head:
            if told is not None:
                told(len(head))
            yield decoder.decode(head).replace("\0", "")
            try:
                head = file.read(CHUNK)
            except (EOFError, OSError):
                washed.is_cut_off = True
                return


def _objects(texts: Iterator[str], washed: Washed) -> Iterator[Mapping[str, Any]]:
    """The outermost objects that end within `LONGEST`, their endless values cut."""
    kept = ""
    for text in texts:
        kept = yield from _whole(_squeezed(kept + text, washed), washed, is_last=False)
    yield from _whole(kept, washed, is_last=True)


def _squeezed(text: str, washed: Washed) -> str:
    """The text with what stands between two quotes cut to `LONGEST_VALUE`. The last piece goes on, and counts later."""
    *whole, rest = text.split('"')
    for place, piece in enumerate(whole):
        if len(piece) > LONGEST_VALUE:
            whole[place] = piece[:LONGEST_VALUE]
            washed.mended += 1
    return '"'.join([*whole, rest[:LONGEST_VALUE]])


def _whole(text: str, washed: Washed, *, is_last: bool) -> Any:
    """The objects in a text; returns what must be looked at again when more is there."""
    at = 0
    while (start := text.find("{", at)) >= 0:
        try:
            value, at = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            if not is_last and len(text) - start <= LONGEST:
                return text[start:]
            at = start + 1
            following = text.find("{", at)
            broken = text[start : following if following >= 0 else len(text)][:LONGEST_VALUE]
            washed.unread += len(_ROW_KEYS.findall(broken)) > 1  # a row, and no envelope
            continue
        if isinstance(value, dict):
            yield value
    return ""


def _rows(value: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    inner = [one for key in ("records", "result", "data") if (one := value.get(key)) is not None]
    if not inner or depth > _MOST_DEEP:
        if len(raw_index(list(value))) > 1:
            yield value
        return
    for one in inner:
        for row in one if isinstance(one, list) else [one]:
            if isinstance(row, dict):
                yield from _rows(row, depth + 1)


def _raw(row: Mapping[str, Any]) -> list[str]:
    names = list(row)
    places = raw_index(names)
    values = {raw: _text(row[names[place]]) for raw, place in places.items()}
    return [values.get(raw, "") for raw in RAW]


def _text(value: object) -> str:
    """A value as a CSV would have it. A related record (`User`) is its name."""
    if isinstance(value, dict):
        value = value.get("Username") or value.get("Name")
    if value is None or isinstance(value, (list, dict)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)[:LONGEST_VALUE]
