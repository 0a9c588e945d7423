"""`check --simulate`: a staged fault on loopback sockets, and what a checkup needs to meet it, in one `with`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.facts import client_facts
from jwtdoctor.simulator.ntp import NtpResponder
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.wire import TOKEN_PATH
from jwtdoctor.simulator.world import stage

if TYPE_CHECKING:
    from jwtdoctor.instruments.ports import TimeSource

PROVIDER = "salesforce"
"""The provider whose rules the simulator knows."""


@dataclass(frozen=True, slots=True)
class SimulatedCheck:
    """What a checkup is given. It holds no trace of which fault was staged.

    `ntp` are `HOST:PORT` of two simulated time servers, which can agree, `time_sources` the same ready to ask.
    `client_facts` name the host that is meant, since the loopback address of `attempt.token_url` testifies to nothing.
    """

    attempt: Attempt
    provider: str
    flow: str
    ntp: tuple[str, ...]
    time_sources: tuple[TimeSource, ...]
    instance_url: str
    """Where the API of the simulated org is, and an administrator's session with it."""
    session: Secret
    client_facts: tuple[Observation, ...]


@contextmanager
def simulated_check(name: str = "healthy", *, flow: str | None = None) -> Iterator[SimulatedCheck]:
    """Serves the fault of that name until the block ends. Raises UnknownName before anything is started.

    `flow` chooses the flow of `healthy`.
    """
    from jwtdoctor.instruments.ntp import NtpSource

    scenario = stage(name, flow=flow)
    with Simulator(scenario) as simulator, NtpResponder(simulator.true_time) as second:
        servers = (simulator.ntp, second.address)
        yield SimulatedCheck(
            attempt=simulator.ready().attempt,
            provider=PROVIDER,
            flow=scenario.flow,
            ntp=tuple(f"{host}:{port}" for host, port in servers),
            time_sources=tuple(NtpSource(host, port) for host, port in servers),
            instance_url=simulator.token_url.removesuffix(TOKEN_PATH),
            session=Secret(simulator.administrators_session()),
            client_facts=client_facts(scenario),
        )
