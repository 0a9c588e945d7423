"""Authorization servers that nobody here wrote, each as a process of its own on loopback, and `check` run on them.

Where `.ci/real-parts` put them they are found by themselves; without them a test is skipped, or fails under `--real`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import installed
import pytest
from conftest import missing

from jwtdoctor.instruments.ntp import NtpSource
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.clock import TimeSample
from jwtdoctor.model.report import Report

HERE = Path(__file__).parent
CALLBACK = "http://127.0.0.1:1717/callback"
STARTS_WITHIN_S = 20.0
ENDS_WITHIN_S = 30.0


@contextmanager
def right_time(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """`HOST:PORT` of a chrony that is right."""
    with chrony(program(request, "chronyd"), folder, "local stratum 3") as port:
        yield f"127.0.0.1:{port}"


def program(request: pytest.FixtureRequest, name: str) -> Path:
    """As the fixture `real_part`, for a wider scope."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    return Path(found or missing(request, f"{name} is not installed"))


def some_node(request: pytest.FixtureRequest) -> Path:
    """The Node of `.ci/real-parts`, else this machine's."""
    return installed.node() or program(request, "node")


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that runs. `said` are the lines that it printed after its URL."""

    url: str
    said: Queue[str] = field(repr=False)

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    def next_line(self, within_s: float = 5.0) -> str:
        """The next line that it printed. Raises Empty."""
        return self.said.get(timeout=within_s)


@contextmanager
def authlib_server(
    request: pytest.FixtureRequest, public_key: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Peer]:
    python = python_with_authlib(request)
    environ = {"AUTHLIB_INSECURE_TRANSPORT": "1", **(environ or {})}
    with _serving([str(python), str(HERE / "authlib_server.py"), str(public_key)], environ) as peer:
        yield peer


@contextmanager
def oidc_provider(
    request: pytest.FixtureRequest, public_key: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Peer]:
    modules = installed.part("oidc-provider", "node_modules", "oidc-provider")
    if modules is None:
        missing(request, "npm's oidc-provider is not installed (.ci/real-parts oidc_provider)")
    folder = modules.parent.parent
    node = str(some_node(request))
    command = [node, "--no-warnings", str(HERE / "oidc_provider_server.mjs"), str(folder), str(public_key)]
    with _serving(command, environ or {}) as peer:
        yield peer


@contextmanager
def glewlwyd(
    request: pytest.FixtureRequest, public_key: Path, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Peer]:
    """Its log, which names what its empty answers keep to themselves, is written to `log` as it answers."""
    package = installed.part("glewlwyd")
    if not installed.part("glewlwyd", "usr", "bin", "glewlwyd"):
        missing(request, "Debian's glewlwyd is not unpacked (.ci/real-parts glewlwyd)")
    jwk = json.dumps({"kid": "registered", **_jwk_of(public_key)})
    command = [sys.executable, str(HERE / "glewlwyd_server.py"), str(package), str(public_key), jwk, str(log)]
    with _serving(command, environ or {}) as peer:
        yield peer


def _jwk_of(public_key: Path) -> dict[str, str]:
    from jwtdoctor.assertions.keys import load_public
    from jwtdoctor.assertions.public import jwk_of

    key = load_public(public_key.read_bytes(), where="the registered key")
    return jwk_of(key.native, key.kind)


@contextmanager
def canaille(
    request: pytest.FixtureRequest, server_key: Path, environ: Mapping[str, str] | None = None
) -> Iterator[Peer]:
    """Its RFC 7523 grant takes what is signed with this key."""
    if not installed.part("servers", "lib", "python3*", "site-packages", "canaille"):
        missing(request, "canaille is not installed (.ci/real-parts servers)")
    python = installed.python_of("servers")
    environ = {"AUTHLIB_INSECURE_TRANSPORT": "1", **(environ or {})}
    with _serving([str(python), str(HERE / "canaille_server.py"), str(server_key)], environ) as peer:
        yield peer


def python_with_authlib(request: pytest.FixtureRequest) -> Path:
    python = installed.python_of("servers")
    if python is not None:
        return python
    if not all(importlib.util.find_spec(name) for name in ("authlib", "flask")):
        missing(request, "Authlib and Flask are not installed (.ci/real-parts servers)")
    return Path(sys.executable)


def shifted(request: pytest.FixtureRequest, ahead_s: float) -> dict[str, str]:
    """The variables that move a process's clock with PyPI's libfaketime; its monotonic clock stays real.

    Nothing for 0: such a process runs as it is.
    """
    if not ahead_s:
        return {}
    library = _libfaketime()
    if library is None:
        missing(request, "PyPI's libfaketime is not installed (.ci/real-parts servers)")
    return {"FAKETIME": f"{ahead_s:+.3f}", "DONT_FAKE_MONOTONIC": "1", "LD_PRELOAD": str(library)}


def _libfaketime() -> Path | None:
    spec = importlib.util.find_spec("libfaketime")
    folders = [] if spec is None else [Path(folder) for folder in spec.submodule_search_locations or []]
    beside = installed.part("servers", "lib", "python3*", "site-packages", "libfaketime")
    folders += [] if beside is None else [beside]
    return next((path for folder in folders for path in folder.rglob("libfaketime.so.1")), None)


@contextmanager
def chrony(program: Path, folder: Path, *lines: str, environ: dict[str, str] | None = None) -> Iterator[int]:
    """A chronyd on a free port, until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as spare:
        spare.bind(("127.0.0.1", 0))
        port: int = spare.getsockname()[1]
    config = folder / f"{port}.conf"
    config.write_text(
        "\n".join(
            [f"port {port}", "bindaddress 127.0.0.1", "allow 127.0.0.0/8", "cmdport 0", "bindcmdaddress /",
             f"pidfile {folder / f'{port}.pid'}", *lines, ""]
        )
    )  # fmt: skip
    user = ["-u", "root"] if os.getuid() == 0 else []
    command = [str(program), "-x", "-d", "-U", *user, "-f", str(config)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **(environ or {})}
    )
    try:
        _wait_until_it_answers(port)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(5)
        _tidy(process.pid)


