"""Whether the token host fits the org, the app, the user and the flow."""

from __future__ import annotations

from jwtdoctor.reasoning import salesforce_hosts as hosts
from jwtdoctor.reasoning.rules.table import Given, derived, is_loopback


@derived("request.host_kind", "request.token_host")
def _host_kind(given: Given) -> str | None:
    host = given.chart.text("request.token_host")
    if host is None or given.provider.slug != "salesforce":
        return None
    return hosts.host_kind(host)


@derived("request.host_is_generic", "request.token_host")
def _host_is_generic(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind is None else kind in ("login", "test")


@derived("request.host_is_loopback", "request.token_host")
def _host_is_loopback(given: Given) -> bool | None:
    """There plain http is usual, and no server minds it."""
    host = given.chart.text("request.token_host")
    return None if host is None else is_loopback(host)


@derived("request.host_is_my_domain", "request.token_host")
def _host_is_my_domain(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind is None else kind in hosts.MY_DOMAINS


@derived("request.host_serves_tokens", "request.token_host")
def _host_serves_tokens(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind in (None, "other") else kind in hosts.SERVES_TOKENS


@derived("request.host_fits_org", "request.token_host", "org.kind")
def _host_fits_org(given: Given) -> bool | None:
    kind, org = given.chart.text("request.host_kind"), given.chart.text("org.kind")
    return None if kind is None or org is None else hosts.fits_org(kind, org)


@derived("request.host_fits_username", "request.token_host", "user.username_is_sandbox_style")
def _host_fits_username(given: Given) -> bool | None:
    kind, sandbox_style = (
        given.chart.text("request.host_kind"),
        given.chart.flag("user.username_is_sandbox_style"),
    )
    if kind is None or sandbox_style is None:
        return None
    if kind in ("test", "my-domain-sandbox"):
        return sandbox_style
    return not sandbox_style if kind in ("login", "my-domain") else None


@derived("request.host_fits_app", "request.token_host", "app.kind")
def _host_fits_app(given: Given) -> bool | None:
    generic, app = given.chart.flag("request.host_is_generic"), given.chart.text("app.kind")
    if generic is None or app is None:
        return None
    return not generic if app == "external-client-app" else None


@derived("request.host_fits_flow", "request.token_host")
def _host_fits_flow(given: Given) -> bool | None:
    generic = given.chart.flag("request.host_is_generic")
    return None if generic is None or given.flow != "client-credentials" else not generic


@derived("request.host_is_my_domain_of_org", "request.token_host", "org.kind")
def _host_is_my_domain_of_org(given: Given) -> bool | None:
    mine, fits = given.chart.flag("request.host_is_my_domain"), given.chart.flag("request.host_fits_org")
    host = given.chart.text("request.token_host") or ""
    if mine is None or hosts.is_legacy_my_domain(host):
        return None
    return mine and fits is not False


@derived("request.host_is_retired_pod", "request.token_host")
def _host_is_retired_pod(given: Given) -> bool | None:
    kind = given.chart.text("request.host_kind")
    return None if kind is None else kind == "instance"


@derived("request.host_is_legacy_my_domain", "request.token_host")
def _host_is_legacy_my_domain(given: Given) -> bool | None:
    """`name--sandbox.my.salesforce.com` and `name.na1.my.salesforce.com` ended with enhanced domains."""
    host = given.chart.text("request.token_host")
    return None if host is None or given.provider.slug != "salesforce" else hosts.is_legacy_my_domain(host)
