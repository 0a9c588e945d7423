"""`jwtdoctor explain`: the diagnosis from what someone already has. No network, no clock, nothing heavy.

Decisions where the contract is silent:
- An argument is a path; it is the text itself only if it begins with `{`, `<`, `http://` or `https://` or holds a
  line break. `last` is the last check of this profile, unless a file of that name is there; so is `--last`.
- Several inputs give one report each, under a heading in text, one JSON document a line in JSON, all in one document
  in the other forms. The exit code is that of the gravest: unreadable, refused, nothing recognised, granted.
- `--fact` replaces what the input says, since whoever types it knows better. So do `--provider`, `--flow` and a
  profile that is named; the environment and unnamed profiles do not, since the input knows better than they do.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from jwtdoctor.cli.attempt import flow_name, provider_name
from jwtdoctor.cli.common import (
    NOTHING_LEARNT,
    OK,
    REFUSED,
    UNUSABLE,
    Common,
    common_options,
    emit,
    emit_each,
    narrate,
    one_line,
    refuse_unwritable_outputs,
)
from jwtdoctor.cli.completion import flows, providers
from jwtdoctor.cli.facts import Told, told
from jwtdoctor.cli.metadata import metadata_facts
from jwtdoctor.cli.reports import FORMATS, as_line, exit_code, last_case, rendered, rendered_together
from jwtdoctor.config.profiles import flags_alone, settings
from jwtdoctor.errors import BadInput
from jwtdoctor.intake.arguments import open_argument

if TYPE_CHECKING:
    from jwtdoctor.model.case import Case
    from jwtdoctor.model.chart import Observation
    from jwtdoctor.model.report import Report

GRAVITY = (UNUSABLE, REFUSED, NOTHING_LEARNT, OK)
"""Exit codes, the gravest first."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the options say about every input."""

    provider: str | None
    flow: str | None
    told: Told
    profile: str | None
    warnings: tuple[str, ...]
    metadata: tuple[Observation, ...] = ()


@click.command("explain", short_help="The same diagnosis from a reply, log, HAR, URL or case file.")
@click.argument("inputs", nargs=-1, metavar="[PATH|last|-]...")
@click.option(
    "--provider", metavar="NAME", shell_complete=providers, help="Whose endpoint it was.  [default: from the input]"
)
@click.option("--flow", metavar="NAME", shell_complete=flows, help="Which grant it was.  [default: from the input]")
@click.option("--fact", multiple=True, metavar="NAME=VALUE", help="What you know besides, or NAME=unknown; repeatable.")
@click.option("--metadata", metavar="PATH", help="Metadata of the app, such as force-app: its facts count too.")
@click.option("--app", metavar="NAME", help="The app in --metadata, where there are several.")
@click.option("--cases", metavar="FILE.jsonl", help="One case a line; answers one JSON report a line.")
@click.option("--last", is_flag=True, help="The last check of this profile.")
@common_options(*FORMATS, several=True)
def command(
    common: Common,
    inputs: tuple[str, ...],
    provider: str | None,
    flow: str | None,
    fact: tuple[str, ...],
    metadata: str | None,
    app: str | None,
    cases: str | None,
    last: bool,
) -> int:
    """Names the cause from what you already have.

    A response body, curl -i output, an HTTP dump, a log excerpt, a HAR, a redirect or error-page URL, or a case
    file; from a path, from stdin (-), or as the argument itself if it begins with {, < or http. Never touches the
    network.
    """
    refuse_unwritable_outputs(common)
    given = replace(
        _given(common, provider, flow, fact), metadata=metadata_facts(metadata, app, None, knows_time=False)
    )
    for warning in given.warnings:
        narrate(common, f"warning: {warning}")
    if cases is not None:
        if inputs or last:
            raise BadInput("--cases takes no other input beside it")
        if common.others or common.format not in ("text", "json"):
            raise BadInput("answers one JSON report a line", where="--cases", do="leave --format out")
        return _explain_cases(common, cases, given)
    return _explain_each(common, _sources(inputs, last, given.profile), given)


