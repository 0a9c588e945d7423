"""Which logs there are under the paths that were given, and what each is: told by its content, never by its name."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.redact import clean
from jwtdoctor.logs.columns import NO_TYPES, is_event_header, is_login_header
from jwtdoctor.logs.engine import Engine
from jwtdoctor.logs.wash import opened

Kind = Literal["iat", "table", "records", "text", "empty"]
"""An iat log · a CSV of events or logins · JSON of SOQL rows · an application's log · nothing in it."""
HEAD = 256_000
"""Bytes of a file that decide what it is."""
PIECE = 16_384
MOST_FILES = 20_000
MOST_BEFORE = 5
"""Lines among which a header is looked for."""
_IAT_KEYS = {"at", "endpoint", "iat"}
_ROW_KEYS = re.compile(r'"(?:LoginTime|LoginStatus|EVENT_TYPE|LOGIN_STATUS)"\s{0,9}:')


@dataclass(frozen=True, slots=True)
class LogFile:
    """One log. `name` is fit for a screen; `header` and `delimiter` belong to a table."""

    number: int
    path: Path
    name: str
    kind: Kind
    size: int
    is_packed: bool = False
    is_utf8: bool = True
    header: tuple[str, ...] = ()
    delimiter: str = ","
    is_headed: bool = True
    """Whether the header is the first line: Excel puts `sep=,` before it."""


def find(paths: Sequence[str], engine: Engine) -> list[LogFile]:
    """The logs under these paths: files, folders (all files below), `-` for stdin.

    Raises BadInput for what is no path.
    """
    found: list[LogFile] = []
    for path, shown in _files(paths, engine):
        if len(found) >= MOST_FILES:
            raise BadInput(f"more than {MOST_FILES:,} files", where="logs", do="name fewer folders")
        try:
            found.append(_look(len(found), path, shown))
        except OSError as problem:
            raise BadInput(f"cannot be read: {problem.strerror or 'not a usable path'}", where=shown) from None
    return found


def _files(paths: Sequence[str], engine: Engine) -> Iterator[tuple[Path, str]]:
    for given in paths:
        if given == "-":
            yield _spooled_stdin(engine), "stdin"
            continue
        path, shown = Path(given), _shown(given)
        try:
            if path.is_dir():
                below = sorted(p for p in path.rglob("*") if p.is_file() and not _is_hidden(p, path))
                yield from ((one.absolute(), _shown(str(one))) for one in below)
            elif path.is_file():
                yield path.absolute(), shown
            elif path.exists():
                yield _spooled(path, engine), shown
            else:
                raise _no_such(given, shown)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or "not a usable path"
            raise BadInput(f"cannot be read: {reason}", where=shown) from None


def _no_such(given: str, shown: str) -> BadInput:
    wanted = next((one for one in NO_TYPES if one.lower() == Path(given).name.partition(".")[0].lower()), None)
    if wanted:
        return BadInput(
            f"no such file; and there is no event type {wanted} at Salesforce, whatever guides say", where=shown,
            do="what tells of apps and logins is Login, ApiTotalUsage, RestApi and Login History: jwtdoctor logs query",
        )  # fmt: skip
    return BadInput("no such file", where=shown, expected="a log, or a folder of logs")


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _shown(path: str) -> str:
    return " ".join(clean(path).split())[-200:]


def _spooled_stdin(engine: Engine) -> Path:
    if sys.stdin is None or sys.stdin.closed:
        raise BadInput("stdin is closed", expected="a log on stdin, or a PATH")
    target = engine.new_file(".stdin")
    with target.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return target


def _spooled(path: Path, engine: Engine) -> Path:
    """A pipe can be read once, and a log is read twice."""
    target = engine.new_file(".piped")
    with path.open("rb") as pipe, target.open("wb") as file:
        shutil.copyfileobj(pipe, file)
    return target


def _look(number: int, path: Path, shown: str) -> LogFile:
    size = path.stat().st_size
    head, is_packed = _head(path)
    is_utf8 = head[:2] not in (b"\xff\xfe", b"\xfe\xff")
    text = head.decode("utf-8-sig" if is_utf8 else "utf-16", "replace").replace("\0", "")
    if not text.strip():
        return LogFile(number, path, shown, "empty", size, is_packed)
    for place, line in enumerate(text.split("\n")[:MOST_BEFORE]):
        delimiter, header = _header(line.rstrip("\r"))
        if header:
            return LogFile(number, path, shown, "table", size, is_packed, is_utf8, header, delimiter, place == 0)
    return LogFile(number, path, shown, _kind(text), size, is_packed, is_utf8)


def _head(path: Path) -> tuple[bytes, bool]:
    with path.open("rb") as raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
    head = b""
    with opened(path) as file, suppress(EOFError, zlib.error, OSError):  # an archive may be none, or break off
        while len(head) < HEAD and (more := file.read1(PIECE)):
            head += more
    return head, is_packed


def _header(line: str) -> tuple[str, tuple[str, ...]]:
    """Delimiter and header of a table of events or logins; both empty where it is none."""
    for delimiter in ",;\t":
        try:
            names = next(csv.reader(io.StringIO(line[:20_000]), delimiter=delimiter, strict=True), [])
        except csv.Error:
            continue
        if len(names) > 1 and (is_event_header(names) or is_login_header(names)):
            return delimiter, tuple(names)
    return "", ()


def _kind(text: str) -> Kind:
    lines = text.splitlines()[:50]
    if any(_is_iat(line) for line in lines):
        return "iat"
    if text.lstrip()[:1] in "{[" and _ROW_KEYS.search(text):
        return "records"
    return "text"


def _is_iat(line: str) -> bool:
    if not line.startswith("{") or '"endpoint"' not in line:
        return False
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.keys() >= _IAT_KEYS
