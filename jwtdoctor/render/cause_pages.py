"""The troubleshooting pages of `docs/causes`: one a cause, and an index by name and by the text that was seen.

Everything in them comes from the knowledge, so that a page is never of another opinion than a report. They are written
by `jwtdoctor causes --write`; the first line of each says so, and a page without that line is nobody's to replace.
Salesforce comes first, as it does in the tool; what other providers add stands behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.model.cause import Cause, Clue, Remedy
from jwtdoctor.model.provider import CauseAddition, Provider, Reading, Response
from jwtdoctor.render.causes import MEANS, USES, at, by_use, condition, references_of, remedies_of, told, when
from jwtdoctor.render.causes import wording as text_of
from jwtdoctor.render.words import SURENESS

MARK = "<!-- Written by `jwtdoctor causes --write"
"""How every page begins that the command once wrote, whatever the rest of its first line said then."""
MADE = MARK + " docs/causes` from the knowledge; edit that, not this. -->"
INDEX = "README.md"
FIRST = "salesforce"
MOST_NEIGHBOURS = 8
"""Other causes of the same texts that are named, the most frequent first; a text with more readings tells nothing."""
PLACES = {"token": "", "login-history": " (in the login history)", "client": " (printed by a client)"}
"""Where a text is met; of the others their name is said."""
ORDER = {"login-history": 1, "client": 2}
"""What a server answers comes first."""


def cause_pages(knowledge: Knowledge, staged: Iterable[str] = ()) -> dict[str, str]:
    """File name to Markdown: a page for every cause, and the index. `staged`: the faults of the simulator."""
    faults = frozenset(staged)
    pages = {f"{slug}.md": _page(knowledge, cause, faults) for slug, cause in sorted(knowledge.causes.items())}
    return {INDEX: _index(knowledge), **pages}


# --- one cause


class _Sources:
    """Sources by number, each with the best footing on which it was cited."""

    def __init__(self) -> None:
        self._cited: dict[str, str] = {}

    def __call__(self, sources: Iterable[str], sureness: str = "") -> str:
        for source in sources:
            self._cited[source] = self._cited.get(source) or sureness
        numbers = [str(list(self._cited).index(source) + 1) for source in sources]
        return f" [{', '.join(numbers)}]" if numbers else ""

    def lines(self) -> list[str]:
        return [
            f"{n}. <{url}>" + (f" ({word})" if word else "") for n, (url, word) in enumerate(self._cited.items(), 1)
        ]


def _page(knowledge: Knowledge, cause: Cause, faults: frozenset[str]) -> str:
    providers = _those_who_speak(knowledge, cause)
    added = knowledge.providers[FIRST].causes.get(cause.slug)
    cite = _Sources()
    parts = [
        [MADE, "", f"# {cause.slug}", "", f"**{_prose(cause.title)}.**", "", _about(cause, added), ""],
        [_prose(cause.explanation), ""],
        _section("What you see", _seen(cause, providers, cite)),
        _section("How to tell it from others", _clues(cause, providers, cite)),
        _section("Easily taken for it, or it for them", _lookalikes(knowledge, cause, providers)),
        _section("What to do", _remedies(cause, providers)),
        _section("How to make sure", _one_each(cause, providers, "confirm")),
        _section("Where an administrator sees it", _one_each(cause, providers, "shows_in")),
        _section("What guides say of it", _claims(cause, providers, cite)),
        _section("Try it", _try(cause, faults)),
    ]
    for provider in providers:
        cite(references_of(cause, provider.causes.get(cause.slug)))
    parts.append(_section("Sources", cite.lines()))
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines, ""] if lines else []


def _about(cause: Cause, added: CauseAddition | None) -> str:
    common = (added.how_common if added else "") or cause.how_common
    flows = ", ".join(f"`{flow}`" for flow in cause.flows) or "every flow"
    again = "trying again may help" if cause.retryable else "trying again does not help"
    granted = ", after a token was granted" if cause.on_granted else ""
    said = {"claimed": "Claimed by guides, contradicted by better sources"}.get(common, common.capitalize())
    return f"{said}{granted}. Flows: {flows}. {again.capitalize()}."


def _those_who_speak(knowledge: Knowledge, cause: Cause) -> list[Provider]:
    """Salesforce, what holds everywhere, then every provider with a text or words of its own for this cause."""
    named = [knowledge.providers[FIRST], knowledge.providers["generic"]]
    others = [p for slug, p in sorted(knowledge.providers.items()) if slug not in (FIRST, "generic")]
    return named + [p for p in others if cause.slug in p.causes or any(True for _ in _own_readings(cause, p))]


def _own_readings(cause: Cause, provider: Provider) -> Iterator[tuple[Response, Reading]]:
    for response in provider.responses:
        for reading in response.readings:
            if reading.cause == cause.slug:
                yield response, reading


def _seen(cause: Cause, providers: list[Provider], cite: _Sources) -> list[str]:
    """Salesforce's texts and the general ones; those of the others folded together, to be found and out of the way."""
    lines: list[str] = []
    folded: list[str] = []
    number = 0
    for provider in providers:
        readings = sorted(by_use(_own_readings(cause, provider)), key=lambda pair: ORDER.get(pair[0].where, 0))
        rows = [_text_row(*pair, cite) for pair in readings]
        told_here = ["", f"{_who(provider)}:", "", *rows] if rows else []
        if provider in providers[:2]:
            lines += told_here
        else:
            folded += told_here
            number += len(rows)
    if folded:
        texts = "text" if number == 1 else "texts"
        lines += ["", f"<details><summary>At other providers: {number} {texts}</summary>", *folded, "", "</details>"]
    return lines[1:] or ["No text of its own: nothing that a server says names it."]


