"""The judge behind loopback sockets: HTTP (or TLS), and a time server beside it, both in the scenario's time.

The URL says nothing of the Salesforce host that is meant, so the listener *plays* `policy.logical_host`; only a Host
header that names a host of the service (a real client through /etc/hosts) is taken at its word. Bodies are read with
Content-Length and chunked, since two of the most used clients send chunks. Everything is bounded, and nothing that a
client sends is logged but names.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from jwtdoctor.errors import BadInput
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.names import GRANT_TYPES
from jwtdoctor.simulator.keys import pair
from jwtdoctor.simulator.network import answers_instead
from jwtdoctor.simulator.ntp import NtpResponder
from jwtdoctor.simulator.orgapi import administrators_session
from jwtdoctor.simulator.policy import Policy
from jwtdoctor.simulator.ruling import Ruling
from jwtdoctor.simulator.staging import Outcome, ReadyStage, Stage
from jwtdoctor.simulator.wire import HttpRequest

MAX_BODY = 1_000_000
IDLE_S = 10.0
SILENT_S = 120.0
UNRESOLVABLE = "acme.my.salesforce.invalid"
"""A name that never resolves (RFC 6761 §6.4)."""

Log = Callable[[Mapping[str, Any]], None]


class Simulator:
    """A scenario served on loopback. A context manager; `token_url` and `ntp` are known once it is entered.

    `clock` is the local clock (epoch seconds). `certificate` are the files of a TLS certificate and its key; without
    them plain http is spoken. `log` gets one record a request, without secrets. Raises BadInput where the address
    cannot be had or the TLS files cannot be used.
    """

    def __init__(
        self,
        scenario: Stage,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: tuple[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        log: Log | None = None,
    ) -> None:
        if not _is_loopback(host):
            raise BadInput("the simulator listens on loopback only", where="--listen", expected="127.0.0.1:PORT")
        self.scenario = scenario
        self.token_url = ""
        self.ntp: tuple[str, int] = ("", 0)
        self._address = (host, port)
        self._certificate = certificate
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._policy: Any = scenario.policy
        self._open = ExitStack()
        self.stopping = threading.Event()

    def __enter__(self) -> Simulator:
        try:
            self._policy = self.scenario.ready(self._clock()).policy
            self.ntp = self._open.enter_context(NtpResponder(self.true_time, self._address[0])).address
            self.token_url = self._listen()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._open.close()

    def ready(self) -> ReadyStage:
        """The scenario's client, pointed at this listener, as it stands now."""
        return self.scenario.ready(self._clock(), self.token_url)

    def administrators_session(self) -> str:
        """An access token of the org's administrator, for whoever is to read the org (`audit`)."""
        if not isinstance(self._policy, Policy):
            raise BadInput("only a Salesforce org can be read", where="--provider")
        return administrators_session(self._policy, self.scenario.server_time(self._clock()))

    def true_time(self) -> float:
        """What every clock of this world but the client's and the token host's shows, epoch seconds."""
        return self.scenario.true_time(self._clock())

    @property
    def policy(self) -> Any:
        """The policy with all that was used up so far."""
        return self._policy

    def answer(self, request: HttpRequest) -> Reply:
        """The reply to one request; what it used up is kept. Called from the handler threads."""
        local = self._clock()
        instead = answers_instead(self.scenario.network, self.scenario.true_time(local), request.host)
        if instead is not None:
            self._note(request, Ruling(instead), local)
            return instead
        with self._lock:
            ruling = self.scenario.rule(request, self._policy, self.scenario.server_time(local))
            self._policy = ruling.onto(self._policy)
        self._note(request, ruling, local)
        return ruling.reply

    def _listen(self) -> str:
        if self.scenario.network == "dns":
            return f"https://{UNRESOLVABLE}{self.scenario.path}"  # nobody gets so far as to connect
        if self.scenario.network == "refused":
            host, port = self._open.enter_context(_deaf_port(self._address))
            return self._url("http", host, port)
        wants_tls = self._certificate is not None or self.scenario.network == "tls-untrusted"
        server = self._open.enter_context(_serving(self, self._address, self._context()))
        return self._url("https" if wants_tls else "http", self._address[0], server.server_port)

    def _url(self, scheme: str, host: str, port: int) -> str:
        shown = f"[{host}]" if ":" in host else host
        return f"{scheme}://{shown}:{port}{self.scenario.path}"

    def _context(self) -> ssl.SSLContext | None:
        if self.scenario.network == "tls-untrusted":
            return _untrusted_context()
        return None if self._certificate is None else _context_of(*self._certificate)

    def _note(self, request: HttpRequest, ruling: Outcome, at: float) -> None:
        if self._log is not None:
            with suppress(OSError):
                self._log(record_of(request, ruling, at))


def record_of(request: HttpRequest, ruling: Outcome, at: float) -> dict[str, Any]:
    """One request for the log: names and sizes, never a value that a client sent, but for the kind of grant."""
    names = sorted(request.parameters())[:50]
    return {
        "at": round(at, 3),
        "method": request.method,
        "path": _known_path(request.path),
        "grant": GRANT_TYPES.get(request.parameters().get("grant_type", "")),
        "fields": [name for name in names if name in _FIELDS],
        "other_fields": sum(name not in _FIELDS for name in names),
        "body_bytes": len(request.body.encode("utf-8", "replace")),
        "status": ruling.reply.status,
        "error": ruling.refusal.error if ruling.refusal else None,
        "description": ruling.refusal.description if ruling.refusal else None,
        "server_date": ruling.reply.header("Date"),
    }


_FIELDS = frozenset(
    {
        *("grant_type", "assertion", "client_id", "client_secret", "code", "code_verifier", "code_challenge"),
        *("code_challenge_method", "redirect_uri", "refresh_token", "username", "password", "scope", "format"),
        *("device_code", "response_type", "state", "subject_token", "subject_token_type", "token"),
        *("client_assertion", "client_assertion_type", "jwt_token"),
    }
)


