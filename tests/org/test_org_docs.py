"""docs/audit.md names every query with what it needs and hides, and every finding."""

from __future__ import annotations

import re
from pathlib import Path

from jwtdoctor.org import found, risks
from jwtdoctor.org.queries import QUERIES, Query

PAGE = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")


def row(query: Query) -> str:
    mark = "" if query.is_documented else " ¹"
    return f"| `{query.subject}`{mark} | {query.tells} | {query.needs_in_words or 'none'} | {query.hides} |"


def test_the_page_lists_every_query_in_the_order_of_asking() -> None:
    listed = [line for line in PAGE.splitlines() if re.match(r"\| `[A-Z][a-z]", line)]

    assert listed == [row(query) for query in QUERIES]


def test_the_page_lists_every_finding_of_apps() -> None:
    source = Path(risks.__file__).read_text(encoding="utf-8")
    rules = set(re.findall(r'_say\("([a-z-]+)"', source)) - {"org-not-read", "apps-looked-at", "api-requests"}

    assert rules
    assert not [rule for rule in rules if f"`{rule}`" not in PAGE]


def test_every_query_says_what_its_absence_hides_and_where_it_is_documented() -> None:
    assert all(query.hides and query.tells and query.source.startswith("https://") for query in QUERIES)


def test_no_query_asks_for_a_secret() -> None:
    asked = {name.lower() for query in QUERIES for name in (*query.fields, *query.optional)}

    assert not asked & {"accesstoken", "deletetoken", "requesttoken", "consumersecret", "password"}
    assert "secret" not in Path(found.__file__).read_text(encoding="utf-8").lower()
