from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from assertion_samples import NOW, SPEC, encoded, private, sample, token
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.assertions.decode import Decoded, missing_claims, observe, observe_parameter, take_apart
from jwtdoctor.assertions.sign import sign
from jwtdoctor.errors import NotAJwt
from jwtdoctor.model.chart import Observation

REAL = sign(SPEC, private(), NOW).token.reveal()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def facts(observed: tuple[Observation, ...]) -> dict[str, Any]:
    return {seen.fact.removeprefix("assertion."): seen.value for seen in observed}


def rules(decoded: Decoded) -> set[str]:
    return {defect.rule for defect in decoded.defects}


def test_a_signed_assertion_comes_apart_into_what_went_in() -> None:
    decoded = take_apart(REAL)

    assert decoded.header == {"alg": "RS256", "typ": "JWT"}
    assert decoded.claims["iss"] == "3MVG9sample.key"
    assert decoded.signature_bytes == 256
    assert decoded.defects == ()


def test_neither_token_nor_signature_is_in_the_representation() -> None:
    assert REAL.rpartition(".")[2] not in repr(take_apart(REAL))
    assert REAL not in repr(take_apart(REAL))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing here"),
        ("   \n", "nothing here"),
        ("hello", "no dot"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "PEM file"),
        ("a.b", "2 parts"),
        ("a.b.c.d.e", "encrypted JWT"),
        (".." + "x", "empty"),
        (f"{encoded({})}.ab!c.x", "character 3"),
        (f"{encoded({})}.abcde.x", "cut off"),
        (token(b"\xff\xfe"), "not UTF-8"),
        (token(b"{broken"), "not JSON"),
        (token(b"[1]"), "not a JSON object"),
        (token(claims=b'{"a":' * 40 + b"1" + b"}" * 40), "deeper"),
        (token(claims=b"[" * 60_000), "cannot be read"),
        ("x" * 200_001, "too many"),
    ],
    ids=str,
)
def test_what_no_server_could_read_is_no_jwt_and_the_message_says_why(text: str, says: str) -> None:
    with pytest.raises(NotAJwt, match=says):
        take_apart(text, "stdin")


@pytest.mark.parametrize("name", ["matching.key", "encrypted.key", "ec.key"])
def test_a_private_key_in_place_of_a_token_is_said_and_never_quoted(name: str) -> None:
    text = sample(name).decode()

    with pytest.raises(NotAJwt) as raised:
        take_apart(text)

    assert "private key" in str(raised.value)
    assert not any(line in str(raised.value) for line in text.splitlines())


def test_the_message_for_damage_never_quotes_the_token() -> None:
    with pytest.raises(NotAJwt) as raised:
        take_apart(REAL.replace(".", ".!SECRETPART", 1))

    assert "SECRETPART" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (REAL[:50] + "\n" + REAL[50:], "jwt-white-space"),
        (REAL.replace(".", "==.", 1), "jwt-base64"),
        (token(claims=b'{"exp":1,"exp":2}'), "jwt-duplicate-name"),
        (token(claims=b'{"exp":NaN}'), "jwt-not-json"),
        (token(claims=b'{"exp":1e999}'), "jwt-not-json"),
        (token(claims=b'{"exp":' + b"9" * 400 + b"}"), "jwt-not-json"),
    ],
    ids=["white space", "padding", "duplicate", "NaN", "1e999", "400 digits"],
)
def test_damage_that_can_be_undone_is_decoded_and_noted(text: str, rule: str) -> None:
    assert rule in rules(take_apart(text))


def test_a_lone_surrogate_becomes_something_that_can_be_printed() -> None:
    decoded = take_apart(token(claims=b'{"iss":"a\\ud800b"}'))

    assert str(decoded.claims["iss"]).encode("utf-8")


def test_an_empty_signature_is_absent() -> None:
    assert not take_apart(f"{encoded({'alg': 'none'})}.{encoded({})}.").signature_present


def test_observe_gives_the_facts_of_a_usual_assertion() -> None:
    decoded = take_apart(REAL)

    seen = facts(observe(decoded.header, decoded.claims, at=NOW))

    assert seen == {
        "is_jwt": True,
        "alg": "RS256",
        "typ": "JWT",
        "kid_present": False,
        "iss": "3MVG9sample.key",
        "sub": "user@example.com",
        "aud": "https://login.salesforce.com",
        "aud_type": "string",
        "exp_in_s": 180,
        "ttl_s": 180,
        "iat_in_s": 0,
        "nbf_present": False,
        "exp_is_milliseconds": False,
        "exp_is_string": False,
        "claims_missing": (),
        "claim_names": ("aud", "exp", "iat", "iss", "sub"),
        "jti_present": False,
    }


def test_numeric_text_is_read_as_a_time() -> None:
    seen = facts(observe({}, {"exp": str(int(NOW) + 180)}, at=NOW))

    assert seen["exp_in_s"] == 180
    assert seen["exp_is_string"] is True


