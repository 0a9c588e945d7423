"""The closed vocabulary of facts: name, type, unit, witness, meaning, and how to ask for it.

Names are dotted, with the unit in the name (`_s` seconds, `_min` minutes). One sign for clocks everywhere:
**positive `…ahead_s` means that the local clock is fast against what is named**; true now is local time minus
`clock.ahead_s`. (`host.ahead_s` alone is about the token host: positive means that the host is fast.)

A **witness** is the event that a fact testifies to. One clock offset seen by NTP and by `Date` is one witness,
and so are the token error and its row in Login History: two sightings of one event are counted once.

Facts with `derived=True` are computed by `reasoning/derive.py` from the others. They are never saved in a
case file. A clue that wishes for an `and` or for arithmetic is a missing derived fact: add it here and there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Value = bool | int | float | str | tuple[str, ...]
Kind = Literal["bool", "number", "text", "list", "text or list"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One name of the vocabulary."""

    name: str
    kind: Kind
    witness: str
    meaning: str
    unit: str = ""
    answers: tuple[str, ...] = ()
    """Known values, for questions. Enumerations are open: another text is kept."""
    ask: str = ""
    """The question that a person can answer; empty where only a probe can know."""
    derived: bool = False
    personal: bool = False
    """The value may name a person, an org or an app, and is replaced when a case is saved."""


def fits(fact: Fact, value: object) -> bool:
    """Whether a value has the type that the fact takes. Numbers take int or float, never bool, NaN or infinity."""
    is_list = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    match fact.kind:
        case "bool":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
        case "text":
            return isinstance(value, str)
        case "list":
            return is_list
        case "text or list":
            return isinstance(value, str) or is_list


VOCABULARY: dict[str, Fact] = {}


def _fact(
    name: str,
    kind: Kind,
    meaning: str,
    *,
    witness: str = "",
    ask: str = "",
    answers: tuple[str, ...] = (),
    derived: bool = False,
    personal: bool = False,
) -> None:
    unit = "s" if name.endswith("_s") else "min" if name.endswith("_min") else ""
    if kind == "bool" and ask:
        answers = ("true", "false")
    VOCABULARY[name] = Fact(name, kind, witness or name, meaning, unit, answers, ask, derived, personal)


# clock: what the local clock does against true time
_fact(
    "clock.ahead_s",
    "number",
    "how far the local clock is fast against true time",
    witness="clock",
    ask="How many seconds is this machine's clock ahead of true time (negative: behind)?",
)
_fact(
    "clock.uncertainty_s",
    "number",
    "half the width of the interval in which clock.ahead_s lies",
    witness="clock",
)
_fact("clock.sources_agree", "bool", "a majority of the time sources agree", witness="clock")
_fact(
    "clock.sync_enabled",
    "bool",
    "the operating system keeps the clock synchronised",
    witness="clock.sync_enabled",
    ask="Is time synchronisation (NTP) switched on on the signing machine?",
)
_fact(
    "host.ahead_s",
    "number",
    "how far the token host's clock is fast against true time",
    witness="server-clock",
)

# assertion
_fact(
    "assertion.is_jwt",
    "bool",
    "the assertion parameter is a well-formed compact JWT",
    witness="assertion-form",
    ask="Is the assertion that was sent a three-part JWT (header.claims.signature)?",
)
_fact(
    "assertion.is_private_key",
    "bool",
    "the assertion parameter holds a private key",
    witness="assertion-form",
)
_fact(
    "assertion.alg",
    "text",
    "alg of the header",
    witness="assertion.alg",
    ask="Which alg does the assertion's header name?",
    answers=("RS256", "ES256", "HS256", "none"),
)
_fact("assertion.typ", "text", "typ of the header")
_fact(
    "assertion.kid_present",
    "bool",
    "the header names a key id",
    ask="Does the assertion's header carry a kid?",
)
_fact("assertion.iss", "text", "the iss claim", witness="issuer", personal=True)
_fact("assertion.sub", "text", "the sub claim (prn where only that is there)", witness="subject", personal=True)
_fact(
    "assertion.aud",
    "text or list",
    "the aud claim",
    witness="audience",
    ask="What is the aud claim of the assertion?",
)
_fact("assertion.aud_type", "text", "string or array", witness="audience.type", answers=("string", "array"))
_fact(
    "assertion.exp_in_s",
    "number",
    "exp minus true now",
    witness="assertion-expiry",
    ask="How many seconds after the attempt does exp lie (negative: before)?",
)
_fact(
    "assertion.ttl_s",
    "number",
    "exp minus iat, or minus the signing time",
    witness="assertion.ttl_s",
    ask="How many seconds does the assertion live (exp - iat)?",
)
_fact(
    "assertion.iat_in_s",
    "number",
    "iat minus true now",
    witness="assertion-start",
    ask="How many seconds after the attempt does iat lie (negative: before)?",
)
_fact("assertion.nbf_present", "bool", "the assertion carries nbf", witness="assertion.nbf_present")
_fact("assertion.nbf_in_s", "number", "nbf minus true now", witness="assertion-start")
_fact("assertion.exp_is_milliseconds", "bool", "exp is in milliseconds", witness="assertion.exp_unit")
_fact("assertion.exp_is_string", "bool", "exp is a string", witness="assertion.exp_type")
_fact("assertion.claims_missing", "list", "required claims that are absent", witness="claims")
_fact("assertion.jti_present", "bool", "the assertion carries jti", witness="assertion.jti_present")
_fact(
    "assertion.signature_verifies",
    "bool",
    "the signature verifies against the certificate given",
    witness="key-pairing",
)

