"""When an assertion begins and ends, against true time and the judging clock."""

from __future__ import annotations

from jwtdoctor.reasoning.rules.table import RIGHT_CLOCK_S, Given, derived, is_whole_quarter_hours


def _exp_on_judging_clock_s(given: Given) -> float | None:
    """exp minus now on the server's clock: negative when the assertion came too late."""
    exp_in_s = given.chart.number("assertion.exp_in_s")
    return None if exp_in_s is None else exp_in_s - (given.chart.number("host.ahead_s") or 0.0)


@derived("assertion.exp_had_passed", "assertion.exp_in_s", "host.ahead_s")
def _exp_had_passed(given: Given) -> bool | None:
    left_s = _exp_on_judging_clock_s(given)
    return None if left_s is None else left_s < 0


@derived("assertion.is_expired", "assertion.exp_in_s", "host.ahead_s")
def _assertion_is_expired(given: Given) -> bool | None:
    left_s = _exp_on_judging_clock_s(given)
    return None if left_s is None else left_s < -(given.provider.limit("late_tolerance_s") or 0.0)


def _exp_on_local_clock_s(given: Given) -> float | None:
    """exp minus now as the signing machine saw it."""
    exp_in_s, ahead_s = given.chart.number("assertion.exp_in_s"), given.ahead_s()
    return None if exp_in_s is None or ahead_s is None else exp_in_s - ahead_s


@derived(
    "assertion.expired_because_of_clock",
    "assertion.exp_in_s",
    "clock.ahead_s",
    "reply.date_ahead_s",
    "host.ahead_s",
)
def _expired_because_of_clock(given: Given) -> bool | None:
    if given.chart.flag("assertion.exp_had_passed") is not True:
        return False if "assertion.exp_had_passed" in given.chart else None
    local_s, ahead_s = _exp_on_local_clock_s(given), given.ahead_s()
    return None if local_s is None or ahead_s is None else local_s >= 0 and ahead_s < -RIGHT_CLOCK_S


@derived(
    "assertion.expired_despite_right_clock",
    "assertion.exp_in_s",
    "clock.ahead_s",
    "reply.date_ahead_s",
    "host.ahead_s",
)
def _expired_despite_right_clock(given: Given) -> bool | None:
    if given.chart.flag("assertion.exp_had_passed") is not True:
        return False if "assertion.exp_had_passed" in given.chart else None
    local_s = _exp_on_local_clock_s(given)
    return None if local_s is None else local_s < 0


@derived(
    "assertion.exp_is_off_by_zone",
    "assertion.exp_in_s",
    "assertion.iat_in_s",
    "assertion.ttl_s",
    "clock.ahead_s",
)
def _exp_is_off_by_zone(given: Given) -> bool | None:
    """Whether exp lies a time zone away from where a client with this clock would put it."""
    exp_in_s = given.chart.number("assertion.exp_in_s")
    if exp_in_s is None:
        return None
    ahead_s = given.ahead_s() or 0.0
    ttl_s = given.chart.number("assertion.ttl_s")
    if ttl_s is not None and 0 <= ttl_s <= 3600:
        return is_whole_quarter_hours(exp_in_s - ahead_s - ttl_s)
    return any(is_whole_quarter_hours(exp_in_s - ahead_s - usual_s) for usual_s in (0.0, 180.0, 300.0))


@derived("assertion.starts_in_future", "assertion.iat_in_s", "assertion.nbf_in_s", "host.ahead_s")
def _starts_in_future(given: Given) -> bool | None:
    starts = [
        s for s in (given.chart.number("assertion.iat_in_s"), given.chart.number("assertion.nbf_in_s")) if s is not None
    ]
    if not starts:
        return None
    allowed_s = given.provider.limit("early_tolerance_s") or 0.0
    return max(starts) - (given.chart.number("host.ahead_s") or 0.0) > allowed_s + 1.0


@derived(
    "assertion.starts_in_future_despite_right_clock",
    "assertion.iat_in_s",
    "assertion.nbf_in_s",
    "clock.ahead_s",
)
def _starts_in_future_despite_right_clock(given: Given) -> bool | None:
    starts = given.chart.flag("assertion.starts_in_future")
    ahead_s = given.ahead_s()
    if starts is None or ahead_s is None:
        return None
    latest = max(given.chart.number("assertion.iat_in_s") or 0.0, given.chart.number("assertion.nbf_in_s") or 0.0)
    return starts and latest - ahead_s > RIGHT_CLOCK_S


@derived("assertion.ttl_is_tiny", "assertion.ttl_s")
def _ttl_is_tiny(given: Given) -> bool | None:
    ttl_s = given.chart.number("assertion.ttl_s")
    return None if ttl_s is None else ttl_s < 30


@derived("assertion.ttl_over_limit", "assertion.ttl_s")
def _ttl_over_limit(given: Given) -> bool | None:
    ttl_s, most_s = given.chart.number("assertion.ttl_s"), given.provider.limit("max_ttl_s")
    return None if ttl_s is None or most_s is None else ttl_s > most_s
