"""The judges of the other providers: what they look at, how they say no, and that nothing sent to them upsets them."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.errors import BadInput, UnknownName
from jwtdoctor.intake.times import http_date
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.exchange import Reply
from jwtdoctor.probes.flows import token_request
from jwtdoctor.probes.local import look_at_key, make_assertion
from jwtdoctor.simulator.policy import Vague
from jwtdoctor.simulator.providers.checks import KINDS, Trouble
from jwtdoctor.simulator.providers.judge import PLAYED, rule
from jwtdoctor.simulator.providers.plain import example_of
from jwtdoctor.simulator.providers.scene import SERVICE_ACCOUNT, healthy, is_playable
from jwtdoctor.simulator.providers.staged import stage, staged
from jwtdoctor.simulator.server import record_of
from jwtdoctor.simulator.staging import staged as staged_at
from jwtdoctor.simulator.wire import FORM, HttpRequest, bearer_of
from jwtdoctor.testing import TRUE_NOW, World

PROVIDERS = load().providers
NOW = TRUE_NOW


def asked(world: World) -> Reply:
    """One login of the world's own client."""
    attempt, provider = world.case.attempt, PROVIDERS[world.scenario.provider]
    assert attempt is not None
    now = world.clock.now()
    assertion = make_assertion(attempt, provider, look_at_key(attempt, now).key, now, world.scenario.flow).assertion
    reply = world.transport.post_form(token_request(world.scenario.flow, attempt, assertion, provider), 5.0)
    assert isinstance(reply, Reply)
    return reply


def said(reply: Reply) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(reply.body)
    return content


@pytest.mark.parametrize("provider", list(PLAYED))
def test_each_refusal_shows_the_services_own_clock(provider: str) -> None:
    reply = asked(World("server-clock-wrong:fast", provider=provider))

    assert reply.status is not None
    assert reply.status >= 400
    assert http_date(reply.header("Date")) == NOW + 900


@pytest.mark.parametrize("provider", list(PLAYED))
def test_an_assertion_is_taken_until_the_last_second_and_not_after_it(provider: str) -> None:
    """On the service's clock, by the tolerance that it goes by."""
    base = healthy(PROVIDERS[provider])
    late_s = base.policy.limit("late_tolerance_s") or 0.0
    oldest_s = min(180.0 + late_s, base.policy.limit("max_age_s") or 1e9)

    statuses = [
        asked(World(replace(base, server_clock_offset_s=oldest_s + beyond_s))).status for beyond_s in (0.0, 1.0)
    ]

    assert statuses[0] == 200
    assert statuses[1] in (400, 401)


@pytest.mark.parametrize("provider", ["okta", "auth0", "keycloak", "epic-smart"])
def test_a_jti_is_taken_once(provider: str) -> None:
    base = healthy(PROVIDERS[provider])
    world = World(replace(base, attempt=replace(base.attempt, extra_claims={"jti": "once-0001"})))

    first, second = asked(world), asked(world)

    assert first.status == 200
    assert second.status in (400, 401, 403)


def test_entra_prints_its_clock_and_the_times_of_the_assertion() -> None:
    told = said(asked(World("server-clock-wrong:fast", provider="entra")))

    assert told["error_codes"] == [700024]
    assert told["timestamp"] == "2026-11-21 22:41:40Z"
    assert "assertion valid from 1970-01-01T00:00:00.0000000Z" in told["error_description"], "nbf was not there"
    assert told["error_description"].endswith(f"Timestamp: {told['timestamp']}")
    assert told["trace_id"] in told["error_description"]


def test_entra_finds_a_key_by_its_thumbprint_alone_and_with_padding() -> None:
    """kid alone does not do; MSAL pads its x5t#S256."""
    base = healthy(PROVIDERS["entra"])
    nameless = replace(base, attempt=replace(base.attempt, certificate_pem=None, kid="by-kid"))

    assert "AADSTS700027" in said(asked(World(nameless)))["error_description"]
    assert asked(World(base)).status == 200


