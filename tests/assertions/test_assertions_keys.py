from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from assertion_samples import NOW, private, public, sample
from cryptography.hazmat.primitives import serialization as s
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from jwtdoctor.assertions.keyfindings import key_findings
from jwtdoctor.assertions.keys import (
    describe,
    load_private,
    load_public,
    load_publics,
    matches,
    observe_key,
    public_of,
)
from jwtdoctor.assertions.keytypes import KeyFile, KeyPart
from jwtdoctor.assertions.pairs import fresh_key
from jwtdoctor.errors import BadKey
from jwtdoctor.model.secret import Secret

PEM = sample("matching.key")
WORD = Secret("throwaway")


def written(encoding: str, form: str, cipher: str | None = None) -> bytes:
    """The matching key in another form, as other tools write it."""
    protection = s.BestAvailableEncryption(cipher.encode()) if cipher else s.NoEncryption()
    raw: bytes = private().native.private_bytes(
        getattr(s.Encoding, encoding), getattr(s.PrivateFormat, form), protection
    )
    return raw


def jwk(with_private: bool = True) -> dict[str, Any]:
    native = private().native
    found: dict[str, Any] = RSAAlgorithm.to_jwk(native if with_private else native.public_key(), as_dict=True)
    return found


BODY = b"".join(line for line in PEM.splitlines() if b"-----" not in line)

FORMS: dict[str, bytes] = {
    "PKCS#8 PEM": PEM,
    "PKCS#1 PEM": written("PEM", "TraditionalOpenSSL"),
    "PKCS#8 DER": written("DER", "PKCS8"),
    "PKCS#1 DER": written("DER", "TraditionalOpenSSL"),
    "CRLF": PEM.replace(b"\n", b"\r\n"),
    "escaped line breaks": PEM.replace(b"\n", b"\\n"),
    "escaped CRLF": PEM.replace(b"\n", b"\\r\\n"),
    "blanks for line breaks": PEM.replace(b"\n", b" "),
    "no line breaks at all": PEM.replace(b"\n", b""),
    "quotes": b'"' + PEM.strip() + b'"',
    "byte order mark": b"\xef\xbb\xbf" + PEM,
    "UTF-16": PEM.decode().encode("utf-16"),
    "base64 of PEM": base64.encodebytes(PEM),
    "base64url of PEM": base64.urlsafe_b64encode(PEM),
    "base64 without BEGIN and END": BODY,
    "Bag Attributes": b"Bag Attributes\n    friendlyName: app\nKey Attributes: <No Attributes>\n" + PEM,
    "certificate before the key": sample("matching.crt") + PEM,
    "no line break at the end": PEM.rstrip(),
    "JWK": json.dumps(jwk()).encode(),
    "JWKS": json.dumps({"keys": [jwk(False), jwk()]}).encode(),
    "service account JSON": json.dumps({"type": "service_account", "private_key": PEM.decode()}).encode(),
    "nested JSON": json.dumps({"boxAppSettings": {"appAuth": {"privateKey": PEM.decode()}}}).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_private_key_is_read_in_every_usual_form(form: str) -> None:
    key = load_private(FORMS[form], where=form)

    assert matches(key, public())
    assert (key.kind, key.bits) == ("RSA", 2048)


@pytest.mark.parametrize(
    "form", ["CRLF", "escaped line breaks", "base64 of PEM", "Bag Attributes", "quotes", "UTF-16", "JWK"]
)
def test_every_repair_is_noted_since_other_programs_may_not_make_it(form: str) -> None:
    assert bool(load_private(FORMS[form], where=form).notes) is (form != "JWK")


def test_a_plain_key_has_no_notes() -> None:
    assert private().notes == ()


@pytest.mark.parametrize(
    "data",
    [
        sample("encrypted.key"),
        sample("bundle.p12"),
        written("PEM", "TraditionalOpenSSL", "throwaway"),
        written("PEM", "TraditionalOpenSSL", "throwaway").replace(b"\n", b"\r\n"),
        written("DER", "PKCS8", "throwaway"),
    ],
    ids=["PKCS#8", "PKCS#12", "old OpenSSL", "old OpenSSL CRLF", "PKCS#8 DER"],
)
class TestEncrypted:
    def test_it_opens_with_its_passphrase(self, data: bytes) -> None:
        assert matches(load_private(data, where="f", passphrase=WORD), public())

    def test_without_one_it_is_said_to_be_encrypted(self, data: bytes) -> None:
        with pytest.raises(BadKey, match="encrypted and no passphrase"):
            load_private(data, where="f")

    def test_with_a_wrong_one_neither_passphrase_nor_file_is_quoted(self, data: bytes) -> None:
        with pytest.raises(BadKey, match="does not open") as raised:
            load_private(data, where="f", passphrase=Secret("planted-passphrase"))

        assert "planted" not in str(raised.value)
        assert raised.value.__cause__ is None


def test_a_passphrase_for_a_key_that_has_none_does_no_harm() -> None:
    assert matches(load_private(PEM, where="f", passphrase=WORD), public())


def test_the_certificate_in_a_bundle_is_found_where_it_belongs_to_the_key() -> None:
    assert load_private(sample("bundle.p12"), where="f", passphrase=WORD).certificate == public_with_where("f")
    assert load_private(sample("other.crt") + PEM, where="f").certificate is None


def public_with_where(where: str) -> object:
    return load_public(sample("matching.crt"), where=where)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (sample("public.pem"), "this is a public key"),
        (sample("matching.crt"), "this is a certificate"),
        (sample("request.csr"), "this is a certificate request"),
        (public().native.public_bytes(s.Encoding.DER, s.PublicFormat.SubjectPublicKeyInfo), "this is a public key"),
        (sample("damaged.key"), "cut off"),
        (PEM[:900], "cut off"),
        (PEM.replace(b"M", b"!"), "not base64|cut off"),
        (written("DER", "PKCS8")[:500], "cut off"),
        (written("PEM", "OpenSSH"), "OpenSSH private key"),
        (b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", "PuTTY"),
        (b"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ user@host\n", "OpenSSH public key"),
        (b"<!DOCTYPE html>\n<html><body>Log in</body></html>", "HTML page"),
        (b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nabc\n-----END PGP PRIVATE KEY BLOCK-----\n", "PGP"),
        (b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "empty"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "different things"),
        (json.dumps(jwk(False)).encode(), "public JWK"),
        (b'{"kty": "oct", "k": "AAAA", "d": "AA"}', "shared secret"),
        (b'{"kty": "RSA", "n": "AQ", "e": "AQAB", "d": "AQ"}', "damaged"),
        (b'{"private_key_id": "x"}', "holds no key"),
        (b"{not json", "is none"),
        (b"hello, this is a text file without any key in it at all", "no key and no certificate"),
        (b"\x00\x01\x02\xff\xfe", "neither text nor DER"),
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"a" * 1_000_001, "is larger than 1,000,000 bytes"),
    ],
)
def test_what_is_no_private_key_is_named(data: bytes, says: str) -> None:
    with pytest.raises(BadKey, match=says) as raised:
        load_private(data, where="app.key")

    assert str(raised.value).startswith("app.key: ")