def _known_path(path: str) -> str:
    """The path as far as it cannot hold anything of the client's own."""
    return path if _KNOWN.fullmatch(path) else "other"


_KNOWN = re.compile(
    r"/(token|app|oauth2/v1/token|v2/streaming/hostname|session/v1/login-request|"
    r"services/(oauth2/[a-z]+|data(/v\d+\.0(/(tooling/)?query)?)?|Soap/m/\d+\.0)|setup/secur/\w+\.apexp)"
)


# --- sockets ----------------------------------------------------------------------------------------------------


@contextmanager
def _serving(simulator: Simulator, address: tuple[str, int], context: ssl.SSLContext | None) -> Iterator[_Server]:
    try:
        server = _Server(simulator, address)
    except OSError as problem:
        raise BadInput(f"cannot listen there: {problem.strerror}", where="--listen", do="use port 0") from None
    if context is not None:
        # The handshake is left to the handler's thread, so that one silent peer does not hold the others up.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True, name="simulated endpoint")
    thread.start()
    try:
        yield server
    finally:
        simulator.stopping.set()
        server.shutdown()
        server.hang_up()
        server.server_close()
        thread.join(timeout=2.0)


class _Server(ThreadingHTTPServer):
    """Knows its simulator, and the connections that are open, so that it can end at once."""

    daemon_threads = False  # joined at the end: no thread outlives the context
    allow_reuse_address = True

    def __init__(self, simulator: Simulator, address: tuple[str, int]) -> None:
        self.simulator = simulator
        self._connections: set[socket.socket] = set()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        if self.simulator.scenario.network == "reset":
            self.close_request(request)  # a shutdown first would end it in order
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that went away, or a handshake that failed, is none of our business."""

    def server_bind(self) -> None:
        """Without the reverse look-up of the address that http.server makes."""
        socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def hang_up(self) -> None:
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _BadBody(Exception):
    """A body that cannot be read: its framing is wrong, or it is too large."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


class _Handler(BaseHTTPRequestHandler):
    """One request a connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_S
    server: _Server

    def handle_any(self) -> None:
        self.close_connection = True
        try:
            body = self._body()
        except _BadBody as problem:
            self._write(Reply(problem.status, {"Content-Type": "text/plain"}, ""))
            return
        simulator = self.server.simulator
        if self._breaks_off(simulator.scenario.network):
            return
        self._write(simulator.answer(self._request(body, simulator.scenario)))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = handle_any

    def log_message(self, format: str, *args: Any) -> None:
        """Request lines may hold codes and tokens."""

    def _request(self, body: bytes, scenario: Stage) -> HttpRequest:
        return HttpRequest(
            method=self.command,
            target=self.path,
            headers=dict(self.headers.items()),
            body=body.decode("utf-8", "replace"),
            caller_ip=scenario.caller_ip,
            scheme=scenario.scheme,
            own_scheme="https" if isinstance(self.connection, ssl.SSLSocket) else "http",
        )

    def _body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return b"".join(self._chunks())
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            raise _BadBody(400) from None
        if length < 0:
            raise _BadBody(400)
        if length > MAX_BODY:
            raise _BadBody(413)
        return self.rfile.read(length)

    def _chunks(self) -> Iterator[bytes]:
        """RFC 9112 §7.1; trailers are read and dropped."""
        left = MAX_BODY
        while size := self._chunk_size():
            left -= size
            if left < 0:
                raise _BadBody(413)
            data = self.rfile.read(size)
            if len(data) < size:
                raise _BadBody(400)
            yield data
            self.rfile.readline(3)
        for _ in range(50):
            if self.rfile.readline(8192) in (b"\r\n", b"\n", b""):
                return
        raise _BadBody(400)

    def _chunk_size(self) -> int:
        line = self.rfile.readline(200).split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", line):
            raise _BadBody(400)
        return int(line, 16)

    def _breaks_off(self, network: str) -> bool:
        match network:
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return True
            case "closed":
                return True
            case "silent":
                self.server.simulator.stopping.wait(SILENT_S)
                return True
            case _:
                return False

    def _write(self, reply: Reply) -> None:
        body = reply.body.encode("utf-8")
        self.send_response_only(reply.status or 500)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def _deaf_port(address: tuple[str, int]) -> Iterator[tuple[str, int]]:
    """A port that is taken and where nobody listens: connections to it are refused."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as for a listener: old connections do not matter
        try:
            taken.bind(address)
        except OSError as problem:
            raise BadInput(f"cannot take that port: {problem.strerror}", where="--listen", do="use port 0") from None
        host, port, *_ = taken.getsockname()
        yield str(host), int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# --- TLS --------------------------------------------------------------------------------------------------------


def _context_of(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except FileNotFoundError:
        raise BadInput("a file is not there", where="--tls", expected="a certificate and its key, as PEM") from None
    except (OSError, ValueError):
        raise BadInput(
            "these two cannot be used together", where="--tls", expected="a certificate and its unencrypted key, as PEM"
        ) from None
    return context


def _untrusted_context() -> ssl.SSLContext:
    """A certificate that nobody signed. `ssl` reads files only: they live for a moment, in a private folder."""
    mine = pair("server")
    with tempfile.TemporaryDirectory(prefix="jwtdoctor-") as folder:  # made 0700
        certificate, key = Path(folder, "server.crt"), Path(folder, "server.key")
        certificate.write_text(mine.certificate_pem, encoding="ascii")
        key.touch(0o600)
        key.write_text(mine.private_pem.reveal(), encoding="ascii")
        return _context_of(str(certificate), str(key))
