"""A page of the report, drawn for a widget: each function takes a width and gives styled lines that fit it.

The words come from `render.page`; only where they stand, and in which style, is decided here. Styles add nothing
that the signs do not say. Text is never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from jwtdoctor.intake.redact import printable
from jwtdoctor.model.report import Evidence, Report, Verdict
from jwtdoctor.render.page import Page, Row, Section, evidence_rows
from jwtdoctor.render.text import FINE
from jwtdoctor.render.timeline import draw
from jwtdoctor.render.words import tag

STYLES = {"ok": "bold $text-success", "bad": "bold $text-error", "note": "bold", "title": "bold $text-primary",
          "+": "$text-success", "-": "$text-warning", "!": "$text-warning", "?": "$text-accent",
          "command": "bold", "aside": "dim"}  # fmt: skip
NARROW = 16
NAME = 12
"""Columns of the name before a piece of evidence; a longer one stands on its own line."""

Lines = list[Content]


def head(page: Page, width: int) -> Lines:
    """The verdict: mark, outcome, statement, how likely; a tie; and what was examined."""
    lead = Content.styled(f"{FINE[page.mark]} {page.outcome}  ", STYLES[page.mark])
    lines = with_word(lead, plain(page.statement, STYLES[page.mark]), page.likelihood, width)
    if page.second:
        lines.append(plain(" " * lead.cell_length + page.second, "bold"))
    return [*lines, *_about(page.about, width)]


def with_word(lead: Content, body: Content, word: str, width: int) -> Lines:
    """The body beside its lead, and a word at the right end of the first line; below, where it would crowd the body."""
    room = width - lead.cell_length - len(word) - 2
    if not word or room < 2 * NARROW:
        return [*hanging(lead, body, width), *([Content.styled(f"{word:>{width}}", "bold")] if word else [])]
    lines = hanging(lead, body, width - len(word) - 2)
    gap = blank(width - lines[0].cell_length - len(word))
    return [Content.assemble(lines[0], gap, (word, "bold")), *lines[1:]]


def _about(parts: tuple[str, ...], width: int) -> Lines:
    """The parts between dots, none of them broken."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else ""
        if lines and len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(f"  {part}")
    return [plain(line, STYLES["aside"]) for line in lines]


def titled(section: Section, width: int) -> Lines:
    """A section under its title."""
    return [Content.styled(section.title, STYLES["title"]), *rows(section.rows, width, section.is_numbered)]


def rows(shown: Sequence[Row], width: int, is_numbered: bool = False) -> Lines:
    """The rows of a section, one below the other."""
    longest = max((len(row.name) for row in shown), default=0)
    room = min(longest + 1, NAME) if longest else 0
    lines: Lines = []
    number = 0
    for row in shown:
        counts = is_numbered and row.sign != "*"  # a heading among the steps is none of them
        number += counts
        lines += _row(row, str(number) if counts else FINE.get(row.sign, row.sign), room, width)
    return lines


def row_lines(row: Row, sign: str, width: int) -> Lines:
    """One row by itself."""
    return _row(row, FINE.get(sign, sign), 0, width)


def _row(row: Row, sign: str, room: int, width: int) -> Lines:
    margin = Content.assemble("  ", Content.styled(f"{sign:<2}", STYLES.get(sign, "")) if sign else "")
    is_aside = row.more.startswith("[") and not row.command
    body = plain(row.text)
    if is_aside:
        body = Content.assemble(body, "  ", plain(row.more, STYLES["aside"]))
    lines: Lines = []
    if room and row.name:
        if len(row.name) >= room:
            lines.append(Content.assemble(margin, plain(row.name)))
            margin = blank(margin.cell_length + room)
        else:
            margin = Content.assemble(margin, plain(f"{row.name:<{room}}"))
    lines += hanging(margin, body, width)
    return [
        *_with_command(lines, row, margin.cell_length, width),
        *(_below(row, margin.cell_length, width, is_aside)),
    ]


def _with_command(lines: Lines, row: Row, indent: int, width: int) -> Lines:
    """The command behind the text where there is room for both, else on a line of its own, never broken by us."""
    if not row.command:
        return lines
    command = plain(f"$ {row.command}", STYLES["command"])
    if lines[-1].cell_length + 2 + command.cell_length <= width and len(lines) == 1:
        return [Content.assemble(lines[0], "  ", command)]
    return [*lines, *hanging(blank(indent), command, width)]


def _below(row: Row, indent: int, width: int, is_aside: bool) -> Lines:
    return hanging(blank(indent), plain(row.more, STYLES["aside"]), width) if row.more and not is_aside else []


def evidence(report: Report, verdict: Verdict, width: int) -> Lines:
    """All evidence of a verdict: what was seen and what it means, its weight, how sure that is, and who says so."""
    lines: Lines = []
    for piece, row in evidence_rows(report, verdict, verbose=True):
        lines += _row(Row(row.text, sign=row.sign, name=row.name), row.sign, NAME, width)
        for words in _standing(piece):
            lines += hanging(blank(4 + NAME), plain(words, STYLES["aside"]), width)
    return lines


def _standing(piece: Evidence) -> tuple[str, ...]:
    """`for +12 · documented, 2`, and the first source."""
    weight = f" {piece.weight:+d}" if piece.weight else ""
    return (
        f"{piece.standing.value}{weight} · {tag(piece.sureness, len(piece.sources)).strip('[]')}",
        *piece.sources[:1],
    )


def timeline(report: Report, width: int) -> Lines:
    """The drawn window of the assertion, where its times are known."""
    return [] if report.timeline is None else [Content(line) for line in draw(report.timeline, width)]


def hanging(margin: Content, body: Content, width: int) -> Lines:
    """The body wrapped beside its margin: `margin` stands before the first line, blanks before the others."""
    folded = body.wrap(max(NARROW, width - margin.cell_length)) or [Content("")]
    indent = blank(margin.cell_length)
    return [Content.assemble(indent if number else margin, line) for number, line in enumerate(folded)]


def plain(text: str, style: str = "") -> Content:
    """Text that may be foreign: no escape, no control character and no markup comes through.

    Secrets are not its business: what comes from a page is clean, and cleaning a whole sentence again would take
    `"expired authorization code": The …` for a code. Whoever shows raw text cleans it first.
    """
    shown = printable(text)
    return Content.styled(shown, style) if style else Content(shown)


def blank(cells: int) -> Content:
    return Content(" " * cells)


def below(lines: Lines) -> Lines:
    """The lines after an empty one; nothing where there is nothing."""
    return [Content(""), *lines] if lines else []


def joined(blocks: Iterable[Lines]) -> Lines:
    """Blocks with an empty line between them; empty ones left out."""
    lines: Lines = []
    for block in blocks:
        if block:
            lines += [Content(""), *block] if lines else block
    return lines
