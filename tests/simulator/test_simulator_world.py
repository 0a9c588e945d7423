"""Scenarios, and the world for tests that is made of one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from simulated_client import login, post, said

from jwtdoctor.errors import UnknownName
from jwtdoctor.model.clock import SourceRefused, TimeSample
from jwtdoctor.simulator.facts import admin_facts, client_facts
from jwtdoctor.simulator.faults import FAULTS, stage
from jwtdoctor.simulator.judge import rule
from jwtdoctor.simulator.world import healthy
from jwtdoctor.testing import TRUE_NOW, FixedClock, World


def facts_of(world: World) -> dict[str, object]:
    return {seen.fact: seen.value for seen in world.case.observations}


def test_a_slow_clock_is_a_world_that_is_ahead() -> None:
    world = World("clock-drift")

    sample = world.time_sources[0].sample(1.0)
    assert world.clock.now() == TRUE_NOW - 600
    assert isinstance(sample, TimeSample)
    assert sample.ahead_s == -600


def test_a_wrong_server_clock_leaves_the_time_servers_right() -> None:
    scenario = stage("server-clock-wrong")

    assert (scenario.true_time(TRUE_NOW), scenario.server_time(TRUE_NOW)) == (TRUE_NOW, TRUE_NOW + 900)


def test_time_servers_can_be_out_of_reach() -> None:
    world = World("clock-drift", ntp=False)

    assert world.time_sources[0].sample(1.0) == SourceRefused("ntp:time1.example", "no answer in 1.0 s")


def test_a_fixed_clock_moves_when_it_is_told() -> None:
    clock = FixedClock(100.0)
    clock.advance(5)

    assert clock.now() == 105.0


def test_the_case_names_the_host_that_is_meant() -> None:
    assert facts_of(World("wrong-login-host"))["request.token_host"] == "login.salesforce.com"


@pytest.mark.parametrize("name", ["user-not-assigned-to-app", "ip-restricted", "user-inactive"])
def test_the_case_tells_nothing_of_the_org_unless_an_administrator_does(name: str) -> None:
    told = facts_of(World(name))

    assert not [fact for fact in told if fact.startswith("user.")]


def test_an_administrator_sees_the_missing_assignment_and_its_row_in_login_history() -> None:
    world = World("user-not-assigned-to-app", admin=True)
    login(world)
    told = facts_of(world)

    assert (told["app.permitted_users"], told["user.assigned_to_app"]) == ("admin-approved", False)
    assert told["login_history.status"] == "Failed: Not approved for access"


def test_an_administrator_sees_that_the_certificate_is_another_one() -> None:
    told = {seen.fact: seen.value for seen in admin_facts(stage("signature-key-mismatch"))}

    assert (told["key.matches_certificate"], told["app.certificate_uploaded"]) == (False, True)


def test_an_administrator_finds_nothing_wrong_in_a_healthy_org() -> None:
    told = {seen.fact: seen.value for seen in admin_facts(healthy())}

    assert all(told[fact] is True for fact in ("user.is_active", "user.assigned_to_app", "key.matches_certificate"))
    assert told["user.exists_in_org"] is True


@pytest.mark.parametrize("one", FAULTS, ids=lambda one: str(one.name))
def test_facts_can_be_told_of_every_scenario(one: object) -> None:
    scenario = stage(str(getattr(one, "name", "")))

    told = [seen.fact for seen in (*client_facts(scenario), *admin_facts(scenario))]
    assert len(told) > 20


def test_addresses_count_as_inside_where_the_flow_does_not_ask_for_them() -> None:
    outside = stage("ip-restricted:client-credentials")
    relaxed = replace(outside, policy=outside.policy.with_app(ip_relaxation="relax"))
    told = {seen.fact: seen.value for seen in admin_facts(relaxed)}

    assert (told["user.has_ip_ranges"], told["user.caller_ip_in_ranges"]) == (True, True)


def test_a_flow_that_is_not_served_is_unknown() -> None:
    with pytest.raises(UnknownName, match="jwt-bearer"):
        healthy("user-agent")


def test_a_world_keeps_what_the_judge_decided() -> None:
    world = World("app-blocked")
    login(world)

    refusal = world.rulings[0].refusal
    assert refusal is not None
    assert refusal.error == "app_blocked"


def test_a_scenario_of_one_s_own_takes_its_names() -> None:
    scenario = healthy(client_id="3MVG9mine", username="me@mine.example")

    assert said(login(World(scenario))) == (200, "granted")
    assert scenario.policy.users[0].username == "me@mine.example"


def test_what_is_held_from_before_is_as_old_as_it_is_said_to_be() -> None:
    ready = stage("assertion-expired").ready(TRUE_NOW)

    assert ready.attempt.extra_claims == {"exp": int(TRUE_NOW) - 4_000 + 180, "iat": int(TRUE_NOW) - 4_000}


def test_a_code_of_one_app_is_worth_nothing_at_another() -> None:
    code_flow = stage("redirect-uri-missing")
    held = code_flow.ready(TRUE_NOW).attempt
    other = healthy("authorization-code", client_id="3MVG9another")
    assert held.code is not None

    form = {"grant_type": "authorization_code", "code": held.code.reveal(), "client_id": "3MVG9another"}
    form |= {"client_secret": other.policy.app.consumer_secret.reveal()}
    ruling = rule(post(form), other.policy, TRUE_NOW)

    assert said(ruling.reply) == (400, "invalid authorization code")
