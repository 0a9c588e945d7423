"""Each cause's own examples must lead to it, and its lookalikes must not."""

from __future__ import annotations

import pytest

from jwtdoctor.checkup import explain_case
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.cause import Example
from jwtdoctor.model.report import Report

KNOWLEDGE = load()
EXAMPLES = [(c.slug, e) for c in KNOWLEDGE.causes.values() for e in c.examples]
LOOKALIKES = [(c.slug, e) for c in KNOWLEDGE.causes.values() for e in c.lookalikes]


@pytest.mark.parametrize(("slug", "example"), EXAMPLES, ids=[f"{s}: {e.name}" for s, e in EXAMPLES])
def test_an_example_leads_to_its_cause(slug: str, example: Example) -> None:
    report = report_of(example)

    assert report.verdicts[0].cause == slug, summary(report)


@pytest.mark.parametrize(("slug", "example"), LOOKALIKES, ids=[f"{s}: {e.name}" for s, e in LOOKALIKES])
def test_a_lookalike_does_not_lead_to_the_cause(slug: str, example: Example) -> None:
    report = report_of(example)

    first = report.verdicts[0].cause if report.verdicts else None
    assert first != slug, summary(report)
    if example.leads_to is not None:
        assert first == example.leads_to, summary(report)


def report_of(example: Example) -> Report:
    case = {
        "schema": "jwtdoctor.case/1",
        "provider": example.provider,
        "flow": example.flow,
        "facts": dict(example.facts),
        **({"reply": dict(example.reply)} if example.reply else {}),
        **({"text": example.text} if example.text else {}),
    }
    read = case_from(case, example.name)
    assert not read.warnings, read.warnings
    return explain_case(read, KNOWLEDGE)


def summary(report: Report) -> str:
    return ", ".join(f"{v.cause} {v.score}" for v in report.verdicts[:5])
