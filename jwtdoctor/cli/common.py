"""What every command has in common: its options, its way to answer, and the report document.

    @click.command("clock", short_help="…")
    @click.option("--url")
    @common_options("text", "json")        # lowest, so that its options are listed last (several=True: cli/outputs.py)
    def command(common: Common, url: str | None) -> int:
        emit(common, "the answer")         # stdout, or the file of --output
        narrate(common, "a remark")        # stderr, unless --quiet
        return 0                           # the exit code

A command module exposes one `click.Command` or `click.Group` called `command`, and imports inside the
function whatever is not cheap. What it cannot work with it raises as `BadInput`; `cli/main.py` makes the
one line of it.
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import click

from jwtdoctor.cli import streams as _streams
from jwtdoctor.cli.outputs import FORMAT, OUTPUT, OrderedOption, Pair, paired, typed_order
from jwtdoctor.cli.streams import Streams, one_line, printable, to_json
from jwtdoctor.errors import BadInput, JwtDoctorError, UnknownName
from jwtdoctor.model.report import REPORT_SCHEMA

__all__ = [
    "REF",
    "Common",
    "Group",
    "common_options",
    "emit",
    "emit_document",
    "emit_each",
    "narrate",
    "one_line",
    "refuse_unwritable_outputs",
    "report_document",
    "to_json",
    "tool_version",
    "unknown",
]

OK, REFUSED, UNUSABLE, NOTHING_LEARNT, INTERRUPTED = 0, 1, 2, 3, 130
"""The exit codes of the contract. An error of our own is `NOTHING_LEARNT`: it says nothing of the patient."""


@dataclass(frozen=True, slots=True)
class Common:
    """The options that every command takes, and what the terminal can show."""

    format: str = "text"
    output: str | None = None
    quiet: bool = False
    verbose: bool = False
    profile: str | None = None
    streams: Streams = field(default_factory=Streams)
    others: tuple[Common, ...] = ()
    """Further outputs of the same answer, where `--format` was given more than once; see `cli/outputs.py`."""

    @property
    def outputs(self) -> tuple[Common, ...]:
        """This one and the others: those to files first, since stdout may break."""
        return tuple(sorted((self, *self.others), key=lambda one: one.output is None))

    @property
    def shows_progress(self) -> bool:
        """Progress goes to stderr: for a person who watches, or who asked for it."""
        return self.verbose or (self.streams.narrates and not self.quiet)


Handler = Callable[..., Any]


def common_options(*formats: str, several: bool = False) -> Callable[[Handler], Handler]:
    """Adds the common options; the function gets them as one `Common`, its first argument.

    `formats`: what `--format` takes, the default first; without any: text, json. `several`: `--format` and `-o` may be
    given more than once, in pairs; the command then answers with `emit_each` in place of `emit`.
    """
    formats = formats or ("text", "json")

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def handle(
            *args: Any,
            format_: str | tuple[str, ...],
            output: str | tuple[str, ...] | None,
            quiet: bool,
            verbose: bool,
            no_color: bool,
            profile_name: str | None,
            **rest: Any,
        ) -> Any:
            def common(form: str, file: str | None) -> Common:
                shows = _streams.streams(no_color=no_color, to_file=file is not None)
                return Common(form, file, quiet, verbose, profile_name, shows)

            if isinstance(format_, str):
                pairs: tuple[Pair, ...] = ((format_, None if output in (None, "-") else str(output)),)
            else:
                pairs = paired(format_, tuple(output or ()), typed_order(), formats[0])
            first, *others = (common(form, file) for form, file in pairs)
            return handler(replace(first, others=tuple(others)), *args, **rest)

        decorated: Handler = handle
        for option in reversed(_options(formats, several)):
            decorated = option(decorated)
        return decorated

    return decorate


def _options(formats: tuple[str, ...], several: bool) -> list[Callable[[Handler], Handler]]:
    return [
        *(_pairs(formats) if several else _one_pair(formats)),
        click.option("-q", "--quiet", is_flag=True, help="No narration on stderr."),
        click.option("-v", "--verbose", is_flag=True, help="More detail; progress on stderr."),
        click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR)."),
        click.option("--profile", "profile_name", metavar="NAME", help="Settings of this profile."),
    ]


def _one_pair(formats: tuple[str, ...]) -> list[Callable[[Handler], Handler]]:
    return [
        click.option(
            "--format",
            FORMAT,
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="Form of the answer.",
        ),
        click.option("-o", "--output", OUTPUT, metavar="FILE", help="Write the answer to FILE, whole or not at all."),
    ]


def _pairs(formats: tuple[str, ...]) -> list[Callable[[Handler], Handler]]:
    return [
        click.option(
            "--format",
            FORMAT,
            type=click.Choice(formats),
            multiple=True,
            cls=OrderedOption,
            help=f"Form of the answer; repeatable, each with its -o.  [default: {formats[0]}]",
        ),
        click.option(
            "-o",
            "--output",
            OUTPUT,
            metavar="FILE",
            multiple=True,
            cls=OrderedOption,
            help="Write the answer (of the --format before it) to FILE, whole or not at all.",
        ),
    ]


def refuse_unwritable_outputs(common: Common) -> None:
    """Raises BadInput for an output that can be seen beforehand to be no place for a file."""
    for one in common.outputs:
        if one.output is not None:
            _streams.refuse_unwritable(one.output)


def emit_each(common: Common, render: Callable[[Common], str]) -> None:
    """The answer to every output, each as `render` gives it: all files, then stdout.

    What cannot be written is said when the others are done: the answer may have cost a login.
    """
    problems: list[JwtDoctorError] = []
    for one in common.outputs:
        try:
            emit(one, render(one))
        except (BadInput, _streams.NoStdout) as problem:
            problems.append(problem)
    for another in problems[1:]:
        narrate(replace(common, quiet=False), f"jwtdoctor: {another}")
    if problems:
        raise problems[0]


def emit(common: Common, text: str, *, secret: bool = False) -> None:
    """The answer: to stdout, or to the file of `--output` (0600 and never over another file if `secret`)."""
    if common.output is None:
        plain = common.format == "text" and common.streams.ascii
        _streams.answer(_streams.in_ascii(text) if plain else text)
        return
    _streams.write_file(common.output, text, secret=secret)
    narrate(common, f"written: {one_line(common.output)}")


def emit_document(common: Common, document: Any) -> None:
    """The answer as JSON."""
    emit(common, to_json(document))


def narrate(common: Common, text: str) -> None:
    """A remark for whoever watches: stderr, silent under `--quiet`. Not for errors: raise those."""
    if not common.quiet:
        _streams.narrate("\n".join(printable(line) for line in text.splitlines()))


def tool_version() -> str:
    """`jwtdoctor 0.1.0`. The root is loaded already; importlib.metadata would cost three bare starts."""
    return f"jwtdoctor {sys.modules['jwtdoctor'].__version__}"


def report_document(command: str, **parts: Any) -> dict[str, Any]:
    """A `jwtdoctor.report/1` document with every key of the contract, for commands that make no diagnosis.

    `parts` fill the keys, or add keys of the command's own (`key`, `pkce` …) after those of the contract.
    """
    document: dict[str, Any] = {
        "schema": REPORT_SCHEMA,
        "tool": tool_version(),
        "command": command,
        "at": round(time.time(), 3),
        "took_s": 0.0,
        "case": None,
        "profile": None,
        "provider": None,
        "flow": None,
        "outcome": "not-asked",
        "logins_used": 0,
        "leaders": [],
        "verdicts": [],
        "questions": [],
        "claims": [],
        "findings": [],
        "probes": [],
        "clocks": [],
        "facts": {},
        "warnings": [],
    }
    document.update(parts)
    return document


class Group(click.Group):
    """A group that says which commands it has where another was typed, and the nearest."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise unknown("command", args[0], known)
        return super().resolve_command(ctx, args)


