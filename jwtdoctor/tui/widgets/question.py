"""A question that is answered in place. The answer is a fact, or that nobody knows; choosing it again takes it back.

The answers are drawn by hand and not with radio buttons: those tell a chosen one from the others by its colour alone,
and want a line each.
"""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from jwtdoctor.model.facts import VOCABULARY
from jwtdoctor.model.report import Question
from jwtdoctor.tui.answers import NOT_KNOWN, value_of
from jwtdoctor.tui.drawing import STYLES, Lines, blank, hanging, plain
from jwtdoctor.tui.messages import Answered
from jwtdoctor.tui.widgets.drawn import Drawn

SAID = {"true": "yes", "false": "no", NOT_KNOWN: "nobody knows"}
INDENT = 4


class QuestionBox(Vertical):
    """What is asked, the possible answers, and that nobody knows. Posts `Answered` as soon as one is chosen."""

    HELP = (
        "A question whose answer would move the ranking. Choose with the arrow keys, then enter or space; the "
        "verdict changes at once, and no login is made. u says that nobody knows: the next best question is asked. "
        "Choosing an answer again takes it back. The command at the bottom carries the same as --fact."
    )

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        yield Drawn(self._asked)
        fact = VOCABULARY[self.question.fact]
        if fact.answers:
            yield AnswerRow(self.question.fact, fact.answers)
        else:
            unit = f" ({fact.unit})" if fact.unit else ""
            yield Input(placeholder=f"{fact.kind}{unit}, then enter; {NOT_KNOWN}: nobody knows", compact=True)

    def _asked(self, width: int) -> Lines:
        lines = hanging(Content.styled("  ? ", STYLES["?"]), plain(self.question.ask), width)
        if self.question.command:
            lines += hanging(blank(INDENT), plain(f"$ {self.question.command}", STYLES["command"]), width)
        return lines

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if text.lower() == NOT_KNOWN:
            self.post_message(Answered(self.question.fact, NOT_KNOWN))
        elif not text or value_of(VOCABULARY[self.question.fact], text) is not None:
            self.post_message(Answered(self.question.fact, text))
        else:
            kind = VOCABULARY[self.question.fact].kind
            self.notify(f"{self.question.fact} takes a {kind}.", title="Not taken", severity="warning", markup=False)


class AnswerRow(Drawn, can_focus=True):
    """`( ) yes  (•) no  ( ) nobody knows`: the arrow keys move, enter chooses or takes back, a click does both."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Left", show=False),
        Binding("right", "move(1)", "Right", show=False),
        Binding("enter,space", "choose", "Choose", show=False),
        Binding("u", "nobody_knows", "Nobody knows", show=False),
    ]

    def __init__(self, fact: str, answers: tuple[str, ...]) -> None:
        super().__init__()
        self._fact = fact
        self._answers = (*answers, NOT_KNOWN)
        self._chosen: int | None = None
        self._cursor = 0
        self._drawing = self._lines

    def offer(self, answers: tuple[str, ...]) -> None:
        """Other answers than before, none of them chosen; the same ones leave what was chosen."""
        if (*answers, NOT_KNOWN) == self._answers:
            return
        self._answers, self._chosen, self._cursor = (*answers, NOT_KNOWN), None, 0
        self.draw(self._lines)

    def action_move(self, steps: int) -> None:
        self._cursor = (self._cursor + steps) % len(self._answers)
        self.draw(self._lines)

    def action_choose(self) -> None:
        self._chosen = None if self._chosen == self._cursor else self._cursor
        self.draw(self._lines)
        self.post_message(Answered(self._fact, "" if self._chosen is None else self._answers[self._chosen]))

    def action_nobody_knows(self) -> None:
        self._cursor = len(self._answers) - 1
        self.action_choose()

    def on_focus(self) -> None:
        self.draw(self._lines)

    def on_blur(self) -> None:
        self.draw(self._lines)

    def on_click(self, event: events.Click) -> None:
        for number, (line, start, end) in enumerate(self._places(self.content_size.width)):
            if line == event.y and start <= event.x < end:
                self._cursor = number
                self.action_choose()

    def _lines(self, width: int) -> Lines:
        places = self._places(width)
        lines: Lines = [blank(INDENT) for _ in range(places[-1][0] + 1)]
        for number, (line, start, _) in enumerate(places):
            gap = blank(start - lines[line].cell_length)
            lines[line] = Content.assemble(lines[line], gap, self._answer(number))
        return lines

    def _answer(self, number: int) -> Content:
        style = "reverse" if self.has_focus and number == self._cursor else ""
        weight = " bold" if number == self._chosen else ""
        return Content.styled(self._words(number), (style + weight).strip())

    def _words(self, number: int) -> str:
        answer = self._answers[number]
        return f"({'•' if number == self._chosen else ' '}) {SAID.get(answer, answer)}"

    def _places(self, width: int) -> list[tuple[int, int, int]]:
        """Line, first and last column of each answer."""
        places, line, column = [], 0, INDENT
        for number in range(len(self._answers)):
            length = len(self._words(number))
            if column + length > width and column > INDENT:
                line, column = line + 1, INDENT
            places.append((line, column, column + length))
            column += length + 2
        return places