# key
_fact("key.type", "text", "RSA, EC, Ed25519 …", answers=("RSA", "EC"))
_fact("key.bits", "number", "size of the key in bits")
_fact(
    "key.matches_certificate",
    "bool",
    "the private key belongs to the certificate or public key on the app",
    witness="key-pairing",
    ask="Does the private key belong to the certificate that is uploaded on the app (jwtdoctor keys match)?",
)
_fact("certificate.not_after_in_s", "number", "the certificate's end minus true now", witness="certificate")
_fact(
    "certificate.is_expired",
    "bool",
    "the certificate is past its validity",
    witness="certificate",
    ask="Is the certificate on the app past its end date?",
)

# request
_fact(
    "request.token_host",
    "text",
    "host that the token request went to",
    witness="host",
    personal=True,
    ask="Which host did the token request go to?",
)
_fact(
    "request.scheme",
    "text",
    "http or https",
    answers=("http", "https"),
    ask="Is the token URL http or https?",
)
_fact(
    "request.endpoint",
    "text",
    "token, authorize, revoke, introspect, userinfo, api",
    answers=("token", "authorize", "api"),
)
_fact(
    "request.content_type",
    "text",
    "Content-Type of the request",
    ask="Which Content-Type did the request have?",
)
_fact(
    "request.body_is_form_encoded",
    "bool",
    "the body is application/x-www-form-urlencoded",
    witness="request.content_type",
    ask="Was the body form-encoded (not JSON, not multipart)?",
)
_fact("request.grant_type", "text", "the grant_type parameter", ask="Which grant_type was really sent?")
_fact("request.client_auth", "text", "body or basic", answers=("body", "basic"))
_fact(
    "request.client_id_empty",
    "bool",
    "client_id is there and empty",
    witness="client-id",
    ask="Was client_id empty?",
)
_fact("request.client_id_in_body", "bool", "client_id is in the body", ask="Was client_id in the body?")
_fact(
    "request.client_id_has_whitespace",
    "bool",
    "client_id has white space in or around it",
    ask="Does the client id have a blank or line break in or around it?",
)
_fact(
    "request.sends_client_secret",
    "bool",
    "a client secret is sent",
    ask="Does the request send a client_secret?",
)
_fact(
    "request.sends_code_verifier",
    "bool",
    "a code_verifier is sent",
    ask="Does the client use PKCE (code_verifier)?",
)
_fact(
    "request.code_challenge_sent",
    "bool",
    "the authorize request carried a code_challenge",
    ask="Did the authorize request carry a code_challenge?",
)
_fact("request.code_verifier_length", "number", "characters of the code_verifier")
_fact(
    "request.code_verifier_has_tilde",
    "bool",
    "the code_verifier holds ~",
    ask="Does the code_verifier hold a '~'?",
)
_fact(
    "request.sends_scope",
    "bool",
    "a scope parameter is sent",
    ask="Does the token request send a scope parameter?",
)
_fact(
    "request.password_has_security_token",
    "bool",
    "the security token is appended to the password",
    ask="Is the security token appended to the password?",
)
_fact(
    "request.tls_version",
    "text",
    "TLS version that the client speaks",
    answers=("1.0", "1.1", "1.2", "1.3"),
    ask="Which TLS version does the client speak?",
)

# reply
_fact("reply.status", "number", "HTTP status", witness="refusal")
_fact("reply.error", "text", "the error code", witness="refusal")
_fact("reply.description", "text", "the error description", witness="refusal")
_fact("reply.has_description", "bool", "a description came with the error", witness="refusal")
_fact("reply.content_type", "text", "Content-Type of the reply", witness="reply-form")
_fact(
    "request.verifier_matches_challenge",
    "bool",
    "the verifier belongs to the challenge sent",
    witness="pkce-pairing",
    ask="Does the code_verifier belong to the code_challenge (jwtdoctor pkce check)?",
)
_fact("reply.is_html", "bool", "the body is HTML", witness="reply-form")
_fact(
    "reply.date_ahead_s",
    "number",
    "local time minus the reply's Date (midpoint of the round trip)",
    witness="clock",
)
_fact("reply.granted", "bool", "a token was issued", witness="refusal")

# path
_fact(
    "path.dns_resolves",
    "bool",
    "the host name resolves",
    witness="dns",
    ask="Does the token host's name resolve on that machine?",
)
_fact("path.tcp_connects", "bool", "a TCP connection opens", witness="tcp")
_fact("path.tls_ok", "bool", "the TLS handshake ends well", witness="tls")
_fact("path.tls_issuer", "text", "issuer of the certificate shown", witness="tls.issuer")
_fact("path.proxy", "text", "proxy in use, host and port", witness="proxy", personal=True)
_fact(
    "path.proxy_url_scheme",
    "text",
    "scheme of the proxy URL",
    witness="proxy-url",
    answers=("http", "https", "socks5"),
    ask="Does HTTPS_PROXY begin with http:// or https://?",
)
_fact("path.proxy_has_credentials", "bool", "the proxy URL carries credentials")
_fact("path.proxy_status", "number", "HTTP status that the proxy itself answered", witness="proxy")
_fact(
    "path.intercepted",
    "bool",
    "something between answers in the host's place",
    witness="intercepted",
    ask="Does a proxy or security product open TLS connections on that network?",
)
_fact("path.vpn", "bool", "a VPN is up", ask="Is the machine on a VPN?")

