"""The objects that the simulated org lets be queried: fields, what may not be filtered, and what each demands.

Names, filterability and permissions are those of the Object Reference as `salesforce-metadata.yaml` of the project's
knowledge records them. A reader without the permission does not get an error about rights: the object is not there
for him (`INVALID_TYPE`), or he sees his own rows only. That is why an empty answer proves nothing by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Type = Literal["id", "text", "bool", "date", "int", "complex"]


@dataclass(frozen=True, slots=True)
class Column:
    """One field. `refers_to`: the object that an id points to; the relationship is the name without `Id`."""

    name: str
    type: Type = "text"
    is_filterable: bool = True
    refers_to: str = ""

    @property
    def relationship(self) -> str:
        return self.name.removesuffix("Id") if self.refers_to else ""


@dataclass(frozen=True, slots=True)
class Entity:
    """One object. `needs`: permissions of which one is enough, else it is not there.

    `own_rows`: the column that holds the user's id; a reader without `needs` then sees his own rows.
    """

    name: str
    columns: tuple[Column, ...]
    needs: tuple[str, ...] = ()
    own_rows: str = ""
    is_tooling: bool = False
    page: int = 2000
    most: int = 50_000

    def column(self, name: str) -> Column | None:
        wanted = name.lower()
        return next((one for one in self.columns if one.name.lower() == wanted), None)

    def related(self, relationship: str) -> Column | None:
        wanted = relationship.lower()
        return next((c for c in self.columns if c.refers_to and c.relationship.lower() == wanted), None)


def _columns(text: str) -> tuple[Column, ...]:
    """`Id:id Name Status! ProfileId:id>Profile`: `!` cannot be filtered, `>` refers to an object."""
    found = []
    for word in text.split():
        plain, _, refers_to = word.partition(">")
        name, _, kind = plain.rstrip("!").partition(":")
        found.append(Column(name, kind or "text", not plain.endswith("!"), refers_to))  # type: ignore[arg-type]
    return tuple(found)


_PERMISSIONS = (
    *("ApiEnabled", "ApiUserOnly", "CanApproveUninstalledApps", "ClientSecretRotation", "CustomizeApplication"),
    *("ExternalClientAppAdmin", "ExternalClientAppDeveloper", "ExternalClientAppViewer", "ManageRemoteAccess"),
    *("ManageUsers", "MonitorLoginHistory", "ViewClientSecret", "ViewEventLogFiles", "ViewSetup", "ModifyMetadata"),
    *("ModifyAllData", "ViewAllData", "AssignPermissionSets"),
)
PERMISSION_COLUMNS = " ".join(f"Permissions{name}:bool" for name in _PERMISSIONS)

_ENTITIES = (
    Entity(
        "Organization",
        _columns(
            "Id:id Name InstanceName IsSandbox:bool TrialExpirationDate:date NamespacePrefix OrganizationType"
            " TimeZoneSidKey CreatedDate:date"
        ),
    ),
    Entity("UserPermissionAccess", _columns(f"LastCacheUpdate:date {PERMISSION_COLUMNS}")),
    Entity(
        "User",
        _columns(
            "Id:id Username Name Email IsActive:bool UserType ProfileId:id>Profile LastLoginDate:date CreatedDate:date"
        ),
    ),
    Entity("Profile", _columns("Id:id Name UserLicenseId:id>UserLicense")),
    Entity("UserLicense", _columns("Id:id Name")),
    Entity(
        "AuthSession",
        _columns(
            "Id:id UsersId:id>User SessionSecurityLevel SessionType NumSecondsValid:int IsCurrent:bool"
            " LastModifiedDate:date"
        ),
        ("ManageUsers",),
        own_rows="UsersId",
    ),
    Entity("UserLogin", _columns("Id:id UserId:id IsFrozen:bool IsPasswordLocked:bool"), ("ManageUsers",)),
    Entity(
        "PermissionSet",
        _columns(
            "Id:id Name Label IsOwnedByProfile:bool ProfileId:id>Profile"
            f" PermissionSetGroupId:id>PermissionSetGroup {PERMISSION_COLUMNS}"
        ),
        ("ViewSetup", "AssignPermissionSets", "ManageUsers"),
    ),
    Entity("PermissionSetGroup", _columns("Id:id DeveloperName MasterLabel"), ("ViewSetup", "ManageUsers")),
    Entity(
        "PermissionSetGroupComponent",
        _columns("Id:id PermissionSetGroupId:id>PermissionSetGroup PermissionSetId:id>PermissionSet"),
        ("ViewSetup", "ManageUsers"),
    ),
    Entity(
        "PermissionSetAssignment",
        _columns(
            "Id:id AssigneeId:id>User PermissionSetId:id>PermissionSet PermissionSetGroupId:id>PermissionSetGroup"
            " IsActive:bool ExpirationDate:date"
        ),
        ("ViewSetup", "AssignPermissionSets", "ManageUsers"),
    ),
    Entity(
        "SetupEntityAccess",
        _columns("Id:id ParentId:id>PermissionSet SetupEntityId:id SetupEntityType SystemModstamp:date"),
        ("ViewSetup",),
    ),
    Entity(
        "AppMenuItem",
        _columns(
            "Id:id Name Label ApplicationId:id Type IsUsingAdminAuthorization:bool IsAccessible:bool"
            " IsRegisteredDeviceOnly:bool NamespacePrefix StartUrl"
        ),
    ),
    Entity(
        "ConnectedApplication",
        _columns(
            "Id:id Name CreatedDate:date LastModifiedDate:date OptionsAllowAdminApprovedUsersOnly:bool"
            " OptionsHasSessionLevelPolicy:bool OptionsRefreshTokenValidityMetric:bool OptionsIsInternal:bool"
            " RefreshTokenValidityPeriod:int MobileSessionTimeout PinLength StartUrl UvidTimeout"
        ),
    ),
    # GUESS: the object reference calls this family internal; three public tools query it with these permissions.
    Entity(
        "ExternalClientApplication",
        _columns("Id:id DeveloperName MasterLabel DistributionState CreatedDate:date LastModifiedDate:date"),
        ("ExternalClientAppViewer", "ExternalClientAppAdmin", "ExternalClientAppDeveloper"),
    ),
    Entity(
        "ExtlClntAppOauthPlcyCnfg",
        _columns(
            "Id:id ExternalClientApplicationId:id PermittedUsersPolicyType IpRelaxationPolicyType"
            " RefreshTokenPolicyType RefreshTokenValidityPeriod:int RefreshTokenValidityUnit RequiredSessionLevel"
            " PolicyAction IsClientCredentialsFlowEnabled:bool ClientCredentialsFlowUser"
        ),
        ("ExternalClientAppViewer", "ExternalClientAppAdmin", "ExternalClientAppDeveloper"),
    ),
    Entity(
        "OauthToken",
        _columns("Id:id AppName AppMenuItemId:id UserId:id UseCount:int LastUsedDate:date CreatedDate:date"),
        ("CustomizeApplication",),
        own_rows="UserId",
        page=500,
        most=2500,
    ),
    Entity(
        "LoginHistory",
        _columns(
            "Id:id UserId:id LoginTime:date LoginType LoginSubType LoginUrl SourceIp Status! Application! Browser!"
            " Platform! ApiType! ApiVersion! ClientVersion! CountryIso TlsProtocol CipherSuite"
        ),
        ("ManageUsers", "MonitorLoginHistory"),
        own_rows="UserId",
    ),
    # GUESS: the page names no permission.
    Entity(
        "IdpEventLog",
        _columns("Id:id Timestamp:date UserId:id AppId:id ErrorCode InitiatedBy IdentityUsed SsoType"),
        ("ViewSetup",),
    ),
    Entity(
        "Profile",
        _columns("Id:id Name Metadata:complex!"),
        ("ViewSetup",),
        is_tooling=True,
    ),
    Entity("SandboxProcess", _columns("Id:id Status SandboxOrganization SandboxName"), is_tooling=True),
)

DATA = {one.name.lower(): one for one in _ENTITIES if not one.is_tooling}
TOOLING = {one.name.lower(): one for one in _ENTITIES if one.is_tooling}
