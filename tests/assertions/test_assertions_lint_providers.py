"""What the lint says of an assertion by a provider's own data: who it names, its age, how its key is found."""

from __future__ import annotations

from typing import Any

import pytest
from assertion_samples import NOW, token

from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.assertions.inspect import lint
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.assertion import Finding

AT = int(NOW)
FINGERPRINT = "A" * 43 + "="


def found(slug: str, claims: dict[str, Any], header: dict[str, Any] | None = None) -> dict[str, Finding]:
    head = {"alg": "RS256", "typ": "JWT"} | (header or {})
    return {f.rule: f for f in lint(take_apart(token(head, claims, b"s" * 256)), load().providers[slug], NOW)}


@pytest.mark.parametrize(("age_s", "severity"), [(100, "error"), (61, "error"), (59, "warning"), (30, None)])
def test_an_iat_that_the_server_counts_from_is_said_to_be_too_old(age_s: int, severity: str | None) -> None:
    claims = {"iss": f"A.B.SHA256:{FINGERPRINT}", "sub": "A.B", "iat": AT - age_s, "exp": AT + 600}

    finding = found("snowflake", claims).get("too-old")

    assert (finding and finding.severity) == severity
    assert finding is None or "1 min" in finding.message


def test_an_assertion_without_the_thumbprint_that_finds_its_key_is_an_error() -> None:
    claims = {
        "iss": "11111111-2222-3333-4444-555555555555", "sub": "x", "jti": "1", "iat": AT, "nbf": AT, "exp": AT + 300,
        "aud": "https://login.microsoftonline.us/t/oauth2/v2.0/token",
    }  # fmt: skip

    assert found("entra", claims)["x5t-missing"].severity == "error"
    assert "x5t-missing" not in found("entra", claims, {"kid": "k"})
    assert "x5t-missing" not in found("entra", claims, {"x5t": "A" * 27})
    assert "x5t-missing" not in found("okta", claims)


@pytest.mark.parametrize(
    ("slug", "issuer", "is_odd"),
    [
        ("snowflake", f"acme.robot.SHA256:{FINGERPRINT}", True),
        ("snowflake", f"ACME.ROBOT.SHA256:{FINGERPRINT}", False),
        ("google", "1234567890", True),
        ("google", "robot@acme.iam.gserviceaccount.com", False),
        ("github", 12345, False),
        ("github", "my-app", True),
        ("entra", "my app", True),
        ("entra", "https://token.actions.githubusercontent.com", False),
        ("apple", "com.acme.web", True),
        ("apple", "TEAM123456", False),
        ("okta", "anything", False),
    ],
)
def test_an_iss_that_is_not_written_as_the_provider_has_it_is_a_warning(
    slug: str, issuer: object, is_odd: bool
) -> None:
    assert ("iss-form" in found(slug, {"iss": issuer, "iat": AT, "exp": AT + 60})) is is_odd


def test_an_audience_with_a_path_of_several_parts_fits_its_template() -> None:
    aud = "https://fhir.epic.com/interconnect-fhir-oauth/oauth2/token"

    assert "aud-unknown" not in found("epic-smart", {"iss": "c", "sub": "c", "aud": aud, "jti": "1", "exp": AT + 60})
    assert "aud-unknown" in found("epic-smart", {"iss": "c", "sub": "c", "aud": "epic", "jti": "1", "exp": AT + 60})


def test_a_life_a_little_over_the_maximum_is_told_in_seconds() -> None:
    claims = {"iss": "r@a.iam.gserviceaccount.com", "scope": "s", "iat": AT, "exp": AT + 3610,
              "aud": "https://oauth2.googleapis.com/token"}  # fmt: skip

    assert "3610 s; Google (service accounts) allows 3600 s" in found("google", claims)["lifetime-over-limit"].message


@pytest.mark.parametrize(
    ("slug", "issuer"),
    [
        ("google", "https://accounts.google.com"),
        ("entra", "https://sts.windows.net/t/"),
        ("cognito", "https://cognito-idp.eu-west-1.amazonaws.com/pool"),
        ("salesforce", "https://acme.my.salesforce.com"),
    ],
)
def test_a_token_that_the_provider_issued_is_not_judged_as_an_assertion_for_it(slug: str, issuer: str) -> None:
    claims = {"iss": issuer, "sub": "1", "aud": "x", "iat": AT, "exp": AT + 3600}

    assert set(found(slug, claims)) == {"issued-token"}
    assert set(found(slug, claims | {"exp": AT - 3600})) == {"issued-token", "expired"}


@pytest.mark.parametrize(
    ("back_s", "exp_s", "severity"), [(60, 540, None), (60, 600, "warning"), (60, 1200, "error"), (300, 590, "warning")]
)
def test_githubs_maximum_is_counted_from_now_and_not_from_an_iat_that_is_dated_back(
    back_s: int, exp_s: int, severity: str | None
) -> None:
    told = found("github", {"iss": 1, "iat": AT - back_s, "exp": AT + exp_s})
    said = {told[rule].severity for rule in ("lifetime-over-limit", "lifetime-at-limit") if rule in told}

    assert said == ({severity} if severity else set())


def test_an_old_assertion_for_github_still_shows_how_far_ahead_its_exp_was() -> None:
    assert "lifetime-over-limit" in found("github", {"iss": 1, "iat": AT - 7200, "exp": AT - 3600})
