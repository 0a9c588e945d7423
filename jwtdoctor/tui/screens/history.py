"""The history of a profile: every run, and under the list what differs from the last good one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, OptionList
from textual.widgets.option_list import Option

from jwtdoctor.config.kept import KeptRun, forget_runs
from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.reasoning.compare import Difference, shown
from jwtdoctor.render.words import one_line
from jwtdoctor.tui.drawing import STYLES, Lines, hanging, plain
from jwtdoctor.tui.past import difference, history_of, is_good, last_good, reopened, runs, statement_of
from jwtdoctor.tui.screens.ask import Answer, AskScreen
from jwtdoctor.tui.sturdy import Sturdy
from jwtdoctor.tui.subjects import Subject, shell_line
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.drawn import Drawn

MOST_DIFFERENCES = 40
TITLES = {"yes": "What matters", "unknown": "What may matter", "no": "What does not matter"}


@dataclass
class Compared(Message):
    """What differs between two runs, or one line of a problem."""

    run: KeptRun
    good: KeptRun | None
    found: tuple[Difference, ...]
    problem: str = ""


@dataclass
class Concluded(Message):
    """What runs come to, by the place in the list."""

    words: tuple[tuple[int, str, str], ...]


class HistoryScreen(Sturdy, Screen[KeptRun | None]):
    """Gives the run to open again."""

    HELP = (
        "Every run of this profile, as a redacted case in the state folder (0600, the newest 50). Enter "
        "opens one again; under the list stands what differs from the last good run, what matters first. f8 forgets "
        "them all."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "open", "Open"),
        Binding("f8", "forget", "Forget all"),
        Binding("escape", "dismiss(None)", "Back"),
    ]

    def __init__(self, subject: Subject, knowledge: Knowledge) -> None:
        super().__init__()
        self._subject, self._knowledge = subject, knowledge
        self._runs = runs(subject)
        self._compared: Compared | None = None

    def compose(self) -> ComposeResult:
        title = f" Runs of {history_of(self._subject)}"
        yield Drawn(lambda width: [Content.styled(title, STYLES["title"]).truncate(width)])
        options = [Option(_option(run), id=str(number)) for number, run in enumerate(self._runs)]
        yield OptionList(*options, markup=False, compact=True)
        with VerticalScroll(id="difference"):
            yield Drawn(self._lines)
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.display = bool(self._runs)
        if self._runs:
            options.highlighted = 0
            options.focus()
            self._conclude()

    @work(thread=True, group="conclude", exit_on_error=False)
    def _conclude(self) -> None:
        """Each run is concluded anew: a list of fifty takes a second, so its rows are filled in as they come."""
        for number, run in enumerate(self._runs):
            if not self.is_attached:
                return
            try:
                report = reopened(run, self._knowledge).report
                self.post_message(Concluded(((number, statement_of(report), "ok" if is_good(report) else "bad"),)))
            except BadInput as problem:
                self.post_message(Concluded(((number, str(problem), "bad"),)))

    @on(Concluded)
    def _concluded(self, event: Concluded) -> None:
        options = self.query_one(OptionList)
        for number, words, mark in event.words:
            options.replace_option_prompt(str(number), _option(self._runs[number], words, mark))

    @property
    def _run(self) -> KeptRun | None:
        place = self.query_one(OptionList).highlighted if self.is_mounted else None
        return None if place is None or place >= len(self._runs) else self._runs[place]

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        run = self._run
        if run is not None:
            self._compare(run)
        self.query_one(CommandLine).again()

    @work(thread=True, exclusive=True, group="compare", exit_on_error=False)
    def _compare(self, run: KeptRun) -> None:
        good = last_good(self._runs, run, self._knowledge)
        try:
            found = () if good is None else difference(good, run, self._knowledge)
            self.post_message(Compared(run, good, found))
        except BadInput as problem:
            self.post_message(Compared(run, good, (), str(problem)))

    @on(Compared)
    def _compared_now(self, event: Compared) -> None:
        if event.run is self._run:
            self._compared = event
            self.query_one("#difference Drawn", Drawn).draw(self._lines)
            self.query_one(CommandLine).again()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        if self._run is not None:
            self.dismiss(self._run)

    def action_forget(self) -> None:
        answers = (Answer("y", "Forget", "removes the files"), Answer("n", "Keep", "leaves them"))

        def answered(verb: str | None) -> None:
            if verb == "Forget":
                number = forget_runs(history_of(self._subject))
                self.notify(f"{number} runs", title="Forgotten", markup=False)
                self.dismiss(None)

        lines = (f"All {len(self._runs)} runs of {history_of(self._subject)}.",)
        self.app.push_screen(AskScreen("Forget the history?", lines, answers), answered)

    def command_line(self) -> str:
        run = self._run
        if run is None:
            return shell_line("check", "--help")
        compared = self._compared
        if compared is not None and compared.run is run and compared.good is not None:
            return shell_line("compare", str(compared.good.path), str(run.path))
        return shell_line("explain", str(run.path))

    def _lines(self, width: int) -> Lines:
        if not self._runs:
            words = "No run is kept yet. f5 on the workbench makes one; each verdict is kept here, redacted."
            return hanging(Content(" "), plain(words, "italic"), width)
        compared = self._compared
        if compared is None:
            return [plain(" comparing …", STYLES["aside"])]
        if compared.problem:
            return hanging(Content(" ✗ "), plain(compared.problem, STYLES["bad"]), width)
        if compared.good is None:
            words = "No other good run to compare with: one in which a token was granted, with nothing to complain of."
            return hanging(Content(" "), plain(words, "italic"), width)
        return _differences(compared.found, compared.good, width)


def _differences(found: tuple[Difference, ...], good: KeptRun, width: int) -> Lines:
    lines: Lines = [Content.styled(f"Against the good run of {_when(good.at)}", STYLES["title"])]
    if not found:
        return [*lines, plain("  Nothing that is compared differs.")]
    for matters, title in TITLES.items():
        rows = [d for d in found if d.matters == matters and d.part != "verdict"]
        if matters == "no":
            names = ", ".join(d.name for d in rows)
            lines += hanging(plain(f"{title}: "), plain(names, STYLES["aside"]), width) if names else []
            continue
        if rows:
            lines.append(plain(title, "bold"))
        for row in rows[:MOST_DIFFERENCES]:
            lines += _difference(row, width)
    return lines


def _difference(row: Difference, width: int) -> Lines:
    then, now = (one_line(shown(value), 120) for value in (row.a, row.b))
    lead = Content.assemble("  ", (row.name, "bold"), "  ")
    words = Content.assemble(plain(then), ("  →  ", STYLES["?"]), plain(now, "bold"))
    lines = hanging(lead, words, width)
    if row.causes:
        lines += hanging(Content("    "), plain(f"can lead to {', '.join(row.causes)}", STYLES["aside"]), width)
    return lines


def _option(run: KeptRun, words: str = "…", mark: str = "") -> Content:
    sign = {"ok": Content.styled("✓", STYLES["ok"]), "bad": Content.styled("✗", STYLES["bad"])}.get(mark, Content(" "))
    name = f"{one_line(run.name, 30)}: " if run.name else ""
    return Content.assemble(" ", sign, f" {_when(run.at)}  ", plain(name, STYLES["aside"]), plain(one_line(words, 200)))


def _when(at: float) -> str:
    try:
        return time.strftime("%m-%d %H:%M:%S", time.localtime(at))
    except (OverflowError, OSError, ValueError):
        return "?"
