"""Where records go: to `logging`, and to the log that was given. Nothing that goes wrong here reaches the caller.

The LogRecord is made without `extra` and then given the keys one by one: `Logger.makeRecord` raises KeyError where a
record factory of the application has set one of them already (`request_id` is a usual one), and theirs then stays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from jwtdoctor.wrappers.records import Record

IAT = "jwtdoctor.iat"
"""The logger that every record goes to, at INFO."""
OURS = "jwtdoctor"
"""The logger for what the user should know about the watching itself."""

Log = Callable[[Record], object]


class Emitter:
    """Hands out each record once, and complains once about a log that cannot be written, until it can be again."""

    def __init__(self, log: Log | None) -> None:
        self.log = log
        self._lost = 0

    def __call__(self, record: Record) -> None:
        try:
            _to_logging(record)
        except Exception:  # noqa: BLE001 - a handler of the application failed; the request did not
            note("a logging handler failed on a record of %s", IAT)
        if self.log is not None:
            self._to_log(self.log, record)

    def _to_log(self, log: Log, record: Record) -> None:
        try:
            log(record)
        except Exception as problem:  # noqa: BLE001 - full, unwritable, or anybody's own function
            self._lost += 1
            if self._lost == 1:
                note("the iat log cannot be written (%s): its records are lost until it can be", _why(problem))
        else:
            if self._lost:
                note("the iat log is written again; %d records were lost", self._lost)
            self._lost = 0


def note(message: str, *arguments: object) -> None:
    """A line for the user on the logger `jwtdoctor`. Never raises."""
    with suppress(Exception):  # there is nobody left to tell
        logging.getLogger(OURS).warning(message, *arguments)


def _to_logging(record: Record) -> None:
    logger = logging.getLogger(IAT)
    if not logger.isEnabledFor(logging.INFO):
        return
    words = ("token request to %s: %s", (record["endpoint"], _outcome(record)))
    made = logger.makeRecord(logger.name, logging.INFO, __file__, 0, *words, None, func="watch")
    for key, value in record.items():
        made.__dict__.setdefault(key, value)
    logger.handle(made)


def _outcome(record: Record) -> str:
    status, error = record["status"], record["error"]
    if status is None:
        return f"no reply ({error})"
    return f"{status} {error}" if error else str(status)


def _why(problem: Exception) -> str:
    strerror = getattr(problem, "strerror", None)
    return strerror if isinstance(strerror, str) else type(problem).__name__
