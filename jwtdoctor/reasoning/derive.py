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

from importlib import import_module
from types import MappingProxyType

from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning.rules.table import RULES, Derivation, Given

IN_ORDER = (
    "request", "clock", "assertion_times", "assertion_form", "host", "credentials", "app", "user", "reply", "path",
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


def reads_of(fact: str) -> frozenset[str]:
    """The observed facts that a fact rests on, itself included where it is observed."""
    direct = _BY_FACT[fact].reads if fact in _BY_FACT else None
    if direct is None:
        return frozenset({fact})
    return frozenset().union(*(reads_of(name) for name in direct), {fact})


_BY_FACT: dict[str, Derivation] = {rule.fact: rule for rule in RULES}
