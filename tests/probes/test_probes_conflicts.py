"""Conflicts in a request, found before anything is sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.checkup import events
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.names import Reach
from jwtdoctor.model.report import Concluded, ProbeEnded
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows.conflicts import Given, conflicts, observe
from jwtdoctor.testing import FAULTS, World, healthy

ATTEMPT = Attempt("https://acme.my.salesforce.com/services/oauth2/token", client_id="3MVG9x")
SECRET = Secret("plain0secret")
VERIFIER = Secret("v" * 43)
CODE = Secret("aPrxCode")
NO_CHALLENGE = (Observation("request.code_challenge_sent", False),)
WITH_CHALLENGE = (Observation("request.code_challenge_sent", True),)
PUBLIC = (Observation("app.client_auth_method", "none"),)


def found(
    flow: str,
    attempt: Attempt,
    facts: tuple[Observation, ...] = (),
    provider: str = "salesforce",
    netrc: bool | None = None,
) -> list[str]:
    given = Given(flow, attempt, load().providers[provider], Chart.of(facts), netrc)
    return [f"{finding.rule} {finding.severity}" for finding in conflicts(given)]


@pytest.mark.parametrize(
    ("flow", "change", "facts", "rule"),
    [
        ("authorization-code", {"code": CODE, "code_verifier": VERIFIER}, NO_CHALLENGE,
         "verifier-without-challenge error"),
        ("authorization-code", {"code_verifier": VERIFIER, "pkce": False}, (), "verifier-without-challenge error"),
        ("authorization-code", {"code": CODE}, WITH_CHALLENGE, "challenge-without-verifier error"),
        ("authorization-code", {"code_challenge": "x", "pkce": False}, (), "challenge-without-verifier error"),
        ("authorization-code", {"client_secret": SECRET}, PUBLIC, "secret-of-a-public-client error"),
        ("authorization-code", {"client_secret": SECRET, "redirect_uri": "http://127.0.0.1:9/cb"}, (),
         "secret-of-a-public-client note"),
        ("authorization-code", {"client_secret": SECRET, "redirect_uri": "com.acme.app:/cb"}, (),
         "secret-of-a-public-client note"),
        ("client-credentials", {"client_secret": SECRET, "client_auth": "basic",
                                "extra_fields": (("client_secret", "x"),)}, (), "two-client-authentications error"),
        ("private-key-jwt", {"client_secret": SECRET}, (), "secret-beside-assertion note"),
        ("client-credentials", {"scope": "api"}, (), "scope-not-taken error"),
        ("refresh-token", {"scope": "api"}, (), "scope-not-taken error"),
        ("jwt-bearer", {"client_id": "3MVG9x\n"}, (), "client-id-has-white-space error"),
        ("client-credentials", {"client_id": "YOUR_CLIENT_ID"}, (), "client-id-is-placeholder error"),
        ("jwt-bearer", {"client_id": "${CONSUMER_KEY}"}, (), "client-id-is-placeholder error"),
        ("password", {"password": SECRET}, (), "no-security-token note"),
        ("client-credentials", {"client_secret": Secret("a+b/c=")}, (), "secret-needs-encoding note"),
        ("client-credentials", {"client_secret": Secret("a%2Bb%3D")}, (), "secret-encoded-twice warning"),
        ("client-credentials", {"client_secret": Secret("abc ")}, (), "secret-has-white-space warning"),
    ],
)  # fmt: skip
def test_a_conflict_is_found(flow: str, change: dict[str, object], facts: tuple[Observation, ...], rule: str) -> None:
    assert rule in found(flow, replace(ATTEMPT, **change), facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flow", "change"),
    [
        ("authorization-code", {"client_secret": SECRET, "redirect_uri": "https://app.acme.example/cb"}),
        ("authorization-code", {"code": CODE, "code_verifier": VERIFIER}),
        ("authorization-code", {"scope": "api refresh_token"}),
        ("client-credentials", {"client_secret": SECRET, "client_auth": "basic"}),
        ("jwt-bearer", {"scope": "api"}),
        ("password", {"password": SECRET, "security_token": SECRET}),
    ],
)
def test_what_is_in_order_is_not_complained_of(flow: str, change: dict[str, object]) -> None:
    assert found(flow, replace(ATTEMPT, **change)) == []  # type: ignore[arg-type]


def test_other_providers_take_scope() -> None:
    attempt = replace(ATTEMPT, scope="read", client_secret=SECRET)

    assert found("client-credentials", attempt, provider="generic") == []


def test_an_entry_in_a_netrc_is_told_and_its_absence_is_not() -> None:
    assert found("jwt-bearer", ATTEMPT, netrc=True) == ["netrc-adds-credentials warning"]
    assert found("jwt-bearer", ATTEMPT, netrc=False) == found("jwt-bearer", ATTEMPT, netrc=None) == []


def test_no_finding_repeats_a_secret() -> None:
    secret = Secret("Planted%2BSecret ")
    given = Given("password", replace(ATTEMPT, password=secret, client_secret=secret), load().providers["salesforce"])

    assert "Planted" not in repr(conflicts(given))


def test_white_space_in_the_client_id_is_a_fact_too() -> None:
    given = Given("jwt-bearer", replace(ATTEMPT, client_id=" 3MVG9x"), load().providers["salesforce"])

    assert [(o.fact, o.value) for o in observe(given)] == [("request.client_id_has_whitespace", True)]


def test_a_conflict_is_in_the_report_of_a_request_that_was_sent_all_the_same() -> None:
    world = World("scope-param-not-supported")

    reports = [event.report for event in events(world.case, world.instruments) if isinstance(event, Concluded)]

    assert "scope-not-taken" in [f.rule for f in reports[0].findings]
    assert reports[0].logins_used == 1


@pytest.mark.parametrize("name", [f.name for f in FAULTS if f.stages is None])
def test_a_healthy_request_has_no_conflict_that_is_an_error(name: str) -> None:
    world = World(name)
    assert world.case.attempt is not None
    given = Given(world.scenario.flow, world.case.attempt, load().providers["salesforce"])

    assert [f.rule for f in conflicts(given) if f.severity == "error"] == []


# --- before anything is sent


def seen_before_the_first_request(world: World, case: Case, netrc: bool | None = None) -> tuple[list[str], int, int]:
    """The conflicts that were found, how many requests had been sent by then, and how many were sent in all."""
    instruments = replace(world.instruments, netrc=lambda _host: netrc)
    saw, sent_by_then = "", -1
    for event in events(case, instruments):
        if isinstance(event, ProbeEnded) and event.outcome.probe == "conflicts":
            saw, sent_by_then = event.saw, len(world.transport.requests)
    return saw.split(", "), sent_by_then, len(world.transport.requests)


STAGED = [
    ("authorization-code", {"code": CODE, "code_verifier": VERIFIER}, NO_CHALLENGE,
     "verifier-without-challenge (error)"),
    ("authorization-code", {"code": CODE, "code_verifier": None}, WITH_CHALLENGE, "challenge-without-verifier (error)"),
    ("authorization-code", {"code": CODE, "code_verifier": Secret("short")}, (), "pkce-length (error)"),
    ("authorization-code", {"code": CODE, "code_verifier": VERIFIER, "code_challenge": "x" * 43}, (),
     "pkce-mismatch (error)"),
    ("authorization-code", {"client_secret": SECRET}, PUBLIC, "secret-of-a-public-client (error)"),
    ("client-credentials", {"client_auth": "basic", "extra_fields": (("client_secret", "x"),)}, (),
     "two-client-authentications (error)"),
    ("client-credentials", {"scope": "api"}, (), "scope-not-taken (error)"),
    ("refresh-token", {"scope": "api"}, (), "scope-not-taken (error)"),
    ("client-credentials", {"client_secret": None}, (), "no-client-secret (warning)"),
    ("jwt-bearer", {"client_id": "3MVG9x\n"}, (), "client-id-has-white-space (error)"),
    ("jwt-bearer", {"client_secret": SECRET}, (), "secret-beside-assertion (note)"),
    ("password", {"security_token": None}, (), "no-security-token (note)"),
    ("client-credentials", {"client_secret": Secret("a+b/c=")}, (), "secret-needs-encoding (note)"),
    ("client-credentials", {"client_secret": Secret("a%2Bb%3D")}, (), "secret-encoded-twice (warning)"),
    ("jwt-bearer", {}, (), "netrc-adds-credentials (warning)"),
]  # fmt: skip


@pytest.mark.parametrize(("flow", "change", "facts", "rule"), STAGED, ids=[f"{row[0]} {row[3]}" for row in STAGED])
def test_a_conflict_is_told_before_anything_is_sent(
    flow: str, change: dict[str, object], facts: tuple[Observation, ...], rule: str
) -> None:
    world = World(healthy(flow))
    assert world.case.attempt is not None
    attempt = replace(world.case.attempt, **change)  # type: ignore[arg-type]
    case = replace(world.case, attempt=attempt, observations=(*world.case.observations, *facts))

    offline, _, sent_offline = seen_before_the_first_request(world, replace(case, reach=Reach.LOCAL), "netrc" in rule)
    saw, sent_by_then, _ = seen_before_the_first_request(world, case, netrc="netrc" in rule)

    assert (rule in offline, sent_offline) == (True, 0)
    assert (rule in saw, sent_by_then) == (True, 0)


@pytest.mark.parametrize("flow", [row[0] for row in STAGED[::3]])
def test_where_no_host_may_be_asked_conflicts_cost_no_login(flow: str) -> None:
    world = World(healthy(flow))

    saw, _, sent = seen_before_the_first_request(world, replace(world.case, reach=Reach.LOCAL))

    assert (saw, sent) == (["none"], 0)
