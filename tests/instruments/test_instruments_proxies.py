"""Which proxy applies, by which setting, and what keeps a host off it."""

from __future__ import annotations

import pytest

from jwtdoctor.instruments.proxies import no_proxy_entry, proxy_for

URL = "https://login.salesforce.com/services/oauth2/token"


def test_without_a_setting_there_is_no_proxy() -> None:
    assert proxy_for(URL, {}) is None


def test_a_proxy_is_told_with_host_port_and_variable_and_hides_its_password() -> None:
    proxy = proxy_for(URL, {"HTTPS_PROXY": "http://me:hunter%4022@proxy.acme:3128"})

    assert proxy is not None
    assert (proxy.name, proxy.scheme, proxy.variable) == ("proxy.acme:3128", "http", "HTTPS_PROXY")
    assert proxy.credentials is not None
    assert proxy.credentials[1].reveal() == "hunter@22"
    assert "hunter" not in repr(proxy)


@pytest.mark.parametrize(
    ("environ", "variable"),
    [
        ({"https_proxy": "http://a", "HTTPS_PROXY": "http://b", "ALL_PROXY": "http://c"}, "https_proxy"),
        ({"HTTPS_PROXY": "http://b", "all_proxy": "http://c"}, "HTTPS_PROXY"),
        ({"HTTP_PROXY": "http://b", "ALL_PROXY": "http://c"}, "ALL_PROXY"),
    ],
)
def test_the_more_exact_setting_wins(environ: dict[str, str], variable: str) -> None:
    proxy = proxy_for(URL, environ)

    assert proxy is not None
    assert proxy.variable == variable


@pytest.mark.parametrize(
    ("value", "scheme", "name"),
    [
        ("proxy.acme:3128", "http", "proxy.acme:3128"),
        ("https://proxy.acme", "https", "proxy.acme:443"),
        ("http://proxy.acme", "http", "proxy.acme:80"),
        ("socks5://[::1]", "socks5", "[::1]:1080"),
    ],
)
def test_a_proxy_url_may_be_short(value: str, scheme: str, name: str) -> None:
    proxy = proxy_for(URL, {"HTTPS_PROXY": value})

    assert proxy is not None
    assert (proxy.scheme, proxy.name, proxy.problem) == (scheme, name, "")


@pytest.mark.parametrize("value", ["ftp://p", "http://", "http://[x", "http://p:99999"])
def test_a_setting_that_is_no_proxy_has_a_problem_that_names_the_variable(value: str) -> None:
    proxy = proxy_for(URL, {"HTTPS_PROXY": value})

    assert proxy is not None
    assert "HTTPS_PROXY" in proxy.problem


@pytest.mark.parametrize(
    "entry",
    ["*", "login.salesforce.com", "salesforce.com", ".salesforce.com", "*.salesforce.com", "SALESFORCE.COM",
     "x, salesforce.com", "salesforce.com:443"],
)  # fmt: skip
def test_no_proxy_keeps_a_host_and_all_below_it_off_the_proxy(entry: str) -> None:
    assert proxy_for(URL, {"HTTPS_PROXY": "http://p", "NO_PROXY": entry}) is None


@pytest.mark.parametrize("entry", ["", "force.com", "xsalesforce.com", "salesforce.com:8443", "10.0.0.0/8", "."])
def test_other_entries_do_not(entry: str) -> None:
    assert proxy_for(URL, {"HTTPS_PROXY": "http://p", "NO_PROXY": entry}) is not None


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://10.1.2.3/", "10.0.0.0/8"),
        ("https://10.1.2.3/", "10.1.2.3"),
        ("https://[2001:db8::7]/", "2001:db8::/32"),
        ("https://[::1]:8443/", "[::1]:8443"),
        ("https://[::1]/", "::1"),
    ],
)
def test_addresses_and_networks_match_addresses(url: str, entry: str) -> None:
    assert no_proxy_entry(url, {"no_proxy": entry}) == entry


def test_the_lower_case_no_proxy_comes_first() -> None:
    assert no_proxy_entry(URL, {"no_proxy": "x", "NO_PROXY": "*"}) is None


def test_plain_http_to_loopback_goes_straight() -> None:
    assert proxy_for("http://127.0.0.1:8080/", {"HTTP_PROXY": "http://p", "ALL_PROXY": "http://p"}) is None
