"""`jwtdoctor causes --write FOLDER`: the pages of `render/cause_pages.py` on disk, kept current.

Only what has changed is written, each page whole; a page that this command once wrote and that belongs to no cause any
more is removed. A file that it did not write is never touched: its first line tells. `--check` changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jwtdoctor.cli.common import OK, REFUSED, Common, emit, emit_document, one_line, report_document
from jwtdoctor.cli.streams import write_file
from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import Knowledge
from jwtdoctor.render.cause_pages import MARK, cause_pages


@dataclass(frozen=True, slots=True)
class Changes:
    """File names: what is to be written, what to be removed, and how many pages there are."""

    stale: tuple[str, ...]
    left_over: tuple[str, ...]
    pages: int


def write_pages(common: Common, folder: str, knowledge: Knowledge, *, only_check: bool) -> int:
    """Brings the folder up to date, or says whether it is. The exit code. Raises BadInput."""
    from jwtdoctor.simulator.faults import LISTED

    if not folder:
        raise BadInput("this is no folder", where="--write", expected="the name of one")
    place = Path(folder)
    pages = cause_pages(knowledge, (fault.name for fault in LISTED))
    if not only_check:
        _make(place)
    changes = _changes(place, pages)
    if not only_check:
        for name in changes.stale:
            write_file(str(place / name), pages[name])
        for name in changes.left_over:
            (place / name).unlink(missing_ok=True)
    _tell(common, folder, changes, only_check)
    return REFUSED if only_check and (changes.stale or changes.left_over) else OK


def write_page(common: Common, file: str, page: str, *, only_check: bool) -> int:
    """The same for the one page that compares the providers. The exit code. Raises BadInput."""
    if not file:
        raise BadInput("this is no file", where="--write", expected="the name of one")
    place = Path(file)
    found = _content(place) if place.exists() else ""
    if found and not found.startswith(MARK):
        raise BadInput("was not written by this command, and is left alone", where=one_line(place),
                       do="move it away, or name another file")  # fmt: skip
    is_stale = found != page
    if is_stale and not only_check:
        write_file(str(place), page)
    if common.format == "json":
        emit_document(common, report_document("causes", pages={"file": one_line(file), "stale": is_stale}))
    else:
        done = "is not current" if only_check else "written"
        emit(common, f"{one_line(file)}: {done if is_stale else 'current'}")
    return REFUSED if only_check and is_stale else OK


def _make(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a path"
        raise BadInput(f"cannot be made: {reason}", where=one_line(place), expected="a folder") from None


def _changes(place: Path, pages: dict[str, str]) -> Changes:
    """What differs from the pages. Raises BadInput for a file in the way that this command did not write."""
    found = {path.name: _content(path) for path in sorted(place.glob("*.md"))}
    for name in pages:
        if name in found and not found[name].startswith(MARK):
            raise BadInput("was not written by this command, and is left alone", where=one_line(place / name),
                           do="move it away, or name another folder")  # fmt: skip
    stale = tuple(name for name, page in pages.items() if found.get(name) != page)
    left_over = tuple(name for name, text in found.items() if name not in pages and text.startswith(MARK))
    return Changes(stale, left_over, len(pages))


def _content(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError as problem:
        raise BadInput(f"cannot be read: {problem.strerror}", where=one_line(path)) from None


def _tell(common: Common, folder: str, changes: Changes, only_check: bool) -> None:
    if common.format == "json":
        rows = {"folder": one_line(folder), "count": changes.pages, "stale": list(changes.stale),
                "left_over": list(changes.left_over), "written": not only_check}  # fmt: skip
        emit_document(common, report_document("causes", pages=rows))
        return
    wrote, removes = ("is not current", "belongs to no cause") if only_check else ("written", "removed")
    lines = [f"{one_line(name)}: {wrote}" for name in changes.stale]
    lines += [f"{one_line(name)}: {removes}" for name in changes.left_over]
    emit(common, "\n".join(lines or [f"{changes.pages} pages, all current"]))
