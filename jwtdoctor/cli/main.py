"""`jwtdoctor`: a table of commands, each loaded when asked for, and the place where errors become exit codes.

Decisions where the contract is silent:
- An error of our own (wrong knowledge, an unexpected exception) is exit 3: nothing was learnt about the
  patient. It is one line that says so. Under `--verbose` the places of the traceback (never its messages,
  which may quote a secret) go to a private log file, not to the screen.
- An answer that stdout does not take (closed, or its reader gone) is one line and exit 2.
- Messages about options name the option and never repeat what was typed for it, since it may be a secret.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from jwtdoctor.cli import streams
from jwtdoctor.cli.common import INTERRUPTED, NOTHING_LEARNT, OK, UNUSABLE, Group, tool_version
from jwtdoctor.errors import BadInput, BadKnowledge

COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("check", "Try one login, name the cause if it is refused."),
    "explain": ("explain", "The same diagnosis from a reply, log, HAR, URL or case file."),
    "audit": ("audit", "Read the org behind a failing login, as its administrator."),
    "clock": ("clock", "How far this clock is off, from NTP and the token host."),
    "sign": ("sign", "Build and sign an assertion."),
    "inspect": ("inspect", "Take an assertion apart and say what is wrong with it."),
    "keys": ("keys", "Make, show and match keys and certificates."),
    "compare": ("compare", "Two assertions, requests, cases or reports, claim by claim."),
    "pkce": ("pkce", "Make or check a PKCE verifier and challenge."),
    "causes": ("causes", "The knowledge: every cause, its clues and remedies."),
    "logs": ("logs", "What failed in logs, since when, for whom and why."),
    "lint": ("lint", "App metadata in a repository: what is wrong, and what it breaks."),
    "plan": ("plan", "Policies, rotation, hardening, review list, incident steps."),
    "profiles": ("profiles", "Profiles, and where each setting comes from."),
    "simulate": ("simulate", "A token endpoint on loopback, with faults on demand."),
    "tui": ("tui", "All of it, interactively."),
}
"""Name of a command -> its module in this package, and one line of help: `--help` imports none of them."""

COMPLETE = "_JWTDOCTOR_COMPLETE"
"""The variable by which a shell asks click for completions."""

EPILOG = """\b
Exit codes: 0 granted or nothing to complain of, 1 refused or an error found,
2 wrong usage or unreadable input, 3 unreachable or nothing recognised,
130 interrupted.

\b
Completion: eval "$(_JWTDOCTOR_COMPLETE=bash_source jwtdoctor)"
(zsh: zsh_source; fish: _JWTDOCTOR_COMPLETE=fish_source jwtdoctor | source)

