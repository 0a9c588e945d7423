"""`jwtdoctor causes`: the knowledge, readable. `causes` lists, `causes SLUG` tells all that is known of one.

With `--provider` the provider's own clues, remedies and wordings are told with the general ones; without it those
of the profile's provider, else Salesforce's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.attempt import gather, provider_name
from jwtdoctor.cli.common import Common, common_options, emit, emit_document, narrate, report_document, unknown
from jwtdoctor.cli.completion import causes, providers
from jwtdoctor.errors import BadInput
from jwtdoctor.render.causes import (
    MEANS,
    about,
    at,
    by_use,
    clues_of,
    condition,
    readings_of,
    references_of,
    remedies_of,
    told,
    when,
    wording,
)

if TYPE_CHECKING:
    from jwtdoctor.knowledge.load import Knowledge
    from jwtdoctor.model.cause import Cause, Clue, Remedy
    from jwtdoctor.model.provider import CauseAddition, Claim, Provider, Reading, Response


@click.command("causes", short_help="The knowledge: every cause, its clues and remedies.")
@click.argument("slug", required=False, shell_complete=causes)
@click.option(
    "--provider",
    metavar="NAME",
    shell_complete=providers,
    help="Whose clues, wordings and remedies.  [default: salesforce]",
)
@click.option("--providers", is_flag=True, help="Compare what the providers want of a JWT, as Markdown.")
@click.option("--write", metavar="PATH", help="Write all of it as Markdown: a folder, or a file with --providers.")
@click.option("--check", is_flag=True, help="With --write: only say whether the pages are current; exit 1 if not.")
@common_options("text", "json")
def command(
    common: Common, slug: str | None, provider: str | None, providers: bool, write: str | None, check: bool
) -> int:
    """Lists the causes, or tells everything about one: clues, sources, wordings, remedies."""
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    if providers:
        return _compared(common, knowledge, slug or provider, write, check)
    if write is not None:
        if slug is not None or provider is not None:
            raise BadInput("writes every cause of every provider", where="--write", do="leave the others out")
        from jwtdoctor.cli.cause_files import write_pages

        return write_pages(common, write, knowledge, only_check=check)
    if check:
        raise BadInput("belongs to --write PATH", where="--check")
    found = gather(common, {"provider": provider}, needs_them=False)
    for warning in found.warnings:
        narrate(common, f"warning: {warning}")
    rules = knowledge.providers[provider_name(found, knowledge)]
    if slug is None:
        _list(common, knowledge)
    else:
        _tell(common, knowledge, rules, _cause(slug, knowledge))
    return 0


def _compared(common: Common, knowledge: Knowledge, one: str | None, write: str | None, check: bool) -> int:
    from jwtdoctor.render.provider_page import provider_page, rules_of

    if one is not None:
        raise BadInput("compares all of them", where="--providers", do="leave the others out")
    if check and write is None:
        raise BadInput("belongs to --write PATH", where="--check")
    if write is not None:
        from jwtdoctor.cli.cause_files import write_page

        return write_page(common, write, provider_page(knowledge), only_check=check)
    if common.format == "json":
        emit_document(common, report_document("causes", providers=[rules_of(p) for p in knowledge.providers.values()]))
    else:
        emit(common, provider_page(knowledge).rstrip())
    return 0


def _cause(name: str, knowledge: Knowledge) -> Cause:
    slug = knowledge.canonical_cause(name.strip().lower())
    if slug is None:
        raise unknown("cause", name, {*knowledge.causes, *knowledge.aliases}, listed_by="jwtdoctor causes")
    return knowledge.causes[slug]


# --- the list


def _list(common: Common, knowledge: Knowledge) -> None:
    causes = [knowledge.causes[slug] for slug in sorted(knowledge.causes)]
    if common.format == "json":
        rows = [{"cause": c.slug, "title": c.title, "how_common": c.how_common, "flows": list(c.flows)} for c in causes]
        emit_document(common, report_document("causes", causes=rows))
        return
    longest = max((len(cause.slug) for cause in causes), default=0)
    width = common.streams.width
    emit(common, "\n".join(line for c in causes for line in _row(c.slug, c.title, longest, width)))


def _row(slug: str, title: str, column: int, width: int) -> list[str]:
    return textwrap.wrap(
        title,
        width,
        initial_indent=f"{slug:<{column}}  ",
        subsequent_indent=" " * (column + 2),
        break_on_hyphens=False,
    )


# --- one cause


def _tell(common: Common, knowledge: Knowledge, provider: Provider, cause: Cause) -> None:
    added = provider.causes.get(cause.slug)
    readings = list(readings_of(cause.slug, provider, knowledge))
    claims = [claim for claim in provider.claims if cause.slug in claim.causes]
    if common.format == "json":
        whole = _document(cause, added, readings, claims)
        emit_document(common, report_document("causes", provider=provider.slug, causes=[whole]))
        return
    lines = _text(cause, provider, added, readings, claims, common.streams.width)
    emit(common, "\n".join(lines))


def _document(
    cause: Cause,
    added: CauseAddition | None,
    readings: Iterable[tuple[Response, Reading]],
    claims: Iterable[Claim],
) -> dict[str, Any]:
    own = added
    return {
        "cause": cause.slug,
        "title": cause.title,
        "explanation": cause.explanation,
        "how_common": (own.how_common if own else "") or cause.how_common,
        "flows": list(cause.flows),
        "on_granted": cause.on_granted,
        "retryable": cause.retryable,
        "clues": [_clue_document(clue) for clue in clues_of(cause, added)],
        "texts": [_text_document(response, reading) for response, reading in readings],
        "remedy": [_remedy_document(r) for r in remedies_of(cause, added)],
        "confirm": (own.confirm if own else "") or cause.confirm,
        "shows_in": (own.shows_in if own else "") or cause.shows_in,
        "claims": [
            {"claim": c.claim, "verdict": c.verdict, "because": c.because, "sources": list(c.sources)} for c in claims
        ],
        "references": references_of(cause, added),
    }


def _clue_document(clue: Clue) -> dict[str, Any]:
    operand = list(clue.operand) if isinstance(clue.operand, tuple) else clue.operand
    return {
        "fact": clue.fact,
        "operator": clue.operator,
        "operand": operand,
        "speaks": clue.speaks,
        "weight": clue.weight,
        "because": clue.because,
        "sureness": clue.sureness.value,
        "sources": list(clue.sources),
        "flows": list(clue.flows),
    }


def _text_document(response: Response, reading: Reading) -> dict[str, Any]:
    return {
        "response": response.id,
        "where": response.where,
        "statuses": list(response.statuses),
        "error": response.error,
        "description": response.description,
        "pattern": response.pattern,
        "usual": reading.usual,
        "sureness": reading.sureness.value,
        "flows": list(reading.flows or response.flows),
        "note": reading.note,
        "sources": list(reading.sources),
    }


def _remedy_document(remedy: Remedy) -> dict[str, Any]:
    row: dict[str, Any] = {"do": told(remedy), "command": remedy.command, "where": remedy.where, "url": remedy.url}
    return row if remedy.fact is None else row | {"fact": remedy.fact, str(remedy.operator): remedy.operand}


# --- as text


def _text(
    cause: Cause,
    provider: Provider,
    added: CauseAddition | None,
    readings: list[tuple[Response, Reading]],
    claims: list[Claim],
    width: int,
) -> list[str]:
    page, cite = _Page(width), _Footnotes()
    page.text(cause.slug)
    page.text(cause.title)
    page.text(about(cause, added))
    page.gap()
    for paragraph in cause.explanation.split("\n\n"):
        page.text(" ".join(paragraph.split()))  # the file's own line ends are no part of it
    clues = clues_of(cause, added)
    page.section("Speaks for it", (_clue_line(c, cite) for c in clues if c.speaks == "for"), "+ ")
    page.section("Speaks against it", (_clue_line(c, cite) for c in clues if c.speaks == "against"), "- ")
    page.section(f"Texts ({provider.title})", (_text_line(*pair, cite) for pair in by_use(readings)), "* ")
    page.numbered("Do", [_remedy_line(r) for r in remedies_of(cause, added)])
    page.section("Confirm", [(added.confirm if added else "") or cause.confirm])
    page.section("Where it shows", [(added.shows_in if added else "") or cause.shows_in])
    page.section("What guides claim", (_claim_line(claim, cite) for claim in claims), "* ")
    for reference in references_of(cause, added):
        cite([reference])
    page.notes("Sources", cite.sources)
    return page.lines


class _Footnotes:
    """Sources by number: one list at the end reads better than a URL in every line."""

    def __init__(self) -> None:
        self.sources: list[str] = []

    def __call__(self, sources: Iterable[str]) -> str:
        numbers = []
        for source in sources:
            if source not in self.sources:
                self.sources.append(source)
            numbers.append(str(self.sources.index(source) + 1))
        return f"[{','.join(numbers)}]" if numbers else ""


def _clue_line(clue: Clue, cite: _Footnotes) -> str:
    flows = f"; {', '.join(clue.flows)} only" if clue.flows else ""
    head = f"{condition(clue)} ({clue.weight}, {clue.sureness.value}{flows})"
    return f"{head}: {clue.because} {cite(clue.sources)}"


def _text_line(response: Response, reading: Reading, cite: _Footnotes) -> str:
    flows = ", ".join(reading.flows or response.flows)
    tail = f"{MEANS[reading.usual]}, {reading.sureness.value}" + (f"; {flows}" if flows else "")
    note = f" {reading.note}" if reading.note else ""
    return f"{wording(response)}{at(response)}: {tail}.{note} {cite(reading.sources)}"


def _remedy_line(remedy: Remedy) -> str:
    parts = [told(remedy) if remedy.fact is None else f"[{when(remedy)}] {told(remedy)}"]
    parts += [f"run: {remedy.command}"] if remedy.command else []
    parts += [f"in: {remedy.where}"] if remedy.where else []
    parts += [remedy.url] if remedy.url else []
    return "\n".join(parts)


def _claim_line(claim: Claim, cite: _Footnotes) -> str:
    return f"{claim.claim} ({claim.verdict}): {claim.because} {cite(claim.sources)}"


class _Page:
    """Lines wrapped to a width, each kept within it: a URL that is longer is folded, and whole in JSON."""

    def __init__(self, width: int) -> None:
        self.lines: list[str] = []
        self._width = width

    def gap(self) -> None:
        self.lines.append("")

    def text(self, text: str, first: str = "", rest: str = "") -> None:
        for number, part in enumerate(text.splitlines() or [""]):
            self.lines += textwrap.wrap(
                part,
                self._width,
                initial_indent=rest if number else first,
                subsequent_indent=rest,
                break_on_hyphens=False,
            )

    def section(self, title: str, items: Iterable[str], mark: str = "") -> None:
        shown = [item for item in items if item]
        if not shown:
            return
        self._head(title)
        for item in shown:
            self.text(item, f"  {mark}", " " * (2 + len(mark)))

    def numbered(self, title: str, items: list[str]) -> None:
        if not items:
            return
        self._head(title)
        for number, item in enumerate(items, 1):
            self.text(item, f"  {number}  ", "     ")

    def notes(self, title: str, items: list[str]) -> None:
        if not items:
            return
        self._head(title)
        for number, item in enumerate(items, 1):
            mark = f"  [{number}] "
            self.text(item, mark, " " * len(mark))

    def _head(self, title: str) -> None:
        self.gap()
        self.lines.append(title)
