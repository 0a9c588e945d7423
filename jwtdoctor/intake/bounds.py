"""How much is read, and how bytes become text: the first thing that happens to whatever somebody pastes.

Input above `MAX_INPUT` is refused with one line and never cut silently: a log that lost its end would be
diagnosed from the wrong attempt. PowerShell writes UTF-16 when output is redirected, so that is read too.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

from jwtdoctor.errors import BadInput

MAX_INPUT = 8_000_000
"""Bytes (or characters) of one input."""
MAX_NESTING = 60
"""Levels of lists and objects that are looked into."""

_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""Legal in JSON and impossible to print."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def text_of(data: str | bytes, where: str) -> tuple[str, tuple[str, ...]]:
    """The text, without a byte order mark, and warnings. Raises BadInput above `MAX_INPUT`."""
    if len(data) > MAX_INPUT:
        raise too_large(where)
    if isinstance(data, str):
        return _without_surrogates(data.removeprefix("\ufeff")), ()
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding, where)
    return _decoded(data, "utf-16-le" if _looks_like_utf16(data) else "utf-8", where)


def too_large(where: str) -> BadInput:
    """The one line for oversized input."""
    return BadInput(
        "is too large to read",
        where=where,
        expected=f"at most {MAX_INPUT // 1_000_000} MB",
        do="cut out the part around the failed token request",
    )


def json_of(text: str) -> Any:
    """What a JSON text holds. Raises ValueError for anything else, absurd nesting and numbers included."""
    try:
        text = text.lstrip("\ufeff")
        if "\\ud" in text or "\\uD" in text:
            text = _LONE_SURROGATE.sub(r"\\ufffd", text)
        return json.loads(text, strict=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, the cut marked."""
    return text if len(text) <= limit else text[: limit - 2] + " …"


def _decoded(data: bytes, encoding: str, where: str) -> tuple[str, tuple[str, ...]]:
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError:
        name = encoding.removesuffix("-le").removesuffix("-be").upper()
        return data.decode(encoding, "replace"), (f"{where}: some bytes are not {name} and were replaced",)


def _looks_like_utf16(data: bytes) -> bool:
    head = data[:400]
    return len(head) >= 4 and head[1::2].count(0) > 0.4 * len(head) / 2 and head[0::2].count(0) == 0


def _without_surrogates(text: str) -> str:
    """A lone surrogate (from an argument that was no UTF-8) could not be printed or saved again."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text
