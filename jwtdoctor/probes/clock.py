"""What time it is, and whether anything keeps this clock right: side by side, within two seconds in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Thread

from jwtdoctor.instruments.ports import TimeSource
from jwtdoctor.instruments.sources import TIMEOUT_S, Answer, ask_all
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.clock import ClockVerdict, SyncState


def ask_the_time(sources: Sequence[TimeSource], budget_s: float = TIMEOUT_S) -> tuple[Answer, ...]:
    """One answer a source, in their order. A silent source is refused, and never waited for beyond the budget."""
    return ask_all(sources, min(TIMEOUT_S, budget_s))


def sync_meanwhile(ask: Callable[[], SyncState] | None) -> Callable[[float], SyncState | None]:
    """Asks the operating system on a thread of its own. The result is fetched later, and not waited for long."""
    told: list[SyncState] = []
    if ask is None:
        return lambda _: None
    thread = Thread(target=lambda: told.append(ask()), daemon=True, name="jwtdoctor sync")
    thread.start()

    def fetch(wait_s: float) -> SyncState | None:
        thread.join(max(0.0, wait_s))
        return told[0] if told else None

    return fetch


def observe_sync(state: SyncState | None) -> tuple[Observation, ...]:
    """Whether the system synchronises its clock, where it could be asked."""
    if state is None or state.enabled is None:
        return ()
    return (Observation("clock.sync_enabled", state.enabled, state.by or "system"),)


def clock_line(verdict: ClockVerdict) -> str:
    """What the sources say together, for the progress line."""
    if verdict.interval is None:
        return verdict.note
    ahead_s = verdict.interval.ahead_s
    side = f"{abs(ahead_s):.3f} s {'ahead' if ahead_s > 0 else 'behind'}" if abs(ahead_s) >= 0.0005 else "right"
    return f"{side}, ± {verdict.interval.uncertainty_s:.3f} s; {verdict.note}"
