"""`jwtdoctor profiles`: which profiles there are, where each setting comes from, and whether what they name is there.

A secret is shown as its reference and never read by `list` and `show`; `doctor` reads it to see that it can be
read, and forgets it. `doctor` runs no command and asks no question: `cmd:` and `prompt` are named as not tried.

`show` takes the options of `check`, so that what a flag would change can be seen before it is used. With `--origin` it
also names what a value hides, and what is taken where nothing was set.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from jwtdoctor.cli import importing
from jwtdoctor.cli.attempt import gather, sending_options, signing_options
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
from jwtdoctor.cli.findings import finding_lines, summary, wrapped
from jwtdoctor.cli.profile_doctor import findings, shown_value
from jwtdoctor.config.places import SETTINGS_FILE, user_file
from jwtdoctor.config.profiles import SETTINGS, Setting, Settings, found_files, origins
from jwtdoctor.config.secrets import shown
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

    Shows no secret, runs no cmd:, asks nobody, and uses no network.
    """
    found = gather(common, {}, profile=name)
    complaints = sorted(findings(found), key=lambda one: _RANK[one.severity])
    bad = any(finding.severity == "error" for finding in complaints)
    if common.format == "json":
        rows = [_finding_document(finding) for finding in complaints]
        emit_document(
            common,
            report_document("profiles doctor", profile=found.profile, findings=rows, warnings=list(found.warnings)),
        )
        return REFUSED if bad else OK
    told = f"{one_line(found.profile or 'no profile')}: {summary(complaints)} in {len(list(found))} settings"
    emit(common, "\n".join([told, *finding_lines(common, complaints)]))
    return REFUSED if bad else OK


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
