"""One command line in process: its exit code, stdout and stderr, in a home and a working folder of its own."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from jwtdoctor.cli.main import run


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


class Shell:
    """An empty working folder; settings and state live beside it. Call it with what would be typed."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = tmp_path
        self.work = tmp_path / "work"
        self.state = tmp_path / "state" / "jwtdoctor"
        self.config = tmp_path / "config" / "jwtdoctor"
        self._monkeypatch = monkeypatch
        self.work.mkdir()
        self.config.mkdir(parents=True)
        monkeypatch.chdir(self.work)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        for name in ("NO_COLOR", "LC_ALL", "LANG"):
            monkeypatch.delenv(name, raising=False)

    def __call__(self, *argv: str, stdin: bytes | None = None) -> Answer:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin or b""), encoding="utf-8"))
            code = run(argv)
        return Answer(code, out.getvalue(), err.getvalue())

    def written(self) -> str:
        """The text of every file below this shell's root, whatever it holds."""
        files = [path for path in self.root.rglob("*") if path.is_file()]
        return "\n".join(path.read_bytes().decode("latin-1") for path in files)


def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in whose PATH there is a `jwtdoctor`, as where it was installed: for what is pasted elsewhere."""
    shell = Shell(tmp_path, monkeypatch)
    root = Path(__file__).parents[1]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "jwtdoctor").write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m jwtdoctor "$@"\n')
    (programs / "jwtdoctor").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(root))
    return shell
