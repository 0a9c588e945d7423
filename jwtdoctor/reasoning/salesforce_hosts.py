"""What a Salesforce host name says of itself, and whether it fits an org.

Sources: Salesforce help, "My Domain URL formats" (xcloud.domain_name_url_formats); sfdx-core `sfdcUrl.ts`, which
tells generic, sandbox and instance hosts apart in the same way. Placeholders of saved cases keep these forms.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

GENERIC = {"login.salesforce.com": "login", "test.salesforce.com": "test", "welcome.salesforce.com": "login"}
MY_DOMAINS = ("my-domain", "my-domain-sandbox", "my-domain-scratch")
SERVES_TOKENS = ("login", "test", "site", "instance", *MY_DOMAINS)
SANDBOX_KINDS = ("sandbox", "scratch", "full sandbox", "partial sandbox", "developer sandbox")
MY_DOMAIN_ONLY_KINDS = ("govcloud", "government", "government cloud", "trailhead playground", "trailhead")
"""Kinds of org that field reports could log in to through My Domain only
(https://github.com/restforce/restforce/issues/674 and its neighbours)."""

_INSTANCE = re.compile(
    r"^(?:na|eu|ap|cs|um|uk|jp|au|ca|de|fr|in|br|usa|ind|aus|can|swe|gs)\d+[a-z]?(?:\.my)?\.salesforce\.com$"
)
_POD = re.compile(r"^(?:na|eu|ap|cs|um)\d+[a-z]?$")
_UI = re.compile(
    r"\.(?:lightning(?:\.[a-z]+)?|vf|visual|visualforce)\.force\.com$|\.lightning\.com$|\.salesforce-setup\.com$"
)


def host_kind(host: str) -> str:
    """login, test, my-domain, my-domain-sandbox, my-domain-scratch, instance, lightning, site or other."""
    host = host.strip().lower().rstrip(".").partition(":")[0]
    if host in GENERIC:
        return GENERIC[host]
    if _INSTANCE.match(host):
        return "instance"
    if _UI.search(host):
        return "lightning"
    if host.endswith((".my.salesforce.com", ".my.salesforce.mil", ".cloudforce.com")):
        if ".scratch." in host:
            return "my-domain-scratch"
        return "my-domain-sandbox" if "--" in host or ".sandbox." in host else "my-domain"
    if host.endswith((".my.site.com", ".force.com", ".my.salesforce-sites.com")):
        return "site"
    return "other"


def is_sandbox_like(org_kind: str) -> bool:
    """Whether users of such an org log in through test.salesforce.com and not through login.salesforce.com."""
    return org_kind.strip().lower() in SANDBOX_KINDS


def fits_org(kind_of_host: str, org_kind: str) -> bool | None:
    """Whether a host of this kind serves an org of that kind; None where the names do not tell."""
    org_kind = org_kind.strip().lower()
    if org_kind in MY_DOMAIN_ONLY_KINDS:
        return {"login": False, "test": False, "my-domain": True}.get(kind_of_host)
    sandbox = is_sandbox_like(org_kind)
    match kind_of_host:
        case "login":
            return not sandbox
        case "test" | "my-domain-sandbox" | "my-domain-scratch":
            return sandbox
        case "my-domain":
            return None if sandbox else True
        case "lightning" | "other":
            return False if kind_of_host == "lightning" else None
        case _:
            return None


def same_world(kind_of_audience: str, kind_of_host: str) -> bool | None:
    """Whether an audience and a token host lie on the same side of the line between sandboxes and the rest."""
    sides = (side(kind_of_audience), side(kind_of_host))
    return None if None in sides else sides[0] == sides[1]


def is_legacy_my_domain(host: str) -> bool:
    """A My Domain name of the time before enhanced domains: a sandbox without `.sandbox.`, or one with its instance."""
    host = host.strip().lower()
    if not host.endswith(".my.salesforce.com"):
        return False
    labels = host.removesuffix(".my.salesforce.com").split(".")
    return ("--" in labels[0] and len(labels) == 1) or bool(len(labels) == 2 and _POD.match(labels[1]))


def host_of_url(url: str) -> str | None:
    """The host of an http(s) URL, without port; None where it is none."""
    try:
        parts = urlsplit(url.strip())
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def side(kind: str) -> str | None:
    """`sandbox` or `production`, where a kind of host tells it."""
    if kind in ("test", "my-domain-sandbox", "my-domain-scratch"):
        return "sandbox"
    return "production" if kind in ("login", "my-domain") else None
