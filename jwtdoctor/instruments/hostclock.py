"""The token host's own clock, narrowed by a few requests without credentials.

It is the clock that judges the assertion. One reply tells it to a second; requests placed at the turn of a second halve
what is open each time, until the bound is 50 ms or the budget of eight requests is spent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from jwtdoctor.instruments.date import best_moment, narrow, sample_of
from jwtdoctor.instruments.ports import Clock, Transport
from jwtdoctor.model.clock import Interval, SourceRefused, TimeSample
from jwtdoctor.model.exchange import NoReply

GOAL_S = 0.05
BUDGET = 8
IN_PASSING_S, IN_PASSING = 0.15, 4
"""Goal and budget where the host's clock is looked at beside a login (`check`): a second or two, and no more."""


def wait(seconds: float) -> None:
    """A pause on the real clock, kept apart so that tests can do without it."""
    threading.Event().wait(max(seconds, 0.0))


def measure_host(
    transport: Transport,
    url: str,
    clock: Clock,
    *,
    deadline_s: float = 15.0,
    goal_s: float = GOAL_S,
    budget: int = BUDGET,
    pause: Callable[[float], None] = wait,
) -> TimeSample | SourceRefused:
    """The local clock against the host of `url`: `ahead_s` ± `bound_s`, after at most `budget` GET requests.

    Refused where the first reply is no witness; a later one that is none only ends the narrowing. The requests are
    over within `deadline_s` seconds. Raises BadInput for a URL that may not be asked.
    """
    host = urlsplit(url).hostname or ""
    ends = time.monotonic() + deadline_s
    samples: list[TimeSample] = []
    best: TimeSample | None = None
    for _ in range(budget):
        if best is not None:
            if best.bound_s <= goal_s:
                break
            moment = best_moment(clock.now(), Interval(best.low_s, best.high_s), best.round_trip_s)
            pause(min(moment - clock.now(), 1.0))
        left = ends - time.monotonic()
        got = _ask(transport, url, host, left) if left > 0 else SourceRefused(f"date:{host}", "out of time")
        if isinstance(got, SourceRefused):
            return got if best is None else best
        samples.append(got)
        best = narrow(samples)
    return best if best is not None else SourceRefused(f"date:{host}", "not asked")


def _ask(transport: Transport, url: str, host: str, left_s: float) -> TimeSample | SourceRefused:
    got = transport.get(url, left_s)
    if isinstance(got, NoReply):
        return SourceRefused(f"date:{host}", f"no reply ({got.layer}): {got.text}")
    return sample_of(got, host)
