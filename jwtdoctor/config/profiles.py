"""Profiles: settings by name, each with the place that it came from.

    [profile.acme]
    provider = "salesforce"
    url = "https://acme.my.salesforce.com"
    client_secret = "env:ACME_SECRET"

Order, first wins: flag, environment (`JWTDOCTOR_URL` …), project file (`jwtdoctor.toml` in the working
folder or above), user file, default. The two files are merged key by key under one profile name.

Decisions where the contract is silent:
- Without a name, the profile is that of JWTDOCTOR_PROFILE, else `[profile.default]` where there is one.
- Relative paths in a file begin at that file's folder, so that a profile works from everywhere.
- Only the profile that is meant is checked: a mistake in another one is that one's, and hides nothing here.
- A project file that lies *above* the working folder counts only if it belongs to this user or to root: else
  anyone who can write to /tmp could point our credentials at a host of theirs.
- A secret is a reference, in the environment too; a literal one is refused and never quoted. Nor is any other
  value: who mistypes a key may have put the secret under it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from jwtdoctor.config.places import SETTINGS_FILE, user_file
from jwtdoctor.config.secrets import FORMS, is_ref
from jwtdoctor.errors import BadProfile, UnknownName

Kind = Literal["text", "path", "number", "whole", "flag", "list", "lines", "ref"]
PREFIX = "JWTDOCTOR_"
DEFAULT = "default"
"""The profile that is meant where none is named."""
LARGEST_FILE = 1_000_000

SETTINGS: dict[str, Kind] = {
    "provider": "text",
    "flow": "text",
    "url": "text",
    "audience": "text",
    "authorize_url": "text",
    "device_url": "text",
    "api_url": "text",
    "userinfo_url": "text",
    "introspect_url": "text",
    "revoke_url": "text",
    "my_domain": "text",
    "client_id": "text",
    "username": "text",
    "key": "path",
    "key_passphrase": "ref",
    "cert": "path",
    "client_secret": "ref",
    "client_auth": "text",
    "password": "ref",
    "refresh_token": "ref",
    "code": "ref",
    "code_verifier": "ref",
    "code_challenge": "text",
    "device_code": "ref",
    "saml_assertion": "ref",
    "security_token": "ref",
    "subject_token": "ref",
    "no_pkce": "flag",
    "redirect_uri": "text",
    "scope": "text",
    "alg": "text",
    "kid": "text",
    "x5t": "text",
    "x5t_s256": "text",
    "lifetime": "whole",
    "no_iat": "flag",
    "nbf": "flag",
    "jti": "flag",
    "dpop": "flag",
    "dpop_key": "path",
    "claim": "lines",
    "field": "lines",
    "fact": "lines",
    "ntp": "list",
    "no_ntp": "flag",
    "ca_file": "path",
    "timeout": "number",
    "prove": "flag",
    "revoke": "flag",
    "as": "text",
    "format": "text",
    "audit": "flag",
    "access_token": "ref",
    "instance_url": "text",
    "sf": "text",
    "app": "text",
    "caller_ip": "text",
}
"""Every setting that a profile may hold: a long option name with `_` for `-`, and its kind."""
SECRETS = frozenset(name for name, kind in SETTINGS.items() if kind == "ref")
OF_THE_ORG = frozenset({"access_token"})
"""Secrets that are an administrator's session, and no part of a login."""
OTHER_TABLES = ("lint",)
"""Tables of a settings file that are no profiles: whoever they belong to reads and checks them."""
RESERVED = frozenset({"PROFILE", "COMPLETE"})
"""Variables of ours that are no setting."""

