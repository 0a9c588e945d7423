"""One `Skew` a token host: what a session learns of the clocks that judge its assertions."""

from __future__ import annotations

import threading
from typing import Any

from jwtdoctor.instruments.skew import Skew


class Skews:
    """The `Skew` of each host. The one that was given belongs to the first host that is asked about.

    A session may ask several token hosts, and one `Skew` is one host: a second host's clock must not replace what was
    learnt of the first.
    """

    def __init__(self, given: Skew | None) -> None:
        self._given = given
        self._by_host: dict[str, Skew] = {}
        self._lock = threading.Lock()

    def of(self, host: str) -> Skew:
        with self._lock:
            if host not in self._by_host:
                self._by_host[host] = self._given or Skew()
                self._given = None
            return self._by_host[host]

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {"_given": self._given, "_by_host": dict(self._by_host)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()
