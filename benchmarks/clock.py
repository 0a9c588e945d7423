"""How exact and how fast the clock measurement is, beside other programs, on one chrony on loopback in the same run.

    python benchmarks/clock.py [--runs 7]

A chronyd that touches no clock (`-x`) serves time on 127.0.0.1. Each program measures the same clock of this machine
against it, so the true offset is 0 and what a program says is its error. Durations are of whole processes, the order
shuffled, and of `NtpSource` within this process. Two floors: one bare UDP round trip for the exchange, and a Python
that only imports ntplib for the process. ntpdig asks port 123 alone, so it needs root and a free port 123 on 127.0.0.2.
What is not installed is said, and left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jwtdoctor.instruments.ntp import NtpSource
from jwtdoctor.model.clock import TimeSample

PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
NTP_PORT = 123


@dataclass(slots=True)
class Rival:
    """One way to measure. `measure` gives the error in seconds, or None where it did not answer."""

    name: str
    measure: Callable[[], float | None]
    floor: str
    errors_s: list[float] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    failed: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    chronyd = shutil.which("chronyd", path=PATH)
    if chronyd is None:
        print("chronyd is not installed: there is no server to measure against")
        return
    with tempfile.TemporaryDirectory() as folder, serving(chronyd, Path(folder)) as port:
        rivals, absent = _rivals(port, chronyd, Path(folder))
        floors = {"exchange": _udp_floor(port, runs), "process": _process_floor(runs)}
        measure(rivals, runs)
    _tell(rivals, floors, absent, runs)


def measure(rivals: Sequence[Rival], runs: int) -> None:
    """Fills in the figures: one uncounted turn first, then `runs` of them in shuffled order."""
    order = list(rivals)
    for turn in range(runs + 1):
        random.shuffle(order)
        for rival in order:
            began = time.perf_counter()
            error_s = rival.measure()
            took_s = time.perf_counter() - began
            if turn and error_s is None:
                rival.failed += 1
            elif turn and error_s is not None:
                rival.errors_s.append(error_s)
                rival.took_s.append(took_s)


def _tell(rivals: Sequence[Rival], floors: dict[str, float], absent: Sequence[str], runs: int) -> None:
    print(f"floors: one UDP round trip {floors['exchange'] * 1000:.3f} ms; "
          f"python -c 'import ntplib' {floors['process'] * 1000:.0f} ms; median of {runs}")  # fmt: skip
    print(f"{'':26}{'error us':>10}{'worst us':>10}{'ms':>9}{'x floor':>9}  floor")
    for rival in rivals:
        if not rival.errors_s:
            print(f"{rival.name:26}no answer in {rival.failed} runs")
            continue
        errors = [abs(error) * 1e6 for error in rival.errors_s]
        took_s = statistics.median(rival.took_s)
        print(f"{rival.name:26}{statistics.median(errors):>10.0f}{max(errors):>10.0f}{took_s * 1000:>9.1f}"
              f"{took_s / floors[rival.floor]:>9.1f}  {rival.floor}")  # fmt: skip
    for one in absent:
        print(one)


def _rivals(port: int, chronyd: str, folder: Path) -> tuple[list[Rival], list[str]]:
    one, four = NtpSource("127.0.0.1", port, samples=1), NtpSource("127.0.0.1", port)
    rivals = [
        Rival("NtpSource, 1 packet", lambda: _sampled(one), "exchange"),
        Rival("NtpSource, 4 packets", lambda: _sampled(four), "exchange"),
        Rival("jwtdoctor clock", lambda: _of_command(port), "process"),
        Rival("chronyd -Q, 1 sample", lambda: _of_chronyd(chronyd, port, folder, "maxsamples 1"), "process"),
        Rival("chronyd -Q", lambda: _of_chronyd(chronyd, port, folder, ""), "process"),
    ]
    absent = []
    for program, read in (("ntpdig", _of_ntpdig), ("ntpdate", _of_ntpdate)):
        found = shutil.which(program, path=PATH)
        if found is None:
            absent.append(f"{program:26}not installed")
        elif not _answers_on_123():
            absent.append(f"{program:26}left out: it asks port 123 alone, which needs root")
        else:
            rivals.append(Rival(program, lambda f=found, r=read: r(f), "process"))  # type: ignore[misc]
    return rivals, absent


def _sampled(source: NtpSource) -> float | None:
    got = source.sample(2.0)
    return got.ahead_s if isinstance(got, TimeSample) else None


def _of_command(port: int) -> float | None:
    words = ["-m", "jwtdoctor", "clock", "--ntp", f"127.0.0.1:{port}", "--format", "json"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, timeout=30)
    said = done.stdout  # a narration on stderr is no answer
    facts = json.loads(said)["facts"] if said.startswith("{") else {}
    seen = facts.get("clock.ahead_s")
    return None if seen is None else float(seen["value"])


def _of_chronyd(chronyd: str, port: int, folder: Path, more: str) -> float | None:
    server = f"server 127.0.0.1 port {port} iburst {more}".strip()
    user = ["-u", "root"] if os.getuid() == 0 else []
    words = ["-Q", "-t", "5", "-U", *user, server, "cmdport 0", "bindcmdaddress /", f"pidfile {folder}/q.pid"]
    found = re.search(r"wrong by (-?[\d.]+) seconds", _output([chronyd, *words]))
    return float(found[1]) if found else None


def _of_ntpdig(program: str) -> float | None:
    found = re.search(r'"offset":\s*(-?[\d.]+)', _output([program, "-j", "127.0.0.2"]))
    return float(found[1]) if found else None


def _of_ntpdate(program: str) -> float | None:
    found = re.search(r"([+-]\d+\.\d+)", _output([program, "-q", "127.0.0.2"]))
    return float(found[1]) if found else None


def _output(words: Sequence[str]) -> str:
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=30)
    return done.stdout


def _udp_floor(port: int, runs: int) -> float:
    """One NTP packet there and back on a bare socket."""
    packet = bytes([0x23]) + bytes(39) + b"jwtdoctr"
    times = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2)
        sock.connect(("127.0.0.1", port))
        for _ in range(runs * 5):
            began = time.perf_counter()
            sock.send(packet)
            sock.recv(512)
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def _process_floor(runs: int) -> float:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import ntplib"], check=False)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


@contextmanager
def serving(chronyd: str, folder: Path) -> Iterator[int]:
    """A chronyd on a free port of 127.0.0.1, and as root a second one on port 123 of 127.0.0.2 for ntpdig."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spare:
        spare.bind(("127.0.0.1", 0))
        port: int = spare.getsockname()[1]
    places = [("127.0.0.1", port)] + ([("127.0.0.2", NTP_PORT)] if os.getuid() == 0 else [])
    running = [_started(chronyd, folder, address, number) for address, number in places]
    try:
        _wait_for(port)
        yield port
    finally:
        for process in running:
            process.terminate()
            process.wait(5)


def _started(chronyd: str, folder: Path, address: str, port: int) -> subprocess.Popen[bytes]:
    config = folder / f"{address}.conf"
    lines = [f"port {port}", f"bindaddress {address}", "allow 127.0.0.0/8", "local stratum 3", "cmdport 0",
             "bindcmdaddress /", f"pidfile {folder}/{address}.pid", ""]  # fmt: skip
    config.write_text("\n".join(lines))
    user = ["-u", "root"] if os.getuid() == 0 else []
    words = [chronyd, "-x", "-d", "-U", *user, "-f", str(config)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _wait_for(port: int) -> None:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        if isinstance(NtpSource("127.0.0.1", port, samples=1).sample(0.2), TimeSample):
            return
    raise SystemExit("chronyd did not answer")


def _answers_on_123() -> bool:
    return isinstance(NtpSource("127.0.0.2", NTP_PORT, samples=1).sample(0.5), TimeSample)


if __name__ == "__main__":
    main()
