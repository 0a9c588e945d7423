"""What time it is: several time sources side by side, within two seconds in all."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Empty, Queue
from threading import Thread
from time import monotonic

from jwtdoctor.instruments.ports import TimeSource
from jwtdoctor.model.clock import ClockVerdict, SourceRefused, TimeSample

NTP_BUDGET_S = 2.0
"""All that silent time servers may cost."""


def ask_the_time(sources: Sequence[TimeSource], budget_s: float = NTP_BUDGET_S) -> list[TimeSample | SourceRefused]:
    """One answer a source, in their order. A source that does not answer in time is refused, and never waited for."""
    answers: Queue[tuple[int, TimeSample | SourceRefused]] = Queue()
    for place, source in enumerate(sources):
        Thread(target=_ask, args=(place, source, budget_s, answers), daemon=True).start()
    heard: dict[int, TimeSample | SourceRefused] = {}
    ends_at = monotonic() + budget_s + 0.2
    while len(heard) < len(sources) and (left_s := ends_at - monotonic()) > 0:
        try:
            place, answer = answers.get(timeout=left_s)
        except Empty:
            break
        heard[place] = answer
    silent = f"no answer in {budget_s:g} s"
    return [heard.get(place, SourceRefused(source.name, silent)) for place, source in enumerate(sources)]


def clock_line(verdict: ClockVerdict) -> str:
    """What the sources say together, for the progress line."""
    if verdict.interval is None:
        return verdict.note
    ahead_s = verdict.interval.ahead_s
    side = "ahead" if ahead_s >= 0 else "behind"
    return f"{abs(ahead_s):.3f} s {side}, ± {verdict.interval.uncertainty_s:.3f} s; {verdict.note}"


def _ask(
    place: int, source: TimeSource, budget_s: float, answers: Queue[tuple[int, TimeSample | SourceRefused]]
) -> None:
    try:
        answers.put((place, source.sample(budget_s)))
    except OSError as problem:
        answers.put((place, SourceRefused(source.name, problem.strerror or type(problem).__name__)))
