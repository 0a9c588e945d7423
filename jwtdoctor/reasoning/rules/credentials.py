"""PKCE, client secrets, DPoP: what was sent against what is required."""

from __future__ import annotations

from jwtdoctor.reasoning.rules.table import Given, derived


@derived("request.verifier_is_well_formed", "request.code_verifier_length", "request.code_verifier_has_tilde")
def _verifier_is_well_formed(given: Given) -> bool | None:
    """RFC 7636 §4.1: 43 to 128 characters. Salesforce refuses `~`, though the RFC allows it."""
    length, tilde = (
        given.chart.number("request.code_verifier_length"),
        given.chart.flag("request.code_verifier_has_tilde"),
    )
    if tilde is True and given.provider.slug == "salesforce":
        return False
    return None if length is None else 43 <= length <= 128


@derived("request.secret_is_missing", "request.sends_client_secret", "app.requires_secret")
def _secret_is_missing(given: Given) -> bool | None:
    sends, required = given.chart.flag("request.sends_client_secret"), given.chart.flag("app.requires_secret")
    if sends is None or (required is None and not sends) or _needs_no_secret(given):
        return None
    return bool(required) and not sends


@derived("request.secret_is_sent_where_required", "request.sends_client_secret", "app.requires_secret")
def _secret_is_sent_where_required(given: Given) -> bool | None:
    sends, required = given.chart.flag("request.sends_client_secret"), given.chart.flag("app.requires_secret")
    return None if sends is None or required is None else sends and required


def _needs_no_secret(given: Given) -> bool:
    """In these grants the assertion proves the client, and no secret belongs to them (RFC 7521 §4.2)."""
    return given.flow in ("jwt-bearer", "saml-bearer", "private-key-jwt", "api-jwt")


@derived(
    "request.client_id_is_missing",
    "request.client_id_empty",
    "assertion.iss",
    "assertion.claims_missing",
    "assertion.sub",
)
def _client_id_is_missing(given: Given) -> bool | None:
    empty, issuer = given.chart.flag("request.client_id_empty"), given.chart.text("assertion.iss")
    missing = given.chart.value("assertion.claims_missing")
    if given.provider.has_instead("iss", {"sub": given.chart.text("assertion.sub")}):
        return None
    if empty or (issuer is not None and not issuer.strip()) or (isinstance(missing, tuple) and "iss" in missing):
        return True
    return None if empty is None and issuer is None else False


def _pkce_required(given: Given) -> bool | None:
    app, org = given.chart.flag("app.requires_pkce"), given.chart.flag("org.requires_pkce")
    if app or org:
        return True
    return None if app is None and org is None else False


def _pkce_sent(given: Given) -> bool | None:
    verifier, challenge = (
        given.chart.flag("request.sends_code_verifier"),
        given.chart.flag("request.code_challenge_sent"),
    )
    if verifier is False or challenge is False:
        return False
    return True if verifier or challenge else None


_PKCE_FACTS = ("request.sends_code_verifier", "request.code_challenge_sent")


@derived("request.pkce_is_required_and_missing", *_PKCE_FACTS, "app.requires_pkce", "org.requires_pkce")
def _pkce_is_required_and_missing(given: Given) -> bool | None:
    required, sent = _pkce_required(given), _pkce_sent(given)
    if sent or required is False:
        return False
    return None if sent is None or required is None else True


@derived(
    "request.pkce_is_in_order",
    *_PKCE_FACTS,
    "request.code_verifier_length",
    "request.code_verifier_has_tilde",
)
def _pkce_is_in_order(given: Given) -> bool | None:
    sent, formed = _pkce_sent(given), given.chart.flag("request.verifier_is_well_formed")
    if sent is None or formed is None:
        return None
    return sent and formed


@derived("request.verifier_is_missing", *_PKCE_FACTS)
def _verifier_is_missing(given: Given) -> bool | None:
    challenge, verifier = (
        given.chart.flag("request.code_challenge_sent"),
        given.chart.flag("request.sends_code_verifier"),
    )
    return None if challenge is None or verifier is None else challenge and not verifier


@derived("request.dpop_is_required_and_missing", "app.requires_dpop", "request.sends_dpop_proof")
def _dpop_is_required_and_missing(given: Given) -> bool | None:
    required, sent = given.chart.flag("app.requires_dpop"), given.chart.flag("request.sends_dpop_proof")
    if sent or required is False:
        return False
    return None if required is None or sent is None else True


@derived(
    "request.client_auth_fits_app",
    "app.client_auth_method",
    "request.client_auth",
    "request.sends_client_secret",
    "flow.kind",
)
def _client_auth_fits_app(given: Given) -> bool | None:
    """Whether the client authenticates as it is registered (names of OpenID Connect registration §2)."""
    method = given.chart.text("app.client_auth_method")
    if method is None:
        return None
    uses = _client_auth_used(given)
    return None if uses is None else method.strip().lower() in uses


def _client_auth_used(given: Given) -> tuple[str, ...] | None:
    secret, place = given.chart.flag("request.sends_client_secret"), given.chart.text("request.client_auth")
    if given.flow == "private-key-jwt":
        return ("private_key_jwt",)
    if given.flow == "client-secret-jwt":
        return ("client_secret_jwt",)
    if secret is False:
        return ("none",)
    if place is not None:
        return ("client_secret_basic",) if place.lower() == "basic" else ("client_secret_post",)
    return ("client_secret_basic", "client_secret_post") if secret else None
