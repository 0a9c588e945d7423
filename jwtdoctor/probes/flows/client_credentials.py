"""Client credentials (RFC 6749 §4.4): the client for itself. At Salesforce it runs as the app's execution user."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.model.assertion import Assertion, Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.probes.flows.shape import RFC_CLIENT, Field, Flow, Given, finding, scope_not_taken


def _fields(_attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    return [("grant_type", "client_credentials")]


def _no_secret(given: Given) -> Iterator[Finding]:
    """RFC 6749 §4.4: for confidential clients alone. A certificate of TLS may prove one too (RFC 8705)."""
    if given.attempt.client_secret is None:
        message = "this flow is for clients that prove themselves, and no secret is given"
        yield finding("no-client-secret", "warning", "client_secret", message, "--client-secret REF", RFC_CLIENT)


FLOW = Flow("client-credentials", _fields, (_no_secret, scope_not_taken))
