"""Several clocks, some of which lie: the interval, the dissent, and the facts that follow."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.model.chart import Chart
from jwtdoctor.model.clock import ClockVerdict, Interval, SourceRefused, TimeSample
from jwtdoctor.reasoning.clock import (
    combine,
    drift,
    host_disagrees,
    judge_host,
    looks_like_a_zone,
    observe_clock,
)


def at(ahead_s: float, bound_s: float = 0.01, source: str = "") -> TimeSample:
    return TimeSample(source or f"ntp:{ahead_s}/{bound_s}", ahead_s, bound_s)


def standings(verdict: ClockVerdict) -> dict[str, str]:
    return {reading.source: reading.standing for reading in verdict.readings}


def test_agreeing_sources_give_one_narrow_interval() -> None:
    verdict = combine([at(90.0), at(90.005), at(89.995), at(90.001)])

    assert verdict.agree is True
    assert verdict.interval is not None
    assert verdict.interval.ahead_s == pytest.approx(90.0, abs=0.01)
    assert verdict.interval.uncertainty_s < 0.02
    assert verdict.note == "4 of 4 sources agree"


@pytest.mark.parametrize("liars", [1, 2])
def test_one_or_two_liars_of_five_are_named(liars: int) -> None:
    honest = [at(0.001 * n, source=f"ntp:honest{n}") for n in range(5 - liars)]
    lying = [at(300.0 + n, source=f"ntp:liar{n}") for n in range(liars)]

    verdict = combine([*lying, *honest])

    assert verdict.interval is not None
    assert abs(verdict.interval.ahead_s) < 0.02
    assert {s for s, standing in standings(verdict).items() if standing == "dissents"} == {x.source for x in lying}
    assert all(x.source in verdict.note for x in lying)


def test_three_liars_of_five_who_differ_leave_no_majority() -> None:
    verdict = combine([at(0), at(0.001), at(50), at(100), at(-200)])

    assert verdict.interval is None
    assert verdict.agree is False
    assert verdict.note.startswith("no majority: 5 sources answered")
    assert set(standings(verdict).values()) == {"dissents"}


def test_two_sources_that_differ_are_no_majority() -> None:
    assert combine([at(0), at(5)]).agree is False


def test_one_source_alone_is_believed_and_said_to_be_alone() -> None:
    verdict = combine([at(12.0), SourceRefused("ntp:b", "no answer in 1.9 s")])

    assert verdict.interval is not None
    assert verdict.interval.ahead_s == pytest.approx(12.0)
    assert "alone" in verdict.note
    assert "clock.sources_agree" not in Chart.of(observe_clock(verdict, None))


def test_silence_is_not_measured_and_never_fine() -> None:
    verdict = combine([SourceRefused("ntp:a", "no answer in 1.9 s"), SourceRefused("ntp:b", "the port is closed")])

    assert (verdict.interval, verdict.agree, verdict.note) == (None, None, "no time source answered")
    assert [reading.reason for reading in verdict.readings] == ["no answer in 1.9 s", "the port is closed"]
    assert observe_clock(verdict, None) == ()


def test_no_sources_at_all_are_silence_too() -> None:
    assert combine([]).agree is None


def test_a_source_asked_twice_has_one_vote() -> None:
    liar = at(300, 0.01, "ntp:liar")

    verdict = combine([liar, liar, liar, at(0, source="ntp:a"), at(0.001, source="ntp:b")])

    assert verdict.interval is not None
    assert abs(verdict.interval.ahead_s) < 1


def test_what_is_no_number_has_no_vote() -> None:
    verdict = combine([at(float("nan"), source="ntp:nan"), at(0, float("inf"), "ntp:inf"), at(1, source="ntp:a")])

    assert standings(verdict) == {"ntp:nan": "refused", "ntp:inf": "refused", "ntp:a": "agrees"}


def test_a_liar_that_touches_the_honest_ones_does_not_pull_the_interval_off_the_truth() -> None:
    """The narrowest intersection would be 0.9..1.0 here, and the truth is 0."""
    verdict = combine([at(0, 1.0, "ntp:a"), at(0.1, 1.0, "ntp:b"), at(1.9, 1.0, "ntp:liar")])

    assert verdict.interval is not None
    assert verdict.interval.low_s <= 0.0 <= verdict.interval.high_s


def nobody(count: int, dice: random.Random) -> int:
    return 0


def a_minority(count: int, dice: random.Random) -> int:
    return dice.randint(0, (count - 1) // 2)


def test_the_truth_lies_inside_whenever_fewer_than_half_lie() -> None:
    """Five thousand seeded worlds of asymmetric paths: 1-9 servers, any minority of which says what it likes."""
    for seed in range(5000):
        dice = random.Random(seed)
        truth, samples = _world(dice, lie=a_minority)

        interval = combine(samples).interval

        assert interval is not None, seed
        assert interval.low_s <= truth <= interval.high_s, seed


def test_the_interval_is_as_narrow_as_the_median_source() -> None:
    """A bound that held because it was endless would be worth nothing."""
    for seed in range(500):
        _, samples = _world(random.Random(seed), lie=nobody)

        interval = combine(samples).interval

        assert interval is not None
        widths = sorted(2 * s.bound_s for s in samples)
        assert interval.high_s - interval.low_s <= 2 * widths[len(widths) // 2] + 1e-9


def test_a_stated_interval_is_right_in_ninety_nine_of_a_hundred_checks() -> None:
    """Each server lies in one of twenty checks, so now and then half of them or more do."""

    def now_and_then(count: int, dice: random.Random) -> int:
        return sum(dice.random() < 0.05 for _ in range(count))

    stated = right = 0
    for seed in range(4000):
        dice = random.Random(seed)
        truth, samples = _world(dice, lie=now_and_then, least=4)
        interval = combine(samples).interval
        stated += interval is not None
        right += interval is not None and interval.low_s <= truth <= interval.high_s

    assert stated > 3900
    assert right >= 0.99 * stated


def _world(
    dice: random.Random, lie: Callable[[int, random.Random], int], least: int = 1
) -> tuple[float, list[TimeSample]]:
    """Servers behind paths whose two ways differ; a liar's interval may sit anywhere, near misses included."""
    truth = dice.uniform(-400, 400)
    count = dice.randint(least, 9)
    liars = lie(count, dice)
    shared_lie = truth + dice.choice((-1, 1)) * dice.uniform(0.05, 500)
    samples = []
    for n in range(count):
        there, back = dice.expovariate(20), dice.expovariate(20)
        root = dice.uniform(0, 0.05)
        error = (back - there) / 2 + dice.uniform(-root, root)
        honest = TimeSample(f"ntp:{n}", truth + error, (there + back) / 2 + root, there + back)
        if n < liars:
            wrong = shared_lie if dice.random() < 0.5 else truth + dice.uniform(-500, 500)
            near = truth + dice.choice((-1, 1)) * honest.bound_s * dice.uniform(1.01, 3)
            honest = replace(honest, ahead_s=near if dice.random() < 0.4 else wrong)
        samples.append(honest)
    dice.shuffle(samples)
    return truth, samples


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e3)), max_size=8))
@settings(max_examples=150)
def test_every_source_gets_a_standing_whatever_it_says(values: list[tuple[float, float]]) -> None:
    samples = [TimeSample(f"ntp:{n}", ahead_s, bound_s) for n, (ahead_s, bound_s) in enumerate(values)]

    verdict = combine(samples)

    assert [r.source for r in verdict.readings] == [s.source for s in samples]
    agreeing = sum(r.standing == "agrees" for r in verdict.readings)
    assert (verdict.interval is None) or agreeing * 2 > len(samples)


