from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from cli_shell import Shell

from jwtdoctor.cli import main as main_module
from jwtdoctor.cli.main import COMMANDS, cli
from jwtdoctor.errors import BadKnowledge

SECRET = "hunter2-Kp9x"
TREE = Path(main_module.__file__).parents[2]


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def command_that(raises: BaseException) -> click.Command:
    def do() -> None:
        raise raises

    return click.Command("boom", callback=do)


@pytest.fixture
def boom(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`boom` becomes a command; a test says what it raises."""
    monkeypatch.setitem(COMMANDS, "boom", ("boom", "raises"))
    return monkeypatch


def let_raise(monkeypatch: pytest.MonkeyPatch, problem: BaseException) -> None:
    monkeypatch.setattr(type(cli), "get_command", lambda self, ctx, name: command_that(problem))


def test_help_lists_every_command_and_the_exit_codes_in_80_columns(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("--help")

    assert answer.code == 0
    assert all(re.search(rf"^  {name} ", answer.out, re.MULTILINE) for name in COMMANDS)
    assert "130 interrupted" in answer.out
    assert "_JWTDOCTOR_COMPLETE" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_h_is_help(jwtdoctor: Shell) -> None:
    assert jwtdoctor("-h").out == jwtdoctor("--help").out


def test_version_is_one_line(jwtdoctor: Shell) -> None:
    assert jwtdoctor("--version").out == "jwtdoctor 0.1.0\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_listed_command_exists_and_has_help(jwtdoctor: Shell, name: str) -> None:
    answer = jwtdoctor(name, "--help")

    assert answer.code == 0
    assert f"Usage: jwtdoctor {name}" in answer.out


def test_an_unknown_command_names_the_nearest(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("chek")

    assert answer.code == 2
    assert answer.err == "jwtdoctor: no command is called 'chek'. Nearest: check\n"


@pytest.mark.parametrize(
    "argv",
    [
        (SECRET,),
        ("causes", "clock-drift", SECRET),
        ("causes", "--format", SECRET),
        ("check", "--lifetime", SECRET),
        ("check", "--timeout", SECRET),
        ("check", "--client-auth", SECRET),
        ("check", "--client-secret", SECRET),
        ("check", f"--no-such-option={SECRET}"),
        ("check", f"--no-iat={SECRET}"),
        ("check", "acme", SECRET),
    ],
    ids=" ".join,
)
def test_a_wrong_use_is_one_line_with_a_hint_that_repeats_no_value(jwtdoctor: Shell, argv: tuple[str, ...]) -> None:
    answer = jwtdoctor(*argv)

    assert answer.code == 2
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert answer.err.startswith("jwtdoctor: ")
    assert SECRET not in answer.err


@pytest.mark.parametrize("argv", [(), ("keys",), ("plan",)], ids=["alone", "keys", "plan"])
def test_a_group_alone_shows_its_help_line_by_line_and_is_exit_2(jwtdoctor: Shell, argv: tuple[str, ...]) -> None:
    """The whole help was put into one line, and cut."""
    answer = jwtdoctor(*argv)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == jwtdoctor(*argv, "--help").out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("clock", "--samples", "many"), "--samples: expected a whole number from 1 to 8."),
        (("clock", "--samples", "0"), "--samples: expected a whole number from 1 to 8."),
        (("clock", "--every", "x"), "--every: expected a number from 0.05 to 3600."),
        (("lint", "--timeout", "0", "."), "--timeout: expected a number, 0.1 or more."),
        (("check", "--lifetime", "1h"), "--lifetime: expected a whole number."),
        (("inspect", "--at", "noon"), "--at: expected a number."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_no_number_is_answered_with_what_is_expected(
    jwtdoctor: Shell, argv: tuple[str, ...], said: str
) -> None:
    answer = jwtdoctor(*argv)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"jwtdoctor: {said} Try: jwtdoctor {argv[0]} --help\n"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("plan", "nosuch"), "no command of that name; expected checklist, hardening, incident, policy, rotation"),
        (("profiles", "nosuch"), "no command of that name; expected doctor, import, list, show"),
        (("keys", "shwo"), "no command is called 'shwo'. Nearest: show"),
        (("pkce", "nosuch"), "no command of that name; expected check, new"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_unknown_command_of_a_group_is_answered_with_those_that_it_has(
    jwtdoctor: Shell, argv: tuple[str, ...], said: str
) -> None:
    answer = jwtdoctor(*argv)

    assert (answer.code, answer.out, answer.err) == (2, "", f"jwtdoctor: {said}\n")


def test_wrong_knowledge_is_said_to_be_our_bug_and_exit_3(jwtdoctor: Shell, boom: pytest.MonkeyPatch) -> None:
    let_raise(boom, BadKnowledge("clock-drift.toml: unknown fact"))

    answer = jwtdoctor("boom")

    assert answer.code == 3
    assert "this is a bug in jwtdoctor" in answer.err
    assert "clock-drift.toml" in answer.err


def test_an_unexpected_exception_is_one_line_without_its_message(jwtdoctor: Shell, boom: pytest.MonkeyPatch) -> None:
    let_raise(boom, ValueError(f"cannot use {SECRET}"))

    answer = jwtdoctor("boom")

    assert answer.code == 3
    assert len(answer.err.splitlines()) == 1
    assert "ValueError" in answer.err
    assert SECRET not in answer.err


def test_verbose_keeps_the_places_of_a_traceback_in_a_private_file_without_its_message(
    jwtdoctor: Shell, boom: pytest.MonkeyPatch
) -> None:
    boom.setattr(type(cli), "get_command", lambda self, ctx, name: _verbose_command(ValueError(SECRET)))

    answer = jwtdoctor("boom", "--verbose")

    kept = list(jwtdoctor.state.glob("crash-*.log"))
    assert len(kept) == 1
    assert str(kept[0]) in answer.err
    assert "Traceback" not in answer.err
    assert "test_cli_main.py" in kept[0].read_text()
    assert SECRET not in kept[0].read_text()
    assert kept[0].stat().st_mode & 0o777 == 0o600


def _verbose_command(raises: BaseException) -> click.Command:
    def do(verbose: bool) -> None:
        raise raises

    return click.Command("boom", params=[click.Option(["--verbose"], is_flag=True)], callback=do)


def test_an_interrupt_is_exit_130_and_no_traceback(jwtdoctor: Shell, boom: pytest.MonkeyPatch) -> None:
    let_raise(boom, KeyboardInterrupt())

    answer = jwtdoctor("boom")

    assert answer.code == 130
    assert answer.err.strip() == ""


def test_an_end_of_stdin_at_a_question_is_one_line(jwtdoctor: Shell, boom: pytest.MonkeyPatch) -> None:
    let_raise(boom, EOFError())

    answer = jwtdoctor("boom")

    assert answer.code == 2
    assert "stdin ended" in answer.err


# --- in a process of its own


def process(*argv: str, **more: object) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("JWTDOCTOR_")}
    environ["PYTHONPATH"] = str(TREE)
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-m", "jwtdoctor", *argv],
        **{"capture_output": True, "text": True, "env": environ, "timeout": 60, **more},
    )


HEAVY = ("requests", "cryptography", "jwt", "textual", "rich", "ntplib", "truststore", "platformdirs", "urllib3")


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["--version"],
        ["explain", '{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}'],
        ["explain", "--help"],
        ["causes"],
        ["causes", "clock-drift"],
        ["profiles", "list"],
        ["check", "--help"],
    ],
    ids=" ".join,
)
def test_what_needs_nothing_heavy_loads_nothing_heavy(argv: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom jwtdoctor.cli.main import run\n"
        f"code = run({argv!r})\n"
        f"print(sorted(set({HEAVY!r}) & {{name.split('.')[0] for name in sys.modules}}), code, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TREE), "HOME": str(tmp_path)},
        cwd=tmp_path,
        timeout=60,
    )

    assert done.stderr.splitlines()[-1] in ("[] 0", "[] 1")


def test_a_reader_that_has_gone_is_one_line_and_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = process("causes", capture_output=False, stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)

    assert done.returncode == 2
    assert done.stderr == "jwtdoctor: stdout did not take the whole answer (Broken pipe)\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("argv", [["causes"], ["--help"], ["--version"]], ids=" ".join)
def test_a_full_disk_is_one_line_and_no_traceback(argv: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = process(*argv, capture_output=False, stdout=full, stderr=subprocess.PIPE)

    assert done.returncode == 2
    assert done.stderr == "jwtdoctor: stdout did not take the whole answer (No space left on device)\n"


@pytest.mark.skipif(os.name != "posix", reason="closes descriptors the Unix way")
@pytest.mark.parametrize("argv", ["--version", "causes"])
def test_a_closed_stdout_is_one_line_and_exit_2(argv: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" -m jwtdoctor {argv} >&-'],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TREE)},
        timeout=60,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("jwtdoctor: stdout is closed")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="closes descriptors the Unix way")
def test_with_every_stream_closed_it_ends_without_a_crash() -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" -m jwtdoctor explain - <&- >&- 2>&-'],
        env={**os.environ, "PYTHONPATH": str(TREE)},
        timeout=60,
    )

    assert done.returncode == 2


def test_completion_scripts_are_click_s_own() -> None:
    environ = {**os.environ, "PYTHONPATH": str(TREE), "_JWTDOCTOR_COMPLETE": "zsh_source"}

    done = subprocess.run([sys.executable, "-m", "jwtdoctor"], capture_output=True, text=True, env=environ, timeout=60)

    assert done.returncode == 0
    assert "#compdef jwtdoctor" in done.stdout


def test_completion_knows_the_commands() -> None:
    environ = {
        **os.environ,
        "PYTHONPATH": str(TREE),
        "_JWTDOCTOR_COMPLETE": "bash_complete",
        "COMP_WORDS": "jwtdoctor ca",
        "COMP_CWORD": "1",
    }

    done = subprocess.run([sys.executable, "-m", "jwtdoctor"], capture_output=True, text=True, env=environ, timeout=60)

    assert "causes" in done.stdout
