"""The report as one HTML file without scripts, for hand-over. All text is escaped; nothing is loaded from anywhere."""

from __future__ import annotations

from html import escape

from jwtdoctor.model.report import Report
from jwtdoctor.render.page import Row, Section, page, window_of
from jwtdoctor.render.timeline import draw

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1c2024}"
    "h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}.bad{color:#a4262c}.ok{color:#0b6a2b}"
    "code,pre{background:#f1f3f5;border-radius:4px;padding:.1rem .3rem}pre{padding:.6rem;overflow:auto}"
    "li{margin:.25rem 0}.more{color:#5a6169;font-size:.9em}"
)


def html(report: Report) -> str:
    """A whole page. Its policy forbids scripts and any request."""
    shown = page(report)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{escape(shown.outcome)}: {escape(shown.statement)}</title><style>{_STYLE}</style></head><body>",
        f'<h1 class="{shown.mark}">{escape(shown.outcome)}: {escape(shown.statement)}</h1>',
        f"<p>{escape(' · '.join((*filter(None, (shown.likelihood, shown.second)), *shown.about)))}</p>",
    ]
    window = window_of(report)
    for section in shown.sections:
        parts.append(f"<h2>{escape(section.title)}</h2>")
        parts += _rows(section)
        if section.title == "Why" and window is not None:
            parts.append("<pre>" + escape("\n".join(draw(window, 80))) + "</pre>")
    return "\n".join([*parts, "</body></html>", ""])


def _rows(section: Section) -> list[str]:
    """A list; a heading among numbered steps interrupts it, and the counting goes on behind."""
    if not section.is_numbered:
        return ["<ul>", *map(_row, section.rows), "</ul>"]
    parts, number, is_open = [], 0, False
    for row in section.rows:
        if row.sign == "*":
            parts.append(("</ol>" if is_open else "") + f"<p>{escape(row.text)}</p>")
            is_open = False
            continue
        number += 1
        parts.append(("" if is_open else f'<ol start="{number}">') + _row(row))
        is_open = True
    return [*parts, "</ol>"] if is_open else parts


def _row(row: Row) -> str:
    sign = f"<b>{escape(row.sign)}</b> " if row.sign and row.sign != "*" else ""
    name = f"<b>{escape(row.name)}</b> " if row.name else ""
    command = f"<br><code>{escape(row.command)}</code>" if row.command else ""
    more = "".join(f'<br><span class="more">{escape(line)}</span>' for line in row.more.splitlines())
    return f"<li>{sign}{name}{escape(row.text)}{command}{more}</li>"
