"""The redirect listener: it answers whoever comes, and takes only its own redirect."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.loopback import RedirectListener, is_loopback_redirect, listening
from jwtdoctor.instruments.netrc import names_host


@pytest.fixture
def listener() -> Iterator[RedirectListener]:
    with listening("http://127.0.0.1/cb") as made:
        yield made


def send(listener: RedirectListener, text: bytes) -> bytes:
    port = int(listener.redirect_uri.rsplit(":", 1)[1].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as peer:
        peer.sendall(text)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := peer.recv(4096):
            answer += piece
    return answer


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode("latin-1")


def test_strangers_are_answered_and_the_right_redirect_ends_the_wait(listener: RedirectListener) -> None:
    answers: list[bytes] = []
    strangers = [
        get("/favicon.ico"),
        get("/cb?code=evil&state=wrong"),
        get("/cb?code=evil"),
        b"POST /cb?code=evil&state=right HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01 not http",
        b"",
        get("/cb?code=good&state=right"),
    ]

    def knock() -> None:
        answers.extend(send(listener, one) for one in strangers)

    thread = threading.Thread(target=knock)
    thread.start()
    found = listener.wait("right", 10.0)
    thread.join(10.0)

    assert found is not None
    assert found.endswith("/cb?code=good&state=right")
    assert [answer.split(b" ")[1] for answer in answers] == [b"404", b"400", b"400", b"400", b"400", b"400", b"200"]
    assert not any(b"evil" in answer or b"good" in answer for answer in answers)


def test_nobody_comes(listener: RedirectListener) -> None:
    assert listener.wait("x", 0.05) is None


def test_a_port_that_is_taken_is_one_clear_line(listener: RedirectListener) -> None:
    with pytest.raises(BadInput, match="port cannot be had"), listening(listener.redirect_uri):
        pass


@pytest.mark.parametrize(
    ("uri", "is_ours"),
    [
        ("http://127.0.0.1:8080/cb", True),
        ("http://localhost/cb", True),
        ("http://[::1]:8080/cb", True),
        ("https://127.0.0.1/cb", False),
        ("http://acme.example/cb", False),
        ("com.acme:/cb", False),
        ("http://127.0.0.1:99999/", False),
        ("", False),
        (None, False),
    ],
)
def test_which_redirects_can_be_waited_for(uri: str | None, is_ours: bool) -> None:
    assert is_loopback_redirect(uri) is is_ours


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("machine acme.my.salesforce.com login u password p", True),
        ("machine other.example login u password p", False),
        ("default login u password p", True),
        ("# machine acme.my.salesforce.com login u", False),
        ("machine other.example\n  login acme.my.salesforce.com\n  password default", False),
        ("", False),
    ],
)
def test_a_netrc_is_read_for_host_names_alone(tmp_path: Path, text: str, names: bool) -> None:
    file = tmp_path / "netrc"
    file.write_text(text)

    assert names_host("acme.my.salesforce.com", {"NETRC": str(file)}) is names


def test_without_a_netrc_nothing_is_known(tmp_path: Path) -> None:
    assert names_host("acme.my.salesforce.com", {"HOME": str(tmp_path)}) is None
    assert names_host("acme.my.salesforce.com", {}) is None
