"""Which app of the org a consumer key belongs to, and what its settings mean as facts. Pure.

SOQL knows neither consumer keys nor the settings of a connected app, so both come from the Metadata API, which gives
the same elements as a retrieved file. Element names and values: Metadata API Developer Guide, `ConnectedApp` and the
`ExtlClntApp…` types; the map of values is `enum_map` of the project's knowledge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jwtdoctor.model.facts import Value
from jwtdoctor.org.shapes import Part, flag, moment, plain, text

CONNECTED, EXTERNAL = "connected-app", "external-client-app"
SIGNED = ("jwt-bearer", "saml-bearer", None)
"""Flows in which a certificate on the app matters; None: the flow is not known."""
NEW_MIN = 10.0
RECENT_S = 86_400.0
_SCOPES = {
    "refreshtoken": "refresh_token",
    "offlineaccess": "offline_access",
    "openid": "openid",
    "basic": "id",
    "customapplications": "visualforce",
    "custompermissions": "custom_permissions",
    "chatter": "chatter_api",
    "pardot": "pardot_api",
    "cdp": "cdp_api",
    "cdpingest": "cdp_ingest_api",
    "cdpprofile": "cdp_profile_api",
    "cdpquery": "cdp_query_api",
    "wave": "wave_api",
    "eclair": "eclair_api",
    "sfap": "sfap_api",
    "sfapiplatform": "sfap_api",
    "mcp": "mcp_api",
    "forgotpassword": "forgot_password",
    "userregistration": "user_registration_api",
    "pwdlesslogin": "pwdless_login_api",
    "chatbot": "chatbot_api",
}
"""Scope in metadata, in lower case -> its name in OAuth (help, xcloud.remoteaccess_oauth_tokens_scopes)."""
_RELAXATION = {
    "enforce": "enforce",
    "enforce_relaxrefresh": "enforce_relax_refresh",
    "bypass_2factor": "relax_with_second_factor",
    "bypass": "relax",
}
_REFRESH = {
    "infinite": "infinite",
    "zero": "immediately_expire",
    "specific_lifetime": "specific_lifetime",
    "specificlifetime": "specific_lifetime",
    "specific_inactivity": "specific_inactivity",
    "specificinactivity": "specific_inactivity",
}


@dataclass(frozen=True, slots=True)
class AppSeen:
    """An app of the org, as far as it was visible. `certificate` is text as the org holds it; a public thing.

    `facts` name -> (value, source). `session_action`: what a high-assurance policy does, empty where there is none.
    """

    kind: str
    app_id: str = ""
    api_name: str = ""
    label: str = ""
    consumer_key: str = ""
    certificate: str = ""
    callback_urls: tuple[str, ...] = ()
    trusted_ranges: tuple[tuple[str, str], ...] = ()
    run_as: str = ""
    session_action: str = ""
    is_admin_approved: bool | None = None
    settings_seen: bool = False
    """Whether its metadata was read, so that what is absent there is absent."""
    facts: Mapping[str, tuple[Value, str]] = field(default_factory=dict)

    def plus(self, facts: Mapping[str, Value | None], source: str, **changes: Any) -> AppSeen:
        """With more facts (None: not seen) and other fields."""
        known = {name: (value, f"audit:{source}") for name, value in facts.items() if value is not None}
        return replace(self, facts={**self.facts, **known}, **changes)

    @property
    def is_external(self) -> bool:
        return self.kind == EXTERNAL


def menu_apps(records: Iterable[Mapping[str, Any]]) -> tuple[AppSeen, ...]:
    """Connected apps of the app menu: the bridge from API names to ids (documented)."""
    return tuple(
        AppSeen(CONNECTED, text(row, "ApplicationId"), _full_name(row), text(row, "Label")).plus(
            _permitted(flag(row, "IsUsingAdminAuthorization")),
            "AppMenuItem",
            is_admin_approved=flag(row, "IsUsingAdminAuthorization"),
        )
        for row in records
    )


def _full_name(row: Mapping[str, Any]) -> str:
    name, namespace = text(row, "Name"), text(row, "NamespacePrefix")
    return f"{namespace}__{name}" if namespace and not name.startswith(f"{namespace}__") else name


def external_apps(records: Iterable[Mapping[str, Any]], now: float) -> tuple[AppSeen, ...]:
    """External client apps, with their age. `now` epoch seconds."""
    return tuple(
        AppSeen(EXTERNAL, text(row, "Id"), text(row, "DeveloperName"), text(row, "MasterLabel")).plus(
            {"app.distribution_state": text(row, "DistributionState") or None, **age_facts(row, now)},
            "ExternalClientApplication",
        )
        for row in records
    )


def age_facts(row: Mapping[str, Any], now: float) -> dict[str, Value | None]:
    """How old the app is. A change a day ago is recent; that there was none is not said, since grants leave no date."""
    born, changed = moment(row, "CreatedDate"), moment(row, "LastModifiedDate")
    age_min = None if born is None else round(max(0.0, now - born) / 60, 1)
    touched = changed is not None and now - changed < RECENT_S
    return {
        "app.age_min": age_min,
        "app.is_new": None if age_min is None else age_min < NEW_MIN,
        "app.changed_recently": True if touched else None,
    }


def named(apps: Iterable[AppSeen], name: str) -> tuple[AppSeen, ...]:
    """The apps of that API name or label."""
    wanted = name.strip().casefold()
    return tuple(app for app in apps if wanted in (app.api_name.casefold(), app.label.casefold()))


def with_connected_settings(app: AppSeen, part: Part, flow: str | None) -> AppSeen:
    """A connected app with what `ConnectedApp` metadata says of it."""
    scopes = scopes_of(part.texts("oauthConfig.scopes"))
    approved = part.flag("oauthConfig.isAdminApproved")
    certificate = part.raw("oauthConfig.certificate")
    policy = part.text("oauthPolicy.refreshTokenPolicy").partition(":")[0]
    facts: dict[str, Value | None] = {
        **_permitted(approved),
        **_scope_facts(scopes),
        "app.requires_pkce": part.flag("oauthConfig.isPkceRequired") or False,
        "app.ip_relaxation": _RELAXATION.get(part.text("oauthPolicy.ipRelaxation").lower()),
        "app.refresh_token_policy": _REFRESH.get(policy.lower()),
        "app.refresh_token_rotation": part.flag("oauthConfig.isRefreshTokenRotationEnabled") or False,
        "app.jwt_access_tokens": part.flag("oauthConfig.isNamedUserJwtEnabled"),
        "app.certificate_uploaded": bool(certificate) if flow in SIGNED else None,
        **_secret_facts(part, flow, "oauthConfig."),
    }
    run_as = part.text("oauthConfig.oauthClientCredentialUser")
    if flow == "client-credentials":
        enabled = part.flag("oauthConfig.isClientCredentialEnabled") or False
        facts |= {
            "app.client_credentials_enabled": enabled,
            "app.flow_enabled": enabled,
            "app.run_as_user_set": bool(run_as),
        }
    if flow == "jwt-bearer":
        facts["app.jwt_flow_enabled"] = bool(certificate)  # no field turns it on: a certificate makes it possible
    return app.plus(
        facts,
        "ConnectedApp",
        consumer_key=part.raw("oauthConfig.consumerKey")[:500],
        label=app.label or part.text("label"),
        api_name=app.api_name or part.text("fullName"),
        certificate=certificate,
        callback_urls=_lines(part.raw("oauthConfig.callbackUrl")),
        run_as=run_as,
        session_action=part.text("sessionPolicy.policyAction"),
        is_admin_approved=approved if approved is not None else app.is_admin_approved,
        settings_seen=True,
    )


def with_global_settings(app: AppSeen, part: Part, flow: str | None) -> AppSeen:
    """An external client app with its `ExtlClntAppGlobalOauthSettings`."""
    certificate = part.raw("certificate")
    facts: dict[str, Value | None] = {
        "app.requires_pkce": _or(part.flag("isPkceRequired"), True),  # the default, other than for connected apps
        "app.refresh_token_rotation": part.flag("isRefreshTokenRotationEnabled") or False,
        "app.jwt_access_tokens": part.flag("isNamedUserJwtEnabled"),
        "app.requires_dpop": part.flag("isDPopEnabled"),
        "app.certificate_uploaded": bool(certificate) if flow in SIGNED else None,
        **_secret_facts(part, flow, ""),
    }
    if flow == "jwt-bearer":
        facts["app.jwt_flow_enabled"] = bool(certificate)  # documented: its presence enables JWT bearer
    if flow == "client-credentials":
        facts["app.client_credentials_enabled"] = part.flag("isClientCredentialsFlowEnabled") or False
    return app.plus(
        facts,
        "ExtlClntAppGlobalOauthSettings",
        consumer_key=part.raw("consumerKey")[:500],
        certificate=certificate,
        callback_urls=_lines(part.raw("callbackUrl")),
        settings_seen=True,
    )


def with_external_policy(app: AppSeen, records: tuple[Mapping[str, Any], ...], flow: str | None) -> AppSeen:
    """With its OAuth policies. No record is a finding of its own: the org holds no policy for the app."""
    if not records:
        return app.plus({"app.has_policies": False}, "ExtlClntAppOauthPlcyCnfg")
    row = records[0]
    kind = text(row, "PermittedUsersPolicyType").lower()
    approved = {"adminapprovedpreauthorized": True, "allselfauthorized": False}.get(kind)
    run_as = text(row, "ClientCredentialsFlowUser")
    facts: dict[str, Value | None] = {
        "app.has_policies": True,
        **_permitted(approved),
        "app.ip_relaxation": _RELAXATION.get(text(row, "IpRelaxationPolicyType").lower()),
        "app.refresh_token_policy": _REFRESH.get(text(row, "RefreshTokenPolicyType").lower()),
    }
    if flow == "client-credentials":
        switch, _ = app.facts.get("app.client_credentials_enabled", (True, ""))
        enabled = bool(switch) and (flag(row, "IsClientCredentialsFlowEnabled") or False)  # both switches are needed
        facts |= {
            "app.client_credentials_enabled": enabled,
            "app.flow_enabled": enabled,
            "app.run_as_user_set": bool(run_as),
        }
    action = text(row, "PolicyAction") if text(row, "RequiredSessionLevel").upper() == "HIGH_ASSURANCE" else ""
    return app.plus(facts, "ExtlClntAppOauthPlcyCnfg", is_admin_approved=approved, run_as=run_as, session_action=action)


def with_external_settings(app: AppSeen, parts: Iterable[Part]) -> AppSeen:
    """With scopes and trusted addresses, joined on the app's name and never on that of the file."""
    for part in parts:
        if part.text("externalClientApplication") == app.api_name:
            words = part.text("commaSeparatedOauthScopes").split(",")
            ranges = (
                (one.text("startIpAddress"), one.text("endIpAddress") or one.text("startIpAddress"))
                for one in part.parts("trustedIpRanges")
            )
            facts = _scope_facts(scopes_of(word.strip() for word in words if word.strip()))
            return app.plus(facts, "ExtlClntAppOauthSettings", trusted_ranges=tuple(ranges))
    return app


