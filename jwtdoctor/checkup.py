"""One checkup: probes look, pure functions conclude. The command line, the interface and the library all call this.

    LOCAL ─▶ TIME ∥ PATH ∥ ENDPOINT ─▶ derive ─▶ weigh ─▶ questions ─▶ Concluded(report)
                 └▶ only with Reach.REPEAT: two further logins at most, announced first ─▶ weigh once more

Probes of one phase run side by side on daemon threads that feed one queue, and `events` yields from it: a check lasts
as long as its slowest probe. One deadline stands over all. Closing the generator sets a flag that is read just before
the credentialed send; a login that was sent is always counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from queue import Empty, Queue
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.ports import Instruments, OrgApi, OrgHints, Resources
from jwtdoctor.knowledge.load import Knowledge, load
from jwtdoctor.model.assertion import Assertion, Finding
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.clock import ClockReading, ClockVerdict, SyncState, TimeSample
from jwtdoctor.model.exchange import Exchange, Reply
from jwtdoctor.model.names import ASSERTION_FLOWS, Reach
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.report import (
    Concluded,
    Event,
    Failed,
    Looked,
    ProbeEnded,
    ProbeOutcome,
    ProbeStarted,
    Report,
    Skipped,
)
from jwtdoctor.model.secret import Secret
from jwtdoctor.reasoning.conclude import Seen, conclude
from jwtdoctor.reasoning.recognise import assumed, recognised
from jwtdoctor.reasoning.responses import texts_of
from jwtdoctor.reasoning.rules.table import is_loopback

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import PrivateKey
    from jwtdoctor.org.audit import Target
    from jwtdoctor.probes.retry import Experiment

DEADLINE_S = 30.0
REPLY_S = 20.0
ORG_S = 30.0
"""How much longer a checkup may last that reads the org too: two dozen requests, a few at a time."""
PERSON_S = 300.0
"""How much longer a checkup may last that waits for a person."""
ASSUMED = "nothing tells whose answer this is: Salesforce's rules are used; --provider NAME says otherwise"
FAILURES = ("path.failure", "path.failure_text", "path.tls_verify_code")
HOST_CLOCK_S = 5.0
"""For the requests that narrow the token host's `Date`."""


def explain(observed: str | bytes | Mapping[str, Any], **given: Any) -> Report:
    """The diagnosis from what someone already has: a body, a dump, log text, a URL, or a case as a mapping.

    Touches neither network nor clock. `provider` and `flow` may be given by name. Raises BadInput where the input is
    too large or is a damaged case file.
    """
    from jwtdoctor.intake.read import read

    knowledge = load()
    return explain_case(read(observed, known_providers=tuple(knowledge.providers), **given), knowledge)


def explain_case(case: Case, knowledge: Knowledge | None = None) -> Report:
    """The diagnosis of a case that was read. Pure but for the loading of the knowledge."""
    knowledge = knowledge or load()
    return conclude(seen_of(named(case, knowledge)), knowledge)


def named(case: Case, knowledge: Knowledge) -> Case:
    """The case with a provider: its own, or the one that its host, issuer, audience or words point to.

    Where that has one flow alone, it is the flow of a case that names none.
    """
    if not case.provider:
        seen = seen_of(case)
        texts = texts_of(seen.chart, seen.body, seen.text)
        found = recognised(seen.chart, texts, case.flow, knowledge)
        case = replace(case, provider=found or assumed(seen.chart))
        if found is None and case.provider != "generic" and texts.error:
            case = replace(case, warnings=(*case.warnings, ASSUMED))
    known = knowledge.providers.get(case.provider)
    only = known.flows if known is not None and len(known.flows) == 1 else ()
    return replace(case, flow=only[0]) if case.flow is None and only else case


