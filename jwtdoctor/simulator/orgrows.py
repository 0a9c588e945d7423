"""The rows of the simulated org: what its objects hold, made of the very policy that the token endpoint judges by.

One state, two surfaces. Ids are invented; an assignment that has run out stands beside the others, as it does in a
real org, so that a reader who does not ask for `IsActive` is led astray here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jwtdoctor.simulator.policy import App, LoginRow, Policy, User
from jwtdoctor.simulator.wire import iso_date

Row = Mapping[str, Any]


def made_id(prefix: str, name: str) -> str:
    """An id of 18 characters; the first 15 are what tells it apart."""
    return (prefix + "5g").ljust(15 - len(name), "0") + name + "AAA"


PROFILE, ADMIN_PROFILE = made_id("00e", "Acme"), made_id("00e", "Admn")
LICENCE = made_id("100", "Lcnc")
PROFILE_SET, ADMIN_SET = made_id("0PS", "Prof"), made_id("0PS", "Admn")
ACCESS_SET, GROUP_SET = made_id("0PS", "Accs"), made_id("0PS", "Grup")
GROUP = made_id("0PG", "Acme")
PROFILE_NAME = "Acme Integration Profile"
ACCESS_NAME, ACCESS_LABEL, GROUP_NAME = "Acme_Integration_Access", "Acme Integration Access", "Acme_Integration_Group"
DAY_S = 86_400.0
SESSION_S = 7_200
"""Salesforce's default for a session (help, xcloud.admin_sessions)."""
SUB_TYPES = {
    "authorization-code": "OauthWebServer",
    "refresh-token": "OauthRefreshToken",
    "password": "OauthUsernamePassword",
    "client-credentials": "OauthClientCredentials",
    "token-exchange": "OauthTokenExchange",
}
"""LoginSubType by flow (documented); bearer and device logins have none."""
RELAXATION = {
    "enforce": ("ENFORCE", "Enforce"),
    "relax": ("BYPASS", "Bypass"),
    "relax_with_second_factor": ("BYPASS_2FACTOR", "Bypass_2factor"),
    "enforce_relax_refresh": ("ENFORCE_RELAXREFRESH", "Enforce_RelaxRefresh"),
}
REFRESH = {
    "infinite": "Infinite",
    "immediately_expire": "Zero",
    "specific_lifetime": "SpecificLifetime",
    "specific_inactivity": "SpecificInactivity",
}


@dataclass(frozen=True, slots=True)
class World:
    """The policy at a moment, as rows. `now` is the org's clock, epoch seconds."""

    policy: Policy
    now: float

    def rows(self, entity: str, tooling: bool = False) -> list[Row]:
        """The rows of an object, unknown ones empty. Columns that a row leaves out are null."""
        make = _TOOLING.get(entity) if tooling else _DATA.get(entity)
        return [] if make is None else list(make(self))

    @property
    def everyone(self) -> tuple[User, ...]:
        return (*self.policy.users, self.policy.administrator)

    @property
    def apps(self) -> tuple[App, ...]:
        """The apps that are there: an app that is not installed is in no list."""
        policy = self.policy
        return tuple(app for app in (policy.app, *policy.other_apps) if app.installed and app.home_org_is_target)

    def is_administrator(self, user: User) -> bool:
        return user is self.policy.administrator


def _organization(world: World) -> Iterator[Row]:
    org = world.policy.org
    born = world.now - (60.0 if org.is_new else 900 * DAY_S)
    yield {
        "Id": org.org_id,
        "Name": "Acme (simulated)",
        "InstanceName": org.instance_host.partition(".")[0].upper(),
        "IsSandbox": org.is_sandbox,
        "TrialExpirationDate": iso_date(world.now + 5 * DAY_S) if org.kind == "scratch" else None,
        "OrganizationType": "Developer Edition" if org.kind == "developer" else "Enterprise Edition",
        "TimeZoneSidKey": org.time_zone,
        "CreatedDate": iso_date(born),
    }


def _users(world: World) -> Iterator[Row]:
    for user in world.everyone:
        is_admin = world.is_administrator(user)
        yield {
            "Id": user.user_id,
            "Username": user.username,
            "Name": "Administrator" if is_admin else "Integration User",
            "Email": user.email or user.username,
            "IsActive": user.is_active,
            "UserType": "Standard",
            "ProfileId": ADMIN_PROFILE if is_admin else PROFILE,
            "LastLoginDate": iso_date(world.now - 3600) if user.has_logged_in else None,
            "CreatedDate": iso_date(world.now - 400 * DAY_S),
        }


