"""Addresses and hours: what is enforced for which flow.

Only the login IP ranges of profiles refuse a login. IP relaxation on an app decides whether they do, except for JWT
bearer and SAML bearer, which always enforce them. Trusted ranges of the org spare a device check and refuse nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from jwtdoctor.lint.apps import Place
from jwtdoctor.lint.repository import Repository, folded
from jwtdoctor.lint.rule import Problem, rule
from jwtdoctor.lint.tree import Element
from jwtdoctor.lint.walk import Document, word

MOST_ECA_RANGES = 128
WORLD = ("0.0.0.0", "255.255.255.255")  # noqa: S104 - a range of addresses, not one to listen on


@rule(
    "warning", "documented", "ca", "eca_oauth_plcy", "h_cont_ip", remedy="enforce, and put the addresses in the profile"
)
def ip_relaxed(repository: Repository) -> Iterator[Problem]:
    """The app relaxes IP restrictions: login IP ranges of profiles do not count for its users.

    JWT bearer and SAML bearer are the exceptions: they check the ranges whatever the app says.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>https://app.example.com</callbackUrl></oauthConfig>
            <oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthConfig><callbackUrl>https://app.example.com</callbackUrl></oauthConfig>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    """
    for app in repository.apps:
        one = app.one("ip-relaxation")
        if one and app.ip_relaxation == "relax":
            yield Problem(f"'{word(app.name)}' relaxes IP restrictions for every flow but JWT and SAML bearer", one.at)


@rule(
    "note",
    "documented",
    "h_cont_ip",
    leads_to=("ip-restricted",),
    remedy="put the caller's addresses in the login IP ranges of the integration user's profile",
)
def ip_relaxation_without_effect(repository: Repository) -> Iterator[Problem]:
    """IP relaxation on an app for JWT bearer has no effect on that flow.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
            <oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><certificate>@certificate</certificate></oauthConfig>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    """
    for app in repository.jwt_apps:
        one = app.one("ip-relaxation")
        if one and app.ip_relaxation not in ("enforce", ""):
            yield Problem("JWT bearer checks the profile's ranges whatever is set here", one.at)


@rule("note", "documented", "ca", remedy="choose ENFORCE or BYPASS for flows other than the web server flow")
def ip_relaxed_for_the_web_flow_only(repository: Repository) -> Iterator[Problem]:
    """`BYPASS_2FACTOR` helps the web server flow and no other.

    With trusted ranges on the app, requests from these pass; without any, a user who verifies a new device does.

    Bad:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>BYPASS_2FACTOR</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    Good:
        connectedApps/Portal.connectedApp
        <ConnectedApp>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
        </ConnectedApp>
    """
    for app in repository.apps:
        one = app.one("ip-relaxation")
        if one and app.ip_relaxation == "relax_with_second_factor":
            yield Problem("this relaxes IP restrictions in the web server flow only", one.at)


@rule(
    "note", "documented", "profile_ip", "h_cont_ip", remedy="give the profile of the integration user login IP ranges"
)
def no_profile_ranges(repository: Repository) -> Iterator[Problem]:
    """The app enforces IP restrictions, and none of its pre-authorised profiles has login IP ranges.

    Without a range on the profile there is nothing to enforce. Told only where all the profiles are in the
    repository; users who come in by a permission set have profiles that cannot be seen here.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
            <profileName>Integration</profileName>
        </ConnectedApp>
        profiles/Integration.profile
        <Profile><custom>true</custom></Profile>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig><isAdminApproved>true</isAdminApproved></oauthConfig>
            <oauthPolicy><ipRelaxation>ENFORCE</ipRelaxation></oauthPolicy>
            <profileName>Integration</profileName>
        </ConnectedApp>
        profiles/Integration.profile
        <Profile>
            <loginIpRanges>
                <endAddress>192.0.2.9</endAddress>
                <startAddress>192.0.2.1</startAddress>
            </loginIpRanges>
        </Profile>
    """
    for app in repository.apps:
        one = app.one("ip-relaxation")
        names = [folded(name.text) for name in app.all("profiles") if name.text]
        if not one or app.ip_relaxation != "enforce" or not names or app.text("permission-sets"):
            continue
        profiles = [repository.profiles.get(name) for name in names]
        if all(profile and not any(profile.tree.root.all("loginIpRanges")) for profile in profiles):
            yield Problem("nothing is enforced: no pre-authorised profile has login IP ranges", one.at)