\b
First steps: jwtdoctor check --simulate clock-drift
             jwtdoctor explain reply.json"""


class LazyGroup(Group):
    """A group that knows its commands by a table and imports one when it is invoked."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"jwtdoctor.cli.{COMMANDS[cmd_name][0]}")
        found = module.command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        streams.answer(tool_version())
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog=EPILOG,
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Finds out why an OAuth token request was refused: the cause, the evidence, the remedy."""


def run(argv: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code. Never raises for what a user can do."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _invoke(arguments)
    except KeyboardInterrupt:
        code = INTERRUPTED
    streams.settle()
    return code


def _invoke(arguments: list[str]) -> int:
    if sys.stdout is None and {"-h", "--help"} & set(arguments):  # click would print its help to nobody, and succeed
        return _say("stdout is closed, so there is nowhere to write the help", UNUSABLE)
    if COMPLETE in os.environ:
        from jwtdoctor.cli.completion_bash import prepare

        prepare()
    try:
        result = cli.main(args=arguments, prog_name="jwtdoctor", standalone_mode=False)
    except BadInput as problem:
        return _say(str(problem), UNUSABLE)
    except streams.NoStdout as problem:
        return _say(str(problem), UNUSABLE)
    except click.Abort as problem:
        return _aborted(problem)
    except click.exceptions.NoArgsIsHelpError as problem:  # a group alone: its message is the whole help
        streams.narrate(problem.format_message())
        return UNUSABLE
    except click.UsageError as problem:
        return _say(_usage(problem), UNUSABLE)
    except click.ClickException as problem:
        return _say(problem.format_message(), UNUSABLE)
    except BadKnowledge as problem:
        return _our_fault(f"its knowledge contradicts itself ({problem})", problem, arguments)
    except OSError as problem:
        if _place(problem).startswith("click."):  # click itself could not write its help
            return _say(f"stdout did not take the whole answer ({problem.strerror})", UNUSABLE)
        return _our_fault(f"{type(problem).__name__}", problem, arguments)
    except SystemExit as problem:  # click: completion, and a reader of --help that has gone
        return _left(problem)
    except Exception as problem:  # noqa: BLE001 - the one place where an unexpected one is turned into a line
        return _our_fault(f"{type(problem).__name__}", problem, arguments)
    return result if isinstance(result, int) else OK


def _say(text: str, code: int) -> int:
    streams.narrate(f"jwtdoctor: {streams.one_line(text)}")
    return code


def _aborted(problem: click.Abort) -> int:
    if isinstance(problem.__cause__, EOFError):
        return _say("stdin ended before the answer came", UNUSABLE)
    return INTERRUPTED


def _left(problem: SystemExit) -> int:
    if isinstance(problem.__context__, OSError):
        return _say("stdout did not take the whole answer", UNUSABLE)
    return problem.code if isinstance(problem.code, int) else OK


def _usage(problem: click.UsageError) -> str:
    """Click's message in one line, without the values that it quotes, and where to read on."""
    expected = _number_expected(problem)
    message = expected or _unquoted(problem.format_message()).rstrip(".")
    path = problem.ctx.command_path if problem.ctx else "jwtdoctor"
    return f"{message}. Try: {path} --help"


def _number_expected(problem: click.UsageError) -> str:
    """What is wanted in place of what is no number, or one out of range; empty for another problem."""
    if not isinstance(problem, click.BadParameter) or problem.param is None:
        return ""
    kind = problem.param.type
    if not isinstance(kind, (click.types.IntParamType, click.types.FloatParamType)):
        return ""
    words = "a whole number" if isinstance(kind, click.types.IntParamType) else "a number"
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        words += "" if kind.min is None else f", {kind.min:g} or more" if kind.max is None else f" from {kind.min:g}"
        words += "" if kind.max is None else f" to {kind.max:g}"
    return f"{problem.param.opts[-1]}: expected {words}"


def _unquoted(message: str) -> str:
    message = re.sub(r"(unexpected extra arguments?) \(.*\)", r"\1", message, flags=re.DOTALL)
    message = re.sub(r"(takes? (?:a|no) value|does not take a value).*", r"\1", message, flags=re.DOTALL)
    return re.sub(r"(^|: )'[^\n]*' (is not (?:one of|a valid))", r"\1the value \2", message)


def _our_fault(what: str, problem: BaseException, arguments: list[str]) -> int:
    line = f"this is a bug in jwtdoctor, not in your set-up: {what} at {_place(problem)}. "
    line += f'Please report this line, with the command\'s name and "{tool_version()}"'
    if {"-v", "--verbose"} & set(arguments):
        line += f"; places of the traceback: {_kept(problem) or 'could not be written'}"
    else:
        line += "; --verbose keeps the places of the traceback in a private file"
    return _say(line, NOTHING_LEARNT)


def _place(problem: BaseException) -> str:
    """`module:line` of the innermost frame: no message and no value, which might hold a secret."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _kept(problem: BaseException) -> str | None:
    """Writes place and function of each frame to a 0600 file of the state folder; its path, or None."""
    import time
    import traceback

    from jwtdoctor.config.places import keep_private

    frames = traceback.extract_tb(problem.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    return keep_private(f"crash-{int(time.time())}.log", "\n".join([type(problem).__name__, *lines]) + "\n")
