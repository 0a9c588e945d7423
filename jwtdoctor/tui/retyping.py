"""The assertion edited as JSON, as edits of the request: what differs from what stood there becomes settings.

The settings stay the only truth, so that the form, the JSON and the command line always say the same. What no setting
can say (another typ, no exp) is refused in one line; `jwtdoctor sign --fault` makes such assertions on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jwtdoctor.assertions.decode import seconds
from jwtdoctor.config.attempts import claims_of
from jwtdoctor.config.profiles import Value
from jwtdoctor.errors import BadInput

NAMES = {"iss": "client_id", "sub": "username"}
HEADER = ("alg", "kid")
MADE = ("iat", "exp", "nbf", "jti")
LARGEST = 20_000
Edits = dict[str, Value | None]


def as_text(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Header and claims as one document to edit."""
    return json.dumps({"header": header, "claims": claims}, ensure_ascii=False, indent=2)


def retyped(
    text: str, header: Mapping[str, Any], claims: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> Edits:
    """What was changed against `header` and `claims`, by setting; None takes an edit back.

    `extra` are the further claims that are in force. Raises BadInput.
    """
    typed_header, typed = _parsed(text)
    edits = _of_header(header, typed_header)
    more = dict(extra or {})
    for name in dict.fromkeys((*claims, *typed)):
        if name in claims and name in typed and claims[name] == typed[name]:
            continue
        if name not in typed:
            edits |= _left_out(name, more)
        elif name in NAMES and isinstance(typed[name], str):
            edits[NAMES[name]] = typed[name] or None
        elif name == "aud" and isinstance(typed[name], str):
            edits["audience"] = typed[name] or None
            more.pop("aud", None)
        elif name not in ("iat", "exp"):
            more[name] = typed[name]
    edits |= _times(claims, typed, more)
    if more != dict(extra or {}):
        lines = tuple(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in more.items())
        claims_of(lines)
        edits["claim"] = lines or None
    return edits


def _parsed(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(text) > LARGEST:
        raise BadInput("is too long for an assertion")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as problem:
        raise BadInput(f"is not JSON at line {problem.lineno}, column {problem.colno}") from None
    except (ValueError, RecursionError):
        raise BadInput("is not JSON") from None
    parts = (found.get("header"), found.get("claims")) if isinstance(found, dict) else (None, None)
    if not isinstance(parts[0], dict) or not isinstance(parts[1], dict) or set(found) != {"header", "claims"}:
        raise BadInput("must hold the two objects header and claims, and nothing else")
    return parts[0], parts[1]


def _of_header(header: Mapping[str, Any], typed: Mapping[str, Any]) -> Edits:
    edits: Edits = {}
    for name in dict.fromkeys((*header, *typed)):
        if header.get(name) == typed.get(name):
            continue
        if name not in HEADER or not isinstance(typed.get(name, ""), str):
            raise BadInput(f"of the header only {' and '.join(HEADER)} can be changed, as text")
        edits[name] = typed.get(name) or None
    return edits


def _left_out(name: str, more: dict[str, Any]) -> Edits:
    if name == "iat":
        more.pop("iat", None)
        return {"no_iat": True}
    if name not in more:
        raise BadInput(f"{name} cannot be left out here", do="jwtdoctor sign --fault makes such an assertion")
    del more[name]
    return {}


def _times(claims: Mapping[str, Any], typed: Mapping[str, Any], more: dict[str, Any]) -> Edits:
    """iat and exp move with the clock: a changed distance is a lifetime, anything else is a claim of its own."""
    edits: Edits = {}
    if "iat" in typed and "iat" not in claims:
        edits["no_iat"] = None
    if typed.get("iat") != claims.get("iat") and "iat" in claims and "iat" in typed:
        more["iat"] = typed["iat"]
    if "exp" not in typed or typed["exp"] == claims.get("exp"):
        return edits
    start = seconds(claims.get("iat"))
    is_plain = isinstance(typed["exp"], int) and not isinstance(typed["exp"], bool) and "iat" not in more
    if is_plain and start is not None and abs(typed["exp"] - start) < 10**8:
        edits["lifetime"] = int(typed["exp"] - start)
    else:
        more["exp"] = typed["exp"]
    return edits