Value = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """One value and where it came from. `folder`: where relative paths begin (None: the working folder)."""

    name: str
    value: Value
    origin: str
    folder: Path | None = None

    @property
    def is_flag(self) -> bool:
        return self.origin.startswith("flag ")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. `warnings`: what was found and not used."""

    values: Mapping[str, Setting] = field(default_factory=dict)
    profile: str | None = None
    warnings: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Setting]:
        return iter(self.values.values())

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str) -> Setting | None:
        return self.values.get(name)

    def text(self, name: str) -> str | None:
        """A text, a reference, or a path, relative ones already read from their folder."""
        found = self.values.get(name)
        if found is None:
            return None
        value = str(found.value)
        return _placed(value, found.folder) if SETTINGS[name] == "path" else value

    def number(self, name: str) -> float | None:
        found = self.values.get(name)
        return float(found.value) if found is not None and isinstance(found.value, (int, float)) else None

    def flag(self, name: str) -> bool:
        found = self.values.get(name)
        return found is not None and found.value is True

    def several(self, name: str) -> tuple[str, ...]:
        found = self.values.get(name)
        return found.value if found is not None and isinstance(found.value, tuple) else ()


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """One settings file as read: its profiles, raw but checked."""

    path: Path
    kind: Literal["project file", "user file"]
    profiles: Mapping[str, Mapping[str, Value]]


def settings(
    profile: str | None,
    flags: Mapping[str, Value | None],
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    defaults: Mapping[str, Value] | None = None,
) -> Settings:
    """The settings in force for a profile. `flags`: what was typed, by setting; None for what was not.

    Raises BadProfile for a file or variable that cannot be used, UnknownName for an unknown profile.
    """
    environ = os.environ if environ is None else environ
    warnings: list[str] = []
    files = found_files(environ, folder, warnings, only=meant(profile, environ) or DEFAULT)
    name = chosen(profile, environ, files)
    values: dict[str, Setting] = {}
    for layer in _layers(name, flags, files, environ, defaults or {}, warnings):
        values = {**layer, **values}
    return Settings({key: values[key] for key in SETTINGS if key in values}, name, tuple(warnings))


def settings_or_fewer(profile: str | None, flags: Mapping[str, Value | None]) -> Settings:
    """As `settings`, for what can do without them: a file or variable that cannot be used is a warning, unless a
    profile was named. Raises BadProfile, UnknownName where one was."""
    try:
        return settings(profile, flags)
    except BadProfile as problem:
        if meant(profile, os.environ) is not None:
            raise
        return replace(flags_alone(flags), warnings=(f"{problem}; no settings file and no variable was used",))


def origins(
    profile: str | None,
    flags: Mapping[str, Value | None],
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> dict[str, tuple[Setting, ...]]:
    """Every value that each setting has anywhere: the first is in force and hides the others. Raises BadProfile."""
    environ = os.environ if environ is None else environ
    files = found_files(environ, folder, only=profile)
    layers = _layers(profile, {k: v for k, v in flags.items() if v != ()}, files, environ, {}, [])
    return {key: tuple(layer[key] for layer in layers if key in layer) for key in SETTINGS}


def _layers(
    name: str | None,
    flags: Mapping[str, Value | None],
    files: Iterable[ProfileFile],
    environ: Mapping[str, str],
    defaults: Mapping[str, Value],
    warnings: list[str],
) -> list[dict[str, Setting]]:
    """The settings of each place, the strongest place first."""
    return [
        _from_flags(flags),
        _from_environment(environ, warnings),
        *(_from_file(file, name) for file in files),
        {key: Setting(key, value, "default") for key, value in defaults.items()},
    ]


def _from_file(file: ProfileFile, name: str | None) -> dict[str, Setting]:
    origin = f"{file.kind} {file.path} [profile.{name}]"
    values = file.profiles.get(name or "", {})
    return {key: Setting(key, value, origin, file.path.parent) for key, value in values.items()}


def flags_alone(flags: Mapping[str, Value | None]) -> Settings:
    """Settings that come from nowhere but the command line; no file is looked for."""
    return Settings(_from_flags(flags))


def _from_flags(flags: Mapping[str, Value | None]) -> dict[str, Setting]:
    return {
        name: Setting(name, typed, f"flag --{name.replace('_', '-')}")
        for name, typed in flags.items()
        if typed is not None and name in SETTINGS
    }


def found_files(
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    warnings: list[str] | None = None,
    *,
    only: str | None = None,
) -> list[ProfileFile]:
    """The settings files that exist, the project's first. What is passed over is told in `warnings`.

    `only`: the one profile that is checked (none, if empty); the others come by name alone. Raises BadProfile.
    """
    project = project_file(Path.cwd() if folder is None else folder, warnings)
    user = user_file(environ)
    files = []
    if project is not None:
        files.append(ProfileFile(project, "project file", read_file(project, only)))
    if user is not None and user.is_file() and user != project:
        files.append(ProfileFile(user, "user file", read_file(user, only)))
    return files


def meant(profile: str | None, environ: Mapping[str, str]) -> str | None:
    """The profile that was named, by option or variable."""
    return profile or environ.get(f"{PREFIX}PROFILE") or None


def chosen(profile: str | None, environ: Mapping[str, str], files: Iterable[ProfileFile]) -> str | None:
    """The profile that is meant; None where none is. Raises UnknownName."""
    known = sorted({name for file in files for name in file.profiles})
    name = meant(profile, environ) or (DEFAULT if DEFAULT in known else None)
    if name is None or name in known:
        return name
    near = _near(name, known)
    if near:
        raise UnknownName(f"no profile is called '{name}'", do=f"nearest: {', '.join(near)}")
    if known:
        raise UnknownName("no profile of that name", expected=", ".join(known[:20]))
    raise UnknownName("no profile of that name: there is no settings file", do=f"make a {SETTINGS_FILE}")


def read_file(path: Path, only: str | None = None) -> dict[str, dict[str, Value]]:
    """The profiles of one TOML file, all but `only` empty where that is given. Raises BadProfile, which names file
    and key and quotes no value."""
    return _profiles_of(_document(path), path, only)


def table_of(path: Path, name: str) -> Mapping[str, Any] | None:
    """One of `OTHER_TABLES`, unchecked; None where the file has none. Raises BadProfile."""
    table = _document(path).get(name)
    if table is not None and not isinstance(table, dict):
        raise BadProfile(f"'{name}' is no table", where=str(path), expected=f"[{name}]")
    return table


def begins_table(path: Path, name: str) -> bool:
    """Whether a line of a file that may be no TOML begins this table, or gives its name a value."""
    import re

    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_FILE).decode("utf-8", "replace")
    except OSError:
        return False
    return re.search(rf"^\s*(\[+\s*)?{name}\b", text, re.MULTILINE) is not None


def _document(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as problem:
        raise BadProfile(f"cannot be read: {problem.strerror}", where=str(path)) from None
    if len(data) > LARGEST_FILE:
        raise BadProfile("is larger than 1 MB", where=str(path), expected="a settings file")
    try:
        document = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        raise BadProfile("is not UTF-8 text", where=f"{path}:{line}", expected="TOML") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
        raise BadProfile(
            "is not TOML", where=f"{path}{_place(str(problem), data)}", expected="[profile.NAME]"
        ) from None
    return document


def _place(message: str, data: bytes) -> str:
    """`:LINE:COL` out of tomllib's message; the rest of it may quote the file."""
    import re

    if "at end of document" in message:
        return f":{len(data.splitlines())}"

    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    return f":{found[1]}:{found[2]}" if found else ""


