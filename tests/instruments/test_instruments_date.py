"""`Date` as a clock: what one reply bounds, what several narrow, and what is not believed."""

from __future__ import annotations

import random
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtdoctor.instruments.date import best_moment, epoch_of, narrow, sample_of
from jwtdoctor.instruments.hostclock import measure_host
from jwtdoctor.model.clock import Interval, SourceRefused, TimeSample
from jwtdoctor.model.exchange import Exchange, NoReply, Reply, TokenRequest

TRUE = 1_795_301_245.0


def reply(
    date: str | None = None, round_trip_s: float = 0.2, status: int = 400, headers: dict[str, str] | None = None
) -> Reply:
    fields = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    if date is not None:
        fields["Date"] = date
    return Reply(status, fields, "", sent_at=TRUE, received_at=TRUE + round_trip_s)


def at(epoch: float) -> str:
    return formatdate(epoch, usegmt=True)


def test_the_local_midpoint_is_held_against_the_middle_of_the_named_second() -> None:
    got = sample_of(reply(at(TRUE - 300)), "login.example")

    assert isinstance(got, TimeSample)
    assert got.source == "date:login.example"
    assert got.ahead_s == pytest.approx(299.6)
    assert (got.bound_s, got.round_trip_s) == pytest.approx((0.6, 0.2), abs=1e-6)


def test_the_bound_holds_wherever_in_the_second_and_the_round_trip_the_date_was_written() -> None:
    for seed in range(2000):
        dice = random.Random(seed)
        truth = dice.uniform(-400, 400)
        there, back = dice.expovariate(10), dice.expovariate(10)
        served = TRUE + there - truth
        got = sample_of(Reply(400, {"date": at(int(served))}, "", sent_at=TRUE, received_at=TRUE + there + back), "h")
        assert isinstance(got, TimeSample)
        assert got.low_s - 1e-6 <= truth <= got.high_s + 1e-6, seed


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Age": "0"}, "Age"),
        ({"X_Cache": "HIT from proxy"}, "cache"),
        ({"X_Cache": "TCP_HIT, MISS"}, "cache"),
        ({"CF_Cache_Status": "HIT"}, "cache"),
        ({"Cache_Status": "edge; hit; ttl=30"}, "cache"),
        ({"Via": "1.1 cdn (ApacheTrafficServer [uScHs f p eN:t cCHp s ])"}, "cache"),
        ({"Proxy_Authenticate": "Basic realm=x"}, "proxy"),
        ({"X_Squid_Error": "ERR_DNS_FAIL 0"}, "proxy"),
        ({"Server": "squid/5.7"}, "proxy"),
    ],
)
def test_an_answer_in_the_hosts_place_is_not_believed(headers: dict[str, str], reason: str) -> None:
    got = sample_of(reply(at(TRUE), headers=headers), "h")

    assert isinstance(got, SourceRefused)
    assert reason in got.reason


def test_a_proxys_own_407_is_not_believed() -> None:
    assert isinstance(sample_of(reply(at(TRUE), status=407), "h"), SourceRefused)


@pytest.mark.parametrize("headers", [{"Via": "1.1 proxy (squid/5.7)"}, {"X_Cache": "MISS from edge"}])
def test_a_forwarded_reply_keeps_the_hosts_own_date(headers: dict[str, str]) -> None:
    assert isinstance(sample_of(reply(at(TRUE), headers=headers), "h"), TimeSample)


def test_without_a_date_there_is_no_sample() -> None:
    assert sample_of(reply(), "h") == SourceRefused("date:h", "no Date header")


def test_a_round_trip_of_more_than_a_minute_is_no_sample() -> None:
    assert isinstance(sample_of(reply(at(TRUE), round_trip_s=60.0), "h"), TimeSample)
    assert isinstance(sample_of(reply(at(TRUE), round_trip_s=60.1), "h"), SourceRefused)


def test_a_recorded_reply_without_local_times_is_no_sample() -> None:
    assert isinstance(sample_of(Reply(400, {"Date": at(TRUE)}), "h"), SourceRefused)


