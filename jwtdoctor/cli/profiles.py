"""`jwtdoctor profiles`: which profiles there are, where each setting comes from, and whether what they name is there.

A secret is shown as its reference and never read by `list` and `show`; `doctor` reads it to see that it can be
read, and forgets it. `doctor` runs no command and asks no question: `cmd:` and `prompt` are named as not tried.

`show` takes the options of `check`, so that what a flag would change can be seen before it is used. With `--origin` it
also names what a value hides, and what is taken where nothing was set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from jwtdoctor.cli import importing
from jwtdoctor.cli.attempt import gather, sending_options, signing_options
from jwtdoctor.cli.common import (
    OK,
    REFUSED,
    Common,
    Group,
    common_options,
    emit,
    emit_document,
    narrate,
    one_line,
    report_document,
)
from jwtdoctor.cli.findings import finding_lines, summary, wrapped
from jwtdoctor.cli.profile_doctor import findings, shown_value
from jwtdoctor.config.places import SETTINGS_FILE, user_file
from jwtdoctor.config.profiles import DEFAULT, SETTINGS, Setting, Settings, found_files, meant, origins
from jwtdoctor.config.secrets import shown
from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding


@click.group("profiles", cls=Group, short_help="Profiles, and where each setting comes from.")
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
@click.option("--origin", is_flag=True, help="Also what each value hides, and the defaults.")
@signing_options
@sending_options
@common_options("text", "json")
def show(common: Common, name: str | None, origin: bool, **flags: Any) -> int:
    """Each setting in force, its value and where it comes from. Secrets appear as references only.

    First wins: flag, environment, project file, user file, default. Other options stand for what would be typed.
    """
    found = gather(common, flags, profile=name)
    rows = [_row(setting, found, flags) for setting in found]
    defaults = list(_defaults(found)) if origin else []
    if common.format == "json":
        emit_document(
            common,
            report_document(
                "profiles show", profile=found.profile, settings=[*rows, *defaults], warnings=list(found.warnings)
            ),
        )
        return OK
    _warn(common, found.warnings)
    emit(common, "\n".join(_lines(common, [*rows, *defaults], origin)) or "no settings")
    return OK


def _row(setting: Setting, found: Settings, flags: dict[str, Any]) -> dict[str, Any]:
    hidden = [
        {"value": _shown(one, None), "origin": one.origin}
        for one in origins(found.profile, flags).get(setting.name, ())[1:]
    ]
    return {"name": setting.name, "value": _shown(setting, found), "origin": setting.origin, "hides": hidden}


def _shown(setting: Setting, found: Settings | None) -> Any:
    if SETTINGS[setting.name] == "ref":
        return shown(str(setting.value))
    if SETTINGS[setting.name] == "path" and found is not None:
        return found.text(setting.name)
    return list(setting.value) if isinstance(setting.value, tuple) else setting.value


def _defaults(found: Settings) -> Iterator[dict[str, Any]]:
    """What is taken for the settings that decide most, where nobody set them."""
    from jwtdoctor.cli.attempt import flow_name, lifetime_of, provider_name, token_url_of, unnamed_flow
    from jwtdoctor.knowledge.load import load
    from jwtdoctor.model.names import ASSERTION_FLOWS
    from jwtdoctor.probes.local import default_audience, wants_audience

    knowledge = load()
    try:
        slug = provider_name(found, knowledge)
        flow = flow_name(found.text("flow") or unnamed_flow(found, knowledge.providers[slug]))
        provider, url, client_id = knowledge.providers[slug], found.text("url"), found.text("client_id") or ""
        token_url = None if url is None else token_url_of(url, provider, flow)[0]
        signed_for = token_url is not None and flow in ASSERTION_FLOWS and wants_audience(provider)
        audience = default_audience(token_url, provider, flow, client_id) if token_url and signed_for else None
    except BadInput:
        return
    why = f"default of {provider.title}" + (" for this host" if url else "")
    for name, value, origin in (
        ("provider", slug, "default" if url is None else "the host of url"),
        ("flow", flow, "default"),
        ("audience", audience, why),
        ("lifetime", lifetime_of(found, provider), "default"),
    ):
        if name not in found and value is not None:
            yield {"name": name, "value": value, "origin": origin, "hides": []}


def _lines(common: Common, rows: list[dict[str, Any]], origin: bool) -> Iterator[str]:
    names = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        yield from wrapped(common, f"{row['name']:<{names}}  ", _text(row["name"], row["value"]), names + 2)
        yield from wrapped(common, f"{'':<{names}}  from ", one_line(row["origin"]), names + 7)
        for hidden in row["hides"] if origin else ():
            told = f"{_text(row['name'], hidden['value'])}, {one_line(hidden['origin'])}"
            yield from wrapped(common, f"{'':<{names}}  hides ", told, names + 8)


def _text(name: str, value: Any) -> str:
    if SETTINGS[name] == "ref":
        return one_line(value)  # as `shown` left it
    return one_line(shown_value(name, tuple(value) if isinstance(value, list) else value))


@command.command("doctor", short_help="What is wrong with a profile, without any network.")
@click.argument("name", required=False)
@common_options("text", "json")
def doctor(common: Common, name: str | None) -> int:
    """Checks a profile: files, references and key are tried, names and forms compared, an assertion signed in memory.

    Without NAME: the one of --profile or JWTDOCTOR_PROFILE, else [profile.default], else every profile.
    Shows no secret, runs no cmd:, asks nobody, and uses no network.
    """
    named = meant(name or common.profile, os.environ)
    names = [] if named else _known_names()
    if named or DEFAULT in names or not names:
        judged = [_judged(gather(common, {}, profile=named))]
        others = [one for one in names if one != DEFAULT]
        if others:
            narrate(common, f"not judged: {', '.join(map(one_line, others))}; jwtdoctor profiles doctor NAME")
    else:
        judged = [_judged_alone(common, one) for one in names]
    if common.format == "json":
        emit_document(common, _doctor_document(judged))
    else:
        emit(common, "\n\n".join("\n".join(_judged_lines(common, one)) for one in judged))
    return REFUSED if any(finding.severity == "error" for one in judged for finding in one.findings) else OK


@dataclass(frozen=True, slots=True)
class _Judged:
    """A profile with what is wrong with it, the gravest first. `settings`: how many there are, None if unreadable."""

    profile: str | None
    settings: int | None
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()


def _known_names() -> list[str]:
    """Every profile's name, whether or not the profile is sound. Raises BadProfile for a file that is none."""
    return sorted({name for file in found_files(only="") for name in file.profiles})