# app: what the administrator sees
_fact(
    "app.kind",
    "text",
    "connected-app or external-client-app",
    answers=("connected-app", "external-client-app"),
    ask="Is the app a connected app or an external client app?",
)
_fact(
    "app.permitted_users",
    "text",
    "Permitted Users",
    answers=("admin-approved", "self-authorize"),
    ask='Is Permitted Users of the app "Admin approved users are pre-authorized" or "All users may self-authorize"?',
)
_fact("app.scopes", "list", "scopes selected on the app", witness="app-scopes")
_fact(
    "app.has_api_scope",
    "bool",
    "the app has the api (or full) scope",
    witness="app-scopes",
    ask="Does the app have the api scope?",
)
_fact(
    "app.has_refresh_token_scope",
    "bool",
    "the app has refresh_token / offline_access",
    witness="app-scopes.refresh",
    ask="Does the app have the scope refresh_token (perform requests at any time)?",
)
_fact(
    "app.requires_pkce",
    "bool",
    "the app requires PKCE",
    witness="requires-pkce",
    ask='Is "Require Proof Key for Code Exchange (PKCE)" ticked on the app?',
)
_fact(
    "app.requires_secret",
    "bool",
    "the app requires the secret in this flow",
    ask='Is "Require Secret" for this flow ticked on the app?',
)
_fact(
    "app.ip_relaxation",
    "text",
    "IP Relaxation",
    answers=("enforce", "relax", "relax_with_second_factor", "enforce_relax_refresh"),
    ask="What is IP Relaxation set to on the app?",
)
_fact(
    "app.is_new",
    "bool",
    "the app was created minutes ago",
    witness="app-age",
    ask="Was the app created in the last ten minutes?",
)
_fact(
    "app.age_min",
    "number",
    "age of the app",
    witness="app-age",
    ask="How many minutes ago was the app created?",
)
_fact(
    "app.changed_recently",
    "bool",
    "the app was changed shortly before",
    ask="Was the app (or its metadata) changed or deployed shortly before the failure?",
)
_fact(
    "app.installed",
    "bool",
    "the app is installed in the org",
    ask="Is the app installed in this org (Setup > Connected Apps OAuth Usage / External Client App Manager)?",
)
_fact(
    "app.home_org_is_target",
    "bool",
    "the app was made in the org that is logged in to",
    ask="Was the app created in the very org that you log in to?",
)
_fact(
    "app.distribution_state",
    "text",
    "Local or Packaged",
    answers=("Local", "Packaged"),
    ask="What is the external client app's Distribution State?",
)
_fact(
    "app.run_as_user_set",
    "bool",
    "client credentials has a Run As user",
    ask="Is a Run As user set for the Client Credentials Flow?",
)
_fact(
    "app.client_credentials_enabled",
    "bool",
    "the client credentials flow is enabled",
    ask="Is Enable Client Credentials Flow ticked (settings and policies)?",
)
_fact(
    "app.refresh_token_policy",
    "text",
    "refresh token policy",
    answers=("infinite", "immediately_expire", "specific_lifetime", "specific_inactivity"),
    ask="What is the app's Refresh Token Policy?",
)
_fact(
    "app.refresh_token_rotation",
    "bool",
    "refresh token rotation is on",
    ask="Is refresh token rotation switched on?",
)
_fact(
    "app.jwt_access_tokens",
    "bool",
    "the app issues JWT-based access tokens",
    ask="Does the app issue JWT-based access tokens?",
)
_fact(
    "app.certificate_uploaded",
    "bool",
    "a certificate is uploaded (Use digital signatures)",
    ask="Is a certificate uploaded on the app (Use digital signatures / Enable JWT Bearer Flow)?",
)
_fact(
    "app.jwt_flow_enabled",
    "bool",
    "the JWT bearer flow is enabled",
    ask="Is Enable JWT Bearer Flow ticked on the app?",
)
_fact(
    "app.blocked",
    "bool",
    "the app is blocked in the org",
    ask="Does Connected Apps OAuth Usage show the app as blocked?",
)

# user
_fact(
    "user.assigned_to_app",
    "bool",
    "a profile or permission set of the user is assigned to the app",
    ask="Is the user's profile or one of its permission sets assigned to the app?",
)
_fact(
    "user.has_approved_app",
    "bool",
    "the user approved the app once",
    ask="Has this user approved the app before (OAuth Connected Apps on the user's page)?",
)
_fact(
    "user.approval_has_refresh_token",
    "bool",
    "that approval held refresh_token",
    ask="Did that approval include refresh_token and one more scope?",
)
_fact(
    "user.approvals_for_app",
    "number",
    "approvals of this app by this user",
    ask="How many approvals of this app does the user have?",
)
_fact("user.is_active", "bool", "the user is active", ask="Is the user active?")
_fact("user.is_frozen", "bool", "the user is frozen", ask="Is the user frozen?")
_fact(
    "user.username_is_sandbox_style",
    "bool",
    "the user name ends like a sandbox's",
    witness="username-style",
    ask="Does the user name carry a sandbox suffix (name@company.com.SANDBOX)?",
)
_fact(
    "user.required_session_level",
    "text",
    "session level that the profile demands",
    answers=("Standard", "High Assurance"),
    ask="Which session security level does the user's profile require at login?",
)
_fact("user.ip_ranges", "list", "login IP ranges of the profile", witness="ip-ranges", personal=True)
_fact(
    "user.has_ip_ranges",
    "bool",
    "the profile has login IP ranges",
    witness="ip-ranges",
    ask="Does the user's profile have Login IP Ranges?",
)
_fact(
    "user.caller_ip_in_ranges",
    "bool",
    "the caller's address lies in the ranges that apply",
    witness="caller-ip",
    ask="Does the caller's public address lie inside the Login IP Ranges of the user's profile?",
)
_fact(
    "user.login_hours_set",
    "bool",
    "the profile has login hours",
    ask="Does the user's profile restrict Login Hours?",
)