def test_milliseconds_are_recognised_and_left_as_they_were_written() -> None:
    seen = facts(observe({}, {"exp": int(NOW) * 1000}, at=NOW))

    assert seen["exp_is_milliseconds"] is True
    assert seen["exp_in_s"] > 1e11


def test_without_iat_the_life_counts_from_the_signing_clock() -> None:
    """Signed on a clock that is 300 s slow: exp lies 120 s back in truth, and 180 s after the signing."""
    seen = facts(observe({}, {"exp": NOW - 120}, at=NOW, ahead_s=-300))

    assert seen["exp_in_s"] == -120
    assert seen["ttl_s"] == 180


def test_without_a_true_time_only_the_life_is_known() -> None:
    seen = facts(observe({}, {"exp": NOW + 60, "iat": NOW, "nbf": NOW}, at=None))

    assert seen["ttl_s"] == 60
    assert not {"exp_in_s", "iat_in_s", "nbf_in_s"} & seen.keys()


def test_without_a_true_time_and_without_iat_no_life_is_known() -> None:
    assert "ttl_s" not in facts(observe({}, {"exp": NOW}, at=None))


def test_prn_stands_for_sub() -> None:
    seen = facts(observe({}, {"prn": "u@e.com", "iss": "i", "aud": "a", "exp": 1}, at=NOW))

    assert seen["sub"] == "u@e.com"
    assert seen["claims_missing"] == ()


def test_missing_claims_are_those_that_the_caller_requires() -> None:
    assert missing_claims({"iss": "a", "exp": None}) == ("sub", "aud", "exp")
    assert missing_claims({"iss": "a"}, ("iss", "jti")) == ("jti",)


@pytest.mark.parametrize(("aud", "kind"), [("a", "string"), (["a", "b"], "array"), ([], "array"), (7, "number")])
def test_the_type_of_aud_is_a_fact(aud: object, kind: str) -> None:
    assert facts(observe({}, {"aud": aud}, at=None))["aud_type"] == kind


def test_a_parameter_that_is_a_key_is_a_fact_and_not_an_exception() -> None:
    assert facts(observe_parameter(sample("matching.key").decode(), at=NOW)) == {
        "is_jwt": False,
        "is_private_key": True,
    }
    assert facts(observe_parameter("nonsense", at=NOW)) == {"is_jwt": False}
    assert facts(observe_parameter(REAL, at=NOW))["is_jwt"] is True


def test_a_private_jwk_is_a_private_key() -> None:
    text = json.dumps({"kty": "RSA", "n": "AQ", "e": "AQAB", "d": "AQ"})

    assert facts(observe_parameter(text, at=None)) == {"is_jwt": False, "is_private_key": True}


def test_decoding_loads_neither_jwt_nor_cryptography() -> None:
    modules = "decode, find, inspect, times, build, pkce, material"
    code = (
        f"import sys; from jwtdoctor.assertions import {modules}; print({{'jwt', 'cryptography'}} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()"


@given(st.text(max_size=400))
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_is_decoded_or_no_jwt(text: str) -> None:
    _decoded_or_refused(text)


@given(JSON, JSON)
@settings(max_examples=150, deadline=None)
def test_arbitrary_json_in_the_parts_is_decoded_or_no_jwt_and_observable(header: object, claims: object) -> None:
    _decoded_or_refused(token(header, claims))


@given(st.binary(max_size=200), st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_in_the_parts_are_decoded_or_no_jwt(header: bytes, claims: bytes) -> None:
    _decoded_or_refused(token(header, claims))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_mutated_real_token_is_decoded_or_no_jwt(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(REAL) - 1))
    length = data.draw(st.integers(0, 30))
    inserted = data.draw(st.text(max_size=12))

    _decoded_or_refused(REAL[:at] + inserted + REAL[at + length :])


@given(st.dictionaries(st.sampled_from(["exp", "iat", "nbf", "aud", "iss", "sub", "prn", "jti"]), JSON))
@settings(max_examples=200, deadline=None)
def test_claims_of_any_type_give_facts_of_the_right_type(claims: dict[str, Any]) -> None:
    """`Observation` refuses a value of the wrong type, so that to get here is the assertion."""
    assert facts(observe({}, claims, at=NOW, ahead_s=1.5))["is_jwt"] is True


def _decoded_or_refused(text: str) -> None:
    try:
        decoded = take_apart(text)
    except NotAJwt as refused:
        said = str(refused)
    else:
        said = json.dumps(decoded.claims, allow_nan=False)
        assert observe(decoded.header, decoded.claims, at=NOW)

    assert "\n" not in said


def test_a_jti_of_null_is_none() -> None:
    seen = {o.fact: o.value for o in observe({"alg": "RS256"}, {"jti": None}, at=None)}

    assert seen["assertion.jti_present"] is False