def _sessions(world: World) -> Iterator[Row]:
    """The session that asks, as each user sees it. Nobody gave a second factor in these flows."""
    for number, user in enumerate(world.everyone):
        yield {
            "Id": made_id("0Ak", f"Sess{number}"),
            "UsersId": user.user_id,
            "SessionSecurityLevel": "STANDARD",
            "SessionType": "Oauth2",
            "NumSecondsValid": SESSION_S,
            "IsCurrent": True,
            "LastModifiedDate": iso_date(world.now),
        }


def _user_logins(world: World) -> Iterator[Row]:
    for number, user in enumerate(world.everyone):
        frozen, locked = user.is_frozen, user.is_locked
        yield {
            "Id": made_id("0Yw", f"{number:04}"),
            "UserId": user.user_id,
            "IsFrozen": frozen,
            "IsPasswordLocked": locked,
        }


def _profiles(_: World) -> Iterator[Row]:
    yield {"Id": PROFILE, "Name": PROFILE_NAME, "UserLicenseId": LICENCE}
    yield {"Id": ADMIN_PROFILE, "Name": "System Administrator", "UserLicenseId": LICENCE}


def _licences(_: World) -> Iterator[Row]:
    yield {"Id": LICENCE, "Name": "Salesforce"}


def _permission_sets(world: World) -> Iterator[Row]:
    user = world.policy.users[0] if world.policy.users else User()
    admin = world.policy.administrator
    yield _set_row(PROFILE_SET, "X00ex00000018ov6", PROFILE_NAME, user, ProfileId=PROFILE)
    yield _set_row(ADMIN_SET, "X00ex00000018ov7", "System Administrator", admin, ProfileId=ADMIN_PROFILE)
    yield _set_row(ACCESS_SET, ACCESS_NAME, ACCESS_LABEL, None)
    yield _set_row(GROUP_SET, GROUP_NAME, "Acme Integration Group", None, PermissionSetGroupId=GROUP)


def _set_row(set_id: str, name: str, label: str, holder: User | None, **more: Any) -> Row:
    """A permission set; `holder` lends its permissions to the one that its profile owns."""
    granted: set[str] = set()
    if holder is not None:
        granted = {*holder.permissions} | ({"ApiEnabled"} if holder.has_api_access else set())
    return {
        "Id": set_id,
        "Name": name,
        "Label": label,
        "IsOwnedByProfile": "ProfileId" in more,
        **more,
        **permission_columns(frozenset(granted)),
    }


def permission_columns(granted: frozenset[str]) -> dict[str, bool]:
    from jwtdoctor.simulator.orgschema import DATA

    return {
        column.name: column.name.removeprefix("Permissions") in granted
        for column in DATA["userpermissionaccess"].columns
        if column.name.startswith("Permissions")
    }


def permissions_of(user: User) -> frozenset[str]:
    """What this user holds in all."""
    return user.permissions | (frozenset({"ApiEnabled"}) if user.has_api_access else frozenset())


def _groups(_: World) -> Iterator[Row]:
    yield {"Id": GROUP, "DeveloperName": GROUP_NAME, "MasterLabel": "Acme Integration Group"}


def _group_members(_: World) -> Iterator[Row]:
    yield {"Id": made_id("0PM", "Acme"), "PermissionSetGroupId": GROUP, "PermissionSetId": ACCESS_SET}


def _assignments(world: World) -> Iterator[Row]:
    for number, user in enumerate(world.everyone):
        is_admin = world.is_administrator(user)
        own = ADMIN_SET if is_admin else PROFILE_SET
        yield _assignment(f"{number}0", user, PermissionSetId=own)
        if is_admin:
            continue
        if not user.assigned_to_app:
            ended = {"IsActive": False, "ExpirationDate": iso_date(world.now - 30 * DAY_S)}
            yield _assignment(f"{number}1", user, PermissionSetId=ACCESS_SET, **ended)
        elif user.assigned_by == "permission-set":
            yield _assignment(f"{number}2", user, PermissionSetId=ACCESS_SET)
        elif user.assigned_by == "group":
            yield _assignment(f"{number}3", user, PermissionSetId=GROUP_SET, PermissionSetGroupId=GROUP)


