"""Login History: why the last logins failed, whence they came, and whether it ever worked. Pure.

`Status` and `Application` refuse WHERE, so rows are filtered here. A row names its app by label, cut at 64 characters.
OAuth logins show `Remote Access 2.0`; bearer and device logins have no sub type. A request that was refused before the
user was known leaves no row, so that no row proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jwtdoctor.model.facts import Value
from jwtdoctor.org.shapes import moment, text

OAUTH = "remote access 2.0"
LABEL_LENGTH = 64
SLACK_S = 120.0
"""How much earlier than the attempt its row may be dated: clocks, and whole seconds."""
_SUB_TYPES = {
    "authorization-code": ("OauthWebServer", "OauthHybridWebServer"),
    "refresh-token": ("OauthRefreshToken", "OauthHybridRefreshToken"),
    "password": ("OauthUsernamePassword",),
    "client-credentials": ("OauthClientCredentials",),
    "token-exchange": ("OauthTokenExchange", "OauthHybridTokenExchange"),
    "user-agent": ("OauthUserAgent", "OauthUserAgentIdToken", "OauthHybridUserAgent"),
    "jwt-bearer": ("",),
    "saml-bearer": ("",),
    "device": ("",),
}


@dataclass(frozen=True, slots=True)
class Login:
    """One row. `at` epoch seconds."""

    at: float
    status: str
    source_ip: str
    application: str
    kind: str
    sub_type: str

    @property
    def worked(self) -> bool:
        return self.status.casefold() == "success"


@dataclass(frozen=True, slots=True)
class History:
    """The rows that are about this app and flow, newest first."""

    logins: tuple[Login, ...]

    @property
    def failure(self) -> Login | None:
        """The newest login, if it failed: what stands now."""
        newest = self.logins[0] if self.logins else None
        return newest if newest is not None and not newest.worked else None

    @property
    def success(self) -> Login | None:
        return next((login for login in self.logins if login.worked), None)

    @property
    def caller(self) -> str | None:
        """The address of the newest row."""
        return next((login.source_ip for login in self.logins if login.source_ip), None)


def logins_of(records: Iterable[Mapping[str, Any]]) -> tuple[Login, ...]:
    """The rows that can be read, newest first."""
    found = []
    for row in records:
        at = moment(row, "LoginTime")
        if at is not None:
            found.append(
                Login(
                    at,
                    text(row, "Status"),
                    text(row, "SourceIp"),
                    text(row, "Application"),
                    text(row, "LoginType"),
                    text(row, "LoginSubType"),
                )
            )
    return tuple(sorted(found, key=lambda login: -login.at))


def about(logins: tuple[Login, ...], label: str, flow: str | None) -> History:
    """The OAuth logins of this app (of any app where the label is not known), by this flow."""
    wanted = label[:LABEL_LENGTH].casefold()
    kinds = _SUB_TYPES.get(flow or "")
    return History(
        tuple(
            login
            for login in logins
            if login.kind.casefold() == OAUTH
            and (not wanted or login.application.casefold() == wanted)
            and (kinds is None or login.sub_type in kinds)
        )
    )


def history_facts(history: History, since: float | None) -> dict[str, Value | None]:
    """What the rows testify to. `since`: when the attempt at hand was made; a row of before tells nothing of it."""
    failed = history.failure
    if failed is not None and since is not None and failed.at < since - SLACK_S:
        failed = None
    return {
        "login_history.status": None if failed is None else failed.status,
        "history.worked_before": True if history.success is not None else None,
    }
