"""The flows, one module a grant: what is sent, and what may contradict itself before it is sent.

Everything that goes into a token request is named in these modules, so that it can be read in one place.
"""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

from jwtdoctor.errors import BadProfile
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows import (
    api_jwt,
    authorization_code,
    client_credentials,
    client_secret_jwt,
    device,
    jwt_bearer,
    password,
    private_key_jwt,
    refresh_token,
    saml_bearer,
    token_exchange,
)
from jwtdoctor.probes.flows.shape import Field, Flow, shaped

_MODULES = (
    jwt_bearer, private_key_jwt, api_jwt, client_secret_jwt, client_credentials, authorization_code, refresh_token,
    device, token_exchange, saml_bearer, password,
)  # fmt: skip
FLOWS: dict[str, Flow] = {module.FLOW.name: module.FLOW for module in _MODULES}
"""Every flow that `check` can send, by name."""


def token_request(
    flow: str, attempt: Attempt, assertion: Assertion | None, provider: Provider | None = None
) -> TokenRequest:
    """The token request of a flow, in the shape that the provider wants. Raises BadProfile, naming the option that is
    missing."""
    if flow not in FLOWS:
        raise BadProfile(
            f"check cannot send the flow {flow!r} yet", expected="one of " + ", ".join(sendable_flows()),
            do="use 'jwtdoctor explain' with the reply that you have",
        )  # fmt: skip
    if flow == "api-jwt":
        return api_jwt.request(attempt, assertion, provider)
    grant = FLOWS[flow]
    fields: list[Field] = [*grant.fields(attempt, assertion), *attempt.extra_fields]
    if attempt.scope is not None and grant.asks_scope_here:
        fields.append(("scope", attempt.scope))
    headers: list[Field] = []
    if grant.proof == "secret":
        fields, headers = _authenticated(attempt, fields)
    request = TokenRequest(attempt.token_url, tuple(fields), tuple(headers))
    shape = None if provider is None else provider.requests.get(flow)
    return _in_shoes(flow, attempt, request if shape is None else shaped(request, shape, attempt))


def sendable_flows() -> tuple[str, ...]:
    """The flows that `check` can send."""
    return tuple(sorted(FLOWS))


def basic_header(client_id: str, secret: Secret) -> Field:
    """HTTP Basic with both halves form-encoded (RFC 6749 §2.3.1)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret.reveal())}"
    return ("Authorization", Secret("Basic " + b64encode(pair.encode()).decode()))


def _in_shoes(flow: str, attempt: Attempt, request: TokenRequest) -> TokenRequest:
    """The request as another client sends it, where that was asked for. Only bearer requests of theirs are known."""
    if attempt.as_client is None or flow != "jwt-bearer":
        return request
    from jwtdoctor.assertions.clients import client_named, request_as

    return request_as(client_named(attempt.as_client), request)


def _authenticated(attempt: Attempt, fields: list[Field]) -> tuple[list[Field], list[Field]]:
    """Client authentication in the body, or in the header."""
    if attempt.client_auth == "basic" and attempt.client_secret is not None:
        return fields, [basic_header(attempt.client_id, attempt.client_secret)]
    given: list[Field] = [("client_id", attempt.client_id)]
    if attempt.client_secret is not None:
        given.append(("client_secret", attempt.client_secret))
    return [*fields, *given], []
