"""The `Date` of an HTTP reply as a clock sample. Pure: what the reply says in, an interval out.

`Date` counts whole seconds and may have been written at any moment of the round trip, so one reply bounds the local
clock's lead to `sent - Date - 1 < ahead <= received - Date`. Several replies of one host narrow that (`narrow`), most
of all one that was written near the turn of a second (`best_moment` says when to ask).

Only a reply that the token host itself made just now is believed: not one from a cache, nor a proxy's own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from jwtdoctor.model.clock import Interval, SourceRefused, TimeSample
from jwtdoctor.model.exchange import Reply

MAX_ROUND_TRIP_S = 60.0
STEP_S = 1.0
_CACHE_STATUS = ("x-cache", "x-cache-lookup", "x-cache-status", "cf-cache-status", "cache-status", "x-proxy-cache")
_HIT = re.compile(r"(?<![a-z])hit(?![a-z])", re.IGNORECASE)
_VIA_HIT = re.compile(r"\[[^\]\s]{0,8}cH")
"""Apache Traffic Server codes the cache's answer into `Via`: `cH` is a hit."""
_PROXY_MARKS = ("proxy-authenticate", "proxy-agent", "x-squid-error")
_PROXY_SERVERS = re.compile(r"squid|tinyproxy|zscaler|blue ?coat|netskope|fortiproxy|mitmproxy", re.IGNORECASE)


def sample_of(reply: Reply, host: str) -> TimeSample | SourceRefused:
    """The local clock against the clock of `host`, from one reply: `ahead_s` ± half the round trip and half a second.

    Refused: no or an unreadable `Date`, `Age` (RFC 9111 §5.1), a round trip above 60 s, an answer from a cache or
    from a proxy in the host's place, a recorded reply without local times.
    """
    source = f"date:{host}"
    reason = _why_not(reply)
    served_at = epoch_of(reply.header("Date"))
    if reason or served_at is None or reply.sent_at is None or reply.received_at is None:
        return SourceRefused(source, reason or "no readable Date")
    round_trip_s = reply.received_at - reply.sent_at
    middle_s = reply.sent_at + round_trip_s / 2
    return TimeSample(source, middle_s - served_at - STEP_S / 2, round_trip_s / 2 + STEP_S / 2, round_trip_s)


def _why_not(reply: Reply) -> str:
    if reply.sent_at is None or reply.received_at is None:
        return "the local times of the request were not recorded"
    if reply.header("Date") is None:
        return "no Date header"
    if epoch_of(reply.header("Date")) is None:
        return "the Date header is no HTTP date"
    if reply.header("Age") is not None:
        return "Age: a cache answered"
    if _came_from_a_cache(reply):
        return "a cache answered in the host's place"
    if _came_from_a_proxy(reply):
        return "a proxy answered in the host's place"
    round_trip_s = reply.received_at - reply.sent_at
    if not isfinite(round_trip_s) or round_trip_s < 0:
        return "the local clock was stepped during the request"
    return f"the round trip took {round_trip_s:.0f} s" if round_trip_s > MAX_ROUND_TRIP_S else ""


def _came_from_a_cache(reply: Reply) -> bool:
    said_hit = any(_HIT.search((reply.header(name) or "")[:400]) for name in _CACHE_STATUS)
    return said_hit or bool(_VIA_HIT.search((reply.header("Via") or "")[:400]))


def _came_from_a_proxy(reply: Reply) -> bool:
    """A reply that a proxy wrote itself. `Via` alone is no sign: a forwarded reply keeps the host's own `Date`."""
    if reply.status == 407 or any(reply.header(name) is not None for name in _PROXY_MARKS):
        return True
    return bool(_PROXY_SERVERS.search((reply.header("Server") or "")[:200]))


def epoch_of(date: str | None) -> float | None:
    """Epoch seconds of an HTTP date in any of its three forms (RFC 9110 §5.6.7); None for anything else."""
    if not isinstance(date, str) or not 8 <= len(date) <= 64:
        return None
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        read = parsedate_to_datetime(date)
        # The asctime form and `-0000` name no zone; HTTP dates are always UTC.
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def narrow(samples: Sequence[TimeSample]) -> TimeSample | None:
    """What several samples of one host allow together.

    Where they share no point, machines with different clocks answer under one name (or a clock was stepped): the
    sample then spans them all, since each of them may judge the assertion.
    """
    if not samples:
        return None
    low, high = max(s.low_s for s in samples), min(s.high_s for s in samples)
    if low > high:
        low, high = min(s.low_s for s in samples), max(s.high_s for s in samples)
    # A hair of slack for the rounding of float arithmetic at epoch size.
    return TimeSample(
        samples[0].source, (low + high) / 2, (high - low) / 2 + 1e-6, min(s.round_trip_s for s in samples)
    )


def best_moment(now: float, known: Interval, round_trip_s: float) -> float:
    """The next local time at which to send, so that the request is answered at a turn of the host's second.

    Whether the reply then shows the old second or the new halves the interval.
    """
    answered_at = now + round_trip_s / 2
    on_host = answered_at - known.ahead_s
    until_turn_s = -on_host % STEP_S
    return now + until_turn_s
