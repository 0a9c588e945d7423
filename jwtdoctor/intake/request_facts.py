"""What a token request testifies, whether we sent it or somebody recorded it: `request.*` and `assertion.*` facts.

`[redacted]` in the place of a credential reads as present, and its form stays unknown.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from jwtdoctor.assertions.decode import observe_parameter, take_apart
from jwtdoctor.assertions.dpop import Beside, observe_proof
from jwtdoctor.errors import NotAJwt
from jwtdoctor.intake.forms import endpoint_of, is_unfilled, safe_split, username_is_sandbox_style
from jwtdoctor.intake.redact import clean
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import FLOW_ALIASES, GRANT_TYPES
from jwtdoctor.model.secret import REDACTED, Secret

_MAX_FACT = 500
_CODE_GRANTS = ("authorization_code", "hybrid_auth_code")


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request as far as it could be seen: any part may be empty. `fields` are those of the query and the body."""

    url: str = ""
    method: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body_is_form: bool | None = None
    """None where there was no body to see."""

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)

    def values(self) -> Mapping[str, str]:
        return {**dict(self.query), **dict(self.body)}


def observe_request(request: TokenRequest, at: float | None = None) -> tuple[Observation, ...]:
    """The facts of a request of our own. `at` is true now in epoch seconds; None: no fact that needs it."""
    body = tuple((k, v.reveal() if isinstance(v, Secret) else v) for k, v in request.fields)
    headers = tuple((k, v.reveal() if isinstance(v, Secret) else v) for k, v in request.headers)
    if request.method == "GET":
        return observe_seen(SeenRequest(request.url, "GET", headers), at)
    if not any(k.lower() == "content-type" for k, _ in headers):
        headers = (*headers, ("Content-Type", "application/x-www-form-urlencoded"))
    return observe_seen(SeenRequest(request.url, "POST", headers, (), body, True), at)


def observe_seen(request: SeenRequest, at: float | None = None) -> tuple[Observation, ...]:
    """The facts of a request that somebody recorded."""
    values = request.values()
    if not request.url and not request.method and values.keys() == {"assertion"}:
        return tuple(_of_assertion(request, values, at))  # a token alone: what the request lacked is not known
    user, has_basic = _basic(request.header("authorization"))
    facts: dict[str, Value | None] = {}
    if request.url:
        facts |= _of_url(request.url)
    if request.method:
        facts["request.method"] = request.method.upper()[:20]
    facts |= _of_body(request)
    facts |= _of_client(request, values, user, has_basic)
    facts |= _of_parameters(values)
    proof = request.header("dpop")
    if proof is not None or (request.headers and values.get("grant_type")):
        facts["request.sends_dpop_proof"] = proof is not None
    facts["request.client_ids_agree"] = _ids_agree(values, user)
    found = [Observation(name, value, "request") for name, value in facts.items() if value is not None]
    return (*found, *_of_assertion(request, values, at), *_of_proof(request, proof, at))


def flow_of(request: SeenRequest) -> str | None:
    """The flow that a request is part of, by what it sends; None where that is not to be seen."""
    values = request.values()
    grant = values.get("grant_type", "")
    flow = GRANT_TYPES.get(grant) or FLOW_ALIASES.get(grant)  # one provider's own grant is among the aliases
    if flow == "client-credentials" and "client_assertion" in values:
        return "private-key-jwt"
    if flow is None and endpoint_of(request.url) == "authorize":
        response_type = values.get("response_type", "")
        return "user-agent" if response_type.startswith("token") else "authorization-code" if response_type else None
    if flow is None and "jwt_token" in values:
        return "jwt-bearer"
    return flow


def _of_url(url: str) -> dict[str, Value | None]:
    parts = safe_split(url)
    if not parts.host:
        return {}
    return {
        "request.token_host": clean(parts.host)[:_MAX_FACT],
        "request.token_port": parts.port,
        "request.token_path": clean(parts.path)[:_MAX_FACT] if parts.path not in ("", "/") else None,
        "request.scheme": parts.scheme or None,
        "request.endpoint": endpoint_of(url),
    }


def _of_body(request: SeenRequest) -> dict[str, Value | None]:
    content_type = request.header("content-type")
    is_form = request.body_is_form
    if content_type is not None:
        is_form = "x-www-form-urlencoded" in content_type.lower() and is_form is not False
    return {
        "request.content_type": clean(content_type).split(";")[0].strip()[:200] if content_type else None,
        "request.body_is_form_encoded": is_form,
    }


def _of_client(
    request: SeenRequest, values: Mapping[str, str], user: str | None, has_basic: bool
) -> dict[str, Value | None]:
    if not request.body and not has_basic and "client_id" not in values:
        return {}
    secret = values.get("client_secret")
    client_id = values.get("client_id", user)
    is_token_call = bool(request.body) or has_basic
    has_assertion = bool({"assertion", "client_assertion", "jwt_token"} & values.keys())
    return {
        "request.client_auth": "basic" if has_basic else "body" if secret is not None else None,
        # An assertion names the client itself (RFC 7521 §4.1), so nothing is missing there.
        "request.client_id_in_body": ("client_id" in dict(request.body))
        if is_token_call and not has_assertion
        else None,
        "request.client_id_empty": None if client_id is None else client_id.strip() == "",
        "request.client_id_has_whitespace": None if not client_id or client_id == REDACTED else _has_blank(client_id),
        "request.client_id_is_placeholder": True if client_id and is_unfilled(client_id) else None,
        "request.sends_client_secret": (bool(secret) or has_basic) if is_token_call else None,
    }


