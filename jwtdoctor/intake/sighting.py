"""What one reader saw in the input, before it becomes a case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from jwtdoctor.intake.bounds import shortened
from jwtdoctor.intake.redact import clean, clean_body
from jwtdoctor.intake.request_facts import SeenRequest
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.exchange import MAX_BODY, Reply
from jwtdoctor.model.facts import Value

MAX_TEXT = 6_000
"""Characters of a log that a case keeps: what speaks of errors, from the end."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A reply, a request, a text, facts: each as far as it was there. Nothing in it is redacted yet but `text`."""

    reply: Reply | None = None
    request: SeenRequest | None = None
    text: str | None = None
    facts: tuple[Observation, ...] = ()
    flow: str | None = None
    provider: str | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        return self.reply is None and self.request is None and self.text is None and not self.facts

    def noting(self, *warnings: str) -> Sighting:
        return replace(self, warnings=(*self.warnings, *warnings))


def fact(name: str, value: Value, source: str = "input") -> Observation:
    """An observation whose text is cleaned and bounded."""
    return Observation(name, shortened(clean(value), MAX_TEXT) if isinstance(value, str) else value, source)


def safe_reply(reply: Reply) -> Reply:
    """The reply without secrets in its body and headers, for everything that comes after the intake."""
    body = clean_body(reply.body[:MAX_BODY])
    headers = {clean(name): clean(f"{name}: {value}").partition(": ")[2] for name, value in reply.headers.items()}
    return replace(reply, body=body, headers=headers)


def earlier(errors: Iterable[str]) -> tuple[str, ...]:
    """The warning about other errors in the same input; empty where there were none."""
    others = list(dict.fromkeys(shortened(clean(one).replace("\n", " "), 90) for one in errors))
    if not others:
        return ()
    shown = "; ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    return (f"other errors in the input were left aside: {shown}",)
