"""Reads the knowledge: from `knowledge.jsonl`, which the build makes of the TOML files, else from these themselves.

Parsing a hundred TOML files costs several bare interpreter starts, so an installed package holds the same tables as
JSON, one a line: the first says what the others are and what gives a provider away. A line is parsed, and a cause or
provider typed, only when it is asked for, since one run needs one or two providers of many; what all of them cost a
start is the reading of the file. That a file keeps the format is checked where it is written and built.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.typed import cause_of, provider_of
from jwtdoctor.model.cause import Cause
from jwtdoctor.model.provider import Provider, Signs

T = TypeVar("T")

BUILT_NAME = "knowledge.jsonl"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All causes and providers by slug, the other names of causes, and what gives each provider away."""

    causes: Mapping[str, Cause]
    providers: Mapping[str, Provider]
    aliases: Mapping[str, str]
    signs: Mapping[str, Signs] = field(default_factory=dict)
    """By provider, without typing it."""

    @property
    def provider_names(self) -> tuple[str, ...]:
        """For a list that may be cut: the one that is meant by default comes first."""
        return tuple(sorted(self.providers, key=lambda slug: (slug != "salesforce", slug)))

    def canonical_cause(self, name: str) -> str | None:
        """The slug for a slug or an alias; None where it is neither."""
        name = self.aliases.get(name, name)
        return name if name in self.causes else None

    def provider_or_generic(self, slug: str) -> Provider:
        return self.providers[slug if slug in self.providers else "generic"]


@cache
def load() -> Knowledge:
    """The knowledge of this package, by the fastest way there is.

    Raises BadKnowledge where a file contradicts the format: a bug. In a checkout only when that entry is asked for.
    """
    here = files("jwtdoctor.knowledge")
    built = here / BUILT_NAME
    if built.is_file() and not _is_source_checkout(here):
        return knowledge_of_lines(built.read_bytes())
    return knowledge_of(raw_from_toml(here))


def raw() -> dict[str, Any]:
    """The untyped tables of the TOML files (`causes`, `providers`, `aliases`)."""
    return raw_from_toml(files("jwtdoctor.knowledge"))


def knowledge_of(tables: Mapping[str, Any]) -> Knowledge:
    """Typed knowledge from raw tables (`causes`, `providers`, `aliases`), each checked when it is first asked for."""
    return Knowledge(
        causes=_OnDemand(tables["causes"], _checked(cause_of)),
        providers=_OnDemand(tables["providers"], _checked(provider_of)),
        aliases=tables["aliases"],
        signs={slug: _signs(table) for slug, table in sorted(tables["providers"].items())},
    )


def lines_of(tables: Mapping[str, Any]) -> str:
    """The built form of raw tables. Raises BadKnowledge for what contradicts the format."""
    whole = knowledge_of(tables)
    for named in (whole.causes, whole.providers):
        list(named.values())
    head = {
        "aliases": tables["aliases"],
        "causes": list(whole.causes),
        "providers": {slug: astuple(signs) for slug, signs in whole.signs.items()},
    }
    rest = [_needed(tables["causes"][slug]) for slug in whole.causes]
    rest += [tables["providers"][slug] for slug in whole.providers]
    return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in (head, *rest))


def _needed(cause: Mapping[str, Any]) -> dict[str, Any]:
    """A cause without its examples: they are its tests, and no command reads them."""
    return {key: value for key, value in cause.items() if key != "examples"}


def knowledge_of_lines(built: bytes) -> Knowledge:
    """Typed knowledge from the built form."""
    first, *rest = built.splitlines()
    head = json.loads(first)
    causes = head["causes"]
    return Knowledge(
        causes=_OnDemand(dict(zip(causes, rest, strict=False)), cause_of),
        providers=_OnDemand(dict(zip(head["providers"], rest[len(causes) :], strict=True)), provider_of),
        aliases=head["aliases"],
        signs={slug: Signs(*map(tuple, signs)) for slug, signs in head["providers"].items()},
    )


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


def _signs(table: Mapping[str, Any]) -> Signs:
    fixed = tuple(audience for audience in table.get("audiences", ()) if "{" not in audience)
    hosts, words, issuers, paths = (tuple(table.get(name, ())) for name in ("hosts", "words", "issuers", "paths"))
    return Signs(hosts, words, issuers, fixed, paths)


def _checked(typed: Callable[[str, Mapping[str, Any]], T]) -> Callable[[str, Mapping[str, Any]], T]:
    """The same, and every regular expression of the table is compiled once: of a built file that was done before."""

    def make(slug: str, table: Mapping[str, Any]) -> T:
        made = typed(slug, table)
        for pattern in _patterns(table):
            try:
                re.compile(pattern, re.IGNORECASE)
            except re.error as problem:
                raise BadKnowledge(f"{slug}: the pattern {pattern!r} does not compile: {problem}") from problem
        return made

    return make


def _patterns(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if key in ("pattern", "matches", "hosts", "words", "issuers", "paths", "form"):
            yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _patterns(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _patterns(inner, key)


class _OnDemand(Mapping[str, T]):
    """A mapping that types an entry (a table, or one as JSON) when it is first asked for. Sorted by slug."""

    def __init__(
        self, tables: Mapping[str, Mapping[str, Any] | bytes], typed: Callable[[str, Mapping[str, Any]], T]
    ) -> None:
        self._tables = dict(sorted(tables.items()))
        self._typed = typed
        self._ready: dict[str, T] = {}

    def __getitem__(self, slug: str) -> T:
        if slug not in self._ready:
            table = self._tables[slug]
            self._ready[slug] = self._typed(slug, json.loads(table) if isinstance(table, bytes) else table)
        return self._ready[slug]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __contains__(self, slug: object) -> bool:
        return slug in self._tables
