"""The page that compares the providers: every provider has a row, unknown is shown, and what is shown has a source."""

from __future__ import annotations

import re

import pytest

from jwtdoctor.knowledge.load import knowledge_of, load
from jwtdoctor.render.provider_page import COLUMNS, UNKNOWN, provider_page, rules_of

MADE_UP = {
    "title": "Acme | IdP",
    "hosts": [r"(^|\.)idp\.acme\.example$"],
    "limits": {
        "max_ttl_s": {"value": 120, "sureness": "field-report", "sources": ["https://acme.example/a"]},
        "early_tolerance_s": {"sureness": "inferred", "sources": ["https://acme.example/b"], "note": "Not published."},
    },
    "rules": {"aud": {"says": "the moon", "sureness": "maintainer", "sources": ["https://acme.example/c"]}},
}


@pytest.fixture(scope="module")
def page() -> str:
    return provider_page(load())


def rows(page: str) -> dict[str, list[str]]:
    """The cells of each row, by slug."""
    table = [line for line in page.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table]
    return {slug[1]: row for row in cells if (slug := re.search(r"\(`([\w-]+)`\)$", row[0]))}


def test_every_provider_has_one_row(page: str) -> None:
    assert set(rows(page)) == set(load().providers)
    assert {len(row) for row in rows(page).values()} == {len(COLUMNS)}


def test_what_is_said_has_a_footing_and_what_is_not_known_is_said(page: str) -> None:
    for slug, (_, *cells) in rows(page).items():
        for cell in cells:
            assert cell == UNKNOWN or re.search(r" \[(?:[DMAFI] )?\d+(?: \d+)*\]$", cell), (slug, cell)
    assert rows(page)["mastercard"].count(UNKNOWN) == 6


def test_every_number_is_that_of_a_source(page: str) -> None:
    body, _, sources = page.partition("## Sources")
    cited = {int(n) for group in re.findall(r" \[(?:[DMAFI] )?(\d+(?: \d+)*)\]", body) for n in group.split()}

    assert cited == {int(n) for n in re.findall(r"^(\d+)\. <https://", sources, re.MULTILINE)}


def test_a_new_provider_is_a_new_row_without_code() -> None:
    row = rows(provider_page(knowledge_of({"causes": {}, "providers": {"acme": MADE_UP}, "aliases": {}})))["acme"]

    assert row[0] == r"Acme \| IdP (`acme`)"
    assert row[1:5] == ["the moon [M 1]", UNKNOWN, "exp - iat at most 120 s [F 2]", UNKNOWN]


def test_programs_get_the_unknown_as_null() -> None:
    told = rules_of(load().providers["workday"])

    assert told["rules"]["jti"] is None
    assert told["rules"]["alg"]["sources"]