def test_order_does_not_matter() -> None:
    samples = [at(0, 1), at(0.5, 0.2), at(90), at(0.4, 0.3)]

    assert combine(samples).interval == combine(samples[::-1]).interval


# --- the token host ---------------------------------------------------------------------------------------------------


def one_header(ahead_s: float) -> TimeSample:
    return TimeSample("date:login.example", ahead_s, 0.55, 0.1)


def test_the_host_is_fast_where_ntp_finds_more_than_its_date() -> None:
    """Local clock right, host 300 s fast: against its Date the local clock looks 300 s slow."""
    verdict = combine([at(0.0), at(0.001)])

    chart = Chart.of(judge_host(verdict, one_header(-300.0)))

    assert chart.number("host.ahead_s") == pytest.approx(300.0, abs=0.1)
    assert chart.uncertainty("host.ahead_s") == pytest.approx(0.56, abs=0.02)
    assert host_disagrees(verdict, one_header(-300.0))


def test_a_host_within_the_bounds_does_not_disagree() -> None:
    verdict = combine([at(90.0)])

    assert not host_disagrees(verdict, one_header(89.7))
    assert abs(Chart.of(judge_host(verdict, one_header(89.7))).number("host.ahead_s") or 0.0) < 0.56


def test_the_host_is_not_judged_by_one_witness() -> None:
    assert judge_host(combine([]), one_header(5)) == ()
    assert judge_host(combine([at(0)]), None) == ()


