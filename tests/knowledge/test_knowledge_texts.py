"""Texts as people paste them, and what they are first read as. Made up after the forms that clients and servers print.

Each row is one text, the flow, and the causes of which one must be the most usual reading. No facts: only the data's
readings are held here, not the weighing.
"""

from __future__ import annotations

import pytest

from jwtdoctor.knowledge.load import load
from jwtdoctor.model.provider import Response
from jwtdoctor.reasoning.responses import Texts, match

KNOWLEDGE = load()
SALESFORCE = KNOWLEDGE.providers["salesforce"]
GENERIC = KNOWLEDGE.providers["generic"]
USUAL = ("sole", "usual", "often", "sometimes", "rarely", "claimed")

# the answer of the endpoint: error, description, flow, causes of which one is read first
ANSWERS = [
    ("invalid_grant", "user hasn't approved this consumer", "jwt-bearer", {"user-not-preauthorized"}),
    ("invalid_grant", "User hasn’t approved this consumer.", "jwt-bearer", {"user-not-preauthorized"}),
    ("invalid_grant", "the user has not approved this consumer", "jwt-bearer", {"user-not-preauthorized"}),
    ("invalid_grant", "audience is invalid  [audience=https://a login=https://b]", "jwt-bearer", {"wrong-audience"}),
    ("invalid_grant", "Invalid audience", "jwt-bearer", {"wrong-audience"}),
    ("invalid_grant", "invalid assertion", "jwt-bearer", {"signature-key-mismatch"}),
    ("invalid_grant", "invalid assertion", "saml-bearer", {"saml-assertion-invalid"}),
    ("invalid_grant", "expired authorization code", "jwt-bearer", {"assertion-expired"}),
    ("invalid_grant", "expired authorization code", "authorization-code", {"code-expired"}),
    ("invalid_grant", "expired authorization code", "refresh-token", {"concurrent-refresh"}),
    ("invalid_request", "refresh_token scope is required", "jwt-bearer", {"missing-scope-refresh-token"}),
    ("invalid_client_id", "client identifier invalid", "client-credentials", {"client-id-unknown"}),
    ("invalid_client", "invalid client credentials", "refresh-token", {"client-secret-wrong"}),
    ("invalid_client", "invalid client credentials", "authorization-code", {"client-secret-missing"}),
    ("invalid_client_credentials", "Invalid client credentials", "refresh-token", {"client-secret-wrong"}),
    ("app_not_found", "External client app is not installed in this org", "jwt-bearer", {"wrong-login-host"}),
    (None, "External client app is not installed in this org", "authorization-code", {"app-not-installed"}),
    ("invalid_client", "app must be installed into org", "authorization-code", {"app-not-installed"}),
    ("invalid_app_access", "user is not admin approved to access this app", "jwt-bearer", {"user-not-assigned-to-app"}),
    ("OAUTH_APP_ACCESS_DENIED", None, "authorization-code", {"user-not-assigned-to-app"}),
    ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "authorization-code", {"app-blocked"}),
    ("OAUTH_APP_BLOCKED", "This app is blocked", None, {"app-blocked"}),
    ("OAUTH_DISALLOWED_SCOPES", "The requested scope is not allowed", None, {"scope-not-allowed"}),
    ("OAUTH_EC_APP_NOT_FOUND", None, "authorization-code", {"app-not-installed"}),
    (
        "OAUTH_AUTHORIZATION_BLOCKED",
        "Cross-org OAuth flows are not supported for this external client app",
        None,
        {"app-in-other-org"},
    ),
    ("invalid_grant", "ip restricted by app developer", "refresh-token", {"ip-restricted"}),
    ("invalid_grant", "IP restricted or invalid login hours", "jwt-bearer", {"ip-restricted"}),
    ("invalid_grant", "login rate exceeded", "jwt-bearer", {"rate-limited"}),
    ("LOGIN_RATE_EXCEEDED", None, "jwt-bearer", {"rate-limited"}),
    ("rate_limit_exceeded", None, "jwt-bearer", {"rate-limited"}),
    ("invalid_grant", "request not supported on this domain", "client-credentials", {"wrong-login-host"}),
    ("invalid_grant", "no client credentials user enabled", "client-credentials", {"no-run-as-user"}),
    ("invalid_grant", "the client credentials flow not enabled for this app", "client-credentials", {"flow-disabled"}),
    ("invalid_request", "must use HTTP POST", None, {"wrong-http-method"}),
    ("invalid_grant", "expired access/refresh token", "refresh-token", {"refresh-token-revoked"}),
    ("invalid_grant", "token request is already being processed", "refresh-token", {"concurrent-refresh"}),
    ("invalid_grant", "inactive user", "refresh-token", {"user-inactive"}),
    ("invalid_grant", "inactive organization", None, {"org-inactive"}),
    ("invalid_grant", "invalid code verifier", "authorization-code", {"pkce-verifier-mismatch"}),
    ("invalid_request", "missing required code challenge", "authorization-code", {"pkce-missing"}),
    ("slow_down", "polling too quickly for the token endpoint", "device", {"device-polling-too-fast"}),
    (
        "INVALID_LOGIN",
        "Invalid username, password, security token; or user locked out.",
        "password",
        {"password-wrong"},
    ),
    ("LOGIN_MUST_USE_SECURITY_TOKEN", None, "password", {"security-token-missing"}),
    ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "The users password has expired", "password", {"password-expired"}),
    ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", None, "jwt-bearer", {"password-expired"}),
    ("API_DISABLED_FOR_ORG", "API is not enabled for this Organization or Partner", None, {"api-access-missing"}),
    ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", None, {"rate-limited"}),
    ("ORG_LOCKED", "Org is locked.", None, {"org-inactive"}),
]

