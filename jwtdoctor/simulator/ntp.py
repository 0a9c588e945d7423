"""A tiny time server on loopback that follows the simulated world's clock: stratum 2, synchronised, honest.

Packed by hand (RFC 5905 §7.3), since a server needs four timestamps and no library.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

NTP_EPOCH_S = 2_208_988_800
_PACKET = struct.Struct("!BBbbIIIQQQQ")
_REFERENCE = int.from_bytes(b"\x7f\x00\x00\x01")
_MODE_CLIENT, _MODE_SERVER = 3, 4


class NtpResponder:
    """Answers time requests from `clock` (epoch seconds) until it is stopped. A context manager."""

    def __init__(self, clock: Callable[[], float], host: str = "127.0.0.1") -> None:
        self._clock = clock
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind((host, 0))
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(0.1)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="simulated ntp")

    @property
    def address(self) -> tuple[str, int]:
        host, port, *_ = self._socket.getsockname()
        return str(host), int(port)

    def __enter__(self) -> NtpResponder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.ident is not None:
            with suppress(OSError):
                self._socket.sendto(b"", self._socket.getsockname())  # so that it need not wait for its own time limit
            self._thread.join(timeout=2.0)
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                data, peer = self._socket.recvfrom(512)
                received_at = self._clock()
                answer = answer_to(data, received_at, self._clock())
                if answer is not None:
                    self._socket.sendto(answer, peer)
            except TimeoutError:
                continue
            except OSError:
                # A peer that went away (ICMP port unreachable) is no reason to end; a closed socket is.
                if self._socket.fileno() == -1:
                    return


def answer_to(data: bytes, received_at: float, sent_at: float) -> bytes | None:
    """The answer to a client's packet, None for anything that is none."""
    if len(data) < _PACKET.size or data[0] & 7 != _MODE_CLIENT:
        return None
    version = (data[0] >> 3) & 7
    if version not in (3, 4):
        return None
    (originate,) = struct.unpack("!Q", data[40:48])
    return _PACKET.pack(
        version << 3 | _MODE_SERVER,
        2,
        6,
        -20,
        16,
        16,
        _REFERENCE,
        _timestamp(received_at - 10.0),
        originate,
        _timestamp(received_at),
        _timestamp(sent_at),
    )


def _timestamp(at: float) -> int:
    """64 bits: seconds since 1900 (era 0 wraps in 2036) and their fraction."""
    return int((at + NTP_EPOCH_S) * 2**32) & 0xFFFFFFFFFFFFFFFF
