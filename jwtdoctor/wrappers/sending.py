"""One request through somebody else's adapter: timed, recorded, learnt from, and handed on as it came.

The reply's error stands in its body, and the body belongs to the caller: it is not read here, but looked at while the
caller reads it. For that, the response is of a class of ours until the body ends, in which `iter_content` listens
(`requests` reads every body through it); then it is what it was. Unless it was streamed, that is before the caller gets
it. (A method on the response itself would do no good: bound to it, it would be a cycle, and an unread connection would
not be given back when it is dropped.) What is streamed and never read is recorded when the response is
closed or dropped, at the latest when the interpreter ends. A streamed grant is recorded at once: it has no error.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from jwtdoctor.model.exchange import Reply
from jwtdoctor.wrappers.again import Again
from jwtdoctor.wrappers.calls import TokenCall, call_of
from jwtdoctor.wrappers.context import correlation_id
from jwtdoctor.wrappers.emit import Emitter, note
from jwtdoctor.wrappers.records import Circumstances, answer_of, answered, unanswered
from jwtdoctor.wrappers.skews import Skews

MAX_LOOK = 65_536
"""Bytes of a body that are looked at; an error is far shorter."""


class Watcher:
    """What `watch` was told: where records go, whose clocks are learnt, whether a retry is allowed."""

    def __init__(
        self,
        emit: Emitter,
        skews: Skews | None = None,
        again: Again | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.emit = emit
        self.skews = skews
        self.again = again
        self.clock = clock

    def send(self, adapter: Any, seat: Any, request: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """`adapter.send(request, …)`. `seat` is what a response is told to have come from, in place of `adapter`."""
        call = _quietly(lambda: call_of(request))
        if call is None:
            return adapter.send(request, *arguments, **options)
        stream = bool(arguments[0] if arguments else options.get("stream", False))
        before_s = self._ahead_s(call)
        response = self._exchange(adapter, seat, request, arguments, options, call, stream)
        again = self._once_more(call, request, response, stream, before_s)
        if again is None:
            return response
        return self._retried(adapter, seat, again, arguments, options, stream) or response

    def _exchange(
        self, adapter: Any, seat: Any, request: Any, arguments: tuple[Any, ...], options: dict[str, Any],
        call: TokenCall, stream: bool, retry: bool = False,
    ) -> Any:  # fmt: skip
        around = Circumstances(self.clock(), correlation_id.get(), retry)
        try:
            response = adapter.send(request, *arguments, **options)
        except BaseException as problem:
            failed, ended_at = problem, self.clock()
            _quietly(lambda: self.emit(unanswered(call, around, failed, ended_at)))
            raise
        received_at = self.clock()
        _quietly(lambda: self._took(call, around, response, received_at, stream))
        _quietly(lambda: _seat(response, adapter, seat))
        return response

    def _took(self, call: TokenCall, around: Circumstances, response: Any, received_at: float, stream: bool) -> None:
        answer = answer_of(
            int(response.status_code), dict(response.headers), around.sent_at, received_at, _exchanges(response)
        )
        if self.skews is not None and answer.ahead_s is not None:
            self.skews.of(call.host).record(around.sent_at, received_at, answer.headers)
        if stream and answer.status < 400:
            self.emit(answered(call, around, answer, ""))
            return
        look_on(response, lambda body: self.emit(answered(call, around, answer, body)))

    # --- once more, with true time

    def _ahead_s(self, call: TokenCall) -> float:
        return 0.0 if self.skews is None or self.again is None else self.skews.of(call.host).ahead_s

    def _once_more(self, call: TokenCall, request: Any, response: Any, stream: bool, before_s: float) -> Any | None:
        """The request to send in place of the refused one, if any. Reading its body may raise, as for the caller."""
        again, skews = self.again, self.skews
        if again is None or skews is None or skews.of(call.host) is not again.signer.skew:
            return None
        moved_s = skews.of(call.host).ahead_s - before_s
        if not again.is_worth_reading(call, response.status_code, moved_s) or not _is_short(response, stream):
            return None
        body = response.content.decode("utf-8", "replace")
        reply = Reply(response.status_code, dict(response.headers), body)
        made = _quietly(lambda: again.request(call, request, reply))
        if made is not None:
            note(
                "%s refused, and this clock is %+.0f s off what it was signed with (positive: fast); "
                "signed anew with true time and sent once more",
                call.endpoint,
                moved_s,
            )
        return made

    def _retried(
        self, adapter: Any, seat: Any, again: Any, arguments: tuple[Any, ...], options: dict[str, Any], stream: bool
    ) -> Any | None:
        """The second reply; None where none came, so that the first one stands."""
        call = _quietly(lambda: call_of(again))
        if call is None or self.again is None:
            return None
        try:
            response = self._exchange(adapter, seat, again, arguments, options, call, stream, retry=True)
        except Exception:  # noqa: BLE001 - the caller's own request was answered: with the refusal
            return None
        if response.status_code < 400:
            self.again.helped()
        return response

    def __deepcopy__(self, memo: dict[int, Any]) -> Watcher:
        """A copied session writes to the same log, and learns into the same `Skew`."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle takes along: never a key, and no function that cannot be named there."""
        return {"emit": Emitter(_picklable(self.emit.log)), "skews": self.skews, "again": None, "clock": time.time}


