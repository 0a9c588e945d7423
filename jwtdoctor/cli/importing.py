"""`jwtdoctor profiles import SOURCE…`: a profile from what other programs keep of a login.

Decisions where the contract is silent:
- What a source is shows in its content; `config/imports` holds one reader a kind.
- Options that are typed win over the source, and are checked as `check` checks them.
- Everything is read and composed before anything is written; of several profiles all are written or none.
- Paths are absolute in the user's file. In a project's file a path below its folder is relative, so that the folder can
  be moved and shared.
- `--dry-run` prints the TOML alone on stdout, so that it can be piped; what else there is to say goes to stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.attempt import provider_name, sending_options, signing_flow, signing_options
from jwtdoctor.cli.common import OK, Common, common_options, emit, emit_document, narrate, one_line, report_document
from jwtdoctor.cli.findings import wrapped
from jwtdoctor.config.places import SETTINGS_FILE, user_file
from jwtdoctor.config.profiles import SETTINGS, Value, project_file
from jwtdoctor.errors import BadInput

if TYPE_CHECKING:
    from jwtdoctor.config.imports.draft import Draft

MOST_IGNORED = 12


@click.command("import", short_help="A profile from what other programs keep of a login.")
@click.argument("source", nargs=-1, required=True)
@click.option("--name", metavar="NAME", help="The profile's name.  [default: from the source]")
@click.option("--only", metavar="NAME", help="This one of several logins in the source.")
@click.option("--to", metavar="user|project|FILE", default="user", show_default=True, help="Where it is written.")
@click.option("--replace", "replace_", is_flag=True, help="Over a profile of that name.")
@click.option("--dry-run", is_flag=True, help="Show the TOML; write nothing.")
@signing_options
@sending_options
@common_options("text", "json")
def command(
    common: Common,
    source: tuple[str, ...],
    name: str | None,
    only: str | None,
    to: str,
    replace_: bool,
    dry_run: bool,
    **flags: Any,
) -> int:
    """Makes a profile of a login that another program keeps. Secrets stay where they are, and are referred to.

    A SOURCE is an auth file of sf, the answer of sf org display --json (- is stdin), a .env, a Postman or Bruno
    environment or collection, the JSON of a Google service account, a Box app, Adobe or DocuSign, Snowflake's
    connections.toml, or a private key; keys and certificates complete the login beside them. Other options add to the
    profile or correct it.

    \b
    jwtdoctor profiles import ~/.sfdx/ci@acme.com.json --cert server.crt
    jwtdoctor profiles import my-app.2026-01-01.private-key.pem --client-id 12345
    """
    drafts = _drafts(source, only, _typed(flags))
    named = _named(drafts, common.profile if name is None else name)
    target = _target(to)
    profiles = {one: _placed(draft.settings, target, to) for one, draft in named.items()}
    _refuse_unusable(profiles)
    toml = _toml(named, profiles)
    made = False
    if not dry_run:
        made = _written(target, named, profiles, replace_)
    if common.format == "json":
        emit_document(common, _document(named, profiles, target, toml, dry_run))
    elif dry_run:
        emit(common, toml)
        narrate(common, "\n".join(_told(common, named, profiles)))
    else:
        head = [f"written: {one_line(target)}{' (new)' if made else ''}"]
        emit(common, "\n".join([*head, *_told(common, named, profiles), *_next(named, target)]))
    return OK


# --- what is read ----------------------------------------------------------------------------------------------------


def _drafts(sources: Iterable[str], only: str | None, typed: Mapping[str, Value]) -> list[Draft]:
    from jwtdoctor.config.imports.read import drafts_of, finished

    drafts = drafts_of([_read(path) for path in sources], _fingerprint)
    if only is not None:
        chosen = [draft for draft in drafts if draft.name == only]
        if not chosen:
            there = ", ".join(draft.name for draft in drafts[:10])
            raise BadInput("names none of the logins there", where="--only", expected=there)
        drafts = chosen
    if typed and len(drafts) > 1:
        raise BadInput(f"there are {len(drafts)} logins, and options for one", do=f"use --only {drafts[0].name}")
    return [finished(draft, typed, signs=_signs) for draft in drafts]


def _signs(settings: Mapping[str, Value]) -> str:
    """The flow in which the provider of these settings takes a key: where no user is named, a client's own."""
    from jwtdoctor.cli.profile_doctor import settings_of
    from jwtdoctor.knowledge.load import load

    knowledge = load()
    provider = knowledge.providers[provider_name(settings_of(settings), knowledge)]
    first = next((flow for flow in provider.flows if flow in ("jwt-bearer", "private-key-jwt")), "")
    return first if first == "private-key-jwt" and "username" not in settings else signing_flow(provider)


