"""Codes and tokens that carry their own state under a seal, so that a pure judge can issue and later recognise them.

A sealed text is base64url(JSON) + `.` + a MAC. The key comes from the app's secret and the org, so that a code of one
scenario is worth nothing in another. None of this resembles how Salesforce makes its tokens beyond their outer form.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from jwtdoctor.simulator.policy import Policy

Kind = str
"""`code`, `refresh`, `access` or `device`."""


def seal(kind: Kind, content: Mapping[str, Any], policy: Policy) -> str:
    """A text that only `unseal` with the same kind, app and org reads again."""
    body = _b64(json.dumps({"kind": kind, **content}, sort_keys=True, separators=(",", ":")).encode())
    return f"{body}.{_mac(body, policy)}"


def unseal(kind: Kind, text: str, policy: Policy) -> dict[str, Any] | None:
    """What was sealed, None for anything else. Never raises."""
    body, dot, mac = text.rpartition(".")
    if not dot or len(text) > 8000 or not hmac.compare_digest(mac.encode(), _mac(body, policy).encode()):
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("kind") == kind else None


def access_token(content: Mapping[str, Any], policy: Policy) -> str:
    """An opaque access token in Salesforce's outer form: 15 characters of org id, `!`, the rest."""
    return f"{policy.org.org_id[:15]}!{seal('access', content, policy)}"


def open_access_token(text: str, policy: Policy) -> dict[str, Any] | None:
    org, mark, rest = text.partition("!")
    if not mark or org != policy.org.org_id[:15]:
        return None
    return unseal("access", rest, policy)


def name_of(text: str) -> str:
    """A short name for a code, jti or token, for the set of spent things: never the text itself."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _mac(body: str, policy: Policy) -> str:
    key = f"{policy.app.consumer_key}|{policy.org.org_id}".encode()
    return _b64(hmac.new(key, body.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()[:18])


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