# org
_fact(
    "org.kind",
    "text",
    "production, sandbox, scratch, developer …",
    answers=("production", "sandbox", "scratch", "developer"),
    ask="What kind of org is it: production, sandbox, scratch or developer?",
)
_fact(
    "org.requires_pkce",
    "bool",
    "the org requires PKCE",
    witness="requires-pkce",
    ask="Does the org require PKCE for every app (OAuth and OpenID Connect Settings)?",
)
_fact(
    "org.allows_password_flow",
    "bool",
    "Allow OAuth Username-Password Flows",
    ask='Is "Allow OAuth Username-Password Flows" on (OAuth and OpenID Connect Settings)?',
)
_fact("org.api_access_control", "bool", "API Access Control is on", ask="Is API Access Control switched on?")
_fact(
    "org.mfa_enforced",
    "bool",
    "MFA is enforced",
    ask="Is multi-factor authentication enforced for API logins?",
)
_fact("org.is_active", "bool", "the org is active", ask="Is the org active (not locked, expired or deleted)?")
_fact("org.is_new", "bool", "the org was created minutes ago", ask="Was the org created or refreshed just now?")

# history
_fact(
    "history.worked_before",
    "bool",
    "the same set-up worked before",
    ask="Has this very set-up worked before?",
)
_fact("history.intermittent", "bool", "it fails now and then", ask="Does it fail only now and then?")
_fact(
    "history.after_sandbox_refresh",
    "bool",
    "it began with a sandbox refresh",
    ask="Did it begin with a sandbox refresh?",
)
_fact(
    "history.code_used_before",
    "bool",
    "the code was redeemed before",
    ask="May the authorization code have been redeemed before?",
)
_fact(
    "history.refresh_token_used_before",
    "bool",
    "the refresh token was redeemed before under rotation",
    ask="May this refresh token have been redeemed before?",
)
_fact(
    "history.logins_last_hour",
    "number",
    "logins of this user in the last hour",
    ask="How many logins did this user make in the last hour?",
)
_fact(
    "history.token_cached",
    "bool",
    "the client keeps its token",
    ask="Does the client keep and reuse its access token?",
)
_fact(
    "history.password_changed_recently",
    "bool",
    "the password was changed",
    ask="Was the user's password changed recently?",
)
_fact(
    "history.browser_login_works",
    "bool",
    "the same user logs in by browser",
    ask="Can the same user log in by browser?",
)
_fact(
    "history.works_from_other_ip",
    "bool",
    "it works from another address",
    ask="Does it work from another network or address?",
)
_fact(
    "history.works_in_production",
    "bool",
    "it works against production",
    ask="Does the same set-up work against production?",
)
_fact(
    "history.works_with_my_domain",
    "bool",
    "it works through My Domain",
    ask="Does it work with the org's My Domain host?",
)
_fact(
    "history.works_on_other_machine",
    "bool",
    "it works on another machine",
    ask="Does it work on another machine?",
)
_fact(
    "history.works_with_other_client",
    "bool",
    "it works with another client",
    ask="Does it work with another client or tool?",
)
_fact(
    "history.works_later",
    "bool",
    "it works later without a change",
    ask="Did it work later without any change?",
)
_fact(
    "history.many_users_affected",
    "bool",
    "many users or tenants are affected",
    ask="Are many users or customers affected at once?",
)
_fact(
    "history.concurrent_flows",
    "bool",
    "several flows or refreshes run in parallel",
    ask="Do several processes or tabs log in with the same app at once?",
)
_fact(
    "history.secret_rotated_min_ago",
    "number",
    "how long ago the secret was rotated",
    ask="How many minutes ago was the consumer secret rotated?",
)

_fact(
    "login_history.status",
    "text",
    "LoginHistory.Status or the LOGIN_STATUS code",
    witness="refusal",
    ask="What does Setup > Login History show as Status for this attempt (or is there no row)?",
)

# retry: what --prove found
_fact("retry.granted_with_true_time", "bool", "granted when signed with true time", witness="retry-time")
_fact(
    "retry.granted_with_audience",
    "bool",
    "granted with the audience that the evidence points to",
    witness="retry-audience",
)
_fact("retry.granted_with_host", "bool", "granted through the host that the org has", witness="retry-host")

_fact(
    "org.my_domain",
    "text",
    "the host that the org really has",
    ask="What is the org's My Domain (Setup > My Domain), such as acme.my.salesforce.com?",
    personal=True,
)

# token: what a granted token is good for
_fact("token.is_fresh", "bool", "the token that was tried was issued a moment before", witness="token-age")
_fact("token.scopes", "list", "the scopes that were granted", witness="app.scopes")
_fact("token.scopes_missing", "list", "the scopes that were asked for and not granted", witness="app.scopes")
_fact("token.expires_in_s", "number", "how long the token lives, as the endpoint says")
_fact("token.api_works", "bool", "a harmless API call with the token was answered", witness="token-use")
_fact("token.api_status", "number", "HTTP status of that API call", witness="token-use")
_fact("token.api_error", "text", "the error code of that API call", witness="token-use")
_fact("token.api_description", "text", "the message of that API call", witness="token-use")
_fact("token.identity_status", "number", "HTTP status of the identity or userinfo call", witness="token-identity")
_fact("token.is_active", "bool", "introspection calls the token active", witness="token-active")
_fact("token.user_matches", "bool", "the token belongs to the user that was asked for", witness="token-user")
_fact("token.signature_verifies", "bool", "the signature of the token response is made with the secret at hand")
_fact(
    "token.issued_ahead_s",
    "number",
    "how far the local clock is fast against issued_at of the token response",
    witness="server-clock",
)

