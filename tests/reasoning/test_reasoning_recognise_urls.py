"""Which provider an address, an assertion or a client's words belong to, behind a customer's own host too."""

from __future__ import annotations

import json
import re

import pytest

from jwtdoctor.checkup import explain_case
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.intake.read import read
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.facts import VOCABULARY
from jwtdoctor.reasoning.recognise import provider_at, provider_of_assertion, provider_of_url

GUID = "8f8e3b3e-1111-2222-3333-444455556666"


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("https://sso.acme.example/realms/a/protocol/openid-connect/token", "keycloak"),
        ("https://sso.acme.example/auth/realms/a/protocol/openid-connect/token", "keycloak"),
        ("https://id.acme.example/oauth2/default/v1/token", "okta"),
        ("https://id.acme.example/oauth2/aus1abcdefGHIJKLM297/v1/token", "okta"),
        ("https://id.acme.example/oauth2/v1/token", None),  # Okta and Oracle have it so
        ("https://itsm.acme.example/oauth_token.do", "servicenow"),
        ("https://git.acme.example/api/v3/app", "github"),
        ("https://id.acme.example/acme.onmicrosoft.com/oauth2/v2.0/token", "entra"),
        ("https://fhir.hospital.example/interconnect-prd-fhir/oauth2/token", "epic-smart"),
        ("https://sso.acme.example/as/token.oauth2", "ping"),
        ("https://login.acme.example/services/oauth2/token", "salesforce"),
        ("https://oauth2.apis-tpclp.goog/token", "google"),
        ("https://acme.authentication.cert.eu10.hana.ondemand.com/oauth/token", "sap-xsuaa"),
        ("https://api.storekit.apple.com/inApps/v1/history/1", "apple-app-store-connect"),
        ("https://idp.example.org/oauth/token", None),
        ("https://xn--gogle-0ta.example/token", None),
        ("/realms/a/protocol/openid-connect/token", None),
        ("https://[broken/realms/a", None),
    ],
)
def test_a_path_that_only_one_provider_has_tells_behind_a_customers_own_host(url: str, slug: str | None) -> None:
    assert provider_of_url(url, load()) == slug


@pytest.mark.parametrize(
    ("url", "slug"),
    [
        ("", "salesforce"),
        ("https://login.acme.example", "salesforce"),
        ("https://login.acme.example/", "salesforce"),
        ("https://idp.example.org/oauth/token", "generic"),
        ("https://acme.okta.com", "okta"),
    ],
)
def test_a_token_url_that_is_nobodys_is_any_servers_and_not_salesforces(url: str, slug: str) -> None:
    assert provider_at(url, load()) == slug


@pytest.mark.parametrize(
    ("claims", "slug"),
    [
        ({"iss": "12345", "iat": 1, "exp": 2}, "github"),
        ({"iss": 12345, "iat": 1, "exp": 2}, "github"),
        ({"iss": "12345", "iat": 1, "exp": 2, "sub": "x"}, None),
        ({"iss": "c", "sub": "u", "aud": "wrong", "exp": 2, "jti": "j", "box_sub_type": "user"}, "box"),
        ({"iss": "c", "sub": "u", "exp": 2, "tenant": "t", "scope": "s"}, "workday"),
        ({"iss": "c1", "sub": "u", "aud": "c1", "exp": 2}, "servicenow"),
        ({"iss": "c", "sub": "c", "aud": "https://sso.acme.example/realms/a", "exp": 2}, "keycloak"),
        ({"iss": "c", "sub": "c", "aud": "acme.okta.com", "exp": 2}, "okta"),
        ({"iss": "c", "sub": "c", "aud": ["https://idp.example.org/token"], "exp": 2}, "generic"),
        ({"iss": "3MVG9" + "a" * 60, "sub": "u@e.example", "aud": "https://idp.example.org", "exp": 2}, "salesforce"),
        ({"iss": "c", "sub": "u@e.example", "exp": 2}, None),
    ],
)
def test_an_assertion_is_known_by_all_of_its_claims(claims: dict[str, object], slug: str | None) -> None:
    assert provider_of_assertion(claims, load()) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        (f"250001 (08001): Failed to connect to DB: acme.example:443. JWT token is invalid. [{GUID}]", "snowflake"),
        ('{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorId":"oae1"}', "okta"),
        ('{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}', "github"),
        ('{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired."}}', "entra"),
        (
            '{"error":{"code":401,"status":"UNAUTHENTICATED","message":"Request had invalid authentication credentials.'
            ' See https://developers.google.com/identity/sign-in/web/devconsole-project."}}',
            "google",
        ),
        ("copied to acme.snowflakecomputing.com; then invalid_grant: user hasn't approved this consumer", "salesforce"),
    ],
)
def test_an_error_text_alone_names_its_provider(text: str, slug: str) -> None:
    assert explain_case(read(text)).provider == slug


def test_a_refusal_from_an_unknown_server_is_not_explained_as_salesforces() -> None:
    def dump(url: str) -> str:
        return (
            f'curl -i {url} -d grant_type=client_credentials\nHTTP/1.1 400 Bad Request\n\n{{"error":"invalid_grant"}}'
        )

    assert explain_case(read(dump("https://idp.example.org/oauth/token"))).provider == "generic"
    assert (
        explain_case(read(dump("https://sso.example.org/realms/a/protocol/openid-connect/token"))).provider
        == "keycloak"
    )
    assert explain_case(read(dump("https://login.example.org/services/oauth2/token"))).provider == "salesforce"


def test_no_question_at_another_provider_is_put_in_salesforces_words() -> None:
    words = re.compile(r"Setup >|consumer (key|secret)|My Domain|Connected Apps|\borg\b|ticked|Permitted Users")
    known = load()
    for slug in ("google", "entra", "okta", "docusign", "keycloak", "cognito", "netsuite"):
        for response in known.providers[slug].responses:
            body = {"error": response.error, "error_description": response.description}
            reply = {"status": 400, "body": json.dumps({name: text for name, text in body.items() if text})}
            report = explain_case(case_from({"schema": "jwtdoctor.case/1", "provider": slug, "reply": reply}))
            assert [question.ask for question in report.questions if words.search(question.ask)] == [], response.id

    fact = VOCABULARY["app.certificate_uploaded"]
    assert "Use digital signatures" in fact.ask_at("salesforce")
    assert "public key" in fact.ask_at("google")
    assert VOCABULARY["history.works_with_my_domain"].ask_at("google") == ""
