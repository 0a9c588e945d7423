"""Weighs what was observed against every cause. A score is a sum of integers: ten times the log of the odds.

- A matched text gives each cause that it lists a prior, by how usual that reading is, and speaks strongly against
  every cause that it does not list. Without one, the general priors stand.
- A bare code, or a code beside words that nobody knows, is one of the wordings with that code: every cause of theirs
  that fits the flow is listed, hardly separated (`unsaid`). So a bare `invalid_grant` shows its tie, and what was
  measured takes causes out of it; the issue asked for ties where the evidence cannot tell. For the same reason the
  readings of one text lie close together.
- Login History and the token error testify to one event. Where both are known the row in Login History, which
  names the cause more often, decides wherever the two differ.
- Of the clues of one witness the strongest counts; the others are echoes. Equally strong ones that disagree cancel.
- `almost-certain` is a promise, and `_is_promised` states it in full.

The numbers of `Scale` are in one place and fitted on recorded cases with cross-validation
(`benchmarks/diagnosis.py --fit`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.cause import Cause, Clue
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.facts import VOCABULARY, Value
from jwtdoctor.model.names import Likelihood, Standing, Sureness
from jwtdoctor.model.provider import SAYS, CauseAddition, Provider, Reading, Response
from jwtdoctor.model.report import Evidence, Verdict
from jwtdoctor.reasoning.headlines import headline_of
from jwtdoctor.reasoning.operators import meets
from jwtdoctor.reasoning.remedies import fitted
from jwtdoctor.reasoning.responses import Match, Matches


@dataclass(frozen=True, slots=True)
class Scale:
    """Every number of the weighing, in decibans."""

    clue: Mapping[str, int] = field(default_factory=lambda: {"slight": 3, "moderate": 6, "strong": 10, "decisive": 20})
    general: Mapping[str, int] = field(
        default_factory=lambda: {"common": -8, "uncommon": -12, "rare": -17, "claimed": -30}
    )
    reading: Mapping[str, int] = field(
        default_factory=lambda: {
            "sole": 17,
            "usual": 6,
            "often": 4,
            "sometimes": 2,
            "rarely": -4,
            "claimed": -25,
        }
    )
    unsaid: Mapping[str, int] = field(default_factory=lambda: {"common": 2, "uncommon": 1, "rare": 1, "claimed": -30})
    """Of a bare code: what it is known to mean where the words that are missing stand beside it."""
    unlisted: int = -10
    unlisted_unsure: int = -6
    other_flow: int = -15
    leader_gap: int = 3
    almost_certain: int = 16
    lead: int = 10
    likely: int = 5
    possible: int = -6
    unlikely: int = -18


SCALE = Scale()
NO_ADDITION = CauseAddition()


@dataclass(frozen=True, slots=True)
class Weighing:
    """What one weighing looks at. `granted`: a token was issued, so only causes of a useless token are weighed."""

    chart: Chart
    """With derived facts."""
    provider: Provider
    flow: str | None
    matches: Matches
    granted: bool = False
    unreachable: bool = False
    """No answer of the endpoint was seen: what it would have said of the request was not the reason."""


def weigh(
    weighing: Weighing, knowledge: Knowledge, scale: Scale = SCALE, only: Iterable[str] | None = None
) -> tuple[Verdict, ...]:
    """Every cause that a text or a clue speaks of, by score, then by slug."""
    slugs = knowledge.causes if only is None else only
    verdicts = [
        verdict
        for slug in slugs
        if (cause := knowledge.causes[slug]).on_granted or not weighing.granted
        if (verdict := _verdict(cause, weighing, scale)) is not None
    ]
    ordered = sorted(verdicts, key=lambda v: (-v.score, v.cause))
    return tuple(_named(verdict, ordered, weighing, knowledge.causes[verdict.cause], scale) for verdict in ordered)


def leaders(verdicts: tuple[Verdict, ...], scale: Scale = SCALE) -> tuple[str, ...]:
    """The causes that the evidence does not separate from the first; none where nothing is possible."""
    if not verdicts or verdicts[0].score < scale.possible:
        return ()
    return tuple(v.cause for v in verdicts if verdicts[0].score - v.score <= scale.leader_gap)


def evidence_is_there(verdict: Verdict) -> bool:
    """Whether anything but a prior and missing facts speaks in this verdict."""
    return any(e.standing in (Standing.FOR, Standing.AGAINST) for e in verdict.evidence)


def holds(clue: Clue, value: Value) -> bool:
    """Whether an observed value meets a clue."""
    return meets(value, clue.operator, clue.operand)


def clues_of(cause: Cause, provider: Provider) -> tuple[Clue, ...]:
    """The clues that hold for a cause at a provider: its own, added to the general ones that it keeps."""
    addition = provider.causes.get(cause.slug, NO_ADDITION)
    kept = tuple(clue for clue in cause.clues if clue.fact not in addition.without)
    return kept + addition.clues


def score_of(cause: Cause, weighing: Weighing, scale: Scale = SCALE) -> int | None:
    """The score alone of what `weigh` would make a verdict; None where neither a text nor a clue speaks of it."""
    evidence = _evidence_of(cause, weighing, scale)
    return None if evidence is None else sum(e.weight for e in evidence)


def _evidence_of(cause: Cause, weighing: Weighing, scale: Scale) -> tuple[Evidence, ...] | None:
    """All that speaks of a cause; None where nothing but the general prior does."""
    prior, spoken_of = _priors(cause, weighing, scale)
    evidence = (*_met(cause, weighing, scale), *_not_judged(cause, weighing, scale))
    return (*prior, *evidence) if spoken_of or evidence else None


def _verdict(cause: Cause, weighing: Weighing, scale: Scale) -> Verdict | None:
    evidence = _evidence_of(cause, weighing, scale)
    if evidence is None:
        return None
    addition = weighing.provider.causes.get(cause.slug, NO_ADDITION)
    return Verdict(
        cause=cause.slug,
        title=cause.title,
        likelihood=Likelihood.RULED_OUT,
        score=sum(e.weight for e in evidence),
        retryable=cause.retryable,
        evidence=(*evidence, *_unknown(cause, weighing)),
        remedy=fitted(addition.remedy, cause.remedy, weighing.chart),
        confirm=addition.confirm or cause.confirm,
        shows_in=addition.shows_in or cause.shows_in,
        references=addition.references or cause.references,
        explanation=cause.explanation,
        headline=headline_of(cause.slug, weighing.chart),
    )


def _not_judged(cause: Cause, weighing: Weighing, scale: Scale) -> tuple[Evidence, ...]:
    """Against the causes that only the endpoint can find, where the request was not answered by it.

    A cause of the way is known by a clue about the way that speaks for it, or by a client's words.
    """
    if not weighing.unreachable or _is_of_the_way(cause, weighing):
        return ()
    return (
        Evidence(
            "path.failure",
            weighing.chart.value("path.failure"),
            Standing.AGAINST,
            -scale.clue["decisive"],
            "no answer of the endpoint was seen, so it has judged nothing",
            Sureness.INFERRED,
            ("https://www.rfc-editor.org/rfc/rfc9110",),
            "connection",
        ),
    )


def _is_of_the_way(cause: Cause, weighing: Weighing) -> bool:
    refusal = weighing.matches.refusal
    if refusal is not None and refusal.reading_of(cause.slug, weighing.flow) is not None:
        return True
    return any(c.speaks == "for" and c.fact in OF_THE_WAY for c in clues_of(cause, weighing.provider))


OF_THE_WAY = frozenset({"path.failure", "path.dns_resolves", "path.tls_ok", "path.tcp_connects", "path.proxy_status",
                        "path.wants_client_certificate", "reply.is_foreign_page"})  # fmt: skip


# --- priors: what the text says ------------------------------------------------------------------------------------


def _priors(cause: Cause, weighing: Weighing, scale: Scale) -> tuple[tuple[Evidence, ...], bool]:
    """The prior (and what an unlisting text adds to it), and whether a text lists the cause."""
    said = _heard(cause.slug, weighing, scale)
    readings = [e for e in said if e.standing is Standing.PRIOR]
    against = [e for e in said if e.standing is Standing.AGAINST]
    addition = weighing.provider.causes.get(cause.slug, NO_ADDITION)
    how_common = addition.how_common or cause.how_common
    is_of_other_flow = bool(cause.flows) and weighing.flow is not None and weighing.flow not in cause.flows
    unsaid = None if is_of_other_flow else weighing.matches.unsaid.get(cause.slug)
    if unsaid is not None:
        readings.append(_from_lost_words(unsaid, how_common, weighing, scale))
    if readings:
        best = max(readings, key=lambda e: e.weight)
        echoes = tuple(replace(e, standing=Standing.ECHO, weight=0) for e in readings if e is not best)
        return (best, *echoes, *against), True
    general = Evidence(
        "flow.kind",
        weighing.flow,
        Standing.PRIOR,
        scale.general[how_common],
        f"how often this is met at all: {how_common}",
        Sureness.INFERRED,
        cause.references[:1],
        "prior",
    )
    other_flow: tuple[Evidence, ...] = ()
    if is_of_other_flow:
        because = "it belongs to other flows: " + ", ".join(cause.flows)
        other_flow = (replace(general, standing=Standing.AGAINST, weight=scale.other_flow, because=because),)
    return (general, *against, *other_flow), False


def _from_lost_words(reading: Reading, how_common: str, weighing: Weighing, scale: Scale) -> Evidence:
    because = "this code is given for it too, with words that are not here"
    fact, weight = "reply.error", scale.unsaid[how_common]
    observed = weighing.chart.value(fact)
    return Evidence(fact, observed, Standing.PRIOR, weight, because, reading.sureness, reading.sources, "refusal")


def _heard(slug: str, weighing: Weighing, scale: Scale) -> list[Evidence]:
    """What the refusal and the row in Login History say of a cause.

    A refusal that does not list the cause is silent where Login History, the better witness, lists it, and the
    other way round an unlisting Login History row speaks even against what the refusal lists.
    """
    refusal, row = weighing.matches.refusal, weighing.matches.login_history
    row_lists = row is not None and row.reading_of(slug, weighing.flow) is not None
    said: list[Evidence] = []
    if refusal is not None:
        reading = _from_text(slug, refusal, weighing, scale, "reply")
        if not (row_lists and reading.standing is Standing.AGAINST):
            said.append(reading)
    if row is not None:
        said.append(_from_text(slug, row, weighing, scale, "login_history"))
    return [e for e in said if e.weight != 0]


def _from_text(slug: str, matched: Match, weighing: Weighing, scale: Scale, which: str) -> Evidence:
    response = matched.response
    fact, observed = _shown(response, weighing.chart, which)
    reading = matched.reading_of(slug, weighing.flow)
    if reading is not None:
        because = reading.note or SAYS[reading.usual]
        return Evidence(
            fact,
            observed,
            Standing.PRIOR,
            scale.reading[reading.usual],
            because,
            reading.sureness,
            reading.sources,
            "refusal",
        )
    sureness = min((r.sureness for r in response.readings), key=list(Sureness).index, default=Sureness.INFERRED)
    weight = scale.unlisted if sureness is not Sureness.INFERRED else scale.unlisted_unsure
    sources = response.readings[0].sources if response.readings else ()
    return Evidence(
        fact,
        observed,
        Standing.AGAINST,
        0 if response.transparent else weight,
        "another text is given for this fault",
        sureness,
        sources,
        "refusal",
    )


def _shown(response: Response, chart: Chart, which: str) -> tuple[str, Value | None]:
    """The fact that carried the text, for the reader."""
    if which == "login_history":
        return "login_history.status", chart.value("login_history.status")
    if response.where == "client":
        return "reply.client_text", chart.value("reply.client_text")
    used = ("token.api_description", "token.api_error") if chart.flag("reply.granted") else ()
    for fact in (*used, "reply.description", "reply.error", "reply.status"):
        if fact in chart:
            return fact, chart.value(fact)
    return "reply.client_text", chart.value("reply.client_text")


# --- clues: what the facts say -------------------------------------------------------------------------------------


def _met(cause: Cause, weighing: Weighing, scale: Scale) -> list[Evidence]:
    """What the observed facts say, one event counted once."""
    met: list[Evidence] = []
    for clue in _clues_here(cause, weighing):
        seen = weighing.chart.get(clue.fact)
        if seen is not None and holds(clue, seen.value):
            sign = 1 if clue.speaks == "for" else -1
            standing = Standing.FOR if sign > 0 else Standing.AGAINST
            met.append(_evidence(clue, seen.value, standing, sign * scale.clue[clue.weight]))
    return _strongest_per_witness(met)


def _unknown(cause: Cause, weighing: Weighing) -> list[Evidence]:
    """The clues whose facts nobody observed."""
    clues = (clue for clue in _clues_here(cause, weighing) if clue.fact not in weighing.chart)
    return [_evidence(clue, None, Standing.UNKNOWN, 0) for clue in clues]


def _clues_here(cause: Cause, weighing: Weighing) -> Iterator[Clue]:
    """The clues of a cause at this provider that hold for this flow."""
    return (clue for clue in clues_of(cause, weighing.provider) if not clue.flows or weighing.flow in clue.flows)


def _evidence(clue: Clue, observed: Value | None, standing: Standing, weight: int) -> Evidence:
    witness = VOCABULARY[clue.fact].witness
    return Evidence(clue.fact, observed, standing, weight, clue.because, clue.sureness, clue.sources, witness)


def _strongest_per_witness(met: list[Evidence]) -> list[Evidence]:
    """One event is counted once, however often it was seen."""
    counted: list[Evidence] = []
    for witness in dict.fromkeys(e.witness for e in met):
        group = [e for e in met if e.witness == witness]
        most = max(abs(e.weight) for e in group)
        strongest = [e for e in group if abs(e.weight) == most]
        disagree = len({e.weight > 0 for e in strongest}) > 1
        for evidence in group:
            if evidence is strongest[0] and not disagree:
                counted.append(evidence)
            else:
                note = " (equally strong signs of one event disagree: neither counts)" if disagree else ""
                counted.append(replace(evidence, standing=Standing.ECHO, weight=0, because=evidence.because + note))
    return counted


# --- likelihood ----------------------------------------------------------------------------------------------------


def _named(verdict: Verdict, ordered: list[Verdict], weighing: Weighing, cause: Cause, scale: Scale) -> Verdict:
    is_fit = not cause.flows or weighing.flow is None or weighing.flow in cause.flows
    return replace(verdict, likelihood=_likelihood(verdict, ordered, weighing, is_fit, scale))


def _likelihood(
    verdict: Verdict, ordered: list[Verdict], weighing: Weighing, is_of_flow: bool, scale: Scale
) -> Likelihood:
    """`is_of_flow`: the cause belongs to the flow at hand; a promise about another flow's cause contradicts itself."""
    if is_of_flow and verdict is ordered[0] and _is_promised(verdict, ordered[1:], weighing, scale):
        return Likelihood.ALMOST_CERTAIN
    if verdict.score >= scale.likely:
        return Likelihood.LIKELY
    if verdict.score >= scale.possible:
        return Likelihood.POSSIBLE
    return Likelihood.UNLIKELY if verdict.score >= scale.unlikely else Likelihood.RULED_OUT


def _is_promised(verdict: Verdict, others: list[Verdict], weighing: Weighing, scale: Scale) -> bool:
    """Whether `almost-certain` may be said: it must be right nearly always.

    Without anything that is only inferred, the score must pass the threshold and lead by ten; and two independent
    witnesses must speak for it, or an experiment, or a documented text that has this one reading.
    """
    firm = [e for e in verdict.evidence if e.weight < 0 or e.sureness is not Sureness.INFERRED or e.witness == "prior"]
    score = sum(e.weight for e in firm)
    if score < scale.almost_certain or (others and score - others[0].score < scale.lead):
        return False
    speaking = {e.witness for e in firm if e.weight > 0}
    experiment = any(e.fact.startswith("retry.") and e.weight > 0 for e in firm)
    return len(speaking) >= 2 or experiment or _sole_documented(verdict, weighing)


def _sole_documented(verdict: Verdict, weighing: Weighing) -> bool:
    for matched in (weighing.matches.refusal, weighing.matches.login_history):
        reading = None if matched is None else matched.reading_of(verdict.cause, weighing.flow)
        if reading is not None and reading.usual == "sole" and reading.sureness is Sureness.DOCUMENTED:
            return True
    return False
