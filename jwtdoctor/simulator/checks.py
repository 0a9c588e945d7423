"""One check, one function: what is asked, and the refusal where it fails. The order stands in `judge.py`.

Each takes an `Asked` and returns a `Refusal`, or None where there is nothing to object to. None of them raises, and
none knows the name of a fault. Behaviour that nobody has documented is marked `# GUESS:` with its reason.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jwtdoctor.assertions import pkce
from jwtdoctor.assertions.decode import Decoded, missing_claims, seconds, take_apart
from jwtdoctor.errors import BadKey, NotAJwt
from jwtdoctor.simulator import proofs
from jwtdoctor.simulator import refusals as no
from jwtdoctor.simulator.policy import (
    CODE_LIFE_S,
    DEVICE_CODE_LIFE_S,
    DEVICE_INTERVAL_S,
    LATE_TOLERANCE_S,
    LOGINS_PER_HOUR,
    App,
    Org,
    Policy,
    User,
)
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.saml import SamlAssertion, read_saml
from jwtdoctor.simulator.sealed import name_of, unseal
from jwtdoctor.simulator.wire import Basic, HttpRequest, basic_of

ALWAYS_IP_ENFORCED = ("jwt-bearer", "saml-bearer")
"""Flows in which the profile's ranges count whatever the app's IP relaxation says (documented)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One token (or authorize) request, as the checks read it. `now` is the token host's clock."""

    request: HttpRequest
    form: Mapping[str, str] = field(repr=False)
    flow: str
    policy: Policy
    now: float
    basic: Basic | None = field(repr=False)
    assertion: Decoded | None = field(repr=False)
    saml: SamlAssertion | None = field(repr=False)
    sealed: Mapping[str, Any] | None = field(repr=False)
    """What a code, device code or refresh token of ours holds."""

    @property
    def app(self) -> App:
        return self.policy.app

    @property
    def org(self) -> Org:
        return self.policy.org

    @property
    def host(self) -> str:
        return meant_host(self.request, self.policy)

    @property
    def at_authorize(self) -> bool:
        return self.request.path.endswith("/authorize")

    @property
    def client_id(self) -> str:
        """The consumer key: iss in a bearer assertion, else the form's, else the Basic header's."""
        if self.assertion is not None:
            return text_of(self.assertion.claims.get("iss"))
        if self.saml is not None:
            return self.saml.issuer
        from_header = self.basic.client_id if self.basic else ""
        return self.form.get("client_id", from_header)

    @property
    def secret(self) -> str | None:
        """The secret that was sent, None where none was (an empty one counts as none)."""
        from_header = self.basic.client_secret if self.basic else ""
        return self.form.get("client_secret") or from_header or None

    @property
    def username(self) -> str:
        """Who is to be logged in."""
        match self.flow:
            case "jwt-bearer" if self.assertion is not None:
                claims = self.assertion.claims  # prn wins if both are there (documented)
                return text_of(claims.get("prn") if claims.get("prn") is not None else claims.get("sub"))
            case "saml-bearer" if self.saml is not None:
                return self.saml.subject
            case "client-credentials":
                return self.app.run_as or ""
            case "password":
                return self.form.get("username", "")
            case "authorization-code" | "refresh-token" | "device" if self.sealed is not None:
                return text_of(self.sealed.get("user"))
            case _:
                return self.policy.browser_user

    @property
    def user(self) -> User | None:
        return self.policy.user(self.username) if self.username else None


Check = Callable[[Asked], Refusal | None]


def asked_of(request: HttpRequest, flow: str, policy: Policy, now: float) -> Asked:
    """The request with everything in it taken apart once. Never raises."""
    form = request.parameters()
    return Asked(
        request=request,
        form=form,
        flow=flow,
        policy=policy,
        now=now,
        basic=basic_of(request),
        assertion=_jwt_of(form.get("assertion", "")) if flow == "jwt-bearer" else None,
        saml=read_saml(form.get("assertion", "")) if flow == "saml-bearer" else None,
        sealed=_sealed_of(form, flow, policy),
    )


def _jwt_of(text: str) -> Decoded | None:
    try:
        decoded = take_apart(text)
    except NotAJwt:
        return None
    # Padding, the ordinary base64 alphabet and white space are "damaged base64url" (accepted answer:
    # https://salesforce.stackexchange.com/questions/49578): not an assertion.
    damaged = any(defect.where == "token" for defect in decoded.defects)
    return None if damaged else decoded


