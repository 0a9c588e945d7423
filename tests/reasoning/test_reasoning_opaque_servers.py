"""What glewlwyd and canaille showed to be missing, kept right without them."""

from __future__ import annotations

import json

import pytest

import jwtdoctor
from jwtdoctor.model.facts import Value
from jwtdoctor.model.report import Report

AT = "2026-11-22T06:47:10 - Glewlwyd"
CONTENT = f"{AT} ERROR: invalid jwt assertion content\n"
PROOF = "private-key-jwt"


def asserted(iss: str, sub: str, exp: int, aud: str) -> str:
    """What glewlwyd logs of an assertion whose signature is right and whose claims are not."""
    told = {"iss": f"'{iss}'", "sub": f"'{sub}'", "nbf": 0, "exp": exp, "aud": aud}
    return CONTENT + "".join(f"{AT} DEBUG:  - {name}: {value}\n" for name, value in told.items())


@pytest.mark.parametrize(
    ("lines", "flow", "cause"),
    [
        ("verify_request_signature - jwt has an invalid signature (pubkey)", PROOF, "signature-key-mismatch"),
        ("verify_request_signature - jwt has an invalid signature (client_secret), origin: ::1", PROOF,
         "unsupported-algorithm"),
        ("verify_request_signature - jwt has an invalid signature (client_secret), origin: ::1", "client-secret-jwt",
         "client-secret-wrong"),
        ("verify_request_signature - unable to get pubkey from jwks, origin: ::1", PROOF, "key-id-unknown"),
        ("verify_request_signature - Error getting header or payload, origin: ::1", PROOF, "app-blocked"),
        ("check_request_jti_unused - jti already used for client 'a', origin ::1", PROOF, "jti-replayed"),
        ("check_request_jti_unused - no jti in jwt request for client 'a', origin ::1", PROOF, "missing-claim"),
        ("validate_jwt_assertion_request - Error jwt_assertion is not a valid jwt, origin: ::1", PROOF,
         "assertion-malformed"),
        ("oidc callback_oidc_token - Unknown grant_type 'urn:ietf:params:oauth:grant-type:jwt-bearer', origin: ::1",
         "jwt-bearer", "flow-disabled"),
        ("oidc is_code_challenge_valid - pkce required", "authorization-code", "pkce-missing"),
        ("oidc validate_code_challenge - Invalid code_challenge value", "authorization-code", "pkce-verifier-mismatch"),
        ("check_client_valid - oidc - Error, redirect_uri 'http://x' is invalid for the client 'a', origin: ::1",
         "authorization-code", "redirect-uri-mismatch"),
    ],
)  # fmt: skip
def test_a_line_of_glewlwyds_log_is_known_as_its_own(lines: str, flow: str, cause: str) -> None:
    report = jwtdoctor.explain(f"{AT} DEBUG: {lines}", flow=flow)

    assert (report.provider, report.leaders) == ("glewlwyd", (cause,))


@pytest.mark.parametrize(
    ("lines", "leaders"),
    [
        (asserted("a", "a", 1795330230, "'(null)'"), {"missing-claim", "audience-must-be-string"}),
        (asserted("a", "b", 1795330230, "'x'"), {"client-id-mismatch"}),
        (asserted("a", "a", 1795330230000, "'x'"), {"assertion-time-miscalculated"}),
        (asserted("a", "a", 0, "'x'"), {"missing-claim", "assertion-time-miscalculated"}),
        (f"{AT} DEBUG: check_request_jti_unused - jti already used for client 'a'\n"
         + asserted("a", "a", 1795330230, "'x'"), {"jti-replayed"}),
    ],
)  # fmt: skip
def test_the_claims_that_glewlwyd_logs_narrow_what_it_minds(lines: str, leaders: set[str]) -> None:
    assert set(jwtdoctor.explain(lines, flow=PROOF).leaders) == leaders


def test_without_the_claims_all_that_glewlwyd_minds_of_them_is_left_open() -> None:
    leaders = jwtdoctor.explain(CONTENT, flow=PROOF).leaders

    assert {"wrong-audience", "assertion-expired", "clock-drift"} <= set(leaders)


@pytest.mark.parametrize(
    ("words", "error", "flow", "leaders"),
    [
        ("Client has no permission to access user data", "invalid_client", "jwt-bearer",
         ("user-not-approved-app", "consent-missing")),
        ("The client is not authorized to use 'grant_type=password'", "unauthorized_client", "password",
         ("flow-disabled",)),
        ("The client cannot authenticate with methods: ['client_secret_basic']", "invalid_client", "client-credentials",
         ("client-secret-wrong", "client-type-mismatch")),
    ],
)  # fmt: skip
def test_canailles_words_are_known(words: str, error: str, flow: str, leaders: tuple[str, ...]) -> None:
    body = json.dumps({"error": error, "error_description": words})

    assert jwtdoctor.explain(body, provider="generic", flow=flow).leaders[: len(leaders)] == leaders


def forbidden(provider: str, **facts: Value) -> Report:
    """An empty 403 to an assertion that is right but for these facts."""
    seen = {name.replace("__", "."): value for name, value in facts.items()}
    case = {"schema": "jwtdoctor.case/1", "provider": provider, "flow": PROOF, "reply": {"status": 403}, "facts": seen}
    return jwtdoctor.explain(case)


@pytest.mark.parametrize("provider", ["glewlwyd", "generic"])
def test_an_empty_403_may_be_about_the_assertion(provider: str) -> None:
    assert forbidden(provider, assertion__exp_in_s=-700.0, clock__ahead_s=0.0).leaders[0] == "assertion-expired"
    assert "signature-key-mismatch" in forbidden(provider).leaders


def test_an_empty_403_of_nobody_known_may_come_from_the_way_too() -> None:
    assert {"ip-restricted", "proxy-refused"} <= set(forbidden("generic").leaders)
    assert not {"ip-restricted", "proxy-refused"} & set(forbidden("glewlwyd").leaders)


def test_an_exp_in_milliseconds_is_of_the_wrong_unit_and_not_too_far() -> None:
    seen: dict[str, Value] = {"assertion__exp_is_milliseconds": True, "assertion__ttl_s": 1.79e12}

    assert forbidden("glewlwyd", **seen).leaders == ("assertion-time-miscalculated",)
