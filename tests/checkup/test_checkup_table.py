"""The table of causes that must be found when they are the fault, and not be accused when they are not.

Each row is an attempt as someone would report it, or a staged world. `first` must lead alone or in a tie; the causes
in `spared` must not be among the leaders.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from jwtdoctor.checkup import examine, explain
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report
from jwtdoctor.testing import World

EXPIRED = {"error": "invalid_grant", "error_description": "expired authorization code"}
BARE = {"error": "invalid_grant"}
BAD_CLIENT = {"error": "invalid_client", "error_description": "invalid client credentials"}
NOT_APPROVED = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
GRANTED = {"access_token": "x", "token_type": "Bearer", "instance_url": "https://acme.my.salesforce.com"}
SLOW = {"clock.ahead_s": -600.0, "assertion.iat_in_s": -600.0, "assertion.exp_in_s": -420.0, "assertion.ttl_s": 180}
FAST = {"clock.ahead_s": 600.0, "assertion.exp_in_s": 780.0, "assertion.ttl_s": 180}
FAST_IAT = {**FAST, "assertion.iat_in_s": 600.0}
RIGHT = {"clock.ahead_s": 0.02, "clock.uncertainty_s": 0.01}
BOTH_SENT = {
    "request.sends_client_secret": True, "request.secret_matches_app": True, "request.code_challenge_sent": True,
    "request.sends_code_verifier": True, "request.verifier_matches_challenge": True, "app.requires_pkce": True,
    "app.requires_secret": True,
}  # fmt: skip
CREDENTIALS = ("pkce-missing", "pkce-verifier-mismatch", "client-secret-missing", "client-secret-wrong")


@dataclass(frozen=True)
class Row:
    """One line of the table. `first` None: nobody leads."""

    name: str
    body: dict[str, str]
    facts: dict[str, Any] = field(default_factory=dict)
    first: str | None = None
    spared: tuple[str, ...] = ()
    flow: str = "jwt-bearer"
    provider: str = "salesforce"
    status: int = 400
    anyone: bool = False
    """Whether somebody else may be accused: the row only says who must not be."""


CODE = "authorization-code"
TABLE = [
    Row("a slow clock", EXPIRED, SLOW, "clock-drift"),
    Row("a slow clock, no text", BARE, SLOW, "clock-drift"),
    Row("a fast clock at Salesforce, no iat, granted", GRANTED, FAST),
    Row("a fast clock at Salesforce, iat, granted", GRANTED, FAST_IAT),
    Row("a fast clock at Salesforce, no iat, another fault", NOT_APPROVED, FAST, spared=("clock-drift",), anyone=True),
    Row("a fast clock at Salesforce, no iat, no text", BARE, FAST, spared=("clock-drift",), anyone=True),
    Row("a fast clock at Okta", {"error": "invalid_client"}, FAST_IAT, "clock-drift", (), "private-key-jwt", "okta"),
    Row(
        "a fast clock at Google",
        {
            "error": "invalid_grant",
            "error_description": "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
            "reasonable timeframe. Check your iat and exp values in the JWT claim.",
        },
        FAST_IAT,
        "clock-drift",
        ("assertion-ttl-too-long",),
        provider="google",
    ),
    Row(
        "a fast clock at GitHub",
        {"message": "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"},
        FAST_IAT,
        "clock-drift",
        ("assertion-time-miscalculated",),
        "api-jwt",
        "github",
        status=401,
    ),
    Row(
        "a clock in another time zone",
        EXPIRED,
        {**SLOW, "clock.ahead_s": -7200.0, "assertion.iat_in_s": -7200.0, "assertion.exp_in_s": -7020.0},
        "clock-drift",
        ("assertion-time-miscalculated",),
    ),
    Row(
        "times in another time zone, the clock right",
        EXPIRED,
        {**RIGHT, "assertion.iat_in_s": -18000.0, "assertion.exp_in_s": -17820.0, "assertion.ttl_s": 180},
        "assertion-time-miscalculated",
        ("clock-drift",),
    ),
    Row(
        "a TTL too short for the way",
        EXPIRED,
        {**RIGHT, "assertion.ttl_s": 5, "assertion.iat_in_s": -200.0, "assertion.exp_in_s": -195.0},
        "assertion-expired",
        ("clock-drift", "assertion-ttl-too-long"),
    ),
    Row(
        "a short TTL that arrived in time",
        NOT_APPROVED,
        {**RIGHT, "assertion.ttl_s": 5, "assertion.iat_in_s": -0.2, "assertion.exp_in_s": 4.8},
        spared=("assertion-expired", "clock-drift"),
        anyone=True,
    ),
    Row(
        "a TTL too long, App Store Connect",
        {"error": "invalid_grant"},
        {**RIGHT, "assertion.ttl_s": 7200, "assertion.iat_in_s": -1.0, "assertion.exp_in_s": 7199.0},
        "assertion-ttl-too-long",
        ("clock-drift",),
        "api-jwt",
        "apple-app-store-connect",
    ),
    Row(
        "a TTL too long, Okta",
        {"error": "invalid_client"},
        {**RIGHT, "assertion.ttl_s": 86400, "assertion.iat_in_s": -1.0, "assertion.exp_in_s": 86399.0},
        "assertion-ttl-too-long",
        ("clock-drift",),
        "private-key-jwt",
        "okta",
    ),
    Row(
        "a long TTL at Salesforce, granted", GRANTED, {**RIGHT, "assertion.ttl_s": 86400, "assertion.exp_in_s": 86399.0}
    ),
    Row(
        "a long TTL at Salesforce, another fault",
        NOT_APPROVED,
        {**RIGHT, "assertion.ttl_s": 86400, "assertion.iat_in_s": -1.0, "assertion.exp_in_s": 86399.0},
        spared=("assertion-ttl-too-long",),
        anyone=True,
    ),
    Row(
        "PKCE missing",
        {"error": "invalid_request", "error_description": "missing required code challenge"},
        {"request.code_challenge_sent": False, "app.requires_pkce": True},
        "pkce-missing",
        (),
        CODE,
    ),
    Row(
        "the verifier wrong",
        {"error": "invalid_grant", "error_description": "invalid code verifier"},
        {"request.sends_code_verifier": True, "request.code_challenge_sent": True},
        "pkce-verifier-mismatch",
        ("pkce-missing",),
        CODE,
    ),
    Row(
        "the secret missing",
        BAD_CLIENT,
        {"request.sends_client_secret": False, "app.requires_secret": True},
        "client-secret-missing",
        ("client-secret-wrong",),
        CODE,
    ),
    Row(
        "a wrong secret sent by a public client",
        BAD_CLIENT,
        {"request.sends_client_secret": True, "app.requires_secret": False, "request.secret_matches_app": False},
        "client-secret-wrong",
        ("client-secret-missing",),
        CODE,
    ),
    Row("PKCE and secret both right, granted", GRANTED, BOTH_SENT, flow=CODE),
    Row(
        "PKCE and secret both right, another fault",
        {"error": "invalid_grant", "error_description": "expired authorization code"},
        BOTH_SENT,
        "code-expired",
        CREDENTIALS,
        CODE,
    ),
    Row("not pre-authorised", NOT_APPROVED, {}, "user-not-preauthorized", ("user-not-assigned-to-app",)),
    Row(
        "self-authorise, and not approved",
        NOT_APPROVED,
        {"app.permitted_users": "self-authorize", "user.has_approved_app": False},
        "user-not-approved-app",
        ("user-not-assigned-to-app",),
    ),
    Row(
        "not assigned",
        NOT_APPROVED,
        {"app.permitted_users": "admin-approved", "user.assigned_to_app": False},
        "user-not-assigned-to-app",
        ("user-not-preauthorized",),
    ),
    Row(
        "not assigned, its own text",
        {"error": "invalid_app_access", "error_description": "user is not admin approved to access this app"},
        {},
        "user-not-assigned-to-app",
    ),
    Row(
        "IP outside",
        {"error": "invalid_grant", "error_description": "ip restricted"},
        {"user.caller_ip_in_ranges": False, "user.has_ip_ranges": True},
        "ip-restricted",
    ),
    Row("IP outside, no text", BARE, {"user.caller_ip_in_ranges": False, "user.has_ip_ranges": True}, "ip-restricted"),
    Row(
        "IP inside, no text",
        BARE,
        {"user.caller_ip_in_ranges": True, "user.has_ip_ranges": True},
        spared=("ip-restricted",),
        anyone=True,
    ),
    Row(
        "IP inside, another fault",
        NOT_APPROVED,
        {"user.caller_ip_in_ranges": True, "user.has_ip_ranges": True},
        spared=("ip-restricted",),
        anyone=True,
    ),
]


def told(report: Report) -> str:
    return ", ".join(f"{v.cause} {v.score}" for v in report.verdicts[:5])


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_an_attempt_as_reported_accuses_the_fault_and_spares_the_others(row: Row) -> None:
    status = 200 if "access_token" in row.body else row.status
    case = {
        "schema": "jwtdoctor.case/1", "provider": row.provider, "flow": row.flow, "facts": row.facts,
        "reply": {"status": status, "headers": {}, "body": json.dumps(row.body)},
    }  # fmt: skip

    report = explain(case)

    assert [warning for warning in report.warnings if "ignored" in warning] == []
    if row.first is not None:
        assert report.verdicts[0].cause == row.first, told(report)
    elif not row.anyone:
        assert report.leaders == (), told(report)
    assert not set(row.spared) & set(report.leaders), told(report)


STAGED = [
    ("clock-drift", "clock-drift", ()),
    ("clock-drift:just-beyond", "clock-drift", ()),
    ("clock-drift:time-zone", "clock-drift", ("assertion-time-miscalculated",)),
    ("healthy:fast-clock", None, ()),
    ("healthy:slow-clock", None, ()),
    ("assertion-time-miscalculated:time-zone", "assertion-time-miscalculated", ("clock-drift",)),
    ("healthy:long-life", None, ()),
    ("pkce-missing", "pkce-missing", ("pkce-verifier-mismatch", "client-secret-missing")),
    ("pkce-verifier-mismatch", "pkce-verifier-mismatch", ("pkce-missing", "client-secret-wrong")),
    ("client-secret-missing:authorization-code", "client-secret-missing", ("client-secret-wrong", "pkce-missing")),
    ("client-secret-wrong:authorization-code", "client-secret-wrong", ("client-secret-missing", "pkce-missing")),
    ("healthy:authorization-code", None, ()),
    ("user-not-preauthorized", "user-not-approved-app", ("user-not-assigned-to-app",)),  # seen by an administrator
    ("user-not-assigned-to-app", "user-not-assigned-to-app", ("user-not-preauthorized",)),
    ("healthy:ip-inside", None, ()),
    ("ip-restricted", "ip-restricted", ()),
    ("ip-restricted:relaxed", "ip-restricted", ()),
]


@pytest.mark.parametrize(("fault", "first", "spared"), STAGED, ids=[row[0] for row in STAGED])
def test_a_staged_attempt_accuses_the_fault_and_spares_the_others(
    fault: str, first: str | None, spared: tuple[str, ...]
) -> None:
    world = World(fault, admin=True)

    report = examine(world.case, world.instruments)

    assert (report.outcome is Outcome.GRANTED) == (first is None)
    assert (report.verdicts[0].cause if first is not None else None) == first, told(report)
    assert not set(spared) & set(report.leaders), told(report)
    assert first is not None or report.leaders == ()