def test_a_key_with_changed_bytes_is_damaged_and_not_a_public_key() -> None:
    """PyJWT says "Could not parse the provided public key" here."""
    der = bytearray(written("DER", "TraditionalOpenSSL"))
    der[40] ^= 0x55

    with pytest.raises(BadKey, match="the private key is damaged"):
        load_private(bytes(der), where="f")


CERTIFICATE_DER = base64.b64decode(b"".join(sample("matching.crt").splitlines()[1:-1]))


@pytest.mark.parametrize(
    "data",
    [
        sample("matching.crt"),
        CERTIFICATE_DER,
        base64.b64encode(CERTIFICATE_DER),
        base64.b64encode(sample("matching.crt")),
        sample("matching.crt").replace(b"\n", b" "),
        b"<x>\n  <certificate>" + base64.b64encode(CERTIFICATE_DER) + b"</certificate>\n</x>",
        b"<certificate>" + sample("matching.crt").replace(b"\n", b"&#13;\n") + b"</certificate>",
        b"<certificate>" + base64.b64encode(sample("matching.crt")) + b"</certificate>",
        sample("public.pem"),
        sample("request.csr"),
        sample("matching.key"),
        json.dumps(jwk(False)).encode(),
    ],
    ids=[
        "PEM", "DER", "base64 of DER", "base64 of PEM", "one line", "metadata DER", "metadata PEM",
        "metadata base64 of PEM", "public key", "request", "private key", "JWK",
    ],
)  # fmt: skip
def test_the_public_side_is_read_from_anything_that_holds_it(data: bytes) -> None:
    assert matches(private(), load_public(data, where="f"))


