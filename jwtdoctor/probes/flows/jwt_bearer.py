"""The JWT bearer grant (RFC 7523 §2.1): an assertion about a user, and nothing else."""

from __future__ import annotations

from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.probes.flows.shape import Field, Flow, secret_beside_assertion, signed


def _fields(_attempt: Attempt, assertion: Assertion | None) -> list[Field]:
    token = signed(assertion).token
    return [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", token)]


FLOW = Flow("jwt-bearer", _fields, (secret_beside_assertion,), proof="assertion")
