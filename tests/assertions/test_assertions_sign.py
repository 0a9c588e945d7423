from __future__ import annotations

import re
import threading
from dataclasses import replace

import jwt
import pytest
from assertion_samples import NOW, SAMPLES, SPEC, private, provider, public, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.assertions.build import claims_of, header_of
from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.assertions.faults import FAULTS, fault_named, sign_with_fault
from jwtdoctor.assertions.inspect import lint
from jwtdoctor.assertions.keys import PrivateKey, public_of
from jwtdoctor.assertions.pairs import fresh_key
from jwtdoctor.assertions.sign import ALGORITHMS, default_alg, sign, verify
from jwtdoctor.assertions.signer import Signer
from jwtdoctor.errors import BadInput, BadKey, NotAJwt, UnknownName
from jwtdoctor.model.assertion import Assertion, AssertionSpec
from jwtdoctor.model.secret import Secret

KEYS: dict[str, PrivateKey] = {
    "RSA": private(),
    "P-256": fresh_key("EC", 256),
    "P-384": fresh_key("EC", 384),
    "P-521": fresh_key("EC", 521),
    "Ed25519": fresh_key("Ed25519", 256),
}


def key_for(alg: str) -> PrivateKey:
    kind, curve = ALGORITHMS[alg]
    return KEYS[curve or kind.split(" or ")[0]]


# --- building


def test_only_what_the_spec_names_is_written() -> None:
    spec = replace(SPEC, iat=False)

    assert header_of(spec) == {"alg": "RS256", "typ": "JWT"}
    assert claims_of(spec, NOW + 0.9) == {
        "iss": "3MVG9sample.key",
        "sub": "user@example.com",
        "aud": "https://login.salesforce.com",
        "exp": int(NOW) + 180,
    }


def test_everything_that_the_spec_names_is_written() -> None:
    spec = replace(SPEC, nbf=True, jti=True, kid="k", x5t="t", x5t_s256="s", typ=None, audience=("a", "b"))

    assert header_of(spec) == {"alg": "RS256", "kid": "k", "x5t": "t", "x5t#S256": "s"}
    claims = claims_of(spec, NOW, jti="once")
    assert (claims["aud"], claims["nbf"], claims["iat"], claims["jti"]) == (["a", "b"], NOW, NOW, "once")


def test_extra_members_win() -> None:
    spec = replace(SPEC, extra_claims={"exp": 1, "scope": "api"}, extra_header={"alg": "none"})

    assert claims_of(spec, NOW)["exp"] == 1
    assert header_of(spec)["alg"] == "none"


def test_every_assertion_has_a_jti_of_its_own() -> None:
    spec = replace(SPEC, jti=True)

    assert claims_of(spec, NOW)["jti"] != claims_of(spec, NOW)["jti"]


@given(st.floats(0, 4e9))
def test_iat_never_lies_in_the_future(now: float) -> None:
    assert claims_of(SPEC, now)["iat"] <= now


# --- signing


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if alg != "ES256K"])
def test_what_is_signed_verifies_here_and_by_pyjwt(alg: str) -> None:
    key = key_for(alg)

    made = sign(replace(SPEC, alg=alg), key, NOW)

    token = made.token.reveal()
    native = key.native.public_key()
    assert verify(take_apart(token), public_of(key)).verifies
    assert jwt.decode(token, native, [alg], options={"verify_aud": False, "verify_exp": False, "verify_iat": False})


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_the_usual_algorithm_follows_from_the_key(alg: str) -> None:
    assert default_alg(key_for(alg)) == alg


def test_the_algorithm_is_one_that_the_server_takes_of_such_a_key() -> None:
    rsa, curve = key_for("RS256"), key_for("ES256")

    assert default_alg(rsa, ("PS256", "ES256")) == "PS256"
    assert default_alg(rsa, ("RS512", "RS256")) == "RS256"
    assert default_alg(curve, ("PS256", "ES384", "ES256")) == "ES256"
    assert default_alg(rsa, ("ES256", "HS256")) == "RS256", "nothing suits: whoever looks sees what is wrong"


