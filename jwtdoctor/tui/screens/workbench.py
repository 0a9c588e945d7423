"""The workbench: the request as a form, the assertion alive, the run as it happens, and everything that is seen of it.

At 80 columns one view is shown at a time; from 110 x 34 on the request and the assertion stand above the others, from
170 columns on beside them. All panes are siblings that are shown or not, so that a resize loses nothing.

Threads only post messages; the handlers below are the only code that touches widgets. What belongs to a run that was
cancelled, or to a subject that is no longer chosen, is dropped by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer

from jwtdoctor.config.attempts import unnamed_flow
from jwtdoctor.config.profiles import Settings, Value
from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.names import FLOWS, canonical_flow
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.report import Failed, Looked, ProbeEnded, ProbeStarted, Report, Skipped
from jwtdoctor.probes.rounds import headline
from jwtdoctor.reasoning.recognise import provider_at
from jwtdoctor.tui import past
from jwtdoctor.tui.answers import Basis
from jwtdoctor.tui.examining import Run
from jwtdoctor.tui.form import BY_NAME, FIELDS, is_safe_to_show
from jwtdoctor.tui.keyfacts import of_attempt
from jwtdoctor.tui.messages import (
    Answered,
    BrowserWanted,
    Drafted,
    Edited,
    Happened,
    KeyLooked,
    LoginSent,
    PathWanted,
    PlanWanted,
    Reconcluded,
    Rounded,
    RunStopped,
    SecretWanted,
    Verdicts,
)
from jwtdoctor.tui.preview import Preview, draft, sent
from jwtdoctor.tui.screens.ask import Answer, AskScreen
from jwtdoctor.tui.screens.browser import BrowserScreen
from jwtdoctor.tui.screens.files import FilesScreen
from jwtdoctor.tui.screens.secret import SecretScreen
from jwtdoctor.tui.sturdy import Sturdy, as_line
from jwtdoctor.tui.subjects import SALESFORCE, Subject
from jwtdoctor.tui.widgets.assertion import AssertionPane, JsonArea
from jwtdoctor.tui.widgets.clock import ClockPane
from jwtdoctor.tui.widgets.commandline import CommandLine
from jwtdoctor.tui.widgets.diagnosis import DiagnosisPane
from jwtdoctor.tui.widgets.exchange import ExchangePane
from jwtdoctor.tui.widgets.explain import ExplainPane, PasteArea
from jwtdoctor.tui.widgets.request import FieldRow, RequestPane
from jwtdoctor.tui.widgets.seen import KeyPane, LogPane, PathPane
from jwtdoctor.tui.widgets.tabline import TabLine
from jwtdoctor.tui.widgets.topline import TopLine

VIEWS = (("diagnosis", "Diagnosis"), ("request", "Request"), ("assertion", "Assertion"), ("exchange", "Exchange"),
         ("clock", "Clock"), ("path", "Path"), ("key", "Key"), ("log", "Log"), ("explain", "Explain"))  # fmt: skip
ALWAYS = ("request", "assertion")
"""Views that a large terminal shows beside the others."""
WIDE, TALL, HUGE = 110, 34, 170
EMPTY = (
    "Nothing is chosen yet.\n\nf2 chooses a profile or a staged fault, ^n begins a request of your own, f3 explains "
    "an error that you paste."
)


class Workbench(Sturdy, Screen[None]):
    """One subject at a time."""

    HELP = (
        "The workbench. f2 chooses what to examine, the form changes it, f5 runs it, and the diagnosis comes up as "
        "soon as it stands. The line above the keys is the command that does the same in a shell; ^y copies it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f5", "run", "Run", priority=True),
        Binding("f6", "prove", "Prove", priority=True),
        Binding("f2", "app.choose", "Choose", priority=True),
        Binding("f3", "explain", "Explain", priority=True),
        Binding("f4", "view", "View", priority=True),
        Binding("f7", "app.history", "History", show=False, priority=True),
        Binding("f8", "app.export", "Export", show=False, priority=True),
        Binding("f9", "clock", "Clock", show=False, priority=True),
        Binding("ctrl+s", "app.save", "Save", show=False),
        Binding("ctrl+n", "app.new", "New", show=False),
        Binding("ctrl+e", "edit_json", "Edit JSON", show=False, priority=True),
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, knowledge: Knowledge, now: Callable[[], float], start: Subject | None = None) -> None:
        """`now`: the local clock in epoch seconds. `start`: what is shown first."""
        super().__init__()
        self._start = start
        self.view = "diagnosis"
        self._mode = ""
        self._knowledge = knowledge
        self._now = now
        self.subject: Subject | None = None
        self._kept_edits: Mapping[str, Value] = {}
        self._found: Settings | None = None
        self._is_form_due = False
        self._wants_form = False
        """Whether the focus is to go to the first field as soon as there is one."""
        self.run: Run | None = None
        self._runs = 0
        self._preview: Preview | None = None
        self._sent: Preview | None = None
        self._basis: Basis | None = None
        self.report: Report | None = None
        self.answers: dict[str, str] = {}
        self._measured_ahead_s: float | None = None
        """How far the local clock is fast against the token host (or true time), as the clock view saw it last."""
        self._proved = False
        self.reopened: str = ""
        """The command that shows a run of the history again; empty for what was run here."""

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Container(id="panes"):
            yield RequestPane(id="request")
            yield AssertionPane(self._now, id="assertion")
            yield TabLine(VIEWS, id="views")
            yield DiagnosisPane(EMPTY, id="diagnosis")
            yield ExchangePane(id="exchange")
            yield ClockPane(self._knowledge, self._now, id="clock")
            yield PathPane(id="path")
            yield KeyPane(id="key")
            yield LogPane(self._now, id="log")
            yield ExplainPane(self._knowledge, id="explain")
        yield CommandLine(self.command_line)
        yield Footer(show_command_palette=False)

    async def on_mount(self) -> None:
        self._request.border_title = "Request"
        self.query_one(AssertionPane).border_title = "Assertion"
        self._arrange()
        self._diagnosis.take_focus()
        if self._start is not None:
            await self.take(self._start)

    def on_resize(self) -> None:
        self._arrange()

    # --- where things stand

    @property
    def mode(self) -> str:
        """How much stands beside each other at this size."""
        if self.view == "explain":
            return "narrow"
        if self.size.width >= HUGE and self.size.height >= TALL // 2:
            return "huge"
        return "wide" if self.size.width >= WIDE and self.size.height >= TALL else "narrow"

    @property
    def views(self) -> tuple[str, ...]:
        """The views that take turns at this size."""
        own = () if self.mode == "narrow" else ALWAYS
        return tuple(name for name, _ in VIEWS if name not in own)

    def _arrange(self) -> None:
        """Shows what belongs to the view and the size."""
        mode = self.mode
        beside = () if mode == "narrow" else ALWAYS
        if self.view in beside:
            self.view = "diagnosis"
        for name, _ in VIEWS:
            self.query_one(f"#{name}").display = name == self.view or name in beside
        self.query_one("#panes").set_classes(f"-{mode}")
        self.set_class(self.size.width >= WIDE, "-broad")
        self.query_one(TabLine).tell(self.views, self.view)
        self._redraw_command()
        if self._is_form_due and self._request.display and self.subject is not None:
            self._wants_form = self.view == "request"
            self.run_worker(self._show_form(self.subject, self._preview), group="form", exit_on_error=False)

    def goto(self, view: str, *, focus: bool = True) -> None:
        """Shows a view and gives it the focus.

        Twice: a screen that comes back gives the focus to where it was.
        """
        if view in ALWAYS and self.mode != "narrow":
            self._focus_on(view)
            return
        self.view = view
        self._arrange()
        if focus:
            self._focus_on(view)
            self.call_after_refresh(self._focus_on, view)

    def _focus_on(self, view: str) -> None:
        self.set_focus(self._target(view))

    def _target(self, view: str) -> Widget:
        if view == "request":
            first = next((w for row in self._request.rows for w in row.query("*") if w.focusable), None)
            return first or self.query_one(TabLine)
        if view == "explain":
            return self.query_one(PasteArea)
        if view == "assertion" and self.query_one(AssertionPane).is_editing:
            return self.query_one(JsonArea)
        inside = {"diagnosis": "#diagnosis #body", "assertion": "#look"}
        return self.query_one(inside.get(view, f"#{view}"))

    @on(TabLine.Chosen)
    def _tab_chosen(self, event: TabLine.Chosen) -> None:
        event.stop()
        has_focus = self.query_one(TabLine).has_focus
        self.goto(event.view, focus=not has_focus)

    def action_view(self) -> None:
        """The next view of the subject."""
        views = [view for view in self.views if view != "explain"]
        place = views.index(self.view) + 1 if self.view in views else 0
        self.goto(views[place % len(views)])

    def action_explain(self) -> None:
        self.goto("explain")

    def action_clock(self) -> None:
        self.goto("clock")
        self.query_one(ClockPane).action_measure()

    def action_watch_clock(self) -> None:
        self.goto("clock")
        self.query_one(ClockPane).action_watch()

    def action_edit_json(self) -> None:
        """The assertion as text."""
        self.goto("assertion")
        self.query_one(AssertionPane).edit()

    async def action_back(self) -> None:
        """Cancels a run; else back to the diagnosis; else to the choice."""
        run = self._cancel()
        if run is not None:
            words = "The login had been sent." if run.logins else "No login was sent."
            self.log_line("run", f"cancelled; {words}")
            await self._diagnosis.show_words(f"Cancelled. {words}\n\nf5 runs again.")
            self.goto("diagnosis")
        elif self.view != "diagnosis":
            self.goto("diagnosis")
        else:
            await self.run_action("app.start")

    # --- what is examined

    @property
    def is_unsaved(self) -> bool:
        """Whether something was typed that no profile holds."""
        subject = self.subject
        return subject is not None and subject.kind == "profile" and dict(subject.edits) != dict(self._kept_edits)

    def was_saved(self, subject: Subject) -> None:
        """The same request under its new name, with nothing left to save."""
        self.subject, self._kept_edits = subject, subject.edits
        self._redraft()

    async def take(self, subject: Subject, *, run: bool = False) -> None:
        """Shows a subject, and runs it if asked to."""
        self._cancel()
        self.subject, self._kept_edits = subject, subject.edits
        self._forget()
        self._preview, self._measured_ahead_s = None, None
        self._show_assertion()
        self.log_line("chosen", f"{subject.kind} {subject.name}")
        await self._diagnosis.show_words(_invitation(subject))
        await self._show_form(subject, None)
        self._tell_top()
        self._draft(subject)
        self.goto("request" if subject.kind == "profile" and subject.summary == "" and not run else "diagnosis")
        if run:
            await self.action_run()

    def _forget(self) -> None:
        """Nothing of a run is left."""
        self.report, self._basis, self._sent, self.answers, self.reopened = None, None, None, {}, ""
        self._proved = False
        self.query_one(ExchangePane).show(None, None)
        self.query_one(PathPane).show(None)
        self.query_one(ClockPane).show(self.subject, None)

    async def _show_form(self, subject: Subject, preview: Preview | None) -> None:
        try:
            found = subject.settings(self._knowledge)
        except BadInput as problem:
            self.log_line("settings", str(problem))
            self._request.show_problem(str(problem))
            self._is_form_due = True  # the file may be mended meanwhile: looking again reads it again
            return
        self._found = found
        self._is_form_due = not self._request.display
        if self._is_form_due:  # sixty widgets that nobody sees yet: they are made when they are looked at
            return
        provider = self.provider_of(found)
        flow = _flow_of(found, provider)
        await self._request.show(subject, found, provider, flow, tuple(sorted(self._knowledge.providers)))
        self._tell_fields(preview)
        if self._wants_form:
            self._wants_form = False
            self._focus_on("request")

    def _tell_fields(self, preview: Preview | None) -> None:
        """What the draft says of the fields: findings under them, and what stands for an empty one."""
        if preview is None:
            return
        self._request.notes(_notes(preview))
        spec = preview.spec
        if spec is not None and self.subject is not None and self.subject.kind == "profile":
            audience = spec.audience if isinstance(spec.audience, str) else ", ".join(spec.audience)
            defaults = {"audience": audience, "lifetime": str(spec.lifetime_s), "alg": spec.alg}
            self._request.defaults(defaults | ({"kid": spec.kid} if spec.kid else {}))

    def provider_of(self, found: Settings) -> Provider:
        slug = found.text("provider") or provider_at(found.text("url") or "", self._knowledge)
        return self._knowledge.provider_or_generic(slug)

    @property
    def provider(self) -> str:
        """Of what is chosen, as the form has it; Salesforce where nothing is."""
        if self.subject is None:
            return SALESFORCE
        try:
            return self.provider_of(self.subject.settings(self._knowledge)).slug
        except BadInput:
            return SALESFORCE

    @on(Edited)
    async def _edited(self, event: Edited) -> None:
        """What was typed, over what was there. What would have been sent changes, so what was sent is history."""
        event.stop()
        if self.subject is None:
            return
        edits = dict(self.subject.edits)
        for name, value in event.edits.items():
            if value is None:
                edits.pop(name, None)
            else:
                edits[name] = value
        self.subject = self.subject.edited(edits)
        self._log_edits(event.edits)
        self._sent = None
        self._redraft()

    def _log_edits(self, edits: Mapping[str, Value | None]) -> None:
        for name, value in edits.items():
            shown = str(value) if is_safe_to_show(name, str(value)) else "[refused]"
            self.log_line("edited", f"{BY_NAME[name].label if name in BY_NAME else name}: {shown}")

    def _redraft(self) -> None:
        assert self.subject is not None
        self._tell_top()
        self._redraw_command()
        self.run_worker(self._show_form(self.subject, self._preview), group="form", exit_on_error=False)
        self._draft(self.subject)

    @work(thread=True, exclusive=True, group="draft")
    def _draft(self, subject: Subject) -> None:
        now = self._now()
        attempt = None
        try:
            case = subject.draft(self._knowledge, now)
            preview, attempt = draft(case, self._knowledge, now), case.attempt
        except BadInput as problem:
            preview = Preview(note=str(problem))
        except Exception as bug:  # noqa: BLE001 - a crash of ours is a line on the screen, and the session goes on
            preview = Preview(note=as_line(bug))
        self.post_message(Drafted(subject, preview))
        if attempt is not None:
            self.post_message(KeyLooked(subject, of_attempt(attempt)))

    @on(Drafted)
    async def _drafted(self, event: Drafted) -> None:
        if event.subject is not self.subject:
            return
        self._preview = event.preview
        if self._sent is not None:  # a run overtook the draft: what was sent is shown, and the top line has its flow
            self._tell_top()
            return
        self._show_assertion()
        self._tell_fields(event.preview)
        self._tell_top()

    @on(KeyLooked)
    def _key_looked(self, event: KeyLooked) -> None:
        if event.subject is self.subject:
            self.query_one(KeyPane).show(event.lines)

    @on(PathWanted)
    def _path_wanted(self, event: PathWanted) -> None:
        def picked(path: str | None) -> None:
            row = self._request.row(event.field)
            if path is not None and row is not None:
                row.put(path)

        self.app.push_screen(FilesScreen(), picked)

    # --- the run

    async def action_run(self) -> None:
        await self._begin(prove=False)

    async def action_prove(self) -> None:
        """The same, and then what would settle it: nothing of that is sent before it was shown and agreed to."""
        await self._begin(prove=True)

    async def _begin(self, *, prove: bool) -> None:
        if self.subject is None:
            await self.run_action("app.choose")
            return
        if self.run is not None:
            self.notify("Escape cancels it.", title="A run is under way", markup=False)
            return
        wrong = self._request.commit()
        if wrong is not None:
            self._refuse_to_run(wrong)
            return
        self._runs += 1
        self._forget()
        self._proved = prove
        self.goto("diagnosis")
        self._tell_top()
        title = f"Examining {self.subject.name}" + (", then asking before more is sent" if prove else "")
        await self._diagnosis.show_running(f"{title}; escape cancels")
        self.log_line("run", f"{self._runs} begins: {self.command_line()}")
        self.run = Run(self._runs, self.subject, self._knowledge, self.post_message, proves=prove)
        self.run.start()

    def _refuse_to_run(self, wrong: FieldRow) -> None:
        self.goto("request")
        wrong.take_focus()
        self.notify(wrong.problem, title=f"{wrong.field.label} cannot be used yet", severity="warning", markup=False)

    @on(Happened)
    def _happened(self, event: Happened) -> None:
        if self._is_current(event.run):
            self._diagnosis.heard(event.event)
            self._log_probe(event.event)

    def _log_probe(self, event: ProbeStarted | ProbeEnded) -> None:
        if isinstance(event, ProbeStarted):
            self.log_line(event.probe, "begins")
            return
        match event.outcome:
            case Looked(probe=probe, took_s=took_s):
                self.log_line(probe, f"{event.saw} ({took_s:.2f} s)")
            case Skipped(probe=probe, reason=reason):
                self.log_line(probe, f"not examined: {reason}")
            case Failed(probe=probe, reason=reason):
                self.log_line(probe, f"failed: {reason}")

    @on(LoginSent)
    def _login_sent(self, event: LoginSent) -> None:
        if not self._is_current(event.run) or self._found is None:
            return
        self._diagnosis.login_sent()
        flow = self._preview.flow if self._preview else "jwt-bearer"
        self._sent = sent(flow, event.request, event.at, self.provider_of(self._found))
        self.log_line("login", f"sent to {event.request.url}")
        self._show_assertion()
        self.query_one(ExchangePane).show(self._sent, None)

    @on(PlanWanted)
    def _plan_wanted(self, event: PlanWanted) -> None:
        """The question of --prove. Only what stands in it is sent, and only after a yes."""
        if not self._is_current(event.run):
            event.answer.put(False)
            return
        number = "one more login" if len(event.told) == 1 else f"at most {len(event.told)} more logins"
        lines = (
            f"1 login was used. To settle what is open, {number} would go to {event.url}:",
            *(f"{n}  {line}" for n, line in enumerate(event.told, 1)),
            "Each carries the same credentials, and each counts as a login there.",
        )
        answers = (Answer("y", "Send", "these and nothing else"), Answer("n", "Skip", "keep the verdict as it stands"))

        def answered(verb: str | None) -> None:
            self.log_line("prove", "agreed" if verb == "Send" else "not sent")
            event.answer.put(verb == "Send")

        self.app.push_screen(AskScreen("Prove it?", lines, answers, "What --prove would send."), answered)

    @on(Verdicts)
    async def _concluded(self, event: Verdicts) -> None:
        if not self._is_current(event.run):
            return
        self.run, self._basis = None, event.basis
        self.query_one(ExchangePane).show(self._sent, event.exchange)
        await self._show(event.basis.report)
        self._diagnosis.to_top()
        self.log_line("verdict", past.statement_of(event.basis.report))
        self._keep(event.basis.report)

    @work(thread=True, group="history", exit_on_error=False)
    def _keep(self, report: Report) -> None:
        if self.subject is not None:
            past.keep(self.subject, report, self._now())

    @on(RunStopped)
    async def _stopped(self, event: RunStopped) -> None:
        if self._is_current(event.run):
            self.run = None
            self.log_line("run", event.problem or "cancelled")
            await self._diagnosis.show_problem(event.problem)

    @on(SecretWanted)
    def _secret_wanted(self, event: SecretWanted) -> None:
        self.app.push_screen(SecretScreen(event.what), event.answer.put)

    @on(BrowserWanted)
    def _browser_wanted(self, event: BrowserWanted) -> None:
        if self.run is not None:
            self.log_line("browser", "a login by browser is asked for")
            self.app.push_screen(BrowserScreen(event))

    def _is_current(self, number: int) -> bool:
        return self.run is not None and self.run.number == number

    def _cancel(self) -> Run | None:
        run, self.run = self.run, None
        if run is not None:
            run.cancel()
        return run

    def on_unmount(self) -> None:
        self._cancel()

    @on(Rounded)
    def _rounded(self, event: Rounded) -> None:
        """A fresh look at the clocks: the margin ticks by it from now on."""
        if self.subject is not None and event.subject.name == self.subject.name and event.measured is not None:
            judged = event.measured.date or event.measured.judged
            self._measured_ahead_s = None if judged is None else judged.ahead_s
            self._show_assertion()
            self.log_line("clock", headline(event.measured, ()))

    # --- what is seen

    async def reopen(self, basis: Basis, command: str) -> None:
        """A run of the history as it was concluded."""
        self._cancel()
        self._forget()
        self._basis, self.reopened = basis, command
        await self._show(basis.report)
        self._diagnosis.to_top()
        self.goto("diagnosis")

    async def _show(self, report: Report) -> None:
        self.report = report
        await self._diagnosis.show(report, self.answers)
        self._tell_top()
        self._show_assertion()
        self.query_one(PathPane).show(report)
        self.query_one(ClockPane).show(self.subject, report)
        self._redraw_command()

    def _show_assertion(self) -> None:
        ahead_s = _ahead_s(self.report) if self._measured_ahead_s is None else self._measured_ahead_s
        self.query_one(AssertionPane).show(self._sent or self._preview, ahead_s)

    def _tell_top(self) -> None:
        flow = (self.report.flow if self.report else None) or (self._preview.flow if self._preview else "")
        self.query_one(TopLine).tell(self.subject, flow, self.report, is_unsaved=self.is_unsaved)

    def log_line(self, what: str, words: str) -> None:
        self.query_one(LogPane).note(what, words)

    # --- answers

    @on(Answered)
    def _answered(self, event: Answered) -> None:
        if self.view == "explain":
            self._redraw_command()
            return
        if self._basis is None:
            return
        if event.text:
            self.answers[event.fact] = event.text
        else:
            self.answers.pop(event.fact, None)
        self.log_line("answer", f"{event.fact} = {event.text or 'taken back'}")
        self._conclude(self._basis, dict(self.answers))

    @work(thread=True, exclusive=True, group="answers")
    def _conclude(self, basis: Basis, answers: dict[str, str]) -> None:
        report = basis.with_answers(answers, self._knowledge)
        if basis is self._basis:
            self.post_message(Reconcluded(report))

    @on(Reconcluded)
    async def _reconcluded(self, event: Reconcluded) -> None:
        if self.run is None and self._basis is not None:
            await self._show(event.report)

    # --- the command that does the same

    def command_line(self) -> str:
        """The command that does the same as what is shown."""
        if self.view == "explain":
            return self.query_one(ExplainPane).command_line()
        if self.view == "clock":
            return self.query_one(ClockPane).command_line()
        if self.reopened:
            return self.reopened
        if self.subject is None:
            return "jwtdoctor check --help"
        return self.subject.command(self.answers) + (" --prove" if self._proved else "")

    def _redraw_command(self) -> None:
        self.query_one(CommandLine).again()

    @property
    def _diagnosis(self) -> DiagnosisPane:
        return self.query_one("#diagnosis", DiagnosisPane)

    @property
    def _request(self) -> RequestPane:
        return self.query_one(RequestPane)


def _notes(preview: Preview) -> dict[str, str]:
    """What is worth saying under a field: the key that cannot be read, and what the rules say of its claim."""
    notes: dict[str, str] = {}
    by_place = {f.claim: f.name for f in FIELDS if f.claim and f.name not in ("no_iat",)}
    for finding in preview.findings:
        name = by_place.get(finding.where.partition(".")[2])
        if name is not None and finding.severity != "note" and name not in notes:
            notes[name] = finding.message
    if preview.key_problem:
        notes["key"] = preview.key_problem
    return notes


def _flow_of(found: Settings, provider: Provider) -> str:
    flow = canonical_flow(found.text("flow") or unnamed_flow(found, provider))
    return flow if flow in FLOWS else "jwt-bearer"


def _ahead_s(report: Report | None) -> float | None:
    """How far the local clock is fast against the token host, as far as a report tells."""
    if report is None:
        return None
    against_host = report.chart.number("reply.date_ahead_s")
    return report.chart.number("clock.ahead_s") if against_host is None else against_host


def _invitation(subject: Subject) -> str:
    where = "against the built-in simulator on this machine" if subject.kind == "fault" else "with one real login"
    summary = f"\n{subject.summary}" if subject.summary else ""
    return f"{subject.name}{summary}\n\nf5 runs it {where}."
