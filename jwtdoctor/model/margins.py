"""How much room an assertion has on the clock that judges it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jwtdoctor.model.names import Sureness

Direction = Literal["slow", "fast"]


@dataclass(frozen=True, slots=True)
class Edge:
    """What breaks an assertion if the local clock goes further in one direction.

    `room_s`: seconds of further drift until then; negative: already beyond. `rule` is the claim, or the name of the
    provider's limit that decides (`max_age_s` …).
    """

    direction: Direction
    room_s: float
    rule: str
    because: str
    sureness: Sureness
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Margins:
    """An assertion against the judging clock, at one moment.

    `left_s`: seconds for which it stays acceptable on that clock; negative: it is over. `tolerated_s`: how much longer
    the server is known to take it all the same, 0 where nothing is known. `bound_s`: how far all of this may be off.
    """

    left_s: float
    tolerated_s: float
    tolerance_sureness: Sureness | None
    slow: Edge
    fast: Edge | None
    """None: no rule is known that a fast clock would break."""
    fast_note: str
    """What is known about fast clocks where `fast` is None."""
    judged_by: Literal["date", "ntp", "nothing"]
    """Whether the token host's own clock was seen; else true time stands for it; else the local clock does."""
    bound_s: float = 0.0
