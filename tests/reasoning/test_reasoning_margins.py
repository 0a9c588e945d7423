"""How long an assertion holds on the judging clock, and what drift breaks it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.clock import Interval
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Limit, Provider
from jwtdoctor.reasoning.margins import Window, fresh, margins, margins_of
from jwtdoctor.render.words import margin_rows


def provider(**limits: float | None) -> Provider:
    known = {name: Limit(value, Sureness.DOCUMENTED, ("https://example.com",)) for name, value in limits.items()}
    return Provider("x", "X", (), "/token", (), ("RS256",), (), False, True, (), limits=known)


def chart(facts: Mapping[str, float | bool], **doubts: float) -> Chart:
    return Chart.of(Observation(n, v, "t", doubts.get(n.replace(".", "_"))) for n, v in facts.items())


def test_a_right_clock_has_the_whole_lifetime_to_be_slow_by() -> None:
    room = margins(fresh(180, Interval(-0.01, 0.01), "date"), provider())

    assert room.left_s == pytest.approx(180)
    assert room.slow.rule == "exp"
    assert room.slow.room_s == room.left_s
    assert room.fast is None
    assert "no limit for a fast clock is known at X" in room.fast_note


def test_a_slow_clock_has_less_and_beyond_exp_nothing_but_leeway() -> None:
    rules = provider(late_tolerance_s=60)

    slow, over = (margins(fresh(180, Interval(a, a), "ntp"), rules) for a in (-100, -200))

    assert (slow.left_s, slow.tolerated_s) == (80, 60)
    assert (over.left_s, over.slow.room_s) == (-20, -20)


def test_an_age_limit_breaks_before_exp_where_it_is_shorter() -> None:
    room = margins(Window(600, 0.0, "date"), provider(max_age_s=60, late_tolerance_s=30))

    assert (room.slow.rule, room.left_s) == ("max_age_s", 60)
    assert room.tolerated_s == 0, "leeway on exp does not help an assertion that is too old"


def test_iat_of_the_future_breaks_only_where_that_is_known_to_be_refused() -> None:
    rules = provider(early_tolerance_s=0)

    room = margins(Window(180, -1.0, "date"), rules)
    without_iat = margins(Window(180, None, "date"), rules)

    assert room.fast is not None
    assert (room.fast.rule, room.fast.room_s) == ("early_tolerance_s", 1.0)
    assert without_iat.fast is None
    assert "no iat" in without_iat.fast_note


def test_a_lifetime_on_the_limit_has_no_room_for_a_fast_clock() -> None:
    room = margins(fresh(3600, Interval(0, 0), "date"), provider(max_exp_ahead_s=3600, early_tolerance_s=300))

    assert room.fast is not None
    assert (room.fast.rule, room.fast.room_s) == ("max_exp_ahead_s", 0)


def test_a_whole_second_of_iat_does_not_accuse_a_right_clock() -> None:
    room = margins(fresh(180, Interval(-0.2, 0.2), "date"), provider(early_tolerance_s=0))

    assert room.fast is not None
    assert room.fast.room_s > 0


@given(st.floats(-1e4, 1e4), st.floats(10, 1e4), st.floats(0, 1e4))
@settings(max_examples=80)
def test_drift_eats_exactly_the_room_that_is_told(ahead_s: float, lifetime_s: float, drift_s: float) -> None:
    rules = provider(early_tolerance_s=30, max_exp_ahead_s=3600, max_age_s=900)

    now, slower, faster = (
        margins(fresh(lifetime_s, Interval(a, a), "date"), rules)
        for a in (ahead_s, ahead_s - drift_s, ahead_s + drift_s)
    )

    assert now.fast is not None
    assert faster.fast is not None
    assert slower.slow.room_s == pytest.approx(now.slow.room_s - drift_s, abs=1e-6)
    assert faster.fast.room_s == pytest.approx(now.fast.room_s - drift_s, abs=1e-6)


# --- from a chart -----------------------------------------------------------------------------------------------------


def test_the_token_hosts_clock_judges_where_it_is_not_at_true_time() -> None:
    """Three minutes left by true time, and two minutes over on a host that is five minutes fast."""
    facts = {"assertion.exp_in_s": 180, "assertion.iat_in_s": 0, "clock.ahead_s": 0.0, "host.ahead_s": 300.0}

    room = margins_of(chart(facts, host_ahead_s=0.5), provider())

    assert room is not None
    assert (room.left_s, room.judged_by) == (-120, "date")


def test_a_host_within_its_bounds_is_taken_for_right() -> None:
    facts = {"assertion.exp_in_s": 180, "clock.ahead_s": 0.0, "host.ahead_s": 0.4}

    room = margins_of(chart(facts, host_ahead_s=0.5, clock_ahead_s=0.01), provider())

    assert room is not None
    assert (room.left_s, room.judged_by, room.bound_s) == (180, "date", 0.01)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"assertion.ttl_s": 180},
        {"assertion.exp_in_s": 1.7e12},
        {"assertion.exp_in_s": 9, "assertion.exp_is_milliseconds": True},
    ],
    ids=["nothing", "no time", "far away", "milliseconds"],
)
def test_where_exp_tells_nothing_there_is_no_margin(facts: dict[str, float | bool]) -> None:
    assert margins_of(chart(facts), provider()) is None


def test_every_provider_has_margins_that_can_be_said() -> None:
    for rules in load().providers.values():
        room = margins(fresh(180, Interval(-0.1, 0.1), "date"), rules)
        rows = margin_rows(room)
        is_beyond = room.fast is not None and room.fast.room_s < 0
        assert rows[0][0] == ("fast" if is_beyond else "left"), rules.slug
        assert all(words and "None" not in words for _, words in rows), rules.slug


def test_the_words_tell_the_direction_and_how_sure_the_rule_is() -> None:
    rules = load().providers["okta"]

    rows = dict(margin_rows(margins(fresh(180, Interval(40, 40), "date"), rules)))

    assert "fast" in rows
    assert "too much" in rows["fast"]
    assert "documented" in rows["fast"]
    assert "slower" not in rows, "beyond an edge only that edge is told"
