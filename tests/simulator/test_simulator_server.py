"""The simulator behind real loopback sockets."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from simulated_client import JWT_BEARER, assertion_of

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.ntp import NtpSource
from jwtdoctor.model.clock import TimeSample
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.live import simulated_check
from jwtdoctor.simulator.ntp import answer_to
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.world import healthy

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@contextmanager
def serving(name: str = "healthy", **more: Any) -> Iterator[Simulator]:
    with Simulator(stage(name), **more) as simulator:
        yield simulator


def connection_to(simulator: Simulator) -> http.client.HTTPConnection:
    parts = urlsplit(simulator.token_url)
    return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=5)


def form_of(simulator: Simulator) -> bytes:
    attempt = simulator.ready().attempt
    made = assertion_of("jwt-bearer", attempt, time.time())
    assert made is not None
    return urlencode({"grant_type": JWT_BEARER, "assertion": made.token.reveal()}).encode()


def post(simulator: Simulator, body: Any, headers: Mapping[str, str] = FORM) -> tuple[int, bytes]:
    with closing(connection_to(simulator)) as connection:
        connection.request("POST", "/services/oauth2/token", body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_a_form_with_a_length_is_granted() -> None:
    with serving() as simulator:
        status, body = post(simulator, form_of(simulator))

    assert (status, "access_token" in json.loads(body)) == (200, True)


def test_a_chunked_form_is_granted() -> None:
    """The sf CLI and jsforce post this way, and Python's http.server does not read it."""
    with serving() as simulator:
        form = form_of(simulator)
        status, _ = post(simulator, iter([form[:7], form[7:300], form[300:]]))

    assert status == 200


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, id="a chunk size that is none"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n", 413, id="a chunk that is too large"),
        pytest.param(b"Content-Length: 99999999\r\n\r\n", 413, id="a body that is too large"),
        pytest.param(b"Content-Length: -5\r\n\r\n", 400, id="a negative length"),
        pytest.param(b"Content-Length: many\r\n\r\n", 400, id="a length that is no number"),
    ],
)
def test_bad_framing_is_answered_and_ends_the_connection(raw: bytes, status: int) -> None:
    with serving() as simulator:
        parts = urlsplit(simulator.token_url)
        with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5) as peer:
            peer.sendall(b"POST /services/oauth2/token HTTP/1.1\r\nHost: x\r\n" + raw)
            answer = b"".join(iter(lambda: peer.recv(4096), b""))

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_an_attempt_is_granted_once_and_its_jti_then_refused() -> None:
    with serving() as simulator:
        attempt = simulator.ready().attempt
        once = assertion_of("jwt-bearer", replace(attempt, extra_claims={"jti": "one"}), time.time())
        assert once is not None
        form = urlencode({"grant_type": JWT_BEARER, "assertion": once.token.reveal()}).encode()

        assert [post(simulator, form)[0] for _ in range(2)] == [200, 400]


def test_the_date_is_that_of_the_token_host() -> None:
    with serving("server-clock-wrong") as simulator, closing(connection_to(simulator)) as connection:
        connection.request("GET", "/services/oauth2/token")
        answer = connection.getresponse()
        answer.read()
        date = parsedate_to_datetime(str(answer.getheader("Date"))).timestamp()

    assert date - time.time() == pytest.approx(900, abs=5)


@pytest.mark.parametrize(
    ("name", "ahead_s"), [("healthy", 0), ("clock-drift", -600), ("healthy:fast-clock", 600), ("server-clock-wrong", 0)]
)
def test_the_time_server_tells_true_time(name: str, ahead_s: float) -> None:
    with serving(name) as simulator:
        sample = NtpSource(*simulator.ntp).sample(2.0)

    assert isinstance(sample, TimeSample)
    assert sample.ahead_s == pytest.approx(ahead_s, abs=0.5)


def test_the_time_server_answers_no_other_packets() -> None:
    server_mode = bytes([0b00_100_100]) + bytes(47)

    assert [answer_to(data, 0.0, 0.0) for data in (b"", b"\xff" * 48, server_mode)] == [None] * 3


