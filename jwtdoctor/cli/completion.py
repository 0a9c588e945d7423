"""Which values the shell completes: names of providers, flows, faults and causes. (`--format` is a choice to click.)

Each function is given to an option or argument as its `shell_complete`. They import when asked, and what lists names
alone, so that pressing tab costs no more than a start; only the faults of another provider than Salesforce need its
service set up, since they are those that hold there. What cannot be listed is offered as nothing: a half-typed line is
no place for an error.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from jwtdoctor.errors import BadInput
from jwtdoctor.model.names import FLOWS

SALESFORCE = "salesforce"


def providers(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Every provider that is known, Salesforce first."""
    from jwtdoctor.knowledge.load import load

    return _begun(load().provider_names, incomplete)


def flows(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Every flow by its own name."""
    return _begun(FLOWS, incomplete)


def causes(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """Every cause by its slug."""
    from jwtdoctor.knowledge.load import load

    return _begun(load().causes, incomplete)


def staged_faults(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The faults of the simulator, at the provider that was typed before."""
    return _begun(_names_at(ctx.params.get("provider") or SALESFORCE), incomplete)


def signing_faults(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The deliberate faults of an assertion that is signed."""
    from jwtdoctor.assertions.faults import FAULTS

    return _begun(FAULTS, incomplete)


def _names_at(provider: str) -> list[str]:
    if provider == SALESFORCE:
        from jwtdoctor.simulator.faults import LISTED

        return [fault.name for fault in LISTED]
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.simulator.providers.staged import staged

    known = load().providers
    try:
        return [fault.name for fault in staged(known[provider])] if provider in known else []
    except BadInput:  # a provider that takes no JWT
        return []


def _begun(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
