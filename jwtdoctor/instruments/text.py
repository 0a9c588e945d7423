"""Words that came from outside, made fit to show: one line, no terminal escapes, bounded, no credentials of a URL."""

from __future__ import annotations

import re

MAX_TEXT = 300
_USERINFO = re.compile(r"//[^/\s]{0,400}@")
"""Greedy, so that a password with `@` in it goes whole."""


def one_line(text: str, limit: int = MAX_TEXT) -> str:
    """The text without control and format characters, white space folded, `//user:password@` cut to `//`."""
    printable = "".join(char if char.isprintable() else " " for char in text[: 8 * limit])
    folded = _USERINFO.sub("//", " ".join(printable.split()))
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"
