"""What a rule is: one small function whose docstring is its documentation, with examples that the tests run.

    @rule("error", "documented", "ca", leads_to=("user-not-preauthorized",), remedy="…")
    def preauthorised_nobody(repository: Repository) -> Iterator[Problem]:
        \"\"\"Pre-authorised, and nobody is.            <- the title

        Why it matters.                               <- the explanation

        Bad:
            connectedApps/Sync.connectedApp           <- a file
            <ConnectedApp>…</ConnectedApp>            <- and what it holds
        Good:
            …
        \"\"\"

The rule's id is the function's name with `-` for `_`. `docs/lint.md` and `lint --explain` are made of this and of
nothing else.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jwtdoctor.knowledge.metadata import metadata
from jwtdoctor.lint.apps import Place
from jwtdoctor.lint.repository import Repository
from jwtdoctor.model.assertion import Severity
from jwtdoctor.model.names import Sureness

Check = Callable[[Repository], Iterator["Problem"]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What a rule complains of. `remedy` and `severity` replace those of the rule, where given."""

    message: str
    at: Place
    remedy: str = ""
    severity: Severity | None = None
    about: str = ""
    """What tells this problem from others of its rule in the same file, whatever the line: for the baseline."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its documentation."""

    id: str
    severity: Severity
    sureness: Sureness
    sources: tuple[str, ...]
    leads_to: tuple[str, ...]
    """Causes of a refused token that it can explain."""
    remedy: str
    check: Check
    doc: str

    @property
    def title(self) -> str:
        return self.doc.splitlines()[0].rstrip(".")

    @property
    def explanation(self) -> str:
        return _parts(self.doc)[0]

    @property
    def bad(self) -> str:
        return _parts(self.doc)[1]

    @property
    def good(self) -> str:
        return _parts(self.doc)[2]

    @property
    def subject(self) -> str:
        """The heading that it stands under in a list: its module's name in words."""
        return self.check.__module__.rpartition(".")[2].replace("_", " ")


def rule(
    severity: Severity,
    sureness: str,
    *sources: str,
    leads_to: tuple[str, ...] = (),
    remedy: str = "",
) -> Callable[[Check], Rule]:
    """Makes a rule of a function. `sources`: keys of `metadata.toml`, or URLs."""

    def decorate(check: Check) -> Rule:
        pages = tuple(metadata().sources.get(source, source) for source in sources)
        doc = textwrap.dedent("    " + (check.__doc__ or "")).strip()
        slug = check.__name__.replace("_", "-")
        return Rule(slug, severity, Sureness(sureness), pages, leads_to, remedy, check, doc)

    return decorate


def told(repository: Repository, slug: str) -> Iterator[Problem]:
    """The troubles that reading, comparing or suppressing has noted under a rule's name."""
    for trouble in repository.troubles:
        if trouble.rule == slug:
            yield Problem(trouble.message, Place(trouble.path, trouble.line, trouble.col), about=trouble.about)


def _parts(doc: str) -> tuple[str, str, str]:
    """Explanation, bad example, good example."""
    body = "\n".join(doc.splitlines()[1:]).strip("\n")
    explanation, _, examples = body.partition("Bad:\n")
    bad, _, good = examples.partition("Good:\n")
    return explanation.strip(), textwrap.dedent(bad).strip("\n"), textwrap.dedent(good).strip("\n")
