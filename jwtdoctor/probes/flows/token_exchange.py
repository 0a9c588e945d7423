"""Token exchange (RFC 8693 §2.1): a token of somebody else for one of ours."""

from __future__ import annotations

from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.probes.flows.shape import Field, Flow, needed


def _fields(attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    return [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", needed(attempt.subject_token, "--subject-token REF")),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
    ]


FLOW = Flow("token-exchange", _fields)