class _Ref(click.types.StringParamType):
    """A reference to a secret; anything else is refused without being quoted."""

    name = "ref"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from jwtdoctor.config.secrets import FORMS, is_ref

        if not is_ref(value):
            self.fail(f"not a reference to a secret; expected {FORMS}", param, ctx)
        return value


REF = _Ref()
"""The click type of options that take a reference to a secret."""


def unknown(
    kind: str, name: str, known: Iterable[str], *, listed_by: str = "", listed: Iterable[str] = ()
) -> UnknownName:
    """The error for a name that does not exist: the nearest ones, else all of them, else what lists them.

    `listed`: what to list in place of `known` and in which order, where that holds aliases too or one comes first.

    What was typed is only quoted where it is near a known name: else it may be anything, even a secret.
    """
    from difflib import get_close_matches
    from textwrap import shorten

    names = sorted(known)
    near = get_close_matches(name.lower(), names, n=3, cutoff=0.6)
    if near:
        return UnknownName(f"no {kind} is called '{one_line(name)}'", do=f"nearest: {', '.join(near)}")
    names = list(listed) or names
    if len(names) <= 14:
        return UnknownName(f"no {kind} of that name", expected=", ".join(names))
    if listed_by:
        return UnknownName(f"no {kind} of that name", do=f"list them: {listed_by}")
    cut = shorten(", ".join(names), 250, placeholder=" …", break_on_hyphens=False)
    return UnknownName(f"no {kind} of that name", expected=cut)
