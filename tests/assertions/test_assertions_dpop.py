"""DPoP proofs, built and read: RFC 9449 has examples with values, and those are held against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from jwtdoctor.assertions import dpop
from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.assertions.inspect import lint
from jwtdoctor.assertions.keys import load_public
from jwtdoctor.assertions.keytypes import PrivateKey
from jwtdoctor.assertions.pairs import fresh_key
from jwtdoctor.assertions.sign import compact_json, signed_token
from jwtdoctor.errors import BadKey
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.secret import Secret

NOW = 1_795_300_000.9
URL = "https://server.example.com/token"
OF_THE_RFC = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJq"
    "dGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijox"
    "NTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
"""RFC 9449 §4.1, figure 2."""
GENERIC = load().providers["generic"]


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return fresh_key("EC", 256)


def signed(key: PrivateKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    jwk = {"jwk": json.loads(json.dumps(dpop.proof(key, method="POST", url=URL, now=NOW, jti="j").header["jwk"]))}
    usual = {"jti": "j", "htm": "POST", "htu": URL, "iat": int(NOW)}
    return signed_token({"typ": "dpop+jwt", "alg": "ES256", **jwk, **header}, compact_json({**usual, **claims}), key,
                        "ES256")  # fmt: skip


def found(key: PrivateKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> tuple[Finding, ...]:
    return lint(take_apart(signed(key, header, claims)), GENERIC, NOW)


# --- building


@pytest.mark.parametrize(("kind", "bits", "alg"), [("EC", 256, "ES256"), ("RSA", 2048, "RS256"), ("EC", 384, "ES384")])
def test_a_proof_carries_its_public_key_and_verifies_with_it(kind: str, bits: int, alg: str) -> None:
    made = dpop.proof(fresh_key(kind, bits), method="POST", url=URL, now=NOW, jti="j")

    decoded = take_apart(made.token.reveal())
    assert (decoded.header["typ"], decoded.header["alg"]) == ("dpop+jwt", alg)
    assert decoded.claims == {"jti": "j", "htm": "POST", "htu": URL, "iat": 1_795_300_000}
    assert dpop.verified(decoded).verifies
    assert dpop.private_members(decoded) == ()


@pytest.mark.parametrize(
    ("kind", "bits", "taken", "alg"),
    [
        ("RSA", 2048, ("ES256", "PS256", "EdDSA"), "PS256"),
        ("RSA", 2048, ("ES256", "EdDSA"), "RS256"),
        ("EC", 256, ("PS256", "ES256"), "ES256"),
    ],
    ids=["FAPI", "none-suits", "curve"],
)
def test_a_proof_is_signed_with_what_the_server_takes_of_this_key(
    kind: str, bits: int, taken: tuple[str, ...], alg: str
) -> None:
    made = dpop.proof(fresh_key(kind, bits), method="POST", url=URL, now=NOW, jti="j", taken=taken)

    assert made.header["alg"] == alg
    assert dpop.verified(take_apart(made.token.reveal())).verifies


def test_the_hash_of_the_token_and_the_nonce_are_written_where_they_are_given(key: PrivateKey) -> None:
    token = Secret("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU")

    claims = dpop.proof(key, method="GET", url=URL, now=NOW, jti="j", nonce="eyJ7S_zG", token=token).claims

    assert claims["ath"] == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", "RFC 9449 §7.1, figure 13"
    assert claims["nonce"] == "eyJ7S_zG"


def test_a_key_that_has_no_jwk_is_refused() -> None:
    with pytest.raises(BadKey, match="expected an EC or RSA key"):
        dpop.proof(PrivateKey(fresh_key("EC", 256).native, "DSA", 2048), method="POST", url=URL, now=NOW, jti="j")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://HOST.example:443/Token?a=1#b", "https://host.example/Token"),
        ("http://127.0.0.1:8080/token", "http://127.0.0.1:8080/token"),
        ("https://host.example", "https://host.example/"),
        ("https://[::1]:8443/t", "https://[::1]:8443/t"),
        ("https://host.example/a%40b", "https://host.example/a%40b"),
    ],
)
def test_htu_is_the_url_without_query_as_servers_compare_it(url: str, target: str) -> None:
    assert dpop.target_of(url) == target


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("eyJ7S_zG.eyJH0-Z.HX4w-7v", True),
        ("!#[]~", True),
        ("", False),
        ('"quoted"', False),
        ("a b", False),
        ("a\\b", False),
        ("a\x1b[31m", False),
        ("é", False),
        ("x" * 1_000, True),
        ("x" * 1_001, False),
    ],
)
def test_a_nonce_has_the_characters_of_rfc_6749_and_an_end(text: str, is_one: bool) -> None:
    assert dpop.is_nonce(text) is is_one


# --- reading


def test_the_example_of_the_rfc_verifies_and_names_its_key() -> None:
    decoded = take_apart(OF_THE_RFC)

    assert dpop.verified(decoded).verifies
    jwk = load_public(json.dumps(decoded.header["jwk"]).encode(), where="the RFC")
    assert jwk.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "RFC 9449 §6.1, figure 10"


def test_a_proof_is_held_against_the_request_that_it_came_with() -> None:
    right = dpop.Beside("POST", "https://server.example.com:443/token?x=1")
    wrong = dpop.Beside("GET", "https://server.example.com/other", Secret("a token"))

    def told(beside: dpop.Beside) -> dict[str, object]:
        return {o.fact: o.value for o in dpop.observe_proof(OF_THE_RFC, beside, at=1_562_262_600.0)}

    assert told(right) == {
        "proof.is_well_formed": True,
        "proof.jwk_is_private": False,
        "proof.nonce_present": False,
        "proof.iat_in_s": 16.0,
        "proof.method_fits": True,
        "proof.url_fits": True,
    }
    assert [told(wrong)[f"proof.{n}_fits"] for n in ("method", "url", "token_hash")] == [False, False, False]


@pytest.mark.parametrize(
    ("htu", "fits"),
    [
        (URL, True),
        (URL + "?a=1#b", True),
        ("HTTPS://SERVER.example.com:443/token", True),
        ("http://server.example.com/token", None),
        ("https://server.example.com/token/", False),
        ("https://server.example.com:8443/token", False),
        ("https://[::1", False),
        ("token", False),
    ],
)
def test_htu_is_compared_as_servers_do_and_a_scheme_that_was_not_seen_tells_nothing(
    htu: str, fits: bool | None
) -> None:
    assert dpop.same_target(htu, URL) is fits
    assert dpop.same_target(htu, "/token") is None


@pytest.mark.parametrize("text", ["not a jwt", "a.b", "", "[redacted]"])
def test_what_is_no_proof_tells_that_or_nothing(text: str) -> None:
    told = {o.fact: o.value for o in dpop.observe_proof(text, dpop.Beside())}

    assert told == ({} if text in ("", "[redacted]") else {"proof.is_well_formed": False})


def test_a_changed_proof_does_not_verify(key: PrivateKey) -> None:
    head, _, signature = signed(key, {}, {}).split(".")
    other = signed(key, {}, {"jti": "k"}).split(".")[1]

    assert not dpop.verified(take_apart(f"{head}.{other}.{signature}")).verifies


@pytest.mark.parametrize(
    "jwk",
    [{"kty": "RSA", "n": 5, "e": []}, {"kty": "EC", "crv": ["P-256"], "x": "AA", "y": "AA"}, {"kty": "oct", "k": "AA"},
     {"kty": "RSA", "n": "_" * 20_000, "e": "_" * 20_000}, "a text", {}],
    ids=["types", "curve", "shared", "huge", "text", "empty"],
)  # fmt: skip
def test_a_hostile_key_in_the_header_is_a_finding_and_no_crash(key: PrivateKey, jwk: object) -> None:
    decoded = take_apart(signed(key, {"jwk": jwk}, {}))

    assert not dpop.verified(decoded).verifies
    assert lint(decoded, GENERIC, NOW)


# --- what is wrong with one


def test_a_good_proof_has_nothing_but_the_remark_on_tokens(key: PrivateKey) -> None:
    assert [f.rule for f in found(key, {}, {})] == ["proof-without-ath"]
    assert found(key, {}, {"ath": dpop.hash_of(Secret("t"))}) == ()


@pytest.mark.parametrize(
    ("header", "claims", "rule", "severity", "where"),
    [
        ({"typ": "JWT"}, {}, "proof-malformed", "error", "header.typ"),
        ({"alg": "none"}, {}, "proof-malformed", "error", "header.alg"),
        ({"alg": "HS256"}, {}, "proof-malformed", "error", "header.alg"),
        ({"jwk": None}, {}, "proof-malformed", "error", "header.jwk"),
        ({}, {"jti": ""}, "proof-malformed", "error", "claims.jti"),
        ({}, {"iat": "1795300000"}, "proof-malformed", "error", "claims.iat"),
        ({}, {"htm": "post"}, "proof-method", "error", "claims.htm"),
        ({}, {"htm": "BREW"}, "proof-method", "warning", "claims.htm"),
        ({}, {"htu": "/token"}, "proof-url", "error", "claims.htu"),
        ({}, {"htu": "https://h:99999/t"}, "proof-url", "error", "claims.htu"),
        ({}, {"htu": URL + "?a=1"}, "proof-url", "warning", "claims.htu"),
        ({}, {"iat": int(NOW) - 61}, "proof-time", "warning", "claims.iat"),
        ({}, {"iat": int(NOW) + 62}, "proof-time", "warning", "claims.iat"),
        ({}, {"iat": int(NOW) * 1000}, "proof-time", "error", "claims.iat"),
        ({}, {"nonce": "a b"}, "proof-nonce", "error", "claims.nonce"),
        ({}, {"nonce": 5}, "proof-nonce", "error", "claims.nonce"),
        ({}, {"ath": "short"}, "proof-token-hash", "error", "claims.ath"),
    ],
)
def test_what_is_wrong_with_a_proof_is_named(
    key: PrivateKey, header: dict[str, Any], claims: dict[str, Any], rule: str, severity: str, where: str
) -> None:
    named = [(f.rule, f.severity, f.where) for f in found(key, header, claims)]

    assert (rule, severity, where) in named
    assert len([one for one in named if one[1] == "error"]) <= 1


def test_a_private_key_in_the_header_is_an_error_that_shows_nothing_of_it(key: PrivateKey) -> None:
    jwk = {**dpop.proof(key, method="POST", url=URL, now=NOW, jti="j").header["jwk"], "d": "planted-private-part"}

    first = found(key, {"jwk": jwk}, {})[0]

    assert (first.rule, first.severity) == ("proof-shows-private-key", "error")
    assert "planted" not in first.message + first.remedy


def test_a_proof_without_type_and_without_htu_is_judged_as_a_proof(key: PrivateKey) -> None:
    """It was held against the rules of assertions: iss, sub, aud and exp were called missing."""
    jwk = dpop.proof(key, method="POST", url=URL, now=NOW, jti="j").header["jwk"]
    text = signed_token({"typ": "JWT", "alg": "ES256", "jwk": jwk}, compact_json({"htm": "POST"}), key, "ES256")

    rules = {finding.where for finding in lint(take_apart(text), GENERIC, NOW)}

    assert {"header.typ", "claims.htu"} <= rules
    assert not rules & {"claims.iss", "claims.sub", "claims.aud", "claims.exp"}


def test_an_assertion_is_not_taken_for_a_proof(key: PrivateKey) -> None:
    assertion = signed_token({"alg": "ES256"}, compact_json({"iss": "a", "htm": "POST"}), key, "ES256")

    assert not dpop.is_proof(take_apart(assertion))