@rule(
    "note",
    "documented",
    "profile_ip",
    "h_cont_ip",
    leads_to=("ip-restricted",),
    remedy="make sure that the addresses of the calling servers are among the ranges",
)
def profile_ranges_bind_jwt(repository: Repository) -> Iterator[Problem]:
    """A profile that is pre-authorised for a JWT bearer app has login IP ranges: from elsewhere it is refused.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
            </oauthConfig>
            <profileName>Integration</profileName>
        </ConnectedApp>
        profiles/Integration.profile
        <Profile>
            <loginIpRanges>
                <endAddress>192.0.2.9</endAddress>
                <startAddress>192.0.2.1</startAddress>
            </loginIpRanges>
        </Profile>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
            </oauthConfig>
            <profileName>Integration</profileName>
        </ConnectedApp>
        profiles/Integration.profile
        <Profile><custom>true</custom></Profile>
    """
    yield from _of_profiles(
        repository, "loginIpRanges", "JWT bearer for '{app}' is refused from outside the ranges of this profile"
    )


@rule(
    "note",
    "documented",
    "profile",
    leads_to=("login-hours-restricted",),
    remedy="take the hours off the integration user's profile, or plan the jobs within them",
)
def profile_hours_bind_jwt(repository: Repository) -> Iterator[Problem]:
    """A profile that is pre-authorised for a JWT bearer app has login hours: outside of them it is refused.

    Bad:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
            </oauthConfig>
            <profileName>Integration</profileName>
        </ConnectedApp>
        profiles/Integration.profile
        <Profile>
            <loginHours><mondayStart>480</mondayStart><mondayEnd>1080</mondayEnd></loginHours>
        </Profile>
    Good:
        connectedApps/Sync.connectedApp
        <ConnectedApp>
            <oauthConfig>
                <certificate>@certificate</certificate>
                <isAdminApproved>true</isAdminApproved>
            </oauthConfig>
            <profileName>Integration</profileName>
        </ConnectedApp>
        profiles/Integration.profile
        <Profile><loginHours></loginHours></Profile>
    """
    yield from _of_profiles(repository, "loginHours", "JWT bearer for '{app}' is refused outside these login hours")


@rule("warning", "inferred", "profile_ip", "ca", remedy="write the lower address first, both of one family")
def range_of_addresses_is_wrong(repository: Repository) -> Iterator[Problem]:
    """A range of addresses ends before it begins, or one of its ends is no address.

    Bad:
        profiles/Integration.profile
        <Profile>
            <loginIpRanges>
                <endAddress>192.0.2.1</endAddress>
                <startAddress>192.0.2.9</startAddress>
            </loginIpRanges>
        </Profile>
    Good:
        profiles/Integration.profile
        <Profile>
            <loginIpRanges>
                <endAddress>192.0.2.9</endAddress>
                <startAddress>192.0.2.1</startAddress>
            </loginIpRanges>
        </Profile>
    """
    for document, element, start, end in _ranges(repository):
        if start and end and not _is_range(start, end):
            at = Place(document.path, element.line, element.col)
            yield Problem("this is no range of addresses: it ends before it begins, or is not written as one", at)


