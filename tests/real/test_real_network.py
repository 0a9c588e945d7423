"""`jwtdoctor check`, whole and as a program, against proxies and TLS servers that nobody here wrote; and walled in.

squid and tinyproxy from the distribution, `openssl s_server` for what Python's own server would not do, and network
namespaces of our own (as root) in which nothing answers. Each fault must lead, and each check end in its time.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import missing
from loopback_servers import Authority, response, serving

pytestmark = pytest.mark.real
SAMPLES = Path(__file__).parents[2] / "sample_keys"
TOKEN_PATH = "/services/oauth2/token"
PASSWORD = "hunter22"
PASSWORD_FILE = "user:$apr1$salt1234$vWDmltdoOVkY1TygMtUiX1\n"
WITHOUT_START_S = 4.0
"""Five seconds less a slow start of the interpreter; the check times itself, since others may keep the machine busy."""


@dataclass(frozen=True)
class Checked:
    """One run of the program."""

    code: int
    report: dict[str, Any]
    err: str

    @property
    def leaders(self) -> list[str]:
        found: list[str] = self.report["leaders"]
        return found

    def fact(self, name: str) -> Any:
        return self.report["facts"].get(name, {}).get("value")


def command(url: str, *options: str) -> list[str]:
    pair = ("--key", str(SAMPLES / "matching.key"), "--cert", str(SAMPLES / "matching.crt"))
    who = ("--provider", "salesforce", "--client-id", "3MVG9x", "--username", "user@example.com")
    return [sys.executable, "-m", "jwtdoctor", "check", "--url", url, *who, *pair, "--format", "json", *options]


def checked(folder: Path, words: Sequence[str], environ: dict[str, str] | None = None, within_s: float = 40) -> Checked:
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    home = {"HOME": str(folder), "XDG_STATE_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=within_s, check=False, env={**kept, **home, **(environ or {})}
    )
    assert done.stdout, done.stderr
    return Checked(done.returncode, json.loads(done.stdout), done.stderr)


# --- real proxies -----------------------------------------------------------------------------------------------------


def spare_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port: int = spare.getsockname()[1]
    return port


@contextmanager
def running(words: Sequence[str], port: int) -> Iterator[None]:
    """A daemon in the foreground that listens on a port of loopback, until the block ends."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 20
        while time.monotonic() < ends and process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(0.2)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        else:
            pytest.fail(f"{words[0]} does not listen")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@contextmanager
def squid(program: Path, *lines: str, password: str = "") -> Iterator[int]:
    """A squid in a folder of its own that its user can write into; `password` is that of `user`."""
    port = spare_port()
    with tempfile.TemporaryDirectory(prefix="jwtdoctor-squid-") as made:
        folder = Path(made)
        folder.chmod(0o777)
        common = [f"http_port 127.0.0.1:{port}", f"pid_filename {folder}/squid.pid", "cache deny all",
                  "access_log none", f"cache_log {folder}/squid.log", f"coredump_dir {folder}",
                  "shutdown_lifetime 1 second"]  # fmt: skip
        if os.getuid() == 0:
            common.append("cache_effective_user proxy")
        login = squid_password(folder) if password else []
        (folder / "squid.conf").write_text("\n".join([*common, *login, *lines, ""]))
        words = [str(program), "-N", "-n", f"jwtdoctor{port}", "-f", str(folder / "squid.conf")]
        with running(words, port):
            yield port


def squid_password(folder: Path) -> list[str]:
    helper = next((path for path in map(Path, _HELPERS) if path.exists()), None)
    if helper is None:
        pytest.fail("squid has no basic_ncsa_auth")
    passwords = folder / "passwords"
    passwords.write_text(PASSWORD_FILE)
    passwords.chmod(0o644)
    return [f"auth_param basic program {helper} {passwords}", "acl known proxy_auth REQUIRED",
            "http_access allow known", "http_access deny all"]  # fmt: skip


_HELPERS = ("/usr/lib/squid/basic_ncsa_auth", "/usr/lib64/squid/basic_ncsa_auth", "/usr/libexec/squid/basic_ncsa_auth")


@contextmanager
def tinyproxy(program: Path, folder: Path, *lines: str) -> Iterator[int]:
    port = spare_port()
    config = folder / "tinyproxy.conf"
    config.write_text("\n".join([f"Port {port}", "Listen 127.0.0.1", "Timeout 20", "LogLevel Critical", *lines, ""]))
    with running([str(program), "-d", "-c", str(config)], port):
        yield port


