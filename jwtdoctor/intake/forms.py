"""The form of names: user names, hosts, endpoints. Said once, so that what is observed before redaction and
after it are the same facts.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_TOP_LEVEL = frozenset(
    [
        "com",
        "org",
        "net",
        "edu",
        "gov",
        "mil",
        "int",
        "biz",
        "info",
        "io",
        "co",
        "app",
        "dev",
        "cloud",
        "ai",
        "tech",
        "online",
        "site",
        "store",
        "name",
        "pro",
        "eu",
    ]
)
_COUNTRY_OR_SANDBOX = frozenset({"qa", "sb"})
"""Two-letter endings that are both a country's and a usual sandbox name: they tell nothing."""
_ADDRESS = re.compile(r"\S+@((?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+)")


def username_is_sandbox_style(username: str) -> bool | None:
    """Whether a Salesforce user name carries a sandbox suffix (`jo@acme.com.uat`); None where it cannot be told.

    A sandbox appends its name to the production user name
    (https://help.salesforce.com/s/articleView?id=sf.data_sandbox_implementation_tips.htm), so the last label
    follows what was a top-level domain and is none itself.
    """
    found = _ADDRESS.fullmatch(username.strip()[:400])
    if found is None:
        return None
    labels = found[1].lower().split(".")
    if len(labels) < 3 or not _is_top_level(labels[-2]):
        return False
    if labels[-1] in _COUNTRY_OR_SANDBOX:
        return None
    return labels[-1] == "dev" or not _is_top_level(labels[-1])


_OF_A_TEMPLATE = re.compile(
    r"\$\{[^{}]{1,80}\}|\$\([^()]{1,80}\)|\{\{[^{}]{1,80}\}\}|<%[^%]{1,80}%>|%[A-Z][A-Z0-9_]{2,60}%|\$[A-Z][A-Z0-9_]{2,60}"
    r"|__[A-Z][A-Z0-9_]{2,60}__|undefined|null|None|nil|\[object Object\]"
)
_TO_BE_FILLED_IN = re.compile(
    r"[<{\[]?(?:enter|insert|replace|put|paste)[ _-](?:[a-z]{1,12}[ _-]){0,4}"
    r"(?:(?:client|consumer|application|app)[ _-]?(?:id|key)(?:[ _-]?here)?|here)[>}\]]?"
    r"|[<{\[]?(?:replace|change)[ _-]?me[>}\]]?",
    re.IGNORECASE,
)
_STANDS_FOR_ONE = re.compile(
    r"<[^<>]{1,80}>|\{[^{}]{1,80}\}|\[[^\[\]]{1,80}\]"
    r"|(?:your[ _-]?)?(?:own[ _-]|connected[ _-]|oauth[ _-])?(?:client|consumer|application|app|issuer)[ _-]?(?:id|key)"
    r"(?:[ _-]?here)?"
    r"|(?:3MVG9?)?(?:x{4,}(?:[-_.]x{2,}){0,20}|\*{3,}|\.{3,}|\u2026)|0{8}(?:-0{4}){3}-0{12}",
    re.IGNORECASE,
)


def is_unfilled(client_id: str) -> bool:
    """Whether a client id is a variable that nothing filled in, or says that it is to be filled in.

    No server issues such an id. Nor does anybody write one in the place of an id that is to stay private, as people do
    with `<client-id>` and `xxxx`: so it tells in what somebody pasted too.
    """
    text = client_id.strip()[:200]
    return _OF_A_TEMPLATE.fullmatch(text) is not None or _TO_BE_FILLED_IN.fullmatch(text) is not None


def is_placeholder(client_id: str) -> bool:
    """Whether what a client is about to send is no id but what stands for one in a guide."""
    return is_unfilled(client_id) or _STANDS_FOR_ONE.fullmatch(client_id.strip()[:200]) is not None


def endpoint_of(url: str) -> str:
    """Which endpoint a URL is: token, authorize, revoke, introspect, userinfo or api."""
    path = safe_split(url).path.rstrip("/").lower()
    last = path.rsplit("/", 1)[-1]
    if "remoteaccesserrorpage" in path or "remoteaccessauthorizationpage" in path:
        return "authorize"
    for name in ("authorize", "revoke", "introspect", "userinfo"):
        if last.startswith(name):
            return name
    if last in ("token", "token.oauth2", "access_token", "oauth2token", "tokens") or path.endswith("/exchange/jwt"):
        return "token"
    return "authorize" if last in ("auth", "singleaccess") else "api"


class SplitUrl:
    """A URL in parts; whatever is wrong with it, the parts are text and possibly empty."""

    __slots__ = ("fragment", "has_credentials", "host", "path", "port", "query", "scheme")

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url.strip())
            self.host = (parts.hostname or "").lower()
            self.port = parts.port
            self.has_credentials = "@" in parts.netloc
            self.scheme, self.path = parts.scheme.lower(), parts.path
            self.query, self.fragment = parts.query, parts.fragment
        except ValueError:
            self.host = self.scheme = self.path = self.query = self.fragment = ""
            self.port, self.has_credentials = None, False


def safe_split(url: str) -> SplitUrl:
    """`urlsplit` that raises nothing."""
    return SplitUrl(url[:20_000])


def _is_top_level(label: str) -> bool:
    return label in _TOP_LEVEL or (len(label) == 2 and label.isalpha())