def _profiles_of(document: Mapping[str, Any], path: Path, only: str | None) -> dict[str, dict[str, Value]]:
    for key in document:
        if key not in ("profile", *OTHER_TABLES):
            raise BadProfile(f"unknown table '{_printable(key)}'", where=str(path), expected="[profile.NAME]")
    profiles = document.get("profile", {})
    if not isinstance(profiles, dict):
        raise BadProfile("'profile' is no table", where=str(path), expected="[profile.NAME]")
    return {name: _profile(name, table, path) if only in (None, name) else {} for name, table in profiles.items()}


def _profile(name: str, table: Any, path: Path) -> dict[str, Value]:
    where = f"{path} [profile.{_printable(name)}]"
    if not isinstance(table, dict):
        raise BadProfile("is no table", where=where, expected="[profile.NAME] with settings below")
    return {key: checked(key, value, where) for key, value in table.items()}


def checked(key: str, value: Any, where: str) -> Value:
    """A setting's value in its own type. Raises BadProfile, without quoting the value."""
    if key not in SETTINGS:
        near = _near(key.replace("-", "_"), SETTINGS)
        hint = f"nearest: {', '.join(near)}" if near else "the keys are the long options of check and sign"
        raise BadProfile(f"unknown setting '{_printable(key)}'", where=where, do=hint)
    kind = SETTINGS[key]
    if kind == "ref":
        if not is_ref(value):
            raise BadProfile(f"{key} is no reference to a secret", where=where, expected=FORMS)
        return str(value)
    converted = _converted(kind, value)
    if converted is None:
        raise BadProfile(f"{key} has the wrong type", where=where, expected=_EXPECTED[kind])
    return converted


