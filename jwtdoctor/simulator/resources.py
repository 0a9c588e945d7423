"""What clients fetch once they have a token: API versions, a query on Organization, identity; and revoke, introspect.

Just as much as real clients need to go on (sf CLI, jsforce, simple-salesforce). A token that was issued can still be
refused here: API Access Control, a missing api scope, a revoked session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator import orgapi, orgmetadata, sealed
from jwtdoctor.simulator import refusals as no
from jwtdoctor.simulator.checks import base_url, utc
from jwtdoctor.simulator.orgrows import SESSION_S
from jwtdoctor.simulator.policy import Policy, User
from jwtdoctor.simulator.ruling import Ruling
from jwtdoctor.simulator.wire import FORM, HttpRequest, bearer_of, json_reply, reply

VERSIONS = (
    ("Summer '26", "67.0"),
    ("Winter '26", "65.0"),
    ("Spring '25", "63.0"),
    ("Spring '21", "51.0"),
    ("Fall '20", "50.0"),
)

Session = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One API call with a live session."""

    request: HttpRequest
    policy: Policy
    session: Session


Answer = Callable[[Call], tuple[int, Any]]
"""Gives status and JSON content."""


def resource(request: HttpRequest, policy: Policy, now: float) -> Ruling:
    """Everything but the token and authorize endpoints. Never raises."""
    path = request.path.rstrip("/")
    if path == "/services/oauth2/revoke":
        return _revoke(request, policy, now)
    if path == "/services/oauth2/introspect":
        return Ruling(_introspect(request, policy, now))
    if orgapi.SOAP_PATH.fullmatch(path):
        session = _session_behind(orgmetadata.session_id(request.body), policy)
        reader = None if _api_refusal(session, policy) is not None else _user_of(session, policy)
        return orgapi.soap_call(request, policy, now, reader)
    if orgapi.wants(path):
        return _org_call(request, policy, now)
    for pattern, answer in _API:
        if re.fullmatch(pattern, path):
            return Ruling(_api(answer, request, policy, now))
    if path == "/services/oauth2/userinfo" or re.fullmatch(r"/id/\w{15,18}/\w{15,18}", path):
        return Ruling(_identity(request, policy, now))
    missing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    return Ruling(json_reply(404, missing, now, request.target))


# --- the API ----------------------------------------------------------------------------------------------------


def _api(answer: Answer, request: HttpRequest, policy: Policy, now: float) -> Reply:
    session = session_of(request, policy)
    refused = _api_refusal(session, policy)
    if refused is not None or session is None:
        return _session_refused(refused, request, now)
    status, found = answer(Call(request, policy, session))
    return json_reply(status, found, now, request.target)


def _session_refused(refused: str | None, request: HttpRequest, now: float) -> Reply:
    return json_reply(401, [{"message": refused, "errorCode": "INVALID_SESSION_ID"}], now, request.target)


def _org_call(request: HttpRequest, policy: Policy, now: float) -> Ruling:
    """What an administrator reads of the org, in `orgapi`."""
    session = session_of(request, policy)
    refused = _api_refusal(session, policy)
    reader = _user_of(session, policy)
    if refused is not None or reader is None:
        return Ruling(_session_refused(refused, request, now))
    if not policy.org.is_active:
        # GUESS: ORG_LOCKED is a code of the API; that a REST query gets it with this status is not documented.
        content = [{"message": "the organization is locked", "errorCode": "ORG_LOCKED"}]
        return Ruling(json_reply(403, content, now, request.target))
    return orgapi.answer_call(request, policy, now, reader)


def _user_of(session: Session | None, policy: Policy) -> User | None:
    return None if session is None else policy.user(str(session.get("user")))


def session_of(request: HttpRequest, policy: Policy) -> Session | None:
    """The live session behind the bearer token, None where there is none."""
    return _session_behind(bearer_of(request), policy)


def _session_behind(token: str, policy: Policy) -> Session | None:
    found = sealed.open_access_token(token, policy)
    if found is None or f"access:{found.get('id')}" in policy.spent:
        return None
    user = policy.user(str(found.get("user")))
    return found if user is not None and user.is_active and not user.is_frozen else None


