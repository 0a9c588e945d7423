"""The report as JUnit XML: one test case a probe, and one for the verdict, so that CI shows the cause by its name."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Failed, Report, Skipped
from jwtdoctor.render.text import text

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """A `testsuite` document."""
    cases: list[str] = []
    failures = 0
    for probe in report.probes:
        opening = f"<testcase classname={_quoted('jwtdoctor.probe')} name={_quoted(probe.probe)}"
        if isinstance(probe, Skipped):
            cases.append(f"{opening}><skipped message={_quoted(probe.reason)}/></testcase>")
        elif isinstance(probe, Failed):
            failures += 1
            cases.append(
                f"{opening} time={_quoted(f'{probe.took_s:.3f}')}><failure message={_quoted(probe.reason)}/></testcase>"
            )
        else:
            cases.append(f"{opening} time={_quoted(f'{probe.took_s:.3f}')}/>")
    opening = (
        f"<testcase classname={_quoted('jwtdoctor')} name={_quoted('token')} time={_quoted(f'{report.took_s:.3f}')}"
    )
    if report.outcome is Outcome.GRANTED:
        cases.append(opening + "/>")
    elif report.outcome is Outcome.NOT_ASKED:
        cases.append(opening + '><skipped message="nothing was asked"/></testcase>')
    else:
        failures += 1
        message = ", ".join(report.leaders) or "no known cause fits"
        cases.append(f"{opening}><failure message={_quoted(message)}>{_body(text(report))}</failure></testcase>")
    skipped = sum("<skipped" in case for case in cases)
    head = f'<testsuite name="jwtdoctor" tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>", ""])


def _quoted(value: str) -> str:
    return quoteattr(_NOT_XML.sub("?", value))


def _body(value: str) -> str:
    return escape(_NOT_XML.sub("?", value))
