"""What a plan may rest on: facts from everywhere with who saw them, the choices that were made, and what reports said.

Where several saw the same fact, the one nearest to the org as it is counts: what was typed, then the org itself
(`audit`), then a check, then a case, then the profile, then what a repository means to deploy. That they differ is a
warning, since one of them is out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import VOCABULARY, Value
from jwtdoctor.model.plan import Sighting
from jwtdoctor.plans.reports import NO_LEADERS, ReportRead

DEFAULT_FLOW = "jwt-bearer"
STANDING = ("lint", "profile", "case", "explain", "other", "logs", "check", "apps", "audit", "user")
"""Whose word counts, weakest first."""
CONFIDENTIAL = ("jwt-bearer", "saml-bearer", "client-credentials", "password", "token-exchange")
PUBLIC = ("user-agent", "device")
INTERACTIVE = ("authorization-code", "refresh-token")
"""Flows of both kinds of client."""
READERS = ("audit:", "metadata")
"""Beginnings of the sources that read whole records."""
WARN_ABOUT = ("app.", "user.", "org.")
"""What lasts: a clock may well differ from one report to the next."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was observed. `look` is the one way to it."""

    chart: Chart = field(default_factory=Chart)
    choices: Mapping[str, Sighting] = field(default_factory=dict)
    reports: tuple[ReportRead, ...] = ()
    warnings: tuple[str, ...] = ()

    def look(self, name: str) -> Sighting | None:
        """What is known under a name; None where it was not observed."""
        prefix, _, rule = name.partition(":")
        if prefix in ("lint", "apps") and rule:
            return self._found(prefix, rule)
        if name in self.choices:
            return self.choices[name]
        one = self.chart.get(name) if name in VOCABULARY else None
        if one is not None:
            return Sighting(one.fact, one.value, one.source)
        said = [report for report in self.reports if name in report.said]
        said = [report for report in said if report.said[name] != NO_LEADERS] or said
        return Sighting(name, said[-1].said[name], said[-1].kind) if said else None

    def _found(self, kind: str, rule: str) -> Sighting | None:
        reports = [report for report in self.reports if report.kind == kind]
        for report in reports:
            if rule in report.rules:
                return Sighting(f"{kind}:{rule}", True, report.rules[rule] or report.where)
        return Sighting(f"{kind}:{rule}", False, kind) if any(report.is_whole for report in reports) else None

    @property
    def flow(self) -> str:
        return str(self.choices["flow"].value)


def seen_of(
    groups: Mapping[str, Iterable[Observation]], reports: Iterable[ReportRead] = (), choices: Iterable[Sighting] = ()
) -> Seen:
    """All that was observed. `groups`: observations by who made them (a name of STANDING)."""
    reports = tuple(reports)
    by_standing = [(kind, one) for kind, found in groups.items() for one in found]
    by_standing += [(report.kind, one) for report in reports for one in report.observations]
    by_standing.sort(key=lambda pair: STANDING.index(pair[0]))
    told = {one.name: one for one in choices}
    chart = Chart.of(one for _, one in by_standing)
    chart = chart.plus(_absent_policy(chart, reports))
    told.setdefault("flow", _flow(reports))
    if "client" not in told and (client := client_kind(str(told["flow"].value), chart)) is not None:
        told["client"] = client
    told_of = tuple(warning for report in reports for warning in report.warnings)
    warnings = (*_unusual(str(told["flow"].value)), *told_of, *_disagreements(by_standing))
    return Seen(chart, told, reports, warnings)


def _absent_policy(chart: Chart, reports: Iterable[ReportRead]) -> Iterator[Observation]:
    """IP relaxation and session policy stand in one record: who read the one and saw no other saw that there is none.

    A repository may hold half of such a policy, and then it is not known.
    """
    beside = chart.get("app.ip_relaxation")
    is_half = any("high-assurance-half-set" in report.rules for report in reports)
    if beside is not None and beside.source.startswith(READERS) and "app.session_policy" not in chart and not is_half:
        yield Observation("app.session_policy", "none", beside.source)


def client_kind(flow: str, chart: Chart) -> Sighting | None:
    """Whether the client can keep a secret: by its flow, else by whether it sends one; None where nothing tells."""
    if flow in CONFIDENTIAL or flow in PUBLIC:
        return Sighting("client", "confidential" if flow in CONFIDENTIAL else "public", f"flow {flow}")
    sends = chart.flag("request.sends_client_secret")
    if sends is None:
        return None
    return Sighting("client", "confidential" if sends else "public", "request.sends_client_secret")


def _unusual(flow: str) -> Iterator[str]:
    if flow not in (*CONFIDENTIAL, *PUBLIC, *INTERACTIVE):
        yield f"the plans do not know the flow {flow}: what depends on the flow is left out"


def _flow(reports: Iterable[ReportRead]) -> Sighting:
    for report in reports:
        if report.flow:
            return Sighting("flow", report.flow, report.kind)
    return Sighting("flow", DEFAULT_FLOW, "assumed, since none was named")


def _disagreements(seen: Iterable[tuple[str, Observation]]) -> tuple[str, ...]:
    """Where two differ about what lasts; the later of `seen` counts."""
    said: dict[str, list[tuple[str, Value]]] = {}
    for kind, one in seen:
        if one.fact.startswith(WARN_ABOUT) and not isinstance(one.value, float):
            said.setdefault(one.fact, []).append((kind, one.value))
    return tuple(
        clean(f"{fact}: {kind} says {worded(value)}, {found[-1][0]} {worded(found[-1][1])}; the latter counts")
        for fact, found in said.items()
        for kind, value in found[:-1]
        if value != found[-1][1] and kind != found[-1][0]
    )


def worded(value: Value) -> str:
    """A value as `--fact` takes it, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"
