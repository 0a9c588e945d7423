"""What a report says to a person, before it is drawn: a headline and sections of rows.

Text, Markdown and HTML draw the same page, so that they never say different things. The order is that of someone
who is woken at three: the verdict, why, what to do, what would settle what is open, and only then the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from shlex import quote

from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.facts import VOCABULARY
from jwtdoctor.model.names import Likelihood, Outcome, Standing
from jwtdoctor.model.provider import SAYS, Claim
from jwtdoctor.model.report import Evidence, Failed, Question, Report, Skipped, Timeline, Verdict
from jwtdoctor.render.org import head_of_audit, org_rows
from jwtdoctor.render.way import Rows, margin_rows, silent_clock_rows, way_rows
from jwtdoctor.render.words import (
    LIKELIHOOD,
    NO_FIGURE_S,
    bound,
    duration,
    headline,
    label,
    measured,
    observed,
    one_line,
    tag,
)

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
MOST_TIED = 4
"""Causes of a tie that are told with their evidence; the others by name."""
MOST_NAMED = 12
"""Of many causes that are tied, so many are named besides; of many answers so many are shown."""
MOST_STEPS = 2
"""Steps of each cause where several tie: the smallest fixes; `jwtdoctor causes SLUG` has the others."""
DISAGREE = "neither counts"
"""What the weighing says of signs that cancel out: to be shown, since nothing else tells why they do not count."""
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
    if report.outcome is Outcome.GRANTED and report.leaders:
        mark = "bad"
    if report.command.startswith("audit"):
        mark, word, said = head_of_audit(report)
        statement = said or statement
    do, settle = _do(report, verbose), _settle(report)
    sections = [
        _seen_when_granted(report),
        _why(report, verbose),
        _rows_of("In the org", org_rows(report)),
        _rows_of("The way", way_rows(report, verbose=verbose)),
        _rows_of("Margin", margin_rows(report, verbose=verbose)),
        *((settle, do) if _is_open(report) else (do, settle)),
        _others(report, verbose),
        _findings(report),
        _where(report),
        _not_examined(report),
        _good_to_know(report, verbose),
        _warnings(report),
    ]
    return Page(mark, word, statement, likelihood, second, _about(report), tuple(s for s in sections if s.rows))


def _rows_of(title: str, rows: Rows) -> Section:
    return Section(title, tuple(Row(words, name=name) for name, words in rows))


def _leading(report: Report) -> tuple[Verdict, ...]:
    return tuple(v for v in report.verdicts if v.cause in report.leaders)


def _is_open(report: Report) -> bool:
    """So many causes fit that their remedies would be guesses: what tells them apart comes first."""
    return len(report.leaders) > MOST_TIED + 1


def _verdict_words(report: Report) -> tuple[str, str, str]:
    leading = _leading(report)
    if not leading:
        if report.outcome is Outcome.GRANTED:
            did = "The JWT was taken" if report.flow == "api-jwt" else "A token was issued"
            return f"{did}, and nothing speaks against it", "", ""
        if report.outcome is Outcome.NOT_ASKED:
            return "Nothing that this tool recognises", "", ""
        return "No known cause fits", "", ""
    likelihood = LIKELIHOOD[leading[0].likelihood]
    if len(leading) == 1:
        return headline(report, leading[0]), "", likelihood
    if _is_open(report):
        statement = f"The answer does not tell which of {len(leading)} causes it is"
        return statement, "nothing that was observed separates them", f"{likelihood}, {len(leading)}"
    number = {2: "two", 3: "three", 4: "four"}.get(len(leading), str(len(leading)))
    last = LIKELIHOOD[leading[-1].likelihood]
    spread = likelihood if last == likelihood else f"{likelihood} to {last}"
    second = f"{number} causes fit, undecided"
    return _one_or_the_other(report, leading), second, f"{spread}, {len(leading)}"


def _one_or_the_other(report: Report, leading: tuple[Verdict, ...]) -> str:
    """A tie is no verdict: both causes are named, and of more the first two and how many others."""
    first, second = (headline(report, verdict) for verdict in leading[:2])
    others = f", or {len(leading) - 2} more" if len(leading) > 2 else ""
    return f"{first}; or: {second}{others}"


def _about(report: Report) -> tuple[str, ...]:
    logins = f"{report.logins_used} login{'' if report.logins_used == 1 else 's'} used"
    parts = [
        one_line(report.profile or report.case or "", 60),
        report.provider,
        report.flow or ("" if report.command == "audit --apps" else "flow unknown"),
        one_line(report.host, 60),
        logins if report.command == "check" else "",
        f"{report.took_s:.1f} s" if report.command == "check" else "",
    ]
    return tuple(part for part in parts if part)


def _seen_when_granted(report: Report) -> Section:
    """What a granted check looked at, in a line each: that nothing is wrong has its witnesses too."""
    chart = report.chart
    if report.outcome is not Outcome.GRANTED or report.leaders:
        return Section("Seen", ())
    rows = [Row(clock_words(report), sign="+", name="clock")] if "clock.ahead_s" in chart else []
    if chart.flag("key.matches_certificate"):
        rows.append(Row("pairs with the certificate given", sign="+", name="key"))
    ttl_s, status = chart.number("assertion.ttl_s"), chart.number("reply.status")
    if ttl_s is not None:
        left_s = chart.number("assertion.exp_in_s")
        lives = f"lives {duration(ttl_s)}" if ttl_s >= 0 else f"exp lies {duration(ttl_s)} before iat"
        rows.append(Row(f"{lives}{_left_on_arrival(left_s)}", sign="+", name="assertion"))
    if chart.flag("request.sends_dpop_proof"):
        nonce = "the server's nonce" if chart.flag("proof.nonce_present") else "no nonce"
        fits = chart.flag("proof.method_fits") and chart.flag("proof.url_fits")
        said = "for this method and URL" if fits else "sent with the request"
        rows.append(Row(f"{said}, {nonce} in it", sign="+", name="DPoP proof"))
    if status is not None:
        said = "the JWT was taken" if report.flow == "api-jwt" else "with a token"
        rows.append(Row(f"{status:.0f}, {said}", sign="+", name="reply"))
    if found := "; ".join(_of_token(chart)):
        rows.append(Row(found, sign="+", name="token"))
    return Section("Seen", tuple(rows))


def _left_on_arrival(left_s: float | None) -> str:
    if left_s is None:
        return ""
    spoken = measured(left_s)
    return f", over {spoken} before it arrived" if left_s < 0 else f", {spoken} of it left on arrival"


def _of_token(chart: Chart) -> Iterator[str]:
    """What the token was found to be good for."""
    scopes, life_s = chart.value("token.scopes"), chart.number("token.expires_in_s")
    if (chart.text("token.type") or "").lower() == "dpop":
        yield "bound to a key (DPoP)"
    if chart.flag("token.api_works"):
        yield "the API takes it"
    if isinstance(scopes, tuple):
        yield one_line(f"scopes {' '.join(scopes)}")
    if life_s is not None:
        yield f"lives {duration(life_s)}"
    if level := chart.text("token.session_level"):
        yield one_line(f"session level {level.lower().replace('_', ' ')}")
    if chart.flag("token.is_active"):
        yield "introspection calls it active"
    if chart.flag("token.signature_verifies"):
        yield "the signature of the response is made with the secret given"


def _why(report: Report, verbose: bool) -> Section:
    leading = _leading(report)
    if _is_open(report) and not verbose:
        return Section("Why", (*_what_was_said(report), *_what_fits(report, leading)))
    rows: list[Row] = []
    for verdict in leading:
        if len(leading) > 1:
            rows.append(Row(f"{headline(report, verdict)} ({verdict.cause})", sign="*"))
        rows += [row for _, row in evidence_rows(report, verdict, verbose=verbose)]
    if not leading and report.outcome in (Outcome.REFUSED, Outcome.UNREACHABLE):
        rows += _what_was_said(report)
        rows.append(Row("nothing that was observed points to one cause of the catalogue", sign="?"))
    return Section("Why", tuple(rows))


def _what_fits(report: Report, leading: tuple[Verdict, ...]) -> list[Row]:
    """The first few of many causes with what speaks for them besides the answer, and the names of the others."""
    rows: list[Row] = []
    for verdict in leading[:MOST_TIED]:
        rows.append(Row(f"{headline(report, verdict)} ({verdict.cause})", sign="*"))
        rows += [row for e, row in evidence_rows(report, verdict) if e.witness != "refusal"]
    others = leading[MOST_TIED:]
    named = ", ".join(verdict.cause for verdict in others[:MOST_NAMED])
    rest = f" and {len(others) - MOST_NAMED} others (--verbose)" if len(others) > MOST_NAMED else ""
    return [*rows, Row(f"As well as these, {len(others)} more: {named}{rest}", sign="*")]


def _what_was_said(report: Report) -> list[Row]:
    """The answer that no known wording fits, so that the reader can look it up."""
    for fact in TEXTS:
        said = observed(fact, report.chart.value(fact))
        if said:
            return [Row(_quoted(report, fact, said), sign="?", name=label(fact))]
    return []


def evidence_rows(report: Report, verdict: Verdict, *, verbose: bool = False) -> tuple[tuple[Evidence, Row], ...]:
    """The evidence of any verdict, led or not, each piece with its row, in the order of telling.

    `verbose` adds the unknown and the prior.
    """
    return tuple((e, _evidence_row(report, e)) for e in _in_order(report, verdict.evidence, verbose))


def _in_order(report: Report, evidence: tuple[Evidence, ...], verbose: bool) -> list[Evidence]:
    """For before echoes before against; general priors, unknowns and echoes that show nothing new on demand only."""
    order = [Standing.PRIOR, Standing.FOR, Standing.ECHO, Standing.AGAINST, Standing.UNKNOWN]
    shown = list(evidence) if verbose else _telling(report, evidence)
    return sorted(shown, key=lambda e: (order.index(e.standing), -abs(e.weight)))


def _telling(report: Report, evidence: tuple[Evidence, ...]) -> list[Evidence]:
    """An echo tells something where another instrument saw the same: one for each, beside those that are counted."""
    counted = [e for e in evidence if e.standing not in UNSEEN and e.witness != "prior"]
    rooms = {label(e.fact) for e in counted}
    if "clock" in rooms and "clock.ahead_s" not in report.chart:
        rooms.add(label("reply.date_ahead_s"))  # then the clock's own line rests on that header
    echoes: list[Evidence] = []
    for echo in evidence:
        if echo.standing is Standing.ECHO and (label(echo.fact) not in rooms or DISAGREE in echo.because):
            rooms.add(label(echo.fact))
            echoes.append(echo)
    return [*counted, *echoes]


def _evidence_row(report: Report, evidence: Evidence) -> Row:
    seen, because = _seen(report, evidence), evidence.because
    sign = SIGNS[evidence.standing]
    if evidence.standing is Standing.ECHO and DISAGREE not in because:
        because = "the same fact seen again, counted once"
    if evidence.standing is Standing.PRIOR and evidence.weight < 0:
        sign = "-"
        because = because if because in SAYS.values() or evidence.witness == "prior" else f"seldom this. {because}"
    if evidence.standing is Standing.UNKNOWN:
        because = f"{evidence.fact} was not observed; it would count if {because}"
    text = f"{seen}: {because}" if seen and not because.startswith(seen) else because
    return Row(text, sign=sign, name=label(evidence.fact), more=tag(evidence.sureness, len(evidence.sources)))


def _seen(report: Report, evidence: Evidence) -> str:
    """What was observed: of a text the status and the code as well, of a clock the measurement behind it."""
    seen = observed(evidence.fact, evidence.observed)
    if evidence.fact in TEXTS and seen:
        return _quoted(report, evidence.fact, seen)
    if evidence.fact == "reply.date_ahead_s" and seen:
        return f"by its Date header the client's clock is {seen}"
    if evidence.witness == "clock" and evidence.fact not in report.chart and evidence.standing not in UNSEEN:
        return clock_words(report)
    return clock_words(report) if evidence.fact == "clock.ahead_s" and seen else seen


def _quoted(report: Report, fact: str, seen: str) -> str:
    """`400 invalid_grant "audience is invalid"`: an answer as it came."""
    status, code = report.chart.number("reply.status"), report.chart.text("reply.error")
    if fact == "reply.status":
        return seen
    if fact in ("login_history.status", "reply.client_text"):
        return f'"{seen}"'
    said = one_line(code, 60) if code and fact == "reply.description" else ""
    quoted = seen if fact == "reply.error" else f'"{seen}"'
    return " ".join(part for part in ("" if status is None else f"{status:.0f}", said, quoted) if part)


def _do(report: Report, verbose: bool) -> Section:
    leading = _leading(report)
    if not leading and report.command.startswith("audit"):
        return Section("Do", ())  # nothing was refused that more words could explain
    if not leading:
        return Section("Do", _how_to_learn_more(report), is_numbered=True)
    if _is_open(report) and not verbose:
        narrower = Row("Look up what is asked above, the first question first: each answer narrows the list.",
                       command=f"{_again(report)} --fact NAME=VALUE",
                       more="NAME=unknown where nobody can tell: another question follows")  # fmt: skip
        return Section("Do", (narrower, *_for_the_whole_answer(report)), is_numbered=True)
    if len(leading) == 1:
        return Section("Do", tuple(_remedy_row(remedy) for remedy in leading[0].remedy), is_numbered=True)
    rows: list[Row] = []
    for verdict in leading[: None if verbose else 3]:
        steps = [_remedy_row(remedy) for remedy in verdict.remedy[: None if verbose else MOST_STEPS]]
        fresh = [row for row in steps if row not in rows]
        rows += [Row(f"If {verdict.cause}:", sign="*"), *fresh] if fresh else []
    return Section("Do", tuple(rows), is_numbered=True)


def _for_the_whole_answer(report: Report) -> tuple[Row, ...]:
    """Many clients keep the code of an answer and drop the words that would name the cause."""
    if report.command == "check" or "reply.description" in report.chart:
        return ()
    return (Row("Let the client log the whole answer: its error_description, if there is one, names the cause. "
                "Or ask the endpoint itself.", command="jwtdoctor check --help"),)  # fmt: skip


def _how_to_learn_more(report: Report) -> tuple[Row, ...]:
    if report.outcome is Outcome.GRANTED:
        return ()
    if report.outcome is Outcome.NOT_ASKED:
        is_assertion = any(name.startswith("assertion.") for name in report.chart.observations)
        alone = [Row("This is an assertion without its answer: see what it says and what is wrong with it.",
                     command="jwtdoctor inspect …")] if is_assertion else []  # fmt: skip
        return (
            *alone,
            Row("Give the answer itself: its body, curl -i output, the log around it, a HAR, an error page's URL.",
                command="jwtdoctor explain reply.txt"),
            Row("Or let it be tried where it fails.", command="jwtdoctor check --help"),
        )  # fmt: skip
    again = _again(report)
    more = Row("Say what you know of the app, the user and the request.",
               command=f"{again} --fact NAME=VALUE", more="e.g. --fact user.is_active=true")  # fmt: skip
    flow = [Row("Say which grant was sent.", command=f"{again} --flow jwt-bearer")] if report.flow is None else []
    check = [] if report.command == "check" else [
        Row("Examine it where it fails: clock, key, assertion and the way there are then seen.",
            command="jwtdoctor check --help")
    ]  # fmt: skip
    return (*flow, more, *check)


def _again(report: Report) -> str:
    """The command that explains this very attempt again."""
    if report.command == "audit":
        return "jwtdoctor audit …"
    if report.command != "check":
        return "jwtdoctor explain …"
    return "jwtdoctor explain last" + (f" --profile {quote(one_line(report.profile, 60))}" if report.profile else "")


def _remedy_row(remedy: Remedy) -> Row:
    where = " · ".join(part for part in (remedy.where, remedy.url) if part)
    return Row(remedy.do, command=remedy.command or "", more=where)


def _settle(report: Report) -> Section:
    leading = _leading(report)
    rows: list[Row] = []
    unsettled = leading and leading[0].likelihood is not Likelihood.ALMOST_CERTAIN
    if unsettled and report.flow is None and report.outcome is Outcome.REFUSED:
        rows += _flow_rows(report)
    rows += [_question_row(report, question) for question in report.questions]
    if not rows and len(leading) == 1 and leading[0].confirm and unsettled:
        rows.append(Row(leading[0].confirm, sign="?"))
    return Section("To tell them apart" if len(leading) > 1 else "Settle it", tuple(rows))


_ASKED_FLOWS = ("jwt-bearer", "client-credentials", "authorization-code", "refresh-token", "password")


def _flow_rows(report: Report) -> list[Row]:
    """Which of the provider's own flows it was; nothing where it has one only."""
    known = () if report.provider == "salesforce" else report.flows
    first, *others = known or _ASKED_FLOWS
    if not others:
        return []
    more = " …" if len(others) > 4 or not known else ""
    return [Row("Which grant was sent? One text means different things in different flows.", sign="?",
                command=f"{_again(report)} --flow {first}", more=f"or {', '.join(others[:4])}{more}")]  # fmt: skip