@pytest.mark.parametrize(
    ("alg", "key", "says"),
    [
        ("ES256", "RSA", "ES256 needs an EC key on P-256, and this is an RSA key of 2048 bits"),
        ("ES256", "P-384", "and this is an EC key on P-384"),
        ("RS256", "P-256", "RS256 needs an RSA key"),
        ("EdDSA", "RSA", "EdDSA needs an Ed25519 or Ed448 key"),
    ],
)
def test_a_key_that_does_not_suit_is_said_in_plain_words(alg: str, key: str, says: str) -> None:
    with pytest.raises(BadKey, match=re.escape(says)):
        sign(replace(SPEC, alg=alg), KEYS[key], NOW)


@pytest.mark.parametrize("alg", ["none", "HS256", "XX"])
def test_an_algorithm_that_is_none_of_ours_is_refused(alg: str) -> None:
    with pytest.raises(BadInput, match="RS256"):
        sign(replace(SPEC, alg=alg), private(), NOW)


def test_another_key_does_not_verify() -> None:
    decoded = take_apart(sign(SPEC, private(), NOW).token.reveal())

    assert not verify(decoded, public("other.crt")).verifies
    assert not verify(decoded, public("ec.pub.pem")).verifies
    assert verify(decoded, public("expired.crt")) == verify(decoded, public("other.crt"))


def test_neither_none_nor_hmac_ever_verifies_with_a_public_key() -> None:
    """RFC 8725 §3.1; signing HMAC with the public PEM is the classic."""
    pem = sample("public.pem").decode()
    hmac = jwt.api_jws.PyJWS().get_algorithm_by_name("HS256")
    head = jwt.encode({"a": 1}, "x" * 32, "HS256").rpartition(".")[0]
    forged = f"{head}.{jwt.utils.base64url_encode(hmac.sign(head.encode(), pem.encode())).decode()}"
    unsigned = sign_with_fault(SPEC, private(), NOW, FAULTS["alg-none"]).token.reveal()

    assert not verify(take_apart(forged), public("public.pem")).verifies
    assert not verify(take_apart(unsigned), public("public.pem")).verifies


def test_the_token_is_a_secret() -> None:
    made = sign(SPEC, private(), NOW)

    assert made.token.reveal() not in repr(made)
    assert "[redacted]" in repr(made)


# --- faults

DOES_NOT_DECODE = {"bad-base64", "two-parts"}
LINTS_CLEAN_AT_SALESFORCE = {
    "wrong-aud", "wrong-key", "changed-signature", "wrong-iss", "wrong-sub", "wrong-kid",
}  # fmt: skip
"""Faults that only the server, the key or the org can see."""
NOTES_AT_SALESFORCE = {
    "milliseconds", "string-times", "fraction-times", "slash-aud", "no-iat", "prn", "no-typ", "alg-in-claims",
    "replayed-jti",
}  # fmt: skip
"""What clients in daily use send, and what is no fault by itself."""
WARNINGS_AT_SALESFORCE = {"not-yet-valid", "zero-life", "ttl-too-long", "duplicate-aud", "padded"}


def severities(made: Assertion, now: float = NOW) -> set[str]:
    return {f.severity for f in lint(take_apart(made.token.reveal()), provider(), now)}


def made_with(name: str) -> Assertion:
    return sign_with_fault(SPEC, private(), NOW, FAULTS[name])


def test_a_right_assertion_has_nothing_against_it() -> None:
    assert severities(sign(SPEC, private(), NOW)) == set()


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_every_fault_is_seen_for_what_it_is_at_salesforce(name: str) -> None:
    if name in DOES_NOT_DECODE:
        with pytest.raises(NotAJwt):
            take_apart(made_with(name).token.reveal())
        return
    expected = (
        set()
        if name in LINTS_CLEAN_AT_SALESFORCE
        else {"note"}
        if name in NOTES_AT_SALESFORCE
        else {"warning"}
        if name in WARNINGS_AT_SALESFORCE
        else {"error"}
    )

    found = severities(made_with(name))

    assert found == expected or ("error" in expected and "error" in found)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_changes_the_assertion_and_stages_a_known_cause(name: str) -> None:
    from jwtdoctor.knowledge.load import load

    fault = FAULTS[name]

    assert made_with(name).token != sign(SPEC, private(), NOW).token
    assert not fault.stages or fault.stages in load().causes


@pytest.mark.parametrize(
    "name", ["wrong-key", "hs256", "alg-none", "es256-where-rs", "changed-signature", "no-signature"]
)
def test_a_fault_of_the_signature_does_not_verify(name: str) -> None:
    assert not verify(take_apart(made_with(name).token.reveal()), public()).verifies


