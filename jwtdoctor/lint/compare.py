"""The repository beside what was retrieved from the org, element by element. Pure.

Only the types of apps and the settings of the org are compared: profiles and permission sets say nothing about apps.
What differs by itself is left out: the order of elements, ids that each org makes anew, secrets, which a retrieve
never writes, the encoding of a certificate, scopes that a retrieve folds into others, and elements that one side
leaves at their default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from jwtdoctor.lint.apps import FAMILY, IDENTITY, owner_of
from jwtdoctor.lint.certificate import certificate_of
from jwtdoctor.lint.tree import Element
from jwtdoctor.lint.walk import Document, Trouble, word

COMPARED = frozenset({"ConnectedApp", IDENTITY, *FAMILY, "OauthOidcSettings", "ConnectedAppSettings"})
APPS = frozenset({"ConnectedApp", IDENTITY})
OF_THE_ORG = frozenset({"orgScopedExternalApp", "oauthLink", "consumerSecret", "consumerKey"})
FOLDED = {"Address": "Basic", "Email": "Basic", "Phone": "Basic", "Profile": "Basic", "OfflineAccess": "RefreshToken"}
LISTS = frozenset({"commaSeparatedOauthScopes", "commaSeparatedProfile", "commaSeparatedPermissionSet", "callbackUrl"})
MOST = 200
"""Differences told of one file."""

Key = tuple[str, str]
Content = dict[str, tuple[str, ...]]


def compare(ours: Iterable[Document], theirs: Iterable[Document]) -> Iterator[Trouble]:
    """What differs, as troubles of the rules `differs-from-org`, `not-in-org` and `not-in-repository`."""
    here, there = _by_key(ours), _by_key(theirs)
    for key in sorted(here.keys() | there.keys()):
        mine, other = here.get(key, []), there.get(key)
        if not mine and other and key[0] in APPS:
            message = f"'{word(key[1])}' was retrieved and is not in the repository"
            yield Trouble("not-in-repository", other[0].path, message, about=key[1])
        for document in mine:
            if other:
                yield from _differences(document, other[0])
            elif key[0] in APPS:
                message = f"'{word(key[1])}' is not among what was retrieved"
                yield Trouble("not-in-org", document.path, message, about=key[1])


def _by_key(documents: Iterable[Document]) -> dict[Key, list[Document]]:
    """By type and name; files of the external client app family by the app that they belong to."""
    found: defaultdict[Key, list[Document]] = defaultdict(list)
    for document in documents:
        kind = document.type.name
        if kind in COMPARED and (name := owner_of(document) if kind in FAMILY else document.name):
            found[kind, name].append(document)
    return found


def _differences(mine: Document, other: Document) -> Iterator[Trouble]:
    ours, theirs, lines = _content(mine), _content(other), _lines(mine)
    told = 0
    for path in sorted(ours.keys() | theirs.keys()):
        if ours.get(path, ()) == theirs.get(path, ()) or told >= MOST:
            continue
        if _is_left_out(path, ours, theirs):
            continue
        told += 1
        line, col = lines.get(path, (mine.tree.root.line, mine.tree.root.col))
        message = f"{word(path, 80)} is {_shown(ours, path)} here and {_shown(theirs, path)} in the org"
        yield Trouble("differs-from-org", mine.path, message, line, col, about=path)


def _is_left_out(path: str, ours: Content, theirs: Content) -> bool:
    """`false` and empty are what most settings are when nothing is written."""
    return all(side.get(path, ()) in ((), ("",), ("false",)) for side in (ours, theirs))


def _content(document: Document) -> Content:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path, element in _leaves(document.tree.root, ""):
        found[path] += _values(element)
    return {path: tuple(sorted(set(values))) for path, values in found.items()}


def _values(element: Element) -> list[str]:
    text = element.text.strip()
    if element.name == "certificate":
        return [certificate_of(text).fingerprint or "unreadable"] if text else []
    if element.name in LISTS:
        parts = text.split() if element.name == "callbackUrl" else text.split(",")
        return [FOLDED.get(part.strip(), part.strip()) for part in parts if part.strip()]
    return [FOLDED.get(text, text) if element.name == "scopes" else text]


def _lines(document: Document) -> dict[str, tuple[int, int]]:
    places: dict[str, tuple[int, int]] = {}
    for path, element in _leaves(document.tree.root, ""):
        places.setdefault(path, (element.line, element.col))
    return places


def _leaves(element: Element, above: str) -> Iterator[tuple[str, Element]]:
    for child in element.children:
        if child.name in OF_THE_ORG or child.is_nil:
            continue
        path = f"{above}.{child.name}" if above else child.name
        if child.children:
            yield from _leaves(child, path)
        else:
            yield path, child


def _shown(content: Content, path: str) -> str:
    """Values for a message, or the beginning of a certificate's fingerprint."""
    text = ", ".join(content.get(path, ()))
    if path.rpartition(".")[2] == "certificate" and text:
        return f"the one with SHA-256 {text[:12]}"
    return f"'{word(text, 60)}'" if text else "absent"
