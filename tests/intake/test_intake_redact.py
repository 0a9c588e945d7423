"""No secret survives, whatever notation it stands in; and ordinary words are left alone."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.intake.redact import clean, clean_body, clean_value

SECRET = "hunter2-PLANTED.s3cret"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJlLXBsYW50ZWQ"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"client_secret": "%s"}', id="json"),
        pytest.param('{"clientSecret":"%s","x":1}', id="camel-case"),
        pytest.param("{'password': '%s', 'username': 'jo'}", id="python"),
        pytest.param('log="{\\"refresh_token\\":\\"%s\\",\\"a\\":1}"', id="escaped-json"),
        pytest.param('"{\\\\\\"client_secret\\\\\\":\\\\\\"%s\\\\\\"}"', id="escaped-twice"),
        pytest.param("grant_type=password&client_secret=%s&username=jo", id="form"),
        pytest.param("https://h.example/cb?code=%s&state=1", id="query-code"),
        pytest.param("https://h.example/cb#access_token=%s", id="fragment"),
        pytest.param("client_secret: %s", id="colon"),
        pytest.param("SALESFORCE_CLIENT_SECRET=%s", id="environment"),
        pytest.param("{password=%s, user=jo}", id="java-map"),
        pytest.param("{ password: %s, user: 'jo' }", id="javascript"),
        pytest.param('"password" => "%s"', id="ruby"),
        pytest.param("[password] => %s", id="php"),
        pytest.param("<ns:password>%s</ns:password>", id="xml"),
        pytest.param('{"name": "client_secret", "value": "%s"}', id="har"),
        pytest.param("Cookie: sid=%s", id="cookie"),
        pytest.param("> Authorization: Weird %s", id="authorization"),
        pytest.param("Authorization: Bearer %s", id="bearer"),
        pytest.param("sent with Bearer %s to", id="bearer-in-prose"),
        pytest.param("curl -u key:%s https://h.example", id="curl-user"),
        pytest.param("proxy http://jo:%s@proxy.example:3128", id="url"),
        pytest.param("code_verifier=%s", id="verifier"),
        pytest.param('{"code": "%s"}', id="authorization-code"),
        pytest.param('password: "%s', id="unclosed-quote"),
        pytest.param("password: (%s", id="odd-beginning"),
        pytest.param("force://PlatformCLI::%s@acme.my.salesforce.com", id="sfdx-auth-url"),
        pytest.param("session 00D000000000001!%s.abcdefgh", id="salesforce-session"),
        pytest.param("-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----", id="pem"),
        pytest.param("key -----BEGIN PRIVATE KEY-----\\n%s and no end", id="pem-cut-off"),
        pytest.param("token ya29.%s", id="google"),
    ],
)
def test_a_planted_secret_is_gone_and_said_to_have_been_there(text: str) -> None:
    cleaned = clean(text % SECRET)

    assert "hunter2" not in cleaned
    assert "s3cret" not in cleaned
    assert "[redacted]" in cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "text", [f"assertion={JWT}&x=1", f"Bearer {JWT}", f'{{"id_token":"{JWT}"}}', f"sent {JWT}.", f"/{JWT}/"]
)
def test_nothing_is_left_of_an_assertion(text: str) -> None:
    cleaned = clean(text)

    assert "eyJ" not in cleaned
    assert "c2ln" not in cleaned


def test_basic_credentials_are_gone() -> None:
    header = base64.b64encode(b"3MVG9abc:hunter2").decode()

    assert header not in clean(f"sending Basic {header} now")


@pytest.mark.parametrize(
    "text",
    [
        "invalid_grant: expired authorization code",
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
        "The client_assertion signature is invalid.",
        "expired access/refresh token",
        "password: is wrong, token: expired",
        '{"code":"390144","message":"JWT token is invalid."}',
        '{"code": "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"}',
        "connect ETIMEDOUT, code: 'ETIMEDOUT', statusCode=407, code=407",
        "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "grant_type=password",
        'client_secret=&x=1 {"client_secret":""}',
        "OAuth generic error, bearer assertion refused, Basic authentication",
        (
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being "
            "sent in the request is the client secret value"
        ),
        "Missing 'assertion' in request",
        "inside: here, beside=there",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert clean(text) == text


def test_terminal_escapes_and_direction_marks_are_taken_out() -> None:
    assert (
        clean("\x1b[31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07\u202egpj.exe\x9b2J\r\nnext\x00")
        == "red linkgpj.exe\nnext"
    )


def test_json_stays_json_and_names_decide_at_any_depth() -> None:
    body = {
        "error": "x",
        "debug": {"client_secret": 'a"b', "list": [{"password": 12345}], "credentials": {"note": "n"}},
        "refresh_token": ["a"],
    }
    cleaned = json.loads(clean_body(json.dumps(body)))

    assert cleaned["debug"]["client_secret"] == "[redacted]"
    assert cleaned["debug"]["list"][0]["password"] == "[redacted]"
    assert cleaned["refresh_token"] == "[redacted]"
    assert cleaned["error"] == "x"


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)

    assert clean(once) == once


PIECES = st.sampled_from(
    [
        "password",
        "client_secret",
        "code",
        "token",
        "assertion",
        "jwt",
        "=",
        ":",
        '"',
        "'",
        "\\",
        "\\\\",
        " ",
        "\n",
        "&",
        "{",
        "}",
        ",",
        "<",
        ">",
        "[redacted]",
        "eyJhbGciOiJSUzI1NiJ9",
        ".",
        "Bearer ",
        "Basic ",
        "Authorization: ",
        "-----BEGIN PRIVATE KEY-----",
        "abc123",
        "name",
        "value",
        "://",
        "@",
        "\x1b",
        "[0m",
        "00D000000000001!",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=400, deadline=None)
def test_cleaning_twice_is_cleaning_once_for_what_looks_like_secrets(text: str) -> None:
    once = clean(text)

    assert clean(once) == once


@given(
    st.sampled_from(["client_secret", "password", "refresh_token", "access_token", "private_key"]),
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=6, max_size=40).filter(
        lambda t: t.strip() == t and " " not in t
    ),
)
@settings(max_examples=200, deadline=None)
def test_a_member_with_the_name_of_a_secret_never_keeps_its_value(name: str, value: str) -> None:
    secret = "Zq" + value
    for written in (json.dumps({name: secret}), json.dumps({"msg": json.dumps({name: secret})})):
        assert secret not in clean(written)
    assert clean_value({"a": [{name: secret}]}) == {"a": [{name: "[redacted]"}]}
