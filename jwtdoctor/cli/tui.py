"""`jwtdoctor tui`: one deferred import. The interface never sees this package.

`--serve` starts this very command for each page, with a driver of Textual's that speaks through pipes; then there is
no terminal to ask for, and what NO_COLOR says is all that is known of colour.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from importlib.util import find_spec

import click

from jwtdoctor.cli.common import Common, common_options, emit, narrate
from jwtdoctor.errors import BadInput

ANY_PORT = "127.0.0.1:0"


@click.command("tui", short_help="All of it, interactively.")
@click.argument("profile", required=False)
@click.option(
    "--serve",
    is_flag=False,
    flag_value=ANY_PORT,
    metavar="[HOST:PORT]",
    help="In a browser of this machine; needs jwtdoctor[serve].",
)
@common_options("text")
def command(common: Common, profile: str | None, serve: str | None) -> int:
    """The terminal interface: pick a profile or a staged fault, run, read the verdict. ctrl+q quits."""
    profile = profile or common.profile
    if serve is not None:
        return _serve(common, profile, *_address(serve))
    is_page = _is_page()
    if not is_page and not _is_terminal():
        raise BadInput("needs a terminal for both input and output", where="tui", do="use jwtdoctor check or explain")
    from jwtdoctor.tui.app import run

    if is_page:
        from jwtdoctor.tui.orphan import end_with_parent

        end_with_parent()
    return run(profile, colour=is_page or common.streams.colour)


def _is_page() -> bool:
    return os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _serve(common: Common, profile: str | None, host: str, port: int) -> int:
    if find_spec("textual_serve") is None:
        raise BadInput(
            "needs textual-serve, which is not installed",
            where="--serve",
            do="install it with: pip install 'jwtdoctor[serve]' (or: pip install textual-serve)",
        )
    from jwtdoctor.tui.served import serve
    from jwtdoctor.tui.subjects import catalogue

    catalogue(profile)  # what cannot be used is refused here, and not on each page
    arguments = ["tui", *(["--profile", profile] if profile else [])]
    serve(arguments, host, port, _said(common), colour=not _without_colour())
    return 0


def _said(common: Common) -> Callable[[str], None]:
    def say(url: str) -> None:
        emit(common, url, secret=True)
        narrate(common, "open that address in a browser of this machine; whoever has it is you. ctrl+c ends it")

    return say


def _without_colour() -> bool:
    """stdout is no terminal for a page, so only what was asked for counts."""
    context = click.get_current_context(silent=True)
    asked = context is not None and bool(context.params.get("no_color"))
    return asked or bool(os.environ.get("NO_COLOR"))


def _address(text: str) -> tuple[str, int]:
    """`HOST:PORT`, `[::1]:PORT` or a port alone."""
    found = re.fullmatch(r"(?:(?:\[([0-9A-Fa-f:]{2,45})\]|([A-Za-z0-9.-]{1,253})):)?(\d{1,5})", text)
    if found is None or int(found[3]) > 65535:
        raise BadInput(
            "is no address", where="--serve", expected="HOST:PORT", do="name the profile first: tui PROFILE --serve"
        )
    host = found[1] or found[2] or "127.0.0.1"
    return ("127.0.0.1" if host == "localhost" else host), int(found[3])
