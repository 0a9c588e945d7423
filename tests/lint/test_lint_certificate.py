"""The certificate element, in every encoding that was seen."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.lint.certificate import certificate_of


def _pem(der: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("form", ["line", "wrapped", "pem", "pem in one line", "bag attributes", "escaped"])
def test_a_certificate_is_read_in_every_form(form: str, certificates: dict[str, bytes]) -> None:
    der = certificates[""]
    bags = "Bag Attributes\r\n    localKeyID: 01\r\nsubject=/CN=sync\r\n" + _pem(der)
    text = {
        "line": base64.b64encode(der).decode(),
        "wrapped": base64.encodebytes(der).decode(),
        "pem": _pem(der),
        "pem in one line": _pem(der).replace("\n", " "),
        "bag attributes": base64.b64encode(bags.encode()).decode(),
        "escaped": _pem(der).replace("\n", "\\n"),
    }[form]

    found = certificate_of(text)

    assert (found.state, found.size) == ("certificate", len(der))
    assert found.facts is not None
    assert (found.facts.key_kind, found.facts.key_bits) == ("RSA", 2048)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Sync_Certificate", "unusable"),
        ("GH Actions Cert", "unusable"),
        ("MIIDnzCCAocCFEc24N9E0hn3", "unusable"),
        ("-----BEGIN CERTIFICATE-----\nMIIDnz\n", "unusable"),
        ("${CERT}", "placeholder"),
        ("{{certificate}}", "placeholder"),
        ("REPLACE_WITH_CERT", "placeholder"),
        ("SERVER_CRT", "placeholder"),
        ("MIIFtzCCA5+gAwIBAgIUExampleCertificateBodyGoesHere...", "placeholder"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "private-key"),
    ],
)
def test_what_is_no_certificate_is_told_apart(text: str, state: str) -> None:
    assert certificate_of(text).state == state


def test_a_cut_certificate_is_unusable(certificates: dict[str, bytes]) -> None:
    found = certificate_of(base64.b64encode(certificates[""][:-9]).decode())

    assert found.state == "unusable"
    assert "cut off" in found.why


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=120))
def test_no_text_raises_and_none_is_quoted(text: str) -> None:
    found = certificate_of(text)

    assert len(text.strip()) < 12 or text.strip() not in found.why
