"""`check` with real instruments against servers and proxies on loopback that fail, each in its own way.

Each fault must lead, and each check must end within its time. Needs Python alone; daemons are for tests/real.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from loopback_servers import (
    Authority,
    TcpServer,
    dripping,
    proxying,
    response,
    self_signed,
    server_context,
    serving,
    silent,
)

from jwtdoctor.checkup import examine
from jwtdoctor.instruments.http import HttpTransport
from jwtdoctor.instruments.path import SystemPath
from jwtdoctor.instruments.system import real_instruments
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.names import Outcome, Reach
from jwtdoctor.model.report import Report
from jwtdoctor.render.text import text

SAMPLES = Path(__file__).parents[2] / "sample_keys"
TOKEN_PATH = "/services/oauth2/token"
Stage = Callable[[Authority], tuple[TcpServer, dict[str, str]]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def examined(
    url: str, *, ca_file: str | None = None, environ: Mapping[str, str] | None = None, timeout_s: float = 3.0
) -> Report:
    """One check, as the command line makes it, with short waits for what never comes."""
    settings = environ or {}
    tools = real_instruments(no_ntp=True, ca_file=ca_file, environ=settings)
    tools = replace(
        tools,
        transport=HttpTransport(ca_file=ca_file, environ=settings, connect_s=0.4, reply_s=1.0),
        path=SystemPath(ca_file=ca_file, environ=settings, connect_s=0.4),
        host_clock=None,
        sync=None,
    )
    attempt = Attempt(
        token_url=url,
        client_id="3MVG9example",
        username="user@example.com",
        key_path=str(SAMPLES / "matching.key"),
        certificate_path=str(SAMPLES / "matching.crt"),
    )
    case = Case(provider="salesforce", flow="jwt-bearer", attempt=attempt, reach=Reach.ENDPOINT)
    return examine(case, tools, timeout_s=timeout_s)


def led_by(report: Report, cause: str, headline: str) -> None:
    """The cause leads alone, nothing was granted or refused, and the first line of the page says what failed."""
    page = text(report)
    scores = ", ".join(f"{v.cause} {v.score}" for v in report.verdicts[:4])
    assert report.leaders == (cause,), scores
    assert report.outcome is Outcome.UNREACHABLE
    assert headline in page.splitlines()[0], page
    assert max(map(len, page.splitlines())) <= 80 or "http" in page


# --- TLS --------------------------------------------------------------------------------------------------------------


def unknown() -> ssl.SSLContext:
    return server_context(trustme.CA(organization_name="Nobody").issue_cert("localhost", "127.0.0.1"))


def inspecting() -> ssl.SSLContext:
    return server_context(trustme.CA(organization_name="Zscaler Inc.").issue_cert("localhost", "127.0.0.1"))


@pytest.mark.parametrize(
    ("context", "headline", "remedy"),
    [
        (Authority.expired, "has expired", "only the host's operator can renew it"),
        (Authority.not_yet_valid, "is not valid yet", "this machine's clock is slow"),
        (Authority.for_another_host, "is for another host", "other.example"),
        (lambda _: self_signed(), "is signed by itself", "--ca-file"),
        (lambda _: unknown(), "authority is not trusted here", "Nobody"),
        (lambda _: inspecting(), "opens TLS with its own certificate", "Zscaler Inc."),
    ],
    ids=["expired", "not yet valid", "wrong name", "self-signed", "unknown authority", "inspected"],
)
def test_a_certificate_that_is_refused_is_named_by_what_is_wrong_with_it(
    authority: Authority, context: Callable[[Authority], ssl.SSLContext], headline: str, remedy: str
) -> None:
    with serving(response(), context(authority)) as server:
        report = examined(f"https://127.0.0.1:{server.port}{TOKEN_PATH}", ca_file=authority.ca_file)

    led_by(report, "tls-trust-failed", headline)
    assert report.logins_used == 0
    assert remedy in report.verdicts[0].remedy[0].do
    assert "trust        the certificates of --ca-file" in text(report)


@pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")
def test_a_host_that_speaks_old_tls_alone_is_not_a_matter_of_trust(authority: Authority) -> None:
    with serving(response(), authority.old()) as server:
        report = examined(f"https://127.0.0.1:{server.port}{TOKEN_PATH}", ca_file=authority.ca_file)

    led_by(report, "tls-version-too-old", "TLS version")


def test_a_host_that_wants_a_client_certificate_is_not_a_network_fault(authority: Authority) -> None:
    context = authority.good()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    with serving(response(), context) as server:
        report = examined(f"https://127.0.0.1:{server.port}{TOKEN_PATH}", ca_file=authority.ca_file)

    assert report.leaders == ("mutual-tls-failed",), [(v.cause, v.score) for v in report.verdicts[:3]]


def test_plain_http_behind_an_https_url_is_said() -> None:
    with TcpServer(lambda conn, _: conn.sendall(response(b"", "400 Bad Request")), None) as server:
        report = examined(f"https://127.0.0.1:{server.port}{TOKEN_PATH}")

    led_by(report, "network-blocked", "TLS with the token host does not come about")
    assert "not with TLS" in text(report)


# --- the proxy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "user", "headline"),
    [
        ("407 Proxy Authentication Required", "", "wants a user name and password"),
        ("407 Proxy Authentication Required", "user:hunter22@", "rejects the user name or password"),
        ("401 Unauthorized", "user:hunter22@", "rejects the user name or password"),
        ("403 Forbidden", "", "forbids the token host"),
        ("503 Service Unavailable", "", "cannot reach the token host"),
    ],
)
def test_a_proxy_that_refuses_the_tunnel_is_named_with_the_variable_that_chose_it(
    status: str, user: str, headline: str
) -> None:
    with proxying(status) as proxy:
        environ = {"https_proxy": f"http://{user}127.0.0.1:{proxy.port}"}
        report = examined(f"https://localhost:9{TOKEN_PATH}", environ=environ)

    led_by(report, "proxy-refused", headline)
    page = text(report)
    assert f"127.0.0.1:{proxy.port}, chosen by https_proxy" in page
    assert "hunter22" not in page


def test_a_dead_proxy_is_not_a_dead_host() -> None:
    report = examined(f"https://localhost:9{TOKEN_PATH}", environ={"HTTPS_PROXY": "http://127.0.0.1:9"})

    led_by(report, "proxy-refused", "The proxy itself cannot be reached")


def test_a_proxy_written_with_https_is_a_mistake_of_the_setting() -> None:
    with serving(response()) as proxy:
        environ = {"HTTPS_PROXY": f"https://127.0.0.1:{proxy.port}"}
        report = examined(f"https://localhost:9{TOKEN_PATH}", environ=environ)

    led_by(report, "network-blocked", "The proxy is written with https://")
    assert "HTTPS_PROXY" in report.verdicts[0].remedy[0].do


# --- connections and replies ------------------------------------------------------------------------------------------


def test_a_closed_port_is_said_with_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]

    report = examined(f"https://127.0.0.1:{port}{TOKEN_PATH}")

    led_by(report, "network-blocked", "The token host's port is closed")
    assert "127.0.0.1" in report.verdicts[0].remedy[0].do
    assert "org" not in [p.probe for p in report.probes]
    assert "org's policies" not in text(report)


def test_a_host_that_swallows_packets_is_said_within_the_time_to_connect() -> None:
    with full() as port:
        began = time.monotonic()
        report = examined(f"https://127.0.0.1:{port}{TOKEN_PATH}")

    assert time.monotonic() - began < 2.5
    led_by(report, "network-blocked", "does not take connections from here")


def test_a_name_that_does_not_resolve_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    report = examined(f"https://login.salesforce.com{TOKEN_PATH}")

    led_by(report, "dns-failed", "cannot be resolved from here")


def test_a_resolver_that_is_silent_costs_no_more_than_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hang.wait(3) and [])
    began = time.monotonic()

    report = examined(f"https://login.salesforce.com{TOKEN_PATH}")

    hang.set()
    assert time.monotonic() - began < 1.8
    assert report.leaders == ("dns-failed",)


def reset(conn: socket.socket) -> None:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def cut_short(conn: socket.socket) -> None:
    conn.sendall(response(b'{"access_token', length=400))
    reset(conn)


def endless(conn: socket.socket) -> None:
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        conn.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    ("reply", "headline"),
    [
        (reset, "is cut"),
        (cut_short, "is cut"),
        (b"", "is cut"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nxx", "is no usable HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "is no usable HTTP"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000 + b"\r\n\r\n", "larger than any reply"),
    ],
    ids=["reset", "reset midway", "closed at once", "bad chunk", "not http", "huge header"],
)
def test_a_connection_that_breaks_is_the_networks_and_counts_as_a_login(
    reply: bytes | Callable[[socket.socket], None], headline: str
) -> None:
    with serving(reply) as server:
        report = examined(f"http://127.0.0.1:{server.port}{TOKEN_PATH}")

    led_by(report, "network-blocked", headline)
    assert report.logins_used == 1, "it may have arrived"


def test_a_silent_server_ends_the_check_in_its_time() -> None:
    with silent() as server:
        began = time.monotonic()
        report = examined(f"http://127.0.0.1:{server.port}{TOKEN_PATH}")

    assert time.monotonic() - began < 2.5
    led_by(report, "network-blocked", "stays silent")


@pytest.mark.parametrize(
    ("first", "then"),
    [(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x")],
    ids=["headers", "body"],
)
def test_a_slow_loris_ends_the_check_at_its_deadline(first: bytes, then: bytes) -> None:
    with dripping(first, then) as server:
        began = time.monotonic()
        report = examined(f"http://127.0.0.1:{server.port}{TOKEN_PATH}", timeout_s=1.5)

    assert time.monotonic() - began < 2.5
    led_by(report, "network-blocked", "does not answer in full in time")


def test_a_body_that_never_ends_is_cut_and_no_token_is_found_in_it() -> None:
    with serving(endless) as server:
        began = time.monotonic()
        report = examined(f"http://127.0.0.1:{server.port}{TOKEN_PATH}")

    assert time.monotonic() - began < 3
    assert report.outcome is not Outcome.GRANTED
    assert report.leaders == ("network-blocked",), [(v.cause, v.score) for v in report.verdicts[:3]]


PORTAL = b"<!doctype html><html><head><title>Guest</title></head><body>Sign in to Wi-Fi</body></html>"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", ()),
        ("302 Found", ("Location: http://portal.guest.example/login",)),
        ("511 Network Authentication Required", ()),
    ],
)
def test_a_captive_portal_is_no_answer_of_the_endpoint(status: str, headers: tuple[str, ...]) -> None:
    with serving(response(PORTAL, status, ("Content-Type: text/html", *headers))) as server:
        report = examined(f"http://127.0.0.1:{server.port}{TOKEN_PATH}")

    led_by(report, "network-blocked", "A page of the network answers in the token host's place")
    assert "browser" in report.verdicts[0].remedy[0].do


# --- time without time servers ----------------------------------------------------------------------------------------


def test_the_hosts_date_is_narrowed_where_no_time_server_was_asked() -> None:
    """By requests without credentials to the token host alone."""
    seen: list[bytes] = []

    def dated(conn: socket.socket) -> None:
        when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        conn.sendall(response(json.dumps({"error": "invalid_grant"}).encode(), "400 Bad Request", (f"Date: {when}",)))

    with serving(dated, seen=seen) as server:
        tools = replace(real_instruments(no_ntp=True, environ={}), sync=None)
        attempt = Attempt(f"http://127.0.0.1:{server.port}/token", "id", "u@example.com",
                          key_path=str(SAMPLES / "matching.key"))  # fmt: skip
        report = examine(Case(flow="jwt-bearer", attempt=attempt, reach=Reach.ENDPOINT), tools, timeout_s=10)

    assert abs(report.chart.number("reply.date_ahead_s") or 9) < 0.5
    assert report.chart.uncertainty("reply.date_ahead_s") < 0.3
    assert [request.split(b" ")[0] for request in seen].count(b"POST") == 1
    assert 1 < len(seen) <= 5
    assert not any(b"assertion=" in request for request in seen if request.startswith(b"GET"))
    assert report.logins_used == 1


@contextmanager
def full() -> Iterator[int]:
    """A port whose queue of connections is full: the kernel drops further ones."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            yield port
        finally:
            for one in waiting:
                one.close()
