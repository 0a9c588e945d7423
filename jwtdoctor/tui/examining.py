"""One run of the checkup on a thread of its own, which only posts messages.

The thread is a daemon and no worker of Textual's: those are waited for when the interpreter ends, and a probe that
hangs must not hold ctrl+q for half a minute. Cancelling closes the generator at its next event; until then the gate
in front of the transport keeps a login back that was not sent yet.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from queue import Empty, Queue
from threading import Event as Flag
from threading import Thread

from textual.message import Message

from jwtdoctor.checkup import events
from jwtdoctor.errors import BadInput, BadProfile
from jwtdoctor.instruments.ports import Clock, Transport
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.exchange import Exchange, NoReply, TokenRequest
from jwtdoctor.model.names import Reach
from jwtdoctor.model.report import Concluded, ProbeStarted
from jwtdoctor.tui.answers import checked
from jwtdoctor.tui.messages import Happened, LoginSent, PlanWanted, RunStopped, SecretWanted, Verdicts
from jwtdoctor.tui.person import with_person
from jwtdoctor.tui.sturdy import as_line
from jwtdoctor.tui.subjects import Prepared, Subject

Post = Callable[[Message], object]
ASKING_S = 0.2
ASKED_S = 300.0
"""How much longer a run may last that asks a person on its way."""


@dataclass(slots=True)
class Run:
    """One examination. `start` returns at once; every message carries `number`."""

    number: int
    subject: Subject
    knowledge: Knowledge
    post: Post
    proves: bool = False
    """Whether what would settle the verdict may be sent, once it was shown and agreed to."""
    logins: int = field(default=0, init=False)
    """Credentialed requests that left, for the line about a cancelled run."""
    _cancelled: Flag = field(default_factory=Flag, init=False)

    def start(self) -> None:
        Thread(target=self._run, daemon=True, name=f"jwtdoctor run {self.number}").start()

    def cancel(self) -> None:
        """No login leaves after this. The thread ends at its next event."""
        self._cancelled.set()

    def _run(self) -> None:
        try:
            with (
                self.subject.opened(self.knowledge, self._ask) as opened,
                with_person(opened, self._tell, self._cancelled) as prepared,
            ):
                self._examine(prepared)
        except BadInput as problem:
            self._tell(RunStopped(self.number, str(problem)))
        except Exception as bug:  # noqa: BLE001 - a crash of ours is a line on the screen, and the session goes on
            self._tell(RunStopped(self.number, as_line(bug)))
        else:
            if self._cancelled.is_set():
                self._tell(RunStopped(self.number, ""))

    def _examine(self, prepared: Prepared) -> None:
        gate = Gate(prepared.instruments.transport, prepared.instruments.clock, self._cancelled, self._sent)
        instruments = replace(prepared.instruments, transport=gate)
        case = replace(prepared.case, reach=Reach.REPEAT) if self.proves else prepared.case
        checkup = events(case, instruments, self.knowledge, timeout_s=prepared.timeout_s + (ASKED_S * self.proves))
        with closing(checkup) as happenings:  # type: ignore[type-var]
            for event in happenings:
                if self._cancelled.is_set():
                    return
                if isinstance(event, Concluded):
                    self._tell(Verdicts(self.number, checked(event.report), gate.exchange))
                    continue
                self._tell(Happened(self.number, event))
                if isinstance(event, ProbeStarted) and event.plan:
                    attempt = prepared.case.attempt
                    gate.is_closed = not self._agreed(event.plan, "" if attempt is None else attempt.token_url)

    def _sent(self, request: TokenRequest, at: float) -> None:
        self.logins += 1
        self._tell(LoginSent(self.number, request, at))

    def _ask(self, what: str) -> str:
        """What a person types for `prompt`. Waits on this thread; cancelling ends the wait."""
        answer: Queue[str | None] = Queue()
        self._tell(SecretWanted(what, answer))
        typed: str | None = None
        while not self._cancelled.is_set():
            with suppress(Empty):
                typed = answer.get(timeout=ASKING_S)
                break
        if typed is None:
            raise BadProfile("nothing was typed", where=what)
        return typed

    def _agreed(self, told: tuple[str, ...], url: str) -> bool:
        """Whether a person agreed to send what was told. Waits on this thread; cancelling ends the wait."""
        answer: Queue[bool] = Queue()
        self._tell(PlanWanted(self.number, told, url, answer))
        while not self._cancelled.is_set():
            with suppress(Empty):
                return answer.get(timeout=ASKING_S)
        return False

    def _tell(self, message: Message) -> None:
        with suppress(RuntimeError):  # the interface has gone, and its event loop with it
            self.post(message)


@dataclass(slots=True)
class Gate:
    """A transport that tells when the login leaves, keeps what came back, and lets nothing out once cancelled."""

    inner: Transport
    clock: Clock
    cancelled: Flag
    sent: Callable[[TokenRequest, float], None]
    exchange: Exchange | None = field(default=None, init=False)
    is_closed: bool = field(default=False, init=False)
    """Whether nothing more may be sent, since a person said so."""

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        if self.cancelled.is_set():
            return NoReply("deadline", "cancelled before anything was sent")
        if self.is_closed:
            return NoReply("deadline", "not sent: it was not agreed to")
        self.sent(request, self.clock.now())
        self.exchange = self.inner.post_form(request, deadline_s)
        return self.exchange

    def get(self, url: str, deadline_s: float) -> Exchange:
        if self.cancelled.is_set():
            return NoReply("deadline", "cancelled before anything was sent")
        exchange = self.inner.get(url, deadline_s)
        if self.exchange is None:  # an authorize request; what is asked after the login is not the exchange
            self.exchange = exchange
        return exchange
