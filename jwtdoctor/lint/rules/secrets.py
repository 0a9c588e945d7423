"""Secrets in source, and settings that change them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from jwtdoctor.lint.apps import GLOBAL, App, Place, Seen
from jwtdoctor.lint.repository import Repository, is_placeholder
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.tree import Element
from jwtdoctor.lint.walk import Document, word

GENERATED_KEY_LENGTH = 85


@rule(
    "error",
    "documented",
    "ca",
    "eca_global",
    leads_to=("client-secret-rotated",),
    remedy="take it out, rotate it (everyone who can read the history has it), let the deployment fill it in",
)
def consumer_secret_in_source(repository: Repository) -> Iterator[Problem]:
    """A consumer secret stands in the repository.

    A retrieve never writes it, so somebody put it there by hand. Placeholders are not meant.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerSecret>7A1F09B2C3D4E5F60718293A4B5C6D7E8F90</consumerSecret></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerSecret>${SYNC_SECRET}</consumerSecret></oauthConfig>
        </ConnectedApp>
    """
    for app in repository.apps:
        for one in app.all("consumer-secret"):
            if one.text and not is_placeholder(one.text):
                yield Problem(f"the consumer secret of '{word(app.name)}' is in the repository", one.at)


@rule(
    "error",
    "inferred",
    "ca",
    leads_to=("signature-key-mismatch",),
    remedy="take it out, make a new pair and upload its certificate: whoever reads the history can sign",
)
def private_key_in_source(repository: Repository) -> Iterator[Problem]:
    """A private key stands in a metadata file.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>-----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASC
        -----END PRIVATE KEY-----</certificate></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
        </ConnectedApp>
    """
    for document in repository.documents:
        for element in _leaves(document.tree.root):
            if re.search(r"BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY-----", element.text):
                yield Problem("a private key is in the repository", Place(document.path, element.line, element.col))


@rule("warning", "documented", "eca_global", remedy="keep the file out of the repository: list it in .forceignore")
def global_settings_in_source(repository: Repository) -> Iterator[Problem]:
    """The global OAuth settings of an external client app are in the repository.

    The reference says that this type holds the sensitive part and must not go to source control or into packages.

    Bad:
        extlClntAppGlobalOauthSets/Sync_glbl.ecaGlblOauth
        <ExtlClntAppGlobalOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppGlobalOauthSettings>
    Good:
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthSettings>
    """
    for document in repository.of_type(GLOBAL):
        yield Problem("Salesforce asks to keep this file out of source control", _whole(document))


@rule(
    "error",
    "documented",
    "eca_global",
    "h_stage",
    leads_to=("client-id-unknown", "client-secret-rotated"),
    remedy="set it to false; rotate on purpose, with staged credentials, which overlap",
)
def rotates_at_every_deployment(repository: Repository) -> Iterator[Problem]:
    """The consumer key or secret changes at every deployment.

    `shouldRotateConsumerKey` and `shouldRotateConsumerSecret` act at each deployment of the file, at once and
    without overlap. Every client that has the old value stops working. A file that is left with true is a time bomb.

    Bad:
        extlClntAppGlobalOauthSets/Sync_glbl.ecaGlblOauth
        <ExtlClntAppGlobalOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
            <shouldRotateConsumerSecret>true</shouldRotateConsumerSecret>
        </ExtlClntAppGlobalOauthSettings>
    Good:
        extlClntAppGlobalOauthSets/Sync_glbl.ecaGlblOauth
        <ExtlClntAppGlobalOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
            <shouldRotateConsumerSecret>false</shouldRotateConsumerSecret>
        </ExtlClntAppGlobalOauthSettings>
    """
    for app in repository.apps:
        for setting, what in (("rotate-key", "key"), ("rotate-secret", "secret")):
            for one in app.all(setting):
                if one.is_true:
                    message = f"each deployment gives '{word(app.name)}' a new consumer {what}"
                    yield Problem(message, one.at, about=setting)


@rule(
    "warning",
    "inferred",
    "ca",
    leads_to=("client-id-unknown",),
    remedy="make sure that the deployment fills it in; a key can be set only when the app is created",
)
def consumer_key_looks_wrong(repository: Repository) -> Iterator[Problem]:
    """The consumer key is a placeholder, or has not the form of one.

    Generated keys have 85 characters; a key of one's own choice has 8 to 256.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerKey>REPLACE_CLIENT_ID</consumerKey></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerKey>SyncInProduction2026</consumerKey></oauthConfig>
        </ConnectedApp>
    """
    for app in repository.apps:
        one = app.one("consumer-key")
        if one and (wrong := _wrong_with_key(one.text)):
            yield Problem(f"the consumer key of '{word(app.name)}' {wrong}", one.at)


@rule(
    "warning",
    "field-report",
    "ca",
    leads_to=("client-id-unknown",),
    remedy="give each app its own key, or leave the element out, and Salesforce generates one",
)
def consumer_key_of_several_apps(repository: Repository) -> Iterator[Problem]:
    """Two apps have the same consumer key, which must be unique in the world: the second deployment is refused.

    Bad:
        connectedApps/One.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerKey>SyncInProduction2026</consumerKey></oauthConfig>
        </ConnectedApp>
        connectedApps/Two.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerKey>SyncInProduction2026</consumerKey></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/One.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerKey>SyncInProduction2026</consumerKey></oauthConfig>
        </ConnectedApp>
    """
    users: defaultdict[str, list[tuple[App, Seen]]] = defaultdict(list)
    for app in repository.apps:
        one = app.one("consumer-key")
        if one and not is_placeholder(one.text):
            users[one.text].append((app, one))
    for sharing in users.values():
        names = sorted({app.name for app, _ in sharing})
        if len(names) > 1:
            for app, one in sharing:
                other = next(name for name in names if name != app.name)
                yield Problem(f"'{word(app.name)}' has the consumer key of '{word(other)}'", one.at)


def _wrong_with_key(key: str) -> str:
    if is_placeholder(key):
        return "is a placeholder"
    if not 8 <= len(key) <= 256:
        return f"has {len(key)} characters, and 8 to 256 are allowed"
    if key.startswith("3MVG") and len(key) < GENERATED_KEY_LENGTH:
        return f"begins like a generated one and has {len(key)} characters in place of {GENERATED_KEY_LENGTH}"
    return ""


def _leaves(element: Element) -> Iterator[Element]:
    if not element.children:
        yield element
    for child in element.children:
        yield from _leaves(child)


def _whole(document: Document) -> Place:
    return Place(document.path, document.tree.root.line, document.tree.root.col)
