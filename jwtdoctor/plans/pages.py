"""`docs/hardening.md`: what is right for each flow and kind of client, beside each other.

The page is made of the content of `plan hardening`, so that it says what the plan says; to renew it:

    python tests/plans/test_plans_pages.py
"""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.knowledge.planning import plan_content
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.plan import Sighting
from jwtdoctor.plans.evidence import CONFIDENTIAL, seen_of
from jwtdoctor.plans.judge import line_of

FLOWS = ("jwt-bearer", "client-credentials", "authorization-code", "refresh-token", "saml-bearer", "token-exchange",
         "device", "user-agent", "password")  # fmt: skip
HEAD = """# What is right for each flow

Made of what `jwtdoctor plan hardening` says of each flow and kind of client, before anything is observed. For an app
of yours the plan says which of it holds, and what that rests on:

    jwtdoctor plan hardening acme --from audit.json --from lint.json
"""


def hardening_page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for flow in FLOWS:
        clients = ("confidential",) if flow in CONFIDENTIAL else ("public", "confidential")
        for client in clients if flow not in ("user-agent", "device") else ("public",):
            parts += [f"## {flow}, {client} client", "", "| what | right | sureness |", "| --- | --- | --- |"]
            parts += [*_rows(flow, client), ""]
    return "\n".join(parts)


def _rows(flow: str, client: str) -> Iterator[str]:
    """A row a line; a line that turns on nothing but the flow says what it says."""
    choices = [Sighting("flow", flow, "asked for"), Sighting("client", client, "asked for")]
    seen = seen_of({"user": [Observation("reply.error", "invalid_grant", "user")]}, (), choices)
    for row in plan_content("hardening").rows:
        line = line_of(row, seen)
        if line is None or (line.mark == "open" and not row.right):
            continue
        what = f"{row.section}: {row.name}"
        said = row.right or f"{line.text} {f'Do: {line.do}' if line.do else ''}".strip()
        yield f"| {what} | {said[0].upper()}{said[1:]} | [{row.sureness.value}]({row.sources[0]}) |"
