"""A situation of any provider, in one shape: Salesforce's `Scenario`, every other one's `Scene`."""

from __future__ import annotations

from typing import Any, Protocol

from jwtdoctor.errors import UnknownName
from jwtdoctor.knowledge.load import Knowledge, load
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest
from jwtdoctor.simulator.world import Network

DEFAULT = "salesforce"


class Outcome(Protocol):
    """What came of a request."""

    @property
    def reply(self) -> Reply: ...

    @property
    def refusal(self) -> Refusal | None: ...

    def onto(self, policy: Any) -> Any:
        """The service's state afterwards."""
        ...


class ReadyStage(Protocol):
    """A situation at a moment."""

    @property
    def attempt(self) -> Attempt: ...

    @property
    def policy(self) -> Any: ...


class Stage(Protocol):
    """What a listener, a test world and a check need of a situation. `policy` is the service's state, its own kind."""

    @property
    def provider(self) -> str: ...

    @property
    def flow(self) -> str: ...

    @property
    def attempt(self) -> Attempt: ...

    @property
    def policy(self) -> Any: ...

    @property
    def network(self) -> Network: ...

    @property
    def true_time_offset_s(self) -> float: ...

    @property
    def caller_ip(self) -> str: ...

    @property
    def scheme(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def token_host(self) -> str: ...

    def true_time(self, local_now: float) -> float: ...

    def server_time(self, local_now: float) -> float: ...

    def ready(self, local_now: float, token_url: str | None = None) -> ReadyStage: ...

    def rule(self, request: HttpRequest, policy: Any, now: float) -> Outcome: ...

    def vague(self, how: Vague) -> Stage: ...

    def client_facts(self) -> tuple[Observation, ...]: ...

    def admin_facts(self, refusal: Refusal | None = None) -> tuple[Observation, ...]: ...


def reservation(provider: str) -> str | None:
    """What is to be said of the words that this provider's service is played with; None where they are its own."""
    from jwtdoctor.simulator.providers.judge import PLAYED

    if provider == DEFAULT or provider in PLAYED:
        return None
    return f"{provider} is played from its data alone: which of its texts it chooses is a guess"


def staged(name: str, provider: str = DEFAULT, flow: str | None = None, knowledge: Knowledge | None = None) -> Stage:
    """The situation of a fault by its name. `flow` chooses the flow of Salesforce's `healthy`.

    Raises UnknownName for a fault or a provider that there is not, BadInput for one that cannot be played.
    """
    if provider == DEFAULT:
        from jwtdoctor.simulator.faults import stage

        return stage(name, flow=flow)
    from jwtdoctor.simulator.providers.staged import stage as stage_at

    known = knowledge or load()
    if provider not in known.providers:
        raise UnknownName("no provider of that name", expected=", ".join(known.provider_names))
    return stage_at(name, known.providers[provider])