def test_snowflake_tells_a_client_one_number_and_an_administrator_which_it_was() -> None:
    rows = {}
    for name in ("clock-drift:slow", "wrong-login-host", "unsupported-algorithm", "signature-key-mismatch:replaced"):
        world = World(name, provider="snowflake")
        told = said(asked(world))
        assert told["code"] == "390144"
        rows[name] = {o.fact: o.value for o in world.administrators_facts}["login_history.status"]

    assert rows == {
        "clock-drift:slow": "394303 JWT_TOKEN_INVALID_EXPIRATION_TIME",
        "wrong-login-host": "394307 JWT_TOKEN_ACCOUNT_MISMATCH",
        "unsupported-algorithm": "394305 JWT_TOKEN_INVALID_ALGORITHM",
        "signature-key-mismatch:replaced": "394304 JWT_TOKEN_INVALID_PUBLIC_KEY_FINGERPRINT_MISMATCH",
    }


def test_snowflakes_login_for_drivers_answers_200_with_the_failure_inside() -> None:
    body = json.dumps({"data": {"TOKEN": "not.a.jwt", "LOGIN_NAME": "JDOE"}})
    request = HttpRequest("POST", "/session/v1/login-request?requestId=1", {"Content-Type": "application/json"}, body)

    reply = rule(request, healthy(PROVIDERS["snowflake"]).policy, NOW).reply

    assert reply.status == 200
    assert (said(reply)["success"], said(reply)["code"]) == (False, "390144")


def test_okta_hands_out_a_nonce_with_its_refusal() -> None:
    reply = asked(World("dpop-required", provider="okta"))

    assert (reply.status, said(reply)["error"]) == (400, "invalid_dpop_proof")
    assert said(reply)["error_description"] == "The DPoP proof JWT header is missing."
    assert reply.header("dpop-nonce")


def test_what_a_service_has_no_address_for_is_not_found() -> None:
    service = healthy(PROVIDERS["google"]).policy

    assert rule(HttpRequest("POST", "/tokens"), service, NOW).reply.status == 404


@pytest.mark.parametrize("provider", list(PLAYED))
def test_every_kind_of_trouble_has_words_that_say_how_sure_they_are(provider: str) -> None:
    world = World("healthy", provider=provider)
    dialect = PLAYED[provider]
    request = HttpRequest("POST", world.scenario.path, {"Content-Type": FORM}, "")
    from jwtdoctor.simulator.providers.checks import asked_of

    nothing = asked_of(request, "", world.scenario.policy, NOW)
    for kind in KINDS:
        refusal = dialect.words(Trouble(kind, "x"), nothing)
        body = json.dumps(dialect.body(refusal, Trouble(kind, "x"), nothing))

        assert 400 <= refusal.status < 600
        assert "{" not in str(json.loads(body).get("error_description", "")), body


@pytest.mark.parametrize("name", [*PLAYED, "auth0", "box"])
@given(token=st.text(max_size=60), target=st.text(max_size=30), body=st.text(max_size=60), now=st.floats(-1e6, 1e11))
@settings(max_examples=20, deadline=None)
def test_nothing_that_is_sent_upsets_a_judge(name: str, token: str, target: str, body: str, now: float) -> None:
    service = healthy(PROVIDERS[name]).policy
    odd = f"e30.{token}.e30"
    form = f"assertion={odd}&client_assertion={odd}&grant_type=client_credentials&{body}"
    for request in (
        HttpRequest("POST", service.path, {"Content-Type": FORM}, form),
        HttpRequest("GET", service.path, {"Authorization": f"Bearer {odd}"}),
        HttpRequest("POST", f"/{target}", {}, body),
        HttpRequest("POST", "/session/v1/login-request", {}, body),
    ):
        reply = rule(request, service, now).reply
        assert reply.status == 404 or (reply.status or 0) >= 400 or name in ("entra", "snowflake")
        assert "access_token" not in reply.body


def test_the_log_names_what_was_wrong_and_repeats_nothing_of_the_client() -> None:
    world = World("wrong-tenant", provider="entra")
    asked(world)

    record = record_of(world.transport.requests[-1], world.rulings[-1], NOW)

    assert record["description"].startswith("AADSTS700016: Application with identifier '{client}'")
    assert "client_assertion" in record["fields"]
    assert "0f1e2d3c" not in json.dumps(record)


def test_each_faults_name_is_that_of_a_cause_and_said_once() -> None:
    for provider in PLAYED:
        names = [fault.name for fault in staged(PROVIDERS[provider])]

        assert len(names) == len(set(names))
        assert all(fault.stages in load().causes for fault in staged(PROVIDERS[provider]) if fault.stages)


