"""Every row of every plan with each of its cases, and the evidence that a condition asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from jwtdoctor.knowledge.planning import CHOICES, Condition, PlanRow, RowCase, plan_content
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import VOCABULARY, Value
from jwtdoctor.model.plan import PLANS, Line, Sighting
from jwtdoctor.plans.evidence import Seen, seen_of
from jwtdoctor.plans.judge import line_of
from jwtdoctor.plans.reports import ReportRead
from jwtdoctor.reasoning.operators import meets

WORDS = ("x", "api", "full", "none", "iat", "clock-drift", "Success", "Failed: nothing", "something else")
CHOSEN: dict[str, tuple[Value, ...]] = {
    "flow": ("jwt-bearer", "saml-bearer", "client-credentials", "authorization-code", "refresh-token", "user-agent",
             "device", "password", "token-exchange"),
    "client": ("confidential", "public"),
    "of": ("secret", "key", "certificate"),
    "through": ("rest", "ui", "metadata"),
}  # fmt: skip
LISTS = ("said:leaders", "logs:kinds", "logs:users")
Known = dict[str, Value]


@dataclass(frozen=True)
class Told:
    """A row, and one of its cases (None: the row is a step)."""

    plan: str
    row: PlanRow
    case: RowCase | None
    number: int = 0

    @property
    def name(self) -> str:
        return f"{self.plan}:{self.row.id}:{self.number}"

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (*(self.case.when if self.case else ()), *self.row.only)

    @property
    def facts(self) -> tuple[str, ...]:
        """What was observed, not chosen, of what the case looks at."""
        return tuple(dict.fromkeys(c.name for c in self.conditions if c.name not in CHOICES))

    def line(self, known: Mapping[str, Value]) -> Line | None:
        return line_of(self.row, seen(known))

    def evidence(self) -> Known:
        """The least evidence in which this very case speaks."""
        names = list(dict.fromkeys([*(condition.name for condition in self.conditions), "flow", "client"]))
        for values in product(*(self._fitting(name) for name in names)):
            known = dict(zip(names, values, strict=True))
            line = self.line(known)
            if line is not None and (self.case is None or line.text == self.case.say):
                return known
        raise AssertionError(f"{self.name} never speaks")

    def _fitting(self, name: str) -> list[Value]:
        wanted = [condition for condition in self.conditions if condition.name == name]
        return [v for v in candidates(self.row, name) if all(_met(condition, v) for condition in wanted)]


def all_told() -> Iterator[Told]:
    for plan in PLANS:
        for row in plan_content(plan).rows:
            if not row.cases:
                yield Told(plan, row, None)
            for number, case in enumerate(row.cases, 1):
                yield Told(plan, row, case, number)


def without(known: Known, fact: str) -> Known:
    """The evidence without a fact; of a report that would tell it, without that report."""
    report = fact.partition(":")[0] if fact.startswith(("lint:", "apps:")) else None
    return {n: v for n, v in known.items() if n != fact and (report is None or not n.startswith(f"{report}:"))}


def candidates(row: PlanRow, name: str) -> list[Value]:
    """Values to try: what the row's conditions name, and what they do not."""
    if name in CHOSEN:
        return list(CHOSEN[name])
    operands = [
        operand
        for condition in (*row.only, *(one for case in row.cases for one in case.when))
        if condition.name == name
        for _, operand in condition.tests
    ]
    kind = VOCABULARY[name].kind if name in VOCABULARY else _kind(name)
    if kind == "bool":
        return [True, False]
    if kind == "number":
        numbers = [float(n) for n in operands if isinstance(n, (int, float))]
        return [n + step for n in numbers for step in (-1.0, 1.0)]
    texts = [str(item) for operand in operands for item in (operand if isinstance(operand, tuple) else (operand,))]
    words = [*texts, *WORDS]
    return [(word,) for word in words] if kind == "list" else list(words)


def seen(known: Mapping[str, Value]) -> Seen:
    """What is known, as it would come from the command line and from reports."""
    choices = [Sighting(name, value, "test") for name, value in known.items() if name in CHOICES]
    facts = [Observation(name, value, "test") for name, value in known.items() if name in VOCABULARY]
    reports = [_report(kind, known) for kind in ("lint", "apps") if any(name.startswith(f"{kind}:") for name in known)]
    said = {name: value for name, value in known.items() if name.split(":")[0] in ("check", "said", "logs")}
    return seen_of({"user": facts}, [*reports, ReportRead("other", "r.json", said=said)], choices)


def _report(kind: str, known: Mapping[str, Value]) -> ReportRead:
    rules = {n.partition(":")[2]: "a.xml:1" for n, found in known.items() if n.startswith(f"{kind}:") and found}
    return ReportRead(kind, "r.json", rules=rules, is_whole=any(n.startswith(f"{kind}:") for n in known))


def _kind(name: str) -> str:
    if name.startswith(("lint:", "apps:")):
        return "bool"
    return "list" if name in LISTS else "number" if name == "logs:refused" else "text"


def _met(condition: Condition, value: Value) -> bool:
    return all(meets(value, operator, operand) for operator, operand in condition.tests)  # type: ignore[arg-type]
