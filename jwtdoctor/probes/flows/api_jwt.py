"""A JWT of the client as an API's own credential: no token is asked for, the API is called with it (GitHub, Snowflake).

Which call is a harmless one stands in the provider's data (`requests.api-jwt`); without it the URL is read (GET). Where
the URL is the one at which the API changes the JWT for a token, that is asked for (POST).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from jwtdoctor.intake.bodies import parts_of
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
    url, path = attempt.token_url, urlsplit(attempt.token_url).path
    if path in ("", "/"):
        url = url.rstrip("/") + shape.path
    method = "POST" if provider is not None and _issues_tokens(path, provider) else shape.method
    return TokenRequest(url, (), (bearer, *shape.headers.items()), method)


def _issues_tokens(path: str, provider: Provider) -> bool:
    """Whether a path is the one at which the API changes the JWT for a token (GitHub's installations)."""
    template = re.sub(r"\\\{[^{}]{1,60}\\\}", "[^/]+", re.escape(provider.token_path))
    return bool(template) and re.search(f"{template}$", path) is not None


def is_taken(reply: Reply) -> bool:
    """Whether the API took the credential: any 2xx, unless the body says that it failed (Snowflake's login)."""
    if reply.status is None or not 200 <= reply.status < 300:
        return False
    return not parts_of(reply.body, reply.header("content-type")).is_error


def _fields(_attempt: Attempt, _assertion: Assertion | None) -> list[Field]:
    return []


FLOW = Flow("api-jwt", _fields, (), proof="assertion", asks_scope_here=False)
