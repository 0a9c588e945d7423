"""Elements and values that no metadata type has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches

from jwtdoctor.knowledge.metadata import metadata
from jwtdoctor.lint.apps import FAMILY, IDENTITY, Place
from jwtdoctor.lint.repository import Node, Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word


@rule("warning", "documented", "ca", "hardis", remedy="use the real one; a deployment refuses the file as it is")
def element_is_invented(repository: Repository) -> Iterator[Problem]:
    """An element that circulates in guides and templates and does not exist.

    Checks that look for such names never fire, and files that hold them are not deployed.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthPolicy><requireSecretForWebServerFlow>true</requireSecretForWebServerFlow></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><isConsumerSecretOptional>false</isConsumerSecretOptional></oauthConfig>
        </ConnectedApp>
    """
    for node in _unknown(repository):
        if real := metadata().invented.get(f"{node.type.name}.{node.element.name}"):
            message = f"<{word(node.element.name)}> circulates and does not exist; the real one is {real}"
            yield Problem(message, node.at, about=node.path)


@rule("warning", "documented", "eca_plcy", "eca_oauth_plcy", remedy="move it to the file where it belongs")
def element_is_in_the_wrong_file(repository: Repository) -> Iterator[Problem]:
    """An element of one file of the external client app family stands in another.

    `.ecaPlcy` holds switches only; who may use the app, IP and refresh policies are in `.ecaOauthPlcy`.

    Bad:
        extlClntAppPolicies/Sync_plcy.ecaPlcy
        <ExtlClntAppConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <isEnabled>true</isEnabled>
            <permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>
        </ExtlClntAppConfigurablePolicies>
    Good:
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <commaSeparatedPermissionSet>Sync_Integration</commaSeparatedPermissionSet>
            <externalClientApplication>Sync</externalClientApplication>
            <permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>
        </ExtlClntAppOauthConfigurablePolicies>
    """
    for node in _unknown(repository):
        if f"{node.type.name}.{node.element.name}" not in metadata().invented and (owners := _owners(node)):
            message = f"<{word(node.element.name)}> belongs in {' or '.join(owners)}"
            yield Problem(message, node.at, about=node.path)


@rule("warning", "documented", "ca", remedy="check the name; if a newer release has it, ignore this rule for the file")
def element_is_unknown(repository: Repository) -> Iterator[Problem]:
    """An element that the metadata type does not have, as far as is known (API 67).

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><isPkceRequird>true</isPkceRequird></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><isPkceRequired>true</isPkceRequired></oauthConfig>
        </ConnectedApp>
    """
    for node in _unknown(repository):
        if f"{node.type.name}.{node.element.name}" in metadata().invented or _owners(node):
            continue
        near = get_close_matches(node.path, node.type.elements, n=1, cutoff=0.7)
        hint = f"; the nearest is {near[0]}" if near else ""
        message = f"{node.type.name} has no element {word(node.path, 80)}{hint}"
        yield Problem(message, node.at, about=node.path)


@rule("warning", "documented", "ca", "eca_oauth_plcy", remedy="use a value that exists")
def value_is_unknown(repository: Repository) -> Iterator[Problem]:
    """A value that the element does not have, as far as is known.

    Files that were retrieved hold scopes that the reference does not list, so that an unknown one is a warning.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>enforceIpRanges</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    """
    for node in _known(repository):
        kind = node.kind
        if kind is None or not kind.allowed or kind.kind == "int":
            continue
        folds = node.type.name.startswith("Extl")
        allowed = {value.casefold() if folds else value for value in kind.allowed}
        for text in node.element.text.split(",") if kind.kind == "list" else (node.element.text,):
            text = text.strip()
            if text and not _is_filled_in_later(text) and (text.casefold() if folds else text) not in allowed:
                real = metadata().invented_values.get(f"{node.element.name}.{text}")
                near = [real] if real else get_close_matches(text, kind.allowed, n=1, cutoff=0.6)
                hint = f"; meant is perhaps {near[0]}" if near else ""
                shown = f" '{text}'" if re.fullmatch(r"[\w:.-]{1,30}", text) else ""
                yield Problem(f"{node.path} has no value{shown}{hint}", node.at, about=f"{node.path}={text}")


@rule("warning", "documented", "ca", remedy="write true or false, or a whole number")
def value_of_wrong_kind(repository: Repository) -> Iterator[Problem]:
    """A switch that is neither true nor false, or a number that is none.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><isPkceRequired>yes</isPkceRequired></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><isPkceRequired>true</isPkceRequired></oauthConfig>
        </ConnectedApp>
    """
    for node in _known(repository):
        text = node.element.text.strip()
        if not text or node.kind is None or _is_filled_in_later(text):
            continue
        if node.kind.kind == "boolean" and text not in ("true", "false", "1", "0"):
            yield Problem(f"{node.path} is true or false", node.at, about=node.path)
        elif node.kind.kind == "int" and not re.fullmatch(r"-?\d{1,9}", text):
            yield Problem(f"{node.path} is a whole number", node.at, about=node.path)
        elif node.kind.kind == "int" and node.kind.allowed and text not in node.kind.allowed:
            yield Problem(f"{node.path} is one of {', '.join(node.kind.allowed)}", node.at, about=node.path)


@rule("warning", "documented", "ca", remedy="keep the one that is meant")
def element_is_repeated(repository: Repository) -> Iterator[Problem]:
    """An element that there is one of stands there twice.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <label>Portal</label>
            <label>Portal of the future</label>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <label>Portal</label>
        </ConnectedApp>
    """
    met: Counter[tuple[int, str]] = Counter()
    for node in repository.nodes:
        if node.kind and not node.kind.many:
            met[id(node.parent), node.path] += 1
            if met[id(node.parent), node.path] == 2:
                yield Problem(f"{node.path} stands there more than once", node.at, about=node.path)


@rule("note", "documented", "ca", "eca_oauth_plcy", remedy="add it")
def element_is_missing(repository: Repository) -> Iterator[Problem]:
    """An element that the reference calls required is not there.

    Retrieved files have been seen without some of them, so that this is a note.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <label>Portal</label>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <contactEmail>portal@example.com</contactEmail>
            <label>Portal</label>
        </ConnectedApp>
    """
    for document in repository.documents:
        if document.type.is_open:
            continue
        for path, kind in document.type.elements.items():
            if not kind.required or path == "externalClientApplication":
                continue
            above, _, name = path.rpartition(".")
            for parent in document.tree.root.all(above) if above else (document.tree.root,):
                if not any(parent.all(name)):
                    at = Place(document.path, parent.line, parent.col)
                    yield Problem(f"the required element {path} is missing", at, about=path)


def _unknown(repository: Repository) -> Iterator[Node]:
    return (node for node in repository.nodes if node.kind is None)


def _known(repository: Repository) -> Iterator[Node]:
    return (node for node in repository.nodes if node.kind is not None and not node.element.is_nil)


def _owners(node: Node) -> list[str]:
    """The files of the family that have an element of this name, for one that stands in another of them."""
    if node.type.name not in (*FAMILY, IDENTITY) or "." in node.path:
        return []
    types = metadata().types
    return [f".{types[name].suffix}" for name in (IDENTITY, *FAMILY) if node.element.name in types[name].elements]


def _is_filled_in_later(text: str) -> bool:
    """Something that a deployment replaces."""
    return re.search(r"[${}%@<>\[\]]|__|replace|placeholder|your", text, re.IGNORECASE) is not None
