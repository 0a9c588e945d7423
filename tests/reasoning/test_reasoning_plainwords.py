"""Wordings that nobody knows, read by their own words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor import explain
from jwtdoctor.knowledge.load import load
from jwtdoctor.knowledge.words import words
from jwtdoctor.model.names import Likelihood
from jwtdoctor.reasoning.plainwords import MOST, spoken_of


def first(text: str, flow: str | None = "private-key-jwt") -> str | None:
    """The cause that the words point at most, if any."""
    found = spoken_of(text, "", flow)
    return None if found is None else found.readings[0].cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Incorrect aud in client_assertion claims", "wrong-audience"),
        ('Invalid value for "audience"', "wrong-audience"),
        ("The issuer of the token is not recognised", "wrong-issuer"),
        ("Public key not found: Xt-o7hDbpupAz", "key-not-registered"),
        ("The client does not have a JWKSet configured, but one was expected", "key-not-registered"),
        ("Signature verification of the JWT failed", "signature-key-mismatch"),
        ("jti has already been used", "jti-replayed"),
        ("iat claim not present in token", "missing-claim"),
        ("Token expiration is too far ahead", "assertion-ttl-too-long"),
        ("client_secret must be provided in the Authorization header", "client-type-mismatch"),
        ("REST API is not enabled for this account", "api-access-missing"),
        ("Grant type 'client_credentials' not allowed for the client", "flow-disabled"),
        ("The token cannot be processed, because by our clock it was issued in the future", "assertion-not-yet-valid"),
        ("The issuer is not trusted", "wrong-issuer"),
        ("unable to verify the issuer certificate", "tls-trust-failed"),
        ("A client certificate is required", "mutual-tls-failed"),
        ("The client is locked", "app-not-authorized"),
    ],
)
def test_the_words_of_an_unknown_refusal_name_what_is_at_fault(text: str, cause: str) -> None:
    assert first(text) == cause


def test_should_be_in_the_past_is_the_opposite_of_in_the_past() -> None:
    assert first('"iat" claim timestamp check failed (it should be in the past)') == "assertion-not-yet-valid"
    assert first("The assertion expires in the past") == "assertion-expired"


def test_the_longest_noun_is_meant() -> None:
    assert first("The refresh token has expired", "refresh-token") == "refresh-token-expired"
    assert first("The token has expired") == "assertion-expired"


def test_the_nearest_noun_is_meant() -> None:
    assert first("device flow is not enabled for the app", "device") == "flow-disabled"
    assert first("this app is not enabled for the device flow", "device") == "app-not-authorized"


def test_what_is_lacked_stands_behind_the_word() -> None:
    assert first("The client lacks a scope") == "scope-not-granted"


def test_words_of_another_flow_are_not_read() -> None:
    assert first("The code has expired", "authorization-code") == "code-expired"
    assert first("The code has expired", "jwt-bearer") is None


@pytest.mark.parametrize(
    "text", ["client authentication failed", "Invalid client credentials", "invalid_client", "Unauthorized"]
)
def test_words_that_only_repeat_a_code_say_nothing(text: str) -> None:
    """A real oidc-provider describes every refused assertion so, and a secret was accused."""
    assert first(text) is None


@pytest.mark.parametrize(
    "text", ["the assertion is not expired", "The audience isn't invalid", "jti was never used before"]
)
def test_a_fault_that_is_denied_accuses_nobody(text: str) -> None:
    assert first(text) is None


def test_what_must_not_be_empty_is_empty() -> None:
    assert first("client_id must not be empty", "client-credentials") == "client-id-missing"


def test_a_noun_without_a_word_of_fault_says_nothing() -> None:
    assert first("The audience of this page are administrators") is None


def test_a_noun_far_from_the_fault_says_nothing() -> None:
    assert first("invalid " + "x" * 60 + " audience") is None
    assert first("This is invalid. The audience is as it should") is None


def test_a_text_that_names_everything_says_nothing() -> None:
    everything = "invalid audience\ninvalid issuer\ninvalid subject\ninvalid scope\ninvalid signature\ninvalid kid"

    assert MOST < 6
    assert first(everything) is None


def test_the_description_goes_before_the_log_around_it() -> None:
    found = spoken_of("invalid audience", "the jti was already used", None)

    assert found is not None
    assert found.readings[0].cause == "wrong-audience"


def test_a_verdict_from_words_alone_is_never_almost_certain() -> None:
    report = explain('{"error": "invalid_client", "error_description": "Incorrect aud in client_assertion claims"}')

    assert report.leaders == ("wrong-audience",)
    assert report.verdicts[0].likelihood is Likelihood.LIKELY
    assert "its words speak of" in report.verdicts[0].evidence[0].because


def test_a_known_wording_is_not_read_word_by_word() -> None:
    known = '{"error": "invalid_grant", "error_description": "user hasn\'t approved this consumer"}'

    assert "its words speak of" not in {e.because for v in explain(known).verdicts for e in v.evidence}


def test_every_cause_and_flow_that_the_words_name_exists() -> None:
    knowledge = load()
    named = {cause for entry in words().about for cause in entry.causes}

    assert named <= set(knowledge.causes)
    for entry in words().about:
        for cause in entry.causes:
            flows = knowledge.causes[cause].flows
            assert not entry.flows or not flows or set(entry.flows) & set(flows), (entry.nouns[0], cause)


def test_no_noun_with_the_same_fault_stands_twice() -> None:
    pairs = [
        (noun, fault, flow)
        for entry in words().about
        for noun in entry.nouns
        for fault in entry.faults or ("",)
        for flow in entry.flows or ("any",)
    ]

    assert sorted({pair for pair in pairs if pairs.count(pair) > 1}) == []


@settings(max_examples=25)
@given(st.text(alphabet=st.sampled_from('invalid expired aud token not found \n.":{}ü\x1b'), max_size=2_000))
def test_any_text_is_read_without_fail(text: str) -> None:
    spoken_of(text, text, None)


def test_a_line_that_is_no_sentence_is_not_read_and_many_lines_tell_what_one_tells() -> None:
    """A reading that grew with the square of the text would meet the suite's own time limit here."""
    assert spoken_of("invalid aud " * 1_700, "", None) is None
    assert spoken_of("\n".join(["invalid aud, token expired"] * 800), "", None) == spoken_of(
        "invalid aud, token expired", "", None
    )