def _question_row(report: Report, question: Question) -> Row:
    """The question, the command that answers it with the first answer, and what else could be answered."""
    fact = VOCABULARY.get(question.fact)
    unit = {"s": "SECONDS", "min": "MINUTES"}.get(fact.unit if fact else "", "VALUE")
    first, *others = question.answers or (unit,)
    answer = f"{_again(report)} --fact {question.fact}={quote(first)}"
    more = " | …" if len(others) > MOST_NAMED else ""
    or_else = f"or {' | '.join(others[:MOST_NAMED])}{more}" if others else ""
    if question.command:
        then = f"then {answer}, {or_else}" if or_else else f"then {answer}"
        return Row(question.ask, sign="?", command=question.command, more=then)
    return Row(question.ask, sign="?", command=answer, more=or_else)


def _others(report: Report, verbose: bool) -> Section:
    wanted: tuple[Likelihood, ...] = (Likelihood.ALMOST_CERTAIN, Likelihood.LIKELY, Likelihood.POSSIBLE)
    if report.outcome is Outcome.UNREACHABLE:
        wanted = wanted[:2]  # what the endpoint would have said of the request cannot be known
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
    said = [one_line(v.shows_in, 400) for v in _leading(report)[:2] if v.shows_in]
    telling = [text for n, text in enumerate(said) if not any(text in other for other in said[:n])]
    asked_by, trace = (report.chart.text(name) for name in ("reply.correlation_id", "reply.trace_id"))
    also = f" (trace {one_line(trace, 100)})" if trace else ""
    wanted = asked_by and (_leading(report) or report.outcome is Outcome.REFUSED)
    by_id = [Row(f"By the id of this answer: {one_line(asked_by or '', 100)}{also}")] if wanted else []
    return Section("Where it shows", (*(Row(text) for text in telling), *by_id))


