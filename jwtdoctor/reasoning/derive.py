"""All the arithmetic: comparable facts from observed ones.

Each derived fact is one small rule (`rules/`): it names the facts that it reads, and returns a value, or None where
these do not tell. The rules run in the order of their modules below, so that one may rest on an earlier one. What a
rule reads is written down, so that a question about an observed fact can be traced to the clues that its answer
would touch (`questions.py`).

Late assertions: an assertion whose `exp` has passed by less than the provider's late tolerance is probably still
taken, but the tolerance is seldom documented. So there are two grades: *beyond the lifetime*, and *beyond lifetime
and tolerance*. Clues weigh the first less than the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType

from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning.rules.table import RULES, Derivation, Given

IN_ORDER = (
    "request", "proof", "clock", "assertion_times", "assertion_form", "host", "credentials", "app", "user", "reply",
    "path", "token",
)  # fmt: skip

for _name in IN_ORDER:
    import_module(f"jwtdoctor.reasoning.rules.{_name}")


def derive(chart: Chart, provider: Provider, flow: str | None) -> Chart:
    """The chart with every derived fact that follows from it. Observed facts are never overwritten."""
    known = dict(chart.observations)
    growing = Chart(MappingProxyType(known))  # a view: each rule sees what the earlier ones found, without a copy
    given = Given(growing, provider, flow)
    for derivation in RULES:
        if derivation.fact in known:
            continue
        value = derivation.rule(given)
        if value is not None:
            known[derivation.fact] = Observation(derivation.fact, value, "derived")
    return growing


class WhatIf:
    """What one more observed fact would make of a chart, for the price of the rules that it touches.

    Each rule is watched at what it looks up; a rule that looks up nothing which an answer changes would give what it
    gave. What a rule *says* that it reads is not relied on here, since a name forgotten there must not change a score.
    """

    def __init__(self, base: Chart, provider: Provider, flow: str | None) -> None:
        self._provider, self._flow = provider, flow
        self._known = dict(base.observations)
        self._watched: list[tuple[Derivation, _Watched]] = []
        for derivation in RULES:
            if derivation.fact in self._known:
                continue
            watched = _Watched(self._known)
            value = derivation.rule(Given(Chart(watched), provider, flow))
            if value is not None:
                self._known[derivation.fact] = Observation(derivation.fact, value, "derived")
            self._watched.append((derivation, watched))

    def plus(self, seen: Observation) -> tuple[Chart, frozenset[str]]:
        """The chart with this fact, which was not on it, and all that follows; and the names of what changed."""
        known = {**self._known, seen.fact: seen}
        changed = {seen.fact}
        chart = Chart(MappingProxyType(known))
        for derivation, watched in self._watched:
            if not watched.saw_any_of(changed):
                continue
            value, before = derivation.rule(Given(chart, self._provider, self._flow)), known.pop(derivation.fact, None)
            if value is not None:
                known[derivation.fact] = Observation(derivation.fact, value, "derived")
            if value != (None if before is None else before.value):
                changed.add(derivation.fact)
        return chart, frozenset(changed)


class _Watched(Mapping[str, Observation]):
    """Observations that note which of them were looked up, whether they were there or not."""

    def __init__(self, known: Mapping[str, Observation]) -> None:
        self._known = known
        self._names: set[str] = set()
        self._all = False

    def saw_any_of(self, names: set[str]) -> bool:
        return self._all or not self._names.isdisjoint(names)

    def __getitem__(self, name: str) -> Observation:
        self._names.add(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        self._all = True
        return iter(self._known)

    def __len__(self) -> int:
        self._all = True
        return len(self._known)


def reads_of(fact: str) -> frozenset[str]:
    """The observed facts that a fact rests on, itself included where it is observed."""
    direct = _BY_FACT[fact].reads if fact in _BY_FACT else None
    if direct is None:
        return frozenset({fact})
    return frozenset().union(*(reads_of(name) for name in direct), {fact})


_BY_FACT: dict[str, Derivation] = {rule.fact: rule for rule in RULES}
