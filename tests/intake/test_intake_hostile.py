"""Hostile input: always a case or one clear line, never a crash, never a secret, never for ever."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.casefile import case_from, case_to
from jwtdoctor.intake.placeholders import Names
from jwtdoctor.intake.read import read
from jwtdoctor.intake.redact import clean
from jwtdoctor.model.case import Case
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.facts import VOCABULARY

SECRET = "Zq7hunter2hunter2x"
REAL = [
    '{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}',
    'HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 22:47:25 GMT\r\n\r\n{"error":"invalid_grant"}',
    (
        "POST /services/oauth2/token HTTP/1.1\nHost: login.salesforce.com\nAuthorization: "
        "Basic YTpi\n\ngrant_type=password&client_id=x&assertion=eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.AAAA"
    ),
    "curl -v https://login.salesforce.com/services/oauth2/token -d 'grant_type=password&client_secret=x' -u a:b",
    (
        "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp?error=invalid_scope&"
        "error_description=a+b#error=x"
    ),
    "Errors encountered:\naudience is invalid  [audience=https://login.salesforce.com login=https://x/]\nfetch failed",
    "RefreshError: ('invalid_grant: x', {'error': 'invalid_grant', 'error_description': \"it's\"})",
    (
        '{"log":{"entries":[{"startedDateTime":"2026-11-21T22:48:55Z","time":1,'
        '"request":{"url":"https://h/token","headers":[],"postData":{"params":[{"name":"grant_type",'
        '"value":"x"}]}},"response":{"status":400,"content":{"text":"{}"}}}]}}'
    ),
    (
        '{"schema":"jwtdoctor.case/1","at":1,"reply":{"status":400,"headers":{},'
        '"body":"x"},"facts":{"clock.ahead_s":{"value":1}}}'
    ),
    "Username,Status\nx,Failed: Restricted IP",
    "<OAuth><error>invalid_grant</error></OAuth>",
    "AADSTS700024: x Current time: 2024-05-03T10:00:00.0000000Z, assertion valid from 2024-05-03T09:40:00.0000000Z",
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real input with pieces cut out, doubled, swapped or replaced."""
    text = draw(st.sampled_from(REAL))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        to = draw(st.integers(at, min(len(text), at + 40)))
        piece = draw(
            st.one_of(
                st.just(""),
                st.just(text[at:to] * 2),
                st.text(max_size=5),
                st.sampled_from(REAL),
                st.sampled_from(['"', "\\", "{", "\n", "error", "%", "\ud800", "\x00", "1e999", "NaN", "9" * 400]),
            )
        )
        text = text[:at] + piece + text[to:]
    return text


def case_or_line(observed: Any) -> Case | None:
    """The case, or None where one clear line, without any secret, came in its place."""
    refusals: list[str] = []
    case: Case | None = None
    try:
        case = read(observed)
    except BadInput as problem:
        refusals.append(str(problem))
    assert all(line and "\n" not in line and SECRET not in line for line in refusals)
    return case


def read_or_line(observed: Any) -> None:
    """Reads, saves and reads again; every step gives a case or one line."""
    case = case_or_line(observed)
    if case is None:
        return
    document = case_to(case, Chart.of(case.observations))
    json.dumps(document, allow_nan=False).encode()
    case_from(document)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
@example(b"\xff\xfe\x00")
@example("\ud800")
@example('{"error":"\\ud800","error_description":"\\udc00x"}')
@example('{"access_token": NaN, "error": 1e999}')
@settings(max_examples=200, deadline=None)
def test_arbitrary_input_is_a_case_or_one_line(observed: str | bytes) -> None:
    read_or_line(observed)


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_a_mutated_real_input_is_a_case_or_one_line(text: str) -> None:
    read_or_line(text)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.sampled_from(REAL)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.sampled_from(
                    [
                        "error",
                        "errors",
                        "code",
                        "message",
                        "error_description",
                        "reply",
                        "facts",
                        "schema",
                        "text",
                        "status",
                        "body",
                        "headers",
                        "response",
                        "data",
                        "log",
                        "entries",
                        "request",
                        "stack",
                        "provider",
                        "flow",
                        "at",
                        "value",
                    ]
                ),
                st.text(max_size=6),
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4) | JSON.filter(lambda v: isinstance(v, dict)))
@settings(max_examples=300, deadline=None)
def test_an_arbitrary_object_is_a_case_or_one_line(value: Any) -> None:
    read_or_line(value)


@given(st.dictionaries(st.sampled_from(sorted(VOCABULARY)), JSON, max_size=6))
@settings(max_examples=200, deadline=None)
def test_facts_of_any_type_are_taken_or_warned_about(facts: dict[str, Any]) -> None:
    case = case_from({"schema": "jwtdoctor.case/1", "facts": facts})

    assert {seen.fact for seen in case.observations} <= set(facts) | {"user.username_is_sandbox_style"}


@given(st.sampled_from(["client_secret", "password", "refresh_token"]), st.sampled_from(REAL), st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_a_secret_planted_anywhere_reaches_neither_case_nor_file(name: str, text: str, place: int) -> None:
    at = place % (len(text) + 1)
    planted = f"{text[:at]}\n{name}={SECRET}&{text[at:]}"
    case = case_or_line(planted)

    if case is None:  # what was a case file is none any more
        return
    assert SECRET not in repr(case)
    assert SECRET not in json.dumps(case_to(case, Chart.of(case.observations)))


ADVERSARIAL = [
    '{"a":',
    '{"error":"',
    '{"error":"x","b":[',
    "[",
    '"',
    '\\"',
    "\\",
    'password="',
    '"password":"\\"',
    'password=\\"',
    "a.",
    "a@",
    "eyJ.",
    "x.",
    "-----BEGIN PRIVATE KEY-----",
    "invalid_grant: ",
    "error=",
    'error: "',
    "https://a?error=",
    "https://a:b",
    "HTTP/1.1 400 x\n",
    "> ",
    "Login History: ",
    "[audience=a login=b",
    "Errors encountered:\n",
    "AADSTS7000215:",
    "<error ",
    "&amp;",
    "%7B",
    "\x1b[",
    "\x1b]",
    "curl '",
    "a=b&",
    "1.1.1.1 ",
    "::",
    "3MVG9",
    "Bearer ",
    "authorization: ",
    "\n",
    "\\u00",
    "MII",
    "client_secret=",
    '{"error":{"error":',
    '"error"=>"',
    "https://",
    "a,b\n",
]


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_a_long_text_of_one_piece_is_read_in_bounded_work(piece: str) -> None:
    """No time is asserted: a quadratic reader would run into the suite's own timeout."""
    text = piece * (400_000 // len(piece))
    case_or_line(text)
    clean(text[:300_000])
    Names().text(text[:300_000])
