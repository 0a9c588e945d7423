"""The report as SARIF 2.1.0: the leading causes and the findings as results, the causes as rules with their help."""

from __future__ import annotations

import json
from typing import Any

from jwtdoctor.model.about import VERSION
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report, Verdict
from jwtdoctor.render.words import LIKELIHOOD, headline, one_line

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}


def sarif(report: Report) -> str:
    """A SARIF log of one run (OASIS SARIF 2.1.0)."""
    leading = [v for v in report.verdicts if v.cause in report.leaders and report.outcome is not Outcome.GRANTED]
    run = {
        "tool": {"driver": {"name": "jwtdoctor", "version": VERSION, "rules": [_rule(v) for v in leading]}},
        "results": [*(_of_verdict(report, v) for v in leading), *(_of_finding(f) for f in report.findings)],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(verdict: Verdict) -> dict[str, Any]:
    steps = "; ".join(remedy.do.rstrip(".") for remedy in verdict.remedy)
    rule: dict[str, Any] = {
        "id": verdict.cause,
        "shortDescription": {"text": verdict.title},
        "help": {"text": steps or verdict.title},
    }
    if verdict.references:
        rule["helpUri"] = verdict.references[0]
    return rule


def _of_verdict(report: Report, verdict: Verdict) -> dict[str, Any]:
    said = f"{headline(report, verdict)} ({LIKELIHOOD[verdict.likelihood]}, score {verdict.score})"
    return {"ruleId": verdict.cause, "level": "error", "message": {"text": said}}


def _of_finding(finding: Finding) -> dict[str, Any]:
    message = one_line(f"{finding.where}: {finding.message}")
    return {"ruleId": finding.rule, "level": _LEVELS[finding.severity], "message": {"text": message}}
