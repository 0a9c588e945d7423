"""What the metadata of one app tells a diagnosis, as facts of the vocabulary.

    jwtdoctor lint force-app --app Sync                      # the facts, also facts{} of the report
    jwtdoctor explain reply.json --metadata force-app --app Sync

Only what is written down becomes a fact: an external client app whose policies are not in the repository has no
`app.permitted_users`, and `user.assigned_to_app` cannot be told from a repository, unless nobody is named at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.apps import App
from jwtdoctor.lint.certificate import certificate_of
from jwtdoctor.lint.repository import Repository
from jwtdoctor.model.chart import Observation
from jwtdoctor.model.facts import Value

SOURCE = "metadata"
DATED = frozenset({"app.certificate_not_after_in_s", "certificate.not_after_in_s"})
"""Facts that rest on the present time."""
SCOPES = {
    "Api": "api", "Web": "web", "Full": "full", "Basic": "id", "RefreshToken": "refresh_token", "OpenID": "openid",
    "OfflineAccess": "offline_access", "Chatter": "chatter_api", "CustomApplications": "visualforce",
    "CustomPermissions": "custom_permissions", "Wave": "wave_api", "Eclair": "eclair_api", "Pardot": "pardot_api",
    "Lightning": "lightning", "Content": "content", "CDPIngest": "cdp_ingest_api", "CDPProfile": "cdp_profile_api",
    "CDPQuery": "cdp_query_api", "Chatbot": "chatbot_api", "SFAP": "sfap_api", "SFApiPlatform": "sfap_api",
    "MCP": "mcp_api", "Profile": "profile", "Email": "email", "Address": "address", "Phone": "phone",
}  # fmt: skip
"""Scope in metadata -> scope on the wire."""


def facts_of(repository: Repository, app: App) -> tuple[Observation, ...]:
    """The facts that one app and the org settings beside it tell. `now` of the repository is true time."""
    pairs = (*_of_app(app), *_of_certificate(repository, app), *_of_org(repository, app))
    return tuple(Observation(name, value, SOURCE) for name, value in pairs)


def app_named(repository: Repository, name: str = "", consumer_key: str = "") -> App | None:
    """The app of that API name or label, or of that consumer key; None where there is none, or more than one."""
    found = [
        app
        for app in repository.apps
        if (name and name in (app.name, app.label)) or (consumer_key and consumer_key == app.text("consumer-key"))
    ]
    return found[0] if len(found) == 1 else None


def _of_app(app: App) -> Iterator[tuple[str, Value]]:
    yield "app.kind", app.kind
    yield "app.name", app.label
    if app.permitted_users:
        yield "app.permitted_users", app.permitted_users
        if app.permitted_users == "admin-approved":
            yield "app.grantees", tuple(one.text for one in app.grantees)
            if not app.grantees:
                yield "user.assigned_to_app", False
    if app.scopes:
        yield "app.scopes", tuple(sorted(SCOPES.get(scope, scope) for scope in app.scopes))
        yield "app.has_api_scope", bool(app.scopes & {"Api", "Full"})
        yield "app.has_refresh_token_scope", app.has_refresh_scope
    if app.ip_relaxation:
        yield "app.ip_relaxation", app.ip_relaxation
    if app.refresh_policy:
        yield "app.refresh_token_policy", app.refresh_policy
    if app.text("distribution") in ("Local", "Packaged"):
        yield "app.distribution_state", app.text("distribution")
    if (enabled := _client_credentials(app)) is not None:
        yield "app.client_credentials_enabled", enabled
    if app.text("run-as"):
        yield "app.run_as_user_set", True
    if app.requires_high_assurance and app.text("session-action") in ("Block", "RaiseSessionLevel"):
        yield "app.session_policy", app.text("session-action")
    for setting, fact in _FLAGS.items():
        if (flag := app.flag(setting)) is not None:
            yield fact, flag
    if any(app.flag(setting) is False for setting in ("enabled", "oauth-enabled")):
        yield "app.flow_enabled", False


_FLAGS = {
    "pkce": "app.requires_pkce",
    "refresh-rotation": "app.refresh_token_rotation",
    "jwt-access-tokens": "app.jwt_access_tokens",
}


def _client_credentials(app: App) -> bool | None:
    """Both switches of an external client app are needed; one that is off is enough to know."""
    settings = ["client-credentials"] + ["client-credentials-allowed"] * (app.kind == "external-client-app")
    flags = [app.flag(setting) for setting in settings]
    if False in flags:
        return False
    return None if None in flags else True


def _of_certificate(repository: Repository, app: App) -> Iterator[tuple[str, Value]]:
    if not app.has_oauth or not app.knows("certificate"):
        return
    found = certificate_of(app.text("certificate")) if app.uses_certificate else None
    yield "app.certificate_uploaded", found is not None and found.state in ("certificate", "placeholder")
    if found and found.facts:
        in_s = round(found.facts.not_after - repository.now, 1)
        yield "app.certificate_not_after_in_s", in_s
        yield "certificate.not_after_in_s", in_s


def _of_org(repository: Repository, app: App) -> Iterator[tuple[str, Value]]:
    for kind, path, fact, means in _ORG:
        for one in repository.setting(kind, path):
            yield fact, one.is_true == means
            break
    key = app.text("consumer-key")
    if key and any(one.text == key for one in repository.setting("BlacklistedConsumer", "consumerKey")):
        yield "app.blocked", True


_ORG = (
    ("OauthOidcSettings", "isPkceRequired", "org.requires_pkce", True),
    ("OauthOidcSettings", "blockOAuthUnPwFlow", "org.allows_password_flow", False),
    ("ConnectedAppSettings", "enableAdminApprovedAppsOnly", "org.api_access_control", True),
)
