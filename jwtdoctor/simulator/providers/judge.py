"""The judgement of a provider's service: a pure function of the request, the service and its clock.

rule(request, service, now) -> Decision

The questions and the words are the provider's (`dialect`); the rules are those of its data.
"""

from __future__ import annotations

from dataclasses import dataclass

from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.names import GRANT_TYPES
from jwtdoctor.simulator.providers import entra, github, google, okta, plain, possession, snowflake
from jwtdoctor.simulator.providers.checks import Asked, Trouble, asked_of, used_up
from jwtdoctor.simulator.providers.dialect import Dialect, json_reply, with_less_said
from jwtdoctor.simulator.providers.service import Service
from jwtdoctor.simulator.refusals import Refusal
from jwtdoctor.simulator.wire import HttpRequest, bearer_of

PLAYED = {
    "google": google.DIALECT,
    "entra": entra.DIALECT,
    "okta": okta.DIALECT,
    "github": github.DIALECT,
    "snowflake": snowflake.DIALECT,
}
"""The providers whose own words are played; every other one is played from its data (`plain`)."""

_FIELDS = {"jwt-bearer": "assertion", "private-key-jwt": "client_assertion", "client-secret-jwt": "client_secret"}
_GRANTS = {
    "jwt-bearer": ("jwt-bearer",),
    "private-key-jwt": ("client-credentials",),
    "client-secret-jwt": ("authorization-code", "refresh-token"),
}
"""What a client asks for with a JWT of each flow, as it is judged here."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a request, and which names it used up."""

    reply: Reply
    refusal: Refusal | None = None
    spent: tuple[str, ...] = ()

    def onto(self, service: Service) -> Service:
        """The service as it stands afterwards."""
        return service.after(self.spent) if self.spent else service


def dialect_of(service: Service) -> Dialect:
    return PLAYED.get(service.provider.slug) or plain.dialect(service.provider)


def rule(request: HttpRequest, service: Service, now: float) -> Decision:
    """The answer with what it used up. `now` is the service's clock in epoch seconds. Never raises."""
    dialect = dialect_of(service)
    page = dialect.pages(request, service, now)
    if page is not None:
        return Decision(page)
    if not dialect.serves(request, service):
        return Decision(json_reply(404, {"message": "Not Found"}, now))
    asked = asked_of(request, _token(request, service, dialect), service, now)
    trouble = trouble_of(asked, dialect)
    headers = {**dialect.headers(asked), **possession.headers(asked)}
    if trouble is None:
        reply = json_reply(dialect.status_of(asked, 200), dialect.granted(asked), now, headers)
        return Decision(reply, spent=(*used_up(asked), *possession.used_up(asked)))
    refusal = dialect.words(trouble, asked)
    status = dialect.status_of(asked, refusal.status)
    # Okta documents that an assertion is used up by a request that was asked for a nonce; GUESS for the others.
    spent = used_up(asked) if trouble.kind == "dpop-nonce" else ()
    content = with_less_said(dialect.body(refusal, trouble, asked), service)
    return Decision(json_reply(status, content, now, headers), refusal, spent)


def trouble_of(asked: Asked, dialect: Dialect) -> Trouble | None:
    """The first question that the request does not answer; those of the form come first."""
    wrong = _form(asked)
    if wrong is not None:
        return wrong
    return next((found for check in dialect.checks if (found := check(asked)) is not None), None)


def _form(asked: Asked) -> Trouble | None:
    """Method and grant type, where a token is asked for."""
    service = asked.service
    shape = service.provider.requests.get(service.flow)
    if service.flow == "api-jwt":
        return None
    if asked.request.method != "POST":
        return Trouble("method", asked.request.method)
    if shape is not None and shape.grant_type:
        return None
    sent = GRANT_TYPES.get(asked.form.get("grant_type", ""))
    is_right = sent in _GRANTS.get(service.flow, (sent,))
    return None if is_right else Trouble("grant-type", asked.form.get("grant_type", "")[:60])


def _token(request: HttpRequest, service: Service, dialect: Dialect) -> str:
    """Where the flow puts the JWT: a field of the form, or the Authorization header."""
    if dialect.token_of is not None:
        return dialect.token_of(request)
    shape = service.provider.requests.get(service.flow)
    field = (shape.assertion if shape else "") or _FIELDS.get(service.flow, "")
    return request.parameters().get(field, "") if field else bearer_of(request)