def _api_refusal(session: Session | None, policy: Policy) -> str | None:
    if session is None:
        return "Session expired or invalid"
    scopes = session.get("scopes")
    has_api = isinstance(scopes, list) and bool({"api", "full"} & set(scopes))
    is_ours = session.get("client") == policy.app.consumer_key
    is_controlled = policy.org.api_access_control and not policy.app.allowlisted and is_ours
    if not has_api or is_controlled:
        return "This session is not valid for use with the REST API"
    return None


def _versions(_: Call) -> tuple[int, Any]:
    oldest_first = reversed(VERSIONS)
    return 200, [{"label": name, "url": f"/services/data/v{n}", "version": n} for name, n in oldest_first]


def _directory(call: Call) -> tuple[int, Any]:
    """The resources of a version, and who is asking: jsforce takes the identity URL from here after a refresh."""
    base = call.request.path.rstrip("/")
    user = call.policy.user(str(call.session.get("user")))
    assert user is not None  # a session without its user is no session
    found = {name: f"{base}/{name}" for name in ("sobjects", "query", "limits")}
    return 200, {**found, "identity": identity_url(call.policy, user)}


def _user_record(call: Call) -> tuple[int, Any]:
    user = call.policy.user(str(call.session.get("user")))
    assert user is not None  # a session without its user is no session
    return 200, {"Id": user.user_id, "Username": user.username, "Email": user.email or user.username}


_API: tuple[tuple[str, Answer], ...] = (
    (r"/services/data", _versions),
    (r"/services/data/v\d{2,3}\.0", _directory),
    (r"/services/data/v\d{2,3}\.0/sobjects/User/\w{15,18}", _user_record),
)


# --- identity ---------------------------------------------------------------------------------------------------


def _identity(request: HttpRequest, policy: Policy, now: float) -> Reply:
    """A plain-text 403 where the token is no good: not JSON (maintainer: the mobile SDK tests for just this)."""
    session = session_of(request, policy)
    user = policy.user(str(session.get("user"))) if session is not None else None
    if user is None:
        return reply(403, "Bad_OAuth_Token", now, request.target, "text/html;charset=UTF-8")
    return json_reply(200, _about(user, request, policy, now), now, request.target)


def _about(user: User, request: HttpRequest, policy: Policy, now: float) -> dict[str, Any]:
    base = base_url(request, policy)
    identity = identity_url(policy, user)
    return {
        "id": identity,
        "sub": identity,
        "user_id": user.user_id,
        "organization_id": policy.org.org_id,
        "username": user.username,
        "preferred_username": user.username,
        "nick_name": "integration",
        "display_name": "Integration User",
        "email": user.email or user.username,
        "active": True,
        "user_type": "STANDARD",
        "urls": {"rest": f"{base}/services/data/v{{version}}/"},
        "last_modified_date": utc(now),
    }


def identity_url(policy: Policy, user: User) -> str:
    return f"https://{policy.org.login_host}/id/{policy.org.org_id}/{user.user_id}"


# --- revoke, introspect -----------------------------------------------------------------------------------------


def _revoke(request: HttpRequest, policy: Policy, now: float) -> Ruling:
    """200 with an empty body, or 400 that is form-encoded and not JSON (field report)."""
    token = request.parameters().get("token", "")
    ours = {"access": sealed.open_access_token(token, policy), "refresh": sealed.unseal("refresh", token, policy)}
    for kind, found in ours.items():
        if found is not None:
            return Ruling(reply(200, "", now, request.target, FORM), spent=(f"{kind}:{found.get('id')}",))
    refusal = no.UNSUPPORTED_TOKEN
    body = urlencode({"error": refusal.error, "error_description": refusal.description or ""})
    return Ruling(reply(refusal.status, body, now, request.target, FORM + ";charset=UTF-8"), refusal)


def _introspect(request: HttpRequest, policy: Policy, now: float) -> Reply:
    form = request.parameters()
    found = sealed.open_access_token(form.get("token", ""), policy)
    is_live = found is not None and f"access:{found.get('id')}" not in policy.spent
    if found is None or not is_live or form.get("client_id") != policy.app.consumer_key:
        return json_reply(200, {"active": False}, now, request.target)
    content = {
        "active": True,
        "scope": " ".join(found.get("scopes", [])),
        "client_id": found.get("client"),
        "username": found.get("user"),
        "token_type": "access_token",
        "iat": int(found.get("at", 0)),
        "exp": int(found.get("at", 0)) + SESSION_S,
    }
    return json_reply(200, content, now, request.target)
