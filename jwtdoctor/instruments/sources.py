"""Several time sources asked side by side, within one limit for all of them."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence

from jwtdoctor.instruments.ports import TimeSource
from jwtdoctor.model.clock import SourceRefused, TimeSample

TIMEOUT_S = 1.9
"""For all sources together. The promise is two seconds, threads included."""
QUORUM = 3
GRACE_S = 0.25

Answer = TimeSample | SourceRefused
_Box = queue.SimpleQueue[tuple[int, Answer | BaseException]]


def ask_all(sources: Sequence[TimeSource], timeout_s: float = TIMEOUT_S) -> tuple[Answer, ...]:
    """What each source says, in the order given.

    Once three sources gave a time, the others get only a little longer than the slowest of them: one silent server
    does not cost every check two seconds. A bug in a source is raised here.
    """
    box: _Box = queue.SimpleQueue()
    for n, source in enumerate(sources):
        threading.Thread(target=_ask, args=(n, source, timeout_s, box), daemon=True, name=source.name).start()
    began = time.monotonic()
    got = _collect(box, len(sources), timeout_s)
    silent = f"no answer in {time.monotonic() - began:.1f} s"
    return tuple(got.get(n, SourceRefused(source.name, silent)) for n, source in enumerate(sources))


def _collect(box: _Box, wanted: int, timeout_s: float) -> dict[int, Answer]:
    began = time.monotonic()
    ends = began + timeout_s
    got: dict[int, Answer] = {}
    samples = 0
    while len(got) < wanted and (left := ends - time.monotonic()) > 0:
        try:
            n, answer = box.get(timeout=left)
        except queue.Empty:
            break
        if isinstance(answer, BaseException):
            raise answer
        got[n] = answer
        samples += isinstance(answer, TimeSample)
        if samples == QUORUM:
            ends = min(ends, time.monotonic() + max(GRACE_S, time.monotonic() - began))
    return got


def _ask(n: int, source: TimeSource, timeout_s: float, box: _Box) -> None:
    try:
        box.put((n, source.sample(timeout_s)))
    except Exception as bug:  # noqa: BLE001 - carried to the caller's thread, where it is raised
        box.put((n, bug))
