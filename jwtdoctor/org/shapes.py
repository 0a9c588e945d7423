"""What an org answers, cut to size: rows, records, and what could not be seen.

An org is asked over the network, and a host that plays one may answer anything. So texts are bounded and cleaned of
what a terminal would obey, numbers and dates are read or left out, and nothing that is expected is taken for granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jwtdoctor.intake.redact import clean
from jwtdoctor.lint.tree import Element

LONGEST = 300
MOST_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Unseen:
    """Not visible, which is never the same as fine. `reason` is a sentence; `code` what the API called it."""

    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Records of a query. `is_whole` False: there were more than were fetched."""

    records: tuple[Mapping[str, Any], ...] = ()
    is_whole: bool = True


def text(record: Mapping[str, Any], path: str) -> str:
    """The text at `A.B.c`, empty where there is none."""
    found: Any = record
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return plain(found) if isinstance(found, str) else ""


def flag(record: Mapping[str, Any], path: str) -> bool | None:
    """The boolean at `A.B.c`, None where there is none."""
    found: Any = record
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, bool) else None


def moment(record: Mapping[str, Any], path: str) -> float | None:
    """The dateTime at `A.B.c` in epoch seconds, None where there is none."""
    try:
        found = datetime.fromisoformat(text(record, path))
        return found.timestamp() if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def key(record_id: str) -> str:
    """What tells a record apart: the first 15 characters, since some columns hold no more (AppMenuItem)."""
    return record_id[:15]


def plain(found: str) -> str:
    """One line of bounded text without anything that a terminal would obey, or that is a secret by its form."""
    return " ".join(clean(found[: LONGEST * 4]).split())[:LONGEST]


@dataclass(frozen=True, slots=True)
class Part:
    """A metadata record, or an element of one."""

    element: Element

    def text(self, path: str) -> str:
        return plain(self.raw(path))

    def raw(self, path: str) -> str:
        """The text as it is, for what is decoded and not shown (a certificate)."""
        return next((element.text.strip() for element in self.element.all(path)), "")

    def texts(self, path: str) -> tuple[str, ...]:
        found = (plain(element.text) for element in self.element.all(path))
        return tuple(one for one in found if one)[:MOST_ITEMS]

    def flag(self, path: str) -> bool | None:
        return {"true": True, "false": False}.get(self.text(path).lower())

    def parts(self, path: str) -> tuple[Part, ...]:
        return tuple(Part(element) for element in self.element.all(path))[:MOST_ITEMS]