def by_proxy(folder: Path, port: int, user: str = "", target: int = 9, *options: str) -> Checked:
    environ = {"https_proxy": f"http://{user}127.0.0.1:{port}"}
    return checked(folder, command(f"https://localhost:{target}{TOKEN_PATH}", "--no-ntp", *options), environ)


@pytest.mark.parametrize("user", ["", "user:wrong@"], ids=["none given", "wrong ones given"])
def test_squid_that_wants_credentials(real_part: Callable[[str], Path], tmp_path: Path, user: str) -> None:
    with squid(real_part("squid"), password=PASSWORD) as port:
        seen = by_proxy(tmp_path, port, user)

    assert (seen.leaders, seen.code) == (["proxy-refused"], 3)
    assert seen.fact("path.proxy_status") == 407
    assert seen.fact("path.proxy_from") == "https_proxy"
    wanted = "rejects the user name" if user else "wants a user name"
    assert wanted in seen.report["verdicts"][0]["remedy"][0]["do"]
    assert seen.report["took_s"] < WITHOUT_START_S


def test_squid_that_forbids_the_tunnel(real_part: Callable[[str], Path], tmp_path: Path) -> None:
    with squid(real_part("squid"), "http_access deny all") as port:
        seen = by_proxy(tmp_path, port)

    assert (seen.leaders, seen.fact("path.proxy_status")) == (["proxy-refused"], 403)
    assert "forbids the tunnel" in seen.report["verdicts"][0]["remedy"][0]["do"]


def test_squid_that_cannot_reach_the_host(real_part: Callable[[str], Path], tmp_path: Path) -> None:
    with squid(real_part("squid"), "http_access allow all", "connect_timeout 2 seconds") as port:
        seen = by_proxy(tmp_path, port, target=spare_port())

    assert (seen.leaders, seen.fact("path.proxy_status")) == (["proxy-refused"], 503)


