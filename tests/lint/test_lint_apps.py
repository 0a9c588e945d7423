"""Apps: joined on the element and not on file names, and what is not in the repository is not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from jwtdoctor.lint.check import Linted, lint
from jwtdoctor.lint.facts import app_named, facts_of
from jwtdoctor.model.commands import COMMANDS, LINT
from jwtdoctor.model.facts import Value

Write = Callable[[Mapping[str, str]], Path]

GLOBAL = "ExtlClntAppGlobalOauthSettings"
POLICY = "ExtlClntAppOauthConfigurablePolicies"
FAMILY = {
    "force-app/externalClientApps/Sync.eca-meta.xml": "<ExternalClientApplication><label>The sync</label>"
    "<distributionState>Local</distributionState></ExternalClientApplication>",
    "unpackaged/extlClntAppGlobalOauthSets/anything.ecaGlblOauth-meta.xml": f"<{GLOBAL}>"
    "<externalClientApplication>Sync</externalClientApplication><certificate>@certificate</certificate>"
    f"<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled></{GLOBAL}>",
    "force-app/extlClntAppOauthSettings/other.ecaOauth-meta.xml": "<ExtlClntAppOauthSettings>"
    "<externalClientApplication>Sync</externalClientApplication>"
    "<commaSeparatedOauthScopes>Api, Web,RefreshToken</commaSeparatedOauthScopes></ExtlClntAppOauthSettings>",
    "force-app/extlClntAppOauthPolicies/Billing_policy.ecaOauthPlcy-meta.xml": f"<{POLICY}>"
    "<externalClientApplication>Sync</externalClientApplication>"
    "<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType>"
    "<commaSeparatedPermissionSet>One, Two</commaSeparatedPermissionSet>"
    "<ipRelaxationPolicyType>Enforce_relaxrefresh</ipRelaxationPolicyType>"
    "<refreshTokenPolicyType>SpecificLifetime</refreshTokenPolicyType>"
    "<refreshTokenValidityPeriod>365</refreshTokenValidityPeriod>"
    "<refreshTokenValidityUnit>Days</refreshTokenValidityUnit>"
    f"<isClientCredentialsFlowEnabled>true</isClientCredentialsFlowEnabled></{POLICY}>",
}


def _rules(linted: Linted) -> set[str]:
    return {finding.rule for finding in linted.findings}


def _facts(linted: Linted, name: str) -> dict[str, Value]:
    app = app_named(linted.repository, name)
    assert app is not None
    return {one.fact: one.value for one in facts_of(linted.repository, app)}


def test_a_family_is_joined_on_the_element_and_never_on_file_names(write: Write, now: float) -> None:
    linted = lint([str(write(FAMILY))], now)

    assert [(app.name, len(app.parts)) for app in linted.apps] == [("Sync", 4)]
    assert "client-credentials-without-user" in _rules(linted)
    assert "preauthorised-nobody" not in _rules(linted)


def test_the_facts_of_an_external_client_app(write: Write, now: float) -> None:
    facts = _facts(lint([str(write(FAMILY))], now), "The sync")

    assert facts.pop("app.certificate_not_after_in_s") == facts.pop("certificate.not_after_in_s") == 365 * 86_400
    assert facts == {
        "app.certificate_uploaded": True,
        "app.client_credentials_enabled": True,
        "app.distribution_state": "Local",
        "app.grantees": ("One", "Two"),
        "app.has_api_scope": True,
        "app.has_refresh_token_scope": True,
        "app.ip_relaxation": "enforce_relax_refresh",
        "app.kind": "external-client-app",
        "app.name": "The sync",
        "app.permitted_users": "admin-approved",
        "app.refresh_token_policy": "specific_lifetime",
        "app.scopes": ("api", "refresh_token", "web"),
    }


def test_what_is_not_in_the_repository_is_no_fact(write: Write, now: float) -> None:
    alone = {path: text for path, text in FAMILY.items() if path.endswith(".eca-meta.xml")}

    linted = lint([str(write(alone))], now)

    assert _rules(linted) == {"settings-not-in-source"}
    assert set(_facts(linted, "Sync")) == {"app.kind", "app.name", "app.distribution_state"}


def test_an_app_in_two_package_folders_is_two_apps_with_their_own_files(write: Write, now: float) -> None:
    both = FAMILY | {path.replace("force-app", "sandbox"): text for path, text in FAMILY.items()}
    both["sandbox/extlClntAppOauthPolicies/Billing_policy.ecaOauthPlcy-meta.xml"] = (
        f"<{POLICY}><externalClientApplication>Sync</externalClientApplication>"
        f"<permittedUsersPolicyType>AdminApprovedPreAuthorized</permittedUsersPolicyType></{POLICY}>"
    )

    linted = lint([str(write(both))], now)

    wrong = [finding.where for finding in linted.findings if finding.rule == "preauthorised-nobody"]
    assert len(linted.apps) == 2
    assert len(wrong) == 1
    assert "sandbox/" in wrong[0]


def test_nobody_named_is_a_fact_about_every_user(write: Write, now: float) -> None:
    text = "<ConnectedApp><oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig></ConnectedApp>"

    facts = _facts(lint([str(write({"connectedApps/Sync.connectedApp": text}))], now), "Sync")

    assert facts["user.assigned_to_app"] is False
    assert facts["app.grantees"] == ()


def test_settings_of_the_org_are_facts_too(write: Write, now: float) -> None:
    files = {
        "connectedApps/Sync.connectedApp": "<ConnectedApp><oauthConfig><consumerKey>SyncInProduction</consumerKey>"
        "</oauthConfig></ConnectedApp>",
        "blacklistedConsumers/S.blacklistedConsumer": "<BlacklistedConsumer><consumerKey>SyncInProduction</consumerKey>"
        "</BlacklistedConsumer>",
        "settings/OauthOidc.settings": "<OauthOidcSettings><blockOAuthUnPwFlow>true</blockOAuthUnPwFlow>"
        "<isPkceRequired>true</isPkceRequired></OauthOidcSettings>",
    }

    facts = _facts(lint([str(write(files))], now), "Sync")

    assert (facts["app.blocked"], facts["org.allows_password_flow"], facts["org.requires_pkce"]) == (True, False, True)


@pytest.mark.parametrize(
    ("label", "is_found"),
    [("Systemadministrator", True), ("System Administrator", True), ("Sync User", True), ("Nobody's", False)],
)
def test_profiles_are_found_by_label_alias_and_language(label: str, is_found: bool, write: Write, now: float) -> None:
    files = {
        "connectedApps/Sync.connectedApp": "<ConnectedApp><oauthConfig><isAdminApproved>true</isAdminApproved>"
        f"</oauthConfig><profileName>{label}</profileName></ConnectedApp>",
        "profiles/Admin.profile": "<Profile/>",
        "profiles/Sync User.profile": "<Profile/>",
    }

    assert ("profile-not-in-source" not in _rules(lint([str(write(files))], now))) is is_found


def test_an_element_that_is_nil_is_not_there(write: Write, now: float) -> None:
    text = '<ConnectedApp xmlns:xsi="x"><oauthConfig><isAdminApproved xsi:nil="true"/></oauthConfig></ConnectedApp>'

    assert "value-of-wrong-kind" not in _rules(lint([str(write({"connectedApps/A.connectedApp": text}))], now))


def test_every_question_that_says_lint_is_answered_by_it(write: Write, now: float) -> None:
    """The table of commands and `lint/facts.py` hold together: no promise without a fact."""
    source = Path(__file__).resolve().parents[2] / "jwtdoctor" / "lint" / "facts.py"
    text = source.read_text(encoding="utf-8")

    assert [fact for fact, command in COMMANDS.items() if command == LINT and f'"{fact}"' not in text] == []
