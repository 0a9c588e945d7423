"""Finds and reads the metadata files under some paths. The only module of this room that touches the disk.

Nothing here can be talked into much: only regular files are read, at most so many and so large, links to folders are
not followed, hidden folders and `node_modules` are passed over. What was not read becomes a `Trouble`, so that
nobody takes silence for health.

Decisions where the issue is silent: a file is taken by the end of its name (whatever its letter case, in source or
mdapi format), and a file that is named on the command line by its root element too. A folder link is followed
nowhere, since what lies in the repository is met anyway and what lies outside is not the repository.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from jwtdoctor.errors import BadInput
from jwtdoctor.intake.redact import printable
from jwtdoctor.knowledge.metadata import MetadataType, metadata
from jwtdoctor.lint.tree import Broken, Tree, parse


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read at most. Sizes in bytes, times in seconds."""

    file_bytes: int = 20_000_000
    files: int = 50_000
    entries: int = 1_000_000
    time_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Document:
    """One metadata file as read. `path` as it is shown; `folder` is the package folder that its type folder lies in."""

    path: str
    name: str
    type: MetadataType
    tree: Tree
    folder: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be read as metadata, and why. `rule` names it."""

    rule: str
    path: str
    message: str
    line: int = 1
    col: int = 1
    about: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """All that was read, and all that could not be."""

    documents: tuple[Document, ...]
    troubles: tuple[Trouble, ...]


WANTED = {
    "Profile": ("loginIpRanges", "loginHours"),
    "PermissionSet": ("label",),
    "SecuritySettings": ("networkAccess", "sessionSettings"),
}
"""Of the large types, the children of the root that a rule looks at."""
SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "__MACOSX"})


def read_folders(
    paths: Sequence[str],
    exclude: Sequence[str] = (),
    limits: Limits | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    apart: Sequence[str] = (),
) -> Found:
    """Reads every metadata file under the paths, but not under those that are `apart`.

    Raises BadInput for a path that is not there.
    """
    limits = limits or Limits()
    ends = monotonic() + limits.time_s
    documents: list[Document] = []
    troubles: list[Trouble] = []
    seen: set[str] = set()
    beside = frozenset(os.path.realpath(path) for path in apart)
    for path, is_named in _candidates(paths, exclude, beside, limits, troubles):
        if monotonic() > ends:
            troubles.append(Trouble("not-all-read", shown(path), f"{limits.time_s:g} s were over before this file"))
            break
        if len(documents) >= limits.files:
            troubles.append(Trouble("not-all-read", shown(path), f"only the first {limits.files:,} files were read"))
            break
        may_be_met_twice = len(paths) > 1 or Path(path).is_symlink()
        real = os.path.realpath(path) if may_be_met_twice else str(Path(path).absolute())
        if real not in seen:
            seen.add(real)
            read = _read(path, is_named, limits)
            if isinstance(read, Trouble):
                troubles.append(read)
            elif read is not None:
                documents.append(read)
    return Found(tuple(documents), tuple(troubles))


def shown(path: str) -> str:
    """A path for people: forward slashes, no `./` before it, and nothing that a terminal would obey."""
    text = os.path.normpath(path).replace(os.sep, "/")
    if not text.isprintable():
        text = printable(text.encode("utf-8", "replace").decode("utf-8"))
        text = "".join(char if char.isprintable() else "?" for char in text)
    return text if len(text) <= 400 else "…" + text[-399:]


# --- finding --------------------------------------------------------------------------------------


def _candidates(
    paths: Sequence[str], exclude: Sequence[str], apart: frozenset[str], limits: Limits, troubles: list[Trouble]
) -> Iterator[tuple[str, bool]]:
    """Paths of files that may be metadata, in order; with them, whether they were named by the user."""
    left = limits.entries
    for path in paths:
        if "\0" in path or not Path(path).exists():
            raise BadInput("is not there", where=shown(path), expected="a folder or a file of metadata")
        if not Path(path).is_dir():
            yield path, True
            continue
        stack = [path]
        while stack:
            folder = stack.pop()
            entries = _entries(folder, troubles)
            left -= len(entries)
            if left < 0:
                troubles.append(Trouble("not-all-read", shown(folder), "too many files under the paths given"))
                return
            folders: list[str] = []
            for entry in entries:
                if _is_excluded(entry.path, exclude):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    is_apart = bool(apart) and os.path.realpath(entry.path) in apart
                    if not entry.name.startswith(".") and entry.name not in SKIPPED_FOLDERS and not is_apart:
                        folders.append(entry.path)
                elif _is_folder_link(entry):
                    troubles.extend(_of_link(entry))
                elif _type_of_name(entry.name) or _is_suspicious(entry.name):
                    yield entry.path, False
            stack += reversed(folders)


def _entries(folder: str, troubles: list[Trouble]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError as problem:
        troubles.append(Trouble("file-unreadable", shown(folder), f"the folder cannot be read: {_why(problem)}"))
        return []


def _is_folder_link(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink() and entry.is_dir()
    except OSError:  # a loop of links: opening it will say so
        return False


def _of_link(entry: os.DirEntry[str]) -> Iterator[Trouble]:
    """A link to a folder is worth a word where metadata could lie behind it."""
    names = {kind.folder for kind in metadata().types.values()} | {"force-app", "src", "main", "default"}
    if entry.name in names:
        yield Trouble("link-not-followed", shown(entry.path), "is a link to a folder, and links are not followed")


def _is_excluded(path: str, exclude: Sequence[str]) -> bool:
    return bool(exclude) and any(matches(shown(path), pattern) for pattern in exclude)


def matches(path: str, pattern: str) -> bool:
    """Whether a path, or the end of it from some folder on, is of that pattern."""
    return fnmatch(path, pattern) or fnmatch(path, f"*/{pattern}")


# --- reading --------------------------------------------------------------------------------------


def _read(path: str, is_named: bool, limits: Limits) -> Document | Trouble | None:
    name = Path(path).name
    data = _bytes(path, limits)
    if isinstance(data, Trouble):
        return data
    of_name = _type_of_name(name)
    if of_name is None and not is_named:
        return _of_suspicious(path, name)
    if is_named and data.startswith(b"PK\x03\x04"):
        return Trouble("file-of-no-type", shown(path), "is a zip archive: unpack it and name the folder")
    kind = of_name[0] if of_name else None
    if kind and not is_named and _is_something_else(path, data, kind):
        return None
    tree = parse(data, WANTED.get(kind.name, ()) if kind else ())
    if isinstance(tree, Broken):
        rule = "file-not-read" if tree.is_refused else "xml-broken"
        if tree.is_refused and "document type" in tree.reason:
            rule = "xml-declares-a-type"
        return Trouble(rule, shown(path), tree.reason, tree.line, tree.col)
    of_root = metadata().types.get(tree.root.name)
    if kind is None:
        kind = of_root
    if kind is None:
        return Trouble("file-of-no-type", shown(path), "is none of the metadata types that are read here")
    if of_root is not kind:
        message = f"the root element is <{word(tree.root.name)}>, and the name says {kind.name}"
        return Trouble("root-element", shown(path), message, tree.root.line, tree.root.col)
    folder = Path(path).parent
    below = folder.parent if folder.name.lower() == kind.folder.lower() else folder
    return Document(shown(path), of_name[1] if of_name else Path(path).stem, kind, tree, shown(str(below)))


def _is_something_else(path: str, data: bytes, kind: MetadataType) -> bool:
    """A file of another trade under a common name, such as a shell's `bash.profile`."""
    is_at_home = Path(path).parent.name.lower() == kind.folder.lower() or path.lower().endswith("-meta.xml")
    return not is_at_home and not data.lstrip(b"\xef\xbb\xbf\xff\xfe\0\t\r\n ").startswith(b"<")


