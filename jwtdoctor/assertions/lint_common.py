"""What every lint rule reads, and how a value is quoted in a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jwtdoctor.assertions.decode import Decoded, is_milliseconds, seconds
from jwtdoctor.model.assertion import Severity
from jwtdoctor.model.provider import Provider

SALESFORCE = "salesforce"


@dataclass(frozen=True, slots=True)
class Under:
    """What the rules read: the assertion, the provider, and true now as far as it is known (epoch seconds)."""

    decoded: Decoded
    provider: Provider
    now: float | None

    @property
    def header(self) -> Mapping[str, Any]:
        return self.decoded.header

    @property
    def claims(self) -> Mapping[str, Any]:
        return self.decoded.claims

    @property
    def is_salesforce(self) -> bool:
        return self.provider.slug == SALESFORCE

    @property
    def tolerated(self) -> Severity:
        """How bad that is which Salesforce takes and the RFCs do not."""
        return "note" if self.is_salesforce else "error"

    def time(self, name: str) -> float | None:
        """A time claim in seconds. None for milliseconds too.

        Those have a finding of their own, and whoever takes them reads a year far ahead: the Salesforce CLI signs
        so, and its exp would be 0.3 s away if milliseconds were meant.
        """
        value = self.claims.get(name)
        return None if is_milliseconds(value) else seconds(value)


def quoted(value: object) -> str:
    """A value in quotes, cut short."""
    return f'"{str(value)[:40]}"'
