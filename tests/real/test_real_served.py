"""The interface in a real browser: a newcomer's keys, a copy, nothing asked for elsewhere, and no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Browser, browser

pytestmark = pytest.mark.real
PATIENCE_S = 30.0
PACKAGE_AT = Path(__file__).parents[2]


def test_a_newcomer_understands_a_fault_in_a_browser_and_ctrl_c_leaves_nothing(
    served: Served, tab: Browser, tmp_path: Path
) -> None:
    url = served.url()
    tab.ask("Emulation.setDeviceMetricsOverride", width=1200, height=800, deviceScaleFactor=1, mobile=False)
    tab.give_clipboard()
    tab.open(url)
    until(tab, "Try a staged fault")
    until_true(tab, "document.activeElement.className === 'xterm-helper-textarea'")
    tab.press("F2")
    until(tab, "Fault lab")
    tab.press("F5")
    until(tab, "REFUSED")
    until(tab, "told from its lookalikes")
    tab.type("c")
    until(tab, "Copied by OSC 52")
    until_true(tab, "navigator.clipboard.readText().then(text => text.startsWith('sudo '))")

    assert tab.evaluate("location.href") == url  # f5 was the terminal's, and no reload
    assert not [one for one in tab.requested() if not one.startswith((url, "data:"))]
    assert not [event for event in tab.events if event.get("method") == "Runtime.exceptionThrown"]
    assert not [line for line in tab.complaints() if "WebGL" not in line]
    assert tab.evaluate("document.fonts.check(\"16px 'Roboto Mono'\")")
    assert tab.screenshot(tmp_path / "served.png").stat().st_size > 20_000

    assert served.interrupted() == 130
    until_true(tab, "document.body.classList.contains('-closed')")
    assert served.left() == ""


def until(tab: Browser, words: str) -> None:
    """Until the words came to the page. They are sought in what the terminal was sent: a canvas holds no text."""
    ends_at = time.monotonic() + PATIENCE_S
    while words not in tab.received():
        assert time.monotonic() < ends_at, f"{words} did not come"
        tab.evaluate("new Promise(done => setTimeout(done, 50))")


def until_true(tab: Browser, expression: str) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while not tab.evaluate(expression):
        assert time.monotonic() < ends_at, expression
        time.sleep(0.05)


def test_a_server_that_is_killed_leaves_no_session_behind(served: Served, tab: Browser) -> None:
    tab.open(served.url())
    until(tab, "Try a staged fault")
    assert served.left()

    served.close()
    ends_at = time.monotonic() + PATIENCE_S
    while served.left():
        assert time.monotonic() < ends_at
        time.sleep(0.1)


class Served:
    """`jwtdoctor tui --serve` on a fresh home."""

    def __init__(self, home: Path) -> None:
        self._home = home
        environ = {name: value for name, value in os.environ.items() if name != "XDG_STATE_HOME"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jwtdoctor", "tui", "--serve"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=PACKAGE_AT,
            env={**environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "LC_ALL": "C.UTF-8"},
        )

    def url(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def interrupted(self) -> int:
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE_S)

    def left(self) -> str:
        """The processes that still have this home."""
        mark = f"HOME={self._home}\0".encode()
        return " ".join(name.parent.name for name in Path("/proc").glob("[0-9]*/environ") if mark in _read(name))

    def close(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # gone, or not ours
        return b""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    one = Served(tmp_path)
    yield one
    one.close()


@pytest.fixture
def tab(real_part: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(real_part("chromium"), tmp_path_factory.mktemp("browser")) as opened:
        yield opened
