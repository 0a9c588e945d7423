"""The caller's own correlation id, carried by the context (a thread, a task) and not by any argument."""

from __future__ import annotations

from contextvars import ContextVar

correlation_id: ContextVar[str | None] = ContextVar("jwtdoctor.correlation_id", default=None)
"""Set it, and the records of this context carry it as `correlation_id`, beside the server's own `request_id`."""
