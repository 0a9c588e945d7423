"""Everything that was read, arranged for the rules, and the few questions that more than one rule asks of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from jwtdoctor.knowledge.metadata import ElementKind, MetadataType
from jwtdoctor.lint.apps import App, Place, Seen, apps_of, seen
from jwtdoctor.lint.tree import Element
from jwtdoctor.lint.walk import Document, Found, Trouble

STANDARD_PROFILES = {
    "Admin": ("System Administrator", "Systemadministrator", "Administrateur système", "Administrador del sistema",
              "Administrador do sistema", "Amministratore del sistema", "Systeembeheerder", "システム管理者"),
    "Standard": ("Standard User", "Standardbenutzer", "Utilisateur standard", "Usuario estándar", "標準ユーザ"),
    "ReadOnly": ("Read Only", "Nur Lesen", "Lecture seule", "Solo lectura"),
    "SolutionManager": ("Solution Manager",),
    "MarketingProfile": ("Marketing User",),
    "ContractManager": ("Contract Manager",),
    "StandardAul": ("Standard Platform User",),
    "Minimum Access - Salesforce": (),
    "Minimum Access - API Only Integrations": (),
    "Salesforce API Only System Integrations": (),
    "Chatter Free User": (),
    "Chatter External User": (),
    "Chatter Moderator User": (),
    "Guest License User": (),
}  # fmt: skip
"""File name of a standard profile -> its labels, some of them localised: an app names the label."""


@dataclass(frozen=True, slots=True)
class Node:
    """An element with what is known of it; `kind` None for one that its type does not have."""

    document: Document
    element: Element
    parent: Element
    path: str
    kind: ElementKind | None

    @property
    def type(self) -> MetadataType:
        return self.document.type

    @property
    def at(self) -> Place:
        return Place(self.document.path, self.element.line, self.element.col)


@dataclass(frozen=True)
class Repository:
    """What the rules look at. `now` epoch seconds; `target_org` the org id that the files are meant for, if told."""

    found: Found
    now: float
    target_org: str = ""
    apps: tuple[App, ...] = field(default=())

    @property
    def documents(self) -> tuple[Document, ...]:
        return self.found.documents

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        return self.found.troubles

    def of_type(self, *names: str) -> Iterator[Document]:
        return (document for document in self.documents if document.type.name in names)

    @property
    def jwt_apps(self) -> tuple[App, ...]:
        """Apps with a certificate: JWT bearer is possible."""
        return tuple(app for app in self.apps if app.uses_certificate)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every element of the types that are listed in full."""
        return tuple(node for document in self.documents if not document.type.is_open for node in _nodes(document))

    @cached_property
    def profiles(self) -> dict[str, Document]:
        """Profile files by every name that an app may call them, folded."""
        names: dict[str, Document] = {}
        for document in self.of_type("Profile"):
            for name in (document.name, *STANDARD_PROFILES.get(document.name, ())):
                names.setdefault(folded(name), document)
        return names

    @cached_property
    def permission_set_labels(self) -> dict[str, str]:
        """API name of every permission set in the files, by its label."""
        return {label.text: document.name for document, label in self._labelled() if label.text}

    @cached_property
    def permission_set_names(self) -> frozenset[str]:
        return frozenset(document.name for document in self.of_type("PermissionSet"))

    def _labelled(self) -> Iterator[tuple[Document, Seen]]:
        for document in self.of_type("PermissionSet"):
            for element in document.tree.root.all("label"):
                yield document, seen(document, element)

    def setting(self, kind: str, path: str) -> Iterator[Seen]:
        """A setting of the org, wherever it is written down."""
        for document in self.of_type(kind):
            for element in document.tree.root.all(path):
                if not element.is_nil:
                    yield seen(document, element, path)


def _nodes(document: Document) -> Iterator[Node]:
    """Every element, without what lies under an unknown one or under a group that is known by name only."""
    types, groups = document.type.elements, document.type.groups
    stack = [(document.tree.root, "")]
    while stack:
        parent, above = stack.pop()
        for element in parent.children:
            path = f"{above}.{element.name}" if above else element.name
            yield Node(document, element, parent, path, types.get(path))
            if path in groups:
                stack.append((element, path))


def repository_of(found: Found, now: float, target_org: str = "") -> Repository:
    return Repository(found, now, target_org, apps_of(found.documents))


def is_standard_profile(name: str) -> bool:
    """Whether the name is that of a profile which every org has, in one of the languages known."""
    wanted = folded(name)
    return any(wanted in (folded(api), *map(folded, labels)) for api, labels in STANDARD_PROFILES.items())


def folded(name: str) -> str:
    """A name without what its writings differ in."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


_PLACEHOLDER = re.compile(
    r"[$%{}@#<>\[\]*]|\.\.\.|…|replace|placeholder|your|change.?me|insert|todo|dummy|xxx|_here\b|redacted"
    r"|(?:consumer|client|example).?(?:key|id|secret)",
    re.IGNORECASE,
)
_GENERATED = re.compile(r"3MVG[\w.]{60,}|[0-9A-F]{32,}|\d{12,}")
_VARIABLE = re.compile(r"[A-Z]{2,}|(?=.*_)[A-Z][A-Z0-9_]*")


def is_placeholder(text: str) -> bool:
    """Whether a key, secret or certificate reads like something that a person or a deployment still has to fill in."""
    if _GENERATED.fullmatch(text):
        return len(set(text)) <= 3
    is_word = _VARIABLE.fullmatch(text) is not None and len(text) <= 40
    return is_word or _PLACEHOLDER.search(text) is not None or len(set(text)) <= 3