def _wait_until_it_answers(port: int) -> None:
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        got = NtpSource("127.0.0.1", port, samples=1).sample(0.2)
        if isinstance(got, TimeSample) or "unsynchronised" in got.reason:
            return
    pytest.fail("chronyd did not answer")


@contextmanager
def _serving(command: list[str], environ: Mapping[str, str]) -> Iterator[Peer]:
    """The process, until the block ends; it is ended by its own id."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environ}
    )
    said: Queue[str] = Queue()
    reader = Thread(target=_read, args=(process, said), daemon=True)
    reader.start()
    try:
        yield Peer(_first_line(process, said), said)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        reader.join(5)
        _tidy(process.pid)


def _tidy(pid: int) -> None:
    """libfaketime leaves its shared memory behind when its process is ended by a signal."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        (Path("/dev/shm") / name).unlink(missing_ok=True)


def _read(process: subprocess.Popen[str], said: Queue[str]) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            said.put(line.strip())


def _first_line(process: subprocess.Popen[str], said: Queue[str]) -> str:
    ends = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < ends:
        try:
            return said.get(timeout=0.2)
        except Empty:
            if process.poll() is not None:
                pytest.fail(f"{Path(process.args[0]).name} ended with {process.returncode} before it served")  # type: ignore[index, arg-type]
    pytest.fail(f"no URL within {STARTS_WITHIN_S:.0f} s")


@dataclass(frozen=True, slots=True)
class Keys:
    """A registered pair and a key that nobody registered."""

    private: Path
    public: Path
    other: Path


def new_keys(folder: Path) -> Keys:
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric import rsa

    keys = Keys(folder / "registered.key", folder / "registered.pub", folder / "other.key")
    for path in (keys.private, keys.other):
        key = rsa.generate_private_key(65537, 2048)
        path.write_bytes(
            key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()),
        )
        path.chmod(0o600)
        if path == keys.private:
            public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
            keys.public.write_bytes(public)
    return keys