def _not_examined(report: Report) -> Section:
    rows = [
        Row(one_line(p.reason), name=p.probe)
        for p in report.probes
        if isinstance(p, (Skipped, Failed)) and not (p.probe in ("key", "assertion") and isinstance(p, Skipped))
    ]
    was_reached = report.outcome is not Outcome.UNREACHABLE
    if (
        report.command == "check"
        and was_reached
        and not any(f.startswith(("app.", "org.", "user.")) for f in report.chart.observations)
    ):
        rows.append(Row("the org's policies: answer with --fact where you know them", name="org"))
    refused = [Row(words, name=name) for name, words in silent_clock_rows(report)]
    return Section("Not examined", (*rows, *refused))


def _good_to_know(report: Report, verbose: bool) -> Section:
    """What guides repeat about the leading causes and better sources say, and what was measured here."""
    claims = report.claims if verbose else _short_claims(report)
    rows = [Row(_claim_words(claim, verbose), more="\n".join(claim.sources) if verbose else "") for claim in claims]
    if not rows:
        return Section("Good to know", ())
    times = _measured_times(report) if any(_is_of_times(claim) for claim in claims) else ""
    rows += [Row(times)] if times else []
    if not verbose and report.leaders:
        rows.append(Row(f"Sources: jwtdoctor causes {report.leaders[0]}"))
    return Section("Good to know", tuple(rows))


