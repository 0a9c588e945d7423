"""`docs/claims.md` says what the knowledge says, and all of it."""

from __future__ import annotations

import re
from pathlib import Path

from jwtdoctor.cli.main import COMMANDS
from jwtdoctor.knowledge.load import load
from jwtdoctor.lint.rules import all_rules
from jwtdoctor.plans.claims import claims_page, guides

PAGE = Path(__file__).resolve().parents[2] / "docs" / "claims.md"
SLUG = re.compile(r"`([a-z]+(?:-[a-z0-9]+)+)`")


def test_the_page_is_what_the_knowledge_says() -> None:
    """To renew it: python tests/plans/test_plans_claims.py"""
    assert PAGE.read_text(encoding="utf-8") == claims_page(guides(), load())


def test_every_claim_of_every_provider_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    claims = [claim.claim for provider in load().providers.values() for claim in provider.claims]

    assert len(claims) >= 23
    assert [claim for claim in claims if f"**{claim}**" not in page] == []


def test_both_guides_are_told_to_their_last_row() -> None:
    """Ten rows each, and the claims beside them."""
    of = [row.guide for row in guides().rows]

    assert of.count("1") >= 10
    assert of.count("2") >= 10


def test_what_is_said_about_a_claim_is_said_about_one_that_exists() -> None:
    claims = {claim.claim for provider in load().providers.values() for claim in provider.claims}

    assert guides().about.keys() <= claims


def test_rules_causes_and_commands_that_the_rows_name_exist() -> None:
    told = [*(row.does for row in guides().rows), *guides().about.values()]
    slugs = {slug for text in told for slug in SLUG.findall(text)}
    commands = {match for text in told for match in re.findall(r"`(\w+)(?: [^`]*)?`", text)} - {"jwtdoctor"}

    assert slugs <= all_rules().keys() | load().causes.keys()
    assert commands <= COMMANDS.keys()


def test_every_row_has_a_source() -> None:
    assert all(row.sources and all(url.startswith("https://") for url in row.sources) for row in guides().rows)


if __name__ == "__main__":
    PAGE.write_text(claims_page(guides(), load()), encoding="utf-8")
