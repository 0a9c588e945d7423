"""The closed sets of names that many modules share: flows, sureness, standing, likelihood.

Source: `knowledge/causes.yaml` of the project's contract, flows and flow_aliases.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Literal

Flow = Literal[
    "jwt-bearer",
    "private-key-jwt",
    "api-jwt",
    "client-secret-jwt",
    "client-credentials",
    "authorization-code",
    "refresh-token",
    "password",
    "device",
    "token-exchange",
    "saml-bearer",
    "user-agent",
]

FLOWS: tuple[str, ...] = (
    "jwt-bearer",
    "private-key-jwt",
    "api-jwt",
    "client-secret-jwt",
    "client-credentials",
    "authorization-code",
    "refresh-token",
    "password",
    "device",
    "token-exchange",
    "saml-bearer",
    "user-agent",
)

FLOW_ALIASES: dict[str, str] = {
    "account_credentials": "client-credentials",
    "app-jwt": "api-jwt",
    "authorization_code": "authorization-code",
    "client-assertion": "private-key-jwt",
    "client_credentials": "client-credentials",
    "client_secret_basic": "client-credentials",
    "client_secret_jwt": "client-secret-jwt",
    "code-and-credentials": "authorization-code",
    "federated-assertion": "private-key-jwt",
    "hybrid-auth-code": "authorization-code",
    "hybrid-refresh": "refresh-token",
    "jwt-exchange": "jwt-bearer",
    "jwt_bearer": "jwt-bearer",
    "keypair-jwt": "api-jwt",
    "on-behalf-of": "jwt-bearer",
    "private_key_jwt": "private-key-jwt",
    "refresh_token": "refresh-token",
    "saml-assertion": "saml-bearer",
    "saml2-bearer": "saml-bearer",
}

ASSERTION_FLOWS = ("jwt-bearer", "private-key-jwt", "api-jwt", "client-secret-jwt")
"""Flows in which a JWT made by the client is judged, so that clocks and keys matter."""

GRANT_TYPES: dict[str, str] = {
    "urn:ietf:params:oauth:grant-type:jwt-bearer": "jwt-bearer",
    "urn:ietf:params:oauth:grant-type:saml2-bearer": "saml-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange": "token-exchange",
    "urn:ietf:params:oauth:grant-type:device_code": "device",
    "device": "device",
    "authorization_code": "authorization-code",
    "hybrid_auth_code": "authorization-code",
    "client_credentials": "client-credentials",
    "refresh_token": "refresh-token",
    "hybrid_refresh": "refresh-token",
    "password": "password",
    "assertion": "saml-bearer",
}
"""`grant_type` on the wire (RFC 6749, 7522, 7523, 8628, 8693, Salesforce help) to our flow."""


def canonical_flow(name: str | None) -> str | None:
    """Our name of a flow, or None where it is none that we know."""
    if name is None:
        return None
    name = FLOW_ALIASES.get(name, name)
    return name if name in FLOWS else None


class Sureness(StrEnum):
    """How well founded a statement is, strongest first."""

    DOCUMENTED = "documented"
    MAINTAINER = "maintainer"
    ACCEPTED_ANSWER = "accepted-answer"
    FIELD_REPORT = "field-report"
    INFERRED = "inferred"


class Likelihood(StrEnum):
    """What a score means in words. `ALMOST_CERTAIN` is a promise (see reasoning/weigh.py)."""

    ALMOST_CERTAIN = "almost-certain"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNLIKELY = "unlikely"
    RULED_OUT = "ruled-out"


class Standing(StrEnum):
    """What one piece of evidence does to a verdict."""

    FOR = "for"
    AGAINST = "against"
    ECHO = "echo"
    UNKNOWN = "unknown"
    PRIOR = "prior"


class Outcome(StrEnum):
    """How the examined attempt ended."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not-asked"


class Reach(IntEnum):
    """How far probes may go; each includes the ones before it."""

    LOCAL = 0
    TIME = 1
    ENDPOINT = 2
    REPEAT = 3
