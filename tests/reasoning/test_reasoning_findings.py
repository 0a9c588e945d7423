"""Findings that depend on the provider's own rules."""

from __future__ import annotations

import pytest

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.load import load
from jwtdoctor.knowledge.typed import provider_of
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.names import Outcome
from jwtdoctor.reasoning.findings import findings


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("salesforce", "Salesforce is reported not to check this (for JWT bearer); others do: renew it"),
        ("entra", "Microsoft Entra ID probably refuses it (AADSTS700027: the key used is expired): renew it"),
        ("generic", "many servers refuse it: renew it"),
    ],
)
def test_each_provider_says_itself_what_it_does_with_an_expired_certificate(provider: str, said: str) -> None:
    chart = Chart.of([Observation("certificate.not_after_in_s", -86_400.0)])

    (found,) = findings(chart, load().providers[provider], Outcome.REFUSED, ())

    assert (found.rule, found.remedy) == ("certificate-expired", said)


@pytest.mark.parametrize(
    "wrong",
    [
        {"is_taken": True, "sureness": "documented"},
        {"is_taken": "yes", "sureness": "documented", "sources": ["https://vendor.example"]},
        {"is_taken": True, "sureness": "documented", "sources": ["https://vendor.example"], "taken": True},
    ],
    ids=["no source", "no boolean", "an unknown key"],
)
def test_what_is_said_of_expired_certificates_is_checked_as_it_is_loaded(wrong: dict[str, object]) -> None:
    with pytest.raises(BadKnowledge, match="expired_certificate"):
        provider_of("vendor", {"title": "Vendor", "expired_certificate": wrong})
