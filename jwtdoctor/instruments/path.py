"""The way to a host, layer by layer: proxy, DNS, TCP to each address, TLS. No HTTP but a proxy's CONNECT.

It is what a failed request cannot say: which of several addresses is dead, which variable chose the proxy, who really
issued the certificate. A certificate that was refused is looked at over a second connection that verifies nothing and
sends nothing.

`path.intercepted` is said only with care: True for issuers that are known products for opening TLS, or where a
Salesforce host shows a certificate of no public authority; False where a well-known public authority issued a
certificate that verified; else not at all. Any private authority may be the host's own.
"""

from __future__ import annotations

import base64
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from jwtdoctor.instruments.der import CertificateFacts, read_certificate
from jwtdoctor.instruments.failures import why_no_reply
from jwtdoctor.instruments.http import Trust, check_url, context_of, is_loopback, trust_of
from jwtdoctor.instruments.names import LOOK_UP_S, Address, resolve
from jwtdoctor.instruments.ports import Clock
from jwtdoctor.instruments.proxies import DEFAULT_PORTS, Proxy, no_proxy_entry, proxy_for
from jwtdoctor.instruments.resolvers import TIMEOUT_S, Asking, hosts_entry, problem_of
from jwtdoctor.instruments.system_clock import SystemClock
from jwtdoctor.instruments.text import one_line
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import NoReply
from jwtdoctor.model.facts import Value

CONNECT_S = 3.0
MAX_ADDRESSES = 6
MAX_CONNECT_REPLY = 16_384
ALERT_S = 0.2
MAX_CHAIN = 8
"""Certificates of a chain that are read; servers send two to four."""
INTERCEPTORS = (
    "zscaler", "netskope", "blue coat", "bluecoat", "fortinet", "fortigate", "palo alto networks", "cisco umbrella",
    "forcepoint", "websense", "mcafee web gateway", "skyhigh security", "sophos", "check point software", "barracuda",
    "watchguard", "sonicwall", "iboss", "cato networks", "smoothwall", "lightspeed systems", "goguardian", "untangle",
    "menlo security", "cloudflare gateway", "cloudflare for teams", "kaspersky", "avast", "avg web", "eset ssl filter",
    "bitdefender", "trend micro", "mitmproxy", "charles proxy", "do_not_trust_fiddler", "portswigger", "squid",
)  # fmt: skip
"""Names that products for TLS inspection (and debugging proxies, and virus scanners) put into the issuers they make."""
PUBLIC_AUTHORITIES = (
    "digicert", "let's encrypt", "sectigo", "globalsign", "amazon", "google trust services", "entrust", "godaddy",
    "identrust", "microsoft", "buypass", "comodo", "geotrust", "thawte", "rapidssl", "quovadis", "actalis", "ssl.com",
    "certum", "swisssign", "harica", "telia", "d-trust",
)  # fmt: skip
PUBLIC_HOSTS = (".salesforce.com", ".force.com", ".salesforce-setup.com", ".cloudforce.com")


class SystemPath:
    """`PathFinder` over the sockets of this machine. `environ` None: this process's own.

    `resolvers`: addresses of name servers that are asked, beside the system's look-up, what they say of the host.
    """

    def __init__(
        self,
        *,
        ca_file: str | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        connect_s: float = CONNECT_S,
        resolvers: Sequence[str] = (),
    ) -> None:
        self.trust = trust_of(ca_file, os.environ if environ is None else environ)
        self._environ = environ
        self._clock = clock or SystemClock()
        self._connect_s = connect_s
        self._resolvers = tuple(resolvers)

    def look(self, url: str, deadline_s: float) -> tuple[Observation, ...]:
        """`path.*` facts (and `request.tls_version`) for a URL, as far as they could be seen in `deadline_s` seconds.

        Raises BadInput for a URL or a CA file that cannot be used.
        """
        check_url(url)
        context_of(self.trust)
        notes = _Notes()
        # A little less than the deadline, so that the layer that hangs is named.
        ends = time.monotonic() + deadline_s * 0.9
        walk = _Walk(url, self.trust, self._environ, self._clock, self._connect_s, ends, notes, self._resolvers)
        worker = threading.Thread(target=walk.run, daemon=True, name="path")
        worker.start()
        worker.join(deadline_s)
        seen, bug = notes.close()
        if bug is not None:
            raise bug
        return seen


