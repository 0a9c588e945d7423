"""The assertion and the request as people read them: before it is sent as it would be, afterwards as it was.

Nothing secret is in a preview: an assertion appears as its header and claims, never as a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.redact import clean_value
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.assertion import AssertionSpec
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.names import ASSERTION_FLOWS
from jwtdoctor.model.secret import REDACTED, Secret


@dataclass(frozen=True, slots=True)
class Preview:
    """What is, or would be, sent. `note` says in one line why something is not there.

    `spec` is set while nothing was signed yet: iat and exp then move with the clock. `sent_at` is epoch seconds of
    the local clock, None before.
    """

    url: str = ""
    flow: str = ""
    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[tuple[str, str], ...] = ()
    note: str = ""
    spec: AssertionSpec | None = None
    sent_at: float | None = None

    def claims_at(self, now: float) -> Mapping[str, Any]:
        """The claims as they would be signed at `now`, or as they were signed."""
        if self.spec is None:
            return self.claims
        from jwtdoctor.assertions.build import claims_of

        return _cleaned(claims_of(self.spec, now, jti="(new)" if self.spec.jti else None))


def draft(case: Case, knowledge: Knowledge, now: float) -> Preview:
    """What the attempt of a case would send at `now`. Loads the key, to know the algorithm; never raises BadInput."""
    assert case.attempt is not None
    attempt, flow = case.attempt, case.flow or "jwt-bearer"
    if attempt.ready_assertion is not None:
        return _of_token(attempt.ready_assertion, Preview(attempt.token_url, flow))
    if flow not in ASSERTION_FLOWS:
        return Preview(attempt.token_url, flow, fields=_form(flow, attempt), note=f"{flow} signs no assertion")
    return _to_be_signed(case, attempt, knowledge, now)


def sent(flow: str, request: TokenRequest, at: float) -> Preview:
    """What was sent, its secrets redacted."""
    plain = Preview(request.url, flow, fields=shown_fields(request), sent_at=at)
    token = request.field("assertion") or request.field("client_assertion")
    if isinstance(token, Secret) and flow in ASSERTION_FLOWS:
        return _of_token(token, plain)
    return Preview(request.url, flow, fields=plain.fields, note=f"{flow} signs no assertion", sent_at=at)


def shown_fields(request: TokenRequest) -> tuple[tuple[str, str], ...]:
    """The form as it may be shown."""
    return tuple((name, REDACTED if isinstance(value, Secret) else str(value)) for name, value in request.fields)


def _to_be_signed(case: Case, attempt: Attempt, knowledge: Knowledge, now: float) -> Preview:
    from jwtdoctor.assertions.build import header_of
    from jwtdoctor.probes.local import look_at_key, spec_of

    key, note = None, ""
    try:
        key = look_at_key(attempt, now).key
    except BadInput as problem:
        note = str(problem)
    spec = attempt.assertion or spec_of(
        attempt, knowledge.provider_or_generic(case.provider), key, case.flow or "jwt-bearer"
    )
    header = _cleaned(header_of(spec))
    return Preview(attempt.token_url, case.flow or "jwt-bearer", header, note=note, spec=spec)


def _of_token(token: Secret, base: Preview) -> Preview:
    from jwtdoctor.assertions.decode import take_apart

    try:
        decoded = take_apart(token.reveal(), "the assertion")
    except BadInput as problem:
        return Preview(base.url, base.flow, fields=base.fields, note=str(problem), sent_at=base.sent_at)
    return Preview(
        base.url,
        base.flow,
        _cleaned(decoded.header),
        _cleaned(decoded.claims),
        base.fields,
        sent_at=base.sent_at,
    )


def _form(flow: str, attempt: Attempt) -> tuple[tuple[str, str], ...]:
    from jwtdoctor.probes.flows import token_request

    try:
        return shown_fields(token_request(flow, attempt, None))
    except BadInput:
        return ()


def _cleaned(parts: Mapping[str, Any]) -> Mapping[str, Any]:
    cleaned: Mapping[str, Any] = clean_value(dict(parts))
    return cleaned
