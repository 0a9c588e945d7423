"""`--fact NAME=VALUE`: what the administrator knows, typed by the vocabulary.

Only observable facts are taken: a derived one would be computed over. Values are never quoted in an error.
`NAME=unknown` says that nobody can tell: the next best question is asked in its place. (No fact has a value `unknown`.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from jwtdoctor.cli.common import one_line, unknown
from jwtdoctor.errors import BadInput
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import OBSERVABLE, VOCABULARY, Fact, Value, fits

NOT_KNOWN = "unknown"
_YES = ("true", "yes", "on", "1")
_NO = ("false", "no", "off", "0")
_EXPECTED = {
    "bool": "true or false",
    "number": "a number",
    "text": "text",
    "list": "a list: A,B or a JSON array",
    "text or list": "text or a JSON array",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What was typed: facts, and the names of those that nobody can tell."""

    observations: tuple[Observation, ...] = ()
    not_known: frozenset[str] = frozenset()


def told(pairs: Iterable[str]) -> Told:
    """One observation a pair, source `user`. Raises UnknownName, or BadInput where the type does not fit."""
    read = [_read(pair) for pair in pairs]
    return Told(
        tuple(one for one in read if isinstance(one, Observation)),
        frozenset(one for one in read if isinstance(one, str)),
    )


def _read(pair: str) -> Observation | str:
    name, equals, text = pair.partition("=")
    name = name.strip()
    if not equals:
        raise BadInput("is not a fact", where="--fact", expected="NAME=VALUE, e.g. user.is_active=true")
    if name not in OBSERVABLE:
        if name in VOCABULARY:
            raise BadInput(f"{name} is worked out from other facts", where="--fact", expected="an observed fact")
        raise unknown("fact", name, OBSERVABLE, listed=_of_group(name))
    fact = VOCABULARY[name]
    if text.strip().lower() == NOT_KNOWN:
        return name
    value = value_of(fact, text.strip())
    if value is None or not fits(fact, value):
        raise BadInput("the value has the wrong type", where=f"--fact {one_line(name)}", expected=_EXPECTED[fact.kind])
    return Observation(name, value, source="user")


def _of_group(name: str) -> tuple[str, ...]:
    """The facts of the group that was meant (`user.…`), to choose from; none where the group is no group."""
    group = name.partition(".")[0]
    return tuple(fact for fact in OBSERVABLE if fact.partition(".")[0] == group)[:14]


def value_of(fact: Fact, text: str) -> Value | None:
    """The text in the type of the fact; None where it does not fit."""
    match fact.kind:
        case "bool":
            lowered = text.lower()
            return True if lowered in _YES else False if lowered in _NO else None
        case "number":
            return _number(text)
        case "text":
            return text
        case "list":
            return (
                _array(text)
                if text.startswith("[")
                else tuple(part.strip() for part in text.split(",") if part.strip())
            )
        case "text or list":
            return _array(text) if text.startswith("[") else text


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def _array(text: str) -> tuple[str, ...] | None:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return tuple(items) if isinstance(items, list) else None
