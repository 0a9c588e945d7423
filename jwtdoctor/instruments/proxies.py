"""Which proxy stands between here and a URL, and who says so. Pure, but for the settings of macOS and Windows.

One decision for the transport and for the examination of the path, so that they cannot disagree. The rules are those of
curl and of Python: the lower-case variable before the upper-case one, `ALL_PROXY` last, `NO_PROXY` with `*`, host
names (and all below them), `host:port`, addresses and networks in CIDR form.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from jwtdoctor.model.secret import Secret

SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
DEFAULT_PORTS = {"http": 80, "https": 443}
SYSTEM_SETTINGS = "the system's settings"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that a setting asks for. `url` may hold a password; `name` is host and port, fit to show."""

    url: Secret
    scheme: str
    host: str
    port: int
    variable: str
    credentials: tuple[str, Secret] | None = None
    problem: str = ""
    """Why the setting cannot be used; empty where it can."""

    @property
    def name(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if host else ""


def proxy_for(url: str, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """The proxy for a URL, or None. `environ` None: this process's environment and the system's settings.

    Plain http is spoken with loopback alone, and always straight: through a proxy it would leave the machine in clear.
    """
    parts = urlsplit(url)
    if parts.scheme == "http":
        return None
    variables = os.environ if environ is None else environ
    found = _setting(parts.scheme, variables)
    if found is None and environ is None:
        found = _system_setting(parts.scheme, parts.hostname or "")
    if found is None or no_proxy_entry(url, variables):
        return None
    variable, value = found
    return _read(value, variable)


def _setting(scheme: str, variables: Mapping[str, str]) -> tuple[str, str] | None:
    for name in (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"):
        value = variables.get(name, "").strip()
        if value:
            return name, value
    return None


def _system_setting(scheme: str, host: str) -> tuple[str, str] | None:
    platform: str = sys.platform
    if platform not in ("darwin", "win32"):
        return None
    from urllib.request import getproxies, proxy_bypass

    value = getproxies().get(scheme)
    return None if not value or proxy_bypass(host) else (SYSTEM_SETTINGS, value)


def _read(value: str, variable: str) -> Proxy:
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Proxy(Secret(url), "", "", 0, variable, problem=f"{variable} is no URL")
    scheme = parts.scheme.lower()
    problem = ""
    if scheme not in SCHEMES:
        problem = f"{variable} has a scheme that is none of a proxy (it should begin with http://)"
    elif not host:
        problem = f"{variable} names no host"
    credentials = (unquote(parts.username), Secret(unquote(parts.password or ""))) if parts.username else None
    return Proxy(Secret(url), scheme, host, port or DEFAULT_PORTS.get(scheme, 1080), variable, credentials, problem)


def no_proxy_entry(url: str, variables: Mapping[str, str]) -> str | None:
    """The entry of `NO_PROXY` that keeps a URL off the proxy, or None."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    listed = variables.get("no_proxy") or variables.get("NO_PROXY") or ""
    entries = (entry.strip().lower() for entry in listed[:20_000].split(","))
    return next((entry for entry in entries if entry and _matches(entry, host, port)), None)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if entry.startswith("[") or entry.count(":") == 1:
        entry, _, wanted = entry.rpartition(":")
        if wanted.isdigit() and int(wanted[:6]) != port:
            return False
        entry = entry.strip("[]")
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        name = entry.lstrip("*").strip(".")
        return bool(name) and (host == name or host.endswith(f".{name}"))
