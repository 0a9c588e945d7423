"""The metadata types of apps and of what decides about them: elements, kinds, values, file names.

The data stand in `metadata.toml`, apart from `knowledge.jsonl`, since a diagnosis does not need them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class ElementKind:
    """What one element may hold. `allowed`: the values known, empty where any will do."""

    kind: str
    """`string` `boolean` `int` `enum` `list` (comma and blank between) `base64` `group`."""
    required: bool = False
    many: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetadataType:
    """One type: where its files lie, and what they hold. `elements` are keyed by their path below the root."""

    name: str
    folder: str
    suffix: str
    """The end of the file name in mdapi format, without the dot; source format adds `-meta.xml`."""
    source: str
    file: str = ""
    """The whole file name of a settings type."""
    is_open: bool = False
    """Listed in part: an unknown element is nothing to remark on."""
    elements: Mapping[str, ElementKind] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    """Paths of the groups whose elements are listed."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """All types by name, the suffixes of family members that are not read, and the pages by their keys."""

    types: Mapping[str, MetadataType]
    other_suffixes: Mapping[str, str]
    sources: Mapping[str, str]
    invented: Mapping[str, str]
    """`TYPE.element` of names that circulate and do not exist -> what there is."""
    invented_values: Mapping[str, str]
    """`element.value` likewise."""


@cache
def metadata() -> Metadata:
    """The types of this package."""
    tables = tomllib.loads((files("jwtdoctor.knowledge") / "metadata.toml").read_text(encoding="utf-8"))
    sources: dict[str, str] = tables["sources"]
    others: dict[str, str] = tables["other_external_client_app_types"]
    types = {name: _type(name, table, sources) for name, table in tables["types"].items()}
    by_suffix = {suffix: name for name, suffix in others.items()}
    return Metadata(types, by_suffix, sources, tables["invented"], tables["invented_values"])


def _type(name: str, table: Mapping[str, Any], sources: Mapping[str, str]) -> MetadataType:
    file = table.get("file", "")
    return MetadataType(
        name,
        table["folder"],
        table.get("suffix", "settings"),
        sources[table["source"]],
        file,
        table.get("open", False),
        {path: _kind(text) for path, text in table["elements"].items()},
        frozenset(path.rpartition(".")[0] for path in table["elements"]) - {""},
    )


def _kind(text: str) -> ElementKind:
    word, *allowed = text.split()
    return ElementKind(word.rstrip("!*"), "!" in word, "*" in word, tuple(allowed))
