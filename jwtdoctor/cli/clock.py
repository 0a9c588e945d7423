"""`jwtdoctor clock`: how far this clock is off, from NTP and from the token host's own `Date`.

Decisions where the contract is silent:
- Exit 1 at 30 s: half of the narrowest window that a provider documents (60 s), and more than any healthy clock has.
  From 5 s on there is a warning. The whole interval must lie beyond the limit: what may be fine is not complained of.
- What an offset does is told against an assertion: its lifetime (`--lifetime`, else that of the profile, else the
  default of `check`) and the rules of the provider. Where it would surely be refused, that is an error in any case.
- Without NTP the token host's `Date` is judged in its place, since that clock judges the assertion; it is said to be no
  true time. Exit 3 where neither answered, or where the servers have no majority.
- The `Date` is narrowed by at most eight GET requests without credentials to the URL as given.
- `--watch` gives one line a round on stderr, and one answer at its end: the last round, the series and the drift.
  Ctrl-C ends it with that answer and exit 130. Public servers are asked no more often than each 16 s unless `--every`
  says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import click

from jwtdoctor.cli.attempt import gather, lifetime_of, provider_name
from jwtdoctor.cli.common import (
    INTERRUPTED,
    NOTHING_LEARNT,
    OK,
    REFUSED,
    Common,
    common_options,
    emit,
    emit_document,
    narrate,
    one_line,
    report_document,
)
from jwtdoctor.cli.streams import in_ascii, refuse_unwritable
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.clock import ClockReading, ClockVerdict, Interval, SourceRefused, SyncState, TimeSample

if TYPE_CHECKING:
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.instruments.ports import Instruments
    from jwtdoctor.model.margins import Margins
    from jwtdoctor.model.provider import Provider
    from jwtdoctor.reasoning.clock import Drift

LIMIT_S = 30.0
NOTICE_S = 5.0
EVERY_S = 16.0
WIDTH = 80
MAX_SAMPLES = 8
MAX_SERIES = 2000
"""Sightings of a series that are kept; older ones are dropped, the first excepted."""


@click.command("clock", short_help="How far this clock is off, from NTP and the token host.")
@click.option("--ntp", multiple=True, metavar="HOST[:PORT]", help="Time server; repeatable, replaces the defaults.")
@click.option("--no-ntp", is_flag=True, default=None, help="Ask no time server.")
@click.option("--url", metavar="URL", help="A URL of the token host, whose own clock is then measured too.")
@click.option("--provider", metavar="NAME", help="Whose rules the margins are for.  [default: that of the host]")
@click.option("--lifetime", type=int, metavar="S", help="exp - now of your assertions.  [default: 180]")
@click.option("--samples", type=click.IntRange(1, MAX_SAMPLES), metavar="N", help="Packets a server.  [default: 4]")
@click.option("--ca-file", metavar="FILE", help="Certificates to trust in place of the system's.")
@click.option("--watch", is_flag=True, help="Sample on until Ctrl-C; tells the drift in ppm.")
@click.option("--every", type=click.FloatRange(0.05, 3600), default=EVERY_S, show_default=True, metavar="S",
              help="Seconds between the rounds of --watch.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1, 100_000), metavar="N", help="End --watch after N rounds.")
@common_options("text", "json")
def command(
    common: Common,
    url: str | None,
    samples: int | None,
    watch: bool,
    every: float,
    rounds: int | None,
    **flags: Any,
) -> int:
    """Measures this machine's clock against time servers, and against the clock of the token host.

    Exit 0: within 30 s. 1: off by more than that. 3: nobody could tell.
    """
    if rounds is not None and not watch:
        raise BadInput("means something beside --watch only", where="--rounds", do="add --watch")
    if common.output is not None:
        refuse_unwritable(common.output)
    found = gather(common, {"url": url, **flags})
    for warning in found.warnings:
        narrate(common, f"warning: {warning}")
    rules = _rules(found)
    tools = _tools(found.several("ntp") or None, found.flag("no_ntp"), found.text("ca_file"), samples)

    def look() -> Measured:
        return replace(measure(tools, found.text("url")), rules=rules)

    if not watch:
        return _answer(common, look(), None)
    series = _Series()
    interrupted = _watch(common, look, series, every, rounds)
    if series.last is None:
        return INTERRUPTED
    code = _answer(common, series.last, series)
    return INTERRUPTED if interrupted else code


@dataclass(frozen=True, slots=True)
class Rules:
    """What the clock is held against: a provider's rules and the assertions that are signed for it."""

    provider: Provider
    lifetime_s: float
    has_iat: bool = True


