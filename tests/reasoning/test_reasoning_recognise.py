"""Whose answer, token or key it is, where nobody says so; and what a reply's own words add to a diagnosis."""

from __future__ import annotations

import json

import pytest

from jwtdoctor.checkup import ASSUMED, explain, explain_case
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.intake.read import read
from jwtdoctor.knowledge.load import Knowledge, knowledge_of, load, raw
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.recognise import provider_of_claims

FINGERPRINT = "A" * 43 + "="
THUMBPRINT = "ab12cd34ef5678901234ab12cd34ef5678901234"
WITH_COLONS = ":".join(THUMBPRINT[n : n + 2] for n in range(0, 40, 2)).upper()
NO_KEY = (
    "AADSTS700027: Client assertion contains an invalid signature. "
    f"[Reason - The key was not found., Thumbprint of key used by client: '{THUMBPRINT.upper()}']"
)


def explained(text: str, knowledge: Knowledge | None = None, facts: dict[str, object] | None = None) -> Report:
    if facts is None:
        return explain_case(read(text), knowledge)
    return explain_case(case_from({"schema": "jwtdoctor.case/1", "reply": {"body": text}, "facts": facts}), knowledge)


@pytest.mark.parametrize(
    ("issuer", "audience", "slug"),
    [
        ("robot@acme.iam.gserviceaccount.com", "", "google"),
        (f"ACME.ROBOT.SHA256:{FINGERPRINT}", "", "snowflake"),
        ("guid", "account-d.docusign.com", "docusign"),
        ("x", "appstoreconnect-v1", "apple-app-store-connect"),
        ("x", "auth.uat.interop.pagopa.it/client-assertion", "pdnd-interop"),
        ("x", "https://dev-1.okta.com/oauth2/v1/token", "okta"),
        ("x", "https://login.microsoftonline.com/t/oauth2/v2.0/token", "entra"),
        ("x", "https://appleid.apple.com", "apple"),
        ("3MVG9x", "https://test.salesforce.com", "salesforce"),
        ("12345", "", None),
        ("x", "https://idp.example.org/token", None),
    ],
)
def test_a_token_names_the_provider_that_it_is_made_for(issuer: str, audience: str, slug: str | None) -> None:
    assert provider_of_claims(issuer, [audience] if audience else [], load()) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("AADSTS7000215: Invalid client secret provided.", "entra"),
        ('{"error_codes":[700016]}', "entra"),
        ("login failed: JWT_TOKEN_INVALID_ISSUE_TIME", "snowflake"),
        ("{\"message\":\"'Issued at' claim ('iat') must be an Integer\"}", "github"),
        ('{"error":"invalid_client","error_description":"Unauthorized client_assertion"}', "sap-xsuaa"),
        ('{"error":"invalid_client","error_description":"unique jti (JWT ID) must be provided"}', "node-oidc-provider"),
        ("detail: EntityOrRoleDisabled", "netsuite"),
        ('{"error_description":"access_denied","error":"server_error"}', "servicenow"),
        ('{"error":"access_denied","error_description":"end-user denied authorization"}', "salesforce"),
        ('{"error":"server_error"}', "salesforce"),
        ('{"error":"invalid_client","error_description":"Token was issued too far in the past"}', "keycloak"),
        ('{"error":"invalid_grant","error_description":"audience is invalid"}', "salesforce"),
    ],
)
def test_words_that_nobody_else_prints_name_their_provider(text: str, slug: str) -> None:
    assert explained(text).provider == slug


def test_words_of_two_providers_name_neither() -> None:
    assert explained("AADSTS7000215 beside JWT_TOKEN_INVALID_SIGNATURE").provider == "salesforce"


@pytest.mark.parametrize(
    ("fact", "value", "leader"),
    [
        ("certificate.thumbprint", WITH_COLONS, "key-not-registered"),
        ("certificate.thumbprint", "00" * 20, "key-id-unknown"),
        ("assertion.thumbprints", [THUMBPRINT], "key-not-registered"),
        ("assertion.thumbprints", ["11" * 20, "22" * 32], "key-id-unknown"),
    ],
)  # fmt: skip
def test_the_thumbprint_in_the_answer_is_held_against_the_key(fact: str, value: object, leader: str) -> None:
    body = json.dumps({"error": "invalid_client", "error_description": NO_KEY})

    assert set(explained(body).leaders) == {"key-not-registered", "key-id-unknown"}
    assert explained(body, facts={fact: value}).leaders == (leader,)


def test_digests_of_another_kind_are_not_compared() -> None:
    body = json.dumps({"error": "invalid_client", "error_description": NO_KEY})

    assert len(explained(body, facts={"certificate.thumbprint": "00" * 32}).leaders) == 2


def test_a_code_from_an_administrators_screen_is_a_row_of_the_login_history() -> None:
    report = explain_case(read("2026-11-22 Failure InvalidSignature", provider="netsuite"))

    assert (report.outcome, report.leaders) == ("refused", ("signature-key-mismatch",))


def test_a_bare_code_whose_readings_all_need_a_flow_still_leads_somewhere() -> None:
    report = explain_case(read('{"error":"invalid_grant"}', provider="netsuite"))

    assert "key-id-unknown" in report.leaders


def test_a_provider_of_one_file_is_recognised_and_explained_without_code() -> None:
    tables = raw()
    acme = {
        "title": "Acme IdP",
        "hosts": [r"(^|\.)idp\.acme\.example$"],
        "words": [r"\bACME-\d{4}\b"],
        "issuers": ["^acme:"],
        "audiences": ["acme-tokens"],
        "responses": [
            {
                "id": "acme-0007",
                "where": "token",
                "pattern": r"ACME-0007\b",
                "readings": [
                    {"cause": "jti-replayed", "usual": "sole", "sureness": "documented", "sources": ["https://acme.example"]}
                ],
            }
        ],
    }  # fmt: skip
    known = knowledge_of({**tables, "providers": {**tables["providers"], "acme": acme}})

    report = explained("ERROR: ACME-0007 refused", known)

    assert (report.provider, report.leaders) == ("acme", ("jti-replayed",))
    assert provider_of_claims("acme:robot", [], known) == "acme"
    assert provider_of_claims("x", ["acme-tokens"], known) == "acme"
    assert provider_of_claims("x", ["https://eu.idp.acme.example/t"], known) == "acme"


def test_where_nothing_tells_whose_answer_it_is_the_report_says_what_was_assumed() -> None:
    unknown = explain('{"error":"invalid_client","error_description":"audience mismatch"}')
    known = explain('{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}')
    named = explain('{"error":"invalid_client","error_description":"audience mismatch"}', provider="okta")

    assert [ASSUMED in report.warnings for report in (unknown, known, named)] == [True, False, False]
