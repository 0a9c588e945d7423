"""The client credentials flow: two switches and a user."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word


@rule(
    "error",
    "documented",
    "eca_global",
    "eca_oauth_plcy",
    leads_to=("flow-disabled",),
    remedy="set both switches alike: true to use the flow, false to be without it",
)
def client_credentials_half_enabled(repository: Repository) -> Iterator[Problem]:
    """Client credentials are on in one file of an external client app and off in another.

    The developer's switch is in `.ecaGlblOauth`, the administrator's in `.ecaOauthPlcy`; the flow needs both.

    Bad:
        extlClntAppGlobalOauthSets/Sync_glbl.ecaGlblOauth
        <ExtlClntAppGlobalOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
            <isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>
        </ExtlClntAppGlobalOauthSettings>
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <isClientCredentialsFlowEnabled>false</isClientCredentialsFlowEnabled>
        </ExtlClntAppOauthConfigurablePolicies>
    Good:
        extlClntAppGlobalOauthSets/Sync_glbl.ecaGlblOauth
        <ExtlClntAppGlobalOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
            <isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>
        </ExtlClntAppGlobalOauthSettings>
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <clientCredentialsFlowUser>sync@example.com</clientCredentialsFlowUser>
            <externalClientApplication>Sync</externalClientApplication>
            <isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>
        </ExtlClntAppOauthConfigurablePolicies>
    """
    for app in repository.apps:
        enabled, allowed = app.one("client-credentials"), app.one("client-credentials-allowed")
        if enabled and allowed and enabled.is_true != allowed.is_true:
            off = allowed if enabled.is_true else enabled
            on = "its settings" if enabled.is_true else "its policies"
            message = f"client credentials of '{word(app.name)}' are on in {on} and off here: the flow does not work"
            yield Problem(message, off.at)


@rule(
    "warning",
    "documented",
    "ca",
    "eca_oauth_plcy",
    leads_to=("no-run-as-user",),
    remedy="set the Run As user in the app's policies; Salesforce asks for one with the API Only permission",
)
def client_credentials_without_user(repository: Repository) -> Iterator[Problem]:
    """Client credentials are enabled, and the files name no user to run as.

    Retrieved files often lack the element though the org has a user, so that this is a warning.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isClientCredentialEnabled>true</isClientCredentialEnabled></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <isClientCredentialEnabled>true</isClientCredentialEnabled>
                <oauthClientCredentialUser>sync@example.com</oauthClientCredentialUser>
            </oauthConfig>
        </ConnectedApp>
    """
    for app in repository.apps:
        switch = app.one("client-credentials-allowed" if app.kind == "external-client-app" else "client-credentials")
        if switch and switch.is_true and app.knows("run-as") and not app.text("run-as"):
            yield Problem(f"client credentials of '{word(app.name)}' are on, and no user to run as is named", switch.at)


@rule(
    "warning",
    "field-report",
    "ca",
    leads_to=("missing-scope-api",),
    remedy="add the scope Api",
)
def client_credentials_with_full_alone(repository: Repository) -> Iterator[Problem]:
    """Client credentials with the scope `Full` and without `Api`: the token is of no use at the API.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <isClientCredentialEnabled>true</isClientCredentialEnabled>
                <oauthClientCredentialUser>sync@example.com</oauthClientCredentialUser>
                <scopes>Full</scopes>
            </oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <isClientCredentialEnabled>true</isClientCredentialEnabled>
                <oauthClientCredentialUser>sync@example.com</oauthClientCredentialUser>
                <scopes>Api</scopes>
            </oauthConfig>
        </ConnectedApp>
    """
    for app in repository.apps:
        at = app.one("scopes")
        if at and app.flag("client-credentials") and "Full" in app.scopes and "Api" not in app.scopes:
            yield Problem(f"client credentials of '{word(app.name)}' need Api among the scopes beside Full", at.at)