def _read(path: str) -> Any:
    from jwtdoctor.config.imports.read import LARGEST, source_of

    if path == "-":
        if sys.stdin is None:
            raise BadInput("is closed", where="stdin", expected="a source")
        return source_of(Path("stdin"), sys.stdin.buffer.read(LARGEST + 1), is_stdin=True)
    where = one_line(path)
    try:
        if Path(path).is_dir():
            raise BadInput("is a folder", where=where, do="name the files in it")
        with Path(path).open("rb") as file:
            return source_of(Path(path), file.read(LARGEST + 1))
    except (OSError, ValueError) as problem:
        reason = (getattr(problem, "strerror", None) or "not a path").lower()
        raise BadInput(f"cannot be read: {reason}", where=where, expected="a file that holds a login") from None


def _fingerprint(path: str) -> str | None:
    """`SHA256:…` of the public half of a key, as Snowflake writes it; None where the key does not open by itself."""
    from base64 import b64encode

    from jwtdoctor.assertions.keys import load_private, public_of
    from jwtdoctor.assertions.signer import read_file

    try:
        key = load_private(read_file(str(Path(path).expanduser())), where=path)
    except (BadInput, RuntimeError):
        return None
    return "SHA256:" + b64encode(bytes.fromhex(public_of(key).spki_sha256)).decode()


def _typed(flags: Mapping[str, Any]) -> dict[str, Value]:
    """The options as settings; paths from the working folder, made absolute."""
    typed: dict[str, Value] = {}
    for name, value in flags.items():
        if name in SETTINGS and value not in (None, ()):
            typed[name] = str(Path(value).absolute()) if SETTINGS[name] == "path" else value
    return typed


# --- where it goes ---------------------------------------------------------------------------------------------------


def _named(drafts: list[Draft], name: str | None) -> dict[str, Draft]:
    """The profiles by name. Raises BadInput for a name that cannot be one, or that two of them have."""
    if name is None:
        named = {draft.name: draft for draft in drafts}
        if len(named) < len(drafts):
            raise BadInput("two of the logins have the same name", do="import them one at a time, with --name")
        return named
    if len(drafts) > 1:
        there = ", ".join(draft.name for draft in drafts[:10])
        raise BadInput(f"there are {len(drafts)} logins: {there}", where="--name", do="choose one with --only")
    if not name.strip() or len(name) > 60 or not name.isprintable() or name.startswith("-"):
        raise BadInput("is no name for a profile", where="--name", expected="up to 60 printable characters")
    return {name: drafts[0]}


def _target(to: str) -> Path:
    if to == "project":
        return project_file(Path.cwd()) or Path.cwd() / SETTINGS_FILE
    if to == "user":
        own = user_file()
        if own is None:
            raise BadInput("there is no home folder", where="--to user", do="use --to project, or --to FILE")
        return own
    if not to.strip() or "\0" in to or Path(to).is_dir():
        raise BadInput("is no file", where="--to", expected="user, project or a file")
    if not Path(to).absolute().parent.is_dir():
        raise BadInput("its folder does not exist", where="--to", do="make the folder first")
    return Path(to).absolute()


def _placed(settings: Mapping[str, Value], target: Path, to: str) -> dict[str, Value]:
    """The settings with paths as they read from the target's folder."""
    placed: dict[str, Value] = {}
    for name, value in settings.items():
        if SETTINGS[name] == "path" and to != "user":
            value = _relative(str(value), target.parent)
        elif SETTINGS[name] == "ref" and isinstance(value, str):
            value = _ref_placed(value, target.parent, to)
        placed[name] = value
    return placed


