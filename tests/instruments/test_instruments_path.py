"""The way to a host, layer by layer, each fault its own."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from loopback_servers import Authority, proxying, response, server_context, serving, silent

from jwtdoctor.instruments.der import CertificateFacts, read_certificate
from jwtdoctor.instruments.path import SystemPath, is_intercepted
from jwtdoctor.model.chart import Chart

GOOD = "https://localhost:{}/services/oauth2/token"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def look(
    url: str, ca_file: str | None = None, environ: Mapping[str, str] | None = None, deadline_s: float = 2.0
) -> Chart:
    path = SystemPath(ca_file=ca_file, environ=environ or {}, connect_s=0.3)
    return Chart.of(path.look(url, deadline_s))


def test_an_open_way_is_seen_layer_by_layer(authority: Authority) -> None:
    with serving(response(), authority.good()) as server:
        chart = look(GOOD.format(server.port), authority.ca_file)

    assert chart.flag("path.dns_resolves") is True
    assert chart.flag("path.tcp_connects") is True
    assert chart.flag("path.tls_ok") is True
    assert chart.text("path.tls_issuer") == "Honest Test Authority"
    assert chart.text("request.tls_version") == "1.3"
    assert chart.text("path.tls_trust_store") == "--ca-file"
    assert (chart.number("path.tls_expires_in_s") or 0) > 0
    assert "path.failure" not in chart
    assert "path.intercepted" not in chart, "a private authority may be the host's own"


def test_no_http_is_sent(authority: Authority) -> None:
    seen: list[bytes] = []
    with serving(response(), authority.good(), seen) as server:
        look(GOOD.format(server.port), authority.ca_file)

    assert seen in ([], [b""])


@pytest.mark.parametrize(("kind", "code"), [("expired", 10), ("not_yet_valid", 9), ("for_another_host", 62)])
def test_a_refused_certificate_is_looked_at_all_the_same(authority: Authority, kind: str, code: int) -> None:
    with serving(response(), getattr(authority, kind)()) as server:
        chart = look(GOOD.format(server.port), authority.ca_file)

    assert chart.flag("path.tls_ok") is False
    assert chart.text("path.failure") == "tls-trust"
    assert chart.number("path.tls_verify_code") == code
    assert chart.text("path.tls_issuer") == "Honest Test Authority"
    assert ((chart.number("path.tls_expires_in_s") or 0) < 0) == (kind == "expired")


def test_an_authority_known_for_opening_tls_is_recognised() -> None:
    inspector = trustme.CA(organization_name="Zscaler Inc.")
    with serving(response(), server_context(inspector.issue_cert("localhost"))) as server:
        chart = look(GOOD.format(server.port))

    assert chart.flag("path.intercepted") is True
    assert chart.number("path.tls_verify_code") == 20


def test_a_name_that_does_not_resolve_ends_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    chart = look("https://login.example/")

    assert chart.flag("path.dns_resolves") is False
    assert chart.text("path.failure") == "dns"
    assert "path.tcp_connects" not in chart


def test_a_closed_port_is_refused(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]

    chart = look(GOOD.format(port))

    assert chart.flag("path.dns_resolves") is True
    assert chart.flag("path.tcp_connects") is False
    assert chart.text("path.failure") == "refused"


def test_one_dead_address_of_two_is_no_failure(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as spare:
        dead = spare.getsockname()[1]
    with serving(response(), authority.good()) as server:
        rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", p)) for p in (dead, server.port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
        chart = look(GOOD.format(server.port), authority.ca_file)

    assert chart.flag("path.tls_ok") is True


def test_a_server_that_says_nothing_in_the_handshake_is_a_tls_failure() -> None:
    with silent() as server:
        chart = look(GOOD.format(server.port))

    assert chart.flag("path.tcp_connects") is True
    assert chart.flag("path.tls_ok") is False
    assert chart.text("path.failure") == "tls-other"


def test_everything_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hang.wait(5) and [])
    began = time.monotonic()

    chart = look("https://login.example/", deadline_s=0.2)
    hang.set()

    assert time.monotonic() - began < 0.6
    assert chart.text("path.failure") == "dns"


@pytest.mark.filterwarnings("ignore:ssl.OP_NO:DeprecationWarning")
def test_an_old_tls_version_is_its_own_failure(authority: Authority) -> None:
    with serving(response(), authority.old()) as server:
        chart = look(GOOD.format(server.port), authority.ca_file)

    assert chart.text("path.failure") == "tls-version"


# --- through a proxy -------------------------------------------------------------------------------------------------


def test_the_way_through_a_proxy_says_who_chose_it(authority: Authority) -> None:
    seen: list[bytes] = []
    with serving(response(), authority.good()) as server, proxying(seen=seen) as proxy:
        environ = {"https_proxy": f"http://user:hunter22@127.0.0.1:{proxy.port}"}
        chart = look(GOOD.format(server.port), authority.ca_file, environ)

    assert chart.text("path.proxy") == f"127.0.0.1:{proxy.port}"
    assert chart.text("path.proxy_from") == "https_proxy"
    assert chart.text("path.proxy_url_scheme") == "http"
    assert chart.flag("path.proxy_has_credentials") is True
    assert chart.flag("path.tls_ok") is True
    assert "path.dns_resolves" not in chart, "the proxy resolves the name"
    assert b"Proxy-Authorization: Basic " in seen[0]
    assert "hunter22" not in repr(list(chart))


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_refused_tunnel_is_the_proxys_failure(status: str) -> None:
    with proxying(status) as proxy:
        chart = look(GOOD.format(9), environ={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})

    assert chart.number("path.proxy_status") == int(status[:3])
    assert chart.text("path.failure") == "proxy"


def test_https_for_a_proxy_that_speaks_http_is_a_likely_mistake() -> None:
    with serving(response()) as proxy:
        chart = look(GOOD.format(9), environ={"HTTPS_PROXY": f"https://127.0.0.1:{proxy.port}"})

    assert chart.text("path.proxy_url_scheme") == "https"
    assert chart.text("path.failure") == "proxy"
    assert "write http://" in (chart.text("path.failure_text") or "")


def test_a_refused_certificate_behind_a_proxy_is_fetched_through_it(authority: Authority) -> None:
    with serving(response(), authority.expired()) as server, proxying() as proxy:
        environ = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
        chart = look(GOOD.format(server.port), authority.ca_file, environ)

    assert chart.number("path.tls_verify_code") == 10
    assert chart.text("path.tls_issuer") == "Honest Test Authority"


def test_a_dead_proxy_is_not_a_dead_host() -> None:
    chart = look(GOOD.format(9), environ={"HTTPS_PROXY": "http://127.0.0.1:9"})

    assert chart.text("path.failure") == "proxy"


@pytest.mark.parametrize("noise", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_answers_connect_with_no_http_is_no_proxy(noise: bytes) -> None:
    with serving(noise) as proxy:
        chart = look(GOOD.format(9), environ={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})

    assert chart.text("path.failure") == "proxy"
    assert "path.proxy_status" not in chart


def test_the_entry_that_keeps_a_host_off_the_proxy_is_told(authority: Authority) -> None:
    with serving(response(), authority.good()) as server:
        environ = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "localhost"}
        chart = look(GOOD.format(server.port), authority.ca_file, environ)

    assert chart.text("path.no_proxy_entry") == "localhost"
    assert chart.flag("path.tls_ok") is True


# --- certificates ----------------------------------------------------------------------------------------------------


def shown(issuer: str) -> CertificateFacts:
    return CertificateFacts(issuer, "", "x", 0.0, 1.0)


@pytest.mark.parametrize(
    ("issuer", "host", "verified", "verdict"),
    [
        ("Zscaler Intermediate Root CA", "login.salesforce.com", False, True),
        ("Netskope Certificate", "idp.example", True, True),
        ("DigiCert TLS RSA SHA256 2020 CA1", "login.salesforce.com", True, False),
        ("DigiCert TLS RSA SHA256 2020 CA1", "login.salesforce.com", False, None),
        ("Acme Corporate Root", "acme.my.salesforce.com", True, True),
        ("Acme Corporate Root", "idp.acme.example", True, None),
        ("Acme Corporate Root", "salesforce.com.evil.example", True, None),
    ],
)
def test_interception_is_said_with_care(issuer: str, host: str, verified: bool, verdict: bool | None) -> None:
    assert is_intercepted(shown(issuer), host, verified=verified) is verdict


def test_a_certificates_issuer_and_dates_are_read() -> None:
    leaf = trustme.CA(organization_name="Org").issue_cert("h.example", common_name="h.example")
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())

    facts = read_certificate(der)

    assert facts.issuer_organisation == "Org"
    assert facts.subject_name == "h.example"
    assert facts.not_before < time.time() < facts.not_after


@given(st.binary(max_size=300))
def test_junk_is_no_certificate(data: bytes) -> None:
    with pytest.raises(ValueError):
        read_certificate(data)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_certificate_is_read_or_refused(at: int, damage: bytes) -> None:
    at %= len(DER)
    try:
        read_certificate(DER[:at] + damage + DER[at + len(damage) :])
    except ValueError:
        return


DER = ssl.PEM_cert_to_DER_cert(
    trustme.CA().issue_cert(str(ipaddress.ip_address("127.0.0.1"))).cert_chain_pems[0].bytes().decode()
)


# --- the chain and the resolvers --------------------------------------------------------------------------------------


def test_the_chain_is_told_certificate_by_certificate() -> None:
    root = trustme.CA(organization_name="Root Test Authority")
    middle = root.create_child_ca()
    with (
        serving(response(), server_context(middle.issue_cert("localhost", "127.0.0.1"))) as server,
        root.cert_pem.tempfile() as ca_file,
    ):
        chart = look(GOOD.format(server.port), ca_file)

    lines = chart.value("path.certificates")
    assert isinstance(lines, tuple)
    assert len(lines) == 2
    holder = lines[1].partition(", issued by ")[0]
    assert f"issued by {holder}, until" in lines[0]
    assert "issued by Root Test Authority" in lines[1]
    assert all(", until " in line and line.endswith(" UTC") for line in lines)
    assert chart.value("path.tls_names") == ("localhost", "127.0.0.1")


def test_the_names_of_a_refused_certificate_are_told(authority: Authority) -> None:
    with serving(response(), authority.for_another_host()) as server:
        chart = look(GOOD.format(server.port), authority.ca_file)

    assert chart.value("path.tls_names") == ("other.example",)


def test_an_address_and_this_machine_are_asked_of_no_resolver(authority: Authority) -> None:
    with serving(response(), authority.good()) as server:
        path = SystemPath(ca_file=authority.ca_file, environ={}, resolvers=("192.0.2.1",))
        by_name = Chart.of(path.look(GOOD.format(server.port), 2))
        by_address = Chart.of(path.look(f"https://127.0.0.1:{server.port}/", 2))

    assert "path.resolvers" not in by_name
    assert by_name.text("path.resolved_by") == "hosts-file"
    assert "path.resolved_by" not in by_address