def test_a_set_of_keys_gives_all_of_them_with_their_ids() -> None:
    keys = {"keys": [ec_jwk() | {"kid": "a"}, jwk(False) | {"kid": "b"}]}

    found = load_publics(json.dumps(keys).encode(), where="jwks")

    assert [one.kid for one in found] == ["a", "b"]
    assert [matches(private(), one) for one in found] == [False, True]


def ec_jwk() -> dict[str, Any]:
    found: dict[str, Any] = ECAlgorithm.to_jwk(private("ec.key").native.public_key(), as_dict=True)
    return found


@pytest.mark.parametrize("other", ["other.crt", "ec.pub.pem", "expired.crt"])
def test_other_keys_do_not_match(other: str) -> None:
    assert not matches(private(), public(other))


def test_the_dates_and_names_of_a_certificate_are_known() -> None:
    expired = public("expired.crt")

    assert expired.not_after == 1_577_836_800 + 30 * 86_400
    assert expired.subject == "CN=THROWAWAY SAMPLE expired"


def test_thumbprints_are_those_of_openssl(real_part: Callable[[str], Path]) -> None:
    shown, said = public(), ["x509", "-noout", "-fingerprint", "-sha256"]
    done = subprocess.run([real_part("openssl"), *said], input=sample("matching.crt"), capture_output=True, check=True)
    printed = done.stdout.decode()
    digest = bytes.fromhex(printed.split("=")[1].strip().replace(":", ""))

    assert base64.urlsafe_b64decode(shown.x5t_s256 + "=") == digest
    assert len(base64.urlsafe_b64decode(shown.x5t + "=")) == 20


def test_the_jwk_thumbprint_is_that_of_the_rfc() -> None:
    """RFC 7638 §3.1."""
    key = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
        "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q"
        "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6"
        "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
    }

    found = load_public(json.dumps(key).encode(), where="rfc")

    assert found.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_a_key_pair_and_its_certificate_become_facts() -> None:
    seen = {o.fact: o.value for o in observe_key(private(), public("expired.crt"), NOW)}

    assert seen["key.loads"] is True
    assert seen["key.type"] == "RSA"
    assert seen["key.bits"] == 2048
    assert seen["key.matches_certificate"] is False
    assert seen["certificate.is_expired"] is True
    assert seen["certificate.not_after_in_s"] == public("expired.crt").not_after - NOW  # type: ignore[operator]


def test_a_bare_public_key_has_no_dates_to_tell() -> None:
    seen = {o.fact for o in observe_key(private(), public("public.pem"), NOW)}

    assert seen == {"key.loads", "key.type", "key.bits", "key.matches_certificate"}


def test_no_key_material_is_in_any_representation() -> None:
    shown = repr(private()) + repr(public_of(private())) + repr(describe(PEM, "f"))

    assert not any(line in shown for line in PEM.decode().splitlines())


@pytest.mark.parametrize("kind", [("EC", 256), ("EC", 384), ("Ed25519", 256), ("Ed448", 456)])
def test_every_kind_that_signs_jwts_is_described(kind: tuple[str, int]) -> None:
    key = fresh_key(*kind)

    assert (key.kind, key.bits) == kind
    assert matches(key, public_of(key))
    assert public_of(key).thumbprint


# --- describing and findings


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("matching.key", ["private key"]),
        ("matching.crt", ["certificate"]),
        ("public.pem", ["public key"]),
        ("request.csr", ["certificate request"]),
        ("encrypted.key", ["private key"]),
        ("bundle.p12", ["key bundle"]),
    ],
)
def test_a_file_is_described_without_a_passphrase(name: str, roles: list[str]) -> None:
    assert [part.role for part in describe(sample(name), name).parts] == roles


def test_a_bundle_shows_key_and_certificate_with_its_passphrase() -> None:
    parts = describe(sample("bundle.p12"), "f", WORD).parts

    assert [part.role for part in parts] == ["private key", "certificate"]


def test_a_key_that_no_jwt_library_reads_is_described_and_not_refused() -> None:
    seen = describe(written("PEM", "OpenSSH"), "f")

    assert "OpenSSH" in seen.wrong
    assert "ssh-keygen" in seen.do


def test_an_html_page_is_no_key() -> None:
    with pytest.raises(BadKey, match="HTML"):
        describe(b"<html><body>Sign in</body></html>", "f")


def findings(file: KeyFile, mode: int | None = None) -> set[str]:
    return {finding.rule for finding in key_findings(file, NOW, mode)}


