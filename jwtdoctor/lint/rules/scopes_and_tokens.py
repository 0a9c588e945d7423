"""What tokens may do, and how long they live."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jwtdoctor.lint.apps import POLICY
from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word

_PERIOD = re.compile(r"zero|infinite|specific_(?:lifetime|inactivity):[1-9]\d{0,4}:(?:HOURS|DAYS|MONTHS)")


@rule("warning", "documented", "ca", remedy="name the scopes that are needed; Api is enough for the API")
def full_scope(repository: Repository) -> Iterator[Problem]:
    """The app has the scope `Full`: a token can do all that its user can.

    `Full` does not include the refresh token.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><scopes>Full</scopes></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><scopes>Api</scopes></oauthConfig>
        </ConnectedApp>
    """
    for app in repository.apps:
        at = next((one for one in app.all("scopes") if one.text == "Full"), None)
        if at:
            yield Problem(f"'{word(app.name)}' has the scope Full", at.at)


@rule("warning", "documented", "ca", remedy="set it to false unless the app is a resource server for all of them")
def introspects_all_tokens(repository: Repository) -> Iterator[Problem]:
    """The app may introspect every token of the org, those of other apps included.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isIntrospectAllTokens>true</isIntrospectAllTokens></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isIntrospectAllTokens>false</isIntrospectAllTokens></oauthConfig>
        </ConnectedApp>
    """
    for app in repository.apps:
        one = app.one("introspect-all")
        if one and one.is_true:
            yield Problem(f"'{word(app.name)}' may introspect every token of the org", one.at)


@rule(
    "warning",
    "documented",
    "ca",
    "h_idle_ttl",
    remedy="limit it, such as specific_inactivity:30:DAYS",
)
def refresh_tokens_for_ever(repository: Repository) -> Iterator[Problem]:
    """Refresh tokens of the app never end.

    It is the default of a connected app. Where the org's thirty-day idle limit applies, `infinite` acts as thirty
    days of inactivity, and the metadata still says `infinite`: writing the limit down makes the two agree.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><scopes>RefreshToken</scopes></oauthConfig>
            <oauthPolicy><refreshTokenPolicy>infinite</refreshTokenPolicy></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><scopes>RefreshToken</scopes></oauthConfig>
            <oauthPolicy><refreshTokenPolicy>specific_inactivity:30:DAYS</refreshTokenPolicy></oauthPolicy>
        </ConnectedApp>
    """
    for app in repository.apps:
        one = app.one("refresh-policy")
        could_refresh = app.has_refresh_scope or not app.knows("scopes")
        if one and could_refresh and app.refresh_policy == "infinite":
            yield Problem(f"refresh tokens of '{word(app.name)}' are valid until somebody revokes them", one.at)


@rule(
    "note",
    "documented",
    "ca",
    "h_ca_edit",
    leads_to=("refresh-token-expired",),
    remedy="take the scope out, or give refresh tokens a life",
)
def refresh_scope_without_life(repository: Repository) -> Iterator[Problem]:
    """The app has the refresh token scope, and its refresh tokens end at once.

    Access tokens live on until their session ends; only refreshing is impossible.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><scopes>RefreshToken</scopes></oauthConfig>
            <oauthPolicy><refreshTokenPolicy>zero</refreshTokenPolicy></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><scopes>Api</scopes></oauthConfig>
            <oauthPolicy><refreshTokenPolicy>zero</refreshTokenPolicy></oauthPolicy>
        </ConnectedApp>
    """
    for app in repository.apps:
        one = app.one("refresh-policy")
        if one and app.has_refresh_scope and not app.uses_certificate and app.refresh_policy == "immediately_expire":
            yield Problem(f"'{word(app.name)}' asks for refresh tokens, and they end at once", one.at)


@rule(
    "warning",
    "documented",
    "ca",
    remedy="write zero, infinite, specific_lifetime:N:UNIT or specific_inactivity:N:UNIT (HOURS, DAYS, MONTHS)",
)
def refresh_policy_of_unknown_form(repository: Repository) -> Iterator[Problem]:
    """The refresh token policy of a connected app is not of a form that exists.

    It is one string; there are no separate elements for the period and its unit, and no policy about addresses.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthPolicy><refreshTokenPolicy>expireIfIpChanges</refreshTokenPolicy></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthPolicy><refreshTokenPolicy>specific_lifetime:90:DAYS</refreshTokenPolicy></oauthPolicy>
        </ConnectedApp>
    """
    for app in repository.apps:
        one = app.one("refresh-policy")
        if one and app.kind == "connected-app" and not _PERIOD.fullmatch(one.text):
            yield Problem(f"no refresh token policy is written '{word(one.text, 40)}'", one.at)


@rule("warning", "documented", "eca_oauth_plcy", remedy="give the period and its unit (Hours, Days, Months)")
def refresh_period_missing(repository: Repository) -> Iterator[Problem]:
    """An external client app ends its refresh tokens after a time that is not given.

    Bad:
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <refreshTokenPolicyType>SpecificLifetime</refreshTokenPolicyType>
        </ExtlClntAppOauthConfigurablePolicies>
    Good:
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <refreshTokenPolicyType>SpecificLifetime</refreshTokenPolicyType>
            <refreshTokenValidityPeriod>90</refreshTokenValidityPeriod>
            <refreshTokenValidityUnit>Days</refreshTokenValidityUnit>
        </ExtlClntAppOauthConfigurablePolicies>
    """
    for app in repository.apps:
        one = app.one("refresh-policy")
        if POLICY in app.parts and one and one.text.startswith("Specific"):
            missing = [name for name in ("period", "unit") if not app.text(f"refresh-{name}")]
            if missing:
                yield Problem(f"the refresh token policy lacks its {' and '.join(missing)}", one.at)


@rule(
    "warning",
    "documented",
    "partner_sec",
    leads_to=("pkce-missing",),
    remedy="require PKCE, or require the secret; a confidential client does well with both",
)
def public_client_without_pkce(repository: Repository) -> Iterator[Problem]:
    """The web server flow needs neither a secret nor PKCE: whoever catches a code can use it.

    The two do not exclude each other, as guides have it: a confidential client sends both.
    (`isConsumerSecretOptional` is the inverse of the box "Require Secret for Web Server Flow".)

    Bad:
        connectedApps/Mobile.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <callbackUrl>mobile://callback</callbackUrl>
                <isConsumerSecretOptional>true</isConsumerSecretOptional>
            </oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Mobile.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <callbackUrl>mobile://callback</callbackUrl>
                <isConsumerSecretOptional>true</isConsumerSecretOptional>
                <isPkceRequired>true</isPkceRequired>
            </oauthConfig>
        </ConnectedApp>
    """
    org_wide = any(one.is_true for one in repository.setting("OauthOidcSettings", "isPkceRequired"))
    for app in repository.apps:
        one = app.one("secret-optional")
        required = app.flag("pkce")
        default = app.kind == "external-client-app"
        if one and one.is_true and not (default if required is None else required) and not org_wide:
            yield Problem(f"'{word(app.name)}' needs no secret in the web server flow, and no PKCE either", one.at)