def _of_parameters(values: Mapping[str, str]) -> dict[str, Value | None]:
    if not values:
        return {}
    verifier = values.get("code_verifier")
    is_known = bool(verifier) and verifier != REDACTED
    grant_type = values.get("grant_type")
    is_authorize = "response_type" in values
    username = values.get("username")
    return {
        "request.grant_type": clean(grant_type)[:200] if grant_type is not None else None,
        "request.sends_code_verifier": bool(verifier) if grant_type in _CODE_GRANTS or verifier else None,
        "request.code_verifier_length": len(verifier) if verifier and is_known else None,
        "request.code_verifier_has_tilde": "~" in verifier if verifier and is_known else None,
        "request.code_challenge_sent": bool(values.get("code_challenge")) if is_authorize else None,
        "request.sends_scope": "scope" in values if grant_type else None,
        "request.scopes": tuple(clean(values["scope"])[:2000].split()[:50]) if "scope" in values else None,
        "request.sends_redirect_uri": _sends_redirect_uri(values),
        "user.username_is_sandbox_style": username_is_sandbox_style(username) if username else None,
    }


def _of_assertion(request: SeenRequest, values: Mapping[str, str], at: float | None) -> tuple[Observation, ...]:
    """The assertion's own facts. An API call carries its JWT in the Authorization header (GitHub, Snowflake)."""
    token = next((values[n] for n in ("assertion", "client_assertion", "jwt_token") if values.get(n)), "")
    if not token:
        bearer = request.header("authorization") or ""
        token = bearer[7:].strip() if bearer.lower().startswith("bearer ey") else ""
    if not token or token == REDACTED or _is_saml(values):
        return ()
    found = tuple(_bounded(one) for one in observe_parameter(token, at=at))
    return (*found, *observe_username(found), *_of_issuer(found))


def _of_issuer(found: Iterable[Observation]) -> tuple[Observation, ...]:
    """The issuer of an assertion is the client (RFC 7523 section 3)."""
    issuer = next((one.value for one in found if one.fact == "assertion.iss"), None)
    if not isinstance(issuer, str) or not is_unfilled(issuer):
        return ()
    return (Observation("request.client_id_is_placeholder", True, "assertion"),)


def _of_proof(request: SeenRequest, proof: str | None, at: float | None) -> tuple[Observation, ...]:
    """The facts of a DPoP proof, held against the request that it came with (RFC 9449 §4.3)."""
    if proof is None:
        return ()
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    is_bound = scheme.lower() == "dpop" and bool(token.strip()) and REDACTED not in token
    beside = Beside(request.method.upper(), request.url, Secret(token.strip()) if is_bound else None)
    return observe_proof(proof, beside, at=at)


def observe_username(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """The style of the user name in `assertion.sub`, where it can be told."""
    subject = next((o.value for o in observations if o.fact == "assertion.sub"), None)
    style = username_is_sandbox_style(subject) if isinstance(subject, str) else None
    return () if style is None else (Observation("user.username_is_sandbox_style", style, "assertion"),)


def _sends_redirect_uri(values: Mapping[str, str]) -> bool | None:
    with_redirect = values.get("grant_type") in _CODE_GRANTS or "response_type" in values
    return "redirect_uri" in values if with_redirect else None


def _ids_agree(values: Mapping[str, str], user: str | None) -> bool | None:
    """Whether all identifiers of the client are one; None where fewer than two can be read."""
    ids = [values.get("client_id"), user]
    claims = _claims_of(values.get("client_assertion", ""))
    ids += [str(claims[name]) for name in ("iss", "sub") if name in claims]
    # Of a secret that is a JWT the subject alone is the client: Apple's issuer is the team.
    ids += [str(value) for name, value in _claims_of(values.get("client_secret", "")).items() if name == "sub"]
    if "client_id" in values or user:
        claims = _claims_of(values.get("assertion", ""))
        ids += [str(claims["iss"])] if "iss" in claims else []
    known = [one for one in ids if one and one != REDACTED]
    return len(set(known)) == 1 if len(known) >= 2 else None


def _claims_of(token: str) -> Mapping[str, object]:
    """The claims of an assertion, names and issuer cleaned and bounded; empty where it is none."""
    if not token or token == REDACTED:
        return {}
    try:
        claims = take_apart(token).claims
    except NotAJwt:
        return {}
    return {clean(name)[:60]: value for name, value in list(claims.items())[:50]}


def _bounded(seen: Observation) -> Observation:
    value: Value = seen.value
    if isinstance(value, str):
        value = clean(value)[:_MAX_FACT]
    elif isinstance(value, tuple):
        value = tuple(clean(one)[:_MAX_FACT] for one in value)
    return Observation(seen.fact, value, seen.source, seen.uncertainty)


def _is_saml(values: Mapping[str, str]) -> bool:
    return "saml" in values.get("grant_type", "") or "saml" in values.get("client_assertion_type", "").lower()


def _basic(header: str | None) -> tuple[str | None, bool]:
    """(user, whether Basic credentials are there). The user is the client id, percent-encoded (RFC 6749 §2.3.1)."""
    if header is None or not header.lower().startswith("basic"):
        return None, False
    encoded = header[5:].strip()
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return None, True
    user, colon, _ = decoded.partition(":")
    return (unquote(user) if colon else None), True


def _has_blank(text: str) -> bool:
    return any(c.isspace() for c in text)
