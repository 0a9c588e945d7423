"""The request: its flow, grant, method and scopes."""

from __future__ import annotations

from jwtdoctor.model.names import ASSERTION_FLOWS, GRANT_TYPES
from jwtdoctor.reasoning.rules.table import Given, derived, scopes_of_app


@derived("flow.kind")
def _flow_kind(given: Given) -> str | None:
    return given.flow


@derived("flow.uses_assertion")
def _flow_uses_assertion(given: Given) -> bool | None:
    return None if given.flow is None else given.flow in ASSERTION_FLOWS


@derived("flow.has_consent_step")
def _flow_has_consent_step(given: Given) -> bool | None:
    return None if given.flow is None else given.flow in ("authorization-code", "user-agent", "device")


@derived("flow.uses_secret")
def _flow_uses_secret(given: Given) -> bool | None:
    with_secret = ("authorization-code", "refresh-token", "client-credentials", "password", "token-exchange")
    return None if given.flow is None else given.flow in with_secret


@derived("request.grant_fits_flow", "request.grant_type")
def _grant_fits_flow(given: Given) -> bool | None:
    grant = given.chart.text("request.grant_type")
    if grant is None or given.flow is None:
        return None
    own = _own_grant(given)
    if own:
        return grant.strip() == own
    sent = GRANT_TYPES.get(grant.strip(), grant.strip())
    return sent == given.flow or (given.flow == "private-key-jwt" and sent == "client-credentials")


@derived("request.method_fits_endpoint", "request.method", "request.endpoint")
def _method_fits_endpoint(given: Given) -> bool | None:
    """RFC 6749 §3.1 and §3.2: GET or POST at authorize, POST at token; RFC 7009, 7662: POST at the others."""
    method, endpoint = given.chart.text("request.method"), given.chart.text("request.endpoint") or "token"
    if method is None or endpoint not in ("token", "revoke", "introspect", "authorize"):
        return None
    return method.upper() == "POST" or (endpoint == "authorize" and method.upper() == "GET")


@derived("request.grant_type_is_known", "request.grant_type")
def _grant_type_is_known(given: Given) -> bool | None:
    grant = given.chart.text("request.grant_type")
    return None if grant is None else grant.strip() in {*GRANT_TYPES, _own_grant(given)}


def _own_grant(given: Given) -> str:
    """The grant type that the provider wants in this flow in the place of its RFC's; empty: that one."""
    shape = given.provider.requests.get(given.flow or "")
    return "" if shape is None else shape.grant_type.strip("-")


@derived("request.scopes_are_on_app", "request.scopes", "app.scopes")
def _scopes_are_on_app(given: Given) -> bool | None:
    asked, on_app = given.chart.value("request.scopes"), scopes_of_app(given)
    if not isinstance(asked, tuple) or on_app is None:
        return None
    same = {"offline_access": "refresh_token"}
    wanted = {same.get(s.strip().lower(), s.strip().lower()) for s in asked}
    return wanted <= {same.get(s, s) for s in on_app}


@derived("request.hybrid_grant_meets_jwt_tokens", "request.grant_type", "app.jwt_access_tokens")
def _hybrid_grant_meets_jwt_tokens(given: Given) -> bool | None:
    grant, jwt_tokens = given.chart.text("request.grant_type"), given.chart.flag("app.jwt_access_tokens")
    return None if grant is None or jwt_tokens is None else grant.startswith("hybrid") and jwt_tokens
