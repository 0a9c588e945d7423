"""Login IP ranges and login hours: which bind, and whether a caller at a moment lies inside. Pure.

How addresses are decided (help, xcloud.connected_app_continuous_ip; Security Guide, login IP ranges): without ranges
on the profile nobody is refused; JWT and SAML bearer always enforce them; other flows as the app's relaxation says;
the org's trusted ranges refuse nobody. Login hours are minutes after midnight in the time zone of the org.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from jwtdoctor.model.facts import Value
from jwtdoctor.org.shapes import MOST_ITEMS, plain

Range = tuple[str, str]
ALWAYS_ENFORCED = ("jwt-bearer", "saml-bearer")
BY_APPS_OWN_LIST = ("authorization-code", "refresh-token")
"""Flows that the trusted addresses of an external client app bind (documented)."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def ranges_of(metadata: object) -> tuple[Range, ...]:
    """`Metadata.loginIpRanges` of a profile (Tooling API)."""
    found = metadata.get("loginIpRanges") if isinstance(metadata, Mapping) else None
    rows = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    return tuple(_range(one) for one in rows[:MOST_ITEMS])


def _range(row: Mapping[str, Any]) -> Range:
    start, end = row.get("startAddress"), row.get("endAddress")
    first = plain(start) if isinstance(start, str) else ""
    return first, plain(end) if isinstance(end, str) and end else first


def is_within(address: str, ranges: Iterable[Range]) -> bool | None:
    """Whether an address lies in one of the ranges; None where it is no address. Unreadable ranges hold nobody."""
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return None
    return any(_holds(start, end, caller) for start, end in ranges)


def _holds(start: str, end: str, caller: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        low, high = ipaddress.ip_address(start), ipaddress.ip_address(end)
    except ValueError:
        return False
    return low.version == caller.version == high.version and int(low) <= int(caller) <= int(high)


def is_everybody(ranges: Iterable[Range]) -> bool:
    """A range that holds every IPv4 address is the same as none (inferred)."""
    return any((start, end) == ("0.0.0.0", "255.255.255.255") for start, end in ranges)  # noqa: S104 - no address to bind


def bind(flow: str | None, relaxation: str | None) -> bool:
    """Whether the profile's ranges count in this flow, with the app's IP relaxation (unknown counts as enforced)."""
    if flow in ALWAYS_ENFORCED or relaxation in (None, "enforce", "relax_with_second_factor"):
        return True
    return relaxation == "enforce_relax_refresh" and flow != "refresh-token"


def range_facts(
    ranges: tuple[Range, ...], caller: str | None, flow: str | None, relaxation: str | None
) -> dict[str, Value | None]:
    """What the profile's ranges mean for this caller."""
    if not ranges or is_everybody(ranges):
        return {"user.has_ip_ranges": False}
    inside = None if caller is None else is_within(caller, ranges)
    if inside is False and not bind(flow, relaxation):
        inside = True
    return {
        "user.has_ip_ranges": True,
        "user.ip_ranges": tuple(start if start == end else f"{start}-{end}" for start, end in ranges),
        "user.caller_ip_in_ranges": inside,
    }


def hour_facts(metadata: object, at: float, zone: str) -> dict[str, Value | None]:
    """Whether there are login hours, and whether `at` (epoch seconds) lies in them: open where the zone is unknown."""
    hours = metadata.get("loginHours") if isinstance(metadata, Mapping) else None
    if not isinstance(hours, Mapping) or not any(_minutes(hours, day, "Start") is not None for day in DAYS):
        return {"user.login_hours_set": False}
    place = zone_of(zone)
    if place is None:
        return {"user.login_hours_set": True}
    local = datetime.fromtimestamp(at, place)
    day = DAYS[local.weekday()]
    start, end = _minutes(hours, day, "Start"), _minutes(hours, day, "End")
    minute = local.hour * 60 + local.minute
    inside = start is None or (end is not None and start <= minute < end)  # a day without hours is open all day
    return {"user.login_hours_set": True, "user.within_login_hours": inside}


def _minutes(hours: Mapping[str, Any], day: str, edge: str) -> int | None:
    value = hours.get(f"{day}{edge}")
    try:
        return int(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    except ValueError:
        return None


def zone_of(name: str) -> tzinfo | None:
    """A time zone by its name; None where this machine does not know it (it may have no zone data)."""
    from zoneinfo import ZoneInfo

    if name in ("GMT", "UTC", "Etc/GMT", "Etc/UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None
