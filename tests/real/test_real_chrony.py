"""A real chrony on loopback: right, moved, and unsynchronised. Needs no root and touches no clock (`chronyd -x`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from peers import chrony, shifted

from jwtdoctor.instruments.ntp import NtpSource
from jwtdoctor.model.clock import SourceRefused, TimeSample

pytestmark = pytest.mark.real
CLOSE_S = 0.005
MONTH_S = 30 * 86_400.0


class ShiftedClock:
    def __init__(self, ahead_s: float) -> None:
        self._ahead_s = ahead_s

    def now(self) -> float:
        return time.time() + self._ahead_s


@pytest.fixture
def chronyd(real_part: Callable[[str], Path]) -> Path:
    return real_part("chronyd")


@pytest.mark.parametrize("ahead_s", [0.0, 1.5, 90.0, -300.0, MONTH_S, -MONTH_S])
def test_a_moved_client_reads_its_offset(chronyd: Path, tmp_path: Path, ahead_s: float) -> None:
    with chrony(chronyd, tmp_path, "local stratum 3") as port:
        got = NtpSource("127.0.0.1", port, ShiftedClock(ahead_s)).sample(1)

    assert isinstance(got, TimeSample)
    assert got.ahead_s == pytest.approx(ahead_s, abs=CLOSE_S)
    assert got.stratum == 3


@pytest.mark.parametrize("server_ahead_s", [90.0, -300.0, MONTH_S])
def test_a_moved_server_makes_the_client_look_off_the_other_way(
    request: pytest.FixtureRequest, chronyd: Path, tmp_path: Path, server_ahead_s: float
) -> None:
    environ = shifted(request, server_ahead_s)

    with chrony(chronyd, tmp_path, "local stratum 3", environ=environ) as port:
        got = NtpSource("127.0.0.1", port).sample(1)

    assert isinstance(got, TimeSample)
    assert got.ahead_s == pytest.approx(-server_ahead_s, abs=CLOSE_S)


def test_an_unsynchronised_chrony_is_not_believed(chronyd: Path, tmp_path: Path) -> None:
    with chrony(chronyd, tmp_path) as port:
        got = NtpSource("127.0.0.1", port).sample(1)

    assert isinstance(got, SourceRefused)
    assert "unsynchronised" in got.reason


@pytest.mark.parametrize("ahead_s", [-300.0, 300.0])
def test_the_command_on_a_machine_whose_clock_is_moved(
    request: pytest.FixtureRequest, chronyd: Path, tmp_path: Path, ahead_s: float
) -> None:
    environ = {**os.environ, **shifted(request, ahead_s)}

    with chrony(chronyd, tmp_path, "local stratum 3") as port:
        command = [sys.executable, "-m", "jwtdoctor", "clock", "--ntp", f"127.0.0.1:{port}", "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=20, check=False)

    assert done.returncode == 1
    assert json.loads(done.stdout)["facts"]["clock.ahead_s"]["value"] == pytest.approx(ahead_s, abs=CLOSE_S)
