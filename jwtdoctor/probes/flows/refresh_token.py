"""The refresh token grant (RFC 6749 §6)."""

from __future__ import annotations

from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.probes.flows.shape import Field, Flow, needed, scope_not_taken


def _fields(attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    token = needed(attempt.refresh_token, "--refresh-token REF")
    return [("grant_type", "refresh_token"), ("refresh_token", token)]


FLOW = Flow("refresh-token", _fields, (scope_not_taken,))