def _sealed_of(form: Mapping[str, str], flow: str, policy: Policy) -> Mapping[str, Any] | None:
    match flow:
        case "authorization-code":
            return unseal("code", form.get("code", ""), policy)
        case "refresh-token":
            return unseal("refresh", form.get("refresh_token", ""), policy)
        case "device":
            return unseal("device", form.get("code", form.get("device_code", "")), policy)
        case _:
            return None


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


# --- the host that is meant -------------------------------------------------------------------------------------

_SERVICE_SUFFIXES = (".salesforce.com", ".force.com", ".salesforce-setup.com", ".site.com")


def is_service_host(host: str) -> bool:
    """Whether a Host header names a host of the simulated service (else the listener's logical host counts)."""
    return host.partition(":")[0].endswith(_SERVICE_SUFFIXES)


def meant_host(request: HttpRequest, policy: Policy) -> str:
    """The Salesforce host that the client addresses."""
    named = request.host.partition(":")[0]
    return named if is_service_host(request.host) else policy.logical_host


def base_url(request: HttpRequest, policy: Policy) -> str:
    """The URL that the listener has for its peer: loopback where it is reached so, since clients must resolve it."""
    if request.host and not is_service_host(request.host):
        return f"{request.own_scheme}://{request.host}"
    return f"{request.scheme}://{policy.org.my_domain}"


def host_kind(host: str, org: Org) -> str:
    """login, test, my-domain, instance, lightning, setup or other."""
    exact = {
        "login.salesforce.com": "login",
        "test.salesforce.com": "test",
        org.my_domain: "my-domain",
        org.instance_host: "instance",
    }
    if host in exact:
        return exact[host]
    if host.endswith(".lightning.force.com"):
        return "lightning"
    return "setup" if host.endswith(".salesforce-setup.com") else "other"


def host_serves_oauth(asked: Asked) -> Refusal | None:
    """Lightning and setup hosts have no token endpoint (documented: the CLI guide names them for this text)."""
    if host_kind(asked.host, asked.org) in ("lightning", "setup", "other"):
        return no.GRANT_NOT_SUPPORTED
    return None


def host_serves_client_credentials(asked: Asked) -> Refusal | None:
    """Client credentials are answered on My Domain only."""
    return None if host_kind(asked.host, asked.org) == "my-domain" else no.WRONG_DOMAIN


def _is_generic(asked: Asked) -> bool:
    return host_kind(asked.host, asked.org) in ("login", "test")


def _is_wrong_pool(asked: Asked) -> bool:
    return _is_generic(asked) and asked.host != asked.org.login_host


# --- the request ------------------------------------------------------------------------------------------------


def basic_header_readable(asked: Asked) -> Refusal | None:
    return no.BAD_BASIC_HEADER if asked.basic is not None and not asked.basic.readable else None


def no_scope_parameter(asked: Asked) -> Refusal | None:
    return no.SCOPE_NOT_SUPPORTED if "scope" in asked.form else None


def platform_answers(asked: Asked) -> Refusal | None:
    return no.RETRY if asked.org.platform == "hiccup" else None


# --- the client and its app -------------------------------------------------------------------------------------


def client_known(asked: Asked) -> Refusal | None:
    """The first check of all: an unknown key is answered before anything else is looked at."""
    if asked.client_id != asked.app.consumer_key or not asked.client_id:
        return no.CLIENT_UNKNOWN
    if asked.app.is_external:
        return None  # an external client app is known everywhere, and refused as not installed where it is not
    # A connected app that is too young, of another org, or asked for at the other pool's generic host is not seen.
    # GUESS: the approval page knows apps of every org, since it can say that one is not installed here.
    is_elsewhere = not asked.app.home_org_is_target and not asked.app.installed and not asked.at_authorize
    is_hidden = _is_wrong_pool(asked) and not asked.app.known_in_both_pools
    if asked.app.is_replicating or is_elsewhere or is_hidden:
        return no.CLIENT_UNKNOWN
    return None


def external_app_installed(asked: Asked) -> Refusal | None:
    """Before the audience (one host gave app_not_found, another an audience error, for the same assertion).

    A generic host cannot tell which org is meant (field report: https://github.com/simstudioai/sim/pull/6508).
    """
    if not asked.app.is_external:
        return None
    is_hidden = _is_generic(asked) or not asked.app.installed or asked.app.is_replicating
    return no.ECA_NOT_INSTALLED if is_hidden else None


def app_usable(asked: Asked) -> Refusal | None:
    return no.APP_BLOCKED if asked.app.blocked else app_usable_but_for_block(asked)


