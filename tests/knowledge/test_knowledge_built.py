"""The built knowledge: what an installed package reads says the same as the TOML files, and is read on demand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.load import BUILT_NAME, knowledge_of, knowledge_of_lines, lines_of, raw


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    return raw()


@pytest.fixture(scope="module")
def built(tables: dict[str, Any]) -> bytes:
    return lines_of(tables).encode()


def test_the_built_form_says_what_the_files_say(tables: dict[str, Any], built: bytes) -> None:
    made, read = knowledge_of(tables), knowledge_of_lines(built)

    assert dict(read.providers) == dict(made.providers)
    assert dict(read.causes) == {slug: replace(cause, examples=()) for slug, cause in made.causes.items()}
    assert (read.aliases, read.signs) == (made.aliases, made.signs)


def test_a_start_reads_only_what_it_asks_for(built: bytes) -> None:
    first, *rest = built.splitlines()
    head = json.loads(first)
    spoilt = [*rest]
    spoilt[len(head["causes"]) + list(head["providers"]).index("okta")] = b"{ no JSON"

    knowledge = knowledge_of_lines(b"\n".join([first, *spoilt]))

    assert knowledge.providers["google"].title
    assert knowledge.signs["okta"].hosts
    with pytest.raises(json.JSONDecodeError):
        knowledge.providers["okta"]


def broken(tables: Mapping[str, Any], **change: Any) -> dict[str, Any]:
    return {**tables, "providers": {**tables["providers"], "okta": {**tables["providers"]["okta"], **change}}}


@pytest.mark.parametrize("change", [{"hosts": ["("]}, {"words": ["a{2,1}"]}, {"title": ""}, {"colour": "red"}])
def test_a_file_that_breaks_the_format_is_not_built(tables: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(BadKnowledge, match="okta"):
        lines_of(broken(tables, **change))


def test_a_rule_needs_a_source(tables: dict[str, Any]) -> None:
    unsourced = {"aud": {"says": "anything", "sureness": "inferred", "sources": []}}

    with pytest.raises(BadKnowledge, match="a source is missing"):
        knowledge_of(broken(tables, rules=unsourced)).providers["okta"]


def test_the_built_file_is_not_kept_with_the_sources() -> None:
    from pathlib import Path

    root = Path(__file__).parents[2]

    assert f"jwtdoctor/knowledge/{BUILT_NAME}" in (root / ".gitignore").read_text(encoding="utf-8").split()
    assert f'"jwtdoctor/knowledge/{BUILT_NAME}"' in (root / "pyproject.toml").read_text(encoding="utf-8")
