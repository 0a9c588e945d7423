"""How values, facts and likelihoods are said to people. One place, so that every format says the same."""

from __future__ import annotations

from math import ceil

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.facts import VOCABULARY, Value
from jwtdoctor.model.margins import Edge, Margins
from jwtdoctor.model.names import Likelihood, Sureness
from jwtdoctor.model.report import Report, Verdict
from jwtdoctor.reasoning.rules.table import is_whole_quarter_hours

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

WORTH_A_FIGURE_S = 2.0
"""A smaller error of a clock is within what `Date` can tell, and no headline."""
ROOMS = {"login_history": "login row", "certificate": "key", "host": "token host", "date": "token host"}
"""What the label before a piece of evidence says, where it is not the fact's own group."""


def duration(seconds: float) -> str:
    """`312.4 s`, `5 min 12 s`, `2 h 5 min`, `30 days`: what a person would say. Sign dropped."""
    seconds = abs(seconds)
    if seconds < 0.0005:
        return "0 s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 119.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    if seconds < 7199.5:
        whole = round(seconds)
        return f"{whole // 60} min {whole % 60} s".replace(" 0 s", "")
    if seconds < 172_770:
        minutes = round(seconds / 60)
        return f"{minutes // 60} h {minutes % 60} min".replace(" 0 min", "")
    return f"{seconds / 86_400:,.0f} days"


NO_FIGURE_S = 0.0005
"""What `measured` would say as 0.000 s: a clock that is so little off is right."""


def measured(seconds: float) -> str:
    """A figure as it was measured, to be compared with others: `600.0 s`, `0.004 s`, `7,200 s (2 h)`. Sign dropped."""
    seconds = abs(seconds)
    if seconds < 1:
        return f"{seconds:.3f} s"
    return f"{seconds:.1f} s" if seconds < 7199.5 else f"{seconds:,.0f} s ({duration(seconds)})"


def bound(seconds: float) -> str:
    """An uncertainty, never said smaller than it is, and no smaller than a millisecond: `0.02 s`, `1.5 s`."""
    digits = 1 if seconds >= 1 else 2 if seconds >= 0.01 else 3
    step = 10.0**-digits
    return f"{max(ceil(seconds / step - 1e-9), 1) * step:.{digits}f} s"


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
        return f"{measured(value)} {side}" if abs(value) >= NO_FIGURE_S else "right"
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
    if verdict.cause == "clock-drift" and ahead_s is not None and abs(ahead_s) >= WORTH_A_FIGURE_S:
        whose = "This machine's" if report.command == "check" else "The client's"
        zone = ": a time zone" if is_whole_quarter_hours(ahead_s) else ""
        return f"{whose} clock is {duration(ahead_s)} {'fast' if ahead_s > 0 else 'slow'}{zone}"
    host_s = report.chart.number("host.ahead_s")
    if verdict.cause == "server-clock-wrong" and host_s is not None and abs(host_s) >= WORTH_A_FIGURE_S:
        return f"The token host's clock is {duration(host_s)} {'fast' if host_s > 0 else 'slow'}"
    return one_line(verdict.headline or verdict.title, 80)


def margin_rows(margins: Margins) -> tuple[tuple[str, str], ...]:
    """The room of an assertion as (name, words): how long it holds, then what a slower and a faster clock would do.

    Beyond an edge, only that edge is told, and no time that it would be acceptable for.
    """
    left = ("left", _holds(margins))
    if broken := broken_edges(margins):
        told = tuple((edge.direction, _edge_words(edge)) for edge in broken)
        return told if margins.left_s > 0 else (left, *told)
    faster = margins.fast_note if margins.fast is None else _edge_words(margins.fast)
    return (left, ("slower", _edge_words(margins.slow)), ("faster", faster))


def broken_edges(margins: Margins) -> tuple[Edge, ...]:
    """The limits that the assertion is beyond."""
    return tuple(edge for edge in (margins.slow, margins.fast) if edge is not None and edge.room_s < 0)


def _holds(margins: Margins) -> str:
    where = CLOCKS[margins.judged_by] + (f" (± {bound(margins.bound_s)})" if margins.bound_s >= 0.5 else "")
    is_over = margins.left_s <= 0
    said = f"over {duration(margins.left_s)} ago" if is_over else f"acceptable for {duration(margins.left_s)}"
    if margins.tolerated_s <= 0 or margins.tolerance_sureness is None:
        return f"{said} {where}"
    more = f"{duration(margins.tolerated_s)} beyond exp are tolerated ({SURENESS[margins.tolerance_sureness]})"
    return f"{said} {where}; {more}"


def _edge_words(edge: Edge) -> str:
    rule = f"{edge.because} ({SURENESS[edge.sureness]})"
    if edge.room_s < 0:
        return f"by {duration(edge.room_s)} too much: {rule}"
    return f"{duration(edge.room_s)} more and it breaks: {rule}"


CLOCKS = {"date": "on the token host's clock", "ntp": "by true time", "nothing": "by this machine's own clock"}


def _clock_error(chart: Chart) -> float | None:
    measured = chart.number("clock.ahead_s")
    return chart.number("reply.date_ahead_s") if measured is None else measured


def tag(sureness: Sureness, sources: int) -> str:
    """`[maintainers, 2]`: how sure a statement is, and how many sources carry it."""
    return f"[{SURENESS[sureness]}, {sources}]" if sources > 1 else f"[{SURENESS[sureness]}]"
