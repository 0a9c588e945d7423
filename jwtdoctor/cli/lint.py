"""`jwtdoctor lint`: app metadata in a repository, what is wrong with it, and which refused tokens that explains.

Decisions where the contract is silent:
- Exit 1 with an error among the findings, 0 without; 3 where the paths hold no metadata of any type that is read.
- `--write-baseline` writes what counts now into the file of `--baseline`, over the old one, and exits 0.
- `[lint]` is read from the project's `jwtdoctor.toml` (found as for the profiles); what is typed wins.
- `--app` adds what the metadata tells of one app, as facts; `explain --metadata` and `check --metadata` take the same.
- Certificates are judged by this machine's clock.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.common import (
    NOTHING_LEARNT,
    OK,
    REFUSED,
    Common,
    common_options,
    emit,
    emit_each,
    narrate,
    one_line,
    refuse_unwritable_outputs,
    report_document,
    to_json,
)
from jwtdoctor.cli.findings import wrapped
from jwtdoctor.errors import BadInput

if TYPE_CHECKING:
    from jwtdoctor.lint.apps import App
    from jwtdoctor.lint.check import Linted, Options
    from jwtdoctor.lint.rule import Rule
    from jwtdoctor.lint.settings import LintSettings
    from jwtdoctor.model.report import Report

FORMATS = ("text", "json", "sarif", "junit", "markdown", "html")


@click.command("lint", short_help="App metadata in a repository: what is wrong, and what it breaks.")
@click.argument("paths", nargs=-1, metavar="PATH…")
@click.option("--against", multiple=True, metavar="RETRIEVED", help="Compare with what was retrieved from the org.")
@click.option("--select", multiple=True, metavar="RULE", help="Run these rules alone; repeatable, or with commas.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave these rules out.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave these files out.")
@click.option("--baseline", metavar="FILE", help="Let the findings in FILE pass.")
@click.option("--write-baseline", is_flag=True, help="Write what counts now into FILE.")
@click.option("--org", metavar="ID", help="The org that the files are meant for.")
@click.option("--app", "app_name", metavar="NAME", help="Tell the facts of this app too.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=120.0,
    metavar="S",
    help="Seconds that reading may take.  [default: 120]",
)
@click.option("--explain", "explained", metavar="RULE", help="Say why a rule is one, with examples.")
@click.option("--list-rules", is_flag=True, help="List the rules.")
@common_options(*FORMATS, several=True)
def command(common: Common, paths: tuple[str, ...], against: tuple[str, ...], explained: str | None,
            list_rules: bool, write_baseline: bool, app_name: str | None, **typed: Any) -> int:  # fmt: skip
    """Reads app metadata and says what is wrong with it, where, and what to do.

    PATH is a folder in source or mdapi format, or a file: connected apps, external client apps, the settings that
    decide about OAuth, profiles and permission sets. Touches no network.
    """
    if explained or list_rules:
        return _about_rules(common, explained)
    if not paths:
        raise BadInput("nothing to lint", expected="a folder or a file of metadata", do="see lint -h")
    if write_baseline and not typed["baseline"]:
        raise BadInput("--write-baseline needs a file to write", expected="--baseline FILE")
    refuse_unwritable_outputs(common)
    options = _options(common, typed, write_baseline)
    began = time.monotonic()
    linted = _linted(paths, against, options)
    if write_baseline:
        return _write_baseline(common, linted, typed["baseline"])
    app = None if app_name is None else _app_named(linted, app_name)
    report = _report(linted, app, round(time.monotonic() - began, 3))
    emit_each(common, lambda one: _rendered(one, report, linted, app))
    return _exit_code(common, linted)


# --- what is asked --------------------------------------------------------------------------------


def _options(common: Common, typed: dict[str, Any], writes: bool) -> Options:
    from jwtdoctor.lint.check import Options, rule_named
    from jwtdoctor.lint.walk import Limits

    settings = _settings(common)
    path = typed["baseline"] or settings.baseline
    select, ignore = tuple(_names(typed["select"])), tuple(_names(typed["ignore"]))
    for name in (*select, *ignore, *settings.select, *settings.ignore):
        rule_named(name)
    return Options(
        select=select,
        ignore=ignore,
        exclude=typed["exclude"],
        target_org=typed["org"] or "",
        baseline=_baseline(path) if path and not writes else Counter(),
        settings=replace(settings, baseline=path or ""),
        limits=Limits(time_s=typed["timeout"]),
    )


def _names(typed: tuple[str, ...]) -> Iterator[str]:
    for text in typed:
        yield from (name.strip() for name in text.split(",") if name.strip())


def _settings(common: Common) -> LintSettings:
    """`[lint]` of the project's file; nothing where there is none. Profiles are not looked at: lint needs none.

    A file that is no TOML is passed over with a warning, unless a line of it begins `[lint`: then rules were chosen.
    """
    from pathlib import Path

    from jwtdoctor.config.profiles import begins_table, project_file, table_of
    from jwtdoctor.errors import BadProfile
    from jwtdoctor.lint.settings import LintSettings, settings_of

    file = project_file(Path.cwd())
    if file is None:
        return LintSettings()
    try:
        table = table_of(file, "lint")
    except BadProfile as problem:
        if begins_table(file, "lint"):
            raise
        narrate(common, f"warning: {problem}; linted without it")
        return LintSettings()
    return LintSettings() if table is None else settings_of(table, file)


def _baseline(path: str) -> Counter[str]:
    from pathlib import Path

    from jwtdoctor.lint.suppress import LARGEST_BASELINE, read_baseline

    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_BASELINE + 1)
    except (OSError, ValueError) as problem:
        reason = (getattr(problem, "strerror", None) or "not a usable path").lower()
        raise BadInput(f"cannot be read: {reason}", where=one_line(path), do="make it: --write-baseline") from None
    if len(data) > LARGEST_BASELINE:
        raise BadInput("is too large for a baseline", where=one_line(path))
    return read_baseline(data, one_line(path))


def _linted(paths: tuple[str, ...], against: tuple[str, ...], options: Options) -> Linted:
    from jwtdoctor.lint.check import lint

    return lint(paths, time.time(), options, against)


# --- what is answered -----------------------------------------------------------------------------


def _app_named(linted: Linted, name: str) -> App:
    from jwtdoctor.lint.facts import app_named

    app = app_named(linted.repository, name)
    if app is None:
        known = ", ".join(sorted({one_line(app.name)[:60] for app in linted.apps})[:12])
        raise BadInput("no single app of that name is in the files", expected=known or "a folder with apps")
    return app


def _report(linted: Linted, app: App | None, took_s: float) -> Report:
    from jwtdoctor.lint.facts import facts_of
    from jwtdoctor.model.chart import Chart
    from jwtdoctor.model.names import Outcome
    from jwtdoctor.model.report import Report

    return Report(
        command="lint",
        at=round(time.time(), 3),
        took_s=took_s,
        provider="salesforce",
        flow=None,
        outcome=Outcome.NOT_ASKED,
        logins_used=0,
        leaders=(),
        verdicts=(),
        findings=linted.findings,
        suppressed=linted.suppressed,
        chart=Chart() if app is None else Chart.of(facts_of(linted.repository, app)),
        warnings=() if linted.counts else ("no metadata of apps, settings, profiles or permission sets was found",),
    )


def _rendered(one: Common, report: Report, linted: Linted, app: App | None) -> str:
    if one.format == "json":
        return to_json(_document(report, linted, app))
    if one.format in ("sarif", "junit"):
        from importlib import import_module

        return str(getattr(import_module(f"jwtdoctor.render.{one.format}"), one.format)(report))
    from jwtdoctor.lint.effects import ip_rules
    from jwtdoctor.render.lintpage import lint_page

    rules = [(rule.flow, rule.words) for rule in ip_rules(app)] if app else []
    shown = lint_page(report, linted.counts, rules, verbose=one.verbose)
    if one.format == "text":
        from jwtdoctor.render.text import text_of

        shows = one.streams
        return text_of(shown, {}, width=shows.width, colour=shows.colour, ascii=shows.ascii)
    if one.format == "markdown":
        from jwtdoctor.render.markdown import markdown_of

        return markdown_of(shown, {})
    from jwtdoctor.render.html import html_of

    return html_of(shown, {})


def _document(report: Report, linted: Linted, app: App | None) -> dict[str, Any]:
    """The report of the contract, and under `lint` what was read and what was let pass."""
    from jwtdoctor.lint.effects import ip_rules
    from jwtdoctor.render.document import document, finding_document

    suppressed = [
        {**finding_document(one.finding), "kind": one.kind, "reason": one_line(one.reason)[:500]}
        for one in report.suppressed
    ]
    apps = [{"name": one_line(app.name), "kind": app.kind, "where": str(app.place)} for app in linted.apps]
    own: dict[str, Any] = {"files": linted.counts, "apps": apps, "suppressed": suppressed}
    if app is not None:
        own["ip_rules"] = [{"flow": one.flow, "enforced": one.enforced, "because": one.words} for one in ip_rules(app)]
    return {**document(report), "lint": own}


def _exit_code(common: Common, linted: Linted) -> int:
    if any(finding.severity == "error" for finding in linted.findings):
        return REFUSED
    if not linted.counts and not linted.findings:
        narrate(common, "no metadata of apps, settings, profiles or permission sets was found")
        return NOTHING_LEARNT
    return OK


def _write_baseline(common: Common, linted: Linted, path: str) -> int:
    from jwtdoctor.cli.streams import write_file
    from jwtdoctor.lint.suppress import baseline_text

    write_file(path, baseline_text(linted.findings))
    narrate(common, f"written: {one_line(path)}, {len(linted.findings)} findings")
    return OK


# --- rules ----------------------------------------------------------------------------------------


def _about_rules(common: Common, name: str | None) -> int:
    from jwtdoctor.lint.check import rule_named
    from jwtdoctor.lint.rules import all_rules

    rules = [rule_named(name)] if name else list(all_rules().values())
    if common.format == "json":
        emit(common, to_json(report_document("lint", rules=[_rule_document(rule) for rule in rules])))
    elif common.format == "markdown":
        from jwtdoctor.lint.pages import details, table

        emit(common, details(rules) if name else table(rules))
    elif common.format != "text":
        raise BadInput("rules have no such form", where="--format", expected="text, markdown or json")
    elif name:
        emit(common, "\n".join(_explanation(common, rules[0])))
    else:
        emit(common, "\n".join(_list(common, rules)))
    return OK


def _rule_document(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "title": rule.title,
        "severity": rule.severity,
        "sureness": rule.sureness.value,
        "sources": list(rule.sources),
        "leads_to": list(rule.leads_to),
        "remedy": rule.remedy,
        "explanation": rule.explanation,
        "bad": rule.bad,
        "good": rule.good,
    }


def _list(common: Common, rules: list[Rule]) -> Iterator[str]:
    subject = ""
    for rule in rules:
        if rule.subject != subject:
            yield from ["", rule.subject] if subject else [rule.subject]
            subject = rule.subject
        yield from wrapped(common, f"  {rule.severity:<7}  {rule.id}: ", rule.title, 11)


def _explanation(common: Common, rule: Rule) -> Iterator[str]:
    yield f"{rule.id} ({rule.severity})"
    yield from wrapped(common, "", rule.title + ".", 0)
    for paragraph in filter(None, rule.explanation.split("\n\n")):
        yield ""
        yield from wrapped(common, "", " ".join(paragraph.split()), 0)
    yield ""
    yield from wrapped(common, "do: ", rule.remedy, 4)
    yield f"sure: {rule.sureness.value}"
    yield from (f"see {source}" for source in rule.sources)
    if rule.leads_to:
        yield from wrapped(common, "can lead to: ", ", ".join(rule.leads_to), 13)
    for title, example in (("Bad", rule.bad), ("Good", rule.good)):
        yield from ("", title, *(f"  {line}" for line in example.splitlines()))
