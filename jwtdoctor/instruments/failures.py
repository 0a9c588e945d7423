"""Why no reply came: from whatever exception a client stack raised to the layer that failed.

`requests` calls nearly everything a ConnectionError (SSLError and ProxyError are kinds of it), and what happened hides
several causes deep, sometimes only among the arguments. So the whole tree of an exception is walked, and the most
telling member decides. Classes are known by name, so that nothing heavy is imported to ask.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator

from jwtdoctor.instruments.text import one_line
from jwtdoctor.model.exchange import Layer, NoReply

_TUNNEL = re.compile(r"[Tt]unnel connection failed: (\d{3})([^'\")]{0,80})")
_UNREACHABLE = {
    errno.EHOSTUNREACH,
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    10051,
    10065,
}
_VERSION_REASONS = (
    "PROTOCOL_VERSION",
    "UNSUPPORTED_PROTOCOL",
    "NO_PROTOCOLS_AVAILABLE",
    "VERSION_TOO_LOW",
    "VERSION_TOO_HIGH",
    "WRONG_SSL_VERSION",
    "INAPPROPRIATE_FALLBACK",
)
_BAD_HTTP = (
    "DecodeError",
    "ContentDecodingError",
    "InvalidHeader",
    "InvalidChunkLength",
    "HeaderParsingError",
    "BadStatusLine",
    "HTTPException",
    "ProtocolError",
    "ResponseError",
)
MAX_WALK = 60


def why_no_reply(exc: BaseException) -> NoReply:
    """The layer at which a request failed, and what it said: cleaned, bounded, without credentials.

    Works for `requests`, `urllib3`, `http.client`, `ssl` and `socket` exceptions, however deep they are wrapped.
    `sent` is left False: only the transport knows.
    """
    chain = list(_walk(exc))
    for look in (_proxy, _tls, _dns, _connection, _time_out, _http):
        found = look(chain)
        if found is not None:
            return found
    return NoReply("unreachable", one_line(f"{type(exc).__name__}: {exc}"))


def _walk(exc: BaseException) -> Iterator[BaseException]:
    """An exception and all that it carries, outermost first."""
    queue: list[BaseException] = [exc]
    seen: set[int] = set()
    while queue and len(seen) < MAX_WALK:
        current = queue.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [getattr(current, "reason", None), getattr(current, "original_error", None), *current.args]
        queue += [e for e in (*inner, current.__cause__, current.__context__) if isinstance(e, BaseException)]


def _named(chain: list[BaseException], *names: str) -> BaseException | None:
    """The first member of one of these classes or of a class below them, by name."""
    return next((e for e in chain if any(c.__name__ in names for c in type(e).__mro__)), None)


def _proxy(chain: list[BaseException]) -> NoReply | None:
    tunnel = next((m for e in chain if (m := _TUNNEL.search(str(e)[:2000]))), None)
    if tunnel is not None:
        words = f"the proxy refused the tunnel: {tunnel[1]}{tunnel[2]}"
        return NoReply("proxy", one_line(words), proxy_status=int(tunnel[1]))
    if any("Missing dependencies for SOCKS" in str(e)[:200] for e in chain):
        return NoReply("proxy", "a SOCKS proxy is set, and PySocks is not installed")
    if _named(chain, "ProxyError", "ProxySchemeUnknown", "InvalidProxyURL", "ProxyConnectionError") is None:
        return None
    if any("WRONG_VERSION_NUMBER" in str(e)[:400] or "appears to only use HTTP" in str(e)[:400] for e in chain):
        return NoReply("proxy", "the proxy speaks plain http: its URL should begin with http://, not https://")
    inner = _tls(chain) or _dns(chain) or _connection(chain) or _time_out(chain)
    if inner is not None:
        return NoReply("proxy", one_line(f"the proxy cannot be reached ({inner.layer}): {inner.text}"))
    return NoReply("proxy", _innermost(chain))


def _tls(chain: list[BaseException]) -> NoReply | None:
    refused = next((e for e in chain if isinstance(e, ssl.SSLCertVerificationError)), None)
    if refused is not None:
        code = getattr(refused, "verify_code", None)
        words = getattr(refused, "verify_message", "") or _innermost([refused])
        return NoReply("tls-trust", one_line(words), verify_code=code if isinstance(code, int) else None)
    failed = next((e for e in chain if isinstance(e, ssl.SSLError)), None)
    if failed is None:
        if _named(chain, "SSLError", "CertificateError") is not None:
            return NoReply("tls-other", _innermost(chain))
        return None
    return NoReply(_tls_layer(failed), _tls_words(failed))


def _tls_layer(failed: ssl.SSLError) -> Layer:
    reason = failed.reason or ""
    return "tls-version" if any(part in reason for part in _VERSION_REASONS) else "tls-other"


def _tls_words(failed: ssl.SSLError) -> str:
    if failed.reason == "WRONG_VERSION_NUMBER":
        return "the port answers, but not with TLS: it speaks plain http or another protocol"
    if failed.reason in ("HTTP_REQUEST", "HTTPS_PROXY_REQUEST"):
        return "the port speaks TLS, and plain http was sent"
    if isinstance(failed, ssl.SSLEOFError):
        return "the connection was closed in the midst of TLS"
    return one_line(failed.reason or str(failed) or type(failed).__name__)


def _dns(chain: list[BaseException]) -> NoReply | None:
    failed = next((e for e in chain if isinstance(e, socket.gaierror)), None)
    if failed is not None:
        return NoReply("dns", one_line(failed.strerror or str(failed)))
    if _named(chain, "NameResolutionError") is not None:
        return NoReply("dns", _innermost(chain))
    return NoReply("dns", "this is no host name") if _named(chain, "UnicodeError") is not None else None


def _connection(chain: list[BaseException]) -> NoReply | None:
    if _named(chain, "ConnectTimeoutError", "ConnectTimeout") is not None and _named(chain, "ReadTimeout") is None:
        refused = next((e for e in chain if isinstance(e, ConnectionRefusedError)), None)
        if refused is None:
            return NoReply("connect-timeout", "no TCP connection within the time allowed")
    for e in chain:
        if isinstance(e, ConnectionRefusedError):
            return NoReply("refused", "the port is closed (connection refused)")
        if isinstance(e, OSError) and e.errno in _UNREACHABLE:
            return NoReply("unreachable", one_line(e.strerror or str(e)))
        if isinstance(e, OSError) and e.errno == errno.ETIMEDOUT:
            return NoReply("connect-timeout", "no TCP connection within the time allowed")
    return None


def _time_out(chain: list[BaseException]) -> NoReply | None:
    if _named(chain, "ReadTimeout", "ReadTimeoutError", "TimeoutError") is not None:
        return NoReply("read-timeout", "the server took the request and fell silent for the time allowed")
    return None


def _http(chain: list[BaseException]) -> NoReply | None:
    if _named(chain, "LineTooLong") is not None or any("got more than" in str(e)[:200] for e in chain):
        return NoReply("too-large", "the reply's headers are larger than any client takes")
    if _named(chain, "InvalidChunkLength") is not None:
        return NoReply("bad-http", "the reply's chunks are malformed")
    if _named(chain, "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError") is not None:
        return NoReply("reset", "the connection was reset")
    if _named(chain, "RemoteDisconnected", "IncompleteRead") is not None:
        return NoReply("reset", "the connection was closed before the reply was whole")
    return NoReply("bad-http", _innermost(chain)) if _named(chain, *_BAD_HTTP) is not None else None


def _innermost(chain: list[BaseException]) -> str:
    """The words of the deepest member that has any."""
    words = (str(e) for e in reversed(chain) if not any(isinstance(a, BaseException) for a in e.args))
    return one_line(next((w for w in words if w), type(chain[0]).__name__))
