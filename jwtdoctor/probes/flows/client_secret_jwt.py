"""A JWT in the place of a client secret: Apple's `client_secret`, signed with the key of a team.

A code or a refresh token goes with it, since Apple has no client credentials grant; whichever was given is sent.
"""

from __future__ import annotations

from jwtdoctor.errors import BadProfile
from jwtdoctor.model.assertion import Assertion
from jwtdoctor.model.case import Attempt
from jwtdoctor.probes.flows.shape import Field, Flow, secret_beside_assertion, signed


def _fields(attempt: Attempt, assertion: Assertion | None) -> list[Field]:
    proof: list[Field] = [("client_id", _client_id(attempt)), ("client_secret", signed(assertion).token)]
    if attempt.refresh_token is not None:
        return [("grant_type", "refresh_token"), ("refresh_token", attempt.refresh_token), *proof]
    if attempt.code is None:
        raise BadProfile("this flow goes with a code or a refresh token", expected="--code REF or --refresh-token REF")
    redirect: list[Field] = [] if attempt.redirect_uri is None else [("redirect_uri", attempt.redirect_uri)]
    return [("grant_type", "authorization_code"), ("code", attempt.code), *redirect, *proof]


def _client_id(attempt: Attempt) -> str:
    """The JWT's subject is the client (its issuer is the team), so `--username` names it where both are given."""
    return attempt.username or attempt.client_id


FLOW = Flow("client-secret-jwt", _fields, (secret_beside_assertion,), proof="assertion")
