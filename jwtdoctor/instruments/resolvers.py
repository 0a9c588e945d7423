"""Who resolves names here, and what each of them says of one name.

The system's look-up tells an address or an error, and not whose: a stale line in the hosts file, a silent resolver
before a good one, and a split-horizon that hides the name all look alike. So each configured resolver is asked once
more, by itself, with one A query over UDP (RFC 1035 §4); nobody else is asked, and nothing is concluded from it but
words for people and the kind of the failure.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from jwtdoctor.instruments.text import one_line

RESOLV_CONF = Path("/etc/resolv.conf")
HOSTS = Path("/etc/hosts")
MAX_RESOLVERS = 3
"""As many as glibc asks (resolv.h, MAXNS)."""
MAX_FILE = 256_000
TIMEOUT_S = 1.0
DNS_PORT = 53
_CODES = {0: "no IPv4 address", 1: "it calls the query malformed", 2: "it failed (SERVFAIL)", 3: "no such name",
          4: "it does not answer such queries", 5: "it refuses to answer"}  # fmt: skip
NO_SUCH_NAME = _CODES[3]


@dataclass(frozen=True, slots=True)
class ResolverSaid:
    """One resolver's answer in words. `code` is the DNS RCODE; None where no answer came."""

    server: str
    words: str
    code: int | None = None
    addresses: int = 0

    def __str__(self) -> str:
        return f"{self.server}: {self.words}"


def configured_resolvers(path: Path = RESOLV_CONF) -> tuple[str, ...]:
    """The name servers of `resolv.conf`, as many as are ever asked; none where there is no such file."""
    rows = (line.split() for line in _text(path).splitlines())
    found = (row[1] for row in rows if len(row) > 1 and row[0] == "nameserver")
    return tuple(server for server in dict.fromkeys(found) if _is_address(server))[:MAX_RESOLVERS]


def hosts_entry(host: str, path: Path = HOSTS) -> tuple[str, ...]:
    """The addresses that the hosts file gives a name; they go before every resolver."""
    wanted = host.lower().rstrip(".")
    rows = (line.partition("#")[0].split() for line in _text(path).splitlines())
    found = (row[0] for row in rows if wanted in (name.lower() for name in row[1:]))
    return tuple(address for address in dict.fromkeys(found) if _is_address(address))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


class Asking:
    """Several resolvers asked side by side on daemon threads; `said` is what has come in."""

    def __init__(self, servers: Sequence[str], host: str, timeout_s: float = TIMEOUT_S, port: int = DNS_PORT) -> None:
        self._servers = tuple(servers)
        self._answers: dict[str, ResolverSaid] = {}
        self._ends = time.monotonic() + timeout_s + 0.1
        self._threads = [
            threading.Thread(target=self._ask, args=(server, host, timeout_s, port), daemon=True, name="dns")
            for server in servers
        ]
        for thread in self._threads:
            thread.start()

    def said(self, *, wait: bool) -> tuple[ResolverSaid, ...]:
        """In the order of the servers. With `wait` the silent ones are waited for, until their time is over."""
        for thread in self._threads:
            thread.join(max(self._ends - time.monotonic(), 0.0) if wait else 0.0)
        return tuple(self._answers[server] for server in self._servers if server in self._answers)

    def _ask(self, server: str, host: str, timeout_s: float, port: int) -> None:
        self._answers[server] = ask_resolver(server, host, timeout_s, port)


def ask_resolver(server: str, host: str, timeout_s: float = TIMEOUT_S, port: int = DNS_PORT) -> ResolverSaid:
    """What one resolver says of a name, within `timeout_s` seconds."""
    try:
        query = _query(host)
    except (UnicodeError, ValueError):
        return ResolverSaid(server, "this is no host name")
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    ends = time.monotonic() + timeout_s
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((server, port))
            sock.send(query)
            while (left := ends - time.monotonic()) > 0:
                sock.settimeout(left)
                answer = sock.recv(4096)
                if answer[:2] == query[:2] and len(answer) >= 12 and answer[2] & 0x80:
                    return _read(server, answer)
    except TimeoutError:
        pass
    except ConnectionRefusedError:
        return ResolverSaid(server, "its port is closed")
    except OSError as problem:
        return ResolverSaid(server, one_line(problem.strerror or str(problem)).lower())
    return ResolverSaid(server, f"no answer in {timeout_s:.1f} s")


def _query(host: str) -> bytes:
    """One question: the A records of a name. Raises ValueError (UnicodeError) for what is no name."""
    labels = [label.encode("idna") for label in host.rstrip(".").split(".")]
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError("no host name")
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(name) > 255:
        raise ValueError("no host name")
    return os.urandom(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)


def _read(server: str, answer: bytes) -> ResolverSaid:
    """The RCODE, and how many records came. What they hold is the system's business."""
    code, count = answer[3] & 0x0F, int.from_bytes(answer[6:8], "big")
    if code == 0 and count:
        return ResolverSaid(server, f"answers ({count} record{'s' if count > 1 else ''})", code, count)
    return ResolverSaid(server, _CODES.get(code, f"error {code}"), code)


def problem_of(said: Sequence[ResolverSaid], servers: Sequence[str]) -> str:
    """Why a name did not resolve: no-resolver, no-such-name, no-answer or server-failure. Pure."""
    if not servers:
        return "no-resolver"
    codes = [one.code for one in said if one.code is not None]
    if not codes:
        return "no-answer"
    return "no-such-name" if any(code in (0, 3) for code in codes) else "server-failure"
