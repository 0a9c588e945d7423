"""What the shell completes: by click's own machinery, and once by a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import CompletionItem, ShellComplete

from jwtdoctor.cli.completion_bash import WholeWords
from jwtdoctor.cli.main import COMMANDS, cli
from jwtdoctor.model.names import FLOWS

TREE = Path(__file__).parents[2]
HEAVY = ("cryptography", "requests", "jwt", "textual", "rich")


def offered(*words: str) -> list[str]:
    """What is offered for the last of these words."""
    completing = ShellComplete(cli, {}, "jwtdoctor", "_JWTDOCTOR_COMPLETE")
    return [item.value for item in completing.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (("check", "--provider", ""), "salesforce"),
        (("explain", "--provider", "bo"), "box"),
        (("sign", "--provider", "gith"), "github"),
        (("check", "--flow", "jw"), "jwt-bearer"),
        (("plan", "policy", "--flow", "dev"), "device"),
        (("check", "--simulate", "clock-"), "clock-drift"),
        (("check", "--provider", "box", "--simulate", "clock-"), "clock-drift:slow"),
        (("check", "--provider=box", "--simulate", "clock-"), "clock-drift:slow"),
        (("audit", "--simulate", "user-fro"), "user-frozen"),
        (("simulate", "--fault", "pkce-m"), "pkce-missing"),
        (("simulate", "--provider", "okta", "--fault", "jti"), "jti-replayed"),
        (("sign", "--fault", "alg-n"), "alg-none"),
        (("causes", "clock-d"), "clock-drift"),
        (("check", "--format", "js"), "json"),
    ],
)
def test_the_values_that_begin_so_are_offered(words: tuple[str, ...], first: str) -> None:
    found = offered(*words)

    assert found[0] == first
    assert all(value.startswith(words[-1]) for value in found)


@pytest.mark.parametrize("provider", ["nobody", "xero"])
def test_where_no_fault_can_be_staged_none_is_offered(provider: str) -> None:
    assert offered("check", "--provider", provider, "--simulate", "") == []


def test_every_command_that_takes_a_provider_or_a_flow_completes_it() -> None:
    takes = set()
    for name in COMMANDS:
        for option, some in (("--provider", "salesforce"), ("--flow", FLOWS[0])):
            command = cli.get_command(cli.make_context("jwtdoctor", [], resilient_parsing=True), name)
            if command is not None and any(option in param.opts for param in command.params):
                takes.add((name, option))
                assert some in offered(name, option, ""), (name, option)

    assert takes >= {("check", "--provider"), ("logs", "--provider"), ("audit", "--flow")}


@pytest.mark.parametrize(
    ("typed", "args", "incomplete", "kept"),
    [
        ("jwtdoctor check --simulate clock-drift : sl", ["check", "--simulate"], "clock-drift:sl", "clock-drift:"),
        ("jwtdoctor check --simulate clock-drift :", ["check", "--simulate"], "clock-drift:", "clock-drift:"),
        ("jwtdoctor check --provider = bo", ["check", "--provider"], "bo", ""),
        ("jwtdoctor check --url https : //a.example --fl", ["check", "--url", "https://a.example"], "--fl", ""),
        ("jwtdoctor check --simulate clock-drift : --fl", ["check", "--simulate", "clock-drift:"], "--fl", ""),
        ("jwtdoctor ca", [], "ca", ""),
    ],
)
def test_what_bash_broke_is_one_word_again(
    monkeypatch: pytest.MonkeyPatch, typed: str, args: list[str], incomplete: str, kept: str
) -> None:
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    completing = WholeWords(cli, {}, "jwtdoctor", "_JWTDOCTOR_COMPLETE")

    assert completing.get_completion_args() == (args, incomplete)
    assert completing.format_completion(CompletionItem(f"{kept}rest")) == "plain,rest"


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("bash") is None, reason="needs a bash of today")
def test_a_real_bash_completes_values(tmp_path: Path) -> None:
    program = tmp_path / "jwtdoctor"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m jwtdoctor "$@"\n')
    program.chmod(0o700)
    script = """
        eval "$(_JWTDOCTOR_COMPLETE=bash_source jwtdoctor)"
        COMP_WORDS=(jwtdoctor check --provider box --simulate clock-drift : s)
        COMP_CWORD=7
        _jwtdoctor_completion jwtdoctor
        echo "${COMPREPLY[@]}"
    """
    environ = {**os.environ, "PYTHONPATH": str(TREE), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, env=environ, timeout=60, check=False
    )

    assert (done.stdout, done.stderr) == ("slow\n", "")


def test_a_tab_loads_nothing_heavy() -> None:
    script = (
        "import sys; from click.shell_completion import ShellComplete; from jwtdoctor.cli.main import cli\n"
        "ask = ShellComplete(cli, {}, 'jwtdoctor', 'X').get_completions\n"
        "for words in (['check', '--provider'], ['check', '--flow'], ['check', '--simulate'],\n"
        "              ['simulate', '--fault'], ['sign', '--fault'], ['causes']):\n"
        "    assert ask(words, ''), words\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=TREE, timeout=60)

    assert (done.stdout, done.stderr) == ("[]\n", "")
