"""How the judges look at DPoP proofs: what is refused, in which words, and what is used up by it."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from jwtdoctor.assertions import dpop
from jwtdoctor.assertions.pairs import fresh_key
from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.exchange import Reply
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
    assert description(second.reply) == "'jti' claim in the DPoP proof JWT is invalid."


def test_a_nonce_ends() -> None:
    nonce = nonce_of(asked(proof()).reply)

    assert asked(proof(nonce, iat=int(NOW) + 500), now=NOW + 500).reply.status == 200
    assert json.loads(asked(proof(nonce, iat=int(NOW) + 1500), now=NOW + 1500).reply.body)["error"] == "use_dpop_nonce"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("no jwt", "DPoP"),
        (proof(htm="GET"), "htm"),
        (proof(htu="https://acme.okta.com/oauth2/v1/other"), "htu"),
        (proof(iat=int(NOW) - 301), "iat"),
        (proof(iat=int(NOW) + 301), "iat"),
        (proof(jti=""), "jti"),
        (proof()[:-8] + "AAAAAAAA", "jwk"),
    ],
    ids=["no-jwt", "method", "url", "old", "future", "no-jti", "forged"],
)
def test_what_is_wrong_with_a_proof_is_said_by_its_part(header: str, part: str) -> None:
    reply = asked(header).reply

    assert (reply.status, json.loads(reply.body)["error"]) == (400, "invalid_dpop_proof")
    assert description(reply) == f"'{part}' claim in the DPoP proof JWT is invalid."


def test_a_service_that_wants_no_proof_ignores_one() -> None:
    reply = asked("no jwt", OKTA.policy).reply

    assert (reply.status, json.loads(reply.body)["token_type"], nonce_of(reply)) == (200, "Bearer", "")


def test_a_service_played_from_its_data_says_what_the_rfc_says() -> None:
    """The code tells which half is missing, although one cause stands for both."""
    missing, lost = (World(f"dpop-required{which}", provider="generic") for which in ("", ":nonce-lost"))
    said = [examine(world.case, world.instruments).chart.text("reply.error") for world in (missing, lost)]

    assert said == ["invalid_dpop_proof", "use_dpop_nonce"]
