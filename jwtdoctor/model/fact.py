"""One fact of the vocabulary, and how one is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Value = bool | int | float | str | tuple[str, ...]
Kind = Literal["bool", "number", "text", "list", "text or list"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One name of the vocabulary."""

    name: str
    kind: Kind
    witness: str
    meaning: str
    unit: str = ""
    answers: tuple[str, ...] = ()
    """Known values, for questions. Enumerations are open: another text is kept."""
    ask: str = ""
    """The question that a person can answer; empty where only a probe can know."""
    elsewhere: str | None = ""
    """The question at other providers than Salesforce: "" as it is, None where it means nothing there."""
    derived: bool = False
    personal: bool = False
    """The value may name a person, an org or an app, and is replaced when a case is saved."""

    def ask_at(self, provider: str) -> str:
        """The question as it is asked at a provider, by slug; empty where it is not."""
        if provider == "salesforce" or self.elsewhere == "":
            return self.ask
        return self.elsewhere or ""


def fits(fact: Fact, value: object) -> bool:
    """Whether a value has the type that the fact takes. Numbers take int or float, never bool, NaN or infinity."""
    is_list = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    match fact.kind:
        case "bool":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
        case "text":
            return isinstance(value, str)
        case "list":
            return is_list
        case "text or list":
            return isinstance(value, str) or is_list


def fact(
    name: str,
    kind: Kind,
    meaning: str,
    *,
    witness: str = "",
    ask: str = "",
    elsewhere: str | None = "",
    answers: tuple[str, ...] = (),
    personal: bool = False,
) -> Fact:
    """A fact with what its name implies: the unit from its ending, itself as witness, yes and no as answers."""
    unit = "s" if name.endswith("_s") else "min" if name.endswith("_min") else ""
    if kind == "bool" and ask:
        answers = ("true", "false")
    return Fact(name, kind, witness or name, meaning, unit, answers, ask, elsewhere, personal=personal)
