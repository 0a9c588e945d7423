"""The text report: what someone reads at three in the morning. It fits its width and reads without colour."""

from __future__ import annotations

import textwrap

from jwtdoctor.model.report import Report
from jwtdoctor.render.page import Page, Row, Section, page
from jwtdoctor.render.timeline import draw

FINE = {"ok": "✓", "bad": "✗", "note": "·", "*": "•"}
PLAIN = {"ok": "OK", "bad": "X", "note": "-", "*": "*"}
_TO_ASCII = str.maketrans({"·": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "±": "+/-",
                           "→": "->", "⊢": "|", "│": "|", "•": "*"})  # fmt: skip
COLOURS = {"bad": "31;1", "ok": "32;1", "note": "1", "title": "1", "+": "32", "-": "33", "!": "33", "?": "36"}
INDENT = 2
NAME = 11


def text(report: Report, *, width: int = 80, colour: bool = False, ascii: bool = False, verbose: bool = False) -> str:
    """The report, each line at most `width` columns (40 at least), ending in a line break."""
    width = max(40, width)
    shown = page(report, verbose=verbose)
    lines = [*_head(shown, width, colour, ascii)]
    for section in shown.sections:
        lines += ["", _paint(section.title, "title", colour)]
        lines += _section(section, width, colour, ascii)
        if section.title == "Why" and report.timeline is not None:
            picture = draw(report.timeline, width, ascii_only=ascii)
            lines += ["", *picture] if picture else []
    whole = "\n".join(line.rstrip() for line in lines) + "\n"
    return _ascii(whole) if ascii else whole


def _head(shown: Page, width: int, colour: bool, ascii_only: bool) -> list[str]:
    mark = (PLAIN if ascii_only else FINE)[shown.mark]
    left = f"{mark} {shown.outcome}"
    statement = textwrap.wrap(shown.statement, max(20, width - len(left) - 4 - len(shown.likelihood))) or [""]
    pad = " " * (len(left) + 2)
    first = f"{left}  {statement[0]}"
    gap = max(1, width - len(first) - len(shown.likelihood))
    lines = [_paint(first, shown.mark, colour) + (" " * gap + shown.likelihood if shown.likelihood else "")]
    lines += [_paint(pad + rest, shown.mark, colour) for rest in statement[1:]]
    if shown.second:
        lines.append(pad + shown.second)
    about = (" - " if ascii_only else " · ").join(part.replace(" ", "\xa0") for part in shown.about)
    folded = textwrap.wrap(about, width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    return [*lines, *(line.replace("\xa0", " ") for line in folded)]


def _section(section: Section, width: int, colour: bool, ascii_only: bool) -> list[str]:
    lines: list[str] = []
    named = any(row.name for row in section.rows)
    room = max((len(row.name) for row in section.rows), default=0) + 2 if named else 0
    room = min(max(room, NAME if section.title == "Why" else 0), 30)
    for number, row in enumerate(section.rows, 1):
        sign = str(number) if section.is_numbered else _sign(row, ascii_only)
        lines += _row(row, sign, room, width, colour)
    return lines


def _row(row: Row, sign: str, room: int, width: int, colour: bool) -> list[str]:
    """One row: margin, then the text wrapped under itself, then its command and where to go on lines of their own."""
    margin = " " * INDENT + (f"{sign:<2}" if sign else "")
    name = f"{row.name:<{room}}" if room and row.sign != "*" else ""
    hang = " " * (len(margin) + len(name))
    is_aside = bool(row.more) and not row.command and row.more.startswith("[")
    body = f"{row.text}  {row.more}" if is_aside else row.text
    if row.name and len(row.name) > room - 1 >= 0:
        name, hang = row.name + "  ", " " * (len(margin) + room)
    first_room = max(16, width - len(margin) - len(name))
    pieces = textwrap.wrap(body, first_room, subsequent_indent="", break_on_hyphens=False) or [""]
    if len(name) > room:
        pieces = textwrap.wrap(body, max(16, width - len(hang)), break_on_hyphens=False) or [""]
        lines = [margin + name.rstrip(), *(hang + piece for piece in pieces)]
    else:
        lines = [margin + name + pieces[0], *(hang + piece for piece in pieces[1:])]
    if colour and sign in COLOURS:
        lines[0] = lines[0].replace(sign, _paint(sign, sign, colour), 1)
    if row.command:
        lines.append(hang + "$ " + row.command)
    if row.more and not is_aside:
        lines += textwrap.wrap(row.more, width, initial_indent=hang, subsequent_indent=hang,
                               break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return lines


def _sign(row: Row, ascii_only: bool) -> str:
    return (PLAIN if ascii_only else FINE).get(row.sign, row.sign)


def _paint(words: str, what: str, colour: bool) -> str:
    return f"\x1b[{COLOURS[what]}m{words}\x1b[0m" if colour else words


def _ascii(whole: str) -> str:
    return whole.translate(_TO_ASCII).encode("ascii", "replace").decode("ascii")
