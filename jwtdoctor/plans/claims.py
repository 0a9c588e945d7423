"""`docs/claims.md`: every claim and every row of the two guides, its verdict, its source, and what the tool does.

The page is made of the knowledge, `knowledge/guides.toml` and the claims of the providers; to renew it:

    python tests/plans/test_plans_claims.py
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.knowledge.planning import source_urls
from jwtdoctor.model.provider import Claim

VERDICTS = ("confirmed", "contradicted", "unverifiable")
_KEYS = {"guide", "asks", "claim", "verdict", "because", "sources", "does"}


@dataclass(frozen=True, slots=True)
class GuideRow:
    """One row of a guide, in our words."""

    guide: str
    asks: str
    claim: str
    verdict: str
    because: str
    sources: tuple[str, ...]
    does: str


@dataclass(frozen=True, slots=True)
class Guides:
    """Both guides. `about`: text of a provider's claim -> what the tool does about it."""

    titles: Mapping[str, str]
    rows: tuple[GuideRow, ...]
    about: Mapping[str, str]


@cache
def guides() -> Guides:
    """The guides of this package. Raises BadKnowledge where the file contradicts its form: a bug."""
    table = tomllib.loads((files("jwtdoctor.knowledge") / "guides.toml").read_text(encoding="utf-8"))
    rows = tuple(_row(row) for row in table["row"])
    return Guides(table["guides"], rows, {row["claim"]: row["does"] for row in table["about"]})


def claims_page(known: Guides, knowledge: Knowledge) -> str:
    """The whole page as Markdown."""
    lines = [
        "# What guides say, and what is true",
        "",
        "Two practitioner guides about Salesforce connected apps, row by row in our words, and what else circulates,",
        "each with the verdict of the better evidence and what the tool does about it. Made of",
        "`jwtdoctor/knowledge/guides.toml` and the claims in the providers' files.",
        "",
    ]
    for number, title in known.titles.items():
        lines += [f"## {title}", ""]
        for row in (row for row in known.rows if row.guide == number):
            lines += _section(f"{row.asks}.", row.claim, row.verdict, row.because, row.sources, row.does)
    for slug, provider in knowledge.providers.items():
        if provider.claims:
            lines += [f"## Claims about {provider.title}", ""]
            for claim in provider.claims:
                does = _does(claim, known.about, slug)
                lines += _section("", claim.claim, claim.verdict, claim.because, claim.sources, does)
    return "\n".join(lines)


def _section(asks: str, claim: str, verdict: str, because: str, sources: Iterable[str], does: str) -> Iterator[str]:
    yield f"**{asks}** {claim}" if asks else f"**{claim}**"
    yield ""
    yield f"- {verdict}: {because}"
    yield f"- the tool: {does}"
    yield "- sources: " + ", ".join(f"<{source}>" for source in sources)
    yield ""


def _does(claim: Claim, about: Mapping[str, str], provider: str) -> str:
    """What is said of it, else that it stands beside the diagnosis of its causes."""
    causes = ", ".join(f"[`{slug}`](causes/{slug}.md)" for slug in claim.causes)
    shown = f"shown beside the diagnosis where one of {causes} is thought of (`explain`, `check`; {provider})"
    return f"{about[claim.claim]} Also {shown}." if claim.claim in about else f"{shown}."


def _row(table: Mapping[str, Any]) -> GuideRow:
    if set(table) != _KEYS:
        raise BadKnowledge(f"guides, {table.get('asks')}: keys are {', '.join(sorted(_KEYS))}")
    if table["verdict"] not in VERDICTS:
        raise BadKnowledge(f"guides, {table['asks']}: no verdict is called {table['verdict']!r}")
    rest = {key: table[key] for key in _KEYS - {"sources"}}
    return GuideRow(**rest, sources=source_urls(table["sources"]))
