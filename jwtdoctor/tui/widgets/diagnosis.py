"""The diagnosis: the verdict and the remedy first, then what would settle it, then why, then the rest.

The order differs from the text report in one thing: what to do stands above the evidence, since on 80 x 24 both the
verdict and the remedy must be seen without scrolling, and the evidence opens below. The verdict itself stays where it
is while the rest scrolls, so that an answer further down is seen to change it.

A report that replaces another keeps the widgets of the questions and causes that stay, so that the focus stays too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content

from jwtdoctor.model.names import Likelihood
from jwtdoctor.model.report import ProbeEnded, ProbeStarted, Question, Report, Verdict
from jwtdoctor.render.page import Page, Row, Section, page
from jwtdoctor.tui.drawing import (
    STYLES,
    Lines,
    below,
    hanging,
    head,
    joined,
    plain,
    row_lines,
    timeline,
    titled,
    with_word,
)
from jwtdoctor.tui.widgets.cause import CauseBox
from jwtdoctor.tui.widgets.drawn import Drawn
from jwtdoctor.tui.widgets.probes import ProbeList
from jwtdoctor.tui.widgets.question import QuestionBox
from jwtdoctor.tui.widgets.step import StepRow

MOST_OTHERS = 6
SHOWN_ELSEWHERE = ("Do", "Why", "Also thought of")


class DiagnosisPane(Vertical):
    """Empty, running, or a report. Posts `Answered` from its questions."""

    HELP = (
        "The diagnosis. First the verdict and what to do about it; then the questions that would settle what is open "
        "(tab goes there); then every cause that was thought of with its evidence: + speaks for it, - against it, "
        "= says the same again and is counted once, ? was not observed."
    )

    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "copy", "Copy", show=False)]

    def __init__(self, empty: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._asked: dict[str, Question] = {}
        self._steps: tuple[Row, ...] = ()

    def compose(self) -> ComposeResult:
        yield Drawn(id="verdict")
        with VerticalScroll(id="body"):
            yield ProbeList(id="probes")
            yield Vertical(id="do")
            yield Vertical(id="questions")
            yield Drawn(id="window")
            yield Vertical(id="causes")
            yield Drawn(id="rest")

    async def on_mount(self) -> None:
        await self.show_words(self._empty)

    async def show_words(self, words: str, style: str = "") -> None:
        """Plain words in place of a report: an empty state that teaches, or a problem in one line."""
        await self._clear()
        self.query_one("#verdict", Drawn).draw(lambda width: _paragraphs(words, style, width))

    async def show_problem(self, line: str) -> None:
        await self.show_words(f"✗ {line}", STYLES["bad"])

    async def show_running(self, title: str) -> None:
        """The probes, all waiting."""
        await self._clear()
        self.query_one("#verdict", Drawn).draw(lambda width: hanging(Content(""), plain(title, "bold"), width))
        probes = self.query_one(ProbeList)
        probes.begin()
        probes.display = True

    def to_top(self) -> None:
        """Scrolls to the remedy, and takes the focus if nothing within has it."""
        body = self.query_one("#body", VerticalScroll)
        body.scroll_home(animate=False)

    def take_focus(self) -> None:
        self.query_one("#body", VerticalScroll).focus()

    def heard(self, event: ProbeStarted | ProbeEnded) -> None:
        self.query_one(ProbeList).heard(event)

    def login_sent(self) -> None:
        self.query_one(ProbeList).login_sent()

    async def show(self, report: Report, answers: Mapping[str, str] | None = None) -> None:
        """A report. `answers` are those that it rests on: their questions stay."""
        shown = page(report)
        self.query_one(ProbeList).display = False
        self.query_one("#verdict", Drawn).draw(lambda width: head(shown, width))
        await self._show_steps(shown)
        await self._show_questions(report, answers or {})
        self.query_one("#window", Drawn).draw(lambda width: below(timeline(report, width)))
        await self._show_causes(report)
        self.query_one("#rest", Drawn).draw(lambda width: _rest(shown, bool(report.questions), width))

    async def _clear(self) -> None:
        self._asked = {}
        self.query_one(ProbeList).display = False
        self._steps = ()
        for name in ("#window", "#rest"):
            self.query_one(name, Drawn).draw(lambda _: [])
        for name in ("#do", "#questions", "#causes"):
            await self.query_one(name).remove_children()
        self.to_top()

    async def _show_steps(self, shown: Page) -> None:
        """What to do: must be seen without scrolling. The same steps keep their rows, and with them the focus."""
        section = next((section for section in shown.sections if section.title == "Do"), None)
        steps = () if section is None else section.rows
        if steps == self._steps:
            return
        self._steps = steps
        box = self.query_one("#do", Vertical)
        await box.remove_children()
        if section is not None:
            await box.mount_all([Drawn(_do_title), *_step_rows(section)])

    def action_copy(self) -> None:
        """Copies the step that has the focus, else the first that has a command."""
        steps = list(self.query(StepRow))
        chosen = next((s for s in steps if s.has_focus), None) or next((s for s in steps if s.row.command), None)
        chosen = chosen or next(iter(steps), None)
        if chosen is not None:
            chosen.action_copy()

    async def _show_questions(self, report: Report, answers: Mapping[str, str]) -> None:
        """Answered questions stay where they are, new ones come below, the others go."""
        box = self.query_one("#questions", Vertical)
        kept = {name: question for name, question in self._asked.items() if name in answers}
        self._asked = kept | {q.fact: q for q in report.questions}
        for old in box.query(QuestionBox):
            if old.question.fact not in self._asked:
                await old.remove()
        there = {old.question.fact for old in box.query(QuestionBox)}
        await box.mount_all([QuestionBox(q) for name, q in self._asked.items() if name not in there])
        box.display = bool(self._asked)
        box.border_title = "To tell them apart" if len(report.leaders) > 1 else "Settle it"

    async def _show_causes(self, report: Report) -> None:
        box = self.query_one("#causes", Vertical)
        was_open = {old.verdict.cause: old for old in box.query(CauseBox)}
        wanted = _thought_of(report)
        if list(was_open) == [v.cause for v in wanted]:
            for verdict in wanted:
                was_open[verdict.cause].tell(report, verdict)
            return
        await box.remove_children()
        await box.mount_all([CauseBox(report, v, is_open=v.cause in report.leaders) for v in wanted])
        box.display = bool(wanted)


def _thought_of(report: Report) -> list[Verdict]:
    """The leaders, then the next few that are not unlikely."""
    leading = [v for v in report.verdicts if v.cause in report.leaders]
    likely = (Likelihood.ALMOST_CERTAIN, Likelihood.LIKELY, Likelihood.POSSIBLE)
    others = [v for v in report.verdicts if v.cause not in report.leaders and v.likelihood in likely]
    return [*leading, *others[:MOST_OTHERS]]


def _do_title(width: int) -> Lines:
    lead = Content.styled("Do", STYLES["title"])
    return [Content(""), *with_word(lead, Content(""), "c copies", width)]


def _step_rows(section: Section) -> list[Drawn]:
    """Headings as they are, steps numbered and with the focus in reach."""
    found: list[Drawn] = []
    number = 0
    for row in section.rows:
        if row.sign == "*":
            found.append(Drawn(partial(row_lines, row, "*")))
        else:
            number += 1
            found.append(StepRow(row, str(number)))
    return found


def _rest(shown: Page, asks: bool, width: int) -> Lines:
    settle = ("Settle it", "To tell them apart") if asks else ()
    return below(joined(titled(s, width) for s in shown.sections if s.title not in (*SHOWN_ELSEWHERE, *settle)))


def _paragraphs(words: str, style: str, width: int) -> Lines:
    lines: Lines = []
    for paragraph in words.split("\n"):
        lines += hanging(Content(""), plain(paragraph, style), width)
    return lines
