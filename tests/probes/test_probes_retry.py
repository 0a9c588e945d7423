"""`--prove` in the simulator: in both directions, counted, announced first, and never where it could do harm."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from jwtdoctor.checkup import events
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.names import Likelihood, Reach
from jwtdoctor.model.report import Concluded, ProbeStarted, Report
from jwtdoctor.probes.retry import Experiment, bare_host, result_of
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.simulator.wire import TOKEN_PATH
from jwtdoctor.testing import FAULTS, Scenario, World, stage

NAMED = (Observation("org.my_domain", "acme.my.salesforce.com", "user"),)
SANDBOX = (Observation("org.my_domain", "acme--dev.sandbox.my.salesforce.com", "user"),)


@dataclass(frozen=True)
class Proof:
    """One checkup with `--prove`: the report, what was announced, and how many logins the endpoint saw."""

    report: Report
    plan: tuple[str, ...]
    logins_seen: int


def prove(
    scenario: Scenario | str,
    *,
    vague: Vague = "no",
    facts: tuple[Observation, ...] = (),
    admin: bool = False,
    ntp: bool = True,
) -> Proof:
    world = World(scenario, vague=vague, admin=admin, ntp=ntp)
    case = replace(world.case, reach=Reach.REPEAT, observations=(*world.case.observations, *facts))
    plan: tuple[str, ...] = ()
    report: Report | None = None
    seen_before_plan = 0
    for event in events(case, world.instruments):
        if isinstance(event, ProbeStarted) and event.plan:
            plan, seen_before_plan = event.plan, logins(world)
        if isinstance(event, Concluded):
            report = event.report
    assert report is not None
    assert seen_before_plan <= 1, "the plan comes before any further login"
    return Proof(report, plan, logins(world))


def logins(world: World) -> int:
    return sum(request.target == TOKEN_PATH for request in world.transport.requests)


@pytest.mark.parametrize("vague", ["no", "no-description", "bare"])
@pytest.mark.parametrize(
    ("fault", "facts"),
    [
        ("clock-drift", ()),
        ("wrong-audience", ()),
        ("wrong-audience:production", ()),
        ("wrong-login-host", NAMED),
        ("wrong-login-host:other-pool", SANDBOX),
        ("wrong-login-host:other-pool", ()),
        ("wrong-login-host:client-credentials", NAMED),
    ],
    ids=lambda value: value if isinstance(value, str) else ("named" if value else "unnamed"),
)
def test_a_granted_proof_makes_the_cause_almost_certain(
    fault: str, facts: tuple[Observation, ...], vague: Vague
) -> None:
    proof = prove(fault, vague=vague, facts=facts)

    assert proof.report.leaders == (fault.partition(":")[0],)
    assert proof.report.verdicts[0].likelihood is Likelihood.ALMOST_CERTAIN
    assert (proof.report.logins_used, proof.logins_seen) == (2, 2)
    assert len(proof.plan) >= 1


@pytest.mark.parametrize("ntp", [True, False], ids=["ntp", "no-ntp"])
def test_the_cause_that_is_proven_is_not_proven_by_a_time_that_nobody_measured(ntp: bool) -> None:
    proof = prove("clock-drift", ntp=ntp)

    assert ("retry.granted_with_true_time" in proof.report.chart) is ntp


@pytest.mark.parametrize("vague", ["no", "bare"])
@pytest.mark.parametrize("fault", ["clock-drift", "server-clock-wrong"])
def test_where_no_time_server_answers_the_host_s_own_time_shows_that_the_clocks_differ(
    fault: str, vague: Vague
) -> None:
    """Which of the two is off it cannot show, so nothing is promised."""
    proof = prove(fault, vague=vague, ntp=False)

    assert proof.report.chart.flag("retry.granted_with_host_time") is True
    assert "the token host's time" in proof.plan[0]
    assert (proof.report.logins_used, proof.logins_seen) == (2, 2)
    assert set(proof.report.leaders) <= {"clock-drift", "server-clock-wrong"}
    assert proof.report.verdicts[0].likelihood is not Likelihood.ALMOST_CERTAIN


def test_the_host_s_own_time_that_does_not_help_turns_from_the_clock_to_the_key() -> None:
    slow_and_foreign = replace(stage("signature-key-mismatch"), true_time_offset_s=600.0)

    proof = prove(slow_and_foreign, vague="bare", admin=True, ntp=False)

    assert proof.report.chart.flag("retry.granted_with_host_time") is False
    assert proof.report.leaders[0] == "signature-key-mismatch"
    assert "clock-drift" not in proof.report.leaders


def test_true_time_that_does_not_help_turns_from_the_clock_to_the_key() -> None:
    slow_and_foreign = replace(stage("signature-key-mismatch"), true_time_offset_s=600.0)

    without = World(slow_and_foreign, vague="bare", admin=True)
    proof = prove(slow_and_foreign, vague="bare", admin=True)

    assert proof.report.chart.flag("retry.granted_with_true_time") is False
    assert proof.report.leaders[0] == "signature-key-mismatch"
    assert "clock-drift" not in proof.report.leaders
    assert without.case.observations  # the administrator's facts were the same


def test_an_audience_that_does_not_help_turns_to_the_approval() -> None:
    """The audience is of the wrong form, and whoever mends it alone is refused for the approval next."""
    two_faults = replace(stage("user-not-assigned-to-app"), attempt=stage("wrong-audience:production").attempt)

    proof = prove(two_faults)

    assert "retry.granted_with_audience" not in proof.report.chart
    assert [f.rule for f in proof.report.findings] == ["refused-for-another-reason"]
    assert proof.report.leaders == ("wrong-audience",)


def test_the_same_bare_refusal_for_the_right_audience_speaks_against_the_audience() -> None:
    sandbox = stage("wrong-audience")
    users = tuple(replace(user, assigned_to_app=False) for user in sandbox.policy.users)
    both = replace(sandbox, policy=replace(sandbox.policy, users=users))

    half_told = (Observation("app.permitted_users", "admin-approved", "user"),)
    proof = prove(both, vague="bare", facts=half_told)

    assert proof.report.chart.flag("retry.granted_with_audience") is False
    assert "wrong-audience" not in proof.report.leaders
    assert proof.report.verdict("wrong-audience") is None or proof.report.verdicts[0].cause != "wrong-audience"


def test_the_org_s_own_host_that_does_not_help_speaks_against_the_host() -> None:
    external = stage("app-in-other-org")
    asked_at_login = replace(external, policy=replace(external.policy, logical_host="login.salesforce.com"))

    proof = prove(asked_at_login, facts=NAMED)

    assert proof.report.chart.flag("retry.granted_with_host") is False
    assert "app-in-other-org" in proof.report.leaders
    assert "wrong-login-host" not in proof.report.leaders
    assert (proof.report.logins_used, proof.logins_seen) == (2, 2)


def test_a_mere_guess_at_a_host_refutes_nothing() -> None:
    scenario = stage("client-id-unknown")
    at_login = replace(scenario, policy=replace(scenario.policy, logical_host="login.salesforce.com"))
    unknown_domain = tuple(o for o in World(at_login).case.observations if o.fact != "org.my_domain")
    world = World(at_login)
    case = replace(world.case, reach=Reach.REPEAT, observations=unknown_domain)

    for event in events(case, world.instruments):
        if isinstance(event, Concluded):
            assert event.report.chart.flag("retry.granted_with_host") is not False


@pytest.mark.parametrize("fault", FAULTS, ids=[f.name for f in FAULTS])
@pytest.mark.parametrize("vague", ["no", "bare"])
def test_no_more_is_sent_than_was_announced_and_never_more_than_two(fault: object, vague: Vague) -> None:
    name = str(getattr(fault, "name", ""))

    proof = prove(name, vague=vague)

    before = 0 if proof.report.logins_used == 0 else 1
    assert proof.logins_seen <= before + len(proof.plan)
    assert len(proof.plan) <= 2
    assert proof.report.logins_used == proof.logins_seen or proof.logins_seen == 0


@pytest.mark.parametrize(
    "fault",
    ["password-wrong", "password-locked", "rate-limited", "refresh-token-revoked", "code-reused", "healthy",
     "device-pending", "platform-maintenance", "platform-transient"],
)  # fmt: skip
def test_what_could_lock_somebody_out_or_spend_something_is_never_repeated(fault: str) -> None:
    proof = prove(fault, facts=NAMED)

    assert proof.plan == ()
    assert proof.logins_seen <= 1
    retry = next(p for p in proof.report.probes if p.probe == "retry")
    assert getattr(retry, "reason", "")


def test_near_the_login_limit_nothing_is_repeated() -> None:
    proof = prove("clock-drift", facts=(Observation("history.logins_last_hour", 3_500, "user"),))

    assert (proof.plan, proof.logins_seen) == ((), 1)


def test_without_prove_one_login_is_sent() -> None:
    world = World("clock-drift")

    for _ in events(world.case, world.instruments):
        pass

    assert logins(world) == 1


def test_another_refusal_is_no_refutation() -> None:
    world = World("clock-drift")
    assert world.case.attempt is not None
    experiment = Experiment("time", "retry.granted_with_true_time", "sign with true time", world.case.attempt)
    before = Chart.of([Observation("reply.error", "invalid_grant"), Observation("reply.description", "expired")])
    status = Observation("reply.status", 400)

    same = result_of(experiment, before, (status, *before))
    other = result_of(experiment, before, (status, Observation("reply.error", "invalid_client")))
    none = result_of(experiment, before, (Observation("path.failure", "dns"),))

    assert [o.value for o in same.observations] == [False]
    assert (other.observations, [f.rule for f in other.findings]) == ((), ["refused-for-another-reason"])
    assert (none.observations, none.findings) == ((), ())


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("acme.my.salesforce.com", "acme.my.salesforce.com"),
        ("https://Acme.my.salesforce.com/x", "acme.my.salesforce.com"),
        ("localhost", None),
        ("a b.c", None),
        ("", None),
        ("https://u:p@", None),
    ],
)
def test_a_host_is_read_from_a_name_or_a_url(text: str, host: str | None) -> None:
    assert bare_host(text) == host
