"""Wordings of other providers that once led nowhere, or to another's cause: what each of them is read as first."""

from __future__ import annotations

import json

import pytest

from jwtdoctor.checkup import explain_case
from jwtdoctor.intake.read import read
from jwtdoctor.model.report import Report


def explained(body: object, flow: str | None = None, provider: str | None = None) -> Report:
    return explain_case(read(json.dumps(body), provider=provider, flow=flow))


@pytest.mark.parametrize(
    ("provider", "flow", "body", "cause"),
    [
        (
            "okta",
            None,
            {"errorCode": "E0000006", "errorSummary": "You do not have permission to perform the requested action"},
            "api-access-missing",
        ),
        (
            "okta",
            None,
            {"errorCode": "E0000064", "errorSummary": "Password is expired and must be changed"},
            "password-expired",
        ),
        (
            "google",
            "token-exchange",
            {
                "error": "unauthorized_client",
                "error_description": "The given credential is rejected by the attribute condition.",
            },
            "app-not-authorized",
        ),
        (
            "keycloak",
            "jwt-bearer",
            {"error": "invalid_client", "error_description": "Token was issued too far in the past to be used now"},
            "assertion-expired",
        ),
        (
            "servicenow",
            "client-credentials",
            {"error": "server_error", "error_description": "access_denied"},
            "flow-disabled",
        ),
        ("servicenow", "jwt-bearer", {"error": "server_error", "error_description": "access_denied"}, "wrong-audience"),
        (
            "salesforce",
            "jwt-bearer",
            [{"errorCode": "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "message": "The users password has expired"}],
            "password-expired",
        ),
    ],
)
def test_the_first_reading_of_a_wording(provider: str, flow: str | None, body: object, cause: str) -> None:
    assert explained(body, flow, provider).verdicts[0].cause == cause


def test_the_flow_of_a_provider_that_has_one_alone_is_known() -> None:
    body = {"errors": [{"code": "NOT_AUTHORIZED", "detail": "Provide a properly configured and signed bearer token, "
                        "and make sure that it has not expired."}]}  # fmt: skip

    assert explained(body).flow == "api-jwt"
    assert explained(body, flow="client-credentials").flow == "client-credentials"
    assert explained({"error": "invalid_grant"}, provider="keycloak").flow is None


@pytest.mark.parametrize(("subject", "is_missing"), [("user", False), ("someone", True), (None, True)])
def test_what_stands_for_iss_at_the_provider_is_not_accused_of_its_absence(
    subject: str | None, is_missing: bool
) -> None:
    facts = {"assertion.claims_missing": ["iss"], "assertion.claim_names": ["sub", "iat", "exp", "aud"]}
    case = {
        "schema": "jwtdoctor.case/1",
        "provider": "apple-app-store-connect",
        "reply": {"status": 401, "body": '{"errors":[{"code":"NOT_AUTHORIZED"}]}'},
        "facts": facts | ({} if subject is None else {"assertion.sub": subject}),
    }
    scores = {verdict.cause: verdict.score for verdict in explained(case).verdicts}

    assert (scores.get("missing-claim", 0) > 0 or scores.get("client-id-missing", 0) > 0) is is_missing
