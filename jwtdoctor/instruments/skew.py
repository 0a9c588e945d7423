"""A running correction for one token host, learnt from the `Date` of its replies. Standard library only.

It is meant for programs that sign: it costs no request of its own, and corrects towards the clock that judges the
assertion. The offset is the midpoint of the round trip minus `Date`, so it is right to about a second.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from math import isfinite
from typing import Any

MAX_ROUND_TRIP_S = 60.0
"""Above this a reply says too little about when it was made."""


class Skew:
    """How far the local clock is fast against one token host. Safe to share between threads.

    Refusals teach as well as grants: the newest reply that teaches replaces the offset, since clocks get stepped.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead_s = 0.0
        self._learnt = False

    @property
    def ahead_s(self) -> float:
        """Seconds, positive when the local clock is fast; 0.0 until a reply taught something."""
        with self._lock:
            return self._ahead_s

    @property
    def learnt(self) -> bool:
        """Whether any reply taught something yet."""
        with self._lock:
            return self._learnt

    def record(self, sent_at: float, received_at: float, headers: Mapping[str, str]) -> None:
        """Learns from one reply. Times are local epoch seconds around the round trip.

        A reply with `Age` (a cache answered, RFC 9111 §5.1), without a readable `Date`, or with a round trip that is
        negative or above 60 s teaches nothing.
        """
        ahead_s = _ahead_of(sent_at, received_at, headers)
        if ahead_s is not None:
            with self._lock:
                self._ahead_s, self._learnt = ahead_s, True

    def correct(self, now: float) -> float:
        """The time to sign with: `now` on the local clock, as the token host would read it."""
        return now - self.ahead_s

    def __getstate__(self) -> dict[str, Any]:
        """A copy in another process begins with what was learnt here, and learns on by itself."""
        with self._lock:
            return {"_ahead_s": self._ahead_s, "_learnt": self._learnt}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._lock = threading.Lock()


def _ahead_of(sent_at: float, received_at: float, headers: Mapping[str, str]) -> float | None:
    from jwtdoctor.instruments.date import epoch_of

    lower = {str(name).lower(): value for name, value in headers.items()}
    round_trip_s = received_at - sent_at
    if "age" in lower or not isfinite(round_trip_s) or not 0 <= round_trip_s <= MAX_ROUND_TRIP_S:
        return None
    served_at = epoch_of(lower.get("date"))
    return None if served_at is None else sent_at + round_trip_s / 2 - served_at
