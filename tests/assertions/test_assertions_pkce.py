from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jwtdoctor.assertions import pkce
from jwtdoctor.errors import BadInput

# RFC 7636, appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def rules(seen: pkce.PkceCheck) -> dict[str, str]:
    return {finding.rule: finding.severity for finding in seen.findings}


def test_the_challenge_is_that_of_the_rfc() -> None:
    assert pkce.challenge_of(VERIFIER) == CHALLENGE


def test_a_right_pair_is_in_order() -> None:
    seen = pkce.check(VERIFIER, CHALLENGE)

    assert seen.matches
    assert seen.is_in_order
    assert seen.findings == ()


@given(st.integers(43, 128))
def test_a_fresh_pair_matches_and_has_nothing_that_salesforce_refuses(length: int) -> None:
    pair = pkce.new(length)

    assert len(pair.verifier) == length
    assert pkce.check(pair.verifier, pair.challenge) == pkce.PkceCheck(True, length, ())
    assert pair.verifier.reveal() not in repr(pair)


@pytest.mark.parametrize("length", [0, 42, 129])
def test_a_length_that_the_rfc_forbids_is_refused(length: int) -> None:
    with pytest.raises(BadInput, match="43 to 128"):
        pkce.new(length)


@pytest.mark.parametrize(
    ("challenge", "slip"),
    [
        (VERIFIER, "the verifier itself"),
        (CHALLENGE + "=", "padding"),
        (base64.b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode(), "ordinary base64"),
        (hashlib.sha256(VERIFIER.encode()).hexdigest(), "hexadecimal digest in place"),
        (pkce._base64url(hashlib.sha256(VERIFIER.encode()).hexdigest().encode()), "hexadecimal digest and not"),
        (CHALLENGE + "\n", "white space"),
        ("something-else", "another verifier"),
    ],
)
def test_a_mismatch_names_the_slip(challenge: str, slip: str) -> None:
    seen = pkce.check(VERIFIER, challenge)

    assert not seen.matches
    assert slip in seen.findings[-1].message
    assert VERIFIER not in seen.findings[-1].message


def test_a_method_that_was_left_out_is_seen() -> None:
    seen = pkce.check(VERIFIER, CHALLENGE, "plain")

    assert not seen.matches
    assert "code_challenge_method left out" in seen.findings[-1].message
    assert rules(seen)["pkce-plain"] == "warning"


def test_a_tilde_is_a_note_since_the_rfc_allows_it() -> None:
    verifier = VERIFIER + "~"

    assert rules(pkce.check(verifier, pkce.challenge_of(verifier))) == {"pkce-tilde": "note"}


@pytest.mark.parametrize(
    ("verifier", "rule", "severity"),
    [
        ("short", "pkce-length", "error"),
        ("a" * 171, "pkce-length", "warning"),
        ("a" * 42 + "+/", "pkce-characters", "error"),
        (" " + VERIFIER, "pkce-white-space", "error"),
    ],
)
def test_a_malformed_verifier_is_found_even_if_the_pair_matches(verifier: str, rule: str, severity: str) -> None:
    seen = pkce.check(verifier, pkce.challenge_of(verifier))

    assert seen.matches
    assert rules(seen)[rule] == severity


@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from(["S256", "plain"]))
def test_any_text_gets_an_answer(verifier: str, challenge: str, method: pkce.Method) -> None:
    assert pkce.check(verifier, challenge, method).length == len(verifier)


def test_the_package_offers_it_as_a_call() -> None:
    import jwtdoctor

    pair = jwtdoctor.pkce.new()

    assert jwtdoctor.pkce.check(pair.verifier, pair.challenge).is_in_order
    assert "pkce" in dir(jwtdoctor)
