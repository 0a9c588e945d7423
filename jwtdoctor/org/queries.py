"""Every query that an audit makes: what it asks, what permission it needs, and what stays hidden without that.

`needs` names user permissions of which one is enough (API names, without `Permissions`). A session without them is
not asked, since the org would answer with silence: no rows, or an object that is not there. What such a query would
have told is then *not visible*, which is never the same as fine. `hides` says so in the report.

Sources: Object Reference, "Special Access Rules" of each object; Metadata API Developer Guide. `is_documented` False:
objects that the reference calls internal and that public tools query all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

REFERENCE = (
    "https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_"
)
METADATA = "https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/"
CONNECT = "https://developer.salesforce.com/docs/atlas.en-us.chatterapi.meta/chatterapi/connect_resources_oauth_"


@dataclass(frozen=True, slots=True)
class Query:
    """One thing that is asked. `optional` columns are left out where an org does not know them.

    `own_rows_only`: a session without the permission gets its own rows and no error.
    """

    subject: str
    fields: tuple[str, ...]
    tells: str
    hides: str
    needs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    own_rows_only: bool = False
    is_tooling: bool = False
    is_documented: bool = True
    source: str = ""

    @property
    def probe(self) -> str:
        """Its name in the report."""
        return f"audit:{self.subject}"

    def soql(self, where: str = "", tail: str = "", without: frozenset[str] = frozenset()) -> str:
        """The query. `where` is made with `soql.quoted`; `without`: columns that the org did not know."""
        columns = ", ".join(name for name in (*self.fields, *self.optional) if name not in without)
        return _joined("SELECT", columns, "FROM", self.subject, f"WHERE {where}" if where else "", tail)

    def counting(self, where: str) -> str:
        """How many rows there are."""
        return _joined("SELECT COUNT() FROM", self.subject, "WHERE", where)

    @property
    def needs_in_words(self) -> str:
        if self.needs == _ECA_NEEDS:
            return f"{PERMISSIONS[_ECA_NEEDS[0]]}, or the right to edit them"
        return " or ".join(PERMISSIONS.get(name, name) for name in self.needs)


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


PERMISSIONS = {
    "ViewSetup": "View Setup and Configuration",
    "ManageUsers": "Manage Users",
    "ViewAllUsers": "View All Users",
    "AssignPermissionSets": "Assign Permission Sets",
    "MonitorLoginHistory": "Monitor Login History",
    "CustomizeApplication": "Customize Application",
    "ModifyMetadata": "Modify Metadata Through Metadata API Functions",
    "ModifyAllData": "Modify All Data",
    "ExternalClientAppViewer": "View all External Client Apps",
    "ExternalClientAppAdmin": "View all External Client Apps, view their settings, and edit their policies",
    "ExternalClientAppDeveloper": "Create, edit, and delete External Client Apps",
    "ViewClientSecret": "View External Client App Consumer Secrets in Metadata",
}
"""API name of a user permission -> its label in Setup."""

_METADATA_NEEDS = ("ModifyMetadata", "ModifyAllData")
_ECA_NEEDS = ("ExternalClientAppViewer", "ExternalClientAppAdmin", "ExternalClientAppDeveloper")

READER = Query(
    "UserPermissionAccess",
    tuple(f"Permissions{name}" for name in ("ViewSetup", "ManageUsers", "CustomizeApplication", "ModifyAllData")),
    "what this session may see",
    "whether an empty answer means that there is nothing, or that this session sees nothing",
    optional=tuple(
        f"Permissions{name}"
        for name in (
            *("ViewAllUsers", "AssignPermissionSets", "MonitorLoginHistory", "ModifyMetadata"),
            *("ExternalClientAppViewer", "ExternalClientAppAdmin", "ExternalClientAppDeveloper", "ViewClientSecret"),
        )
    ),
    source=REFERENCE + "userpermissionaccess.htm",
)
ORGANIZATION = Query(
    "Organization",
    ("Id", "IsSandbox", "OrganizationType", "TrialExpirationDate", "InstanceName", "TimeZoneSidKey", "CreatedDate"),
    "what kind of org it is, how old, and its time zone",
    "whether it is a sandbox, and the time zone of login hours",
    source=REFERENCE + "organization.htm",
)
MENU = Query(
    "AppMenuItem",
    ("ApplicationId", "Name", "Label", "NamespacePrefix", "IsUsingAdminAuthorization"),
    "the connected apps of the org, by API name and label",
    "which connected apps there are",
    source=REFERENCE + "appmenuitem.htm",
)
EXTERNAL_APPS = Query(
    "ExternalClientApplication",
    ("Id", "DeveloperName", "MasterLabel", "DistributionState", "CreatedDate", "LastModifiedDate"),
    "the external client apps of the org",
    "which external client apps there are",
    needs=_ECA_NEEDS,
    is_documented=False,
    source="https://github.com/hardisgroupcom/sfdx-hardis",
)
USER = Query(
    "User",
    (
        *("Id", "Username", "IsActive", "UserType", "ProfileId", "Profile.Name", "Profile.UserLicense.Name"),
        "LastLoginDate",
    ),
    "whether the user exists, is active, has ever logged in, and by which licence",
    "whether the user exists and is active",
    needs=("ViewSetup", "ManageUsers", "ViewAllUsers"),
    source=REFERENCE + "user.htm",
)
USER_LOGIN = Query(
    "UserLogin",
    ("IsFrozen", "IsPasswordLocked"),
    "whether the user is frozen, or its password locked",
    "whether the user is frozen, or its password locked",
    needs=("ManageUsers",),
    source=REFERENCE + "userlogin.htm",
)
CONNECTED_APP = Query(
    "ConnectedApplication",
    (
        *("Id", "Name", "CreatedDate", "LastModifiedDate", "OptionsAllowAdminApprovedUsersOnly"),
        *("OptionsHasSessionLevelPolicy", "OptionsRefreshTokenValidityMetric", "RefreshTokenValidityPeriod"),
    ),
    "Permitted Users, the age of the app, its session policy",
    "Permitted Users and the age of the app",
    source=REFERENCE + "connectedapplication.htm",
)
EXTERNAL_POLICY = Query(
    "ExtlClntAppOauthPlcyCnfg",
    (
        *("PermittedUsersPolicyType", "IpRelaxationPolicyType", "RefreshTokenPolicyType", "RefreshTokenValidityPeriod"),
        *("RefreshTokenValidityUnit", "RequiredSessionLevel", "PolicyAction", "IsClientCredentialsFlowEnabled"),
        "ClientCredentialsFlowUser",
    ),
    "the OAuth policies of the external client app",
    "Permitted Users, IP relaxation and refresh policy of the external client app",
    needs=_ECA_NEEDS,
    is_documented=False,
    source="https://github.com/hardisgroupcom/sfdx-hardis",
)
ALL_EXTERNAL_POLICIES = Query(
    "ExtlClntAppOauthPlcyCnfg",
    ("ExternalClientApplicationId", *EXTERNAL_POLICY.fields),
    "the OAuth policies of every external client app",
    "Permitted Users of the external client apps",
    needs=_ECA_NEEDS,
    is_documented=False,
    source=EXTERNAL_POLICY.source,
)
GRANTS = Query(
    "SetupEntityAccess",
    (
        *("ParentId", "Parent.Name", "Parent.Label", "Parent.IsOwnedByProfile", "Parent.Profile.Name"),
        "Parent.PermissionSetGroupId",
    ),
    "which profiles and permission sets the app is assigned to",
    "whether anybody is assigned to the app",
    needs=("ViewSetup",),
    source=REFERENCE + "setupentityaccess.htm",
)
ALL_GRANTS = Query(
    "SetupEntityAccess",
    ("SetupEntityId", "ParentId", "Parent.Label", "Parent.Profile.Name"),
    "which profiles and permission sets each app is assigned to",
    "whether anybody is assigned to an app",
    needs=("ViewSetup",),
    source=REFERENCE + "setupentityaccess.htm",
)
ASSIGNMENTS = Query(
    "PermissionSetAssignment",
    (
        *("PermissionSetId", "PermissionSet.Label", "PermissionSet.IsOwnedByProfile", "PermissionSetGroupId"),
        *("PermissionSetGroup.DeveloperName", "IsActive", "ExpirationDate", "PermissionSet.PermissionsApiEnabled"),
        "PermissionSet.PermissionsApiUserOnly",
    ),
    "which permission sets the user holds, and what they give: API access, API only, uninstalled apps",
    "whether the user holds what the app is assigned to, and whether it has API access",
    needs=("ViewSetup", "AssignPermissionSets", "ManageUsers"),
    optional=("PermissionSet.PermissionsCanApproveUninstalledApps", "IsRevoked"),
    source=REFERENCE + "permissionsetassignment.htm",
)
GROUP_MEMBERS = Query(
    "PermissionSetGroupComponent",
    ("PermissionSetGroupId", "PermissionSetId"),
    "which permission sets lie in the user's permission set groups",
    "whether a permission set group reaches the app",
    needs=("ViewSetup", "ManageUsers"),
    source=REFERENCE + "permissionsetgroupcomponent.htm",
)
TOKENS = Query(
    "OauthToken",
    ("AppName", "CreatedDate", "LastUsedDate", "UseCount"),
    "which apps the user has approved, how often, and when they were last used",
    "whether the user has approved the app",
    needs=("CustomizeApplication",),
    own_rows_only=True,
    source=REFERENCE + "oauthtoken.htm",
)
ALL_TOKENS = Query(
    "OauthToken",
    ("AppName", "UserId", "LastUsedDate", "UseCount"),
    "which apps anybody of the org has approved, and when they were last used",
    "which apps are used without being installed",
    needs=("CustomizeApplication",),
    own_rows_only=True,
    source=REFERENCE + "oauthtoken.htm",
)
HISTORY = Query(
    "LoginHistory",
    ("LoginTime", "LoginType", "LoginSubType", "Status", "SourceIp", "Application", "LoginUrl", "TlsProtocol"),
    "the user's logins of the last seven days, their status and address",
    "why the last logins failed, and from which address they came",
    needs=("ManageUsers", "MonitorLoginHistory"),
    own_rows_only=True,
    source=REFERENCE + "loginhistory.htm",
)
USED_APPS = Query(
    "LoginHistory",
    ("Application", "COUNT(Id) logins", "MAX(LoginTime) newest"),
    "which apps were logged in with in the last thirty days",
    "which apps are in use",
    needs=HISTORY.needs,
    own_rows_only=True,
    source=HISTORY.source,
)
PROFILE = Query(
    "Profile",
    ("Id", "Name", "Metadata"),
    "login IP ranges and login hours of the user's profile",
    "whether login IP ranges or login hours keep the user out",
    needs=("ViewSetup",),
    is_tooling=True,
    source="https://salesforce.stackexchange.com/q/216627",
)
IDP_EVENTS = Query(
    "IdpEventLog",
    ("Timestamp", "ErrorCode", "InitiatedBy"),
    "what the Identity Provider Event Log has of this user",
    "the error code of the Identity Provider Event Log, which is more exact than Login History",
    source=REFERENCE + "idpeventlog.htm",
)
APP_METADATA = Query(
    "ConnectedApp",
    (),
    "the settings of connected apps: consumer key, scopes, certificate, IP relaxation, callback URLs",
    "which app the consumer key belongs to, its scopes, certificate and IP relaxation",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_connectedapp.htm",
)
EXTERNAL_GLOBAL = Query(
    "ExtlClntAppGlobalOauthSettings",
    (),
    "consumer key, certificate and flow switches of external client apps",
    "which external client app the consumer key belongs to, and whether it holds a certificate",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_extlclntappglobaloauthsettings.htm",
)
EXTERNAL_SETTINGS = Query(
    "ExtlClntAppOauthSettings",
    (),
    "scopes and trusted addresses of the external client app",
    "the scopes of the external client app",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_extlclntappoauthsettings.htm",
)
EXTERNAL_SWITCHES = Query(
    "ExtlClntAppConfigurablePolicies",
    (),
    "whether the external client app and its OAuth plugin are switched on",
    "whether the external client app is switched off",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_extlclntappconfigurablepolicies.htm",
)
OAUTH_SETTINGS = Query(
    "OauthOidcSettings",
    (),
    "whether the whole org requires PKCE, and allows the password flow",
    "what the org as a whole forbids",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_oauthoidcsettings.htm",
)
ACCESS_CONTROL = Query(
    "ConnectedAppSettings",
    (),
    "whether API Access Control is on",
    "whether API Access Control keeps the app from the API",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_connectedappsettings.htm",
)
BLOCKED = Query(
    "BlacklistedConsumer",
    (),
    "which apps are blocked",
    "whether the app is blocked",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_blacklistedconsumer.htm",
)
SESSION_SETTINGS = Query(
    "ProfileSessionSetting",
    (),
    "which session level the user's profile demands",
    "whether the profile demands a high-assurance session, which no headless flow can give",
    needs=_METADATA_NEEDS,
    source=METADATA + "meta_profilesessionsetting.htm",
)
STAGED = Query(
    "StagedCredentials",
    (),
    "whether new credentials of the external client app are staged (state and dates, never the secret)",
    "whether a rotation of the credentials is under way",
    needs=("ViewClientSecret",),
    source=CONNECT + "credentials_staged_credentials.htm",
)

QUERIES = (
    READER, ORGANIZATION, MENU, EXTERNAL_APPS, USER, USER_LOGIN, CONNECTED_APP, EXTERNAL_POLICY, GRANTS, ASSIGNMENTS,
    GROUP_MEMBERS, TOKENS, HISTORY, PROFILE, IDP_EVENTS, APP_METADATA, EXTERNAL_GLOBAL, EXTERNAL_SETTINGS,
    EXTERNAL_SWITCHES, OAUTH_SETTINGS, ACCESS_CONTROL, BLOCKED, SESSION_SETTINGS,
    STAGED,
)  # fmt: skip
"""What an audit of one integration asks, in the order of asking."""
