"""SOQL text from parts. A value never leaves its quotes, whatever a user name holds.

Escapes: SOQL and SOSL Reference, "Quoted String Escape Sequences". The SOQL of this package is written here alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from jwtdoctor.errors import BadInput

MAX_VALUE = 255
_ESCAPED = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")


def quoted(text: str) -> str:
    """A value as a SOQL string. Raises BadInput for what no field of an org can hold."""
    if len(text) > MAX_VALUE:
        raise BadInput("is longer than any name in an org", where="the name to look for", expected="255 characters")
    if any(ord(char) < 32 and char not in _ESCAPED for char in text) or "\x7f" in text:
        raise BadInput("holds control characters", where="the name to look for", expected="a name as in Setup")
    return "'" + "".join(_ESCAPED.get(char, char) for char in text) + "'"


def listed(texts: Iterable[str]) -> str:
    """Several values for IN. The caller sees to it that there is one at least."""
    return "(" + ", ".join(quoted(text) for text in texts) + ")"


def is_id(text: object) -> bool:
    """Whether this is a record id, 15 characters or 18."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def moment(at: float) -> str:
    """A dateTime literal. `at` epoch seconds."""
    return datetime.fromtimestamp(min(max(at, 0.0), 253402300799.0), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
