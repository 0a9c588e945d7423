"""What a person answers becomes a fact, and the report is concluded anew from it. No login is made for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Exchange, Reply
from jwtdoctor.model.facts import VOCABULARY, Fact, Value, fits
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.conclude import Seen, conclude

SOURCE = "user"


def seen_after(report: Report, exchange: Exchange | None) -> Seen:
    """What a checkup's report was concluded from: concluding from it again gives the same report."""
    return Seen(
        chart=report.chart,
        provider=report.provider,
        flow=report.flow,
        body=exchange.body if isinstance(exchange, Reply) else "",
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


def with_answers(seen: Seen, answers: Mapping[str, str], knowledge: Knowledge) -> Report:
    """The report of the same attempt with what was answered. Pure."""
    return conclude(replace(seen, chart=seen.chart.plus(observed(answers))), knowledge)


def observed(answers: Mapping[str, str]) -> Iterable[Observation]:
    """The answers as facts; what does not fit its fact is left out."""
    for name, text in answers.items():
        value = value_of(VOCABULARY[name], text)
        if value is not None:
            yield Observation(name, value, SOURCE)


def value_of(fact: Fact, text: str) -> Value | None:
    """What was typed in the type of the fact; None where it does not fit."""
    text = text.strip()
    value: Value | None = text or None
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
