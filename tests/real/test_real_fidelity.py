"""What we build in another client's shoes is what that client sends: header, claims, form and headers, live.

Real clients (`.ci/real-parts`) are told the same as we are, and an endpoint of our own hears them (`overheard.py`).
Times are compared by their rule: the moment is theirs, the form and the distance from it are held.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import pytest
from client_runs import HERE, WALL, why_not
from conftest import missing
from installed import python_of
from real_clients import client, staged

from jwtdoctor.assertions.clients import CLIENTS, Client, claims_as, client_named, header_as, request_as
from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.model.assertion import AssertionSpec
from jwtdoctor.model.exchange import TokenRequest

pytestmark = pytest.mark.real
HEARD_AS = {
    "sf org login jwt": "sf",
    "simple-salesforce": "simple-salesforce",
    "CumulusCI": "cumulusci",
    "jsforce": "jsforce",
    "google-auth": "google-auth",
    "salesforce-jwt-bearer-token-flow": "salesforce-jwt-bearer-token-flow",
    "sf-jwt-token": "sf-jwt-token",
    "salesforce-jwt-promise": "salesforce-jwt-promise",
    "node-salesforce-jwt": "node-salesforce-jwt",
}
"""The program that is run, and its entry in our table."""
TOLD_THE_AUDIENCE = ("simple-salesforce", "salesforce-jwt-promise", "node-salesforce-jwt")
"""Clients whose user names the audience; the others choose it."""
SITUATIONS = ("healthy", "healthy:sandbox")
RUNS = [(program, situation) for program in HEARD_AS for situation in SITUATIONS]
OF_THE_WAY = ("connection", "content-length", "content-type", "accept-encoding", "transfer-encoding", "host")
"""Headers that belong to the connection and the body, and not to what a client says."""

Heard = Mapping[str, Any]


@pytest.fixture(scope="module")
def heard(request: pytest.FixtureRequest) -> dict[tuple[str, str], Heard]:
    if not request.config.getoption("--real"):
        pytest.skip("runs nine programs: asked for with --real")
    absent = [one for one in HEARD_AS if one != "google-auth" and not client(one).is_installed]
    if absent or python_of("watched-clients") is None:
        missing(request, f"not installed (.ci/real-parts does): {', '.join(absent) or 'google-auth'}")
    if reason := why_not():
        missing(request, reason)
    with tempfile.TemporaryDirectory(prefix="jwtdoctor-overheard-") as folder:
        done = subprocess.run(
            [*WALL, sys.executable, str(HERE / "overheard.py")],
            input=json.dumps({"folder": folder, "runs": RUNS}), capture_output=True, text=True, timeout=180,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])}, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {(one["client"], one["fault"]): one for one in told}


def first_of(heard: dict[tuple[str, str], Heard], program: str, situation: str) -> tuple[Heard, Mapping[str, Any]]:
    """What was told, and the first request that came of it."""
    one = heard[program, situation]
    assert one["asked"], one["printed"][-1500:]
    asked: Mapping[str, Any] = one["asked"][0]
    return one, asked


def spec_for(entry: Client, told: Heard, situation: str) -> AssertionSpec:
    audience = (staged(situation).attempt.audience or "") if entry.name in TOLD_THE_AUDIENCE else ""
    is_google = entry.name == "google-auth"
    return AssertionSpec(
        told["client_id"], told["username"], audience, kid="of-the-test" if is_google else None,
        extra_claims={"scope": "api"} if is_google else {},
    )  # fmt: skip


def url_of(situation: str) -> str:
    return f"https://{staged(situation).token_host}/services/oauth2/token"


@pytest.mark.parametrize(("program", "situation"), RUNS)
def test_our_assertion_is_theirs_claim_for_claim(
    heard: dict[tuple[str, str], Heard], program: str, situation: str
) -> None:
    told, asked = first_of(heard, program, situation)
    theirs = take_apart(dict(asked["fields"])["assertion"])
    entry = client_named(HEARD_AS[program])
    if not entry.signs:
        assert entry.name == "jsforce", "it sends what its user signed"
        return

    spec = spec_for(entry, told, situation)
    ours = claims_as(entry, spec, told["began"], url_of(situation))

    assert list(theirs.header.items()) == list(header_as(entry, spec).items())
    assert list(theirs.claims) == list(ours)
    assert {k: type(v) for k, v in theirs.claims.items()} == {k: type(v) for k, v in ours.items()}
    assert without_times(theirs.claims) == without_times(ours)
    signed_at = moments(entry, theirs.claims)
    assert max(signed_at) - min(signed_at) <= 1.0
    latest = asked["at"] + (0.5 if entry.exp_form == "rounded text" else 0.0)
    assert told["began"] - 1.0 <= min(signed_at) <= latest


def without_times(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in ("iat", "exp")}


def moments(entry: Client, claims: Mapping[str, Any]) -> list[float]:
    """The moment of signing that each time of theirs follows from by our rule."""
    divisor = 1000 if entry.exp_form == "milliseconds" else 1
    found = [(float(claims["exp"]) - entry.exp_plus) / divisor]
    return found if "iat" not in claims else [*found, float(claims["iat"] - (entry.iat_plus or 0))]


@pytest.mark.parametrize(("program", "situation"), RUNS)
def test_our_request_is_theirs_in_form_headers_and_host(
    heard: dict[tuple[str, str], Heard], program: str, situation: str
) -> None:
    _, asked = first_of(heard, program, situation)
    entry = client_named(HEARD_AS[program])
    fields = dict(asked["fields"])
    plain = TokenRequest(url_of(situation), tuple(sorted(fields.items())))

    ours = request_as(entry, plain)

    assert list(ours.fields) == [tuple(pair) for pair in asked["fields"]]
    assert ours.url == f"https://{asked['host']}/services/oauth2/token"
    assert asked["headers"]["content-type"] == "application/x-www-form-urlencoded"
    theirs = {name: value for name, value in asked["headers"].items() if name not in OF_THE_WAY}
    assert theirs == {name.lower(): value for name, value in ours.headers}
    assert ("transfer-encoding" in asked["headers"]) is ("chunked" in entry.also)


def test_the_salesforce_cli_tries_five_pairs_and_the_others_one(heard: dict[tuple[str, str], Heard]) -> None:
    counted = {program: len(heard[program, "healthy"]["asked"]) for program in HEARD_AS}

    assert counted == {program: 5 if program == "sf org login jwt" else 1 for program in HEARD_AS}


def test_every_client_that_is_said_to_have_been_run_is_run_here() -> None:
    assert {name for name, one in CLIENTS.items() if one.ran} == set(HEARD_AS.values())