def check(
    *options: str | Path, home: Path, environ: Mapping[str, str] | None = None, within_s: float = ENDS_WITHIN_S
) -> dict[str, Any]:
    """`jwtdoctor check` as a process of its own: its report. `home` keeps it from this machine's profiles."""
    command = [sys.executable, "-m", "jwtdoctor", "check", "--format", "json", "--quiet", *map(str, options)]
    places = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=within_s, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, **places, **(environ or {})},
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@dataclass(frozen=True, slots=True)
class Pkce:
    """A verifier and the code that a server gave for its challenge."""

    code: str
    verifier: str
    challenge: str


def code_of(
    peer: Peer, client_id: str, *, at: str = "authorize", login: tuple[str, Mapping[str, str]] | None = None,
    more: Mapping[str, str] | None = None,
) -> Pkce:  # fmt: skip
    """Goes through the authorize request as a browser would, with a verifier of its own, and brings back the code.

    `login`: where somebody logs in first, and with what. `more`: further parameters.
    """
    from jwtdoctor.assertions import pkce

    pair = pkce.new()
    challenge = pkce.challenge_of(pair.verifier)
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "scope": "openid",
        "state": "of-the-test", "nonce": "of-the-test", "code_challenge": challenge, "code_challenge_method": "S256",
        **(more or {}),
    }  # fmt: skip
    back = redirect_of(f"{peer.url}/{at}{'&' if '?' in at else '?'}{urlencode(query)}", login)
    return Pkce(parse_qs(urlsplit(back).query)["code"][0], pair.verifier.reveal(), challenge)


def redirect_of(url: str, login: tuple[str, Mapping[str, str]] | None = None) -> str:
    """Where an authorize request leads in the end: the callback URL, with what came with it."""
    import requests

    with requests.Session() as browser:
        browser.trust_env = False
        if login is not None:
            browser.post(login[0], json=login[1], timeout=5).raise_for_status()
        reply = browser.get(url, allow_redirects=False, timeout=5)
        for _ in range(8):
            to = urljoin(reply.url, reply.headers.get("Location", ""))
            if to.startswith(CALLBACK):
                return to
            reply = browser.get(to, allow_redirects=False, timeout=5)
    pytest.fail(f"no code: {reply.status_code} {reply.text[:200]}")


def examined(
    peer: Peer, keys: Keys, fault: str, *, flow: str, client_id: str, provider: str,
    subject: str | None = None, **of_the_attempt: Any,
) -> Report:  # fmt: skip
    """A checkup in this process, with a well-made assertion that has one of our deliberate faults in it."""
    from jwtdoctor.assertions.faults import FAULTS, sign_with_fault
    from jwtdoctor.assertions.keys import load_private
    from jwtdoctor.model.assertion import AssertionSpec

    spec = AssertionSpec(client_id, subject or client_id, peer.token_url, jti=True)
    key = load_private(keys.private.read_bytes(), where="the registered key")
    token = sign_with_fault(spec, key, time.time(), FAULTS[fault]).token
    attempt = Attempt(peer.token_url, client_id, subject or client_id, ready_assertion=token, **of_the_attempt)
    return tried(attempt, flow, provider)


def tried(attempt: Attempt, flow: str, provider: str) -> Report:
    """A checkup in this process that makes this attempt."""
    from jwtdoctor.checkup import examine
    from jwtdoctor.instruments.system import real_instruments
    from jwtdoctor.model.case import Case
    from jwtdoctor.model.names import Reach

    case = Case(provider=provider, flow=flow, attempt=attempt, reach=Reach.ENDPOINT)
    # Nothing is asked of any clock but the reply's own Date, which saves a second of waiting for its turn.
    return examine(case, replace(real_instruments(no_ntp=True, environ={}), host_clock=None))
