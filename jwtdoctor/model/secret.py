"""A secret never prints itself: redaction is in the type, so that no renderer has to remember it."""

from __future__ import annotations

from typing import NoReturn

REDACTED = "[redacted]"


class Secret:
    """Text that must not reach any output: a key, a password, a token, an assertion.

    `str()`, `repr()` and `format()` give `[redacted]`; `reveal()` is the only way in, so every use can be
    found by searching for it. A secret cannot be pickled, since a pickle would hold it in clear.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself. Callers hand it to a wire or a signer and keep it nowhere."""
        return self._value

    def __str__(self) -> str:
        return REDACTED

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    def __format__(self, spec: str) -> str:
        return format(REDACTED, spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")
