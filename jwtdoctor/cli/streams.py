"""Where words go: stdout carries the answer, stderr the narration, `--output` a file.

Everything about the terminal is decided once, here: width, colour, and whether the symbols must give way to
their ASCII twins. A reader that has gone (`| head`) and a stdout that was never there (`>&-`) are the same
thing to us: the answer could not be delivered, which is one line on stderr and exit 2, never a traceback, and
nothing is said again at interpreter shutdown.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from jwtdoctor.errors import BadInput, JwtDoctorError

SYMBOLS = "✗✓├┤─▲▾▸±×…’"
"""What the text report draws with; a stream that cannot carry these gets the ASCII twins."""
_TWINS = str.maketrans(
    {"✗": "x", "✓": "ok", "├": "|", "┤": "|", "─": "-", "▲": "^", "▾": "v", "▸": ">", "±": "+-", "×": "x"}
    | {"…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "→": "->", "≤": "<=", "·": "-"}
)
DEFAULT_WIDTH = 80
WIDEST = 100


@dataclass(frozen=True, slots=True)
class Streams:
    """What stdout (or the file in its place) can show. `narrates`: stderr is a terminal."""

    width: int = DEFAULT_WIDTH
    colour: bool = False
    ascii: bool = False
    narrates: bool = False


class NoStdout(JwtDoctorError):
    """The answer could not be written to stdout."""


def streams(*, no_color: bool, to_file: bool, environ: Mapping[str, str] | None = None) -> Streams:
    """What the present stdout and stderr can show; a file is 80 columns of plain UTF-8."""
    environ = os.environ if environ is None else environ
    narrates = _is_terminal(sys.stderr) and environ.get("TERM") != "dumb"
    if to_file:
        return Streams(narrates=narrates)
    terminal = _is_terminal(sys.stdout)
    return Streams(
        width=min(shutil.get_terminal_size().columns, WIDEST) if terminal else DEFAULT_WIDTH,
        colour=terminal and not no_color and _wants_colour(environ),
        ascii=not _carries_symbols(sys.stdout, environ),
        narrates=narrates,
    )


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # a closed file
        return False


def _wants_colour(environ: Mapping[str, str]) -> bool:
    """https://no-color.org: any non-empty NO_COLOR. Consoles of old Windows would print the escapes."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return sys.platform != "win32" or "WT_SESSION" in environ


def _carries_symbols(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether stream and locale can show the symbols.

    Python turns LANG=C into UTF-8 by itself (PEP 538, 540), so the stream's encoding does not tell what the
    person asked for; the variables do.
    """
    locale = environ.get("LC_ALL") or environ.get("LANG") or ""
    if locale in ("C", "POSIX"):
        return False
    return _can_encode(SYMBOLS, getattr(stream, "encoding", None) or "utf-8")


def _can_encode(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def in_ascii(text: str) -> str:
    """The text with the twins of its symbols; letters with accents stay as they are."""
    return text.translate(_TWINS)


def answer(text: str) -> None:
    """Writes the answer to stdout, to the last byte. Raises NoStdout when nobody takes it."""
    stream = sys.stdout
    if stream is None:
        raise NoStdout("stdout is closed, so there is nowhere to write the answer; --output FILE names a file")
    try:
        stream.write(_carried(_with_line_end(text), getattr(stream, "encoding", None) or "utf-8"))
        stream.flush()
    except (OSError, ValueError) as problem:
        _give_up(stream)
        reason = getattr(problem, "strerror", None) or "closed"
        raise NoStdout(f"stdout did not take the whole answer ({reason})") from None


def narrate(text: str) -> None:
    """Writes one line to stderr; a stderr that is gone is no reason to fail."""
    stream = sys.stderr
    if stream is None:
        return
    try:
        stream.write(_carried(_with_line_end(text), getattr(stream, "encoding", None) or "utf-8"))
        stream.flush()
    except (OSError, ValueError):
        _give_up(stream)


def settle() -> None:
    """Flushes what click wrote itself, so that the interpreter has nothing to complain of when it ends."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            _give_up(stream)


def _with_line_end(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _carried(text: str, encoding: str) -> str:
    r"""The text; characters that the stream cannot carry become `\uXXXX`, which JSON reads as they were."""
    if _can_encode(text, encoding):
        return text
    return "".join(char if _can_encode(char, encoding) else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _give_up(stream: TextIO) -> None:
    """Points the stream at nothing: its buffer is flushed once more at shutdown, and must not fail again."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)


def write_file(path: str, text: str, *, secret: bool = False) -> None:
    """Writes a whole file or none. A secret one is 0600 and never overwrites; another replaces.

    A device or a pipe is written to as it is. Raises BadInput for a folder, a missing folder, no permission.
    """
    target = Path(path)
    refuse_unwritable(path)
    if target.exists() and not target.is_file():
        _write_special(target, text)
        return
    if secret and target.exists():
        raise BadInput(
            "exists already, and a file with a secret is never overwritten",
            where=one_line(path),
            do="name another file or remove this one",
        )
    try:
        _write_whole(Path(os.path.realpath(target)), _with_line_end(text), secret=secret)
    except FileExistsError:
        raise BadInput("appeared meanwhile; it was not overwritten", where=one_line(path)) from None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a path"
        raise BadInput(f"cannot be written: {reason}", where=one_line(path)) from None


def refuse_unwritable(path: str) -> None:
    """Raises BadInput for what can be seen beforehand to be no place for a file: before a login is spent on it."""
    target = Path(path)
    if not path or "\0" in path:
        raise BadInput("this is no path", expected="the name of a file to write")
    if target.is_dir():
        raise BadInput("is a folder", where=one_line(path), expected="the name of a file to write")
    if not target.parent.is_dir():
        raise BadInput("its folder does not exist", where=one_line(path), do="make the folder first")


def _write_special(target: Path, text: str) -> None:
    try:
        with target.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(_with_line_end(text))
    except OSError as problem:
        raise BadInput(f"cannot be written: {problem.strerror}", where=one_line(str(target))) from None


def _write_whole(target: Path, text: str, *, secret: bool) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)  # 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
        if secret:
            _put_new(temporary, target)
        else:
            Path(temporary).chmod(_usual_mode(target))
            Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _put_new(temporary: str, target: Path) -> None:
    """Gives the file its name unless it is taken. A hard link is the one move that refuses to overwrite."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):  # a file system without links
        if target.exists():
            raise FileExistsError from None
        Path(temporary).rename(target)


def _usual_mode(target: Path) -> int:
    """The mode of the file that is replaced, else what the umask leaves."""
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def printable(text: str) -> str:
    """One line as it is, without what a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in text.expandtabs())


def one_line(text: object) -> str:
    """Text from outside as one line for a terminal: no control characters, 300 characters at most."""
    shown = printable(" ".join(str(text).split()))
    return shown if len(shown) <= 300 else shown[:299] + "…"


def to_json(document: Any) -> str:
    """A document as JSON, indented, with its keys in the order of the contract."""
    import json

    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
