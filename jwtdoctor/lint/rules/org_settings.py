"""Settings of the org that decide about OAuth."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule


@rule(
    "note",
    "documented",
    "oauth_oidc",
    remedy="block it once nothing uses it; external client apps do not offer it",
)
def password_flow_allowed(repository: Repository) -> Iterator[Problem]:
    """The org allows the username-password flow, in which a program holds a person's password.

    Bad:
        settings/OauthOidc.settings
        <OauthOidcSettings><blockOAuthUnPwFlow>false</blockOAuthUnPwFlow></OauthOidcSettings>
    Good:
        settings/OauthOidc.settings
        <OauthOidcSettings><blockOAuthUnPwFlow>true</blockOAuthUnPwFlow></OauthOidcSettings>
    """
    for one in repository.setting("OauthOidcSettings", "blockOAuthUnPwFlow"):
        if one.text.lower() == "false":
            yield Problem("the username-password flow is allowed", one.at)


@rule(
    "note",
    "documented",
    "oauth_oidc",
    leads_to=("flow-disabled",),
    remedy="move what still uses it to client credentials or JWT bearer",
)
def password_flow_blocked(repository: Repository) -> Iterator[Problem]:
    """The org blocks the username-password flow: whoever still uses it is refused.

    Bad:
        settings/OauthOidc.settings
        <OauthOidcSettings><blockOAuthUnPwFlow>true</blockOAuthUnPwFlow></OauthOidcSettings>
    Good:
        settings/OauthOidc.settings
        <OauthOidcSettings><isPkceRequired>false</isPkceRequired></OauthOidcSettings>
    """
    for one in repository.setting("OauthOidcSettings", "blockOAuthUnPwFlow"):
        if one.is_true:
            yield Problem("the username-password flow is blocked, as it should be; its users are refused", one.at)


@rule("note", "documented", "oauth_oidc", remedy="block it; browsers use the web server flow with PKCE")
def user_agent_flow_allowed(repository: Repository) -> Iterator[Problem]:
    """The org allows the user-agent flow, in which the token stands in the address of the browser.

    Bad:
        settings/OauthOidc.settings
        <OauthOidcSettings><blockOAuthUsrAgtFlow>false</blockOAuthUsrAgtFlow></OauthOidcSettings>
    Good:
        settings/OauthOidc.settings
        <OauthOidcSettings><blockOAuthUsrAgtFlow>true</blockOAuthUsrAgtFlow></OauthOidcSettings>
    """
    for one in repository.setting("OauthOidcSettings", "blockOAuthUsrAgtFlow"):
        if one.text.lower() == "false":
            yield Problem("the user-agent flow is allowed", one.at)


@rule(
    "note",
    "documented",
    "oauth_oidc",
    leads_to=("pkce-missing",),
    remedy="make sure that every client of the web server flow sends a code challenge",
)
def pkce_required_by_the_org(repository: Repository) -> Iterator[Problem]:
    """The org requires PKCE of every app, whatever the app itself says.

    Bad:
        settings/OauthOidc.settings
        <OauthOidcSettings><isPkceRequired>true</isPkceRequired></OauthOidcSettings>
    Good:
        settings/OauthOidc.settings
        <OauthOidcSettings><isPkceRequired>false</isPkceRequired></OauthOidcSettings>
    """
    for one in repository.setting("OauthOidcSettings", "isPkceRequired"):
        if one.is_true:
            yield Problem("the org requires PKCE in every authorization code flow", one.at)


@rule(
    "note",
    "documented",
    "ca_settings",
    leads_to=("api-access-control", "app-not-installed"),
    remedy="make sure that every app in use is installed and allowed",
)
def api_access_control_is_on(repository: Repository) -> Iterator[Problem]:
    """API Access Control is on: only apps that are installed or allow-listed may call the API.

    Bad:
        settings/ConnectedApp.settings
        <ConnectedAppSettings><enableAdminApprovedAppsOnly>true</enableAdminApprovedAppsOnly></ConnectedAppSettings>
    Good:
        settings/ConnectedApp.settings
        <ConnectedAppSettings><enableAdminApprovedAppsOnly>false</enableAdminApprovedAppsOnly></ConnectedAppSettings>
    """
    for one in repository.setting("ConnectedAppSettings", "enableAdminApprovedAppsOnly"):
        if one.is_true:
            yield Problem("API Access Control is on: apps that are not installed are refused", one.at)


@rule("warning", "documented", "eca_settings", remedy="switch it on for a rotation, and off again")
def secrets_through_the_metadata_api(repository: Repository) -> Iterator[Problem]:
    """Consumer secrets can be read through the Metadata API, so that a retrieve brings them into source.

    Bad:
        settings/ExternalClientApp.settings
        <ExternalClientAppSettings>
            <enableConsumerSecretApiAccess>true</enableConsumerSecretApiAccess>
        </ExternalClientAppSettings>
    Good:
        settings/ExternalClientApp.settings
        <ExternalClientAppSettings>
            <enableConsumerSecretApiAccess>false</enableConsumerSecretApiAccess>
        </ExternalClientAppSettings>
    """
    for one in repository.setting("ExternalClientAppSettings", "enableConsumerSecretApiAccess"):
        if one.is_true:
            yield Problem("a retrieve can bring consumer secrets into the repository", one.at)


@rule(
    "note",
    "documented",
    "security_settings",
    leads_to=("session-expired", "ip-restricted"),
    remedy="make sure that integrations call from one address",
)
def sessions_are_bound_to_addresses(repository: Repository) -> Iterator[Problem]:
    """Sessions are locked to the address that they began from, or ranges are checked at every request.

    An integration behind changing addresses loses its session in the middle.

    Bad:
        settings/Security.settings
        <SecuritySettings>
            <sessionSettings><lockSessionsToIp>true</lockSessionsToIp></sessionSettings>
        </SecuritySettings>
    Good:
        settings/Security.settings
        <SecuritySettings>
            <sessionSettings><lockSessionsToIp>false</lockSessionsToIp></sessionSettings>
        </SecuritySettings>
    """
    for name, what in (
        ("lockSessionsToIp", "a session ends when its address changes"),
        ("enforceIpRangesEveryRequest", "login IP ranges are checked at every request, API calls included"),
    ):
        for one in repository.setting("SecuritySettings", f"sessionSettings.{name}"):
            if one.is_true:
                yield Problem(what, one.at, about=name)
