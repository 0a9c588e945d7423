"""Switches that turn an app, or a part of it, off."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.lint.apps import Seen, seen
from jwtdoctor.lint.repository import Repository
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word


@rule(
    "error",
    "documented",
    "eca_plcy",
    leads_to=("app-blocked", "flow-disabled"),
    remedy="set it to true, unless the app is to be off",
)
def app_switched_off(repository: Repository) -> Iterator[Problem]:
    """The app, or OAuth for it, is switched off.

    `isEnabled` false turns the whole external client app off, `isOauthPluginEnabled` false its OAuth. Both stand in
    the `.ecaPlcy` file, where nobody looks for the reason of a refused token.

    Bad:
        extlClntAppPolicies/Sync_plcy.ecaPlcy
        <ExtlClntAppConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <isEnabled>true</isEnabled>
            <isOauthPluginEnabled>false</isOauthPluginEnabled>
        </ExtlClntAppConfigurablePolicies>
    Good:
        extlClntAppPolicies/Sync_plcy.ecaPlcy
        <ExtlClntAppConfigurablePolicies>
            <externalClientApplication>Sync</externalClientApplication>
            <isEnabled>true</isEnabled>
            <isOauthPluginEnabled>true</isOauthPluginEnabled>
        </ExtlClntAppConfigurablePolicies>
    """
    for app in repository.apps:
        for setting, what in (("enabled", "the app"), ("oauth-enabled", "OAuth for the app")):
            for one in app.all(setting):
                if one.text.lower() in ("false", "0"):
                    yield Problem(f"{what} '{word(app.name)}' is switched off", one.at, about=setting)


@rule(
    "error",
    "documented",
    "blacklisted",
    leads_to=("app-blocked",),
    remedy="delete the blocking record, or the app",
)
def app_is_blocked(repository: Repository) -> Iterator[Problem]:
    """A blocking record in the repository has the consumer key of an app beside it.

    A deployed `BlacklistedConsumer` ends the sessions of the app and refuses new ones.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerKey>3MVG9demodemodemodemo1</consumerKey></oauthConfig>
        </ConnectedApp>
        blacklistedConsumers/Sync.blacklistedConsumer
        <BlacklistedConsumer>
            <consumerKey>3MVG9demodemodemodemo1</consumerKey>
            <consumerName>Sync</consumerName>
            <masterLabel>Sync</masterLabel>
        </BlacklistedConsumer>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><consumerKey>3MVG9demodemodemodemo1</consumerKey></oauthConfig>
        </ConnectedApp>
        blacklistedConsumers/Other.blacklistedConsumer
        <BlacklistedConsumer>
            <consumerKey>3MVG9otherotherother2</consumerKey>
            <consumerName>Other</consumerName>
            <masterLabel>Other</masterLabel>
        </BlacklistedConsumer>
    """
    keys = {key: app for app in repository.apps if (key := app.text("consumer-key"))}
    for one in _blocked_keys(repository):
        if one.text in keys:
            yield Problem(f"this record blocks '{word(keys[one.text].name)}', which is in the repository", one.at)


@rule("note", "documented", "blacklisted", leads_to=("app-blocked",), remedy="keep it if it is meant")
def some_app_is_blocked(repository: Repository) -> Iterator[Problem]:
    """A blocking record in the repository, of an app that is not in it.

    Bad:
        blacklistedConsumers/Other.blacklistedConsumer
        <BlacklistedConsumer>
            <consumerKey>3MVG9otherotherother2</consumerKey>
            <consumerName>Other</consumerName>
            <masterLabel>Other</masterLabel>
        </BlacklistedConsumer>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <label>Sync</label>
        </ConnectedApp>
    """
    keys = {app.text("consumer-key") for app in repository.apps}
    for one in _blocked_keys(repository):
        if one.text and one.text not in keys:
            yield Problem("this record blocks an app that is not in the repository", one.at)


@rule(
    "warning",
    "documented",
    "tx_handler",
    leads_to=("token-handler-missing",),
    remedy="set isEnabled to true, and name the app under enablements",
)
def token_handler_switched_off(repository: Repository) -> Iterator[Problem]:
    """A token exchange handler is switched off, or enabled for no app.

    Bad:
        oauthtokenexchangehandlers/Exchange.oauthtokenexchangehandler
        <OauthTokenExchangeHandler>
            <isEnabled>false</isEnabled>
            <tokenHandlerApex>Exchange</tokenHandlerApex>
        </OauthTokenExchangeHandler>
    Good:
        oauthtokenexchangehandlers/Exchange.oauthtokenexchangehandler
        <OauthTokenExchangeHandler>
            <enablements>
                <apexExecutionUser>exchange@example.com</apexExecutionUser>
                <connectedApp>Sync</connectedApp>
                <isDefault>true</isDefault>
            </enablements>
            <isEnabled>true</isEnabled>
            <tokenHandlerApex>Exchange</tokenHandlerApex>
        </OauthTokenExchangeHandler>
    """
    for one in repository.setting("OauthTokenExchangeHandler", "isEnabled"):
        if one.text.lower() == "false":
            yield Problem("the token exchange handler is switched off", one.at)


@rule(
    "warning",
    "documented",
    "eca_global",
    "eca_oauth_plcy",
    leads_to=("flow-disabled", "token-handler-missing"),
    remedy="set both switches alike",
)
def token_exchange_half_enabled(repository: Repository) -> Iterator[Problem]:
    """Token exchange is on in the settings of an app and off in its policies.

    The developer's switch and the administrator's are two; the flow needs both.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isTokenExchangeEnabled>true</isTokenExchangeEnabled></oauthConfig>
            <oauthPolicy><isTokenExchangeFlowEnabled>false</isTokenExchangeFlowEnabled></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isTokenExchangeEnabled>true</isTokenExchangeEnabled></oauthConfig>
            <oauthPolicy><isTokenExchangeFlowEnabled>true</isTokenExchangeFlowEnabled></oauthPolicy>
        </ConnectedApp>
    """
    for app in repository.apps:
        allowed = app.one("token-exchange-allowed")
        if app.flag("token-exchange") and allowed and not allowed.is_true:
            yield Problem(f"token exchange of '{word(app.name)}' is on in the settings and off here", allowed.at)


def _blocked_keys(repository: Repository) -> Iterator[Seen]:
    for document in repository.of_type("BlacklistedConsumer"):
        for element in document.tree.root.all("consumerKey"):
            yield seen(document, element)