def _judged(found: Settings) -> _Judged:
    complaints = tuple(sorted(findings(found), key=lambda one: _RANK[one.severity]))
    return _Judged(found.profile, len(list(found)), complaints, found.warnings)


def _judged_alone(common: Common, name: str) -> _Judged:
    """One of several: where it cannot be read at all, the others are judged all the same."""
    try:
        return _judged(gather(common, {}, profile=name))
    except BadInput as problem:
        said = Finding("profile-not-usable", "error", "profile", str(problem), "correct it")
        return _Judged(name, None, (said,))


def _judged_lines(common: Common, judged: _Judged) -> Iterator[str]:
    if judged.settings == 0 and judged.profile is None:
        yield f"no profile, and no setting in any variable; profiles live in ./{SETTINGS_FILE}"
        return
    counted = "" if judged.settings is None else f" in {judged.settings} setting{'s' * (judged.settings != 1)}"
    yield f"{one_line(judged.profile or 'no profile')}: {summary(judged.findings)}{counted}"
    yield from finding_lines(common, judged.findings)


def _doctor_document(judged: list[_Judged]) -> dict[str, Any]:
    """One profile as ever; of several each by its name, and their findings with that name before the place."""
    rows = [[_finding_document(finding) for finding in one.findings] for one in judged]
    warnings = list(dict.fromkeys(warning for one in judged for warning in one.warnings))
    if len(judged) == 1:
        return report_document("profiles doctor", profile=judged[0].profile, findings=rows[0], warnings=warnings)
    parts = [
        {"name": one.profile, "settings": one.settings, "findings": found}
        for one, found in zip(judged, rows, strict=True)
    ]
    named = [
        {**row, "where": f"{one.profile}: {row['where']}"}
        for one, found in zip(judged, rows, strict=True)
        for row in found
    ]
    return report_document("profiles doctor", findings=named, warnings=warnings, profiles=parts)


_RANK = {"error": 0, "warning": 1, "note": 2}


def _finding_document(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "where": finding.where,
        "message": finding.message,
        "remedy": finding.remedy,
        "sources": list(finding.sources),
    }


def _warn(common: Common, warnings: list[str] | tuple[str, ...]) -> None:
    for warning in warnings:
        narrate(common, f"warning: {warning}")


command.add_command(importing.command)
