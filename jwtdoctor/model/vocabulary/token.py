"""The token that was issued, and what it is good for."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact("token.is_fresh", "bool", "the token that was tried was issued a moment before", witness="token-age"),
    fact("token.scopes", "list", "the scopes that were granted", witness="app.scopes"),
    fact("token.scopes_missing", "list", "the scopes that were asked for and not granted", witness="app.scopes"),
    fact("token.expires_in_s", "number", "how long the token lives, as the endpoint says"),
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

DERIVED = ()