@pytest.mark.parametrize(
    "date",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_all_three_forms_of_an_http_date_are_read(date: str) -> None:
    assert epoch_of(date) == 784_111_777.0


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", "x" * 100, "1795301245"])
def test_what_is_no_http_date_is_none(date: str | None) -> None:
    assert epoch_of(date) is None


@given(st.text(max_size=70))
def test_no_text_breaks_the_reading(date: str) -> None:
    epoch_of(date)


def test_samples_that_share_a_span_are_narrowed_to_it() -> None:
    got = narrow([TimeSample("date:h", 0.0, 1.0), TimeSample("date:h", 1.5, 1.0)])

    assert got is not None
    assert [got.low_s, got.high_s] == pytest.approx([0.5, 1.0], abs=1e-5)


def test_machines_with_different_clocks_behind_one_name_are_spanned() -> None:
    got = narrow([TimeSample("date:h", 0.0, 1.0), TimeSample("date:h", 90.0, 1.0)])

    assert got is not None
    assert [got.low_s, got.high_s] == pytest.approx([-1.0, 91.0], abs=1e-5)


def test_the_next_request_is_answered_at_the_turn_of_a_second() -> None:
    moment = best_moment(1000.3, Interval(90.15, 90.35), 0.1)

    assert moment >= 1000.3
    assert (moment + 0.05 - 90.25) % 1 == pytest.approx(0, abs=1e-6)


# --- the host's clock narrowed, in an imaginary world ----------------------------------------------------------------


class Imaginary:
    """A host whose clock differs by `truth_s`, behind a path with two different ways; no time really passes."""

    def __init__(self, truth_s: float, there_s: float, back_s: float, headers: dict[str, str] | None = None) -> None:
        self.local = TRUE + 0.123
        self.asked = 0
        self._truth_s, self._there_s, self._back_s = truth_s, there_s, back_s
        self._headers = headers or {}

    def now(self) -> float:
        return self.local

    def pause(self, seconds: float) -> None:
        assert 0 <= seconds <= 1
        self.local += seconds

    def get(self, url: str, deadline_s: float) -> Exchange:
        self.asked += 1
        sent_at = self.local
        served = sent_at + self._there_s - self._truth_s
        self.local += self._there_s + self._back_s
        date = {"Date": at(served // 1)}
        return Reply(200, {**date, **self._headers}, "", sent_at=sent_at, received_at=self.local)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        raise AssertionError("the clock of a host is asked without credentials")


def measured(world: Imaginary) -> TimeSample | SourceRefused:
    return measure_host(world, "https://h/", world, pause=world.pause)


@pytest.mark.parametrize("seed", range(60))
def test_a_few_requests_narrow_the_host_to_fifty_milliseconds(seed: int) -> None:
    dice = random.Random(seed)
    truth = dice.uniform(-400, 400)
    world = Imaginary(truth, dice.uniform(0.005, 0.02), dice.uniform(0.005, 0.02))

    got = measured(world)

    assert isinstance(got, TimeSample)
    assert got.low_s <= truth <= got.high_s
    assert got.bound_s <= 0.05
    assert world.asked <= 8


def test_a_long_path_ends_at_the_budget_with_its_bound_still_true() -> None:
    world = Imaginary(12.0, 0.4, 0.1)

    got = measured(world)

    assert isinstance(got, TimeSample)
    assert world.asked == 8
    assert got.low_s <= 12.0 <= got.high_s


def test_a_host_behind_a_cache_is_asked_once_and_refused() -> None:
    world = Imaginary(12.0, 0.01, 0.01, {"Age": "3"})

    assert isinstance(measured(world), SourceRefused)
    assert world.asked == 1


def test_a_host_that_cannot_be_reached_is_refused_with_the_layer() -> None:
    world = Imaginary(0, 0, 0)
    world.get = lambda url, deadline_s: NoReply("dns", "Name or service not known")  # type: ignore[method-assign]

    assert measured(world) == SourceRefused("date:h", "no reply (dns): Name or service not known")
