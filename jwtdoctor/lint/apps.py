"""Apps as the rules see them: connected apps and external client apps in one shape, each value with its place.

An external client app is spread over five files, which are joined on `externalClientApplication` and never on file
names. Which file holds which setting is one table here, so that a rule asks `app.flag("client-credentials")` and is
true for both kinds. A setting whose file is not in the repository is not known, which is something else than unset:
`app.knows(setting)` tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from jwtdoctor.lint.tree import Element
from jwtdoctor.lint.walk import Document

Kind = Literal["connected-app", "external-client-app"]

IDENTITY = "ExternalClientApplication"
GLOBAL = "ExtlClntAppGlobalOauthSettings"
OAUTH = "ExtlClntAppOauthSettings"
POLICY = "ExtlClntAppOauthConfigurablePolicies"
SWITCHES = "ExtlClntAppConfigurablePolicies"
FAMILY = (GLOBAL, OAUTH, POLICY, SWITCHES)
"""The files of an external client app besides the one that it begins with."""

SETTINGS: dict[str, tuple[str, str, str]] = {
    "label": ("label", IDENTITY, "label"),
    "consumer-key": ("oauthConfig.consumerKey", GLOBAL, "consumerKey"),
    "consumer-secret": ("oauthConfig.consumerSecret", GLOBAL, "consumerSecret"),
    "certificate": ("oauthConfig.certificate", GLOBAL, "certificate"),
    "callback-url": ("oauthConfig.callbackUrl", GLOBAL, "callbackUrl"),
    "pkce": ("oauthConfig.isPkceRequired", GLOBAL, "isPkceRequired"),
    "secret-optional": ("oauthConfig.isConsumerSecretOptional", GLOBAL, "isConsumerSecretOptional"),
    "introspect-all": ("oauthConfig.isIntrospectAllTokens", GLOBAL, "isIntrospectAllTokens"),
    "jwt-access-tokens": ("oauthConfig.isNamedUserJwtEnabled", GLOBAL, "isNamedUserJwtEnabled"),
    "refresh-rotation": ("oauthConfig.isRefreshTokenRotationEnabled", GLOBAL, "isRefreshTokenRotationEnabled"),
    "client-credentials": ("oauthConfig.isClientCredentialEnabled", GLOBAL, "isClientCredentialsFlowEnabled"),
    "client-credentials-allowed": ("", POLICY, "isClientCredentialsFlowEnabled"),
    "run-as": ("oauthConfig.oauthClientCredentialUser", POLICY, "clientCredentialsFlowUser"),
    "token-exchange": ("oauthConfig.isTokenExchangeEnabled", GLOBAL, "isTokenExchangeEnabled"),
    "token-exchange-allowed": ("oauthPolicy.isTokenExchangeFlowEnabled", POLICY, "isTokenExchangeFlowEnabled"),
    "scopes": ("oauthConfig.scopes", OAUTH, "commaSeparatedOauthScopes"),
    "ip-relaxation": ("oauthPolicy.ipRelaxation", POLICY, "ipRelaxationPolicyType"),
    "refresh-policy": ("oauthPolicy.refreshTokenPolicy", POLICY, "refreshTokenPolicyType"),
    "refresh-period": ("", POLICY, "refreshTokenValidityPeriod"),
    "refresh-unit": ("", POLICY, "refreshTokenValidityUnit"),
    "permitted-users": ("oauthConfig.isAdminApproved", POLICY, "permittedUsersPolicyType"),
    "profiles": ("profileName", POLICY, "commaSeparatedProfile"),
    "permission-sets": ("permissionSetName", POLICY, "commaSeparatedPermissionSet"),
    "session-level": ("sessionPolicy.sessionLevel", POLICY, "requiredSessionLevel"),
    "session-action": ("sessionPolicy.policyAction", POLICY, "policyAction"),
    "rotate-key": ("", GLOBAL, "shouldRotateConsumerKey"),
    "rotate-secret": ("", GLOBAL, "shouldRotateConsumerSecret"),
    "enabled": ("", SWITCHES, "isEnabled"),
    "oauth-enabled": ("", SWITCHES, "isOauthPluginEnabled"),
    "distribution": ("", IDENTITY, "distributionState"),
    "org-scope": ("", IDENTITY, "orgScopedExternalApp"),
    "oauth-link": ("", OAUTH, "oauthLink"),
}
"""Setting -> where a connected app has it, and in which file and element of an external client app."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands. Without a column it is the line, or the file as a whole."""

    path: str
    line: int = 1
    col: int = 0

    def __str__(self) -> str:
        """`PATH:LINE[:COL]`."""
        return f"{self.path}:{self.line}" + (f":{self.col}" if self.col else "")


@dataclass(frozen=True, slots=True)
class Seen:
    """A text that was found, stripped, and its place."""

    text: str
    at: Place
    path: str = ""
    """Of the element below the root."""

    @property
    def is_true(self) -> bool:
        return self.text.lower() in ("true", "1")


def seen(document: Document, element: Element, path: str = "") -> Seen:
    return Seen(element.text.strip(), Place(document.path, element.line, element.col), path or element.name)


