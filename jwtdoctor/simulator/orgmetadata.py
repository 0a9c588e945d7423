"""What the Metadata API of the simulated org reads (`readMetadata`, `listMetadata` over SOAP), out of the same policy.

Element names and values are those of the Metadata API Developer Guide. A certificate is written as retrieved files
have it: the DER in base64, one line. The consumer secret is never among it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import escape

from jwtdoctor.lint.tree import Broken, Element, parse
from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator.orgrows import (
    ACCESS_LABEL,
    PROFILE_NAME,
    RELAXATION,
    World,
    as_range,
    permissions_of,
)
from jwtdoctor.simulator.policy import App, User
from jwtdoctor.simulator.wire import reply

MOST_NAMES = 10
"""Components that one readMetadata takes (documented)."""
SCOPES = {
    "api": "Api",
    "web": "Web",
    "full": "Full",
    "refresh_token": "RefreshToken",
    "offline_access": "RefreshToken",
    "openid": "OpenID",
    "id": "Basic",
    "cdp_api": "CDP",
    "mcp_api": "MCP",
}
NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"

Content = list[tuple[str, object]]
"""Element names and what they hold: text, a bool, or content again."""


class Fault(Exception):
    """A SOAP fault: `code` without its prefix."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(code)


def session_id(body: str) -> str:
    """The session of a SOAP request, empty where there is none."""
    found = parse(body.encode("utf-8", "replace"))
    if isinstance(found, Broken):
        return ""
    return next((element.text.strip() for element in found.root.all("Header.SessionHeader.sessionId")), "")


def answer(body: str, world: World, reader: User | None, seed: str) -> Reply:
    """The answer to one SOAP request. `reader` None: the session is no good."""
    try:
        if reader is None:
            message = "Invalid Session ID found in SessionHeader: Illegal Session"
            raise Fault("INVALID_SESSION_ID", message)
        content = _answered(body, world, reader)
    except Fault as fault:
        text = escape(f"{fault.code}: {fault.message}")
        inner = (
            f"<soapenv:Fault><faultcode>sf:{fault.code}</faultcode><faultstring>{text}</faultstring></soapenv:Fault>"
        )
        return reply(500, _enveloped(inner), world.now, seed, "text/xml;charset=UTF-8")
    return reply(200, _enveloped(content), world.now, seed, "text/xml;charset=UTF-8")


def _enveloped(inner: str) -> str:
    head = f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}" xmlns="{NAMESPACE}" xmlns:sf="{NAMESPACE}"'
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return f'<?xml version="1.0" encoding="UTF-8"?>{head} {xsi}><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>'


def _answered(body: str, world: World, reader: User) -> str:
    if not permissions_of(reader) & {"ModifyMetadata", "ModifyAllData"}:
        message = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"
        raise Fault("INSUFFICIENT_ACCESS", message)
    found = parse(body.encode("utf-8", "replace"))
    if isinstance(found, Broken):
        raise Fault("UNKNOWN_EXCEPTION", "the request is no XML")  # GUESS: the words
    for call in (element for part in found.root.all("Body") for element in part.children):
        match call.name:
            case "readMetadata":
                return _read(call, world)
            case "listMetadata":
                return _listed(call, world)
    raise Fault("UNKNOWN_EXCEPTION", "no operation that this simulator knows")


def _read(call: Element, world: World) -> str:
    kind = next((element.text.strip() for element in call.all("type")), "")
    names = [element.text.strip() for element in call.all("fullNames")]
    if len(names) > MOST_NAMES:
        message = f"record limit reached. cannot submit more than {MOST_NAMES} records in this operation"
        raise Fault("EXCEEDED_ID_LIMIT", message)
    known = {component.name: component for component in _components(kind, world)}
    records = "".join(_record(kind, known.get(name)) for name in names)
    return f"<readMetadataResponse><result>{records}</result></readMetadataResponse>"


