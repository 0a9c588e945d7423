"""Snowflake's front door for a key pair: the REST APIs, which answer 401, and the drivers' login, which answers 200.

A client sees 390144 and an id; what was wrong stands where an account administrator resolves that id, and is the
`login_history` of each refusal here. Source: the vendor's table behind SYSTEM$GET_LOGIN_FAILURE_DETAILS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jwtdoctor.model.names import Sureness
from jwtdoctor.simulator.providers import checks
from jwtdoctor.simulator.providers.checks import Asked, Trouble
from jwtdoctor.simulator.providers.dialect import Dialect, seed_of, uuid_of
from jwtdoctor.simulator.providers.service import Service, public_key
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest, bearer_of

_D, _I = Sureness.DOCUMENTED, Sureness.INFERRED
LOGIN = "/session/v1/login-request"
STATEMENTS = "/api/v2/statements"
_TEXT = "JWT token is invalid."


def _no(number: str, name: str, sure: Sureness = _D) -> Refusal:
    return Refusal("390144", _TEXT, sure, login_history=f"{number} {name}", status=401)


_WORDS = {
    "user": _no("394300", "JWT_TOKEN_INVALID_USER_IN_ISSUER"),
    "missing": _no("394301", "JWT_TOKEN_MISSING_ISSUE_OR_EXPIRATION_TIME"),
    "old": _no("394302", "JWT_TOKEN_INVALID_ISSUE_TIME"),
    # GUESS: the table speaks of an iat too old; the name fits one of the future as well.
    "early": _no("394302", "JWT_TOKEN_INVALID_ISSUE_TIME", _I),
    "expired": _no("394303", "JWT_TOKEN_INVALID_EXPIRATION_TIME"),
    "fingerprint": _no("394304", "JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH"),
    # GUESS: a user without any key has no fingerprint that could match.
    "no-key": _no("394304", "JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH", _I),
    "algorithm": _no("394305", "JWT_TOKEN_INVALID_ALGORITHM"),
    "signature": _no("394306", "JWT_TOKEN_INVALID_SIGNATURE"),
    "account": _no("394307", "JWT_TOKEN_ACCOUNT_MISMATCH"),
    "down": Refusal("390100", "Service is temporarily unavailable.", _I, status=503),
}
# GUESS: whatever cannot be read has no number of its own in the table.
_UNREADABLE = Refusal("390144", _TEXT, _I, status=401)


def fingerprint(pem: str) -> str:
    """`SHA256:…`: the digest of the public key in DER, in base64 (vendor page, key-pair authentication)."""
    from base64 import b64encode

    return "SHA256:" + b64encode(bytes.fromhex(public_key(pem).spki_sha256)).decode()


def _issuer_parts(asked: Asked) -> Trouble | None:
    """`ACCOUNT.USER.SHA256:fingerprint` and `ACCOUNT.USER`, each part compared as it is written."""
    account, _, rest = asked.text("iss").partition(".")
    user, _, digest = rest.partition(".")
    own_account, _, own_user = asked.service.issuer.partition(".")
    if account != own_account:
        return Trouble("account", account)
    if user != own_user or asked.text("sub") != asked.service.issuer:
        return Trouble("user", user)
    if asked.service.keys and digest not in {fingerprint(key.pem) for key in asked.service.keys}:
        return Trouble("fingerprint")
    return None


def _words(trouble: Trouble, asked: Asked) -> Refusal:
    del asked
    return _WORDS.get(trouble.kind, _UNREADABLE)


def _body(refusal: Refusal, trouble: Trouble, asked: Asked) -> object:
    del trouble
    content: dict[str, Any] = {
        "code": refusal.error,
        "message": f"{refusal.description} [{uuid_of(asked, 'login')}]",
    }
    if asked.request.path == LOGIN:
        content |= {"success": False, "data": {"nextAction": "RETRY_LOGIN"}, "headers": None}
    return content


def _granted(asked: Asked) -> Mapping[str, object]:
    if asked.request.path == LOGIN:
        names = {"databaseName": None, "schemaName": None, "warehouseName": None, "roleName": "PUBLIC"}
        session = {"token": f"simulated-{seed_of(asked)[:24]}", "masterToken": f"simulated-{seed_of(asked)[24:48]}"}
        lives = {"validityInSeconds": 3600, "masterValidityInSeconds": 14400, "sessionId": 1, "serverVersion": "9.0.0"}
        data = {**session, **lives, "sessionInfo": names, "parameters": [], "displayUserName": "SIMULATED"}
        return {"data": data, "code": None, "message": None, "success": True}
    return {"hostname": f"{asked.service.host}"}


def _serves(request: HttpRequest, service: Service) -> bool:
    path = request.path
    return path == service.path or (request.method == "POST" and path in (LOGIN, STATEMENTS))


def _token_of(request: HttpRequest) -> str:
    """In the header; a driver's login has it in its JSON (`data.TOKEN`)."""
    if request.path != LOGIN:
        return bearer_of(request)
    try:
        data = json.loads(request.body).get("data")
        token = data.get("TOKEN")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return token if isinstance(token, str) else ""


def _status(asked: Asked, status: int) -> int:
    return 200 if asked.request.path == LOGIN and status < 500 else status


def _page(request: HttpRequest, service: Service, now: float) -> Any:
    """What a driver asks once it is in: the end of its session."""
    from jwtdoctor.simulator.providers.dialect import json_reply

    del service
    is_driver = request.path in ("/session", "/telemetry/send", "/session/heartbeat")
    return json_reply(200, {"success": True, "data": {}, "code": None, "message": None}, now) if is_driver else None


DIALECT = Dialect(
    checks=(
        checks.is_up,
        checks.has_assertion,
        checks.is_readable,
        checks.claims_there,
        checks.algorithm_allowed,
        _issuer_parts,
        checks.client_there,
        checks.key_there,
        checks.signature_right,
        checks.not_expired,
        checks.not_old,
        checks.not_early,
    ),
    words=_words,
    body=_body,
    granted=_granted,
    serves=_serves,
    pages=_page,
    token_of=_token_of,
    status_of=_status,
    # GUESS: the sixty seconds of the vendor's table are taken for both sides of iat; exp has none that is published.
    guesses={"early_tolerance_s": 60.0, "late_tolerance_s": 0.0},
)