def look_on(response: Any, ended: Callable[[str], None]) -> None:
    """Calls `ended` once with what was read of the body: when it ends, is closed, is dropped, or the process ends."""
    own: Any = type(response)
    look = _Look(own, bytearray())

    def end() -> None:
        _quietly(lambda: ended(look.kept.decode("utf-8", "replace")))

    look.finish = weakref.finalize(response, end)
    response.__dict__[_LOOK] = look
    response.__class__ = _looked(own)


_LOOK = "_jwtdoctor_look"


class _Look:
    """What was read so far, and what is to happen at its end. It must not refer to the response."""

    __slots__ = ("cls", "finish", "kept")

    def __init__(self, cls: type[Any], kept: bytearray) -> None:
        self.cls = cls
        self.kept = kept
        self.finish: Callable[[], object] = bool


@cache
def _looked(cls: Any) -> Any:
    """The response's class for as long as its body is unread."""

    def iter_content(self: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        chunks = cls.iter_content(self, *arguments, **options)
        look = self.__dict__.get(_LOOK)
        return chunks if look is None else _looking(self, chunks, look)

    def close(self: Any) -> None:
        _pristine(self)
        cls.close(self)

    def reduce(self: Any, protocol: Any) -> Any:
        _ = self.content  # as `Response.__getstate__` does; with it the class is itself again
        _pristine(self)
        return self.__reduce_ex__(protocol)

    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    methods = {"__slots__": (), "iter_content": iter_content, "close": close, "__reduce_ex__": reduce}
    return type(cls.__name__, (cls,), {**names, **methods})


def _looking(response: Any, chunks: Iterator[Any], look: _Look) -> Iterator[Any]:
    try:
        for chunk in chunks:
            if len(look.kept) < MAX_LOOK:
                look.kept += (chunk.encode("utf-8", "replace") if isinstance(chunk, str) else chunk)[:MAX_LOOK]
            yield chunk
    finally:
        _pristine(response)


def _pristine(response: Any) -> None:
    """Ends the look: the record is written, and the response is what it was."""
    look = response.__dict__.pop(_LOOK, None)
    if look is not None:
        response.__class__ = look.cls
        look.finish()


def _seat(response: Any, adapter: Any, seat: Any) -> None:
    """Handlers of NTLM, Kerberos and Digest send again through `response.connection`: that is a request too."""
    if getattr(response, "connection", None) is adapter:
        response.connection = seat


def _exchanges(response: Any) -> int:
    history = getattr(getattr(getattr(response, "raw", None), "retries", None), "history", None)
    return 1 + len(history or ())


def _is_short(response: Any, stream: bool) -> bool:
    """Whether the body may be read before the caller does. A streamed one must say its length."""
    try:
        return int(response.headers.get("Content-Length", "" if stream else "0")) <= MAX_LOOK
    except ValueError:
        return False


def _picklable(log: Any) -> Any:
    import pickle

    try:
        pickle.dumps(log)
    except Exception:  # noqa: BLE001 - objects raise what they like; `logging` remains
        return None
    return log


def _quietly(do: Callable[[], Any]) -> Any:
    """What it returns; None where it failed. Whatever goes wrong in watching must not reach who is watched."""
    try:
        return do()
    except Exception as problem:  # noqa: BLE001 - the caller's request is worth more than our record of it
        note("watching a token request failed (%s); the request itself did not", type(problem).__name__)
        return None
