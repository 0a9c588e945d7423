"""A Salesforce-like token endpoint: a pure judge, the state that it judges by, and a loopback server around it.

policy     what the simulated org, app and users are set to
wire       a request as the judge reads it, and how a reply is written
refusals   every text that it can answer with, and how sure that text is
sealed     codes and tokens that carry their own state, so that the judge needs no memory
judge      (request, policy, now) -> reply
world      a scenario: client, policy, clocks and network
faults     every fault by name: a change of client or policy state, never a name that the judge reads
server     loopback sockets around all that
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jwtdoctor.simulator.live import SimulatedCheck, simulated_check

__all__ = ["SimulatedCheck", "simulated_check"]


def __getattr__(name: str) -> object:
    """`simulated_check`, resolved when asked for, so that the names of faults do not load the sockets."""
    if name in __all__:
        from jwtdoctor.simulator import live

        return getattr(live, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
