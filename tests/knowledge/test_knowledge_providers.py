"""Every provider but Salesforce: it is known by its hosts, and its own wordings find the way to its own readings."""

from __future__ import annotations

import json
import re

import pytest

from jwtdoctor.checkup import explain_case
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.provider import Provider, Response
from jwtdoctor.model.report import Report
from jwtdoctor.reasoning.responses import Texts, match

KNOWLEDGE = load()
OTHERS = [p for slug, p in KNOWLEDGE.providers.items() if slug not in ("salesforce", "generic")]
DESCRIBED = [
    (p, r)
    for p in OTHERS
    for r in p.responses
    if r.description is not None and r.where not in ("login-history", "client")
]
HOSTS = {
    "oauth2.googleapis.com": "google",
    "login.microsoftonline.com": "entra",
    "login.microsoftonline.us": "entra",
    "dev-123456.okta.com": "okta",
    "acme.eu.auth0.com": "auth0",
    "account-d.docusign.com": "docusign",
    "api.box.com": "box",
    "api.github.com": "github",
    "acme-prod.snowflakecomputing.com": "snowflake",
    "ims-na1.adobelogin.com": "adobe",
    "appleid.apple.com": "apple",
    "api.appstoreconnect.apple.com": "apple-app-store-connect",
    "keycloak.example.org": "keycloak",
    "acme.authentication.eu10.hana.ondemand.com": "sap-xsuaa",
    "api4.successfactors.com": "sap-successfactors",
    "1234567.suitetalk.api.netsuite.com": "netsuite",
    "acme.service-now.com": "servicenow",
    "idcs-0123456789abcdef.identity.oraclecloud.com": "oracle-idcs",
    "fhir.epic.com": "epic-smart",
    "auth.uat.interop.pagopa.it": "pdnd-interop",
    "acme.auth.eu-west-1.amazoncognito.com": "cognito",
    "identity.xero.com": "xero",
    "zoom.us": "zoom",
    "auth.pingone.eu": "ping",
    "id.corppass.gov.sg": "corppass",
}


@pytest.mark.parametrize(("host", "slug"), HOSTS.items())
def test_a_host_belongs_to_one_provider(host: str, slug: str) -> None:
    owners = [p.slug for p in KNOWLEDGE.providers.values() if any(re.search(h, host) for h in p.hosts)]

    assert owners == [slug]


@pytest.mark.parametrize(
    "host", ["example.org", "notbox.com", "login.microsoftonline.com.evil.example", "mygithub.com"]
)
def test_a_strange_host_belongs_to_none(host: str) -> None:
    assert [p.slug for p in OTHERS if any(re.search(h, host) for h in p.hosts)] == []


@pytest.mark.parametrize(("provider", "response"), DESCRIBED, ids=[f"{p.slug}/{r.id}" for p, r in DESCRIBED])
def test_a_wording_is_found_again(provider: Provider, response: Response) -> None:
    texts = Texts(status=(response.statuses or (400,))[0], error=response.error, description=response.description)

    found = match(texts, provider, KNOWLEDGE.providers["generic"], None).refusal

    assert found is not None
    assert found.response.id == response.id


def explained(provider: str, body: object, **facts: object) -> Report:
    reply = {"status": 400, "body": json.dumps(body)}
    return explain_case(case_from({"schema": "jwtdoctor.case/1", "provider": provider, "reply": reply, "facts": facts}))


def test_the_reason_that_entra_prints_in_brackets_decides() -> None:
    prefix = "AADSTS700027: Client assertion contains an invalid signature. [Reason - "

    missing = explained("entra", {"error": "invalid_client", "error_description": prefix + "The key was not found.]"})
    other = explained(
        "entra",
        {
            "error": "invalid_client",
            "error_description": prefix + "The provided signature value did not match the expected signature value.]",
        },
    )

    assert "key-not-registered" in missing.leaders
    assert other.leaders == ("signature-key-mismatch",)


def test_a_neighbouring_number_of_entra_is_another_fault() -> None:
    assert explained("entra", {"error_description": "AADSTS7000222: expired"}).leaders == ("client-secret-expired",)
    assert explained("entra", {"error_description": "AADSTS700022: scope"}).verdicts[0].cause == "malformed-request"


def test_a_lifetime_of_exactly_the_maximum_accuses_the_clock() -> None:
    body = {"error_description": "'Expiration time' claim ('exp') is too far in the future"}

    assert explained("github", body, **{"assertion.exp_in_s": 600}).verdicts[0].cause == "clock-drift"
    assert explained("github", body, **{"assertion.ttl_s": 1200}).verdicts[0].cause == "assertion-ttl-too-long"


def test_snowflake_counts_from_iat() -> None:
    body = {"code": "390144", "message": "JWT token is invalid."}

    report = explained("snowflake", body, **{"clock.ahead_s": -100.0, "assertion.ttl_s": 3540})

    assert report.verdicts[0].cause == "clock-drift"


def test_an_audience_is_compared_with_the_forms_that_a_provider_takes() -> None:
    body = {"error": "invalid_client"}

    wrong = explained("auth0", body, **{"assertion.aud": "https://acme.auth0.com/oauth/token"})
    right = explained("auth0", body, **{"assertion.aud": "https://acme.auth0.com/"})

    assert wrong.leaders == ("wrong-audience",)
    assert right.verdicts[0].cause != "wrong-audience"
