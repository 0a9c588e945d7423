"""Snowflake's `connections.toml` and the `[connections.NAME]` of its `config.toml`: one draft a connection.

The assertion of a key pair is signed for `ACCOUNT.USER` in capitals, without the region and cloud of an old account
locator, and its issuer ends in the fingerprint of the public key (Snowflake, SQL API, authenticating with key pairs).
That is worked out from the key, where it can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jwtdoctor.config.imports.draft import Draft, Drafting, name_of, variable_of

KIND = "Snowflake connections"
MOST = 50
Fingerprint = Callable[[str], str | None]
"""`SHA256:…` of the public half of a key file; None where it cannot be read without more."""

_SECRETS = {"password": "a password", "token": "a token", "passcode": "a one-time passcode",
            "private_key": "the key itself", "private_key_raw": "the key itself",
            "oauth_client_secret": "the client's secret"}  # fmt: skip
_PASSPHRASES = ("private_key_passphrase", "private_key_file_pwd", "private_key_pwd")


def fits(document: Mapping[str, Any]) -> bool:
    """Whether one of its tables is a connection."""
    return bool(_connections(document))


def drafts(document: Mapping[str, Any], path: Path, fingerprint: Fingerprint) -> list[Draft]:
    """A draft a connection, in the order of the file."""
    return [_draft(name, table, path, fingerprint) for name, table in _connections(document)[:MOST]]


def _connections(document: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    inner = document.get("connections")
    tables = inner if isinstance(inner, dict) else document
    return [(name, one) for name, one in tables.items() if isinstance(one, dict) and {"account", "user"} <= _names(one)]


def _names(table: Mapping[str, Any]) -> set[str]:
    return {"user" if name == "username" else name for name in table}


def _draft(name: str, table: Mapping[str, Any], path: Path, fingerprint: Fingerprint) -> Draft:
    drafting = Drafting(KIND, name_of(name, f"snowflake-{name}"), str(path), path.absolute().parent)
    drafting.say("provider", "snowflake", KIND)
    drafting.say("flow", "api-jwt", KIND)
    drafting.path("key", table.get("private_key_file") or table.get("private_key_path"), "private_key_file")
    for member in _PASSPHRASES:
        if table.get(member):
            ref = f"env:{variable_of(drafting.name, 'key_passphrase')}"
            drafting.secret("key_passphrase", member, "the passphrase of the key", ref)
    for member, why in _SECRETS.items():
        if table.get(member):
            drafting.secret("", member, why)
    tell_login(
        drafting, table.get("account"), table.get("user") or table.get("username"), table.get("host"), fingerprint
    )
    if "key" not in drafting.settings:
        drafting.notes.append(f"{drafting.name} has no private_key_file: only a key pair signs a JWT")
    return drafting.draft()


def tell_login(drafting: Drafting, account: object, user: object, host: object, fingerprint: Fingerprint) -> None:
    """Who signs, from account and user as the drivers take them."""
    if not _is_name(account) or not _is_name(user):
        drafting.notes.append("account or user is no name that Snowflake could have")
        return
    named = f"{locator_of(str(account))}.{str(user).upper()}"
    drafting.text("username", named, "account and user")
    server = host if _is_name(host) else f"{account}.snowflakecomputing.com"
    drafting.url("url", f"https://{str(server).lower()}", "account")
    key = drafting.settings.get("key")
    seen = fingerprint(str(key)) if key is not None else None
    if seen is not None:
        drafting.text("client_id", f"{named}.{seen}", "account, user and key")
    elif key is not None:
        drafting.notes.append("the key was not read, so its fingerprint is missing: --client-id ACCOUNT.USER.SHA256:…")


def locator_of(account: str) -> str:
    """An account as it stands in the claims: capitals, no region, no cloud, no `.privatelink`."""
    text = account.upper().removesuffix(".SNOWFLAKECOMPUTING.COM")
    return text.split("-" if ".GLOBAL" in text else ".")[0]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_$@.-]{1,200}", value) is not None