def _assignment(number: str, user: User, **more: Any) -> Row:
    return {"Id": made_id("0Pa", number), "AssigneeId": user.user_id, "IsActive": True, **more}


def _setup_access(world: World) -> Iterator[Row]:
    by_profile = any(user.assigned_to_app and user.assigned_by == "profile" for user in world.policy.users)
    for number, app in enumerate(world.apps):
        if app.granted_to_nobody:
            continue
        parent = PROFILE_SET if by_profile else ACCESS_SET
        yield {
            "Id": made_id("0J0", f"{number:04}"),
            "ParentId": parent,
            "SetupEntityId": app.app_id,
            "SetupEntityType": "ExternalClientApplication" if app.is_external else "ConnectedApplication",
            "SystemModstamp": iso_date(world.now - 100 * DAY_S),
        }


def _menu_items(world: World) -> Iterator[Row]:
    for number, app in enumerate(world.apps):
        if app.is_external:
            continue
        yield {
            "Id": made_id("0DS", f"{number:04}"),
            "Name": app.api_name,
            "Label": app.label,
            "ApplicationId": app.app_id[:15],
            "Type": "ConnectedApplication",
            "IsUsingAdminAuthorization": app.permitted_users == "admin-approved",
            "IsAccessible": False,
            "IsRegisteredDeviceOnly": False,
        }