@dataclass(frozen=True, slots=True)
class App:
    """One app. `parts` are its files by type."""

    kind: Kind
    name: str
    parts: Mapping[str, tuple[Document, ...]]

    @property
    def main(self) -> Document:
        """The file that findings about the whole app point at."""
        order = (("ConnectedApp",), (IDENTITY,), (POLICY,), (GLOBAL,), (OAUTH,), tuple(self.parts))
        return next(self.parts[name][0] for names in order for name in names if name in self.parts)

    @property
    def place(self) -> Place:
        root = self.main.tree.root
        return Place(self.main.path, root.line, root.col)

    @property
    def label(self) -> str:
        found = self.one("label")
        return found.text if found and found.text else self.name

    @property
    def has_oauth(self) -> bool:
        """Whether it is an OAuth app as far as its files tell."""
        if self.kind == "external-client-app":
            return any(name in self.parts for name in (GLOBAL, OAUTH, POLICY))
        return any(True for _ in self.main.tree.root.all("oauthConfig"))

    def all(self, setting: str) -> tuple[Seen, ...]:
        """Every value of a setting, lists taken apart. Elements with `xsi:nil` count as absent."""
        found = tuple(
            seen(document, element, path)
            for document, path in self._where(setting)
            for element in document.tree.root.all(path)
            if not element.is_nil
        )
        if self.kind == "external-client-app" and setting in ("scopes", "profiles", "permission-sets"):
            return tuple(Seen(text, one.at, one.path) for one in found for text in _split(one.text))
        return found

    def one(self, setting: str) -> Seen | None:
        """The first value of a setting that is not empty."""
        return next((one for one in self.all(setting) if one.text), None)

    def text(self, setting: str) -> str:
        found = self.one(setting)
        return found.text if found else ""

    def flag(self, setting: str) -> bool | None:
        """A boolean setting; None where it is not written down."""
        found = self.one(setting)
        return None if found is None else found.is_true

    def knows(self, *settings: str) -> bool:
        """Whether the files that would hold these settings are in the repository."""
        return all(self._where(setting) for setting in settings)

    def _where(self, setting: str) -> tuple[tuple[Document, str], ...]:
        of_connected, part, of_external = SETTINGS[setting]
        if self.kind == "connected-app":
            return tuple((document, of_connected) for document in self.parts["ConnectedApp"] if of_connected)
        return tuple((document, of_external) for document in self.parts.get(part, ()))

    # --- what the settings come to

    @property
    def permitted_users(self) -> Literal["admin-approved", "self-authorize"] | None:
        """Who may use the app; None where the repository cannot show it."""
        found = self.one("permitted-users")
        if self.kind == "connected-app":
            if not self.has_oauth:
                return None
            return "admin-approved" if found and found.is_true else "self-authorize"
        match found.text if found else "":
            case "AdminApprovedPreAuthorized":
                return "admin-approved"
            case "AllSelfAuthorized":
                return "self-authorize"
        return None

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(one.text for one in self.all("scopes") if one.text)

    @property
    def has_refresh_scope(self) -> bool:
        return bool(self.scopes & {"RefreshToken", "OfflineAccess"})

    @property
    def uses_certificate(self) -> bool:
        """A certificate is what makes JWT bearer possible; a placeholder counts, since it will be filled in."""
        return bool(self.text("certificate"))

    @property
    def grantees(self) -> tuple[Seen, ...]:
        return tuple(one for one in (*self.all("profiles"), *self.all("permission-sets")) if one.text)

    @property
    def requires_high_assurance(self) -> bool:
        return self.text("session-level").replace("_", " ").casefold() == "high assurance"

    @property
    def ip_relaxation(self) -> str:
        """`enforce` `enforce_relax_refresh` `relax_with_second_factor` `relax`, or empty where unknown."""
        return {
            "enforce": "enforce",
            "enforce_relaxrefresh": "enforce_relax_refresh",
            "bypass_2factor": "relax_with_second_factor",
            "bypass": "relax",
        }.get(self.text("ip-relaxation").lower(), "")

    @property
    def refresh_policy(self) -> str:
        """`infinite` `immediately_expire` `specific_lifetime` `specific_inactivity`, or empty where unknown."""
        written = self.text("refresh-policy").partition(":")[0].replace("_", "").lower()
        return {
            "infinite": "infinite",
            "zero": "immediately_expire",
            "specificlifetime": "specific_lifetime",
            "specificinactivity": "specific_inactivity",
        }.get(written, "")


def _split(text: str) -> list[str]:
    return [piece for part in text.split(",") if (piece := part.strip())]


def apps_of(documents: Iterable[Document]) -> tuple[App, ...]:
    """Every app in the files, by name. The same name in two package folders is two apps."""
    connected: list[App] = []
    identities: list[Document] = []
    siblings: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        if document.type.name == "ConnectedApp":
            connected.append(App("connected-app", document.name, {"ConnectedApp": (document,)}))
        elif document.type.name == IDENTITY:
            identities.append(document)
        elif document.type.name in FAMILY and (name := owner_of(document)):
            siblings[name].append(document)
    external = [_external(identity.name, identity, siblings[identity.name]) for identity in identities]
    known = {identity.name for identity in identities}
    external += [_external(name, None, found) for name, found in siblings.items() if name not in known and found]
    return tuple(sorted((*connected, *external), key=lambda app: (app.main.path, app.name)))


def owner_of(document: Document) -> str:
    """The app that a file of the external client app family says it belongs to."""
    return next((e.text.strip() for e in document.tree.root.all("externalClientApplication")), "")


def _external(name: str, identity: Document | None, siblings: list[Document]) -> App:
    """Where an app stands in several package folders, the siblings of its own folder go before all others."""
    parts: dict[str, tuple[Document, ...]] = {} if identity is None else {IDENTITY: (identity,)}
    for kind in FAMILY:
        found = [document for document in siblings if document.type.name == kind]
        near = [document for document in found if identity and document.folder == identity.folder]
        if near or found:
            parts[kind] = tuple(near or found)
    return App("external-client-app", name, parts)
