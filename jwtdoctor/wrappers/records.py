"""One record of the iat log: what was asked, what was signed, what came back. Pure.

The keys are the contract's. Two more stand there only where they apply: `correlation_id`, the caller's own, and
`retry`, on a request that was signed anew with true time and sent once more. Where no reply came, `status` is null and
`error` names the layer that failed (`dns`, `refused`, `read-timeout` …), without any words of the exception.

`ahead_s` is what this reply says: the middle of the round trip minus `Date`, null where it says nothing: no `Date`, a
cache or a proxy answered, more than 60 s, or more than one exchange within it (urllib3's own retries).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jwtdoctor.instruments.date import epoch_of, sample_of
from jwtdoctor.instruments.failures import why_no_reply
from jwtdoctor.intake.redact import clean
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.model.clock import TimeSample
from jwtdoctor.model.exchange import Reply
from jwtdoctor.wrappers.calls import TokenCall

Record = dict[str, Any]
KEYS = (
    *("at", "endpoint", "client", "flow", "kid", "alg", "iat", "exp", "ttl_s", "aud", "status", "error"),
    *("description", "server_date", "ahead_s", "round_trip_s", "request_id"),
)
"""What every record holds, in this order."""
MAX_DESCRIPTION = 1_000
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, without its body. Times are local epoch seconds."""

    status: int
    headers: Mapping[str, str]
    sent_at: float
    received_at: float
    ahead_s: float | None = None
    """How far this reply says that the local clock is fast; None where it must not be believed."""

    def reply(self, body: str = "") -> Reply:
        return Reply(self.status, self.headers, body, self.sent_at, self.received_at)


def answer_of(status: int, headers: Mapping[str, str], sent_at: float, received_at: float, exchanges: int) -> Answer:
    """What came back, with what it says of the clock. `exchanges` counts urllib3's own retries too."""
    reply = Reply(status, headers, "", sent_at, received_at)
    ahead_s = None
    if exchanges == 1 and isinstance(sample_of(reply, ""), TimeSample):
        served_at = epoch_of(reply.header("Date"))
        ahead_s = None if served_at is None else (sent_at + received_at) / 2 - served_at
    return Answer(status, headers, sent_at, received_at, ahead_s)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a record holds that neither the request nor the reply says."""

    sent_at: float
    correlation_id: str | None = None
    retry: bool = False


def answered(call: TokenCall, around: Circumstances, answer: Answer, body: str) -> Record:
    """The record of a request that was answered, with as much of the body as was read."""
    facts = {seen.fact: seen.value for seen in observe_reply(answer.reply(body))}
    description = facts.get("reply.description")
    ahead_s = answer.ahead_s
    return _record(
        call,
        around,
        status=answer.status,
        error=_short(facts.get("reply.error")),
        description=None if description is None else str(description)[:MAX_DESCRIPTION],
        server_date=epoch_of(answer.reply().header("Date")),
        ahead_s=None if ahead_s is None else round(ahead_s, 3),
        round_trip_s=_round_trip(answer.sent_at, answer.received_at),
        request_id=_short(facts.get("reply.correlation_id")),
    )


def unanswered(call: TokenCall, around: Circumstances, problem: BaseException, ended_at: float) -> Record:
    """The record of a request to which no reply came."""
    return _record(call, around, error=why_no_reply(problem).layer, round_trip_s=_round_trip(around.sent_at, ended_at))


def _record(call: TokenCall, around: Circumstances, **reply: object) -> Record:
    signed = call.signed
    record: Record = dict.fromkeys(KEYS)
    record |= {"at": round(around.sent_at, 3), "endpoint": call.endpoint, "client": call.client, "flow": call.flow}
    if signed is not None:
        record |= {"kid": signed.kid, "alg": signed.alg, "iat": signed.iat, "exp": signed.exp}
        record |= {"ttl_s": signed.ttl_s, "aud": signed.aud}
    record |= reply
    if around.correlation_id is not None:
        record["correlation_id"] = clean(str(around.correlation_id))[:_MAX_NAME]
    if around.retry:
        record["retry"] = True
    return record


def _round_trip(began: float, ended: float) -> float:
    return round(ended - began, 6)


def _short(value: object) -> str | None:
    return None if value is None else str(value)[:_MAX_NAME]
