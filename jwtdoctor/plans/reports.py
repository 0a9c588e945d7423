"""JSON reports of `check`, `explain`, `lint`, `audit` and `logs`, read back as evidence for a plan.

Decisions where the issue is silent:
- That a rule found nothing is known only where its reporter read everything: a `lint` that left files out, or an
  `audit --apps` that was not let see a list, tells what it found and never that there is nothing.
- A report of `lint` about several apps speaks of one only where it was made with `--app`; findings in files of the
  other apps are then left out, and without `--app` all findings of that report are.
- How long a certificate lasts is counted from when the report was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.bounds import json_of, text_of
from jwtdoctor.intake.read import read
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import Value

SCHEMA = "jwtdoctor.report/"
KINDS = ("check", "explain", "lint", "audit", "apps", "logs", "other")
PARTIAL = frozenset({"not-all-read", "settings-not-in-source", "file-not-read", "file-unreadable", "xml-broken"})
"""Findings of lint after which the absence of another says nothing."""
LISTS = frozenset({"audit:AppMenuItem", "audit:ExternalClientApplication", "audit:OauthToken"})
"""What `audit --apps` must have seen for an app not to be missing."""
LABEL = re.compile(r"[A-Za-z_]{1,40}([ :.-][A-Za-z_]{1,40}){0,4}")
"""What the tool itself calls a source."""
DATED = frozenset({"app.certificate_not_after_in_s", "certificate.not_after_in_s"})
NO_LEADERS = ("none",)
"""What is said of a report in which no cause leads: another report may name one."""
OLD_S = 7 * 86_400.0
MOST = 1_000
"""Findings of one report that are looked at."""


@dataclass(frozen=True, slots=True)
class ReportRead:
    """What one report tells a plan. `kind`: one of KINDS; `rules`: rule -> where it found something."""

    kind: str
    where: str
    flow: str | None = None
    provider: str = ""
    observations: tuple[Observation, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    is_whole: bool = False
    """Whether the absence of a rule says that there is nothing."""
    said: Mapping[str, Value] = field(default_factory=dict)
    """`check:outcome` and the like."""
    warnings: tuple[str, ...] = ()


def report_of(data: str | bytes, where: str, *, app: str = "", now: float | None = None) -> ReportRead:
    """One JSON report. `app`: the app that the plan is about, where it is named. Raises BadInput for anything else."""
    text, document = _parsed(data, where)
    case = read(text, where=where)
    kind, at = _kind(document), _made_at(document)
    found = ReportRead(
        kind=kind,
        where=where,
        flow=case.flow,
        provider=case.provider,
        observations=tuple(_labelled(_aged(one, at, now), kind) for one in case.observations),
        said=_said(kind, document),
        warnings=(*case.warnings, *_old(where, at, now)),
    )
    if kind == "lint":
        return _with_lint(found, document, app)
    if kind == "apps":
        probes = {str(row.get("probe")): row.get("outcome") for row in _rows(document, "probes")}
        is_whole = all(probes.get(name) == "looked" for name in LISTS)
        return replace(found, rules=dict(_rules(document)), is_whole=is_whole)
    return found


def _parsed(data: str | bytes, where: str) -> tuple[str, Mapping[str, Any]]:
    text, _ = text_of(data, where)
    try:
        document = json_of(text)
    except ValueError:
        raise BadInput("is no JSON", where=where, expected="one report of --format json") from None
    if not isinstance(document, dict) or not str(document.get("schema", "")).startswith(SCHEMA):
        raise BadInput("is no report", where=where, expected="what check, lint, audit or logs print as JSON")
    return text, document


def _made_at(document: Mapping[str, Any]) -> float | None:
    at = document.get("at")
    is_time = isinstance(at, (int, float)) and not isinstance(at, bool) and abs(at) < 1e11
    return float(at) if is_time else None  # type: ignore[arg-type]


def _kind(document: Mapping[str, Any]) -> str:
    command = str(document.get("command", ""))
    if command == "audit --apps":
        return "apps"
    word = command.partition(" ")[0]
    return word if word in KINDS else "other"


def _aged(seen: Observation, at: float | None, now: float | None) -> Observation:
    if seen.fact not in DATED or at is None or now is None or not isinstance(seen.value, (int, float)):
        return seen
    return replace(seen, value=round(float(seen.value) - (now - at), 1))


def _old(where: str, at: float | None, now: float | None) -> Iterator[str]:
    if at is not None and now is not None and now - at > OLD_S:
        yield f"{where}: made {(now - at) / 86_400:.0f} days ago; what it saw may have changed"


def _labelled(seen: Observation, kind: str) -> Observation:
    """A report from elsewhere may hold anything where it says who saw a fact."""
    return seen if LABEL.fullmatch(seen.source) else replace(seen, source=kind)


def _rows(document: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    rows = document.get(key)
    yield from (row for row in (rows if isinstance(rows, list) else ())[:MOST] if isinstance(row, dict))


def _rules(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each rule with its first place; the order of a report is errors first."""
    for row in reversed(list(_rows(document, "findings"))):
        yield str(row.get("rule", ""))[:80], str(row.get("where", ""))[:300]


def _said(kind: str, document: Mapping[str, Any]) -> dict[str, Value]:
    said: dict[str, Value] = {}
    if kind == "check":
        said["check:outcome"] = str(document.get("outcome", ""))[:40]
    leaders = document.get("leaders")
    if kind in ("check", "explain", "audit") and isinstance(leaders, list):
        said["said:leaders"] = tuple(str(slug)[:80] for slug in leaders[:20]) or NO_LEADERS
    if kind == "logs" and isinstance(document.get("logs"), dict):
        said.update(_of_logs(document["logs"]))
    return said


def _of_logs(logs: Mapping[str, Any]) -> Iterator[tuple[str, Value]]:
    yield "logs:kinds", tuple(str(row.get("kind"))[:20] for row in _rows(logs, "sources"))
    refused = logs.get("refused")
    if isinstance(refused, int) and not isinstance(refused, bool):
        yield "logs:refused", refused
    names = [str(user.get("value"))[:80] for row in _rows(logs, "apps") for user in _rows(row, "users")]
    if names:
        yield "logs:users", tuple(dict.fromkeys(names))[:12]


# --- lint


def _with_lint(found: ReportRead, document: Mapping[str, Any], app: str) -> ReportRead:
    own = document.get("lint")
    names = [str(row.get("name")) for row in _rows(own, "apps")] if isinstance(own, dict) else []
    label = next((str(one.value) for one in found.observations if one.fact == "app.name"), app)
    meant = [name for name in names if _folded(name) == _folded(label)] if label else names[:1] * (len(names) == 1)
    others = [name for name in names if name not in meant]
    if others and not meant:
        warning = f"{found.where}: it speaks of several apps; made with --app NAME it tells of one"
        return replace(found, warnings=(*found.warnings, warning))
    rules = {rule: place for rule, place in _rules(document) if not _is_of(place, others)}
    return replace(found, rules=rules, is_whole=not PARTIAL & rules.keys())


def _folded(name: str) -> str:
    return name.replace(" ", "_").replace("-", "_").casefold()


def _is_of(place: str, apps: list[str]) -> bool:
    """Whether a finding stands in a file of one of these apps: their files begin with their names."""
    stem = re.split(r"[\\/]", place)[-1].partition(".")[0]
    return any(stem == app or stem.startswith(f"{app}_") for app in apps)