def test_a_refused_port_refuses() -> None:
    with serving("network-blocked") as simulator, pytest.raises(ConnectionRefusedError):
        post(simulator, b"")


def test_a_name_that_does_not_resolve_is_one_that_never_can() -> None:
    with serving("dns-failed") as simulator:
        assert simulator.token_url == "https://acme.my.salesforce.invalid/services/oauth2/token"


@pytest.mark.parametrize("name", ["network-blocked:reset", "network-blocked:closed"])
def test_a_broken_connection_gives_no_answer(name: str) -> None:
    with serving(name) as simulator, pytest.raises(ConnectionError):
        post(simulator, b"a=b")


def test_a_reset_is_a_reset_and_no_orderly_end() -> None:
    with serving("network-blocked:reset") as simulator, pytest.raises(ConnectionResetError):
        post(simulator, b"a=b")


def test_a_refused_port_can_be_taken_again_at_once() -> None:
    with serving() as simulator:
        post(simulator, b"a=b")
        port = urlsplit(simulator.token_url).port

    with serving("network-blocked", port=port) as simulator:
        assert urlsplit(simulator.token_url).port == port


def test_who_follows_a_portals_redirect_comes_to_its_page() -> None:
    with serving("network-blocked:portal-redirect") as simulator:
        first, _ = post(simulator, b"a=b")
        second, page = post(simulator, b"a=b", {**FORM, "Host": "portal.guest.example"})

    assert (first, second) == (302, 200)
    assert b"Guest network" in page


def test_a_silent_endpoint_is_left_at_once_when_the_simulator_ends() -> None:
    began = time.monotonic()
    with serving("network-blocked:silent") as simulator, closing(connection_to(simulator)) as connection:
        connection.request("POST", "/services/oauth2/token", b"a=b")

    assert time.monotonic() - began < 5


def test_an_untrusted_certificate_is_shown() -> None:
    with serving("tls-trust-failed") as simulator:
        parts = urlsplit(simulator.token_url)
        context = ssl.create_default_context()
        with (
            socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname="127.0.0.1")

    assert parts.scheme == "https"


def test_no_thread_and_no_listener_outlives_the_simulator() -> None:
    before = threading.active_count()
    with serving() as simulator:
        parts = urlsplit(simulator.token_url)
        idle = socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5)
        post(simulator, b"")
    idle.close()

    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5)


def test_the_log_names_what_was_sent_and_holds_none_of_it() -> None:
    records: list[Mapping[str, Any]] = []
    with Simulator(healthy("client-credentials"), log=records.append) as simulator:
        secret = "planted-secret-value"
        fields = {"grant_type": "client_credentials", "client_id": "3MVG9x", "client_secret": secret, secret: "x"}
        post(simulator, urlencode(fields).encode())

    assert records[0]["fields"] == ["client_id", "client_secret", "grant_type"]
    assert (records[0]["grant"], records[0]["error"]) == ("client-credentials", "invalid_client_id")
    assert secret not in json.dumps(records)


def test_only_loopback_can_be_listened_on() -> None:
    with pytest.raises(BadInput, match="loopback"):
        Simulator(healthy("password"), host="0.0.0.0")


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with serving() as simulator:
        port = int(urlsplit(simulator.token_url).port or 0)
        with pytest.raises(BadInput, match="port 0"), Simulator(healthy("password"), port=port):
            pass


def test_a_simulated_check_brings_all_that_a_checkup_needs() -> None:
    with simulated_check("wrong-audience") as staged:
        facts = {seen.fact: seen.value for seen in staged.client_facts}

    assert staged.attempt.token_url.startswith("http://127.0.0.1:")
    assert facts["request.token_host"] == "acme--dev.sandbox.my.salesforce.com"
    assert [source.name for source in staged.time_sources] == [f"ntp:{server}" for server in staged.ntp]
    assert len(set(staged.ntp)) == 2, "one alone cannot agree with another"
