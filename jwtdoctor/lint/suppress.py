"""Exceptions with a reason: comments in the XML, tables in `jwtdoctor.toml`, and the baseline file. Pure.

    <!-- jwtdoctor: ignore full-scope, refresh-tokens-for-ever because the vendor's tool needs them -->

A comment speaks for the element behind it and all that this holds; before the root element, for the whole file.
`sf project retrieve` throws comments away, so that the table is the better place for what is retrieved:

    [[lint.suppress]]
    rule = "full-scope"
    path = "*/Sync.connectedApp-meta.xml"
    reason = "the vendor's tool needs it"

Decisions where the issue is silent: a suppression without a reason suppresses nothing and is told; one that suppresses
nothing is told too, unless its rule was not run. A baseline knows a finding by rule, file and subject, not by its
line, and lets as many pass as there were.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jwtdoctor.errors import BadInput
from jwtdoctor.lint.walk import Document, Trouble, matches, word
from jwtdoctor.model.assertion import Finding

BASELINE_SCHEMA = "jwtdoctor.lint-baseline/1"
_FORM = re.compile(
    r"\s*jwtdoctor:\s*ignore\s+(?P<rules>[\w*-]+(?:\s*,\s*[\w*-]+)*)\s*(?:because\s+(?P<reason>\S.*))?\Z", re.S
)
LARGEST_BASELINE = 20_000_000


@dataclass(frozen=True, slots=True)
class Suppression:
    """One exception. `path` a pattern; lines None: the whole file. `at` is where it is written down."""

    rule: str
    path: str
    reason: str
    at: str
    at_line: int
    first_line: int = 0
    last_line: int = 10**9
    is_inline: bool = False

    def covers(self, rule: str, path: str, line: int) -> bool:
        if self.rule not in ("*", rule):
            return False
        if self.is_inline:
            return path == self.path and self.first_line <= line <= self.last_line
        return matches(path, self.path)


def place_of(finding: Finding) -> tuple[str, int]:
    """Path and line of a finding's `PATH:LINE[:COL]`."""
    found = re.fullmatch(r"(?P<path>.*?):(?P<line>\d+)(?::\d+)?", finding.where, re.S)
    return (found["path"], int(found["line"])) if found else (finding.where, 0)


def inline(documents: Iterable[Document], known: Iterable[str]) -> tuple[list[Suppression], list[Trouble]]:
    """The suppressions in comments, and what is wrong with some of them."""
    suppressions: list[Suppression] = []
    troubles: list[Trouble] = []
    names = frozenset(known)
    for document in documents:
        for comment in document.tree.comments:
            found = _FORM.match(comment.text.strip())
            if found is None and not re.match(r"\s*jwtdoctor\s*:", comment.text):
                continue
            if found is None or not found["reason"]:
                message = "this suppression gives no reason, and suppresses nothing"
                troubles.append(Trouble("suppression-unclear", document.path, message, comment.line))
                continue
            for name in re.split(r"\s*,\s*", found["rules"]):
                if name not in names:
                    troubles.append(_unknown(name, document.path, comment.line))
                    continue
                reason = " ".join(found["reason"].split())
                place = (comment.first_line, comment.last_line)
                suppressions.append(Suppression(name, document.path, reason, document.path, comment.line, *place, True))
    return suppressions, troubles


def configured(
    tables: Iterable[Mapping[str, str]], file: str, known: Iterable[str]
) -> tuple[list[Suppression], list[Trouble]]:
    """The suppressions of a settings file."""
    names = frozenset(known)
    suppressions: list[Suppression] = []
    troubles: list[Trouble] = []
    for table in tables:
        if table["rule"] != "*" and table["rule"] not in names:
            troubles.append(_unknown(table["rule"], file, 1))
        else:
            suppressions.append(Suppression(table["rule"], table.get("path", "*"), table["reason"], file, 1))
    return suppressions, troubles


def _unknown(name: str, path: str, line: int) -> Trouble:
    return Trouble("suppression-of-unknown-rule", path, f"there is no rule '{word(name)}'", line, about=name)


def unused(suppressions: Iterable[Suppression], used: Iterable[Suppression], ran: Iterable[str]) -> Iterator[Trouble]:
    """Suppressions of rules that ran, and that suppressed nothing."""
    used, ran = set(used), set(ran)
    for one in suppressions:
        if one not in used and (one.rule in ran or one.rule == "*"):
            message = f"nothing is left to suppress for '{word(one.rule)}'"
            yield Trouble("suppression-unused", one.at, message, one.at_line, about=f"{one.rule} {one.path}")


# --- the baseline ---------------------------------------------------------------------------------


def fingerprint(rule: str, path: str, about: str) -> str:
    """What stays the same of a finding when lines are moved, or the folder is named in another way.

    Of the path, only the last folder and the file count: `connectedApps/Sync.connectedApp-meta.xml`.
    """
    path = "/".join(path.split("/")[-2:])
    return hashlib.sha256("\0".join((rule, path, about)).encode("utf-8", "replace")).hexdigest()[:32]


def baseline_text(findings: Iterable[Finding]) -> str:
    """The baseline file that lets these findings pass."""
    rows = Counter((finding.rule, place_of(finding)[0], finding.fingerprint) for finding in findings)
    entries = [
        {"rule": rule, "path": path, "fingerprint": mark, "count": count}
        for (rule, path, mark), count in sorted(rows.items())
    ]
    return json.dumps({"schema": BASELINE_SCHEMA, "findings": entries}, indent=1, ensure_ascii=False) + "\n"


def read_baseline(data: bytes, where: str) -> Counter[str]:
    """How many findings of each fingerprint pass. Raises BadInput."""
    try:
        found: Any = json.loads(data.decode("utf-8-sig"))
        entries = found["findings"]
        if found["schema"] != BASELINE_SCHEMA:
            raise BadInput("is of another schema", where=where, expected=BASELINE_SCHEMA)
        return Counter({str(entry["fingerprint"]): int(entry["count"]) for entry in entries})
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadInput("is no baseline", where=where, expected=f"a file of {BASELINE_SCHEMA}") from None
