"""Every format, whole, as a person has read and found good. `render_samples.py` writes the files anew."""

from __future__ import annotations

import pytest
from render_samples import FORMATS, GOLDEN, REPORTS


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_drawn_as_in_its_golden_file(name: str, ending: str) -> None:
    assert FORMATS[ending](REPORTS[name]()) == (GOLDEN / f"{name}.{ending}").read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_report_and_a_format() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {f"{name}.{ending}" for name in REPORTS for ending in FORMATS}
