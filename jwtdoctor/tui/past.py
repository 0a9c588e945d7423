"""The history: what is kept of a run, how it is opened again, and how it differs from the last good one.

A run is kept as its redacted case. Opened again it is concluded anew from that, so a newer knowledge may say more of it
than was said at the time. Staged faults share one history, profiles have one each.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jwtdoctor.config.kept import KeptRun, keep_last, keep_run, runs_of
from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.case import Case
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.compare import Difference, Side, compare
from jwtdoctor.render.page import page
from jwtdoctor.tui.answers import Basis, explained
from jwtdoctor.tui.subjects import Subject

STAGED = "(staged)"
"""Under which the runs of all staged faults are kept."""
FIRST_VERDICTS = 5


@dataclass(frozen=True, slots=True)
class Form:
    """A form of export: its name, the ending of its file, and whom it is for."""

    name: str
    suffix: str
    about: str


FORMS = (
    Form("html", ".html", "one page with the drawn timeline, for hand-over"),
    Form("markdown", ".md", "for an issue or a chat"),
    Form("text", ".txt", "as the command line prints it"),
    Form("json", ".json", "the whole report, for programs"),
    Form("junit", ".xml", "for a pipeline's test page"),
    Form("sarif", ".sarif", "for code scanning"),
    Form("case", ".case.json", "the redacted case: explain reads it again"),
)


def history_of(subject: Subject) -> str:
    """The name of the history that a subject's runs are kept in."""
    return STAGED if subject.kind == "fault" else subject.name


def statement_of(report: Report) -> str:
    """`REFUSED This machine's clock is 10 min slow, almost certain`."""
    shown = page(report)
    return ", ".join(part for part in (f"{shown.outcome} {shown.statement}", shown.likelihood) if part)


def keep(subject: Subject, report: Report, now: float) -> str | None:
    """Keeps a run in the history, and as the last case of its profile. `now`: epoch seconds of the local clock."""
    keep_last(report.profile, case_document(report))
    return keep_run(history_of(subject), now, case_document(replace(report, case=subject.name)))


def case_document(report: Report) -> dict[str, Any]:
    """A report's redacted case."""
    from jwtdoctor.intake.casefile import case_to

    case = Case(
        provider=report.provider, flow=report.flow, id=report.case, at=report.at, reply=report.reply,
        profile=report.profile,
    )  # fmt: skip
    return case_to(case, report.chart)


def reopened(run: KeptRun, knowledge: Knowledge) -> Basis:
    """A run as it is concluded now. Raises BadInput where its file was damaged."""
    from jwtdoctor.intake.casefile import case_from

    case = case_from(run.case, str(run.path), known_providers=tuple(knowledge.providers))
    basis = explained(case, knowledge)
    return Basis(replace(basis.report, reply=case.reply), basis.seen)


def is_good(report: Report) -> bool:
    """Granted, with nothing to accuse."""
    return report.outcome is Outcome.GRANTED and not report.leaders


def may_be_good(run: KeptRun) -> bool:
    """Whether a token was granted: what need not be concluded to be known."""
    facts = run.case.get("facts")
    found = facts.get("reply.granted") if isinstance(facts, dict) else None
    return found is True or (isinstance(found, dict) and found.get("value") is True)


def last_good(runs: Iterable[KeptRun], run: KeptRun, knowledge: Knowledge) -> KeptRun | None:
    """The newest good run that is not this one: the one before it where there is one, else a later one."""
    others = [one for one in runs if one.path != run.path and may_be_good(one)]
    before = [one for one in others if one.at < run.at]
    later = [one for one in reversed(others) if one.at >= run.at]
    for one in (*before, *later):
        with suppress(BadInput):
            if is_good(reopened(one, knowledge).report):
                return one
    return None


def difference(good: KeptRun, run: KeptRun, knowledge: Knowledge) -> tuple[Difference, ...]:
    """What differs from the good run, what matters first. Raises BadInput."""
    sides = [reopened(one, knowledge).report for one in (good, run)]
    provider = knowledge.provider_or_generic(sides[1].provider)
    return compare(_side(sides[0], "good"), _side(sides[1], "this"), provider, knowledge)


def _side(report: Report, name: str) -> Side:
    scores = {verdict.cause: verdict.score for verdict in report.verdicts[:FIRST_VERDICTS]}
    return Side(name, chart=report.chart, verdicts=scores, flow=report.flow)


def rendered(report: Report, form: str) -> str:
    """The report in a form, by the renderers of the command line."""
    if form == "case":
        import json

        return json.dumps(case_document(report), ensure_ascii=False, indent=2) + "\n"
    from importlib import import_module

    return str(getattr(import_module(f"jwtdoctor.render.{form}"), form)(report))


def usual_name(subject: Subject | None, form: Form, now: float) -> str:
    """The name of the file that is offered: `jwtdoctor-acme-1203-1711.html`."""
    name = "".join(char if char.isalnum() else "-" for char in (subject.name if subject else "explained")).strip("-")
    return f"jwtdoctor-{name[:40]}-{time.strftime('%m%d-%H%M', time.localtime(now))}{form.suffix}"


def export(report: Report, form: str, path: str) -> Path:
    """Writes the report, whole or not at all, never over a file that is there. Raises BadInput."""
    target = Path(path).expanduser().absolute()
    text = rendered(report, form)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            os.link(temporary, target)
        finally:
            with suppress(OSError):
                temporary.unlink()
    except FileExistsError:
        raise BadInput("is there already and is not overwritten", where=str(target), do="choose another name") from None
    except OSError as problem:
        reason = (problem.strerror or type(problem).__name__).lower()
        raise BadInput(f"cannot be written: {reason}", where=str(target)) from None
    return target


def runs(subject: Subject) -> tuple[KeptRun, ...]:
    """The history of a subject, the newest first."""
    return runs_of(history_of(subject))
