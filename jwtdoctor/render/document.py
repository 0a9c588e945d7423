"""The report as plain data: the document of the contract (`jwtdoctor.report/1`)."""

from __future__ import annotations

from typing import Any

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.about import TOOL
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.facts import Value
from jwtdoctor.model.margins import Edge, Margins
from jwtdoctor.model.report import (
    REPORT_SCHEMA,
    Evidence,
    Failed,
    Looked,
    ProbeOutcome,
    Question,
    Report,
    Skipped,
    Verdict,
)


def document(report: Report) -> dict[str, Any]:
    """A JSON-ready mapping. Every text that came from outside is cleaned of secrets and escapes."""
    return {
        "schema": REPORT_SCHEMA,
        "tool": TOOL,
        "command": report.command,
        "at": report.at,
        "took_s": report.took_s,
        "case": None if report.case is None else clean(report.case),
        "profile": None if report.profile is None else clean(report.profile),
        "provider": report.provider,
        "flow": report.flow,
        "outcome": report.outcome.value,
        "logins_used": report.logins_used,
        "leaders": list(report.leaders),
        "verdicts": [_verdict(v) for v in report.verdicts],
        "questions": [_question(q) for q in report.questions],
        "claims": [
            {"claim": c.claim, "verdict": c.verdict, "because": c.because, "sources": list(c.sources)}
            for c in report.claims
        ],
        "findings": [finding_document(f) for f in report.findings],
        "probes": [_probe(p) for p in report.probes],
        "clocks": [clock_document(c) for c in report.clocks],
        "margins": None if report.margins is None else margins_document(report.margins),
        "facts": facts_document(report.chart),
        "warnings": [clean(w) for w in report.warnings],
    }


def facts_document(chart: Chart) -> dict[str, Any]:
    """The observations by name, sorted."""
    return {name: _observation(seen) for name, seen in sorted(chart.observations.items())}


def finding_document(finding: Finding) -> dict[str, Any]:
    """The keys of the contract; what a rule of `lint` says beyond them follows where it says it."""
    document: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity,
        "where": clean(finding.where),
        "message": clean(finding.message),
        "remedy": finding.remedy,
    }
    if finding.sureness is not None:
        document |= {"title": finding.title, "sureness": finding.sureness.value, "sources": list(finding.sources)}
        document |= {"leads_to": list(finding.leads_to), "fingerprint": finding.fingerprint}
    return document


def margins_document(margins: Margins) -> dict[str, Any]:
    """Seconds; a negative room is an edge that was passed."""
    return {
        "left_s": round(margins.left_s, 3),
        "tolerated_s": margins.tolerated_s,
        "tolerance_sureness": None if margins.tolerance_sureness is None else margins.tolerance_sureness.value,
        "judged_by": margins.judged_by,
        "bound_s": round(margins.bound_s, 3),
        "slow": _edge(margins.slow),
        "fast": None if margins.fast is None else _edge(margins.fast),
        "fast_note": margins.fast_note or None,
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "room_s": round(edge.room_s, 3),
        "rule": edge.rule,
        "because": edge.because,
        "sureness": edge.sureness.value,
        "sources": list(edge.sources),
    }


def clock_document(reading: ClockReading) -> dict[str, Any]:
    return {
        "source": reading.source,
        "ahead_s": reading.ahead_s,
        "low_s": reading.low_s,
        "high_s": reading.high_s,
        "standing": reading.standing,
        "reason": reading.reason,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "cause": verdict.cause,
        "title": verdict.title,
        "likelihood": verdict.likelihood.value,
        "score": verdict.score,
        "retryable": verdict.retryable,
        "evidence": [_evidence(e) for e in verdict.evidence],
        "remedy": [{"do": r.do, "command": r.command, "where": r.where, "url": r.url} for r in verdict.remedy],
        "confirm": verdict.confirm,
        "shows_in": verdict.shows_in,
        "references": list(verdict.references),
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "fact": evidence.fact,
        "observed": _value(evidence.observed),
        "standing": evidence.standing.value,
        "weight": evidence.weight,
        "because": evidence.because,
        "sureness": evidence.sureness.value,
        "sources": list(evidence.sources),
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "fact": question.fact,
        "ask": question.ask,
        "answers": list(question.answers),
        "separates": list(question.separates),
        "command": question.command,
    }


def _probe(outcome: ProbeOutcome) -> dict[str, Any]:
    match outcome:
        case Looked(probe, took_s):
            return {"probe": probe, "outcome": "looked", "reason": None, "took_s": round(took_s, 3)}
        case Skipped(probe, reason):
            return {"probe": probe, "outcome": "skipped", "reason": clean(reason), "took_s": 0.0}
        case Failed(probe, reason, took_s, _):
            return {"probe": probe, "outcome": "failed", "reason": clean(reason), "took_s": round(took_s, 3)}


def _observation(seen: Observation) -> dict[str, Any]:
    row: dict[str, Any] = {"value": _value(seen.value), "source": seen.source}
    if seen.uncertainty is not None:
        row["uncertainty"] = seen.uncertainty
    return row


def _value(value: Value | None) -> Any:
    if isinstance(value, tuple):
        return [clean(item) for item in value]
    return clean(value) if isinstance(value, str) else value
