"""The report as Markdown, for tickets and pull requests. Foreign text cannot open a tag or a link."""

from __future__ import annotations

import re

from jwtdoctor.model.report import Report
from jwtdoctor.render.page import Row, page
from jwtdoctor.render.timeline import draw

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def markdown(report: Report) -> str:
    """The page of a report as Markdown."""
    shown = page(report)
    title = f"## {shown.outcome}: {_plain(shown.statement)}"
    lines = [title + (f" ({shown.likelihood})" if shown.likelihood else ""), ""]
    if shown.second:
        lines += [_plain(shown.second), ""]
    lines += [" · ".join(_plain(part) for part in shown.about), ""]
    for section in shown.sections:
        lines += [f"### {section.title}", ""]
        lines += [_row(row, number if section.is_numbered else None) for number, row in enumerate(section.rows, 1)]
        lines.append("")
        if section.title == "Why" and report.timeline is not None:
            lines += ["```text", *draw(report.timeline, 80), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _row(row: Row, number: int | None) -> str:
    bullet = f"{number}." if number is not None else "-"
    sign = f"`{row.sign}` " if row.sign and row.sign != "*" else ""
    name = f"**{_plain(row.name)}** " if row.name else ""
    line = f"{bullet} {sign}{name}{_plain(row.text)}"
    if row.command:
        line += f"  \n  `{row.command.replace('`', '')}`"
    if row.more:
        line += f"  \n  {_plain(row.more)}"
    return line


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
