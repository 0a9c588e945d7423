"""Everything that crosses from a thread or a widget to a screen. Small, and in one file.

Messages of a run carry its number: what still arrives from a run that was cancelled is dropped by the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import Queue
from threading import Event as Flag

from textual.message import Message

from jwtdoctor.config.profiles import Value
from jwtdoctor.model.exchange import Exchange, TokenRequest
from jwtdoctor.model.report import ProbeEnded, ProbeStarted, Report
from jwtdoctor.probes.rounds import Measured
from jwtdoctor.tui.answers import Basis
from jwtdoctor.tui.keyfacts import KeyLine
from jwtdoctor.tui.preview import Preview
from jwtdoctor.tui.subjects import Subject


@dataclass
class Drafted(Message):
    """What a subject would send is known, or why it cannot be."""

    subject: Subject
    preview: Preview


@dataclass
class Happened(Message):
    """A probe started or ended."""

    run: int
    event: ProbeStarted | ProbeEnded


@dataclass
class LoginSent(Message):
    """The credentialed request leaves now."""

    run: int
    request: TokenRequest
    at: float
    """Epoch seconds of the local clock."""


@dataclass
class Verdicts(Message):
    """The verdict of a run stands."""

    run: int
    basis: Basis
    exchange: Exchange | None


@dataclass
class RunStopped(Message):
    """A run ended without a verdict. `problem` is one line; empty where it was cancelled."""

    run: int
    problem: str


@dataclass
class SecretWanted(Message):
    """A profile says `prompt`: the thread of the run waits at `answer` for what is typed, None to give up."""

    what: str
    answer: Queue[str | None]


@dataclass
class PlanWanted(Message):
    """What --prove would send now stands: the thread of the run waits at `answer`, False to send nothing more."""

    run: int
    told: tuple[str, ...]
    url: str
    answer: Queue[bool]


@dataclass
class BrowserWanted(Message):
    """A person is to log in by browser. With a `user_code` there is nothing to give back (RFC 8628)."""

    url: str
    user_code: str
    answer: Queue[str | None]
    is_caught: bool
    """Whether the redirect comes to this machine and is waited for."""
    is_over: Flag = field(default_factory=Flag)


@dataclass
class Rounded(Message):
    """One round of looking at the clocks, or one line of a problem."""

    subject: Subject
    measured: Measured | None
    problem: str = ""


@dataclass
class KeyLooked(Message):
    """What the key and the certificate of a subject are."""

    subject: Subject
    lines: tuple[KeyLine, ...]


@dataclass
class Edited(Message):
    """Settings were typed or chosen. None takes an edit back."""

    edits: Mapping[str, Value | None]


@dataclass
class PathWanted(Message):
    """A file is to be picked for a field."""

    field: str


@dataclass
class CopyWanted(Message):
    """A text is to be copied. `what` names it in a few words."""

    text: str
    what: str


@dataclass
class Answered(Message):
    """A person answered a question. `text` as typed or chosen; empty takes the answer back."""

    fact: str
    text: str


@dataclass
class Reconcluded(Message):
    """The report drawn anew from the answers."""

    report: Report


@dataclass
class Explained(Message):
    """What was pasted was read. Either a report with what it rests on, or one line of a problem."""

    turn: int
    basis: Basis | None
    problem: str = ""
