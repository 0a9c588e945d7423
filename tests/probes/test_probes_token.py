"""What a granted token is good for: read from its response, tried read-only, kept to the hosts that may have it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace

import pytest

from jwtdoctor.checkup import examine, explain
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.grant import grant_of, look_at_grant
from jwtdoctor.probes.token import try_token
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

    def get_with_token(self, url: str, token: Secret, deadline_s: float, proof: Secret | None = None) -> Exchange:
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


def test_a_provider_of_which_nothing_is_known_does_not_get_the_token_back_at_all() -> None:
    assert tried(granted(), Api(), "generic") == []


# --- other providers, and what the user named

KEYCLOAK = "https://sso.acme.example/auth/realms/acme/protocol/openid-connect/token"
SECRET = Secret("the-secret")


def at(provider: str, url: str, flow: str = "client-credentials", api: Api | None = None, **more: object) -> Api:
    """A grant of `provider`, tried; what was called and posted."""
    api = api or Api()
    attempt = replace(Attempt(url, client_id="client"), **more)  # type: ignore[arg-type]
    reply = Reply(200, {}, json.dumps({"access_token": TOKEN, "scope": "openid"}))
    try_token(reply, attempt, load().providers[provider], flow, api, 5.0)
    return api


def test_a_providers_own_places_are_found_beside_the_token_url() -> None:
    api = at("keycloak", KEYCLOAK, client_secret=SECRET, revoke=True)

    base = KEYCLOAK.removesuffix("/token")
    assert api.called == [f"{base}/userinfo"]
    assert [r.url for r in api.posted] == [f"{base}/token/introspect", f"{base}/revoke"]


@pytest.mark.parametrize(
    ("provider", "url", "called"),
    [
        ("box", "https://api.box.com/oauth2/token", ["https://api.box.com/2.0/users/me?fields=id"]),
        ("okta", "https://acme.okta.com/oauth2/default/v1/token", ["https://acme.okta.com/oauth2/default/v1/userinfo"]),
        ("node-oidc-provider", "https://id.acme.example/oidc/token", ["https://id.acme.example/oidc/me"]),
        ("entra", "https://login.microsoftonline.com/t/oauth2/v2.0/token", []),
    ],
)
def test_the_token_stays_at_the_host_that_the_user_named(provider: str, url: str, called: list[str]) -> None:
    assert at(provider, url).called == called


def test_every_place_of_every_provider_is_of_the_token_host() -> None:
    named = [r.at for p in load().providers.values() for r in p.resources.values()]

    assert len(named) > 20
    assert [place for place in named if "://" in place or place.startswith("//")] == []


def test_what_the_user_named_is_asked_and_nothing_else() -> None:
    api, base = Api(), "https://api.acme.example"
    attempt = Attempt(
        "https://id.acme.example/token",
        client_secret=SECRET,
        revoke=True,
        api_url=f"{base}/api",
        userinfo_url=f"{base}/userinfo",
        introspect_url=f"{base}/introspect",
        revoke_url=f"{base}/revoke",
    )
    reply = Reply(200, {}, json.dumps({"access_token": TOKEN}))

    try_token(reply, attempt, load().providers["generic"], "client-credentials", api, 5.0)

    assert api.called == [f"{base}/api", f"{base}/userinfo"]
    assert [r.url for r in api.posted] == [f"{base}/introspect", f"{base}/revoke"]


def test_a_client_proves_itself_about_its_token_as_it_did_for_it() -> None:
    body = at("keycloak", KEYCLOAK, client_secret=SECRET)
    basic = at("keycloak", KEYCLOAK, client_secret=SECRET, client_auth="basic")
    public = at("keycloak", KEYCLOAK, flow="authorization-code", revoke=True)

    assert body.posted[0].field("client_secret") == SECRET
    assert basic.posted[0].field("client_secret") is None
    assert [name for name, _ in basic.posted[0].headers] == ["Authorization"]
    assert [(r.url.rpartition("/")[2], r.field("client_id")) for r in public.posted] == [("revoke", "client")]


def test_userinfo_is_not_asked_with_the_token_of_a_machine() -> None:
    api = Api()
    reply = Reply(200, {}, json.dumps({"access_token": TOKEN, "scope": "read"}))

    try_token(reply, Attempt(KEYCLOAK), load().providers["keycloak"], "client-credentials", api, 5.0)

    assert api.called == []


def test_an_api_s_words_are_read_in_its_challenge_too() -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="x", error="insufficient_scope", error_description="needs write"'}
    api = Api({"/api": Reply(403, challenge, "")})
    attempt = Attempt("https://id.acme.example/token", api_url="https://api.acme.example/api")

    seen = try_token(granted(), attempt, load().providers["generic"], "client-credentials", api, 5.0)

    facts = {o.fact: o.value for o in seen.observations}
    assert facts["token.api_works"] is False
    assert (facts["token.api_error"], facts["token.api_description"]) == ("insufficient_scope", "needs write")


def test_a_token_that_an_api_says_again_stays_out_of_every_fact_and_finding() -> None:
    opaque = "opaque planted token 0815"
    challenge = {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="no such token {opaque}"'}
    words = {"error": "invalid_token", "error_description": f"no such token: {opaque}"}
    for reply in (Reply(401, challenge, ""), Reply(401, {}, json.dumps(words))):
        api = Echo(reply)
        attempt = Attempt("https://id.acme.example/token", api_url="https://api.acme.example/api")
        grant = Reply(200, {}, json.dumps({"access_token": opaque}))

        seen = try_token(grant, attempt, load().providers["generic"], "client-credentials", api, 5.0)

        assert "no such token" in repr(seen)
        assert "0815" not in repr(seen)


@dataclass
class Echo:
    """An API with one answer."""

    answer: Reply

    def get_with_token(self, url: str, token: Secret, deadline_s: float, proof: Secret | None = None) -> Exchange:
        assert (url.startswith("https://"), token.reveal() != "", deadline_s > 0) == (True, True, True)
        return self.answer

    def post_about_token(self, request: TokenRequest, deadline_s: float) -> Exchange:
        raise AssertionError((request.url, deadline_s))


# --- level and life


def test_the_org_itself_tells_level_and_life_of_the_session() -> None:
    facts = checked(World("healthy")).chart

    assert facts.text("token.session_level") == "STANDARD"
    assert facts.number("token.expires_in_s") == 7200


@pytest.mark.parametrize(("wanted", "rules_of"), [("High Assurance", ["session-level-too-low"]), ("Standard", [])])
def test_a_session_below_the_level_that_is_demanded_is_a_finding(wanted: str, rules_of: list[str]) -> None:
    world = World("healthy")
    known = (*world.case.observations, Observation("user.required_session_level", wanted, "user"))

    report = examine(replace(world.case, observations=known), world.instruments)

    assert [rule for rule in rules(report) if rule == "session-level-too-low"] == rules_of


def jwt_of(**claims: object) -> str:
    parts = ({"alg": "RS256", "typ": "at+jwt"}, claims)
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join((*encoded, "c2lnbmF0dXJl"))


def test_a_token_that_is_a_jwt_tells_its_life_its_scopes_and_whom_it_is_for() -> None:
    token = jwt_of(iat=1000, exp=1600, aud=["https://api.acme.example"], scp=["read", "write"])
    reply = Reply(200, {}, json.dumps({"access_token": token, "token_type": "DPoP"}))

    seen = look_at_grant(reply, Attempt(URL, scope="read admin"), load().providers["generic"])

    facts = {o.fact: o.value for o in seen.observations}
    assert facts["token.is_jwt"] is True
    assert facts["token.expires_in_s"] == 600
    assert facts["token.aud"] == ("https://api.acme.example",)
    assert (facts["token.scopes"], facts["token.scopes_missing"]) == (("read", "write"), ("admin",))
    assert [f.rule for f in seen.findings] == ["token-is-bound", "scopes-not-granted"]
    assert token not in repr(seen)


def test_full_is_every_scope_at_salesforce_but_the_refresh_token() -> None:
    seen = look_at_grant(granted(scope="full"), Attempt(URL, scope="api web refresh_token"), SALESFORCE)

    assert [f.message for f in seen.findings] == ["asked for and not granted: refresh_token"]


# --- issued, and refused all the same: causes of its own

REFUSED = {"reply.granted": True, "token.is_fresh": True, "token.api_works": False, "token.api_status": 401}


@pytest.mark.parametrize(
    ("cause", "provider", "facts"),
    [
        ("wrong-audience", "generic",
         {"token.api_error": "invalid_token", "token.aud": "https://other.example", "token.api_host": "api.example"}),
        ("dpop-required", "generic", {"token.api_error": "invalid_token", "token.type": "DPoP"}),
        ("scope-not-granted", "generic",
         {"token.api_status": 403, "token.api_error": "insufficient_scope", "token.scopes": ["a"],
          "token.scopes_missing": ["b"]}),
        ("session-expired", "generic", {"token.api_error": "invalid_token", "token.is_active": False}),
        ("rate-limited", "salesforce",
         {"token.api_status": 403, "token.api_error": "REQUEST_LIMIT_EXCEEDED",
          "token.api_description": "TotalRequests Limit exceeded."}),
        ("api-access-missing", "salesforce",
         {"token.api_status": 403, "token.api_error": "API_DISABLED_FOR_ORG",
          "token.api_description": "API is not enabled for this Organization or Partner"}),
        ("transaction-security-policy", "salesforce",
         {"token.api_status": 403, "token.api_error": "TXN_SECURITY_NO_ACCESS",
          "token.api_description": "The operation you requested was blocked by a transaction security policy"}),
        ("api-access-control", "salesforce",
         {"token.api_error": "INVALID_SESSION_ID",
          "token.api_description": "This session is not valid for use with the REST API", "token.scopes": ["api"]}),
        ("missing-scope-api", "salesforce",
         {"token.api_error": "INVALID_SESSION_ID",
          "token.api_description": "This session is not valid for use with the REST API", "token.scopes": ["openid"]}),
    ],
)  # fmt: skip
def test_a_token_that_was_issued_and_is_refused_has_causes_of_its_own(
    cause: str, provider: str, facts: dict[str, object]
) -> None:
    case = {"provider": provider, "flow": "client-credentials", "facts": REFUSED | facts}

    report = explain({"schema": "jwtdoctor.case/1", **case})

    assert report.warnings == ()
    assert report.verdicts[0].cause == cause, [(v.cause, v.score) for v in report.verdicts[:4]]
    assert report.outcome is Outcome.GRANTED


def test_of_a_token_for_another_api_it_is_said_that_the_token_is() -> None:
    facts = REFUSED | {"token.aud": "https://other.example", "token.api_host": "api.example"}

    first = explain({"schema": "jwtdoctor.case/1", "provider": "generic", "facts": facts}).verdicts[0]

    assert first.headline == "The token is for another API than the one that refuses it"
    assert first.remedy[0].do.startswith("Ask for a token for this API")


def test_a_login_that_went_well_accuses_no_cause_that_only_a_refusing_api_names() -> None:
    working = {"reply.granted": True, "token.api_works": True, "user.caller_ip_in_ranges": False}

    report = explain({"schema": "jwtdoctor.case/1", "provider": "salesforce", "facts": working})

    assert report.leaders == ()
    assert not {"ip-restricted", "rate-limited"} & {v.cause for v in report.verdicts}


def test_a_token_of_another_user_is_a_finding() -> None:
    who = Reply(200, {"Content-Type": "application/json"}, '{"username": "other@acme.com"}')
    api = Api({"/userinfo": who})
    attempt = Attempt(URL, username="ci@acme.com")

    seen = try_token(granted(), attempt, SALESFORCE, "jwt-bearer", api, 5.0)

    assert [f.rule for f in seen.findings] == ["token-of-another-user"]


def test_scopes_that_were_asked_for_and_not_granted_are_named() -> None:
    seen = look_at_grant(granted(), Attempt(URL, scope="api refresh_token"), SALESFORCE)

    assert [f.message for f in seen.findings] == ["asked for and not granted: refresh_token"]


def test_a_secret_that_did_not_sign_the_response_is_a_finding() -> None:
    reply = granted(id="https://login.salesforce.com/id/a/b", issued_at="100200", signature="bm90IGl0")

    seen = look_at_grant(reply, Attempt(URL, client_secret=Secret("wrong")), SALESFORCE)

    assert [f.rule for f in seen.findings] == ["response-signature-differs"]


def test_the_org_s_own_host_is_told_where_a_login_host_was_asked() -> None:
    asked = Attempt("https://login.salesforce.com/services/oauth2/token")

    seen = look_at_grant(granted(), asked, SALESFORCE)

    assert [f.rule for f in seen.findings] == ["host-is-not-the-orgs-own"]


@pytest.mark.parametrize(
    ("instance", "found"),
    [("https://acme.my.salesforce.com", []), ("https://acme-inc.my.salesforce.com", ["host-has-another-name"]),
     ("https://na139.salesforce.com", [])],
)  # fmt: skip
def test_an_org_that_answers_under_another_name_is_told(instance: str, found: list[str]) -> None:
    seen = look_at_grant(granted(instance_url=instance), Attempt(URL), SALESFORCE)

    assert [f.rule for f in seen.findings] == found


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

    reply = Reply(200, {}, body, sent_at=1.0, received_at=2.0)

    seen = look_at_grant(reply, Attempt(URL, client_secret=Secret("s")), SALESFORCE)

    assert [(o.fact, o.value) for o in seen.observations] == [("token.is_fresh", True), ("token.is_jwt", False)]


def test_a_jwt_that_stands_in_for_a_secret_stands_in_for_it_here_too() -> None:
    made = Assertion(Secret("a.new.one"), {}, {}, 0.0)
    api, reply = Api(), Reply(200, {}, json.dumps({"access_token": TOKEN}))
    attempt = Attempt("https://appleid.apple.com/auth/token", client_id="com.acme.app", revoke=True)

    try_token(reply, attempt, load().providers["apple"], "client-secret-jwt", api, 5.0, prove=lambda: made)

    assert [(r.url, r.field("client_secret")) for r in api.posted] == [
        ("https://appleid.apple.com/auth/revoke", Secret("a.new.one"))
    ]
