"""The report as JUnit XML, so that CI shows the cause by its name.

One suite a report; in it one test case for the verdict, one a probe, one a finding. What fails there is what the exit
code counts: a refusal, an unreachable host, an error-level finding; and a fault of jwtdoctor itself. A probe that could
not do its work (NTP is blocked) is skipped with its reason. A suite is never empty, since some CI takes a file without
a test case for a broken run. JUnit has no standard of its own; this keeps to what Jenkins's schema allows, the
strictest of those in use, and says times in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Failed, Looked, ProbeOutcome, Report
from jwtdoctor.render.text import text
from jwtdoctor.render.words import headline, one_line

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class TestCase:
    """A row of the suite. `what` is the failure's type, its message or reason is `said`, `body` the rest."""

    __test__ = False

    group: str
    name: str
    state: Literal["passed", "failed", "skipped"]
    took_s: float = 0.0
    what: str = ""
    said: str = ""
    body: str = ""


def junit(*reports: Report) -> str:
    """A `testsuites` document with one suite a report."""
    suites = [(report, tuple(_cases(report)) or (_clean(report),)) for report in reports]
    root = Element("testsuites", {"name": "jwtdoctor", **_counts([case for _, cases in suites for case in cases])})
    for report, cases in suites:
        about = {"name": _suite_name(report), **_counts(cases), **_moment(report.at)}
        suite = SubElement(root, "testsuite", about)
        for case in cases:
            _write(suite, case)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite_name(report: Report) -> str:
    of = one_line(report.profile or report.case or report.host, 100)
    return _allowed(" ".join(part for part in ("jwtdoctor", report.command, of) if part))


def _counts(cases: Sequence[TestCase]) -> dict[str, str]:
    """`time` is the longest, not the sum: probes run side by side."""
    states = [case.state for case in cases]
    took_s = max((case.took_s for case in cases), default=0.0)
    return {
        "tests": str(len(states)),
        "failures": str(states.count("failed")),
        "errors": "0",
        "skipped": str(states.count("skipped")),
        "time": f"{took_s:.3f}",
    }


def _moment(at: float | None) -> dict[str, str]:
    try:
        said = None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, OSError, ValueError):
        said = None
    return {} if said is None else {"timestamp": said}


def _cases(report: Report) -> Iterator[TestCase]:
    speaks_of_a_login = bool(report.leaders) or report.outcome is Outcome.REFUSED  # an audit may find nothing wrong
    if report.command in ("check", "explain") or (report.command == "audit" and speaks_of_a_login):
        yield _token(report)
    for probe in report.probes:
        yield _probe(report, probe)
    for finding in report.findings:
        yield _finding(report, finding)


def _clean(report: Report) -> TestCase:
    """One row where there is nothing to tell: readers take a suite without any for a broken file."""
    return TestCase(f"jwtdoctor.{report.command}", "nothing to complain of", "passed", report.took_s)


def _token(report: Report) -> TestCase:
    """The verdict: its type is the cause, its body the whole report."""
    group, leading = f"jwtdoctor.{report.command}", [v for v in report.verdicts if v.cause in report.leaders]
    if report.outcome is Outcome.GRANTED:
        return TestCase(group, "token", "passed", report.took_s, body=text(report) if leading else "")
    if report.outcome is Outcome.NOT_ASKED and not leading:
        return TestCase(group, "token", "skipped", report.took_s, said="nothing was recognised")
    said = "; or: ".join(headline(report, v) for v in leading[:2]) or "No known cause fits"
    more = f", or {len(leading) - 2} more" if len(leading) > 2 else ""
    what = leading[0].cause if len(leading) == 1 else "tie" if leading else report.outcome.value
    return TestCase(group, "token", "failed", report.took_s, what, said + more, text(report))


def _probe(report: Report, probe: ProbeOutcome) -> TestCase:
    group = f"jwtdoctor.{report.command}.probe"
    if isinstance(probe, Looked):
        return TestCase(group, probe.probe, "passed", probe.took_s)
    if isinstance(probe, Failed) and probe.is_bug:
        return TestCase(group, probe.probe, "failed", probe.took_s, "bug", probe.reason)
    took_s = probe.took_s if isinstance(probe, Failed) else 0.0
    return TestCase(group, probe.probe, "skipped", took_s, said=probe.reason)


def _finding(report: Report, finding: Finding) -> TestCase:
    """An error fails; of the others only the words are kept."""
    group, name = f"jwtdoctor.{report.command}.{finding.rule}", one_line(finding.where or finding.rule, 200)
    body = one_line(f"{finding.severity}: {finding.message}. {finding.remedy}".rstrip(". "), 1000)
    if finding.severity == "error":
        return TestCase(group, name, "failed", what=finding.rule, said=one_line(finding.message), body=body)
    return TestCase(group, name, "passed", body=body)


def _write(suite: Element, case: TestCase) -> None:
    row = SubElement(
        suite, "testcase", classname=_allowed(case.group), name=_allowed(case.name), time=f"{case.took_s:.3f}"
    )
    if case.state == "skipped":
        SubElement(row, "skipped", message=_allowed(one_line(case.said)))
    elif case.state == "failed":
        failure = SubElement(row, "failure", type=_allowed(case.what), message=_allowed(one_line(case.said)))
        failure.text = _allowed(case.body)
    elif case.body:
        SubElement(row, "system-out").text = _allowed(case.body)


def _allowed(value: str) -> str:
    return _NOT_XML.sub("?", value)