@pytest.mark.parametrize("name", ["expired", "milliseconds", "missing-aud", "prn", "duplicate-aud", "rs512"])
def test_a_fault_of_the_claims_is_signed_all_the_same(name: str) -> None:
    assert verify(take_apart(made_with(name).token.reveal()), public()).verifies


def test_the_replayed_jti_is_always_the_same() -> None:
    assert made_with("replayed-jti").claims["jti"] == made_with("replayed-jti").claims["jti"]


def test_an_unknown_fault_is_refused_without_being_quoted() -> None:
    with pytest.raises(UnknownName, match="--list-faults") as raised:
        fault_named("s3cr3t")

    assert "s3cr3t" not in str(raised.value)


@given(st.sampled_from(sorted(FAULTS)), st.text(max_size=20), st.text(max_size=20), st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_every_fault_takes_every_name(name: str, issuer: str, subject: str, audience: str) -> None:
    if FAULTS[name].key == "other":
        return  # makes an RSA key each time
    spec = AssertionSpec(issuer, subject, audience)

    assert sign_with_fault(spec, private(), NOW, FAULTS[name]).token


# --- the signer


def signer(**changes: object) -> Signer:
    given_: dict[str, object] = {
        "key": str(SAMPLES / "matching.key"),
        "issuer": "3MVG9a",
        "subject": "u@e.com",
        "audience": "https://login.salesforce.com",
    }
    return Signer(**(given_ | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key",
    [
        str(SAMPLES / "matching.key"),
        SAMPLES / "matching.key",
        sample("matching.key"),
        sample("matching.key").decode(),
        Secret(sample("matching.key").decode()),
        private(),
    ],
    ids=["path", "Path", "bytes", "PEM", "Secret", "PrivateKey"],
)
def test_a_signer_takes_its_key_in_any_form(key: object) -> None:
    made = signer(key=key, clock=lambda: NOW).sign()

    assert verify(take_apart(made.token.reveal()), public()).verifies
    assert made.claims["exp"] == NOW + 180


class SlowClock:
    """A skew that has learnt that the local clock is 312 s slow."""

    def correct(self, now: float) -> float:
        return now + 312


def test_a_signer_with_a_skew_signs_with_corrected_time() -> None:
    made = signer(skew=SlowClock(), clock=lambda: NOW).sign()

    assert made.claims["iat"] == NOW + 312
    assert made.signed_at == NOW + 312


def test_a_signer_parses_its_key_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from jwtdoctor.assertions import keys

    calls: list[bytes] = []
    load = keys.load_private

    def counted(data: bytes, *, where: str, passphrase: Secret | None = None) -> PrivateKey:
        calls.append(data)
        return load(data, where=where, passphrase=passphrase)

    monkeypatch.setattr(keys, "load_private", counted)

    made = signer()
    for _ in range(3):
        made.sign()

    assert len(calls) == 1


def test_a_signer_can_be_used_from_many_threads_at_once() -> None:
    shared = signer(jti=True)
    made: list[Assertion] = []
    threads = [threading.Thread(target=lambda: made.extend(shared.sign() for _ in range(5))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({one.claims["jti"] for one in made}) == 40
    assert all(verify(take_apart(one.token.reveal()), public()).verifies for one in made)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"issuer": ""}, "issuer: is empty"),
        ({"subject": "  "}, "subject: is empty"),
        ({"audience": ()}, "audience: is empty"),
        ({"lifetime_s": 0}, "lifetime"),
        ({"alg": "ES256"}, "ES256 needs"),
        ({"alg": "none"}, "no such signing algorithm"),
        ({"key": "no-such.key"}, "no-such.key: cannot be read"),
        ({"key": sample("public.pem")}, "this is a public key"),
        ({"key": "\0"}, "cannot be read"),
    ],
)
def test_a_signer_refuses_at_once_what_cannot_sign(changes: dict[str, object], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        signer(**changes)


def test_a_key_that_was_pasted_wrongly_is_never_quoted() -> None:
    planted = "MIIEplanted" + "x" * 400

    with pytest.raises(BadKey) as raised:
        signer(key=planted)

    assert "planted" not in str(raised.value)


def test_a_signer_shows_no_key() -> None:
    assert "BEGIN" not in repr(signer(key=sample("matching.key")))
