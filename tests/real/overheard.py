"""What real clients send when they ask for a token, heard by an endpoint of our own that refuses everybody.

    unshare -n -m python overheard.py < job.json > heard.jsonl

Only behind the wall of `walled.py`. The job is `{"folder": …, "runs": [[client, fault], …]}`: each client is told what
it is told in that situation. A line of the result is `Heard` as JSON; the keys in it live as long as the run.
"""

from __future__ import annotations

import json
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

from installed import python_of
from real_clients import client, settings_of, staged
from walled import HOSTS, PATIENCE_S, _ended, _raise_the_wall, make_authority

REFUSAL = b'{"error":"invalid_grant","error_description":"overheard"}'

GOOGLE_AUTH = """
import json, sys
from google.auth.transport.requests import Request
from google.oauth2 import service_account
s = json.loads(sys.argv[1])
service_account.Credentials.from_service_account_info(
    {"type": "service_account", "client_email": s["client_id"], "private_key": open(s["key"]).read(),
     "private_key_id": "of-the-test", "token_uri": s["base"] + "/services/oauth2/token"},
    scopes=["api"], subject=s["username"]).refresh(Request())
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One token request: `at` is the local clock when its body had come, epoch seconds."""

    at: float
    host: str
    headers: dict[str, str]
    fields: list[list[str]]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one client sent in one situation. `began` and `ended` are of the client's process."""

    client: str
    fault: str
    began: float
    ended: float
    client_id: str
    username: str
    asked: list[Asked] = field(default_factory=list)
    printed: str = ""


def main() -> None:
    job = json.load(sys.stdin)
    folder = Path(job["folder"])
    _raise_the_wall(folder)
    make_authority(folder)
    (folder / "hosts").write_text(f"127.0.0.1 localhost {' '.join(HOSTS)}\n")
    for name, fault_name in job["runs"]:
        print(json.dumps(asdict(hear(name, fault_name, folder))), flush=True)


def hear(name: str, fault_name: str, folder: Path) -> Heard:
    """One client, until it has given up."""
    asked: list[Asked] = []
    with _endpoint(folder, asked):
        began = time.time()
        settings = settings_of(staged(fault_name), began, folder)
        printed, _ = _ended(command_of(name, settings), folder, PATIENCE_S)
    return Heard(name, fault_name, began, time.time(), settings["client_id"], settings["username"], asked, printed)


def command_of(name: str, settings: dict[str, Any]) -> list[str]:
    if name == "google-auth":
        return [str(python_of("watched-clients")), "-c", GOOGLE_AUTH, json.dumps(settings)]
    return client(name).command(settings)


@contextmanager
def _endpoint(folder: Path, asked: list[Asked]) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = _body_of(self)
            headers = {name.lower(): value for name, value in self.headers.items()}
            fields = [list(pair) for pair in parse_qsl(body.decode(), keep_blank_values=True)]
            asked.append(Asked(time.time(), headers.get("host", ""), headers, fields))
            self.send_response(400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(REFUSAL)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(REFUSAL)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 443), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(folder / "server.pem"), str(folder / "server.key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def _body_of(handler: BaseHTTPRequestHandler) -> bytes:
    """The body, chunked (RFC 9112 §7.1) or of a length."""
    if handler.headers.get("transfer-encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("content-length", "0")))
    parts = []
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        parts.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(parts)


if __name__ == "__main__":
    main()
