"""Where `requests` is touched: a watched session hands token requests, and only these, to an adapter of ours.

Adapters stay who they are. google-auth asks `type(adapter) is HTTPAdapter`, mounts others later and replaces the
whole `adapters` of a session, so neither a mounted wrapper nor a subclass of it would go unnoticed. Instead two
methods are put on the session itself: `send` says "this one, here, now" in a context variable, and `get_adapter` then
gives the adapter within a `WatchedAdapter`, for that one call. Every hop of a redirect comes through `send` by itself.

A third, `__reduce_ex__`, keeps a pickled or copied session watched. All three refer back to the session, so a session
that is dropped without `close()` waits for the garbage collector.

Without a session (`with watch():`) the same two methods are put on `requests.Session` while any block is open, and
pass everything on that is not sent from within a block's own context.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

from jwtdoctor.wrappers.calls import may_be_token_request
from jwtdoctor.wrappers.sending import Watcher


@dataclass(frozen=True, slots=True)
class _Armed:
    """The token request that is being sent just now in this context."""

    session: Any
    request: Any
    watcher: Watcher


_armed: ContextVar[_Armed | None] = ContextVar("jwtdoctor.armed", default=None)
_blocks: ContextVar[tuple[Watcher, ...]] = ContextVar("jwtdoctor.blocks", default=())


class WatchedAdapter:
    """An adapter for one send; in everything but `send` it is the adapter that it holds."""

    def __init__(self, adapter: Any, watcher: Watcher) -> None:
        self._adapter = adapter
        self._watcher = watcher

    def send(self, request: Any, *arguments: Any, **options: Any) -> Any:
        return self._watcher.send(self._adapter, self, request, arguments, options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)


# --- one session


@dataclass(frozen=True, slots=True, eq=False)
class _Send:
    session: Any
    bare: Callable[..., Any]
    watcher: Watcher

    def __call__(self, request: Any, **options: Any) -> Any:
        return _send(self.session, self.bare, self.watcher, request, options)


@dataclass(frozen=True, slots=True, eq=False)
class _GetAdapter:
    session: Any
    bare: Callable[..., Any]

    def __call__(self, url: Any) -> Any:
        return _adapter_for(self.session, url, self.bare(url))


@dataclass(frozen=True, slots=True, eq=False)
class _Reduce:
    session: Any
    bare: Callable[..., Any]
    watcher: Watcher

    def __call__(self, protocol: Any) -> Any:
        reduced = self.bare(protocol)
        if not isinstance(reduced, tuple):
            return reduced
        make, arguments, *rest = reduced
        if rest and isinstance(rest[0], dict):  # a subclass may pickle all that it holds
            rest[0] = {name: value for name, value in rest[0].items() if not isinstance(value, _OURS)}
        return (_make_watched, (self.watcher, make, arguments), *rest)


def _make_watched(watcher: Watcher, make: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """A session out of a pickle, or a copy, before its state is set."""
    session = make(*arguments)
    attach(session, watcher)
    return session


_OURS = (_Send, _GetAdapter, _Reduce)


def attach(session: Any, watcher: Watcher) -> None:
    """Watches a session; a second time replaces the first."""
    session.send = _Send(session, _bare(session, "send"), watcher)
    session.get_adapter = _GetAdapter(session, _bare(session, "get_adapter"))
    session.__reduce_ex__ = _Reduce(session, _bare(session, "__reduce_ex__"), watcher)


def is_session(thing: Any) -> bool:
    """Whether it is a session of `requests`, whatever its class."""
    if isinstance(thing, type):
        return False
    return all(callable(getattr(thing, name, None)) for name in ("send", "get_adapter", "mount"))


def inner_sessions(session: Any) -> list[Any]:
    """Sessions that a session keeps to itself: google-auth's AuthorizedSession asks for tokens through its own."""
    held = [v for value in list(vars(session).values()) for v in (value, getattr(value, "session", None))]
    found = {id(one): one for one in held if one is not session and is_session(one)}
    return list(found.values())


def _bare(session: Any, name: str) -> Any:
    method = getattr(session, name)
    return method.bare if isinstance(method, _OURS) else method


# --- every session, within a block


def enter(watcher: Watcher) -> None:
    """From here on in this context, every session's token requests are seen by `watcher`."""
    _patch.add()
    _blocks.set((*_blocks.get(), watcher))


def leave(watcher: Watcher) -> None:
    """Ends the innermost block of `watcher` in this context."""
    blocks = list(_blocks.get())
    if watcher in blocks:
        del blocks[len(blocks) - 1 - blocks[::-1].index(watcher)]
    _blocks.set(tuple(blocks))
    _patch.remove()


class _Patch:
    """`send` and `get_adapter` of `requests.Session`, ours while any block is open anywhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._bare: dict[str, Any] = {}
        self._ours: dict[str, Any] = {}

    def add(self) -> None:
        from requests import Session

        with self._lock:
            self._users += 1
            if self._users == 1 and not self._is_ours(Session):
                self._put_on(Session)

    def remove(self) -> None:
        from requests import Session

        with self._lock:
            self._users -= 1
            # Somebody else may have put theirs over ours meanwhile: then ours stay, and pass everything on.
            if self._users == 0 and self._is_ours(Session):
                for name, method in self._bare.items():
                    setattr(Session, name, method)
                self._ours = {}

    def _is_ours(self, cls: Any) -> bool:
        return bool(self._ours) and all(cls.__dict__.get(name) is method for name, method in self._ours.items())

    def _put_on(self, cls: Any) -> None:
        bare_send, bare_get = cls.__dict__["send"], cls.__dict__["get_adapter"]

        def send(self: Any, request: Any, **options: Any) -> Any:
            return _send_in_block(self, partial(bare_send, self), request, options)

        def get_adapter(self: Any, url: Any) -> Any:
            return _adapter_for(self, url, bare_get(self, url))

        self._bare = {"send": bare_send, "get_adapter": bare_get}
        self._ours = {"send": send, "get_adapter": get_adapter}
        for name, method in self._ours.items():
            setattr(cls, name, method)


_patch = _Patch()


def _send_in_block(session: Any, bare: Callable[..., Any], request: Any, options: dict[str, Any]) -> Any:
    blocks, armed = _blocks.get(), _armed.get()
    if not blocks or (armed is not None and armed.request is request):
        return bare(request, **options)  # nobody looks, or the session's own watch does
    return _send(session, bare, blocks[-1], request, options)


# --- both


def _send(session: Any, bare: Callable[..., Any], watcher: Watcher, request: Any, options: dict[str, Any]) -> Any:
    if not may_be_token_request(request):
        return bare(request, **options)
    before = _armed.set(_Armed(session, request, watcher))
    try:
        return bare(request, **options)
    finally:
        _armed.reset(before)


def _adapter_for(session: Any, url: Any, adapter: Any) -> Any:
    armed = _armed.get()
    if armed is None or armed.session is not session or armed.request.url != url:
        return adapter
    return adapter if isinstance(adapter, WatchedAdapter) else WatchedAdapter(adapter, armed.watcher)
