"""The pages of the rules are what their docstrings say."""

from __future__ import annotations

from pathlib import Path

from jwtdoctor.lint.pages import details, table
from jwtdoctor.lint.rules import all_rules

DOCS = Path(__file__).resolve().parents[2] / "docs"
MARK = "<!-- rules -->\n"
HEAD = "# The rules of `jwtdoctor lint`\n\nMade of the rules' docstrings, whose examples the tests run.\n\n"
RULES = list(all_rules().values())


def test_the_table_of_rules_is_current() -> None:
    """To renew both pages: python tests/lint/test_lint_docs.py"""
    page = (DOCS / "lint.md").read_text(encoding="utf-8")

    assert page.partition(MARK)[2].strip() == table(RULES).strip()


def test_the_pages_of_rules_are_current() -> None:
    assert (DOCS / "lint-rules.md").read_text(encoding="utf-8") == HEAD + details(RULES)


def test_every_link_of_the_table_has_its_heading() -> None:
    headings = {line[3:] for line in details(RULES).splitlines() if line.startswith("## ")}

    assert headings == {rule.id for rule in RULES}


def _renew() -> None:
    page = DOCS / "lint.md"
    page.write_text(page.read_text(encoding="utf-8").partition(MARK)[0] + MARK + "\n" + table(RULES), encoding="utf-8")
    (DOCS / "lint-rules.md").write_text(HEAD + details(RULES), encoding="utf-8")


if __name__ == "__main__":
    _renew()
