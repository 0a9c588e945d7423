"""The questions whose answers would separate what the evidence leaves open.

A question is worth what its answers would do: each possible answer of each fact that the contenders' clues rest on
is tried on the chart, and the weighing is done again for the contenders. No list of questions is kept anywhere; a
new clue asks its own. Login History is asked for in the same way: the answers tried are the rows that are known to
mean one of the contenders.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import VOCABULARY, Fact, Value
from jwtdoctor.model.names import Likelihood
from jwtdoctor.model.report import Question, Verdict
from jwtdoctor.reasoning.derive import derive, reads_of
from jwtdoctor.reasoning.responses import login_history
from jwtdoctor.reasoning.weigh import SCALE, Scale, Weighing, clues_of, leaders, weigh

MOST = 3
CONTENDERS = 4
ROW = "login_history.status"
NEAR = 12
"""A cause within so many points of the first is worth telling apart from it even if it is no leader."""

COMMANDS = {
    "key.matches_certificate": "jwtdoctor keys match PRIVATE_KEY CERTIFICATE",
    "clock.ahead_s": "jwtdoctor clock",
    "assertion.is_jwt": "jwtdoctor inspect -",
    "path.dns_resolves": "jwtdoctor check",
}
"""Facts that a command of ours finds out without asking anybody."""


@dataclass(frozen=True, slots=True)
class Worth:
    """How much better the contenders would be separated on average, and which of them would move."""

    gain: float
    separates: tuple[str, ...]


def questions(
    weighing: Weighing, base: Chart, verdicts: tuple[Verdict, ...], knowledge: Knowledge, scale: Scale = SCALE
) -> tuple[Question, ...]:
    """At most three questions, the most useful first; none where a verdict is almost certain or nothing is known.

    `base` is the chart without derived facts, since an answer makes these anew.
    """
    contenders = _contenders(verdicts, scale)
    if len(contenders) < 2:
        return ()
    now = _scores(weighing, base, contenders, knowledge, scale)
    ranked = sorted(
        (
            (-worth.gain, fact.name, worth)
            for fact in _askable(contenders, weighing, base, knowledge)
            if (worth := _worth(fact, now, weighing, base, knowledge, scale)).gain > 0
        ),
        key=lambda row: row[:2],
    )
    answers = _rows(contenders, weighing)
    return tuple(_question(name, worth, answers) for _, name, worth in ranked[:MOST])


def _contenders(verdicts: tuple[Verdict, ...], scale: Scale) -> tuple[str, ...]:
    if not verdicts or verdicts[0].likelihood is Likelihood.ALMOST_CERTAIN:
        return ()
    first = leaders(verdicts, scale)
    near = [v.cause for v in verdicts if verdicts[0].score - v.score <= NEAR]
    return tuple(near[: max(CONTENDERS, len(first))][:6]) if first else ()


def _askable(contenders: tuple[str, ...], weighing: Weighing, base: Chart, knowledge: Knowledge) -> list[Fact]:
    """The unobserved facts that a person can answer and that a contender's clue rests on."""
    names: set[str] = set()
    for slug in contenders:
        for clue in clues_of(knowledge.causes[slug], weighing.provider):
            if not clue.flows or weighing.flow in clue.flows:
                names |= reads_of(clue.fact)
    facts = [VOCABULARY[name] for name in sorted(names) if name not in base]
    asked = [fact for fact in facts if fact.ask and not fact.derived]
    rows = _rows(contenders, weighing)
    if ROW not in base and weighing.matches.refusal is not None and len(rows) > 1:
        asked.append(replace(VOCABULARY[ROW], answers=rows))
    return asked


def _rows(contenders: tuple[str, ...], weighing: Weighing) -> tuple[str, ...]:
    """Rows of Login History that name one of the contenders first, one a contender."""
    rows: dict[str, str] = {}
    for response in weighing.provider.responses:
        if response.where == "login-history" and response.description and response.readings:
            first = response.readings[0].cause
            if first in contenders:
                rows.setdefault(first, response.description)
    return tuple(rows.values())


def _worth(
    fact: Fact,
    now: dict[str, int],
    weighing: Weighing,
    base: Chart,
    knowledge: Knowledge,
    scale: Scale,
) -> Worth:
    contenders = tuple(now)
    gaps: list[float] = []
    moved: set[str] = set()
    for answer in _answers(fact):
        then = _scores(weighing, base.plus([Observation(fact.name, answer, "question")]), contenders, knowledge, scale)
        gaps.append(_gap(then.values()))
        moved |= {slug for slug in contenders if then[slug] != now[slug]}
    if not gaps or not moved:
        return Worth(0.0, ())
    return Worth(sum(gaps) / len(gaps) - _gap(now.values()), tuple(sorted(moved)))


def _scores(
    weighing: Weighing, base: Chart, contenders: tuple[str, ...], knowledge: Knowledge, scale: Scale
) -> dict[str, int]:
    chart = derive(base, weighing.provider, weighing.flow)
    matches = replace(weighing.matches, login_history=login_history(weighing.provider, base.text(ROW)))
    again = replace(weighing, chart=chart, matches=matches)
    scores = {v.cause: v.score for v in weigh(again, knowledge, scale, only=contenders)}
    return {slug: scores.get(slug, -99) for slug in contenders}


def _gap(scores: Iterable[int]) -> float:
    """How far the first is ahead of the second, as far as it matters: beyond twenty points all is decided."""
    ordered = sorted(scores, reverse=True)
    return float(min(ordered[0] - ordered[1], 20)) if len(ordered) > 1 else 0.0


def _answers(fact: Fact) -> tuple[Value, ...]:
    """Answers to try. Numbers are tried at both ends of what is met in practice."""
    if fact.kind == "bool":
        return (True, False)
    if fact.kind == "number":
        return (-600.0, 0.0, 600.0) if fact.unit == "s" else (2.0, 5000.0)
    return fact.answers


def _question(name: str, worth: Worth, rows: tuple[str, ...]) -> Question:
    fact = VOCABULARY[name]
    return Question(name, fact.ask, rows if name == ROW else fact.answers, worth.separates, COMMANDS.get(name))
