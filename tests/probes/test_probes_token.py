"""What a granted token is good for: read from its response, tried read-only, kept to the hosts that may have it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.token import grant_of, look_at_grant, try_token
from jwtdoctor.reasoning.conclude import conclude
from jwtdoctor.simulator.faults import LISTED, USELESS_TOKENS
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.testing import World, stage

TOKEN = "00D5g000004aBcD!AQ.PlantedAccessToken"
URL = "https://acme.my.salesforce.com/services/oauth2/token"
SALESFORCE = load().providers["salesforce"]


def checked(world: World) -> Report:
    return examine(world.case, world.instruments)


def rules(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings]


@pytest.mark.parametrize("admin", [True, False], ids=["admin", "outside"])
@pytest.mark.parametrize("vague", ["no", "bare"])
@pytest.mark.parametrize("name", [fault.name for fault in USELESS_TOKENS])
def test_a_token_that_the_api_refuses_leads_to_the_staged_cause(name: str, vague: Vague, admin: bool) -> None:
    report = checked(World(name, vague=vague, admin=admin))

    assert report.outcome is Outcome.GRANTED
    assert report.leaders == (name.partition(":")[0],)
    assert "token-is-refused" in rules(report)
    assert report.logins_used == 1


def test_what_lists_faults_names_the_useless_tokens_too() -> None:
    names = [fault.name for fault in LISTED]

    assert len(set(names)) == len(names)
    assert {fault.name for fault in USELESS_TOKENS} <= set(names)


@pytest.mark.parametrize(
    "flow", ["jwt-bearer", "client-credentials", "authorization-code", "refresh-token", "password"]
)
def test_a_healthy_token_works_and_is_whose_it_should_be(flow: str) -> None:
    from jwtdoctor.testing import healthy

    report = checked(World(healthy(flow)))

    facts = report.chart
    assert (facts.flag("token.api_works"), facts.number("token.identity_status")) == (True, 200)
    assert facts.flag("token.user_matches") in (True, None)
    assert report.leaders == ()
    assert rules(report) == []


def test_with_a_secret_at_hand_the_signature_is_verified_and_the_token_introspected() -> None:
    facts = checked(World("healthy:client-credentials")).chart

    assert (facts.flag("token.signature_verifies"), facts.flag("token.is_active")) == (True, True)


def test_issued_at_is_a_third_clock() -> None:
    report = checked(World("healthy:slow-clock"))

    (third,) = [reading for reading in report.clocks if reading.source == "issued_at"]
    assert third.standing == "agrees"
    assert third.ahead_s == pytest.approx(-120.0, abs=0.01)


def test_a_host_that_is_fast_makes_its_issued_at_dissent() -> None:
    report = checked(World(replace(stage("healthy"), server_clock_offset_s=30.0)))

    (third,) = [reading for reading in report.clocks if reading.source == "issued_at"]
    assert third.standing == "dissents"


def test_a_token_is_given_back_only_where_that_was_asked_for() -> None:
    for revoke in (False, True):
        world = World("healthy")
        assert world.case.attempt is not None
        examine(replace(world.case, attempt=replace(world.case.attempt, revoke=revoke)), world.instruments)

        assert any(r.target.endswith("/revoke") for r in world.transport.requests) is revoke
        assert bool(world.transport.policy.spent) is revoke


def test_without_a_way_to_use_it_the_token_is_only_read() -> None:
    world = World("healthy")

    report = examine(world.case, replace(world.instruments, resources=None))

    assert len(world.transport.requests) == 1
    assert report.chart.value("token.scopes") == ("api", "openid")
    assert "token.api_works" not in report.chart


def test_the_findings_of_a_refused_token_replay_from_the_facts() -> None:
    report = checked(World("missing-scope-api:token"))
    from jwtdoctor.reasoning.conclude import Seen

    again = conclude(Seen(report.chart, report.provider, report.flow), load())

    assert [(v.cause, v.score) for v in again.verdicts] == [(v.cause, v.score) for v in report.verdicts]


# --- by itself


@dataclass
class Api:
    """Answers by path, and remembers where it was called with a token."""

    answers: dict[str, Reply] = field(default_factory=dict)
    called: list[str] = field(default_factory=list)
    posted: list[TokenRequest] = field(default_factory=list)

    def get_with_token(self, url: str, token: Secret, deadline_s: float) -> Exchange:
        assert token.reveal() == TOKEN
        assert deadline_s > 0
        self.called.append(url)
        return next((reply for path, reply in self.answers.items() if path in url), Reply(404))

    def post_about_token(self, request: TokenRequest, deadline_s: float) -> Exchange:
        assert deadline_s > 0
        self.posted.append(request)
        return Reply(200, {}, '{"active": false}')


def granted(**more: str) -> Reply:
    body = {"access_token": TOKEN, "instance_url": "https://acme.my.salesforce.com", "scope": "api openid", **more}
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(body), sent_at=100.0, received_at=100.4)


def tried(reply: Reply, api: Api, provider: str = "salesforce", **more: object) -> list[str]:
    attempt = replace(Attempt(URL, client_id="3MVG9"), **more)  # type: ignore[arg-type]
    try_token(reply, attempt, load().providers[provider], "jwt-bearer", api, 5.0)
    return api.called


@pytest.mark.parametrize(
    "instance",
    ["https://evil.example", "http://acme.my.salesforce.com", "https://u:p@acme.my.salesforce.com", "https://evil.example:99999",
     "https://acme.my.salesforce.com.evil.example", "https://acme.my.salesforce.com:8443", "https://evil.my.site.com",
     "javascript:alert(1)"],
)  # fmt: skip
def test_a_token_never_goes_to_a_host_that_is_neither_the_token_host_nor_the_vendors(instance: str) -> None:
    called = tried(granted(instance_url=instance), Api())

    assert all(url.startswith("https://acme.my.salesforce.com/") for url in called)
    assert not any("/services/data" in url for url in called)


def test_the_identity_url_is_asked_for_at_the_token_host_alone() -> None:
    identity = "https://evil.example/id/00D5g000004aBcDEAU/0055g00000ABcDeAAL"

    called = tried(granted(id=identity), Api())

    assert "https://acme.my.salesforce.com/id/00D5g000004aBcDEAU/0055g00000ABcDeAAL" in called
    assert not any("evil" in url for url in called)


def test_other_providers_do_not_get_the_token_back_at_all() -> None:
    assert tried(granted(), Api(), "generic") == []


def test_a_token_of_another_user_is_a_finding() -> None:
    who = Reply(200, {"Content-Type": "application/json"}, '{"username": "other@acme.com"}')
    api = Api({"/userinfo": who})
    attempt = Attempt(URL, username="ci@acme.com")

    seen = try_token(granted(), attempt, SALESFORCE, "jwt-bearer", api, 5.0)

    assert [f.rule for f in seen.findings] == ["token-of-another-user"]


def test_scopes_that_were_asked_for_and_not_granted_are_named() -> None:
    seen = look_at_grant(granted(), Attempt(URL, scope="api refresh_token"))

    assert [f.message for f in seen.findings] == ["asked for and not granted: refresh_token"]


def test_a_secret_that_did_not_sign_the_response_is_a_finding() -> None:
    reply = granted(id="https://login.salesforce.com/id/a/b", issued_at="100200", signature="bm90IGl0")

    seen = look_at_grant(reply, Attempt(URL, client_secret=Secret("wrong")))

    assert [f.rule for f in seen.findings] == ["response-signature-differs"]


def test_the_org_s_own_host_is_told_where_a_login_host_was_asked() -> None:
    seen = look_at_grant(granted(), Attempt("https://login.salesforce.com/services/oauth2/token"))

    assert [f.rule for f in seen.findings] == ["host-is-not-the-orgs-own"]


@pytest.mark.parametrize(
    "body", ["", "[]", "null", '{"access_token": 7}', "x" * 10_000, '{"access_token"', "[" * 5_000, "a=b"]
)
def test_what_is_no_grant_is_none(body: str) -> None:
    assert grant_of(Reply(200, {}, body)) is None


def test_a_form_encoded_grant_is_read_too() -> None:
    grant = grant_of(Reply(200, {}, f"access_token={TOKEN.replace('!', '%21')}&scope=api"))

    assert grant is not None
    assert (grant.token.reveal(), grant.text("scope")) == (TOKEN, "api")
    assert TOKEN not in repr(grant)


def test_odd_values_in_a_grant_are_taken_for_absent() -> None:
    body = json.dumps(
        {"access_token": TOKEN, "scope": 7, "issued_at": {}, "expires_in": "soon", "instance_url": [], "id": None}
    )

    seen = look_at_grant(Reply(200, {}, body, sent_at=1.0, received_at=2.0), Attempt(URL, client_secret=Secret("s")))

    assert [o.fact for o in seen.observations] == ["token.is_fresh"]
