"""Session policies: what they do to a flow that nobody sits in front of."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word


@rule(
    "error",
    "documented",
    "ca",
    "eca_oauth_plcy",
    leads_to=("mfa-required",),
    remedy="set the session level of this app to STANDARD",
)
def high_assurance_blocks_jwt(repository: Repository) -> Iterator[Problem]:
    """A High Assurance session policy on an app for JWT bearer: every login is refused.

    There is a level and, when it is High Assurance, one of two actions. `Block` makes the app unusable and ends its
    sessions; `RaiseSessionLevel` blocks each flow without an approval step, and the reference names JWT bearer.
    Guides that recommend "Blocked" for server-to-server apps have it the wrong way round.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
            <sessionPolicy>
                <policyAction>RaiseSessionLevel</policyAction>
                <sessionLevel>HIGH_ASSURANCE</sessionLevel>
            </sessionPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
            <sessionPolicy><sessionTimeout>15</sessionTimeout></sessionPolicy>
        </ConnectedApp>
    """
    for app in repository.jwt_apps:
        if app.requires_high_assurance and (action := app.one("session-action")):
            message = f"'{word(app.name)}' requires High Assurance with {word(action.text)}: JWT bearer is refused"
            yield Problem(message, action.at)


@rule(
    "warning",
    "documented",
    "ca",
    "h_ca_edit",
    leads_to=("mfa-required",),
    remedy="choose RaiseSessionLevel where people log in, and STANDARD where programs do",
)
def high_assurance_blocks_the_app(repository: Repository) -> Iterator[Problem]:
    """High Assurance with the action `Block`: nobody can use the app.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>https://app.example.com</callbackUrl></oauthConfig>
            <sessionPolicy>
                <policyAction>Block</policyAction>
                <sessionLevel>HIGH_ASSURANCE</sessionLevel>
            </sessionPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>https://app.example.com</callbackUrl></oauthConfig>
            <sessionPolicy>
                <policyAction>RaiseSessionLevel</policyAction>
                <sessionLevel>HIGH_ASSURANCE</sessionLevel>
            </sessionPolicy>
        </ConnectedApp>
    """
    for app in repository.apps:
        action = app.one("session-action")
        if not app.uses_certificate and app.requires_high_assurance and action and action.text == "Block":
            yield Problem(f"'{word(app.name)}' is blocked: High Assurance with the action Block", action.at)


@rule("warning", "inferred", "ca", leads_to=("mfa-required",), remedy="set the session level to STANDARD")
def high_assurance_half_set(repository: Repository) -> Iterator[Problem]:
    """An app for JWT bearer or client credentials has one half of a High Assurance policy: the level, or the action.

    What Salesforce makes of one half is not documented; with the other beside it, the flow does not pass.

    Bad:
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>
            <requiredSessionLevel>HIGH_ASSURANCE</requiredSessionLevel>
        </ExtlClntAppOauthConfigurablePolicies>
    Good:
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled>
            <requiredSessionLevel>STANDARD</requiredSessionLevel>
        </ExtlClntAppOauthConfigurablePolicies>
    """
    for app in repository.apps:
        level, action = app.one("session-level"), app.one("session-action")
        headless = app.uses_certificate or app.flag("client-credentials") or app.flag("client-credentials-allowed")
        if headless and app.requires_high_assurance and level and not action:
            yield Problem(f"'{word(app.name)}' requires High Assurance and serves a flow without a person", level.at)
        elif headless and action and not level:
            yield Problem(
                f"'{word(app.name)}' says what High Assurance does, and not whether it is required", action.at
            )
