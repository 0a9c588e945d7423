"""How values, facts and likelihoods are said to people. One place, so that every format says the same."""

from __future__ import annotations

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.facts import VOCABULARY, Value
from jwtdoctor.model.names import Likelihood, Sureness
from jwtdoctor.model.report import Report, Verdict

LIKELIHOOD = {
    Likelihood.ALMOST_CERTAIN: "almost certain",
    Likelihood.LIKELY: "likely",
    Likelihood.POSSIBLE: "possible",
    Likelihood.UNLIKELY: "unlikely",
    Likelihood.RULED_OUT: "ruled out",
}

SURENESS = {
    Sureness.DOCUMENTED: "documented",
    Sureness.MAINTAINER: "maintainers",
    Sureness.ACCEPTED_ANSWER: "accepted answer",
    Sureness.FIELD_REPORT: "field reports",
    Sureness.INFERRED: "inferred",
}

ROOMS = {"login_history": "login row", "history": "history", "certificate": "key", "host": "token host", "flow": "flow"}
"""What the label before a piece of evidence says, where it is not the fact's own group."""


def duration(seconds: float) -> str:
    """`312.4 s`, `5 min 12 s`, `2 h 5 min`, `30 days`: what a person would say. Sign dropped."""
    seconds = abs(seconds)
    if seconds < 0.0005:
        return "0 s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 7200:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s".replace(" 0 s", "")
    if seconds < 172_800:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min".replace(" 0 min", "")
    return f"{seconds / 86_400:,.0f} days"


def label(fact: str) -> str:
    """The room that a fact belongs to: `clock`, `reply`, `app` …"""
    group = "date" if fact == "reply.date_ahead_s" else fact.partition(".")[0]
    return ROOMS.get(group, group)


def one_line(text: str, most: int = 300) -> str:
    """Foreign text made fit for a screen: secrets, escapes and line breaks gone, bounded."""
    folded = " ".join(clean(text).split())
    return folded if len(folded) <= most else folded[: most - 1] + "…"


def observed(fact: str, value: Value | None) -> str:
    """What was observed, in a few words; empty where the fact's meaning says it all."""
    if value is None:
        return ""
    if fact.endswith("ahead_s") and isinstance(value, (int, float)):
        side = "ahead" if value >= 0 else "behind"
        return f"{duration(value)} {side}"
    if fact.endswith("_in_s") and isinstance(value, (int, float)):
        return f"{duration(value)} {'to go' if value >= 0 else 'past'}"
    if isinstance(value, bool):
        return ""
    if isinstance(value, (int, float)):
        unit = VOCABULARY[fact].unit if fact in VOCABULARY else ""
        return duration(value) if unit == "s" else f"{value:g} {unit}".strip()
    if isinstance(value, tuple):
        return one_line(", ".join(value) or "none", 90)
    return one_line(value, 90)


def statement(fact: str, value: Value | None) -> str:
    """A fact said in full: its meaning, and the value where that is not simply true."""
    meaning = VOCABULARY[fact].meaning if fact in VOCABULARY else fact
    if value is True:
        return meaning
    if value is False:
        return f"not so: {meaning}"
    return f"{meaning}: {observed(fact, value)}"


def headline(report: Report, verdict: Verdict) -> str:
    """The first statement of a report: the cause's title, with the figure where one was measured."""
    ahead_s = _clock_error(report.chart)
    if verdict.cause == "clock-drift" and ahead_s is not None and abs(ahead_s) >= 1:
        return f"This machine's clock is {duration(ahead_s)} {'fast' if ahead_s > 0 else 'slow'}"
    host_s = report.chart.number("host.ahead_s")
    if verdict.cause == "server-clock-wrong" and host_s is not None:
        return f"The token host's clock is {duration(host_s)} {'fast' if host_s > 0 else 'slow'}"
    return one_line(verdict.title, 80)


def _clock_error(chart: Chart) -> float | None:
    measured = chart.number("clock.ahead_s")
    return chart.number("reply.date_ahead_s") if measured is None else measured


def tag(sureness: Sureness, sources: int) -> str:
    """`[maintainers, 2]`: how sure a statement is, and how many sources carry it."""
    return f"[{SURENESS[sureness]}, {sources}]" if sources > 1 else f"[{SURENESS[sureness]}]"
