"""A tour of the interface in a real terminal: tmux types the keys that the screen shows, and reads what it paints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.real
PATIENCE_S = 30.0
PACKAGE_AT = Path(__file__).parents[2]


def test_a_newcomer_on_a_fresh_home_understands_a_fault_copies_the_remedy_and_exports_a_page(
    terminal: Terminal,
) -> None:
    """From the prompt to an understood diagnosis in two keys, each of them on the screen before it is pressed."""
    terminal.shows("f2  Try a staged fault")
    terminal.shows(re.compile(r"f2 Try .*\^q Quit"))
    terminal.press("F2")
    terminal.shows("Fault lab")
    terminal.shows("f5 Run")
    terminal.press("F5")
    terminal.shows(re.compile(r'"expired authorization\s+code"'))
    terminal.shows("REFUSED  This machine's clock is 10 min slow")
    terminal.shows("How it is told from its lookalikes")
    terminal.shows("f4 Open")
    terminal.press("F4")
    terminal.shows("c copies")
    terminal.shows(re.compile(r"1 Set the clock now\.  \$ sudo \w+"))
    terminal.shows("$ jwtdoctor check --simulate clock-drift")

    terminal.press("c")
    terminal.shows("Copied by OSC 52, wrapped for tmux")
    terminal.press("c")
    terminal.shows("Copied to a file")
    copied = terminal.home / ".local" / "state" / "jwtdoctor" / "copied.txt"
    assert copied.read_text().startswith("sudo ")
    assert copied.stat().st_mode & 0o077 == 0

    terminal.press("F8")
    terminal.shows("one page with the drawn timeline")
    terminal.press("F5")
    terminal.shows("Written")
    page = next(terminal.home.glob("jwtdoctor-clock-drift-*.html"))
    assert page.stat().st_size > 2000
    assert "This machine&#x27;s clock is 10 min slow" in page.read_text()

    terminal.press("F7")
    terminal.shows("Runs of (staged)")
    terminal.press("Escape", "C-q")
    terminal.shows("left with 0")


def test_an_unknown_profile_ends_before_the_screen_is_taken(terminal_of: TerminalOf) -> None:
    terminal_of("nowhere").shows("left with 2")


class Terminal:
    """tmux, 80 x 24, on a socket of its own; a fresh home."""

    def __init__(self, tmux: Path, home: Path, arguments: str) -> None:
        self.home = home
        self._tmux = [str(tmux), "-L", f"jwtdoctor-{os.getpid()}-{home.name}", "-f", os.devnull]
        inside = (
            f"cd {home}; unset XDG_STATE_HOME; HOME={home} XDG_CONFIG_HOME={home} PYTHONPATH={PACKAGE_AT} "
            f"LC_ALL=C.UTF-8 TERM=xterm-256color "
            f"{sys.executable} -m jwtdoctor tui {arguments}; echo left with $?; sleep 60"
        )
        self._call("new-session", "-d", "-x", "80", "-y", "24", inside)

    def press(self, *keys: str) -> None:
        self._call("send-keys", *keys)

    def shows(self, words: str | re.Pattern[str]) -> None:
        """Waits until the words stand on the screen."""
        ends_at = time.monotonic() + PATIENCE_S
        wanted = re.compile(re.escape(words)) if isinstance(words, str) else words
        while wanted.search(screen := self._call("capture-pane", "-p")) is None:
            assert time.monotonic() < ends_at, f"{wanted.pattern} is not on the screen:\n{screen}"
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
