"""What the knowledge tells people to type can be typed: each command of ours exists, with its options."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from jwtdoctor.cli.main import COMMANDS, cli

KNOWLEDGE = Path(__file__).resolve().parents[2] / "jwtdoctor" / "knowledge"
FILES = sorted(path.relative_to(KNOWLEDGE) for path in KNOWLEDGE.rglob("*.toml"))
OURS = re.compile(r"(?:^|[`$|;(] ?)jwtdoctor ([a-z][\w .\-=:/<>@,…]*)")


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a file that a report can show."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in ("examples", "lookalikes", "sources", "references", "pattern"):
                yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def unknown_in(line: str) -> list[str]:
    """The words of a command line that no command of ours knows."""
    words = line.split()
    if words[0] not in COMMANDS:
        return [words[0]]
    command = cli.get_command(click.Context(cli), words[0])
    if isinstance(command, click.Group) and len(words) > 1:
        command = command.get_command(click.Context(cli), words[1])
    if command is None:
        return [" ".join(words[:2])]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return [word for word in words if word.startswith("--") and word.partition("=")[0].rstrip(".,") not in known]


@pytest.mark.parametrize("file", FILES, ids=str)
def test_every_command_that_is_advised_exists_with_its_options(file: Path) -> None:
    """`jwtdoctor plan rotation` was advised before there was a `plan`."""
    found = tomllib.loads((KNOWLEDGE / file).read_text(encoding="utf-8"))

    advised = [match[1] for text in texts_in(found) for match in OURS.finditer(text)]

    assert [line for line in advised if unknown_in(line)] == []


def test_the_search_sees_what_it_is_there_to_see() -> None:
    assert [m[1] for m in OURS.finditer("so (`jwtdoctor check --prove`)")] == ["check --prove"]
    assert unknown_in("plam rotation") == ["plam"]
    assert unknown_in("check --nonsense x") == ["--nonsense"]
    assert unknown_in("keys match a b") == []


@pytest.mark.parametrize("file", FILES, ids=str)
def test_no_pattern_begins_with_a_quotation_mark(file: Path) -> None:
    """A description is compared without the marks around it: GitHub's and Box's own wordings never matched."""
    found = tomllib.loads((KNOWLEDGE / file).read_text(encoding="utf-8"))

    assert [r["pattern"] for r in found.get("responses", ()) if r.get("pattern", "")[:1] == "'"] == []
