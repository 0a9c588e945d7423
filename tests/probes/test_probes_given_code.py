"""A code that was got elsewhere: what is known of its challenge is held against the verifier before it is sent."""

from __future__ import annotations

import pytest

from jwtdoctor.assertions import pkce
from jwtdoctor.config.attempts import plain_attempt
from jwtdoctor.config.profiles import settings
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.request import Asked, ask_for_token

PAIR = pkce.new()
CHALLENGE = pkce.challenge_of(PAIR.verifier)


class Refusing:
    """An endpoint that gives no reason."""

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        return Reply(400, {"Content-Type": "application/json"}, '{"error": "invalid_grant"}')

    def get(self, url: str, deadline_s: float) -> Exchange:
        raise AssertionError("nothing is to be fetched")


def asked(verifier: Secret | None, challenge: str | None) -> Asked:
    attempt = Attempt(
        "https://as.example.com/token", "client", code=Secret("code"), code_verifier=verifier, code_challenge=challenge
    )
    return ask_for_token("authorization-code", attempt, None, Refusing(), 1.0, lambda: False)


@pytest.mark.parametrize(
    ("verifier", "challenge", "said"),
    [
        (PAIR.verifier, CHALLENGE, True),
        (Secret("v" * 43), CHALLENGE, False),
        (None, CHALLENGE, None),
        (PAIR.verifier, None, None),
    ],
    ids=["a pair", "no pair", "no verifier", "no challenge"],
)
def test_whether_the_pair_belongs_together_is_said_where_both_are_known(
    verifier: Secret | None, challenge: str | None, said: bool | None
) -> None:
    facts = {seen.fact: seen.value for seen in asked(verifier, challenge).observations}

    assert facts.get("request.verifier_matches_challenge") is said
    assert facts.get("request.code_challenge_sent") is (True if challenge else None)


def test_the_challenge_of_a_code_can_be_given_and_means_nothing_without_one() -> None:
    told = {"url": "https://as.example.com/token", "client_id": "client", "code_challenge": CHALLENGE}

    with_code, _ = plain_attempt(settings(None, {**told, "code": "env:CODE"}), load().providers["generic"])
    without, _ = plain_attempt(settings(None, told), load().providers["generic"])

    assert (with_code.code_challenge, without.code_challenge) == (CHALLENGE, None)
