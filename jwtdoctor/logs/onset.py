"""When refusals began, and whether they ended: the stretch of time that the counts set apart most clearly. Pure.

The logs are cut into buckets of equal length, each with its requests and its refusals. Of all stretches of buckets the
one is taken in which refusals are more frequent than outside and which the two shares tell apart best: the logarithm of
the likelihood of two shares (within, without) against one. That finds a beginning in logs that always had some
refusals, as any year of logs has, where "the first refusal" says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

MOST_BUCKETS = 240
CLEAR = 6.0
"""Logarithm of the likelihood ratio from which on a stretch is told: some four hundred to one."""
MUCH = 2.0
"""How many times as frequent refusals must be within."""
FEWEST = 3
"""Refusals without which nothing began."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Buckets from `first` to `last`, both included; refusals and requests within, and all."""

    first: int
    last: int
    refused: int
    asked: int
    share_within: float
    share_without: float


def stretch(asked: Sequence[int], refused: Sequence[int]) -> Stretch | None:
    """The stretch of buckets in which refusals are set apart; None where nothing is clearly set apart."""
    all_asked, all_refused = sum(asked), sum(refused)
    if all_refused < FEWEST or all_refused == all_asked:
        return None
    best, best_gain = None, CLEAR
    for first in range(len(asked)):
        if not refused[first]:
            continue
        n = bad = 0
        for last in range(first, len(asked)):
            n, bad = n + asked[last], bad + refused[last]
            if not refused[last]:
                continue
            gain = _gain(bad, n, all_refused - bad, all_asked - n)
            if gain > best_gain and bad >= FEWEST:
                best, best_gain = (first, last, bad, n), gain
    if best is None:
        return None
    first, last = _widened(asked, refused, best[0], best[1])
    bad, n = sum(refused[first : last + 1]), sum(asked[first : last + 1])
    return Stretch(first, last, bad, n, bad / n, (all_refused - bad) / max(1, all_asked - n))


def _widened(asked: Sequence[int], refused: Sequence[int], first: int, last: int) -> tuple[int, int]:
    """The stretch with the buckets in which it began and ended, of which only a part was within.

    Such a bucket has refusals, and far more of them than is usual outside.
    """
    n, bad = sum(asked) - sum(asked[first : last + 1]), sum(refused) - sum(refused[first : last + 1])

    def belongs(place: int) -> bool:
        if not 0 <= place < len(asked) or not refused[place]:
            return False
        elsewhere, without = n - asked[place], bad - refused[place]
        return elsewhere > 0 and refused[place] / asked[place] > 3 * without / elsewhere

    return first - belongs(first - 1), last + belongs(last + 1)


def _gain(bad: int, n: int, bad_without: int, n_without: int) -> float:
    """How much better two shares explain the counts than one; 0 where refusals are not more frequent within."""
    if n_without <= 0 or bad / n < MUCH * bad_without / n_without:
        return 0.0
    whole = _likelihood(bad + bad_without, n + n_without)
    return _likelihood(bad, n) + _likelihood(bad_without, n_without) - whole


def _likelihood(bad: int, n: int) -> float:
    good = n - bad
    return (bad * log(bad / n) if bad else 0.0) + (good * log(good / n) if good else 0.0)
