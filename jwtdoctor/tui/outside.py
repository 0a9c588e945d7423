"""Other programs at work: the editor, the pager, the copying tool. The interface steps aside while they run."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from textual.app import App, SuspendNotSupported


def edited_outside(app: App[None], text: str) -> str:
    """The text as it comes back from $VISUAL or $EDITOR; as it was where there is none or it failed."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not command:
        app.notify("Set $EDITOR to the program that you like.", title="No editor is named", markup=False)
        return text
    handle, name = tempfile.mkstemp(prefix="jwtdoctor-", suffix=".json")  # 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if _ran(app, [*command, name]):
            return Path(name).read_text(encoding="utf-8", errors="replace")[:200_000]
        return text
    finally:
        with suppress(OSError):
            Path(name).unlink()


def paged_outside(app: App[None], text: str) -> None:
    """The text in $PAGER (else less)."""
    command = shlex.split(os.environ.get("PAGER") or "less")
    _ran(app, command, text)


def _ran(app: App[None], command: list[str], text: str | None = None) -> bool:
    try:
        with app.suspend():
            subprocess.run(command, input=text, text=True, check=False)  # noqa: S603
    except SuspendNotSupported:
        app.notify("This terminal cannot be lent to another program.", severity="warning", markup=False)
        return False
    except (OSError, ValueError) as problem:
        app.notify(f"{command[0]}: {problem}", title="It did not start", severity="warning", markup=False)
        return False
    return True