def _given(common: Common, provider: str | None, flow: str | None, facts: Sequence[str]) -> Given:
    """Flags, else what a named profile says."""
    from jwtdoctor.knowledge.load import load

    flags = {"provider": provider, "flow": flow}
    found = settings(common.profile, flags) if common.profile else flags_alone(flags)
    flow = found.text("flow")
    return Given(
        provider=None if found.text("provider") is None else provider_name(found, load()),
        flow=None if flow is None else flow_name(flow),
        told=told((*found.several("fact"), *facts)),
        profile=found.profile,
        warnings=found.warnings,
    )


# --- one report an input


@dataclass(frozen=True, slots=True)
class Source:
    """One input as typed; `kept` is the case of the last check, where that was meant."""

    argument: str
    kept: tuple[str, str] | None = None

    def read(self) -> tuple[bytes | str, str]:
        """The content and its name for messages. Raises BadInput."""
        if self.kept is not None:
            return self.kept
        if sys.stdin is None and self.argument == "-":
            raise BadInput("is closed", where="stdin", expected="what is to be explained")
        return open_argument(self.argument, sys.stdin.buffer if self.argument == "-" else BytesIO())


def _sources(inputs: Sequence[str], last: bool, profile: str | None) -> list[Source]:
    sources = [_source(text, profile) for text in inputs]
    if last:
        return [_last(profile), *sources]
    if not sources and (sys.stdin is None or sys.stdin.isatty()):
        raise BadInput("nothing to explain", expected="a path, - for stdin, or the text itself", do="see explain -h")
    return sources or [Source("-")]


def _source(argument: str, profile: str | None) -> Source:
    is_last = argument == "last" and not Path(argument).exists()
    return _last(profile) if is_last else Source(argument)


def _last(profile: str | None) -> Source:
    found = last_case(profile)
    if found is None:
        of = f" of profile {one_line(profile)}" if profile else ""
        raise BadInput(f"no check{of} is kept here", expected="a jwtdoctor check before it")
    return Source("last", found)


def _explain_each(common: Common, sources: Sequence[Source], given: Given) -> int:
    if len(sources) == 1:
        report = _explained(sources[0], given)
        emit_each(common, lambda one: rendered(one, report))
        return exit_code(report)
    codes: list[int] = []
    reports: list[tuple[str, Report]] = []
    for source in sources:
        try:
            report = _explained(source, given)
        except BadInput as problem:
            narrate(replace(common, quiet=False), f"jwtdoctor: {problem}")
            codes.append(UNUSABLE)
            continue
        codes.append(exit_code(report))
        reports.append((source.argument, report))
    if reports:
        emit_each(common, lambda one: rendered_together(one, reports))
    return min(codes, key=GRAVITY.index)


def _explained(source: Source, given: Given) -> Report:
    from jwtdoctor.checkup import explain_case
    from jwtdoctor.intake.read import read
    from jwtdoctor.knowledge.load import load

    observed, where = source.read()
    knowledge = load()
    case = read(observed, where=one_line(where), known_providers=tuple(knowledge.providers))
    return explain_case(_with(case, given), knowledge)


def _with(case: Case, given: Given) -> Case:
    """What the options say wins over what was read, and that over what a repository means to deploy."""
    typed = {seen.fact for seen in given.told.observations}
    read = {seen.fact for seen in case.observations}
    meant = (seen for seen in given.metadata if seen.fact not in read)
    kept = tuple(seen for seen in (*case.observations, *meant) if seen.fact not in typed)
    return replace(
        case,
        provider=given.provider or case.provider,
        flow=given.flow or case.flow,
        observations=(*kept, *given.told.observations),
        not_known=given.told.not_known,
        profile=case.profile or given.profile,
    )


# --- one report a line


def _explain_cases(common: Common, path: str, given: Given) -> int:
    """Answers each line as it is read, so that what was answered is never lost; to a file: all at the end."""
    from jwtdoctor.checkup import explain_case
    from jwtdoctor.intake.casefile import read_cases_file
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    answers: list[str] = []
    all_read = True
    for line in read_cases_file("/dev/stdin" if path == "-" else path, known_providers=tuple(knowledge.providers)):
        if line.case is None:
            narrate(replace(common, quiet=False), f"jwtdoctor: {line.problem}")
            all_read = False
            continue
        answer = as_line(explain_case(_with(line.case, given), knowledge))
        if common.output is None:
            emit(common, answer)
        else:
            answers.append(answer)
    if common.output is not None:
        emit(common, "\n".join(answers))
    return OK if all_read else UNUSABLE
