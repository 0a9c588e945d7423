"""The TOML files of the knowledge, read without the loader: what a slip of the hand in them would break.

The loader types the same files and has tests of its own. Here the data is held to rules that types cannot say: names
exist, sources are there, no regular expression can be made to hang, no text is given twice.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from jwtdoctor.model.names import FLOWS, Sureness

KNOWLEDGE = Path(__file__).parents[2] / "jwtdoctor" / "knowledge"
USUAL = ("sole", "usual", "often", "sometimes", "rarely", "claimed")
PLACES = ("token", "authorize", "revoke", "introspect", "userinfo", "api", "client", "login-history")
EVIDENCE = ("observed", "documented", "enum-only")
HOSTILE_LENGTH = 20_000
HOSTILE_SHORT, HOSTILE_GROWTH = 8, 4
"""An eighth of a text comes first: what would be quick even with a time of the fourth power is not tried whole."""
HOSTILE_SECONDS = 3.0  # of processor time: an honest pattern needs milliseconds, a catastrophic one hours


class Entry(NamedTuple):
    """One table of a provider, with the words to find it by."""

    provider: str
    name: str
    table: dict[str, Any]


@cache
def parsed(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def provider_files() -> Iterator[tuple[str, Path]]:
    for path in sorted((KNOWLEDGE / "providers").rglob("*.toml")):
        folder = path.parent.name
        yield (path.stem if folder == "providers" else folder), path


def causes() -> set[str]:
    return {path.stem for path in (KNOWLEDGE / "causes").glob("*.toml")}


def responses() -> list[Entry]:
    return [
        Entry(provider, f"{provider}/{row.get('id', '?')}", row)
        for provider, path in provider_files()
        for row in parsed(path).get("responses", ())
    ]


def readings() -> list[Entry]:
    return [
        Entry(entry.provider, f"{entry.name} -> {row.get('cause')}", row)
        for entry in responses()
        for row in entry.table.get("readings", ())
    ]


def claims() -> list[Entry]:
    return [
        Entry(provider, f"{provider}: {row.get('claim', '?')[:60]}", row)
        for provider, path in provider_files()
        for row in parsed(path).get("claims", ())
    ]


def clues() -> list[Entry]:
    """The clues of causes, and those that providers add to them."""
    own = [
        Entry("", f"{path.stem}, clue {number}", row)
        for path in sorted((KNOWLEDGE / "causes").glob("*.toml"))
        for number, row in enumerate(parsed(path).get("clues", ()), 1)
    ]
    added = [
        Entry(provider, f"{provider}/{slug}, clue {number}", row)
        for provider, path in provider_files()
        for slug, table in parsed(path).get("causes", {}).items()
        for number, row in enumerate(table.get("clues", ()), 1)
    ]
    return own + added


def patterns() -> list[tuple[str, str]]:
    """Every regular expression of the data, once."""
    found: dict[str, str] = {}
    for entry in responses():
        if "pattern" in entry.table:
            found.setdefault(entry.table["pattern"], entry.name)
    for entry in clues():
        if "matches" in entry.table:
            found.setdefault(entry.table["matches"], entry.name)
    for provider, path in provider_files():
        for host in parsed(path).get("hosts", ()):
            found.setdefault(host, f"{provider}, hosts")
    return [(name, pattern) for pattern, name in found.items()]


@pytest.mark.parametrize("path", sorted(KNOWLEDGE.rglob("*.toml")), ids=lambda p: str(p.relative_to(KNOWLEDGE)))
def test_a_file_is_toml(path: Path) -> None:
    assert parsed(path)


def test_the_ids_of_a_provider_are_unique() -> None:
    counted = Counter((entry.provider, entry.table["id"]) for entry in responses())

    assert [name for name, times in counted.items() if times > 1] == []


def test_an_id_is_kebab_case() -> None:
    assert [e.name for e in responses() if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", e.table["id"])] == []


def test_a_response_says_where_and_by_what_it_is_known() -> None:
    known_by = ("statuses", "error", "description", "pattern")

    assert [e.name for e in responses() if e.table.get("where") not in PLACES] == []
    assert [e.name for e in responses() if e.table.get("evidence", "observed") not in EVIDENCE] == []
    assert [e.name for e in responses() if not any(key in e.table for key in known_by)] == []


def test_no_two_responses_of_a_provider_have_the_same_face() -> None:
    """The same code, text, pattern and statuses in the same flows would leave the choice to chance."""
    faces = Counter(
        (
            e.provider,
            e.table["where"],
            (e.table.get("error") or "").lower(),
            (e.table.get("description") or "").lower(),
            e.table.get("pattern"),
            tuple(e.table.get("statuses", ())),
            tuple(e.table.get("flows", ())),
        )
        for e in responses()
    )

    assert [face for face, times in faces.items() if times > 1] == []


def test_a_reading_names_a_cause_that_there_is() -> None:
    known = causes()

    assert [e.name for e in readings() if e.table.get("cause") not in known] == []


def test_a_claim_is_shown_with_causes_that_there_are() -> None:
    known = causes()

    assert [e.name for e in claims() if not e.table.get("causes") or not set(e.table["causes"]) <= known] == []


def test_what_a_provider_adds_is_added_to_a_cause_that_there_is() -> None:
    known = causes()
    added = [(provider, slug) for provider, path in provider_files() for slug in parsed(path).get("causes", {})]

    assert [name for name in added if name[1] not in known] == []


def test_an_alias_leads_to_a_cause_and_is_none_itself() -> None:
    aliases = parsed(KNOWLEDGE / "names.toml")["aliases"]
    known = causes()

    assert {alias: slug for alias, slug in aliases.items() if slug not in known} == {}
    assert sorted(set(aliases) & known) == []


def test_every_flow_is_one_of_ours() -> None:
    everywhere = [*responses(), *readings(), *clues()]
    everywhere += [Entry(provider, str(path.name), parsed(path)) for provider, path in provider_files()]

    assert [e.name for e in everywhere if not set(e.table.get("flows", ())) <= set(FLOWS)] == []


def test_a_reading_keeps_to_the_flows_of_its_response() -> None:
    lost = [
        f"{entry.name} -> {row['cause']}"
        for entry in responses()
        for row in entry.table.get("readings", ())
        if entry.table.get("flows") and row.get("flows") and not set(row["flows"]) & set(entry.table["flows"])
    ]

    assert lost == []


def test_how_usual_and_how_sure_a_reading_is_are_words_that_we_know() -> None:
    sure = {word.value for word in Sureness}

    assert [e.name for e in readings() if e.table.get("usual") not in USUAL] == []
    assert [e.name for e in [*readings(), *clues()] if e.table.get("sureness") not in sure] == []


@pytest.mark.parametrize("entries", [readings, claims, clues], ids=["readings", "claims", "clues"])
def test_everything_that_is_said_has_a_web_address_for_it(entries: Any) -> None:
    unfounded = [
        e.name
        for e in entries()
        if not e.table.get("sources") or not all(re.match(r"https?://[^\s/]+/?\S*$", s) for s in e.table["sources"])
    ]

    assert unfounded == []


def test_a_limit_says_on_what_it_rests() -> None:
    limits = [
        Entry(provider, f"{provider}, {name}", table)
        for provider, path in provider_files()
        for name, table in parsed(path).get("limits", {}).items()
    ]

    assert [e.name for e in limits if not e.table.get("sources") or "sureness" not in e.table] == []
    assert [e.name for e in limits if "value" not in e.table and not e.table.get("note")] == []


def test_a_cause_is_listed_once_in_a_flow() -> None:
    twice = []
    for entry in responses():
        seen: dict[str, set[str]] = {}
        for row in entry.table.get("readings", ()):
            flows = set(row.get("flows") or entry.table.get("flows") or FLOWS)
            if seen.setdefault(row["cause"], set()) & flows:
                twice.append(f"{entry.name} -> {row['cause']}")
            seen[row["cause"]] |= flows

    assert twice == []


def test_sole_stands_alone() -> None:
    """`sole` claims that a text has one reading; another reading beside it in the same flow contradicts that."""
    wrong = [
        entry.name
        for entry in responses()
        if any(row["usual"] == "sole" for row in entry.table.get("readings", ())) and len(entry.table["readings"]) > 1
    ]

    assert wrong == []


def test_what_is_not_transparent_has_a_reading() -> None:
    assert [e.name for e in responses() if not e.table.get("readings") and not e.table.get("transparent")] == []


@pytest.mark.parametrize(("name", "pattern"), patterns(), ids=[name for name, _ in patterns()])
def test_a_pattern_compiles_says_something_and_cannot_be_made_to_hang(name: str, pattern: str) -> None:
    compiled = re.compile(pattern, re.IGNORECASE)

    assert compiled.search("") is None, "it matches an empty text"
    for text in hostile(pattern):
        short = text[: HOSTILE_LENGTH // HOSTILE_SHORT]
        if seconds_of(compiled, short) * HOSTILE_SHORT**HOSTILE_GROWTH >= HOSTILE_SECONDS:
            assert seconds_of(compiled, text) < HOSTILE_SECONDS, text[:60]


def test_a_pattern_finds_the_description_that_it_stands_beside() -> None:
    """In `error` + `description` + `pattern` the pattern catches variants of that very description."""
    lost = [
        e.name
        for e in responses()
        if "pattern" in e.table
        and "description" in e.table
        and not re.search(e.table["pattern"], e.table["description"], re.IGNORECASE)
    ]

    assert lost == []


def seconds_of(compiled: re.Pattern[str], text: str) -> float:
    """Processor time of one search."""
    began = time.process_time()
    compiled.search(text)
    return time.process_time() - began


def hostile(pattern: str) -> Iterator[str]:
    """Long texts that come near to matching, again and again: the usual ways to make a regular expression hang."""
    words = re.findall(r"[A-Za-z]{3,}", pattern)
    pieces = ["a", " ", "a ", "\\", "<", ".", "-", "0", "x" * 30 + " ", "\n", *words, *(f"{word} " for word in words)]
    pieces.append(" ".join(words) + " ")
    for piece in pieces:
        if piece:
            yield (piece * (HOSTILE_LENGTH // len(piece) + 1))[:HOSTILE_LENGTH]