def _ref_placed(ref: str, folder: Path, to: str) -> str:
    kind, colon, rest = ref.partition(":")
    if kind not in ("file", "json") or not colon:
        return ref
    path, mark, pointer = rest.partition("#") if kind == "json" else (rest, "", "")
    path = path if path.startswith("~") else str(Path(path).absolute())
    return f"{kind}:{path if to == 'user' else _relative(path, folder)}{mark}{pointer}"


def _relative(path: str, folder: Path) -> str:
    try:
        return os.fspath(Path(path).relative_to(folder))
    except ValueError:
        return path


def _refuse_unusable(profiles: Mapping[str, Mapping[str, Value]]) -> None:
    """Each setting once more as a settings file's is checked, so that nothing is written that cannot be read."""
    from jwtdoctor.cli.profile_doctor import missing
    from jwtdoctor.config.profiles import checked

    for name, settings in profiles.items():
        for key, value in settings.items():
            checked(key, list(value) if isinstance(value, tuple) else value, f"[profile.{one_line(name)}]")
        list(missing(settings))  # names a provider and a flow that there are


def _toml(named: Mapping[str, Draft], profiles: Mapping[str, Mapping[str, Value]]) -> str:
    from jwtdoctor.config.writing import profile_toml

    return "\n".join(profile_toml(name, profiles[name], draft.kind) for name, draft in named.items())


def _written(
    target: Path, named: Mapping[str, Draft], profiles: Mapping[str, Mapping[str, Value]], replace_: bool
) -> bool:
    from jwtdoctor.config.writing import write_profiles

    return write_profiles(target, {n: (named[n].kind, profiles[n]) for n in named}, replace=replace_)


# --- what is told ----------------------------------------------------------------------------------------------------


def _told(common: Common, named: Mapping[str, Draft], profiles: Mapping[str, Mapping[str, Value]]) -> Iterator[str]:
    from jwtdoctor.cli.profile_doctor import missing, shown_value

    for name, draft in named.items():
        yield ""
        yield from wrapped(common, f"{one_line(name)}: ", f"from {one_line(draft.source)}, {draft.kind}", 2)
        settings = profiles[name]
        widest = max((len(key) for key in settings), default=0)
        for key, value in settings.items():
            yield from wrapped(common, f"  {key:<{widest}}  ", one_line(shown_value(key, value)), widest + 4)
        for left in draft.left_out:
            goes = f" The profile reads {left.ref}." if left.ref else ""
            yield from wrapped(common, "  left out: ", one_line(f"{left.what}: {left.why}.{goes}"), 12)
        for note in draft.notes:
            yield from wrapped(common, "  note: ", one_line(note), 8)
        for need in missing(settings):
            yield from wrapped(common, "  still to be said: ", need, 20)
        if draft.ignored:
            yield from wrapped(common, "  ", _ignored(common, draft.ignored), 4)


def _ignored(common: Common, names: tuple[str, ...]) -> str:
    number = f"{len(names)} other name{'s' if len(names) > 1 else ''} mean{'' if len(names) > 1 else 's'} nothing here"
    if not common.verbose:
        return f"{number} (-v lists them)"
    more = " …" if len(names) > MOST_IGNORED else ""
    return f"{number}: {one_line(', '.join(names[:MOST_IGNORED]))}{more}"


def _next(named: Mapping[str, Draft], target: Path) -> Iterator[str]:
    yield ""
    if target.name != SETTINGS_FILE:
        yield f"no command reads this file: put it where {SETTINGS_FILE} lies"
    else:
        yield f"next: jwtdoctor profiles doctor {one_line(next(iter(named)))}"


def _document(
    named: Mapping[str, Draft],
    profiles: Mapping[str, Mapping[str, Value]],
    target: Path,
    toml: str,
    dry_run: bool,
) -> dict[str, Any]:
    rows = [
        {
            "name": name,
            "source": draft.source,
            "kind": draft.kind,
            "settings": {k: list(v) if isinstance(v, tuple) else v for k, v in profiles[name].items()},
            "left_out": [{"what": o.what, "why": o.why, "setting": o.setting, "ref": o.ref} for o in draft.left_out],
            "notes": list(draft.notes),
            "ignored": len(draft.ignored),
        }
        for name, draft in named.items()
    ]
    first = next(iter(named)) if len(named) == 1 else None
    return report_document(
        "profiles import", profile=first, profiles=rows, file=str(target), written=not dry_run, toml=toml
    )
