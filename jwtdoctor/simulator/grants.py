"""The token endpoint: a table of checks a flow, and what a grant answers.

The order of checks is as far as it is known: client first; an external client app's installation before the audience;
audience before signature and approval; for client credentials the domain, then the user, then the access policy. Where
it is unknown the table says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace

from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.names import GRANT_TYPES
from jwtdoctor.simulator import checks as ask
from jwtdoctor.simulator import proofs, sealed
from jwtdoctor.simulator import refusals as no
from jwtdoctor.simulator.checks import Asked, Check, asked_of, base_url
from jwtdoctor.simulator.policy import DEVICE_CODE_LIFE_S, DEVICE_INTERVAL_S, LoginRow, Policy, User
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.ruling import Ruling, first_refusal, refused, seed_of
from jwtdoctor.simulator.wire import HttpRequest, formatted_reply, json_reply

_USER: tuple[Check, ...] = (ask.org_active, ask.user_known, ask.user_active)
# GUESS: addresses, hours, rate and session level after the access policy: no report shows two of them at once.
_LOGIN: tuple[Check, ...] = (
    ask.address_allowed,
    ask.within_login_hours,
    ask.rate_allowed,
    ask.session_level_met,
    ask.proof_of_possession,
)
_CLIENT: tuple[Check, ...] = (ask.client_known, ask.external_app_installed, ask.app_usable)

CHECKS: dict[str, tuple[Check, ...]] = {
    "jwt-bearer": (
        ask.assertion_well_formed,
        *_CLIENT,
        ask.assertion_complete,
        ask.audience_right,
        ask.signature_right,
        ask.assertion_in_time,
        ask.jti_fresh,
        ask.refresh_scope_on_app,
        *_USER,
        ask.access_policy,
        *_LOGIN,
    ),
    "saml-bearer": (
        ask.assertion_well_formed_saml,
        *_CLIENT,
        ask.grant_enabled,
        ask.saml_right,
        *_USER,
        ask.access_policy,
        *_LOGIN,
    ),
    "client-credentials": (
        ask.host_serves_client_credentials,  # GUESS: before the client, since a login host knows no org to look in
        ask.basic_header_readable,
        ask.no_scope_parameter,
        *_CLIENT,
        ask.secret_right,
        ask.client_credentials_enabled,
        ask.org_active,
        ask.run_as_user_set,
        ask.user_active,
        ask.assigned_if_preauthorised,
        ask.has_usable_scope,
        *_LOGIN,
    ),
    "authorization-code": (
        ask.basic_header_readable,
        ask.no_scope_parameter,
        *_CLIENT,
        ask.secret_right,  # GUESS: before the code: RFC 6749 §3.2.1 authenticates the client first
        ask.grant_enabled,
        ask.code_known,
        ask.code_in_time,
        ask.redirect_repeated,
        ask.verifier_right,
        *_USER,
        ask.api_allowed,
        ask.assigned_if_preauthorised,
        *_LOGIN,
    ),
    "refresh-token": (
        ask.basic_header_readable,
        ask.no_scope_parameter,
        *_CLIENT,
        ask.secret_right,
        ask.grant_enabled,
        ask.org_active,
        ask.refresh_token_alive,
        ask.refresh_not_in_use,
        ask.user_active,
        ask.assigned_if_preauthorised,
        *_LOGIN,
    ),
    "password": (
        ask.basic_header_readable,
        ask.no_scope_parameter,
        ask.platform_answers,
        *_CLIENT,
        ask.secret_right,
        ask.password_flow_offered,
        ask.org_active,
        ask.password_right,
        ask.api_allowed,
        ask.assigned_if_preauthorised,
        *_LOGIN,
    ),
    "device": (
        *_CLIENT,
        ask.grant_enabled,
        ask.device_code_alive,
        ask.device_polls_slowly,
        ask.device_approved,
        *_USER,
        *_LOGIN,
    ),
    "token-exchange": (
        *_CLIENT,
        ask.grant_enabled,
        ask.token_handler_accepts,
        *_USER,
        ask.access_policy,
        *_LOGIN,
    ),
}
"""Flow -> its checks, first refusal wins."""

WITH_REFRESH_TOKEN = ("authorization-code", "password", "device")
"""Flows that give a refresh token where the app has the scope.