def _bytes(path: str, limits: Limits) -> bytes | Trouble:
    """The content of a regular file that is small enough. A pipe or a device would never end."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as problem:
        return Trouble("file-unreadable", shown(path), f"cannot be read: {_why(problem)}")
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return Trouble("file-unreadable", shown(path), "is no regular file")
        try:
            data = file.read(limits.file_bytes + 1)
        except OSError as problem:
            return Trouble("file-unreadable", shown(path), f"cannot be read: {_why(problem)}")
    if len(data) > limits.file_bytes:
        return Trouble("file-not-read", shown(path), f"is larger than {limits.file_bytes / 1e6:g} MB")
    return data


def word(text: str, most: int = 60) -> str:
    """A name out of a file, for a message."""
    text = "".join(char if char.isprintable() else "?" for char in printable(text))
    return text if len(text) <= most else text[: most - 1] + "…"


def _why(problem: OSError) -> str:
    return (problem.strerror or "it cannot be opened").lower()


def _type_of_name(name: str) -> tuple[MetadataType, str] | None:
    """The type that a file name stands for, and the component's name; percent signs as Salesforce writes them."""
    from urllib.parse import unquote

    bare = name[:-9] if name.lower().endswith("-meta.xml") else name
    stem, dot, suffix = bare.rpartition(".")
    kind = _by_suffix().get(suffix.lower()) or _by_file().get(bare.lower())
    if not dot or not stem or kind is None:
        return None
    return kind, unquote(stem)


@cache
def _by_suffix() -> dict[str, MetadataType]:
    return {kind.suffix.lower(): kind for kind in metadata().types.values() if not kind.file}


@cache
def _by_file() -> dict[str, MetadataType]:
    return {kind.file.lower(): kind for kind in metadata().types.values() if kind.file}


def _is_suspicious(name: str) -> bool:
    """Whether it is named like a member of the external client app family and is none that exists."""
    bare = name.removesuffix("-meta.xml")
    suffix = bare.rpartition(".")[2]
    return (
        bare != name
        and suffix.startswith("eca")
        and len(suffix) < 40
        and suffix.isalpha()
        and suffix not in metadata().other_suffixes
    )


def _of_suspicious(path: str, name: str) -> Trouble:
    from difflib import get_close_matches

    suffix = name.removesuffix("-meta.xml").rpartition(".")[2]
    known = [kind.suffix for kind in metadata().types.values() if kind.suffix.startswith("eca")]
    near = get_close_matches(suffix, [*known, *metadata().other_suffixes], n=1, cutoff=0.5)
    meant = f"; the nearest that exists is .{near[0]}" if near else ""
    return Trouble("unknown-suffix", shown(path), f"no metadata type has files that end in .{word(suffix)}{meant}")
