"""What the Salesforce CLI keeps of a login (`~/.sfdx/USER.json`) and shows of it (`sf org display --json`).

Access and refresh tokens in it are encrypted with a key of that machine, or shown in clear; neither is taken over. A
login by JWT names its key file and can be repeated here; one by browser has only its refresh token, which is to be put
into a variable first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jwtdoctor.config.imports.draft import Draft, Drafting, host_of, name_of, variable_of

AUTH_FILE = "auth file of the Salesforce CLI"
DISPLAYED = "answer of sf org display --json"
_MEMBERS = frozenset(("accessToken", "instanceUrl", "username", "orgId", "loginUrl", "clientId", "refreshToken"))
_SECRETS = {"accessToken": "an access token", "password": "a password"}


def fits(document: Any) -> bool:
    """Whether this is an auth file, or what `sf org display` shows."""
    login = _login(document)
    return login is not None and len(_MEMBERS & login.keys()) >= 3 and "username" in login


def drafts(document: Any, path: Path) -> list[Draft]:
    """The one login that it tells of."""
    login = _login(document) or {}
    kind = AUTH_FILE if login is document else DISPLAYED
    name = name_of(login.get("alias"), str(login.get("username", "")).partition("@")[2], login.get("username"))
    drafting = Drafting(kind, name, str(path), path.absolute().parent)
    drafting.say("provider", "salesforce", "the kind of the source")
    drafting.text("client_id", login.get("clientId"), "clientId")
    drafting.text("username", login.get("username"), "username")
    drafting.path("key", login.get("privateKey"), "privateKey")
    _tell_hosts(drafting, login)
    _tell_secrets(drafting, login)
    return [drafting.draft()]


def _login(document: Any) -> Mapping[str, Any] | None:
    if not isinstance(document, dict):
        return None
    result = document.get("result")
    return result if isinstance(result, dict) and "status" in document else document


def _tell_hosts(drafting: Drafting, login: Mapping[str, Any]) -> None:
    """The login host is asked for the token, as sf does; the org's own is what `--prove` may try."""
    drafting.url("url", login.get("loginUrl"), "loginUrl")
    if "url" not in drafting.settings:
        drafting.url("url", login.get("instanceUrl"), "instanceUrl")
        return
    own = host_of(login.get("instanceUrl"))
    if own.endswith((".my.salesforce.com", ".my.salesforce.mil")) and own != host_of(drafting.settings["url"]):
        drafting.text("my_domain", own, "instanceUrl")


def _tell_secrets(drafting: Drafting, login: Mapping[str, Any]) -> None:
    for member, why in _SECRETS.items():
        if login.get(member):
            drafting.secret("", member, why)
    by_jwt = "key" in drafting.settings
    encrypted = "" if drafting.kind != AUTH_FILE else ", encrypted"
    if login.get("clientSecret"):
        ref = "" if by_jwt else f"env:{variable_of(drafting.name, 'client_secret')}"
        drafting.secret("client_secret", "clientSecret", f"the client's secret{encrypted}", ref)
    for member, why in (("refreshToken", f"a refresh token{encrypted}"), ("sfdxAuthUrl", "it holds a refresh token")):
        if login.get(member):
            ref = "" if by_jwt else f"env:{variable_of(drafting.name, 'refresh_token')}"
            drafting.secret("refresh_token", member, why, ref)
    if by_jwt:
        drafting.say("flow", "jwt-bearer", "privateKey")
    elif "refresh_token" in drafting.settings:
        drafting.say("flow", "refresh-token", "refreshToken")
        drafting.notes.append("the refresh token is in sfdxAuthUrl of sf org display --verbose, between : and @")
    else:
        drafting.notes.append("it was a login by browser: name the key of the app with --key for one by JWT")
