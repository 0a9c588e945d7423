"""What `watch` and `Signer` cost, as ratios to the bare session and to bare PyJWT in the same run.

    python benchmarks/watch.py [--runs 7] [--requests 200]

Requests go to a loopback server over a connection that stays open, so that nothing but the client's own work is left to
measure: against a real token host, whose reply takes a hundred milliseconds, the same microseconds are far below one
percent. The kinds take turns in an order that is shuffled each run; each figure is the median of the runs.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import jwtdoctor

KEY = Path(__file__).resolve().parent.parent / "sample_keys" / "matching.key"
AUDIENCE = "https://login.salesforce.com"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
Work = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    with token_host() as url, tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        kinds = requests_of(url, Path(folder), stack)
        table("a request", kinds, options.runs, options.requests)
    table("an assertion", signatures(), options.runs, max(1, options.requests // 10))


def table(what: str, kinds: Mapping[str, tuple[Work, str]], runs: int, times: int) -> None:
    """Microseconds of each kind, and its ratio to the kind that it is compared with."""
    medians = measure({name: work for name, (work, _) in kinds.items()}, runs, times)
    print(f"{what:44}{'us':>9}{'ratio':>8}   to")
    for name, (_, other) in kinds.items():
        ratio = f"{medians[name] / medians[other]:>8.2f}   {other}" if other else ""
        print(f"  {name:42}{medians[name] * 1e6:>9.0f}{ratio}")


def measure(kinds: Mapping[str, Work], runs: int, times: int) -> dict[str, float]:
    """Median seconds of one call; one call is not counted."""
    took: dict[str, list[float]] = {name: [] for name in kinds}
    order = list(kinds)
    for work in kinds.values():
        work()
    for _ in range(runs):
        random.shuffle(order)
        for name in order:
            work = kinds[name]
            began = time.perf_counter()
            for _ in range(times):
                work()
            took[name].append((time.perf_counter() - began) / times)
    return {name: statistics.median(values) for name, values in took.items()}


def requests_of(url: str, folder: Path, stack: ExitStack) -> dict[str, tuple[Work, str]]:
    token = signer().sign().token.reveal()
    form = {"grant_type": GRANT, "assertion": token}

    def session(watched: bool, **more: Any) -> requests.Session:
        made = stack.enter_context(requests.Session())
        made.trust_env = False
        return jwtdoctor.watch(made, **more) if watched else made

    bare, to_file = session(False), session(True, log=folder / "iat.jsonl", skew=jwtdoctor.Skew())
    to_function = session(True, log=lambda _: None)
    return {
        "token request, bare session": (lambda: bare.post(url, data=form), ""),
        "token request, watched, to a function": (
            lambda: to_function.post(url, data=form), "token request, bare session",
        ),
        "token request, watched, file and skew": (lambda: to_file.post(url, data=form), "token request, bare session"),
        "other request, bare session": (lambda: bare.get(url), ""),
        "other request, watched": (lambda: to_file.get(url), "other request, bare session"),
    }  # fmt: skip


def signatures() -> dict[str, tuple[Work, str]]:
    pem = KEY.read_bytes()
    key, mine = load_pem_private_key(pem, None), signer()

    def claims() -> dict[str, Any]:
        now = int(time.time())
        return {"iss": "3MVG9a", "sub": "u@e.com", "aud": AUDIENCE, "iat": now, "exp": now + 180}

    return {
        "PyJWT, key parsed each time": (lambda: jwt.encode(claims(), pem, "RS256"), ""),
        "PyJWT, key parsed once": (lambda: jwt.encode(claims(), key, "RS256"), "PyJWT, key parsed each time"),  # type: ignore[arg-type]
        "Signer.sign": (lambda: mine.sign(), "PyJWT, key parsed once"),
        "Signer.current": (lambda: mine.current(), "PyJWT, key parsed once"),
    }


def signer() -> jwtdoctor.Signer:
    return jwtdoctor.Signer(key=KEY, issuer="3MVG9a", subject="u@e.com", audience=AUDIENCE)


@contextmanager
def token_host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/services/oauth2/token"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    body = json.dumps({"access_token": "00D!token", "instance_url": AUDIENCE}).encode()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


if __name__ == "__main__":
    main()
