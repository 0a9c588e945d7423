"""`jwtdoctor.watch`: one iat record a token request, and everything else untouched.

    session = jwtdoctor.watch(requests.Session(), log="iat.jsonl")      # this session
    with jwtdoctor.watch(log="iat.jsonl"): …                            # every session used in this block
    @jwtdoctor.watch(log="iat.jsonl")                                   # every session used in this function
    def login(): …

A block sees what is sent from its own context: its thread and the tasks and `asyncio.to_thread` calls begun in it. For
threads of another making, watch the session. Where blocks are nested, the innermost records; a session that is watched
itself records by itself.
"""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.skew import Skew
from jwtdoctor.wrappers import seams
from jwtdoctor.wrappers.again import BUDGET, THRESHOLD_S, Again
from jwtdoctor.wrappers.emit import IAT, Emitter, Log
from jwtdoctor.wrappers.iatlog import IatLog
from jwtdoctor.wrappers.sending import Watcher
from jwtdoctor.wrappers.skews import Skews

if TYPE_CHECKING:
    from requests import Session

    from jwtdoctor.assertions.signer import Signer

    AnySession = TypeVar("AnySession", bound=Session)
    AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])


class Watching:
    """A block, or a function, in which every session's token requests are recorded."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def __enter__(self) -> Self:
        seams.enter(self._watcher)
        return self

    def __exit__(self, *_: object) -> None:
        seams.leave(self._watcher)

    def __call__(self, function: AnyFunction) -> AnyFunction:
        """The function, watched. Raises BadInput for a generator, which runs in whatever context asks it on."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise BadInput("a generator cannot be watched", where="watch", do="watch the session, or what it calls")
        wrap = _watched_async if inspect.iscoroutinefunction(function) else _watched
        watched: AnyFunction = wrap(self, function)
        return watched


@overload
def watch(
    session: AnySession,
    log: str | PathLike[str] | Log | None = ...,
    skew: Skew | None = ...,
    *,
    signer: Signer | None = ...,
    retry: bool = ...,
    threshold_s: float = ...,
    retry_budget: int = ...,
    clock: Callable[[], float] = ...,
) -> AnySession: ...


@overload
def watch(
    session: None = ...,
    log: str | PathLike[str] | Log | None = ...,
    skew: Skew | None = ...,
    *,
    signer: Signer | None = ...,
    retry: bool = ...,
    threshold_s: float = ...,
    retry_budget: int = ...,
    clock: Callable[[], float] = ...,
) -> Watching: ...


def watch(
    session: Any = None,
    log: str | PathLike[str] | Log | None = None,
    skew: Skew | None = None,
    *,
    signer: Signer | None = None,
    retry: bool = False,
    threshold_s: float = THRESHOLD_S,
    retry_budget: int = BUDGET,
    clock: Callable[[], float] = time.time,
) -> Any:
    """Records each token request of `session`, which is returned; without a session, a block or decorator.

    Records go to the logger `jwtdoctor.iat` (INFO) and to `log`: a path (JSON lines, see `IatLog`), an `IatLog`, or any
    function of a record. `skew` learns from the replies of the first token host that is met; other hosts get their own.
    With `retry`, a request that was signed by `signer` (whose `skew` it then is) and refused for its time is signed
    anew with true time and sent once more where the clock proves to be more than `threshold_s` seconds off: one more
    login, at most `retry_budget` in a row that do not help. `clock` gives local epoch seconds.

    Nothing that goes wrong with the log reaches the caller. Raises BadInput for what is no session of `requests`, and
    for `retry` without a signer that has a skew.
    """
    watcher = _watcher(log, skew, signer, threshold_s, retry_budget if retry else None, clock)
    if log is None:
        _let_through()
    if session is None:
        return Watching(watcher)
    if not seams.is_session(session):
        raise BadInput("this is no session", where="watch", expected="a requests.Session, or nothing for a block")
    for one in (session, *seams.inner_sessions(session)):
        seams.attach(one, watcher)
    return session


def _watcher(
    log: str | PathLike[str] | Log | None,
    skew: Skew | None,
    signer: Signer | None,
    threshold_s: float,
    budget: int | None,
    clock: Callable[[], float],
) -> Watcher:
    own = signer.skew if signer is not None and isinstance(signer.skew, Skew) else None
    learner = skew or own
    if budget is None:
        return Watcher(Emitter(_log(log)), None if learner is None else Skews(learner), None, clock)
    if signer is None or own is None or own is not learner:
        raise BadInput(
            "a retry needs the signer, and the skew that it signs with",
            where="watch",
            expected="signer=Signer(…, skew=skew)",
        )
    return Watcher(Emitter(_log(log)), Skews(own), Again(signer, threshold_s, budget), clock)


def _log(log: str | PathLike[str] | Log | None) -> Log | None:
    if log is None or (callable(log) and not isinstance(log, (str, PathLike))):
        return log
    return IatLog(fspath(log))


def _let_through() -> None:
    """Where `logging` is the only log, its records must pass: the level of the root (WARNING) would stop them."""
    logger = logging.getLogger(IAT)
    if logger.level == logging.NOTSET and not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)


def _watched(watching: Watching, function: Any) -> Any:
    @functools.wraps(function)
    def within(*arguments: Any, **options: Any) -> Any:
        with watching:
            return function(*arguments, **options)

    return within


def _watched_async(watching: Watching, function: Any) -> Any:
    @functools.wraps(function)
    async def within(*arguments: Any, **options: Any) -> Any:
        with watching:
            return await function(*arguments, **options)

    return within
