"""What plain words in a refusal are about: nouns and words of fault, in `words.toml`.

Read only when no known wording fits, so it stands apart from `knowledge.jsonl`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, cast, get_args

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.model.provider import Usual


@dataclass(frozen=True, slots=True)
class About:
    """One thing that may be at fault. `faults`: names of groups; none where the noun is the fault itself."""

    nouns: tuple[str, ...]
    faults: tuple[str, ...]
    causes: Mapping[str, Usual]
    flows: tuple[str, ...] = ()
    """The flows in which the words mean this; empty: any."""


@dataclass(frozen=True, slots=True)
class Words:
    """All of it. `faults`: group -> its words; `ahead`: those of them whose noun comes after."""

    faults: Mapping[str, tuple[str, ...]]
    ahead: Mapping[str, frozenset[str]]
    about: tuple[About, ...]
    empty: tuple[str, ...]
    """Phrases that say nothing: they repeat a code."""
    source: str


@cache
def words() -> Words:
    """The words of this package. Raises BadKnowledge."""
    return words_of(tomllib.loads((files("jwtdoctor.knowledge") / "words.toml").read_text(encoding="utf-8")))


def words_of(tables: Mapping[str, Any]) -> Words:
    """Typed words. Raises BadKnowledge for a group that is not there, or a word for frequency that is none."""
    faults = {group: tuple(word.rstrip(">") for word in found) for group, found in tables["faults"].items()}
    ahead = {group: frozenset(w[:-1] for w in found if w.endswith(">")) for group, found in tables["faults"].items()}
    about = tuple(_about(table, faults) for table in tables["about"])
    return Words(faults, ahead, about, tuple(tables["empty"]), tables["source"])


def _about(table: Mapping[str, Any], faults: Mapping[str, tuple[str, ...]]) -> About:
    groups, causes = tuple(table.get("faults", ())), table["causes"]
    unknown = [group for group in groups if group not in faults]
    unknown += [usual for usual in causes.values() if usual not in get_args(Usual)]
    if unknown:
        raise BadKnowledge(f"words.toml: {unknown[0]!r} is neither a group of faults nor a word for frequency")
    return About(tuple(table["nouns"]), groups, cast("Mapping[str, Usual]", causes), tuple(table.get("flows", ())))
