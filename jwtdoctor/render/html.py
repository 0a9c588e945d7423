"""The report as one HTML file for hand-over: no script, nothing loaded from anywhere, good on paper.

Its policy (CSP) allows nothing but the style sheet that it carries, named by its hash. All text is escaped. Links lead
only to the sources that the knowledge names, never to anything that was observed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from html import escape

from jwtdoctor.model.about import TOOL
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Standing
from jwtdoctor.model.report import REPORT_SCHEMA, Report
from jwtdoctor.render.page import Page, Row, Section, page, window_of
from jwtdoctor.render.picture import picture
from jwtdoctor.render.words import one_line

MARKS = {"ok": "✓", "bad": "✗", "note": "·"}
MOST_WITH_SOURCES = 3
"""Of a tie, the causes whose sources are listed; `jwtdoctor causes SLUG` has those of the others."""
SPOKEN = {"+": "for it", "-": "against it", "=": "seen again", "?": "not known", "!": "note", "✓": "in order",
          "✗": "to mend"}  # fmt: skip
"""What a sign says to who does not see it."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --sheet: #f3f5f7; --line: #d0d7de;
  --bad: #a4262c; --ok: #0b6a2b; --note: #3f4a56; --window: #bcd6f5; --mark: #24588f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a3adb8; --paper: #14181d; --sheet: #1f252c;
  --line: #3a434d; --bad: #ff938a; --ok: #6fd08c; --note: #c3ccd6; --window: #1f4a78; --mark: #8fc1ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 54rem; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
article + article { margin-top: 3rem; padding-top: 1rem; border-top: 3px solid var(--line); }
header { border-left: .4rem solid var(--note); padding: .2rem 0 .2rem 1rem; }
header.bad { border-color: var(--bad); } header.ok { border-color: var(--ok); }
header p { margin: 0; }
.outcome { font-weight: 700; letter-spacing: .05em; }
.bad .outcome { color: var(--bad); } .ok .outcome { color: var(--ok); }
.verdict { font-size: 1.5rem; line-height: 1.25; margin: .1rem 0 .3rem; }
main > .verdict { margin-bottom: 1.2rem; }
.about, .more, figcaption, footer, .small { color: var(--soft); font-size: .875rem; }
.about span { display: inline-block; }
.title { font-size: 1.05rem; margin: 1.8rem 0 .4rem; padding-bottom: .15rem; border-bottom: 1px solid var(--line); }
ul, ol { margin: 0; padding: 0; } ul { list-style: none; } ol { padding-left: 1.6rem; }
li { margin: .45rem 0; overflow-wrap: anywhere; break-inside: avoid; }
ul.named li { display: grid; grid-template-columns: 1.1rem 7.5rem minmax(0, 1fr); }
ul.long li { grid-template-columns: 1.1rem 17rem minmax(0, 1fr); }
.sign { font-weight: 700; } .name { color: var(--soft); padding-right: .75rem; }
.case { font-weight: 600; margin: .8rem 0 .2rem; }
.more { display: block; }
pre { margin: .25rem 0; padding: .45rem .6rem; background: var(--sheet); border: 1px solid var(--line);
  border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere; }