# observed by this tool, beyond the contract's beginning of the vocabulary
_fact(
    "path.failure",
    "text",
    "layer of the connection failure",
    witness="connection",
    answers=(
        "dns",
        "refused",
        "connect-timeout",
        "unreachable",
        "tls-trust",
        "tls-version",
        "tls-other",
        "proxy",
        "read-timeout",
        "reset",
        "bad-http",
        "too-large",
        "deadline",
    ),
)
_fact("path.failure_text", "text", "what the failing layer said, cleaned", witness="connection")
_fact("path.tls_verify_code", "number", "OpenSSL verify code of a refused certificate", witness="connection")
_fact("path.tls_trust_store", "text", "which trust store decided on the certificate", witness="tls.trust-store")
_fact(
    "path.tls_expires_in_s",
    "number",
    "notAfter of the certificate shown, minus the local clock",
    witness="tls.expiry",
)
_fact("path.proxy_from", "text", "variable or setting that decided on the proxy", witness="proxy")
_fact(
    "path.no_proxy_entry",
    "text",
    "NO_PROXY entry that keeps this host off the proxy",
    witness="proxy",
    personal=True,
)
_fact("path.addresses", "list", "addresses that the name resolved to", witness="dns", personal=True)
_fact("path.resolvers", "list", "what each configured name server says of the host", witness="dns", personal=True)
_fact(
    "path.resolved_by",
    "text",
    "whether the hosts file or a resolver gave the address",
    witness="dns.by",
    answers=("hosts-file", "resolver"),
)
_fact(
    "path.dns_problem",
    "text",
    "why the name does not resolve",
    witness="dns",
    answers=("no-such-name", "no-answer", "server-failure", "no-resolver"),
)
_fact(
    "path.certificates",
    "list",
    "the certificate chain shown: holder, issuer, end of each, the host's own first",
    witness="tls.chain",
    personal=True,
)
_fact("path.tls_names", "list", "hosts that the certificate shown is for", witness="tls.names", personal=True)
_fact("path.http_version", "text", "version of HTTP that the host answered in", witness="http-version")
_fact("path.ipv6_hangs", "bool", "an IPv6 address is dead while an IPv4 one answers", witness="ipv6")
_fact("key.loads", "bool", "the key file given could be read as a private key", witness="key-file")
_fact("key.problem", "text", "what is wrong with the key file", witness="key-file")
_fact(
    "request.redirected_to",
    "text",
    "where a redirect pointed (it was not followed)",
    witness="redirect",
    personal=True,
)
_fact("reply.body_is_json", "bool", "the body parses as a JSON object", witness="reply-form")
_fact("reply.correlation_id", "text", "request id that the server gave", witness="reply.correlation_id")
_fact("reply.client_text", "text", "text of a client or library, no answer of the endpoint", witness="refusal")
_fact(
    "request.sub_is_email_of_user",
    "bool",
    "sub is the e-mail address and not the user name",
    witness="subject",
    ask="Is the sub claim the e-mail address and not the exact user name?",
)
_fact(
    "request.client_id_matches_app",
    "bool",
    "the consumer key is that of the app",
    witness="client-id",
    ask="Is the consumer key copied exactly from this app?",
)
_fact(
    "request.secret_matches_app",
    "bool",
    "the consumer secret is that of the app",
    witness="secret",
    ask="Is the consumer secret the one that the app shows today?",
)
_fact(
    "request.redirect_uri_registered",
    "bool",
    "redirect_uri is a callback URL of the app, to the letter",
    witness="redirect-uri",
    ask="Is the redirect_uri one of the app's callback URLs, to the letter?",
)
_fact(
    "user.exists_in_org",
    "bool",
    "the user name exists in the target org",
    witness="subject",
    ask="Does exactly this user name exist in the org that the token host serves?",
)
_fact(
    "app.flow_enabled",
    "bool",
    "the flow in use is enabled on the app and in the org",
    witness="app.flow_enabled",
    ask="Is this OAuth flow enabled on the app and in the org's OAuth settings?",
)
_fact(
    "app.has_policies",
    "bool",
    "the org holds a policy record of the app",
    ask="Does the app's page in Setup show OAuth policies in this org?",
)
_fact(
    "app.allowlisted",
    "bool",
    "API Access Control lets the app through",
    ask="Is the app installed and allowed under API Access Control?",
)
_fact(
    "app.token_handler_enabled",
    "bool",
    "a token exchange handler is enabled for the app",
    ask="Is a token exchange handler enabled for this app (Setup > Token Exchange Handlers)?",
)
_fact(
    "user.password_locked",
    "bool",
    "the user's password is locked after failed attempts",
    ask="Does the user's page show the Unlock button (password locked)?",
)
_fact(
    "user.has_api_access",
    "bool",
    "the user has API access (API Enabled)",
    ask="Does the user's profile or a permission set grant API Enabled?",
)
_fact("user.is_api_only", "bool", "the user may log in by API only", ask="Is the user an API Only user?")
_fact(
    "user.has_logged_in",
    "bool",
    "the user has completed a login at least once",
    ask="Has this user ever logged in (Last Login on the user's page)?",
)
_fact(
    "user.may_use_uninstalled_apps",
    "bool",
    "the user may approve apps that are not installed",
    ask="Does the user hold Approve Uninstalled Connected Apps?",
)
_fact(
    "user.is_site_member",
    "bool",
    "the user is a member of the Experience Cloud site",
    ask="Is the user a member of the Experience Cloud site, and is the site live?",
)
_fact(
    "org.instance_has_incident",
    "bool",
    "the platform reports an incident or maintenance for the org's instance",
    ask="Does the provider's status page show an incident or maintenance for this instance right now?",
)
_fact(
    "history.other_org_session",
    "bool",
    "the browser of the approval step was logged in to another org",
    ask="Was the browser logged in to another org during the approval?",
)