def _who(provider: Provider) -> str:
    return "At any provider" if provider.slug == "generic" else f"At {_prose(provider.title)}"


def _text_row(response: Response, reading: Reading, cite: _Sources) -> str:
    flows = ", ".join(reading.flows or response.flows)
    means = f"{MEANS[reading.usual]}, {SURENESS[reading.sureness]}" + (f"; {flows}" if flows else "")
    note = f" {_prose(reading.note)}" if reading.note else ""
    cited = cite(reading.sources, SURENESS[reading.sureness])
    where = PLACES.get(response.where, f" (at {response.where})")
    return f"- {_code(text_of(response))}{where}: {means}.{note}{cited}"


def _clues(cause: Cause, providers: list[Provider], cite: _Sources) -> list[str]:
    lines: list[str] = []
    for speaks, title in (("for", "Speaks for it:"), ("against", "Speaks against it:")):
        rows = [_clue_row(clue, None, cite) for clue in cause.clues if clue.speaks == speaks]
        for provider in providers:
            own = provider.causes.get(cause.slug)
            rows += [_clue_row(clue, provider, cite) for clue in (own.clues if own else ()) if clue.speaks == speaks]
        reason = cause.no_clue_for if speaks == "for" else cause.no_clue_against
        rows += [f"- nothing besides the text: {_prose(reason)}"] if reason and not rows else []
        lines += ["", title, "", *rows] if rows else []
    return lines[1:] + _dropped(cause, providers)


def _clue_row(clue: Clue, provider: Provider | None, cite: _Sources) -> str:
    flows = f"; {', '.join(clue.flows)} only" if clue.flows else ""
    where = f"; {provider.title}" if provider is not None else ""
    cited = cite(clue.sources, SURENESS[clue.sureness])
    head = f"- {_condition(clue)} ({clue.weight}, {SURENESS[clue.sureness]}{flows}{where})"
    return f"{head}: {_prose(clue.because)}{cited}"


def _condition(clue: Clue) -> str:
    """`clock.ahead_s` below -180; what was typed by somebody is code."""
    said = condition(clue).removeprefix(clue.fact)
    return f"`{clue.fact}`{said}" if isinstance(clue.operand, (bool, int, float)) else _code(clue.fact + said)


def _dropped(cause: Cause, providers: list[Provider]) -> list[str]:
    lines = []
    for provider in providers:
        own = provider.causes.get(cause.slug)
        if own is not None and own.without:
            facts = ", ".join(f"`{fact}`" for fact in own.without)
            lines.append(f"{_who(provider)}, the general clues about {facts} do not hold.")
    return ["", *lines] if lines else []