def seen_of(case: Case) -> Seen:
    """What a recorded case holds, ready to be concluded from. Its facts come after those of its reply, and win."""
    from jwtdoctor.intake.reply_facts import observe_reply

    in_reply = () if case.reply is None else observe_reply(case.reply)
    chart = Chart.of(in_reply).plus(case.observations)
    return Seen(
        chart=chart,
        provider=case.provider,
        flow=case.flow,
        body="" if case.reply is None else case.reply.body,
        text=case.text or "",
        at=case.at,
        warnings=case.warnings,
        case=case.id,
        profile=case.profile,
        asked=bool(len(chart) or case.text),
        not_known=case.not_known,
    )


def examine(case: Case, instruments: Instruments | None = None, *, timeout_s: float = DEADLINE_S) -> Report:
    """The whole checkup of a case with an `attempt`; a case without one is only explained.

    Without `instruments` the real ones are used. Raises BadInput for a key or a setting that cannot be used.
    """
    report: Report | None = None
    for event in events(case, instruments, timeout_s=timeout_s):
        if isinstance(event, Concluded):
            report = event.report
    assert report is not None
    return report


def events(
    case: Case,
    instruments: Instruments | None = None,
    knowledge: Knowledge | None = None,
    *,
    timeout_s: float = DEADLINE_S,
) -> Iterator[Event]:
    """The checkup as it happens: probes starting and ending, then `Concluded` with the report."""
    knowledge = knowledge or load()
    if case.attempt is None:
        yield Concluded(explain_case(case, knowledge))
        return
    if instruments is None:
        from jwtdoctor.instruments.system import real_instruments

        instruments = real_instruments()
    yield from _Checkup(case, case.attempt, instruments, knowledge, timeout_s).events()


@dataclass(slots=True)
class _Notes:
    """What the probes of one checkup brought, as it comes in."""

    observations: list[Observation] = field(default_factory=list)
    outcomes: list[ProbeOutcome] = field(default_factory=list)
    clock: ClockVerdict | None = None
    sync: SyncState | None = None
    exchange: Exchange | None = None
    assertion: Assertion | None = None
    proof: Secret | None = None
    key: PrivateKey | None = None
    findings: list[Finding] = field(default_factory=list)
    issued_at: ClockReading | None = None
    date: TimeSample | None = None
    logins: int = 0


@dataclass(frozen=True, slots=True)
class _ClockSeen:
    """What the time sources and the operating system said."""

    verdict: ClockVerdict
    sync: SyncState | None


