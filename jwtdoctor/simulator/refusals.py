"""Every refusal that the simulated service utters: status, code, text, and what Login History shows for it.

The texts are those of `knowledge/providers/salesforce` (observed or documented there, with sources). JSON failures of
the token endpoint are HTTP 400, wrong secrets included. `sure` says how well the pairing of state and answer is
founded; where it is a guess, the comment says why this guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from jwtdoctor.model.names import Sureness


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer. `description` None: the endpoint is not known to send one.

    `login_history` is LoginHistory.Status as an administrator would read it; None where it is not known, or where no
    row is written since neither user nor org is known. `on_page`: at authorize it is shown on the error page instead
    of being sent to the callback URL.
    """

    error: str
    description: str | None
    sure: Sureness
    login_history: str | None = None
    on_page: bool = False
    error_uri: str | None = None
    status: int = 400


_D, _M, _A, _F, _I = (
    Sureness.DOCUMENTED,
    Sureness.MAINTAINER,
    Sureness.ACCEPTED_ANSWER,
    Sureness.FIELD_REPORT,
    Sureness.INFERRED,
)

# the request itself
MUST_POST = Refusal("invalid_request", "must use HTTP POST", _D)
GRANT_NOT_SUPPORTED = Refusal("unsupported_grant_type", "grant type not supported", _F)
SCOPE_NOT_SUPPORTED = Refusal("invalid_request", "scope parameter not supported", _M)
# GUESS: the code is in the server's list and no text is known.
BAD_BASIC_HEADER = Refusal("invalid_basic_auth_header", None, _I)

# the client and its app
CLIENT_UNKNOWN = Refusal("invalid_client_id", "client identifier invalid", _D, on_page=True)
BAD_CREDENTIALS = Refusal("invalid_client", "invalid client credentials", _M)
ECA_NOT_INSTALLED = Refusal("app_not_found", "External client app is not installed in this org", _F, on_page=True)
MUST_BE_INSTALLED = Refusal("invalid_client", "app must be installed into org", _F, on_page=True)
FLOW_DISABLED = Refusal("oauth_flow_disabled", "The external client app or the OAuth plugin is disabled.", _F)
# GUESS: token-side code from the server's list, with the text seen at authorize.
APP_BLOCKED = Refusal("app_blocked", "this app is blocked by admin", _I)
APP_BLOCKED_PAGE = Refusal("OAUTH_APP_BLOCKED", "this app is blocked by admin", _F, on_page=True)
# GUESS: the code is in the server's list and no text is known.
POLICY_MISSING = Refusal("ecapp_policy_not_found", None, _I)
# GUESS: for a connected app the list has a code of its own.
OAUTH_POLICY_MISSING = Refusal("oauth_policy_not_found", None, _I)
WRONG_VERSION = Refusal("wrong_version", None, _D)
# GUESS: both codes are in the server's list, and no text is known; so is not what is refused with which.
DPOP_WANTED = Refusal("invalid_dpop_proof", None, _I)
DPOP_NONCE_WANTED = Refusal("use_dpop_nonce", None, _I)

# assertions
INVALID_ASSERTION = Refusal("invalid_grant", "invalid assertion", _F)
AUDIENCE_INVALID = Refusal("invalid_grant", "audience is invalid", _M)
EXPIRED = Refusal("invalid_grant", "expired authorization code", _M)
# GUESS: help says that a repeated jti is refused, the code is in the server's list, no text is known.
JTI_REPEATED = Refusal("bad_jti_claim", None, _I)
REFRESH_SCOPE_REQUIRED = Refusal(
    "invalid_request",
    "refresh_token scope is required and the connected app should be installed and preauthorized",
    _F,
)
SAML_INVALID = Refusal(
    "invalid_grant",
    "invalid assertion",
    _D,
    login_history="Failed: Assertion Invalid",
    error_uri="/setup/secur/SAMLValidationPage.apexp",
)

