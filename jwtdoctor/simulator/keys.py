"""Throwaway key pairs by role, made when first asked for and kept for the life of the process.

An RSA key takes about 100 ms to make, and a scenario needs one or two; tests stage hundreds. The certificates are valid
from a fixed day on, so that no clock is read here and every simulated moment finds them as their role says.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from jwtdoctor.assertions.pairs import Pair

Role = Literal["client", "other", "expired", "server"]
"""`client`: the pair of the client · `other`: one that the client does not hold · `expired`: one whose certificate has
ended · `server`: the listener's own TLS certificate, which nobody trusts."""

_MADE_AT = 1_735_689_600.0
"""2025-01-01T00:00:00Z."""
_ENDED_AT = 1_577_836_800.0
"""2020-01-01T00:00:00Z."""


@cache
def pair(role: Role) -> Pair:
    """The pair of that role: made at the first call, the same one afterwards."""
    from jwtdoctor.assertions.pairs import new_pair

    name = f"jwtdoctor simulator, {role}"
    if role == "expired":
        return new_pair(days=365, common_name=name, now=_ENDED_AT - 365 * 86_400)
    return new_pair(days=36_500, common_name=name, now=_MADE_AT)
