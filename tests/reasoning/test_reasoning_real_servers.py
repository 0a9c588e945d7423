"""What real servers (Authlib, oidc-provider) showed to be wrong, kept right without them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import jwtdoctor
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Outcome, Sureness
from jwtdoctor.model.provider import Limit, Provider
from jwtdoctor.reasoning.derive import derive
from jwtdoctor.reasoning.findings import findings
from jwtdoctor.reasoning.recognise import provider_of_url
from jwtdoctor.reasoning.responses import Texts, match

GENERIC = load().providers["generic"]
NODE = load().providers["node-oidc-provider"]
WITH_TOLERANCE = replace(GENERIC, slug="made-up", limits={"early_tolerance_s": Limit(60, Sureness.DOCUMENTED, ("x",))})


def chart(by: Provider = GENERIC, flow: str = "jwt-bearer", /, **facts: Value) -> Chart:
    seen = [Observation(name.replace("__", "."), value, "test") for name, value in facts.items()]
    return derive(Chart.of(seen), by, flow)


# --- two clocks


@pytest.mark.parametrize(
    ("clock_s", "host_s", "client_is_off", "host_is_off"),
    [
        (0.0, 0.0, False, False),
        (-300.0, 0.0, True, False),
        (0.0, 300.0, False, True),
        (0.0, -300.0, False, True),
        (-300.0, 300.0, True, True),
        (300.0, -300.0, True, True),
        (-300.0, -300.2, False, False),
        (300.0, 299.7, False, False),
        (-300.0, -200.0, False, False),
    ],
)
def test_a_clock_is_blamed_for_the_part_that_shows_between_the_two(
    clock_s: float, host_s: float, client_is_off: bool, host_is_off: bool
) -> None:
    seen = chart(WITH_TOLERANCE, clock__ahead_s=clock_s, host__ahead_s=host_s, assertion__ttl_s=180)

    blamed = seen.flag("clock.is_slow_beyond_ttl") or seen.flag("clock.is_fast_beyond_margin")
    assert blamed is client_is_off
    assert seen.flag("host.is_off_beyond_margin") is host_is_off


def test_two_clocks_that_err_alike_are_harmless() -> None:
    seen = chart(clock__ahead_s=-300.0, host__ahead_s=-300.0, assertion__ttl_s=180)

    assert seen.flag("clock.is_harmless") is True


def test_date_alone_never_says_that_this_clock_is_fast_beyond_doubt() -> None:
    seen = chart(WITH_TOLERANCE, reply__date_ahead_s=600.0, assertion__ttl_s=180)

    assert "clock.is_fast_beyond_margin" not in seen
    assert seen.flag("clock.date_says_fast") is True
    assert seen.flag("clock.is_harmless") is False


def test_a_margin_is_measured_on_the_clock_that_judged() -> None:
    seen = chart(assertion__exp_in_s=-120.0, clock__ahead_s=-300.0, host__ahead_s=-300.0)

    rules = {finding.rule for finding in findings(seen, GENERIC, Outcome.GRANTED, ())}
    assert "thin-margin" not in rules


def test_this_clock_is_named_beside_a_host_that_is_the_cause() -> None:
    seen = chart(clock__ahead_s=-100.0, host__ahead_s=900.0)

    rules = {finding.rule for finding in findings(seen, GENERIC, Outcome.REFUSED, ("server-clock-wrong",))}
    assert "clock-is-off" in rules


# --- iat, nbf and exp


def test_a_tolerance_that_is_only_supposed_excuses_no_start_that_lies_minutes_ahead() -> None:
    seen = chart(assertion__iat_in_s=300.0, clock__ahead_s=0.0)

    assert "assertion.starts_in_future" not in seen
    assert seen.flag("assertion.starts_in_future_despite_right_clock") is True


def test_a_fast_clock_is_suspect_where_the_tolerance_is_only_supposed() -> None:
    seen = chart(assertion__iat_in_s=120.0, clock__ahead_s=120.0, assertion__ttl_s=180)

    assert seen.flag("clock.is_fast_where_iat_counts") is True
    assert "clock.is_harmless" not in seen


def test_where_nbf_alone_is_judged_an_iat_of_the_future_is_none() -> None:
    by_iat = chart(NODE, "private-key-jwt", assertion__iat_in_s=300.0, clock__ahead_s=300.0, assertion__ttl_s=180)
    by_nbf = chart(NODE, "private-key-jwt", assertion__nbf_in_s=300.0, clock__ahead_s=300.0, assertion__ttl_s=180)

    assert by_iat.flag("clock.is_harmless") is True
    assert "assertion.starts_in_future" not in by_iat
    assert by_nbf.flag("clock.is_fast_beyond_margin") is True
    assert by_nbf.flag("assertion.starts_in_future") is True


def test_times_in_milliseconds_are_no_start_and_no_end() -> None:
    seen = chart(assertion__iat_in_s=1.79e12, assertion__exp_in_s=1.79e12, assertion__exp_is_milliseconds=True)

    assert "assertion.starts_in_future" not in seen
    assert "assertion.exp_had_passed" not in seen


@pytest.mark.parametrize(("ttl_s", "is_tiny"), [(-180.0, False), (0.0, True), (20.0, True), (180.0, False)])
def test_an_exp_before_iat_is_a_wrong_sum_and_no_short_life(ttl_s: float, is_tiny: bool) -> None:
    assert chart(assertion__ttl_s=ttl_s).flag("assertion.ttl_is_tiny") is is_tiny


@pytest.mark.parametrize(
    ("iat_in_s", "ttl_s", "is_old"),
    [(-880.0, 180.0, True), (0.0, 180.0, False), (-3600.0, 180.0, False), (-880.0, -180.0, False)],
)
def test_an_old_assertion_is_told_from_one_that_was_wrongly_added_up(
    iat_in_s: float, ttl_s: float, is_old: bool
) -> None:
    seen = chart(
        assertion__iat_in_s=iat_in_s, assertion__exp_in_s=iat_in_s + ttl_s, assertion__ttl_s=ttl_s, clock__ahead_s=0.0
    )

    assert seen.flag("assertion.was_signed_earlier") is is_old


# --- audience, claims, scheme


@pytest.mark.parametrize(
    ("aud", "is_known", "fits"),
    [
        ("https://as.example.com/token", True, None),
        ("https://as.example.com", True, None),
        ("https://login.example.com", None, False),
        ("some client id", None, None),
    ],
)
def test_of_a_generic_server_only_its_own_host_is_known(aud: str, is_known: bool | None, fits: bool | None) -> None:
    seen = chart(assertion__aud=aud, assertion__aud_type="string", request__token_host="as.example.com")

    assert seen.flag("assertion.aud_is_known_form") is is_known
    assert seen.flag("assertion.aud_fits_host") is fits


def test_an_audience_on_loopback_may_have_a_port_and_plain_http() -> None:
    aud = "http://127.0.0.1:8080/token"

    seen = chart(NODE, assertion__aud=aud, assertion__aud_type="string", request__token_host="127.0.0.1")
    assert seen.flag("assertion.aud_is_known_form") is True


def test_plain_http_is_no_fault_on_loopback() -> None:
    def leaders(host: str) -> tuple[str, ...]:
        facts = {"request.scheme": "http", "request.token_host": host}
        case = {"schema": "jwtdoctor.case/1", "provider": "generic", "flow": "client-credentials", "facts": facts}
        return jwtdoctor.explain({**case, "reply": {"status": 401, "body": '{"error": "invalid_client"}'}}).leaders

    assert "http-not-https" in leaders("as.example.com")
    assert "http-not-https" not in leaders("127.0.0.1")


def test_a_claim_that_this_provider_requires_beyond_the_standard_is_missed() -> None:
    named = ("iss", "sub", "aud", "exp")

    def has(by: Provider, **more: Value) -> bool | None:
        seen = chart(by, "private-key-jwt", assertion__claims_missing=(), assertion__claim_names=named, **more)
        return seen.flag("assertion.has_required_claims")

    assert has(GENERIC) is True
    assert has(NODE) is False
    assert has(NODE, assertion__jti_present=False) is False


def test_an_error_in_a_redirect_is_the_authorize_endpoints_own_answer() -> None:
    redirected: dict[str, Value] = {"reply__status": 303, "request__redirected_to": "http://127.0.0.1:1717/callback"}

    assert chart(**redirected).flag("reply.is_foreign_page") is True
    assert chart(reply__error="invalid_request", **redirected).flag("reply.is_foreign_page") is False


# --- the servers' words


def test_words_in_the_description_are_closer_than_the_code_beside_them() -> None:
    texts = Texts(status=400, error="invalid_client", description="The token is expired")

    found = match(texts, GENERIC, GENERIC, "private-key-jwt").refusal
    assert found is not None
    assert found.response.id == "jwt-words-expired"


@pytest.mark.parametrize(
    ("words", "flow", "cause"),
    [
        ("The token was issued in the future", "jwt-bearer", "clock-drift"),
        ("Invalid claim: 'aud'", "jwt-bearer", "wrong-audience"),
        ("Missing claim: 'exp'", "jwt-bearer", "missing-claim"),
        ("Missing JWT ID.", "private-key-jwt", "missing-claim"),
        ("JWT ID is used before.", "private-key-jwt", "jti-replayed"),
        ("Invalid 'sub' value in assertion", "jwt-bearer", "wrong-subject"),
        ("The client does not exist on this server.", "jwt-bearer", "client-id-unknown"),
        ("The client cannot authenticate with methods: ['x']", "client-credentials", "client-secret-wrong"),
        ("Algorithm of 'none' is not recommended", "jwt-bearer", "unsupported-algorithm"),
        ("Algorithm 'ES256' requires 'EC' key", "jwt-bearer", "unsupported-algorithm"),
        ("Claim 'exp' must be a NumericDate value", "jwt-bearer", "assertion-time-miscalculated"),
        ("Invalid JWT assertion.", "jwt-bearer", "assertion-malformed"),
        ("Code challenge failed.", "authorization-code", "pkce-verifier-mismatch"),
        ("Invalid 'code_verifier'", "authorization-code", "pkce-verifier-mismatch"),
        ("Missing 'code_verifier'", "authorization-code", "pkce-missing"),
        ("Invalid 'redirect_uri' in request.", "authorization-code", "redirect-uri-mismatch"),
    ],
)
def test_authlibs_words_are_known(words: str, flow: str, cause: str) -> None:
    error = "invalid_grant" if flow in ("jwt-bearer", "authorization-code") else "invalid_client"
    body = json.dumps({"error": error, "error_description": words})

    assert jwtdoctor.explain(body, provider="generic", flow=flow).leaders[0] == cause


@pytest.mark.parametrize(
    ("detail", "flow", "cause"),
    [
        ("signature verification failed", "private-key-jwt", "signature-key-mismatch"),
        ("no applicable key found in the JSON Web Key Set", "private-key-jwt", "key-id-unknown"),
        ("sub (JWT subject) must be provided in the client_assertion JWT", "private-key-jwt", "missing-claim"),
        ("client not found", "client-credentials", "client-id-unknown"),
        ("invalid secret provided", "client-credentials", "client-secret-wrong"),
        (
            "the provided authentication mechanism does not match the registered client authentication method",
            "client-credentials",
            "client-type-mismatch",
        ),
    ],
)
def test_the_words_of_oidc_providers_log_are_known(detail: str, flow: str, cause: str) -> None:
    body = json.dumps({"error": "invalid_client", "error_description": detail})

    assert jwtdoctor.explain(body, provider="node-oidc-provider", flow=flow).leaders[0] == cause


def test_a_bare_refusal_of_a_bearer_grant_lists_the_key_first() -> None:
    report = jwtdoctor.explain('{"error": "invalid_grant"}', provider="generic", flow="jwt-bearer")

    assert report.leaders[0] == "signature-key-mismatch"


def test_a_bare_code_is_no_promise_where_other_wordings_have_no_code_in_the_data() -> None:
    """XSUAA's `invalid_client` was called almost certainly a disabled flow, by the one wording whose code is known."""
    report = jwtdoctor.explain('{"error": "invalid_client"}', provider="sap-xsuaa", flow="private-key-jwt")

    assert [v.cause for v in report.verdicts if v.likelihood.value == "almost-certain"] == []
    assert len(report.leaders) > 1


def test_a_loopback_host_is_nobodys() -> None:
    assert provider_of_url("http://127.0.0.1:8080/token", load()) is None