# the same in a log, or the words of a client that got no answer: text, flow, causes
LOGS = [
    ("Error authenticating with the refresh token due to: ip restricted", "refresh-token", {"ip-restricted"}),
    (
        "ERROR running auth:jwt:grant: Errors encountered:\nfetch failed\nuser hasn't approved this consumer",
        "jwt-bearer",
        {"user-not-preauthorized"},
    ),
    ("INVALID_GRANT - token exchange failed.\nSomething went wrong", "device", {"device-code-expired"}),
    ("Restforce::AuthenticationError - Login Rate Exceeded", None, {"rate-limited"}),
    (
        "OAUTH_APPROVAL_ERROR_GENERIC : An unexpected error has occured during authentication.",
        None,
        {"app-not-installed"},
    ),
    (
        "We can't authorize you because of an OAuth error. For more information, contact your administrator.",
        None,
        {"app-not-installed"},
    ),
    (
        "LOGIN_MUST_USE_SECURITY_TOKEN: Invalid username, password, security token; or user locked out. Are you at "
        "a new location?",
        "password",
        {"security-token-missing"},
    ),
    (
        "sf: INVALID_LOGIN: Invalid username, password, security token; or user locked out.",
        "password",
        {"password-wrong"},
    ),
    ("[TXN_SECURITY_NO_ACCESS] The operation you requested isn't allowed", None, {"transaction-security-policy"}),
    ("REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.", None, {"rate-limited"}),
    (
        "Failed to decipher auth data. reason: Unsupported state or unable to authenticate data.",
        None,
        {"credential-mangled"},
    ),
    ("ERROR running force:source:deploy: The org cannot be found", None, {"dns-failed"}),
    ("tunneling socket could not be established, statusCode=407", None, {"proxy-refused"}),
    (
        "requests.exceptions.ProxyError: HTTPSConnectionPool(host='test.example', port=443): Max retries exceeded "
        "with url: /services/oauth2/token (Caused by ProxyError('Cannot connect to proxy.', OSError('Tunnel connection "
        "failed: 407 Proxy Authentication Required')))",
        None,
        {"proxy-refused"},
    ),
    (
        'java.io.IOException: Unable to tunnel through proxy. Proxy returns "HTTP/1.1 407 Proxy Authentication"',
        None,
        {"proxy-refused"},
    ),
    ("The remote server returned an error: (407) Proxy Authentication Required.", None, {"proxy-refused"}),
    ("curl: (56) Received HTTP code 407 from proxy after CONNECT", None, {"proxy-refused"}),
    (
        'Post "https://login.salesforce.com/services/oauth2/token": proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: '
        "connection refused",
        None,
        {"proxy-refused"},
    ),
    ("write EPROTO 00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number", None, {"network-blocked"}),
    (
        "request to https://login.salesforce.com/ failed, reason: getaddrinfo EAI_AGAIN login.salesforce.com",
        None,
        {"dns-failed"},
    ),
    ("java.net.UnknownHostException: acme.my.salesforce.com", None, {"dns-failed"}),
    (
        "urllib3.exceptions.NameResolutionError: Failed to resolve 'test.example' ([Errno -3] Temporary failure in "
        "name resolution)",
        None,
        {"dns-failed"},
    ),
    ("System.Net.WebException: The remote name could not be resolved: 'login.salesforce.com'", None, {"dns-failed"}),
    ("dial tcp: lookup login.salesforce.com on 10.0.0.2:53: no such host", None, {"dns-failed"}),
    ("curl: (6) Could not resolve host: na1.salesforce.com", None, {"dns-failed"}),
    ("php_network_getaddresses: getaddrinfo failed: Name or service not known", None, {"dns-failed"}),
    (
        "Failed to open TCP connection to login.salesforce.com:443 (getaddrinfo: Name or service not known)",
        None,
        {"dns-failed"},
    ),
    ("connect ECONNREFUSED 10.0.0.7:443", None, {"network-blocked"}),
    ("connect ETIMEDOUT 13.110.1.2:443", None, {"network-blocked"}),
    ("java.net.SocketTimeoutException: connect timed out", None, {"network-blocked"}),
    ("httpx.ConnectTimeout: timed out", None, {"network-blocked"}),
    ('Post "https://x/services/oauth2/token": net/http: TLS handshake timeout', None, {"network-blocked"}),
    ("read tcp 10.0.0.3:5000->13.1.1.1:443: i/o timeout", None, {"network-blocked"}),
    ("curl: (35) error:0A000410:SSL routines::sslv3 alert handshake failure", None, {"tls-version-too-old"}),
    ("javax.net.ssl.SSLHandshakeException: Received fatal alert: protocol_version", None, {"tls-version-too-old"}),
    ("The request was aborted: Could not create SSL/TLS secure channel.", None, {"tls-version-too-old"}),
    ("UNSUPPORTED_CLIENT: TLS 1.0 has been disabled in this organization.", None, {"tls-version-too-old"}),
    (
        "sun.security.validator.ValidatorException: PKIX path building failed: unable to find valid certification path "
        "to requested target",
        None,
        {"tls-trust-failed"},
    ),
    (
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate",
        None,
        {"tls-trust-failed"},
    ),
    ("DEPTH_ZERO_SELF_SIGNED_CERT", None, {"tls-trust-failed"}),
    (
        "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames",
        None,
        {"tls-trust-failed"},
    ),
    (
        "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel.",
        None,
        {"tls-trust-failed"},
    ),
    ("tls: failed to verify certificate: x509: certificate signed by unknown authority", None, {"tls-trust-failed"}),
    ("curl: (60) SSL certificate problem: self-signed certificate in certificate chain", None, {"tls-trust-failed"}),
    ("CERT_HAS_EXPIRED", None, {"tls-trust-failed"}),
    ("secretOrPrivateKey must be an asymmetric key when using RS256", "jwt-bearer", {"credential-mangled"}),
    ("jwt.exceptions.InvalidKeyError: Could not parse the provided public key.", "jwt-bearer", {"credential-mangled"}),
    ("ValueError: Unable to load PEM file. MalformedFraming", "jwt-bearer", {"credential-mangled"}),
    (
        "private key should be a PEM or plain PKCS1 or PKCS8; parse error: asn1: structure error: tags don't match",
        None,
        {"credential-mangled"},
    ),
    ("java.security.InvalidKeyException: algid parse error, not a sequence", None, {"credential-mangled"}),
    ("error:0909006C:PEM routines:get_name:no start line", "jwt-bearer", {"credential-mangled"}),
    ("error:1E08010C:DECODER routines::unsupported", "jwt-bearer", {"credential-mangled"}),
    ("TypeError: Password was not given but private key is encrypted", None, {"credential-mangled"}),
    ("binascii.Error: Incorrect padding", None, {"credential-mangled"}),
    ("ERR_ACCESS_DENIED squid: The requested URL could not be retrieved", None, {"proxy-refused"}),
]