def test_a_good_certificate_has_nothing_against_it_but_its_long_life() -> None:
    assert findings(describe(sample("matching.crt"), "f")) == {"certificate-lives-long"}


def test_an_expired_certificate_is_a_warning() -> None:
    assert findings(describe(sample("expired.crt"), "f")) == {"certificate-expired"}


@pytest.mark.parametrize(("mode", "found"), [(0o100600, False), (0o100640, True), (0o100604, True), (None, False)])
def test_a_private_key_that_others_can_read_is_a_warning(mode: int | None, found: bool) -> None:
    assert ("key-permissions" in findings(describe(PEM, "f"), mode)) is found


def test_a_certificate_that_others_can_read_is_nothing() -> None:
    assert "key-permissions" not in findings(describe(sample("matching.crt"), "f"), 0o100644)


@pytest.mark.parametrize("reference", ["&#13;", "&#xD;", "&#xd;", "&#x0D;", "&#13;&#10;", "&#xD;&#xA;"])
def test_a_certificate_of_metadata_is_read_with_its_line_breaks_as_references(reference: str) -> None:
    broken = (
        sample("matching.crt")
        .decode()
        .replace("\n", reference if "10" in reference or "A" in reference else reference + "\n")
    )
    element = f"<oauthConfig><certificate>{broken}</certificate></oauthConfig>"

    assert matches(private(), load_public(element.encode(), where="app.xml"))


def test_a_sound_key_has_no_weakness_and_broken_ones_are_named() -> None:
    from math import prod

    from cryptography.hazmat.primitives.asymmetric import rsa

    from jwtdoctor.assertions.weak import ROCA_PRIMES, weaknesses

    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    close = (2**1024 + 643) * (2**1024 + 643 + 2 * 5000)
    # A number that is 1 modulo each of the primes is a power of 65537 modulo each of them.
    marked = prod(ROCA_PRIMES) * 2**1500 + 1

    assert list(weaknesses(numbers.n, numbers.e)) == []
    assert [words for _, words in weaknesses(numbers.n, 3) if "exponent is 3" in words]
    assert any("close together" in words for _, words in weaknesses(close, 65537))
    assert any("ROCA" in words for _, words in weaknesses(marked, 65537))


def test_a_small_key_is_a_warning() -> None:
    from dataclasses import replace

    part = KeyPart("private key", "PEM", public=replace(public_of(private()), bits=1024))

    assert findings(KeyFile("f", (part,))) == {"key-is-small"}


# --- whatever comes


READERS: list[Callable[[bytes], object]] = [
    lambda data: load_private(data, where="f"),
    lambda data: load_private(data, where="f", passphrase=WORD),
    lambda data: load_publics(data, where="f"),
    lambda data: describe(data, "f"),
]


@given(st.binary(max_size=300), st.sampled_from(READERS))
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes_are_a_key_or_one_clear_line(data: bytes, read: Callable[[bytes], object]) -> None:
    _read_or_refused(data, read)


@given(st.sampled_from(sorted(FORMS)), st.integers(0, 1700), st.binary(max_size=6), st.sampled_from(READERS))
@settings(max_examples=150, deadline=None)
def test_mutated_key_files_are_a_key_or_one_clear_line(
    form: str, at: int, inserted: bytes, read: Callable[[bytes], object]
) -> None:
    data = FORMS[form]

    _read_or_refused(data[:at] + inserted + data[at + 3 :], read)


def test_a_certificate_whose_signature_algorithm_nobody_knows_yet_is_read_all_the_same() -> None:
    """One changed character of the algorithm's OID was a traceback; tomorrow's signatures look the same."""
    data = sample("matching.crt")

    (read,) = load_publics(data[:741] + b"A" + data[743:], where="f")

    assert (read.kind, read.signature_hash) == ("RSA", "")


@given(
    st.sampled_from(["matching.crt", "request.csr", "bundle.p12", "public.pem"]),
    st.integers(0, 900),
    st.binary(max_size=4),
)
@settings(max_examples=100, deadline=None)
def test_mutated_certificates_are_read_or_refused_in_one_line(name: str, at: int, inserted: bytes) -> None:
    data = sample(name)

    _read_or_refused(data[:at] + inserted + data[at + 2 :], READERS[2])


def _read_or_refused(data: bytes, read: Callable[[bytes], object]) -> None:
    try:
        said = type(read(data)).__name__
    except BadKey as refused:
        said = str(refused)

    assert "\n" not in said
    assert len(said) < 400
