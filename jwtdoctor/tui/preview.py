"""The assertion and the request as people read them: before it is sent as it would be, afterwards as it was.

Nothing secret is in a preview: an assertion appears as its header and claims, never as a token.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jwtdoctor.assertions.decode import Decoded
from jwtdoctor.assertions.inspect import lint
from jwtdoctor.errors import BadInput
from jwtdoctor.intake.redact import clean_value
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.assertion import AssertionSpec, Finding
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.exchange import TokenRequest
from jwtdoctor.model.names import ASSERTION_FLOWS
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import REDACTED, Secret

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey


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
    findings: tuple[Finding, ...] = ()
    """What the provider's rules say of it, each beside the member that it is about (`claims.aud`)."""
    size: int | None = None
    """Bytes of the whole token; of one that is not signed yet as it would be."""
    key: str = ""
    key_problem: str = ""

    def about(self, place: str) -> tuple[Finding, ...]:
        """The findings about one member, `claims.aud`; of a part, `claims`, those that are about no member shown."""
        if "." in place:
            return tuple(f for f in self.findings if f.where == place)
        shown = {f"header.{name}" for name in self.header} | {f"claims.{name}" for name in self.claims_at(0.0)}
        return tuple(f for f in self.findings if f.where.partition(".")[0] == place and f.where not in shown)

    def claims_at(self, now: float) -> Mapping[str, Any]:
        """The claims as they would be signed at `now`, or as they were signed."""
        if self.spec is None:
            return self.claims
        from jwtdoctor.assertions.build import claims_of

        return _cleaned(claims_of(self.spec, now, jti="(new)" if self.spec.jti else None))


def draft(case: Case, knowledge: Knowledge, now: float) -> Preview:
    """What the attempt of a case would send at `now`. Loads the key, to know the algorithm; never raises BadInput."""
    from jwtdoctor.probes.flows.conflicts import Given, conflicts

    assert case.attempt is not None
    attempt, flow = case.attempt, case.flow or "jwt-bearer"
    provider = knowledge.provider_or_generic(case.provider)
    if attempt.ready_assertion is not None:
        return _of_token(attempt.ready_assertion, Preview(attempt.token_url, flow), provider, None)
    if flow not in ASSERTION_FLOWS:
        found = conflicts(Given(flow, attempt, provider))
        note = f"{flow} signs no assertion"
        return Preview(attempt.token_url, flow, fields=_form(flow, attempt), note=note, findings=found)
    return _to_be_signed(case, attempt, knowledge, now)


def sent(flow: str, request: TokenRequest, at: float, provider: Provider) -> Preview:
    """What was sent, its secrets redacted. `at`: epoch seconds of the local clock."""
    plain = Preview(request.url, flow, fields=shown_fields(request), sent_at=at)
    token = request.field("assertion") or request.field("client_assertion")
    if isinstance(token, Secret) and flow in ASSERTION_FLOWS:
        return _of_token(token, plain, provider, at)
    return Preview(request.url, flow, fields=plain.fields, note=f"{flow} signs no assertion", sent_at=at)


def shown_fields(request: TokenRequest) -> tuple[tuple[str, str], ...]:
    """The form as it may be shown."""
    return tuple((name, REDACTED if isinstance(value, Secret) else str(value)) for name, value in request.fields)


def _to_be_signed(case: Case, attempt: Attempt, knowledge: Knowledge, now: float) -> Preview:
    from jwtdoctor.assertions.build import claims_of, header_of
    from jwtdoctor.probes.flows.conflicts import Given, conflicts
    from jwtdoctor.probes.local import look_at_key, spec_of

    key, saw, note, flow = None, "", "", case.flow or "jwt-bearer"
    provider = knowledge.provider_or_generic(case.provider)
    try:
        looked = look_at_key(attempt, now)
        key, saw = looked.key, looked.saw
    except BadInput as problem:
        named = attempt.key_path is not None or attempt.key_pem is not None
        note = str(problem) if named else "no key is named yet: nothing can be signed"
    spec = attempt.assertion or spec_of(attempt, provider, key, flow)
    header, claims = header_of(spec), claims_of(spec, now, jti="(new)" if spec.jti else None)
    decoded = _as_decoded(header, claims, 0 if key is None else _signature_bytes(key))
    findings = (*lint(decoded, provider, now), *conflicts(Given(flow, attempt, provider)))
    if key is None:  # a signature that is not there yet is no fault of the assertion
        findings = tuple(finding for finding in findings if finding.where != "signature")
    return Preview(
        attempt.token_url, flow, _cleaned(header), note=note, spec=spec, findings=findings,
        size=None if key is None else _size(decoded), key=saw, key_problem=note,
    )  # fmt: skip


def _as_decoded(header: Mapping[str, Any], claims: Mapping[str, Any], signature_bytes: int) -> Decoded:
    sizes = [len(json.dumps(part, separators=(",", ":"), default=str)) for part in (header, claims)]
    return Decoded(header, claims, True, sizes[0], sizes[1], signature_bytes, Secret(""))


def _signature_bytes(key: PrivateKey) -> int:
    """RSA: as the modulus (RFC 8017 §8.2.1); EC: twice the curve (RFC 7518 §3.4); Ed25519: 64, Ed448: 114."""
    if key.kind == "RSA":
        return key.bits // 8
    return {"Ed25519": 64, "Ed448": 114}.get(key.kind, 2 * ((key.bits + 7) // 8))


def _size(decoded: Decoded) -> int:
    """Bytes in base64url without padding, and the two dots."""
    parts = (decoded.header_bytes, decoded.claims_bytes, decoded.signature_bytes)
    return sum(-(-4 * part // 3) for part in parts) + 2


def _of_token(token: Secret, base: Preview, provider: Provider, now: float | None) -> Preview:
    from jwtdoctor.assertions.decode import take_apart

    try:
        decoded = take_apart(token.reveal(), "the assertion")
    except BadInput as problem:
        return Preview(base.url, base.flow, fields=base.fields, note=str(problem), sent_at=base.sent_at)
    findings = tuple(f for f in lint(decoded, provider, now) if f.where != "token" or f.severity == "error")
    return Preview(
        base.url,
        base.flow,
        _cleaned(decoded.header),
        _cleaned(decoded.claims),
        base.fields,
        sent_at=base.sent_at,
        findings=findings,
        size=_size(decoded),
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