def _lookalikes(knowledge: Knowledge, cause: Cause, providers: list[Provider]) -> list[str]:
    """The cause's own lookalikes, then who shares its texts: how many of them, and what would tell them apart."""
    rows = []
    for example in cause.lookalikes:
        leads_to = f" That is [{example.leads_to}]({example.leads_to}.md)." if example.leads_to else ""
        rows.append(f"- {_sentence(example.name)}{leads_to}")
    shared = _sharing(cause, providers)
    if shared:
        links = ", ".join(f"[{slug}]({slug}.md)" for slug in shared[:MOST_NEIGHBOURS] if slug in knowledge.causes)
        more = f" and {len(shared) - MOST_NEIGHBOURS} more" if len(shared) > MOST_NEIGHBOURS else ""
        rows.append(f"- The same words are used for {links}{more}. The clues above tell them apart.")
    return rows


def _sharing(cause: Cause, providers: list[Provider]) -> list[str]:
    """Causes that are read out of the same texts of a server in the same flows, the most usual first.

    Texts too vague for that are left out.
    """
    best: dict[str, int] = {}
    for provider in providers[:2]:
        for response, mine in _own_readings(cause, provider):
            if response.transparent or response.where == "client" or len(response.readings) > MOST_NEIGHBOURS:
                continue
            for other in response.readings:
                if _meet(other.flows or response.flows, mine.flows or response.flows or cause.flows):
                    rank = USES.index(other.usual)
                    best[other.cause] = min(best.get(other.cause, rank), rank)
    best.pop(cause.slug, None)
    return sorted(best, key=lambda slug: (best[slug], slug))


