"""The report as Markdown, for tickets and pull requests. Foreign text cannot open a tag or a link."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jwtdoctor.model.report import Report
from jwtdoctor.render.page import Page, Row, Section, page, window_of
from jwtdoctor.render.timeline import draw

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(*reports: Report) -> str:
    """The page of each report as Markdown, below each other."""
    return "\n".join(_page(report) for report in reports)


def _page(report: Report) -> str:
    window = window_of(report)
    return markdown_of(page(report), {} if window is None else {"Why": draw(window, 80)})


def markdown_of(shown: Page, pictures: Mapping[str, list[str]]) -> str:
    """A page as Markdown. `pictures` stand below the sections of these titles, in fixed width."""
    title = f"## {shown.outcome}: {_plain(shown.statement)}"
    lines = [title + (f" ({shown.likelihood})" if shown.likelihood else ""), ""]
    if shown.second:
        lines += [_plain(shown.second), ""]
    lines += [" · ".join(_plain(part) for part in shown.about), ""]
    for section in shown.sections:
        lines += [f"### {section.title}", ""]
        lines += _rows(section)
        lines.append("")
        picture = pictures.get(section.title)
        if picture:
            lines += ["```text", *picture, "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _rows(section: Section) -> list[str]:
    """Bullets, or steps counted through; a heading among the steps is not counted."""
    lines: list[str] = []
    number = 0
    for row in section.rows:
        if section.is_numbered and row.sign == "*":
            lines += [*([""] if lines else []), f"**{_plain(row.text)}**", ""]
            continue
        number += 1
        lines.append(_row(row, number if section.is_numbered else None))
    return lines


def _row(row: Row, number: int | None) -> str:
    bullet = f"{number}." if number is not None else "-"
    sign = f"`{row.sign}` " if row.sign and row.sign != "*" else ""
    name = f"**{_plain(row.name)}** " if row.name else ""
    line = f"{bullet} {sign}{name}{_plain(row.text)}"
    if row.command:
        line += f"  \n  `{row.command.replace('`', '')}`"
    if row.more:
        line += "".join(f"  \n  {_plain(more)}" for more in row.more.splitlines())
    return line


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
