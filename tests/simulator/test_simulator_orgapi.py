"""The API of the simulated org: sessions, limits, pages, metadata, credentials, and one state behind all of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.judge import rule
from jwtdoctor.simulator.orgapi import LIMIT_HEADER, administrators_session
from jwtdoctor.simulator.policy import Policy
from jwtdoctor.simulator.wire import HttpRequest
from jwtdoctor.simulator.world import CONSUMER_KEY, CONSUMER_SECRET, healthy

NOW = 1_795_300_000.0
POLICY = healthy().policy
EXTERNAL = POLICY.with_app(kind="external-client-app", app_id="0xI5g000000AcmeCAA", staged="Active")


def get(target: str, policy: Policy = POLICY, **headers: str) -> Reply:
    session = administrators_session(policy, NOW)
    sent = {"Host": "127.0.0.1:1", "Authorization": f"Bearer {session}", **headers}
    return rule(HttpRequest("GET", target, sent), policy, NOW).reply


def query(soql: str, policy: Policy = POLICY, **headers: str) -> Any:
    return json.loads(get(f"/services/data/v60.0/query?q={quote(soql)}", policy, **headers).body)


def soap(body: str, policy: Policy = POLICY, session: str | None = None) -> Reply:
    header = f"<SessionHeader><sessionId>{session or administrators_session(policy, NOW)}</sessionId></SessionHeader>"
    text = f"<Envelope><Header>{header}</Header><Body>{body}</Body></Envelope>"
    return rule(HttpRequest("POST", "/services/Soap/m/60.0", {}, text), policy, NOW).reply


def read_metadata(kind: str, *names: str, policy: Policy = POLICY) -> str:
    wanted = "".join(f"<fullNames>{name}</fullNames>" for name in names)
    return soap(f"<readMetadata><type>{kind}</type>{wanted}</readMetadata>", policy).body


def test_every_answer_says_what_was_used_of_the_days_requests() -> None:
    bearer = {"Authorization": f"Bearer {administrators_session(POLICY, NOW)}"}
    request = HttpRequest("GET", "/services/data/v60.0/limits", bearer)

    ruling = rule(request, POLICY, NOW)

    assert ruling.reply.header(LIMIT_HEADER) == "api-usage=18/15000"
    assert ruling.onto(POLICY).org.api_used == 18


def test_a_spent_limit_refuses_what_follows() -> None:
    found = query("SELECT Id FROM User", POLICY.with_org(api_used=15_000))

    assert found[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"


def test_a_session_that_is_no_good_is_refused_by_rest_and_soap() -> None:
    rest = rule(
        HttpRequest("GET", "/services/data/v60.0/query?q=x", {"Authorization": "Bearer 00Dx"}), POLICY, NOW
    ).reply

    assert (rest.status, "INVALID_SESSION_ID" in rest.body) == (401, True)
    assert "sf:INVALID_SESSION_ID" in soap("<readMetadata/>", session="00Dx").body


def test_many_rows_come_in_pages_and_each_page_once() -> None:
    policy = POLICY.with_user(logins_last_hour=450)
    first = query("SELECT Id FROM LoginHistory", policy, **{"Sforce-Query-Options": "batchSize=200"})

    second = json.loads(get(first["nextRecordsUrl"], policy, **{"Sforce-Query-Options": "batchSize=200"}).body)

    assert (len(first["records"]), first["done"], first["totalSize"]) == (200, False, 450)
    assert not {row["Id"] for row in first["records"]} & {row["Id"] for row in second["records"]}


def test_a_locator_that_is_none_of_ours_is_refused() -> None:
    assert json.loads(get("/services/data/v60.0/query/01gabc-200").body)[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_the_settings_of_a_connected_app_are_those_that_the_judge_goes_by() -> None:
    policy = POLICY.with_app(scopes=("api", "refresh_token"), ip_relaxation="relax", requires_pkce=True)

    xml = read_metadata("ConnectedApp", "Acme_Integration", policy=policy)

    assert f"<consumerKey>{CONSUMER_KEY}</consumerKey>" in xml
    assert "<ipRelaxation>BYPASS</ipRelaxation>" in xml
    assert "<scopes>Api</scopes><scopes>RefreshToken</scopes>" in xml
    assert "<isPkceRequired>true</isPkceRequired>" in xml
    assert "BEGIN CERTIFICATE" not in xml


def test_an_unknown_component_is_nil_and_eleven_are_too_many() -> None:
    assert 'xsi:nil="true"' in read_metadata("ConnectedApp", "Nobody")
    assert "EXCEEDED_ID_LIMIT" in read_metadata("ConnectedApp", *(f"App{n}" for n in range(11)))


def test_metadata_wants_its_permission() -> None:
    policy = replace(POLICY, administrator=replace(POLICY.administrator, permissions=frozenset({"ViewSetup"})))

    answer = soap("<listMetadata><queries><type>ConnectedApp</type></queries></listMetadata>", policy)

    assert (answer.status, "ModifyAllData or ModifyMetadata" in answer.body) == (500, True)


def test_a_request_with_entities_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><Envelope/>'

    assert "INVALID_SESSION_ID" in rule(HttpRequest("POST", "/services/Soap/m/60.0", {}, bomb), POLICY, NOW).reply.body


def test_credentials_name_the_key_and_never_the_secret() -> None:
    base = "/services/data/v65.0/apps/oauth/credentials/0xI5g000000AcmeCAA"

    (consumer,) = json.loads(get(base, EXTERNAL).body)["consumers"]
    staged = get(consumer["stagedCredentialsUrl"], EXTERNAL).body

    assert consumer["key"] == CONSUMER_KEY
    assert json.loads(staged)["stagedCredentials"][0]["state"] == "Active"
    assert CONSUMER_SECRET not in staged + json.dumps(consumer)


def test_a_login_leaves_the_row_that_an_administrator_reads() -> None:
    scenario = stage("user-frozen")
    ready = scenario.ready(NOW)
    form = f"grant_type=client_credentials&client_id={CONSUMER_KEY}&client_secret={CONSUMER_SECRET}"
    request = HttpRequest("POST", "/services/oauth2/token", {"Content-Type": "application/x-www-form-urlencoded"}, form)

    after = rule(request, ready.policy, NOW).onto(ready.policy)

    (row,) = query("SELECT Status FROM LoginHistory WHERE LoginType = 'Remote Access 2.0'", after)["records"]
    assert row["Status"] == "User is frozen"


def test_an_app_that_is_not_installed_is_in_no_list_and_its_tokens_are() -> None:
    policy = POLICY.with_app(installed=False, home_org_is_target=False)

    assert query("SELECT Id FROM AppMenuItem", policy)["records"] == []
    assert query("SELECT AppName FROM OauthToken", policy)["records"][0]["AppName"] == "Acme Integration"


def test_every_id_has_eighteen_characters() -> None:
    from jwtdoctor.simulator.orgrows import World
    from jwtdoctor.simulator.orgschema import DATA

    rows = [row for entity in DATA.values() for row in World(EXTERNAL, NOW).rows(entity.name)]

    assert all(len(row["Id"]) == 18 for row in rows if "Id" in row)
