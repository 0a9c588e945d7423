"""Name look-ups with an end.

`getaddrinfo` cannot be interrupted and minds no socket timeout (a silent resolver costs ten seconds), so it runs on a
daemon thread; a result that comes too late is dropped, and the thread never holds the process.
"""

from __future__ import annotations

import queue
import socket
import threading
from itertools import chain, zip_longest

LOOK_UP_S = 2.5
"""How long a look-up may take: more than any resolver that works needs, and short of what a silent one costs."""
Address = tuple[int, tuple[str, int]]
"""An address family, and what `socket.connect` takes: the first two parts of the socket address matter to people."""


def resolve(host: str, port: int, timeout_s: float, kind: int = socket.SOCK_STREAM) -> tuple[Address, ...]:
    """The addresses of a host, families alternating in the system's order (RFC 8305 §4).

    Raises `TimeoutError` where the resolver says nothing in `timeout_s` seconds, else `OSError` (`socket.gaierror`).
    """
    box: queue.SimpleQueue[list[Address] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, kind, box), daemon=True, name="resolver").start()
    try:
        found = box.get(timeout=max(timeout_s, 0.001))
    except queue.Empty:
        raise TimeoutError(f"the resolver did not answer in {timeout_s:.1f} s") from None
    if isinstance(found, OSError):
        raise found
    return _alternating(found)


def _look_up(host: str, port: int, kind: int, box: queue.SimpleQueue[list[Address] | OSError]) -> None:
    try:
        rows = socket.getaddrinfo(host, port, type=kind)
    except OSError as problem:
        box.put(problem)
    except (UnicodeError, ValueError):
        # The idna codec refuses empty and overlong labels before any look-up.
        box.put(socket.gaierror(socket.EAI_NONAME, "this is no host name"))
    else:
        box.put([(int(family), address) for family, _, _, _, address in rows])  # type: ignore[misc]


def _alternating(found: list[Address]) -> tuple[Address, ...]:
    unique = list(dict.fromkeys(found))
    if not unique:
        return ()
    leading = [a for a in unique if a[0] == unique[0][0]]
    others = [a for a in unique if a[0] != unique[0][0]]
    return tuple(a for a in chain.from_iterable(zip_longest(leading, others)) if a is not None)
