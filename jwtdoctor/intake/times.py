"""Times that a server prints. All give epoch seconds (UTC), or None for what is no time.

A server's printed time is true time as far as we know; a time stamp in front of a log line is the local
clock's word, and is not read here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_YEARS = (2000, 2200)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s?(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_FIXDATE = re.compile(
    rf"(\d{{1,2}})[ -]{_MONTH}[ -](\d{{4}}|\d{{2}}) (\d\d):(\d\d):(\d\d)(?: (GMT|UTC|[+-]\d{{4}}))?", re.IGNORECASE
)
_ASCTIME = re.compile(rf"{_MONTH} {{1,2}}(\d{{1,2}}) (\d\d):(\d\d):(\d\d) (\d{{4}})", re.IGNORECASE)
PRINTED = (
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?"
    r"|\d{1,4}([./-])\d{1,2}\2\d{1,4},?\s\d{1,2}[:.]\d\d[:.]\d\d(?:\s?[AP]M\b)?)"
)
"""A time as it stands in a sentence: ISO 8601, or as a culture of .NET writes it. Groups: the time, its separator."""
CURRENT_TIME = re.compile(rf"Current time:\s{{0,3}}{PRINTED}", re.IGNORECASE)
"""Entra prints it in AADSTS700024 and AADSTS500133."""
_TIMESTAMP = re.compile(r"\bTimestamp:\s{0,3}(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)Z", re.IGNORECASE)
"""Entra ends its descriptions in one, in UTC; a log often keeps nothing else of the reply."""
_CULTURE = re.compile(
    r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4}),?\s(\d{1,2})[:.](\d\d)[:.](\d\d)(?:\s?([AP])M\b)?", re.IGNORECASE
)


def http_date(text: str | None) -> float | None:
    """A `Date` header in one of its three forms (RFC 9110 §5.6.7); a numeric zone is taken as well."""
    if not text or len(text) > 100:
        return None
    if found := _FIXDATE.search(text):
        day, month, year, *clock, zone = found.groups()
    elif found := _ASCTIME.search(text):
        month, day, *clock, year = found.groups()
        zone = None
    else:
        return None
    numbers = [int(part) for part in clock]
    long_year = int(year) + (2000 if len(year) == 2 else 0)
    return _moment(long_year, _MONTHS.index(month.lower()) + 1, int(day), *numbers, zone=zone)


def iso_time(text: str) -> float | None:
    """An ISO 8601 time; without a zone it is taken as UTC, which is what servers print."""
    found = _ISO.search(text[:200])
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    fraction = int((found[7] or "0")[:6].ljust(6, "0"))
    return _moment(year, month, day, hour, minute, second, fraction, zone=found[8])


def printed_in(description: str) -> float | None:
    """The server's own time, where a description names it."""
    if found := CURRENT_TIME.search(description[:4000]):
        return times_alike(found[1])[0]
    stamp = _TIMESTAMP.search(description[:4000])
    return iso_time(stamp[1]) if stamp else None


def times_alike(*texts: str | None) -> tuple[float | None, ...]:
    """Times that one sentence prints, in one notation, UTC. ISO 8601 where they are in it, else a culture's.

    `2/1/2024` is the first of February (.NET's invariant culture and the United States' are the same in it) unless one
    of the times has no such month; `1.2.2024` has the day first, and a year that comes first goes before its month.
    """
    if all(_ISO.match(text) for text in texts if text):
        return tuple(iso_time(text) if text else None for text in texts)
    month_first = all(_of_culture(text, month_first=True) is not None for text in texts if text)
    return tuple(_of_culture(text, month_first=month_first) if text else None for text in texts)


def _of_culture(text: str, *, month_first: bool) -> float | None:
    found = _CULTURE.match(text)
    if found is None:
        return None
    first, second, third, hour, minute, moment = (int(part) for part in found.groups()[:6])
    if found[7]:
        hour = hour % 12 + (12 if found[7].upper() == "P" else 0)
    if len(found[1]) == 4:
        year, month, day = first, second, third
    elif month_first and "." not in text[: found.start(3)]:
        month, day, year = first, second, third
    else:
        day, month, year = first, second, third
    return _moment(year, month, day, hour, minute, moment, zone=None)


def _zone_s(zone: str | None) -> int:
    if not zone or zone.upper() in ("Z", "UTC", "GMT"):
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60
    return -seconds if zone[0] == "-" else seconds


def _moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int, fraction: int = 0, *, zone: str | None
) -> float | None:
    """Epoch seconds, or None where there is no such moment. A leap second counts as the one before it."""
    if year not in range(*_YEARS):
        return None
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), fraction, tzinfo=UTC)
    except ValueError:
        return None
    return moment.timestamp() - _zone_s(zone)
