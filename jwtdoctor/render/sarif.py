"""The report as SARIF 2.1.0: the leading causes and the findings as results, the causes as rules with their help.

A run is a report. A result of a diagnosis has no line in a file, so it names the host and the profile as a logical
location; a finding that says `PATH:LINE[:COL]` gets a physical one. `partialFingerprints` let a viewer know the same
trouble again on the next run. Of a tie of many, only the first few are results: each would become an alert of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from jwtdoctor.model.about import VERSION
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report, Suppressed, Verdict
from jwtdoctor.render.page import MOST_TIED
from jwtdoctor.render.words import LIKELIHOOD, headline, one_line

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_PLACE = re.compile(r"(?P<path>.+?):(?P<line>[1-9]\d{0,8})(?::(?P<column>[1-9]\d{0,8}))?\Z")


def sarif(*reports: Report) -> str:
    """A SARIF log (OASIS SARIF 2.1.0) with one run a report."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, n) for n, report in enumerate(reports)]}
    return json.dumps(log, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _run(report: Report, number: int) -> dict[str, Any]:
    leading = [v for v in report.verdicts if v.cause in report.leaders][:MOST_TIED]
    rules = {verdict.cause: _rule(verdict) for verdict in leading}
    for finding in (*report.findings, *(one.finding for one in report.suppressed)):
        rules.setdefault(finding.rule, _rule_of_finding(finding))
    places = {rule: index for index, rule in enumerate(rules)}
    results = [*(_of_verdict(report, v) for v in leading), *(_of_finding(f) for f in report.findings)]
    results += [_of_suppressed(one) for one in report.suppressed]
    driver = {"name": "jwtdoctor", "semanticVersion": VERSION, "rules": list(rules.values())}
    of = one_line(report.profile or report.case or report.host or str(number), 100)
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"jwtdoctor/{report.command}/{of}"},
        "invocations": [{"executionSuccessful": True, **_moment(report.at)}],
        "columnKind": "unicodeCodePoints",
        "results": [{**result, "ruleIndex": places[result["ruleId"]]} for result in results],
    }


def _moment(at: float | None) -> dict[str, str]:
    try:
        return {} if at is None else {"endTimeUtc": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    except (OverflowError, OSError, ValueError):
        return {}


def _rule(verdict: Verdict) -> dict[str, Any]:
    steps = [remedy.do.rstrip(".") for remedy in verdict.remedy]
    rule: dict[str, Any] = {
        "id": verdict.cause,
        "shortDescription": {"text": verdict.title},
        "help": {"text": "; ".join(steps) or verdict.title},
    }
    if verdict.explanation:
        rule["fullDescription"] = {"text": one_line(verdict.explanation, 1000)}
    if verdict.references:
        rule["helpUri"] = verdict.references[0]
    return rule


def _rule_of_finding(finding: Finding) -> dict[str, Any]:
    title = one_line(finding.title) or finding.rule.replace("-", " ")
    rule: dict[str, Any] = {"id": finding.rule, "shortDescription": {"text": title}}
    if finding.remedy:
        rule["help"] = {"text": one_line(finding.remedy)}
    return rule | ({"helpUri": finding.sources[0]} if finding.sources else {})


def _of_verdict(report: Report, verdict: Verdict) -> dict[str, Any]:
    """A token that was granted and does not work is a warning: nothing was refused."""
    tied = len(report.leaders)
    tie = f"; one of {tied} causes that the evidence does not separate" if tied > 1 else ""
    said = f"{headline(report, verdict)} ({LIKELIHOOD[verdict.likelihood]}, score {verdict.score}{tie})"
    where = one_line(report.host or report.profile or report.case or report.provider, 200)
    return {
        "ruleId": verdict.cause,
        "level": "warning" if report.outcome is Outcome.GRANTED else "error",
        "message": {"text": said},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": where, "kind": "resource"}]}],
        "partialFingerprints": {"cause/v1": _fingerprint(verdict.cause, where, report.flow or "")},
        "properties": {"likelihood": verdict.likelihood.value, "score": verdict.score},
    }


def _of_finding(finding: Finding) -> dict[str, Any]:
    message = one_line(finding.message)
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": message},
        "locations": [_location(finding.where)],
        "partialFingerprints": {
            "finding/v1": finding.fingerprint or _fingerprint(finding.rule, finding.where, message)
        },
        **({"properties": {"leadsTo": list(finding.leads_to)}} if finding.leads_to else {}),
    }


def _of_suppressed(suppressed: Suppressed) -> dict[str, Any]:
    """A result that a viewer shows as closed (SARIF 2.1.0 §3.35)."""
    why = {"kind": suppressed.kind, "status": "accepted", "justification": one_line(suppressed.reason, 500)}
    return {**_of_finding(suppressed.finding), "suppressions": [why]}


def _location(where: str) -> dict[str, Any]:
    place = _PLACE.match(where)
    if place is None:
        return {"logicalLocations": [{"fullyQualifiedName": one_line(where, 200) or "jwtdoctor"}]}
    region = {"startLine": int(place["line"])} | ({"startColumn": int(place["column"])} if place["column"] else {})
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place["path"])}, "region": region}}


def _uri(path: str) -> str:
    """A path as SARIF wants it: relative as it is, absolute as a file: URI; RFC 3986 characters only."""
    path = one_line(path, 1000).replace("\\", "/")
    encoded = quote(path, safe="/:" if re.match(r"[A-Za-z]:/", path) else "/")
    if path.startswith("/"):
        return f"file://{encoded}"
    return f"file:///{encoded}" if re.match(r"[A-Za-z]:/", path) else encoded


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