# asked about the request and the app, where no probe of ours can look
_fact("assertion.claim_names", "list", "names of all claims in the assertion", witness="claims.names")
_fact(
    "request.method",
    "text",
    "HTTP method of the request",
    answers=("POST", "GET"),
    ask="Which HTTP method did the request really use (look after redirects)?",
)
_fact(
    "request.sends_redirect_uri",
    "bool",
    "a redirect_uri is sent",
    witness="redirect-uri.sent",
    ask="Does the request carry a redirect_uri?",
)
_fact("request.scopes", "list", "scopes asked for", witness="request.scopes")
_fact(
    "request.client_ids_agree",
    "bool",
    "every client identifier in the request (client_id, iss, sub, Basic header) is the same",
    witness="client-ids",
    ask="Do client_id, iss, sub and the Basic header all name the same client?",
)
_fact(
    "request.code_age_s",
    "number",
    "time between the issue of the authorization code and its exchange",
    ask="How many seconds after the redirect was the authorization code exchanged?",
)
_fact(
    "request.sends_dpop_proof",
    "bool",
    "a DPoP proof is sent",
    witness="dpop-proof",
    ask="Does the client send a DPoP header?",
)
_fact(
    "request.sends_client_certificate",
    "bool",
    "the client shows a certificate of its own in the TLS handshake",
    ask="Does the client show a TLS client certificate?",
)
_fact(
    "app.requires_dpop",
    "bool",
    "the app demands DPoP",
    witness="dpop-demand",
    ask="Does the app demand DPoP (sender-constrained tokens)?",
)
_fact(
    "app.exists",
    "bool",
    "the app (client, service account) exists and is enabled",
    witness="app-existence",
    ask="Does the app (client, service account) still exist, and is it enabled?",
)
_fact(
    "app.secret_is_expired",
    "bool",
    "the client secret is past its end date",
    witness="secret-expiry",
    ask="Is the client secret past its end date?",
)
_fact(
    "app.client_auth_method",
    "text",
    "client authentication method that the app is registered for",
    answers=("client_secret_basic", "client_secret_post", "private_key_jwt", "none"),
    ask="Which client authentication method is the app registered for?",
)
_fact(
    "user.requires_mutual_tls",
    "bool",
    "mutual TLS is enforced for this user or org",
    ask="Is mutual TLS enforced for this user or org?",
)
_fact(
    "history.assertion_reused",
    "bool",
    "one assertion is sent more than once",
    ask="Does the client send one assertion more than once (cache, retry, queue)?",
)

