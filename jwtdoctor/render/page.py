"""What a report says to a person, before it is drawn: a headline and sections of rows.

Text, Markdown and HTML draw the same page, so that they never say different things. The order is that of someone
who is woken at three: the verdict, why, what to do, what would settle what is open, and only then the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.names import Likelihood, Outcome, Standing
from jwtdoctor.model.report import Evidence, Failed, Report, Skipped, Verdict
from jwtdoctor.render.words import LIKELIHOOD, duration, headline, label, observed, one_line, tag

OUTCOMES = {
    Outcome.GRANTED: ("ok", "GRANTED"),
    Outcome.REFUSED: ("bad", "REFUSED"),
    Outcome.UNREACHABLE: ("bad", "NO ANSWER"),
    Outcome.NOT_ASKED: ("note", "NOT ASKED"),
}
UNSEEN = (Standing.ECHO, Standing.UNKNOWN)
SIGNS = {Standing.FOR: "+", Standing.AGAINST: "-", Standing.ECHO: "=", Standing.PRIOR: "+", Standing.UNKNOWN: "?"}
MOST_OTHERS = 4
MOST_CLAIMS = 2
TEXTS = ("reply.description", "reply.error", "reply.status", "login_history.status", "reply.client_text")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a section. `sign` and `name` stand in the margin; `command` is code to copy."""

    text: str
    sign: str = ""
    name: str = ""
    command: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its rows. `picture` is drawn in fixed width above the rows that follow it."""

    title: str
    rows: tuple[Row, ...]
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report for a person."""

    mark: str
    """ok, bad or note."""
    outcome: str
    statement: str
    likelihood: str
    second: str
    """A second line under the statement, where several causes tie."""
    about: tuple[str, ...]
    sections: tuple[Section, ...] = field(default=())


def page(report: Report, *, verbose: bool = False) -> Page:
    """The page of a report. `verbose` adds every verdict, every unknown and the scores."""
    mark, word = OUTCOMES[report.outcome]
    statement, second, likelihood = _verdict_words(report)
    sections = [
        _why(report, verbose),
        _do(report),
        _settle(report),
        _others(report, verbose),
        _findings(report),
        _where(report),
        _not_examined(report),
        _good_to_know(report),
        _warnings(report),
    ]
    return Page(mark, word, statement, likelihood, second, _about(report), tuple(s for s in sections if s.rows))


def _leading(report: Report) -> tuple[Verdict, ...]:
    return tuple(v for v in report.verdicts if v.cause in report.leaders)


def _verdict_words(report: Report) -> tuple[str, str, str]:
    leading = _leading(report)
    if not leading:
        if report.outcome is Outcome.GRANTED:
            return "A token was issued, and nothing speaks against it", "", ""
        if report.outcome is Outcome.NOT_ASKED:
            return "Nothing that this tool recognises", "", ""
        return "No known cause fits", "", ""
    likelihood = LIKELIHOOD[leading[0].likelihood]
    if len(leading) == 1:
        return headline(report, leading[0]), "", likelihood
    number = {2: "two", 3: "three", 4: "four"}.get(len(leading), str(len(leading)))
    return headline(report, leading[0]), f"{number} causes fit equally", f"{likelihood}, {len(leading)}"


def _about(report: Report) -> tuple[str, ...]:
    logins = f"{report.logins_used} login{'' if report.logins_used == 1 else 's'} used"
    parts = [
        report.profile or report.case or "",
        report.provider,
        report.flow or "flow unknown",
        one_line(report.host, 60),
        logins if report.command == "check" else "",
        f"{report.took_s:.1f} s" if report.command == "check" else "",
    ]
    return tuple(part for part in parts if part)


def _why(report: Report, verbose: bool) -> Section:
    leading = _leading(report)
    rows: list[Row] = []
    for verdict in leading:
        if len(leading) > 1:
            rows.append(Row(f"{headline(report, verdict)} ({verdict.cause})", sign="*"))
        rows += [row for _, row in evidence_rows(report, verdict, verbose=verbose)]
    if not leading and report.outcome in (Outcome.REFUSED, Outcome.UNREACHABLE):
        rows.append(Row("nothing that was observed points to a cause in the catalogue"))
    return Section("Why", tuple(rows))


def evidence_rows(report: Report, verdict: Verdict, *, verbose: bool = False) -> tuple[tuple[Evidence, Row], ...]:
    """The evidence of any verdict, led or not, each piece with its row, in the order of telling.

    `verbose` adds the unknown and the prior.
    """
    return tuple((e, _evidence_row(report, e)) for e in _in_order(verdict.evidence, verbose))


def _in_order(evidence: tuple[Evidence, ...], verbose: bool) -> list[Evidence]:
    """For before echoes before against; general priors and unknowns only on demand."""
    order = [Standing.PRIOR, Standing.FOR, Standing.ECHO, Standing.AGAINST, Standing.UNKNOWN]
    shown = [e for e in evidence if verbose or not (e.standing is Standing.UNKNOWN or e.witness == "prior")]
    return sorted(shown, key=lambda e: (order.index(e.standing), -abs(e.weight)))


