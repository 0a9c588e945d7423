"""The token that was issued, and what it is good for."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact("token.is_fresh", "bool", "the token that was tried was issued a moment before", witness="token-age"),
    fact("token.scopes", "list", "the scopes that were granted", witness="app.scopes"),
    fact("token.scopes_missing", "list", "the scopes that were asked for and not granted", witness="app.scopes"),
    fact("token.expires_in_s", "number", "how long the token lives, as the endpoint or the session itself says"),
    fact("token.type", "text", "token_type of the token response: Bearer, DPoP", witness="token-type"),
    fact("token.sent_with_proof", "bool", "the token was used with a DPoP proof of its key", witness="token-type"),
    fact("token.is_jwt", "bool", "the access token is a JWT", witness="token-form"),
    fact("token.aud", "text or list", "aud of an access token that is a JWT", witness="token-aud"),
    fact("token.api_host", "text", "the host that the API call with the token went to"),
    fact("token.session_level", "text", "level of the session behind the token: STANDARD, HIGH_ASSURANCE, LOW"),
    fact("token.session_type", "text", "type of the session behind the token, as the org names it"),
    fact("token.api_works", "bool", "a harmless API call with the token was answered", witness="token-use"),
    fact("token.api_status", "number", "HTTP status of that API call", witness="token-use"),
    fact("token.api_error", "text", "the error code of that API call", witness="token-use"),
    fact("token.api_description", "text", "the message of that API call", witness="token-use"),
    fact("token.identity_status", "number", "HTTP status of the identity or userinfo call", witness="token-identity"),
    fact("token.is_active", "bool", "introspection calls the token active", witness="token-active"),
    fact("token.user_matches", "bool", "the token belongs to the user that was asked for", witness="token-user"),
    fact("token.signature_verifies", "bool", "the signature of the token response is made with the secret at hand"),
    fact(
        "token.issued_ahead_s",
        "number",
        "how far the local clock is fast against issued_at of the token response",
        witness="server-clock",
    ),
)

DERIVED = (
    fact(
        "token.aud_is_for_api",
        "bool",
        "the audience of the access token names the host that its API call went to",
        witness="token-aud",
    ),
    fact("token.lacks_wanted_scopes", "bool", "a scope that was asked for is not in the token", witness="app.scopes"),
    fact("token.is_bound", "bool", "the token is bound to a key and no plain bearer token", witness="token-type"),
    fact(
        "token.is_bound_and_unproven",
        "bool",
        "the token is bound to a key, and was used without a proof of it as far as is known",
        witness="token-type",
    ),
)