@dataclass(frozen=True, slots=True)
class _OrgSeen:
    """What the org behind the login gave besides facts: findings, and what was not visible."""

    findings: tuple[Finding, ...]
    unseen: tuple[ProbeOutcome, ...]


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a further login of `--prove` cost and showed."""

    logins: int
    granted: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Brought:
    """What one probe brings back: facts, one line about them, and the thing itself for later probes."""

    observations: tuple[Observation, ...]
    saw: str
    product: object = None
    skipped: str = ""


class _Checkup:
    """One run. State lives here and nowhere else."""

    def __init__(
        self, case: Case, attempt: Attempt, instruments: Instruments, knowledge: Knowledge, timeout_s: float
    ) -> None:
        from jwtdoctor.probes.dpop import prover_of

        self._case = case
        self._attempt, self._moved = _where_the_other_asks(attempt)
        self._instruments = instruments
        self._knowledge = knowledge
        self._provider: Provider = knowledge.provider_or_generic(case.provider)
        self._flow = case.flow or "jwt-bearer"
        self._began = monotonic()
        longer_s = (PERSON_S if self._waits_for_a_person() else 0.0) + (ORG_S if instruments.org is not None else 0.0)
        self._ends_at = self._began + timeout_s + longer_s
        self._prover = prover_of(attempt, instruments.clock.now, self._provider)
        self._cancelled = Flag()
        self._proved = False
        self._notes = _Notes()

    def _waits_for_a_person(self) -> bool:
        """Whether somebody logs in by browser meanwhile, which no time limit of ours may cut short."""
        given = {"authorization-code": self._attempt.code, "device": self._attempt.device_code}
        return self._instruments.person is not None and self._flow in given and given[self._flow] is None

    def events(self) -> Iterator[Event]:
        try:
            yield from self._look_for_conflicts()
            yield from self._local()
            yield from self._side_by_side(self._phase())
            yield from self._side_by_side(self._host_clock())
            yield from self._side_by_side(self._org())
            yield from self._use_token()
            yield from self._prove()
            yield Concluded(self._conclude())
        finally:
            self._cancelled.set()

    def _look_for_conflicts(self) -> Iterator[Event]:
        """What contradicts itself in the request: found before anything is sent, and no reason not to send it."""
        from jwtdoctor.probes.dpop import findings_of_key
        from jwtdoctor.probes.flows import conflicts

        netrc = self._instruments.netrc
        given = conflicts.Given(
            self._flow, self._attempt, self._provider, Chart.of(self._case.observations),
            None if netrc is None else netrc(_host_of(self._attempt.token_url)),
        )  # fmt: skip
        found = (*conflicts.conflicts(given), *findings_of_key(self._prover, self._provider), *self._moved)
        self._notes.findings.extend(found)
        self._notes.observations.extend(conflicts.observe(given))
        saw = ", ".join(f"{one.rule} ({one.severity})" for one in found) or "none"
        yield self._ended(Looked("conflicts", monotonic() - self._began), saw)

    # --- LOCAL: one after the other, since each needs the one before

    def _local(self) -> Iterator[Event]:
        if self._flow not in ASSERTION_FLOWS:
            reason = f"{self._flow} signs no assertion"
            for probe in ("key", "assertion"):
                yield self._ended(Skipped(probe, reason), reason)
            return
        from jwtdoctor.probes.local import look_at_key, make_assertion, observe_making, take_ready

        if self._attempt.ready_assertion is not None:
            self._notes.assertion = take_ready(self._attempt.ready_assertion, self._instruments.clock.now())
            yield self._ended(Looked("assertion", 0.0), "made elsewhere, sent as it is")
            if self._attempt.key_path is None and self._attempt.key_pem is None:
                return
        now = self._instruments.clock.now()
        yield self._started("key")
        started = monotonic()
        key = look_at_key(self._attempt, now)
        self._notes.observations.extend(key.observations)
        self._notes.key = key.key
        yield self._ended(Looked("key", monotonic() - started), key.saw)
        if self._attempt.ready_assertion is not None:
            return
        yield self._started("assertion")
        started = monotonic()
        made = make_assertion(self._attempt, self._provider, key.key, self._instruments.clock.now(), self._flow)
        self._notes.assertion = made.assertion
        self._notes.observations.extend(observe_making(self._attempt, made.assertion))
        yield self._ended(Looked("assertion", monotonic() - started), made.saw)

    # --- TIME ∥ PATH ∥ ENDPOINT

    def _side_by_side(self, phase: list[tuple[str, Callable[[], _Brought] | str]]) -> Iterator[Event]:
        waiting: dict[str, float] = {}
        ended: Queue[tuple[str, _Brought | Failed]] = Queue()
        for probe, look in phase:
            if isinstance(look, str):
                yield self._ended(Skipped(probe, look), look)
                continue
            waiting[probe] = monotonic()
            Thread(target=_run, args=(probe, look, ended), daemon=True, name=f"jwtdoctor {probe}").start()
            yield self._started(probe)
        while waiting:
            left_s = self._ends_at - monotonic()
            try:
                probe, brought = ended.get(timeout=max(left_s, 0.0) + 0.5)
            except Empty:
                break
            started = waiting.pop(probe)
            if isinstance(brought, Failed):
                yield self._ended(brought, brought.reason)
                continue
            self._keep(brought)
            outcome = Skipped(probe, brought.skipped) if brought.skipped else Looked(probe, monotonic() - started)
            yield self._ended(outcome, brought.saw)
        for probe, started in waiting.items():
            yield self._ended(Failed(probe, "did not end before the deadline", monotonic() - started), "deadline")

    def _phase(self) -> list[tuple[str, Callable[[], _Brought] | str]]:
        """Each probe of the phase, or why it is skipped."""
        tools, reach = self._instruments, self._case.reach
        clock: Callable[[], _Brought] | str = self._look_at_clock
        if not tools.time_sources:
            clock = tools.time_skipped or "no time server was named"
        elif reach < Reach.TIME:
            clock = "only local probes were allowed"
        path: Callable[[], _Brought] | str = self._look_at_path
        if tools.path is None:
            path = "this way to the host is simulated"
        elif reach < Reach.ENDPOINT:
            path = "the token host was not to be asked"
        request: Callable[[], _Brought] | str = self._ask
        if reach < Reach.ENDPOINT:
            request = "the token host was not to be asked"
        return [("clock", clock), ("path", path), ("request", request)]

    def _look_at_clock(self) -> _Brought:
        from jwtdoctor.probes.clock import ask_the_time, clock_line, observe_sync, sync_meanwhile
        from jwtdoctor.reasoning.clock import combine

        sync = sync_meanwhile(self._instruments.sync)
        verdict = combine(ask_the_time(self._instruments.time_sources, self._left_s()))
        state = sync(0.2)
        return _Brought(observe_sync(state), clock_line(verdict), _ClockSeen(verdict, state))

    def _host_clock(self) -> list[tuple[str, Callable[[], _Brought] | str]]:
        """The token host's `Date` more exactly, where time servers were silent or disagreed and the host answered."""
        narrow, clock = self._instruments.host_clock, self._notes.clock
        is_known = clock is not None and clock.interval is not None
        first = self._date_sample()
        if narrow is None or is_known or first is None:
            return []

        def look() -> _Brought:
            told = narrow(self._attempt.token_url, min(self._left_s(), HOST_CLOCK_S))
            if not isinstance(told, TimeSample):
                return _Brought((), told.reason, first)
            return _Brought((), f"± {told.bound_s:.2f} s against {told.source}", narrowed([first, told]))

        from jwtdoctor.instruments.date import narrow as narrowed

        return [("host-clock", look)]

    def _look_at_path(self) -> _Brought:
        assert self._instruments.path is not None
        seen = self._instruments.path.look(self._attempt.token_url, min(self._left_s(), 10.0))
        facts = {o.fact: o.value for o in seen}
        shown = [
            f"{name.removeprefix('path.')} {facts[name]}"
            for name in ("path.tls_issuer", "path.proxy", "path.failure")
            if name in facts
        ]
        return _Brought(seen, ", ".join(shown) or "open")

    def _ask(self) -> _Brought:
        from jwtdoctor.probes.request import ask_for_token

        asked = ask_for_token(
            self._flow, self._attempt, self._notes.assertion, self._instruments.transport,
            min(self._left_s(), REPLY_S), self._cancelled.is_set, None, self._instruments.person, self._provider,
            prover=self._prover, again=self._another_assertion,
        )  # fmt: skip
        return _Brought(asked.observations, asked.saw, asked, asked.skipped)

    def _keep(self, brought: _Brought) -> None:
        from jwtdoctor.probes.grant import TokenSeen
        from jwtdoctor.probes.request import Asked

        self._notes.observations.extend(brought.observations)
        if isinstance(brought.product, _ClockSeen):
            self._notes.clock = brought.product.verdict
            self._notes.sync = brought.product.sync
        elif isinstance(brought.product, TimeSample):
            self._notes.date = brought.product
        elif isinstance(brought.product, Asked):
            self._notes.exchange = brought.product.exchange
            self._notes.proof = brought.product.proof
            self._notes.logins += brought.product.logins
            self._notes.findings.extend(brought.product.findings)
        elif isinstance(brought.product, TokenSeen):
            self._notes.findings.extend(brought.product.findings)
            self._notes.issued_at = brought.product.clock or self._notes.issued_at
        elif isinstance(brought.product, _OrgSeen):
            self._notes.findings.extend(brought.product.findings)
            self._notes.outcomes.extend(brought.product.unseen)
        elif isinstance(brought.product, _Tried):
            self._notes.logins += brought.product.logins
            self._notes.findings.extend(brought.product.findings)
            self._proved = brought.product.granted

    # --- ORG: after the request, so that its row in Login History is there

    def _org(self) -> list[tuple[str, Callable[[], _Brought] | str]]:
        if self._instruments.org is None:
            return []
        if self._provider.slug != "salesforce":
            return [("org", "only orgs of Salesforce can be read")]
        return [("org", partial(self._read_org, self._instruments.org))]

    def _read_org(self, api: OrgApi) -> _Brought:
        from jwtdoctor.org.audit import audit, pairs_with
        from jwtdoctor.org.session import OrgSession

        at = self._moment(_ahead(self._clock_facts(self._date_sample())))
        now = self._instruments.clock.now() if at is None else at
        sent_at = now if self._notes.logins else None
        target = replace(target_of(self._attempt, self._flow, self._instruments.org_hints), since=sent_at)
        audited = audit(OrgSession(api, ends_at=self._ends_at), target, now)
        paired = pairs_with(self._notes.key, audited.certificate)
        unseen = tuple(outcome for outcome in audited.outcomes if not isinstance(outcome, Looked))
        # That the org could not be read is no fault of the login: the skipped probe says it.
        product = _OrgSeen(() if audited.ended else audited.findings, unseen)
        seen = (*audited.observations, *paired)
        return _Brought(seen, audited.ended or audited.saw, product, skipped=audited.ended)

    # --- what the token is good for

    def _use_token(self) -> Iterator[Event]:
        reply, resources = self._notes.exchange, self._instruments.resources
        if self._flow == "api-jwt":
            return  # the JWT was the token, and was tried
        if not isinstance(reply, Reply) or not any(
            o.fact == "reply.granted" and o.value for o in self._notes.observations
        ):
            return
        from jwtdoctor.probes.grant import look_at_grant
        from jwtdoctor.probes.token import try_token

        look: list[tuple[str, Callable[[], _Brought] | str]] = []

        def told() -> _Brought:
            seen = look_at_grant(reply, self._attempt, self._provider)
            return _Brought(seen.observations, seen.saw, seen)

        def tried(use: Resources) -> _Brought:
            seen = try_token(
                reply, self._attempt, self._provider, self._flow, use, self._left_s(),
                prove=self._another_assertion, known=Chart.of(self._case.observations), prover=self._prover,
            )  # fmt: skip
            return _Brought(seen.observations, seen.saw, seen)

        look.append(("grant", told))
        if resources is not None:
            look.append(("token", partial(tried, resources)))
        yield from self._side_by_side(look)

    def _another_assertion(self) -> Assertion | None:
        """One more assertion of the client, for a second request or one about its token: a `jti` is taken once."""
        from jwtdoctor.probes.local import make_assertion
        from jwtdoctor.probes.retry import afresh

        if self._notes.key is None or self._attempt.ready_assertion is not None:
            return None
        now = self._instruments.clock.now()
        return make_assertion(afresh(self._attempt), self._provider, self._notes.key, now, self._flow).assertion

    # --- REPEAT: only where it was asked for, and only what was announced

    def _prove(self) -> Iterator[Event]:
        if self._case.reach < Reach.REPEAT:
            return
        from jwtdoctor.probes.retry import plan

        before = self._conclude()
        planned = plan(before, self._attempt, self._provider, self._flow)
        if not planned.experiments:
            yield self._ended(Skipped("retry", planned.reason), planned.reason)
            return
        yield ProbeStarted("retry", monotonic() - self._began, planned.told)
        for experiment in planned.experiments:
            yield from self._side_by_side([("retry", partial(self._try, experiment, before.chart))])
            if self._proved:
                return

    def _try(self, experiment: Experiment, before: Chart) -> _Brought:
        from jwtdoctor.probes.local import make_assertion
        from jwtdoctor.probes.request import ask_for_token
        from jwtdoctor.probes.retry import result_of

        def signing_clock() -> float:
            return self._instruments.clock.now() - experiment.ahead_s

        assertion = None
        if self._notes.key is not None:
            made = make_assertion(experiment.attempt, self._provider, self._notes.key, signing_clock(), self._flow)
            assertion = made.assertion
        asked = ask_for_token(
            self._flow, experiment.attempt, assertion, self._instruments.transport,
            min(self._left_s(), REPLY_S), self._cancelled.is_set, experiment.host, None, self._provider,
            prover=None if self._prover is None else self._prover.at_time_of(signing_clock),
        )  # fmt: skip
        result = result_of(experiment, before, asked.observations)
        tried = _Tried(asked.logins, result.granted, result.findings)
        return _Brought(result.observations, f"{experiment.does}: {asked.saw}", tried, asked.skipped)

    # --- what follows

    def _conclude(self) -> Report:
        notes = self._notes
        date = self._date_sample()
        clock_facts = self._clock_facts(date)
        ahead_s = _ahead(clock_facts)
        at = self._moment(ahead_s)
        chart = (
            Chart.of(self._path_first())
            .plus(clock_facts)
            .plus(self._assertion_facts(at, ahead_s))
            .plus(self._case.observations)
        )
        reply = notes.exchange if isinstance(notes.exchange, Reply) else None
        report = conclude(
            Seen(
                chart=chart,
                provider=self._case.provider,
                flow=self._flow,
                body="" if reply is None else reply.body,
                at=at,
                logins_used=notes.logins,
                probes=tuple(notes.outcomes),
                clocks=(*(notes.clock.readings if notes.clock else ()), *_date_reading(date), *self._third_clock()),
                clock_note=notes.clock.note if notes.clock else "",
                warnings=(*self._case.warnings, *self._instruments.warnings),
                case=self._case.id,
                profile=self._case.profile,
                command="check",
                asked=notes.logins > 0,
                not_known=self._case.not_known,
            ),
            self._knowledge,
        )
        report = with_fix_of_this_machine(report, notes.sync)
        rank = ("error", "warning", "note")
        found = sorted((*report.findings, *notes.findings), key=lambda finding: rank.index(finding.severity))
        report = replace(report, findings=tuple(found))
        return replace(report, reply=reply, took_s=round(monotonic() - self._began, 3))

    def _third_clock(self) -> tuple[ClockReading, ...]:
        """`issued_at` of the grant beside the time servers: it dissents where it lies a second outside of theirs."""
        told, verdict = self._notes.issued_at, self._notes.clock
        if told is None or told.low_s is None or told.high_s is None:
            return ()
        if verdict is None or verdict.interval is None:
            return (told,)
        outside = told.low_s > verdict.interval.high_s + 1.0 or told.high_s < verdict.interval.low_s - 1.0
        return (replace(told, standing="dissents" if outside else "agrees"),)

    def _path_first(self) -> list[Observation]:
        """The request's own sighting replaces that of the path probe, which ran beside it.

        Where the request was answered, a failure of the path probe was one of its own time, and tells nothing.
        """
        order = ("path",)
        seen = self._notes.observations
        if isinstance(self._notes.exchange, Reply):
            seen = [o for o in seen if o.source != "path" or o.fact not in FAILURES]
        return sorted(seen, key=lambda o: o.source not in order)

    def _date_sample(self) -> TimeSample | None:
        from jwtdoctor.instruments.date import sample_of

        if self._notes.date is not None:
            return self._notes.date
        if not isinstance(self._notes.exchange, Reply):
            return None
        sample = sample_of(self._notes.exchange, _host_of(self._attempt.token_url))
        return sample if isinstance(sample, TimeSample) else None

    def _clock_facts(self, date: TimeSample | None) -> tuple[Observation, ...]:
        from jwtdoctor.reasoning.clock import combine, observe_clock

        return observe_clock(self._notes.clock or combine([]), date)

    def _moment(self, ahead_s: float | None) -> float | None:
        """True time at which the request was sent; None where neither time servers nor `Date` told it."""
        if ahead_s is None:
            return None
        sent_at = self._notes.exchange.sent_at if isinstance(self._notes.exchange, Reply) else None
        local = self._instruments.clock.now() if sent_at is None else sent_at
        return local - ahead_s

    def _assertion_facts(self, at: float | None, ahead_s: float | None) -> tuple[Observation, ...]:
        """What the assertion and the DPoP proof say, their times against true time."""
        from jwtdoctor.assertions.decode import observe_parameter
        from jwtdoctor.assertions.dpop import Beside, observe_proof

        assertion, proof = self._notes.assertion, self._notes.proof
        signed = () if assertion is None else observe_parameter(assertion.token.reveal(), at=at, ahead_s=ahead_s or 0.0)
        return (*signed, *(() if proof is None else observe_proof(proof.reveal(), Beside(), at=at)))

    def _left_s(self) -> float:
        return max(0.1, self._ends_at - monotonic())

    def _started(self, probe: str) -> ProbeStarted:
        return ProbeStarted(probe, monotonic() - self._began)

    def _ended(self, outcome: ProbeOutcome, saw: str) -> ProbeEnded:
        self._notes.outcomes.append(outcome)
        return ProbeEnded(outcome, saw, monotonic() - self._began)