# what Login History or the event log shows
ROWS = [
    ("Failed: Signature Invalid", "jwt-bearer", {"signature-key-mismatch"}),
    ("signature invalid", "saml-bearer", {"saml-assertion-invalid"}),
    ("LOGIN_OAUTH_INVALID_DSIG", "jwt-bearer", {"signature-key-mismatch"}),
    ("FAILED:  not approved  for access", None, {"user-not-assigned-to-app"}),
    ("Failed: Missing Consumer Key Parameter", None, {"client-id-missing"}),
    ("Missing Consumer Key", None, {"client-id-missing"}),
    ("Restricted IP", None, {"ip-restricted"}),
    ("Restricted domain", None, {"wrong-login-host"}),
    ("LOGIN_ERROR_GLOBAL_BLOCK_DOMAIN", None, {"ip-restricted"}),
    ("Login Rate Exceeded", None, {"rate-limited"}),
    ("Username-Password Flow Disabled", "password", {"flow-disabled"}),
    ("Failed: API security token required", "password", {"security-token-missing"}),
    ("Failed: Invalid Nonce", "authorization-code", {"code-reused"}),
    ("User is frozen", None, {"user-frozen"}),
    ("LOGIN_ERROR_OUTLOOK_DISABLED", None, {"other-login-failure"}),
]


