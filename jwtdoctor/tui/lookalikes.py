"""How a staged fault is told from its lookalikes: each is staged beside it, in process, and what decided is named.

A lookalike is a cause that the same answer has been seen to mean, or one that the knowledge names as such. Pure but for
the key that a staged client signs with; the clock of these worlds stands still.
"""

from __future__ import annotations

from dataclasses import dataclass

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.names import Likelihood, Standing
from jwtdoctor.model.report import Evidence, Report, Verdict
from jwtdoctor.render.page import evidence_rows
from jwtdoctor.tui.subjects import SALESFORCE

MOST = 4
TEXT_FACTS = ("reply.", "login_history.")


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A cause that looks alike. `answer` is what its staged fault gets, empty where none can be staged.

    `here`: what spoke against it (or what would have to be seen), `there`: what spoke for it where it was staged.
    """

    cause: str
    title: str
    likelihood: Likelihood
    answer: str
    is_same_answer: bool
    here: str
    there: str


def lookalikes(report: Report, knowledge: Knowledge) -> tuple[Lookalike, ...]:
    """Of the leading cause of a report, the most alike first."""
    if not report.leaders:
        return ()
    leader = report.leaders[0]
    known = knowledge.causes[leader].lookalikes if leader in knowledge.causes else ()
    named = [example.leads_to for example in known if example.leads_to]
    reading = [v.cause for v in report.verdicts if v.cause not in report.leaders and _shares_the_text(v)]
    rest = [v.cause for v in report.verdicts if v.cause not in report.leaders]
    found = []
    for cause in dict.fromkeys((*report.leaders[1:], *reading, *named, *rest)):
        verdict = report.verdict(cause)
        if cause != leader and cause in knowledge.causes:
            found.append(_looked(report, cause, verdict, knowledge))
        if len(found) == MOST:
            break
    return tuple(found)


def answer_of(report: Report) -> str:
    """`400 invalid_grant "expired authorization code"`; `no answer` where none came."""
    chart = report.chart
    status, error, said = chart.number("reply.status"), chart.text("reply.error"), chart.text("reply.description")
    if status is None:
        return "no answer"
    return " ".join(part for part in (f"{status:.0f}", error or "", f'"{said}"' if said else "") if part)


def _shares_the_text(verdict: Verdict) -> bool:
    readings = [e for e in verdict.evidence if e.standing is Standing.PRIOR and e.fact.startswith(TEXT_FACTS)]
    return any(e.weight > 0 for e in readings)


def _looked(report: Report, cause: str, verdict: Verdict | None, knowledge: Knowledge) -> Lookalike:
    staged = _staged(cause, report, knowledge)
    theirs = None if staged is None else staged.verdict(cause)
    answer = "" if staged is None else answer_of(staged)
    return Lookalike(
        cause,
        knowledge.causes[cause].title,
        verdict.likelihood if verdict else Likelihood.RULED_OUT,
        answer,
        answer == answer_of(report),
        "nothing that was seen points there" if verdict is None else _against(report, verdict),
        "" if staged is None or theirs is None else _strongest(staged, theirs, Standing.FOR),
    )


def _staged(cause: str, report: Report, knowledge: Knowledge) -> Report | None:
    """The report of the fault that stages a cause at the same provider, in this flow where there is one."""
    from jwtdoctor.simulator.providers.staged import staged  # the simulator, which the first screen can do without
    from jwtdoctor.testing import FAULTS, World

    provider = report.provider
    faults = FAULTS if provider == SALESFORCE else staged(knowledge.providers[provider])
    fits = sorted((f for f in faults if f.stages == cause), key=lambda f: (f.flow != report.flow, f.name))
    if not fits:
        return None
    world = World(fits[0].name, provider=provider, knowledge=knowledge)
    return examine(world.case, world.instruments)


def _against(report: Report, verdict: Verdict) -> str:
    """What speaks against it; else what is missing; else what the leader has more."""
    said = _strongest(report, verdict, Standing.AGAINST)
    if said:
        return said
    missing = _strongest(report, verdict, Standing.UNKNOWN)
    if missing:
        return missing
    leader = report.verdict(report.leaders[0])
    return "" if leader is None else f"the other has more: {_strongest(report, leader, Standing.FOR)}"


def _strongest(report: Report, verdict: Verdict, standing: Standing) -> str:
    found: list[tuple[Evidence, str]] = [
        (piece, row.text)
        for piece, row in evidence_rows(report, verdict, verbose=True)
        if piece.standing is standing and not piece.fact.startswith(TEXT_FACTS)
    ]
    return max(found, key=lambda pair: abs(pair[0].weight))[1] if found else ""