def target_of(attempt: Attempt, flow: str | None, hints: OrgHints) -> Target:
    """What an audit looks for in the org behind a login."""
    from jwtdoctor.org.audit import Target

    return Target(
        client_id=attempt.client_id,
        username=attempt.username,
        flow=flow,
        app=hints.app,
        caller_ip=hints.caller_ip,
        redirect_uri=attempt.redirect_uri,
    )


def _where_the_other_asks(attempt: Attempt) -> tuple[Attempt, tuple[Finding, ...]]:
    """In another client's shoes the request goes where that client sends it, and that is told.

    A listener on loopback plays the host that was named, so there the URL stays.
    """
    if attempt.as_client is None or is_loopback(_host_of(attempt.token_url)):
        return attempt, ()
    from jwtdoctor.assertions.clients import client_named, url_as

    client = client_named(attempt.as_client)
    url = url_as(client, attempt.token_url)
    if url == attempt.token_url:
        return attempt, ()
    message = f"as {client.title} does, the request goes to {_host_of(url)} and not to {_host_of(attempt.token_url)}"
    finding = Finding("client-asks-elsewhere", "note", "url", message, "", (client.source,))
    return replace(attempt, token_url=url), (finding,)


def with_fix_of_this_machine(report: Report, sync: SyncState | None) -> Report:
    """The report with the command that sets the clock right *here* in the place of the general ones."""
    if sync is None or sync.fix is None or "clock-drift" not in report.leaders:
        return report
    here = Remedy(f"Set the clock now{f' ({sync.detail})' if sync.detail else ''}.", command=sync.fix)
    verdicts = tuple(
        replace(v, remedy=(here, *(r for r in v.remedy if r.command is None or "jwtdoctor" in r.command)))
        if v.cause == "clock-drift"
        else v
        for v in report.verdicts
    )
    return replace(report, verdicts=verdicts)


