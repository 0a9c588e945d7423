"""What a checkup concludes, and the events on the way there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.facts import Value
from jwtdoctor.model.margins import Margins
from jwtdoctor.model.names import Likelihood, Outcome, Standing, Sureness
from jwtdoctor.model.provider import Claim

REPORT_SCHEMA = "jwtdoctor.report/1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation, and what it does to one verdict. `weight` is signed; echo and unknown weigh 0."""

    fact: str
    observed: Value | None
    standing: Standing
    weight: int
    because: str
    sureness: Sureness
    sources: tuple[str, ...] = ()
    witness: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A cause with all its evidence. `score` is the sum of the weights."""

    cause: str
    title: str
    likelihood: Likelihood
    score: int
    retryable: bool
    evidence: tuple[Evidence, ...]
    remedy: tuple[Remedy, ...]
    confirm: str
    shows_in: str
    references: tuple[str, ...]
    explanation: str = ""
    headline: str = ""
    """What was seen in this case, in place of the title; empty where the title says as much."""


@dataclass(frozen=True, slots=True)
class Question:
    """An unobserved fact that would separate the leaders. `command` answers it without a person, if one can."""

    fact: str
    ask: str
    answers: tuple[str, ...]
    separates: tuple[str, ...]
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A probe that did its work. `took_s` seconds."""

    probe: str
    took_s: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """A probe that was not run, and why."""

    probe: str
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A probe that could not do its work. `is_bug`: the fault is in jwtdoctor and not in the patient."""

    probe: str
    reason: str
    took_s: float
    is_bug: bool = False


ProbeOutcome = Looked | Skipped | Failed


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """A moment to draw. `at_s` is epoch seconds on the named clock."""

    label: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """How the assertion's window lies against the clocks, all in true epoch seconds where known.

    `start_s`/`end_s`: the window as signed, read on the local clock. `local_now_s`, `server_now_s`: the moment of
    the request on both clocks; `server_now_s` None where the server's clock was not seen.
    """

    start_s: float
    end_s: float
    local_now_s: float
    server_now_s: float | None
    start_is_iat: bool
    local_seen: bool = True
    """Whether the local clock was compared with anything; else `local_now_s` is no more than true time."""
    server_seen: bool = True
    """Whether the server's clock was seen; else `server_now_s` is true time, from time servers."""
    true_now_s: float | None = None
    """The moment of the request by true time, where time servers told it."""


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that somebody has decided to live with: in the source itself, or outside of it (`external`)."""

    finding: Finding
    kind: Literal["inSource", "external"]
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of `check` and `explain` (schema `jwtdoctor.report/1`)."""

    command: str
    at: float | None
    took_s: float
    provider: str
    flow: str | None
    outcome: Outcome
    logins_used: int
    leaders: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    questions: tuple[Question, ...] = ()
    claims: tuple[Claim, ...] = ()
    findings: tuple[Finding, ...] = ()
    probes: tuple[ProbeOutcome, ...] = ()
    clocks: tuple[ClockReading, ...] = ()
    chart: Chart = field(default_factory=Chart)
    """Observed facts only; derived ones are left out, since they are derived again."""
    warnings: tuple[str, ...] = ()
    case: str | None = None
    profile: str | None = None
    timeline: Timeline | None = None
    clock_note: str = ""
    host: str = ""
    margins: Margins | None = None
    """How long the assertion stays acceptable on the judging clock, and what drift would break it."""
    reply: Reply | None = None
    """The answer itself, its own secrets taken out; not part of the document."""
    flows: tuple[str, ...] = ()
    """Those of the provider, to ask which of them it was; not part of the document."""
    suppressed: tuple[Suppressed, ...] = ()
    """Findings that do not count, each with its reason."""

    def verdict(self, cause: str) -> Verdict | None:
        return next((v for v in self.verdicts if v.cause == cause), None)

    def with_command(self, command: str) -> Report:
        return replace(self, command=command)


@dataclass(frozen=True, slots=True)
class ProbeStarted:
    """A probe begins. `at_s` seconds since the checkup began."""

    probe: str
    at_s: float
    plan: tuple[str, ...] = ()
    """Of `retry`: every further request that may be sent, each told before any of them leaves."""


@dataclass(frozen=True, slots=True)
class ProbeEnded:
    """A probe ended, with what it saw in one line."""

    outcome: ProbeOutcome
    saw: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Concluded:
    """The verdict stands."""

    report: Report


Event = ProbeStarted | ProbeEnded | Concluded
