"""An application's own log: the error bodies that are buried in it, with the time of their line.

The reading of one entry is `intake/logs.py`, the same as for `explain`. An entry is a line that begins with a time, and
what follows it until the next; in a log without times, a line that is not indented. Only entries with a telling word
are looked at, and the same words (numbers aside) only once: logs repeat themselves.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jwtdoctor.intake.logs import look_at_log
from jwtdoctor.intake.redact import clean
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.intake.times import http_date, iso_time
from jwtdoctor.logs.wash import Told, Washed, text_lines
from jwtdoctor.reasoning.columns import readings_of

FOUND = ("ts", "said", "detail", "flow", "ok", "raw_id")
LONGEST_ENTRY = 20_000
MOST_LINES = 60
_TIME = re.compile(
    r"\A[\[(\"{ ]{0,3}(?:[A-Za-z0-9_\"]{1,20}[:=] ?\"?)?"
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]{0,10} ?(?:Z|UTC|[+-]\d\d:?\d\d)?"
    r"|\d{1,2}[/ -][A-Z][a-z]{2}[/ -]\d{4}[: ]\d\d:\d\d:\d\d(?: ?[+-]\d{4}| GMT| UTC)?|1[5-9]\d{8}(?:\.\d{1,6})?(?=\D))"
)
_TELLING = ("error", "invalid", "login_", "failed", "access_token", "refused", "econn", "enotfound", "timeout",
            "timed out", "certificate", "denied")  # fmt: skip
"""Words of which one stands in every entry that tells anything; `in` is ten times as fast as an expression."""
_APACHE = re.compile(r"\A(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(.*)", re.DOTALL)
_VARIABLE = re.compile(
    r"\d\d:\d\d(?::\d\d)?|(?<![A-Za-z\d])\d{4,}|(?<![A-Za-z\d])(?=[a-f]{0,39}\d)[0-9a-f]{8,40}(?![A-Za-z\d])"
)
"""What differs from one entry to the next and names nothing. `AADSTS700024` is a code, and stays."""
MOST_FORMS = 4_096
_ZONE = re.compile(r"(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\Z")


@dataclass(frozen=True, slots=True)
class Said:
    """What one entry tells of a token request."""

    error: str
    description: str
    flow: str
    ok: bool


def plain_to_csv(source: Path, target: Path, *, told: Told | None = None) -> tuple[Washed, bool]:
    """Copies what was found to a CSV (`FOUND`); and whether some time named no zone, so that it was taken for UTC."""
    washed, is_zoneless, read = Washed(), False, _Reader()
    with text_lines(source, washed, told) as lines, target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(FOUND)
        for number, (stamp, entry) in enumerate(_entries(lines)):
            said = read(entry) if _is_telling(entry) else None
            if said is None:
                continue
            at, has_zone = _epoch(stamp)
            is_zoneless = is_zoneless or (at is not None and not has_zone)
            writer.writerow(["" if at is None else at, said.error, said.description, said.flow, said.ok, number])
            washed.rows += 1
    return washed, is_zoneless


def _is_telling(entry: str) -> bool:
    low = entry.lower()
    return any(word in low for word in _TELLING)


class _Reader:
    """Reads entries; those that differ by numbers and hexadecimal names alone are read once."""

    def __init__(self) -> None:
        self._told: dict[str, Said | None] = {}

    def __call__(self, entry: str) -> Said | None:
        form = _VARIABLE.sub("0", entry)
        if form not in self._told:
            if len(self._told) >= MOST_FORMS:
                self._told.clear()
            self._told[form] = told_by(entry)
        return self._told[form]


def told_by(entry: str) -> Said | None:
    """What an entry tells; None where it tells of no token request."""
    seen = look_at_log(entry)
    facts = {one.fact: one.value for one in seen.facts}
    if seen.reply is not None:
        facts |= {one.fact: one.value for one in observe_reply(seen.reply)}
    row = facts.get("login_history.status")
    if isinstance(row, str):
        return Said(clean(row)[:300], "", "", False)
    error, words = facts.get("reply.error"), facts.get("reply.description")
    if isinstance(error, str) or isinstance(words, str):
        return Said(clean(str(error or ""))[:200], clean(str(words or ""))[:300], seen.flow or "", False)
    if facts.get("reply.granted") is True:
        return Said("", "", seen.flow or "", True)
    client = facts.get("reply.client_text") or seen.text
    if isinstance(client, str) and readings_of(client[:1_000]):
        return Said(" ".join(clean(client).split())[:200], "", seen.flow or "", False)
    return None


def _entries(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """(time as printed, text) of each entry."""
    stamp, has_times = "", False
    kept: list[str] = []
    for line in lines:
        found = _TIME.match(line)
        has_times = has_times or found is not None
        is_new = found is not None or (not has_times and line[:1] not in " \t}])\"'")
        if (is_new or len(kept) >= MOST_LINES) and kept:
            yield stamp, "".join(kept)[:LONGEST_ENTRY]
            kept = []
        if is_new:
            stamp = found[1] if found else ""
        kept.append(line[:LONGEST_ENTRY])
    if kept:
        yield stamp, "".join(kept)[:LONGEST_ENTRY]


def _epoch(stamp: str) -> tuple[float | None, bool]:
    """Epoch seconds of a printed time, and whether it named its zone."""
    if not stamp:
        return None, True
    if stamp[0] == "1" and stamp[1:10].isdigit():
        return float(stamp), True
    if found := _APACHE.match(stamp):
        stamp = f"{found[1]} {found[2]} {found[3]} {found[4]}"
    at = iso_time(stamp.replace(",", "."))
    return (at if at is not None else http_date(stamp)), bool(_ZONE.search(stamp))
