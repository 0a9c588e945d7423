"""This machine: its clock, the time servers that it is configured with, and what keeps its clock right.

The public servers asked by default are of four independent operators, none of which smears leap seconds: two national
metrology institutes and two registries' foundations that publish traceable time for anyone's use. Left out on purpose:
pool.ntp.org (software vendors are asked to get a zone of their own), NIST (no more than one packet in four seconds),
Google, Meta and AWS (they smear), Cloudflare and Apple (no public statement on smearing that we found).

Everything that is read here is best effort: a file that is absent or a tool that hangs is no error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.netrc import names_host
from jwtdoctor.instruments.ports import Clock, Instruments
from jwtdoctor.instruments.system_clock import SystemClock
from jwtdoctor.instruments.text import one_line
from jwtdoctor.model.clock import SourceRefused, SyncState, TimeSample

if TYPE_CHECKING:
    import threading

PUBLIC_SERVERS = ("ptbtime1.ptb.de", "ntp.se", "ntp.time.nl", "time.nrc.ca")
"""PTB (Germany), Netnod (Sweden), SIDN Labs (Netherlands), National Research Council (Canada)."""
MAX_CONFIGURED = 3
MAX_FILE = 64_000
TOOL_TIMEOUT_S = 1.0
NTP_OFF = "switched off with --no-ntp"


def real_instruments(
    *,
    ntp: Sequence[str] | None = None,
    no_ntp: bool = False,
    ca_file: str | None = None,
    clock: Clock | None = None,
    samples: int | None = None,
    cancelled: threading.Event | None = None,
    environ: Mapping[str, str] | None = None,
) -> Instruments:
    """The real world.

    `ntp`: `HOST[:PORT]` texts that replace the defaults (the public set and this machine's own servers); none at all in
    it means that nobody is asked. `cancelled` is read just before a request is sent. Raises BadInput for a server or a
    CA file that cannot be used.
    """
    from jwtdoctor.instruments.hostclock import IN_PASSING, IN_PASSING_S, measure_host
    from jwtdoctor.instruments.http import HttpTransport
    from jwtdoctor.instruments.ntp import SAMPLES, NtpSource, parse_server, smears
    from jwtdoctor.instruments.path import SystemPath
    from jwtdoctor.instruments.resolvers import configured_resolvers

    local = clock or SystemClock()
    servers = [] if no_ntp else [parse_server(s) for s in (default_servers() if ntp is None else ntp)]
    sources = tuple(NtpSource(h, p, local, samples or SAMPLES) for h, p in dict.fromkeys(servers))
    smearing = [h for h, _ in servers if smears(h)]
    mixed = bool(smearing) and len(smearing) < len(servers)
    http = HttpTransport(local, ca_file=ca_file, environ=environ, cancelled=cancelled)

    def host_clock(url: str, deadline_s: float) -> TimeSample | SourceRefused:
        return measure_host(http, url, local, deadline_s=deadline_s, goal_s=IN_PASSING_S, budget=IN_PASSING)

    return Instruments(
        clock=local,
        transport=http,
        host_clock=host_clock,
        resources=http,
        time_sources=sources,
        path=SystemPath(ca_file=ca_file, environ=environ, clock=local, resolvers=configured_resolvers()),
        time_skipped=NTP_OFF if no_ntp else "",
        warnings=(_smear_warning(smearing),) if mixed else (),
        sync=sync_state,
        netrc=partial(names_host, environ=environ),
    )


def _smear_warning(smearing: Sequence[str]) -> str:
    return (
        f"{', '.join(smearing)} smear{'s' if len(smearing) == 1 else ''} leap seconds and the other servers do not: "
        "around a leap second they differ by up to a second"
    )


def default_servers() -> tuple[str, ...]:
    """The public set and a few of this machine's own."""
    own = [server for server in configured_servers() if server not in PUBLIC_SERVERS]
    return (*PUBLIC_SERVERS, *own[:MAX_CONFIGURED])


def configured_servers(root: Path = Path("/")) -> tuple[str, ...]:
    """The time servers that this machine is configured with (chrony, timesyncd, ntp.conf, W32Time), each once."""
    found = [*_servers_of_ntp_files(root), *_servers_of_timesyncd(root), *_servers_of_windows()]
    return tuple(dict.fromkeys(server for server in found if _is_askable(server)))


_NTP_FILES = (
    "etc/chrony/chrony.conf",
    "etc/chrony.conf",
    "etc/chrony/sources.d/*.sources",
    "etc/chrony/conf.d/*.conf",
    "run/chrony-dhcp/*.sources",
    "etc/ntp.conf",
    "etc/ntpsec/ntp.conf",
    "etc/openntpd/ntpd.conf",
    "private/etc/ntp.conf",
)
_SERVER_LINE = re.compile(r"^\s{0,20}(?:server|servers|pool|peer)\s{1,20}(\S{1,253})(.{0,400})$", re.MULTILINE)
_PORT = re.compile(r"\bport\s{1,20}(\d{1,5})\b")


def _servers_of_ntp_files(root: Path) -> Iterator[str]:
    for text in _texts(root, _NTP_FILES):
        for match in _SERVER_LINE.finditer(text):
            port = _PORT.search(match[2])
            yield f"{_bracketed(match[1])}:{port[1]}" if port else match[1]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


_TIMESYNCD_FILES = (
    "etc/systemd/timesyncd.conf",
    "etc/systemd/timesyncd.conf.d/*.conf",
    "run/systemd/timesyncd.conf.d/*.conf",
    "usr/lib/systemd/timesyncd.conf.d/*.conf",
)
_TIMESYNCD_LINE = re.compile(r"^\s{0,20}(?:Fallback)?NTP\s{0,20}=(.{0,2000})$", re.MULTILINE)


def _servers_of_timesyncd(root: Path) -> Iterator[str]:
    for text in _texts(root, _TIMESYNCD_FILES):
        for match in _TIMESYNCD_LINE.finditer(text):
            yield from match[1].split()


def _texts(root: Path, patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        for path in sorted(root.glob(pattern))[:20]:
            try:
                with path.open("rb") as file:
                    yield file.read(MAX_FILE).decode("utf-8", "replace")
            except OSError:
                continue


def _servers_of_windows() -> Iterator[str]:
    """W32Time keeps `host,0x9 host,0x8` in one registry value."""
    if sys.platform == "win32":
        import winreg

        key = r"SYSTEM\CurrentControlSet\Services\W32Time\Parameters"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
                value, _ = winreg.QueryValueEx(opened, "NtpServer")
        except OSError:
            return
        for entry in str(value).split():
            yield entry.split(",")[0]
    yield from ()


def _is_askable(server: str) -> bool:
    """Reference clocks of ntpd (127.127.x.y) and chrony's own socket names are no servers to ask."""
    from jwtdoctor.instruments.ntp import parse_server

    try:
        host, _ = parse_server(server)
    except BadInput:
        return False
    return not host.startswith("127.127.") and not host.startswith("#")


Run = Callable[[Sequence[str]], str | None]


def run_tool(command: Sequence[str]) -> str | None:
    """What a tool prints within a second; None where it is absent, fails or hangs."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list of names, no shell
            command,
            capture_output=True,
            timeout=TOOL_TIMEOUT_S / 2,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout[:MAX_FILE].decode("utf-8", "replace") if done.returncode == 0 else None


def sync_state(run: Run = run_tool, platform: str = sys.platform) -> SyncState:
    """What the operating system says of its own synchronisation, and the command that would fix it here.

    Takes a second at most. `enabled` None: nothing here could be asked (a container, as a rule: its host keeps the
    clock).
    """
    if platform == "win32":
        return _sync_of_windows(run)
    if platform == "darwin":
        return _sync_of_macos(run)
    return _sync_of_chrony(run) or _sync_of_timedatectl(run) or SyncState(None, detail="no time service answered")


def _sync_of_chrony(run: Run) -> SyncState | None:
    said = run(("chronyc", "-n", "tracking"))
    if said is None or "Leap status" not in said:
        return None
    fields = _fields(said, ":")
    synchronised = fields.get("leap status", "").lower() in ("normal", "insert second", "delete second")
    detail = f"leap status {fields.get('leap status', '?')}, stratum {fields.get('stratum', '?')}"
    return SyncState(synchronised, "chrony", one_line(detail), "sudo chronyc makestep")


def _sync_of_timedatectl(run: Run) -> SyncState | None:
    said = run(("timedatectl", "show", "--property=NTP", "--property=NTPSynchronized", "--property=CanNTP"))
    fields = {} if said is None else _fields(said, "=")
    if "ntpsynchronized" not in fields:
        return None
    switched_on, synchronised = fields.get("ntp") == "yes", fields["ntpsynchronized"] == "yes"
    detail = f"NTP service {'on' if switched_on else 'off'}, clock {'' if synchronised else 'not '}synchronised"
    fix = "sudo systemctl restart systemd-timesyncd" if switched_on else "sudo timedatectl set-ntp true"
    if fields.get("canntp") == "no":
        fix = "sudo apt-get install chrony"
    return SyncState(switched_on or synchronised, "systemd-timesyncd", detail, fix)


def _sync_of_windows(run: Run) -> SyncState:
    said = run(("w32tm", "/query", "/status"))
    fix = "w32tm /resync /force"
    if said is None:
        return SyncState(False, "w32time", "the Windows Time service does not answer", f"net start w32time && {fix}")
    source = _fields(said, ":").get("source", "")
    free_running = "free-running" in source.lower() or "local cmos clock" in source.lower()
    return SyncState(not free_running, "w32time", one_line(f"source {source or '?'}"), fix)


def _sync_of_macos(run: Run) -> SyncState:
    said = run(("systemsetup", "-getusingnetworktime"))
    fix = "sudo sntp -sS time.apple.com"
    if said is None or ":" not in said:
        return SyncState(None, "timed", "systemsetup needs an administrator", fix)
    return SyncState(said.strip().lower().endswith("on"), "timed", one_line(said), fix)


def _fields(text: str, mark: str) -> dict[str, str]:
    pairs = (line.partition(mark) for line in text.splitlines() if mark in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
