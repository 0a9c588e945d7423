"""Causes, and the clues that speak for and against them. One cause is one file of `knowledge/causes/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Sureness

Operator = Literal["is", "one_of", "above", "below", "matches"]
Weight = Literal["slight", "moderate", "strong", "decisive"]
HowCommon = Literal["common", "uncommon", "rare", "claimed"]
"""`claimed`: a claim of guides that the vendor contradicts; shown, and never first."""


@dataclass(frozen=True, slots=True)
class Clue:
    """One fact, one operator, one operand. No `and`, no arithmetic: the wish for one is a missing derived fact.

    `is` equality (text without case) · `one_of` membership, or any common element for a list fact ·
    `above`/`below` numbers, strictly · `matches` a regular expression, searched, without case.
    """

    fact: str
    operator: Operator
    operand: Value
    speaks: Literal["for", "against"]
    weight: Weight
    because: str
    sureness: Sureness
    sources: tuple[str, ...]
    flows: tuple[str, ...] = ()
    """The flows in which the clue speaks; empty: all."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do. Smallest first. `command` for a shell, `where` a path through Setup, `url` a page.

    With a `fact` it is for those alone whose observed value meets the operator, and stands before the general ones.
    `{fact.name|words}` in `do` is what was observed, else the words; `HOST` in `command` is the token host.
    """

    do: str
    command: str | None = None
    where: str | None = None
    url: str | None = None
    fact: str | None = None
    operator: Operator | None = None
    operand: Value | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A little case in a cause's own file.

    `leads_to` is the cause itself for an example; for a lookalike another cause, or None where any other will do.
    """

    name: str
    flow: str | None
    reply: Mapping[str, Any] | None
    text: str | None
    facts: Mapping[str, Any]
    provider: str
    leads_to: str | None


@dataclass(frozen=True, slots=True)
class Cause:
    """A named reason for a refused (or useless) token."""

    slug: str
    title: str
    """One short statement, as the first line of a report says it (60 characters at most)."""
    explanation: str
    how_common: HowCommon
    flows: tuple[str, ...]
    """Flows in which it can occur; empty: every flow."""
    on_granted: bool
    """Whether it is about a token that was issued and does not work."""
    retryable: bool
    clues: tuple[Clue, ...]
    remedy: tuple[Remedy, ...]
    confirm: str
    shows_in: str
    references: tuple[str, ...]
    examples: tuple[Example, ...] = ()
    lookalikes: tuple[Example, ...] = ()
    no_clue_for: str = ""
    """Why no clue for it can exist besides the text, where there is none."""
    no_clue_against: str = ""
