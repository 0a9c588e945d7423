"""The report as JSON: indented for one report, one line where many are answered."""

from __future__ import annotations

from json import dumps

from jwtdoctor.model.report import Report
from jwtdoctor.render.document import document


def json(report: Report, *, one_line: bool = False) -> str:
    """The document of the contract, ending in a line break. No NaN, no escapes beyond JSON's own."""
    return dumps(document(report), indent=None if one_line else 2, ensure_ascii=False, allow_nan=False) + "\n"
