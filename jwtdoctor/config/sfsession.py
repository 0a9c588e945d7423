"""The session that the Salesforce CLI holds for an alias: asked of `sf` itself, never read from its files.

`sf org display` gave the access token for years; since 2026 it hides it, and `sf org auth show-access-token` gives it.
Both are asked, without a shell, with a time limit; what they write on stderr is dropped, and no error quotes them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jwtdoctor.errors import BadProfile
from jwtdoctor.model.secret import Secret

TIMEOUT_S = 45.0
LARGEST = 1_000_000
_ALIAS = re.compile(r"[\w@.+][\w@.+-]{0,119}")
_SESSION = re.compile(r"00D\w{12,15}![\w./+=!-]{10,4000}")

Run = Callable[[Sequence[str]], str]
"""Runs a command and gives its stdout. Raises BadProfile."""


@dataclass(frozen=True, slots=True)
class SfSession:
    """An org's host, and the session with it."""

    instance_url: str
    token: Secret = field(repr=False)


def sf_session(alias: str, run: Run | None = None) -> SfSession:
    """The session of an alias or user name. Raises BadProfile, which quotes nothing that `sf` said."""
    if not _ALIAS.fullmatch(alias):
        raise BadProfile("is no alias of the Salesforce CLI", where="--sf", expected="an alias, or a user name")
    ask = run or _run
    shown = _result(ask(["org", "display", "--target-org", alias, "--json"]))
    url, token = shown.get("instanceUrl"), shown.get("accessToken")
    if not isinstance(token, str) or not _SESSION.fullmatch(token):
        token = _result(ask(["org", "auth", "show-access-token", "--target-org", alias, "--json"])).get("accessToken")
    if not isinstance(url, str) or not isinstance(token, str) or not _SESSION.fullmatch(token):
        raise BadProfile(
            "the Salesforce CLI gave no session for this alias",
            where="--sf",
            do=f"log in again: sf org login web --alias {alias}",
        )
    return SfSession(url.rstrip("/"), Secret(token))


def _run(words: Sequence[str]) -> str:
    program = shutil.which("sf")
    if program is None:
        do = "use --access-token and --instance-url"
        raise BadProfile("the Salesforce CLI is not installed", where="--sf", do=do)
    quiet = {"SF_AUTOUPDATE_DISABLE": "true", "SF_DISABLE_TELEMETRY": "true", "NO_COLOR": "1", "FORCE_COLOR": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the alias was checked
            [program, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, **quiet},
        )
    except subprocess.TimeoutExpired:
        raise BadProfile(f"the Salesforce CLI did not answer within {TIMEOUT_S:g} s", where="--sf") from None
    except OSError:
        raise BadProfile("the Salesforce CLI could not be started", where="--sf") from None
    return done.stdout[:LARGEST].decode("utf-8", "replace")


def _result(text: str) -> Mapping[str, Any]:
    """`result` of its JSON; empty where it failed. Warnings may stand before the JSON."""
    try:
        found = json.loads(text[max(text.find("{"), 0) :])
    except (ValueError, RecursionError):
        return {}
    result = found.get("result") if isinstance(found, dict) else None
    return result if isinstance(result, dict) else {}
