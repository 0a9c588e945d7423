"""What the local clock and the token host's clock did to an assertion."""

from __future__ import annotations

from jwtdoctor.reasoning.rules.table import RIGHT_CLOCK_S, USUAL_TTL_S, Given, derived, is_whole_quarter_hours


@derived("clock.is_slow_beyond_ttl", "clock.ahead_s", "assertion.ttl_s")
def _clock_slow_beyond_ttl(given: Given) -> bool | None:
    return _slow_beyond(given, tolerance_s=0.0)


@derived("clock.is_slow_beyond_margin", "clock.ahead_s", "assertion.ttl_s")
def _clock_slow_beyond_margin(given: Given) -> bool | None:
    return _slow_beyond(given, tolerance_s=given.provider.limit("late_tolerance_s") or 0.0)


def _slow_beyond(given: Given, tolerance_s: float) -> bool | None:
    """Whether `exp`, set by the local clock, had passed on the judging clock when the assertion was fresh."""
    ahead_s = given.chart.number("clock.ahead_s")
    if ahead_s is None:
        return None
    return -ahead_s - given.chart.uncertainty("clock.ahead_s") > _life_s(given) + tolerance_s


@derived("clock.date_says_slow", "clock.ahead_s", "reply.date_ahead_s", "assertion.ttl_s")
def _date_says_slow(given: Given) -> bool | None:
    """Only where no time server answered: `Date` tells that the two clocks differ, and not which of them is off."""
    ahead_s = given.chart.number("reply.date_ahead_s")
    if ahead_s is None or "clock.ahead_s" in given.chart:
        return None
    return -ahead_s - given.chart.uncertainty("reply.date_ahead_s") > _life_s(given)


def _life_s(given: Given) -> float:
    ttl_s = given.chart.number("assertion.ttl_s")
    return USUAL_TTL_S if ttl_s is None else max(ttl_s, 0.0)


@derived("clock.is_fast_beyond_margin", "clock.ahead_s", "reply.date_ahead_s", "assertion.iat_in_s",
         "assertion.nbf_present", "assertion.ttl_s")  # fmt: skip
def _clock_fast_beyond_margin(given: Given) -> bool | None:
    """A fast clock hurts where an `iat` or `nbf` of the future is known to be refused, or an `exp` too far ahead."""
    ahead_s = given.ahead_s()
    if ahead_s is None:
        return None
    early_s = given.provider.limit("early_tolerance_s")
    room_s = given.provider.limit("max_exp_ahead_s")
    ttl_s = given.chart.number("assertion.ttl_s")
    fast_s = ahead_s - given.clock_slack_s()
    too_early = early_s is not None and fast_s > early_s
    too_far = room_s is not None and ttl_s is not None and ttl_s <= room_s < ttl_s + fast_s
    return too_early or too_far


@derived("clock.is_harmless", "clock.ahead_s", "reply.date_ahead_s", "assertion.ttl_s", "clock.sources_agree")
def _clock_is_harmless(given: Given) -> bool | None:
    if given.chart.flag("clock.sources_agree") is False:
        return None
    slow = given.chart.flag("clock.is_slow_beyond_ttl")
    if slow is None:
        slow = given.chart.flag("clock.date_says_slow")
    fast = given.chart.flag("clock.is_fast_beyond_margin")
    return None if slow is None else not slow and not fast


@derived("clock.offset_is_time_zone", "clock.ahead_s", "reply.date_ahead_s")
def _offset_is_time_zone(given: Given) -> bool | None:
    ahead_s = given.ahead_s()
    return None if ahead_s is None else is_whole_quarter_hours(ahead_s)


@derived("host.is_off_beyond_margin", "host.ahead_s", "clock.ahead_s", "assertion.ttl_s")
def _host_is_off(given: Given) -> bool | None:
    host_s = given.chart.number("host.ahead_s")
    if host_s is None:
        return None
    local_s = given.chart.number("clock.ahead_s") or 0.0
    margin_s = max(USUAL_TTL_S, given.chart.number("assertion.ttl_s") or 0.0) if host_s > 0 else RIGHT_CLOCK_S
    return abs(host_s) - given.chart.uncertainty("host.ahead_s") > margin_s and abs(local_s) < abs(host_s)
