"""The application: which screen comes first, the keys that work everywhere, and the command palette.

`run` is what the command line calls. When something of ours breaks the session goes on (`sturdy`); what cannot be kept
up leaves through `run` as an exception, so that the command line makes its one line of it: Textual's own traceback
prints every local variable, secrets included.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual import on
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from jwtdoctor.config.kept import KeptRun
from jwtdoctor.config.places import keep_private
from jwtdoctor.config.profiles import SECRETS
from jwtdoctor.config.secrets import shown as shown_ref
from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import load
from jwtdoctor.render.words import one_line
from jwtdoctor.tui import past
from jwtdoctor.tui.clipboard import Clipboard
from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.messages import CopyWanted
from jwtdoctor.tui.outside import paged_outside
from jwtdoctor.tui.screens.ask import Answer, AskScreen
from jwtdoctor.tui.screens.choose import Choice, ChooseScreen
from jwtdoctor.tui.screens.export import ExportScreen
from jwtdoctor.tui.screens.help import HelpScreen, help_about
from jwtdoctor.tui.screens.history import HistoryScreen
from jwtdoctor.tui.screens.jump import JumpScreen, targets_on
from jwtdoctor.tui.screens.keys import KeysScreen, Task
from jwtdoctor.tui.screens.lab import LabScreen
from jwtdoctor.tui.screens.page import PageScreen
from jwtdoctor.tui.screens.save import Saved, SaveScreen
from jwtdoctor.tui.screens.secret import SecretScreen
from jwtdoctor.tui.screens.welcome import Door, WelcomeScreen
from jwtdoctor.tui.screens.workbench import VIEWS, Workbench
from jwtdoctor.tui.sturdy import Sturdy, as_line
from jwtdoctor.tui.subjects import Catalogue, Profile, Subject, catalogue, shell_line
from jwtdoctor.tui.widgets.commandline import CommandLine

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


class JwtDoctorApp(Sturdy, App[None], inherit_bindings=False):
    """`now` is the local clock in epoch seconds. The bindings are not inherited, for the sake of their order."""

    TITLE = "jwtdoctor"
    CSS_PATH = "jwtdoctor.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "help", "Help"),
        Binding("ctrl+p", "command_palette", "Commands", priority=True),
        Binding("ctrl+q", "quit", "Quit", priority=True),
        Binding("ctrl+o", "jump", "Jump", show=False, priority=True),
        Binding("ctrl+y", "copy_command", "Copy command", show=False),
        Binding("ctrl+c", "help_quit", show=False, system=True),
    ]

    def __init__(self, found: Catalogue, *, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.animation_level = "none"
        self._catalogue = found
        self._knowledge = load()
        self._now = now
        self._workbench = Workbench(self._knowledge, now, found.start)
        self.clipboard_of_ours = Clipboard(self._write_to_terminal)
        self.crash: BaseException | None = None
        self.broken: list[str] = []
        """Where something of ours broke in this session, as lines."""
        self._mouse_is_ours = True

    def get_default_screen(self) -> Screen[None]:
        return self._workbench

    def on_mount(self) -> None:
        for warning in self._catalogue.warnings:
            self.notify(warning, severity="warning", markup=False)
        if self._catalogue.start is None:
            self.action_start()

    def notify(self, message: str, **options: Any) -> None:
        """A toast goes in seconds: what it said stays in the log."""
        super().notify(message, **options)
        if self._workbench.is_attached:
            self._workbench.log_line("told", ": ".join(part for part in (options.get("title", ""), message) if part))

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
        self.push_screen(ChooseScreen(self._offered, first), self._chosen)

    def action_lab(self) -> None:
        self.push_screen(LabScreen(self._offered, self._knowledge, EXAMPLE), self._from_lab)

    @property
    def _offered(self) -> Catalogue:
        """With the faults of the provider that the form names."""
        return self._catalogue.at(self._workbench.provider, self._knowledge)

    async def action_new(self) -> None:
        """A request of one's own, with empty fields."""
        self._unless_unsaved(self._begin_new)

    async def _begin_new(self) -> None:
        await self._workbench.take(Profile(None, is_new=True))

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(help_about(self.focused, self.screen)))

    def action_jump(self) -> None:
        if isinstance(self.screen, ModalScreen):
            return

        def arrived(widget: Any) -> None:
            if widget is not None:
                widget.focus()

        self.push_screen(JumpScreen(targets_on(self.screen)), arrived)

    async def _through(self, door: Door | None) -> None:
        match door:
            case "example":
                example = next(fault for fault in self._catalogue.faults if fault.name == EXAMPLE)
                await self._workbench.take(example, run=True)
            case "lab":
                self.action_lab()
            case "explain":
                self._workbench.action_explain()
            case "new":
                await self._begin_new()
            case None:
                pass

    def _chosen(self, choice: Choice | None) -> None:
        if choice is not None:
            self._unless_unsaved(lambda: self._workbench.take(choice.subject, run=choice.run))

    def _from_lab(self, subject: Subject | None) -> None:
        if subject is not None:
            self._unless_unsaved(lambda: self._workbench.take(subject, run=True))

    # --- what was typed is not lost

    def _unless_unsaved(self, go_on: Callable[[], Any]) -> None:
        """Goes on at once, or after asking what is to become of what was typed."""
        if not self._workbench.is_unsaved:
            self.call_later(go_on)
            return
        lines = ("What was typed in the form is in no profile yet.",)
        answers = (
            Answer("s", "Save", "as a profile, then go on"),
            Answer("d", "Discard", "go on without it"),
            Answer("k", "Keep", "stay here"),
        )

        def answered(verb: str | None) -> None:
            if verb == "Discard":
                self.call_later(go_on)
            elif verb == "Save":
                self._save(lambda: self.call_later(go_on))

        self.push_screen(AskScreen("Not saved", lines, answers), answered)

    def action_save(self) -> None:
        subject = self._workbench.subject
        if not isinstance(subject, Profile):
            self.notify("A staged fault is no profile: ^n begins a request of your own.", markup=False)
            return
        self._save(None)

    def _save(self, then: Callable[[], object] | None) -> None:
        subject = self._workbench.subject
        if not isinstance(subject, Profile):
            return

        def saved(done: Saved | None) -> None:
            if done is None:
                return
            self.notify(f"[profile.{done.name}] in {done.path}", title="Saved", markup=False)
            self._catalogue = catalogue(done.name)
            fresh = next((p for p in self._catalogue.profiles if p.name == done.name), Profile(done.name))
            self._workbench.was_saved(fresh)
            if then is not None:
                then()

        self.push_screen(SaveScreen(subject), saved)

    async def action_quit(self) -> None:
        if isinstance(self.screen, AskScreen):
            self.exit()
        else:
            self._unless_unsaved(self.exit)

    # --- what was found: kept, written, copied

    def action_history(self) -> None:
        subject = self._workbench.subject
        if subject is None:
            words = "f2 chooses a profile or a fault; each run of it is kept."
            self.notify(words, title="No history yet", markup=False)
            return
        self.push_screen(HistoryScreen(subject, self._knowledge), self._reopen)

    async def _reopen(self, run: KeptRun | None) -> None:
        if run is None:
            return
        try:
            basis = past.reopened(run, self._knowledge)
        except BadInput as problem:
            self.notify(str(problem), severity="error", markup=False)
            return
        await self._workbench.reopen(basis, shell_line("explain", str(run.path)))

    def action_export(self) -> None:
        report = self._workbench.report
        if report is None:
            self.notify("f5 runs; then there is something to write.", title="Nothing to export yet", markup=False)
            return

        def written(path: str | None) -> None:
            if path is not None:
                self._workbench.log_line("export", path)
                self.notify(path, title="Written", markup=False)

        command = self._workbench.command_line()
        self.push_screen(ExportScreen(report, self._workbench.subject, command, self._now), written)

    def action_save_case(self) -> None:
        """The redacted case of what is shown, into the state folder."""
        report = self._workbench.report
        if report is None:
            self.notify("There is no run to make a case of.", markup=False)
            return
        path = keep_private("case.json", past.rendered(report, "case"))
        self.notify(path or "It could not be written.", title="Redacted case", markup=False)

    def action_copy_command(self) -> None:
        lines = self.screen.query(CommandLine)
        if lines:
            self._copy(CopyWanted(lines.first().text, "the command"))

    def action_copy_report(self) -> None:
        """The report as text."""
        if self._workbench.report is not None:
            self._copy(CopyWanted(past.rendered(self._workbench.report, "text"), "the report"))

    @on(CopyWanted)
    def _copy(self, event: CopyWanted) -> None:
        title, line = self.clipboard_of_ours.copy(event.text)
        self._workbench.log_line("copy", f"{title}: {event.what}")
        self.notify(f"{one_line(event.what, 100)}\n{line}".strip(), title=title, markup=False)

    def _write_to_terminal(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    # --- what is in force, and keys

    def action_origins(self) -> None:
        """Every setting and where it comes from."""
        subject = self._workbench.subject
        if subject is None:
            self.action_choose()
            return
        name = subject.name if subject.kind == "profile" else ""
        command = shell_line("profiles", "show", name or "NAME")
        self.push_screen(PageScreen(lambda width: self._origins(subject, width), command))

    def _origins(self, subject: Subject, width: int) -> Lines:
        lines: Lines = [Content.styled(f"What is in force for {subject.name}", STYLES["title"])]
        try:
            found = subject.settings(self._knowledge)
        except BadInput as problem:
            return [*lines, *hanging(Content("  "), plain(str(problem)), width)]
        for setting in found:
            is_ref = isinstance(setting.value, str) and setting.name in SECRETS
            value = shown_ref(str(setting.value)) if is_ref else one_line(str(setting.value))
            origin = "typed here" if setting.name in subject.edits else setting.origin
            origin = "the stage" if subject.kind == "fault" and setting.name not in subject.edits else origin
            lines += hanging(Content.assemble("  ", (f"{setting.name:<16}", "bold")), plain(value), width)
            lines += hanging(Content(" " * 18), plain(origin, STYLES["aside"]), width)
        return lines

    def action_keys(self, task: Task = "show") -> None:
        found = self._workbench.subject
        path = ""
        if task != "new" and found is not None:
            try:
                path = found.settings(self._knowledge).text("key") or ""
            except BadInput:
                path = ""
        self.push_screen(KeysScreen(task, path))

    def action_page(self) -> None:
        """The report in the pager."""
        if self._workbench.report is not None:
            paged_outside(self, past.rendered(self._workbench.report, "text"))

    def action_mouse(self) -> None:
        """Lets the terminal select text by mouse, or takes the mouse back."""
        self._mouse_is_ours = not self._mouse_is_ours
        name = "_enable_mouse_support" if self._mouse_is_ours else "_disable_mouse_support"
        change = getattr(self._driver, name, None)
        if change is not None:
            change()
        lent = "Your terminal selects text now; the same command takes it back."
        words = "It clicks here again." if self._mouse_is_ours else lent
        self.notify(words, title="Mouse", markup=False)

    def export_screenshot(self, **options: Any) -> str:
        """Without what was revealed."""
        for box in self.screen.query(Input):
            if isinstance(self.screen, SecretScreen):
                box.password = True
        return super().export_screenshot(**options)

    # --- every command by name

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield SystemCommand("help: about this", "What has the focus, and all keys (f1)", self.action_help)
        yield SystemCommand("app: quit", "Leave jwtdoctor (^q)", self.action_quit)
        yield SystemCommand("app: theme", "Other colours", self.action_change_theme)
        yield SystemCommand("app: mouse", "Let the terminal select text, or take the mouse back", self.action_mouse)
        yield SystemCommand("copy: command", "The command that does the same (^y)", self.action_copy_command)
        yield SystemCommand("keys: inspect", "What a file is", lambda: self.action_keys("show"))
        yield SystemCommand("keys: match", "Whether two belong together", lambda: self.action_keys("match"))
        yield SystemCommand("keys: make", "A pair to upload", lambda: self.action_keys("new"))
        yield SystemCommand("lab: fault lab", "Stage a fault and see how it is told apart", self.action_lab)
        if screen is self._workbench:
            yield from self._workbench_commands(self._workbench)

    def _workbench_commands(self, bench: Workbench) -> Iterable[SystemCommand]:
        yield SystemCommand("run: examine", "One examination of what is chosen (f5)", bench.action_run)
        yield SystemCommand("run: prove", "Examine, then ask before more is sent (f6)", bench.action_prove)
        yield SystemCommand("run: cancel or back", "Cancel what runs, else go back (escape)", bench.action_back)
        yield SystemCommand("explain: paste", "Diagnose pasted text (f3)", bench.action_explain)
        yield SystemCommand("choose: profile or fault", "What to examine (f2)", self.action_choose)
        yield SystemCommand("profile: new request", "Empty fields to fill in (^n)", self.action_new)
        yield SystemCommand("profile: save", "What was typed, as a profile (^s)", self.action_save)
        yield SystemCommand("profile: origins", "Where each value comes from", self.action_origins)
        yield SystemCommand("assertion: edit", "Header and claims as JSON (^e)", bench.action_edit_json)
        yield SystemCommand("clock: measure", "One round of time servers and the token host (f9)", bench.action_clock)
        yield SystemCommand("clock: watch", "Rounds until it is pressed again, with a plot", bench.action_watch_clock)
        yield SystemCommand("history: runs", "What differs from the last good one (f7)", self.action_history)
        yield SystemCommand("export: file", "HTML, Markdown, text, JSON, JUnit, SARIF, case (f8)", self.action_export)
        yield SystemCommand("export: redacted case", "Into the state folder", self.action_save_case)
        yield SystemCommand("copy: report", "The report as text", self.action_copy_report)
        yield SystemCommand("view: next", "The next view (f4)", bench.action_view)
        yield SystemCommand("view: jump", "A letter beside everything (^o)", self.action_jump)
        yield SystemCommand("view: pager", "The report in your pager", self.action_page)
        for name, title in VIEWS:
            yield SystemCommand(f"view: {title.lower()}", f"Show {title}", self._goer(name))
        for subject in self._offered:
            yield SystemCommand(f"{subject.kind}: {subject.name}", subject.summary, self._taker(subject), False)

    def _goer(self, view: str) -> Callable[[], object]:
        return lambda: self._workbench.goto(view)

    def _taker(self, subject: Subject) -> Callable[[], object]:
        return lambda: self._unless_unsaved(lambda: self._workbench.take(subject))

    # --- when it is our fault

    def broke(self, bug: BaseException) -> None:
        """Something of ours broke: it is said once, the rest goes on, and a redacted case is offered."""
        line = as_line(bug)
        self.broken.append(line)
        if line in self.broken[:-1] or isinstance(self.screen, AskScreen):
            return
        self._workbench.log_line("bug", line)
        has_case = self._workbench.report is not None
        offer = "The session goes on. The redacted case of the last run helps to find it; nothing secret is in it."
        lines = (line, offer)
        save = (Answer("s", "Save the case", "into the state folder"),) if has_case else ()
        answers = (*save, Answer("g", "Go on", ""))

        def answered(verb: str | None) -> None:
            if verb == "Save the case":
                self.action_save_case()

        self.push_screen(AskScreen("Something in jwtdoctor broke", lines, answers), answered)

    def _handle_exception(self, error: Exception) -> None:
        self.crash = error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:  # noqa: ARG002
        self._close_messages_no_wait()
