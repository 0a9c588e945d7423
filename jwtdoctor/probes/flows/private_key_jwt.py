"""Client credentials with an assertion in the place of a secret (RFC 7523 §2.2).

`client_id` may stand beside it (RFC 7521 §4.2), and some ask for it (Entra).
"""

from __future__ import annotations

from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.probes.flows.shape import Field, Flow, secret_beside_assertion, signed


def assertion_fields(assertion: Assertion) -> list[Field]:
    """With what the client proves itself, here and wherever else it must."""
    return [
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.token),
    ]


def _fields(attempt: Attempt, assertion: Assertion | None) -> list[Field]:
    proof = assertion_fields(signed(assertion))
    return [("grant_type", "client_credentials"), ("client_id", attempt.client_id), *proof]


FLOW = Flow("private-key-jwt", _fields, (secret_beside_assertion,), proof="assertion")