class _Notes:
    """The observations so far. Closed at the deadline: what a straggler finds later is dropped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, Observation] | None = {}
        self.bug: BaseException | None = None

    def add(self, fact: str, value: Value) -> None:
        with self._lock:
            if self._seen is not None:
                self._seen[fact] = Observation(fact, value, "path")

    def close(self) -> tuple[tuple[Observation, ...], BaseException | None]:
        with self._lock:
            seen, self._seen = self._seen or {}, None
            return tuple(seen.values()), self.bug


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk along the path. Each step notes what it sees and says whether the next makes sense."""

    url: str
    trust: Trust
    environ: Mapping[str, str] | None
    clock: Clock
    connect_s: float
    ends: float
    notes: _Notes
    resolvers: tuple[str, ...] = ()

    def run(self) -> None:
        try:
            self._walk()
        except OSError as failed:
            self._failed(why_no_reply(failed))
        except Exception as bug:  # noqa: BLE001 - carried to the caller's thread, where it is raised
            self.notes.bug = bug

    def _walk(self) -> None:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port or DEFAULT_PORTS[parts.scheme]
        proxy = self._choose_proxy()
        if proxy is not None and (proxy.problem or not proxy.host):
            self._failed(NoReply("proxy", proxy.problem))
            return
        sock = self._connect(*((host, port) if proxy is None else (proxy.host, proxy.port)), proxy is not None)
        if sock is None:
            return
        with closing(sock):
            if proxy is not None and (proxy.scheme != "http" or not self._tunnel(sock, host, port, proxy)):
                if proxy.scheme == "https":
                    self._greet_https_proxy(sock, proxy)
                return
            if parts.scheme == "https":
                self._shake_hands(sock, host, port, proxy)

    def _choose_proxy(self) -> Proxy | None:
        proxy = proxy_for(self.url, self.environ)
        if proxy is None:
            entry = no_proxy_entry(self.url, os.environ if self.environ is None else self.environ)
            if entry is not None:
                self.notes.add("path.no_proxy_entry", one_line(entry, 100))
            return None
        self.notes.add("path.proxy_from", proxy.variable)
        self.notes.add("path.proxy_url_scheme", proxy.scheme)
        self.notes.add("path.proxy_has_credentials", proxy.credentials is not None)
        if proxy.name:
            self.notes.add("path.proxy", one_line(proxy.name))
        return proxy

    def _left(self) -> float:
        return max(min(self.connect_s, self.ends - time.monotonic()), 0.001)

    def _connect(self, host: str, port: int, to_proxy: bool) -> socket.socket | None:
        """A connection to the first address that takes one; every address is tried, side by side."""
        asking = None if to_proxy else self._ask_resolvers(host)
        try:
            addresses = resolve(host, port, min(LOOK_UP_S, self._left()))[:MAX_ADDRESSES]
        except OSError as failed:
            why = NoReply("dns", one_line(failed.strerror or str(failed)))
            self._failed(NoReply("proxy", f"the proxy's name does not resolve: {why.text}") if to_proxy else why)
            if not to_proxy:
                self.notes.add("path.dns_resolves", False)
                self._note_resolvers(asking, resolved=False)
            return None
        if not to_proxy:
            self.notes.add("path.dns_resolves", True)
            self.notes.add("path.addresses", tuple(dict.fromkeys(one_line(where[0], 60) for _, where in addresses)))
        opened = self._connect_one_of(addresses, to_proxy)
        self._note_resolvers(asking, resolved=True)
        return opened

    def _ask_resolvers(self, host: str) -> Asking | None:
        """Asks the resolvers meanwhile, where a resolver decides: not for an address or a line of the hosts file."""
        if _is_literal(host):
            return None
        if hosts_entry(host) or is_loopback(host):
            self.notes.add("path.resolved_by", "hosts-file")
            return None
        return Asking(self.resolvers, host, min(TIMEOUT_S, self._left()))

    def _note_resolvers(self, asking: Asking | None, *, resolved: bool) -> None:
        if asking is None:
            return
        said = asking.said(wait=not resolved)
        if said:
            self.notes.add("path.resolvers", tuple(one_line(str(one), 100) for one in said))
        if resolved and any(one.addresses for one in said):
            self.notes.add("path.resolved_by", "resolver")
        if not resolved and self.resolvers:
            self.notes.add("path.dns_problem", problem_of(said, self.resolvers))

    def _connect_one_of(self, addresses: tuple[Address, ...], to_proxy: bool) -> socket.socket | None:
        tries = [_Try(address, self._left()) for address in addresses]
        for attempt in tries:
            attempt.start()
        for attempt in tries:
            attempt.join(self._left() + 0.1)
        opened = [t for t in tries if t.sock is not None]
        self.notes.add("path.tcp_connects", bool(opened))
        dead_v6 = any(t.family == socket.AF_INET6 and t.timed_out for t in tries)
        if dead_v6 and any(t.family == socket.AF_INET for t in opened):
            self.notes.add("path.ipv6_hangs", True)
        if not opened:
            why = why_no_reply(next((t.failed for t in tries if t.failed), TimeoutError()))
            if why.layer == "read-timeout":
                why = NoReply("connect-timeout", "no TCP connection within the time allowed")
            words = f"the proxy cannot be reached ({why.layer}): {why.text}"
            self._failed(NoReply("proxy", words) if to_proxy else why)
            return None
        for spare in opened[1:]:
            spare.close()
        return opened[0].sock

    def _tunnel(self, sock: socket.socket, host: str, port: int, proxy: Proxy) -> bool:
        """Asks a proxy for a tunnel (RFC 9110 §9.3.6), as the request itself would."""
        try:
            sock.settimeout(self._left())
            sock.sendall(_connect_request(host, port, proxy))
            status, reason = _status_of(self._read_head(sock))
        except OSError as failed:
            words = f"the proxy took the connection and gave no answer to CONNECT ({why_no_reply(failed).layer})"
            self._failed(NoReply("proxy", words))
            return False
        if status is None:
            self._failed(NoReply("proxy", "the proxy's answer to CONNECT is no HTTP"))
        elif not 200 <= status < 300:
            self.notes.add("path.proxy_status", status)
            self._failed(NoReply("proxy", one_line(f"the proxy refused the tunnel: {status} {reason}")))
        return status is not None and 200 <= status < 300

    def _read_head(self, sock: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < MAX_CONNECT_REPLY:
            sock.settimeout(self._left())
            # A byte more than the head would be the first of the TLS stream.
            piece = sock.recv(1)
            if not piece:
                break
            head += piece
        return head

    def _greet_https_proxy(self, sock: socket.socket, proxy: Proxy) -> None:
        """Whether a proxy given as https:// speaks TLS at all; as a rule it does not, and the scheme is a mistake."""
        sock.settimeout(self._left())
        try:
            with context_of(self.trust).wrap_socket(sock, server_hostname=proxy.host):
                pass
        except ssl.SSLCertVerificationError as failed:
            self._failed(NoReply("proxy", one_line(f"the proxy's own certificate is refused: {failed.verify_message}")))
        except OSError:
            words = f"{proxy.variable} begins with https://, and the proxy does not speak TLS: write http://"
            self._failed(NoReply("proxy", words))

    def _shake_hands(self, sock: socket.socket, host: str, port: int, proxy: Proxy | None) -> None:
        self.notes.add("path.tls_trust_store", self.trust.store)
        sock.settimeout(self._left())
        try:
            with context_of(self.trust).wrap_socket(sock, server_hostname=host) as safe:
                self.notes.add("path.tls_ok", True)
                self.notes.add("request.tls_version", (safe.version() or "").removeprefix("TLSv"))
                self._note_certificates(_chain_of(safe), host, verified=True)
                self._listen(safe)
        except ssl.SSLCertVerificationError as failed:
            self.notes.add("path.tls_ok", False)
            self._failed(why_no_reply(failed))
            self._look_at_refused(host, port, proxy)
        except OSError as failed:
            self.notes.add("path.tls_ok", False)
            self._failed(_in_handshake(failed))

    def _listen(self, safe: ssl.SSLSocket) -> None:
        """A moment for the alert of a host that wants a client certificate.

        In TLS 1.3 it comes after the handshake (RFC 8446 §4.4.2.4), and a request that is sent at once may lose it.
        """
        safe.settimeout(min(ALERT_S, self._left()))
        try:
            safe.recv(1)
        except ssl.SSLError as failed:
            if "CERTIFICATE_REQUIRED" in (failed.reason or ""):
                self.notes.add("path.wants_client_certificate", True)
                self._failed(why_no_reply(failed))
        except OSError:
            return

    def _look_at_refused(self, host: str, port: int, proxy: Proxy | None) -> None:
        """Fetches the refused certificate over a connection that verifies nothing and carries nothing."""
        try:
            where = (host, port) if proxy is None else (proxy.host, proxy.port)
            with socket.create_connection(where, timeout=self._left()) as sock:
                if proxy is not None:
                    sock.sendall(_connect_request(host, port, proxy))
                    self._read_head(sock)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                sock.settimeout(self._left())
                with context.wrap_socket(sock, server_hostname=host) as safe:
                    self._note_certificates(_chain_of(safe), host, verified=False)
        except OSError:
            return

    def _note_certificates(self, chain: Sequence[bytes], host: str, *, verified: bool) -> None:
        """The chain as the host shows it, its own certificate first."""
        read = [certificate for der in chain[:MAX_CHAIN] if (certificate := _read_or_none(der)) is not None]
        if not read:
            return
        self.notes.add("path.certificates", tuple(_line_of(certificate) for certificate in read))
        shown = read[0]
        if shown.names:
            self.notes.add("path.tls_names", tuple(one_line(name, 100) for name in shown.names))
        self.notes.add("path.tls_issuer", one_line(shown.issuer, 200))
        self.notes.add("path.tls_expires_in_s", shown.not_after - self.clock.now())
        verdict = is_intercepted(shown, host, verified=verified)
        if verdict is not None:
            self.notes.add("path.intercepted", verdict)

    def _failed(self, why: NoReply) -> None:
        self.notes.add("path.failure", why.layer)
        self.notes.add("path.failure_text", why.text)
        if why.verify_code is not None:
            self.notes.add("path.tls_verify_code", why.verify_code)


class _Try:
    """One TCP connection attempt on its own daemon thread. A socket that opens too late is closed."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        self.family, self._where = address
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._given_up = False
        self.sock: socket.socket | None = None
        self.failed: OSError | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="connect")

    @property
    def timed_out(self) -> bool:
        return self.sock is None and (self.failed is None or isinstance(self.failed, TimeoutError))

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)
        with self._lock:
            self._given_up = self.sock is None

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()

    def _run(self) -> None:
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(self._timeout_s)
            sock.connect(self._where)
        except OSError as failed:
            self.failed = failed
            sock.close()
            return
        with self._lock:
            if self._given_up:
                sock.close()
            else:
                self.sock = sock


def _chain_of(safe: ssl.SSLSocket) -> tuple[bytes, ...]:
    """The certificates that the other side sent, as DER.

    Public from Python 3.13 on; before that the object within the socket has them (since 3.10). Where neither does,
    there is the host's own certificate alone.
    """
    own = safe.getpeercert(binary_form=True)
    public = getattr(safe, "get_unverified_chain", None)
    inner: Any = getattr(safe, "_sslobj", None)
    try:
        shown = public() if public is not None else [c.public_bytes(_DER) for c in inner.get_unverified_chain()]
    except (AttributeError, TypeError, ValueError, ssl.SSLError):
        shown = None
    return tuple(shown or ([own] if own else []))


_DER = 2
"""`_ssl.ENCODING_DER`."""


def _read_or_none(der: bytes) -> CertificateFacts | None:
    try:
        return read_certificate(der)
    except ValueError:
        return None


def _line_of(shown: CertificateFacts) -> str:
    """`SUBJECT, issued by ISSUER, until DATE` of one certificate."""
    until = datetime.fromtimestamp(shown.not_after, UTC).strftime("%Y-%m-%d %H:%M")
    subject = shown.subject or (shown.names[0] if shown.names else "(no name)")
    issuer = "itself" if shown.is_self_issued else shown.issuer or "(no name)"
    return one_line(f"{subject}, issued by {issuer}, until {until} UTC", 300)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def is_intercepted(shown: CertificateFacts, host: str, *, verified: bool) -> bool | None:
    """Whether something between shows a certificate in the host's place; None where that cannot be told."""
    issuer = shown.issuer.lower()
    if any(name in issuer for name in INTERCEPTORS):
        return True
    is_public = any(name in issuer for name in PUBLIC_AUTHORITIES)
    if is_public and verified:
        return False
    if not is_public and f".{host.lower()}".endswith(PUBLIC_HOSTS):
        return True
    return None


def _in_handshake(failed: OSError) -> NoReply:
    """A failure in the midst of TLS; a time-out or a reset there is not one of HTTP."""
    why = why_no_reply(failed)
    if why.layer in ("read-timeout", "reset"):
        return NoReply("tls-other", f"in the TLS handshake: {_HANDSHAKE[why.layer]}")
    return why


_HANDSHAKE: dict[str, str] = {"read-timeout": "no answer in the time allowed", "reset": "the connection was reset"}


def _connect_request(host: str, port: int, proxy: Proxy) -> bytes:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}"]
    if proxy.credentials is not None:
        user, password = proxy.credentials
        token = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _status_of(head: bytes) -> tuple[int | None, str]:
    first = head[:200].split(b"\r\n", 1)[0].decode("latin-1")
    version, _, rest = first.partition(" ")
    code, _, reason = rest.partition(" ")
    is_http = version.startswith("HTTP/") and code.isascii() and code.isdigit() and len(code) == 3
    return (int(code), reason) if is_http else (None, "")
