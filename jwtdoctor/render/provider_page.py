"""The page that compares the providers (`docs/providers.md`), made of their data alone by `jwtdoctor causes`.

Every cell says how well founded it is and by which source; a rule that nobody published is shown as unknown, never left
out and never guessed. A new provider file is a new row, without code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import RULES, Limit, Provider, Rule
from jwtdoctor.render.words import SURENESS

MADE = "<!-- Written by `jwtdoctor causes --write docs/providers.md --providers`; edit the knowledge, not this. -->"
UNKNOWN = "?"
LETTERS = {sureness: sureness.name[0] for sureness in Sureness}
COLUMNS = ("provider", "aud", "alg", "lifetime", "skew", "claims", "kid, x5t", "jti")
LIFETIMES = {"max_ttl_s": "exp - iat", "max_exp_ahead_s": "exp - now", "max_age_s": "now - iat"}
SKEWS = {
    "early_tolerance_s": "iat, nbf ahead",
    "early_nbf_tolerance_s": "nbf ahead",
    "late_tolerance_s": "exp past",
}
LAST = ("generic",)
"""What holds where nothing else does comes last."""


def provider_page(knowledge: Knowledge) -> str:
    """The whole page as Markdown."""
    cite = _Sources()
    ordered = sorted(knowledge.providers.values(), key=lambda p: (p.slug in LAST, p.title.lower()))
    rows = [_row(provider, cite) for provider in ordered]
    marks = ", ".join(f"**{letter}** {SURENESS[sureness]}" for sureness, letter in LETTERS.items())
    return "\n".join([
        MADE, "", "# Providers", "",
        "What each authorization server wants of a JWT, as far as it is known. `--provider SLUG` names one; where none",
        "is named it is recognised from the token URL, the audience or issuer, a key file, or the words of the answer.",
        "",
        f"Behind each entry: how well founded it is ({marks}), and the number of its source.",
        f"`{UNKNOWN}` means that it is not known, not that there is none.", "",
        _line(COLUMNS), _line(["---"] * len(COLUMNS)), *rows, "",
        "Lifetime: `exp - iat` is the life that is written, `exp - now` what is left of it on the server's clock, and",
        "`now - iat` the age on arrival. Skew: how far `iat` and `nbf` may lie ahead of the server's clock, and how",
        "far `exp` may lie behind it. `jwtdoctor` signs for 180 s, or for 95 % of a lower maximum.", "",
        "## Notes", "", *_notes(ordered, cite),
        "", "## Sources", "", *cite.lines(),
    ]).rstrip() + "\n"  # fmt: skip


def rules_of(provider: Provider) -> dict[str, Any]:
    """One provider's row for programs: what is not known is null, or is not there."""
    limits = {
        name: {
            "value": limit.value,
            "sureness": limit.sureness.value,
            "sources": list(limit.sources),
            "note": limit.note,
        }
        for name, limit in provider.limits.items()
    }
    rules = {
        name: {"says": rule.says, "sureness": rule.sureness.value, "sources": list(rule.sources)}
        for name, rule in provider.rules.items()
    }
    return {
        "provider": provider.slug,
        "title": provider.title,
        "flows": list(provider.flows),
        "audiences": list(provider.audiences),
        "algorithms": list(provider.algorithms),
        "required_claims": list(provider.required_claims),
        "forbidden_claims": list(provider.forbidden_claims),
        "rules": {name: rules.get(name) for name in RULES},
        "limits": limits,
        "references": list(provider.references),
    }


def unknown_of(provider: Provider) -> tuple[str, ...]:
    """The columns in which the page shows this provider as unknown, by their first word."""
    cells = _cells(provider, _Sources())
    return tuple(column.split(",")[0] for column, cell in zip(COLUMNS[1:], cells, strict=True) if cell == UNKNOWN)


class _Sources:
    """Sources by number, in the order in which they are first cited."""

    def __init__(self) -> None:
        self._cited: dict[str, int] = {}

    def __call__(self, sources: Iterable[str], sureness: Sureness | None = None) -> str:
        numbers = [str(self._cited.setdefault(source, len(self._cited) + 1)) for source in sources]
        marks = [*([LETTERS[sureness]] if sureness else []), *numbers]
        return f" [{' '.join(marks)}]" if marks else ""

    def lines(self) -> list[str]:
        return [f"{number}. <{source}>" for source, number in self._cited.items()]


def _row(provider: Provider, cite: _Sources) -> str:
    return _line([f"{provider.title} (`{provider.slug}`)", *_cells(provider, cite)])


def _cells(provider: Provider, cite: _Sources) -> list[str]:
    """What stands in the columns after the first."""
    aud, alg, kid, jti = (_rule(provider.rules.get(name), cite) for name in RULES)
    return [
        aud,
        alg,
        _figures(provider, LIFETIMES, "at most", cite),
        _figures(provider, SKEWS, "", cite),
        _claims(provider, cite),
        kid,
        jti,
    ]


def _rule(rule: Rule | None, cite: _Sources) -> str:
    return UNKNOWN if rule is None else rule.says + cite(rule.sources, rule.sureness)


def _figures(provider: Provider, names: dict[str, str], word: str, cite: _Sources) -> str:
    said = []
    for name, what in names.items():
        limit = provider.limits.get(name)
        if limit is not None and limit.value is not None:
            said.append(f"{what} {word + ' ' if word else ''}{limit.value:.0f} s{cite(limit.sources, limit.sureness)}")
        elif limit is not None and _is_told(limit):
            said.append(f"{what}: see the notes{cite(limit.sources, limit.sureness)}")
    return "; ".join(said) or UNKNOWN


def _is_told(limit: Limit) -> bool:
    """A figure may be unknown, and yet something is: that it is a setting, that none is enforced."""
    return bool(limit.note) and not limit.note.startswith("Not published")


def _claims(provider: Provider, cite: _Sources) -> str:
    if not provider.required_claims:
        return UNKNOWN
    refused = f"; refuses {' '.join(provider.forbidden_claims)}" if provider.forbidden_claims else ""
    return f"{' '.join(provider.required_claims)}{refused}{cite(provider.references[:1])}"


def _notes(providers: list[Provider], cite: _Sources) -> Iterator[str]:
    """What the figures do not say."""
    for provider in providers:
        notes = [
            f"`{what}`: {limit.note}{cite(limit.sources, limit.sureness)}"
            for name, what in (LIFETIMES | SKEWS).items()
            if (limit := provider.limits.get(name)) is not None and _is_told(limit)
        ]
        if notes:
            yield f"- **{provider.title}**. {' '.join(notes)}"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
