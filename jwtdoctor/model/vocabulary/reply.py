"""What the endpoint, the org's Login History or a client said."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact("reply.status", "number", "HTTP status", witness="refusal"),
    fact("reply.error", "text", "the error code", witness="refusal"),
    fact("reply.description", "text", "the error description", witness="refusal"),
    fact("reply.has_description", "bool", "a description came with the error", witness="refusal"),
    fact("reply.content_type", "text", "Content-Type of the reply", witness="reply-form"),
    fact("reply.is_html", "bool", "the body is HTML", witness="reply-form"),
    fact(
        "reply.date_ahead_s",
        "number",
        "local time minus the reply's Date (midpoint of the round trip)",
        witness="clock",
    ),
    fact("reply.granted", "bool", "a token was issued", witness="refusal"),
    fact(
        "login_history.status",
        "text",
        "LoginHistory.Status or the LOGIN_STATUS code",
        witness="refusal",
        ask="What does Setup > Login History show as Status for this attempt (or is there no row)?",
        elsewhere="What does the server's own log of logins show for this attempt?",
    ),
    fact(
        "login_history.idp_code",
        "text",
        "the error code of this attempt in the Identity Provider Event Log",
        witness="refusal",
    ),
    fact("reply.body_is_json", "bool", "the body parses as a JSON object", witness="reply-form"),
    fact("reply.correlation_id", "text", "request id that the server gave", witness="reply.correlation_id"),
    fact("reply.trace_id", "text", "second id that the server gave", witness="reply.correlation_id"),
    fact("reply.thumbprint", "text", "thumbprint of the key that the server looked for, in hex", witness="thumbprint"),
    fact("reply.dpop_nonce_given", "bool", "the reply hands out a DPoP nonce that can be used", witness="dpop-demand"),
    fact("reply.client_text", "text", "text of a client or library, no answer of the endpoint", witness="refusal"),
)

DERIVED = (
    fact(
        "reply.is_foreign_page",
        "bool",
        "a page with a success status, or a redirect to a host that is not the provider's",
        witness="reply-form",
    ),
    fact("reply.reached_endpoint", "bool", "the token endpoint itself answered", witness="reached"),
)