_EXPECTED: dict[Kind, str] = {
    "text": "text",
    "path": "the path of a file",
    "number": "a number of seconds above 0",
    "whole": "a whole number of seconds",
    "flag": "true or false",
    "list": "a list of texts",
    "lines": "a list of NAME=VALUE texts",
    "ref": FORMS,
}


def _converted(kind: Kind, value: Any) -> Value | None:
    if kind in ("text", "path"):
        return value if isinstance(value, str) and value and "\0" not in value else None
    if kind == "flag":
        return value if isinstance(value, bool) else None
    if kind in ("list", "lines"):
        items = [value] if isinstance(value, str) else value
        fits = isinstance(items, list) and all(isinstance(item, str) for item in items)
        return tuple(items) if fits else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if kind == "whole":
        return value if isinstance(value, int) and abs(value) < 10**10 else None
    return value if 0 < value < 1e6 else None


def _from_environment(environ: Mapping[str, str], warnings: list[str]) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for variable in sorted(environ):
        key = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or variable.removeprefix(PREFIX) in RESERVED or not environ[variable]:
            continue
        if key not in SETTINGS:
            near = _near(key, SETTINGS)
            meant = f"; nearest: {PREFIX}{near[0].upper()}" if near else ""
            warnings.append(f"{_printable(variable)} is no setting and was not used{meant}")
            continue
        value = checked(key, parsed(SETTINGS[key], environ[variable]), variable)
        found[key] = Setting(key, value, f"environment {variable}")
    return found


_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def parsed(kind: Kind, text: str) -> Any:
    """A variable's text in the type of the setting, or the text itself, which `checked` then refuses."""
    if kind == "flag":
        return _WORDS.get(text.strip().lower(), text)
    if kind == "list":
        return text.split()
    if kind == "lines":
        return text.splitlines()
    if kind in ("number", "whole"):
        try:
            return int(text) if kind == "whole" else float(text)
        except ValueError:
            return text
    return text


def project_file(folder: Path, warnings: list[str] | None = None) -> Path | None:
    """`jwtdoctor.toml` in this folder or the nearest above."""
    for place in (folder, *folder.absolute().parents):
        candidate = place / SETTINGS_FILE
        if not candidate.is_file():
            continue
        if place != folder and not _is_ours(candidate):
            if warnings is not None:
                warnings.append(f"{candidate} belongs to another user and was not used")
            continue
        return candidate.absolute()
    return None


def _is_ours(path: Path) -> bool:
    if not hasattr(os, "getuid"):
        return True
    return path.stat().st_uid in (0, os.getuid())


def _placed(path: str, folder: Path | None) -> str:
    try:
        expanded = Path(path).expanduser()
    except RuntimeError:
        expanded = Path(path)
    return str(expanded) if folder is None else _without_detours(str(folder / expanded))


def _without_detours(path: str) -> str:
    """`/a/../b` as `/b`, unless a link on the way makes another file of it."""
    straight = os.path.normpath(path)
    return straight if os.path.realpath(straight) == os.path.realpath(path) else path


def _near(name: str, known: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(name.lower(), list(known), n=3, cutoff=0.6)


def _printable(text: str) -> str:
    """A key or name for a message. TOML keys may hold anything, terminal escapes included."""
    shown = "".join(char if char.isprintable() else "?" for char in text)
    return shown if len(shown) <= 60 else shown[:59] + "…"
