"""Who may use the app."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jwtdoctor.lint.apps import App, Seen
from jwtdoctor.lint.repository import Repository, folded, is_standard_profile
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.walk import word


@rule(
    "error",
    "documented",
    "ca",
    "eca_oauth_plcy",
    "kb_not_approved",
    leads_to=("user-not-preauthorized", "user-not-assigned-to-app"),
    remedy="name the profile or permission set of the integration user, or let users authorise themselves",
)
def preauthorised_nobody(repository: Repository) -> Iterator[Problem]:
    """Only pre-authorised users may use the app, and nobody is.

    Every login is refused, and the reply does not say why; Login History says "Failed: Not approved for access".
    The grants stand in the app's own metadata and nowhere else: profiles and permission sets have no element for
    them. A grant that was made in the org after the retrieve cannot be seen here.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <label>Sync</label>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <label>Sync</label>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <permissionSetName>Sync Integration</permissionSetName>
        </ConnectedApp>
    """
    for app in repository.apps:
        if app.permitted_users == "admin-approved" and not app.grantees:
            at = app.one("permitted-users")
            message = f"{_app(app)} admits pre-authorised users only, and names no profile and no permission set"
            yield Problem(message, at.at if at else app.place)


@rule(
    "warning",
    "documented",
    "ca",
    leads_to=("user-not-preauthorized",),
    remedy="set admin approval as well, or take the names out",
)
def grants_without_preauthorisation(repository: Repository) -> Iterator[Problem]:
    """Profiles or permission sets are named, and the app does not ask for pre-authorisation.

    The names are allowed only together with `isAdminApproved`; alone they let nobody in and keep nobody out.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>false</isAdminApproved></oauthConfig>
            <profileName>System Administrator</profileName>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <profileName>System Administrator</profileName>
        </ConnectedApp>
    """
    for app in repository.apps:
        if app.permitted_users == "self-authorize" and app.grantees:
            yield Problem(f"{_app(app)} names who is pre-authorised, and lets all users in", app.grantees[0].at)


@rule("warning", "documented", "ca", remedy="name it once")
def grantee_named_twice(repository: Repository) -> Iterator[Problem]:
    """A profile or permission set is named twice.

    Salesforce's reference rules duplicates out, though a retrieve has been seen to write one.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <profileName>Integration</profileName>
            <profileName>Integration</profileName>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <profileName>Integration</profileName>
        </ConnectedApp>
    """
    for app in repository.apps:
        met: set[tuple[str, str]] = set()
        for one in app.grantees:
            if (one.path, one.text) in met:
                yield Problem(f"'{word(one.text)}' is pre-authorised twice", one.at, about=one.text)
            met.add((one.path, one.text))


@rule("note", "documented", "ca", remedy="take the empty element out unless the grants are to be removed")
def empty_grantee_clears_all(repository: Repository) -> Iterator[Problem]:
    """An empty `profileName` or `permissionSetName` removes every grant at the next deployment.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>false</isAdminApproved></oauthConfig>
            <profileName></profileName>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>false</isAdminApproved></oauthConfig>
        </ConnectedApp>
    """
    for app in repository.apps:
        for one in (*app.all("profiles"), *app.all("permission-sets")):
            if app.kind == "connected-app" and not one.text:
                yield Problem(f"an empty {one.path} removes all grants of that kind at deployment", one.at)


@rule(
    "warning",
    "inferred",
    "hardis",
    "ca",
    leads_to=("user-not-preauthorized", "user-not-assigned-to-app"),
    remedy="check the name against the org: jwtdoctor audit, or Setup > the app > Manage",
)
def permission_set_not_in_source(repository: Repository) -> Iterator[Problem]:
    """A pre-authorised permission set is not among the permission sets of the repository.

    A connected app names permission sets by their label, an external client app by their API name. Where the
    repository holds permission sets and this is none of them, it may be renamed, misspelt, or of a package. Names
    with a namespace are passed over, and where no permission sets are in the repository nothing can be told.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <permissionSetName>Sync Integratoin</permissionSetName>
        </ConnectedApp>
        permissionsets/Sync_Integration.permissionset
        <PermissionSet><label>Sync Integration</label></PermissionSet>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <permissionSetName>Sync Integration</permissionSetName>
        </ConnectedApp>
        permissionsets/Sync_Integration.permissionset
        <PermissionSet><label>Sync Integration</label></PermissionSet>
    """
    labels, names = repository.permission_set_labels, repository.permission_set_names
    known = {folded(name) for name in (*labels, *names)}
    for app in repository.apps:
        for one in app.all("permission-sets"):
            is_ours = one.text and "__" not in one.text and not _is_id(one.text)
            if known and is_ours and folded(one.text) not in known:
                message = f"no permission set '{word(one.text)}' is in the repository, which holds {len(names)}"
                yield Problem(message, one.at, about=one.text)


@rule(
    "warning",
    "inferred",
    "ca",
    "eca_oauth_plcy",
    leads_to=("user-not-preauthorized",),
    remedy="write the name in the form that this kind of app takes",
)
def permission_set_by_other_name(repository: Repository) -> Iterator[Problem]:
    """A permission set is named by its API name where the label belongs, or the other way round.

    Retrieved connected apps hold the label ("Sync Integration"), external client apps the API name
    (`Sync_Integration`). Seen in retrieved files, not documented so.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <permissionSetName>Sync_Integration</permissionSetName>
        </ConnectedApp>
        permissionsets/Sync_Integration.permissionset
        <PermissionSet><label>For the nightly sync</label></PermissionSet>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <permissionSetName>For the nightly sync</permissionSetName>
        </ConnectedApp>
        permissionsets/Sync_Integration.permissionset
        <PermissionSet><label>For the nightly sync</label></PermissionSet>
    """
    labels, names = repository.permission_set_labels, repository.permission_set_names
    of_name = {name: label for label, name in labels.items()}
    for app in repository.apps:
        for one in app.all("permission-sets"):
            if app.kind == "connected-app":
                meant = of_name.get(one.text) if one.text in names and one.text not in labels else None
                form = "label"
            else:
                meant = labels.get(one.text) if one.text in labels and one.text not in names else None
                form = "API name"
            if meant:
                message = f"'{word(one.text)}' is not the {form}, which is '{word(meant)}'"
                yield Problem(message, one.at, about=one.text)


@rule(
    "warning",
    "field-report",
    "eca_oauth_plcy",
    leads_to=("user-not-preauthorized",),
    remedy="write the API names of the permission sets",
)
def permission_set_by_id(repository: Repository) -> Iterator[Problem]:
    """An external client app names a permission set by its id.

    The reference speaks of ids, its own sample has an API name, and an id is reported to be refused with
    `INVALID_FIELD`. An id is another one in every org, besides.

    Bad:
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <commaSeparatedPermissionSet>0PS000000000001AAA</commaSeparatedPermissionSet>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthConfigurablePolicies>
    Good:
        extlClntAppOauthPolicies/Sync_policy.ecaOauthPlcy
        <ExtlClntAppOauthConfigurablePolicies>
            <commaSeparatedPermissionSet>Sync_Integration</commaSeparatedPermissionSet>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthConfigurablePolicies>
    """
    for app in repository.apps:
        for one in app.all("permission-sets"):
            if _is_id(one.text):
                yield Problem(f"'{word(one.text)}' is the id of a permission set", one.at, about=one.text)


@rule(
    "note",
    "inferred",
    "ca",
    remedy="check the name against the org: jwtdoctor audit, or Setup > the app > Manage",
)
def profile_not_in_source(repository: Repository) -> Iterator[Problem]:
    """Whether a pre-authorised profile exists cannot be told: no profile of that name is in the repository.

    Apps name profiles by the label that Setup shows, in the language of the org, while files have another name
    (`System Administrator` is `Admin.profile`). Names of standard profiles are known in some languages; for others
    this is a note, never more.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <profileName>Sync User</profileName>
        </ConnectedApp>
        profiles/Sales.profile
        <Profile><custom>true</custom></Profile>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <profileName>System Administrator</profileName>
        </ConnectedApp>
        profiles/Admin.profile
        <Profile><custom>false</custom></Profile>
    """
    if not repository.profiles:
        return
    for app in repository.apps:
        for one in app.all("profiles"):
            if one.text and not _is_known_profile(repository, one):
                message = f"cannot tell whether the profile '{word(one.text)}' exists: no file here has that name"
                yield Problem(message, one.at, about=one.text)


def _is_id(text: str) -> bool:
    return re.fullmatch(r"0PS[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?", text) is not None


def _is_known_profile(repository: Repository, one: Seen) -> bool:
    return folded(one.text) in repository.profiles or is_standard_profile(one.text)


def _app(app: App) -> str:
    return f"'{word(app.name)}'"
