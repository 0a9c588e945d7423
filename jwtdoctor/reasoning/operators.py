"""The five operators with which the knowledge looks at a fact: in clues, and in remedies for some cases only."""

from __future__ import annotations

import re

from jwtdoctor.model.cause import Operator
from jwtdoctor.model.facts import Value


def meets(value: Value, operator: Operator, operand: Value) -> bool:
    """Whether an observed value meets an operator and its operand (`Clue` says what each means)."""
    match operator:
        case "is":
            return _equal(value, operand)
        case "one_of":
            wanted = [str(item).lower() for item in _items(operand)]
            return any(str(item).strip().lower() in wanted for item in _items(value))
        case "above":
            return _number(value) is not None and _number(value) > _number(operand)  # type: ignore[operator]
        case "below":
            return _number(value) is not None and _number(value) < _number(operand)  # type: ignore[operator]
        case "matches":
            pattern = re.compile(str(operand), re.IGNORECASE)
            return any(pattern.search(str(item)) for item in _items(value))


def _equal(value: Value, operand: Value) -> bool:
    if isinstance(value, bool) or isinstance(operand, bool):
        return value is operand
    if isinstance(value, str) and isinstance(operand, str):
        return value.strip().lower() == operand.strip().lower()
    return value == operand


def _items(value: Value) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
