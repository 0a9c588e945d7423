"""`audit --apps`: every app at risk, and none that is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from org_stage import scenario_of, send, session

from jwtdoctor.org.risks import Risks, risks
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.keys import pair
from jwtdoctor.simulator.policy import ADMINISTRATORS_PERMISSIONS, App
from jwtdoctor.testing import World

HEALTHY = stage("healthy").policy.app


def neighbour(name: str, number: int, **changes: Any) -> App:
    """Another app of the org, with a certificate of its own."""
    own = {"label": name, "api_name": name.replace(" ", "_"), "app_id": f"0H45g0000000{number:03}AAA",
           "consumer_key": f"3MVG9Neighbour{number}", "certificates": (pair("other").certificate_pem,)}  # fmt: skip
    return replace(HEALTHY, **{**own, **changes})


def look(*apps: App, login: bool = True, **changes: Any) -> Risks:
    world = World(scenario_of(policy__other_apps=apps, **changes))
    if login:
        send(world)
    return risks(session(world), world.clock.now())


def rules(found: Risks) -> list[tuple[str, str]]:
    return [(finding.rule, finding.where) for finding in found.findings if finding.severity != "note"]


def test_an_org_in_order_has_no_app_at_risk() -> None:
    assert rules(look(neighbour("Acme Reports", 1))) == []


def test_an_app_for_which_nobody_is_preauthorised_is_named() -> None:
    assert rules(look(neighbour("Acme Reports", 1, granted_to_nobody=True))) == [
        ("preauthorised-nobody", "Acme Reports")
    ]


def test_an_external_client_app_for_which_nobody_is_preauthorised_is_named() -> None:
    external = {"kind": "external-client-app", "app_id": "0xI5g0000000001AAA", "granted_to_nobody": True}

    assert rules(look(neighbour("Acme Edge", 1, **external))) == [("preauthorised-nobody", "Acme Edge")]


def test_an_external_client_app_without_policy_is_named() -> None:
    external = {"kind": "external-client-app", "app_id": "0xI5g0000000001AAA", "has_policy": False}

    assert rules(look(neighbour("Acme Edge", 1, **external))) == [("app-without-policy", "Acme Edge")]


def test_a_certificate_that_has_ended_is_named() -> None:
    found = look(neighbour("Acme Old", 1, certificates=(pair("expired").certificate_pem,)))

    assert rules(found) == [("app-certificate-ends", "Acme Old")]


def test_one_certificate_in_several_apps_is_a_note() -> None:
    shared = neighbour("Acme Twin", 1, certificates=HEALTHY.certificates)

    assert "certificate-shared" in [finding.rule for finding in look(shared).findings]


def test_an_app_that_is_used_and_not_installed_is_named() -> None:
    found = look(app__installed=False, app__home_org_is_target=False)

    assert rules(found) == [("app-uninstalled-in-use", "Acme Integration")]


def test_where_a_list_of_apps_is_not_visible_nothing_is_called_uninstalled() -> None:
    permissions = ADMINISTRATORS_PERMISSIONS - {
        "ExternalClientAppAdmin", "ExternalClientAppDeveloper", "ExternalClientAppViewer",
    }  # fmt: skip

    found = look(app__installed=False, app__home_org_is_target=False, administrator__permissions=permissions)

    assert rules(found) == []
    assert any("not visible" in getattr(outcome, "reason", "") for outcome in found.outcomes)


@pytest.mark.parametrize("lacks", ["CustomizeApplication", "ViewSetup"])
def test_without_a_permission_nothing_is_claimed_that_it_would_show(lacks: str) -> None:
    found = look(
        neighbour("Acme Reports", 1, granted_to_nobody=True),
        app__installed=False,
        app__home_org_is_target=False,
        administrator__permissions=ADMINISTRATORS_PERMISSIONS - {lacks},
    )
    told = {"CustomizeApplication": "app-uninstalled-in-use", "ViewSetup": "preauthorised-nobody"}

    assert told[lacks] not in [rule for rule, _ in rules(found)]


def test_many_apps_cost_few_requests() -> None:
    found = look(*(neighbour(f"App {n}", n) for n in range(60)))

    assert found.calls <= 16
