"""Asks a person to log in by browser: the address to open, the code to enter, and a place to paste where it ended."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input

from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.messages import BrowserWanted, CopyWanted
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn

LOOK_S = 0.3


class BrowserScreen(Sturdy, Screen[None]):
    """Closes by itself when the redirect came; escape gives up waiting."""

    HELP = (
        "This flow wants a person. Open the address in a browser and log in there; f2 copies it. A redirect to this "
        "machine is caught by itself; elsewhere paste the address that the browser ended at, which is masked since it "
        "holds a code. Escape gives up."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "copy", "Copy address"),
        Binding("escape", "give_up", "Cancel"),
    ]

    def __init__(self, wanted: BrowserWanted) -> None:
        super().__init__()
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        yield Drawn(self._lines)
        box = Input(password=True, placeholder="or paste the address that it ended at, then enter")
        box.display = not self._wanted.user_code
        yield box
        yield CommandLine("jwtdoctor check --flow …")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.set_interval(LOOK_S, self._look)

    def _look(self) -> None:
        if self._wanted.is_over.is_set() and self.is_current:
            self.dismiss()

    def action_copy(self) -> None:
        self.post_message(CopyWanted(self._wanted.url, "the address"))

    def action_give_up(self) -> None:
        self._wanted.answer.put(None)
        self.dismiss()

    @on(Input.Submitted)
    def _pasted(self, event: Input.Submitted) -> None:
        event.stop()
        self._wanted.answer.put(event.value.strip())
        self.dismiss()

    def _lines(self, width: int) -> Lines:
        lines = [Content.styled("Open this address in a browser and log in", STYLES["title"])]
        lines += hanging(Content("  "), plain(self._wanted.url, "bold"), width)
        if self._wanted.user_code:
            lines += [Content(""), Content.assemble("  and enter the code  ", plain(self._wanted.user_code, "bold"))]
        if self._wanted.is_caught:
            words = plain("The redirect comes to this machine: it is waited for.")
            lines += [Content(""), *hanging(Content("  "), words, width)]
        return lines