@rule("note", "inferred", "profile_ip", remedy="narrow it, or take it out")
def profile_range_is_the_world(repository: Repository) -> Iterator[Problem]:
    """A login IP range of a profile holds every address, which is the same as none.

    Bad:
        profiles/Integration.profile
        <Profile>
            <loginIpRanges>
                <endAddress>255.255.255.255</endAddress>
                <startAddress>0.0.0.0</startAddress>
            </loginIpRanges>
        </Profile>
    Good:
        profiles/Integration.profile
        <Profile>
            <loginIpRanges>
                <endAddress>192.0.2.9</endAddress>
                <startAddress>192.0.2.1</startAddress>
            </loginIpRanges>
        </Profile>
    """
    for document, element, start, end in _ranges(repository):
        if document.type.name == "Profile" and (start, end) == WORLD:
            yield Problem("this range holds every address", Place(document.path, element.line, element.col))


@rule("note", "documented", "security_settings", remedy="to keep callers out, use the login IP ranges of profiles")
def trusted_ranges_refuse_nobody(repository: Repository) -> Iterator[Problem]:
    """The org has trusted IP ranges: they spare users a device check and refuse nobody a token.

    A deployment of the file replaces the whole list.

    Bad:
        settings/Security.settings
        <SecuritySettings>
            <networkAccess>
                <ipRanges><end>192.0.2.9</end><start>192.0.2.1</start></ipRanges>
            </networkAccess>
        </SecuritySettings>
    Good:
        settings/Security.settings
        <SecuritySettings>
            <networkAccess/>
        </SecuritySettings>
    """
    for document in repository.of_type("SecuritySettings"):
        found = list(document.tree.root.all("networkAccess.ipRanges"))
        if found:
            at = Place(document.path, found[0].line, found[0].col)
            yield Problem(f"{len(found)} trusted ranges of the org: they do not restrict who gets a token", at)


@rule("warning", "documented", "eca_oauth", remedy="merge neighbouring ranges")
def too_many_trusted_ranges(repository: Repository) -> Iterator[Problem]:
    """An external client app has more than 128 trusted ranges, which is the most it may have.

    Bad:
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
            @ranges-129
        </ExtlClntAppOauthSettings>
    Good:
        extlClntAppOauthSettings/Sync_oauth.ecaOauth
        <ExtlClntAppOauthSettings>
            <externalClientApplication>Sync</externalClientApplication>
        </ExtlClntAppOauthSettings>
    """
    for document in repository.of_type("ExtlClntAppOauthSettings"):
        found = list(document.tree.root.all("trustedIpRanges"))
        if len(found) > MOST_ECA_RANGES:
            at = Place(document.path, found[MOST_ECA_RANGES].line, found[MOST_ECA_RANGES].col)
            yield Problem(f"{len(found)} trusted ranges, and {MOST_ECA_RANGES} are allowed", at)


def _of_profiles(repository: Repository, element: str, message: str) -> Iterator[Problem]:
    for app in repository.jwt_apps:
        for one in app.all("profiles"):
            profile = repository.profiles.get(folded(one.text)) if one.text else None
            found = next(profile.tree.root.all(element), None) if profile else None
            if profile and found and found.children and not _is_the_world(found):
                at = Place(profile.path, found.line, found.col)
                yield Problem(message.format(app=word(app.name)), at, about=app.name)


def _is_the_world(element: Element) -> bool:
    return (_text(element, "startAddress"), _text(element, "endAddress")) == WORLD


_ENDS = {
    "Profile": ("loginIpRanges", "startAddress", "endAddress"),
    "ConnectedApp": ("ipRanges", "start", "end"),
    "ExtlClntAppOauthSettings": ("trustedIpRanges", "startIpAddress", "endIpAddress"),
    "SecuritySettings": ("networkAccess.ipRanges", "start", "end"),
}


def _ranges(repository: Repository) -> Iterator[tuple[Document, Element, str, str]]:
    for document in repository.of_type(*_ENDS):
        path, start, end = _ENDS[document.type.name]
        for element in document.tree.root.all(path):
            yield document, element, _text(element, start), _text(element, end)


def _text(element: Element, name: str) -> str:
    return next((child.text.strip() for child in element.all(name)), "")


def _is_range(start: str, end: str) -> bool:
    try:
        first, last = ip_address(start), ip_address(end)
    except ValueError:
        return False
    return first.version == last.version and int(first) <= int(last)