pre, code { font: .9rem/1.45 ui-monospace, monospace; }
a { color: inherit; overflow-wrap: anywhere; }
figure { margin: 1.2rem 0 0; break-inside: avoid; }
svg { display: block; overflow: visible; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .window { fill: var(--window); stroke: var(--mark); }
svg .forgiven { fill: none; stroke: var(--mark); stroke-dasharray: 4 3; }
svg .axis { stroke: var(--line); } svg .tie { stroke-width: 1.5; stroke-dasharray: 2 3; }
svg circle { stroke: var(--paper); stroke-width: 1.5; }
svg circle.in { fill: var(--ok); } svg circle.out { fill: var(--bad); } svg circle.other { fill: var(--soft); }
svg line.in { stroke: var(--ok); } svg line.out { stroke: var(--bad); }
svg text.in { fill: var(--ok); } svg text.out { fill: var(--bad); font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; margin-top: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .2rem .75rem .2rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th[scope=row] { font-weight: 400; }
summary { cursor: pointer; margin-top: 1.8rem; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .5rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  ul.named li, ul.long li { grid-template-columns: 1.1rem minmax(0, 1fr); } ul.named .text { grid-column: 2; }
  svg text { font-size: 12px; } .verdict { font-size: 1.25rem; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --sheet: #fff; --line: #999; --bad: #8a1c22;
    --ok: #064f1f; --note: #333; --window: #d8e6f7; --mark: #24588f; }
  @page { margin: 16mm; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; } details { display: none; }
  .title, .case { break-after: avoid; } article + article { break-before: page; border: 0; }
  svg, pre { print-color-adjust: exact; }
}
"""


def html(*reports: Report) -> str:
    """A whole page: one report, or several below each other."""
    pages = [page(report) for report in reports]
    is_alone = len(reports) == 1
    title = f"{pages[0].outcome}: {pages[0].statement}" if is_alone else f"{len(reports)} reports"
    parts = _opening(title)
    if not is_alone:
        parts.append(f'<h1 class="verdict">{escape(title)}</h1>')
    for number, (report, shown) in enumerate(zip(reports, pages, strict=True), 1):
        parts += _article(report, shown, number, 1 if is_alone else 2)
    parts.append(f"<footer>{TOOL} · {REPORT_SCHEMA} · holds no key, no secret, no token</footer>")
    return "\n".join([*parts, "</main>", "</body>", "</html>", ""])


def html_of(shown: Page, figures: Mapping[str, str]) -> str:
    """A page that is no report, as HTML. `figures` are markup of ours, below the sections of these titles."""
    parts = [*_opening(f"{shown.outcome}: {shown.statement}"), "<article>", *_header(shown, shown.about, 1)]
    for section in shown.sections:
        parts += [*_section(section, 2), figures.get(section.title, "")]
    parts += ["</article>", f"<footer>{TOOL} · holds no key, no secret, no token</footer>"]
    return "\n".join([*parts, "</main>", "</body>", "</html>", ""])


def _opening(title: str) -> list[str]:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
    ]


def _article(report: Report, shown: Page, number: int, top: int) -> list[str]:
    """One report. `top` is the level of its heading."""
    parts = ["<article>", *_header(shown, (*shown.about, _moment(report.at)), top)]
    for section in shown.sections:
        parts += _section(section, top + 1)
        if section.title in ("Why", "Seen"):
            parts += _figure(report, number)
    return [*parts, *_sources(report, top + 1), *_observed(report), "</article>"]


def _header(shown: Page, about: tuple[str, ...], level: int) -> list[str]:
    said = ": ".join(part for part in (shown.second, shown.likelihood) if part)
    parts = " · ".join(f"<span>{escape(part)}</span>" for part in about if part)
    return [
        f'<header class="{shown.mark}">',
        f'<p class="outcome"><span aria-hidden="true">{MARKS[shown.mark]}</span> {escape(shown.outcome)}</p>',
        f'<h{level} class="verdict">{escape(shown.statement)}</h{level}>',
        *([f"<p>{escape(said)}</p>"] if said else []),
        f'<p class="about">{parts}</p>',
        "</header>",
    ]


def _moment(at: float | None) -> str:
    """When it was observed; nothing for a moment outside the calendar."""
    try:
        return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, OSError, ValueError):
        return ""


def _figure(report: Report, number: int) -> list[str]:
    window = window_of(report)
    drawn = picture(window, report.margins, number) if window is not None else ""
    return [drawn] if drawn else []


def _section(section: Section, level: int) -> list[str]:
    head = f'<h{level} class="title">{escape(section.title)}</h{level}>'
    if section.is_numbered:
        return [head, *_steps(section.rows)]
    return [head, *_rows(section.rows)]


def _rows(rows: tuple[Row, ...]) -> list[str]:
    """A list; a heading among its rows (a cause of several) interrupts it."""
    kind = "plain"
    if any(row.name for row in rows):
        kind = "named long" if max(len(row.name) for row in rows) > 16 else "named"
    parts: list[str] = []
    is_open = False
    for row in rows:
        if row.sign == "*":
            parts.append(("</ul>" if is_open else "") + f'<p class="case">{escape(row.text)}</p>')
            is_open = False
            continue
        parts.append(("" if is_open else f'<ul class="{kind}">') + _row(row, kind))
        is_open = True
    return [*parts, "</ul>"] if is_open else parts


def _row(row: Row, kind: str) -> str:
    if kind == "plain":
        return f"<li>{_body(row)}</li>"
    spoken = f'<span class="unseen">{SPOKEN[row.sign]}: </span>' if row.sign in SPOKEN else ""
    sign = f'<span class="sign"><span aria-hidden="true">{escape(row.sign)}</span>{spoken}</span>'
    return f'<li>{sign}<span class="name">{escape(row.name)}</span><div class="text">{_body(row)}</div></li>'


def _steps(rows: tuple[Row, ...]) -> list[str]:
    """Steps counted through; a heading among them interrupts the list, and the counting goes on behind."""
    parts: list[str] = []
    number, is_open = 0, False
    for row in rows:
        if row.sign == "*":
            parts.append(("</ol>" if is_open else "") + f'<p class="case">{escape(row.text)}</p>')
            is_open = False
            continue
        number += 1
        parts.append(("" if is_open else f'<ol start="{number}">') + f"<li>{_body(row)}</li>")
        is_open = True
    return [*parts, "</ol>"] if is_open else parts


def _body(row: Row) -> str:
    more = "".join(f'<span class="more">{escape(line)}</span>' for line in row.more.splitlines())
    command = f"<pre><code>{escape(row.command)}</code></pre>" if row.command else ""
    return f"{_words(row.text)}{command}{more}"


def _words(text: str) -> str:
    """Escaped; what stands between backticks is code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _sources(report: Report, level: int) -> list[str]:
    """What the evidence of the leading causes rests on, and where to read on."""
    leading = [verdict for verdict in report.verdicts if verdict.cause in report.leaders][:MOST_WITH_SOURCES]
    counted = [e for verdict in leading for e in verdict.evidence if e.standing is not Standing.UNKNOWN]
    told = [*(url for e in counted for url in e.sources), *(url for verdict in leading for url in verdict.references)]
    links = [_link(url) for url in dict.fromkeys(told)]
    if not links:
        return []
    return [f'<h{level} class="title">Sources</h{level}>', '<ul class="small">', *_items(links), "</ul>"]


def _items(items: Iterable[str]) -> list[str]:
    return [f"<li>{item}</li>" for item in items]


def _link(url: str) -> str:
    shown = escape(url)
    return f'<a href="{shown}" rel="noreferrer">{shown}</a>' if url.startswith("https://") else shown


def _observed(report: Report) -> list[str]:
    """Every fact that was observed, folded away; not on paper."""
    seen = sorted(report.chart.observations.items())
    if not seen:
        return []
    rows = [
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{escape(_value(fact.value))}</td>'
        f"<td>{escape(one_line(fact.source, 60))}</td></tr>"
        for name, fact in seen
    ]
    head = '<tr><th scope="col">fact</th><th scope="col">observed</th><th scope="col">source</th></tr>'
    number = f"{len(seen)} facts" if len(seen) > 1 else "1 fact"
    return [
        f"<details><summary>Observed: {number}</summary>",
        f"<table><thead>{head}</thead><tbody>",
        *rows,
        "</tbody></table></details>",
    ]


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return one_line(", ".join(value) or "none")
    return one_line(value) if isinstance(value, str) else f"{value:g}"
