"""HTTP through `requests`, with one hard deadline over everything and with nothing sent behind our back.

`requests` alone waits 85 s for slow headers and 10 s for a silent resolver whatever its timeout, posts an assertion
again after a 307, unpacks a gzip bomb whole, and takes passwords out of `.netrc`. So each request runs on a daemon
thread of its own that is abandoned at the deadline; its adapter is called directly, below sessions, redirects and
cookies; the body is read in pieces up to `MAX_BODY`; nothing is ever tried twice.

`sent` is known exactly: the connection asks an `_Errand` for leave at the moment when the request line would be
written, after DNS, TCP, proxy and TLS. An errand that was abandoned or cancelled gives no leave, so a credential can
neither leave late nor go uncounted.

Secrets are revealed in this module alone, on their way to the wire.
"""

from __future__ import annotations

import os
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.failures import why_no_reply
from jwtdoctor.instruments.names import LOOK_UP_S, resolve
from jwtdoctor.instruments.ports import Clock
from jwtdoctor.instruments.proxies import Proxy, proxy_for
from jwtdoctor.instruments.system_clock import SystemClock
from jwtdoctor.instruments.text import one_line
from jwtdoctor.model.exchange import MAX_BODY, MAX_ORG_BODY, Exchange, NoReply, Reply, TextRequest, TokenRequest
from jwtdoctor.model.secret import REDACTED, Secret

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter

__all__ = ["HttpTransport", "Trust", "check_url", "context_of", "trust_of", "why_no_reply"]

CONNECT_S = 3.0
REPLY_S = 20.0
MAX_URL = 4000
MAX_HEADER = 8000
USER_AGENT = "jwtdoctor"
FORM = "application/x-www-form-urlencoded"
SYSTEM_STORE = "system"
_PIECE = 16_384
_CHARSETS = ("iso-8859-1", "latin-1", "windows-1252", "us-ascii", "utf-16")
"""Charsets that a reply may name; all else is read as UTF-8. Not every codec of Python is safe on hostile text."""
_HIDDEN_HEADERS = ("set-cookie", "set-cookie2", "authorization", "proxy-authorization")


@dataclass(frozen=True, slots=True)
class Trust:
    """Which certificates are trusted. `store`: `system`, `--ca-file` or the variable that decided; `path` its value."""

    store: str = SYSTEM_STORE
    path: str | None = None


def trust_of(ca_file: str | None, environ: Mapping[str, str]) -> Trust:
    """`--ca-file` wins, then REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE (as `requests` reads it) and SSL_CERT_FILE."""
    if ca_file:
        return Trust("--ca-file", ca_file)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        if environ.get(name):
            return Trust(name, environ[name])
    return Trust()


def context_of(trust: Trust) -> ssl.SSLContext:
    """A verifying TLS context (TLS 1.2 at least). Raises BadInput for a CA file that cannot be used.

    The system's store by way of `truststore`, as a context of our own: `inject_into_ssl()` would change every library
    of the process. No key log is written, whatever SSLKEYLOGFILE says.
    """
    if trust.path is None:
        import truststore

        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load(context, trust)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _load(context: ssl.SSLContext, trust: Trust) -> None:
    path = Path(trust.path or "")
    expected = "a PEM file (or a folder) of CA certificates"
    try:
        if path.is_dir():
            context.load_verify_locations(capath=str(path))
        else:
            context.load_verify_locations(cafile=str(path))
    except FileNotFoundError:
        raise BadInput(f"{trust.store} names a file that is not there", where=str(path), expected=expected) from None
    except (OSError, ValueError):
        # ssl.SSLError is an OSError: no certificate in the file.
        raise BadInput(f"{trust.store} holds no usable certificate", where=str(path), expected=expected) from None


def check_url(url: str) -> None:
    """Refuses what must not be asked: no http(s) URL, credentials in it, plain http off loopback. Raises BadInput."""
    shown = one_line(url, 80)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput(f"{shown!r} is no URL", expected="https://HOST/PATH") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput(f"{shown!r} is no http(s) URL", expected="https://HOST/PATH")
    if parts.username is not None or parts.password is not None:
        raise BadInput("the URL holds a user name or password", expected="https://HOST/PATH")
    if len(url) > MAX_URL or not url.isprintable() or " " in url:
        raise BadInput(f"{shown!r} holds blanks or control characters or is too long", expected="https://HOST/PATH")
    if parts.scheme == "http" and not is_loopback(host):
        raise BadInput(f"{shown!r} would send in clear text", expected="https (http on loopback only)")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, ready for the wire. `secrets` are kept out of whatever is said about it."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None
    deadline_s: float
    secrets: tuple[Secret, ...] = ()
    most: int = MAX_BODY
    """Bytes of the answer's body that are read."""


