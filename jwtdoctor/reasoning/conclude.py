"""From a chart to a report: derive, match the texts, weigh, ask. Pure, and the same for `check` and `explain`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.provider import Claim, Provider
from jwtdoctor.model.report import ProbeOutcome, Report, Verdict
from jwtdoctor.reasoning.derive import derive
from jwtdoctor.reasoning.findings import findings
from jwtdoctor.reasoning.margins import margins_of
from jwtdoctor.reasoning.questions import questions
from jwtdoctor.reasoning.responses import Matches, match, texts_of
from jwtdoctor.reasoning.timeline import timeline
from jwtdoctor.reasoning.weigh import SCALE, Scale, Weighing, clues_of, leaders, weigh

FIRST_FEW = 5
"""A claim of guides is shown where it concerns one of so many first verdicts."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a checkup or an intake brought together."""

    chart: Chart
    """Observed facts only."""
    provider: str
    flow: str | None
    body: str = ""
    text: str = ""
    at: float | None = None
    """True time of the attempt, epoch seconds; None where nothing told it."""
    logins_used: int = 0
    probes: tuple[ProbeOutcome, ...] = ()
    clocks: tuple[ClockReading, ...] = ()
    clock_note: str = ""
    warnings: tuple[str, ...] = ()
    case: str | None = None
    profile: str | None = None
    command: str = "explain"
    took_s: float = 0.0
    asked: bool = field(default=True)
    """Whether there was an attempt at all, seen or made."""
    not_known: frozenset[str] = frozenset()
    """Facts that were asked for in vain."""


def conclude(seen: Seen, knowledge: Knowledge, scale: Scale = SCALE) -> Report:
    """The report. Pure: the same facts give the same verdicts and scores."""
    provider = knowledge.provider_or_generic(seen.provider)
    chart = derive(seen.chart, provider, seen.flow)
    texts = texts_of(chart, seen.body, seen.text)
    matches = match(texts, provider, knowledge.providers["generic"], seen.flow, chart.text("request.endpoint"))
    outcome = outcome_of(chart, matches, seen.asked)
    granted, unreachable = outcome is Outcome.GRANTED, outcome is Outcome.UNREACHABLE
    weighing = Weighing(chart, provider, seen.flow, matches, granted, unreachable)
    of_token: frozenset[str] | None = None
    if granted and chart.flag("token.api_works") is False:
        weighing, of_token = replace(weighing, granted=False), causes_of_a_useless_token(provider, knowledge)
    verdicts = weigh(weighing, knowledge, scale, of_token)
    first = leaders(verdicts, scale)
    return Report(
        command=seen.command,
        at=seen.at,
        took_s=seen.took_s,
        provider=seen.provider,
        flow=seen.flow,
        outcome=outcome,
        logins_used=seen.logins_used,
        leaders=first,
        verdicts=verdicts,
        questions=questions(weighing, seen.chart, verdicts, knowledge, scale, seen.not_known),
        claims=_claims(provider, first, verdicts, outcome),
        findings=findings(chart, provider, outcome, first),
        probes=seen.probes,
        clocks=seen.clocks or _clock_of(chart),
        chart=seen.chart,
        warnings=seen.warnings,
        case=seen.case,
        profile=seen.profile,
        timeline=timeline(chart, seen.at),
        margins=margins_of(chart, provider),
        clock_note=seen.clock_note,
        host=chart.text("request.token_host") or "",
        flows=provider.flows,
    )


def causes_of_a_useless_token(provider: Provider, knowledge: Knowledge) -> frozenset[str]:
    """Why an API may refuse a token that was just issued: said of the cause, read in an API's own words, or seen in
    the token. Every other cause would have refused the login."""
    said = {slug for slug, cause in knowledge.causes.items() if cause.on_granted}
    for one in (provider, knowledge.providers["generic"]):
        said |= {r.cause for words in one.responses if words.where in ("api", "userinfo") for r in words.readings}
    seen = {
        slug
        for slug, cause in knowledge.causes.items()
        if any(c.fact.startswith("token.") and c.speaks == "for" for c in clues_of(cause, provider))
    }
    return frozenset(said | seen)


def outcome_of(chart: Chart, matches: Matches, asked: bool) -> Outcome:
    """How the attempt ended, as far as the chart and the recognised texts tell."""
    if chart.flag("reply.granted"):
        return Outcome.GRANTED
    if "path.failure" in chart or chart.number("path.proxy_status") is not None or chart.flag("path.captive_portal"):
        return Outcome.UNREACHABLE
    if any(fact in chart for fact in ("reply.error", "reply.description", "reply.status", "login_history.status")):
        return Outcome.REFUSED
    if matches.refusal is not None:
        return Outcome.UNREACHABLE if _never_reached(matches) else Outcome.REFUSED
    if matches.login_history is not None:
        return Outcome.REFUSED
    told = [seen for seen in chart if _tells_of_an_attempt(seen) and seen.source != "derived"]
    return Outcome.REFUSED if asked and told else Outcome.NOT_ASKED


def _tells_of_an_attempt(seen: Observation) -> bool:
    """An assertion by itself tells of none: it may lie in a file and never have been sent."""
    return seen.fact not in NOT_TELLING and not seen.fact.startswith("assertion.") and seen.source != "assertion"


NOT_TELLING = frozenset(
    {"reply.client_text", "request.endpoint", "reply.is_html", "reply.body_is_json", "reply.granted"}
)
"""Facts that a text has whatever it is: alone they tell of no attempt."""
NETWORK_CAUSES = frozenset(
    {
        "dns-failed",
        "network-blocked",
        "proxy-refused",
        "tls-trust-failed",
        "tls-version-too-old",
        "mutual-tls-failed",
    }
)


def _never_reached(matches: Matches) -> bool:
    """A client's message about the network, not about its own key or an answer."""
    refusal = matches.refusal
    if refusal is None or refusal.response.where != "client":
        return False
    return any(reading.cause in NETWORK_CAUSES for reading in refusal.response.readings[:1])


def _claims(
    provider: Provider, first: tuple[str, ...], verdicts: tuple[Verdict, ...], outcome: Outcome
) -> tuple[Claim, ...]:
    """The claims about the leaders, then those about the next few verdicts, each once."""
    if outcome is Outcome.GRANTED:
        return ()
    near = {v.cause for v in verdicts[:FIRST_FEW] if v.score >= SCALE.possible}
    leading = [claim for claim in provider.claims if set(first) & set(claim.causes)]
    others = [claim for claim in provider.claims if near & set(claim.causes) and claim not in leading]
    return (*leading, *others)


def _clock_of(chart: Chart) -> tuple[ClockReading, ...]:
    """The clock lines that a recorded case holds."""
    rows = []
    for fact, name in (("clock.ahead_s", ""), ("reply.date_ahead_s", "date")):
        seen = chart.get(fact)
        ahead_s = chart.number(fact)
        if seen is not None and ahead_s is not None:
            slack_s = seen.uncertainty or 0.0
            rows.append(ClockReading(name or seen.source, "agrees", ahead_s, ahead_s - slack_s, ahead_s + slack_s))
    return tuple(rows)