def app_usable_but_for_block(asked: Asked) -> Refusal | None:
    # GUESS: the order among these is unknown; they never stand together in a staged fault.
    app = asked.app
    if not app.is_enabled:
        return no.FLOW_DISABLED
    if not app.has_policy:
        return no.POLICY_MISSING if app.is_external else no.OAUTH_POLICY_MISSING
    return None if app.version_matches else no.WRONG_VERSION


def proof_of_possession(asked: Asked) -> Refusal | None:
    """A DPoP proof, judged as RFC 9449 §4.3 has it. GUESS: all of it; Salesforce documents no more than two codes."""
    if not asked.app.requires_dpop:
        return None
    proof = proofs.read(asked.request.header("DPoP"))
    if proof is None:
        return no.DPOP_WANTED
    request, now = asked.request, asked.now
    urls = (f"https://{asked.host}{request.path}", f"{request.own_scheme}://{request.host}{request.path}")
    if proofs.wrong_part(proof, request.method, urls, now, asked.policy.spent):
        return no.DPOP_WANTED
    return None if proofs.has_nonce(proof, asked.policy.logical_host, now) else no.DPOP_NONCE_WANTED


def nonce_for(asked: Asked) -> str | None:
    """The nonce that an answer hands out for the next proof; None where none is wanted, or something drops it."""
    is_given = asked.app.requires_dpop and asked.app.dpop_nonces == "asked"
    return proofs.nonce(asked.policy.logical_host, asked.now) if is_given else None


def grant_enabled(asked: Asked) -> Refusal | None:
    """Documented for flows without a text of their own: the grant is not enabled for this app."""
    return None if asked.flow in asked.app.flows else no.GRANT_NOT_SUPPORTED


def client_credentials_enabled(asked: Asked) -> Refusal | None:
    return None if asked.flow in asked.app.flows else no.CC_NOT_ENABLED


def secret_right(asked: Asked) -> Refusal | None:
    """A secret that is sent is checked even where none is required (documented)."""
    if asked.secret is None:
        return no.BAD_CREDENTIALS if _secret_wanted(asked) else None
    right = asked.app.consumer_secret.reveal()
    return None if asked.secret == right else no.BAD_CREDENTIALS


def _secret_wanted(asked: Asked) -> bool:
    if asked.flow in ("client-credentials", "password"):
        return True
    # GUESS: device and token exchange are treated as public clients.
    return asked.app.requires_secret and asked.flow in ("authorization-code", "refresh-token")


# --- assertions -------------------------------------------------------------------------------------------------


def assertion_well_formed(asked: Asked) -> Refusal | None:
    return no.INVALID_ASSERTION if asked.assertion is None else None


def assertion_complete(asked: Asked) -> Refusal | None:
    """GUESS: no report gives a text for an absent claim; "invalid assertion" is the one for everything about form.

    It stands after the client check, so that an assertion without iss is an unknown client.
    """
    assert asked.assertion is not None
    claims = asked.assertion.claims
    if missing_claims(claims, ("sub", "aud", "exp")) or seconds(claims.get("exp")) is None:
        return no.INVALID_ASSERTION
    return None


def audience_right(asked: Asked) -> Refusal | None:
    """One string, a full https URL that names this org's login host or My Domain; a slash after it is taken.

    An array and a bare host are refused (maintainer: https://github.com/forcedotcom/datacloud-jdbc/pull/132). The
    listener's own loopback URL stands for My Domain, as the sf CLI sends it with --instance-url.
    """
    assert asked.assertion is not None
    audience = asked.assertion.claims.get("aud")
    if not isinstance(audience, str):
        return no.AUDIENCE_INVALID
    # GUESS: host names are compared without case, and at most one slash is forgiven.
    plain = audience.removesuffix("/").lower()
    return None if plain in accepted_audiences(asked.request, asked.policy) else no.AUDIENCE_INVALID


def accepted_audiences(request: HttpRequest, policy: Policy) -> tuple[str, ...]:
    return (
        f"https://{policy.org.login_host}",
        f"https://{policy.org.my_domain}",
        base_url(request, policy),
    )


def signature_right(asked: Asked) -> Refusal | None:
    """RSA with SHA-256 only (documented), by any of the uploaded certificates. An expired certificate is taken.

    A certificate without "Enable JWT Bearer Flow" gives the same text (field report).
    """
    assert asked.assertion is not None
    if asked.assertion.header.get("alg") != "RS256" or not asked.app.jwt_flow_enabled:
        return no.INVALID_ASSERTION
    is_signed = any(_verifies(asked.assertion, pem) for pem in asked.app.certificates)
    return None if is_signed else no.INVALID_ASSERTION


