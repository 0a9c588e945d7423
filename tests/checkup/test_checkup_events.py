"""The course of a checkup: what happens in which order, what is sent and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from threading import Event as Flag

import pytest

from jwtdoctor.checkup import events, examine, explain, explain_case
from jwtdoctor.errors import BadKey
from jwtdoctor.instruments.ports import Instruments
from jwtdoctor.model.case import Case
from jwtdoctor.model.clock import SourceRefused, TimeSample
from jwtdoctor.model.exchange import Exchange, NoReply, Reply, TokenRequest
from jwtdoctor.model.names import Outcome, Reach
from jwtdoctor.model.report import Concluded, Failed, Looked, ProbeEnded, ProbeStarted, Skipped
from jwtdoctor.model.secret import Secret
from jwtdoctor.testing import FixedClock, World


@dataclass(slots=True)
class Counting:
    """A transport that counts what is sent and answers with one exchange."""

    exchange: Exchange
    posted: list[TokenRequest] = field(default_factory=list)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        self.posted.append(request)
        return self.exchange

    def get(self, url: str, deadline_s: float) -> Exchange:
        return self.exchange


@dataclass(frozen=True, slots=True)
class Crashing:
    """A time source with a bug in it."""

    name: str = "ntp:buggy"

    def sample(self, timeout_s: float) -> TimeSample | SourceRefused:
        raise ZeroDivisionError("secret detail")


def world_with(exchange: Exchange) -> tuple[Case, Instruments, Counting]:
    world = World()
    transport = Counting(exchange)
    return world.case, replace(world.instruments, transport=transport), transport


def test_probes_start_and_end_before_the_report_is_concluded() -> None:
    world = World()

    seen = list(events(world.case, world.instruments))

    assert isinstance(seen[-1], Concluded)
    started = [e.probe for e in seen if isinstance(e, ProbeStarted)]
    ended = [e.outcome.probe for e in seen if isinstance(e, ProbeEnded)]
    assert set(started) <= set(ended)
    assert started[:2] == ["key", "assertion"]


def test_one_login_is_sent_and_counted() -> None:
    case, instruments, transport = world_with(Reply(400, {}, '{"error":"invalid_grant"}'))

    report = examine(case, instruments)

    assert len(transport.posted) == 1
    assert report.logins_used == 1


def test_a_login_that_may_have_arrived_is_counted_even_without_an_answer() -> None:
    case, instruments, _ = world_with(NoReply("read-timeout", "timed out", sent=True))

    report = examine(case, instruments)

    assert report.logins_used == 1
    assert report.outcome is Outcome.UNREACHABLE


def test_a_login_that_never_left_is_not_counted() -> None:
    case, instruments, _ = world_with(NoReply("dns", "unknown host"))

    assert examine(case, instruments).logins_used == 0


def test_a_redirect_is_an_observation_and_is_not_followed() -> None:
    elsewhere = Reply(307, {"Location": "https://evil.example/token"}, "")
    case, instruments, transport = world_with(elsewhere)

    report = examine(case, instruments)

    assert len(transport.posted) == 1
    assert report.outcome is not Outcome.GRANTED


def test_closing_the_checkup_before_it_asks_sends_nothing() -> None:
    case, instruments, transport = world_with(Reply(200, {}, "{}"))
    course = events(case, instruments)
    assert isinstance(course, Iterator)

    next(course)
    course.close()  # type: ignore[attr-defined]

    assert transport.posted == []


def test_a_crash_of_a_probe_is_named_a_bug_and_hides_nothing_else() -> None:
    world = World("wrong-audience")
    instruments = replace(world.instruments, time_sources=(Crashing(),))

    report = examine(world.case, instruments)

    crashed = [p for p in report.probes if isinstance(p, Failed)]
    assert [p.probe for p in crashed] == ["clock"]
    assert crashed[0].is_bug
    assert "secret detail" not in crashed[0].reason
    assert report.leaders == ("wrong-audience",)


def test_probes_beyond_the_reach_are_skipped_with_a_reason() -> None:
    world = World()

    report = examine(replace(world.case, reach=Reach.LOCAL), world.instruments)

    skipped = {p.probe for p in report.probes if isinstance(p, Skipped)}
    assert {"clock", "path", "request"} <= skipped
    assert report.logins_used == 0


def test_a_probe_that_never_ends_is_left_behind_at_the_deadline() -> None:
    forever = Flag()

    @dataclass(frozen=True, slots=True)
    class Hanging:
        def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
            forever.wait(30)
            return NoReply("deadline", "")

        def get(self, url: str, deadline_s: float) -> Exchange:
            return NoReply("deadline", "")

    world = World()
    try:
        report = examine(world.case, replace(world.instruments, transport=Hanging()), timeout_s=0.1)
    finally:
        forever.set()

    assert any(isinstance(p, Failed) and p.probe == "request" for p in report.probes)


def test_a_flow_without_an_assertion_needs_no_key() -> None:
    world = World("healthy:client-credentials")

    report = examine(world.case, world.instruments)

    assert report.outcome is Outcome.GRANTED
    assert [p for p in report.probes if isinstance(p, Looked) and p.probe == "key"] == []


def test_a_damaged_key_is_the_callers_error() -> None:
    world = World()
    attempt = world.case.attempt
    assert attempt is not None
    broken = replace(attempt, key_pem=Secret("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"))

    with pytest.raises(BadKey):
        examine(replace(world.case, attempt=broken), world.instruments)


def test_what_the_endpoint_echoes_of_our_secrets_reaches_no_report() -> None:
    world = World("healthy:client-credentials")
    attempt = world.case.attempt
    assert attempt is not None
    assert attempt.client_secret is not None
    secret = attempt.client_secret.reveal()
    transport = Counting(Reply(400, {}, f'{{"error":"invalid_client","error_description":"bad {secret}"}}'))

    report = examine(world.case, replace(world.instruments, transport=transport))

    assert secret not in repr(report)


def test_a_case_without_an_attempt_is_only_explained() -> None:
    case = Case(
        flow="jwt-bearer", reply=Reply(400, {}, '{"error":"invalid_grant","error_description":"audience is invalid"}')
    )

    assert examine(case).leaders == explain_case(case).leaders == ("wrong-audience",)


def test_explain_takes_a_body_and_never_reads_this_machines_clock() -> None:
    report = explain('{"error":"invalid_grant","error_description":"audience is invalid"}', flow="jwt-bearer")

    assert report.leaders == ("wrong-audience",)
    assert report.at is None


def test_the_provider_is_recognised_where_nobody_named_it() -> None:
    assert explain("AADSTS700024: Client assertion is not within its valid time range.").provider == "entra"
    assert explain('{"error":"invalid_grant"}').provider == "salesforce"


def test_the_simulated_clock_stands_still() -> None:
    clock = FixedClock(10.0)

    clock.advance(5)

    assert clock.now() == 15.0
