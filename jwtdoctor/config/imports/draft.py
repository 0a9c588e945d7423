"""A profile in the making: what a source says of a login, and what of it is not taken over.

A secret is never taken over. The draft names where it lies (`file:`, `json:`) or the variable that it is to be put into
(`env:`), and lists it as left out. Whatever else cannot be a setting is left out too, each with its reason, and no
value that was left out is ever repeated: who knows what it holds.

Paths are made absolute, since the profile is kept in another folder than its source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from jwtdoctor.config.attempts import is_loopback, split_url
from jwtdoctor.config.profiles import SETTINGS, Value
from jwtdoctor.config.secrets import is_ref
from jwtdoctor.errors import BadInput
from jwtdoctor.model.names import GRANT_TYPES, canonical_flow

LONGEST = 2_000
"""Characters of a setting: the longest are lists of scopes."""
LONGEST_PATH = 300
_TEMPLATE = re.compile(
    r"\{\{|\}\}|\$\{|\$[A-Za-z_(]|<[^<>]*>|\A\.\.\.|…|\Ayour[-_ ]|\Achange[-_ ]?me|\Axxx", re.IGNORECASE
)
_SECRET = re.compile(
    r"-----BEGIN|PRIVATE KEY|\Aforce://|eyJ[\w-]{4,}\.[\w-]{4,}\.|\A(?:LS0tLS1|MII)[A-Za-z0-9+/]{40}|\A00D\w{12,15}!"
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the source holds and the profile does not. `ref` is what the profile says in its place."""

    what: str
    why: str
    setting: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One login as a source tells it. `completes`: it is part of a login only (a key, a certificate)."""

    kind: str
    name: str
    source: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    """Names that mean nothing here."""
    completes: bool = False


@dataclass(slots=True)
class Drafting:
    """Collects one draft. The first value of a setting wins; a later one that differs is noted."""

    kind: str
    name: str
    source: str
    folder: Path
    """Where relative paths of the source begin."""
    settings: dict[str, Value] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    said_by: dict[str, str] = field(default_factory=dict)

    def draft(self, *, completes: bool = False) -> Draft:
        """What was collected, settings in their usual order."""
        ordered = {name: self.settings[name] for name in SETTINGS if name in self.settings}
        return Draft(
            self.kind, self.name, self.source, ordered, tuple(self.left_out), tuple(dict.fromkeys(self.notes)),
            tuple(self.ignored), completes,
        )  # fmt: skip

    def say(self, setting: str, value: Value, said_by: str) -> None:
        """A value that is known to fit."""
        if setting in self.settings:
            if self.settings[setting] != value:
                self.notes.append(f"{said_by} was not used: {self.said_by[setting]} says {setting} already")
            return
        self.settings[setting] = value
        self.said_by[setting] = said_by

    def text(self, setting: str, value: object, said_by: str) -> None:
        """A text from outside; left out with the reason where it is none that a setting can have."""
        if self._is_nothing(value):
            return
        reason = unfit(value)
        if reason:
            self.left_out.append(LeftOut(said_by, reason, setting))
            return
        self.say(setting, str(value).strip(), said_by)

    def url(self, setting: str, value: object, said_by: str) -> None:
        """A URL from outside. Credentials, queries and plain http to other machines are not taken over."""
        if self._is_nothing(value):
            return
        reason = unfit(value) or unfit_url(str(value).strip())
        if reason:
            self.left_out.append(LeftOut(said_by, reason, setting))
            return
        self.say(setting, str(value).strip().rstrip("/"), said_by)

    def flow(self, value: object, said_by: str) -> None:
        """A grant, under any of its names."""
        name = value.strip().lower().replace(" ", "_") if isinstance(value, str) else ""
        found = GRANT_TYPES.get(name) or canonical_flow(name) or canonical_flow(name.replace("_", "-"))
        if found is None:
            self.left_out.append(LeftOut(said_by, "no flow of that name is known", "flow"))
            return
        self.say("flow", found, said_by)

    def path(self, setting: str, value: object, said_by: str) -> None:
        """A file. What is the key itself is left out: it belongs into a file of its own."""
        if self._is_nothing(value):
            return
        text = str(value).strip()
        if len(text) > LONGEST_PATH or _SECRET.search(text):
            what = "the key itself" if setting == "key" else "the content of a file"
            todo = f"{what}; put it into a file of mode 0600 and name that as {setting}"
            self.left_out.append(LeftOut(said_by, todo, setting))
            return
        reason = unfit(text)
        if reason:
            self.left_out.append(LeftOut(said_by, reason, setting))
            return
        self.say(setting, text if text.startswith("~") else str((self.folder / text).absolute()), said_by)

    def secret(self, setting: str, said_by: str, why: str, ref: str = "") -> None:
        """A secret that stays where it is. `ref`, where given, is what the profile says in its place."""
        if ref and is_ref(ref) and setting not in self.settings:
            self.say(setting, ref, said_by)
            self.left_out.append(LeftOut(said_by, why, setting, ref))
            return
        self.left_out.append(LeftOut(said_by, why, setting))

    def _is_nothing(self, value: object) -> bool:
        return value is None or (isinstance(value, str) and not value.strip())


def unfit(value: object) -> str:
    """Why this is no text for a setting; empty where it is one."""
    if not isinstance(value, str):
        return "no text"
    text = value.strip()
    if len(text) > LONGEST:
        return f"more than {LONGEST} characters"
    if not text.isprintable():
        return "control characters in it"
    if _SECRET.search(text):
        return "it looks like a key or a token"
    if _TEMPLATE.search(text):
        return "a placeholder, no value"
    return ""


def unfit_url(text: str) -> str:
    """Why this is no URL for a setting; empty where it is one."""
    try:
        parts = split_url(text)
    except BadInput as problem:
        return problem.what
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "plain http is taken on loopback only"
    return ""


def host_of(url: object) -> str:
    """The host of a URL; empty where it is none."""
    try:
        return urlsplit(url).hostname or "" if isinstance(url, str) else ""
    except ValueError:
        return ""


def name_of(*texts: object) -> str:
    """A profile's name out of the first of these that has one: letters, digits, `-` and `_`.

    Never `default`: such a profile would be in force wherever none is named.
    """
    for text in texts:
        if isinstance(text, str):
            plain = re.sub(r"[^A-Za-z0-9_]+", "-", text[:200]).strip("-_")[:40].strip("-_")
            if plain and plain != "default":
                return plain
    return "imported"


def variable_of(profile: str, setting: str) -> str:
    """The environment variable that a secret is to be put into, where the source has no better name for it."""
    stem = re.sub(r"[^A-Z0-9]+", "_", profile.upper()).strip("_") or "IMPORTED"
    return f"{'_' if stem[0].isdigit() else ''}{stem}_{setting.upper()}"
