"""The person at the terminal, for flows that want one: a URL to open, a code to enter, an address to paste back.

Decisions where the contract is silent:
- The URL is always printed, on stderr, since the machine may have no browser; none is opened.
- A redirect to loopback is waited for. Where a terminal is there, the address that the browser ended at may be pasted
  as well (not shown while it is typed: it holds a code). Without a terminal there is no prompt.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from queue import Empty, Queue

from jwtdoctor.cli import streams
from jwtdoctor.instruments.loopback import RedirectListener


@dataclass(frozen=True, slots=True)
class TerminalPerson:
    """Asks on stderr and reads from the terminal. `listener` waits for the redirect, where there is one."""

    listener: RedirectListener | None = None

    def redirected(self, url: str, state: str, within_s: float) -> str | None:
        """The address that the login ended at, from the listener or pasted; None where none came in time."""
        streams.narrate("open this address in a browser and log in:\n  " + streams.printable(url))
        answers: Queue[str | None] = Queue()
        waiting = 0
        if self.listener is not None:
            streams.narrate(f"waiting up to {within_s:.0f} s for the redirect to {self.listener.redirect_uri}")
            _start(answers, lambda: self.listener.wait(state, within_s) if self.listener else None)
            waiting += 1
        if _has_terminal():
            _start(answers, _pasted)
            waiting += 1
        return _first(answers, waiting, within_s)

    def shown(self, url: str, user_code: str) -> None:
        """Where to go, and what to enter there (RFC 8628 §3.3)."""
        streams.narrate(f"open {streams.printable(url)} and enter the code {streams.printable(user_code)}")

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    @property
    def is_there(self) -> bool:
        """Whether anybody can answer at all."""
        return self.listener is not None or _has_terminal()


def _start(answers: Queue[str | None], ask: object) -> None:
    def run() -> None:
        try:
            answers.put(ask())  # type: ignore[operator]
        except (EOFError, OSError):
            answers.put(None)

    threading.Thread(target=run, daemon=True, name="jwtdoctor person").start()


def _first(answers: Queue[str | None], waiting: int, within_s: float) -> str | None:
    """The first answer that is one."""
    ends_at = time.monotonic() + within_s
    while waiting > 0:
        try:
            answer = answers.get(timeout=max(0.0, ends_at - time.monotonic()))
        except Empty:
            return None
        if answer:
            return answer
        waiting -= 1
    return None


def _pasted() -> str:
    from getpass import getpass

    return getpass("or paste the address that it ended at (not shown): ").strip()[:20_000]


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
