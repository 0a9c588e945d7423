"""`check --simulate`: a staged fault on loopback sockets, and what a checkup needs to meet it, in one `with`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.ntp import NtpResponder
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.staging import DEFAULT, reservation, staged

if TYPE_CHECKING:
    from jwtdoctor.instruments.ports import TimeSource


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
    """Where the API of the simulated org is, and an administrator's session with it; None where there is no org."""
    session: Secret | None
    client_facts: tuple[Observation, ...]
    warnings: tuple[str, ...] = ()
    """What is to be said of the service that is played, for the report."""


@contextmanager
def simulated_check(
    name: str = "healthy", *, flow: str | None = None, provider: str = DEFAULT
) -> Iterator[SimulatedCheck]:
    """Serves the fault of that name until the block ends. Raises UnknownName before anything is started.

    `flow` chooses the flow of Salesforce's `healthy`.
    """
    from jwtdoctor.instruments.ntp import NtpSource

    scenario = staged(name, provider, flow)
    reserved = reservation(scenario.provider)
    with Simulator(scenario) as simulator, NtpResponder(simulator.true_time) as second:
        servers = (simulator.ntp, second.address)
        yield SimulatedCheck(
            attempt=simulator.ready().attempt,
            provider=scenario.provider,
            flow=scenario.flow,
            ntp=tuple(f"{host}:{port}" for host, port in servers),
            time_sources=tuple(NtpSource(host, port) for host, port in servers),
            instance_url=simulator.token_url.removesuffix(scenario.path),
            session=Secret(simulator.administrators_session()) if scenario.provider == DEFAULT else None,
            client_facts=scenario.client_facts(),
            warnings=() if reserved is None else (reserved,),
        )
