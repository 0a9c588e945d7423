"""`jwtdoctor tui`: one deferred import. The interface never sees this package."""

from __future__ import annotations

import sys

import click

from jwtdoctor.cli.common import Common, common_options
from jwtdoctor.errors import BadInput


@click.command("tui", short_help="All of it, interactively.")
@click.argument("profile", required=False)
@common_options("text")
def command(common: Common, profile: str | None) -> int:
    """The terminal interface: pick a profile or a staged fault, run, read the verdict. ctrl+q quits."""
    if not _is_terminal():
        raise BadInput("needs a terminal for both input and output", where="tui", do="use jwtdoctor check or explain")
    from jwtdoctor.tui.app import run

    return run(profile or common.profile, colour=common.streams.colour)


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
