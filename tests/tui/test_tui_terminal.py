"""The interface as the command line starts it: without a terminal, and every fault looked at before it is run."""

from __future__ import annotations

import pytest

from jwtdoctor.cli.main import run
from jwtdoctor.knowledge.load import load
from jwtdoctor.simulator.faults import FAULTS
from jwtdoctor.testing import TRUE_NOW
from jwtdoctor.tui.preview import draft
from jwtdoctor.tui.subjects import StagedFault


def test_without_a_terminal_it_says_so_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["tui"])

    said = capsys.readouterr()
    assert code == 2
    assert "needs a terminal" in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_every_staged_fault_can_be_looked_at_before_it_is_run() -> None:
    for fault in FAULTS:
        preview = draft(StagedFault(fault).draft(load(), TRUE_NOW), load(), TRUE_NOW)

        assert preview.flow == fault.flow, fault.name
        assert preview.header or preview.note, fault.name
        assert "PRIVATE KEY" not in repr(preview), fault.name