class HttpTransport:
    """`Transport` over `requests`. One request, one `Exchange`; nothing raises for what is wrong with the other side.

    `cancelled` is read just before a request is sent. `environ` None: this process's environment (and, for proxies, the
    system's settings). `trust` says which store decides on certificates.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        ca_file: str | None = None,
        environ: Mapping[str, str] | None = None,
        cancelled: threading.Event | None = None,
        connect_s: float = CONNECT_S,
        reply_s: float = REPLY_S,
    ) -> None:
        self.trust = trust_of(ca_file, os.environ if environ is None else environ)
        self._clock = clock or SystemClock()
        self._environ = environ
        self._cancelled = cancelled or threading.Event()
        self._connect_s = connect_s
        self._reply_s = reply_s
        if ca_file:
            context_of(self.trust)  # a flag that cannot be used is told at once

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        """Sends the form, or the call without one, once. Raises BadInput for a URL or header that must not be sent."""
        kind = {"Content-Type": FORM} if request.method == "POST" else {}
        headers = {**kind, **{name: _reveal(value) for name, value in request.headers}}
        _check_headers(headers)
        body = urlencode([(name, _reveal(value)) for name, value in request.fields]).encode()
        secrets = tuple(v for _, v in (*request.fields, *request.headers) if isinstance(v, Secret))
        return self._run(_Call(request.method, request.url, headers, body if kind else None, deadline_s, secrets))

    def get(self, url: str, deadline_s: float) -> Exchange:
        """GETs a URL without any credentials. Raises BadInput for a URL that must not be asked."""
        return self._run(_Call("GET", url, {}, None, deadline_s))

    def get_with_token(self, url: str, token: Secret, deadline_s: float, proof: Secret | None = None) -> Exchange:
        """GETs a URL with a bearer token (RFC 6750 §2.1), or with a bound one and its proof (RFC 9449 §7.1).

        Raises BadInput for a URL that must not be asked.
        """
        headers = {"Authorization": f"{'Bearer' if proof is None else 'DPoP'} {token.reveal()}"}
        headers |= {} if proof is None else {"DPoP": proof.reveal()}
        _check_headers(headers)
        secrets = (token,) if proof is None else (token, proof)
        return self._run(_Call("GET", url, headers, None, deadline_s, secrets))

    def post_about_token(self, request: TokenRequest, deadline_s: float) -> Exchange:
        """POSTs a form about a token, as `post_form` does: it is no login."""
        return self.post_form(request, deadline_s)

    def get_from_org(self, url: str, token: Secret, deadline_s: float) -> Exchange:
        """GETs a URL of an org's API as `get_with_token` does, and reads large answers too."""
        headers = {"Authorization": f"Bearer {token.reveal()}"}
        _check_headers(headers)
        return self._run(_Call("GET", url, headers, None, deadline_s, (token,), MAX_ORG_BODY))

    def post_text(self, request: TextRequest, deadline_s: float) -> Exchange:
        """POSTs text once. Raises BadInput for a URL or a header that must not be sent."""
        headers = dict(request.headers)
        _check_headers(headers)
        body = "".join(_reveal(part) for part in request.parts).encode()
        secrets = tuple(part for part in request.parts if isinstance(part, Secret))
        return self._run(_Call("POST", request.url, headers, body, deadline_s, secrets, MAX_ORG_BODY))

    def _run(self, call: _Call) -> Exchange:
        check_url(call.url)
        proxy = proxy_for(call.url, self._environ)
        if proxy is not None and proxy.problem:
            return NoReply("proxy", proxy.problem)
        context = context_of(self.trust) if urlsplit(call.url).scheme == "https" else None
        errand = _Errand(self._clock, self._cancelled)
        box: queue.SimpleQueue[Exchange | BaseException] = queue.SimpleQueue()
        args = (call, proxy, context, errand, box)
        threading.Thread(target=self._work, args=args, daemon=True, name="http").start()
        try:
            got = box.get(timeout=max(call.deadline_s, 0.001))
        except queue.Empty:
            return self._too_late(call, proxy, errand)
        finally:
            errand.abandon()
        if isinstance(got, BaseException):
            raise got
        return got

    def _too_late(self, call: _Call, proxy: Proxy | None, errand: _Errand) -> NoReply:
        sent = errand.abandon()
        stage = "the reply was not whole" if sent else "no request could be sent"
        text = f"{stage} when the {call.deadline_s:.3g} s allowed for all were over"
        name = None if proxy is None else proxy.name
        return NoReply("deadline", text, proxy=name, sent=sent, took_s=errand.took_s)

    def _work(
        self,
        call: _Call,
        proxy: Proxy | None,
        context: ssl.SSLContext | None,
        errand: _Errand,
        box: queue.SimpleQueue[Exchange | BaseException],
    ) -> None:
        try:
            box.put(self._fetch(call, proxy, context, errand))
        except Exception as bug:  # noqa: BLE001 - carried to the caller's thread, where it is raised
            box.put(bug)

    def _fetch(self, call: _Call, proxy: Proxy | None, context: ssl.SSLContext | None, errand: _Errand) -> Exchange:
        import http.client

        import requests
        import urllib3.exceptions

        prepared = requests.Request(call.method, call.url, headers=self._headers(call), data=call.body).prepare()
        # A little less than the deadline, so that the layer that hangs is named.
        limit_s = call.deadline_s * 0.9
        within = min(self._connect_s, limit_s), min(self._reply_s, limit_s)
        adapter = _adapter(errand, context, within[0])
        proxies = {} if proxy is None else {"http": proxy.url.reveal(), "https": proxy.url.reveal()}
        try:
            response = adapter.send(prepared, stream=True, timeout=within, verify=True, proxies=proxies)
            try:
                return _reply_of(response, errand, call.most)
            finally:
                response.close()
        except _NoLeave:
            return NoReply("deadline", "cancelled before anything was sent", took_s=errand.took_s)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
            UnicodeError,
        ) as failed:
            return _explained(failed, call, proxy, errand)
        finally:
            adapter.close()

    def _headers(self, call: _Call) -> dict[str, str]:
        return {
            "User-Agent": USER_AGENT,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
            **call.headers,
        }


