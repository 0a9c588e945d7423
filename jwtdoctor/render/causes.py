"""What is known of a cause at one provider, gathered from where it stands, and the words for its parts.

`jwtdoctor causes` and the pages of `docs/causes` tell it in their own forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.cause import Cause, Clue, Remedy
from jwtdoctor.model.provider import CauseAddition, Provider, Reading, Response

OPERATORS: Mapping[str, str] = {
    "is": "is",
    "one_of": "is one of",
    "above": "above",
    "below": "below",
    "matches": "matches",
}
USES = ("sole", "usual", "often", "sometimes", "rarely", "claimed")
MEANS = {
    "sole": "means only this",
    "usual": "usually means this",
    "often": "often means this",
    "sometimes": "sometimes means this",
    "rarely": "rarely means this",
    "claimed": "is claimed to mean this",
}


def readings_of(slug: str, provider: Provider, knowledge: Knowledge) -> Iterator[tuple[Response, Reading]]:
    """Every wording that has been seen to mean this cause, the provider's and the general ones."""
    general = knowledge.providers["generic"].responses if provider.slug != "generic" else ()
    for response in (*provider.responses, *general):
        for reading in response.readings:
            if reading.cause == slug:
                yield response, reading


def by_use(readings: Iterable[tuple[Response, Reading]]) -> list[tuple[Response, Reading]]:
    """The most usual reading first."""
    return sorted(readings, key=lambda pair: USES.index(pair[1].usual))


def clues_of(cause: Cause, added: CauseAddition | None) -> list[Clue]:
    """General clues that hold here, then the provider's own."""
    if added is None:
        return list(cause.clues)
    return [clue for clue in cause.clues if clue.fact not in added.without] + list(added.clues)


def remedies_of(cause: Cause, added: CauseAddition | None) -> tuple[Remedy, ...]:
    """Those for one observation first, as a report shows them; then the provider's, or else the general ones."""
    own = () if added is None else added.remedy
    special = [remedy for remedy in (*own, *cause.remedy) if remedy.fact is not None]
    usual = [r for r in own if r.fact is None] or [r for r in cause.remedy if r.fact is None]
    return (*special, *usual)


def references_of(cause: Cause, added: CauseAddition | None) -> list[str]:
    own = () if added is None else added.references
    return list(dict.fromkeys((*own, *cause.references)))


def about(cause: Cause, added: CauseAddition | None) -> str:
    """`common; jwt-bearer; a retry does not help`."""
    common = (added.how_common if added else "") or cause.how_common
    flows = ", ".join(cause.flows) or "every flow"
    again = "a retry may help" if cause.retryable else "a retry does not help"
    return f"{common}; {flows}; {again}" + ("; after a token was granted" if cause.on_granted else "")


def condition(clue: Clue) -> str:
    """`clock.ahead_s below -180`."""
    operand = ", ".join(clue.operand) if isinstance(clue.operand, tuple) else _value(clue.operand)
    return f"{clue.fact} {OPERATORS[clue.operator]} {operand}"


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def wording(response: Response) -> str:
    """`400 invalid_grant "audience is invalid"`."""
    status = "/".join(str(s) for s in response.statuses)
    said = [status, response.error or "", f'"{response.description}"' if response.description else ""]
    if response.pattern and not response.description:
        said.append(_shape(response.pattern))
    return " ".join(part for part in said if part)


def at(response: Response) -> str:
    """Where a wording is met, if not at the token endpoint."""
    return "" if response.where == "token" else f" (at {response.where})"


def _shape(pattern: str) -> str:
    """A regular expression as far as a person would read one; JSON has the whole."""
    return f"/{pattern}/" if len(pattern) <= 60 else f"/{pattern[:56]}…/"


def told(remedy: Remedy) -> str:
    """The words of a remedy without the places for what was observed."""
    return re.sub(r"\{[^{}|]*\|([^{}]*)\}", r"\1", remedy.do).replace(" (no details)", "")


def when(remedy: Remedy) -> str:
    """The observation that a remedy is for."""
    operand = remedy.operand
    words = " or ".join(operand) if isinstance(operand, tuple) else str(operand).lower()
    return f"{remedy.fact}: {words}"
