"""What rows of logs mean, column by column: one pure function, fit for any engine that hands over columns.

`causes_of` takes what a log says of each request (a LOGIN_STATUS code, a LoginHistory Status, or an OAuth error with
its description) and gives the cause of each row by the wordings of the knowledge. It holds no state but a cache, so a
pandas, Dask or Spark user calls it on partitions (docs/logs.md); `jwtdoctor logs` joins it to its own table.

Where a wording has several readings, the most usual one is given, and none where several are equally usual: a bare
`invalid_grant` names no cause. `readings_of` gives all of them in that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from jwtdoctor.errors import UnknownName
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.provider import Reading
from jwtdoctor.reasoning.responses import Match, Texts, login_history, match

GRANTED = "granted"
_GOOD = frozenset({"success", "login_no_error", "granted", "200"})
_ORDER = ("sole", "usual", "often", "sometimes", "rarely", "claimed")
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,60}\Z")
_MOST = 1_000
"""Characters of a text that are looked at."""
_NO_REPLY = {
    "dns": "dns-failed",
    "refused": "network-blocked",
    "connect-timeout": "network-blocked",
    "unreachable": "network-blocked",
    "reset": "network-blocked",
    "tls-trust": "tls-trust-failed",
    "tls-version": "tls-version-too-old",
    "proxy": "proxy-refused",
}
"""Layers of an iat record that got no reply, where the layer itself is the cause."""


def causes_of(
    said: Iterable[object],
    description: Iterable[object] | None = None,
    flow: Iterable[object] | None = None,
    *,
    provider: str = "salesforce",
) -> list[str | None]:
    """The cause of each row: its slug, `granted` for a success, None where the words are empty, unknown or a tie.

    `said` holds LOGIN_STATUS codes, LoginHistory texts or OAuth `error`s; `description` the `error_description`s and
    `flow` the flows (`jwt-bearer` …) beside them, where the log has them: some words mean another thing in another
    flow. What is no text (None, NaN) counts as empty. Raises UnknownName for a provider that does not exist, and
    ValueError for columns of unequal length.
    """
    if provider not in load().providers:
        raise UnknownName("no provider of that name")
    rows = _rows(said, description, flow)
    return [_cause(_text(one), _text(more), _text(of), provider) for one, more, of in rows]


def _rows(
    said: Iterable[object], description: Iterable[object] | None, flow: Iterable[object] | None
) -> Iterator[tuple[object, object, object]]:
    said = list(said)
    blank = [""] * len(said)
    return zip(said, blank if description is None else description, blank if flow is None else flow, strict=True)


@lru_cache(maxsize=20_000)
def readings_of(
    said: str, description: str = "", flow: str = "", *, provider: str = "salesforce"
) -> tuple[Reading, ...]:
    """What these words have been seen to mean, the most usual first; empty for a success and for unknown words."""
    found = _match(said[:_MOST], description[:_MOST], flow or None, provider)
    if found is None:
        return ()
    fitting: dict[str, Reading] = {}
    for one in sorted(found.response.readings, key=lambda one: _ORDER.index(one.usual)):
        if one.usual != "claimed" and (not flow or not one.flows or flow in one.flows):
            fitting.setdefault(one.cause, one)
    return tuple(fitting.values())


def leading(readings: Sequence[Reading]) -> str | None:
    """The cause that these readings name; None where there is none, or the most usual one has its equals."""
    if not readings or (len(readings) > 1 and readings[0].usual == readings[1].usual):
        return None
    return readings[0].cause


def layer_cause(layer: str) -> str | None:
    """The cause that the layer of a failure without a reply names by itself; None where it does not."""
    return _NO_REPLY.get(layer)


def is_success(said: str) -> bool:
    """Whether a Status or LOGIN_STATUS says that the login worked."""
    return said.strip().lower() in _GOOD


@lru_cache(maxsize=20_000)
def _cause(said: str, description: str, flow: str, provider: str) -> str | None:
    if is_success(said):
        return GRANTED
    if not said and not description:
        return None
    readings = readings_of(said, description, flow, provider=provider)
    return leading(readings) if readings else layer_cause(said)


def _match(said: str, description: str, flow: str | None, provider: str) -> Match | None:
    """An OAuth error is compared with the endpoint's wordings first, everything else with Login History's."""
    if is_success(said):
        return None
    knowledge = load()
    own, generic = knowledge.providers[provider], knowledge.providers["generic"]
    is_code = bool(description) or (bool(_CODE.match(said)) and not said.startswith("LOGIN_"))
    texts = Texts(error=said or None, description=description or None, free=description or said)
    found = match(texts, own, generic, flow, "token").refusal if is_code else None
    return found or login_history(own, said) or (None if is_code else _as_description(said, flow, provider))


def _as_description(said: str, flow: str | None, provider: str) -> Match | None:
    """A line of a log that is neither: the words alone."""
    knowledge = load()
    texts = Texts(description=said, free=said)
    return match(texts, knowledge.providers[provider], knowledge.providers["generic"], flow, "token").refusal


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
