"""Whether the token endpoint itself answered."""

from __future__ import annotations

import re

from jwtdoctor.reasoning import salesforce_hosts as hosts
from jwtdoctor.reasoning.rules.table import Given, derived


@derived(
    "reply.reached_endpoint",
    "reply.error",
    "reply.body_is_json",
    "path.failure",
    "path.intercepted",
    "reply.granted",
)
def _reached_endpoint(given: Given) -> bool | None:
    if "path.failure" in given.chart or given.chart.flag("path.intercepted"):
        return False
    if "reply.error" in given.chart or given.chart.flag("reply.body_is_json") or given.chart.flag("reply.granted"):
        return True
    return None


@derived(
    "reply.is_foreign_page",
    "reply.is_html",
    "reply.status",
    "request.redirected_to",
    "request.token_host",
    "reply.error",
)
def _is_foreign_page(given: Given) -> bool | None:
    """What a captive portal does (RFC 8952 §2.6): a page in the answer's place, or a redirect to a host of its own."""
    if "reply.error" in given.chart:
        return False  # a redirect with an error of OAuth is the authorize endpoint's own answer
    elsewhere = given.chart.text("request.redirected_to")
    if elsewhere:
        host = hosts.host_of_url(elsewhere) or ""
        own = host == given.chart.text("request.token_host")
        return not own and not any(re.search(pattern, host) for pattern in given.provider.hosts)
    status, is_html = given.chart.number("reply.status"), given.chart.flag("reply.is_html")
    return None if status is None or is_html is None else is_html and 200 <= status < 300
