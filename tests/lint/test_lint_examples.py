"""Every rule's docstring is its documentation, and its examples are true."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from jwtdoctor.knowledge.load import load
from jwtdoctor.knowledge.metadata import metadata
from jwtdoctor.lint.check import Options, lint
from jwtdoctor.lint.rule import Rule
from jwtdoctor.lint.rules import CHAPTERS, all_rules
from jwtdoctor.lint.walk import Limits

RULES = list(all_rules().values())
OWN = ("files", "bookkeeping")
"""Chapters about files and about ourselves: no page of Salesforce's says anything about them."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_speaks_of_its_bad_example_and_not_of_its_good_one(
    rule: Rule, tmp_path: Path, filled_in: Callable[[str], str], now: float
) -> None:
    bad = _rules_told(tmp_path / "bad", rule.bad, filled_in, now)
    good = _rules_told(tmp_path / "good", rule.good, filled_in, now)

    assert rule.id in bad
    assert rule.id not in good


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_documented_in_full(rule: Rule) -> None:
    assert 10 < len(rule.title) <= 120
    assert "\n" not in rule.title
    assert rule.remedy
    assert rule.bad
    assert rule.good
    assert all(source.startswith("https://") for source in rule.sources)
    assert rule.sources or rule.subject in OWN
    assert all(cause in load().causes for cause in rule.leads_to)


def test_every_module_of_rules_is_a_chapter() -> None:
    import jwtdoctor.lint.rules

    modules = {path.stem for path in Path(jwtdoctor.lint.rules.__file__).parent.glob("*.py")} - {"__init__"}

    assert set(CHAPTERS) == modules


def test_every_source_of_the_metadata_is_used() -> None:
    pages = {page for rule in RULES for page in rule.sources} | {kind.source for kind in metadata().types.values()}

    assert set(metadata().sources.values()) - pages == set()


def _rules_told(folder: Path, example: str, filled_in: Callable[[str], str], now: float) -> set[str]:
    """The rules that speak of an example."""
    ours, theirs = folder / "repository", folder / "org"
    named: list[str] = []
    options = Options()
    files = _files_of(example)
    assert files, "an example shows at least one file"
    for path, text in files.items():
        if path.startswith("@"):
            options = _directed(path, ours, options)
            continue
        target = theirs / path.removeprefix("retrieved/") if path.startswith("retrieved/") else ours / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(filled_in(text), encoding="utf-8")
        if path.startswith("named/"):
            named.append(str(target))
    against = [str(theirs)] if theirs.exists() else []
    linted = lint([str(ours), *named], now, options, against, monotonic=iter(range(10_000)).__next__)
    return {finding.rule for finding in linted.findings}


def _directed(line: str, folder: Path, options: Options) -> Options:
    """What no text can show."""
    if line.startswith("@link "):
        path, _, target = line.removeprefix("@link ").partition(" -> ")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder.parent / "elsewhere").mkdir(exist_ok=True)
        (folder / path).symlink_to(target)
        return options
    if line == "@the time is over":
        return replace(options, limits=Limits(time_s=0.5))
    assert line == "@the baseline has other findings"
    return replace(options, baseline=Counter({"0" * 32: 1}))


def _files_of(example: str) -> Mapping[str, str]:
    """The files of an example, by path: a line that is a bare path begins one.

    A line that begins with `@` stands for something that no text can show (a link, a time that is over).
    """
    files: dict[str, list[str]] = {}
    for line in example.splitlines():
        if re.fullmatch(r"[\w./-]+\.[A-Za-z-]+(?:\.xml)?|@.+", line):
            files[line] = []
        elif files:
            files[next(reversed(files))].append(line)
    return {path: "\n".join(lines) + "\n" for path, lines in files.items()}
