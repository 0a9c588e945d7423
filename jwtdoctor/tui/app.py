"""The application: which screen comes first, the keys that work everywhere, and the command palette.

`run` is what the command line calls. A crash of ours leaves through it as an exception, so that the command line
makes its one line of it: Textual's own traceback prints every local variable, secrets included.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from jwtdoctor.knowledge.load import load
from jwtdoctor.tui.screens.choose import Choice, ChooseScreen
from jwtdoctor.tui.screens.help import HelpScreen, help_about
from jwtdoctor.tui.screens.profiles import ProfileHelpScreen
from jwtdoctor.tui.screens.welcome import Door, WelcomeScreen
from jwtdoctor.tui.screens.workbench import Workbench
from jwtdoctor.tui.subjects import Catalogue, Subject, catalogue

EXAMPLE = "clock-drift"
"""The staged fault of the first door."""


def run(profile: str | None = None, *, colour: bool = True) -> int:
    """Runs the interface until it is left; 0. Raises BadInput for a profile or settings file that cannot be used."""
    found = catalogue(profile)
    if not colour:
        os.environ["NO_COLOR"] = "1"
    app = JwtDoctorApp(found)
    app.run()
    if app.crash is not None:
        raise app.crash
    return 0


class JwtDoctorApp(App[None], inherit_bindings=False):
    """`now` is the local clock in epoch seconds. The bindings are not inherited, for the sake of their order."""

    TITLE = "jwtdoctor"
    CSS_PATH = "jwtdoctor.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help"),
        Binding("ctrl+p", "command_palette", "Commands", priority=True),
        Binding("ctrl+q", "quit", "Quit", priority=True),
        Binding("ctrl+c", "help_quit", show=False, system=True),
    ]

    def __init__(self, found: Catalogue, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.animation_level = "none"
        self._catalogue = found
        self._workbench = Workbench(load(), now, found.start)
        self.crash: Exception | None = None

    def get_default_screen(self) -> Screen[None]:
        return self._workbench

    def on_mount(self) -> None:
        for warning in self._catalogue.warnings:
            self.notify(warning, severity="warning", markup=False)
        if self._catalogue.start is None:
            self.action_start()

    # --- going about

    def action_start(self) -> None:
        """The three doors where there is no profile, else the choice."""
        if self._catalogue.profiles:
            self.action_choose()
        else:
            self.push_screen(WelcomeScreen(), self._through)

    def action_choose(self) -> None:
        current = self._workbench.subject
        first = current.name if current else "" if self._catalogue.profiles else EXAMPLE
        self.push_screen(ChooseScreen(self._catalogue, first), self._chosen)

    def action_profile_help(self) -> None:
        self.push_screen(ProfileHelpScreen())

    def action_help(self) -> None:
        self.push_screen(HelpScreen(help_about(self.focused, self.screen)))

    async def _through(self, door: Door | None) -> None:
        match door:
            case "example":
                example = next(fault for fault in self._catalogue.faults if fault.name == EXAMPLE)
                await self._workbench.take(example, run=True)
            case "choose":
                self.action_choose()
            case "explain":
                self._workbench.action_explain()
            case "profile":
                self.action_profile_help()
            case None:
                pass

    async def _chosen(self, choice: Choice | None) -> None:
        if choice is not None:
            await self._workbench.take(choice.subject, run=choice.run)

    # --- every command by name

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("help: about this", "What has the focus, and all keys", self.action_help)
        yield SystemCommand("app: quit", "Leave jwtdoctor", self.action_quit)
        yield SystemCommand("app: theme", "Other colours", self.action_change_theme)
        yield SystemCommand("profile: set up", "How to write a profile", self.action_profile_help)
        if screen is not self._workbench:
            return
        yield SystemCommand("run: examine", "One examination of what is chosen", self._workbench.action_run)
        yield SystemCommand("view: next", "Diagnosis, assertion, exchange", self._workbench.action_view)
        yield SystemCommand("explain: paste", "Diagnose pasted text", self._workbench.action_explain)
        yield SystemCommand("choose: profile or fault", "What to examine", self.action_choose)
        for subject in self._catalogue:
            yield SystemCommand(f"{subject.kind}: {subject.name}", subject.summary, self._taker(subject), False)

    def _taker(self, subject: Subject) -> Callable[[], object]:
        return lambda: self.run_worker(self._workbench.take(subject))

    # --- when it is our fault

    def _handle_exception(self, error: Exception) -> None:
        self.crash = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:  # noqa: ARG002
        self._close_messages_no_wait()