# the user
NOT_APPROVED = Refusal("invalid_grant", "user hasn't approved this consumer", _D)
NOT_ADMIN_APPROVED = Refusal(
    "invalid_app_access",
    "user is not admin approved to access this app",
    _D,
    login_history="Failed: Not approved for access",
)
NOT_ADMIN_APPROVED_PAGE = Refusal(
    "OAUTH_APP_ACCESS_DENIED",
    "user is not admin approved to access this app",
    _D,
    login_history="Failed: Not approved for access",
    on_page=True,
)
INACTIVE_USER = Refusal("invalid_grant", "inactive user", _F, login_history="User is inactive")
# GUESS: a vendor says only that a frozen user is refused with invalid_grant; the nearest known text is this one.
FROZEN_USER = Refusal("invalid_grant", "inactive user", _I, login_history="User is frozen")
INACTIVE_ORG = Refusal("invalid_grant", "inactive organization", _F)
IP_RESTRICTED = Refusal("invalid_grant", "ip restricted", _D, login_history="Restricted IP")
OUTSIDE_HOURS = Refusal("invalid_grant", "ip restricted", _D, login_history="Restricted time")
IP_RESTRICTED_BY_APP = Refusal(
    "invalid_grant", "ip restricted by app developer", _F, login_history="Failed: IP Address Not Allowed"
)
RATE_EXCEEDED = Refusal("invalid_grant", "login rate exceeded", _D, login_history="Login rate exceeded")
# GUESS: the code is in the server's list, and the Identity Provider Event Log has InvalidSessionLevel; no text.
SESSION_LEVEL = Refusal("invalid_session_level", None, _I)

# client credentials
WRONG_DOMAIN = Refusal("invalid_grant", "request not supported on this domain", _M)
NO_RUN_AS_USER = Refusal("invalid_grant", "no client credentials user enabled", _F)
NO_VALID_SCOPES = Refusal("invalid_grant", "no valid scopes defined", _F)
# GUESS: the words before "client credentials flow not enabled" are not known, so none are put there.
CC_NOT_ENABLED = Refusal("invalid_grant", "client credentials flow not enabled", _I)

# codes and refresh tokens
CODE_INVALID = Refusal("invalid_grant", "invalid authorization code", _F, login_history="Failed: Invalid Nonce")
CODE_EXPIRED = Refusal("invalid_grant", "expired authorization code", _D)
REDIRECT_MISMATCH = Refusal("redirect_uri_mismatch", "redirect_uri must match configuration", _D, on_page=True)
REDIRECT_MISSING = Refusal("redirect_uri_missing", None, _D, on_page=True)
VERIFIER_INVALID = Refusal("invalid_grant", "invalid code verifier", _A, login_history="Failed: Invalid Code Verifier")
CHALLENGE_MISSING = Refusal("invalid_request", "missing required code challenge", _F)
RESPONSE_TYPE = Refusal("unsupported_response_type", None, _D)
SCOPE_NOT_ALLOWED = Refusal("invalid_scope", "the requested scope is not allowed", _M, on_page=True)
DENIED = Refusal("access_denied", "end-user denied authorization", _D)
NEEDS_LOGIN = Refusal("login_error", None, _I)
REFRESH_EXPIRED = Refusal("invalid_grant", "expired access/refresh token", _D, login_history="Failed: Invalid Token")
REFRESH_IN_USE = Refusal(
    "invalid_grant",
    "token request is already being processed",
    _D,
    login_history="Failed: Token request is already being processed",
)

# password: one text for many states, and Login History tells them apart
_FAILURE = ("invalid_grant", "authentication failure")
PASSWORD_WRONG = Refusal(*_FAILURE, _D, login_history="Invalid password")
TOKEN_REQUIRED = Refusal(*_FAILURE, _F, login_history="Failed: API security token required")
PASSWORD_LOCKED = Refusal(*_FAILURE, _F, login_history="Password lockout")
PASSWORD_FLOW_OFF = Refusal(*_FAILURE, _D, login_history="Username-Password Flow Disabled")
PASSWORD_INACTIVE = Refusal(*_FAILURE, _F, login_history="User is inactive")
PASSWORD_UNKNOWN_USER = Refusal(*_FAILURE, _F)
API_DISABLED = Refusal(*_FAILURE, _D, login_history="Failed: OAuth API access disabled")
RETRY = Refusal("unknown_error", "retry your request", _F)

# device, token exchange
DEVICE_PENDING = Refusal("authorization_pending", None, _D)
DEVICE_TOO_FAST = Refusal("slow_down", "polling too quickly for the token endpoint", _F)
DEVICE_FAILED = Refusal("invalid_grant", "token exchange failed", _F)
HANDLER_MISSING = Refusal("invalid_request", "token handler not found", _F)
HANDLER_REJECTED = Refusal("invalid_request", "token handler validation failed", _D)

# resources
UNSUPPORTED_TOKEN = Refusal("unsupported_token_type", "this token type is not supported", _F)