def test_squid_lets_the_request_through_with_the_right_password(
    real_part: Callable[[str], Path], tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    reply = response(b'{"error":"invalid_grant","error_description":"audience is invalid"}', "400 Bad Request")
    with (
        squid(real_part("squid"), password=PASSWORD) as port,
        serving(reply, authority.good()) as server,
    ):
        seen = by_proxy(tmp_path, port, f"user:{PASSWORD}@", server.port, "--ca-file", authority.ca_file)

    assert (seen.leaders, seen.code) == (["wrong-audience"], 1)
    assert seen.fact("path.tls_ok") is True
    assert PASSWORD not in json.dumps(seen.report)


@pytest.mark.parametrize(("user", "status"), [("", 407), ("user:wrong@", 401)])
def test_tinyproxy_that_wants_credentials(
    real_part: Callable[[str], Path], tmp_path: Path, user: str, status: int
) -> None:
    with tinyproxy(real_part("tinyproxy"), tmp_path, f"BasicAuth user {PASSWORD}") as port:
        seen = by_proxy(tmp_path, port, user)

    assert (seen.leaders, seen.code) == (["proxy-refused"], 3)
    assert seen.fact("path.proxy_status") == status


def test_tinyproxy_that_forbids_the_port(real_part: Callable[[str], Path], tmp_path: Path) -> None:
    with tinyproxy(real_part("tinyproxy"), tmp_path, "ConnectPort 443") as port:
        seen = by_proxy(tmp_path, port, target=8443)

    assert (seen.leaders, seen.fact("path.proxy_status")) == (["proxy-refused"], 403)


# --- real TLS servers -------------------------------------------------------------------------------------------------


@contextmanager
def s_server(program: Path, folder: Path, *options: str) -> Iterator[int]:
    """`openssl s_server` with a certificate for localhost that `ca.pem` in the folder vouches for."""
    authority = Authority(folder)
    authority.write_leaf(folder / "leaf.pem")
    port = spare_port()
    leaf = str(folder / "leaf.pem")
    words = [str(program), "s_server", "-accept", f"127.0.0.1:{port}", "-cert", leaf, "-key", leaf, "-quiet", *options]
    with running(words, port):
        yield port


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_openssl_that_speaks_old_tls_alone(real_part: Callable[[str], Path], tmp_path: Path, version: str) -> None:
    with s_server(real_part("openssl"), tmp_path, version, "-cipher", "ALL:@SECLEVEL=0") as port:
        words = command(f"https://localhost:{port}{TOKEN_PATH}", "--no-ntp", "--ca-file", str(tmp_path / "ca.pem"))
        seen = checked(tmp_path, words)

    assert (seen.leaders, seen.code) == (["tls-version-too-old"], 3)
    assert seen.report["took_s"] < WITHOUT_START_S


def test_openssl_that_wants_a_client_certificate(real_part: Callable[[str], Path], tmp_path: Path) -> None:
    ca_file = str(tmp_path / "ca.pem")
    with s_server(real_part("openssl"), tmp_path, "-Verify", "1", "-CAfile", ca_file, "-www") as port:
        words = command(f"https://localhost:{port}{TOKEN_PATH}", "--no-ntp", "--ca-file", ca_file)
        seen = checked(tmp_path, words)

    assert (seen.leaders, seen.code) == (["mutual-tls-failed"], 3)


def test_the_trust_store_that_decided_is_named(real_part: Callable[[str], Path], tmp_path: Path) -> None:
    with s_server(real_part("openssl"), tmp_path, "-www") as port:
        words = command(f"https://localhost:{port}{TOKEN_PATH}", "--no-ntp")
        system = checked(tmp_path, words)
        named = checked(tmp_path, words, {"REQUESTS_CA_BUNDLE": str(SAMPLES / "other.crt")})

    assert system.leaders == named.leaders == ["tls-trust-failed"]
    assert system.fact("path.tls_trust_store") == "system"
    assert named.fact("path.tls_trust_store") == "REQUESTS_CA_BUNDLE"
    assert "REQUESTS_CA_BUNDLE" in named.report["verdicts"][0]["remedy"][0]["do"]
    assert any("issued by" in line for line in named.fact("path.certificates"))


# --- nothing answers --------------------------------------------------------------------------------------------------


@pytest.fixture
def walled(request: pytest.FixtureRequest, real_part: Callable[[str], Path]) -> list[str]:
    """The words before a command that runs it in a network namespace of its own, with loopback up."""
    if os.getuid() != 0:
        missing(request, "network namespaces need root")
    unshare, ip = real_part("unshare"), real_part("ip")
    return [str(unshare), "-n", "-m", "sh", "-ec", f'{ip} link set lo up; eval "$BEFORE"; exec "$@"', "sh"]


SILENT_DNS = "; ".join(
    ["import socket, time", "s = socket.socket(type=socket.SOCK_DGRAM)", "s.bind(('127.0.0.1', 53))", "time.sleep(8)"]
)
BEFORE = {
    "no route": "",
    "no resolver": "",
    "resolver silent": f'{sys.executable} -c "{SILENT_DNS}" >/dev/null 2>&1 & sleep 0.3',
    "refused": "",
    "unreachable": "ip route add unreachable 192.0.2.0/24",
}


@pytest.mark.parametrize(
    ("name", "url", "leader", "said"),
    [
        ("no route", "https://192.0.2.1", "network-blocked", "unreachable"),
        ("unreachable", "https://192.0.2.1", "network-blocked", "unreachable"),
        ("refused", "https://127.0.0.1:9", "network-blocked", "refused"),
        ("no resolver", "https://login.salesforce.com", "dns-failed", "dns"),
        ("resolver silent", "https://login.salesforce.com", "dns-failed", "dns"),
    ],
)
def test_with_everything_blocked_the_check_ends_in_five_seconds_and_says_what_was_not_reached(
    walled: list[str], tmp_path: Path, name: str, url: str, leader: str, said: str
) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    mount = f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf; "

    seen = checked(tmp_path, [*walled, *command(url)], {"BEFORE": mount + BEFORE[name]})

    assert seen.report["took_s"] < WITHOUT_START_S
    assert (seen.leaders, seen.code, seen.report["outcome"]) == ([leader], 3, "unreachable")
    assert seen.report["logins_used"] == 0
    assert seen.fact("path.failure") == said
    assert len(seen.report["clocks"]) >= 4
    assert all(clock["standing"] == "refused" and clock["reason"] for clock in seen.report["clocks"])
    if leader == "dns-failed":
        wanted = "no answer in" if name == "resolver silent" else "its port is closed"
        assert any(wanted in line for line in seen.fact("path.resolvers"))
