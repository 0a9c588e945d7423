"""How a provider speaks: which questions it asks, in which order, and its words for each kind of trouble."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jwtdoctor.model.exchange import Reply
from jwtdoctor.simulator.providers.checks import Asked, Check, Trouble
from jwtdoctor.simulator.providers.service import Service
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest, http_date

Words = Callable[[Trouble, Asked], Refusal]
Body = Callable[[Refusal, Trouble, Asked], object]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One provider's way. `guesses`: limits that are not published, in seconds, each with its reason where it is made.

    `words` chooses the refusal, `body` writes it down, `granted` writes the body of a success. `pages` answers what is
    asked besides (discovery, an installation's token); None: nothing else is there.
    """

    checks: tuple[Check, ...]
    words: Words
    body: Body
    granted: Callable[[Asked], object]
    guesses: Mapping[str, float] = field(default_factory=dict)
    headers: Callable[[Asked], Mapping[str, str]] = lambda _asked: {}
    pages: Callable[[HttpRequest, Service, float], Reply | None] = lambda _request, _service, _now: None
    serves: Callable[[HttpRequest, Service], bool] = lambda request, service: _is_own_path(request, service)
    """Whether this is an address where the JWT is judged."""
    token_of: Callable[[HttpRequest], str] | None = None
    """Where the JWT is, if not where its flow puts it."""
    status_of: Callable[[Asked, int], int] = lambda _asked, status: status
    """The HTTP status in the place of the refusal's own (200 for everything, at some)."""


def _is_own_path(request: HttpRequest, service: Service) -> bool:
    return request.path.rstrip("/") == service.path.rstrip("/")


def json_reply(status: int, content: object, now: float, headers: Mapping[str, str] | None = None) -> Reply:
    """`content` as JSON. `Date` is the service's clock, as on every answer (RFC 9110 §6.6.1)."""
    told = {"Date": http_date(now), "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Reply(status, {**told, **(headers or {})}, json.dumps(content))


def oauth_body(refusal: Refusal, trouble: Trouble, asked: Asked) -> object:
    """RFC 6749 §5.2, with the name that the text has a place for. A refusal without a code is its status alone."""
    del asked
    content = {"error": refusal.error} if refusal.error else {}
    if refusal.description is not None:
        content["error_description"] = refusal.description.replace("{about}", trouble.about)
    return content


def with_less_said(content: object, service: Service) -> object:
    """The body of a refusal, as plain or as vague as the service has it.

    `no-description`: without the words that are for people; codes and numbers stay. `bare`: nothing but the code that
    RFC 6749 §5.2 has for whatever is wrong with a grant or a client; an API that takes the JWT itself says nothing.
    """
    if service.vague == "no":
        return content
    if service.vague == "bare":
        code = _CODES.get(service.flow)
        return {} if code is None else {"error": code}
    return _without_words(content)


_CODES = {"jwt-bearer": "invalid_grant", "private-key-jwt": "invalid_client", "client-secret-jwt": "invalid_client"}
_FOR_PEOPLE = frozenset({"error_description", "message", "errorSummary", "title", "detail"})


def _without_words(content: object) -> object:
    if isinstance(content, list):
        return [_without_words(one) for one in content]
    if not isinstance(content, dict):
        return content
    return {name: _without_words(value) for name, value in content.items() if name not in _FOR_PEOPLE}


def access_token(asked: Asked, life_s: int = 3600) -> dict[str, object]:
    """RFC 6749 §5.1. The token is nobody's: it opens nothing."""
    return {
        "access_token": f"simulated-{seed_of(asked)[:32]}",
        "token_type": "DPoP" if asked.service.wants_dpop else "Bearer",
        "expires_in": life_s,
    }


def seed_of(asked: Asked) -> str:
    """Hexadecimal digits that ids of this answer are made of: the same for the same request and moment."""
    return hashlib.sha256(f"{asked.request.target}|{len(asked.request.body)}|{asked.now:.6f}".encode()).hexdigest()


def uuid_of(asked: Asked, what: str) -> str:
    """An id as services print it, of this answer and this purpose."""
    digits = hashlib.sha256(f"{seed_of(asked)}|{what}".encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