def _short_claims(report: Report) -> list[Claim]:
    return [claim for claim in report.claims if set(claim.causes) & set(report.leaders)][:MOST_CLAIMS]


def _claim_words(claim: Claim, verbose: bool) -> str:
    because = claim.because if verbose else _first_sentence(claim.because)
    return f"Guides say: {claim.claim.rstrip('.')}. {claim.verdict.capitalize()}: {because}"


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."


def _is_of_times(claim: Claim) -> bool:
    return any(word in claim.claim.split() for word in ("iat", "iat.", "exp"))


def _measured_times(report: Report) -> str:
    """What the claims about iat and exp come to in this very attempt."""
    ttl_s, iat_in_s = report.chart.number("assertion.ttl_s"), report.chart.number("assertion.iat_in_s")
    parts = [] if ttl_s is None else [f"exp - iat was {measured(ttl_s)}"]
    if iat_in_s is not None:
        side = "before" if iat_in_s <= 0 else "after"
        parts.append(f"iat lay {measured(iat_in_s)} {side} its arrival")
    return f"Measured here: {', '.join(parts)}." if parts else ""


def _warnings(report: Report) -> Section:
    return Section("Warnings", tuple(Row(one_line(w), sign="!") for w in report.warnings))


def window_of(report: Report) -> Timeline | None:
    """The assertion's window, where it can matter: nothing that never arrived was refused for its times."""
    return None if report.outcome is Outcome.UNREACHABLE else report.timeline