def _connected_apps(world: World) -> Iterator[Row]:
    for app in world.apps:
        if app.is_external:
            continue
        yield {
            "Id": app.app_id,
            "Name": app.label,
            **_dates(app, world.now),
            "OptionsAllowAdminApprovedUsersOnly": app.permitted_users == "admin-approved",
            "OptionsHasSessionLevelPolicy": False,
            "OptionsRefreshTokenValidityMetric": app.refresh_token_policy == "specific_inactivity",
            "OptionsIsInternal": False,
            "RefreshTokenValidityPeriod": int((app.refresh_token_life_s or 0) // DAY_S) or None,
        }


def _dates(app: App, now: float) -> dict[str, str]:
    born = now - app.age_min * 60
    return {
        "CreatedDate": iso_date(born),
        "LastModifiedDate": iso_date(now - 1200 if app.changed_recently else born),
    }


def _external_apps(world: World) -> Iterator[Row]:
    for app in world.apps:
        if app.is_external:
            yield {
                "Id": app.app_id,
                "DeveloperName": app.api_name,
                "MasterLabel": app.label,
                "DistributionState": app.distribution,
                **_dates(app, world.now),
            }


def _external_policies(world: World) -> Iterator[Row]:
    for number, app in enumerate(world.apps):
        if not app.is_external or not app.has_policy:
            continue
        days = int((app.refresh_token_life_s or 0) // DAY_S)
        yield {
            "Id": made_id("0xP", f"{number:04}"),
            "ExternalClientApplicationId": app.app_id,
            "PermittedUsersPolicyType": (
                "AdminApprovedPreAuthorized" if app.permitted_users == "admin-approved" else "AllSelfAuthorized"
            ),
            "IpRelaxationPolicyType": RELAXATION[app.ip_relaxation][1],
            "RefreshTokenPolicyType": REFRESH[app.refresh_token_policy],
            "RefreshTokenValidityPeriod": days or None,
            "RefreshTokenValidityUnit": "Days" if days else None,
            "RequiredSessionLevel": "STANDARD",
            "IsClientCredentialsFlowEnabled": "client-credentials" in app.flows,
            "ClientCredentialsFlowUser": app.run_as,
        }


def _tokens(world: World) -> Iterator[Row]:
    """One row an approval. An app that is in no list can have them all the same: its users approved it earlier."""
    app = world.policy.app
    for user in world.policy.users:
        for number in range(min(user.approvals, 50)):
            yield {
                "AppName": app.label,
                "UserId": user.user_id,
                "UseCount": 40 + number,
                "LastUsedDate": iso_date(world.now - DAY_S),
                "CreatedDate": iso_date(world.now - (300 - number) * DAY_S),
            }


def _login_history(world: World) -> Iterator[Row]:
    for number, row in enumerate(world.policy.logins):
        yield _login_row(world, number, row)
    for user in world.policy.users:
        yield from _earlier_logins(world, user)


def _login_row(world: World, number: int, row: LoginRow) -> Row:
    user = world.policy.user(row.username)
    return {
        "Id": made_id("0Ya", f"1{number:04}"),
        "UserId": None if user is None else user.user_id,
        "LoginTime": iso_date(row.at),
        "LoginType": "Remote Access 2.0",
        "LoginSubType": SUB_TYPES.get(row.flow),
        "LoginUrl": row.host,
        "SourceIp": row.source_ip,
        "Status": row.status,
        "Application": row.application[:64],
        "Browser": "Unknown",
        "Platform": "Unknown",
        "TlsProtocol": "TLS 1.3",
        "CountryIso": "US",
    }


def _earlier_logins(world: World, user: User) -> Iterator[Row]:
    """Logins of the last hour by other ways, as many as the user has had: they count for the limit alone."""
    if not user.has_logged_in:
        return
    counted = sum(row.username == user.username and world.now - row.at < 3600 for row in world.policy.logins)
    for number in range(max(0, user.logins_last_hour - counted)):
        yield {
            "Id": made_id("0Ya", f"2{number:04}"),
            "UserId": user.user_id,
            "LoginTime": iso_date(world.now - 60 - number * 0.9),
            "LoginType": "Application",
            "LoginUrl": world.policy.org.my_domain,
            "SourceIp": "198.51.100.20",
            "Status": "Success",
            "Application": "Browser",
            "TlsProtocol": "TLS 1.3",
        }


def _idp_events(world: World) -> Iterator[Row]:
    """GUESS: which refusals of a token endpoint leave a row here is not known; those whose code fits do."""
    for number, row in enumerate(world.policy.logins):
        user = world.policy.user(row.username)
        code = {"Success": "Success", "Failed: Not approved for access": "AppAccessDenied"}.get(row.status)
        if code is not None and user is not None:
            yield {
                "Id": made_id("0Ye", f"{number:04}"),
                "Timestamp": iso_date(row.at),
                "UserId": user.user_id,
                "AppId": world.policy.app.app_id,
                "ErrorCode": code,
                "InitiatedBy": "OauthTokenExchange",
                "IdentityUsed": user.username,
                "SsoType": "1",
            }


def _profiles_with_metadata(world: World) -> Iterator[Row]:
    user = world.policy.users[0] if world.policy.users else User()
    ranges = [as_range(text) for text in user.ip_ranges]
    metadata = {"loginIpRanges": ranges, "loginHours": login_hours(user.login_hours), "custom": True}
    yield {"Id": PROFILE, "Name": PROFILE_NAME, "Metadata": metadata}
    yield {"Id": ADMIN_PROFILE, "Name": "System Administrator", "Metadata": {"loginIpRanges": [], "loginHours": None}}


def as_range(text: str) -> dict[str, str]:
    """`A-B`, a CIDR or one address as the API writes it."""
    import ipaddress

    first, dash, last = text.partition("-")
    if dash:
        return {"startAddress": first.strip(), "endAddress": last.strip(), "description": ""}
    network = ipaddress.ip_network(text.strip(), strict=False)
    return {"startAddress": str(network[0]), "endAddress": str(network[-1]), "description": ""}


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def login_hours(hours: frozenset[int] | None) -> dict[str, str] | None:
    """Minutes after midnight, every day alike; 0 to 0 is a day without logins. A gap in between is not expressible."""
    if hours is None:
        return None
    start, end = (min(hours) * 60, (max(hours) + 1) * 60) if hours else (0, 0)
    return {f"{day}{edge}": str(value) for day in DAYS for edge, value in (("Start", start), ("End", end))}


_DATA = {
    "Organization": _organization,
    "User": _users,
    "AuthSession": _sessions,
    "UserLogin": _user_logins,
    "Profile": _profiles,
    "UserLicense": _licences,
    "PermissionSet": _permission_sets,
    "PermissionSetGroup": _groups,
    "PermissionSetGroupComponent": _group_members,
    "PermissionSetAssignment": _assignments,
    "SetupEntityAccess": _setup_access,
    "AppMenuItem": _menu_items,
    "ConnectedApplication": _connected_apps,
    "ExternalClientApplication": _external_apps,
    "ExtlClntAppOauthPlcyCnfg": _external_policies,
    "OauthToken": _tokens,
    "LoginHistory": _login_history,
    "IdpEventLog": _idp_events,
}
_TOOLING = {"Profile": _profiles_with_metadata}
