"""How a JWT is sent, provider by provider, follows from the data."""

from __future__ import annotations

from base64 import b64encode

import pytest

from jwtdoctor.assertions.keys import load_private, public_of
from jwtdoctor.config.attempts import token_url_of
from jwtdoctor.errors import BadProfile
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Reply, TokenRequest
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows import api_jwt, token_request
from jwtdoctor.probes.local import look_at_key, spec_of
from jwtdoctor.simulator.keys import pair

PROVIDERS = load().providers
ASSERTION = Assertion(Secret("aaa.bbb.ccc"), {}, {}, 0.0)
SECRET = Secret("the-secret")


def sent(provider: str, flow: str, **more: object) -> TokenRequest:
    url = token_url_of("https://host.example", PROVIDERS[provider], flow)[0]
    attempt = Attempt(url, client_id="c-1", **more)  # type: ignore[arg-type]
    return token_request(flow, attempt, ASSERTION, PROVIDERS[provider])


def plain(request: TokenRequest) -> dict[str, str]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in request.fields}


def test_box_wants_the_clients_id_and_secret_beside_the_assertion() -> None:
    fields = plain(sent("box", "jwt-bearer", client_secret=SECRET))

    assert fields == {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": "aaa.bbb.ccc",
        "client_id": "c-1",
        "client_secret": "the-secret",
    }
    with pytest.raises(BadProfile, match="--client-secret"):
        sent("box", "jwt-bearer")


def test_adobes_exchange_has_a_field_of_its_own_and_no_grant_type() -> None:
    request = sent("adobe", "jwt-bearer", client_secret=SECRET)

    assert plain(request) == {"jwt_token": "aaa.bbb.ccc", "client_id": "c-1", "client_secret": "the-secret"}
    assert request.url == "https://host.example/ims/exchange/jwt"


@pytest.mark.parametrize(
    ("provider", "path"),
    [
        ("github", "/app"),
        ("snowflake", "/v2/streaming/hostname"),
        ("apple-app-store-connect", "/v1/apps"),
    ],
)
def test_an_apis_own_credential_goes_into_the_header_of_a_call_that_only_reads(provider: str, path: str) -> None:
    request = sent(provider, "api-jwt")

    assert (request.method, request.url, request.fields) == ("GET", f"https://host.example{path}", ())
    headers = {n: v.reveal() if isinstance(v, Secret) else v for n, v in request.headers}
    assert headers["Authorization"] == "Bearer aaa.bbb.ccc"
    assert isinstance(dict(request.headers)["Authorization"], Secret)


def test_snowflake_is_told_what_kind_of_token_it_is() -> None:
    assert dict(sent("snowflake", "api-jwt").headers)["X-Snowflake-Authorization-Token-Type"] == "KEYPAIR_JWT"


def test_an_api_without_data_is_read_at_the_url_that_was_given() -> None:
    request = token_request("api-jwt", Attempt("https://host.example/me"), ASSERTION, PROVIDERS["generic"])

    assert (request.method, request.url) == ("GET", "https://host.example/me")


def test_apples_client_secret_is_the_jwt_and_goes_with_a_code_or_a_refresh_token() -> None:
    by_code = plain(sent("apple", "client-secret-jwt", username="com.acme.web", code=Secret("c0de")))
    by_token = plain(sent("apple", "client-secret-jwt", username="com.acme.web", refresh_token=Secret("r")))

    assert by_code == {
        "grant_type": "authorization_code",
        "code": "c0de",
        "client_id": "com.acme.web",
        "client_secret": "aaa.bbb.ccc",
    }
    assert by_token["grant_type"] == "refresh_token"
    with pytest.raises(BadProfile, match="--code"):
        sent("apple", "client-secret-jwt")


def test_entra_gets_both_thumbprints_of_the_certificate_that_is_given_and_others_none() -> None:
    attempt = Attempt("https://host.example/t", client_id="c-1", certificate_pem=pair("client").certificate_pem)

    entra = spec_of(attempt, PROVIDERS["entra"], flow="private-key-jwt")
    okta = spec_of(attempt, PROVIDERS["okta"], flow="private-key-jwt")

    assert entra.x5t is not None
    assert entra.x5t_s256 is not None
    assert (len(entra.x5t), len(entra.x5t_s256)) == (27, 43)
    assert (okta.x5t, okta.x5t_s256) == (None, None)


@pytest.mark.parametrize(
    ("status", "body", "taken"),
    [
        (200, '{"id":1,"slug":"my-app","description":"errors are found","events":[],"permissions":{}}', True),
        (200, '{"data":[{"type":"apps","id":"1"}],"links":{}}', True),
        (200, "acme.snowflakecomputing.com", True),
        (204, "", True),
        (200, '{"data":null,"code":"390144","message":"JWT token is invalid.","success":false}', False),
        (200, '{"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}}', False),
        (401, "{}", False),
    ],
)
def test_a_success_status_with_a_failure_inside_is_no_success(status: int, body: str, taken: bool) -> None:
    assert api_jwt.is_taken(Reply(status, {"Content-Type": "application/json"}, body)) is taken


@pytest.mark.parametrize("key", ["own", "other"])
def test_the_fingerprint_in_snowflakes_iss_is_held_against_the_key_that_signs(key: str) -> None:
    known = load_private(pair("other").private_pem.reveal().encode(), where="key")
    print_of = b64encode(bytes.fromhex(public_of(known).spki_sha256)).decode()
    attempt = Attempt("https://a.snowflakecomputing.com", client_id=f"A.B.SHA256:{print_of}", username="A.B",
                      key_pem=pair("other" if key == "own" else "client").private_pem)  # fmt: skip

    seen = {o.fact: o.value for o in look_at_key(attempt, 0.0).observations}

    assert seen["key.is_named_by_iss"] is (key == "own")
