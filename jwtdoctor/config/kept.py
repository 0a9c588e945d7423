"""What is kept of past checks in the state folder: the last case of each profile, and the interface's history.

Redacted cases alone, 0600, each file whole or not at all, so that `explain` and `compare` read them too. The history is
bounded: the newest runs of each subject stay. That something cannot be kept is no reason to fail: nobody asked for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jwtdoctor.config.places import keep_private, state_folder

LARGEST_KEPT = 2_000_000
MOST_RUNS = 50
"""Of one subject."""
HISTORY = "run-"


def keep_last(profile: str | None, document: Mapping[str, Any]) -> None:
    """Keeps the redacted case of a check for `explain last`: one a profile, 0600, in the state folder."""
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
    return "last.json" if profile is None else f"last-{_safe(profile)}.json"


def _safe(name: str) -> str:
    """A part of a file name that no profile's name can turn into a path."""
    return "".join(char if char.isalnum() or char in "-_" else f"%{ord(char):x}" for char in name)[:150]


# --- the history


@dataclass(frozen=True, slots=True)
class KeptRun:
    """One run of the history. `at` is epoch seconds of the local clock when it was kept; `case` a redacted case."""

    path: Path
    at: float
    case: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The case's own id; empty where it has none."""
        found = self.case.get("id")
        return found if isinstance(found, str) else ""


def keep_run(subject: str, at: float, case: Mapping[str, Any]) -> str | None:
    """Keeps a run as its redacted case. The path; None where it could not be kept."""
    text = json.dumps(case, ensure_ascii=False)
    if len(text) > LARGEST_KEPT:
        return None
    path = keep_private(f"{HISTORY}{_safe(subject)}@{round(at * 1000):014d}.json", text + "\n")
    for old in _paths(subject)[MOST_RUNS:]:
        with suppress(OSError):
            old.unlink()
    return path


def runs_of(subject: str) -> tuple[KeptRun, ...]:
    """The runs of a subject, the newest first. A file that is no case any more is passed over."""
    return tuple(run for path in _paths(subject) if (run := _read(path)) is not None)


def forget_runs(subject: str) -> int:
    """Removes the history of a subject; how many runs it were."""
    paths = _paths(subject)
    for path in paths:
        with suppress(OSError):
            path.unlink()
    return len(paths)


def _paths(subject: str) -> list[Path]:
    folder = state_folder()
    if folder is None:
        return []
    name = f"{HISTORY}{_safe(subject)}@"
    try:
        found = [p for p in folder.iterdir() if p.name.startswith(name) and p.name.endswith(".json")]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


def _read(path: Path) -> KeptRun | None:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(LARGEST_KEPT + 1000))
        at = int(path.stem.rpartition("@")[2]) / 1000
    except (OSError, ValueError, RecursionError):
        return None
    return KeptRun(path, at, found) if isinstance(found, dict) else None