# GUESS: the password flow among them; help is not clear on it.
"""


def token_endpoint(request: HttpRequest, policy: Policy, now: float) -> Ruling:
    form = request.parameters()
    if request.method != "POST":
        return refused(no.MUST_POST, request, policy, now)
    if form.get("response_type") == "device_code":
        return _start_device(request, policy, now)
    flow = GRANT_TYPES.get(form.get("grant_type", ""))
    if flow not in CHECKS:  # absent, misspelt, or a body that is no form
        return refused(no.GRANT_NOT_SUPPORTED, request, policy, now)
    asked = asked_of(request, flow, policy, now)
    refusal = first_refusal(asked, (ask.host_serves_oauth, *CHECKS[flow]))
    polled = _polled(asked)
    row = _row(asked, refusal)
    ruling = _granted(asked) if refusal is None else refused(refusal, request, policy, now)
    return replace(ruling, reply=_with_nonce(ruling.reply, asked), used_at=polled, row=row)


def _with_nonce(reply: Reply, asked: Asked) -> Reply:
    """RFC 9449 §8.2: a nonce may come with any answer."""
    given = ask.nonce_for(asked)
    return reply if given is None else replace(reply, headers={**reply.headers, "DPoP-Nonce": given})


def _row(asked: Asked, refusal: Refusal | None) -> LoginRow | None:
    """What the attempt leaves in Login History: nothing where the user is unknown, or where no text is known."""
    status = "Success" if refusal is None else refusal.login_history
    user = asked.user
    if status is None or user is None:
        return None
    ip, label = asked.request.caller_ip, asked.app.label
    return LoginRow(asked.now, user.username, status, ip, asked.flow, asked.host, label)


def _polled(asked: Asked) -> tuple[tuple[str, float], ...]:
    if asked.flow != "device" or asked.sealed is None:
        return ()
    return ((ask.spent_name(asked.sealed), asked.now),)


# --- granted ----------------------------------------------------------------------------------------------------


def _granted(asked: Asked) -> Ruling:
    user = asked.user
    assert user is not None  # every flow's checks refuse where there is none
    content = token_response(asked, user)
    reply = formatted_reply(200, content, asked.form.get("format", "json"), asked.now, seed_of(asked.request))
    return Ruling(reply, spent=(*_used_up(asked), *_proof_used(asked)), login_of=user.username)


def token_response(asked: Asked, user: User) -> dict[str, str]:
    """The success fields: `issued_at` is text, in milliseconds; `signature` is an HMAC with the consumer secret over
    id + issued_at (documented). There is no expires_in.
    """
    policy, now = asked.policy, asked.now
    scopes = _scopes(asked)
    identity = f"https://{policy.org.login_host}/id/{policy.org.org_id}/{user.user_id}"
    issued_at = str(int(now * 1000))
    access = {"user": user.username, "client": policy.app.consumer_key, "scopes": scopes, "at": now}
    content = {
        "access_token": sealed.access_token({**access, "id": _fresh_id(asked)}, policy),
        "signature": signature_of(identity + issued_at, policy.app.consumer_secret.reveal()),
        "scope": " ".join(scopes),
        "instance_url": base_url(asked.request, policy),
        "id": identity,
        # GUESS: no bound token of Salesforce has been seen; RFC 9449 §5 names the type.
        "token_type": "DPoP" if asked.app.requires_dpop else "Bearer",
        "issued_at": issued_at,
    }
    refresh = _refresh_token(asked, user, scopes)
    if refresh:
        content["refresh_token"] = refresh
    if asked.flow in ("jwt-bearer", "client-credentials", "token-exchange"):
        content["api_instance_url"] = content["instance_url"]
    return content


def signature_of(message: str, secret: str) -> str:
    """base64(HMAC-SHA256(consumer secret, id + issued_at))."""
    return base64.b64encode(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest()).decode()


def _scopes(asked: Asked) -> list[str]:
    """What the app has; JWT bearer and client credentials give no refresh token and so leave that scope out."""
    found = asked.sealed.get("scopes") if asked.sealed is not None else None
    scopes = [str(one) for one in found] if isinstance(found, list) and found else list(asked.app.scopes)
    if asked.flow in ("jwt-bearer", "saml-bearer", "client-credentials", "token-exchange"):
        scopes = [scope for scope in scopes if scope not in ("refresh_token", "offline_access")]
    return scopes


def _refresh_token(asked: Asked, user: User, scopes: list[str]) -> str | None:
    """A new one with a consent step, or a replacing one under rotation."""
    is_rotation = asked.flow == "refresh-token" and asked.app.rotates_refresh_tokens
    is_new = asked.flow in WITH_REFRESH_TOKEN and {"refresh_token", "offline_access"} & set(scopes)
    if not (is_rotation or is_new):
        return None
    content = {"user": user.username, "client": asked.client_id, "scopes": scopes, "at": asked.now}
    approval = user.approvals_made + (1 if is_new else 0)
    return sealed.seal("refresh", {**content, "approval": approval, "id": _fresh_id(asked)}, asked.policy)


def _used_up(asked: Asked) -> tuple[str, ...]:
    if asked.flow in ("authorization-code", "device") and asked.sealed is not None:
        return (ask.spent_name(asked.sealed),)
    if asked.flow == "refresh-token" and asked.sealed is not None and asked.app.rotates_refresh_tokens:
        return (ask.spent_name(asked.sealed),)
    if asked.assertion is not None:
        jti = ask.text_of(asked.assertion.claims.get("jti"))
        return (ask.jti_name(jti),) if jti else ()
    return ()


def _proof_used(asked: Asked) -> tuple[str, ...]:
    proof = proofs.read(asked.request.header("DPoP")) if asked.app.requires_dpop else None
    return () if proof is None else (proofs.name_of(proof),)


def _fresh_id(asked: Asked) -> str:
    """A name for what is issued, made of what was asked: pure, and another one for every other request."""
    return sealed.name_of(f"{asked.request.body}|{asked.request.target}|{asked.now!r}")


# --- device ---------------------------------------------------------------------------------------------------------


def _start_device(request: HttpRequest, policy: Policy, now: float) -> Ruling:
    """The first call of the device flow: a code for the user and one to poll with."""
    asked = asked_of(request, "device", policy, now)
    refusal = first_refusal(asked, (ask.host_serves_oauth, *_CLIENT, ask.grant_enabled))
    if refusal is not None:
        return refused(refusal, request, policy, now)
    name = _fresh_id(asked)
    content = {"user": policy.browser_user, "client": asked.client_id, "at": now, "id": name}
    base = base_url(request, policy)
    answer = {
        "device_code": sealed.seal("device", content, policy),
        "user_code": name[:8].upper(),
        "verification_uri": f"{base}/setup/connect",
        "interval": int(DEVICE_INTERVAL_S),
        "expires_in": int(DEVICE_CODE_LIFE_S),
    }
    return Ruling(json_reply(200, answer, now, seed_of(request)))
