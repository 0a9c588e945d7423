"""Observations, and the chart that they are written onto."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from jwtdoctor.model.facts import VOCABULARY, Value, fits


@dataclass(frozen=True, slots=True)
class Observation:
    """One fact, as one witness saw it.

    `uncertainty` is in the unit of the fact, one-sided (± uncertainty); None where it makes no sense.
    `source` says who saw it: `ntp`, `date`, `reply`, `assertion`, `case`, `user`, `derived` …
    Raises ValueError for a name or a type that is not in the vocabulary.
    """

    fact: str
    value: Value
    source: str = "given"
    uncertainty: float | None = None

    def __post_init__(self) -> None:
        if self.fact not in VOCABULARY:
            raise ValueError(f"no fact is called {self.fact!r}")
        if not fits(VOCABULARY[self.fact], self.value):
            raise ValueError(f"{self.fact} takes {VOCABULARY[self.fact].kind}, not {type(self.value).__name__}")


@dataclass(frozen=True, slots=True)
class Chart:
    """What is known so far: one observation a fact. Adding returns a new chart; a later sighting replaces."""

    observations: Mapping[str, Observation] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, observations: Iterable[Observation]) -> Chart:
        return cls().plus(observations)

    def plus(self, observations: Iterable[Observation]) -> Chart:
        merged = dict(self.observations)
        merged.update((seen.fact, seen) for seen in observations)
        return Chart(MappingProxyType(merged))

    def without(self, *facts: str) -> Chart:
        return Chart(MappingProxyType({n: o for n, o in self.observations.items() if n not in facts}))

    def __contains__(self, fact: str) -> bool:
        return fact in self.observations

    def __iter__(self) -> Iterator[Observation]:
        return iter(self.observations.values())

    def __len__(self) -> int:
        return len(self.observations)

    def get(self, fact: str) -> Observation | None:
        return self.observations.get(fact)

    def value(self, fact: str) -> Value | None:
        """The value, or None where the fact was not observed."""
        seen = self.observations.get(fact)
        return None if seen is None else seen.value

    def number(self, fact: str) -> float | None:
        value = self.value(fact)
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def flag(self, fact: str) -> bool | None:
        value = self.value(fact)
        return value if isinstance(value, bool) else None

    def text(self, fact: str) -> str | None:
        value = self.value(fact)
        return value if isinstance(value, str) else None

    def uncertainty(self, fact: str) -> float:
        """± in the fact's unit; 0.0 where none was given or the fact is not there."""
        seen = self.observations.get(fact)
        return 0.0 if seen is None or seen.uncertainty is None else seen.uncertainty
