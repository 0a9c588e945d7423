"""The interface as the command line starts it: without a terminal, and in a real one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jwtdoctor.cli.main import run
from jwtdoctor.knowledge.load import load
from jwtdoctor.simulator.faults import FAULTS, Fault
from jwtdoctor.testing import TRUE_NOW
from jwtdoctor.tui.preview import draft
from jwtdoctor.tui.subjects import StagedFault

PATIENCE_S = 30.0


def test_without_a_terminal_it_says_so_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["tui"])

    said = capsys.readouterr()
    assert code == 2
    assert "needs a terminal" in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_staged_fault_can_be_looked_at_before_it_is_run(fault: Fault) -> None:
    preview = draft(StagedFault(fault).draft(load(), TRUE_NOW), load(), TRUE_NOW)

    assert preview.flow == fault.flow
    assert preview.header or preview.note
    assert "PRIVATE KEY" not in repr(preview)


@pytest.mark.real
def test_a_newcomer_gets_from_the_prompt_to_the_diagnosis_and_back(terminal: Terminal) -> None:
    terminal.shows("Try a staged fault")
    terminal.press("F2")
    terminal.shows("What to examine")
    terminal.press("F5")
    terminal.shows("REFUSED  This machine's clock is 10 min slow")
    terminal.shows("$ jwtdoctor check --simulate clock-drift")
    terminal.press("C-q")
    terminal.shows("left with 0")


@pytest.mark.real
def test_an_unknown_profile_ends_before_the_screen_is_taken(terminal_of: TerminalOf) -> None:
    terminal_of("nowhere").shows("left with 2")


class Terminal:
    """tmux, 80 x 24, on a socket of its own."""

    def __init__(self, tmux: Path, home: Path, arguments: str) -> None:
        self._tmux = [str(tmux), "-L", f"jwtdoctor-{os.getpid()}-{home.name}", "-f", os.devnull]
        place = Path(__file__).parents[2]
        inside = (
            f"cd {home}; HOME={home} XDG_CONFIG_HOME={home} PYTHONPATH={place} LC_ALL=C.UTF-8 TERM=xterm-256color "
            f"{sys.executable} -m jwtdoctor tui {arguments}; echo left with $?; sleep 60"
        )
        self._call("new-session", "-d", "-x", "80", "-y", "24", inside)

    def press(self, *keys: str) -> None:
        self._call("send-keys", *keys)

    def shows(self, words: str) -> None:
        """Waits until the words stand on the screen."""
        ends_at = time.monotonic() + PATIENCE_S
        while words not in (screen := self._call("capture-pane", "-p")):
            assert time.monotonic() < ends_at, screen
            time.sleep(0.05)

    def close(self) -> None:
        self._call("kill-server")

    def _call(self, *words: str) -> str:
        return subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=True).stdout


TerminalOf = Callable[[str], Terminal]


@pytest.fixture
def terminal_of(tmp_path: Path, real_part: Callable[[str], Path]) -> Iterator[TerminalOf]:
    opened: list[Terminal] = []

    def start(arguments: str) -> Terminal:
        opened.append(Terminal(real_part("tmux"), tmp_path, arguments))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def terminal(terminal_of: TerminalOf) -> Terminal:
    return terminal_of("")