def _rules(found: Settings) -> Rules:
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    provider = knowledge.providers[provider_name(found, knowledge)]
    return Rules(provider, lifetime_of(found, provider), not found.flag("no_iat"))


def _tools(ntp: tuple[str, ...] | None, no_ntp: bool, ca_file: str | None, samples: int | None) -> Instruments:
    from jwtdoctor.instruments.system import real_instruments

    return real_instruments(ntp=ntp, no_ntp=no_ntp, ca_file=ca_file, samples=samples)


# --- measuring


@dataclass(frozen=True, slots=True)
class Measured:
    """One round. `host`: the token host's clock, or why it was not seen; None where no URL was given."""

    at: float
    took_s: float
    verdict: ClockVerdict
    host: TimeSample | SourceRefused | None = None
    sync: SyncState | None = None
    time_skipped: str = ""
    warnings: tuple[str, ...] = ()
    rules: Rules | None = None

    @property
    def margins(self) -> Margins | None:
        """The room of an assertion signed now: on the token host's clock, else by true time."""
        from jwtdoctor.reasoning.margins import fresh, margins

        if self.rules is None or self.judged is None:
            return None
        date = self.date
        judging = self.judged if date is None else Interval(date.low_s, date.high_s)
        judge: Literal["date", "ntp"] = "ntp" if date is None else "date"
        window = fresh(self.rules.lifetime_s, judging, judge, has_iat=self.rules.has_iat)
        return margins(window, self.rules.provider)

    @property
    def date(self) -> TimeSample | None:
        return self.host if isinstance(self.host, TimeSample) else None

    @property
    def judged(self) -> Interval | None:
        """The interval that the answer is about: true time, or the host's clock where true time was not seen."""
        if self.verdict.interval is not None or self.verdict.agree is False:
            return self.verdict.interval
        return None if self.date is None else Interval(self.date.low_s, self.date.high_s)


def measure(tools: Instruments, url: str | None, pause: Callable[[float], None] | None = None) -> Measured:
    """One round: the time servers side by side, then the token host. Raises BadInput for an unusable URL."""
    from jwtdoctor.instruments.hostclock import measure_host, wait
    from jwtdoctor.instruments.http import check_url
    from jwtdoctor.instruments.sources import ask_all
    from jwtdoctor.reasoning.clock import combine

    if url is not None:
        check_url(url)
    began = time.monotonic()
    at = tools.clock.now()
    verdict = combine(ask_all(tools.time_sources))
    host = None if url is None else measure_host(tools.transport, url, tools.clock, pause=pause or wait)
    sync = None if tools.sync is None else tools.sync()
    took_s = time.monotonic() - began
    return Measured(at, took_s, verdict, host, sync, tools.time_skipped, tools.warnings)


