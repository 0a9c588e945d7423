"""DPoP on the command line: `check --dpop`, profiles and variables, `inspect` and `explain` of proofs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Shell

from jwtdoctor.assertions import dpop
from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.assertions.pairs import fresh_key, private_pem_of
from jwtdoctor.assertions.sign import compact_json, signed_token
from jwtdoctor.config.attempts import plain_attempt
from jwtdoctor.config.profiles import settings
from jwtdoctor.knowledge.load import load
from jwtdoctor.simulator.command import check_arguments
from jwtdoctor.simulator.staging import staged

NOW = 1_795_300_000
URL = "https://auth.acme.example/token"
KEY = fresh_key("EC", 256)
PRIVATE = "planted-private-part-of-a-key"


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def proof(**claims: object) -> str:
    made = dpop.proof(KEY, method="POST", url=URL, now=NOW, jti="j", claims=claims)
    return made.token.reveal()


def told(jwtdoctor: Shell, *words: str, stdin: str = "") -> dict[str, Any]:
    report: dict[str, Any] = json.loads(jwtdoctor(*words, "--format", "json", stdin=stdin.encode()).out)
    return report


# --- check


def test_a_proof_turns_a_refusal_into_a_grant_over_sockets(jwtdoctor: Shell) -> None:
    fault = ("check", "--provider", "okta", "--simulate", "dpop-required")
    without, with_proof = told(jwtdoctor, *fault), told(jwtdoctor, *fault, "--dpop")

    assert (without["outcome"], without["leaders"]) == ("refused", ["dpop-required"])
    assert (with_proof["outcome"], with_proof["logins_used"]) == ("granted", 2)
    assert [f["rule"] for f in with_proof["findings"]] == ["dpop-nonce-asked"]
    assert "eyJ" not in json.dumps(with_proof) + jwtdoctor.written()


def test_the_page_says_why_there_were_two_logins(jwtdoctor: Shell) -> None:
    out = jwtdoctor("check", "--provider", "okta", "--simulate", "dpop-required", "--dpop").out

    assert "2 logins used" in out
    assert "sent twice, with a fresh assertion" in " ".join(out.split())
    assert "bound to a key (DPoP)" in out


@pytest.mark.parametrize(
    ("told_by", "environ", "sends"),
    [
        ({"dpop": True}, {}, True),
        ({"dpop_key": "k.pem"}, {}, True),
        ({"dpop_key": "k.pem"}, {"JWTDOCTOR_DPOP": "no"}, False),
        ({}, {"JWTDOCTOR_DPOP": "1"}, True),
        ({}, {}, False),
    ],
)
def test_a_key_for_proofs_means_that_they_are_sent(
    tmp_path: Path, told_by: dict[str, Any], environ: dict[str, str], sends: bool
) -> None:
    found = settings(None, {"url": URL, **told_by}, environ={"HOME": str(tmp_path), **environ}, folder=tmp_path)

    attempt, _ = plain_attempt(found, load().providers["generic"])

    assert attempt.dpop is sends


def test_a_file_that_holds_no_private_key_is_refused_before_anything_is_sent(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "public.txt").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")

    ran = jwtdoctor("check", "--url", "http://127.0.0.1:9/token", "--provider", "generic", "--client-id", "c",
                    "--flow", "client-credentials", "--no-ntp", "--dpop-key", "public.txt")  # fmt: skip

    assert (ran.code, ran.out) == (2, "")
    assert "public.txt" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--flow", "client-credentials", "--dpop"), "no API takes the token"),
        (("--flow", "client-credentials", "--dpop-key", "k.pem"), ""),
        (("--flow", "client-credentials"), ""),
        (("--flow", "api-jwt", "--key", "k.pem", "--dpop"), "sends no DPoP proof"),
    ],
    ids=["throwaway", "key", "none", "no-token"],
)
@pytest.mark.parametrize("form", ["curl", "python"])
def test_a_copy_makes_its_proof_and_says_what_a_dropped_key_means(
    jwtdoctor: Shell, words: tuple[str, ...], said: str, form: str
) -> None:
    ran = jwtdoctor("check", "--url", URL, "--provider", "generic", "--client-id", "c", *words, "--copy", form)

    assert ran.code == 0
    assert said in ran.err if said else ran.err == ""
    assert ("DPoP" in ran.out) is (words[1] != "api-jwt" and len(words) > 2)
    assert "eyJ" not in ran.out


# --- sign


SIGN = ("sign", "--provider", "generic", "--url", URL, "--client-id", "c", "--username", "u@acme.example")


@pytest.fixture
def keyed(jwtdoctor: Shell) -> tuple[str, ...]:
    """`sign` with a key of its own for each part."""
    for name, key in (("app.key", fresh_key("RSA", 2048)), ("proof.pem", KEY)):
        (jwtdoctor.work / name).write_text(private_pem_of(key).reveal())
    return (*SIGN, "--key", "app.key", "--dpop-key", "proof.pem")


def test_sign_writes_a_proof_for_the_token_url_beside_the_assertion(jwtdoctor: Shell, keyed: tuple[str, ...]) -> None:
    report = told(jwtdoctor, *keyed, "--dpop-nonce", "n.1")

    made = take_apart(report["proof"]["token"])
    assert dpop.verified(made).verifies
    assert made.header["jwk"] == dpop.proof(KEY, method="POST", url=URL, now=NOW, jti="j").header["jwk"]
    assert (made.claims["htm"], made.claims["htu"], made.claims["nonce"]) == ("POST", URL, "n.1")
    assert report["assertion"]["claims"]["iss"] == "c"
    assert "PRIVATE" not in json.dumps(report)


def test_the_proof_is_the_second_line_or_the_only_one(jwtdoctor: Shell, keyed: tuple[str, ...]) -> None:
    both, alone = jwtdoctor(*keyed).out.split(), jwtdoctor("sign", "--format", "proof", "--url", URL).out.split()

    assert [take_apart(one).header["typ"] for one in both] == ["JWT", "dpop+jwt"]
    assert [take_apart(one).header["typ"] for one in alone] == ["dpop+jwt"]


def test_a_variable_adds_no_line_to_a_token_that_a_script_reads(
    jwtdoctor: Shell, keyed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWTDOCTOR_DPOP", "1")
    words = keyed[: keyed.index("--dpop-key")]

    assert len(jwtdoctor(*words).out.split()) == 1
    assert "--header 'DPoP: eyJ" in jwtdoctor(*words, "--format", "curl").out


def test_a_form_has_no_place_for_a_proof_and_that_is_said(jwtdoctor: Shell, keyed: tuple[str, ...]) -> None:
    ran = jwtdoctor(*keyed, "--format", "form")

    assert "--format proof" in ran.err
    assert "dpop" not in ran.out.lower()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--url", URL, "--dpop-nonce", 'a"b'), "--dpop-nonce: is no nonce"),
        (("--url", URL, "--dpop-nonce="), "--dpop-nonce: is no nonce"),
        ((), "the token endpoint is not known"),
        (("--url", URL, "--dpop-key", "gone.pem"), "gone.pem"),
        (("--url", "https://api.github.com"), "nothing to prove"),
        (("--url", URL, "--fault", "expired"), "--fault"),
    ],
    ids=["quoted", "empty", "no-url", "no-key", "no-token", "fault"],
)
def test_a_proof_that_cannot_be_made_is_one_line_and_exit_2(
    jwtdoctor: Shell, words: tuple[str, ...], said: str
) -> None:
    ran = jwtdoctor("sign", "--format", "proof", *words)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_staged_fault_of_the_nonce_names_the_option_to_try_it_with(tmp_path: Path) -> None:
    lost, other = (staged(f"dpop-required:{name}", "okta") for name in ("nonce-lost", "url"))

    words = check_arguments(lost, lost.ready(NOW, URL).attempt, "127.0.0.1:123", tmp_path)

    assert words is not None
    assert "--dpop" in words
    assert check_arguments(other, other.ready(NOW, URL).attempt, "127.0.0.1:123", tmp_path) is None


# --- inspect


def test_a_proof_is_taken_apart_by_its_own_rules_and_verified_with_its_own_key(jwtdoctor: Shell) -> None:
    report = told(jwtdoctor, "inspect", "--at", str(NOW), stdin=f"DPoP: {proof()}")

    assert [f["rule"] for f in report["findings"]] == ["proof-without-ath"]
    assert report["assertion"]["signature"] == {"present": True, "verified": True}
    assert report["facts"]["proof.is_well_formed"]["value"] is True
    assert not any(name.startswith("assertion.") for name in report["facts"])


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "written", [dict, lambda jwk: {n: jwk[n] for n in jwk if n != "kty"}, json.dumps, lambda jwk: [json.dumps(jwk)]],
    ids=["jwk", "without-kty", "as-text", "in-a-list"],
)  # fmt: skip
def test_a_private_key_in_a_proof_is_an_error_and_not_shown(
    jwtdoctor: Shell, form: str, written: Callable[[dict[str, str]], object]
) -> None:
    whole = {**dpop.proof(KEY, method="POST", url=URL, now=NOW, jti="j").header["jwk"], "d": PRIVATE}
    claims = {"jti": "j", "htm": "POST", "htu": URL, "iat": NOW, "cnf": {"jwk": written(whole)}}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": whole, "epk": written(whole)}
    token = signed_token(header, compact_json(claims), KEY, "ES256")

    ran = jwtdoctor("inspect", "--format", form, stdin=f"curl -H 'DPoP: {token}' {URL}".encode())

    assert ran.code == 1
    assert "the private key" in " ".join(ran.out.split())
    assert PRIVATE not in ran.out + ran.err
    assert token.rpartition(".")[2] not in ran.out


def test_a_key_that_is_no_object_is_not_called_a_forgery(jwtdoctor: Shell) -> None:
    token = signed_token({"typ": "dpop+jwt", "alg": "ES256", "jwk": "key-1"}, b"{}", KEY, "ES256")

    ran = jwtdoctor("inspect", stdin=token.encode())

    assert "not verified: the header holds no key" in " ".join(ran.out.split())
    assert "does NOT verify" not in ran.out


def test_a_changed_proof_does_not_verify(jwtdoctor: Shell) -> None:
    head, _, signature = proof().split(".")
    report = told(jwtdoctor, "inspect", stdin=".".join((head, proof(jti="k").split(".")[1], signature)))

    assert report["findings"][0]["rule"] == "signature-does-not-verify"


# --- explain


def dump(of_proof: str, body: str, *headers: str) -> str:
    lines = ["POST /token HTTP/1.1", "Host: auth.acme.example", f"DPoP: {of_proof}",
             "Content-Type: application/x-www-form-urlencoded", "", "grant_type=client_credentials&client_id=c", "",
             "HTTP/1.1 400 Bad Request", "Date: Sat, 21 Nov 2026 22:26:40 GMT", "Content-Type: application/json",
             *headers, "", body]  # fmt: skip
    return "\n".join(lines)


def test_a_dump_tells_what_is_wrong_with_the_proof_in_it(jwtdoctor: Shell) -> None:
    text = dump(proof(htu="https://old.acme.example/token"), '{"error":"invalid_dpop_proof"}', "DPoP-Nonce: n.1")

    report = told(jwtdoctor, "explain", "--provider", "generic", "-", stdin=text)

    facts = {name: seen["value"] for name, seen in report["facts"].items()}
    assert report["leaders"] == ["dpop-required"]
    assert (facts["proof.url_fits"], facts["proof.method_fits"], facts["reply.dpop_nonce_given"]) == (False, True, True)
    assert "eyJ" not in json.dumps(report)


def test_a_proof_dated_by_a_wrong_clock_points_to_the_clock(jwtdoctor: Shell) -> None:
    text = dump(proof(iat=NOW - 400), '{"error":"invalid_dpop_proof"}')
    plain = told(jwtdoctor, "explain", "--provider", "generic", "-", stdin=text)
    slow = told(jwtdoctor, "explain", "--provider", "generic", "-", "--fact", "clock.ahead_s=-400", stdin=text)
    right = told(jwtdoctor, "explain", "--provider", "generic", "-", "--fact", "clock.ahead_s=0", stdin=text)

    assert {verdict["cause"] for verdict in plain["verdicts"][:2]} == {"dpop-required", "clock-drift"}
    assert (slow["leaders"], right["leaders"]) == (["clock-drift"], ["dpop-required"])


@pytest.mark.parametrize(
    ("provider", "reply", "leader"),
    [
        ("okta", '{"error":"invalid_dpop_proof","error_description":"The DPoP proof JWT header is missing."}',
         "dpop-required"),
        ("keycloak", '{"error":"invalid_request","error_description":"DPoP proof is not active"}', "clock-drift"),
        ("keycloak", '{"error":"invalid_request","error_description":"DPoP HTTP URL mismatch"}', "dpop-required"),
        ("node-oidc-provider",
         '{"error":"invalid_dpop_proof","error_description":"DPoP proof iat is not recent enough"}', "clock-drift"),
        ("generic", '{"error":"use_dpop_nonce"}', "dpop-required"),
    ],
)  # fmt: skip
def test_what_servers_say_of_proofs_is_known(jwtdoctor: Shell, provider: str, reply: str, leader: str) -> None:
    report = told(jwtdoctor, "explain", "--provider", provider, "--flow", "client-credentials", reply)

    assert leader in report["leaders"]


def test_an_api_that_speaks_in_a_header_alone_is_heard(jwtdoctor: Shell) -> None:
    text = "\n".join(
        ("HTTP/1.1 401 Unauthorized", 'WWW-Authenticate: DPoP error="use_dpop_nonce"', "DPoP-Nonce: n", "", "")
    )

    assert told(jwtdoctor, "explain", "--provider", "generic", "-", stdin=text)["leaders"] == ["dpop-required"]
