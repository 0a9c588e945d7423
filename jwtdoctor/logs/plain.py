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
from functools import lru_cache
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
_TELLING = re.compile(
    r"error|invalid[_ ]|LOGIN_[A-Z]|\bFailed:|access_token|refused|ENOTFOUND|ECONN|time(?:d )?out|certificate|denied",
    re.IGNORECASE,
)
_APACHE = re.compile(r"\A(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(.*)", re.DOTALL)
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
    washed, is_zoneless = Washed(), False
    with text_lines(source, washed, told) as lines, target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(FOUND)
        for number, (stamp, entry) in enumerate(_entries(lines)):
            said = told_by(entry) if _TELLING.search(entry) else None
            if said is None:
                continue
            at, has_zone = _epoch(stamp)
            is_zoneless = is_zoneless or (at is not None and not has_zone)
            writer.writerow(["" if at is None else at, said.error, said.description, said.flow, said.ok, number])
            washed.rows += 1
    return washed, is_zoneless


def told_by(entry: str) -> Said | None:
    """What an entry tells; None where it tells of no token request."""
    return _told(re.sub(r"\d{3,}", "000", entry)) if len(entry) < 4_000 else _told_by(entry)


@lru_cache(maxsize=4_096)
def _told(entry: str) -> Said | None:
    return _told_by(entry)


def _told_by(entry: str) -> Said | None:
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