def _run(probe: str, look: Callable[[], _Brought], ended: Queue[tuple[str, _Brought | Failed]]) -> None:
    """Runs one probe on its own thread. The only broad `except`: a crash of ours must not hide what others saw."""
    started = monotonic()
    try:
        ended.put((probe, look()))
    except BadInput as problem:
        ended.put((probe, Failed(probe, str(problem), monotonic() - started)))
    except Exception as bug:  # noqa: BLE001
        reason = f"this is a bug in jwtdoctor: {type(bug).__name__}"
        with suppress(Exception):
            reason += f" at {_place_of(bug)}"
        ended.put((probe, Failed(probe, reason, monotonic() - started, is_bug=True)))


def _place_of(bug: BaseException) -> str:
    """The module and line of a crash, without its message, which may quote a secret."""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"


def _ahead(facts: tuple[Observation, ...]) -> float | None:
    """The local clock's error: against true time where it was measured, else against the host's `Date`."""
    chart = Chart.of(facts)
    measured = chart.number("clock.ahead_s")
    return chart.number("reply.date_ahead_s") if measured is None else measured


def _date_reading(date: TimeSample | None) -> tuple[ClockReading, ...]:
    if date is None:
        return ()
    return (ClockReading(date.source, "agrees", date.ahead_s, date.low_s, date.high_s),)


def _host_of(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url).hostname or ""
