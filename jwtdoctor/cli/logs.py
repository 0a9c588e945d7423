"""`jwtdoctor logs PATH…`: what failed in logs, since when, for whom and why. `logs query`: the calls that fetch them.

Decisions where the contract is silent:
- Exit 1 where any login or token request in the logs was refused, 0 where none was, 3 where they hold none at all.
- `logs query` is chosen by its first word: a file of that name is `./query`.
- `--format csv` is one table, named by `--table`; JSON has them all under `logs`.
- `--follow` goes on after the story, a line a record, until ctrl+c (130). It follows iat logs alone: the others are
  exports.
- There is no `junit` and no `sarif`: what they tell a CI is what is wrong with a build, and a log is none.
- `--since` counts back from now, and a time without a zone is UTC.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.common import (
    NOTHING_LEARNT,
    OK,
    REFUSED,
    Common,
    common_options,
    emit_each,
    narrate,
    one_line,
    refuse_unwritable_outputs,
    report_document,
    to_json,
    unknown,
)
from jwtdoctor.cli.completion import providers
from jwtdoctor.cli.logs_query import query
from jwtdoctor.errors import BadInput

if TYPE_CHECKING:
    from jwtdoctor.logs.engine import Progress
    from jwtdoctor.logs.files import LogFile
    from jwtdoctor.model.story import Story

FORMATS = ("text", "json", "csv", "markdown", "html")
TABLES = ("failures", "series", "changes", "apps", "addresses", "rates", "drift")
_AGO = re.compile(r"(\d{1,6})\s?(m|min|h|d|w)")
_UNIT_S = {"m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
POLL_S = 0.5


class _Logs(click.Command):
    """The command, with `query` beneath it: everything else that comes first is a path or an option."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["query"]:
            return query.make_context(f"{info_name} query", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("logs", cls=_Logs, short_help="What failed in logs, since when, for whom and why.",
               epilog="jwtdoctor logs query: the SOQL and REST calls that fetch such logs.")  # fmt: skip
@click.argument("paths", nargs=-1, metavar="PATH…")
@click.option("--since", metavar="WHEN", help="From then on: 24h, 7d, 2026-11-20, 2026-11-20T08:00Z.")
@click.option("--app", metavar="NAME", help="This app alone: its name, its id, or its client id.")
@click.option("--user", metavar="NAME", help="This user alone: name or id.")
@click.option(
    "--provider",
    metavar="NAME",
    shell_complete=providers,
    default="salesforce",
    show_default=True,
    help="Whose wordings these are.",
)
@click.option("--table", type=click.Choice(TABLES), default=TABLES[0], show_default=True, help="Table of --format csv.")
@click.option("--follow", is_flag=True, help="Go on with each record that iat logs get.")
@common_options(*FORMATS, several=True)
def command(common: Common, paths: tuple[str, ...], since: str | None, app: str | None, user: str | None,
            provider: str, table: str, follow: bool) -> int:  # fmt: skip
    """Reads logs and says what failed, since when, for which app, user, address and key, and why.

    PATH is a file, a folder of files, or - for stdin: iat logs, exports of Login History (CSV, JSON), event log files
    (CSV, gzip or not) and ordinary application logs, together or apart.
    """
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.logs.story import Wanted, read

    if not paths:
        raise BadInput("no log is named", expected="PATH…, or - for stdin", do="to fetch logs: "
                       "jwtdoctor logs query")  # fmt: skip
    if provider not in load().providers:
        raise unknown("provider", provider, load().providers, listed_by="jwtdoctor causes")
    if follow and common.format != "text":
        raise BadInput("--follow goes with text alone", where="--format")
    refuse_unwritable_outputs(common)
    followed = _followed(paths) if follow else []
    began = time.monotonic()
    wanted = Wanted(None if since is None else since_epoch(since, time.time()), app, user)
    with _progress(common) as progress:
        story = read(paths, wanted, provider=provider, progress=progress)
    took_s = time.monotonic() - began
    emit_each(common, lambda one: _rendered(one, story, provider, table, took_s))
    if followed:
        _follow(common, followed, provider)
    return _code(story)


def since_epoch(text: str, now: float) -> float:
    """Epoch seconds of `24h`, `7d` (back from `now`), a date or an ISO time. Raises BadInput for what is none."""
    from jwtdoctor.intake.times import iso_time

    plain = re.sub(r"([T ]\d\d:\d\d)(?=Z|[+-]|$)", r"\1:00", text.strip())
    if found := _AGO.fullmatch(plain.lower()):
        return now - int(found[1]) * _UNIT_S[found[2]]
    whole = f"{plain} 00:00:00" if re.fullmatch(r"\d{4}-\d\d-\d\d", plain) else plain
    at = iso_time(whole) if re.match(r"\d{4}-", whole) else None
    if at is not None:
        return at
    raise BadInput("is no time", where="--since", expected="24h, 7d, 2026-11-20 or 2026-11-20T08:00Z")


def _rendered(common: Common, story: Story, provider: str, table: str, took_s: float) -> str:
    from jwtdoctor.render import story as drawn

    shows = common.streams
    match common.format:
        case "json":
            return to_json(_document(common, story, provider, took_s))
        case "csv":
            return drawn.story_csv(story, table)
        case "markdown":
            from jwtdoctor.render.markdown import markdown_of

            return markdown_of(drawn.story_page(story), {drawn.WHEN: drawn.sparklines(story)})
        case "html":
            from jwtdoctor.render.html import html_of

            return html_of(drawn.story_page(story, verbose=True), drawn.plots(story))
    from jwtdoctor.render.text import text_of

    lines = {drawn.WHEN: drawn.sparklines(story, ascii=shows.ascii)}
    page = drawn.story_page(story, verbose=common.verbose)
    return text_of(page, lines, width=shows.width, colour=shows.colour, ascii=shows.ascii)


def _document(common: Common, story: Story, provider: str, took_s: float) -> dict[str, Any]:
    from jwtdoctor.render.document import finding_document
    from jwtdoctor.render.story import story_document, story_findings

    return report_document(
        "logs",
        took_s=round(took_s, 3),
        profile=common.profile,
        provider=provider,
        outcome="refused" if story.refused else "granted" if story.granted or story.calls else "not-asked",
        findings=[finding_document(one) for one in story_findings(story)],
        warnings=[one_line(warning) for warning in story.warnings],
        logs=story_document(story),
    )


def _code(story: Story) -> int:
    if story.refused:
        return REFUSED
    return OK if story.asked or story.calls or story.events else NOTHING_LEARNT


# --- progress


@contextmanager
def _progress(common: Common) -> Iterator[Progress | None]:
    """One line on a terminal's stderr, drawn over itself and wiped at the end."""
    if not (common.shows_progress and common.streams.narrates) or sys.stderr is None:
        yield None
        return
    width = max(common.streams.width, 40)
    last = 0.0

    def tell(what: str, share: float) -> None:
        nonlocal last
        if time.monotonic() - last < 0.1:
            return
        last = time.monotonic()
        shown = one_line(what)[: width - 8] + (f" {share:4.0%}" if share >= 0 else "")
        _draw(f"\r{shown:<{width - 1}}")

    try:
        yield tell
    finally:
        _draw("\r" + " " * (width - 1) + "\r")


def _draw(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        return


# --- following


def _followed(paths: Sequence[str]) -> list[LogFile]:
    """The iat logs among the paths, with their present size: what comes behind it is to be told."""
    from jwtdoctor.logs.engine import engine
    from jwtdoctor.logs.files import find

    with engine() as opened:
        files = [file for file in find([path for path in paths if path != "-"], opened) if file.kind == "iat"]
    if not files:
        raise BadInput("none of these is an iat log", where="--follow", expected="a log that jwtdoctor.watch writes")
    return files


def _follow(common: Common, files: Sequence[LogFile], provider: str) -> None:
    """Prints each record that comes, until the process is interrupted."""
    from jwtdoctor.cli.streams import answer
    from jwtdoctor.logs.follow import follow

    narrate(common, f"following {', '.join(file.name for file in files)}; end with ctrl+c")
    ended, lock = threading.Event(), threading.Lock()

    def print_from(file: LogFile) -> None:
        for record in follow(file.path, lambda: not ended.wait(POLL_S), start=file.size):
            with lock:
                answer(record_line(record, provider))

    threads = [threading.Thread(target=_ending(print_from, file, ended), daemon=True) for file in files]
    for thread in threads:
        thread.start()
    try:
        while any(thread.is_alive() for thread in threads):
            time.sleep(POLL_S / 5)
    finally:
        ended.set()


def _ending(work: Callable[[LogFile], None], file: LogFile, ended: threading.Event) -> Callable[[], None]:
    """The work; a reader that has gone ends all of it."""

    def run() -> None:
        try:
            work(file)
        except Exception:  # noqa: BLE001 - stdout is gone, or the log is: there is nothing more to print
            ended.set()

    return run


def record_line(record: Mapping[str, Any], provider: str) -> str:
    """One record as a line: when, what came, for whom, how far the clock was off, and the cause."""
    from jwtdoctor.logs.story import cause_of_record
    from jwtdoctor.render.story import moment
    from jwtdoctor.render.words import one_line as cleaned

    at, status, ahead = record.get("at"), record.get("status"), record.get("ahead_s")
    said = ": ".join(str(part) for key in ("error", "description") if (part := record.get(key)))
    cause = cause_of_record(record, provider)
    parts = [
        moment(at) + f":{int(at) % 60:02}" if isinstance(at, (int, float)) and abs(at) < 1e11 else "",
        str(status) if isinstance(status, int) else "no reply",
        said,
        f"client {record.get('client')}" if record.get("client") else "",
        f"clock {ahead:+.1f} s" if isinstance(ahead, (int, float)) and abs(ahead) >= 2 else "",
        f"→ {cause}" if cause else "",
    ]
    return "  ".join(cleaned(part) for part in parts if part)
