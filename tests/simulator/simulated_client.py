"""A client in a few lines: makes the request that a world's attempt amounts to, as any OAuth library would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from jwtdoctor.assertions import pkce
from jwtdoctor.assertions.keys import load_private
from jwtdoctor.assertions.sign import sign
from jwtdoctor.model.assertion import Assertion, AssertionSpec
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Exchange, Reply
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.dpop import prover_of
from jwtdoctor.probes.flows import token_request
from jwtdoctor.simulator.judge import judge
from jwtdoctor.simulator.wire import FORM, TOKEN_PATH, HttpRequest
from jwtdoctor.simulator.world import Scenario
from jwtdoctor.testing import World

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
NOW = 1_795_300_000.0


def login(world: World) -> Exchange:
    """One login as the world's attempt says: for the code flow the authorize request before it."""
    attempt = world.case.attempt
    assert attempt is not None
    if world.scenario.flow == "authorization-code" and attempt.code is None:
        answer = world.transport.get(authorize_url(attempt), 20.0)
        code = code_of(answer)
        if code is None:
            return answer
        attempt = replace(attempt, code=Secret(code), code_verifier=Secret(VERIFIER) if attempt.pkce else None)
    request = token_request(world.scenario.flow, attempt, assertion_of(world.scenario.flow, attempt, world.clock.at))
    prover = prover_of(attempt, lambda: world.clock.at)
    return world.transport.post_form(request if prover is None else prover.proved(request), 20.0)


VERIFIER = "test-verifier-0123456789-0123456789-0123456789-0123"


def authorize_url(attempt: Attempt, **more: str) -> str:
    query = {"response_type": "code", "client_id": attempt.client_id, "redirect_uri": attempt.redirect_uri or ""}
    query |= {"scope": attempt.scope} if attempt.scope else {}
    query |= {"code_challenge": pkce.challenge_of(VERIFIER)} if attempt.pkce else {}
    return f"{attempt.token_url.removesuffix('/token')}/authorize?{urlencode(query | more)}"


def code_of(answer: Exchange) -> str | None:
    assert isinstance(answer, Reply)
    return redirect_parameters(answer).get("code")


def redirect_parameters(answer: Exchange) -> dict[str, str]:
    assert isinstance(answer, Reply)
    location = answer.header("Location") or ""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def assertion_of(flow: str, attempt: Attempt, now: float) -> Assertion | None:
    if flow != "jwt-bearer":
        return None
    if attempt.ready_assertion is not None:
        return Assertion(attempt.ready_assertion, {}, {}, now)
    assert attempt.key_pem is not None
    return sign(spec_of(attempt), load_private(attempt.key_pem.reveal().encode(), where="the key"), now)


def spec_of(attempt: Attempt) -> AssertionSpec:
    return AssertionSpec(
        issuer=attempt.client_id,
        subject=attempt.username,
        audience=attempt.audience or "",
        lifetime_s=attempt.lifetime_s,
        alg=attempt.alg or "RS256",
        iat=attempt.iat,
        extra_claims=attempt.extra_claims,
    )


def token(scenario: Scenario, *, now: float = NOW, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    """A signed assertion of the scenario's client with some claims or header members changed; None leaves one out."""
    spec = replace(spec_of(scenario.attempt), extra_claims=claims, extra_header=dict(header or {}))
    made = sign(spec, _key(scenario), now)
    if None not in claims.values() and None not in dict(header or {}).values():
        return made.token.reveal()
    from jwtdoctor.assertions.sign import compact_json, signed_token

    kept = {name: value for name, value in made.claims.items() if value is not None}
    head = {name: value for name, value in made.header.items() if value is not None}
    return signed_token(head, compact_json(kept), _key(scenario), "RS256")


def _key(scenario: Scenario) -> Any:
    assert scenario.attempt.key_pem is not None
    return load_private(scenario.attempt.key_pem.reveal().encode(), where="the key")


def post(fields: Mapping[str, str], host: str = "acme.my.salesforce.com", **headers: str) -> HttpRequest:
    return HttpRequest("POST", TOKEN_PATH, {"Host": host, "Content-Type": FORM, **headers}, urlencode(fields))


def bearer(assertion: str, host: str = "acme.my.salesforce.com") -> HttpRequest:
    return post({"grant_type": JWT_BEARER, "assertion": assertion}, host)


def ask(scenario: Scenario, assertion: str, now: float = NOW) -> tuple[int | None, str | None]:
    """Status and error text (or `granted`) that the judge gives this assertion."""
    reply = judge(bearer(assertion, scenario.token_host), scenario.policy, now)
    return said(reply)


def said(reply: Exchange) -> tuple[int | None, str | None]:
    assert isinstance(reply, Reply)
    content = json.loads(reply.body)
    return reply.status, "granted" if "access_token" in content else content.get("error_description", content["error"])
