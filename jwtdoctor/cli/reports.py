"""How `check` and `explain` answer: one report in the form asked for, and the exit code that it stands for."""

from __future__ import annotations

from typing import Any

from jwtdoctor.cli.common import NOTHING_LEARNT, OK, REFUSED, Common, one_line
from jwtdoctor.config.places import keep_private, state_folder
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report

FORMATS = ("text", "json", "junit", "sarif", "markdown", "html")
LARGEST_KEPT = 2_000_000


def rendered(common: Common, report: Report) -> str:
    """The report in the form of `--format`."""
    from importlib import import_module

    module = import_module(f"jwtdoctor.render.{common.format}")
    if common.format != "text":
        return str(getattr(module, common.format)(report))
    shows = common.streams
    return str(module.text(report, width=shows.width, colour=shows.colour, ascii=shows.ascii, verbose=common.verbose))


def exit_code(report: Report) -> int:
    """0 granted, 1 refused or an error found, 3 unreachable or nothing recognised (the contract's codes)."""
    if any(finding.severity == "error" for finding in report.findings):
        return REFUSED
    match report.outcome:
        case Outcome.GRANTED:
            return OK
        case Outcome.REFUSED:
            return REFUSED if report.leaders or _is_an_answer(report) else NOTHING_LEARNT
        case Outcome.UNREACHABLE:
            return NOTHING_LEARNT
        case Outcome.NOT_ASKED:
            return REFUSED if report.leaders else NOTHING_LEARNT


def _is_an_answer(report: Report) -> bool:
    """Whether a refusal was seen at all, and not only a text that nothing recognises."""
    return any(name in report.chart for name in ("reply.status", "reply.error", "login_history.status"))


def keep_last(profile: str | None, document: dict[str, Any]) -> None:
    """Keeps the redacted case of a check for `explain last`: one a profile, 0600, in the state folder.

    That it cannot be kept is no reason to fail: nobody asked for it.
    """
    import json

    text = json.dumps(document, ensure_ascii=False)
    if len(text) <= LARGEST_KEPT:
        keep_private(_last_name(profile), text + "\n")


def last_case(profile: str | None) -> tuple[str, str] | None:
    """The text of the last check's case and the path that it was read from; None where there is none."""
    folder = state_folder()
    path = None if folder is None else folder / _last_name(profile)
    try:
        return None if path is None else (path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError):
        return None


def _last_name(profile: str | None) -> str:
    """A file name that no profile name can turn into a path."""
    if profile is None:
        return "last.json"
    safe = "".join(char if char.isalnum() or char in "-_" else f"%{ord(char):x}" for char in profile)
    return f"last-{safe[:150]}.json"


def titled(title: str) -> str:
    """A heading between several reports."""
    return f"== {one_line(title)}"