# derived by reasoning/derive.py
_fact(
    "clock.is_slow_beyond_ttl",
    "bool",
    "the local clock is slow by more than the assertion lives",
    witness="clock",
    derived=True,
)
_fact(
    "clock.is_slow_beyond_margin",
    "bool",
    "the local clock is slow by more than this assertion tolerates",
    witness="clock",
    derived=True,
)
_fact(
    "clock.is_fast_beyond_margin",
    "bool",
    "the local clock is fast by more than this server tolerates",
    witness="clock",
    derived=True,
)
_fact(
    "clock.is_fast_where_iat_counts",
    "bool",
    "the local clock is fast, this provider demands iat, and how far ahead iat may lie is not known",
    witness="clock",
    derived=True,
)
_fact(
    "clock.is_harmless",
    "bool",
    "the clock was measured, and its error cannot have spoilt this assertion",
    witness="clock",
    derived=True,
)
_fact(
    "clock.offset_is_time_zone",
    "bool",
    "the clock error is near a whole number of quarter-hours, an hour at least",
    witness="clock.zone",
    derived=True,
)
_fact(
    "path.certificate_problem",
    "text",
    "why the certificate was refused",
    witness="connection",
    answers=("expired", "not-yet-valid", "wrong-name", "self-signed", "unknown-authority", "inspected", "other"),
    derived=True,
)
_fact(
    "path.proxy_problem",
    "text",
    "what the proxy did",
    witness="proxy",
    answers=("wants-credentials", "rejects-credentials", "forbids-host", "cannot-reach-host", "wrong-scheme",
             "unreachable", "other"),
    derived=True,
)  # fmt: skip
_fact(
    "path.wants_client_certificate",
    "bool",
    "the host ended TLS because no client certificate was shown",
    witness="tls.client-certificate",
    derived=True,
)
_fact(
    "path.captive_portal",
    "bool",
    "the log-in page of a network answers in the host's place",
    witness="reply-form",
    derived=True,
)
_fact(
    "host.is_off_beyond_margin",
    "bool",
    "the token host's own clock is off while the local one is right",
    witness="server-clock",
    derived=True,
)
_fact(
    "assertion.exp_had_passed",
    "bool",
    "exp had passed on the judging clock when the assertion arrived",
    witness="assertion-expiry",
    derived=True,
)
_fact(
    "assertion.is_expired",
    "bool",
    "exp had passed, tolerance included, when the assertion arrived",
    witness="assertion-expiry",
    derived=True,
)
_fact(
    "assertion.expired_despite_right_clock",
    "bool",
    "exp had passed although the clock does not explain it",
    witness="assertion-expiry",
    derived=True,
)
_fact(
    "assertion.expired_because_of_clock",
    "bool",
    "exp had passed, and the clock error explains it",
    witness="clock",
    derived=True,
)
_fact(
    "assertion.exp_is_off_by_zone",
    "bool",
    "exp is off by a whole number of quarter-hours, an hour at least",
    witness="assertion-expiry",
    derived=True,
)
_fact(
    "assertion.starts_in_future",
    "bool",
    "iat or nbf lies in the future beyond the tolerance",
    witness="assertion-start",
    derived=True,
)
_fact(
    "assertion.starts_in_future_despite_right_clock",
    "bool",
    "so, and the clock does not explain it",
    witness="assertion-start",
    derived=True,
)
_fact(
    "assertion.ttl_is_tiny",
    "bool",
    "the assertion lives less than 30 s",
    witness="assertion.ttl_s",
    derived=True,
)
_fact(
    "assertion.ttl_over_limit",
    "bool",
    "the assertion lives longer than the provider's enforced maximum",
    witness="assertion.ttl_s",
    derived=True,
)
_fact(
    "assertion.sits_on_limit",
    "bool",
    "the assertion lives exactly as long as the provider allows, with nothing to spare",
    witness="assertion.ttl_s",
    derived=True,
)
_fact(
    "assertion.is_older_than_allowed",
    "bool",
    "iat lies further back than this provider takes, whatever exp says",
    witness="assertion-start",
    derived=True,
)
_fact("assertion.alg_supported", "bool", "the provider takes this alg", witness="assertion.alg", derived=True)
_fact("assertion.has_required_claims", "bool", "no required claim is missing", witness="claims", derived=True)
_fact(
    "assertion.kid_needed_and_missing",
    "bool",
    "the provider needs kid or x5t and none is there",
    witness="assertion.kid_present",
    derived=True,
)
_fact(
    "assertion.aud_form",
    "text",
    "ok, bare-host, array, http, token-url, not-a-url",
    witness="audience.form",
    derived=True,
)
_fact(
    "assertion.aud_is_known_form",
    "bool",
    "aud is a string that this provider takes somewhere",
    witness="audience.form",
    derived=True,
)
_fact(
    "assertion.aud_fits_org",
    "bool",
    "aud fits the kind of org (sandbox or not)",
    witness="audience",
    derived=True,
)
_fact(
    "assertion.aud_fits_host",
    "bool",
    "aud fits the token host (sandbox or not)",
    witness="audience",
    derived=True,
)
_fact(
    "assertion.aud_fits_app",
    "bool",
    "aud is not a generic host for an external client app",
    witness="audience.app",
    derived=True,
)
_fact(
    "assertion.aud_is_right",
    "bool",
    "aud fits the org, the host and the app as far as they are known, and two of them are",
    witness="audience",
    derived=True,
)
_fact(
    "assertion.iss_looks_like_consumer_key",
    "bool",
    "iss looks like a consumer key (3MVG9…)",
    witness="issuer",
    derived=True,
)
_fact(
    "assertion.sub_looks_like_username",
    "bool",
    "sub has the form of a user name",
    witness="subject-form",
    derived=True,
)
_fact(
    "request.host_kind",
    "text",
    "login, test, my-domain, my-domain-sandbox, lightning, instance, site, setup, other",
    witness="host",
    derived=True,
)
_fact(
    "request.host_is_generic",
    "bool",
    "the host is login or test.salesforce.com",
    witness="host",
    derived=True,
)
_fact(
    "request.host_is_loopback",
    "bool",
    "the token host is this machine itself",
    witness="request.scheme",
    derived=True,
)
_fact("request.host_is_my_domain", "bool", "the host is a My Domain", witness="host", derived=True)
_fact(
    "request.host_serves_tokens",
    "bool",
    "the host is of a kind that serves tokens at all",
    witness="host",
    derived=True,
)
_fact(
    "request.host_fits_org",
    "bool",
    "the host fits the kind of org (test for a sandbox, login for production)",
    witness="host",
    derived=True,
)
_fact(
    "request.host_fits_username",
    "bool",
    "the host fits the style of the user name",
    witness="username-style",
    derived=True,
)
_fact(
    "request.host_fits_app",
    "bool",
    "the host is not a generic one for an external client app",
    witness="host.app",
    derived=True,
)
_fact(
    "request.host_fits_flow",
    "bool",
    "the host serves this flow (client credentials: My Domain only)",
    witness="host.flow",
    derived=True,
)
_fact(
    "request.host_is_my_domain_of_org",
    "bool",
    "a My Domain host that fits the org as far as can be seen",
    witness="host",
    derived=True,
)
_fact(
    "request.host_is_retired_pod",
    "bool",
    "the host is an instance name (na1…), and those are retired",
    witness="host",
    derived=True,
)
_fact(
    "request.grant_fits_flow",
    "bool",
    "the grant_type sent is that of the flow that was meant",
    witness="request.grant_type",
    derived=True,
)
_fact(
    "request.verifier_is_well_formed",
    "bool",
    "43 to 128 allowed characters, no ~",
    witness="verifier-form",
    derived=True,
)
_fact(
    "request.secret_is_missing",
    "bool",
    "a secret is required and none is sent",
    witness="secret-presence",
    derived=True,
)
_fact(
    "request.secret_is_sent_where_required",
    "bool",
    "a secret is required and one is sent",
    witness="secret-presence",
    derived=True,
)
_fact(
    "request.pkce_is_required_and_missing",
    "bool",
    "PKCE is required and none is sent",
    witness="pkce-presence",
    derived=True,
)
_fact(
    "request.pkce_is_in_order",
    "bool",
    "a verifier is sent, well-formed",
    witness="pkce-presence",
    derived=True,
)
_fact(
    "app.is_admin_approved",
    "bool",
    "Permitted Users is set to admin pre-authorisation",
    witness="app.permitted_users",
    derived=True,
)
_fact(
    "app.preauthorised_but_unassigned",
    "bool",
    "admin-approved, and the user is not assigned",
    witness="assignment",
    derived=True,
)
_fact(
    "app.preauthorised_and_assigned",
    "bool",
    "admin-approved, and the user is assigned",
    witness="assignment",
    derived=True,
)
_fact(
    "app.self_authorised_without_approval",
    "bool",
    "self-authorise, and no usable earlier approval",
    witness="approval",
    derived=True,
)
_fact(
    "app.self_authorised_with_approval",
    "bool",
    "self-authorise, with a usable earlier approval",
    witness="approval",
    derived=True,
)
_fact(
    "app.supports_flow",
    "bool",
    "this kind of app offers this flow (external client apps have no password flow)",
    witness="app.kind",
    derived=True,
)
_fact(
    "app.is_younger_than_replication",
    "bool",
    "created less than ten minutes ago",
    witness="app-age",
    derived=True,
)
_fact(
    "app.is_local_elsewhere",
    "bool",
    "a local external client app of another org than the one logged in to",
    witness="app-home",
    derived=True,
)
_fact(
    "app.scopes_suffice_for_api",
    "bool",
    "api among the scopes (full alone does not count for client credentials)",
    witness="app-scopes",
    derived=True,
)
_fact(
    "app.lacks_refresh_scope",
    "bool",
    "refresh_token / offline_access is not among the app's scopes",
    witness="app-scopes.refresh",
    derived=True,
)
_fact(
    "app.token_dies_at_once",
    "bool",
    "the refresh token policy ends refresh tokens immediately or after a time",
    witness="app.refresh_token_policy",
    derived=True,
)
_fact(
    "user.ip_is_outside",
    "bool",
    "ranges apply to this flow and the caller is outside",
    witness="caller-ip",
    derived=True,
)
_fact("user.ip_is_inside", "bool", "no ranges apply, or the caller is inside", witness="caller-ip", derived=True)
_fact(
    "user.approval_lacks_refresh",
    "bool",
    "the user approved the app, and that approval held no refresh_token",
    witness="approval.refresh",
    derived=True,
)
_fact(
    "user.session_level_is_high",
    "bool",
    "the profile demands a high-assurance session",
    witness="user.required_session_level",
    derived=True,
)
_fact(
    "user.approvals_at_limit",
    "bool",
    "five approvals or more",
    witness="user.approvals_for_app",
    derived=True,
)
_fact(
    "history.login_rate_is_over_limit",
    "bool",
    "more than 3,600 logins in the last hour",
    witness="history.logins_last_hour",
    derived=True,
)
_fact(
    "history.rotated_recently",
    "bool",
    "the secret was rotated",
    witness="history.secret_rotated_min_ago",
    derived=True,
)
_fact(
    "history.was_always_broken",
    "bool",
    "the set-up never worked",
    witness="history.worked_before",
    derived=True,
)
_fact(
    "assertion.aud_array_is_refused",
    "bool",
    "aud is an array and this provider takes only a string",
    witness="audience.type",
    derived=True,
)
_fact(
    "assertion.carries_forbidden_claim",
    "bool",
    "a claim that this provider refuses is there",
    witness="claims.names",
    derived=True,
)
_fact(
    "request.method_fits_endpoint",
    "bool",
    "POST at the token, revoke and introspect endpoints, GET at authorize",
    witness="request.method",
    derived=True,
)
_fact(
    "request.grant_type_is_known",
    "bool",
    "the grant_type sent is one that exists",
    witness="request.grant_type",
    derived=True,
)
_fact(
    "request.scopes_are_on_app",
    "bool",
    "every scope asked for is selected on the app",
    witness="request.scopes",
    derived=True,
)
_fact(
    "request.verifier_is_missing",
    "bool",
    "a code_challenge was sent and no code_verifier follows",
    witness="pkce-presence",
    derived=True,
)
_fact(
    "request.dpop_is_required_and_missing",
    "bool",
    "the app demands DPoP and no proof is sent",
    witness="dpop-proof",
    derived=True,
)
_fact(
    "request.client_auth_fits_app",
    "bool",
    "the client authenticates by the method that the app is registered for",
    witness="app.client_auth_method",
    derived=True,
)
_fact(
    "request.host_is_legacy_my_domain",
    "bool",
    "a My Domain name of the time before enhanced domains (name--sandbox.my…, name.na1.my…)",
    witness="host",
    derived=True,
)
_fact(
    "request.hybrid_grant_meets_jwt_tokens",
    "bool",
    "a hybrid grant is asked of an app that issues JWT access tokens",
    witness="app.jwt_access_tokens",
    derived=True,
)
_fact(
    "user.username_fits_org",
    "bool",
    "the style of the user name (sandbox suffix or not) fits the kind of org",
    witness="username-style",
    derived=True,
)
_fact(
    "history.broke_after_app_change",
    "bool",
    "it worked, then the app was changed, then it failed; false: it failed without such a change",
    witness="app.changed_recently",
    derived=True,
)
_fact(
    "clock.date_says_slow",
    "bool",
    "no time server answered, and Date says that the local clock is slow against the host by more than the life",
    witness="clock",
    derived=True,
)
_fact(
    "clock.date_says_fast",
    "bool",
    "no time server answered, and Date says that the local clock is fast against the host by more than the life",
    witness="clock",
    derived=True,
)
_fact(
    "request.client_id_is_missing",
    "bool",
    "client_id, or iss in its place, is absent or empty",
    witness="client-id",
    derived=True,
)
_fact("flow.kind", "text", "the flow in use", witness="flow", derived=True)
_fact("flow.uses_assertion", "bool", "the flow sends a JWT made by the client", witness="flow", derived=True)
_fact(
    "flow.has_consent_step",
    "bool",
    "a browser consent step belongs to the flow",
    witness="flow",
    derived=True,
)
_fact("flow.uses_secret", "bool", "a client secret can belong to the flow", witness="flow", derived=True)
_fact(
    "reply.is_foreign_page",
    "bool",
    "a page with a success status, or a redirect to a host that is not the provider's",
    witness="reply-form",
    derived=True,
)
_fact("reply.reached_endpoint", "bool", "the token endpoint itself answered", witness="reached", derived=True)

OBSERVABLE: tuple[str, ...] = tuple(name for name, fact in VOCABULARY.items() if not fact.derived)
"""The facts that a case file may hold."""
