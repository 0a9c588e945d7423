"""A JWT of the client as an API's own credential: no token is asked for, the API is called with it (GitHub, Snowflake).

Which call is a harmless one stands in the provider's data (`requests.api-jwt`); without it the URL is read (GET).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Reply, TokenRequest
from jwtdoctor.model.provider import Provider
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows.shape import Field, Flow, signed


def request(attempt: Attempt, assertion: Assertion | None, provider: Provider | None) -> TokenRequest:
    """The call, with the JWT as Bearer (RFC 6750 §2.1). A URL that is a host alone gets the provider's path."""
    shape = None if provider is None else provider.requests.get(FLOW.name)
    bearer: Field = ("Authorization", Secret(f"Bearer {signed(assertion).token.reveal()}"))
    if shape is None:
        return TokenRequest(attempt.token_url, (), (bearer,), "GET")
    url = attempt.token_url
    if urlsplit(url).path in ("", "/"):
        url = url.rstrip("/") + shape.path
    return TokenRequest(url, (), (bearer, *shape.headers.items()), shape.method)


def is_taken(reply: Reply) -> bool:
    """Whether the API took the credential: any 2xx, whatever it then told."""
    return reply.status is not None and 200 <= reply.status < 300


def _fields(_attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    return []


FLOW = Flow("api-jwt", _fields, (), proof="assertion", asks_scope_here=False)
