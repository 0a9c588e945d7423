"""What the engine asks of the world, in the fewest methods. Tests replace these, not the code.

Nothing here raises for what is wrong with the patient: an unreachable host is a `NoReply`, a silent time server a
`SourceRefused`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from jwtdoctor.model.chart import Observation
from jwtdoctor.model.clock import SourceRefused, SyncState, TimeSample
from jwtdoctor.model.exchange import Exchange, TokenRequest


class Clock(Protocol):
    """The local clock of the machine that signs."""

    def now(self) -> float:
        """Epoch seconds as this machine believes."""
        ...


class TimeSource(Protocol):
    """One NTP server, or anything else that knows the time."""

    @property
    def name(self) -> str:
        """`ntp:HOST`."""
        ...

    def sample(self, timeout_s: float) -> TimeSample | SourceRefused:
        """One measurement, within `timeout_s` seconds in all."""
        ...


class Transport(Protocol):
    """HTTP without redirects. One request, one `Exchange`; `deadline_s` seconds stand over all of it, DNS included."""

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange: ...

    def get(self, url: str, deadline_s: float) -> Exchange: ...


class PathFinder(Protocol):
    """DNS, TCP, TLS and proxy on the way to a host.

    Sends no HTTP but a proxy's CONNECT, and no credentials but the proxy's own, as any client would.
    """

    def look(self, url: str, deadline_s: float) -> tuple[Observation, ...]:
        """`path.*` facts for this URL."""
        ...


@dataclass(frozen=True, slots=True)
class Instruments:
    """The world, handed in. `time_sources` empty means that nobody may be asked for the time."""

    clock: Clock
    transport: Transport
    time_sources: tuple[TimeSource, ...] = ()
    path: PathFinder | None = None
    time_skipped: str = ""
    """Why there are no time sources (`--no-ntp`), for the report."""
    warnings: tuple[str, ...] = field(default=())
    sync: Callable[[], SyncState] | None = None
    """What the operating system says of its own synchronisation (one second at most); None: do not ask."""
