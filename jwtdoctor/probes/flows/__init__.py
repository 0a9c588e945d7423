"""One function a grant: what is sent. Everything that is sent is named here, so that it can be read in one place.

Sources: RFC 6749 §4 and §6, RFC 7523 §2.1 and §2.2, RFC 7636 §4.5, RFC 7522 §2.1, RFC 8628 §3.4, RFC 8693 §2.1.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote_plus

from jwtdoctor.errors import BadProfile
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows.device import is_salesforce_dialect

Field = tuple[str, str | Secret]


def token_request(flow: str, attempt: Attempt, assertion: Assertion | None) -> TokenRequest:
    """The token request of a flow. Raises BadProfile, naming the option that is missing."""
    if flow not in sendable_flows():
        raise BadProfile(
            f"check cannot send the flow {flow!r} yet", expected="one of " + ", ".join(sendable_flows()),
            do="use 'jwtdoctor explain' with the reply that you have",
        )  # fmt: skip
    fields: list[Field] = [*_fields(flow, attempt, assertion), *attempt.extra_fields]
    if attempt.scope is not None and flow not in _SCOPE_SENT_BEFORE:
        fields.append(("scope", attempt.scope))
    headers: list[tuple[str, str | Secret]] = []
    if flow not in _WITHOUT_CLIENT_AUTH:
        fields, headers = _authenticated(attempt, fields)
    return TokenRequest(attempt.token_url, tuple(fields), tuple(headers))


def sendable_flows() -> tuple[str, ...]:
    """The flows that `check` can send."""
    return tuple(sorted((*_WITH_ASSERTION, *_FIELDS)))


def _fields(flow: str, attempt: Attempt, assertion: Assertion | None) -> list[Field]:
    if flow not in _WITH_ASSERTION:
        return _FIELDS[flow](attempt)
    if assertion is None:
        raise BadProfile("no assertion was built", expected="--key FILE", do="name the key that signs the assertion")
    return _WITH_ASSERTION[flow](attempt, assertion)


def _jwt_bearer(_attempt: Attempt, assertion: Assertion) -> list[Field]:
    return [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.token)]


def _private_key_jwt(attempt: Attempt, assertion: Assertion) -> list[Field]:
    """The client proves itself with an assertion. `client_id` may stand beside it (RFC 7521 §4.2), and some ask for
    it (Entra)."""
    return [
        ("grant_type", "client_credentials"),
        ("client_id", attempt.client_id),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.token),
    ]


def _client_credentials(_attempt: Attempt) -> list[Field]:
    return [("grant_type", "client_credentials")]


def _authorization_code(attempt: Attempt) -> list[Field]:
    fields: list[Field] = [
        ("grant_type", "authorization_code"),
        ("code", _needed(attempt.code, "--code REF")),
    ]
    if attempt.redirect_uri is not None:
        fields.append(("redirect_uri", attempt.redirect_uri))
    if attempt.code_verifier is not None:
        fields.append(("code_verifier", attempt.code_verifier))
    return fields


def _refresh_token(attempt: Attempt) -> list[Field]:
    return [
        ("grant_type", "refresh_token"),
        ("refresh_token", _needed(attempt.refresh_token, "--refresh-token REF")),
    ]


def _password(attempt: Attempt) -> list[Field]:
    password = _needed(attempt.password, "--password REF").reveal()
    appended = attempt.security_token.reveal() if attempt.security_token else ""
    return [
        ("grant_type", "password"),
        ("username", attempt.username),
        ("password", Secret(password + appended)),
    ]


def _saml_bearer(attempt: Attempt) -> list[Field]:
    given = _needed(attempt.saml_assertion, "--saml-assertion REF")
    return [("grant_type", "urn:ietf:params:oauth:grant-type:saml2-bearer"), ("assertion", given)]


def _device(attempt: Attempt) -> list[Field]:
    """RFC 8628 §3.4; Salesforce has names of its own."""
    code = _needed(attempt.device_code, "--device-code REF")
    if is_salesforce_dialect(attempt.token_url):
        return [("grant_type", "device"), ("code", code)]
    return [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", code)]


def _token_exchange(attempt: Attempt) -> list[Field]:
    return [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", _needed(attempt.subject_token, "--subject-token REF")),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ]


_FIELDS: dict[str, Callable[[Attempt], list[Field]]] = {
    "client-credentials": _client_credentials,
    "authorization-code": _authorization_code,
    "refresh-token": _refresh_token,
    "password": _password,
    "saml-bearer": _saml_bearer,
    "device": _device,
    "token-exchange": _token_exchange,
}

_WITH_ASSERTION: dict[str, Callable[[Attempt, Assertion], list[Field]]] = {
    "jwt-bearer": _jwt_bearer,
    "private-key-jwt": _private_key_jwt,
}

_WITHOUT_CLIENT_AUTH = ("jwt-bearer", "saml-bearer", "private-key-jwt")
"""The assertion itself names and proves the client: these grants carry no secret."""


_SCOPE_SENT_BEFORE = ("authorization-code", "device")
"""Flows that ask for their scopes in the request before this one (RFC 6749 §4.1.1, RFC 8628 §3.1)."""


def _authenticated(attempt: Attempt, fields: list[Field]) -> tuple[list[Field], list[tuple[str, str | Secret]]]:
    """Client authentication in the body, or as HTTP Basic with both parts form-encoded (RFC 6749 §2.3.1)."""
    if attempt.client_auth == "basic" and attempt.client_secret is not None:
        pair = f"{quote_plus(attempt.client_id)}:{quote_plus(attempt.client_secret.reveal())}"
        return fields, [("Authorization", Secret("Basic " + b64encode(pair.encode()).decode()))]
    given: list[Field] = [("client_id", attempt.client_id)]
    if attempt.client_secret is not None:
        given.append(("client_secret", attempt.client_secret))
    return [*fields, *given], []


def _needed(value: Secret | None, option: str) -> Secret:
    if value is None:
        raise BadProfile("a credential of this flow is missing", expected=option, do=f"give it with {option}")
    return value