def clock_words(report: Report) -> str:
    """One line about the clock: `312.4 s behind true time, ± 0.02 s; 4 of 4 servers agree`, or that nobody answered."""
    fact = "clock.ahead_s" if "clock.ahead_s" in report.chart else "reply.date_ahead_s"
    ahead_s = report.chart.number(fact)
    if ahead_s is None:
        return report.clock_note or "not measured"
    side = "right by" if abs(ahead_s) < NO_FIGURE_S else measured(ahead_s) + (" ahead of" if ahead_s > 0 else " behind")
    whom = "true time" if fact == "clock.ahead_s" else "the token host"
    said = f"{side} {whom}"
    slack_s = report.chart.uncertainty(fact)
    said += f", ± {bound(slack_s)}" if slack_s is not None else ""
    witnesses = _witnesses(report) if fact == "clock.ahead_s" else ""
    return f"{said}; {witnesses}" if witnesses else said


def _witnesses(report: Report) -> str:
    """How many time servers stand behind the figure; the note of the measurement where they do not agree."""
    answered = [c for c in report.clocks if c.source.startswith("ntp:") and c.standing != "refused"]
    if len(answered) == 1:
        return "one time server answered"
    if len(answered) > 1 and all(c.standing == "agrees" for c in answered):
        return f"{len(answered)} of {len(answered)} servers agree"
    return report.clock_note
