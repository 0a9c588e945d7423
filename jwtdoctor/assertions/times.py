"""The times in an assertion, as people read them: epoch, UTC, local, and the distance from now. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from jwtdoctor.assertions.decode import is_milliseconds, seconds

TIME_CLAIMS = ("iat", "nbf", "exp", "auth_time", "updated_at")


@dataclass(frozen=True, slots=True)
class ClaimTime:
    """One time claim. `epoch_s` is what it most likely means in seconds; None where it is no time.

    `in_s` is `epoch_s` minus now: negative in the past. `utc` and `local` are ISO 8601, empty where the
    time lies outside the calendar (years 1 to 9999). `unit` is `s` or `ms`; `is_text`: it is written as a
    string.
    """

    claim: str
    written: Any
    epoch_s: float | None
    in_s: float | None
    utc: str
    local: str
    unit: str = "s"
    is_text: bool = False


def times(claims: Mapping[str, Any], now: float, local: tzinfo | None = None) -> tuple[ClaimTime, ...]:
    """Every time claim that is there, in the order iat, nbf, exp. `now` epoch seconds; `local` None:
    this machine's zone.
    """
    return tuple(_time(name, claims[name], now, local) for name in TIME_CLAIMS if name in claims)


def _time(name: str, written: Any, now: float, local: tzinfo | None) -> ClaimTime:
    number = seconds(written)
    if number is None or abs(number) > 1e18:
        return ClaimTime(name, written, None, None, "", "", is_text=isinstance(written, str))
    in_ms = is_milliseconds(written)
    epoch = number / 1000 if in_ms else number
    return ClaimTime(
        claim=name,
        written=written,
        epoch_s=epoch,
        in_s=round(epoch - now, 3),
        utc=iso(epoch, UTC),
        local=iso(epoch, local),
        unit="ms" if in_ms else "s",
        is_text=isinstance(written, str),
    )


def iso(epoch_s: float, zone: tzinfo | None) -> str:
    """ISO 8601 with the offset (`Z` for UTC), to the second; empty where no calendar has it."""
    try:
        moment = datetime.fromtimestamp(epoch_s, UTC)
        moment = moment.astimezone(zone)
        return moment.isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z" if zone is UTC else "+00:00")
    except (OverflowError, OSError, ValueError):
        return ""


def distance(in_s: float) -> str:
    """`in 2 min 59 s`, `5 h 12 min ago`, `now`."""
    if abs(in_s) < 0.5:
        return "now"
    return f"in {duration(in_s)}" if in_s > 0 else f"{duration(in_s)} ago"


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def duration(seconds_: float) -> str:
    """The two largest units of a duration, without its sign: `3 min`, `1 h 5 min`, `12 d 3 h`."""
    left = round(abs(seconds_))
    for index, (size, unit) in enumerate(_UNITS):
        if left >= size:
            count, rest = divmod(left, size)
            smaller, name = _UNITS[index + 1] if index + 1 < len(_UNITS) else (1, "")
            more = rest // smaller if name else 0
            return f"{count:,} {unit} {more} {name}" if more else f"{count:,} {unit}"
    return "0 s"
