"""How the judges look at DPoP proofs: what is refused, in which words, and what is used up by it."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

import jwtdoctor
from jwtdoctor.assertions import dpop
from jwtdoctor.assertions.pairs import fresh_key
from jwtdoctor.assertions.sign import compact_json, signed_token
from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows import token_request
from jwtdoctor.probes.local import look_at_key, make_assertion
from jwtdoctor.simulator.providers.judge import Decision, rule
from jwtdoctor.simulator.providers.scene import healthy
from jwtdoctor.simulator.providers.service import Service
from jwtdoctor.simulator.wire import FORM, HttpRequest
from jwtdoctor.testing import World

NOW = 1_795_300_000.0
PROVIDERS = load().providers
KEY = fresh_key("EC", 256)
OKTA = healthy(PROVIDERS["okta"])
URL = OKTA.meant_url
SERVICE = replace(OKTA.policy, wants_dpop=True)


def asked(proof: str | None, service: Service = SERVICE, now: float = NOW) -> Decision:
    """One login with a right assertion, and with this in its DPoP header."""
    attempt = OKTA.ready(now).attempt
    provider = PROVIDERS["okta"]
    assertion = make_assertion(attempt, provider, look_at_key(attempt, now).key, now, "private-key-jwt").assertion
    fields = token_request("private-key-jwt", attempt, assertion, provider).fields
    body = urlencode([(name, v.reveal() if isinstance(v, Secret) else v) for name, v in fields])
    headers = {"Host": service.host, "Content-Type": FORM} | ({} if proof is None else {"DPoP": proof})
    return rule(HttpRequest("POST", service.path, headers, body), service, now)


def proof(nonce: str | None = None, **claims: object) -> str:
    made = dpop.proof(KEY, method="POST", url=URL, now=NOW, jti="j", nonce=nonce, claims=claims)
    return made.token.reveal()


def nonce_of(reply: Reply) -> str:
    return reply.header("DPoP-Nonce") or ""


def description(reply: Reply) -> str:
    return str(json.loads(reply.body).get("error_description", ""))


def test_a_proof_with_the_nonce_is_granted_a_bound_token() -> None:
    first = asked(proof())
    second = asked(proof(nonce_of(first.reply)), first.onto(SERVICE))

    assert json.loads(first.reply.body)["error"] == "use_dpop_nonce"
    assert (second.reply.status, json.loads(second.reply.body)["token_type"]) == (200, "DPoP")


def test_an_assertion_is_used_up_by_a_request_that_lacked_a_nonce() -> None:
    """Okta documents it; so a client that repeats the request signs anew."""
    assert [name.partition(":")[0] for name in asked(proof()).spent] == ["jti"]


def test_a_proof_is_good_once() -> None:
    nonce = nonce_of(asked(proof()).reply)
    first = asked(proof(nonce))
    second = asked(proof(nonce), first.onto(SERVICE))

    assert first.reply.status == 200
    assert description(second.reply) == "The DPoP proof JWT has already been used."


def test_a_nonce_ends() -> None:
    nonce = nonce_of(asked(proof()).reply)

    assert asked(proof(nonce, iat=int(NOW) + 500), now=NOW + 500).reply.status == 200
    assert json.loads(asked(proof(nonce, iat=int(NOW) + 1500), now=NOW + 1500).reply.body)["error"] == "use_dpop_nonce"


def headed(**header: object) -> str:
    """A proof that is right but for its header."""
    made = dpop.proof(KEY, method="POST", url=URL, now=NOW, jti="j")
    return signed_token({**made.header, **header}, compact_json(made.claims), KEY, "ES256")


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("no jwt", "The DPoP proof JWT cannot be parsed."),
        (headed(typ="JWT"), "'typ' must be 'dpop+jwt' in the DPoP proof JWT."),
        (headed(alg="HS256"), "The DPoP proof JWT signature algorithm is invalid."),
        (headed(jwk={"kty": "EC", "d": "x"}), "The DPoP proof JWT is invalid."),
        (proof(htm="GET"), "'htm' claim in the DPoP proof JWT is invalid."),
        (proof(htu="https://acme.okta.com/oauth2/v1/other"), "'htu' claim in the DPoP proof JWT is invalid."),
        (proof(iat="today"), "'iat' claim in the DPoP proof JWT is invalid."),
        (proof(iat=int(NOW) - 301), "The DPoP proof JWT is issued more than five minutes in the past."),
        (proof(iat=int(NOW) + 301), "The DPoP proof JWT is issued in the future."),
        (proof(jti=""), "'jti' claim in the DPoP proof JWT is invalid."),
        (proof()[:-8] + "AAAAAAAA", "The DPoP proof JWT signature is invalid."),
    ],
    ids=["no-jwt", "type", "symmetric", "private", "method", "url", "no-time", "old", "future", "no-jti", "forged"],
)
def test_okta_says_what_is_wrong_with_a_proof_in_the_words_of_its_table(header: str, says: str) -> None:
    reply = asked(header).reply

    assert (reply.status, json.loads(reply.body)["error"]) == (400, "invalid_dpop_proof")
    assert description(reply) == says
    assert jwtdoctor.explain(reply.body, provider="okta").leaders[0] in ("dpop-required", "clock-drift")


def test_a_service_that_wants_no_proof_ignores_one() -> None:
    reply = asked("no jwt", OKTA.policy).reply

    assert (reply.status, json.loads(reply.body)["token_type"], nonce_of(reply)) == (200, "Bearer", "")


def test_a_service_played_from_its_data_says_what_the_rfc_says() -> None:
    """The code tells which half is missing, although one cause stands for both."""
    missing, lost = (World(f"dpop-required{which}", provider="generic") for which in ("", ":nonce-lost"))
    said = [examine(world.case, world.instruments).chart.text("reply.error") for world in (missing, lost)]

    assert said == ["invalid_dpop_proof", "use_dpop_nonce"]


@pytest.mark.parametrize(
    ("provider", "which", "says"),
    [
        ("keycloak", "", "DPoP proof is missing"),
        ("keycloak", ":url", "DPoP HTTP URL mismatch"),
        ("keycloak", ":kept", "DPoP proof is not active"),
        ("node-oidc-provider", "", None),
        ("node-oidc-provider", ":url", "DPoP proof htu mismatch"),
        ("node-oidc-provider", ":kept", "DPoP proof iat is not recent enough"),
    ],
)
def test_a_service_played_from_its_data_chooses_the_words_that_speak_of_what_is_wrong(
    provider: str, which: str, says: str | None
) -> None:
    world = World(f"dpop-required{which}", provider=provider)
    report = examine(world.case, world.instruments)

    assert (report.chart.text("reply.description"), report.leaders) == (says, ("dpop-required",))


def test_a_provider_that_is_not_known_to_give_nonces_asks_for_none() -> None:
    world = World("dpop-required", provider="keycloak")
    assert world.case.attempt is not None
    report = examine(replace(world.case, attempt=replace(world.case.attempt, dpop=True)), world.instruments)

    assert (report.outcome, report.logins_used, report.chart.text("token.type")) == (Outcome.GRANTED, 1, "DPoP")


# --- Salesforce


@pytest.mark.parametrize(
    ("claims", "outcome", "error", "logins"),
    [
        ({}, Outcome.GRANTED, None, 2),
        ({"htm": "GET"}, Outcome.REFUSED, "invalid_dpop_proof", 1),
        ({"jti": ""}, Outcome.REFUSED, "invalid_dpop_proof", 1),
        ({"nonce": "made-up"}, Outcome.REFUSED, "use_dpop_nonce", 2),
    ],
    ids=["right", "method", "no-jti", "nonce"],
)
def test_salesforce_judges_the_proof_and_not_its_header_alone(
    claims: dict[str, object], outcome: Outcome, error: str | None, logins: int
) -> None:
    world = World("dpop-required")
    assert world.case.attempt is not None
    attempt = replace(world.case.attempt, dpop=True, dpop_claims=claims)
    report = examine(replace(world.case, attempt=attempt), world.instruments)

    assert (report.outcome, report.chart.text("reply.error"), report.logins_used) == (outcome, error, logins)
    assert report.leaders == (("dpop-required",) if error else ())


def test_a_proof_is_good_once_at_salesforce_too() -> None:
    world = World("dpop-required")
    attempt = replace(world.case.attempt, dpop=True, dpop_claims={"jti": "kept"})  # type: ignore[type-var]
    case = replace(world.case, attempt=attempt)

    first, second = (examine(case, world.instruments) for _ in range(2))

    assert first.outcome is Outcome.GRANTED
    assert second.chart.text("reply.error") == "invalid_dpop_proof"
