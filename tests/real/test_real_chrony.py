"""A real chrony on loopback: right, moved, and unsynchronised. Needs no root and touches no clock (`chronyd -x`)."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import missing

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


@contextmanager
def chrony(program: Path, folder: Path, *lines: str, environ: dict[str, str] | None = None) -> Iterator[int]:
    """A chronyd on a free port, until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spare:
        spare.bind(("127.0.0.1", 0))
        port: int = spare.getsockname()[1]
    config = folder / f"{port}.conf"
    config.write_text(
        "\n".join(
            [f"port {port}", "bindaddress 127.0.0.1", "allow 127.0.0.0/8", "cmdport 0", "bindcmdaddress /",
             f"pidfile {folder / f'{port}.pid'}", *lines, ""]
        )
    )  # fmt: skip
    user = ["-u", "root"] if os.getuid() == 0 else []
    command = [str(program), "-x", "-d", "-U", *user, "-f", str(config)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environ or {})}
    )
    try:
        _wait_until_it_answers(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(5)


def _wait_until_it_answers(port: int) -> None:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        got = NtpSource("127.0.0.1", port, samples=1).sample(0.2)
        if isinstance(got, TimeSample) or "unsynchronised" in got.reason:
            return
    pytest.fail("chronyd did not answer")


def shifted(request: pytest.FixtureRequest, ahead_s: float) -> dict[str, str]:
    """The variables that move a process's clock with PyPI's libfaketime; its monotonic clock stays real."""
    spec = importlib.util.find_spec("libfaketime")
    folders = [] if spec is None else [Path(folder) for folder in spec.submodule_search_locations or []]
    found = [path for folder in folders for path in folder.rglob("libfaketime.so.1")]
    if not found:
        missing(request, "PyPI's libfaketime is not installed")
    return {"FAKETIME": f"{ahead_s:+.3f}", "DONT_FAKE_MONOTONIC": "1", "LD_PRELOAD": str(found[0])}


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
