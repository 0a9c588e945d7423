"""What failed on the way, in words that a remedy can be hung on."""

from __future__ import annotations

from jwtdoctor.reasoning.rules.table import Given, derived

VERIFY_CODES = {
    9: "not-yet-valid",
    10: "expired",
    18: "self-signed",
    19: "unknown-authority",
    20: "unknown-authority",
    21: "unknown-authority",
    2: "unknown-authority",
    62: "wrong-name",
    64: "wrong-name",
}
"""OpenSSL's X509_V_ERR_… (x509_vfy.h)."""
NETWORK_LOGIN_WANTED = 511
"""RFC 6585 §6: Network Authentication Required, which only boxes on the way send."""
WRONG_SCHEME = ("the proxy does not speak TLS", "the proxy speaks plain http")
UNREACHABLE = ("cannot be reached", "does not resolve")
"""How `instruments` (path and failures) say it."""
_CREDENTIALS_WANTED = (401, 407)
"""401 to CONNECT is what tinyproxy says to a wrong password."""
_CANNOT_REACH = (500, 502, 503, 504)


@derived("path.certificate_problem", "path.tls_verify_code", "path.failure", "path.intercepted")
def _certificate_problem(given: Given) -> str | None:
    code = given.chart.number("path.tls_verify_code")
    if code is None:
        return "inspected" if _refused(given) and given.chart.flag("path.intercepted") else None
    problem = VERIFY_CODES.get(int(code), "other")
    if given.chart.flag("path.intercepted") and problem in ("unknown-authority", "self-signed"):
        return "inspected"
    return problem


def _refused(given: Given) -> bool:
    return given.chart.text("path.failure") == "tls-trust"


@derived(
    "path.proxy_problem",
    "path.proxy_status",
    "path.proxy_has_credentials",
    "path.proxy_url_scheme",
    "path.tcp_connects",
    "path.failure",
    "path.failure_text",
)
def _proxy_problem(given: Given) -> str | None:
    status = given.chart.number("path.proxy_status")
    if status is None:
        if given.chart.text("path.failure") != "proxy":
            return None
        said = given.chart.text("path.failure_text") or ""
        if any(words in said for words in WRONG_SCHEME) or _hangs_in_tls(given, said):
            return "wrong-scheme"
        return "unreachable" if any(words in said for words in UNREACHABLE) else "other"
    if status < 400:
        return None
    if status in _CREDENTIALS_WANTED:
        return "rejects-credentials" if given.chart.flag("path.proxy_has_credentials") else "wants-credentials"
    return "cannot-reach-host" if status in _CANNOT_REACH else "forbids-host"


def _hangs_in_tls(given: Given, said: str) -> bool:
    """A proxy written with https:// that takes TCP and does not come to an end with TLS: it waits for plain http."""
    scheme, opens = given.chart.text("path.proxy_url_scheme"), given.chart.flag("path.tcp_connects")
    return scheme == "https" and opens is True and "certificate" not in said


@derived(
    "path.captive_portal",
    "reply.is_html",
    "reply.status",
    "request.redirected_to",
    "request.scheme",
    "path.tls_ok",
    "path.intercepted",
)
def _captive_portal(given: Given) -> bool | None:
    """RFC 8952 §2.6 and RFC 6585 §6: 511, a redirect to a stranger, or a page where nobody had to prove who he is.

    A page that came over TLS with the host's own certificate is the host's, whatever it says.
    """
    if given.chart.number("reply.status") == NETWORK_LOGIN_WANTED:
        return True
    if not given.chart.flag("reply.is_foreign_page"):
        return given.chart.flag("reply.is_foreign_page")
    if given.chart.text("request.redirected_to") or given.chart.flag("path.intercepted"):
        return True
    if given.chart.flag("path.tls_ok"):
        return False
    return True if given.chart.text("request.scheme") == "http" else None
