"""The world for tests, ours and our users': a scenario without sockets, with a clock that stands still.

    world = World("clock-drift")                      # a fault by name, or a Scenario
    report = jwtdoctor.examine(world.case, world.instruments)

Everything is in process: the transport calls the simulator's judge, the time servers read the scenario's true time, and
the path is as open or as blocked as the scenario says. Nothing is patched.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from jwtdoctor.instruments.ports import Clock, Instruments, TimeSource
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.case import Case
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.clock import SourceRefused, TimeSample
from jwtdoctor.model.exchange import Exchange, TextRequest, TokenRequest
from jwtdoctor.model.names import Reach
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.faults import FAULTS, Fault, stage
from jwtdoctor.simulator.network import answers_instead, breaks
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.simulator.staging import DEFAULT, Outcome, Stage, staged
from jwtdoctor.simulator.wire import FORM, HttpRequest
from jwtdoctor.simulator.world import Scenario, healthy

__all__ = ["FAULTS", "Fault", "FixedClock", "FixedTimeSource", "Scenario", "World", "healthy", "stage"]

TRUE_NOW = 1_795_300_000.0
"""The usual moment of a world: 2026-11-21T22:26:40Z."""


@dataclass(slots=True)
class FixedClock:
    """A clock that stands still until it is told otherwise. `at` is epoch seconds."""

    at: float = TRUE_NOW

    def now(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        """Lets that much time pass."""
        self.at += seconds


@dataclass(frozen=True, slots=True)
class FixedTimeSource:
    """A time server of a known truth. `ahead_s`: how far the local clock is fast against what this server says.

    `answers` False: it is silent (UDP 123 blocked).
    """

    host: str
    ahead_s: float
    bound_s: float = 0.01
    answers: bool = True

    @property
    def name(self) -> str:
        return f"ntp:{self.host}"

    def sample(self, timeout_s: float) -> TimeSample | SourceRefused:
        if not self.answers:
            return SourceRefused(self.name, f"no answer in {timeout_s:.1f} s")
        return TimeSample(self.name, self.ahead_s, self.bound_s, self.bound_s, stratum=2)


class World:
    """A situation to examine. `scenario` is a fault's name (of `provider`, from `knowledge`) or a `Scenario`.

    `true_now` is true time in epoch seconds; the local clock is off from it as the scenario says. `ntp` False: no time
    server answers. `vague`: how much the endpoint leaves out (`no-description`, `bare`). `admin` True: the case also
    holds what an administrator would tell. Raises UnknownName for a fault that does not exist.
    """

    def __init__(
        self,
        scenario: Stage | str = "healthy",
        *,
        provider: str = DEFAULT,
        knowledge: Knowledge | None = None,
        true_now: float = TRUE_NOW,
        ntp: bool = True,
        vague: Vague = "no",
        admin: bool = False,
    ) -> None:
        found = staged(scenario, provider, knowledge=knowledge) if isinstance(scenario, str) else scenario
        self.scenario = found if vague == "no" else found.vague(vague)
        self.clock = FixedClock(true_now - self.scenario.true_time_offset_s)
        self._ready = self.scenario.ready(self.clock.now())
        self._admin = admin
        self.transport = SimulatedTransport(self.scenario, self._ready.policy, self.clock)
        self.time_sources: tuple[TimeSource, ...] = tuple(
            FixedTimeSource(f"time{n}.example", -self.scenario.true_time_offset_s, answers=ntp) for n in (1, 2, 3)
        )

    @property
    def case(self) -> Case:
        """What `check` would be given. The staged fault is not among it."""
        return Case(
            provider=self.scenario.provider,
            flow=self.scenario.flow,
            observations=self.administrators_facts if self._admin else self.scenario.client_facts(),
            attempt=self._ready.attempt,
            reach=Reach.ENDPOINT,
        )

    @property
    def administrators_facts(self) -> tuple[Observation, ...]:
        """What an administrator would tell now: with the row in Login History that the last login left."""
        refusal = self.transport.rulings[-1].refusal if self.transport.rulings else None
        return (*self.scenario.client_facts(), *self.scenario.admin_facts(refusal))

    @property
    def instruments(self) -> Instruments:
        return Instruments(
            clock=self.clock,
            transport=self.transport,
            resources=self.transport,
            time_sources=self.time_sources,
            path=SimulatedPath(self.scenario),
        )

    @property
    def rulings(self) -> tuple[Outcome, ...]:
        """What the judge decided so far, in order."""
        return tuple(self.transport.rulings)


@dataclass(slots=True)
class SimulatedTransport:
    """HTTP in process: each request goes to the judge, and what it used up is kept."""

    scenario: Stage
    policy: Any
    clock: Clock
    rulings: list[Outcome] = field(default_factory=list)
    requests: list[HttpRequest] = field(default_factory=list, repr=False)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        fields = [(name, _revealed(value)) for name, value in request.fields]
        headers = {name: _revealed(value) for name, value in request.headers}
        if request.method == "POST":
            headers.setdefault("Content-Type", FORM)
        return self._exchange(request.method, request.url, headers, urlencode(fields), deadline_s)

    def get(self, url: str, deadline_s: float) -> Exchange:
        return self._exchange("GET", url, {}, "", deadline_s)

    def get_with_token(self, url: str, token: Secret, deadline_s: float, proof: Secret | None = None) -> Exchange:
        headers = {"Authorization": f"{'Bearer' if proof is None else 'DPoP'} {token.reveal()}"}
        headers |= {} if proof is None else {"DPoP": proof.reveal()}
        return self._exchange("GET", url, headers, "", deadline_s)

    def post_about_token(self, request: TokenRequest, deadline_s: float) -> Exchange:
        return self.post_form(request, deadline_s)

    def get_from_org(self, url: str, token: Secret, deadline_s: float) -> Exchange:
        return self.get_with_token(url, token, deadline_s)

    def post_text(self, request: TextRequest, deadline_s: float) -> Exchange:
        body = "".join(_revealed(part) for part in request.parts)
        return self._exchange("POST", request.url, dict(request.headers), body, deadline_s)

    def _exchange(self, method: str, url: str, headers: dict[str, str], body: str, deadline_s: float) -> Exchange:
        local = self.clock.now()
        took_s = deadline_s if self.scenario.network == "silent" else 0.0
        broken = breaks(self.scenario.network, took_s)
        if broken is not None:
            return broken
        reply = answers_instead(self.scenario.network, self.scenario.true_time(local))
        if reply is None:
            reply = self._judged(http_request(method, url, headers, body, self.scenario)).reply
        return replace(reply, sent_at=local, received_at=local)

    def _judged(self, request: HttpRequest) -> Outcome:
        ruling = self.scenario.rule(request, self.policy, self.scenario.server_time(self.clock.now()))
        self.policy = ruling.onto(self.policy)
        self.requests.append(request)
        self.rulings.append(ruling)
        return ruling


def http_request(method: str, url: str, headers: dict[str, str], body: str, scenario: Stage) -> HttpRequest:
    """A request to the host that the URL names, as the simulated service receives it."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    return HttpRequest(
        method=method,
        target=target or "/",
        headers={"Host": parts.netloc, **headers},
        body=body,
        caller_ip=scenario.caller_ip,
        scheme=parts.scheme,
        own_scheme=parts.scheme,
    )


def _revealed(value: str | Secret) -> str:
    return value.reveal() if isinstance(value, Secret) else value


@dataclass(frozen=True, slots=True)
class SimulatedPath:
    """The way to the host, as the scenario has it."""

    scenario: Stage

    def look(self, url: str, deadline_s: float) -> tuple[Observation, ...]:  # noqa: ARG002
        seen = {"path.dns_resolves": self.scenario.network != "dns"}
        if self.scenario.network != "dns":
            seen["path.tcp_connects"] = self.scenario.network != "refused"
        if self.scenario.network not in ("dns", "refused") and url.startswith("https:"):
            seen["path.tls_ok"] = self.scenario.network != "tls-untrusted"
        return tuple(Observation(name, value, "path") for name, value in seen.items())
