"""Servers on loopback that misbehave as told: UDP for NTP, TCP (with or without TLS) for HTTP and proxies."""

from __future__ import annotations

import datetime
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import trustme

NTP_DELTA = 2_208_988_800
Answer = Callable[[bytes], list[bytes]]
Handler = Callable[[socket.socket], None]


def timestamp(at: float) -> bytes:
    """An NTP timestamp (RFC 5905 §6), era dropped."""
    at += NTP_DELTA
    return struct.pack("!II", int(at) & 0xFFFFFFFF, int((at % 1) * 2**32))


def ntp_answer(
    query: bytes,
    *,
    ahead_s: float = 0.0,
    leap: int = 0,
    stratum: int = 2,
    mode: int = 4,
    version: int | None = None,
    reference: bytes = b"\x7f\0\0\1",
    origin: bytes | None = None,
    root_delay: float = 0.0,
    root_dispersion: float = 0.0,
    received: bytes | None = None,
    transmitted: bytes | None = None,
) -> bytes:
    """A correct answer of a server whose clock is fast by `ahead_s`, but for what is asked otherwise."""
    now = timestamp(time.time() + ahead_s)
    first = leap << 6 | ((query[0] >> 3) & 7 if version is None else version) << 3 | mode
    head = struct.pack("!BBbbII", first, stratum, 6, -20, int(root_delay * 65536), int(root_dispersion * 65536))
    reference_time = timestamp(time.time() - 10)
    return (
        head
        + reference
        + reference_time
        + (query[40:48] if origin is None else origin)
        + (received or now)
        + (transmitted or now)
    )


class NtpServer:
    """Answers each datagram with what `answer` makes of it. `queries` are those that came."""

    def __init__(self, answer: Answer, family: int = socket.AF_INET) -> None:
        self.queries: list[bytes] = []
        self._answer = answer
        self._sock = socket.socket(family, socket.SOCK_DGRAM)
        self._sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.port: int = self._sock.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NtpServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(self._sock.family, socket.SOCK_DGRAM) as last:
            last.sendto(b"stop", self._sock.getsockname())
        self._thread.join()
        self._sock.close()

    def _serve(self) -> None:
        while True:
            query, client = self._sock.recvfrom(512)
            if query == b"stop":
                return
            self.queries.append(query)
            for datagram in self._answer(query):
                self._sock.sendto(datagram, client)


class TcpServer:
    """Hands each connection to `handler` on a thread of its own; `stopping` ends the patient ones."""

    def __init__(self, handler: Callable[[socket.socket, threading.Event], None], tls: ssl.SSLContext | None) -> None:
        self.stopping = threading.Event()
        self.connections = 0
        self._handler = handler
        self._tls = tls
        self._sock = socket.create_server(("127.0.0.1", 0))
        self._sock.settimeout(0.02)
        self.port: int = self._sock.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> TcpServer:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join(2)
        self._sock.close()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                conn, _ = self._sock.accept()
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._handle, args=(conn,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _handle(self, conn: socket.socket) -> None:
        try:
            conn.settimeout(2)
            if self._tls is not None:
                conn = self._tls.wrap_socket(conn, server_side=True)
            self._handler(conn, self.stopping)
        except OSError:
            pass
        finally:
            conn.close()


def read_request(conn: socket.socket) -> bytes:
    """A whole request: the head, and as much body as Content-Length says."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    wanted = next((int(v.split(b":")[1]) for v in head.split(b"\r\n") if v.lower().startswith(b"content-length")), 0)
    while len(body) < wanted:
        body += conn.recv(65536)
    return head + b"\r\n\r\n" + body


def response(
    body: bytes = b"{}", status: str = "200 OK", headers: tuple[str, ...] = (), length: int | None = None
) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


@contextmanager
def serving(
    reply: bytes | Handler, tls: ssl.SSLContext | None = None, seen: list[bytes] | None = None
) -> Iterator[TcpServer]:
    """A server that reads one request (into `seen`) and then writes `reply`, or calls it with the connection."""

    def handle(conn: socket.socket, _: threading.Event) -> None:
        request = read_request(conn)
        if seen is not None:
            seen.append(request)
        if callable(reply):
            reply(conn)
        else:
            conn.sendall(reply)
            with suppress(OSError):
                conn.shutdown(socket.SHUT_WR)

    with TcpServer(handle, tls) as server:
        yield server


@contextmanager
def dripping(first: bytes, then: bytes) -> Iterator[TcpServer]:
    """A slow loris: `first` at once, then one byte of `then` each twentieth of a second, again and again."""

    def handle(conn: socket.socket, stopping: threading.Event) -> None:
        read_request(conn)
        conn.sendall(first)
        n = 0
        while not stopping.wait(0.05):
            conn.sendall(then[n % len(then) : n % len(then) + 1])
            n += 1

    with TcpServer(handle, None) as server:
        yield server


@contextmanager
def silent(tls: ssl.SSLContext | None = None) -> Iterator[TcpServer]:
    """Takes connections and says nothing."""

    def handle(conn: socket.socket, stopping: threading.Event) -> None:
        stopping.wait(5)

    with TcpServer(handle, tls) as server:
        yield server


@contextmanager
def proxying(status: str = "200 Connection established", seen: list[bytes] | None = None) -> Iterator[TcpServer]:
    """An HTTP proxy that answers CONNECT with `status`, and tunnels to 127.0.0.1 where that is 200."""

    def handle(conn: socket.socket, stopping: threading.Event) -> None:
        request = read_request(conn)
        if seen is not None:
            seen.append(request)
        conn.sendall(f"HTTP/1.1 {status}\r\n\r\n".encode())
        if not status.startswith("200"):
            return
        port = int(request.split(b" ")[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port)) as onward:
            back = threading.Thread(target=_pump, args=(onward, conn), daemon=True)
            back.start()
            _pump(conn, onward)
            back.join(1)

    with TcpServer(handle, None) as server:
        yield server


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Authority:
    """A certificate authority of our own, and server contexts with its certificates, good and bad."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA(organization_name="Honest Test Authority")
        self.ca_file = str(folder / "ca.pem")
        self._ca.cert_pem.write_to_path(self.ca_file)

    def good(self) -> ssl.SSLContext:
        return self._context("localhost", "127.0.0.1")

    def expired(self) -> ssl.SSLContext:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        return self._context("localhost", "127.0.0.1", begins=now - 9 * day, ends=now - day)

    def not_yet_valid(self) -> ssl.SSLContext:
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        return self._context("localhost", "127.0.0.1", begins=now + day, ends=now + 9 * day)

    def for_another_host(self) -> ssl.SSLContext:
        return self._context("other.example")

    def write_leaf(self, path: Path) -> None:
        """A good certificate for localhost and its key, in one file for another program."""
        self._ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)

    def old(self) -> ssl.SSLContext:
        """Speaks TLS 1.1 at most."""
        context = self.good()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.options |= ssl.OP_NO_TLSv1_2 | ssl.OP_NO_TLSv1_3
        return context

    def _context(
        self, *names: str, begins: datetime.datetime | None = None, ends: datetime.datetime | None = None
    ) -> ssl.SSLContext:
        return server_context(self._ca.issue_cert(*names, not_before=begins, not_after=ends))


def server_context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def self_signed() -> ssl.SSLContext:
    """An authority's own certificate, shown as a server's."""
    ca = trustme.CA(organization_name="Self")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with ca.cert_pem.tempfile() as certificate, ca.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
    return context