def _reveal(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


def _check_headers(headers: Mapping[str, str]) -> None:
    """`requests` quotes a bad header in its exception, so a bad one must not get there."""
    for name, value in headers.items():
        if any(ord(char) < 32 or ord(char) == 127 for char in name + value) or value != value.strip():
            raise BadInput(f"the header {one_line(name, 40)!r} holds a line break or control character")
        try:
            (name + value).encode("latin-1")
        except UnicodeEncodeError:
            raise BadInput(f"the header {one_line(name, 40)!r} holds a character that HTTP cannot carry") from None


class _NoLeave(Exception):
    """The request was given up before it was sent."""


@dataclass(slots=True)
class _Errand:
    """What is known, from outside its thread, of one request: whether it was sent, and when on the local clock."""

    clock: Clock
    cancelled: threading.Event
    began: float = field(default_factory=time.monotonic)
    sent_at: float | None = None
    _sent_mark: float = 0.0
    _sent: bool = False
    _abandoned: bool = False
    _sock: socket.socket | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask_leave(self, sock: socket.socket | None) -> None:
        """Called by the connection just before it writes the request. Raises _NoLeave where it must not."""
        with self._lock:
            if self._abandoned or self.cancelled.is_set():
                raise _NoLeave
            self._sent, self._sock = True, sock
            self.sent_at = self.clock.now()
            self._sent_mark = time.monotonic()

    def abandon(self) -> bool:
        """Gives the request up, frees its thread, and says whether it may have reached the server."""
        with self._lock:
            first, self._abandoned = not self._abandoned, True
            if first and self._sock is not None:
                with suppress(OSError):
                    # Not SSLSocket.shutdown(), which pulls the TLS object from under the reading thread.
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            return self._sent

    @property
    def sent(self) -> bool:
        with self._lock:
            return self._sent

    @property
    def took_s(self) -> float:
        return time.monotonic() - self.began

    def received_at(self) -> float:
        """Now on the local clock as it was when the request left: round trips are monotonic time."""
        with self._lock:
            if self.sent_at is None:
                self.sent_at, self._sent_mark = self.clock.now(), time.monotonic()
            return self.sent_at + time.monotonic() - self._sent_mark


def _adapter(errand: _Errand, context: ssl.SSLContext | None, connect_s: float) -> HTTPAdapter:
    """An adapter whose connections ask the errand for leave, and which trusts what `context` trusts and no more."""
    # Classes made for one request: urllib3 makes the connections itself, and there is no other way to reach them.
    from requests.adapters import HTTPAdapter
    from urllib3 import PoolManager
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _open(self._dns_host, self.port, connect_s)

        def endheaders(self, message_body: Any = None, **rest: Any) -> None:
            if self.sock is None:
                self.connect()
            errand.ask_leave(self.sock)
            super().endheaders(message_body, **rest)

    class Safe(Plain, HTTPSConnection):
        """The same over TLS: what `Plain` calls its parent is then the HTTPS one."""

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SafePool(HTTPSConnectionPool):
        ConnectionCls = Safe

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, ssl_context=context, **kwargs)
            _use(self.poolmanager)

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(proxy, ssl_context=context, **kwargs)
            _use(manager)
            return manager

        def cert_verify(self, conn: Any, *_: Any, **__: Any) -> None:
            # The parent would add certifi's bundle to what our context trusts.
            conn.cert_reqs = "CERT_REQUIRED"

    def _use(manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = {"http": PlainPool, "https": SafePool}

    return Adapter(max_retries=0)


def _open(host: str, port: int, connect_s: float) -> socket.socket:
    """A TCP connection to the first address that takes one, name look-up included in the time allowed."""
    from urllib3.exceptions import ConnectTimeoutError

    ends = time.monotonic() + connect_s
    try:
        addresses = resolve(host, port, min(LOOK_UP_S, connect_s))
    except TimeoutError as silent:
        raise socket.gaierror(socket.EAI_AGAIN, str(silent)) from None
    failed: OSError | None = None
    for n, (family, where) in enumerate(addresses):
        left = ends - time.monotonic()
        if left <= 0:
            break
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(left / (len(addresses) - n))
            sock.connect(where)
        except OSError as problem:
            sock.close()
            failed = problem
        else:
            return sock
    if failed is None or isinstance(failed, TimeoutError):
        raise ConnectTimeoutError(f"no connection in {connect_s:.1f} s") from failed
    raise failed


def _reply_of(response: requests.Response, errand: _Errand, most: int) -> Reply:
    received_at = errand.received_at()
    body, truncated = _read_body(response, most)
    return Reply(
        status=response.status_code,
        headers=_headers_of(response),
        body=_decoded(body, response.headers.get("Content-Type", "")),
        sent_at=errand.sent_at,
        received_at=received_at,
        truncated=truncated,
        http_version={10: "1.0", 11: "1.1", 20: "2"}.get(response.raw.version),
    )


def _read_body(response: requests.Response, most: int) -> tuple[bytes, bool]:
    body = bytearray()
    for piece in response.iter_content(_PIECE):
        body += piece
        if len(body) > most:
            return bytes(body[:most]), True
    return bytes(body), False


def _headers_of(response: requests.Response) -> dict[str, str]:
    return {
        one_line(name, 100): REDACTED if name.lower() in _HIDDEN_HEADERS else one_line(value, MAX_HEADER)
        for name, value in list(response.headers.items())[:100]
    }


def _decoded(body: bytes, content_type: str) -> str:
    _, _, charset = content_type[:200].lower().partition("charset=")
    charset = charset.split(";")[0].strip(" \"'")
    return body.decode(charset if charset in _CHARSETS else "utf-8-sig", "replace")


def _explained(failed: BaseException, call: _Call, proxy: Proxy | None, errand: _Errand) -> NoReply:
    why = why_no_reply(failed)
    if why.layer == "read-timeout" and not errand.sent:
        # urllib3 reports a handshake that hangs as a read timeout.
        text = "the port answers, but the TLS handshake did not end in the time allowed"
        why = replace(why, layer="tls-other", text=text)
    if why.layer == "tls-other" and errand.sent:
        why = replace(why, layer="reset", text=why.text)
    return replace(
        why,
        text=_without(call.secrets, why.text, proxy),
        proxy=None if proxy is None else proxy.name,
        sent=errand.sent,
        took_s=errand.took_s,
    )


def _without(secrets: tuple[Secret, ...], text: str, proxy: Proxy | None) -> str:
    """The text with every secret of the request cut out, should a library have quoted one."""
    if proxy is not None and proxy.credentials is not None:
        secrets = (*secrets, proxy.credentials[1])
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret.reveal(), REDACTED)
    return text
