"""What `lint` says to a person: the files that have something, the worst first, and in each its findings by line.

Notes are many in a real repository. Of one rule the first few are shown and the others counted, unless `verbose`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.report import Report
from jwtdoctor.render.page import Page, Row, Section
from jwtdoctor.render.words import one_line

SIGNS = {"error": "✗", "warning": "!", "note": "·"}
MOST_NOTES = 3
"""Notes of one rule that are shown."""


def lint_page(
    report: Report, read: Mapping[str, int], addresses: Sequence[tuple[str, str]] = (), *, verbose: bool = False
) -> Page:
    """The page of a lint run. `read`: how many files of each metadata type there were.

    `addresses`: for each flow, which addresses may call, of the app that was asked for.
    """
    counts = Counter[str](finding.severity for finding in report.findings)
    errors, warnings, notes = (counts[kind] for kind in SIGNS)
    mark = "bad" if errors else "note" if warnings else "ok"
    word = "ERRORS" if errors else "WARNINGS" if warnings else "CLEAN"
    if not read and not report.findings:
        mark, word = "note", "NOT READ"
    told = [_counted(n, kind) for n, kind in ((errors, "error"), (warnings, "warning"), (notes, "note")) if n]
    if suppressed := len(report.suppressed):
        told.append(f"{suppressed} suppressed")
    sections = [_facts(report), _addresses(addresses), *_by_file(report.findings, verbose)]
    sections += [_explained(report.findings), _causes(report.findings)]
    if verbose:
        sections.append(_suppressed(report))
    sections.append(Section("Warnings", tuple(Row(clean(text), "!") for text in report.warnings)))
    statement = ", ".join(told) or ("nothing here that lint knows" if word == "NOT READ" else "nothing to complain of")
    return Page(mark, word, statement, "", "", _about(read), tuple(one for one in sections if one.rows))


def _facts(report: Report) -> Section:
    """What the metadata of the app that was asked for tells a diagnosis."""
    rows = (Row(_value(one), name=one.fact) for one in sorted(report.chart, key=lambda one: one.fact))
    return Section("Facts", tuple(rows))


def _addresses(rules: Iterable[tuple[str, str]]) -> Section:
    flows: dict[str, list[str]] = {}
    for flow, words in rules:
        flows.setdefault(words, []).append(flow)
    rows = (Row(f"{', '.join(names)}: {words}", "·") for words, names in flows.items())
    return Section("Which addresses may call", tuple(rows))


def _value(one: Observation) -> str:
    """In the form that `--fact` takes, so that it can be copied; lists with their commas."""
    if isinstance(one.value, bool):
        return str(one.value).lower()
    return clean(",".join(one.value) if isinstance(one.value, tuple) else str(one.value)) or "(empty)"


def _about(read: Mapping[str, int]) -> tuple[str, ...]:
    apps = read.get("ConnectedApp", 0) + read.get("ExternalClientApplication", 0)
    return (_counted(sum(read.values()), "file") + " read", _counted(apps, "app"))


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _by_file(findings: Iterable[Finding], verbose: bool) -> list[Section]:
    """Findings come errors first, so that the files do too; within a file they go by severity and line."""
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(_path(finding), []).append(finding)
    shown: Counter[str] = Counter()
    left: Counter[str] = Counter()
    sections = []
    for path, found in files.items():
        rows = []
        for finding in found:
            shown[finding.rule] += finding.severity == "note"
            if shown[finding.rule] > MOST_NOTES and not verbose:
                left[finding.rule] += 1
            else:
                rows.append(_row(finding, verbose))
        if rows:
            sections.append(Section(path, tuple(rows)))
    more = tuple(Row(f"{number} more of {rule} (--verbose shows them)", "·") for rule, number in left.items())
    return [*sections, Section("More notes", more)]


def _row(finding: Finding, verbose: bool) -> Row:
    more = []
    if finding.remedy and (verbose or finding.severity != "note"):
        more.append(f"do: {finding.remedy}")
    if verbose and finding.sureness is not None:
        more += [f"sure: {finding.sureness.value}", *(f"see {source}" for source in finding.sources)]
    text = f"{one_line(finding.message, 400)} ({finding.rule})"
    return Row(clean(text), SIGNS[finding.severity], _place(finding), more="\n".join(more))


def _path(finding: Finding) -> str:
    return one_line(_stripped(finding.where), 400)


def _stripped(where: str) -> str:
    """The path of `PATH:LINE[:COL]`."""
    for _ in range(2):
        head, colon, tail = where.rpartition(":")
        if colon and tail.isdigit():
            where = head
    return where


def _place(finding: Finding) -> str:
    return finding.where[len(_stripped(finding.where)) + 1 :]


def _explained(findings: Iterable[Finding]) -> Section:
    first = next(iter(findings), None)
    if first is None:
        return Section("More", ())
    command = f"jwtdoctor lint --explain {first.rule}"
    return Section("More", (Row("What a rule is about, with examples:", command=command),))


def _causes(findings: Iterable[Finding]) -> Section:
    """The causes of a refused token that the errors and warnings can explain, once each."""
    rules: dict[str, list[str]] = {}
    for finding in findings:
        if finding.severity == "error":
            for cause in finding.leads_to:
                rules.setdefault(cause, []).append(finding.rule)
    rows = (
        Row(", ".join(dict.fromkeys(found)), name=cause, command=f"jwtdoctor causes {cause}")
        for cause, found in rules.items()
    )
    return Section("What the errors can make of a token request", tuple(rows))


def _suppressed(report: Report) -> Section:
    rows = (
        Row(f"{one.finding.message} ({one.finding.rule}): {one_line(one.reason)}", "·", _place(one.finding))
        for one in report.suppressed
    )
    return Section("Suppressed", tuple(rows))