def _record(kind: str, component: Component | None) -> str:
    if component is None:
        return '<records xsi:nil="true"/>'
    inner = _xml([("fullName", component.name), *component.content()])
    return f'<records xsi:type="{kind}">{inner}</records>'


def _listed(call: Element, world: World) -> str:
    kinds = [element.text.strip() for element in call.all("queries.type")]
    results = "".join(
        f"<result>{_xml([('fullName', component.name), ('type', kind)])}</result>"
        for kind in kinds
        for component in _components(kind, world)
    )
    return f"<listMetadataResponse>{results}</listMetadataResponse>"


def _xml(content: Content) -> str:
    return "".join(f"<{name}>{_inner(value)}</{name}>" for name, value in content if value is not None)


def _inner(value: object) -> str:
    if isinstance(value, list):
        return _xml(value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


# --- components -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Component:
    """One component: its full name, and what makes its elements."""

    name: str
    content: Callable[[], Content]


def _components(kind: str, world: World) -> Iterator[Component]:
    """GUESS: an unknown type is an error in a real org (INVALID_TYPE); the simulator knows the ones that are asked."""
    if kind not in _KINDS:
        raise Fault("INVALID_TYPE", f"Unknown type:{kind[:80]}")
    yield from _KINDS[kind](world)


def _connected_apps(world: World) -> Iterator[Component]:
    for app in world.apps:
        if not app.is_external:
            yield Component(app.api_name, lambda app=app: _connected_app(app, world))  # type: ignore[misc]


def _connected_app(app: App, world: World) -> Content:
    config: Content = [
        ("callbackUrl", "\n".join(app.callback_urls)),
        ("certificate", _certificate(app)),
        ("consumerKey", app.consumer_key),
        ("isAdminApproved", app.permitted_users == "admin-approved"),
        ("isClientCredentialEnabled", "client-credentials" in app.flows),
        ("isConsumerSecretOptional", not app.requires_secret),
        ("isPkceRequired", app.requires_pkce),
        ("isRefreshTokenRotationEnabled", app.rotates_refresh_tokens),
        ("isSecretRequiredForRefreshToken", app.requires_secret),
        ("oauthClientCredentialUser", app.run_as),
        *(("scopes", SCOPES.get(scope, scope)) for scope in app.scopes),
    ]
    grants: Content = []
    if app.permitted_users == "admin-approved" and not app.granted_to_nobody:
        by_profile = any(user.assigned_by == "profile" for user in world.policy.users)
        grants = [("profileName", PROFILE_NAME)] if by_profile else [("permissionSetName", ACCESS_LABEL)]
    return [
        ("contactEmail", "admin@acme.example"),
        ("label", app.label),
        ("oauthConfig", config),
        *([("oauthPolicy", _oauth_policy(app))] if app.has_policy else []),
        *grants,
    ]


def _oauth_policy(app: App) -> Content:
    days = int((app.refresh_token_life_s or 0) // 86_400)
    refresh = {
        "infinite": "infinite",
        "immediately_expire": "zero",
        "specific_lifetime": f"specific_lifetime:{days}:DAYS",
        "specific_inactivity": f"specific_inactivity:{days}:DAYS",
    }
    return [
        ("ipRelaxation", RELAXATION[app.ip_relaxation][0]),
        ("refreshTokenPolicy", refresh[app.refresh_token_policy]),
    ]


def _certificate(app: App) -> str | None:
    """The certificate as retrieved files hold it: no BEGIN and END lines."""
    if not app.certificates:
        return None
    lines = [line for line in app.certificates[0].splitlines() if line and not line.startswith("-----")]
    plain = "".join(lines)
    return plain if re.fullmatch(r"[A-Za-z0-9+/=]+", plain) else base64.b64encode(app.certificates[0].encode()).decode()


def _externals(world: World) -> Iterator[App]:
    return (app for app in world.apps if app.is_external)


def _external_global(world: World) -> Iterator[Component]:
    for app in _externals(world):
        content: Content = [
            ("callbackUrl", "\n".join(app.callback_urls)),
            ("certificate", _certificate(app) if app.jwt_flow_enabled else None),
            ("consumerKey", app.consumer_key),
            ("externalClientApplication", app.api_name),
            ("isClientCredentialsFlowEnabled", "client-credentials" in app.flows),
            ("isConsumerSecretOptional", not app.requires_secret),
            ("isDPopEnabled", app.requires_dpop),
            ("isPkceRequired", app.requires_pkce),
            ("isRefreshTokenRotationEnabled", app.rotates_refresh_tokens),
            ("isSecretRequiredForRefreshToken", app.requires_secret),
            ("label", app.label),
        ]
        yield Component(f"{app.api_name}_glbloauth", lambda content=content: content)  # type: ignore[misc]


def _external_settings(world: World) -> Iterator[Component]:
    for app in _externals(world):
        scopes = ", ".join(dict.fromkeys(SCOPES.get(scope, scope) for scope in app.scopes))
        content: Content = [
            ("commaSeparatedOauthScopes", scopes),
            ("externalClientApplication", app.api_name),
            ("label", app.label),
            *(("trustedIpRanges", _trusted(text)) for text in app.refresh_ip_allowlist),
        ]
        yield Component(f"{app.api_name}_oauth", lambda content=content: content)  # type: ignore[misc]


def _trusted(text: str) -> Content:
    found = as_range(text)
    return [("endIpAddress", found["endAddress"]), ("startIpAddress", found["startAddress"])]


def _external_switches(world: World) -> Iterator[Component]:
    for app in _externals(world):
        content: Content = [
            ("externalClientApplication", app.api_name),
            ("isEnabled", True),
            ("isOauthPluginEnabled", app.is_enabled),
            ("label", app.label),
        ]
        yield Component(f"{app.api_name}_plcy", lambda content=content: content)  # type: ignore[misc]


def _oauth_settings(world: World) -> Iterator[Component]:
    org = world.policy.org
    content: Content = [
        ("blockOAuthUnPwFlow", not org.allows_password_flow),
        ("blockOAuthUsrAgtFlow", False),
        ("isPkceRequired", org.requires_pkce),
    ]
    yield Component("OauthOidc", lambda: content)


def _app_settings(world: World) -> Iterator[Component]:
    """API Access Control: the element is there only where Support switched the feature on (survey of real files)."""
    is_on = world.policy.org.api_access_control
    content: Content = [("enableAdminApprovedAppsOnly", True)] if is_on else []
    yield Component("ConnectedApp", lambda: content)


def _blocked(world: World) -> Iterator[Component]:
    for app in world.apps:
        if app.blocked:
            content: Content = [("consumerKey", app.consumer_key), ("consumerName", app.label)]
            yield Component(app.api_name, lambda content=content: content)  # type: ignore[misc]


def _session_settings(world: World) -> Iterator[Component]:
    """A profile whose session settings are as they came has none. The suffix of names is as in retrieved folders."""
    for user in world.policy.users:
        if user.required_session_level == "Standard":
            continue
        content: Content = [
            ("forceLogout", False),
            ("profile", quote(PROFILE_NAME.lower(), safe=" ")),
            ("requiredSessionLevel", "HIGH_ASSURANCE"),
            ("sessionTimeout", 120),
        ]
        yield Component("AIP_profileSessionSetting1732116061304", lambda content=content: content)  # type: ignore[misc]


_KINDS: Mapping[str, Callable[[World], Iterator[Component]]] = {
    "ConnectedApp": _connected_apps,
    "ExtlClntAppGlobalOauthSettings": _external_global,
    "ExtlClntAppOauthSettings": _external_settings,
    "ExtlClntAppConfigurablePolicies": _external_switches,
    "OauthOidcSettings": _oauth_settings,
    "ConnectedAppSettings": _app_settings,
    "BlacklistedConsumer": _blocked,
    "ProfileSessionSetting": _session_settings,
}
