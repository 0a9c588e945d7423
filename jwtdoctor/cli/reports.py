"""How `check` and `explain` answer: one report in the form asked for, and the exit code that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jwtdoctor.cli.common import NOTHING_LEARNT, OK, REFUSED, Common, one_line
from jwtdoctor.config.kept import keep_last, last_case
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report

FORMATS = ("text", "json", "junit", "sarif", "markdown", "html")

__all__ = ["FORMATS", "as_line", "exit_code", "keep_last", "last_case", "rendered", "rendered_together", "titled"]


def rendered(common: Common, report: Report) -> str:
    """The report in the form of `--format`."""
    from importlib import import_module

    module = import_module(f"jwtdoctor.render.{common.format}")
    if common.format != "text":
        return str(getattr(module, common.format)(report))
    shows = common.streams
    return str(module.text(report, width=shows.width, colour=shows.colour, ascii=shows.ascii, verbose=common.verbose))


def rendered_together(common: Common, reports: Sequence[tuple[str, Report]]) -> str:
    """Several reports in the form of `--format`, each under the name of its input."""
    from importlib import import_module

    if common.format == "json":
        return "\n".join(as_line(report) for _, report in reports)
    if common.format == "text":
        return "\n".join(f"{titled(name)}\n{rendered(common, report)}" for name, report in reports)
    module = import_module(f"jwtdoctor.render.{common.format}")
    return str(getattr(module, common.format)(*(_named(report, name) for name, report in reports)))


def as_line(report: Report) -> str:
    """The document of a report in one line, without the line break."""
    from jwtdoctor.render.json import json

    return json(report, one_line=True).rstrip("\n")


def _named(report: Report, name: str) -> Report:
    """A report that says which input it answers."""
    return report if report.case else replace(report, case=one_line(name))


def exit_code(report: Report) -> int:
    """0 granted, 1 refused or an error found, 3 unreachable or nothing recognised (the contract's codes)."""
    if any(finding.severity == "error" for finding in report.findings):
        return REFUSED
    match report.outcome:
        case Outcome.GRANTED:
            return OK
        case Outcome.REFUSED:
            return REFUSED if report.leaders or _is_an_answer(report) else NOTHING_LEARNT
        case Outcome.UNREACHABLE:
            return NOTHING_LEARNT
        case Outcome.NOT_ASKED:
            return REFUSED if report.leaders else NOTHING_LEARNT


def _is_an_answer(report: Report) -> bool:
    """Whether a refusal was seen at all, and not only a text that nothing recognises."""
    return any(name in report.chart for name in ("reply.status", "reply.error", "login_history.status"))


def titled(title: str) -> str:
    """A heading between several reports."""
    return f"== {one_line(title)}"
