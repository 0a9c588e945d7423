"""What an unknown wording is about, by its own words: "Incorrect aud in client_assertion" speaks of the audience.

Of the nouns near a word of fault the nearest is meant, in the same phrase; the longest noun and the longest fault win,
so that "refresh token" is not "token", and "should be in the past" is not "in the past". A fault that ends in `>` has
its noun behind it: "lacks a scope".

Decided where the issue is silent: of a text that speaks of more than `MOST` things nothing is taken, since a long log
names everything somewhere; and a description is believed before the log around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar, get_args

from jwtdoctor.knowledge.words import About, Words, words
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Reading, Response, Usual

PLAIN_WORDS = "plain-words"
"""The id of a wording that was not known."""
K = TypeVar("K")
Side = Literal["before", "after", "either"]
NEAR = 40
"""Characters that may stand between the noun and the fault."""
MOST = 4
"""Things that one text may speak of."""
LINES = 100
"""Of the log around an answer; a longer text is no account of one refusal."""
LONGEST = 600
"""Characters of one phrase; a longer line is no sentence of a person."""
_PHRASES = re.compile(r"[\n\r\t{}|;]+|[.!?](?=\s|$)|\"\s*[,:]\s*\"|\"\s*:|(?<=\w):(?=\s*[\[{\"])")
_DENIED = re.compile(r"\b(?:not|never|isn't|wasn't|aren't|hasn't|neither|nor)\s+(?:been\s+|yet\s+)?$")
"""Before a word of fault: "the assertion is not expired" accuses nobody."""
_ORDER: tuple[Usual, ...] = get_args(Usual)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int

    def holds(self, other: _Span) -> bool:
        return self.start <= other.start and other.end <= self.end and self != other

    def is_on(self, side: Side, other: _Span) -> bool:
        return side == "either" or (self.start >= other.end if side == "after" else self.end <= other.start)

    def distance(self, other: _Span) -> int:
        """Characters between the two; negative where they overlap."""
        return max(other.start - self.end, self.start - other.end)


def spoken_of(description: str | None, free: str, flow: str | None) -> Response | None:
    """The causes that the words point at, as a wording that lists them; None where they point nowhere."""
    around = free if free.count("\n") <= LINES else ""
    for text in (description or "", around):
        found = _things(text.lower().replace("’", "'"), words(), flow)
        if found:
            return _response(found, words()) if len(found) <= MOST else None
    return None


def _things(text: str, known: Words, flow: str | None) -> list[About]:
    numbers: set[int] = set()
    for phrase in _PHRASES.split(_any_of(known.empty).sub(" ", text)):
        if 3 < len(phrase) <= LONGEST:
            numbers |= _in_phrase(phrase, known, flow)
    return [known.about[number] for number in sorted(numbers)]


def _in_phrase(phrase: str, known: Words, flow: str | None) -> set[int]:
    nouns = _longest({n: tuple(_spans(entry.nouns, phrase)) for n, entry in enumerate(known.about)})
    faults = _longest({group: tuple(_spans(said, phrase)) for group, said in known.faults.items()})
    fitting = {n: known.about[n] for n in nouns if _is_of_flow(known.about[n], flow)}
    found = {n for n, entry in fitting.items() if not entry.faults}
    for group, spans in faults.items():
        for fault in spans:
            if _DENIED.search(phrase[: fault.start]):
                continue
            concerned = {n: nouns[n] for n, entry in fitting.items() if group in entry.faults}
            found |= _meant(fault, concerned, _side(phrase[fault.start : fault.end], group, known))
    return found


def _side(fault: str, group: str, known: Words) -> Side:
    """Where the noun of a fault stands: "lacks a scope", "a scope is not allowed"; "invalid" may stand on either."""
    if fault in known.ahead[group]:
        return "after"
    return "before" if " " in fault else "either"


def _meant(fault: _Span, nouns: Mapping[int, tuple[_Span, ...]], side: Side) -> set[int]:
    """The entries of the nearest noun. Entries with the same noun are equally near."""
    if side == "before":
        return _nearest(fault, nouns, "before") or _nearest(fault, nouns, "either")
    return _nearest(fault, nouns, side)


def _nearest(fault: _Span, nouns: Mapping[int, tuple[_Span, ...]], side: Side) -> set[int]:
    near: dict[int, int] = {}
    for number, spans in nouns.items():
        distances = [noun.distance(fault) for noun in spans if noun.is_on(side, fault)]
        if distances and 0 <= min(distances) <= NEAR:
            near[number] = min(distances)
    nearest = min(near.values(), default=None)
    return {number for number, distance in near.items() if distance == nearest}


def _is_of_flow(entry: About, flow: str | None) -> bool:
    return flow is None or not entry.flows or flow in entry.flows


def _longest(found: Mapping[K, tuple[_Span, ...]]) -> dict[K, tuple[_Span, ...]]:
    """Without the spans that stand within a longer one, and without what is then empty."""
    everything = {span for spans in found.values() for span in spans}
    kept = {
        key: tuple(span for span in spans if not any(other.holds(span) for other in everything))
        for key, spans in found.items()
    }
    return {key: spans for key, spans in kept.items() if spans}


def _spans(phrases: tuple[str, ...], text: str) -> Iterator[_Span]:
    return (_Span(*hit.span()) for hit in _any_of(phrases).finditer(text))


@cache
def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")


def _response(found: Iterable[About], known: Words) -> Response:
    """The readings of all things spoken of, each cause once, as usual as the best of them has it."""
    readings: dict[str, Reading] = {}
    for entry in found:
        note = f"no known wording, but its words speak of “{entry.nouns[0]}”"
        for cause, usual in entry.causes.items():
            other = readings.get(cause)
            if other is None or _ORDER.index(usual) < _ORDER.index(other.usual):
                readings[cause] = Reading(cause, usual, Sureness.INFERRED, (known.source,), note)
    return Response(PLAIN_WORDS, "token", tuple(readings.values()), transparent=True)
