"""A plan as a page, for text, Markdown and HTML, and as plain data for JSON."""

from __future__ import annotations

from typing import Any

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.plan import Line, Mark, Plan, Sighting
from jwtdoctor.render.page import Page, Row, Section
from jwtdoctor.render.words import SURENESS, observed, one_line

SIGNS = {"ok": "ok", "bad": "bad", "open": "?", "note": "·", "step": "·", "done": "ok"}
"""In text, where the renderer has a twin of each in ASCII."""
SYMBOLS = {"ok": "✓", "bad": "✗"}
FIRST_WORD = {"done": "Done. ", "bad": "Found. "}
"""Of a step, which has a number in the place of its sign."""
Counts = tuple[tuple[Mark, str], ...]
COUNTED: Counts = (("ok", "in order"), ("bad", "to mend"), ("open", "not observed"))
TICKED: Counts = (("ok", "ticked"), ("bad", "crossed"), ("open", "open"))
STEPS: Counts = (("bad", "found"), ("done", "done"), ("open", "to do"))
COUNTS = {"checklist": TICKED, "incident": STEPS}


def plan_page(plan: Plan, *, verbose: bool = False, symbols: bool = False) -> Page:
    """The page. `verbose` adds sureness and sources; `symbols`: ✓ and ✗ as they are, for Markdown and HTML."""
    mark = "bad" if plan.count("bad") else "note" if plan.count("open") or not plan.count("ok") else "ok"
    sections: dict[str, list[Row]] = {}
    for line in plan.lines:
        numbered = line.section in plan.numbered
        sections.setdefault(line.section, []).append(_row(line, verbose, symbols, numbered))
    if plan.warnings:
        sections["Warnings"] = [Row(one_line(text), "!") for text in plan.warnings]
    shown = tuple(Section(title, tuple(rows), title in plan.numbered) for title, rows in sections.items())
    about = tuple(one_line(part, 60) for part in plan.about)
    return Page(mark, plan.name.upper(), plan.title, "", _counts(plan), about, shown)


def plan_document(plan: Plan) -> dict[str, Any]:
    """The key `plan` of a report document."""
    return {
        "name": plan.name,
        "title": plan.title,
        "lines": [_line_document(line) for line in plan.lines],
    }


def evidence_words(line: Line) -> str:
    """`app.kind connected-app (audit); not observed: user.is_active`."""
    seen = "; ".join(_sighting(one) for one in line.rests_on)
    missing = f"not observed: {', '.join(line.missing)}" if line.missing else ""
    return "; ".join(part for part in (seen, missing) if part)


def _counts(plan: Plan) -> str:
    told = [f"{plan.count(mark)} {word}" for mark, word in COUNTS.get(plan.name, COUNTED) if plan.count(mark)]
    return ", ".join(told)


def _row(line: Line, verbose: bool, symbols: bool, numbered: bool) -> Row:
    sign = SIGNS[line.mark]
    text = FIRST_WORD.get(line.mark, "") * numbered + line.text
    text += f" Do: {line.do}" if line.do else ""
    more = [f"[{evidence_words(line)}]"]
    if verbose:
        more += [f"line: {line.id}", f"sure: {SURENESS[line.sureness]}", *(f"see {source}" for source in line.sources)]
    sign = "" if numbered else SYMBOLS.get(sign, sign) if symbols else sign
    name = f"{line.name}:" if numbered and symbols and line.name else line.name
    if numbered and symbols:  # steps of HTML and Markdown show no name
        text, name = f"{name} {text}".strip(), ""
    return Row(text, sign, name, line.command, "\n".join(more))


def _sighting(one: Sighting) -> str:
    value = str(one.value).lower() if isinstance(one.value, bool) else observed(one.name, one.value)
    return f"{one.name} {value} ({one_line(one.source, 80)})"


def _line_document(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "section": line.section,
        "name": line.name,
        "mark": line.mark,
        "text": line.text,
        "do": line.do,
        "command": line.command or None,
        "rests_on": [{"fact": one.name, "observed": _value(one), "source": clean(one.source)} for one in line.rests_on],
        "not_observed": list(line.missing),
        "sureness": line.sureness.value,
        "sources": list(line.sources),
    }


def _value(one: Sighting) -> Any:
    if isinstance(one.value, tuple):
        return [clean(item) for item in one.value]
    return clean(one.value) if isinstance(one.value, str) else one.value
