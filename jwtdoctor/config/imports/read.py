"""Recognises a source by its content and reads its logins. One table says what there is and in which order it is tried.

Bounded: a source has 4 MB at most, and what nests deeper than its format ever does is refused.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from jwtdoctor.config.imports import apiclients, dotenv, keyfiles, sf, snowflake
from jwtdoctor.config.imports.draft import Draft
from jwtdoctor.config.imports.names import Variable
from jwtdoctor.config.profiles import SETTINGS, Value
from jwtdoctor.errors import BadInput

LARGEST = 4_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """One file as read. `path` is where it lies, or would, for stdin (`is_stdin`)."""

    path: Path
    text: str = field(repr=False)
    is_stdin: bool = False

    @property
    def where(self) -> str:
        return "stdin" if self.is_stdin else str(self.path)


def source_of(path: Path, data: bytes, *, is_stdin: bool = False) -> Source:
    """The source with its text. Raises BadInput for what is no text, or too large."""
    where = "stdin" if is_stdin else str(path)
    if len(data) > LARGEST:
        raise BadInput("is larger than 4 MB", where=where, expected="the settings of a login")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what PowerShell's > writes
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        return Source(path, data.decode(encoding), is_stdin)
    except UnicodeDecodeError:
        raise BadInput("is not UTF-8 text", where=where, expected=_EXPECTED) from None


def finished(
    draft: Draft, typed: Mapping[str, Value], *, signs: Callable[[Mapping[str, Value]], str] = lambda _: "jwt-bearer"
) -> Draft:
    """The draft with what the user typed, which wins, and with what follows from all of it. Pure.

    `signs`: the flow in which a key of these settings signs, where neither source nor user says it.
    """
    settings = {**draft.settings, **typed}
    if settings.get("provider") == "github":
        settings = {**_GITHUB, **settings}
    if draft.kind == keyfiles.APPLE_KEY:
        if "provider" not in settings and "url" not in settings:
            settings["provider"] = _apples_service(settings.get("client_id"))
        settings = {**_APPLE.get(str(settings.get("provider")), {}), **settings}
    if draft.kind in (sf.AUTH_FILE, sf.DISPLAYED) and "key" in settings and "flow" not in typed:
        settings["flow"] = "jwt-bearer"  # it was a login by browser, and a key was given for one by JWT
        settings.pop("refresh_token", None)
    if "flow" not in settings:
        unsigned = next((flow for setting, flow in _FLOWS if setting in settings), "")
        settings["flow"] = signs(settings) if "key" in settings or not unsigned else unsigned
    ordered = {name: settings[name] for name in SETTINGS if name in settings}
    left_out = tuple(one if settings.get(one.setting) == one.ref else replace(one, ref="") for one in draft.left_out)
    return replace(draft, settings=ordered, left_out=left_out)


_GITHUB: dict[str, Value] = {"flow": "api-jwt", "url": "https://api.github.com/app"}
"""What a GitHub App's key and id log in with, and the call that says only who one is."""
_APPLE: dict[str, dict[str, Value]] = {
    "apple": {"flow": "client-secret-jwt", "url": "https://appleid.apple.com/auth/token"},
    "apple-app-store-connect": {"flow": "api-jwt", "url": "https://api.appstoreconnect.apple.com/v1/apps"},
}


def _apples_service(client_id: Value | None) -> str:
    """A Team ID signs in; else it is App Store Connect, whose issuer is a GUID."""
    is_team = isinstance(client_id, str) and re.fullmatch("[A-Z0-9]{10}", client_id) is not None
    return "apple" if is_team else "apple-app-store-connect"


_FLOWS = (("password", "password"), ("refresh_token", "refresh-token"), ("redirect_uri", "authorization-code"),
          ("client_secret", "client-credentials"))  # fmt: skip
"""Which flow a login without a key is of that names none, by what it has."""


def drafts_of(sources: Iterable[Source], fingerprint: snowflake.Fingerprint) -> list[Draft]:
    """Every login in these sources, each of its own; keys and environments complete what they lie beside.

    `fingerprint` tells the one of a key file. Raises BadInput, which names the source and quotes nothing of it.
    """
    parsed = [(source, *_parsed(source)) for source in sources]
    given = [variable for source, kind, document in parsed for variable in _variables(source, kind, document)]
    has_requests = any(_takes_variables(source, kind, document) for source, kind, document in parsed)
    drafts: list[Draft] = []
    for source, kind, document in parsed:
        if has_requests and _is_environment(source, kind, document):
            continue
        drafts += _read(source, kind, document, given, fingerprint)
    return _completed(drafts)


