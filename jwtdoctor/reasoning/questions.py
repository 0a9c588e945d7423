"""The questions whose answers would separate what the evidence leaves open.

A question is worth the information that its answer is expected to bring (in bits): each possible answer of each fact
that the contenders' clues rest on is tried on the chart, the contenders are weighed again, and what the scores then
say, as the odds that they are, is set beside what they say now. So a question that can refute the only leader is
worth asking, and one that moves nobody is not. No list of questions is kept anywhere; a new clue asks its own. Login
History is asked for in the same way: the answers tried are the rows that are known to mean one of the contenders.

Whoever was asked may not know: such a fact (`not_known`) is not asked for again, and the next best one is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.cause import Cause
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.commands import command_for
from jwtdoctor.model.facts import VOCABULARY, Fact, Value
from jwtdoctor.model.names import Likelihood
from jwtdoctor.model.report import Question, Verdict
from jwtdoctor.reasoning.derive import WhatIf, reads_of
from jwtdoctor.reasoning.responses import login_history
from jwtdoctor.reasoning.weigh import SCALE, Scale, Weighing, clues_of, leaders, score_of

MOST = 3
CONTENDERS = 4
ROW = "login_history.status"
NEAR = 25
"""A cause that is further behind the first is no contender."""
WORTH_ASKING = 0.01
"""Bits. An answer that is expected to bring less is not asked for."""


@dataclass(frozen=True, slots=True)
class Worth:
    """The information that an answer is expected to bring, in bits, and which contenders it could move."""

    bits: float
    separates: tuple[str, ...]


def questions(
    weighing: Weighing,
    base: Chart,
    verdicts: tuple[Verdict, ...],
    knowledge: Knowledge,
    scale: Scale = SCALE,
    not_known: Collection[str] = (),
) -> tuple[Question, ...]:
    """At most three questions, the most useful first; none where a verdict is almost certain or nothing is known.

    `base` is the chart without derived facts, since an answer makes these anew. `not_known` names facts that were
    asked for in vain.
    """
    contenders = _contenders(verdicts, scale)
    if len(contenders) < 2:
        return ()
    trial = _trial(contenders, weighing, base, verdicts, knowledge, scale)
    ranked = sorted(
        (
            (-round(worth.bits * _ease(fact), 6), fact.name, worth)
            for fact in _askable(contenders, weighing, base, knowledge)
            if fact.name not in not_known
            if (worth := _worth(fact, trial)).bits >= WORTH_ASKING
        ),
        key=lambda row: row[:2],
    )
    answers = _rows(contenders, weighing)
    provider = weighing.provider.slug
    chosen = _one_a_witness([(name, worth) for _, name, worth in ranked])[:MOST]
    return tuple(_question(name, worth, answers, provider) for name, worth in chosen)


def _one_a_witness(ranked: Sequence[tuple[str, Worth]]) -> list[tuple[str, Worth]]:
    """Two facts of one witness ("how old", "younger than ten minutes") are one question: the second is an echo."""
    best: dict[str, tuple[str, Worth]] = {}
    for name, worth in ranked:
        best.setdefault(VOCABULARY[name].witness, (name, worth))
    return list(best.values())


def _contenders(verdicts: tuple[Verdict, ...], scale: Scale) -> tuple[str, ...]:
    """The leaders, and the next few: with a single leader, those that it might still have to yield to."""
    if not verdicts or verdicts[0].likelihood is Likelihood.ALMOST_CERTAIN:
        return ()
    first = leaders(verdicts, scale)
    near = [v.cause for v in verdicts if verdicts[0].score - v.score <= NEAR]
    return tuple(near[: max(CONTENDERS, len(first))]) if first else ()


def _askable(contenders: tuple[str, ...], weighing: Weighing, base: Chart, knowledge: Knowledge) -> list[Fact]:
    """The unobserved facts that a person can answer and that a contender's clue rests on."""
    names: set[str] = set()
    for slug in contenders:
        for clue in clues_of(knowledge.causes[slug], weighing.provider):
            if not clue.flows or weighing.flow in clue.flows:
                names |= reads_of(clue.fact)
    facts = [VOCABULARY[name] for name in sorted(names) if name not in base]
    asked = [fact for fact in facts if fact.ask_at(weighing.provider.slug) and not fact.derived]
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


