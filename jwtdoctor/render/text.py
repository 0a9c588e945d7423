"""The text report: what someone reads at three in the morning. It fits its width and reads without colour.

Two things may stand out over the edge, since they are there to be copied and a break would spoil them: a single word
longer than the line (a URL, a path) and a quoted string within a command.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import replace

from jwtdoctor.model.report import Report
from jwtdoctor.render.page import Page, Row, Section, page, window_of
from jwtdoctor.render.timeline import draw

FINE = {"ok": "✓", "bad": "✗", "note": "·", "*": "•"}
PLAIN = {"ok": "OK", "bad": "X", "note": "-", "*": "*"}
_TO_ASCII = str.maketrans({"·": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "±": "+/-",
                           "→": "->", "⊢": "|", "│": "|", "•": "*", "≤": "<=", "≥": ">=", "×": "x", "−": "-",
                           "▸": ">", "\xa0": " "})  # fmt: skip
COLOURS = {"bad": "31;1", "ok": "32;1", "note": "1", "title": "1", "+": "32", "-": "33", "!": "33", "?": "36"}
INDENT = 2
NAME = 11
ASIDE_ROOM = 3
"""Columns between a command and the few words behind it."""


def text(report: Report, *, width: int = 80, colour: bool = False, ascii: bool = False, verbose: bool = False) -> str:
    """The report, each line at most `width` columns (40 at least), ending in a line break."""
    width = max(40, width)
    window = window_of(report)
    picture = {} if window is None else {"Why": draw(window, width, ascii_only=ascii)}
    return text_of(page(report, verbose=verbose), picture, width=width, colour=colour, ascii=ascii)


def text_of(
    shown: Page, pictures: Mapping[str, list[str]], *, width: int = 80, colour: bool = False, ascii: bool = False
) -> str:
    """A page as text. `pictures` stand below the sections of these titles, as they are."""
    width = max(40, width)
    if ascii:
        shown = _in_ascii(shown)
    lines = [*_head(shown, width, colour, ascii)]
    for section in shown.sections:
        lines += ["", _paint(section.title, "title", colour)]
        lines += _section(section, width, colour, ascii)
        picture = pictures.get(section.title)
        lines += ["", *picture] if picture else []
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _in_ascii(shown: Page) -> Page:
    """The page in ASCII before it is folded, since a twin may be wider than its symbol."""
    sections = tuple(
        replace(section, rows=tuple(
            Row(_ascii(r.text), r.sign, _ascii(r.name), _ascii(r.command), _ascii(r.more)) for r in section.rows
        ))
        for section in shown.sections
    )  # fmt: skip
    about = tuple(_ascii(part) for part in shown.about)
    return replace(shown, statement=_ascii(shown.statement), about=about, sections=sections)


def _head(shown: Page, width: int, colour: bool, ascii_only: bool) -> list[str]:
    """The verdict, whole in the first line where it fits: then how likely it is goes below rather than a word of it."""
    mark = (PLAIN if ascii_only else FINE)[shown.mark]
    left = f"{mark} {shown.outcome}  "
    likelihood, pad = shown.likelihood, " " * len(left)
    is_beside = bool(likelihood) and len(left) + len(shown.statement) + 2 + len(likelihood) <= width
    statement = textwrap.wrap(shown.statement, max(20, width - len(left))) or [""]
    first = _paint(left + statement[0], shown.mark, colour)
    if is_beside:
        first += " " * (width - len(left) - len(statement[0]) - len(likelihood)) + likelihood
    below = shown.second
    if likelihood and not is_beside:
        below = f"{shown.second}: {likelihood}" if shown.second else likelihood
    lines = [first, *(_paint(pad + rest, shown.mark, colour) for rest in statement[1:])]
    lines += [pad + line for line in textwrap.wrap(below, max(20, width - len(pad)))]
    return [*lines, *_about(shown.about, " - " if ascii_only else " · ", width)]


def _about(parts: tuple[str, ...], between: str, width: int) -> list[str]:
    """What was examined: the parts side by side, none of them broken."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(between) + len(part) <= width:
            lines[-1] += between + part
        else:
            lines.append("  " + part)
    return lines