def test_date_alone_never_stands_for_true_time() -> None:
    chart = Chart.of(observe_clock(combine([SourceRefused("ntp:a", "silent")]), one_header(89.5)))

    assert [seen.fact for seen in chart] == ["reply.date_ahead_s"]
    assert chart.number("reply.date_ahead_s") == 90.0, "local midpoint minus Date, as the contract has it"
    assert chart.uncertainty("reply.date_ahead_s") == pytest.approx(1.05)


def test_a_narrowed_date_is_told_with_its_own_bound() -> None:
    chart = Chart.of(observe_clock(combine([]), TimeSample("date:h", 90.2, 0.04)))

    assert chart.number("reply.date_ahead_s") == 90.2
    assert chart.uncertainty("reply.date_ahead_s") == 0.04


def test_agreement_and_uncertainty_are_facts() -> None:
    chart = Chart.of(observe_clock(combine([at(1.0), at(1.001), at(1.002)]), None))

    assert chart.flag("clock.sources_agree") is True
    assert chart.number("clock.ahead_s") == pytest.approx(1.0, abs=0.01)
    assert chart.uncertainty("clock.ahead_s") == chart.number("clock.uncertainty_s")


def test_no_majority_is_a_fact_and_no_offset() -> None:
    chart = Chart.of(observe_clock(combine([at(1.0), at(5.0)]), None))

    assert chart.flag("clock.sources_agree") is False
    assert "clock.ahead_s" not in chart


# --- drift and zones --------------------------------------------------------------------------------------------------


def test_a_steady_drift_lies_inside_its_bounds_and_they_narrow() -> None:
    series = [(t, Interval(50e-6 * t - 0.001, 50e-6 * t + 0.001)) for t in range(0, 1000, 100)]

    short, whole = drift(series[:3]), drift(series)

    assert short is not None
    assert whole is not None
    assert whole.low_ppm <= 50 <= whole.high_ppm
    assert whole.uncertainty_ppm < short.uncertainty_ppm


def test_a_stepped_clock_has_no_drift() -> None:
    series = [(0.0, Interval(0, 0.001)), (10.0, Interval(90, 90.001)), (20.0, Interval(0, 0.001))]

    assert drift(series) is None


def test_one_sighting_tells_no_drift() -> None:
    assert drift([(0.0, Interval(0, 1))]) is None


@pytest.mark.parametrize("ahead_s", [3600, -7200.4, 19_800 + 20, -3600 * 5 - 45 * 60])
def test_whole_quarter_hours_look_like_a_time_zone(ahead_s: float) -> None:
    assert looks_like_a_zone(ahead_s)


@pytest.mark.parametrize("ahead_s", [0, 90, 900, 1800, 3600 + 300, 15 * 3600, 86_400 * 30])
def test_other_errors_do_not(ahead_s: float) -> None:
    assert not looks_like_a_zone(ahead_s)
