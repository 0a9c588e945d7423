"""NTP: ntplib's packet codec over an exchange of our own.

ntplib takes any datagram from the right address for an answer, so the exchange here is checked as RFC 5905 §8 asks: a
connected socket (a closed port is then told at once), sixty-four random bits as the transmit timestamp that must come
back to the bit, mode 4, version 3 or 4, stratum 1-15, no alarm, a bounded root distance. What is not the answer to our
own packet is ignored while the time lasts; what is, and is unfit, ends the exchange with its reason. A kiss code is
named and obeyed: no further packet goes to that server.

The transmit timestamp is random and not the time, so that an attacker off the path cannot guess it and the server does
not learn our clock. Round trips are measured on the monotonic clock; the local clock is handed in. ntplib's offset is
positive where the local clock is *behind*: its sign is flipped here, once.
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass, field

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.names import Address, resolve
from jwtdoctor.instruments.ports import Clock
from jwtdoctor.instruments.system_clock import SystemClock
from jwtdoctor.instruments.text import one_line
from jwtdoctor.model.clock import SourceRefused, TimeSample

NTP_PORT = 123
MAX_ROOT_DISTANCE_S = 1.5
"""RFC 5905 §7.2 MAXDIST: a server further than this from its reference is not synchronised in any useful sense."""
SAMPLES = 4
SPREAD_S = 0.02
MAX_ADDRESSES = 3
LEAST_WAIT_S = 0.1
_ERA_S = 2.0**32
_SLACK_S = 2e-6
"""ntplib's floats hold half a microsecond at today's date."""
KISS_CODES = {
    "DENY": "access is denied",
    "RSTR": "access is restricted by the server's policy",
    "RATE": "we asked too often",
    "INIT": "it is not yet synchronised",
    "STEP": "it has just stepped its clock",
    "ACST": "it is an anycast server",
    "AUTH": "it wants authentication",
    "AUTO": "its Autokey sequence failed",
    "BCST": "it is a broadcast server",
    "CRYP": "cryptographic authentication failed",
    "DROP": "it lost its peer",
    "MCST": "it is a multicast server",
    "NKEY": "no key was found",
    "NTSN": "NTS authentication failed",
    "RMOT": "somebody else configures it",
}
"""RFC 5905 §7.4 and the IANA registry, in our words."""
SMEARING = (
    "time.google.com",
    "time.android.com",
    "metadata.google.internal",
    "time.facebook.com",
    "time.aws.com",
    "169.254.169.123",
)
"""Servers that spread a leap second over a day, and so differ by up to half a second from the others on that day."""


@dataclass(frozen=True, slots=True)
class NtpSource:
    """One NTP server as a time source. A few packets are sent; the sample with the narrowest bound counts."""

    host: str
    port: int = NTP_PORT
    clock: Clock = field(default_factory=SystemClock)
    samples: int = SAMPLES
    spread_s: float = SPREAD_S

    @property
    def name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and self.port != NTP_PORT else self.host
        return f"ntp:{host}" if self.port == NTP_PORT else f"ntp:{host}:{self.port}"

    def sample(self, timeout_s: float) -> TimeSample | SourceRefused:
        """The best of a few exchanges, within `timeout_s` seconds in all, name look-up included."""
        ends = time.monotonic() + timeout_s
        try:
            addresses = resolve(self.host, self.port, timeout_s, socket.SOCK_DGRAM)[:MAX_ADDRESSES]
        except OSError as problem:
            return SourceRefused(self.name, f"its name does not resolve: {_words(problem)}")
        reason = f"no answer in {timeout_s:.1f} s"
        for n, address in enumerate(addresses):
            left = ends - time.monotonic()
            if left <= 0:
                break
            try:
                return self._ask(address, left / (len(addresses) - n))
            except _KissOfDeath as kiss:
                return SourceRefused(self.name, str(kiss))
            except (_NotUsable, OSError) as problem:
                reason = _words(problem)
        return SourceRefused(self.name, reason)

    def _ask(self, address: Address, timeout_s: float) -> TimeSample:
        """Raises _NotUsable, _KissOfDeath or OSError where the first exchange gives nothing."""
        ends = time.monotonic() + timeout_s
        family, where = address
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(where)
            best = self._exchange(sock, timeout_s)
            for _ in range(self.samples - 1):
                wait_s = min(2 * best.round_trip_s + LEAST_WAIT_S, ends - time.monotonic() - self.spread_s)
                if wait_s <= 0:
                    break
                _drain(sock, self.spread_s)
                try:
                    best = min(best, self._exchange(sock, wait_s), key=lambda sample: sample.bound_s)
                except (_NotUsable, OSError):
                    # Servers that limit rates fall silent after the first answer, which stands.
                    break
        return best

    def _exchange(self, sock: socket.socket, timeout_s: float) -> TimeSample:
        cookie = os.urandom(8)
        packet = _query(cookie)
        began = time.monotonic()
        sent_at = self.clock.now()
        sock.send(packet)
        ignored = ""
        while (left := began + timeout_s - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                data = sock.recv(1024)
            except TimeoutError:
                break
            round_trip_s = time.monotonic() - began
            try:
                return read_answer(self.name, data, cookie, sent_at, round_trip_s)
            except NotOurAnswer as stray:
                ignored = str(stray)
        if ignored:
            raise _NotUsable(f"no valid answer in {timeout_s:.1f} s (ignored: {ignored})")
        raise _NotUsable(f"no answer in {timeout_s:.1f} s")


class NotOurAnswer(Exception):
    """A datagram that does not answer our packet: forged, late, doubled or no NTP. The exchange waits on."""


class _NotUsable(Exception):
    """The server answered us and its answer is unfit, or it did not answer."""


class _KissOfDeath(_NotUsable):
    """The server asks us to go away (RFC 5905 §7.4)."""


def read_answer(source: str, data: bytes, cookie: bytes, sent_at: float, round_trip_s: float) -> TimeSample:
    """One datagram as a sample; pure.

    `cookie` is the transmit timestamp of our packet, `sent_at` local epoch seconds, `round_trip_s` monotonic seconds.
    Raises NotOurAnswer for what must be ignored; another exception of this module for an answer that is unfit.
    """
    import ntplib

    if len(data) < 48:
        raise NotOurAnswer(f"a datagram of {len(data)} bytes")
    if data[24:32] != cookie:
        raise NotOurAnswer("an origin timestamp that is not ours")
    stats = ntplib.NTPStats()
    stats.from_data(data)
    if stats.mode != 4:
        raise NotOurAnswer(f"mode {stats.mode}")
    if stats.version not in (3, 4):
        raise NotOurAnswer(f"version {stats.version}")
    _refuse_unsynchronised(stats.stratum, stats.leap, data[12:16])
    distance_s = stats.root_delay / 2 + stats.root_dispersion + 2.0 ** min(stats.precision, 4)
    if distance_s > MAX_ROOT_DISTANCE_S:
        raise _NotUsable(f"its root distance is {distance_s:.2f} s")
    if not any(data[32:40]) or not any(data[40:48]):
        raise _NotUsable("its answer holds no time")
    stats.orig_timestamp = ntplib.system_to_ntp_time(sent_at)
    stats.dest_timestamp = stats.orig_timestamp + round_trip_s
    worked_s = _fold(stats.tx_timestamp - stats.recv_timestamp)
    delay_s = round_trip_s - worked_s
    if worked_s < -_SLACK_S or delay_s < -max(2.0**stats.precision, 1e-4):
        raise _NotUsable("its receive and transmit times contradict the round trip")
    bound_s = max(delay_s, 0.0) / 2 + distance_s + _SLACK_S
    return TimeSample(source, _fold(-stats.offset), bound_s, round_trip_s, stats.stratum)


def _refuse_unsynchronised(stratum: int, leap: int, reference: bytes) -> None:
    if stratum == 0:
        code = reference.decode("ascii", "replace").rstrip("\0")
        if code in ("", "INIT", "STEP") or not (code.isalnum() and code.isupper()):
            raise _NotUsable(f"unsynchronised ({KISS_CODES.get(code, 'stratum 0')})")
        raise _KissOfDeath(f"kiss code {code}: {KISS_CODES.get(code, 'it asks us to go away')}")
    if leap == 3:
        raise _NotUsable("unsynchronised (leap indicator 3)")
    if stratum > 15:
        raise _NotUsable(f"unsynchronised (stratum {stratum})")


def _fold(seconds: float) -> float:
    """A difference of NTP timestamps, which know no era: the nearest reading, ± 68 years (RFC 5905 §6)."""
    return seconds - _ERA_S * round(seconds / _ERA_S)


def _query(cookie: bytes) -> bytes:
    import ntplib

    packet: bytes = ntplib.NTPPacket(version=4, mode=3).to_data()
    return packet[:40] + cookie


def _drain(sock: socket.socket, seconds: float) -> None:
    """Spaces the packets, and throws away doubled answers meanwhile."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            sock.recv(1024)
        except TimeoutError:
            return


def _words(problem: Exception) -> str:
    if isinstance(problem, ConnectionRefusedError):
        return "the port is closed"
    return one_line(getattr(problem, "strerror", None) or str(problem) or type(problem).__name__)


def parse_server(text: str) -> tuple[str, int]:
    """`HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address as (host, port). Raises BadInput."""
    shown = one_line(text, 80)
    host, port = text.strip(), ""
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if not host or not host.isprintable() or any(char in host for char in " /@\\") or len(host) > 253:
        raise BadInput(f"{shown!r} is no time server", expected="HOST or HOST:PORT")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise BadInput(f"{shown!r} has no usable port", expected="HOST or HOST:PORT, port 1-65535")
    return host, int(port) if port else NTP_PORT


def smears(host: str) -> bool:
    """Whether a server is known to smear leap seconds."""
    name = host.lower().rstrip(".")
    numbered = name.replace("1", "").replace("2", "").replace("3", "").replace("4", "").replace("5", "")
    return name in SMEARING or (numbered in SMEARING and name.startswith("time"))