def _section(section: Section, width: int, colour: bool, ascii_only: bool) -> list[str]:
    lines: list[str] = []
    room = max((len(row.name) for row in section.rows), default=0)
    room = min(max(room + 2, NAME if section.title == "Why" else 0), 30, width // 2) if room else 0
    number = 0
    for row in section.rows:
        counts = section.is_numbered and row.sign != "*"
        number += counts
        lines += _row(row, str(number) if counts else _sign(row, ascii_only), room, width, colour)
    return lines


def _row(row: Row, sign: str, room: int, width: int, colour: bool) -> list[str]:
    """One row: margin, then the text wrapped under itself, then its command and where to go on lines of their own."""
    margin = " " * INDENT + (f"{sign:<2}" + " " * (len(sign) > 1) if sign else "")
    is_aside = bool(row.more) and not row.command and row.more.startswith("[")
    body = f"{row.text}  {row.more}" if is_aside else row.text
    lines = _beside(margin, row.name if row.sign != "*" else "", room, body, width)
    if colour and sign in COLOURS:
        lines[0] = lines[0].replace(sign, _paint(sign, sign, colour), 1)
    hang = " " * (len(margin) + (room if row.name and row.sign != "*" else 0))
    more = "" if is_aside else row.more
    if row.command:
        command = _command(row.command, hang, width)
        is_short = len(command) == 1 and more.startswith("or ") and "\n" not in more
        if is_short and len(command[0]) + ASIDE_ROOM + len(more) <= width:
            command, more = [command[0] + " " * ASIDE_ROOM + more], ""
        lines += command
    for line in more.splitlines():
        lines += _fold(line, width, hang, hang)
    return lines


def _beside(margin: str, name: str, room: int, body: str, width: int) -> list[str]:
    """The body beside its name; below it where the name is too long for its room."""
    if not name or not room:
        return _fold(body, width, margin, " " * len(margin))
    hang = " " * (len(margin) + room)
    if len(name) > room - 2:
        return [margin + name, *_fold(body, width, hang, hang)]
    return _fold(body, width, f"{margin}{name:<{room}}", hang)


def _fold(body: str, width: int, first: str, hang: str) -> list[str]:
    """The body within the width; a word longer than that stands whole on a line of its own."""
    return textwrap.wrap(body, width, initial_indent=first, subsequent_indent=hang, break_long_words=False,
                         break_on_hyphens=False) or [first.rstrip()]  # fmt: skip


def _command(command: str, hang: str, width: int) -> list[str]:
    """A command to copy: what is too long goes on below, with the backslash that a shell wants."""
    lines = [hang + "$"]
    room = width - 2
    for word in _together(_words(command), room - len(hang) - 4):
        if len(lines[-1]) + 1 + len(word) <= room or lines[-1] == hang + "$":
            lines[-1] += " " + word
        else:
            lines[-1] += " \\"
            lines.append(hang + "    " + word)
    whole = f"{hang}$ {command}"
    return [whole] if len(whole) <= width else lines


def _together(words: list[str], room: int) -> list[str]:
    """An option and its value on one line, where there is room for both."""
    pairs: list[str] = []
    for word in words:
        before = pairs[-1] if pairs else ""
        is_value = before.startswith("--") and " " not in before and "=" not in before and not word.startswith("-")
        if is_value and len(before) + 1 + len(word) <= room:
            pairs[-1] = f"{before} {word}"
        else:
            pairs.append(word)
    return pairs


def _words(command: str) -> list[str]:
    """The words of a command; a quoted string with blanks stays in one."""
    words, quote = [""], ""
    for char in command:
        if char == " " and not quote:
            words.append("")
            continue
        if char in "'\"" and quote in ("", char):
            quote = "" if quote else char
        words[-1] += char
    return [word for word in words if word]


def _sign(row: Row, ascii_only: bool) -> str:
    return (PLAIN if ascii_only else FINE).get(row.sign, row.sign)


def _paint(words: str, what: str, colour: bool) -> str:
    return f"\x1b[{COLOURS[what]}m{words}\x1b[0m" if colour else words


def _ascii(whole: str) -> str:
    return whole.translate(_TO_ASCII).encode("ascii", "replace").decode("ascii")
