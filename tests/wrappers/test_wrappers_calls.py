"""Which requests are token requests, and what of them may be written down."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from token_host import GRANT

from jwtdoctor.wrappers.calls import TokenCall, call_of
from jwtdoctor.wrappers.records import Circumstances, answer_of, answered, unanswered

URL = "https://login.example.com:8443/oauth2/token"


def jwt(claims: dict[str, Any], **header: Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", **header}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "c2ln"])


TOKEN = jwt({"iss": "app", "sub": "client-9", "aud": ["a", "b"], "iat": 100, "exp": 280.5}, kid="k1")


def call(data: Any = None, *, url: str = URL, **more: Any) -> TokenCall | None:
    return call_of(requests.Request("POST", url, data=data, **more).prepare())


def short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("request_of", "flow", "client"),
    [
        pytest.param({"data": {"grant_type": GRANT, "assertion": TOKEN}}, "jwt-bearer", "app", id="jwt bearer"),
        pytest.param(
            {"data": {"grant_type": GRANT, "assertion": TOKEN, "client_id": "named"}}, "jwt-bearer", "named",
            id="a client id that is sent goes first",
        ),
        pytest.param(
            {"data": {"grant_type": "client_credentials", "client_assertion": TOKEN}}, "private-key-jwt", "client-9",
            id="private_key_jwt",
        ),
        pytest.param(
            {"data": {"grant_type": "client_credentials", "client_assertion": jwt({"sub": "c"}, alg="HS256")}},
            "client-secret-jwt", "c", id="client_secret_jwt",
        ),
        pytest.param({"data": {"token": "t", "client_assertion": TOKEN}}, "private-key-jwt", "client-9",
                     id="a client assertion at another endpoint"),
        pytest.param({"data": {"jwt_token": TOKEN, "client_id": "adobe"}}, "jwt-bearer", "adobe", id="Adobe"),
        pytest.param({"data": {"grant_type": "client_credentials"}, "auth": ("a%2Fb", "s")}, "client-credentials",
                     "a/b", id="basic, percent-encoded"),
        pytest.param({"data": {"grant_type": "refresh_token", "refresh_token": "r"}}, "refresh-token", None,
                     id="nobody named"),
        pytest.param({"json": {"grant_type": "client_credentials", "client_id": "a0"}}, "client-credentials", "a0",
                     id="JSON"),
        pytest.param({"data": b"grant_type=password&client_id=x"}, "password", "x", id="bytes"),
        pytest.param({"data": {"grant_type": "urn:new"}}, None, None, id="a grant that nobody knows"),
        pytest.param(
            {"url": "https://api.github.com/app/installations/1/access_tokens",
             "headers": {"Authorization": f"Bearer {TOKEN}"}}, "api-jwt", "app", id="GitHub",
        ),
    ],
)  # fmt: skip
def test_token_requests_of_any_provider_are_recognised(
    request_of: dict[str, Any], flow: str | None, client: str | None
) -> None:
    found = call(**request_of)

    assert found is not None
    assert (found.flow, found.client) == (flow, client and short(client))


@pytest.mark.parametrize(
    "request_of",
    [
        {"data": {"name": "grant"}},
        {"json": {"text": "about grant_type"}},
        {"json": ["grant_type"]},
        {"data": b"\xff\x00grant_type"},
        {"data": "grant_type=" + "x" * 500_000},
        {"data": "&" * 5_000 + "grant_type=a"},
        {"data": iter([b"grant_type=a"])},
        {"url": "https://api.github.com/app/installations/1/access_tokens"},
        {},
    ],
    ids=["form", "JSON text", "JSON list", "bytes", "too large", "too many fields", "a stream", "no bearer", "nothing"],
)
def test_other_posts_are_not(request_of: dict[str, Any]) -> None:
    assert call(**request_of) is None


def test_only_posts_are_looked_at() -> None:
    assert call_of(requests.Request("PUT", URL, data={"grant_type": "password"}).prepare()) is None
    assert call_of(object()) is None


def test_an_assertion_is_known_by_its_header_and_times() -> None:
    found = call({"grant_type": GRANT, "assertion": TOKEN})

    assert found is not None
    assert found.signed is not None
    assert (found.signed.kid, found.signed.alg, found.signed.aud) == ("k1", "RS256", ["a", "b"])
    assert (found.signed.iat, found.signed.exp, found.signed.ttl_s) == (100, 280.5, 180.5)


def test_times_as_text_are_read_as_simple_salesforce_sends_them() -> None:
    found = call({"grant_type": GRANT, "assertion": jwt({"exp": "1795301425"})})

    assert found is not None
    assert found.signed is not None
    assert (found.signed.exp, found.signed.iat, found.signed.ttl_s) == (1795301425, None, None)


def test_the_endpoint_is_without_user_query_and_fragment() -> None:
    found = call({"grant_type": "password"}, url="https://u:pw@login.example.com:8443/oauth2/token?x=secret#f")

    assert found is not None
    assert (found.endpoint, found.host) == (URL, "login.example.com:8443")


def test_nothing_secret_shows_in_what_is_kept() -> None:
    found = call({"grant_type": GRANT, "assertion": TOKEN, "client_secret": "s3cr3t"}, headers={"X-Key": "k3y"})

    assert not any(secret in repr(found) for secret in ("s3cr3t", "k3y", TOKEN))


AROUND = Circumstances(100.0)


@given(
    st.dictionaries(st.sampled_from(["grant_type", "assertion", "client_assertion", "client_id"]), st.text()),
    st.text(),
    st.dictionaries(st.sampled_from(["Date", "Age", "X-Request-Id", "Content-Type"]), st.text(max_size=40)),
    st.integers(100, 599),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_sent_and_answered_becomes_a_line_of_json(
    form: dict[str, str], body: str, headers: dict[str, str], status: int
) -> None:
    found = call({"grant_type": "password", **form})
    if found is None:
        return

    for record in (answered(found, AROUND, answer_of(status, headers, 1.0, 2.0, 1), body),
                   unanswered(found, AROUND, ValueError(body), 2.0)):  # fmt: skip
        line = json.dumps(record, allow_nan=False)
        assert len(line) < 40_000


@pytest.mark.parametrize(
    ("secret", "body"),
    [
        ("00D5g000004aBcD!abcdefgh", '{"access_token":"00D5g000004aBcD!abcdefgh"}'),
        ("00D5g000004aBcD!abcdefgh", '{"error":"x_y","error_description":"token 00D5g000004aBcD!abcdefgh is bad"}'),
        (TOKEN, json.dumps({"error": "invalid_grant", "error_description": f"bad assertion {TOKEN}"})),
    ],
)
def test_a_reply_that_shows_a_secret_is_recorded_without_it(secret: str, body: str) -> None:
    found = call({"grant_type": GRANT, "assertion": TOKEN})
    assert found is not None

    record = answered(found, AROUND, answer_of(400, {}, 1.0, 2.0, 1), body)

    assert secret not in json.dumps(record)


@pytest.mark.parametrize(
    ("headers", "exchanges", "expected"),
    [
        ({"Date": "Thu, 01 Jan 1970 00:00:10 GMT"}, 1, -9.5),
        ({"Date": "Thu, 01 Jan 1970 00:00:10 GMT"}, 2, None),
        ({"Date": "Thu, 01 Jan 1970 00:00:10 GMT", "Age": "3"}, 1, None),
        ({"Date": "Thu, 01 Jan 1970 00:00:10 GMT", "Proxy-Authenticate": "Basic"}, 1, None),
        ({}, 1, None),
    ],
    ids=["Date", "retried inside", "a cache", "a proxy", "no Date"],
)
def test_how_far_the_clock_is_off_is_said_only_where_the_host_said_it(
    headers: dict[str, str], exchanges: int, expected: float | None
) -> None:
    found = call({"grant_type": "password"})
    assert found is not None

    record = answered(found, AROUND, answer_of(200, headers, 0.0, 1.0, exchanges), "")

    assert record["ahead_s"] == expected
    assert record["server_date"] == (10.0 if "Date" in headers else None)
