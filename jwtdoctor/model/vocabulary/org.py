"""The org."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact(
        "org.kind",
        "text",
        "production, sandbox, scratch, developer …",
        answers=("production", "sandbox", "scratch", "developer"),
        ask="What kind of org is it: production, sandbox, scratch or developer?",
    ),
    fact(
        "org.requires_pkce",
        "bool",
        "the org requires PKCE",
        witness="requires-pkce",
        ask="Does the org require PKCE for every app (OAuth and OpenID Connect Settings)?",
    ),
    fact(
        "org.allows_password_flow",
        "bool",
        "Allow OAuth Username-Password Flows",
        ask='Is "Allow OAuth Username-Password Flows" on (OAuth and OpenID Connect Settings)?',
    ),
    fact("org.api_access_control", "bool", "API Access Control is on", ask="Is API Access Control switched on?"),
    fact(
        "org.mfa_enforced",
        "bool",
        "MFA is enforced",
        ask="Is multi-factor authentication enforced for API logins?",
    ),
    fact(
        "org.is_active",
        "bool",
        "the org is active",
        ask="Is the org active (not locked, expired or deleted)?",
        elsewhere="Is the tenant, realm or account active (not locked or deleted)?",
    ),
    fact("org.is_new", "bool", "the org was created minutes ago", ask="Was the org created or refreshed just now?"),
    fact(
        "org.my_domain",
        "text",
        "the host that the org really has",
        ask="What is the org's My Domain (Setup > My Domain), such as acme.my.salesforce.com?",
        personal=True,
    ),
    fact(
        "org.instance_has_incident",
        "bool",
        "the platform reports an incident or maintenance for the org's instance",
        ask="Does the provider's status page show an incident or maintenance for this instance right now?",
    ),
)

DERIVED = ()
