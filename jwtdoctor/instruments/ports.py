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
from jwtdoctor.model.exchange import Exchange, TextRequest, TokenRequest
from jwtdoctor.model.secret import Secret


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


class Resources(Protocol):
    """What is asked with a token in hand. Apart from `Transport`, so that these calls are never taken for logins."""

    def get_with_token(self, url: str, token: Secret, deadline_s: float, proof: Secret | None = None) -> Exchange:
        """GETs a URL with the token as Bearer (RFC 6750 §2.1), with a proof as DPoP (RFC 9449 §7.1)."""
        ...

    def post_about_token(self, request: TokenRequest, deadline_s: float) -> Exchange:
        """POSTs a form about the token: introspection (RFC 7662), revocation (RFC 7009)."""
        ...


class OrgWire(Protocol):
    """HTTP with an administrator's session: REST by GET, and SOAP, which knows no other method than POST."""

    def get_from_org(self, url: str, token: Secret, deadline_s: float) -> Exchange: ...

    def post_text(self, request: TextRequest, deadline_s: float) -> Exchange: ...


class OrgApi(Protocol):
    """The API of one org, its session already in hand. It only reads."""

    def get(self, path: str, deadline_s: float) -> Exchange:
        """GETs a path of the REST API."""
        ...

    def soap(self, path: str, body: str, deadline_s: float) -> Exchange:
        """POSTs the body of a SOAP message; envelope and session are added."""
        ...


class Person(Protocol):
    """Somebody at the keyboard, for the flows that want a person."""

    def redirected(self, url: str, state: str, within_s: float) -> str | None:
        """The address that a browser ended at after a login at `url`; None where none came in time."""
        ...

    def shown(self, url: str, user_code: str) -> None:
        """Tells where to enter a device's code (RFC 8628 §3.3)."""
        ...

    def wait(self, seconds: float) -> None:
        """Lets the time between two polls pass."""
        ...


class PathFinder(Protocol):
    """DNS, TCP, TLS and proxy on the way to a host.

    Sends no HTTP but a proxy's CONNECT, and no credentials but the proxy's own, as any client would.
    """

    def look(self, url: str, deadline_s: float) -> tuple[Observation, ...]:
        """`path.*` facts for this URL."""
        ...


@dataclass(frozen=True, slots=True)
class OrgHints:
    """What a person knows of the app in its org: its API name or label, and the address that the org sees."""

    app: str | None = None
    caller_ip: str | None = None


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
    resources: Resources | None = None
    """How a granted token is tried; None: it is not tried."""
    host_clock: Callable[[str, float], TimeSample | SourceRefused] | None = None
    """The local clock against the host of a URL, by a few requests without credentials, within so many seconds.

    Asked where time servers were silent or disagree; None: never.
    """
    person: Person | None = None
    """Who can log in by browser; None: nobody is there."""
    org: OrgApi | None = None
    """The org behind the login, read with an administrator's session; None: it is not read."""
    org_hints: OrgHints = field(default_factory=OrgHints)
    netrc: Callable[[str], bool | None] | None = None
    """Whether this machine's .netrc has an entry for a host; None: do not look."""
    sync: Callable[[], SyncState] | None = None
    """What the operating system says of its own synchronisation (one second at most); None: do not ask."""
