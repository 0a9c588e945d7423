"""Export: in which form, and into which file. Nothing is overwritten, and nothing secret is in any form."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from jwtdoctor.errors import BadInput
from jwtdoctor.model.report import Report
from jwtdoctor.tui.drawing import STYLES, hanging, plain
from jwtdoctor.tui.past import FORMS, Form, export, usual_name
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.subjects import Subject
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn


class ExportScreen(Sturdy, Screen[str | None]):
    """Gives the path that was written; None where none was. `command`: the one that made the report."""

    HELP = (
        "Writes what is shown into a file: choose the form with the arrow keys, change the name if you like, enter or "
        "f5 writes. A file that is there is never overwritten. Every form is redacted as the screen is."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "write", "Write"),
        Binding("enter", "write", "Write", show=False, priority=True),
        Binding("down", "move(1)", "Down", show=False, priority=True),
        Binding("up", "move(-1)", "Up", show=False, priority=True),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, report: Report, subject: Subject | None, command: str, now: Callable[[], float]) -> None:
        super().__init__()
        self._report, self._subject, self._command, self._now = report, subject, command, now
        self._is_own_name = False

    def compose(self) -> ComposeResult:
        yield Drawn(lambda width: [Content.styled(" Export", STYLES["title"]).truncate(width)])
        options = [Option(_option(form), id=form.name) for form in FORMS]
        yield OptionList(*options, markup=False, compact=True)
        yield Drawn(lambda width: hanging(Content(" "), plain("into the file"), width))
        yield Input(compact=True)
        yield Drawn(id="export-problem")
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).highlighted = 0
        self.query_one(Input).focus()

    @property
    def _form(self) -> Form:
        return FORMS[self.query_one(OptionList).highlighted or 0]

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        if not self._is_own_name:
            box = self.query_one(Input)
            with box.prevent(Input.Changed):
                box.value = usual_name(self._subject, self._form, self._now())
        self.query_one(CommandLine).again()

    @on(Input.Changed)
    def _named(self) -> None:
        self._is_own_name = True
        self.query_one(CommandLine).again()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()

    def action_move(self, steps: int) -> None:
        options = self.query_one(OptionList)
        if steps > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_write(self) -> None:
        try:
            path = export(self._report, self._form.name, self.query_one(Input).value.strip())
        except BadInput as problem:
            words = str(problem)
            self.query_one("#export-problem", Drawn).draw(
                lambda width: hanging(Content.styled(" ✗ ", STYLES["bad"]), plain(words, STYLES["bad"]), width)
            )
            return
        self.dismiss(str(path))

    def command_line(self) -> str:
        """The same from the shell."""
        import shlex

        name = shlex.quote(self.query_one(Input).value or "FILE") if self.is_mounted else "FILE"
        if self.is_mounted and self._form.name == "case":
            return f"{self._command} --save-case {name}"
        form = self._form.name if self.is_mounted else "html"
        return f"{self._command} --format {form} --output {name}"


def _option(form: Form) -> Content:
    return Content.assemble(f" {form.name:<10}", (form.about, "dim"))
