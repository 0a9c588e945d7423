"""Several outputs of one answer: which `--format` goes to which `-o`.

    jwtdoctor check acme --format text --format junit -o a.xml --format html -o b.html

Any command gets this with two words: `@common_options(*formats, several=True)` above its function, and

    refuse_unwritable_outputs(common)                        # before anything is spent
    emit_each(common, lambda one: rendered(one, report))     # in place of `emit`

`one` is a `Common` with the form, the file and the terminal of one output.

Decisions where the contract is silent: a file belongs to the `--format` right before it, else to the one right after
it; the one format that is left goes to stdout; `-o -` is stdout by name. Two answers on stdout, or in one file, would
spoil each other, so that is refused before anything is done. Files are written before stdout, each whole or not at
all, and one that cannot be written does not keep the others back.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from jwtdoctor.errors import BadInput

FORMAT, OUTPUT = "format_", "output"
_ORDER = "jwtdoctor.outputs.order"

Pair = tuple[str, str | None]
"""A format, and the file that it goes to; None is stdout."""


class OrderedOption(click.Option):
    """An option that notes in what order it and its kind were typed: click hands over each kind by itself."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        super().add_to_parser(parser, ctx)
        if _ORDER in ctx.meta:
            return
        ctx.meta[_ORDER] = []
        parse = parser.parse_args

        def parse_and_note(args: list[str]) -> Any:
            options, rest, order = parse(args)
            ctx.meta[_ORDER] = [param.name for param in order if param.name in (FORMAT, OUTPUT)]
            return options, rest, order

        parser.parse_args = parse_and_note


def typed_order() -> tuple[str, ...]:
    """`format_` and `output` in the order in which they were typed on this command line."""
    return tuple(click.get_current_context().meta.get(_ORDER, ()))


def paired(formats: Sequence[str], files: Sequence[str], order: Sequence[str], default: str) -> tuple[Pair, ...]:
    """Each format with its file, in the order of the formats. Raises BadInput where the two do not come out even."""
    if not formats and len(files) <= 1:
        pairs: tuple[Pair, ...] = ((default, files[0] if files else None),)
    else:
        pairs = _one_each(formats, files) if len(formats) == len(files) else _by_place(formats, files, order)
    pairs = tuple((form, None if file == "-" else file) for form, file in pairs)
    _refuse_collisions(pairs)
    return pairs


def _one_each(formats: Sequence[str], files: Sequence[str]) -> tuple[Pair, ...]:
    return tuple(zip(formats, files, strict=True))


def _by_place(formats: Sequence[str], files: Sequence[str], order: Sequence[str]) -> tuple[Pair, ...]:
    """A file to the format right before it, else to the one right after it."""
    rest_of_formats, rest_of_files = iter(formats), iter(files)
    pairs: list[Pair] = []
    waiting: str | None = None
    for kind in order:
        if kind == FORMAT:
            pairs.append((next(rest_of_formats), waiting))
            waiting = None
            continue
        file = next(rest_of_files)
        if pairs and pairs[-1][1] is None:
            pairs[-1] = (pairs[-1][0], file)
        elif waiting is None:
            waiting = file
        else:
            raise _a_file_too_many()
    if waiting is not None:
        raise _a_file_too_many()
    return tuple(pairs)


def _a_file_too_many() -> BadInput:
    return BadInput("more files than formats", where="--output", do="say --format before each -o")


def _refuse_collisions(pairs: tuple[Pair, ...]) -> None:
    if is_twice(file for _, file in pairs):
        raise BadInput("two formats cannot go to the same file", where="--output", do="give each a file of its own")
    if sum(file is None for _, file in pairs) > 1:
        raise BadInput("only one format can go to stdout", where="--format", do="say -o FILE after the others")


def is_twice(files: Iterable[str | None]) -> bool:
    """Whether one file is named more than once, by whatever path: the later text would replace the earlier."""
    named = [os.path.realpath(file) for file in files if file is not None and not _is_special(file)]
    return len(set(named)) < len(named)


def _is_special(file: str) -> bool:
    """A device or a pipe takes one text after the other; what is no path is refused later."""
    return "\0" in file or (Path(file).exists() and not Path(file).is_file())
