"""Puts a profile into a settings file: as TOML that can say nothing but the profile, whole or not at all.

The standard library reads TOML and does not write it. What is written here is a small part of it (text, whole numbers,
numbers, yes and no, lists of texts), and each result is read back and compared before it replaces anything: a value
that breaks out of its quotes, or a file that is built in a way that the edit does not understand, is refused.

The rest of the file stays as it is, comments included. A profile that is replaced loses the comments inside of it.
"""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jwtdoctor.config.profiles import LARGEST_FILE, OTHER_TABLES, Value
from jwtdoctor.errors import BadProfile

REMARK = "# imported from "
"""How the comment begins that stands above an imported profile, and goes with it."""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def profile_toml(name: str, values: Mapping[str, Value], origin: str) -> str:
    """`[profile.NAME]` and its settings, under a comment that says what they were imported from."""
    lines = [REMARK + _plain(origin), f"[profile.{_key(name)}]"]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def write_profiles(path: Path, profiles: Mapping[str, tuple[str, Mapping[str, Value]]], *, replace: bool) -> bool:
    """Adds profiles to a settings file, all or none; a new file is 0600. True where the file was made.

    `profiles`: what each was imported from, and its settings, by name.

    Raises BadProfile where one exists already and `replace` is not asked for, where the file is not one of ours, or
    where it cannot be written.
    """
    path = Path(os.path.realpath(path))
    before = _read(path)
    text = before or ""
    for name, (origin, values) in profiles.items():
        text = with_profile(text, name, values, origin=origin, replace=replace, where=str(path))
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_FILE:
        raise BadProfile("would be larger than 1 MB", where=str(path))
    _write(path, text, before)
    return before is None


def with_profile(text: str, name: str, values: Mapping[str, Value], *, origin: str, replace: bool, where: str) -> str:
    """The file's text with this profile in it. Pure. Raises BadProfile."""
    document = _document(text)
    if document is None:
        raise BadProfile("is no settings file that can be added to", where=where, expected="TOML, [profile.NAME]")
    known = document.get("profile", {})
    if name in known and not replace:
        raise BadProfile(f"profile '{_plain(name)}' exists already", where=where, do="use --replace, or another --name")
    kept = _without(text, name) if name in known else text
    gap = "" if not kept.strip() else ("\n" if kept.endswith("\n") else "\n\n")
    made = kept + gap + profile_toml(name, values, origin)
    added = {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}
    if _document(made) != {**document, "profile": {**known, name: added}}:
        raise BadProfile(
            "is written in a way that cannot be edited here without risk",
            where=where,
            do="use --dry-run and put the profile in by hand",
        )
    return made


def _without(text: str, name: str) -> str:
    """The text without the lines of one table. Comments above the next table belong to that and stay."""
    lines = text.splitlines(keepends=True)
    header = re.compile(rf"\s*\[\s*(?:profile|\"profile\"|'profile')\s*\.\s*{_spelt(name)}\s*\]\s*(?:#.*)?$")
    first = next((n for n, line in enumerate(lines) if header.match(line.rstrip("\r\n"))), None)
    if first is None:
        return text
    last = next((n for n in range(first + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines))
    while last < len(lines) and last - 1 > first and lines[last - 1].lstrip()[:1] in ("", "#"):
        last -= 1
    if first > 0 and lines[first - 1].startswith(REMARK):
        first -= 1
    return "".join([*lines[:first], *lines[last:]])


def _spelt(name: str) -> str:
    forms = [f'"{re.escape(name)}"', f"'{re.escape(name)}'", re.escape(_key(name))]
    return f"(?:{'|'.join(forms)})"


def _document(text: str) -> dict[str, Any] | None:
    """The file as read; None where it is no settings file."""
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None
    if not isinstance(document.get("profile", {}), dict) or document.keys() - {"profile", *OTHER_TABLES}:
        return None
    return document


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)


def _value(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, tuple):
        return f"[{', '.join(_quoted(item) for item in value)}]"
    return _quoted(value)


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0: what is not printable is escaped."""
    return '"' + "".join(_ESCAPES.get(char) or (char if char.isprintable() else _escaped(char)) for char in text) + '"'


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:120]


# --- the file --------------------------------------------------------------------------------------------------------


def _read(path: Path) -> str | None:
    """The file's text, None where there is no file. Raises BadProfile."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise BadProfile(f"cannot be read: {problem.strerror}", where=str(path)) from None
    if len(data) > LARGEST_FILE:
        raise BadProfile("is larger than 1 MB", where=str(path), expected="a settings file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadProfile("is not UTF-8 text", where=str(path), expected="TOML") from None


def _write(path: Path, text: str, before: str | None) -> None:
    """Replaces the file in one step. An older one keeps its mode; one that changed meanwhile is not touched."""
    temporary = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)  # 0600
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        if before is not None:
            Path(temporary).chmod(path.stat().st_mode & 0o777)
        if _read(path) != before:
            raise BadProfile("was changed meanwhile; nothing was written", where=str(path), do="try again")
        Path(temporary).replace(path)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not text that a file can hold"
        raise BadProfile(f"cannot be written: {reason}", where=str(path)) from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