@dataclass(slots=True)
class _Series:
    """The rounds of a watch, on the monotonic clock: the local one is what is being watched."""

    sightings: list[tuple[float, float, Interval]] = field(default_factory=list)
    last: Measured | None = None

    def add(self, measured: Measured) -> None:
        self.last = measured
        if measured.judged is not None:
            self.sightings.append((time.monotonic(), measured.at, measured.judged))
            if len(self.sightings) > MAX_SERIES:
                del self.sightings[1]

    def drift(self) -> Drift | None:
        from jwtdoctor.reasoning.clock import drift

        step = max(1, len(self.sightings) // 200)
        return drift([(mark, interval) for mark, _, interval in self.sightings[::step]])


def _watch(common: Common, look: Callable[[], Measured], series: _Series, every_s: float, rounds: int | None) -> bool:
    """Rounds until there were enough or Ctrl-C was pressed; whether it was."""
    from jwtdoctor.instruments.hostclock import wait

    done = 0
    try:
        while True:
            began = time.monotonic()
            series.add(look())
            done += 1
            if series.last is not None:
                narrate(common, _line_of_round(common, series.last))
            if rounds is not None and done >= rounds:
                return False
            wait(began + every_s - time.monotonic())
    except KeyboardInterrupt:
        return True


def _line_of_round(common: Common, measured: Measured) -> str:
    when = time.strftime("%H:%M:%S", time.localtime(measured.at))
    said = measured.verdict.note if measured.judged is None else _offset(measured.judged)
    return _plain(common, f"{when}  {said}")


# --- answering


def _answer(common: Common, measured: Measured, series: _Series | None) -> int:
    findings = findings_of(measured)
    if common.format == "json":
        emit_document(common, _document(common, measured, findings, series))
    else:
        emit(common, _plain(common, "\n".join(_page(measured, findings, series))))
    if measured.judged is None:
        return NOTHING_LEARNT
    return REFUSED if any(finding.severity == "error" for finding in findings) else OK


def findings_of(measured: Measured) -> tuple[Finding, ...]:
    """What there is to complain of. Pure."""
    found = [*_of_margins(measured), *_of_clock(measured), *_of_host(measured)]
    if measured.sync is not None and measured.sync.enabled is False:
        found.append(
            Finding(
                "clock-not-synchronised", "warning", measured.sync.by, measured.sync.detail, measured.sync.fix or ""
            )
        )
    return tuple(found)


def _of_margins(measured: Measured) -> list[Finding]:
    """Whether an assertion that is signed now would surely be refused for the error of this clock."""
    from jwtdoctor.reasoning.clock import host_disagrees

    margins = measured.margins
    if margins is None or measured.rules is None or host_disagrees(measured.verdict, measured.date):
        return []
    room_s = {"slow": margins.slow.room_s + margins.tolerated_s, "fast": margins.fast.room_s if margins.fast else 0.0}
    for edge in (margins.slow, margins.fast):
        if edge is not None and room_s[edge.direction] + margins.bound_s < 0:
            assertion = f"an assertion of {_span(measured.rules.lifetime_s)} for {measured.rules.provider.title}"
            message = f"{assertion} is refused: this clock is too {edge.direction}, {edge.because}"
            return [Finding("clock-breaks-assertions", "error", "clock", message, _fix(measured), edge.sources)]
    return []


def _of_clock(measured: Measured) -> list[Finding]:
    from jwtdoctor.reasoning.clock import looks_like_a_zone

    if measured.verdict.agree is False:
        return [Finding("clock-no-majority", "warning", "ntp", measured.verdict.note, "name servers with --ntp")]
    if measured.judged is None or _least(measured.judged) < NOTICE_S:
        return []
    interval, from_ntp = measured.judged, measured.verdict.interval is not None
    against = "true time" if from_ntp else "the token host's clock"
    message = f"this clock is {_offset(interval)} against {against}"
    if looks_like_a_zone(interval.ahead_s):
        message += ": near a whole number of quarter-hours, as a wrong time zone gives and drift does not"
    severity = "error" if _least(interval) > LIMIT_S else "warning"
    return [Finding("clock-off", severity, "ntp" if from_ntp else "date", message, _fix(measured))]  # type: ignore[arg-type]


def _of_host(measured: Measured) -> list[Finding]:
    from jwtdoctor.reasoning.clock import host_disagrees

    host = _host_ahead(measured)
    if host is None or not host_disagrees(measured.verdict, measured.date) or _least(host) < NOTICE_S:
        return []
    message = f"the token host's own clock is {_offset(host)} against true time, and it judges the assertion"
    severity = "error" if _least(host) > LIMIT_S else "warning"
    remedy = "sign with the host's time: Signer(..., skew=jwtdoctor.Skew())"
    return [Finding("host-clock-off", severity, "date", message, remedy)]  # type: ignore[arg-type]


def _host_ahead(measured: Measured) -> Interval | None:
    from jwtdoctor.reasoning.clock import judge_host

    seen = Chart.of(judge_host(measured.verdict, measured.date))
    ahead_s, slack_s = seen.number("host.ahead_s"), seen.uncertainty("host.ahead_s")
    return None if ahead_s is None else Interval(ahead_s - slack_s, ahead_s + slack_s)


def _least(interval: Interval) -> float:
    """The smallest error that the interval allows."""
    return max(0.0, interval.low_s, -interval.high_s)


def _fix(measured: Measured) -> str:
    return (measured.sync.fix if measured.sync is not None else None) or "set this machine's clock by NTP"


def _offset(interval: Interval) -> str:
    side = "fast" if interval.ahead_s >= 0 else "slow"
    return f"{_span(interval.ahead_s)} {side} (± {_span(interval.uncertainty_s)})"


def _span(seconds: float) -> str:
    from jwtdoctor.render.words import duration

    return "under 1 ms" if abs(seconds) < 0.001 else duration(seconds)


def _document(
    common: Common, measured: Measured, findings: tuple[Finding, ...], series: _Series | None
) -> dict[str, Any]:
    from jwtdoctor.render.document import clock_document, facts_document, finding_document, margins_document

    more = {} if series is None else {"series": _series_document(series)}
    return report_document(
        "clock",
        at=round(measured.at, 3),
        took_s=round(measured.took_s, 3),
        profile=common.profile,
        findings=[finding_document(finding) for finding in findings],
        probes=_probes(measured),
        clocks=[clock_document(reading) for reading in _readings(measured)],
        margins=None if measured.margins is None else margins_document(measured.margins),
        facts=facts_document(_chart(measured)),
        warnings=list(measured.warnings),
        note=measured.verdict.note,
        **more,
    )


def _chart(measured: Measured) -> Chart:
    from jwtdoctor.reasoning.clock import observe_clock

    chart = Chart.of(observe_clock(measured.verdict, measured.date))
    if measured.sync is not None and measured.sync.enabled is not None:
        chart = chart.plus([Observation("clock.sync_enabled", measured.sync.enabled, measured.sync.by)])
    return chart


def _probes(measured: Measured) -> list[dict[str, Any]]:
    took_s = round(measured.took_s, 3)
    ntp = {"probe": "clock", "outcome": "looked", "reason": None, "took_s": took_s}
    if measured.time_skipped:
        ntp |= {"outcome": "skipped", "reason": measured.time_skipped}
    elif measured.verdict.agree is None:
        ntp |= {"outcome": "failed", "reason": measured.verdict.note}
    host = {"probe": "host-clock", "outcome": "looked", "reason": None, "took_s": took_s}
    if measured.host is None:
        host |= {"outcome": "skipped", "reason": "no --url was given"}
    elif isinstance(measured.host, SourceRefused):
        host |= {"outcome": "failed", "reason": measured.host.reason}
    return [ntp, host]


def _readings(measured: Measured) -> tuple[ClockReading, ...]:
    """The sources' lines; that of the token host stands by whether it can be at true time."""
    from jwtdoctor.reasoning.clock import host_disagrees

    if measured.host is None:
        return measured.verdict.readings
    if isinstance(measured.host, SourceRefused):
        return (*measured.verdict.readings, ClockReading(measured.host.source, "refused", reason=measured.host.reason))
    date = measured.host
    line = ClockReading(date.source, "agrees", date.ahead_s, date.low_s, date.high_s)
    if host_disagrees(measured.verdict, date):
        line = replace(line, standing="dissents", reason="not at true time")
    return (*measured.verdict.readings, line)


def _series_document(series: _Series) -> dict[str, Any]:
    drift = series.drift()
    return {
        "samples": [
            {"at": round(at, 3), "ahead_s": i.ahead_s, "low_s": i.low_s, "high_s": i.high_s}
            for _, at, i in series.sightings
        ],
        "drift_ppm": None if drift is None else drift.ppm,
        "drift_uncertainty_ppm": None if drift is None else drift.uncertainty_ppm,
    }


# --- the page


def _page(measured: Measured, findings: tuple[Finding, ...], series: _Series | None) -> list[str]:
    not_measured = "" if measured.verdict.agree else "true time was not measured: "
    lines = [_headline(measured, findings), *_wrapped(not_measured + measured.verdict.note), ""]
    lines += [line for reading in _readings(measured) for line in _source_lines(reading)]
    if measured.time_skipped:
        lines.append(f"  ntp: not asked, {measured.time_skipped}")
    lines += _host_lines(measured)
    lines += _margin_lines(measured)
    if measured.sync is not None:
        lines += ["", *_wrapped(f"this system {_sync_words(measured.sync)}")]
    if series is not None:
        lines += ["", f"  {len(series.sightings)} rounds; {_drift_words(series.drift())}"]
    for warning in measured.warnings:
        lines += ["", *_wrapped(f"note: {warning}")]
    lines += _finding_lines(findings)
    return lines


def _headline(measured: Measured, findings: tuple[Finding, ...]) -> str:
    if measured.judged is None:
        return "? NOT MEASURED   nobody could tell how far this clock is off"
    mark = {"error": "✗ OFF", "warning": "▲ NOTE"}.get(_worst(findings), "✓ FINE")
    host = _host_ahead(measured)
    rules = {finding.rule for finding in findings}
    if host is not None and "host-clock-off" in rules and "clock-off" not in rules:
        return f"{mark}   This clock is right; the token host's is {_offset(host)}"
    against = "true time" if measured.verdict.interval is not None else "the token host"
    return f"{mark}   This clock is {_offset(measured.judged)} against {against}"


def _worst(findings: tuple[Finding, ...]) -> str:
    severities = [finding.severity for finding in findings]
    return "error" if "error" in severities else "warning" if "warning" in severities else "note"


def _source_lines(reading: ClockReading) -> list[str]:
    said: str = reading.standing
    if reading.ahead_s is not None and reading.low_s is not None and reading.high_s is not None:
        bound_s = (reading.high_s - reading.low_s) / 2
        said = f"{reading.ahead_s:>+14,.3f} s ± {bound_s:.3f} s  {reading.standing}"
    line = f"  {one_line(reading.source):<32} {said}"
    if not reading.reason:
        return [line]
    whole = f"{line}: {one_line(reading.reason)}"
    return [whole] if len(whole) <= WIDTH else [line, *_wrapped(reading.reason, "      ")]


def _host_lines(measured: Measured) -> list[str]:
    host = _host_ahead(measured)
    if host is None:
        return []
    return ["", f"  the token host's own clock is {_offset(host)}; it judges the assertion"]


def _margin_lines(measured: Measured) -> list[str]:
    """What all this is to an assertion: how long it holds, and what drift would break it."""
    from jwtdoctor.render.words import margin_rows

    if measured.margins is None or measured.rules is None:
        return []
    title, lifetime = measured.rules.provider.title, _span(measured.rules.lifetime_s)
    lines = ["", f"  an assertion of {lifetime}, signed now for {title}"]
    for name, words in margin_rows(measured.margins):
        first, *others = _wrapped(words, "            ", "")
        lines += [f"    {name:<8}{first.lstrip()}", *others]
    return lines


def _sync_words(sync: SyncState) -> str:
    if sync.enabled is None:
        return f"does not say whether it keeps its clock: {sync.detail}"
    return f"{'keeps its clock right' if sync.enabled else 'does not keep its clock right'} ({sync.by}: {sync.detail})"


def _drift_words(drift: Drift | None) -> str:
    if drift is None:
        return "no steady drift can be told"
    return f"drift {drift.ppm:+,.1f} ppm (± {drift.uncertainty_ppm:,.1f})"


def _finding_lines(findings: tuple[Finding, ...]) -> list[str]:
    lines: list[str] = []
    for number, finding in enumerate(findings, 1):
        lines += ["", *_wrapped(f"{number}. {finding.severity}: {finding.message}")]
        if finding.remedy:
            lines += _wrapped(f"do: {finding.remedy}", "     ")
    return lines


def _wrapped(text: str, indent: str = "  ", hang: str = "  ") -> list[str]:
    from textwrap import wrap

    return wrap(one_line(text), WIDTH, initial_indent=indent, subsequent_indent=indent + hang, break_long_words=False)


def _plain(common: Common, text: str) -> str:
    return in_ascii(text) if common.streams.ascii else text
