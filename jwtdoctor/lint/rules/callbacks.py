"""Callback URLs: several stand in one element, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from jwtdoctor.lint.apps import App, Seen
from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word

_LOOPBACK = ("localhost", "127.0.0.1", "::1", "[::1]")


@rule(
    "warning",
    "documented",
    "ca",
    "https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2.1",
    remedy="use https; http is for loopback addresses",
)
def callback_without_encryption(repository: Repository) -> Iterator[Problem]:
    """A callback URL is plain http, so that authorization codes travel in the clear.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>http://app.example.com/callback</callbackUrl></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>http://localhost:1717/OauthRedirect
        https://app.example.com/callback</callbackUrl></oauthConfig>
        </ConnectedApp>
    """
    for app, one, url in _callbacks(repository):
        if url.lower().startswith("http://") and _host(url) not in _LOOPBACK:
            yield Problem(f"a callback URL of '{word(app.name)}' is plain http", one.at, about=url)


@rule(
    "warning",
    "documented",
    "ca",
    leads_to=("redirect-uri-mismatch",),
    remedy="one URL a line, without commas, blanks or asterisks",
)
def callbacks_run_together(repository: Repository) -> Iterator[Problem]:
    """Several callback URLs stand on one line, or one has a wildcard: neither ever matches a redirect URI.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>https://one.example.com/cb, https://two.example.com/cb</callbackUrl></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>https://one.example.com/cb
        https://two.example.com/cb</callbackUrl></oauthConfig>
        </ConnectedApp>
    """
    for app, one, url in _callbacks(repository):
        if url.count("://") > 1 and url[: url.rindex("://")].count("?") == 0:
            yield Problem(f"several callback URLs of '{word(app.name)}' stand on one line", one.at, about=url)
        elif "*" in url:
            yield Problem(f"a callback URL of '{word(app.name)}' has an asterisk, which matches nothing", one.at)


def _callbacks(repository: Repository) -> Iterator[tuple[App, Seen, str]]:
    for app in repository.apps:
        for one in app.all("callback-url"):
            for line in one.text.splitlines():
                if line.strip():
                    yield app, one, line.strip()


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
