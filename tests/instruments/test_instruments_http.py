"""The transport against loopback servers that are slow, hostile, wrongly certified or not there."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import responses
from loopback_servers import (
    Authority,
    dripping,
    proxying,
    response,
    self_signed,
    serving,
    silent,
)

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.http import HttpTransport, Trust, check_url, context_of, trust_of
from jwtdoctor.model.exchange import MAX_BODY, Exchange, NoReply, Reply, TokenRequest
from jwtdoctor.model.secret import Secret

FORM = (("grant_type", "client_credentials"), ("client_secret", Secret("s3cr3t & more")))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


class ShiftedClock:
    def now(self) -> float:
        return time.time() + 90


def post(port: int, deadline_s: float = 2.0, transport: HttpTransport | None = None) -> Exchange:
    request = TokenRequest(f"http://127.0.0.1:{port}/services/oauth2/token", FORM)
    return (transport or HttpTransport(environ={})).post_form(request, deadline_s)


def no_reply(exchange: Exchange) -> NoReply:
    assert isinstance(exchange, NoReply), exchange
    return exchange


def a_reply(exchange: Exchange) -> Reply:
    assert isinstance(exchange, Reply), exchange
    return exchange


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_the_form_is_posted_as_it_was_given() -> None:
    seen: list[bytes] = []

    with serving(response(), seen=seen) as server:
        post(server.port)

    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /services/oauth2/token HTTP/1.1")
    assert body == b"grant_type=client_credentials&client_secret=s3cr3t+%26+more"
    assert b"application/x-www-form-urlencoded" in head


def test_netrc_adds_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter22\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[bytes] = []

    with serving(response(), seen=seen) as server:
        post(server.port, transport=HttpTransport())

    assert b"uthorization" not in seen[0]


def test_secret_headers_are_revealed_on_the_wire_only() -> None:
    seen: list[bytes] = []
    with serving(response(), seen=seen) as server:
        request = TokenRequest(f"http://127.0.0.1:{server.port}/", (), (("Authorization", Secret("Basic c2VjcmV0")),))
        HttpTransport(environ={}).post_form(request, 1)

    assert b"Authorization: Basic c2VjcmV0" in seen[0]


@pytest.mark.parametrize("value", ["Basic abc\r\nX: y", "Basic \x00", " Basic hunter22", "Basic ☃hunter22"])
def test_a_header_that_would_be_quoted_in_an_error_is_refused_without_being_quoted(value: str) -> None:
    request = TokenRequest("https://127.0.0.1:9/", (), (("Authorization", Secret(value)),))

    with pytest.raises(BadInput) as caught:
        HttpTransport(environ={}).post_form(request, 1)

    assert "hunter22" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/token",
        "ftp://login.example/",
        "login.example/token",
        "https:///token",
        "https://user:hunter22@login.example/",
        "https://login.example/a b",
        "https://login.example/\x1b[31m",
        "https://login.example:70000/",
        "https://[::1/",
        "",
    ],
)
def test_a_url_that_must_not_be_asked_is_one_clear_line(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_url(url)

    assert "hunter22" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost"])
def test_plain_http_is_for_loopback(host: str) -> None:
    check_url(f"http://{host}:8080/token")


# --- what comes back -------------------------------------------------------------------------------------------------


def test_a_reply_is_kept_with_the_local_times_around_it() -> None:
    with serving(response(b'{"error":"invalid_grant"}', "400 Bad Request", ("Date: x", "X-A: 1"))) as server:
        got = a_reply(post(server.port, transport=HttpTransport(ShiftedClock(), environ={})))

    assert (got.status, got.body, got.header("date")) == (400, '{"error":"invalid_grant"}', "x")
    assert got.sent_at is not None
    assert got.received_at is not None
    assert 0 <= got.received_at - got.sent_at < 1
    assert got.sent_at == pytest.approx(time.time() + 90, abs=2)


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_no_redirect_is_followed(status: str) -> None:
    with serving(response()) as elsewhere:
        there = f"Location: http://127.0.0.1:{elsewhere.port}/"
        with serving(response(b"", status, (there,))) as server:
            got = a_reply(post(server.port))

    assert str(got.status) in status
    assert elsewhere.connections == 0


def test_a_gzip_bomb_is_cut_off() -> None:
    bomb = gzip.compress(b"0" * 30_000_000, 1)
    with serving(response(bomb, headers=("Content-Encoding: gzip",))) as server:
        got = a_reply(post(server.port))

    assert len(got.body) == MAX_BODY
    assert got.truncated


def test_a_bomb_behind_a_redirect_is_cut_off_too() -> None:
    bomb = gzip.compress(b"0" * 30_000_000, 1)
    with serving(response(bomb, "302 Found", ("Content-Encoding: gzip", "Location: http://[/"))) as server:
        got = a_reply(post(server.port))

    assert got.truncated


def test_an_endless_body_is_cut_off() -> None:
    def endless(conn: socket.socket) -> None:
        conn.sendall(response(b"", length=10**12))
        while True:
            conn.sendall(b"x" * 65536)

    with serving(endless) as server:
        assert a_reply(post(server.port)).truncated


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"\xef\xbb\xbf{}", "application/json", "{}"),
        ("café".encode("latin-1"), "text/plain; charset=ISO-8859-1", "café"),
        ("café".encode("latin-1"), "text/plain", "caf\ufffd"),
        ("café".encode(), "text/plain; charset=punycode", "café"),
        (b"", "application/json", ""),
    ],
)
def test_a_body_becomes_text_whatever_it_is(body: bytes, content_type: str, text: str) -> None:
    with serving(response(body, headers=(f"Content-Type: {content_type}",))) as server:
        assert a_reply(post(server.port)).body == text


def test_headers_are_cleaned_and_cookies_are_not_kept() -> None:
    with serving(response(headers=("X-Evil: \x1b[31mred", "Set-Cookie: sid=hunter22"))) as server:
        got = a_reply(post(server.port))

    assert got.header("X-Evil") == "[31mred"
    assert "hunter22" not in str(got.headers)


# --- what fails ------------------------------------------------------------------------------------------------------


def reset(conn: socket.socket) -> None:
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


@pytest.mark.parametrize(
    ("raw", "layer"),
    [
        (reset, "reset"),
        (b"", "reset"),
        (response(b"{", length=100), "reset"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nxx", "bad-http"),
        (response(b"not gzip", headers=("Content-Encoding: gzip",)), "bad-http"),
        (response(headers=("Content-Length: 5",)), "bad-http"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "bad-http"),
        (response(headers=("X-A: " + "a" * 100_000,)), "too-large"),
        (response(headers=tuple(f"X-{n}: a" for n in range(150))), "too-large"),
    ],
    ids=["reset", "closed", "truncated", "bad chunk", "bad gzip", "two lengths", "no http", "long header", "headers"],
)
def test_a_broken_reply_is_told_apart(raw: bytes | Callable[[socket.socket], None], layer: str) -> None:
    with serving(raw) as server:
        got = no_reply(post(server.port))

    assert got.layer == layer
    assert got.sent


def test_a_silent_server_is_a_read_timeout() -> None:
    with silent() as server:
        got = no_reply(post(server.port, 5, HttpTransport(environ={}, reply_s=0.1)))

    assert (got.layer, got.sent) == ("read-timeout", True)


@pytest.mark.parametrize(
    ("first", "then"),
    [(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), (response(b"", length=1000), b"x")],
    ids=["headers", "body"],
)
def test_a_slow_loris_ends_at_the_deadline(first: bytes, then: bytes) -> None:
    began = time.monotonic()
    with dripping(first, then) as server:
        got = no_reply(post(server.port, 0.3))

    assert (got.layer, got.sent) == ("deadline", True)
    assert time.monotonic() - began < 1


def test_a_closed_port_is_refused_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]

    got = no_reply(post(port))

    assert (got.layer, got.sent) == ("refused", False)


def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    got = no_reply(HttpTransport(environ={}).get("https://login.example/", 1))

    assert (got.layer, got.text, got.sent) == ("dns", "Name or service not known", False)


def test_a_resolver_that_hangs_is_a_dns_failure_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hang.wait(5) and [])
    began = time.monotonic()

    got = no_reply(HttpTransport(environ={}, connect_s=0.1).get("https://login.example/", 2))
    hang.set()

    assert (got.layer, got.sent) == ("dns", False)
    assert time.monotonic() - began < 1


def test_a_full_backlog_is_a_connect_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))

        got = no_reply(post(port, 2, HttpTransport(environ={}, connect_s=0.2)))

        for sock in waiting:
            sock.close()
    assert (got.layer, got.sent) == ("connect-timeout", False)


def test_nothing_is_sent_after_cancelling() -> None:
    cancelled = threading.Event()
    cancelled.set()
    seen: list[bytes] = []

    with serving(response(), seen=seen) as server:
        got = no_reply(post(server.port, transport=HttpTransport(environ={}, cancelled=cancelled)))

    assert not got.sent
    assert seen in ([], [b""])


def test_an_assertion_is_posted_once_even_if_the_connection_drops() -> None:
    with serving(reset) as server:
        post(server.port)

    assert server.connections == 1


# --- TLS -------------------------------------------------------------------------------------------------------------


def tls_get(port: int, ca_file: str | None, host: str = "localhost") -> Exchange:
    return HttpTransport(environ={}, ca_file=ca_file).get(f"https://{host}:{port}/", 2)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_trusted_host_answers(authority: Authority, host: str) -> None:
    with serving(response(b"{}"), authority.good()) as server:
        assert a_reply(tls_get(server.port, authority.ca_file, host)).status == 200


@pytest.mark.parametrize(("kind", "code"), [("expired", 10), ("not_yet_valid", 9), ("for_another_host", 62)])
def test_a_refused_certificate_is_named_by_its_code(authority: Authority, kind: str, code: int) -> None:
    with serving(response(), getattr(authority, kind)()) as server:
        got = no_reply(tls_get(server.port, authority.ca_file))

    assert (got.layer, got.verify_code, got.sent) == ("tls-trust", code, False)


def test_an_unknown_authority(authority: Authority) -> None:
    with serving(response(), authority.good()) as server:
        got = no_reply(tls_get(server.port, None))

    assert (got.layer, got.verify_code) == ("tls-trust", 20)


def test_a_self_signed_certificate(authority: Authority) -> None:
    with serving(response(), self_signed()) as server:
        got = no_reply(tls_get(server.port, authority.ca_file))

    assert got.layer == "tls-trust"
    assert got.verify_code in (18, 19, 20, 62)


@pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")
def test_an_old_tls_version(authority: Authority) -> None:
    with serving(response(), authority.old()) as server:
        assert no_reply(tls_get(server.port, authority.ca_file)).layer == "tls-version"


def test_https_to_a_port_that_speaks_plain_http(authority: Authority) -> None:
    with serving(lambda conn: conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        transport = HttpTransport(environ={}, connect_s=0.2)
        got = no_reply(transport.get(f"https://localhost:{server.port}/", 1))

    assert (got.layer, got.sent) == ("tls-other", False)


def test_the_ca_file_wins_over_the_variables(tmp_path: Path) -> None:
    environ = {"REQUESTS_CA_BUNDLE": "r", "SSL_CERT_FILE": "s"}

    assert trust_of("c", environ) == Trust("--ca-file", "c")
    assert trust_of(None, environ) == Trust("REQUESTS_CA_BUNDLE", "r")
    assert trust_of(None, {"SSL_CERT_FILE": "s"}) == Trust("SSL_CERT_FILE", "s")
    assert trust_of(None, {}) == Trust("system", None)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_bundle_from_the_environment_is_used(authority: Authority, name: str) -> None:
    transport = HttpTransport(environ={name: authority.ca_file})
    with serving(response(), authority.good()) as server:
        assert a_reply(transport.get(f"https://localhost:{server.port}/", 2)).status == 200

    assert transport.trust.store == name


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used_is_one_clear_line(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(BadInput, match="--ca-file"):
        HttpTransport(environ={}, ca_file=str(path))


def test_no_old_tls_is_spoken() -> None:
    assert context_of(Trust()).minimum_version.name == "TLSv1_2"


# --- proxies ---------------------------------------------------------------------------------------------------------


def via(proxy: str, port: int, authority: Authority, **more: str) -> Exchange:
    environ = {"HTTPS_PROXY": proxy, **more}
    transport = HttpTransport(environ=environ, ca_file=authority.ca_file, connect_s=0.3)
    return transport.get(f"https://localhost:{port}/", 2)


def test_a_proxy_carries_the_request_and_gets_its_credentials(authority: Authority) -> None:
    seen: list[bytes] = []
    with serving(response(), authority.good()) as server, proxying(seen=seen) as proxy:
        got = a_reply(via(f"http://user:hunter22@127.0.0.1:{proxy.port}", server.port, authority))

    assert got.status == 200
    assert seen[0].startswith(b"CONNECT localhost:")
    assert b"Proxy-Authorization: Basic" in seen[0]


def test_no_proxy_keeps_a_host_off_the_proxy(authority: Authority) -> None:
    with serving(response(), authority.good()) as server:
        got = via("http://127.0.0.1:9", server.port, authority, NO_PROXY="example.org,localhost")

    assert a_reply(got).status == 200


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"])
def test_a_proxy_that_refuses_the_tunnel_is_named_with_its_status(authority: Authority, status: str) -> None:
    with proxying(status) as proxy:
        got = no_reply(via(f"http://user:hunter22@127.0.0.1:{proxy.port}", 9, authority))

    assert (got.layer, got.proxy_status, got.proxy) == ("proxy", int(status[:3]), f"127.0.0.1:{proxy.port}")
    assert not got.sent
    assert "hunter22" not in repr(got)


def test_a_dead_proxy_is_not_taken_for_a_dead_host(authority: Authority) -> None:
    got = no_reply(via("http://user:hunter22@127.0.0.1:9", 9, authority))

    assert got.layer == "proxy"
    assert "hunter22" not in repr(got)


def test_https_in_a_plain_proxys_url_is_the_proxys_fault(authority: Authority) -> None:
    with serving(response()) as proxy:
        got = no_reply(via(f"https://127.0.0.1:{proxy.port}", 9, authority))

    assert got.layer == "proxy"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1:9", "http://", "http://[x", "http://h:99999"])
def test_a_proxy_setting_that_is_none_is_said(authority: Authority, url: str) -> None:
    got = no_reply(via(url, 9, authority))

    assert got.layer == "proxy"
    assert "HTTPS_PROXY" in got.text


def test_a_certificate_refused_behind_a_proxy_is_not_the_proxys_fault(authority: Authority) -> None:
    with serving(response(), authority.expired()) as server, proxying() as proxy:
        got = no_reply(via(f"http://127.0.0.1:{proxy.port}", server.port, authority))

    assert (got.layer, got.verify_code) == ("tls-trust", 10)


def test_plain_http_never_goes_to_a_proxy() -> None:
    with serving(response()) as server:
        got = post(server.port, transport=HttpTransport(environ={"HTTP_PROXY": "http://127.0.0.1:9"}))

    assert a_reply(got).status == 200


@responses.activate
def test_the_adapter_is_one_that_requests_tools_can_stand_in_for() -> None:
    responses.post("https://login.example/token", json={"error": "invalid_client"}, status=401)

    got = HttpTransport(environ={}).post_form(TokenRequest("https://login.example/token", FORM), 1)

    assert a_reply(got).status == 401
