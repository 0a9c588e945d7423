"""What the way to the host answers, or does not, in place of the service. Pure: server and test world share it."""

from __future__ import annotations

from jwtdoctor.model.exchange import Layer, NoReply, Reply
from jwtdoctor.simulator.wire import http_date
from jwtdoctor.simulator.world import Network

PORTAL_HOST = "portal.guest.example"
PORTAL = f"https://{PORTAL_HOST}/login"

_BROKEN: dict[Network, tuple[Layer, str, bool]] = {
    "dns": ("dns", "the name does not resolve", False),
    "refused": ("refused", "connection refused", False),
    "reset": ("reset", "connection reset by peer", True),
    "closed": ("reset", "the connection was closed without an answer", True),
    "silent": ("read-timeout", "no answer came in time", True),
    "tls-untrusted": ("tls-trust", "certificate verify failed: self-signed certificate", False),
}
"""Network -> layer, text, and whether the request went out before it failed."""

SELF_SIGNED = 18
"""OpenSSL's X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT."""


def breaks(network: Network, took_s: float = 0.0) -> NoReply | None:
    """What a client sees where no HTTP answer comes; None where one does."""
    if network not in _BROKEN:
        return None
    layer, text, sent = _BROKEN[network]
    code = SELF_SIGNED if network == "tls-untrusted" else None
    return NoReply(layer, text, verify_code=code, sent=sent, took_s=took_s)


def answers_instead(network: Network, now: float, host: str = "") -> Reply | None:
    """What a box on the way says in the place of `host`. Its clock is a right one: `now` is true time."""
    if network == "portal-redirect" and host == PORTAL_HOST:
        network = "portal-page"  # a client that follows the redirect comes to the page
    match network:
        case "proxy-login":
            headers = {**_headers(now), "Proxy-Authenticate": 'Basic realm="proxy.corp.example"', "Via": "1.1 proxy"}
            return Reply(407, headers, _page("Proxy Authentication Required", "This proxy wants a name and password."))
        case "portal-page":
            return Reply(200, _headers(now), _page("Guest network", "Please accept the terms of use to go on."))
        case "portal-redirect":
            return Reply(302, {**_headers(now), "Location": PORTAL}, _page("Guest network", "Moved."))
        case "empty":
            return Reply(200, _headers(now), "")
        case _:
            return None


def _headers(now: float) -> dict[str, str]:
    return {"Date": http_date(now), "Content-Type": "text/html; charset=utf-8", "Server": "gateway"}


def _page(title: str, text: str) -> str:
    head = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1><p>{text}</p></body></html>\n"
