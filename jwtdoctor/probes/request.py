"""The one credentialed request, and what goes before it: a code from the authorize endpoint, or from a device.

With DPoP it may become two: an endpoint that wants a nonce in the proof refuses first and names one (RFC 9449 §8). Then
the request is sent once more, and never a third time. Its assertion is signed anew, since some endpoints have used the
`jti` of the first by then (Okta). Both count as logins, for both carried the credentials.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Literal

from jwtdoctor.instruments.ports import Person, Transport
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.intake.request_facts import observe_request
from jwtdoctor.model.assertion import Assertion, Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import MAX_BODY, Exchange, NoReply, Reply, TokenRequest
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.dpop import HEADER, Heard, Prover, findings_of, findings_of_refusal, sent_twice
from jwtdoctor.probes.echoes import without_own_secrets
from jwtdoctor.probes.flows import api_jwt, authorization_code, device, token_request

CANCELLED = "cancelled before anything was sent"
Again = Callable[[], Assertion | None]
"""Signs the assertion of a request anew; None where it was made elsewhere, or where there is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for a token. `logins` counts credentialed requests that may have reached the server."""

    observations: tuple[Observation, ...]
    exchange: Exchange | None
    logins: int
    saw: str
    skipped: str = ""
    findings: tuple[Finding, ...] = ()
    proof: Secret | None = None
    """The DPoP proof of the last request."""


def ask_for_token(
    flow: str,
    attempt: Attempt,
    assertion: Assertion | None,
    transport: Transport,
    deadline_s: float,
    is_cancelled: Callable[[], bool],
    host: str | None = None,
    person: Person | None = None,
    provider: Provider | None = None,
    *,
    prover: Prover | None = None,
    again: Again | None = None,
) -> Asked:
    """Sends one login. `is_cancelled` is read just before it; a login that was sent is always counted.

    `host` is the one that a listener on loopback is to play, where that is not its usual one. `person` can log in by
    browser; the time that this takes is not `deadline_s`. `prover` signs DPoP proofs. With `again` the request is sent
    once more where a nonce is asked for; without it never.
    """
    seen: tuple[Observation, ...] = ()
    wire = _Wire(transport, deadline_s, is_cancelled, None if flow == "api-jwt" else prover)
    if flow == "device" and attempt.device_code is None and person is not None:
        return _device(attempt, wire, person, may_repeat=again is not None)
    if flow == "authorization-code" and attempt.code is None:
        authorized = authorization_code.authorize(
            attempt, transport, deadline_s, person, jkt=None if prover is None else prover.jkt
        )
        if authorized.attempt is None:
            return _not_authorized(authorized)
        attempt, seen = authorized.attempt, authorized.seen
    elif flow == "authorization-code":
        seen = authorization_code.of_given_pair(attempt)

    def made(signed: Assertion | None) -> TokenRequest:
        request = token_request(flow, attempt, signed, provider)
        return request if host is None else replace(request, headers=(*request.headers, ("Host", host)))

    def anew() -> TokenRequest:
        fresh = None if again is None else again()
        wire.assertion = "none" if assertion is None else "the same" if fresh is None else "fresh"
        return made(fresh or assertion)

    request = made(assertion)
    seen = (*seen, *_of_password(flow, attempt))
    if is_cancelled():
        return Asked((*seen, *observe_request(request)), None, 0, CANCELLED, skipped=CANCELLED)
    asked = wire.asked(seen, wire.send(request, None if again is None else anew))
    if flow == "api-jwt" and isinstance(asked.exchange, Reply) and api_jwt.is_taken(asked.exchange):
        taken = Observation("reply.granted", True, "reply")
        saw = f"{asked.exchange.status} the JWT was taken"
        return replace(asked, observations=(*asked.observations, taken), saw=saw)
    return asked


@dataclass(slots=True)
class _Wire:
    """Sends what belongs to one login: each request with a fresh proof, and one of them twice where that is asked for.

    `spent` counts the logins before the last request, `sent` is the last one as it went out.
    """

    transport: Transport
    deadline_s: float
    is_cancelled: Callable[[], bool]
    prover: Prover | None
    spent: int = 0
    sent: TokenRequest | None = None
    heard: Heard = "nothing"
    findings: list[Finding] = field(default_factory=list)
    assertion: Literal["none", "fresh", "the same"] = "none"
    """What went with a second request."""

    def send(self, request: TokenRequest, anew: Callable[[], TokenRequest] | None) -> Exchange:
        """The answer, or that to the request which `anew` makes, where the first asks for a nonce and gives one."""
        began = monotonic()
        exchange = self._once(request, self.deadline_s)
        if self.heard == "nonce" and anew is not None and not self.spent and not self.is_cancelled():
            self.spent = _logins(exchange)
            exchange = self._once(anew(), max(0.1, self.deadline_s - (monotonic() - began)))
            self.findings = [sent_twice(self.assertion), *findings_of("nonce", self.heard)]
        elif self.heard != "nothing":  # of a flow that polls, it may come later too
            self.findings += findings_of("nonce", self.heard) if self.spent else findings_of(self.heard, "nothing")
        return exchange

    def asked(self, seen: tuple[Observation, ...], exchange: Exchange) -> Asked:
        """What came of the last request."""
        assert self.sent is not None
        told = (*seen, *observe_request(self.sent), *observe_exchange(exchange))
        saw = ("a nonce was asked for and sent: " if self.spent else "") + line_of(exchange)
        proof = next((value for name, value in self.sent.headers if name == HEADER), None)
        findings = (*self.findings, *findings_of_refusal(self.prover, exchange))
        return Asked(
            told, exchange, self.spent + _logins(exchange), saw, findings=findings,
            proof=proof if isinstance(proof, Secret) else None,
        )  # fmt: skip

    def _once(self, request: TokenRequest, deadline_s: float) -> Exchange:
        self.sent = request if self.prover is None else self.prover.proved(request)
        exchange = without_own_secrets(self.transport.post_form(self.sent, deadline_s), self.sent)
        self.heard = "nothing" if self.prover is None else self.prover.hear(request.url, exchange)
        return exchange


def observe_exchange(exchange: Exchange) -> tuple[Observation, ...]:
    """The facts of an HTTP answer, or of the layer that failed in its place."""
    if isinstance(exchange, Reply):
        version = exchange.http_version
        spoken = () if version is None else (Observation("path.http_version", version, "request"),)
        return (*observe_reply(exchange), *spoken, *_of_cut_body(exchange))
    facts: dict[str, str | float | bool] = {
        "path.failure": exchange.layer,
        "path.failure_text": exchange.text[:300],
    }
    if exchange.verify_code is not None:
        facts["path.tls_verify_code"] = exchange.verify_code
    if exchange.proxy is not None:
        facts["path.proxy"] = exchange.proxy
    if exchange.proxy_status is not None:
        facts["path.proxy_status"] = exchange.proxy_status
    if "CERTIFICATE_REQUIRED" in exchange.text:
        facts["path.wants_client_certificate"] = True
    if exchange.layer == "dns":
        facts["path.dns_resolves"] = False
    return tuple(Observation(name, value, "request") for name, value in facts.items())


def _of_cut_body(reply: Reply) -> tuple[Observation, ...]:
    """A body that never ends is no answer of a token endpoint: those have a few kilobytes."""
    if not reply.truncated:
        return ()
    words = f"the body did not end within {MAX_BODY:,} bytes"
    return Observation("path.failure", "too-large", "request"), Observation("path.failure_text", words, "request")


def line_of(exchange: Exchange) -> str:
    """One line about the answer, without anything that is secret."""
    if isinstance(exchange, NoReply):
        return f"no answer ({exchange.layer}): {exchange.text[:120]}"
    said = {o.fact: o.value for o in observe_reply(exchange)}
    if said.get("reply.granted"):
        return f"{exchange.status} a token was issued"
    words = " ".join(str(said[f]) for f in ("reply.error", "reply.description") if f in said)
    return f"{exchange.status} {words}".strip()


def _device(attempt: Attempt, wire: _Wire, person: Person, *, may_repeat: bool) -> Asked:
    """Shows a code, and polls until the person has entered it.

    Only the last poll is a login, and one that was sent without the nonce that it then needed.
    """
    begun = device.begin(attempt, wire.transport, wire.deadline_s)
    if not isinstance(begun, device.Begun):
        return Asked(observe_exchange(begun), begun, 0, "device code: " + line_of(begun))
    person.shown(begun.url, begun.user_code)
    request = token_request("device", replace(attempt, device_code=begun.code), None)
    exchange = device.poll(
        lambda: wire.send(request, (lambda: request) if may_repeat else None),
        person,
        begun.interval_s,
        begun.expires_in_s,
        wire.is_cancelled,
    )
    if wire.sent is None:
        return Asked((*observe_request(request), *observe_exchange(exchange)), exchange, 0, line_of(exchange))
    return wire.asked((), exchange)


def _not_authorized(authorized: authorization_code.Authorized) -> Asked:
    """No code, so no login: the refusal of the authorize endpoint, no answer of it, or nobody who logged in."""
    answer = authorized.answer
    if answer is None:
        return Asked(authorized.seen, None, 0, authorized.reason, skipped=authorized.reason)
    if isinstance(answer, Reply):
        return Asked((*authorized.seen, *observe_reply(answer)), answer, 0, "authorize: " + line_of(answer))
    return Asked((*authorized.seen, *observe_exchange(answer)), answer, 0, line_of(answer))


def _of_password(flow: str, attempt: Attempt) -> tuple[Observation, ...]:
    """Whether a security token is appended is known where it was given apart; a password alone does not tell."""
    if flow != "password" or attempt.security_token is None:
        return ()
    return (Observation("request.password_has_security_token", bool(attempt.security_token), "request"),)


def _logins(exchange: Exchange) -> int:
    return 1 if isinstance(exchange, Reply) or exchange.sent else 0
