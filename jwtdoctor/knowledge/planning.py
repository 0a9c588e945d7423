"""The content of the plans: rows with their texts, what decides between them, how sure that is, and the source.

    [[row]]
    id = "user-active"
    section = "The user"
    name = "User"
    only = { flow = ["jwt-bearer"] }                  # left out where this is seen not to hold
    open = "Whether the user is active was not seen."
    sureness = "documented"
    sources = ["o_user"]
    [[row.case]]                                      # the first whose conditions were all seen and hold
    when = { "user.is_active" = false }
    mark = "bad"
    say = "The user is inactive: no flow gives it a token."

A condition is a value (`is`), a list (one of them), or a table of operators as clues have them (`above` `below`
`matches`). What is looked at is an observed fact of the vocabulary, a choice (`flow` `client` `of` `through`), or what
a report said: `lint:RULE` and `audit:RULE` (whether the rule found something, known once such a report was read),
`check:outcome`, `said:leaders`, `logs:kinds`, `logs:users`, `logs:refused`.

A row with `say` and no case is a step: it stands as it is, and rests on what `only` looks at. The files are read one
by one when a plan is made, apart from `knowledge.jsonl`, since a diagnosis does not need them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, cast, get_args

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.metadata import metadata
from jwtdoctor.model.facts import OBSERVABLE, Value
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.plan import Mark

CHOICES = ("flow", "client", "of", "through")
FROM_REPORTS = ("check:outcome", "said:leaders", "logs:kinds", "logs:users", "logs:refused")
OPERATORS = ("above", "below", "matches")
_ROW_KEYS = {
    "id",
    "section",
    "name",
    "only",
    "open",
    "say",
    "do",
    "command",
    "sureness",
    "sources",
    "mark",
    "case",
    "right",
}
_CASE_KEYS = {"when", "mark", "say", "do", "command"}


@dataclass(frozen=True, slots=True)
class Condition:
    """What one thing must be: every (operator, operand) must hold."""

    name: str
    tests: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class RowCase:
    """What a row says where all conditions hold."""

    when: tuple[Condition, ...]
    mark: Mark
    say: str
    do: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row of a plan's content."""

    id: str
    section: str
    name: str
    only: tuple[Condition, ...]
    cases: tuple[RowCase, ...]
    open: str
    say: str
    mark: Mark
    do: str
    command: str
    sureness: Sureness
    sources: tuple[str, ...]
    right: str = ""
    """What is right here, with the reason: told where the row is open, and by the page that compares the flows."""


@dataclass(frozen=True, slots=True)
class PlanContent:
    """One plan's content. `numbered`: the sections whose rows are steps; `titles`: by the choice `of`."""

    title: str
    numbered: frozenset[str]
    rows: tuple[PlanRow, ...]
    titles: Mapping[str, str] = field(default_factory=dict)


@cache
def plan_content(name: str) -> PlanContent:
    """The content of one plan. Raises BadKnowledge where the file contradicts the form: a bug."""
    text = (files("jwtdoctor.knowledge") / "plans" / f"{name}.toml").read_text(encoding="utf-8")
    return content_of(tomllib.loads(text), name)


def content_of(table: Mapping[str, Any], name: str) -> PlanContent:
    """Typed content. Raises BadKnowledge."""
    rows = tuple(_row(row, f"plan {name}, row {row.get('id')}") for row in table["row"])
    twice = {row.id for row in rows if sum(other.id == row.id for other in rows) > 1}
    if twice:
        raise BadKnowledge(f"plan {name}: two rows are called {min(twice)}")
    return PlanContent(table["title"], frozenset(table.get("numbered", ())), rows, table.get("titles", {}))


def _row(table: Mapping[str, Any], where: str) -> PlanRow:
    _only_keys(table, _ROW_KEYS, where)
    cases = tuple(_case(row, where) for row in table.get("case", ()))
    row = PlanRow(
        id=table["id"],
        section=table["section"],
        name=table.get("name", ""),
        only=_conditions(table.get("only", {}), where),
        cases=cases,
        open=_folded(table.get("open", "")),
        say=_folded(table.get("say", "")),
        mark=_mark(table.get("mark", "step"), where),
        do=_folded(table.get("do", "")),
        command=table.get("command", ""),
        sureness=Sureness(table["sureness"]),
        sources=source_urls(table.get("sources", ())),
        right=_folded(table.get("right", "")),
    )
    if bool(row.cases) == bool(row.say) or bool(row.cases) != bool(row.open):
        raise BadKnowledge(f"{where}: cases with `open`, or `say` alone")
    if row.say and not any(condition.name not in CHOICES for condition in row.only):
        raise BadKnowledge(f"{where}: a step rests on some fact in `only`")
    return row


def _case(table: Mapping[str, Any], where: str) -> RowCase:
    _only_keys(table, _CASE_KEYS, where)
    when = _conditions(table["when"], where)
    if not when:
        raise BadKnowledge(f"{where}: a case looks at something")
    return RowCase(when, _mark(table["mark"], where), _folded(table["say"]), _folded(table.get("do", "")),
                   table.get("command", ""))  # fmt: skip


def _conditions(table: Mapping[str, Any], where: str) -> tuple[Condition, ...]:
    return tuple(Condition(_known(name, where), _tests(wanted, where)) for name, wanted in table.items())


def _known(name: str, where: str) -> str:
    is_rule = name.partition(":")[0] in ("lint", "apps") and name.partition(":")[2] != ""
    if name in OBSERVABLE or name in CHOICES or name in FROM_REPORTS or is_rule:
        return name
    raise BadKnowledge(f"{where}: nothing observed is called {name!r}")


def _tests(wanted: Any, where: str) -> tuple[tuple[str, Value], ...]:
    if isinstance(wanted, dict):
        if not wanted or set(wanted) - set(OPERATORS):
            raise BadKnowledge(f"{where}: operators are {', '.join(OPERATORS)}")
        return tuple(wanted.items())
    return (("one_of", tuple(wanted)),) if isinstance(wanted, list) else (("is", wanted),)


def _mark(word: str, where: str) -> Mark:
    if word not in get_args(Mark):
        raise BadKnowledge(f"{where}: no mark is called {word!r}")
    return cast(Mark, word)


def source_urls(names: Any) -> tuple[str, ...]:
    """The pages behind the keys of `metadata.toml` and `plans/sources.toml`; a URL stands for itself."""
    known = {**metadata().sources, **_more_sources()}
    unknown = [name for name in names if name not in known and not name.startswith("https://")]
    if unknown:
        raise BadKnowledge(f"no source is called {unknown[0]!r}")
    return tuple(known.get(name, name) for name in names)


@cache
def _more_sources() -> dict[str, str]:
    text = (files("jwtdoctor.knowledge") / "plans" / "sources.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["sources"])


def _folded(text: str) -> str:
    return " ".join(text.split())


def _only_keys(table: Mapping[str, Any], allowed: set[str], where: str) -> None:
    if unknown := sorted(set(table) - allowed):
        raise BadKnowledge(f"{where}: no key is called {unknown[0]!r}")
