"""The purpose of the tool, end to end: a real server that judges times, a real client, each with its own clock.

Authlib's bearer grant and `jwtdoctor check` run 300 s behind, at, and 300 s ahead of true time (libfaketime moves what
the processes are told); a right chrony on loopback tells the true one, or nobody does. The assertion lives 180 s and
the server's leeway is 60 s, so what counts to it is how far the two clocks are apart.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peers import Keys, Peer, authlib_server, check, shifted

pytestmark = pytest.mark.real
OFF_S = 300.0
CLOCKS = [-OFF_S, 0.0, OFF_S]
CLOSE_S = 0.05
DATE_CLOSE_S = 1.6
"""One whole second of `Date`, and the way."""


@pytest.fixture(scope="module", params=CLOCKS, ids=lambda s: f"server{s:+.0f}")
def server(request: pytest.FixtureRequest, keys: Keys) -> Iterator[tuple[Peer, float]]:
    with authlib_server(request, keys.public, shifted(request, request.param)) as peer:
        yield peer, request.param


@pytest.fixture
def nobody() -> str:
    """`HOST:PORT` of a time server that is not there: what a firewall that blocks NTP leaves."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spare:
        spare.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{spare.getsockname()[1]}"


@pytest.mark.parametrize("client_s", CLOCKS, ids=lambda s: f"client{s:+.0f}")
def test_with_true_time_at_hand_the_side_that_is_off_is_named(
    request: pytest.FixtureRequest, server: tuple[Peer, float], keys: Keys, true_time: str, tmp_path: Path,
    client_s: float,
) -> None:  # fmt: skip
    peer, server_s = server

    report = login_with_true_time(peer, keys, true_time, tmp_path, shifted(request, client_s))

    assert report["outcome"] == ("granted" if client_s == server_s else "refused")
    assert fact(report, "clock.ahead_s") == pytest.approx(client_s, abs=CLOSE_S)
    assert fact(report, "host.ahead_s") == pytest.approx(server_s, abs=DATE_CLOSE_S)
    assert fact(report, "reply.date_ahead_s") == pytest.approx(client_s - server_s, abs=DATE_CLOSE_S)
    assert accused(report) == {side for side, off_s in (("client", client_s), ("server", server_s)) if off_s}
    if report["outcome"] == "refused":
        off = {"clock-drift": client_s, "server-clock-wrong": server_s}
        assert off[report["leaders"][0]]


@pytest.mark.parametrize("client_s", CLOCKS, ids=lambda s: f"client{s:+.0f}")
def test_without_true_time_the_two_clocks_are_said_to_differ_and_nothing_is_promised(
    request: pytest.FixtureRequest, server: tuple[Peer, float], keys: Keys, nobody: str, tmp_path: Path, client_s: float
) -> None:
    peer, server_s = server

    report = login(peer, keys, nobody, tmp_path, shifted(request, client_s))

    assert "clock.ahead_s" not in report["facts"]
    assert "host.ahead_s" not in report["facts"]
    assert fact(report, "reply.date_ahead_s") == pytest.approx(client_s - server_s, abs=DATE_CLOSE_S)
    assert reading(report, "ntp")["standing"] == "refused"
    if client_s == server_s:
        assert (report["outcome"], report["leaders"]) == ("granted", [])
        return
    verdicts = {verdict["cause"]: verdict for verdict in report["verdicts"]}
    assert report["outcome"] == "refused"
    assert report["leaders"] == ["clock-drift"]
    assert verdicts["clock-drift"]["likelihood"] == "likely"
    assert verdicts["server-clock-wrong"]["likelihood"] == "possible"
    assert "which of the two is off" in because(verdicts["clock-drift"])


def test_the_reply_of_a_server_with_another_fault_is_not_put_down_to_a_clock_that_is_off_alike(
    request: pytest.FixtureRequest, keys: Keys, true_time: str, tmp_path: Path
) -> None:
    """Two clocks that err alike hide their error from each other: neither can have spoilt the assertion."""
    with authlib_server(request, keys.public, shifted(request, -OFF_S)) as peer:
        clock = shifted(request, -OFF_S)
        report = login_with_true_time(peer, keys, true_time, tmp_path, clock, "--audience", "https://login.example.com")

    assert report["leaders"] == ["wrong-audience"]
    assert accused(report) == {"client", "server"}
    assert {finding["severity"] for finding in report["findings"]} == {"warning"}


def login_with_true_time(
    peer: Peer, keys: Keys, ntp: str, home: Path, clock: dict[str, str], *told: str
) -> dict[str, Any]:
    """A login in which chrony was heard. A machine that is too busy for two seconds proves nothing of the verdict."""
    for _ in range(3):
        report = login(peer, keys, ntp, home, clock, *told)
        if reading(report, "ntp")["standing"] != "refused":
            return report
    pytest.fail(f"chrony was not heard: {reading(report, 'ntp')['reason']}")


def login(peer: Peer, keys: Keys, ntp: str, home: Path, clock: dict[str, str], *told: str) -> dict[str, Any]:
    return check(
        "--provider", "generic", "--url", peer.token_url, "--audience", peer.token_url, "--client-id", "bearer-client",
        "--username", "user@example.com", "--key", keys.private, "--cert", keys.public, "--ntp", ntp, *told,
        home=home, environ=clock,
    )  # fmt: skip


def fact(report: dict[str, Any], name: str) -> float:
    return float(report["facts"][name]["value"])


def reading(report: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(clock for clock in report["clocks"] if clock["source"].startswith(kind))
    return found


def accused(report: dict[str, Any]) -> set[str]:
    """The sides whose clock the report calls wrong: as the cause, or beside it as a finding."""
    by_name = {
        "clock-drift": "client", "clock-is-off": "client",
        "server-clock-wrong": "server", "host-clock-is-off": "server",
    }  # fmt: skip
    rules = [finding["rule"] for finding in report["findings"]]
    return {by_name[name] for name in itertools.chain(report["leaders"], rules) if name in by_name}


def because(verdict: dict[str, Any]) -> str:
    return "\n".join(evidence["because"] for evidence in verdict["evidence"] if evidence["weight"])
