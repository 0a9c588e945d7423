"""The closed vocabulary of facts: name, type, unit, witness, meaning, and how to ask for it.

Names are dotted, with the unit in the name (`_s` seconds, `_min` minutes). One sign for clocks everywhere:
**positive `…ahead_s` means that the local clock is fast against what is named**; true now is local time minus
`clock.ahead_s`. (`host.ahead_s` alone is about the token host: positive means that the host is fast.)

A **witness** is the event that a fact testifies to. One clock offset seen by NTP and by `Date` is one witness,
and so are the token error and its row in Login History: two sightings of one event are counted once.

Facts with `derived=True` are computed by `reasoning/derive.py` from the others. They are never saved in a
case file. A clue that wishes for an `and` or for arithmetic is a missing derived fact: add it here and there.
"""

from __future__ import annotations

from dataclasses import replace

from jwtdoctor.model.fact import Fact, Kind, Value, fits
from jwtdoctor.model.vocabulary import (
    app,
    assertion,
    clock,
    history,
    key,
    org,
    path,
    proof,
    reply,
    request,
    token,
    user,
)

__all__ = ["OBSERVABLE", "VOCABULARY", "Fact", "Kind", "Value", "fits"]

SUBJECTS = (clock, assertion, key, request, proof, reply, path, app, user, org, history, token)

VOCABULARY: dict[str, Fact] = {one.name: one for subject in SUBJECTS for one in subject.OBSERVED} | {
    one.name: replace(one, derived=True) for subject in SUBJECTS for one in subject.DERIVED
}

OBSERVABLE: tuple[str, ...] = tuple(name for name, one in VOCABULARY.items() if not one.derived)
"""The facts that a case file may hold."""
