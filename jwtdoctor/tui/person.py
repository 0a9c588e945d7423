"""The person at the screen, for flows that want one: an address to open and to copy, a code to enter.

The redirect to loopback is waited for; the address that the browser ended at may be pasted as well (masked: it holds a
code). Everything here runs on the thread of the run and only posts messages; cancelling ends every wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Empty, Queue
from threading import Event as Flag
from threading import Thread
from time import monotonic

from textual.message import Message

from jwtdoctor.instruments.loopback import RedirectListener, is_loopback_redirect, listening
from jwtdoctor.tui.messages import BrowserWanted
from jwtdoctor.tui.subjects import Prepared

LOOK_S = 0.2
LARGEST_PASTE = 20_000


@dataclass(frozen=True, slots=True)
class ScreenPerson:
    """Asks on the screen. `listener` waits for the redirect, where there is one."""

    post: Callable[[Message], object]
    cancelled: Flag
    listener: RedirectListener | None = None

    def redirected(self, url: str, state: str, within_s: float) -> str | None:
        """The address that the login ended at, from the listener or pasted; None where none came in time."""
        answers: Queue[str | None] = Queue()
        wanted = BrowserWanted(url, "", answers, self.listener is not None)
        self.post(wanted)
        listener = self.listener
        if listener is not None:
            Thread(target=lambda: answers.put(listener.wait(state, within_s)), daemon=True).start()
        answer = self._first(answers, within_s)
        wanted.is_over.set()
        return answer[:LARGEST_PASTE] if answer else None

    def _first(self, answers: Queue[str | None], within_s: float) -> str | None:
        ends_at = monotonic() + within_s
        while monotonic() < ends_at and not self.cancelled.is_set():
            try:
                return answers.get(timeout=LOOK_S)
            except Empty:
                continue
        return None

    def shown(self, url: str, user_code: str) -> None:
        """Where to go, and what to enter there (RFC 8628 §3.3)."""
        self.post(BrowserWanted(url, user_code, Queue(), False))

    def wait(self, seconds: float) -> None:
        self.cancelled.wait(seconds)


@contextmanager
def with_person(prepared: Prepared, post: Callable[[Message], object], cancelled: Flag) -> Iterator[Prepared]:
    """The same, with somebody to ask where the flow wants one."""
    attempt, flow = prepared.case.attempt, prepared.case.flow
    wants_code = attempt is not None and flow == "authorization-code" and attempt.code is None
    wants_device = attempt is not None and flow == "device" and attempt.device_code is None
    if attempt is None or not (wants_code or wants_device):
        yield prepared
    elif wants_code and is_loopback_redirect(attempt.redirect_uri):
        with listening(attempt.redirect_uri or "") as listener:
            person = ScreenPerson(post, cancelled, listener)
            case = replace(prepared.case, attempt=replace(attempt, redirect_uri=listener.redirect_uri))
            yield replace(prepared, case=case, instruments=replace(prepared.instruments, person=person))
    else:
        yield replace(prepared, instruments=replace(prepared.instruments, person=ScreenPerson(post, cancelled)))