def _meet(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether two lists of flows have one in common; an empty one is all flows."""
    return not some or not others or bool(set(some) & set(others))


def _remedies(cause: Cause, providers: list[Provider]) -> list[str]:
    """Salesforce's steps or the general ones; then those of each provider that has its own."""
    first = providers[0]
    lines = _steps(remedies_of(cause, first.causes.get(cause.slug)))
    for provider in providers[1:]:
        own = provider.causes.get(cause.slug)
        if own is not None and own.remedy:
            lines += ["", f"{_who(provider)}:", "", *_steps(own.remedy)]
    general = [remedy for remedy in cause.remedy if remedy.fact is None]
    own_first = first.causes.get(cause.slug)
    if general and own_first is not None and any(remedy.fact is None for remedy in own_first.remedy):
        lines = [f"{_who(first)}:", "", *lines, "", "Elsewhere:", "", *_steps(general)]
    return lines


def _steps(remedies: Iterable[Remedy]) -> list[str]:
    lines = []
    for number, remedy in enumerate(remedies, 1):
        condition_ = f"Where `{when(remedy)}`: " if remedy.fact is not None else ""
        where = " · ".join(part for part in (_setup(remedy.where), f"<{remedy.url}>" if remedy.url else "") if part)
        lines.append(f"{number}. {condition_}{_prose(told(remedy))}" + (f" ({where})" if where else ""))
        if remedy.command:
            pad = " " * (len(str(number)) + 2)
            lines += ["", f"{pad}```sh", *(f"{pad}{line}" for line in remedy.command.splitlines()), f"{pad}```", ""]
    return lines[:-1] if lines and not lines[-1] else lines


def _setup(where: str | None) -> str:
    return f"*{_prose(where)}*" if where else ""


def _one_each(cause: Cause, providers: list[Provider], name: str) -> list[str]:
    """What holds in general, and what each provider says in its place."""
    general = str(getattr(cause, name))
    said = [(provider, str(getattr(provider.causes[cause.slug], name))) for provider in providers
            if cause.slug in provider.causes]  # fmt: skip
    own = [(provider, words) for provider, words in said if words]
    lines = [f"{_who(provider)}: {_prose(words)}" for provider, words in own]
    if general:
        lines.append(f"Elsewhere: {_prose(general)}" if lines else _prose(general))
    return [part for line in lines for part in (line, "")][:-1]


def _claims(cause: Cause, providers: list[Provider], cite: _Sources) -> list[str]:
    rows = []
    for provider in providers:
        for claim in provider.claims:
            if cause.slug in claim.causes:
                cited = cite(claim.sources)
                said = f"“{_prose(claim.claim.rstrip('.'))}.” {claim.verdict.capitalize()}: {_prose(claim.because)}"
                rows.append(f"- {said}{cited}")
    return rows


def _try(cause: Cause, faults: frozenset[str]) -> list[str]:
    if cause.slug not in faults:
        return []
    return ["```sh", f"jwtdoctor check --simulate {cause.slug}", "```"]


# --- the index

HOW_TO_READ = (
    "## How to read a page",
    "",
    "- *means only this*, *usually*, *often*, *sometimes*, *rarely*: how usual that reading of a text is.",
    "- *decisive*, *strong*, *moderate*, *slight*: how much a clue separates this cause from the others.",
    "- *documented* by the vendor, said by *maintainers*, an *accepted answer*, *field reports*, *inferred* by us from"
    " the source that is named: how well a statement is founded.",
    "- A name such as `clock.ahead_s` is a fact; `--fact NAME=VALUE` tells it to `check` and `explain`.",
    "- Text between slashes is searched as a regular expression.",
)


def _index(knowledge: Knowledge) -> str:
    lines = [
        MADE, "", "# Causes", "",
        f"The {len(knowledge.causes)} reasons for a refused, or useless, token that jwtdoctor knows. `jwtdoctor causes"
        " SLUG` tells the same on a terminal, `jwtdoctor check --simulate SLUG` stages one.", "",
        "- [By the text you see](#by-the-text-you-see)",
        "- [By name](#by-name)",
        "- [How to read a page](#how-to-read-a-page)", "",
        "## By the text you see", "",
        "What Salesforce answers, and what it usually means; the rest of its meanings stand on the pages. A text alone"
        " seldom proves a cause: that is what the clues are for.", "",
        "| text | usually |", "| --- | --- |", *_texts(knowledge), "",
        "## By name", "",
        "| cause | what it is | how common |", "| --- | --- | --- |",
    ]  # fmt: skip
    salesforce = knowledge.providers[FIRST]
    for slug, cause in sorted(knowledge.causes.items()):
        added = salesforce.causes.get(slug)
        common = (added.how_common if added else "") or cause.how_common
        lines.append(f"| [{slug}]({slug}.md) | {_cell(_prose(cause.title))} | {common} |")
    lines += ["", *HOW_TO_READ]
    return "\n".join(lines) + "\n"


def _texts(knowledge: Knowledge) -> list[str]:
    """Salesforce's texts in alphabetical order, each with its most usual readings."""
    rows: dict[str, str] = {}
    for response in knowledge.providers[FIRST].responses:
        if response.where in ("client", "login-history") or not (response.error or response.description):
            continue
        best = min(USES.index(reading.usual) for reading in response.readings)
        usual = [reading.cause for reading in response.readings if USES.index(reading.usual) == best]
        links = ", ".join(f"[{slug}]({slug}.md)" for slug in usual[:4])
        text = " ".join(part for part in (response.error or "", _quoted(response.description)) if part)
        flows = f" ({', '.join(response.flows)})" if response.flows else ""
        rows.setdefault(f"{_cell(_code(text))}{at(response)}{flows}", links)
    return [f"| {text} | {links} |" for text, links in sorted(rows.items(), key=lambda row: row[0].lower())]


def _quoted(text: str | None) -> str:
    return f'"{text}"' if text else ""


# --- words


def _prose(text: str) -> str:
    """A text of the knowledge as Markdown: what stands between backticks is code, nothing else is markup."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_\[\]<])", r"\\\1", part) for part in parts)


def _code(text: str) -> str:
    """As code, with as many backticks around it as its own need (CommonMark §6.1)."""
    folded = " ".join(text.split())
    longest = max((len(run) for run in re.findall("`+", folded)), default=0)
    fence, pad = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{pad}{folded}{pad}{fence}"


def _cell(text: str) -> str:
    """In a table, where a bar would end the cell even within code."""
    return text.replace("|", "\\|")


def _sentence(text: str) -> str:
    said = _prose(text).rstrip(".")
    return said[:1].upper() + said[1:] + "."
