"""What JWT bearer needs: no element switches the flow on, a certificate makes it possible."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule


@rule(
    "error",
    "accepted-answer",
    "se_jwt",
    "sfdx_ca",
    leads_to=("user-not-approved-app", "missing-scope-refresh-token"),
    remedy="add the scope RefreshToken, or pre-authorise the integration user (admin approval)",
)
def self_authorised_jwt_without_refresh_scope(repository: Repository) -> Iterator[Problem]:
    """JWT bearer with self-authorisation, and without the refresh token scope.

    In this mode Salesforce looks for an earlier approval by the user that includes `refresh_token`. Without the
    scope no such approval can come about, and every assertion is answered with "user hasn't approved this consumer".

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>false</isAdminApproved>
                <scopes>Full</scopes>
            </oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>false</isAdminApproved>
                <scopes>Api</scopes>
                <scopes>RefreshToken</scopes>
            </oauthConfig>
        </ConnectedApp>
    """
    for app in repository.jwt_apps:
        if app.permitted_users == "self-authorize" and app.scopes and not app.has_refresh_scope:
            at = app.one("scopes") or app.one("certificate")
            message = "users authorise themselves, and without RefreshToken no approval lasts: JWT bearer is refused"
            yield Problem(message, at.at if at else app.place)


@rule(
    "note",
    "accepted-answer",
    "se_jwt",
    leads_to=("user-not-approved-app",),
    remedy="for server to server: pre-authorise the integration user",
)
def self_authorised_jwt(repository: Repository) -> Iterator[Problem]:
    """JWT bearer with self-authorisation: each user must approve the app in a browser first.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>false</isAdminApproved>
                <scopes>RefreshToken</scopes>
            </oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
            </oauthConfig>
            <permissionSetName>Sync Integration</permissionSetName>
        </ConnectedApp>
    """
    for app in repository.jwt_apps:
        if app.permitted_users == "self-authorize" and app.has_refresh_scope:
            at = app.one("permitted-users")
            message = "a user must have approved the app once before an assertion in their name is accepted"
            yield Problem(message, at.at if at else app.place)


@rule(
    "warning",
    "documented",
    "sfdx_ca",
    "sfdx_eca",
    leads_to=("missing-scope-api",),
    remedy="add the scope Api",
)
def jwt_without_api_scope(repository: Repository) -> Iterator[Problem]:
    """A JWT bearer app without the scope `Api`.

    A token may be granted, and the first call to the REST or SOAP API is then refused. `Full` includes it.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <scopes>RefreshToken</scopes>
                <scopes>OpenID</scopes>
            </oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <scopes>RefreshToken</scopes>
                <scopes>Api</scopes>
            </oauthConfig>
        </ConnectedApp>
    """
    for app in repository.jwt_apps:
        at = app.one("scopes")
        if at and not app.scopes & {"Api", "Full"}:
            yield Problem("the scopes include neither Api nor Full", at.at)


@rule(
    "note",
    "documented",
    "sfdx_ca",
    "sfdx_eca",
    leads_to=("missing-scope-refresh-token",),
    remedy="add the scope RefreshToken",
)
def preauthorised_jwt_without_refresh_scope(repository: Repository) -> Iterator[Problem]:
    """A pre-authorised JWT bearer app without the refresh token scope, against Salesforce's own set-up guide.

    Salesforce's guide for its command line asks for `api`, `web` and `refresh_token`. Whether an admin-approved app
    works without the last is not documented.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
                <scopes>Api</scopes>
            </oauthConfig>
            <profileName>Integration</profileName>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
                <scopes>Api</scopes>
                <scopes>RefreshToken</scopes>
            </oauthConfig>
            <profileName>Integration</profileName>
        </ConnectedApp>
    """
    for app in repository.jwt_apps:
        at = app.one("scopes")
        if at and app.permitted_users == "admin-approved" and not app.has_refresh_scope:
            yield Problem("the scopes do not include RefreshToken, which Salesforce's set-up guide asks for", at.at)


@rule(
    "warning",
    "inferred",
    "se_jwt",
    "ca",
    leads_to=("user-not-approved-app", "refresh-token-expired"),
    remedy="pre-authorise the integration user, or choose another refresh token policy",
)
def refresh_policy_ends_the_approval(repository: Repository) -> Iterator[Problem]:
    """JWT bearer with self-authorisation, and refresh tokens that end at once.

    Guides recommend "immediately expire" for JWT apps. That is harmless with admin approval; where users authorise
    themselves, the approval that JWT bearer rests on is a stored refresh token.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>false</isAdminApproved>
                <scopes>RefreshToken</scopes>
            </oauthConfig>
            <oauthPolicy><refreshTokenPolicy>zero</refreshTokenPolicy></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
                <scopes>RefreshToken</scopes>
            </oauthConfig>
            <oauthPolicy><refreshTokenPolicy>zero</refreshTokenPolicy></oauthPolicy>
            <profileName>Integration</profileName>
        </ConnectedApp>
    """
    for app in repository.jwt_apps:
        at = app.one("refresh-policy")
        if at and app.permitted_users == "self-authorize" and app.refresh_policy == "immediately_expire":
            yield Problem("refresh tokens end at once, and with them the approvals that JWT bearer needs", at.at)
