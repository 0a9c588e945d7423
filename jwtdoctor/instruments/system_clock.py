"""The clock of this machine, right or wrong. In a module of its own, since every instrument reads it by default."""

from __future__ import annotations

import time


class SystemClock:
    """The local clock as programs on this machine see it."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def __repr__(self) -> str:
        return "SystemClock()"
