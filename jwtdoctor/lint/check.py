"""The whole of a lint run: read, judge, compare, except. `lint` is the way in; `examine` is its pure part."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from jwtdoctor.errors import UnknownName
from jwtdoctor.lint import suppress
from jwtdoctor.lint.apps import App, Place
from jwtdoctor.lint.compare import compare
from jwtdoctor.lint.repository import Repository, repository_of
from jwtdoctor.lint.rule import Problem, Rule
from jwtdoctor.lint.rules import all_rules
from jwtdoctor.lint.settings import LintSettings
from jwtdoctor.lint.suppress import Suppression, place_of
from jwtdoctor.lint.walk import Found, Limits, Trouble, read_folders
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.report import Suppressed

RANK = {"error": 0, "warning": 1, "note": 2}
BASELINE_REASON = "in the baseline"
MOST_IN_A_FILE = 100
"""Findings of one rule in one file."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is told. `baseline`: how many findings of each fingerprint pass."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    target_org: str = ""
    baseline: Counter[str] = field(default_factory=Counter)
    settings: LintSettings = field(default_factory=LintSettings)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Linted:
    """What came out. `findings` count; `suppressed` do not, each with its reason."""

    repository: Repository
    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]

    @property
    def apps(self) -> tuple[App, ...]:
        return self.repository.apps

    @property
    def counts(self) -> dict[str, int]:
        """How many files of each type were read."""
        return dict(Counter(document.type.name for document in self.repository.documents))


def lint(
    paths: Sequence[str],
    now: float,
    options: Options | None = None,
    against: Sequence[str] = (),
    monotonic: Callable[[], float] = time.monotonic,
) -> Linted:
    """Judges the metadata under the paths. `now` epoch seconds, for dates of certificates.

    `against`: folders with what was retrieved from the org. Raises BadInput for a path that is not there, UnknownName
    for a rule that does not exist.
    """
    options = options or Options()
    exclude = (*options.exclude, *options.settings.exclude)
    found = read_folders(paths, exclude, options.limits, monotonic, against)
    theirs = read_folders(against, exclude, options.limits, monotonic) if against else None
    return examine(found, now, options, theirs)


def examine(found: Found, now: float, options: Options | None = None, against: Found | None = None) -> Linted:
    """The findings about what was read. Pure."""
    options = options or Options()
    ran = chosen(options)
    if against is not None:
        unread = tuple(trouble for trouble in against.troubles if trouble.rule != "link-not-followed")
        compared = tuple(compare(found.documents, against.documents))
        found = replace(found, troubles=(*found.troubles, *unread, *compared))
    repository = repository_of(found, now, options.target_org or options.settings.target_org)
    findings = [finding for rule in ran.values() for finding in _findings(rule, repository)]
    suppressions, troubles = _suppressions(repository, options.settings)
    counted, suppressed, used = _excepted(findings, suppressions)
    counted, passed, left = _past_baseline(counted, options.baseline)
    troubles += suppress.unused(suppressions, used, ran)
    if left:
        message = f"{left} findings of the baseline are no longer there"
        troubles.append(Trouble("baseline-entry-gone", options.settings.baseline or "baseline", message))
    remarks = replace(repository, found=Found((), tuple(troubles)), apps=())
    late = [finding for rule in ran.values() if rule.subject == "bookkeeping" for finding in _findings(rule, remarks)]
    return Linted(repository, _sorted([*counted, *late]), (*suppressed, *passed))


def chosen(options: Options) -> dict[str, Rule]:
    """The rules that run: those selected, else all, without those ignored. Raises UnknownName."""
    rules = all_rules()
    for name in (*options.select, *options.ignore, *options.settings.select, *options.settings.ignore):
        rule_named(name)
    wanted = set(options.select or options.settings.select or rules)
    unwanted = {*options.ignore, *(() if options.select else options.settings.ignore)}
    return {name: rule for name, rule in rules.items() if name in wanted and name not in unwanted}


def rule_named(name: str) -> Rule:
    """The rule of that id. Raises UnknownName with the nearest ones; what was typed is quoted only near a real one."""
    from difflib import get_close_matches

    rules = all_rules()
    if name in rules:
        return rules[name]
    near = get_close_matches(name.lower().replace("_", "-"), rules, n=3, cutoff=0.6)
    if near:
        raise UnknownName("no rule of that name", do=f"nearest: {', '.join(near)}")
    raise UnknownName("no rule of that name", do="list them: jwtdoctor lint --list-rules")


def _findings(rule: Rule, repository: Repository) -> Iterator[Finding]:
    """What a rule finds; of one file so many, and then how many more there are."""
    met: Counter[str] = Counter()
    for problem in rule.check(repository):
        met[problem.at.path] += 1
        if met[problem.at.path] <= MOST_IN_A_FILE:
            yield _finding(rule, problem)
    for path, number in met.items():
        if number > MOST_IN_A_FILE:
            more = Problem(f"{number - MOST_IN_A_FILE:,} more of this in the file", Place(path), about="more")
            yield _finding(rule, more)


def _finding(rule: Rule, problem: Problem) -> Finding:
    return Finding(
        rule.id,
        problem.severity or rule.severity,
        str(problem.at),
        problem.message,
        problem.remedy or rule.remedy,
        rule.sources,
        rule.sureness,
        rule.leads_to,
        suppress.fingerprint(rule.id, problem.at.path, problem.about),
        rule.title,
    )


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then by place; the same finding once."""
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda one: (RANK[one.severity], *place_of(one), one.rule, one.message)))


def _suppressions(repository: Repository, settings: LintSettings) -> tuple[list[Suppression], list[Trouble]]:
    known = all_rules()
    written, troubles = suppress.inline(repository.documents, known)
    configured, more = suppress.configured(settings.suppress, settings.file, known)
    return [*written, *configured], [*troubles, *more]


def _excepted(
    findings: Iterable[Finding], suppressions: Sequence[Suppression]
) -> tuple[list[Finding], list[Suppressed], list[Suppression]]:
    """The findings that count, those that do not, and the suppressions that did something."""
    counted: list[Finding] = []
    suppressed: list[Suppressed] = []
    used: list[Suppression] = []
    for finding in findings:
        place = place_of(finding) if suppressions else ("", 0)
        covering = [one for one in suppressions if one.covers(finding.rule, *place)]
        used += covering
        if covering:
            kind = "inSource" if covering[0].is_inline else "external"
            suppressed.append(Suppressed(finding, kind, covering[0].reason))  # type: ignore[arg-type]
        else:
            counted.append(finding)
    return counted, suppressed, used


def _past_baseline(findings: list[Finding], baseline: Counter[str]) -> tuple[list[Finding], list[Suppressed], int]:
    """What counts, what the baseline lets pass, and how many of its entries found nothing."""
    left = Counter(baseline)
    counted: list[Finding] = []
    passed: list[Suppressed] = []
    for finding in findings:
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
            passed.append(Suppressed(finding, "external", BASELINE_REASON))
        else:
            counted.append(finding)
    return counted, passed, sum(left.values())
