"""Waits on loopback for the redirect of a browser (RFC 8252 §7.3), and for nothing else.

Bound to the address of the redirect URI, reading a bounded request line and no body. A request for another path, with
another method, or without this request's `state` is answered and forgotten, so that a page that a browser has open
cannot end the wait with an answer of its own (RFC 6749 §10.12).
"""

from __future__ import annotations

import hmac
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from urllib.parse import parse_qs, urlsplit, urlunsplit

from jwtdoctor.errors import BadInput

LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAX_REQUEST = 16_384
ONE_PEER_S = 5.0
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><p>{0}</p></body></html>"


def is_loopback_redirect(uri: str | None) -> bool:
    """Whether a redirect URI can be waited for here: plain http on this machine."""
    try:
        parts = urlsplit(uri or "")
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in LOOPBACK


@dataclass(slots=True)
class RedirectListener:
    """A socket that waits. `redirect_uri` is the one to send: with the port that was taken, where none was named."""

    redirect_uri: str
    _socket: socket.socket

    def wait(self, state: str, within_s: float) -> str | None:
        """The address that the browser was sent to, once it carries this `state`; None when the time is over."""
        ends_at = monotonic() + within_s
        while (left_s := ends_at - monotonic()) > 0:
            self._socket.settimeout(left_s)
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return None
            with peer:
                found = self._answered(peer, state)
            if found is not None:
                return found
        return None

    def _answered(self, peer: socket.socket, state: str) -> str | None:
        try:
            peer.settimeout(ONE_PEER_S)
            target = _target(_head(peer))
            status, text, found = self._judged(target, state)
            body = _PAGE.format(text)
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            head += "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
            peer.sendall((head + body).encode("ascii"))
        except OSError:
            return None
        return found

    def _judged(self, target: str | None, state: str) -> tuple[str, str, str | None]:
        wanted = urlsplit(self.redirect_uri)
        if target is None:
            return "400 Bad Request", "This is no redirect.", None
        parts = urlsplit(target)
        if (parts.path or "/") != (wanted.path or "/"):
            return "404 Not Found", "Nothing is here.", None
        told = parse_qs(parts.query).get("state", [""])[0]
        if not hmac.compare_digest(told.encode("utf-8", "replace"), state.encode()):
            return "400 Bad Request", "This answer belongs to another login.", None
        whole = urlunsplit((wanted.scheme, wanted.netloc, parts.path, parts.query, ""))
        return "200 OK", "jwtdoctor has the answer. This page can be closed.", whole


@contextmanager
def listening(redirect_uri: str) -> Iterator[RedirectListener]:
    """A listener for this redirect URI. Raises BadInput where its port cannot be had."""
    parts = urlsplit(redirect_uri)
    host = parts.hostname or ""
    if not is_loopback_redirect(redirect_uri):
        raise BadInput("can only wait on loopback", where="--redirect-uri", expected="http://127.0.0.1:PORT/PATH")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        try:
            listener.bind(("127.0.0.1" if host == "localhost" else host, parts.port or 0))
            listener.listen(8)
        except OSError as problem:
            raise BadInput(
                f"its port cannot be had: {problem.strerror}", where="--redirect-uri", do="free it, or name another"
            ) from None
        port = listener.getsockname()[1]
        netloc = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        yield RedirectListener(urlunsplit((parts.scheme, netloc, parts.path, "", "")), listener)


def _head(peer: socket.socket) -> bytes:
    """The request up to the empty line, bounded."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < MAX_REQUEST:
        piece = peer.recv(4096)
        if not piece:
            break
        data += piece
    return data


def _target(head: bytes) -> str | None:
    """The target of a GET; None for anything else."""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    is_get = len(words) == 3 and words[0] == "GET" and words[1].startswith("/")
    return words[1] if is_get and words[1].isprintable() else None
