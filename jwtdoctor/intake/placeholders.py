"""Stable placeholders for what names a person, an org, an app or an address, so that a case can be shared.

One `Names` serves one case: the same name gets the same placeholder in every body, text and fact. A placeholder keeps
every form that the reasoning looks at: the kind of host, the sandbox suffix of a user name, the beginning of a
consumer key, blanks, percent signs, slashes, an address's family. So the saved case leads to the same verdicts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping

from jwtdoctor.intake.forms import username_is_sandbox_style

_SALESFORCE = (
    ".salesforce.com",
    ".force.com",
    ".site.com",
    ".salesforce.mil",
    ".cloudforce.com",
    ".salesforce-sites.com",
    ".salesforce-setup.com",
    ".salesforce-experience.com",
    ".database.com",
    ".lightning.com",
)
_GENERIC_LABELS = frozenset(
    [
        "login",
        "test",
        "welcome",
        "www",
        "help",
        "developer",
        "developers",
        "status",
        "trust",
        "api",
        "mobile",
        "appexchange",
        "my",
        "sandbox",
        "lightning",
        "support",
        "docs",
        "static",
        "store",
        "go",
        "admin",
        "trailhead",
        "c",
    ]
)
_INSTANCE = re.compile(
    r"(?:na|eu|ap|cs|um|uk|jp|au|ca|de|fr|in|br|usa|ind|aus|can|swe|gs|deu|gbr|fra|jpn"
    r"|bra|ita|sgp|kor|che|are|isr|idn|esp)\d+[a-z]{0,2}"
)
_TENANTS = (
    ".okta.com",
    ".oktapreview.com",
    ".okta-emea.com",
    ".auth0.com",
    ".snowflakecomputing.com",
    ".netsuite.com",
    ".service-now.com",
    ".onmicrosoft.com",
    ".b2clogin.com",
    ".ciamlogin.com",
    ".amazoncognito.com",
    ".ondemand.com",
    ".oraclecloud.com",
    ".sharepoint.com",
    ".zendesk.com",
    ".pingidentity.com",
    ".workday.com",
)
_PUBLIC = [
    "googleapis.com",
    "google.com",
    "microsoftonline.com",
    "microsoft.com",
    "windows.net",
    "azure.com",
    "docusign.com",
    "docusign.net",
    "box.com",
    "github.com",
    "adobelogin.com",
    "adobe.com",
    "apple.com",
    "xero.com",
    "zoom.us",
    "hubspot.com",
    "hubapi.com",
    "amazonaws.com",
    "pagopa.it",
    "epic.com",
    "mastercard.com",
    "localhost",
    "example.com",
    "example.org",
    "example.net",
    "salesforce.com",
    "force.com",
    "pool.ntp.org",
]

_HOST = re.compile(r"(?<![A-Za-z0-9.@%-])[A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+)+")
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])([A-Za-z0-9._%+-]{1,120}?)(@|%40)([A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+)+)"
)
_CONSUMER_KEY = re.compile(r"(?<![A-Za-z0-9])3MVG[A-Za-z0-9._]{6,}+")
_ORG_ID = re.compile(
    r"(?<![A-Za-z0-9])(00D|005|0H4|0Oa|888)([A-Za-z0-9]{12})([A-Z0-9]{3}[A-Za-z0-9]{0})?(?![A-Za-z0-9])"
)
_GUID = re.compile(
    r"(?<![A-Za-z0-9])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![A-Za-z0-9])"
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w.]\d|\w)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f:]{3,45}+(?![\w.])")
_PLACEHOLDER_USER = re.compile(r"user\d+")
_PLACEHOLDER_ADDRESS = re.compile(r"user\d+[^\s@]*(?:@|%40)example\.com[^\s@]*")
_PLACEHOLDER = re.compile(
    r"(?:org|sandbox|package|project|host)\d+|(?:00D|005|0H4|0Oa|888)0{6}\d{6}(?:AAA)?|0{8}-0{4}-0{4}-0{4}-\d{12}"
)
"""What an earlier saving, or the replacement of a whole identity, put there: it names nobody and stays."""
_Maker = Callable[[int], str]


class Names:
    """The placeholders of one case. With `keep` nothing is replaced."""

    def __init__(self, keep: bool = False) -> None:
        self.keep = keep
        self._given: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}
        self._exact: dict[str, str] = {}

    # --- whole values ---------------------------------------------------------------------------------------------

    def host(self, host: str) -> str:
        """A host that is known to be one, with its port if it has one: an unknown one is replaced as well."""
        if self.keep:
            return host
        name, colon, port = host.partition(":") if host.count(":") == 1 else (host, "", "")
        replaced = self.text(name)
        if replaced == name and not _is_public(name) and not _is_literal(name):
            replaced = self._once("host", name.lower(), lambda n: f"host{n}.example.com" if "." in name else f"host{n}")
        return replaced + colon + port

    def url(self, url: str) -> str:
        """A URL without its query; the host is replaced whatever it is."""
        scheme, mark, rest = url.partition("://")
        if self.keep or not mark:
            return url if self.keep else self.text(url)
        host, slash, path = rest.partition("/")
        return f"{scheme}://{self.host(host)}{slash}{self.text(path.split('?')[0])}"

    def identity(self, value: str) -> str:
        """An issuer or a subject: replaced whole, with its form kept."""
        if self.keep or not value.strip() or value in _HARMLESS or _PLACEHOLDER_ADDRESS.fullmatch(value.strip()):
            return value
        replaced = self.url(value) if "://" in value else self.text(value)
        if replaced == value and not value.startswith(("http://", "https://")) and _is_personal(value):
            replaced = self._once("name", value, lambda n: _masked(value, n))
        if len(value.strip()) >= 6:
            self._exact.setdefault(value.strip(), replaced.strip())
        return replaced

    def addresses(self, value: str) -> str:
        """An IP address or a range of them."""
        return self.text(value)

    # --- running text ---------------------------------------------------------------------------------------------

    def text(self, text: str) -> str:
        """Text with everything replaced that is recognised by its form, and every identity met before."""
        if self.keep or not text:
            return text
        for known in sorted(self._exact, key=len, reverse=True):
            if known in text:
                text = text.replace(known, self._exact[known])
        text = _CONSUMER_KEY.sub(lambda m: self._once("key", m[0], lambda n: _key(m[0], n)), text)
        text = _GUID.sub(
            lambda m: self._once("guid", m[0].lower(), lambda n: f"00000000-0000-0000-0000-{n:012d}"), text
        )
        text = _ORG_ID.sub(lambda m: self._once(m[1], m[0], lambda n: _record_id(m[0], n)), text)
        text = _EMAIL.sub(self._email, text)
        text = _IPV4.sub(self._ipv4, text)
        if "::" in text or text.count(":") >= 7:
            text = _IPV6.sub(self._ipv6, text)
        return _HOST.sub(self._host, text)

    def _email(self, found: re.Match[str]) -> str:
        local, at, domain = found.groups()
        if (domain.lower() + ".").startswith("example.com.") and _PLACEHOLDER_USER.match(local):
            return found[0]
        name = f"{local}@{domain}".lower()
        return self._once("user", name, lambda n: _user(local, n)) + at + self._mail_domain(domain)

    def _mail_domain(self, domain: str) -> str:
        """The domain: example.com, and the sandbox suffix where there is one."""
        labels = domain.lower().split(".")
        if domain.lower().endswith(".iam.gserviceaccount.com"):
            return self._once("project", labels[0], lambda n: f"project{n}") + ".iam.gserviceaccount.com"
        style = username_is_sandbox_style(f"x@{domain}")
        if style is None and len(labels) > 2:
            return f"example.com.{labels[-1]}"
        return f"example.com.{self._sandbox(labels[-1])}" if style else "example.com"

    def _sandbox(self, name: str) -> str:
        return self._once("sandbox", name.lower(), lambda n: f"sandbox{n}")

    def _org(self, name: str) -> str:
        ending = "-dev-ed" if name.lower().endswith("-dev-ed") else ""
        return self._once("org", name.lower().removesuffix("-dev-ed"), lambda n: f"org{n}") + ending

    def _host(self, found: re.Match[str]) -> str:
        host = found[0]
        lowered = host.lower()
        if lowered.endswith(_SALESFORCE):
            return self._salesforce_host(host)
        if lowered.endswith(_TENANTS):
            first, dot, rest = host.partition(".")
            kept = "idcs-" if first.lower().startswith("idcs-") else ""
            return first + dot + rest if _is_generic(first) else kept + self._org(first[len(kept) :]) + dot + rest
        known = self._given.get(("host", lowered))
        return known if known is not None else host

    def _salesforce_host(self, host: str) -> str:
        """`acme--uat.sandbox.my.salesforce.com`: org, sandbox and package are named, the rest is the kind of host."""
        first, dot, rest = host.partition(".")
        if _is_generic(first):
            return host
        org, *others = first.split("--")
        parts = [self._org(org)] if org else [""]
        for number, other in enumerate(others):
            is_package = number > 0 or other.lower() == "c"
            parts.append(
                other if other.lower() in ("c", "") else self._package(other) if is_package else self._sandbox(other)
            )
        return "--".join(parts) + dot + rest

    def _package(self, name: str) -> str:
        return self._once("package", name.lower(), lambda n: f"package{n}")

    def _ipv4(self, found: re.Match[str]) -> str:
        """An address of TEST-NET-1 to 3 (RFC 5737); loopback stays, since that it is loopback matters."""
        try:
            address = ipaddress.IPv4Address(found[0])
        except ValueError:
            return found[0]
        if address.is_loopback or address.is_unspecified or found[0].startswith(_NETS) or address.is_multicast:
            return found[0]
        return self._once("ip", str(address), lambda n: f"{_NETS[(n - 1) // 254 % 3]}{(n - 1) % 254 + 1}")

    def _ipv6(self, found: re.Match[str]) -> str:
        candidate = found[0].rstrip(":") if not found[0].endswith("::") else found[0]
        try:
            address = ipaddress.IPv6Address(candidate)
        except ValueError:
            return found[0]
        if address.is_loopback or address.is_unspecified or candidate.lower().startswith("2001:db8:"):
            return found[0]
        return self._once("ip6", str(address), lambda n: f"2001:db8::{n:x}") + found[0][len(candidate) :]

    def _once(self, kind: str, name: str, make: _Maker) -> str:
        """The placeholder of a name, made at its first appearance."""
        if _PLACEHOLDER.fullmatch(name):
            return name
        known = self._given.get((kind, name))
        if known is None:
            self._count[kind] = self._count.get(kind, 0) + 1
            known = make(self._count[kind])
            self._given[kind, name] = known
        return known

    def known(self) -> Mapping[tuple[str, str], str]:
        """What was replaced so far, by kind and name."""
        return dict(self._given)


_HARMLESS = frozenset(
    [
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
        "ES512",
        "HS256",
        "HS384",
        "HS512",
        "EdDSA",
        "none",
        "null",
        "None",
        "nil",
        "undefined",
        "true",
        "false",
        "PlatformCLI",
        "user",  # the sub of an individual key at App Store Connect
        "[redacted]",
    ]
)
_NETS = ("192.0.2.", "198.51.100.", "203.0.113.")


def _is_generic(label: str) -> bool:
    return label.lower() in _GENERIC_LABELS or _INSTANCE.fullmatch(label.lower()) is not None


def _is_public(host: str) -> bool:
    lowered = host.lower()
    return any(lowered == name or lowered.endswith("." + name) for name in _PUBLIC) or lowered.endswith(
        (*_SALESFORCE, *_TENANTS)
    )


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _is_personal(value: str) -> bool:
    """Numbers of one or two digits name nobody, and placeholders are names already."""
    return not (value.strip().isdigit() and len(value.strip()) < 3) and "[redacted]" not in value


def _masked(value: str, number: int) -> str:
    """Every letter and digit replaced, everything else kept; the number keeps different names apart."""
    letters = "xyzabcdefghijklmnopqrstuvw"
    letter = letters[(number - 1) % len(letters)]
    masked = re.sub(r"[a-z]", letter, re.sub(r"[A-Z]", letter.upper(), value))
    masked = re.sub(r"[0-9]", str(number % 10), masked)
    return re.sub(r"[^\x00-\x7f]", letter, masked)


def _key(key: str, number: int) -> str:
    """A consumer key of the same length and beginning."""
    head = "3MVG9" if key.startswith("3MVG9") else "3MVG"
    tail = f"key{number}"
    return head + "x" * max(0, len(key) - len(head) - len(tail)) + tail


def _record_id(found: str, number: int) -> str:
    """A Salesforce record id of the same length: the prefix says what it is of."""
    return found[:3] + f"{number:012d}" + ("AAA" if len(found) == 18 else "")


def _user(local: str, number: int) -> str:
    """The part before the @, its punctuation kept (`jo.doe+int` becomes `user1.x+x`)."""
    parts = re.split(r"([._%+-]+)", local)
    return "".join(
        f"user{number}" if i == 0 else part if i % 2 else ("x" if part else "") for i, part in enumerate(parts)
    )
