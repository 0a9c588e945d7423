"""`jwtdoctor profiles`: which profiles there are, where each setting comes from, and whether what they name is there.

A secret is shown as its reference and never read by `list` and `show`; `doctor` reads it to see that it can be
read, and forgets it. `doctor` runs no command and asks no question: `cmd:` and `prompt` are named as not tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from jwtdoctor.cli.attempt import gather
from jwtdoctor.cli.common import (
    OK,
    REFUSED,
    Common,
    common_options,
    emit,
    emit_document,
    narrate,
    one_line,
    report_document,
)
from jwtdoctor.config.places import SETTINGS_FILE, user_file
from jwtdoctor.config.profiles import SECRETS, SETTINGS, Setting, Settings, found_files
from jwtdoctor.config.secrets import resolve, shown
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding


@click.group("profiles", short_help="Profiles, and where each setting comes from.")
def command() -> None:
    """Profiles, and where each setting comes from."""


@command.command("list", short_help="Every profile and the file that it is in.")
@common_options("text", "json")
def list_(common: Common) -> int:
    """Every profile and the file that it is in."""
    warnings: list[str] = []
    files = found_files(warnings=warnings)
    rows = [
        {"name": name, "file": str(file.path), "kind": file.kind, "settings": len(file.profiles[name])}
        for file in files
        for name in sorted(file.profiles)
    ]
    if common.format == "json":
        emit_document(common, report_document("profiles list", profiles=rows, warnings=warnings))
        return OK
    _warn(common, warnings)
    if rows:
        emit(common, "\n".join(f"{one_line(row['name'])}  ({row['kind']} {one_line(row['file'])})" for row in rows))
    else:
        own = user_file()
        narrate(common, f"no profiles; they live in ./{SETTINGS_FILE}" + (f" and {own}" if own else ""))
        emit(common, "")
    return OK


@command.command("show", short_help="Each setting, its value and where it comes from.")
@click.argument("name", required=False)
@common_options("text", "json")
def show(common: Common, name: str | None) -> int:
    """Each setting in force, its value and where it comes from. Secrets appear as references only."""
    found = gather(common, {}, profile=name)
    rows = [{"name": s.name, "value": _shown(s, found), "origin": s.origin} for s in found]
    if common.format == "json":
        emit_document(
            common,
            report_document("profiles show", profile=found.profile, settings=rows, warnings=list(found.warnings)),
        )
        return OK
    _warn(common, found.warnings)
    emit(common, "\n".join(_lines(rows)) or "no settings")
    return OK


def _shown(setting: Setting, found: Settings) -> Any:
    if setting.name in SECRETS:
        return shown(str(setting.value))
    if SETTINGS[setting.name] == "path":
        return found.text(setting.name)
    return list(setting.value) if isinstance(setting.value, tuple) else setting.value


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    names = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        value = ", ".join(row["value"]) if isinstance(row["value"], list) else str(row["value"])
        yield f"{row['name']:<{names}}  {one_line(value)}"
        yield f"{'':<{names}}  from {one_line(row['origin'])}"


@command.command("doctor", short_help="Whether the files and secrets that a profile names can be read.")
@click.argument("name", required=False)
@common_options("text", "json")
def doctor(common: Common, name: str | None) -> int:
    """Checks that the files and secrets that a profile names can be read. Shows none of them."""
    found = gather(common, {}, profile=name)
    findings = list(_findings(found))
    bad = any(finding.severity == "error" for finding in findings)
    if common.format == "json":
        rows = [_finding_document(finding) for finding in findings]
        emit_document(
            common,
            report_document("profiles doctor", profile=found.profile, findings=rows, warnings=list(found.warnings)),
        )
        return REFUSED if bad else OK
    _warn(common, found.warnings)
    lines = [f"{finding.severity}: {one_line(finding.where)}: {one_line(finding.message)}" for finding in findings]
    emit(common, "\n".join(lines) or f"nothing to complain of in {len(list(found))} settings")
    return REFUSED if bad else OK


def _findings(found: Settings) -> Iterator[Finding]:
    for setting in found:
        if setting.name in SECRETS:
            yield from _secret_findings(setting)
        elif SETTINGS[setting.name] == "path":
            yield from _file_findings(setting, Path(found.text(setting.name) or ""))
    if "url" not in found:
        yield Finding("profile-without-url", "warning", "url", "no token endpoint is set", "set url")


def _secret_findings(setting: Setting) -> Iterator[Finding]:
    ref = str(setting.value)
    where = f"{setting.name} ({setting.origin})"
    if ref.startswith("cmd:") or ref == "prompt":
        yield Finding("secret-not-tried", "note", where, f"{shown(ref)} was not tried", "")
        return
    try:
        resolve(ref, what=setting.name, folder=setting.folder)
    except BadInput as problem:
        yield Finding("secret-unreadable", "error", where, str(problem), "make it readable or name another place")
        return
    if ref.startswith("file:"):
        yield from _open_to_others((setting.folder or Path()) / Path(ref.removeprefix("file:")).expanduser(), where)


def _file_findings(setting: Setting, path: Path) -> Iterator[Finding]:
    where = f"{setting.name} ({setting.origin})"
    try:
        with path.open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a path"
        yield Finding("file-unreadable", "error", where, f"{path} cannot be read: {reason}", "name another file")
        return
    if setting.name == "key":
        yield from _open_to_others(path, where)


def _open_to_others(path: Path, where: str) -> Iterator[Finding]:
    """Unix modes only: elsewhere they say nothing."""
    if os.name == "posix" and path.is_file() and path.stat().st_mode & 0o077:
        yield Finding("secret-open-to-others", "warning", where, f"{path} can be read by others", f"chmod 600 {path}")


def _finding_document(finding: Finding) -> dict[str, str]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "where": finding.where,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _warn(common: Common, warnings: list[str] | tuple[str, ...]) -> None:
    for warning in warnings:
        narrate(common, f"warning: {warning}")
