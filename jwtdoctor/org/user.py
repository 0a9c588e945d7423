"""The user: active, frozen, assigned, approved, and what its permission sets give. Pure.

Assignment has two halves: `SetupEntityAccess` ties the app to permission sets (a profile stands as the permission set
that it owns), `PermissionSetAssignment` ties permission sets to the user. Assignments that have run out stay as rows,
so `IsActive` is looked at here; a revoked one stays too. That a grant on a set within a permission set group reaches
the group's users is inferred: no page says so, and none denies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from jwtdoctor.model.facts import Value
from jwtdoctor.org.shapes import Part, Rows, flag, key, moment, text

Row = Mapping[str, Any]
LEVELS = {"HIGH_ASSURANCE": "High Assurance", "STANDARD": "Standard"}
"""`SessionSecurityLevel` of the Metadata API, as the profile's screen has it. `LOW` stands on no screen."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One profile or permission set that the app is assigned to."""

    set_id: str
    name: str
    is_profile: bool
    group_id: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """The user's side: what it holds. `ended`: epoch seconds, for an assignment that has run out."""

    set_id: str
    group_id: str
    name: str
    is_active: bool
    ended: float | None
    api_enabled: bool | None
    api_only: bool | None
    uninstalled_apps: bool | None


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether and by what the app reaches the user. `way`: `profile`, `permission set` or `permission set group`."""

    assigned: bool
    by: str = ""
    way: str = ""
    ran_out: str = ""
    """The assignment that would have reached, had it not ended."""


def user_facts(row: Row | None) -> dict[str, Value | None]:
    """What the row of `User` says; None: there is no such user."""
    if row is None:
        return {"user.exists_in_org": False}
    return {
        "user.exists_in_org": True,
        "user.is_active": flag(row, "IsActive"),
        "user.has_logged_in": moment(row, "LastLoginDate") is not None,
        "user.licence": text(row, "Profile.UserLicense.Name") or None,
        "user.profile": text(row, "Profile.Name") or None,
    }


def login_facts(found: Rows) -> dict[str, Value | None]:
    """Frozen, and the password locked. Without a row nothing is said."""
    if not found.records:
        return {}
    row = found.records[0]
    return {"user.is_frozen": flag(row, "IsFrozen"), "user.password_locked": flag(row, "IsPasswordLocked")}


def session_facts(settings: Iterable[Part], profile: str) -> dict[str, Value | None]:
    """The session level that the profile of that name demands.

    Only profiles whose session settings were ever changed have such a component, and standard profiles go by another
    name there than on screen; so a profile without one leaves the fact open. Names are written with percent escapes.
    Several components for one profile that differ leave it open too: nothing says which of them holds.
    """
    wanted = profile.casefold()
    levels = {one.text("requiredSessionLevel") for one in settings if unquote(one.text("profile")).casefold() == wanted}
    level = LEVELS.get(levels.pop()) if len(levels) == 1 else None
    return {"user.required_session_level": level}


def grants_of(records: Iterable[Row]) -> tuple[Grant, ...]:
    return tuple(
        Grant(
            key(text(row, "ParentId")),
            text(row, "Parent.Profile.Name") or text(row, "Parent.Label") or text(row, "Parent.Name"),
            flag(row, "Parent.IsOwnedByProfile") is True,
            key(text(row, "Parent.PermissionSetGroupId")),
        )
        for row in records
        if text(row, "ParentId")
    )


def assignments_of(records: Iterable[Row]) -> tuple[Assignment, ...]:
    return tuple(
        Assignment(
            set_id=key(text(row, "PermissionSetId")),
            group_id=key(text(row, "PermissionSetGroupId")),
            name=text(row, "PermissionSetGroup.DeveloperName") or text(row, "PermissionSet.Label"),
            is_active=flag(row, "IsActive") is not False and flag(row, "IsRevoked") is not True,
            ended=moment(row, "ExpirationDate"),
            api_enabled=flag(row, "PermissionSet.PermissionsApiEnabled"),
            api_only=flag(row, "PermissionSet.PermissionsApiUserOnly"),
            uninstalled_apps=flag(row, "PermissionSet.PermissionsCanApproveUninstalledApps"),
        )
        for row in records
    )


def reach(
    grants: tuple[Grant, ...], assignments: tuple[Assignment, ...], members: Mapping[str, frozenset[str]]
) -> Reach:
    """Whether a grant of the app reaches what the user holds. `members`: group -> permission sets in it."""
    by_set = {grant.set_id: grant for grant in grants}
    for held in assignments:
        direct = by_set.get(held.set_id)
        if held.is_active and direct is not None:
            way = "profile" if direct.is_profile else "permission set group" if held.group_id else "permission set"
            return Reach(True, direct.name, way)
    for held in assignments:
        if held.is_active and held.group_id and members.get(held.group_id, frozenset()) & by_set.keys():
            return Reach(True, held.name, "permission set group")
    ran_out = (held.name for held in assignments if not held.is_active and held.set_id in by_set)
    return Reach(False, ran_out=next(ran_out, ""))


def members_of(records: Iterable[Row]) -> dict[str, frozenset[str]]:
    """Permission set group -> the permission sets in it."""
    found: dict[str, frozenset[str]] = {}
    for row in records:
        group, member = key(text(row, "PermissionSetGroupId")), key(text(row, "PermissionSetId"))
        found[group] = found.get(group, frozenset()) | {member}
    return found


def permission_facts(assignments: tuple[Assignment, ...]) -> dict[str, Value | None]:
    """What all the user's permission sets give together. A column that the org does not know leaves a fact open."""
    held = [one for one in assignments if one.is_active]
    if not held:
        return {}
    return {
        "user.has_api_access": _any(one.api_enabled for one in held),
        "user.is_api_only": _any(one.api_only for one in held),
        "user.may_use_uninstalled_apps": _any(one.uninstalled_apps for one in held),
    }


def _any(flags: Iterable[bool | None]) -> bool | None:
    known = [one for one in flags if one is not None]
    return any(known) if known else None


@dataclass(frozen=True, slots=True)
class Approval:
    """One row of `OauthToken`: an app that was approved."""

    app_name: str
    last_used: float | None


def approvals_of(records: Iterable[Row]) -> tuple[Approval, ...]:
    return tuple(Approval(text(row, "AppName"), moment(row, "LastUsedDate")) for row in records if text(row, "AppName"))


def approval_facts(approvals: tuple[Approval, ...], label: str) -> dict[str, Value | None]:
    """Approvals of this app. They say nothing of the scopes that each of them held."""
    number = sum(one.app_name.casefold() == label.casefold() for one in approvals)
    return {"user.has_approved_app": number > 0, "user.approvals_for_app": number}
