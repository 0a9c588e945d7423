"""From the exceptions of client stacks to the layer that failed."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl

import pytest
import requests.exceptions as r
import urllib3.exceptions as u
from hypothesis import given
from hypothesis import strategies as st

from jwtdoctor.instruments.failures import why_no_reply


def inside(error: BaseException, outer: type[Exception] = r.ConnectionError) -> Exception:
    """As requests wraps it: the cause sits among the arguments of a MaxRetryError."""
    return outer(u.MaxRetryError(None, "/token", error))  # type: ignore[arg-type]


def tls(reason: str, code: int = 0) -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, reason) if code else ssl.SSLError(1, reason)
    error.reason = reason
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_code, error.verify_message = code, reason
    return error


@pytest.mark.parametrize(
    ("exc", "layer"),
    [
        (inside(socket.gaierror(-2, "Name or service not known")), "dns"),
        (inside(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")), "refused"),
        (inside(OSError(errno.EHOSTUNREACH, "No route to host")), "unreachable"),
        (inside(OSError(errno.ENETUNREACH, "Network is unreachable")), "unreachable"),
        (inside(OSError(errno.ETIMEDOUT, "Connection timed out")), "connect-timeout"),
        (r.ConnectTimeout(u.ConnectTimeoutError("x")), "connect-timeout"),
        (r.ReadTimeout("Read timed out."), "read-timeout"),
        (TimeoutError("timed out"), "read-timeout"),
        (inside(tls("certificate has expired", 10), r.SSLError), "tls-trust"),
        (inside(tls("TLSV1_ALERT_PROTOCOL_VERSION"), r.SSLError), "tls-version"),
        (inside(tls("UNSUPPORTED_PROTOCOL"), r.SSLError), "tls-version"),
        (inside(tls("WRONG_VERSION_NUMBER"), r.SSLError), "tls-other"),
        (inside(tls("TLSV13_ALERT_CERTIFICATE_REQUIRED"), r.SSLError), "tls-other"),
        (inside(u.ProxyError("x", OSError("Tunnel connection failed: 407 Nope")), r.ProxyError), "proxy"),
        (inside(u.ProxyError("x", ConnectionRefusedError(111, "refused")), r.ProxyError), "proxy"),
        (r.InvalidSchema("Missing dependencies for SOCKS support."), "proxy"),
        (r.ConnectionError(u.ProtocolError("aborted", ConnectionResetError(104, "reset"))), "reset"),
        (r.ConnectionError(u.ProtocolError("aborted", http.client.RemoteDisconnected("closed"))), "reset"),
        (r.ChunkedEncodingError(u.ProtocolError("x", u.IncompleteRead(2, 8))), "reset"),
        (r.ContentDecodingError(u.DecodeError("incorrect header check")), "bad-http"),
        (r.ConnectionError(u.ProtocolError("aborted", http.client.BadStatusLine("SSH"))), "bad-http"),
        (r.ConnectionError(u.ProtocolError("aborted", http.client.LineTooLong("header line"))), "too-large"),
        (http.client.HTTPException("got more than 100 headers"), "too-large"),
        (UnicodeError("label empty or too long"), "dns"),
        (RuntimeError("something new"), "unreachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_each_failure_has_its_layer(exc: BaseException, layer: str) -> None:
    assert why_no_reply(exc).layer == layer


def test_the_verify_code_is_kept() -> None:
    why = why_no_reply(inside(tls("Hostname mismatch", 62), r.SSLError))

    assert (why.verify_code, why.text) == (62, "Hostname mismatch")


def test_the_proxys_status_is_kept() -> None:
    exc = inside(u.ProxyError("x", OSError("Tunnel connection failed: 407 Proxy Authentication Required")))

    why = why_no_reply(exc)

    assert why.proxy_status == 407
    assert why.text == "the proxy refused the tunnel: 407 Proxy Authentication Required"


def test_a_proxy_that_is_dead_says_how() -> None:
    why = why_no_reply(inside(u.ProxyError("x", socket.gaierror(-2, "Name or service not known"))))

    assert "dns" in why.text


def test_words_are_cleaned_and_bounded() -> None:
    why = why_no_reply(RuntimeError("a\x1b[31m\n http://me:hunter22@proxy/ " + "b" * 10_000))

    assert "\x1b" not in why.text
    assert "\n" not in why.text
    assert "hunter22" not in why.text
    assert len(why.text) <= 300


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = RuntimeError("a"), RuntimeError("b")
    first.__cause__, second.__cause__ = second, first

    assert why_no_reply(first).layer == "unreachable"


@given(st.text(), st.sampled_from([OSError, RuntimeError, r.ConnectionError, r.ProxyError, r.SSLError, ValueError]))
def test_any_words_are_survived(words: str, kind: type[Exception]) -> None:
    why = why_no_reply(inside(kind(words)))

    assert why.text.isprintable()
