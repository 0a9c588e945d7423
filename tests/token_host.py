"""A loopback token host that answers as it is told, and a local clock that a test moves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

TRUE = 1_795_301_245.0
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRANTED = json.dumps({"access_token": "00D5g000004aBcD!secretaccesstoken", "instance_url": "https://acme.example"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body))


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `breaks_at`: so many bytes of the body, and then the connection ends. Status 0: no answer at all."""

    status: int = 200
    body: str = GRANTED
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks_at: int | None = None


def refused(description: str | None, error: str = "invalid_grant", **headers: str) -> Said:
    body = {"error": error} | ({} if description is None else {"error_description": description})
    return Said(400, json.dumps(body), headers)


def date(epoch: float) -> dict[str, str]:
    return {"Date": formatdate(epoch, usegmt=True)}


class LocalClock:
    """Local epoch seconds, as far ahead of true time as the test says."""

    def __init__(self, now: float = TRUE) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class TokenHost:
    """`answer` decides; `asked` remembers."""

    def __init__(self, answer: Callable[[Asked], Said]) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.base = ""

    @property
    def url(self) -> str:
        return f"{self.base}/services/oauth2/token"

    @property
    def token_requests(self) -> list[Asked]:
        return [one for one in self.asked if one.method == "POST"]


@contextmanager
def token_host(answer: Said | Callable[[Asked], Said] = Said()) -> Iterator[TokenHost]:
    host = TokenHost(answer if callable(answer) else lambda _: answer)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.host = host
    host.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    host: TokenHost

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of some tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(self.command, self.path, dict(self.headers.items()), self.rfile.read(length).decode())
        self.server.host.asked.append(asked)
        self._say(self.server.host.answer(asked))

    do_GET = do_POST

    def _say(self, said: Said) -> None:
        if not said.status:
            self.close_connection = True
            return
        body = said.body.encode()
        self.send_response_only(said.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **said.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: said.breaks_at])
        self.close_connection = said.breaks_at is not None

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
