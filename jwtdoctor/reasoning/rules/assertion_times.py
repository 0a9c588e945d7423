"""When an assertion begins and ends, against true time and the judging clock."""

from __future__ import annotations

from jwtdoctor.reasoning.rules.table import (
    FARTHEST_S,
    ON_THE_WAY_S,
    RIGHT_CLOCK_S,
    Given,
    derived,
    is_whole_quarter_hours,
)

TINY_S = 30.0
"""A life of less, the tolerance of the provider included, is outlived by an ordinary delay."""
DAY_S = 86_400.0
"""A maximum beyond it (Apple: half a year) leaves no second to be fast by."""


def _exp_on_judging_clock_s(given: Given) -> float | None:
    """exp minus now on the server's clock: negative when the assertion came too late."""
    exp_in_s = given.chart.number("assertion.exp_in_s")
    if exp_in_s is None or exp_in_s > FARTHEST_S:
        return None  # milliseconds tell nothing of when it ends
    return exp_in_s - (given.chart.number("host.ahead_s") or 0.0)


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
    if local_s is None or ahead_s is None:
        return None
    return local_s >= -ON_THE_WAY_S - given.clock_slack_s() and ahead_s < -RIGHT_CLOCK_S


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
    return None if local_s is None else local_s < 0 and not given.chart.flag("assertion.expired_because_of_clock")


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


@derived(
    "assertion.was_signed_earlier",
    "assertion.exp_in_s",
    "assertion.iat_in_s",
    "assertion.ttl_s",
    "clock.ahead_s",
    "reply.date_ahead_s",
)
def _was_signed_earlier(given: Given) -> bool | None:
    """Whether iat and exp fit each other and lie back by no time zone: an old assertion, and no wrong sum."""
    iat_in_s, ttl_s = given.chart.number("assertion.iat_in_s"), given.chart.number("assertion.ttl_s")
    off_by_zone, ahead_s = given.chart.flag("assertion.exp_is_off_by_zone"), given.ahead_s()
    if iat_in_s is None or ttl_s is None or off_by_zone is None or ahead_s is None:
        return None
    return iat_in_s - ahead_s < -RIGHT_CLOCK_S and ttl_s > 0 and not off_by_zone


@derived("assertion.starts_in_future", "assertion.iat_in_s", "assertion.nbf_in_s", "host.ahead_s")
def _starts_in_future(given: Given) -> bool | None:
    starts_in_s = given.starts_in_s()
    if starts_in_s is None:
        return None
    early_s = starts_in_s - (given.chart.number("host.ahead_s") or 0.0)
    if early_s > (given.early_tolerance_s() or 0.0) + ON_THE_WAY_S:
        return True
    # A tolerance that is only supposed excuses nothing beyond what everybody tolerates.
    return None if given.early_tolerance_is_supposed() and early_s > RIGHT_CLOCK_S else False


@derived(
    "assertion.starts_in_future_despite_right_clock",
    "assertion.iat_in_s",
    "assertion.nbf_in_s",
    "clock.ahead_s",
)
def _starts_in_future_despite_right_clock(given: Given) -> bool | None:
    starts = given.chart.flag("assertion.starts_in_future")
    ahead_s = given.ahead_s()
    starts_in_s = given.starts_in_s()
    if ahead_s is None or starts_in_s is None:
        return None
    return starts is not False and starts_in_s - ahead_s > RIGHT_CLOCK_S


@derived("assertion.starts_a_zone_ahead", "assertion.iat_in_s", "assertion.nbf_in_s", "assertion.exp_in_s")
def _starts_a_zone_ahead(given: Given) -> bool | None:
    """Whether it is post-dated by a time zone: nobody does that on purpose."""
    is_ahead = given.chart.flag("assertion.starts_in_future_despite_right_clock")
    off_by_zone = given.chart.flag("assertion.exp_is_off_by_zone")
    return None if is_ahead is None or off_by_zone is None else is_ahead and off_by_zone


@derived("assertion.ttl_is_tiny", "assertion.ttl_s")
def _ttl_is_tiny(given: Given) -> bool | None:
    ttl_s = given.chart.number("assertion.ttl_s")
    tolerated_s = given.provider.limit("late_tolerance_s") or 0.0
    return None if ttl_s is None else -ON_THE_WAY_S <= ttl_s < TINY_S - tolerated_s


@derived("assertion.sits_on_limit", "assertion.ttl_s", "assertion.exp_in_s")
def _sits_on_limit(given: Given) -> bool | None:
    """Exactly the maximum works on a right clock and fails on one that is a second fast.

    Only a maximum that is counted on the server's clock is meant: exp - iat is the same on every clock.
    """
    most_s = given.provider.limit("max_exp_ahead_s")
    spans = [given.chart.number(f"assertion.{name}") for name in ("ttl_s", "exp_in_s")]
    known = [span for span in spans if span is not None]
    if most_s is None or most_s > DAY_S or not known:
        return None
    return any(0.99 * most_s <= span <= most_s for span in known)


@derived("assertion.ttl_over_limit", "assertion.ttl_s", "assertion.exp_in_s", "clock.ahead_s", "reply.date_ahead_s")
def _ttl_over_limit(given: Given) -> bool | None:
    """Unknown for a life of exactly the maximum, which may count as too long."""
    ttl_s, most_s = given.chart.number("assertion.ttl_s"), given.provider.limit("max_ttl_s")
    if given.chart.flag("assertion.sits_on_limit"):
        return None
    if most_s is None:
        return _exp_was_too_far(given, ttl_s)
    return None if ttl_s is None else ttl_s > most_s


def _exp_was_too_far(given: Given, ttl_s: float | None) -> bool | None:
    """Where exp alone is judged, against now: whether it was written too far ahead, by whatever clock.

    An exp that lies far ahead together with iat is no long life but a wrong time. Where the clock is not known, it goes
    by exp - iat: as much of it as the provider advises to date iat back proves nothing.
    """
    most_s, local_s = given.provider.limit("max_exp_ahead_s"), _exp_on_local_clock_s(given)
    if most_s is None or (local_s is None and ttl_s is None):
        return None
    if local_s is not None:
        return min(local_s, local_s if ttl_s is None else ttl_s) > most_s + given.clock_slack_s()
    ahead_s = (ttl_s or 0.0) - most_s
    return None if 0 < ahead_s <= (given.provider.limit("iat_back_s") or 0.0) else ahead_s > 0


@derived("assertion.is_older_than_allowed", "assertion.iat_in_s", "host.ahead_s")
def _is_older_than_allowed(given: Given) -> bool | None:
    iat_in_s, oldest_s = given.chart.number("assertion.iat_in_s"), given.provider.limit("max_age_s")
    if iat_in_s is None or oldest_s is None:
        return None
    return iat_in_s - (given.chart.number("host.ahead_s") or 0.0) < -oldest_s
