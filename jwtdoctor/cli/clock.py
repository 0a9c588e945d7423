"""`jwtdoctor clock`: how far this clock is off, from NTP and from the token host's own `Date`.

Decisions where the contract is silent:
- Exit 1 where there is an error: from 30 s on, and where an assertion signed now would surely be refused
  (`probes/rounds.py`).
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
from dataclasses import replace
from typing import TYPE_CHECKING, Any

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
from jwtdoctor.cli.completion import providers
from jwtdoctor.cli.streams import in_ascii, refuse_unwritable
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.clock import ClockReading, SourceRefused
from jwtdoctor.probes.rounds import (
    Measured,
    Rules,
    Series,
    drift_words,
    findings_of,
    headline,
    host_ahead,
    measure,
    offset_words,
    readings_of,
    span,
    sync_words,
)

if TYPE_CHECKING:
    from jwtdoctor.config.profiles import Settings
    from jwtdoctor.instruments.ports import Instruments

EVERY_S = 16.0
WIDTH = 80
MAX_SAMPLES = 8


@click.command("clock", short_help="How far this clock is off, from NTP and the token host.")
@click.option("--ntp", multiple=True, metavar="HOST[:PORT]", help="Time server; repeatable, replaces the defaults.")
@click.option("--no-ntp", is_flag=True, default=None, help="Ask no time server.")
@click.option("--url", metavar="URL", help="A URL of the token host, whose own clock is then measured too.")
@click.option(
    "--provider",
    metavar="NAME",
    shell_complete=providers,
    help="Whose rules the margins are for.  [default: that of the host]",
)
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
    series = Series()
    interrupted = _watch(common, look, series, every, rounds)
    if series.last is None:
        return INTERRUPTED
    code = _answer(common, series.last, series)
    return INTERRUPTED if interrupted else code


def _rules(found: Settings) -> Rules:
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    provider = knowledge.providers[provider_name(found, knowledge)]
    return Rules(provider, lifetime_of(found, provider), not found.flag("no_iat"))


def _tools(ntp: tuple[str, ...] | None, no_ntp: bool, ca_file: str | None, samples: int | None) -> Instruments:
    from jwtdoctor.instruments.system import real_instruments

    return real_instruments(ntp=ntp, no_ntp=no_ntp, ca_file=ca_file, samples=samples)


# --- measuring


def _watch(common: Common, look: Callable[[], Measured], series: Series, every_s: float, rounds: int | None) -> bool:
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
    said = measured.verdict.note if measured.judged is None else offset_words(measured.judged)
    return _plain(common, f"{when}  {said}")


# --- answering


def _answer(common: Common, measured: Measured, series: Series | None) -> int:
    findings = findings_of(measured)
    if common.format == "json":
        emit_document(common, _document(common, measured, findings, series))
    else:
        emit(common, _plain(common, "\n".join(_page(measured, findings, series))))
    if measured.judged is None:
        return NOTHING_LEARNT
    return REFUSED if any(finding.severity == "error" for finding in findings) else OK


def _document(
    common: Common, measured: Measured, findings: tuple[Finding, ...], series: Series | None
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
        clocks=[clock_document(reading) for reading in readings_of(measured)],
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


def _series_document(series: Series) -> dict[str, Any]:
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


def _page(measured: Measured, findings: tuple[Finding, ...], series: Series | None) -> list[str]:
    not_measured = "" if measured.verdict.agree else "true time was not measured: "
    lines = [headline(measured, findings), *_wrapped(not_measured + measured.verdict.note), ""]
    lines += [line for reading in readings_of(measured) for line in _source_lines(reading)]
    if measured.time_skipped:
        lines.append(f"  ntp: not asked, {measured.time_skipped}")
    lines += _host_lines(measured)
    lines += _margin_lines(measured)
    if measured.sync is not None:
        lines += ["", *_wrapped(f"this system {sync_words(measured.sync)}")]
    if series is not None:
        lines += ["", f"  {len(series.sightings)} rounds; {drift_words(series.drift())}"]
    for warning in measured.warnings:
        lines += ["", *_wrapped(f"note: {warning}")]
    lines += _finding_lines(findings)
    return lines


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
    host = host_ahead(measured)
    if host is None:
        return []
    return ["", f"  the token host's own clock is {offset_words(host)}; it judges the assertion"]


def _margin_lines(measured: Measured) -> list[str]:
    """What all this is to an assertion: how long it holds, and what drift would break it."""
    from jwtdoctor.render.words import margin_rows

    if measured.margins is None or measured.rules is None:
        return []
    title, lifetime = measured.rules.provider.title, span(measured.rules.lifetime_s)
    lines = ["", f"  an assertion of {lifetime}, signed now for {title}"]
    for name, words in margin_rows(measured.margins):
        first, *others = _wrapped(words, "            ", "")
        lines += [f"    {name:<8}{first.lstrip()}", *others]
    return lines


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
