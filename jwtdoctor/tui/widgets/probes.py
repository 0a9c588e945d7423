"""The probes of a run: one line each, as they start and end. The login is marked when it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from textual.content import Content

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.report import Failed, Looked, ProbeEnded, ProbeOutcome, ProbeStarted, Skipped
from jwtdoctor.tui.drawing import STYLES, Lines, blank, hanging, plain
from jwtdoctor.tui.widgets.drawn import Drawn

PROBES = ("conflicts", "key", "assertion", "clock", "path", "request")
"""In the order of the checkup; another one is added below as it comes."""
TICK_S = 0.2
LOGIN = "► login sent"


@dataclass(slots=True)
class _State:
    """One probe so far. `began` on the local steady clock."""

    began: float | None = None
    outcome: ProbeOutcome | None = None
    saw: str = ""
    login: bool = False


class ProbeList(Drawn):
    """Waiting, running and for how long, done and what it saw."""

    def __init__(self, *, id: str | None = None, now: Callable[[], float] = monotonic) -> None:
        super().__init__(id=id)
        self._now = now
        self._states: dict[str, _State] = {}

    def on_mount(self) -> None:
        self.set_interval(TICK_S, self._tick)

    def begin(self) -> None:
        """A new run: all wait."""
        self._states = {name: _State() for name in PROBES}
        self.draw(self._lines)

    def heard(self, event: ProbeStarted | ProbeEnded) -> None:
        if isinstance(event, ProbeStarted):
            self._state(event.probe).began = self._now()
        else:
            state = self._state(event.outcome.probe)
            state.outcome, state.saw = event.outcome, event.saw
        self.draw(self._lines)

    def login_sent(self) -> None:
        self._state("request").login = True
        self.draw(self._lines)

    @property
    def is_running(self) -> bool:
        return any(state.began is not None and state.outcome is None for state in self._states.values())

    def _state(self, probe: str) -> _State:
        return self._states.setdefault(probe, _State())

    def _tick(self) -> None:
        if self.is_running and self.display:
            self.draw(self._lines)

    def _lines(self, width: int) -> Lines:
        lines: Lines = []
        for name, state in self._states.items():
            mark, words = self._words(state)
            said = [plain(clean(words))]
            if state.login:
                said.insert(0, Content.styled(LOGIN + ("  " if words else ""), STYLES["!"]))
            margin = Content.assemble("  ", (f"{mark} ", STYLES.get(mark, "")), f"{name:<11}")
            lines += hanging(margin, Content.assemble(*said), width)
        return lines or [blank(1)]

    def _words(self, state: _State) -> tuple[str, str]:
        match state.outcome:
            case None if state.began is None:
                return "·", "waiting"
            case None:
                return "…", f"running {self._now() - (state.began or 0.0):.1f} s"
            case Looked(took_s=took_s):
                return "+", f"{state.saw}  ({took_s:.1f} s)" if took_s >= TICK_S else state.saw
            case Skipped(reason=reason):
                return "-", f"not examined: {reason}"
            case Failed(reason=reason):
                return "!", f"failed: {reason}"
