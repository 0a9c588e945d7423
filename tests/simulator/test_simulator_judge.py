"""The judge: pure, in the documented order, and lenient just where real clients need it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_client import JWT_BEARER, NOW, ask, authorize_url, bearer, code_of, login, post, said, token

from jwtdoctor.assertions import pkce
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.names import GRANT_TYPES
from jwtdoctor.probes.flows import token_request
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.judge import judge, rule
from jwtdoctor.simulator.policy import LATE_TOLERANCE_S
from jwtdoctor.simulator.wire import TOKEN_PATH, HttpRequest
from jwtdoctor.simulator.world import CALLBACK, CONSUMER_SECRET, SERVED_FLOWS, Scenario, healthy
from jwtdoctor.testing import World

HEALTHY = healthy()


def content_of(scenario: Scenario = HEALTHY) -> dict[str, Any]:
    found = json.loads(judge(bearer(token(scenario)), scenario.policy, NOW).body)
    assert isinstance(found, dict)
    return found


# --- what a grant answers


@pytest.mark.parametrize("flow", SERVED_FLOWS)
def test_a_healthy_scenario_is_granted_in_every_flow(flow: str) -> None:
    assert said(login(World(healthy(flow)))) == (200, "granted")


def test_issued_at_is_text_in_milliseconds() -> None:
    assert content_of()["issued_at"] == str(int(NOW * 1000))


def test_the_signature_is_an_hmac_of_id_and_issued_at() -> None:
    content = content_of()

    digest = hmac.new(CONSUMER_SECRET.encode(), (content["id"] + content["issued_at"]).encode(), hashlib.sha256)
    assert content["signature"] == base64.b64encode(digest.digest()).decode()


def test_the_identity_url_is_of_the_login_host_that_serves_the_org() -> None:
    sandbox = stage("healthy:sandbox")
    content = json.loads(judge(bearer(token(sandbox), sandbox.token_host), sandbox.policy, NOW).body)

    assert content_of()["id"].startswith("https://login.salesforce.com/id/00D")
    assert content["id"].startswith("https://test.salesforce.com/id/00D")


def test_a_bearer_grant_gives_neither_expires_in_nor_a_refresh_token() -> None:
    assert not {"expires_in", "refresh_token"} & content_of().keys()


def test_the_instance_url_can_be_reached_by_who_asks_on_loopback() -> None:
    request = replace(bearer(token(HEALTHY), "127.0.0.1:4711"), own_scheme="http")

    assert json.loads(judge(request, HEALTHY.policy, NOW).body)["instance_url"] == "http://127.0.0.1:4711"


def test_the_code_flow_gives_a_refresh_token_that_can_be_redeemed() -> None:
    world = World(healthy("authorization-code"))
    refresh = json.loads(str(getattr(login(world), "body", "")))["refresh_token"]
    fields = {"grant_type": "refresh_token", "refresh_token": refresh, "client_secret": CONSUMER_SECRET}
    request = post(fields | {"client_id": world.scenario.attempt.client_id})

    assert said(judge(request, world.transport.policy, NOW + 60)) == (200, "granted")


@pytest.mark.parametrize("name", ["healthy", "user-inactive", "platform-maintenance", "http-not-https"])
def test_every_answer_carries_the_date_of_the_host_s_clock(name: str) -> None:
    scenario = stage(name)
    request = replace(bearer(token(scenario)), scheme=scenario.scheme)

    found = judge(request, scenario.policy, NOW + 0.9).header("Date")
    assert found is not None
    assert parsedate_to_datetime(found).timestamp() == NOW


def test_a_refusal_has_the_headers_of_a_real_one() -> None:
    reply = login(World("user-inactive"))

    assert isinstance(reply, Reply)
    assert reply.header("content-type") == "application/json;charset=UTF-8"
    assert reply.header("expires") == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert str(reply.header("set-cookie")).startswith("BrowserId=")


@pytest.mark.parametrize(("form", "begins"), [("json", '{"error"'), ("urlencoded", "error="), ("xml", "<?xml")])
def test_the_format_can_be_chosen(form: str, begins: str) -> None:
    request = post({"grant_type": JWT_BEARER, "assertion": "no", "format": form})

    assert judge(request, HEALTHY.policy, NOW).body.startswith(begins)


# --- vague endpoints


def test_a_vague_endpoint_leaves_the_description_out() -> None:
    reply = login(World("user-not-assigned-to-app", vague="no-description"))

    assert json.loads(str(getattr(reply, "body", ""))) == {"error": "invalid_app_access"}


def test_a_bare_endpoint_says_only_invalid_grant() -> None:
    reply = login(World("user-not-assigned-to-app", vague="bare"))

    assert json.loads(str(getattr(reply, "body", ""))) == {"error": "invalid_grant"}


# --- what real clients send


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        pytest.param({"exp": str(int(NOW) + 180)}, {}, id="simple-salesforce: exp as text"),
        pytest.param({"exp": int(NOW) + 180, "iat": None}, {}, id="no iat"),
        pytest.param({"exp": 1_795_301_245_226}, {}, id="sf CLI: exp in milliseconds"),
        pytest.param({"exp": int(NOW)}, {}, id="cumulusci: exp is now"),
        pytest.param({"sub": None, "prn": "integration@acme.example"}, {}, id="prn for sub"),
        pytest.param({"sub": "nobody@x.example", "prn": "integration@acme.example"}, {}, id="prn wins"),
        pytest.param({}, {"typ": None}, id="no typ"),
        pytest.param({"aud": "https://acme.my.salesforce.com/"}, {}, id="sf CLI: slash after the audience"),
        pytest.param({"aud": "https://login.salesforce.com"}, {}, id="login"),
        pytest.param({"alg": "RS256"}, {}, id="cumulusci: alg among the claims"),
        pytest.param({"iat": int(NOW) + 600, "nbf": int(NOW) + 600}, {}, id="fast clock"),
        pytest.param({"exp": int(NOW) + 86_400 * 365}, {}, id="a year ahead"),
        pytest.param({"sub": "Integration@ACME.example"}, {}, id="user name in other case"),
    ],
)
def test_what_real_clients_send_is_taken(claims: dict[str, Any], header: dict[str, Any]) -> None:
    assert ask(HEALTHY, token(HEALTHY, header=header, **claims)) == (200, "granted")


def test_the_sf_cli_audience_with_an_instance_url_is_taken() -> None:
    request = replace(bearer(token(HEALTHY, aud="https://127.0.0.1:11443/"), "127.0.0.1:11443"), own_scheme="https")

    assert said(judge(request, HEALTHY.policy, NOW)) == (200, "granted")


def test_parameters_in_the_query_of_a_post_are_read() -> None:
    form = bearer(token(HEALTHY))
    request = replace(form, target=f"{TOKEN_PATH}?{form.body}", body="")

    assert said(judge(request, HEALTHY.policy, NOW)) == (200, "granted")


def test_a_doubled_slash_before_the_path_is_forgiven() -> None:
    request = replace(bearer(token(HEALTHY)), target=f"/{TOKEN_PATH}")

    assert said(judge(request, HEALTHY.policy, NOW)) == (200, "granted")


def test_basic_authentication_is_read() -> None:
    scenario = healthy("client-credentials")
    pair = f"{scenario.attempt.client_id}:{CONSUMER_SECRET}".encode()
    request = post({"grant_type": "client_credentials"}, Authorization=f"Basic {base64.b64encode(pair).decode()}")

    assert said(judge(request, scenario.policy, NOW)) == (200, "granted")


def test_an_unreadable_basic_header_has_its_own_code() -> None:
    request = post({"grant_type": "client_credentials"}, Authorization="Basic ~~~")

    assert said(judge(request, healthy("client-credentials").policy, NOW)) == (400, "invalid_basic_auth_header")


def test_a_verifier_of_171_characters_is_taken_and_a_tilde_is_not() -> None:
    long, tilde = "v" * 171, "v" * 60 + "~"

    assert (redeem(long), redeem(tilde)) == ((200, "granted"), (400, "invalid code verifier"))


def redeem(verifier: str) -> tuple[int | None, str | None]:
    """A code that was asked with the S256 challenge of this verifier and no method, redeemed with it."""
    world = World(healthy("authorization-code"))
    attempt = world.case.attempt
    assert attempt is not None
    url = authorize_url(attempt, code_challenge=pkce.challenge_of(verifier))
    fields = {
        "grant_type": "authorization_code",
        "code": code_of(world.transport.get(url, 5.0)) or "",
        "redirect_uri": attempt.redirect_uri or "",
        "client_id": attempt.client_id,
        "client_secret": CONSUMER_SECRET,
        "code_verifier": verifier,
    }
    return said(judge(post(fields), world.transport.policy, NOW))


# --- the request itself


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(post({}), id="nothing"),
        pytest.param(post({"grant_type": "jwt-bearer"}), id="misspelt grant type"),
        pytest.param(
            HttpRequest("POST", TOKEN_PATH, {"Content-Type": "application/json"}, '{"grant_type":"password"}'),
            id="a JSON body",
        ),
    ],
)
def test_no_known_grant_type_is_an_unsupported_one(request_: HttpRequest) -> None:
    assert said(judge(request_, HEALTHY.policy, NOW)) == (400, "grant type not supported")


def test_a_get_is_refused() -> None:
    assert said(judge(HttpRequest("GET", TOKEN_PATH), HEALTHY.policy, NOW)) == (400, "must use HTTP POST")


def test_plain_http_is_redirected_to_https() -> None:
    reply = judge(replace(bearer(token(HEALTHY)), scheme="http"), HEALTHY.policy, NOW)

    assert (reply.status, reply.header("Location")) == (301, f"https://acme.my.salesforce.com{TOKEN_PATH}")


def test_a_host_header_of_the_service_is_taken_at_its_word() -> None:
    scenario = stage("healthy:external-client-app")

    assert said(judge(bearer(token(scenario), "login.salesforce.com"), scenario.policy, NOW)) == (
        400,
        "External client app is not installed in this org",
    )


# --- times


@pytest.mark.parametrize(
    ("late_s", "answer"), [(LATE_TOLERANCE_S, "granted"), (LATE_TOLERANCE_S + 1, "expired authorization code")]
)
def test_an_assertion_is_late_three_minutes_after_exp(late_s: float, answer: str) -> None:
    assertion = token(HEALTHY, exp=int(NOW))

    assert ask(HEALTHY, assertion, NOW + late_s)[1] == answer


@pytest.mark.parametrize("exp", ["soon", True, [], {}, "", None], ids=repr)
def test_an_exp_that_is_no_number_is_an_invalid_assertion(exp: Any) -> None:
    assert ask(HEALTHY, token(HEALTHY, exp=exp))[1] == "invalid assertion"


# --- the order of checks, where it is known


def test_an_unknown_client_is_answered_before_a_wrong_audience() -> None:
    assert ask(stage("client-id-unknown"), token(HEALTHY, aud="https://x.example"))[1] == "client identifier invalid"


def test_an_unknown_client_is_answered_before_a_bad_signature() -> None:
    both = stage("signature-key-mismatch", stage("client-id-unknown"))

    assert ask(both, token(HEALTHY))[1] == "client identifier invalid"


def test_a_missing_installation_is_answered_before_a_wrong_audience() -> None:
    scenario = stage("app-in-other-org")

    assert ask(scenario, token(scenario, aud="https://test.salesforce.com"))[1] == (
        "External client app is not installed in this org"
    )


def test_a_wrong_audience_is_answered_before_a_missing_approval() -> None:
    scenario = stage("user-not-preauthorized")

    assert ask(scenario, token(scenario, aud="https://test.salesforce.com"))[1] == "audience is invalid"


def test_a_bad_signature_is_answered_before_a_missing_approval() -> None:
    both = stage("signature-key-mismatch", stage("user-not-preauthorized"))

    assert ask(both, token(both))[1] == "invalid assertion"


def test_client_credentials_ask_for_the_domain_before_the_user() -> None:
    both = stage("no-run-as-user", stage("wrong-login-host:client-credentials"))

    assert said(login(World(both))) == (400, "request not supported on this domain")


def test_client_credentials_ask_for_the_user_before_the_assignment() -> None:
    both = stage("no-run-as-user", stage("user-not-assigned-to-app:client-credentials"))

    assert said(login(World(both))) == (400, "no client credentials user enabled")


def test_an_unassigned_user_reads_otherwise_once_the_app_is_preauthorised() -> None:
    answers = [said(login(World(name)))[1] for name in ("user-not-preauthorized", "user-not-assigned-to-app")]

    assert answers == ["user hasn't approved this consumer", "user is not admin approved to access this app"]


# --- rules that guides get wrong


def test_pkce_and_a_required_secret_live_together() -> None:
    scenario = healthy("authorization-code")
    both = replace(scenario, policy=scenario.policy.with_app(requires_pkce=True, requires_secret=True))

    assert said(login(World(both))) == (200, "granted")


def test_a_secret_that_is_not_required_is_checked_when_sent() -> None:
    base = stage("client-secret-wrong:authorization-code")
    optional = replace(base, policy=base.policy.with_app(requires_secret=False))

    assert said(login(World(optional))) == (400, "invalid client credentials")


def test_relaxing_addresses_on_the_app_helps_client_credentials_and_not_bearer_assertions() -> None:
    relaxed = stage("ip-restricted:client-credentials")
    relaxed = replace(relaxed, policy=relaxed.policy.with_app(ip_relaxation="relax"))

    assert said(login(World(relaxed))) == (200, "granted")
    assert said(login(World("ip-restricted:relaxed"))) == (400, "ip restricted")


# --- purity


def test_the_judge_says_the_same_to_the_same_question() -> None:
    request = bearer(token(HEALTHY))

    assert judge(request, HEALTHY.policy, NOW) == judge(request, HEALTHY.policy, NOW)


def test_a_jti_is_used_up_only_in_the_policy_that_follows() -> None:
    request = bearer(token(HEALTHY, jti="once"))
    ruling = rule(request, HEALTHY.policy, NOW)
    after = ruling.onto(HEALTHY.policy)

    assert (said(ruling.reply)[1], said(judge(request, HEALTHY.policy, NOW))[1]) == ("granted", "granted")
    assert said(judge(request, after, NOW)) == (400, "bad_jti_claim")


def test_a_code_can_be_redeemed_once() -> None:
    world = World("redirect-uri-missing")
    attempt = world.case.attempt
    assert attempt is not None
    request = token_request("authorization-code", replace(attempt, redirect_uri=CALLBACK), None)

    answers = [said(world.transport.post_form(request, 5.0))[1] for _ in range(2)]

    assert answers == ["granted", "invalid authorization code"]


def test_each_grant_counts_as_a_login_until_the_rate_is_reached() -> None:
    scenario = healthy("client-credentials")
    nearly = World(replace(scenario, policy=scenario.policy.with_user(logins_last_hour=3599)))

    assert [said(login(nearly))[1] for _ in range(2)] == ["granted", "login rate exceeded"]


_TEXT = st.text(max_size=60)
_FORM = st.dictionaries(
    st.sampled_from(["assertion", "client_id", "client_secret", "code", "refresh_token", "username", "password",
                     "scope", "format", "response_type", "subject_token", "redirect_uri", "x"]),
    _TEXT,
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(form=_FORM, grant=st.one_of(st.sampled_from(sorted(GRANT_TYPES)), _TEXT), now=st.floats(-1e12, 1e14))
def test_the_judge_answers_any_form(form: dict[str, str], grant: str, now: float) -> None:
    reply = judge(_post_safely(form | {"grant_type": grant}), HEALTHY.policy, now)

    assert reply.status in (200, 400)


def _post_safely(form: dict[str, str]) -> HttpRequest:
    return post({name: value.encode("utf-8", "replace").decode() for name, value in form.items()})


@settings(max_examples=120, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "X"]),
    target=st.one_of(_TEXT, st.sampled_from([TOKEN_PATH, "/services/oauth2/authorize", "/services/data/v63.0/query",
                                             "/id/00D5g000004aBcDEAU/0055g00000ABcDeAAL", "/services/oauth2/revoke",
                                             "/services/oauth2/introspect", "/services/oauth2/userinfo"])),
    query=_TEXT,
    body=_TEXT,
    headers=st.dictionaries(st.sampled_from(["Host", "Authorization", "Content-Type"]), _TEXT),
)  # fmt: skip
def test_the_judge_answers_anything(method: str, target: str, query: str, body: str, headers: dict[str, str]) -> None:
    reply = judge(HttpRequest(method, f"{target}?{query}", headers, body), HEALTHY.policy, NOW)

    assert isinstance(reply.status, int)


@settings(max_examples=80, deadline=None)
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "sub", "prn", "aud", "exp", "iat", "jti"]),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _TEXT),
            lambda inner: st.lists(inner, max_size=2),
            max_leaves=3,
        ),
    ),
    header=st.dictionaries(st.sampled_from(["alg", "typ", "kid"]), st.one_of(_TEXT, st.integers(), st.none())),
)
def test_the_judge_answers_any_claims(claims: dict[str, Any], header: dict[str, Any]) -> None:
    iss = {"iss": HEALTHY.attempt.client_id, "aud": "https://login.salesforce.com"}
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in (header, iss | claims)]

    assert said(judge(bearer(".".join([*parts, "c2ln"])), HEALTHY.policy, NOW))[0] == 400
