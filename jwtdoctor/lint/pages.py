"""The rules as Markdown, made of their docstrings: the table of `docs/lint.md`, the pages of `docs/lint-rules.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from jwtdoctor.lint.rule import Rule


def table(rules: Iterable[Rule]) -> str:
    """A table a chapter."""
    return "\n".join(_tables(rules)).strip() + "\n"


def _tables(rules: Iterable[Rule]) -> Iterator[str]:
    for subject, chapter in groupby(rules, key=lambda rule: rule.subject):
        yield from ("", f"### {_title(subject)}", "", "| rule | severity | what it says | can lead to |")
        yield "| --- | --- | --- | --- |"
        for rule in chapter:
            causes = ", ".join(f"`{cause}`" for cause in rule.leads_to)
            link = f"[`{rule.id}`](lint-rules.md#{rule.id})"
            yield f"| {link} | {rule.severity} | {rule.title} | {causes} |"


def details(rules: Iterable[Rule]) -> str:
    """Everything that each rule has to say."""
    return "\n".join(line for rule in rules for line in _detail(rule)).strip() + "\n"


def _detail(rule: Rule) -> Iterator[str]:
    yield from ("", f"## {rule.id}", "", f"*{rule.severity}, {rule.sureness.value}.* {rule.title}.", "")
    if rule.explanation:
        yield from (rule.explanation, "")
    yield f"**Do:** {rule.remedy}."
    if rule.leads_to:
        yield from ("", "**Can lead to:** " + ", ".join(f"`{cause}`" for cause in rule.leads_to) + ".")
    if rule.sources:
        yield from ("", "**Sources:** " + ", ".join(f"<{source}>" for source in rule.sources) + ".")
    for title, example in (("Bad", rule.bad), ("Good", rule.good)):
        yield from ("", f"{title}:", "", "```xml", example, "```")


def _title(subject: str) -> str:
    names = {"jwt bearer": "JWT bearer"}
    return names.get(subject, subject.capitalize())
