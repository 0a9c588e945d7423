"""What a person answers becomes a fact, and the report is concluded anew from it. No login is made for that.

That nobody knows is an answer too: it is no fact, but the question goes and the next best one is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from jwtdoctor.checkup import named, seen_of
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.case import Case
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import VOCABULARY, Fact, Value, fits
from jwtdoctor.model.report import Report, Verdict
from jwtdoctor.reasoning.conclude import Seen, conclude

SOURCE = "user"
NOT_KNOWN = "unknown"
"""The answer that nobody knows, as `--fact NAME=unknown` takes it. No fact has such a value."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A report and what it was concluded from, to conclude anew from.

    A checkup adds to its conclusion: the findings of its probes, the fix of this very machine, the answer itself.
    None of that follows from facts, so it is carried over.
    """

    report: Report
    seen: Seen

    def with_answers(self, answers: Mapping[str, str], knowledge: Knowledge) -> Report:
        """The report of the same attempt with what was answered. Pure; no answer gives the same report."""
        if not answers:
            return self.report
        before = conclude(self.seen, knowledge)
        after = conclude(self._seen_with(answers), knowledge)
        added = tuple(finding for finding in self.report.findings if finding not in before.findings)
        verdicts = tuple(self._with_own_fix(verdict, before) for verdict in after.verdicts)
        return replace(after, verdicts=verdicts, findings=(*after.findings, *added), reply=self.report.reply)

    def _seen_with(self, answers: Mapping[str, str]) -> Seen:
        nobody_knows = frozenset(name for name, text in answers.items() if text == NOT_KNOWN)
        return replace(
            self.seen,
            chart=self.seen.chart.plus(observed(answers)),
            not_known=self.seen.not_known | nobody_knows,
        )

    def _with_own_fix(self, verdict: Verdict, before: Report) -> Verdict:
        mine, general = self.report.verdict(verdict.cause), before.verdict(verdict.cause)
        if mine is None or general is None or mine.remedy == general.remedy:
            return verdict
        return replace(verdict, remedy=mine.remedy)


def checked(report: Report) -> Basis:
    """The basis of what a checkup found."""
    seen = Seen(
        chart=report.chart,
        provider=report.provider,
        flow=report.flow,
        body="" if report.reply is None else report.reply.body,
        at=report.at,
        logins_used=report.logins_used,
        probes=report.probes,
        clocks=report.clocks,
        clock_note=report.clock_note,
        warnings=report.warnings,
        case=report.case,
        profile=report.profile,
        command=report.command,
        took_s=report.took_s,
        asked=report.logins_used > 0,
    )
    return Basis(report, seen)


def explained(case: Case, knowledge: Knowledge) -> Basis:
    """The basis of what was read from a text."""
    seen = seen_of(named(case, knowledge))
    return Basis(conclude(seen, knowledge), seen)


def observed(answers: Mapping[str, str]) -> Iterable[Observation]:
    """The answers as facts; what nobody knows, and what does not fit its fact, is left out."""
    for name, text in answers.items():
        value = value_of(VOCABULARY[name], text)
        if value is not None:
            yield Observation(name, value, SOURCE)


def value_of(fact: Fact, text: str) -> Value | None:
    """What was typed in the type of the fact; None where it does not fit, and where nobody knows."""
    text = text.strip()
    value: Value | None = text or None
    if text.lower() == NOT_KNOWN:
        return None
    if fact.kind == "bool":
        value = {"true": True, "yes": True, "false": False, "no": False}.get(text.lower())
    elif fact.kind == "number":
        value = _number(text)
    elif fact.kind == "list" and text:
        value = tuple(part.strip() for part in text.split(",") if part.strip())
    return value if value is not None and fits(fact, value) else None


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
