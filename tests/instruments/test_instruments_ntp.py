"""The NTP exchange against loopback servers that forge, double, truncate, refuse and keep silent."""

from __future__ import annotations

import socket
import time

import ntplib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback_servers import Answer, NtpServer, ntp_answer, timestamp

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments import ntp
from jwtdoctor.instruments.ntp import NotOurAnswer, NtpSource, parse_server, read_answer, smears
from jwtdoctor.model.clock import SourceRefused, TimeSample


class ShiftedClock:
    """The true clock, fast by `ahead_s`."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead_s = ahead_s

    def now(self) -> float:
        return time.time() + self._ahead_s


def ask(answer: Answer, *, local_ahead_s: float = 0.0, timeout_s: float = 0.5) -> TimeSample | SourceRefused:
    with NtpServer(answer) as server:
        return source(server, local_ahead_s).sample(timeout_s)


def source(server: NtpServer, local_ahead_s: float = 0.0) -> NtpSource:
    return NtpSource("127.0.0.1", server.port, ShiftedClock(local_ahead_s), spread_s=0.001)


def refusal(answer: Answer, timeout_s: float = 0.1) -> str:
    got = ask(answer, timeout_s=timeout_s)
    assert isinstance(got, SourceRefused)
    return got.reason


def sample(answer: Answer, local_ahead_s: float = 0.0) -> TimeSample:
    got = ask(answer, local_ahead_s=local_ahead_s)
    assert isinstance(got, TimeSample)
    return got


def test_a_right_clock_reads_as_right() -> None:
    got = sample(lambda query: [ntp_answer(query)])

    assert got.low_s <= 0.0 <= got.high_s
    assert got.bound_s < 0.1
    assert got.stratum == 2


@pytest.mark.parametrize("ahead_s", [90.0, -300.0, 30 * 86_400.0, -30 * 86_400.0, 1_800_000_000.0])
def test_a_fast_local_clock_is_positive(ahead_s: float) -> None:
    got = sample(lambda query: [ntp_answer(query)], ahead_s)

    assert got.ahead_s == pytest.approx(ahead_s, abs=0.1)


def test_a_server_that_is_ahead_makes_this_clock_look_behind() -> None:
    got = sample(lambda query: [ntp_answer(query, ahead_s=90.0)])

    assert got.ahead_s == pytest.approx(-90.0, abs=0.1)


def test_the_era_that_begins_in_2036_changes_nothing() -> None:
    in_era_1 = 2_500_000_000.0 - time.time()

    got = sample(lambda query: [ntp_answer(query, ahead_s=in_era_1)], in_era_1)

    assert got.ahead_s == pytest.approx(0.0, abs=0.1)


def test_the_bound_holds_half_the_round_trip_and_the_root_distance() -> None:
    got = sample(lambda query: [ntp_answer(query, root_delay=0.2, root_dispersion=0.05)])

    assert got.bound_s == pytest.approx(0.15 + got.round_trip_s / 2, abs=0.01)


def test_the_transmit_timestamp_is_random_and_not_the_time() -> None:
    with NtpServer(lambda query: [ntp_answer(query)]) as server:
        source(server).sample(0.5)

    cookies = [query[40:48] for query in server.queries]
    assert len(cookies) == ntp.SAMPLES
    assert len({cookie[:4] for cookie in cookies}) == ntp.SAMPLES, "whole seconds would repeat"


def test_the_query_is_a_version_4_client_packet() -> None:
    with NtpServer(lambda query: [ntp_answer(query)]) as server:
        source(server).sample(0.5)

    packet = ntplib.NTPPacket()
    packet.from_data(server.queries[0])
    assert (packet.mode, packet.version) == (3, 4)


def test_a_forged_origin_is_ignored_and_named() -> None:
    assert "origin" in refusal(lambda query: [ntp_answer(query, origin=b"\1" * 8)])


def test_the_true_answer_is_found_behind_forged_ones() -> None:
    def forged_first(query: bytes) -> list[bytes]:
        forged = ntp_answer(query, ahead_s=5000, origin=b"\1" * 8)
        return [b"", b"x" * 20, b"\xff" * 48, forged, ntp_answer(query)]

    assert sample(forged_first).ahead_s == pytest.approx(0.0, abs=0.1)


def test_doubled_answers_do_not_spoil_the_next_exchange() -> None:
    got = sample(lambda query: [ntp_answer(query), ntp_answer(query), ntp_answer(query, ahead_s=7)])

    assert got.ahead_s == pytest.approx(0.0, abs=0.1)


def test_an_old_answer_played_again_is_ignored() -> None:
    old: list[bytes] = []

    def replay(query: bytes) -> list[bytes]:
        old.append(ntp_answer(query))
        return [old[0]]

    with NtpServer(replay) as server:
        first = source(server).sample(0.5)
        second = source(server).sample(0.05)

    assert isinstance(first, TimeSample)
    assert isinstance(second, SourceRefused)


def test_a_truncated_answer_is_ignored_and_named() -> None:
    assert "20 bytes" in refusal(lambda query: [ntp_answer(query)[:20]])


def test_bytes_after_the_packet_are_extensions_and_harmless() -> None:
    assert sample(lambda query: [ntp_answer(query) + bytes(400)]).ahead_s == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"leap": 3}, "unsynchronised"),
        ({"stratum": 16}, "stratum 16"),
        ({"stratum": 0, "leap": 3, "reference": bytes(4)}, "unsynchronised"),
        ({"stratum": 0, "leap": 3, "reference": b"INIT"}, "not yet synchronised"),
        ({"stratum": 0, "reference": b"RATE"}, "kiss code RATE"),
        ({"stratum": 0, "reference": b"DENY"}, "kiss code DENY"),
        ({"stratum": 0, "reference": b"RSTR"}, "kiss code RSTR"),
        ({"mode": 3}, "mode 3"),
        ({"version": 1}, "version 1"),
        ({"root_delay": 5.0}, "root distance"),
        ({"root_dispersion": 16.0}, "root distance"),
        ({"transmitted": bytes(8)}, "no time"),
        ({"received": timestamp(0), "transmitted": timestamp(10)}, "contradict"),
        ({"received": timestamp(10), "transmitted": timestamp(0)}, "contradict"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unfit_answer_is_named(wrong: dict[str, object], named: str) -> None:
    assert named in refusal(lambda query: [ntp_answer(query, **wrong)])  # type: ignore[arg-type]


def test_a_kiss_of_death_ends_the_questions() -> None:
    with NtpServer(lambda query: [ntp_answer(query, stratum=0, reference=b"RATE")]) as server:
        source(server).sample(0.5)

    assert len(server.queries) == 1


def test_a_server_that_limits_rates_still_gives_its_first_sample() -> None:
    answers = iter([0])

    def first_only(query: bytes) -> list[bytes]:
        return [ntp_answer(query)] if next(answers, None) is not None else []

    began = time.monotonic()
    got = ask(first_only, timeout_s=1.5)

    assert isinstance(got, TimeSample)
    assert time.monotonic() - began < 0.8


def test_the_sample_with_the_narrowest_bound_counts() -> None:
    dispersions = iter([0.4, 0.01, 0.4, 0.4])

    got = sample(lambda query: [ntp_answer(query, root_dispersion=next(dispersions, 0.4))])

    assert got.bound_s < 0.2


def test_silence_is_an_answer_in_time() -> None:
    began = time.monotonic()

    reason = refusal(lambda query: [], timeout_s=0.15)

    assert "no answer" in reason
    assert time.monotonic() - began < 0.5


def test_a_closed_port_is_told_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    began = time.monotonic()

    got = NtpSource("127.0.0.1", port).sample(1.5)

    assert got == SourceRefused(f"ntp:127.0.0.1:{port}", "the port is closed")
    assert time.monotonic() - began < 0.5


def test_a_flood_of_strays_does_not_hold_the_exchange() -> None:
    began = time.monotonic()

    reason = refusal(lambda query: [b"\xff" * 48] * 2000, timeout_s=0.15)

    assert "ignored" in reason
    assert time.monotonic() - began < 0.6


def test_ipv6_servers_are_asked_too() -> None:
    with NtpServer(lambda query: [ntp_answer(query)], socket.AF_INET6) as server:
        got = NtpSource("::1", server.port, spread_s=0.001).sample(0.5)

    assert isinstance(got, TimeSample)
    assert got.source == f"ntp:[::1]:{server.port}"


def test_a_resolver_that_hangs_costs_no_more_than_the_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    hang = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hang.wait(5) and [])
    began = time.monotonic()

    got = NtpSource("time.example").sample(0.1)
    hang.set()

    assert isinstance(got, SourceRefused)
    assert "resolve" in got.reason
    assert time.monotonic() - began < 0.5


def test_a_dead_first_address_leaves_time_for_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with NtpServer(lambda query: []) as dead, NtpServer(lambda query: [ntp_answer(query)]) as alive:
        found = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", port)) for port in (dead.port, alive.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

        got = NtpSource("time.example", spread_s=0.001).sample(0.4)

    assert isinstance(got, TimeSample)


@given(st.binary(max_size=80))
@settings(max_examples=200)
def test_no_datagram_without_our_cookie_is_an_answer(data: bytes) -> None:
    cookie = b"\xa5\x5a" * 4

    if data[24:32] != cookie:
        with pytest.raises(NotOurAnswer):
            read_answer("ntp:x", data, cookie, 1.8e9, 0.01)


@given(st.binary(min_size=24, max_size=24), st.binary(min_size=16, max_size=16), st.floats(0, 5))
@settings(max_examples=300)
def test_whatever_a_server_answers_gives_a_finite_bound_or_a_refusal(
    head: bytes, times: bytes, round_trip_s: float
) -> None:
    cookie = b"\xa5\x5a" * 4

    try:
        got = read_answer("ntp:x", head + cookie + times, cookie, 1.8e9, round_trip_s)
    except (NotOurAnswer, ntp._NotUsable):
        return

    assert 0 < got.bound_s < round_trip_s / 2 + ntp.MAX_ROOT_DISTANCE_S + 0.1
    assert abs(got.ahead_s) <= 2**31


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("time.example", ("time.example", 123)),
        ("time.example:1123", ("time.example", 1123)),
        ("127.0.0.1:11123", ("127.0.0.1", 11123)),
        ("::1", ("::1", 123)),
        ("[::1]", ("::1", 123)),
        ("[::1]:11123", ("::1", 11123)),
    ],
)
def test_a_server_is_a_host_and_perhaps_a_port(text: str, server: tuple[str, int]) -> None:
    assert parse_server(text) == server


@pytest.mark.parametrize("text", ["", ":123", "host:0", "host:65536", "host:x", "a b", "http://x/", "[::1]:x"])
def test_what_is_no_server_is_one_clear_line(text: str) -> None:
    with pytest.raises(BadInput, match="expected HOST"):
        parse_server(text)


def test_smearing_servers_are_known_by_name() -> None:
    assert smears("time.google.com")
    assert smears("time3.google.com")
    assert not smears("ntp.se")
