"""`[lint]` of `jwtdoctor.toml`: which rules, which files, which exceptions.

    [lint]
    ignore = ["profile-not-in-source"]
    exclude = ["*/unpackaged/*"]
    baseline = "lint-baseline.json"
    target_org = "00D000000000001"

    [[lint.suppress]]
    rule = "full-scope"
    path = "*/Sync.connectedApp-meta.xml"
    reason = "the vendor's tool needs it"

The file is found as that of the profiles is. What is typed wins over what is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwtdoctor.errors import BadProfile
from jwtdoctor.lint.walk import word

LISTS = ("select", "ignore", "exclude")
TEXTS = ("baseline", "target_org")


@dataclass(frozen=True, slots=True)
class LintSettings:
    """The table as read. `file` is where it stands."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    baseline: str = ""
    target_org: str = ""
    suppress: tuple[Mapping[str, str], ...] = ()
    file: str = ""


def settings_of(table: Mapping[str, Any], path: Path) -> LintSettings:
    """A `[lint]` table, checked. Raises BadProfile, which quotes no value."""
    where = f"{path} [lint]"
    for key in table:
        if key not in (*LISTS, *TEXTS, "suppress"):
            expected = ", ".join((*LISTS, *TEXTS, "suppress"))
            raise BadProfile(f"unknown setting '{word(str(key))}'", where=where, expected=expected)
    select, ignore, exclude = (_texts(table.get(key, []), f"{where} {key}") for key in LISTS)
    baseline, target_org = (_text(table.get(key, ""), f"{where} {key}") for key in TEXTS)
    if baseline:
        baseline = str(path.parent / baseline)
    suppress = _suppressions(table.get("suppress", []), where)
    return LintSettings(select, ignore, exclude, baseline, target_org, suppress, str(path))


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise BadProfile("has the wrong type", where=where, expected="a list of texts")


def _text(value: Any, where: str) -> str:
    if isinstance(value, str):
        return value
    raise BadProfile("has the wrong type", where=where, expected="a text")


def _suppressions(value: Any, where: str) -> tuple[Mapping[str, str], ...]:
    where = f"{where} [[lint.suppress]]"
    if not isinstance(value, list):
        raise BadProfile("has the wrong type", where=where, expected="tables with rule, path and reason")
    for table in value:
        if not isinstance(table, dict) or not all(isinstance(item, str) for item in table.values()):
            raise BadProfile("has the wrong type", where=where, expected="tables with rule, path and reason")
        if unknown := sorted(table.keys() - {"rule", "path", "reason"}):
            raise BadProfile(f"unknown setting '{word(unknown[0])}'", where=where, expected="rule, path, reason")
        if not table.get("rule") or not table.get("reason", "").strip():
            raise BadProfile("lacks its rule or its reason", where=where, expected="both: an exception has a reason")
    return tuple(value)
