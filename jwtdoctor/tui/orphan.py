"""The process behind a page ends with the server that started it, also where that was killed and could not say so."""

from __future__ import annotations

import os
import signal
import time
from threading import Thread

LOOK_S = 1.0
LEAVE_S = 3.0


def end_with_parent() -> None:
    """Watches the parent on a thread of its own. (On Windows the number of a parent that is gone stays: no watch.)"""
    Thread(target=_watch, args=(os.getppid(),), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LEAVE_S)
    os._exit(1)