def test_an_unknown_fault_or_provider_is_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownName, match="clock-drift:slow"):
        stage("clock-drift:slo", PROVIDERS["google"])
    with pytest.raises(UnknownName):
        staged_at("healthy", "no-such-provider")
    with pytest.raises(BadInput, match="cognito takes no JWT"):
        staged_at("healthy", "cognito")


@pytest.mark.parametrize(("provider", "octets"), [("apple", 64), ("corppass", 64), ("epic-smart", 256)])
def test_the_throwaway_key_is_of_the_kind_that_the_provider_takes(provider: str, octets: int) -> None:
    """RFC 7518 §3.4: R and S as they are, one after the other, and no DER; 256 octets are RSA's."""
    world = World("healthy", provider=provider)
    asked(world)
    field = "client_secret" if provider == "apple" else "client_assertion"
    head, _, signature = world.transport.requests[-1].parameters()[field].rpartition(".")

    assert len(urlsafe_b64decode(signature + "==")) == octets
    assert json.loads(urlsafe_b64decode(head.split(".")[0] + "=="))["alg"] == PROVIDERS[provider].algorithms[0]


def test_a_signature_in_der_is_refused_like_another_keys() -> None:
    """What openssl_sign writes, and Apple does not take."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    base = healthy(PROVIDERS["apple-app-store-connect"])
    world = World(base)
    asked(world)
    request = world.transport.requests[-1]
    head, _, signature = bearer_of(request).rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    token = f"{head}.{urlsafe_b64encode(der).rstrip(b'=').decode()}"

    again = rule(replace(request, headers={"Authorization": f"Bearer {token}"}), base.policy, NOW).reply

    assert again.status == 401
    assert said(again)["errors"][0]["code"] == "NOT_AUTHORIZED"


def test_a_code_is_good_for_one_exchange_and_a_refresh_token_for_many() -> None:
    code, refresh = World("healthy:code", provider="apple"), World("healthy", provider="apple")

    assert [asked(code).status for _ in range(2)] == [200, 400]
    assert [asked(refresh).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (r"\bjti\b (already|again) used\.?$", "jti already used"),
        (r"kid\W{1,6}invalid|other", "kid invalid"),
        (r"Bad client_assertion(?! (algorithm|type))", "Bad client_assertion"),
        (r"date.{0,3}time (?P<name>[a-z]{2,9})?MUST", "datetime MUST"),
        (r"^account(-d|-s)?\.docusign\.(com|net)$", "account.docusign.com"),
        (r"(?!a)a", None),
    ],
)
def test_a_text_is_found_that_a_pattern_fits(pattern: str, example: str | None) -> None:
    assert example_of(pattern) == example


def test_every_host_that_is_meant_is_one_of_the_provider() -> None:
    for provider in PROVIDERS.values():
        if provider.hosts and is_playable(provider):
            host = healthy(provider).token_host
            assert any(re.search(pattern, host) for pattern in provider.hosts) or host.endswith(".example"), host


def test_a_service_that_says_less_keeps_its_codes_or_the_standards_code_alone() -> None:
    def body(how: Vague) -> dict[str, Any]:
        return said(asked(World("key-not-registered", provider="entra", vague=how)))

    assert body("no-description").keys() >= {"error", "error_codes", "trace_id"}
    assert "error_description" not in body("no-description")
    assert body("bare") == {"error": "invalid_client"}
    assert said(asked(World("key-not-registered", provider="github", vague="bare"))) == {}


def test_a_certificate_of_ones_own_replaces_the_throwaway() -> None:
    pem = healthy(PROVIDERS["google"]).policy.keys[0].pem

    scene = healthy(PROVIDERS["google"], certificate_pem=pem)

    assert scene.attempt.key_pem is None
    assert scene.attempt.client_id == SERVICE_ACCOUNT
    assert scene.policy.keys[0].pem == pem


def test_the_slug_of_a_cause_stages_its_first_variant() -> None:
    google = load().provider_or_generic("google")
    names = [one.name for one in staged(google)]
    first = next(name for name in names if name.startswith("clock-drift:"))

    assert "clock-drift" not in names
    assert stage("clock-drift", google) == stage(first, google)
