"""The moments of a timeline: which clock read what, and what was not seen."""

from __future__ import annotations

import pytest

from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.reasoning.timeline import LONGEST_S, timeline

AT = 1_795_301_245.0
WINDOW = {"assertion.exp_in_s": -132.4, "assertion.iat_in_s": -312.4, "assertion.ttl_s": 180}


def chart(**more: float) -> Chart:
    facts = WINDOW | {name.replace("__", "."): value for name, value in more.items()}
    return Chart.of([Observation(name, value, "test") for name, value in facts.items()])


def test_each_clock_reads_its_own_moment_and_true_time_is_that_of_the_time_servers() -> None:
    seen = timeline(chart(clock__ahead_s=-312.4, host__ahead_s=2.0, reply__date_ahead_s=-314.0), AT)

    assert seen is not None
    assert (seen.local_now_s, seen.server_now_s, seen.true_now_s) == (AT - 312.4, AT + 2.0, AT)
    assert (seen.start_s, seen.end_s) == (AT - 312.4, AT - 132.4)


def test_true_time_is_not_claimed_where_only_the_host_s_date_was_seen() -> None:
    seen = timeline(chart(reply__date_ahead_s=-314.0), AT)

    assert seen is not None
    assert (seen.true_now_s, seen.local_now_s, seen.server_seen) == (None, AT - 314.0, True)


@pytest.mark.parametrize("exp_in_s", [None, LONGEST_S + 1, -LONGEST_S - 1])
def test_nothing_is_drawn_without_an_end_that_is_near(exp_in_s: float | None) -> None:
    facts = {} if exp_in_s is None else {"assertion.exp_in_s": exp_in_s}

    assert timeline(Chart.of([Observation(name, value, "test") for name, value in facts.items()]), AT) is None
