"""What clients fetch after a token: just what the sf CLI, jsforce and simple-salesforce need to go on."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from simulated_client import login, post, said

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator.judge import judge, rule
from jwtdoctor.simulator.wire import HttpRequest
from jwtdoctor.simulator.world import CONSUMER_KEY
from jwtdoctor.testing import World

NOW = 1_795_300_000.0


@pytest.fixture(scope="module")
def world() -> World:
    return World("healthy")


@pytest.fixture(scope="module")
def granted(world: World) -> dict[str, Any]:
    reply = login(world)
    assert isinstance(reply, Reply)
    found = json.loads(reply.body)
    assert isinstance(found, dict)
    return found


def fetch(world: World, target: str, token: str) -> tuple[int | None, Any]:
    request = HttpRequest("GET", target, {"Host": "127.0.0.1:1", "Authorization": f"Bearer {token}"})
    reply = judge(request, world.transport.policy, NOW)
    return reply.status, json.loads(reply.body)


def test_the_last_api_version_is_the_newest(world: World, granted: dict[str, Any]) -> None:
    _, versions = fetch(world, "/services/data", granted["access_token"])

    numbers = [float(one["version"]) for one in versions]
    assert numbers == sorted(numbers)


def test_the_organization_query_tells_what_kind_of_org_it_is(world: World, granted: dict[str, Any]) -> None:
    soql = (
        "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, OrganizationType FROM Organization"
    )

    status, found = fetch(world, f"/services/data/v63.0/query?q={quote(soql)}", granted["access_token"])

    assert (status, found["records"][0]["IsSandbox"]) == (200, False)


def test_scratch_org_info_is_no_object_of_an_ordinary_org(world: World, granted: dict[str, Any]) -> None:
    query = quote("SELECT Id FROM ScratchOrgInfo limit 1")

    status, found = fetch(world, f"/services/data/v51.0/query?q={query}", granted["access_token"])

    assert (status, found[0]["errorCode"]) == (400, "INVALID_TYPE")


def test_an_ordinary_org_is_the_sandbox_of_no_other(world: World, granted: dict[str, Any]) -> None:
    query = quote("SELECT Id,Status FROM SandboxProcess WHERE SandboxOrganization='00D5g000004aBcD'")

    status, found = fetch(world, f"/services/data/v67.0/tooling/query?q={query}", granted["access_token"])

    assert (status, found["records"]) == (200, [])


def test_a_versions_directory_tells_where_the_identity_is(world: World, granted: dict[str, Any]) -> None:
    _, found = fetch(world, "/services/data/v50.0", granted["access_token"])

    assert found["identity"] == granted["id"]


def test_the_user_of_the_token_is_found(world: World, granted: dict[str, Any]) -> None:
    user_id = granted["id"].rpartition("/")[2]

    _, found = fetch(world, f"/services/data/v51.0/sobjects/User/{user_id}", granted["access_token"])

    assert found["Username"] == "integration@acme.example"


@pytest.mark.parametrize("path", ["/services/oauth2/userinfo", "/id/00D5g000004aBcDEAU/0055g00000ABcDeAAL"])
def test_identity_names_the_user(world: World, granted: dict[str, Any], path: str) -> None:
    assert fetch(world, path, granted["access_token"])[1]["preferred_username"] == "integration@acme.example"


def test_identity_takes_the_token_as_a_parameter(world: World, granted: dict[str, Any]) -> None:
    """jsforce asks `/id/ORG/USER?format=json&oauth_token=TOKEN`."""
    target = f"/id/00D5g000004aBcDEAU/0055g00000ABcDeAAL?format=json&oauth_token={quote(granted['access_token'])}"

    assert judge(HttpRequest("GET", target), world.transport.policy, NOW).status == 200


def test_a_bad_token_is_told_in_plain_text_at_userinfo(world: World) -> None:
    request = HttpRequest("GET", "/services/oauth2/userinfo", {"Authorization": "Bearer nonsense"})

    reply = judge(request, world.transport.policy, NOW)
    assert (reply.status, reply.body) == (403, "Bad_OAuth_Token")


def test_a_bad_token_is_an_invalid_session_at_the_api(world: World) -> None:
    status, found = fetch(world, "/services/data", "nonsense")

    assert (status, found[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_a_revoked_token_is_dead() -> None:
    world = World("healthy")
    token = json.loads(str(getattr(login(world), "body", "")))["access_token"]
    request = post({"token": token})
    revoke = HttpRequest("POST", "/services/oauth2/revoke", request.headers, request.body)

    ruling = rule(revoke, world.transport.policy, NOW)
    world.transport.policy = ruling.onto(world.transport.policy)

    assert (ruling.reply.status, fetch(world, "/services/data", token)[0]) == (200, 401)


def test_revoking_nonsense_is_answered_form_encoded(world: World) -> None:
    reply = judge(HttpRequest("POST", "/services/oauth2/revoke", {}, "token=x"), world.transport.policy, NOW)

    assert reply.status == 400
    assert reply.body == "error=unsupported_token_type&error_description=this+token+type+is+not+supported"


def test_introspection_knows_a_live_token_of_its_own_app(world: World, granted: dict[str, Any]) -> None:
    def introspect(**fields: str) -> Any:
        form = post({"token": granted["access_token"], **fields})
        request = HttpRequest("POST", "/services/oauth2/introspect", form.headers, form.body)
        return json.loads(judge(request, world.transport.policy, NOW).body)["active"]

    assert (introspect(client_id=CONSUMER_KEY), introspect(client_id="another")) == (True, False)


def test_the_device_flow_begins_with_two_codes_and_polls_to_a_token(world: World) -> None:
    begun = judge(post({"response_type": "device_code", "client_id": CONSUMER_KEY}), world.transport.policy, NOW)
    codes = json.loads(begun.body)
    poll = post({"grant_type": "device", "client_id": CONSUMER_KEY, "code": codes["device_code"]})

    assert len(codes["user_code"]) == 8
    assert said(judge(poll, world.transport.policy, NOW + 6)) == (200, "granted")


def test_an_unknown_path_is_not_found(world: World) -> None:
    assert judge(HttpRequest("GET", "/nothing/here"), world.transport.policy, NOW).status == 404


def test_the_error_page_shows_one_text_for_everything(world: World) -> None:
    page = judge(HttpRequest("GET", "/setup/secur/RemoteAccessErrorPage.apexp?error=x"), world.transport.policy, NOW)

    assert "OAUTH_APPROVAL_ERROR_GENERIC" in page.body
