"""The first line of the workbench: what is examined on the left, the clock and the logins on the right."""

from __future__ import annotations

from textual.content import Content

from jwtdoctor.model.report import Report
from jwtdoctor.render.page import clock_words
from jwtdoctor.tui.drawing import STYLES, plain
from jwtdoctor.tui.subjects import Subject
from jwtdoctor.tui.widgets.drawn import Drawn

RIGHT_S = 0.5
"""A clock that is off by less is right for every assertion."""


class TopLine(Drawn):
    """One line, cut where it is too long: the right end first."""

    def on_mount(self) -> None:
        self.tell(None, "", None)

    def tell(self, subject: Subject | None, flow: str, report: Report | None, *, is_unsaved: bool = False) -> None:
        """`flow` empty where it is not known yet; `report` None before there is one."""
        what = " · ".join(part for part in (subject.name, flow) if part) if subject else "nothing chosen"
        what += " · not saved" if is_unsaved else ""
        right = ""
        if report is not None and report.command == "check":
            logins = f"{report.logins_used} login{'' if report.logins_used == 1 else 's'} used"
            clock = _clock_words(report)
            right = f"{logins}  clock {clock} "
        self.draw(lambda width: [_line(what, right, width)])


def _clock_words(report: Report) -> str:
    """`600.0 s behind`, `right` within half a second, `not measured`."""
    ahead_s = report.chart.number("clock.ahead_s")
    if ahead_s is not None and abs(ahead_s) < RIGHT_S:
        return "right"
    words = clock_words(report).partition(",")[0].partition(";")[0].partition(" true time")[0]
    return words.removesuffix(" of")


def _line(what: str, right: str, width: int) -> Content:
    left = Content.assemble((" jwtdoctor ", STYLES["title"]), " ", plain(what))
    room = width - left.cell_length - 2
    shown = plain(right).truncate(max(room, 0), ellipsis=True)
    return Content.assemble(left, " " * max(2, width - left.cell_length - shown.cell_length), shown).truncate(width)
