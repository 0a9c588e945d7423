"""What a command-line argument of `explain` and `inspect` stands for: a path, or the text itself."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.bounds import MAX_INPUT, too_large
from jwtdoctor.intake.casefile import unreadable

_TEXT_BEGINS = ("{", "<", "http://", "https://")


def is_text(argument: str) -> bool:
    """Whether an argument is the text itself: it begins like one, or holds a line break."""
    return argument.startswith(_TEXT_BEGINS) or "\n" in argument or "\r" in argument


def open_argument(argument: str, stdin: BinaryIO) -> tuple[str | bytes, str]:
    """The content, and where it came from. `-` is standard input.

    Raises BadInput for what cannot be read or is above `bounds.MAX_INPUT`.
    """
    if argument == "-":
        return _bounded(stdin, "standard input"), "standard input"
    if is_text(argument):
        return argument, "argument"
    if not argument.strip():
        raise BadInput("an empty argument names no file", expected="a path, - or the text itself")
    try:
        path = Path(argument)
        if path.is_dir():
            raise BadInput("is a folder", where=argument, expected="a file")
        with path.open("rb") as source:
            return _bounded(source, argument), argument
    except FileNotFoundError:
        raise BadInput(
            "no such file",
            where=_shown(argument),
            do=(
                "pipe text in with -, or give a path; text itself must begin with { "
                "< http:// https:// or hold a line break"
            ),
        ) from None
    except OSError as problem:
        raise unreadable(argument, problem) from None
    except ValueError:
        raise BadInput("this is no path", expected="a path, - or the text itself") from None


def _bounded(source: BinaryIO, where: str) -> bytes:
    data = source.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise too_large(where)
    return data


def _shown(argument: str) -> str:
    """A path as it may be repeated. What looks like pasted text may be a secret and is not."""
    return (
        argument if len(argument) <= 200 and argument.isprintable() and not set("=&?!") & set(argument) else "argument"
    )
