"""Digests that others show, held against a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from jwtdoctor.assertions.keys import load_private, load_public, public_of
from jwtdoctor.assertions.thumbprints import digest_in, named_by

SAMPLES = Path(__file__).parents[2] / "sample_keys"
CERTIFICATE = load_public((SAMPLES / "matching.crt").read_bytes(), where="f")
HALF = public_of(load_private((SAMPLES / "matching.key").read_bytes(), where="f"))


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        (CERTIFICATE.x5t, "x5t of the certificate"),
        (CERTIFICATE.x5t_s256, "x5t#S256 of the certificate"),
        (CERTIFICATE.thumbprint, "thumbprint (RFC 7638)"),
        (CERTIFICATE.spki_sha256, "SHA-256 of the public key"),
        (CERTIFICATE.spki_sha256.upper(), "SHA-256 of the public key"),
    ],
)
def test_a_digest_says_itself_which_it_is(shown: str, name: str) -> None:
    digest = digest_in(shown)

    assert digest is not None
    assert named_by(digest, [CERTIFICATE]) == name


def test_openssls_colons_and_entras_hex_are_read() -> None:
    digest = digest_in(CERTIFICATE.x5t)
    assert digest is not None
    colons = ":".join(f"{byte:02X}" for byte in digest)

    assert digest_in(colons) == digest_in(digest.hex()) == digest


def test_a_private_key_is_known_by_its_thumbprint_and_not_by_an_x5t() -> None:
    thumbprint, x5t = digest_in(CERTIFICATE.thumbprint), digest_in(CERTIFICATE.x5t)
    assert thumbprint is not None
    assert x5t is not None

    assert named_by(thumbprint, [HALF]) == "thumbprint (RFC 7638)"
    assert named_by(x5t, [HALF]) == ""


@pytest.mark.parametrize("text", ["", "app.crt", "x" * 26, "x" * 44, "../keys/app.pem", "zz" * 20])
def test_other_text_is_no_digest(text: str) -> None:
    assert digest_in(text) is None