def with_external_switches(app: AppSeen, parts: Iterable[Part]) -> AppSeen:
    """With its kill switches: the app, or its OAuth plugin, may be turned off."""
    for part in parts:
        if part.text("externalClientApplication") == app.api_name:
            on = part.flag("isEnabled") is not False and part.flag("isOauthPluginEnabled") is not False
            before, source = app.facts.get("app.flow_enabled", (True, ""))
            facts = {"app.flow_enabled": on and bool(before)}
            return app.plus(facts, "ExtlClntAppConfigurablePolicies" if not on or not source else source[6:])
    return app


def with_connected_row(app: AppSeen, records: tuple[Mapping[str, Any], ...], now: float) -> AppSeen:
    """A connected app with its row of `ConnectedApplication`."""
    if not records:
        return app
    row = records[0]
    approved = flag(row, "OptionsAllowAdminApprovedUsersOnly")
    asks = flag(row, "OptionsHasSessionLevelPolicy")
    return app.plus(
        {**_permitted(approved), **age_facts(row, now)},
        "ConnectedApplication",
        app_id=text(row, "Id") or app.app_id,
        is_admin_approved=approved if approved is not None else app.is_admin_approved,
        session_action=app.session_action or ("unknown" if asks else ""),
    )


def scopes_of(names: Iterable[str]) -> tuple[str, ...]:
    """Scopes under their OAuth names, each once; unknown ones as they are."""
    return tuple(dict.fromkeys(_SCOPES.get(name.lower().replace("_", ""), name.lower()) for name in names))


def _permitted(approved: bool | None) -> dict[str, Value | None]:
    return {"app.permitted_users": None if approved is None else "admin-approved" if approved else "self-authorize"}


def _scope_facts(scopes: tuple[str, ...]) -> dict[str, Value | None]:
    return {
        "app.scopes": scopes,
        "app.has_api_scope": bool({"api", "full"} & {*scopes}),
        "app.has_refresh_token_scope": bool({"refresh_token", "offline_access"} & {*scopes}),
    }


def _secret_facts(part: Part, flow: str | None, prefix: str) -> dict[str, Value | None]:
    """Whether this flow wants the secret. `isConsumerSecretOptional` has the inverse sense of the box in Setup."""
    if flow == "authorization-code":
        return {"app.requires_secret": not (part.flag(f"{prefix}isConsumerSecretOptional") or False)}
    if flow == "refresh-token":
        return {"app.requires_secret": _or(part.flag(f"{prefix}isSecretRequiredForRefreshToken"), True)}
    return {}


def _or(found: bool | None, default: bool) -> bool:
    return default if found is None else found


def _lines(urls: str) -> tuple[str, ...]:
    """Callback URLs: several in one element, one a line."""
    return tuple(plain(line) for line in urls.splitlines() if line.strip())[:50]