def _evidence_row(report: Report, evidence: Evidence) -> Row:
    seen = _seen(report, evidence)
    because = "the same fact seen again, counted once" if evidence.standing is Standing.ECHO else evidence.because
    text = f"{seen}: {because}" if seen else because
    sign = "-" if evidence.standing is Standing.PRIOR and evidence.weight < 0 else SIGNS[evidence.standing]
    return Row(text, sign=sign, name=label(evidence.fact), more=tag(evidence.sureness, len(evidence.sources)))


def _seen(report: Report, evidence: Evidence) -> str:
    """What was observed: of a text the status and the code as well, of a clock the measurement behind it."""
    seen = observed(evidence.fact, evidence.observed)
    if evidence.fact in TEXTS and seen:
        status, code = report.chart.number("reply.status"), report.chart.text("reply.error")
        before = [] if evidence.fact in ("login_history.status", "reply.client_text") else [
            "" if status is None else f"{status:.0f}",
            one_line(code, 60) if code and evidence.fact == "reply.description" else "",
        ]  # fmt: skip
        quoted = seen if evidence.fact == "reply.status" else f'"{seen}"'
        return " ".join(part for part in (*before, quoted) if part)
    if evidence.witness == "clock" and evidence.fact not in report.chart and evidence.standing not in UNSEEN:
        return clock_words(report)
    return seen


def _do(report: Report) -> Section:
    rows: list[Row] = []
    for verdict in _leading(report)[:3]:
        rows += [_remedy_row(remedy) for remedy in verdict.remedy]
    return Section("Do", tuple(dict.fromkeys(rows)), is_numbered=True)


def _remedy_row(remedy: Remedy) -> Row:
    where = " · ".join(part for part in (remedy.where, remedy.url) if part)
    return Row(remedy.do, command=remedy.command or "", more=where)


def _settle(report: Report) -> Section:
    leading = _leading(report)
    rows: list[Row] = []
    for question in report.questions:
        answers = " | ".join(question.answers)
        told = question.command or (
            f"jwtdoctor explain … --fact {question.fact}={question.answers[0] if question.answers else 'VALUE'}"
        )
        rows.append(Row(question.ask, sign="?", command=told, more=answers))
    if not rows and len(leading) == 1 and leading[0].confirm and leading[0].likelihood is not Likelihood.ALMOST_CERTAIN:
        rows.append(Row(leading[0].confirm, sign="?"))
    return Section("To tell them apart" if len(leading) > 1 else "Settle it", tuple(rows))


def _others(report: Report, verbose: bool) -> Section:
    wanted = (Likelihood.ALMOST_CERTAIN, Likelihood.LIKELY, Likelihood.POSSIBLE)
    others = [v for v in report.verdicts if v.cause not in report.leaders and (verbose or v.likelihood in wanted)]
    if not verbose:
        others = others[:MOST_OTHERS]
    rows = []
    for verdict in others:
        word = LIKELIHOOD[verdict.likelihood] + (f", {verdict.score}" if verbose else "")
        rows.append(Row(f"{headline(report, verdict)} ({word})", name=verdict.cause))
    return Section("Also thought of", tuple(rows))


def _findings(report: Report) -> Section:
    rows = [Row(f"{f.message}; {f.remedy}" if f.remedy else f.message, sign="!", name=f.where) for f in report.findings]
    return Section("Noticed", tuple(rows))


def _where(report: Report) -> Section:
    rows = [Row(one_line(v.shows_in, 400)) for v in _leading(report)[:2] if v.shows_in]
    return Section("Where it shows", tuple(dict.fromkeys(rows)))


def _not_examined(report: Report) -> Section:
    rows = [
        Row(one_line(p.reason), name=p.probe)
        for p in report.probes
        if isinstance(p, (Skipped, Failed)) and not (p.probe in ("key", "assertion") and isinstance(p, Skipped))
    ]
    if report.command == "check" and not any(
        f.startswith(("app.", "org.", "user.")) for f in report.chart.observations
    ):
        rows.append(Row("the org's policies: answer with --fact where you know them", name="org"))
    refused = [Row(one_line(c.reason or "refused"), name=c.source) for c in report.clocks if c.standing != "agrees"]
    return Section("Not examined", (*rows, *refused))


def _good_to_know(report: Report) -> Section:
    rows = [
        Row(f"Guides say: {c.claim.rstrip('.')}. {c.verdict.capitalize()}: {c.because}", more=f"[{c.sources[0]}]")
        for c in report.claims[:MOST_CLAIMS]
    ]
    return Section("Good to know", tuple(rows))


def _warnings(report: Report) -> Section:
    return Section("Warnings", tuple(Row(one_line(w), sign="!") for w in report.warnings))


def clock_words(report: Report) -> str:
    """One line about the clock for headers: `312.4 s behind ± 0.02 s`, or that nobody answered."""
    fact = "clock.ahead_s" if "clock.ahead_s" in report.chart else "reply.date_ahead_s"
    ahead_s = report.chart.number(fact)
    if ahead_s is None:
        return report.clock_note or "not measured"
    side = "ahead of" if ahead_s >= 0 else "behind"
    whom = "true time" if fact == "clock.ahead_s" else "the token host"
    said = f"{duration(ahead_s)} {side} {whom}"
    slack_s = report.chart.uncertainty(fact)
    said += f", ± {duration(slack_s)}" if slack_s else ""
    return f"{said}; {report.clock_note}" if report.clock_note and fact == "clock.ahead_s" else said