def _verifies(assertion: Decoded, pem: str) -> bool:
    from jwtdoctor.assertions.sign import verify

    try:
        return verify(assertion, _public_key(pem)).verifies
    except BadKey:
        return False


@lru_cache(maxsize=64)
def _public_key(pem: str) -> Any:
    from jwtdoctor.assertions.keys import load_public

    return load_public(pem.encode(), where="the certificate on the app")


def assertion_in_time(asked: Asked) -> Refusal | None:
    """Only exp is looked at. Milliseconds are a date in the far future, numeric text is a number.

    # GUESS: after audience and signature: the order is unknown, and a damaged assertion has no time to be trusted.
    # GUESS: iat and nbf in the future are not refused: help does not ask for iat, and no report of a refusal exists.
    """
    assert asked.assertion is not None
    exp = seconds(asked.assertion.claims.get("exp"))
    return no.EXPIRED if exp is None or asked.now > exp + LATE_TOLERANCE_S else None


def jti_fresh(asked: Asked) -> Refusal | None:
    assert asked.assertion is not None
    jti = asked.assertion.claims.get("jti")
    if not isinstance(jti, str) or not jti:
        return None
    return no.JTI_REPEATED if jti_name(jti) in asked.policy.spent else None


def jti_name(jti: str) -> str:
    return f"jti:{name_of(jti)}"


def refresh_scope_on_app(asked: Asked) -> Refusal | None:
    """GUESS: the text says what it wants; reported once (https://github.com/leandrob/node-salesforce-jwt/issues/3)."""
    return None if asked.app.has_refresh_scope else no.REFRESH_SCOPE_REQUIRED


def assertion_well_formed_saml(asked: Asked) -> Refusal | None:
    return no.INVALID_ASSERTION if asked.saml is None else None


def saml_right(asked: Asked) -> Refusal | None:
    """Issuer of the trust, audience, time. The signature of a SAML assertion is not looked at.

    # GUESS: help's sample has the text of the audience; the others go by the general one with its error_uri.
    """
    found = asked.saml
    assert found is not None
    if found.audience.removesuffix("/") not in accepted_audiences(asked.request, asked.policy):
        return no.AUDIENCE_INVALID
    if found.not_on_or_after is None or not found.subject:
        return no.SAML_INVALID
    return no.EXPIRED if asked.now > found.not_on_or_after + LATE_TOLERANCE_S else None


# --- the user ---------------------------------------------------------------------------------------------------


def org_active(asked: Asked) -> Refusal | None:
    return None if asked.org.is_active else no.INACTIVE_ORG


def user_known(asked: Asked) -> Refusal | None:
    """A name that is no user of this org, and one who never logged in, read as not approved (field reports)."""
    user = asked.user
    return no.NOT_APPROVED if user is None or not user.has_logged_in else None


def user_active(asked: Asked) -> Refusal | None:
    # GUESS: before approval; a user who is off is off for every app.
    user = asked.user
    if user is None or (user.is_active and not user.is_frozen):
        return None
    return no.INACTIVE_USER if not user.is_active else no.FROZEN_USER


def access_policy(asked: Asked) -> Refusal | None:
    """Permitted Users: pre-authorised needs the assignment, self-authorise an earlier approval that counts.

    An approval counts only if it held refresh_token and one more scope (documented).
    """
    user = asked.user
    if user is None:
        return no.NOT_APPROVED
    if asked.app.permitted_users == "admin-approved":
        return None if user.assigned_to_app else no.NOT_ADMIN_APPROVED
    is_approved = user.approvals > 0 and user.approval_has_refresh_token
    return None if is_approved else no.NOT_APPROVED


def assigned_if_preauthorised(asked: Asked) -> Refusal | None:
    """The part of the access policy that flows with a consent step (or with an execution user) know.

    # GUESS: whether Permitted Users binds the execution user is unsettled; the refusal is reported, so it is made.
    """
    user = asked.user
    if asked.app.permitted_users != "admin-approved" or user is None or user.assigned_to_app:
        return None
    return no.NOT_ADMIN_APPROVED


