"""What a report tells of the way to the host, of the clocks that were silent, and of the room that a clock has.

Rows as (name, words); `page` draws them. The way is told where it failed, layer by layer, with whoever decided: which
variable chose the proxy, which store the certificate was looked up in. Elsewhere it would be noise.
"""

from __future__ import annotations

from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.render.words import broken_edges, one_line
from jwtdoctor.render.words import margin_rows as rows_of_margins

LAYERS = (
    ("path.failure_text", "it said"),
    ("path.resolved_by", "found by"),
    ("path.resolvers", "resolver"),
    ("path.addresses", "address"),
    ("path.proxy", "proxy"),
    ("path.no_proxy_entry", "no proxy"),
    ("path.tls_trust_store", "trust"),
    ("path.certificates", "certificate"),
    ("request.tls_version", "TLS"),
    ("path.http_version", "HTTP"),
)
"""What of the way is told, in the order of the layers."""
TIME_CAUSES = frozenset({"clock-drift", "server-clock-wrong", "assertion-expired", "assertion-not-yet-valid",
                         "assertion-time-miscalculated", "assertion-ttl-too-long"})  # fmt: skip

Rows = tuple[tuple[str, str], ...]


def way_rows(report: Report, *, verbose: bool = False) -> Rows:
    """The way to the host, where it failed there (under `verbose` always)."""
    if report.command != "check" or not (verbose or report.outcome is Outcome.UNREACHABLE):
        return ()
    return tuple((name, words) for fact, name in LAYERS for words in _words(report, fact))


def _words(report: Report, fact: str) -> list[str]:
    value = report.chart.value(fact)
    if value is None:
        return []
    words = [one_line(str(item), 200) for item in value] if isinstance(value, tuple) else [one_line(str(value), 200)]
    match fact:
        case "path.resolved_by":
            return ["the hosts file"] if words[0] == "hosts-file" else []
        case "path.proxy":
            chosen = report.chart.text("path.proxy_from")
            return [words[0] + (f", chosen by {one_line(chosen, 60)}" if chosen else "")]
        case "path.no_proxy_entry":
            return [f"NO_PROXY keeps the host off it: {words[0]}"]
        case "path.tls_trust_store":
            return ["the system's store" if words[0] == "system" else f"the certificates of {words[0]}"]
        case "path.addresses":
            dead_v6 = report.chart.flag("path.ipv6_hangs")
            return [", ".join(words) + ("; an IPv6 one does not answer" if dead_v6 else "")]
        case _:
            return words


def margin_rows(report: Report, *, verbose: bool = False) -> Rows:
    """How much room the clock has, where that matters: after a grant, and beside a verdict on time.

    What was refused for its times has none, whatever the limits that are known would leave it: only those that it is
    beyond are told.
    """
    if report.margins is None or report.command != "check":
        return ()
    is_of_times = bool(TIME_CAUSES & set(report.leaders))
    if is_of_times and report.outcome is Outcome.REFUSED and not broken_edges(report.margins):
        return ()
    matters = report.outcome is Outcome.GRANTED or is_of_times
    return rows_of_margins(report.margins) if matters or verbose else ()


def silent_clock_rows(report: Report) -> Rows:
    """The sources that told no time, or another one; those with the same reason together."""
    reasons: dict[str, list[str]] = {}
    for clock in report.clocks:
        if clock.standing != "agrees":
            reasons.setdefault(one_line(clock.reason or "refused"), []).append(clock.source)
    return tuple(_together(reason, sources) for reason, sources in reasons.items())


def _together(reason: str, sources: list[str]) -> tuple[str, str]:
    if len(sources) == 1:
        return sources[0], reason
    return f"{len(sources)} clocks", f"{reason} ({', '.join(source.removeprefix('ntp:') for source in sources)})"
