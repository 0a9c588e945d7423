"""What each resolver says of a name, against small name servers on loopback."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loopback_servers import NtpServer

from jwtdoctor.instruments.resolvers import (
    Asking,
    ResolverSaid,
    ask_resolver,
    configured_resolvers,
    hosts_entry,
    problem_of,
)


def answer(query: bytes, code: int = 0, records: int = 0) -> bytes:
    return query[:2] + bytes([0x81, 0x80 | code]) + query[4:6] + records.to_bytes(2, "big") + b"\0\0\0\0" + query[12:]


@pytest.mark.parametrize(
    ("code", "records", "words"),
    [(0, 2, "answers (2 records)"), (0, 0, "no IPv4 address"), (3, 0, "no such name"), (2, 0, "SERVFAIL"),
     (5, 0, "refuses"), (11, 0, "error 11")],
)  # fmt: skip
def test_an_answer_is_said_in_words(code: int, records: int, words: str) -> None:
    with NtpServer(lambda query: [answer(query, code, records)]) as server:
        said = ask_resolver("127.0.0.1", "login.example.com", 1.0, server.port)

    assert words in said.words
    assert (said.code, said.addresses) == (code, records)
    assert b"\x05login\x07example\x03com\x00\x00\x01\x00\x01" in server.queries[0]


def test_a_silent_resolver_costs_its_time_and_no_more() -> None:
    with NtpServer(lambda _: []) as server:
        began = time.monotonic()
        said = ask_resolver("127.0.0.1", "login.example.com", 0.2, server.port)

    assert said.words == "no answer in 0.2 s"
    assert time.monotonic() - began < 0.6


def test_answers_to_other_questions_are_ignored() -> None:
    def forge(query: bytes) -> list[bytes]:
        return [b"\0\0" + answer(query, 3)[2:], b"", b"short", answer(query, 0, 1)]

    with NtpServer(forge) as server:
        said = ask_resolver("127.0.0.1", "login.example.com", 1.0, server.port)

    assert said.addresses == 1


def test_a_closed_port_is_said_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]

    assert ask_resolver("127.0.0.1", "x.example", 1.0, port).words == "its port is closed"


@given(st.text(max_size=300))
def test_any_text_is_asked_for_or_called_no_name(host: str) -> None:
    assert ask_resolver("127.0.0.1", host, 0.001, 9).words


def test_all_resolvers_are_asked_side_by_side() -> None:
    with NtpServer(lambda query: [answer(query, 0, 1)]) as server:
        asking = Asking(["127.0.0.1", "127.0.0.9"], "x.example", 0.3, server.port)
        said = asking.said(wait=True)

    assert [one.server for one in said] == ["127.0.0.1", "127.0.0.9"]
    assert said[0].addresses == 1
    assert said[1].code is None


def test_the_configured_resolvers_are_those_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# x\nsearch a.example\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver nonsense\n"
        "nameserver 192.0.2.1\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"
    )

    assert configured_resolvers(file) == ("192.0.2.1", "fe80::1%eth0", "192.0.2.3")
    assert configured_resolvers(tmp_path / "none") == ()


def test_the_hosts_file_goes_before_every_resolver(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n192.0.2.9 Login.Example.com login # x.example\nnonsense x.example\n")

    assert hosts_entry("login.example.COM.", file) == ("192.0.2.9",)
    assert hosts_entry("x.example", file) == ()


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        ([], "no-answer"),
        ([3], "no-such-name"),
        ([2], "server-failure"),
        ([2, 3], "no-such-name"),
        ([0], "no-such-name"),
    ],
)
def test_why_a_name_does_not_resolve(codes: list[int], problem: str) -> None:
    said = [ResolverSaid("192.0.2.1", "x", code) for code in codes]

    assert problem_of(said, ["192.0.2.1"]) == problem
    assert problem_of([], []) == "no-resolver"
