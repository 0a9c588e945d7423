"""What the local clock and the token host's clock did to an assertion."""

from __future__ import annotations

from jwtdoctor.reasoning.rules.table import (
    ON_THE_WAY_S,
    RIGHT_CLOCK_S,
    USUAL_TTL_S,
    Given,
    derived,
    is_whole_quarter_hours,
)


@derived("clock.is_slow_beyond_ttl", "clock.ahead_s", "host.ahead_s", "assertion.ttl_s")
def _clock_slow_beyond_ttl(given: Given) -> bool | None:
    return _slow_beyond(given, tolerance_s=0.0)


@derived("clock.is_slow_beyond_margin", "clock.ahead_s", "host.ahead_s", "assertion.ttl_s")
def _clock_slow_beyond_margin(given: Given) -> bool | None:
    return _slow_beyond(given, tolerance_s=given.provider.limit("late_tolerance_s") or 0.0)


def _slow_beyond(given: Given, tolerance_s: float) -> bool | None:
    """Whether `exp`, set by the local clock, had passed on the judging clock when the assertion was fresh."""
    own_s = _own_error_s(given)
    if own_s is None:
        return None
    return -own_s - given.chart.uncertainty("clock.ahead_s") > _life_s(given) + tolerance_s


def _own_error_s(given: Given) -> float | None:
    """What the local clock's error alone did: 0 where the host's is the same, and never what the host's adds to it."""
    ahead_s, host_s = given.chart.number("clock.ahead_s"), given.chart.number("host.ahead_s")
    return ahead_s if ahead_s is None or host_s is None else _part_of(ahead_s, ahead_s - host_s)


def _part_of(error_s: float, apart_s: float) -> float:
    """The part of a clock's error that shows between two clocks which are so far apart."""
    if error_s > 0:
        return max(0.0, min(error_s, apart_s))
    return min(0.0, max(error_s, apart_s))


@derived("clock.date_says_slow", "clock.ahead_s", "reply.date_ahead_s", "assertion.ttl_s")
def _date_says_slow(given: Given) -> bool | None:
    """Only where no time server answered: `Date` tells that the two clocks differ, and not which of them is off."""
    ahead_s = given.chart.number("reply.date_ahead_s")
    if ahead_s is None or "clock.ahead_s" in given.chart:
        return None
    return -ahead_s - given.chart.uncertainty("reply.date_ahead_s") > _life_s(given)


def _life_s(given: Given) -> float:
    """How long a fresh assertion is good for: until exp, or until it is older than the provider takes."""
    ttl_s, oldest_s = given.chart.number("assertion.ttl_s"), given.provider.limit("max_age_s")
    life_s = USUAL_TTL_S if ttl_s is None else max(ttl_s, 0.0)
    return life_s if oldest_s is None else min(life_s, oldest_s)


@derived(
    "clock.is_fast_beyond_margin",
    "clock.ahead_s",
    "host.ahead_s",
    "assertion.ttl_s",
    "assertion.exp_in_s",
    "assertion.iat_in_s",
    "assertion.nbf_in_s",
)
def _clock_fast_beyond_margin(given: Given) -> bool | None:
    own_s = _own_error_s(given)
    return None if own_s is None else _fast_beyond(given, own_s - given.chart.uncertainty("clock.ahead_s"))


@derived(
    "clock.date_says_fast",
    "clock.ahead_s",
    "reply.date_ahead_s",
    "assertion.ttl_s",
    "assertion.exp_in_s",
    "assertion.iat_in_s",
    "assertion.nbf_in_s",
)
def _date_says_fast(given: Given) -> bool | None:
    """As `date_says_slow`: only where no time server could say which of the two clocks is off."""
    ahead_s = given.chart.number("reply.date_ahead_s")
    if ahead_s is None or "clock.ahead_s" in given.chart:
        return None
    fast_s = ahead_s - given.chart.uncertainty("reply.date_ahead_s")
    return _fast_beyond(given, fast_s) or _fast_where_iat_counts(given, fast_s)


def _fast_beyond(given: Given, fast_s: float) -> bool:
    """A fast clock hurts where an `iat` or `nbf` of the future is known to be refused, or an `exp` too far ahead."""
    early_s = given.early_tolerance_s()
    return (early_s is not None and fast_s > early_s + ON_THE_WAY_S) or _pushes_exp_too_far(given, fast_s)


def _pushes_exp_too_far(given: Given, fast_s: float) -> bool:
    """Whether exp is within the maximum on the local clock, and beyond it on the server's."""
    room_s = given.provider.limit("max_exp_ahead_s")
    if room_s is None or fast_s <= 0:
        return False
    ttl_s, exp_in_s = given.chart.number("assertion.ttl_s"), given.chart.number("assertion.exp_in_s")
    if ttl_s is not None:
        return ttl_s <= room_s < ttl_s + fast_s
    return exp_in_s is not None and exp_in_s - fast_s <= room_s < exp_in_s + ON_THE_WAY_S


@derived(
    "clock.is_fast_where_iat_counts",
    "clock.ahead_s",
    "host.ahead_s",
    "assertion.iat_in_s",
    "assertion.nbf_in_s",
)
def _is_fast_where_iat_counts(given: Given) -> bool | None:
    own_s = _own_error_s(given)
    if own_s is None:
        return None
    return _fast_where_iat_counts(given, own_s - given.chart.uncertainty("clock.ahead_s"))


def _fast_where_iat_counts(given: Given, fast_s: float) -> bool:
    """A fast clock is suspect where iat is demanded, or sent to a server that nothing is known of, even if nobody
    published how far ahead it may lie."""
    is_wanted = given.early_tolerance_s() is None and "iat" in given.provider.required_claims
    is_sent = given.early_tolerance_is_supposed() and given.starts_in_s() is not None
    return (is_wanted or is_sent) and fast_s > RIGHT_CLOCK_S


@derived(
    "clock.is_harmless",
    "clock.ahead_s",
    "host.ahead_s",
    "reply.date_ahead_s",
    "assertion.ttl_s",
    "clock.sources_agree",
    "request.sends_dpop_proof",
)
def _clock_is_harmless(given: Given) -> bool | None:
    if given.chart.flag("clock.sources_agree") is False:
        return None
    if given.chart.flag("clock.spoils_proof"):
        return False
    slow = given.chart.flag("clock.is_slow_beyond_ttl")
    fast = given.chart.flag("clock.is_fast_beyond_margin")
    if slow is None:
        slow, fast = given.chart.flag("clock.date_says_slow"), given.chart.flag("clock.date_says_fast")
    if slow is None or given.chart.flag("clock.is_fast_where_iat_counts"):
        return None
    return not slow and not fast


@derived("clock.offset_is_time_zone", "clock.ahead_s", "reply.date_ahead_s")
def _offset_is_time_zone(given: Given) -> bool | None:
    ahead_s = given.ahead_s()
    return None if ahead_s is None else is_whole_quarter_hours(ahead_s)


@derived("host.is_off_beyond_margin", "host.ahead_s", "clock.ahead_s", "assertion.ttl_s")
def _host_is_off(given: Given) -> bool | None:
    """Whether the host's own error spoils an assertion. A local clock that errs alike hides it."""
    host_s = given.chart.number("host.ahead_s")
    if host_s is None:
        return None
    own_s = _part_of(host_s, host_s - (given.chart.number("clock.ahead_s") or 0.0))
    margin_s = max(USUAL_TTL_S, given.chart.number("assertion.ttl_s") or 0.0) if host_s > 0 else RIGHT_CLOCK_S
    return abs(own_s) - given.chart.uncertainty("host.ahead_s") > margin_s