@dataclass(frozen=True, slots=True)
class _Trial:
    """What the answers are tried on: the contenders as they stand, by slug, and the facts that their clues look at."""

    now: Mapping[str, int]
    looks_at: Mapping[str, frozenset[str]]
    causes: Mapping[str, Cause]
    weighing: Weighing
    what_if: WhatIf
    scale: Scale


def _trial(
    contenders: tuple[str, ...],
    weighing: Weighing,
    base: Chart,
    verdicts: tuple[Verdict, ...],
    knowledge: Knowledge,
    scale: Scale,
) -> _Trial:
    causes = {slug: knowledge.causes[slug] for slug in contenders}
    return _Trial(
        now={verdict.cause: verdict.score for verdict in verdicts if verdict.cause in causes},
        looks_at={s: frozenset(clue.fact for clue in clues_of(c, weighing.provider)) for s, c in causes.items()},
        causes=causes,
        weighing=weighing,
        what_if=WhatIf(base, weighing.provider, weighing.flow),
        scale=scale,
    )


def _worth(fact: Fact, trial: _Trial) -> Worth:
    then = [_scores_after(Observation(fact.name, answer, "question"), trial) for answer in _answers(fact)]
    moved = tuple(sorted(slug for slug, now in trial.now.items() if any(scores[slug] != now for scores in then)))
    return Worth(expected_bits(trial.now, then), moved) if moved else Worth(0.0, ())


def _scores_after(answer: Observation, trial: _Trial) -> dict[str, int]:
    """The contenders' scores with one answer more. A cause that looks at nothing which the answer changed is as it
    was."""
    chart, changed = trial.what_if.plus(answer)
    weighing = replace(trial.weighing, chart=chart)
    if answer.fact == ROW:
        row = login_history(weighing.provider, chart.text(ROW))
        weighing = replace(weighing, matches=replace(weighing.matches, login_history=row))
    scores = dict(trial.now)
    for slug, facts in trial.looks_at.items():
        if answer.fact == ROW or not changed.isdisjoint(facts):
            score = score_of(trial.causes[slug], weighing, trial.scale)
            scores[slug] = -99 if score is None else score
    return scores


def _ease(fact: Fact) -> float:
    """What can be looked up now comes before what somebody has to remember or to try out."""
    return 0.5 if fact.name.startswith("history.") else 1.0


def expected_bits(now: Mapping[str, int], then: Sequence[Mapping[str, int]]) -> float:
    """The mutual information of cause and answer. `then`: the scores after each answer that was tried.

    Scores are decibans, so what an answer adds to a cause's score is how much likelier that answer is where the
    cause holds.
    """
    odds = {slug: 10 ** ((score - max(now.values())) / 10) for slug, score in now.items()}
    share = {slug: odd / sum(odds.values()) for slug, odd in odds.items()}
    given: dict[str, list[float]] = {}
    for slug in now:
        likelier = [10 ** ((scores[slug] - now[slug]) / 10) for scores in then]
        given[slug] = [one / sum(likelier) for one in likelier]
    bits = 0.0
    for n in range(len(then)):
        overall = sum(share[slug] * given[slug][n] for slug in now)
        bits += sum(share[slug] * given[slug][n] * log2(given[slug][n] / overall) for slug in now if given[slug][n] > 0)
    return bits


def _answers(fact: Fact) -> tuple[Value, ...]:
    """Answers to try. Numbers are tried at both ends of what is met in practice."""
    if fact.kind == "bool":
        return (True, False)
    if fact.kind == "number":
        return (-600.0, 0.0, 600.0) if fact.unit == "s" else (2.0, 5000.0)
    return fact.answers


def _question(name: str, worth: Worth, rows: tuple[str, ...], provider: str) -> Question:
    fact = VOCABULARY[name]
    answers = rows if name == ROW else fact.answers
    return Question(name, fact.ask_at(provider), answers, worth.separates, command_for(name, provider))
