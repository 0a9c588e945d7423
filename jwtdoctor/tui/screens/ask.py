"""A question over the screen: what it is about, and one key for each answer. Escape is always the safe one."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.widgets.drawn import Drawn


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its key, its verb, and what it means."""

    key: str
    verb: str
    means: str


class AskScreen(Sturdy, ModalScreen[str | None]):
    """Gives the verb of the chosen answer; None for escape."""

    def __init__(self, title: str, lines: tuple[str, ...], answers: tuple[Answer, ...], about: str = "") -> None:
        super().__init__()
        self._title, self._said, self._answers = title, lines, answers
        self.about = about or title
        for answer in answers:
            self._bindings.bind(answer.key, f"dismiss('{answer.verb}')", answer.verb)
        self._bindings.bind("escape", "dismiss(None)", "Cancel")
        self._bindings.bind("f1", "app.help", "Help")
        self._bindings.bind("ctrl+q", "app.quit", "Quit", priority=True)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            with VerticalScroll(can_focus=False):
                yield Drawn(self._lines)
            yield OptionList(*[Option(self._option(a), id=a.verb) for a in self._answers], markup=False, compact=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = len(self._answers) - 1  # the last one is the safe one
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id)

    def _lines(self, width: int) -> Lines:
        lines = hanging(Content(""), plain(self._title, STYLES["title"]), width)
        for line in self._said:
            lines += hanging(Content("  "), plain(line), width)
        return lines

    def _option(self, answer: Answer) -> Content:
        return Content.assemble(f" {answer.key}  ", (answer.verb, "bold"), f"  {answer.means}")
