"""`jwtdoctor pkce`: a verifier with its challenge, and whether two belong together (RFC 7636).

`pkce new` prints the verifier, since that is what it is for. `pkce check` takes it by reference only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jwtdoctor.cli.common import (
    REF,
    REFUSED,
    Common,
    Group,
    common_options,
    emit,
    emit_document,
    report_document,
    to_json,
)
from jwtdoctor.cli.findings import code_of, finding_lines

if TYPE_CHECKING:
    from jwtdoctor.assertions.pkce import PkceCheck


@click.group("pkce", cls=Group, short_help="Make or check a PKCE verifier and challenge.")
def command() -> None:
    """Makes a PKCE verifier and its challenge, or checks whether two belong together."""


@command.command("new", short_help="Make a verifier and its challenge.")
@click.option("--length", type=int, default=64, show_default=True, help="Characters of the verifier, 43 to 128.")
@common_options("text", "json")
def new(common: Common, length: int) -> int:
    """Prints a fresh code_verifier and its S256 code_challenge."""
    from jwtdoctor.assertions import pkce

    pair = pkce.new(length)
    named = {
        "code_verifier": pair.verifier.reveal(),
        "code_challenge": pair.challenge,
        "code_challenge_method": pair.method,
    }
    if common.format == "json":
        emit(common, to_json(report_document("pkce new", pkce=named)), secret=True)
    else:
        emit(common, "\n".join(f"{name}={value}" for name, value in named.items()), secret=True)
    return 0


@command.command("check", short_help="Whether verifier and challenge belong together.")
@click.option("--verifier", type=REF, metavar="REF", required=True, help="The code_verifier.")
@click.option("--challenge", metavar="TEXT", required=True, help="The code_challenge that was sent.")
@click.option("--method", type=click.Choice(["S256", "plain"]), default="S256", show_default=True)
@common_options("text", "json")
def check(common: Common, verifier: str, challenge: str, method: str) -> int:
    """Says whether a verifier and a challenge belong together, and names the slip if not."""
    from jwtdoctor.assertions import pkce
    from jwtdoctor.config.secrets import resolve

    secret = resolve(verifier, what="--verifier")
    seen = pkce.check(secret, challenge, "plain" if method == "plain" else "S256")
    if common.format == "json":
        emit_document(common, _document(seen))
    else:
        emit(common, "\n".join(_lines(common, seen)))
    return code_of(seen.findings) if seen.matches else REFUSED


def _lines(common: Common, seen: PkceCheck) -> list[str]:
    ok, bad = ("+", "x") if common.streams.ascii else ("✓", "✗")
    verdict = f"{ok} they belong together" if seen.matches else f"{bad} they do NOT belong together"
    return [f"{verdict}; the verifier has {seen.length} characters", *finding_lines(common, seen.findings)]


def _document(seen: PkceCheck) -> dict[str, object]:
    from jwtdoctor.render.document import finding_document

    return report_document(
        "pkce check",
        findings=[finding_document(finding) for finding in seen.findings],
        pkce={"matches": seen.matches, "verifier_length": seen.length},
    )
