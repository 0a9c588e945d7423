"""Reads the knowledge: from `knowledge.json`, which the build makes of the TOML files, else from these themselves.

Parsing a hundred TOML files costs several bare interpreter starts, the one JSON a fraction of it; a test keeps the
two equal. Causes and providers become typed objects only when they are asked for, since one run needs one
provider of many.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.typed import cause_of, provider_of
from jwtdoctor.model.cause import Cause
from jwtdoctor.model.provider import Provider

T = TypeVar("T")

JSON_NAME = "knowledge.json"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All causes and providers by slug, and the other names of causes."""

    causes: Mapping[str, Cause]
    providers: Mapping[str, Provider]
    aliases: Mapping[str, str]

    def canonical_cause(self, name: str) -> str | None:
        """The slug for a slug or an alias; None where it is neither."""
        name = self.aliases.get(name, name)
        return name if name in self.causes else None

    def provider_or_generic(self, slug: str) -> Provider:
        return self.providers[slug if slug in self.providers else "generic"]


@cache
def load() -> Knowledge:
    """The knowledge of this package. Raises BadKnowledge where a file contradicts the format: a bug."""
    return knowledge_of(raw())


def knowledge_of(tables: Mapping[str, Any]) -> Knowledge:
    """Typed knowledge from raw tables (`causes`, `providers`, `aliases`)."""
    return Knowledge(
        causes=_OnDemand(tables["causes"], cause_of),
        providers=_OnDemand(tables["providers"], provider_of),
        aliases=tables["aliases"],
    )


def raw() -> dict[str, Any]:
    """The untyped tables, by the fastest way there is."""
    here = files("jwtdoctor.knowledge")
    built = here / JSON_NAME
    if built.is_file() and not _is_source_checkout(here):
        loaded: dict[str, Any] = json.loads(built.read_text(encoding="utf-8"))
        return loaded
    return raw_from_toml(here)


def raw_from_toml(folder: Traversable) -> dict[str, Any]:
    """The untyped tables read from the TOML files under `folder`, sorted by name so that order cannot matter."""
    causes = {entry.name.removesuffix(".toml"): _parse(entry) for entry in _toml_files(folder / "causes")}
    providers: dict[str, Any] = {}
    for entry in sorted((folder / "providers").iterdir(), key=lambda e: e.name):
        if entry.is_dir() and not entry.name.startswith("_"):
            providers[entry.name] = _merged([_parse(part) for part in _toml_files(entry)], entry.name)
        elif entry.name.endswith(".toml"):
            providers[entry.name.removesuffix(".toml")] = _parse(entry)
    aliases = _parse(folder / "names.toml").get("aliases", {})
    return {"causes": causes, "providers": providers, "aliases": aliases}


def _is_source_checkout(here: Traversable) -> bool:
    """In a checkout the TOML files are what someone edits, and a JSON lying about may be stale."""
    return (here / ".." / ".." / "pyproject.toml").is_file() if hasattr(here, "joinpath") else False


def _toml_files(folder: Traversable) -> list[Traversable]:
    return sorted((e for e in folder.iterdir() if e.name.endswith(".toml")), key=lambda e: e.name)


def _parse(entry: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(entry.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise BadKnowledge(f"{entry.name}: {problem}") from problem


def _merged(parts: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """One provider from the files of its folder: lists are joined, tables merged, and nothing may be said twice."""
    whole: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if isinstance(value, list) and isinstance(whole.get(key), list):
                whole[key] = [*whole[key], *value]
            elif isinstance(value, dict) and isinstance(whole.get(key), dict):
                twice = whole[key].keys() & value.keys()
                if twice:
                    raise BadKnowledge(f"provider {name}: {key}.{min(twice)} is given in two files")
                whole[key] = {**whole[key], **value}
            elif key in whole:
                raise BadKnowledge(f"provider {name}: {key} is given in two files")
            else:
                whole[key] = value
    return whole


class _OnDemand(Mapping[str, T]):
    """A mapping that types an entry when it is first asked for. Sorted, so that order cannot matter."""

    def __init__(self, tables: Mapping[str, Any], typed: Callable[[str, Mapping[str, Any]], T]) -> None:
        self._tables = dict(sorted(tables.items()))
        self._typed = typed
        self._ready: dict[str, T] = {}

    def __getitem__(self, slug: str) -> T:
        if slug not in self._ready:
            self._ready[slug] = self._typed(slug, self._tables[slug])
        return self._ready[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __contains__(self, slug: object) -> bool:
        return slug in self._tables
