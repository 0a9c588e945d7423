"""Google's token endpoint for service accounts, in its own words.

Sources of the texts: `knowledge/providers/google.toml`, response by response. Google does not say in which order it
looks; the order here is a GUESS: who, with what, for whom, when, and last what for.
"""

from __future__ import annotations

from jwtdoctor.model.names import Sureness
from jwtdoctor.simulator.providers import checks
from jwtdoctor.simulator.providers.checks import Asked, Trouble
from jwtdoctor.simulator.providers.dialect import Dialect, access_token, oauth_body
from jwtdoctor.simulator.refusals import Refusal

_F, _M, _I = Sureness.FIELD_REPORT, Sureness.MAINTAINER, Sureness.INFERRED

_SHORT_LIVED = Refusal(
    "invalid_grant",
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim.",
    _F,
)
_SIGNATURE = Refusal("invalid_grant", "Invalid JWT Signature.", _F)
_NOT_FOUND = Refusal("invalid_grant", "Invalid grant: account not found", _M)
_UNAUTHORIZED = Refusal(
    "unauthorized_client",
    "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the "
    "scopes requested.",
    _F,
    status=401,
)
# GUESS: what a JWT answers that cannot be read; the code alone is known (google-bare-invalid-grant).
_BARE = Refusal("invalid_grant", "Bad Request", _I)

_WORDS = {
    # GUESS: the words that Google's other grants use for a parameter that is missing or unknown.
    "no-assertion": Refusal("invalid_request", "Missing required parameter: assertion", _I),
    "grant-type": Refusal("unsupported_grant_type", "Invalid grant_type: {about}", _I),
    "method": Refusal("invalid_request", "Bad Request", _I, status=404),
    "down": Refusal("internal_failure", None, _I, status=503),
    # GUESS: a documented code; that a JWT without the claim gets it is documented, the words are not.
    "scope-missing": Refusal("invalid_scope", "Empty or missing scope not allowed.", _I),
    "client": _NOT_FOUND,
    "issuer": _NOT_FOUND,
    "deleted": _NOT_FOUND,
    "disabled": Refusal("invalid_grant", "Robot is disabled.", _F),
    "audience": Refusal(
        "invalid_grant",
        "Invalid JWT: Failed audience check. The right audience is https://oauth2.googleapis.com/token",
        _F,
    ),
    "expired": _SHORT_LIVED,
    "early": _SHORT_LIVED,
    "long": _SHORT_LIVED,
    "no-key": _SIGNATURE,
    "kid-unknown": _SIGNATURE,
    "kid-missing": _SIGNATURE,
    "signature": _SIGNATURE,
    # GUESS: another algorithm is not seen reported; its signature is none of RS256.
    "algorithm": _SIGNATURE,
    "subject": Refusal("invalid_grant", "Invalid email or User ID", _F),
    "consent": _UNAUTHORIZED,
    "scope": _UNAUTHORIZED,
}


def _words(trouble: Trouble, asked: Asked) -> Refusal:
    del asked
    if trouble == Trouble("missing", "scope"):
        return _WORDS["scope-missing"]
    if trouble.kind == "audience-list":
        return _WORDS["audience"]  # a list is refused like a wrong one (googleapis/google-auth-library-python 804)
    return _WORDS.get(trouble.kind, _BARE)


def _consented(asked: Asked) -> Trouble | None:
    """Delegation is asked for by `sub`: without one the account acts for itself."""
    return checks.consented(asked) if asked.text("sub") else None


DIALECT = Dialect(
    checks=(
        checks.is_up,
        checks.has_assertion,
        checks.is_readable,
        checks.claims_there,
        checks.client_known,
        checks.client_there,
        checks.algorithm_allowed,
        checks.key_there,
        checks.signature_right,
        checks.audience_right,
        checks.not_expired,
        checks.not_early,
        checks.not_long,
        checks.subject_known,
        _consented,
        checks.scope_granted,
    ),
    words=_words,
    body=oauth_body,
    granted=lambda asked: access_token(asked, 3599),
    # GUESS: not published. Five minutes are the skew that Google's own libraries allowed when they verify a token.
    guesses={"late_tolerance_s": 300.0, "early_tolerance_s": 300.0},
)
