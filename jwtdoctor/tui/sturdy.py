"""What keeps the session when something of ours breaks: the message is dropped, the rest goes on, and it is said.

Textual ends the application at the first exception of a handler, with a traceback that prints every local variable,
secrets included. Here the handler alone fails: its place in the code goes into the log, and a redacted case is offered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.message import Message
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from jwtdoctor.tui.app import JwtDoctorApp


class Sturdy(MessagePump):
    """Mixed into the application and its screens."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as bug:  # noqa: BLE001 - the one place where a crash of ours becomes a line on the screen
            cast("JwtDoctorApp", self.app).broke(bug)


def place_of(bug: BaseException) -> str:
    """`module:line` of the innermost frame: no message and no value, which might hold a secret."""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def as_line(bug: BaseException) -> str:
    """A crash of ours in one line."""
    return f"this is a bug in jwtdoctor: {type(bug).__name__} at {place_of(bug)}"
