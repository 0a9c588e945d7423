"""A simulated org to read: the integration's login first, then the audit, all in process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic
from typing import Any
from urllib.parse import unquote

from jwtdoctor.instruments.org import OrgDoor
from jwtdoctor.instruments.ports import OrgWire
from jwtdoctor.intake.request_facts import observe_request
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.exchange import Exchange, Reply, TextRequest
from jwtdoctor.model.report import Report, Skipped
from jwtdoctor.model.secret import Secret
from jwtdoctor.org.audit import Audited, Target, audit
from jwtdoctor.org.report import report_of
from jwtdoctor.org.session import OrgSession
from jwtdoctor.probes.flows import token_request
from jwtdoctor.probes.local import look_at_key, make_assertion
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.orgapi import administrators_session
from jwtdoctor.simulator.world import Scenario
from jwtdoctor.testing import World

HOST = "https://acme.my.salesforce.com"


@dataclass(frozen=True)
class Seen:
    """A world, what was read of its org, and the report that comes of it."""

    world: World
    audited: Audited
    sent: tuple[Observation, ...] = ()
    """What the client's own request says of itself."""

    @property
    def chart(self) -> Chart:
        return Chart.of(self.audited.observations)

    @property
    def report(self) -> Report:
        return report_of(
            self.audited, load(), flow=self.world.scenario.flow, at=self.world.clock.now(), known=told(self.world)
        )

    def rule(self, name: str) -> str:
        """The message of a finding, empty where it was not made."""
        return next((finding.message for finding in self.audited.findings if finding.rule == name), "")

    def skipped(self, subject: str) -> str:
        """Why a query was not asked, empty where it was."""
        outcomes = (o for o in self.audited.outcomes if o.probe == f"audit:{subject}")
        return next((o.reason for o in outcomes if isinstance(o, Skipped)), "")


def told(world: World) -> Any:
    """What the client knows of itself (the host that is meant)."""
    return world.case.observations


def scenario_of(name: str = "healthy", **changes: Any) -> Scenario:
    """A staged fault with further changes: `user__is_frozen=True`, `app__blocked=True`, `org__kind="sandbox"`."""
    scenario = stage(name)
    policy = scenario.policy
    for path, value in changes.items():
        part, _, field = path.partition("__")
        if part == "administrator":
            policy = replace(policy, administrator=replace(policy.administrator, **{field: value}))
        elif part == "policy":
            policy = replace(policy, **{field: value})
        else:
            policy = getattr(policy, f"with_{part}")(**{field: value})
    return replace(scenario, policy=policy)


def read(scenario: Scenario | str = "healthy", *, login: bool = True, **target: Any) -> Seen:
    """The audit of a scenario's org. `login`: its client tries once before. `target`: changes of what is looked for."""
    world = World(scenario)
    sent = send(world) if login else ()
    attempt = world.case.attempt
    assert attempt is not None
    wanted = Target(attempt.client_id, attempt.username, world.scenario.flow, redirect_uri=attempt.redirect_uri)
    return Seen(world, audit(session(world), replace(wanted, **target), world.clock.now()), sent)


def session(world: World, wire: OrgWire | None = None, **bounds: Any) -> OrgSession:
    """An administrator's session with the world's org, over another wire where one is given."""
    token = administrators_session(world.transport.policy, world.scenario.server_time(world.clock.now()))
    return OrgSession(OrgDoor(wire or world.transport, HOST, Secret(token)), **{"ends_at": monotonic() + 30, **bounds})


@dataclass(frozen=True)
class Answering:
    """A wire that answers queries on some objects itself (`object -> (status, body)`) and hands on the others."""

    inner: OrgWire
    answers: dict[str, tuple[int, str]]

    def get_from_org(self, url: str, token: Secret, deadline_s: float) -> Exchange:
        own = next((answer for name, answer in self.answers.items() if name in unquote(url)), None)
        return self.inner.get_from_org(url, token, deadline_s) if own is None else Reply(own[0], {}, own[1])

    def post_text(self, request: TextRequest, deadline_s: float) -> Exchange:
        return self.inner.post_text(request, deadline_s)


def send(world: World) -> tuple[Observation, ...]:
    """The client's own request, straight to the judge; what it says of itself."""
    attempt, flow = world.case.attempt, world.scenario.flow
    assert attempt is not None
    assertion = None
    if flow == "jwt-bearer" and attempt.key_pem is not None:
        now = world.clock.now()
        key = look_at_key(attempt, now).key
        assertion = make_assertion(attempt, load().providers["salesforce"], key, now, flow).assertion
    if attempt.ready_assertion is not None:
        return ()
    if flow == "authorization-code" and attempt.code is None:
        return ()  # it would take a person
    request = token_request(flow, attempt, assertion)
    world.transport.post_form(request, 5.0)
    return observe_request(request)
