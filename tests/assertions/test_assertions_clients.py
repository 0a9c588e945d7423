"""Emulated assertions are those of the real clients, claim for claim (as recorded; times by their rule)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jwtdoctor.assertions.clients import CLIENTS, claims_as, client_named, header_as, request_as, sign_as, url_as
from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.assertions.keys import load_private, load_public
from jwtdoctor.assertions.sign import verify
from jwtdoctor.errors import BadInput, UnknownName
from jwtdoctor.model.assertion import AssertionSpec
from jwtdoctor.model.exchange import TokenRequest

SAMPLES = Path(__file__).resolve().parents[2] / "sample_keys"
NOW = 1_795_301_245.226
SECOND = 1_795_301_245
SPEC = AssertionSpec(issuer="3MVG9x", subject="ci@acme.com", audience="")
LOGIN = "https://login.salesforce.com/services/oauth2/token"
ACME = "https://acme.my.salesforce.com/services/oauth2/token"
SANDBOX = "https://acme--dev.sandbox.my.salesforce.com/services/oauth2/token"
WHO: dict[str, Any] = {"iss": "3MVG9x", "sub": "ci@acme.com"}
PRN: dict[str, Any] = {"iss": "3MVG9x", "prn": "ci@acme.com"}
PRODUCTION = "https://login.salesforce.com"


@pytest.mark.parametrize(
    ("name", "url", "claims"),
    [
        ("sf", LOGIN, WHO | {"aud": PRODUCTION, "iat": SECOND, "exp": 1_795_301_245_526}),
        ("sf", ACME, WHO | {"aud": "https://acme.my.salesforce.com/", "iat": SECOND, "exp": 1_795_301_245_526}),
        ("simple-salesforce", LOGIN, WHO | {"aud": PRODUCTION, "exp": str(SECOND + 180)}),
        ("cumulusci", SANDBOX, WHO | {"alg": "RS256", "aud": "https://test.salesforce.com", "exp": SECOND}),
        ("restforce", ACME, WHO | {"aud": "https://acme.my.salesforce.com", "exp": SECOND}),
        ("forrest", LOGIN, WHO | {"aud": LOGIN, "exp": SECOND + 180}),
        ("go-salesforce", ACME, WHO | {"aud": PRODUCTION, "exp": str(SECOND + 300)}),
        ("salesforce-jwt-bearer-token-flow", LOGIN, WHO | {"aud": PRODUCTION, "exp": SECOND + 300}),
        ("salesforce-jwt-promise", LOGIN, PRN | {"aud": PRODUCTION, "iat": SECOND, "exp": SECOND + 3}),
        ("node-salesforce-jwt", LOGIN, PRN | {"aud": PRODUCTION, "iat": SECOND, "exp": SECOND + 360}),
        ("google-auth", "https://oauth2.googleapis.com/token",
         WHO | {"aud": "https://oauth2.googleapis.com/token", "scope": "", "iat": SECOND, "exp": SECOND + 3600}),
        ("google-auth", ACME,
         WHO | {"aud": "https://oauth2.googleapis.com/token", "scope": "", "iat": SECOND, "exp": SECOND + 3600}),
        ("cumulusci", "https://acme--dev.my.salesforce.com/services/oauth2/token",
         WHO | {"alg": "RS256", "aud": PRODUCTION, "exp": SECOND}),
        ("sf-jwt-token", ACME, WHO | {"aud": "https://acme.my.salesforce.com", "exp": SECOND + 300}),
        ("octokit", LOGIN, {"iss": "3MVG9x", "iat": SECOND - 30, "exp": SECOND + 570}),
    ],
)  # fmt: skip
def test_claims_are_those_that_the_client_was_seen_to_send(name: str, url: str, claims: dict[str, Any]) -> None:
    made = claims_as(client_named(name), SPEC, NOW, url)

    assert made == claims
    assert {key: type(value) for key, value in made.items()} == {key: type(value) for key, value in claims.items()}


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("sf", {"alg": "RS256", "typ": "JWT"}),
        ("sf-jwt-token", {"alg": "RS256"}),
        ("google-auth", {"typ": "JWT", "alg": "RS256"}),
    ],
)
def test_headers_are_those_of_the_client(name: str, header: dict[str, str]) -> None:
    assert header_as(client_named(name), SPEC) == header


def test_an_audience_that_was_set_wins_over_the_client_s_own() -> None:
    spec = AssertionSpec(issuer="i", subject="s", audience="https://test.salesforce.com")

    assert claims_as(client_named("sf"), spec, NOW, ACME)["aud"] == "https://test.salesforce.com"


@pytest.mark.parametrize("name", [name for name, client in CLIENTS.items() if client.signs])
def test_every_emulated_assertion_is_signed_and_verifies(name: str) -> None:
    key = load_private((SAMPLES / "matching.key").read_bytes(), where="key")
    certificate = load_public((SAMPLES / "matching.crt").read_bytes(), where="certificate")

    assertion = sign_as(client_named(name), SPEC, key, NOW, token_url=LOGIN)

    decoded = take_apart(assertion.token.reveal())
    assert (decoded.header, decoded.claims) == (assertion.header, assertion.claims)
    assert verify(decoded, certificate).verifies


def test_a_client_that_signs_nothing_says_so() -> None:
    key = load_private((SAMPLES / "matching.key").read_bytes(), where="key")

    with pytest.raises(BadInput, match="jsforce signs nothing"):
        sign_as(client_named("jsforce"), SPEC, key, NOW)


def test_an_unknown_client_names_those_that_are_known() -> None:
    with pytest.raises(UnknownName, match="simple-salesforce"):
        client_named("curl")


@pytest.mark.parametrize("client", CLIENTS.values(), ids=list(CLIENTS))
def test_every_entry_says_where_it_was_seen(client: Any) -> None:
    assert client.source.startswith("https://")


@pytest.mark.parametrize(
    ("name", "told", "asked"),
    [
        ("sf", SANDBOX, SANDBOX),
        ("cumulusci", ACME, ACME),
        ("cumulusci", SANDBOX, "https://test.salesforce.com/services/oauth2/token"),
        ("cumulusci", "https://acme.cs7.my.salesforce.com/services/oauth2/token",
         "https://cs7.salesforce.com/services/oauth2/token"),
    ],
)  # fmt: skip
def test_a_client_may_ask_elsewhere_than_it_is_told(name: str, told: str, asked: str) -> None:
    client = client_named(name)

    assert url_as(client, told) == asked
    assert url_as(client, asked) == asked
    assert request_as(client, TokenRequest(told, ())).url == asked


def test_a_request_has_the_client_s_headers_and_its_order() -> None:
    ours = TokenRequest(LOGIN, (("grant_type", "jwt"), ("assertion", "a.b.c"), ("extra", "x")))

    google, sf = (request_as(client_named(name), ours) for name in ("google-auth", "sf"))

    assert [name for name, _ in google.fields] == ["assertion", "grant_type", "extra"]
    assert [name for name, _ in sf.fields] == ["grant_type", "assertion", "extra"]
    assert ("User-Agent", "undici") in sf.headers


def test_a_time_that_a_client_rounds_is_rounded() -> None:
    made = [claims_as(client_named("simple-salesforce"), SPEC, SECOND + part, LOGIN)["exp"] for part in (0.4, 0.6)]

    assert made == [str(SECOND + 180), str(SECOND + 181)]
