"""This machine's own servers and synchronisation, the default set, and several sources side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.ntp import NtpSource, smears
from jwtdoctor.instruments.sources import ask_all
from jwtdoctor.instruments.system import (
    PUBLIC_SERVERS,
    configured_servers,
    real_instruments,
    run_tool,
    sync_state,
)
from jwtdoctor.instruments.system_clock import SystemClock
from jwtdoctor.model.clock import SourceRefused, TimeSample


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_servers_of_chrony_are_found(tmp_path: Path) -> None:
    write(tmp_path, "etc/chrony/chrony.conf", "# server no.example\npool 2.debian.pool.ntp.org iburst\n")
    write(tmp_path, "etc/chrony/sources.d/a.sources", "server ntp.acme port 1123 iburst\nserver ::1 port 9\n")

    assert configured_servers(tmp_path) == ("2.debian.pool.ntp.org", "ntp.acme:1123", "[::1]:9")


def test_the_servers_of_timesyncd_are_found(tmp_path: Path) -> None:
    write(tmp_path, "etc/systemd/timesyncd.conf", "[Time]\n#NTP=no.example\nNTP=a.example b.example\nFallbackNTP=c\n")

    assert configured_servers(tmp_path) == ("a.example", "b.example", "c")


def test_reference_clocks_of_ntpd_are_no_servers(tmp_path: Path) -> None:
    write(tmp_path, "etc/ntp.conf", "server 127.127.1.0\nserver time.apple.com\n")

    assert configured_servers(tmp_path) == ("time.apple.com",)


def test_a_machine_without_any_configuration_has_none(tmp_path: Path) -> None:
    assert configured_servers(tmp_path) == ()


def test_files_that_are_no_text_are_survived(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/ntp.conf").write_bytes(b"server \xff\xfe\nserver ok.example\n" + bytes(100_000))

    assert "ok.example" in configured_servers(tmp_path)


def test_the_public_set_is_four_that_do_not_smear() -> None:
    assert len(PUBLIC_SERVERS) == 4
    assert not any(smears(server) for server in PUBLIC_SERVERS)


def test_named_servers_replace_the_defaults() -> None:
    tools = real_instruments(ntp=("127.0.0.1:11123", "ntp.example"), environ={})

    assert [source.name for source in tools.time_sources] == ["ntp:127.0.0.1:11123", "ntp:ntp.example"]


def test_no_ntp_asks_nobody_and_says_why() -> None:
    tools = real_instruments(no_ntp=True, environ={})

    assert tools.time_sources == ()
    assert "--no-ntp" in tools.time_skipped


def test_smearing_servers_are_not_mixed_unnoticed() -> None:
    assert real_instruments(ntp=("time.google.com", "ntp.se"), environ={}).warnings != ()
    assert real_instruments(ntp=("time.google.com", "time2.google.com"), environ={}).warnings == ()


def test_a_server_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput):
        real_instruments(ntp=("a b",), environ={})


def test_the_local_clock_is_handed_on() -> None:
    clock = SystemClock()
    tools = real_instruments(ntp=("ntp.example",), clock=clock, environ={})

    source = tools.time_sources[0]
    assert isinstance(source, NtpSource)
    assert source.clock is clock is tools.clock


# --- synchronisation -------------------------------------------------------------------------------------------------

CHRONY = """Reference ID    : 7F7F0101 ()
Stratum         : 3
Leap status     : {}
"""


def tools(**said: str):  # type: ignore[no-untyped-def]
    def run(command: Sequence[str]) -> str | None:
        return said.get(command[0])

    return run


@pytest.mark.parametrize(("leap", "enabled"), [("Normal", True), ("Not synchronised", False)])
def test_chrony_is_asked_first(leap: str, enabled: bool) -> None:
    state = sync_state(tools(chronyc=CHRONY.format(leap), timedatectl="NTPSynchronized=yes\n"), "linux")

    assert (state.enabled, state.by, state.fix) == (enabled, "chrony", "sudo chronyc makestep")


@pytest.mark.parametrize(
    ("said", "enabled", "fix"),
    [
        ("NTP=no\nNTPSynchronized=no\nCanNTP=yes\n", False, "sudo timedatectl set-ntp true"),
        ("NTP=yes\nNTPSynchronized=no\nCanNTP=yes\n", True, "sudo systemctl restart systemd-timesyncd"),
        ("NTP=no\nNTPSynchronized=no\nCanNTP=no\n", False, "sudo apt-get install chrony"),
    ],
)
def test_timedatectl_tells_what_would_fix_it(said: str, enabled: bool, fix: str) -> None:
    state = sync_state(tools(timedatectl=said), "linux")

    assert (state.enabled, state.fix) == (enabled, fix)


def test_where_nothing_can_be_asked_nothing_is_claimed() -> None:
    assert sync_state(tools(), "linux").enabled is None


@pytest.mark.parametrize(("source", "enabled"), [("time.windows.com,0x8", True), ("Local CMOS Clock", False)])
def test_windows_says_where_its_time_comes_from(source: str, enabled: bool) -> None:
    state = sync_state(tools(w32tm=f"Leap Indicator: 0\nSource: {source}\n"), "win32")

    assert (state.enabled, state.fix) == (enabled, "w32tm /resync /force")


def test_macos_says_whether_network_time_is_on() -> None:
    assert sync_state(tools(systemsetup="Network Time: Off\n"), "darwin").enabled is False


def test_a_tool_that_is_absent_says_nothing() -> None:
    assert run_tool(("no-such-tool-anywhere",)) is None
    assert run_tool(("false",)) is None


# --- side by side ----------------------------------------------------------------------------------------------------


class Source:
    def __init__(self, name: str, after: threading.Event | None = None, bug: Exception | None = None) -> None:
        self.name = name
        self._after, self._bug = after, bug

    def sample(self, timeout_s: float) -> TimeSample | SourceRefused:
        if self._bug is not None:
            raise self._bug
        if self._after is not None:
            self._after.wait(5)
        return TimeSample(self.name, 1.0, 0.1)


def test_answers_come_in_the_order_asked() -> None:
    assert [got.source for got in ask_all([Source("a"), Source("b"), Source("c")])] == ["a", "b", "c"]


def test_silent_sources_cost_no_more_than_the_timeout_together() -> None:
    never = threading.Event()
    began = time.monotonic()

    got = ask_all([Source(f"s{n}", never) for n in range(6)], 0.2)
    never.set()

    assert time.monotonic() - began < 0.6
    assert all(isinstance(answer, SourceRefused) for answer in got)


def test_one_silent_source_does_not_hold_up_three_that_answered() -> None:
    never = threading.Event()
    began = time.monotonic()

    got = ask_all([Source("a"), Source("silent", never), Source("b"), Source("c")], 5)
    never.set()

    assert time.monotonic() - began < 1
    assert [type(answer).__name__ for answer in got] == ["TimeSample", "SourceRefused", "TimeSample", "TimeSample"]


def test_nobody_to_ask_is_no_answer() -> None:
    assert ask_all([]) == ()


def test_a_bug_in_a_source_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        ask_all([Source("a", bug=ZeroDivisionError())], 0.5)
