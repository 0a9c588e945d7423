"""What an audit comes to: the facts of the org weighed like any others, and a report of the usual shape. Pure.

A login that failed has left a row, and then the report says why it did fail. Without one nothing was refused, and the
report says what would refuse it: only causes that the org's own settings speak for strongly, since the general
likelihood of a fault is no reason to accuse a set-up that nobody has seen fail.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.names import Outcome, Standing, Sureness
from jwtdoctor.model.report import Question, Report, Verdict
from jwtdoctor.org.audit import Audited
from jwtdoctor.org.risks import Risks
from jwtdoctor.reasoning.conclude import Seen, conclude

STRONG = 10
"""Decibans: what one `strong` clue weighs."""
PROVIDER = "salesforce"


def report_of(
    audited: Audited,
    knowledge: Knowledge,
    *,
    flow: str | None,
    at: float,
    known: Iterable[Observation] = (),
    profile: str | None = None,
    took_s: float = 0.0,
    warnings: tuple[str, ...] = (),
    not_known: frozenset[str] = frozenset(),
) -> Report:
    """The report. `known`: what was observed besides, which the org's facts do not replace; `at` true epoch seconds."""
    chart = Chart.of(audited.observations).plus(known)
    did_fail = "login_history.status" in chart or "reply.status" in chart or "reply.error" in chart
    report = conclude(
        Seen(
            chart=chart,
            provider=PROVIDER,
            flow=flow,
            at=at,
            warnings=warnings,
            profile=profile,
            command="audit",
            took_s=took_s,
            asked=did_fail,
            not_known=not_known,
        ),
        knowledge,
    )
    report = joined(report, audited)
    return report if did_fail else _would_fail(report)


def joined(report: Report, audited: Audited) -> Report:
    """A diagnosis in which the org's facts were weighed already, with the audit's findings and what was not visible."""
    rank = ("error", "warning", "note")
    found = sorted((*report.findings, *audited.findings), key=lambda finding: rank.index(finding.severity))
    questions = tuple(map(_for_a_person, report.questions))
    return replace(report, command="audit", findings=tuple(found), probes=audited.outcomes, questions=questions)


def _for_a_person(question: Question) -> Question:
    """What an audit asks, this one could not see: another one would not either."""
    is_ours = question.command is not None and question.command.startswith("jwtdoctor audit")
    return replace(question, command=None) if is_ours else question


def _would_fail(report: Report) -> Report:
    """Nobody has seen it fail: what leads must be spoken for by something that was seen."""
    spoken_for = tuple(verdict for verdict in report.verdicts if _is_spoken_for(verdict))
    accused = tuple(verdict.cause for verdict in spoken_for if verdict.cause in report.leaders)
    if not accused:
        spoken_for = ()
    outcome = report.outcome if report.outcome is Outcome.GRANTED else Outcome.NOT_ASKED
    return replace(
        report,
        verdicts=spoken_for,
        leaders=accused,
        questions=report.questions if accused else (),
        claims=report.claims if accused else (),
        outcome=outcome,
    )


def _is_spoken_for(verdict: Verdict) -> bool:
    """By something strong that is more than a guess of ours: nobody has seen a failure that the guess would explain."""
    return any(
        e.standing is Standing.FOR and e.weight >= STRONG and e.sureness is not Sureness.INFERRED
        for e in verdict.evidence
    )


def report_of_risks(seen: Risks, *, at: float, profile: str | None = None, took_s: float = 0.0) -> Report:
    """The report of `audit --apps`: findings, and what was not visible. It makes no diagnosis."""
    return Report(
        command="audit --apps",
        at=at,
        took_s=took_s,
        provider=PROVIDER,
        flow=None,
        outcome=Outcome.NOT_ASKED,
        logins_used=0,
        leaders=(),
        verdicts=(),
        findings=seen.findings,
        probes=seen.outcomes,
        profile=profile,
    )