def address_allowed(asked: Asked) -> Refusal | None:
    """The profile's login ranges. The app's relaxation lifts them, but never for bearer assertions (documented)."""
    if _is_outside_app_list(asked):
        return no.IP_RESTRICTED_BY_APP
    user = asked.user
    if user is None or not user.ip_ranges or not ranges_apply(asked.flow, asked.app):
        return None
    return None if is_within(asked.request.caller_ip, user.ip_ranges) else no.IP_RESTRICTED


def ranges_apply(flow: str, app: App) -> bool:
    """Whether the profile's login ranges bind in this flow."""
    if flow in ALWAYS_IP_ENFORCED:
        return True
    if app.ip_relaxation == "enforce_relax_refresh":
        return flow != "refresh-token"
    return app.ip_relaxation == "enforce"


def _is_outside_app_list(asked: Asked) -> bool:
    """The external client app's own list binds the web-server and refresh flows only (documented)."""
    listed = asked.app.refresh_ip_allowlist
    if not listed or asked.flow not in ("authorization-code", "refresh-token"):
        return False
    return not is_within(asked.request.caller_ip, listed)


def within_login_hours(asked: Asked) -> Refusal | None:
    """Help groups login hours with addresses under one text."""
    user = asked.user
    if user is None or user.login_hours is None:
        return None
    hour = int(max(asked.now, 0.0) // 3600) % 24
    return None if hour in user.login_hours else no.OUTSIDE_HOURS


def rate_allowed(asked: Asked) -> Refusal | None:
    user = asked.user
    return no.RATE_EXCEEDED if user is not None and user.logins_last_hour >= LOGINS_PER_HOUR else None


def session_level_met(asked: Asked) -> Refusal | None:
    """A headless login cannot give high assurance (documented; the code is a guess, see refusals)."""
    user = asked.user
    is_high = user is not None and user.required_session_level == "High Assurance"
    return no.SESSION_LEVEL if is_high or asked.org.requires_high_assurance else None


# --- client credentials -----------------------------------------------------------------------------------------


def run_as_user_set(asked: Asked) -> Refusal | None:
    return None if asked.user is not None else no.NO_RUN_AS_USER


def has_usable_scope(asked: Asked) -> Refusal | None:
    """`full` alone does not count (field report: enforced since Winter '26)."""
    return None if set(asked.app.scopes) & {"api", "web", "openid", "cdp_api"} else no.NO_VALID_SCOPES


# --- codes and refresh tokens -----------------------------------------------------------------------------------


def code_known(asked: Asked) -> Refusal | None:
    """A code of ours, for this client, not redeemed before."""
    found = asked.sealed
    if found is None or found.get("client") != asked.client_id:
        return no.CODE_INVALID
    return no.CODE_INVALID if spent_name(found) in asked.policy.spent else None


def spent_name(found: Mapping[str, Any]) -> str:
    """The name under which a code or token of ours is remembered once it is used up."""
    return f"{found.get('kind')}:{found.get('id')}"


def code_in_time(asked: Asked) -> Refusal | None:
    assert asked.sealed is not None
    return no.CODE_EXPIRED if asked.now > float(asked.sealed["at"]) + CODE_LIFE_S else None


def redirect_repeated(asked: Asked) -> Refusal | None:
    """The same redirect_uri as at authorize, to the letter (documented)."""
    assert asked.sealed is not None
    given = asked.form.get("redirect_uri")
    if not given:
        return no.REDIRECT_MISSING
    is_same = given == asked.sealed.get("redirect") and given in asked.app.callback_urls
    return None if is_same else no.REDIRECT_MISMATCH


def verifier_right(asked: Asked) -> Refusal | None:
    """PKCE at the token call. `~` is refused although RFC 7636 allows it, 171 characters are taken (both seen).

    A challenge without a method is read as S256: the sf CLI leaves the method out and sends one (seen).
    """
    assert asked.sealed is not None
    challenge = text_of(asked.sealed.get("challenge"))
    verifier = asked.form.get("code_verifier", "")
    if not challenge:
        return None  # GUESS: a verifier nobody announced is ignored
    if not verifier or "~" in verifier:
        return no.VERIFIER_INVALID
    try:
        is_right = pkce.challenge_of(verifier) == challenge
    except UnicodeEncodeError:
        is_right = False
    return None if is_right else no.VERIFIER_INVALID


def refresh_token_alive(asked: Asked) -> Refusal | None:
    """Ours, not revoked, not ended by policy, among the newest approvals, not replaced under rotation.

    One text for all of these; a token of the other pool's host reads the same (field report).
    """
    found = asked.sealed
    user = asked.user
    if found is None or user is None or _is_wrong_pool(asked) or found.get("client") != asked.client_id:
        return no.REFRESH_EXPIRED
    issued = float(found["at"])
    is_replaced = spent_name(found) in asked.policy.spent
    if user.tokens_revoked or is_replaced or _ended_by_policy(asked, issued) or _is_displaced(user, found):
        return no.REFRESH_EXPIRED
    return None


def _ended_by_policy(asked: Asked, issued: float) -> bool:
    match asked.app.refresh_token_policy:
        case "infinite":
            return False
        case "immediately_expire":
            return True
        case _:
            life = asked.app.refresh_token_life_s
            return life is not None and asked.now - issued > life


def _is_displaced(user: User, found: Mapping[str, Any]) -> bool:
    """A sixth approval drops the oldest: the n-th approval falls once n + 5 were made."""
    number = found.get("approval")
    return isinstance(number, int) and user.approvals_made - number >= 5


def refresh_not_in_use(asked: Asked) -> Refusal | None:
    user = asked.user
    return no.REFRESH_IN_USE if user is not None and user.refresh_in_flight else None


# --- password ---------------------------------------------------------------------------------------------------


def password_flow_offered(asked: Asked) -> Refusal | None:
    """Off by default in orgs since Summer '23, and not offered by external client apps; the text stays the same."""
    is_offered = asked.org.allows_password_flow and not asked.app.is_external and asked.flow in asked.app.flows
    return None if is_offered else no.PASSWORD_FLOW_OFF


def password_right(asked: Asked) -> Refusal | None:
    """User, password and, from an untrusted address, the security token behind it. One text for all."""
    user = asked.user
    if user is None or _is_wrong_pool(asked):
        return no.PASSWORD_UNKNOWN_USER
    if not user.is_active or user.is_frozen:
        return no.PASSWORD_INACTIVE
    if user.is_locked:
        return no.PASSWORD_LOCKED
    password, token = user.password.reveal(), user.security_token.reveal()
    given = asked.form.get("password", "")
    if given == password + token:
        return None
    if not given.startswith(password) or not password:
        return no.PASSWORD_WRONG
    is_trusted = is_within(asked.request.caller_ip, (*asked.org.trusted_ranges, *user.ip_ranges))
    if given == password and is_trusted:
        return None
    return no.TOKEN_REQUIRED


def api_allowed(asked: Asked) -> Refusal | None:
    """Documented for the code flow by the CLI guide; taken for the password flow as well."""
    user = asked.user
    return no.API_DISABLED if user is not None and not user.has_api_access else None


# --- device, token exchange -------------------------------------------------------------------------------------


def device_code_alive(asked: Asked) -> Refusal | None:
    found = asked.sealed
    if found is None or asked.now > float(found["at"]) + DEVICE_CODE_LIFE_S:
        return no.DEVICE_FAILED
    return no.DEVICE_FAILED if spent_name(found) in asked.policy.spent else None


def device_polls_slowly(asked: Asked) -> Refusal | None:
    assert asked.sealed is not None
    polled = dict(asked.policy.used_at).get(spent_name(asked.sealed))
    is_fast = polled is not None and asked.now - polled < DEVICE_INTERVAL_S
    return no.DEVICE_TOO_FAST if is_fast else None


def device_approved(asked: Asked) -> Refusal | None:
    return None if asked.policy.device_approved else no.DEVICE_PENDING


def token_handler_accepts(asked: Asked) -> Refusal | None:
    match asked.app.token_handler:
        case "none":
            return no.HANDLER_MISSING
        case "rejects":
            return no.HANDLER_REJECTED
        case "accepts":
            return None if asked.form.get("subject_token") else no.HANDLER_REJECTED


# --- addresses and times ----------------------------------------------------------------------------------------


def is_within(address: str, ranges: tuple[str, ...]) -> bool:
    """Whether an address lies in one of the ranges (one address, a CIDR, or `A-B`). Unreadable ones hold nobody."""
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(_holds(written, caller) for written in ranges)


def _holds(written: str, caller: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    first, dash, last = written.partition("-")
    try:
        if not dash:
            return caller in ipaddress.ip_network(written.strip(), strict=False)
        low, high = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
    except ValueError:
        return False
    if low.version != caller.version or high.version != caller.version:
        return False
    return int(low) <= int(caller) <= int(high)


def utc(at: float) -> str:
    """ISO 8601 in UTC, for bodies that carry a date."""
    return datetime.fromtimestamp(min(max(at, 0.0), 253402300799.0), UTC).isoformat()
