"""What the simulated org, its app and its users are set to: everything that the judge judges by.

Each number says how sure it is. A fault is staged by changing these values, never by telling the judge its name.
What was spent (codes, jti, refresh tokens) is state as well: `Policy.after` returns the policy with it added, so that
the judge stays a pure function and the server keeps one reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from jwtdoctor.model.secret import Secret

LATE_TOLERANCE_S = 180.0
"""Seconds after exp in which an assertion is still taken.

Field report (https://innovalleyworks.com/secure-salesforce-integration-with-jwt-token, a paraphrase of help), and
consistent with CumulusCI, which signs exp = now and works.
"""

CODE_LIFE_S = 180.0
"""Seconds that an authorization code lives.

# GUESS: Salesforce's CLI guide warns from 3 minutes between code and token call; help elsewhere says 15 minutes.
"""

DEVICE_CODE_LIFE_S = 600.0
"""Seconds that a device code lives (field report: ten minutes)."""

DEVICE_INTERVAL_S = 5.0
"""Seconds between two polls of the device flow, as the endpoint itself announces (documented)."""

LOGINS_PER_HOUR = 3600
"""Logins per user and hour (documented: https://help.salesforce.com/s/articleView?id=000381578&language=en_US&type=1)."""

APPROVALS_PER_APP = 5
"""Approvals per user and app; the sixth drops the oldest (field reports)."""

ADMINISTRATORS_PERMISSIONS = frozenset(
    {
        *("ApiEnabled", "ViewSetup", "ManageUsers", "MonitorLoginHistory", "CustomizeApplication", "ModifyMetadata"),
        *("ModifyAllData", "ViewAllData", "ManageRemoteAccess", "ExternalClientAppAdmin", "ExternalClientAppDeveloper"),
        *("ExternalClientAppViewer", "ViewClientSecret", "ViewEventLogFiles"),
    }
)
"""User permissions of the simulated administrator, by API name without `Permissions`."""

REPLICATION_MIN = 10.0
"""Minutes until a new app is known everywhere (documented: 2 to 10 minutes)."""

AppKind = Literal["connected-app", "external-client-app"]
OrgKind = Literal["production", "sandbox", "scratch", "developer"]
Vague = Literal["no", "no-description", "bare"]


@dataclass(frozen=True, slots=True)
class Org:
    """The org behind the token host. Addresses are text as `ipaddress` reads it: one, a CIDR, or `A-B`."""

    kind: OrgKind = "production"
    org_id: str = "00D5g000004aBcDEAU"
    my_domain: str = "acme.my.salesforce.com"
    instance_host: str = "na139.salesforce.com"
    is_active: bool = True
    is_new: bool = False
    requires_pkce: bool = False
    allows_password_flow: bool = True
    api_access_control: bool = False
    requires_high_assurance: bool = False
    trusted_ranges: tuple[str, ...] = ()
    """Trusted IP ranges of the org: they spare the security token and refuse nobody (documented)."""
    platform: Literal["up", "maintenance", "overloaded", "hiccup"] = "up"
    time_zone: str = "GMT"
    """TimeZoneSidKey: login hours are read in it (documented)."""
    api_used: int = 17
    """API requests of the last 24 hours, out of `api_limit`."""
    api_limit: int = 15_000
    offers_idp_log: bool = True
    """Whether there is an IdpEventLog object."""

    @property
    def is_sandbox(self) -> bool:
        return self.kind in ("sandbox", "scratch")

    @property
    def login_host(self) -> str:
        """The generic login host that serves this kind of org."""
        return "test.salesforce.com" if self.is_sandbox else "login.salesforce.com"


@dataclass(frozen=True, slots=True)
class App:
    """The connected app or external client app, as its settings and policies stand in the org."""

    kind: AppKind = "connected-app"
    label: str = "Acme Integration"
    api_name: str = "Acme_Integration"
    app_id: str = "0H45g000000AcmeCAA"
    consumer_key: str = ""
    consumer_secret: Secret = field(default_factory=lambda: Secret(""))
    certificates: tuple[str, ...] = ()
    """PEM of each certificate that is uploaded; a signature by any of them is good."""
    jwt_flow_enabled: bool = True
    flows: frozenset[str] = frozenset()
    permitted_users: Literal["admin-approved", "self-authorize"] = "admin-approved"
    scopes: tuple[str, ...] = ("api", "refresh_token", "openid")
    callback_urls: tuple[str, ...] = ()
    requires_pkce: bool = False
    requires_secret: bool = True
    ip_relaxation: Literal["enforce", "relax", "relax_with_second_factor", "enforce_relax_refresh"] = "enforce"
    refresh_ip_allowlist: tuple[str, ...] = ()
    is_enabled: bool = True
    """The app and its OAuth plugin are switched on."""
    installed: bool = True
    home_org_is_target: bool = True
    distribution: Literal["Local", "Packaged"] = "Local"
    known_in_both_pools: bool = False
    """The same consumer key exists behind login and test (a sandbox copies the apps of its production org)."""
    has_policy: bool = True
    version_matches: bool = True
    blocked: bool = False
    run_as: str | None = None
    age_min: float = 60.0 * 24 * 200
    changed_recently: bool = False
    refresh_token_policy: Literal["infinite", "immediately_expire", "specific_lifetime", "specific_inactivity"] = (
        "infinite"
    )
    refresh_token_life_s: float | None = None
    rotates_refresh_tokens: bool = False
    requires_dpop: bool = False
    dpop_nonces: Literal["asked", "withheld"] = "asked"
    """Whether the nonce that proofs need comes with the answers, or something on the way drops it. GUESS: that one is
    always needed; that the code for it is in the server's list is all that is known."""
    token_handler: Literal["accepts", "rejects", "none"] = "accepts"
    secret_rotated_min_ago: float | None = None
    allowlisted: bool = True
    """Whether API Access Control, if it is on, lets this app in."""
    granted_to_nobody: bool = False
    """No profile and no permission set is assigned to the app (with one assigned, this user may still not hold it)."""
    staged: Literal["", "Active", "Expired", "Rotated"] = ""
    """State of the staged credentials (external client apps); empty: none are staged."""

    @property
    def is_external(self) -> bool:
        return self.kind == "external-client-app"

    @property
    def has_refresh_scope(self) -> bool:
        return bool({"refresh_token", "offline_access", "full"} & set(self.scopes))

    @property
    def is_replicating(self) -> bool:
        return self.age_min < REPLICATION_MIN


@dataclass(frozen=True, slots=True)
class User:
    """A user of the org. `ip_ranges` are the profile's login IP ranges; empty means that none are set."""

    username: str = ""
    user_id: str = "0055g00000ABcDeAAL"
    email: str = ""
    is_active: bool = True
    is_frozen: bool = False
    is_locked: bool = False
    has_logged_in: bool = True
    assigned_to_app: bool = True
    assigned_by: Literal["profile", "permission-set", "group"] = "permission-set"
    """By which way, where the user is assigned."""
    permissions: frozenset[str] = frozenset()
    """User permissions besides API Enabled, by API name without `Permissions`."""
    approvals: int = 0
    """Approvals of the app by this user that still stand."""
    approval_has_refresh_token: bool = True
    approvals_made: int = 0
    """All approvals ever made, dropped ones included."""
    ip_ranges: tuple[str, ...] = ()
    login_hours: frozenset[int] | None = None
    """Hours of the day (UTC) at which the profile lets in; None: all."""
    required_session_level: Literal["Standard", "High Assurance"] = "Standard"
    has_api_access: bool = True
    password: Secret = field(default_factory=lambda: Secret(""))
    security_token: Secret = field(default_factory=lambda: Secret(""))
    logins_last_hour: int = 12
    tokens_revoked: bool = False
    """The refresh tokens that this user gave out are revoked (by user or admin, a password reset, a deleted app)."""
    refresh_in_flight: bool = False
    """Another process is redeeming this user's refresh token at this moment."""
    denies_approval: bool = False


@dataclass(frozen=True, slots=True)
class LoginRow:
    """One row of Login History. `at` is the token host's clock; `status` is the text that an administrator reads."""

    at: float
    username: str
    status: str
    source_ip: str
    flow: str
    host: str
    application: str


def _administrator() -> User:
    return User(
        username="admin@acme.example",
        user_id="0055g00000ADmInAA0",
        email="admin@acme.example",
        assigned_to_app=False,
        permissions=ADMINISTRATORS_PERMISSIONS,
        logins_last_hour=0,
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """All that stands in the simulated service. `logical_host` is the host that the listener plays.

    A request to loopback says nothing of the host that was meant; a request whose Host header names a host of the
    simulated service (real clients, through /etc/hosts) is taken at its word instead.
    """

    org: Org = field(default_factory=Org)
    app: App = field(default_factory=App)
    users: tuple[User, ...] = ()
    logical_host: str = "acme.my.salesforce.com"
    browser_user: str = ""
    """User name of whoever is logged in to the browser at the approval step."""
    device_approved: bool = True
    administrator: User = field(default_factory=_administrator)
    """Who reads the org over its API (`audit`)."""
    other_apps: tuple[App, ...] = ()
    """Further apps of the org, for whoever lists them; the token endpoint knows `app` alone."""
    logins: tuple[LoginRow, ...] = ()
    """Login History, oldest first."""
    saml_issuer: str = "https://idp.example"
    vague: Vague = "no"
    """`no-description`: errors come without their description. `bare`: every error is only `invalid_grant`."""
    spent: frozenset[str] = frozenset()
    """Names of codes, jti and refresh tokens that were used up, and of tokens that were revoked."""
    used_at: tuple[tuple[str, float], ...] = ()
    """When device codes were last polled with, in server time."""

    def user(self, username: str) -> User | None:
        """The user of that name; user names are compared without case."""
        wanted = username.casefold()
        everyone = (*self.users, self.administrator)
        return next((user for user in everyone if user.username.casefold() == wanted), None)

    def with_app(self, **changes: object) -> Policy:
        return replace(self, app=replace(self.app, **changes))  # type: ignore[arg-type]

    def with_org(self, **changes: object) -> Policy:
        return replace(self, org=replace(self.org, **changes))  # type: ignore[arg-type]

    def with_user(self, **changes: object) -> Policy:
        """With the first user changed, who is the one that the scenarios log in with."""
        first, *others = self.users
        return replace(self, users=(replace(first, **changes), *others))  # type: ignore[arg-type]

    def after(self, spent: Iterable[str], used_at: Iterable[tuple[str, float]] = ()) -> Policy:
        """The policy once these names are used up. Keeps the newest thousand of the dated ones."""
        dated = dict(self.used_at) | dict(used_at)
        return replace(self, spent=self.spent | frozenset(spent), used_at=tuple(dated.items())[-1000:])
