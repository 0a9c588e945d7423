"""What is drawn fits its width and says what the page says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.checkup import examine
from jwtdoctor.model.report import Report
from jwtdoctor.render.page import Row, page
from jwtdoctor.testing import World
from jwtdoctor.tui.drawing import Lines, evidence, hanging, head, plain, rows, titled


def _report(name: str) -> Report:
    world = World(name)
    return examine(world.case, world.instruments)


@pytest.mark.parametrize("width", [40, 60, 78, 140])
@pytest.mark.parametrize("name", ["clock-drift", "user-not-preauthorized", "wrong-login-host"])
def test_every_line_fits_its_width(name: str, width: int) -> None:
    report = _report(name)
    shown = page(report)

    lines: Lines = head(shown, width)
    for section in shown.sections:
        lines += titled(section, width)
    for verdict in report.verdicts[:5]:
        lines += evidence(report, verdict, width)

    assert [line.plain for line in lines if line.cell_length > width] == []


def test_evidence_names_standing_weight_sureness_and_source() -> None:
    report = _report("clock-drift")

    drawn = "\n".join(line.plain for line in evidence(report, report.verdicts[0], 78))

    assert "for +" in drawn
    assert "echo · " in drawn
    assert "unknown · " in drawn
    assert "https://" in drawn


def test_an_unknown_is_not_told_as_if_it_had_been_measured() -> None:
    report = _report("clock-drift")

    drawn = " ".join(line.plain for line in evidence(report, report.verdicts[0], 400)).split("    ? ")

    assert not any("behind true time" in piece for piece in drawn[1:])


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200), width=st.integers(20, 100))
def test_foreign_text_never_brings_markup_or_escapes(text: str, width: int) -> None:
    hostile = f"[bold]{text}[/bold]\x1b[31m\x07"

    lines = hanging(plain("  "), plain(hostile), width)

    drawn = "".join(line.plain for line in lines)
    assert "\x1b" not in drawn
    assert "\x07" not in drawn
    assert "[bold]" in "".join(drawn.split())


def test_a_command_stands_behind_its_remedy_where_there_is_room() -> None:
    row = Row("Set the clock now.", command="sudo chronyc makestep")

    assert [line.plain for line in rows([row], 78, True)] == ["  1 Set the clock now.  $ sudo chronyc makestep"]
    assert len(rows([row], 40, True)) == 2