_EXPECTED = (
    "an auth file of sf, a .env, a Postman or Bruno environment, a Google, Box, Adobe or DocuSign JSON, "
    "Snowflake's connections.toml, or a PEM key"
)


def _parsed(source: Source) -> tuple[str, Any]:
    """Its form (`json`, `pem`, `bru`, `toml`, `env`) and what it holds."""
    text = source.text.strip()
    if not text:
        raise BadInput("is empty", where=source.where, expected=_EXPECTED)
    if text[0] in "{[":
        document = _json(text)
        if document is not None:
            return "json", document
    if keyfiles.fits_key(text) and text.lstrip().startswith("-----BEGIN"):
        return "pem", text
    if apiclients.fits_bruno(source.text):
        return "bru", source.text
    document = _toml(text)
    if document is not None and snowflake.fits(document):
        return "toml", document
    if dotenv.fits(text):
        return "env", text
    if keyfiles.fits_key(text):
        return "pem", text
    raise BadInput("is nothing that a profile can be made of", where=source.where, expected=_EXPECTED)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _toml(text: str) -> dict[str, Any] | None:
    if len(text) > 200_000:
        return None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None


def _read(
    source: Source, form: str, document: Any, given: list[Variable], fingerprint: snowflake.Fingerprint
) -> list[Draft]:
    path = source.path
    if form == "json":
        return _of_json(source, document, given)
    if form == "pem":
        _refuse_stdin(source)
        return keyfiles.key(document, path)
    if form == "bru":
        return apiclients.bruno(document, path, given)
    if form == "toml":
        return snowflake.drafts(document, path, fingerprint)
    return dotenv.drafts(document, path, fingerprint)


def _of_json(source: Source, document: Any, given: list[Variable]) -> list[Draft]:
    path = source.path
    readers: tuple[tuple[Callable[[Any], bool], Callable[[], list[Draft]]], ...] = (
        (keyfiles.fits_google, lambda: keyfiles.google(document, path)),
        (keyfiles.fits_google_user, lambda: keyfiles.google_user(document, path)),
        (keyfiles.fits_box, lambda: keyfiles.box(document, path)),
        (keyfiles.fits_adobe, lambda: keyfiles.adobe(document, path)),
        (keyfiles.fits_docusign, lambda: keyfiles.docusign(document, path)),
        (sf.fits, lambda: sf.drafts(document, path)),
        (apiclients.fits_postman_environment, lambda: apiclients.postman_environment(document, path)),
        (apiclients.fits_postman_collection, lambda: apiclients.postman_collection(document, path, given)),
    )
    for fits, read in readers:
        if fits(document):
            if fits in (keyfiles.fits_google, keyfiles.fits_google_user, keyfiles.fits_box, keyfiles.fits_adobe):
                _refuse_stdin(source)
            return read()
    raise BadInput("is JSON that no profile can be made of", where=source.where, expected=_EXPECTED)


def _refuse_stdin(source: Source) -> None:
    """A file that holds its key cannot come by stdin: the profile has to name it."""
    if source.is_stdin:
        raise BadInput("holds secrets, which a profile refers to by their file", where="stdin", do="name the file")


def _variables(source: Source, form: str, document: Any) -> list[Variable]:
    if not _is_environment(source, form, document):
        return []
    return apiclients.bruno_variables(source.text) if form == "bru" else apiclients.postman_variables(document)


def _is_environment(source: Source, form: str, document: Any) -> bool:
    if form == "bru":
        return apiclients.is_bruno_environment(source.text)
    return form == "json" and apiclients.fits_postman_environment(document)


def _takes_variables(source: Source, form: str, document: Any) -> bool:
    if form == "bru":
        return not apiclients.is_bruno_environment(source.text)
    return (
        form == "json" and not _is_environment(source, form, document) and apiclients.fits_postman_collection(document)
    )


def _completed(drafts: list[Draft]) -> list[Draft]:
    """Keys and certificates put into the one login beside them; alone they are drafts like any other."""
    logins = [draft for draft in drafts if not draft.completes]
    parts = [draft for draft in drafts if draft.completes]
    if not parts:
        return logins
    if len(logins) > 1:
        raise BadInput("could belong to any of the logins here", where=parts[0].source, do="import them one at a time")
    for one, other in combinations(parts, 2):
        if {"key", "cert"} & one.settings.keys() & other.settings.keys():
            raise BadInput("is the second of its kind", where=other.source, do="give one key and one certificate")
    whole = logins[0] if logins else parts.pop(0)
    for part in parts:
        named = {name: value for name, value in part.settings.items() if name in ("key", "cert")}
        whole = replace(whole, settings={**part.settings, **whole.settings, **named})
    return [whole]