@pytest.mark.parametrize(("error", "description", "flow", "expected"), ANSWERS)
def test_an_answer_is_read_first_as(
    error: str | None, description: str | None, flow: str | None, expected: set[str]
) -> None:
    found = match(Texts(status=400, error=error, description=description), SALESFORCE, GENERIC, flow).refusal

    assert found is not None
    assert first_reading(found.response, flow) & expected, found.response.id


@pytest.mark.parametrize(("text", "flow", "expected"), LOGS, ids=[text[:50] for text, _, _ in LOGS])
def test_a_log_line_is_read_first_as(text: str, flow: str | None, expected: set[str]) -> None:
    found = match(Texts(free=text), SALESFORCE, GENERIC, flow).refusal

    assert found is not None
    assert first_reading(found.response, flow) & expected, found.response.id


@pytest.mark.parametrize(("status", "flow", "expected"), ROWS)
def test_a_row_of_login_history_is_read_first_as(status: str, flow: str | None, expected: set[str]) -> None:
    found = match(Texts(login_history=status), SALESFORCE, GENERIC, flow).login_history

    assert found is not None
    assert first_reading(found.response, flow) & expected, found.response.id


def test_both_spellings_of_a_wrong_secret_are_read_as_one() -> None:
    def listed(error: str) -> set[tuple[str, str]]:
        found = match(Texts(error=error, description="invalid client credentials"), SALESFORCE, GENERIC, None).refusal
        assert found is not None
        return {(reading.cause, reading.usual) for reading in found.response.readings}

    assert listed("invalid_client") == listed("invalid_client_credentials")


def test_no_text_of_salesforce_leads_with_a_claim_that_the_vendor_contradicts() -> None:
    contradicted = {"pkce-secret-conflict", "assertion-ttl-too-long"}
    wrong = [
        response.id
        for response in SALESFORCE.responses
        for reading in response.readings
        if reading.cause in contradicted and reading.usual != "claimed"
    ]

    assert wrong == []


def first_reading(response: Response, flow: str | None) -> set[str]:
    """The causes of the most usual readings that this flow allows."""
    fitting = [r for r in response.readings if flow is None or not r.flows or flow in r.flows]
    best = min((USUAL.index(r.usual) for r in fitting), default=0)
    return {r.cause for r in fitting if USUAL.index(r.usual) == best}
