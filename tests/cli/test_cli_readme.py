"""What the README shows works as it stands: the Python block, and every console line that needs no network."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Shell

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def console_lines() -> list[str]:
    """Each `$` line with its continuations."""
    return [
        re.sub(r"\\\n\s*", "", match[1])
        for block in blocks("console")
        for match in re.finditer(r"^\$ ((?:.*\\\n)*.*)", block, re.M)
    ]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def test_the_first_two_shell_blocks_are_a_line_each() -> None:
    assert [len(block.strip().splitlines()) for block in blocks("sh")[:2]] == [1, 1]


def test_the_line_to_try_it_stages_a_fault_that_leads_with_exit_1(shell: Shell) -> None:
    words = re.search(r"jwtdoctor (check --simulate \S+?);", blocks("sh")[0])
    assert words is not None

    assert shell(*words[1].split()).code == 1


def test_the_library_block_runs_and_its_remarks_are_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = blocks("python")
    names: dict[str, Any] = {}

    exec(compile(block, "README.md", "exec"), names)

    assert names["report"].leaders == ("wrong-audience",)
    assert names["assertion"].claims["iss"].startswith("3MVG9")
    assert {"token", "header", "claims"} <= set(dir(names["assertion"]))
    assert round(names["skew"].ahead_s) == -30


def test_the_console_lines_that_need_no_network_answer_as_the_table_of_exit_codes_says(shell: Shell) -> None:
    explained = [line for line in console_lines() if line.startswith("jwtdoctor explain")]

    assert explained
    for line in explained:
        answer = shell(*shlex.split(line)[1:])
        assert answer.code == 1, answer.err
        assert "aud" in answer.out.splitlines()[0]


def test_the_line_that_explains_a_pipe_reads_one(shell: Shell) -> None:
    (piped,) = [line for line in console_lines() if "| jwtdoctor" in line]

    answer = shell(*shlex.split(piped.partition("| jwtdoctor ")[2]), stdin=b'{"error":"invalid_grant"}')

    assert answer.code == 1


def test_every_command_and_option_that_is_shown_exists(shell: Shell) -> None:
    shown = [line for line in console_lines() if line.startswith("jwtdoctor")]

    for line in shown:
        words = shlex.split(line)
        help_ = shell(words[1], "--help").out
        assert [word for word in words if word.startswith("--") and word not in help_] == []


def test_every_command_of_the_table_exists(shell: Shell) -> None:
    table = README.partition("## All commands")[2].partition("##")[0]
    named = set(re.findall(r"`([a-z]+)", table))

    for name in named:
        assert shell(name, "--help").code == 0, name


def test_the_profile_that_is_shown_can_be_read(shell: Shell) -> None:
    (block,) = blocks("toml")
    (shell.work / "jwtdoctor.toml").write_text(block, encoding="utf-8")

    answer = shell("profiles", "show", "acme")

    assert answer.code == 0, answer.err
    assert "acme.my.salesforce.com" in answer.out
