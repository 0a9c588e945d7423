"""Recorded failures that readers found who had not seen the tool: its strongest word is never wrong about them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jwtdoctor.checkup import explain_case
from jwtdoctor.intake.casefile import case_from
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.names import Likelihood

CASES = Path(__file__).parents[1] / "cases"


def promised(name: str) -> Iterator[tuple[str, str, bool]]:
    """The id of each case with an almost certain verdict, the verdict, and whether it is right."""
    for line in (CASES / name).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        verdicts = explain_case(case_from(row["case"]), load()).verdicts
        if verdicts and verdicts[0].likelihood is Likelihood.ALMOST_CERTAIN:
            yield row["case"]["id"], verdicts[0].cause, verdicts[0].cause in row["accept"]


@pytest.mark.parametrize("name", ["found-salesforce.jsonl", "found-other.jsonl"])
def test_what_is_called_almost_certain_is_right(name: str) -> None:
    said = list(promised(name))

    assert len(said) > 5
    assert [one for one in said if not one[2]] == []


def test_every_label_is_a_cause() -> None:
    rows = [json.loads(line) for path in CASES.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]

    assert {slug for row in rows for slug in row["accept"] if load().canonical_cause(slug) is None} == set()
