"""Which remedies a verdict shows, with what was observed put into their words. Pure.

A remedy may be for one observation alone (the proxy answered 407, the certificate is over); such ones name the layer
that failed and stand first. The general ones follow, the provider's in place of those that hold anywhere.

Observed values go into sentences only, cleaned and bounded. Into a command, which someone will paste into a shell, goes
nothing but the token host, only where it is a plain host name, and its port where that is not the usual one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from jwtdoctor.intake.redact import clean
from jwtdoctor.model.cause import Remedy
from jwtdoctor.model.chart import Chart
from jwtdoctor.reasoning.operators import meets

_SLOT = re.compile(r"\{([a-z_]+\.[a-z0-9_]+)\|([^{}]*)\}")
_PLAIN_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
LONGEST = 120
NOTHING_SEEN = " (no details)"
"""What an aside in parentheses comes to where nothing was observed; it is left out."""


def fitted(own: Iterable[Remedy], general: Iterable[Remedy], chart: Chart) -> tuple[Remedy, ...]:
    """The remedies of a cause: those for what this chart holds, then the provider's `own`, or else the `general`."""
    own, general = tuple(own), tuple(general)
    special = [r for r in (*own, *general) if r.fact is not None and _is_met(r, chart)]
    usual = [r for r in own if r.fact is None] or [r for r in general if r.fact is None]
    return tuple(dict.fromkeys(_filled(remedy, chart) for remedy in (*special, *usual)))


def _is_met(remedy: Remedy, chart: Chart) -> bool:
    value = None if remedy.fact is None else chart.value(remedy.fact)
    if value is None or remedy.operator is None or remedy.operand is None:
        return False
    return meets(value, remedy.operator, remedy.operand)


def _filled(remedy: Remedy, chart: Chart) -> Remedy:
    do = _SLOT.sub(lambda slot: _said(chart, slot[1]) or slot[2], remedy.do).replace(NOTHING_SEEN, "")
    command = None if remedy.command is None else _addressed(remedy.command, chart)
    return replace(remedy, do=do, command=command, fact=None, operator=None, operand=None)


def _addressed(command: str, chart: Chart) -> str:
    """A command with the host in it, and with the port where the URL writes an unusual one."""
    host, port = chart.text("request.token_host") or "", chart.number("request.token_port")
    if not _PLAIN_HOST.fullmatch(host):
        return command
    if port is not None and port not in (80, 443) and 0 < port < 65_536:
        command = re.sub(r"(?<=https://)HOST\b|\bHOST:443\b", f"HOST:{port:.0f}", command)
    return re.sub(r"\bHOST\b", host, command)


def _said(chart: Chart, fact: str) -> str:
    """An observed value in a sentence; empty where there is none."""
    value = chart.value(fact)
    words = ", ".join(_words(value)) if value is not None else ""
    folded = " ".join(clean(words).split())
    return folded if len(folded) <= LONGEST else folded[: LONGEST - 1] + "…"


def _words(value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        yield from (str(item) for item in value[:6])
    elif isinstance(value, float):
        yield f"{value:g}"
    elif not isinstance(value, bool):
        yield str(value)
