"""`check --simulate`: a staged fault on loopback sockets, and what a checkup needs to meet it, in one `with`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.simulator.facts import client_facts
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.world import stage

if TYPE_CHECKING:
    from jwtdoctor.instruments.ports import TimeSource

PROVIDER = "salesforce"
"""The provider whose rules the simulator knows."""


@dataclass(frozen=True, slots=True)
class SimulatedCheck:
    """What a checkup is given. It holds no trace of which fault was staged.

    `ntp` is `HOST:PORT` of the simulated time server, `time_sources` the same ready to ask. `client_facts` name
    the host that is meant, since the loopback address of `attempt.token_url` testifies to nothing.
    """

    attempt: Attempt
    provider: str
    flow: str
    ntp: tuple[str, ...]
    time_sources: tuple[TimeSource, ...]
    client_facts: tuple[Observation, ...]


@contextmanager
def simulated_check(name: str = "healthy", *, flow: str | None = None) -> Iterator[SimulatedCheck]:
    """Serves the fault of that name until the block ends. Raises UnknownName before anything is started.

    `flow` chooses the flow of `healthy`.
    """
    from jwtdoctor.instruments.ntp import NtpSource

    scenario = stage(name, flow=flow)
    with Simulator(scenario) as simulator:
        host, port = simulator.ntp
        yield SimulatedCheck(
            attempt=simulator.ready().attempt,
            provider=PROVIDER,
            flow=scenario.flow,
            ntp=(f"{host}:{port}",),
            time_sources=(NtpSource(host, port),),
            client_facts=client_facts(scenario),
        )
