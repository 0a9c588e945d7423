"""How findings read on a terminal, for the commands that make no diagnosis (`inspect`, `keys`, `pkce`)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from jwtdoctor.cli.common import OK, REFUSED, Common, one_line
from jwtdoctor.model.assertion import Finding

_SYMBOLS = {"error": ("✗", "x"), "warning": ("!", "!"), "note": ("·", "-")}


def finding_lines(common: Common, findings: Iterable[Finding]) -> Iterator[str]:
    """Each finding with its remedy under it, wrapped to the terminal."""
    for finding in findings:
        symbol = _SYMBOLS[finding.severity][1 if common.streams.ascii else 0]
        head = f"  {symbol} {finding.severity:<7}  {one_line(finding.where)}: "
        yield from wrapped(common, head, one_line(finding.message), 13)
        if finding.remedy:
            yield from wrapped(common, " " * 13 + "do: ", one_line(finding.remedy), 17)


def wrapped(common: Common, head: str, text: str, indent: int) -> list[str]:
    """`head` and `text` as lines no wider than the terminal, the later ones indented."""
    width = max(40, common.streams.width)
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=" " * indent, break_on_hyphens=False) or [
        head.rstrip()
    ]


def summary(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 note`, or `nothing to complain of`."""
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.severity] = counts.get(finding.severity, 0) + 1
    told = [f"{n} {kind}{'s' if n > 1 else ''}" for kind in _SYMBOLS if (n := counts.get(kind, 0))]
    return ", ".join(told) or "nothing to complain of"


def code_of(findings: Iterable[Finding]) -> int:
    """1 with an error among them, else 0."""
    return REFUSED if any(finding.severity == "error" for finding in findings) else OK
