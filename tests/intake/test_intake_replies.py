"""What else an answer gives away: its clock, the key that it looked for, ids, codes, a failure behind a 200."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jwtdoctor.intake.read import read
from jwtdoctor.intake.reply_facts import observe_reply, server_time
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.exchange import Reply

ID = "0f0e0d0c-1111-2222-3333-444455556666"
OTHER_ID = "aaaaaaaa-1111-2222-3333-444455556666"
THUMBPRINT = "AB12CD34EF5678901234AB12CD34EF5678901234"
LATE = (
    "AADSTS700024: Client assertion is not within its valid time range. Current time: 2026-11-22T05:00:00.5000000Z, "
    "assertion valid from 2026-11-22T04:40:00.0000000Z, expiry time of assertion 2026-11-22T04:50:00.0000000Z. "
    f"Trace ID: {OTHER_ID} Correlation ID: {ID} Timestamp: 2026-11-22 05:00:00Z"
)
FIVE = 1795323600.0
"""2026-11-22 05:00:00 UTC."""


def facts(body: Any, headers: dict[str, str] | None = None, status: int = 400) -> dict[str, Any]:
    return {seen.fact: seen.value for seen in observe_reply(Reply(status, headers or {}, json.dumps(body)))}


def test_entras_window_is_measured_on_its_own_clock() -> None:
    seen = facts({"error": "invalid_client", "error_description": LATE})

    assert (seen["assertion.exp_in_s"], seen["assertion.nbf_in_s"]) == (-600.5, -1200.5)
    assert server_time(Reply(400, {}, json.dumps({"error_description": LATE}))) == FIVE + 0.5


def test_valid_from_1970_means_that_there_is_no_nbf() -> None:
    seen = facts({"error_description": LATE.replace("2026-11-22T04:40", "1970-01-01T00:00")})

    assert seen["assertion.nbf_present"] is False
    assert "assertion.nbf_in_s" not in seen


def test_the_expiry_of_a_users_token_is_read_too() -> None:
    said = "AADSTS500133: Assertion is not within its valid time range. Current time: 2026-11-22T05:00:00.0000000Z, "

    assert facts({"error_description": said + "expiry time of assertion 2026-11-22T03:00:00.0000000Z."})[
        "assertion.exp_in_s"
    ] == pytest.approx(-7200)


def test_the_time_stamp_of_a_body_is_true_time_where_no_date_came() -> None:
    body = json.dumps({"error": "x", "timestamp": "2026-11-22 05:00:00Z", "trace_id": OTHER_ID})

    assert server_time(Reply(400, {}, body)) == FIVE
    assert server_time(Reply(400, {"Date": "Sun, 22 Nov 2026 05:00:09 GMT"}, body)) == FIVE + 9


@pytest.mark.parametrize(
    ("body", "headers", "found"),
    [
        ({"error": "x", "correlation_id": ID, "trace_id": OTHER_ID}, {}, ID),
        ({"error": "x", "correlationId": ID}, {}, ID),
        ({"error_description": LATE}, {}, ID),
        ({"code": "390144", "message": f"JWT token is invalid. [{ID}]"}, {}, ID),
        ({"error": "x"}, {"x-okta-request-id": "Zx9"}, "Zx9"),
        ({"error": "x"}, {"X-GitHub-Request-Id": "AB:12"}, "AB:12"),
        ({"error_description": f"see [{ID}] for more"}, {}, None),
    ],
)
def test_the_id_by_which_an_administrator_finds_the_attempt_is_kept(
    body: dict[str, str], headers: dict[str, str], found: str | None
) -> None:
    assert facts(body, headers).get("reply.correlation_id") == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (f"[Reason - The key was not found., Thumbprint of key used by client: '{THUMBPRINT}', x]", THUMBPRINT.lower()),
        (f"Thumbprint of key used by client: '{THUMBPRINT[:-1]}'", None),
        ("Thumbprint of key used by client: '" + "ab" * 32 + "'", "ab" * 32),
    ],
)
def test_the_thumbprint_that_the_server_looked_for_is_a_fact(said: str, found: str | None) -> None:
    assert facts({"error_description": f"AADSTS700027: bad. {said}"}).get("reply.thumbprint") == found


def test_a_number_without_words_is_a_refusal() -> None:
    seen = facts({"error_codes": [7000215], "trace_id": ID})

    assert (seen["reply.description"], seen["reply.granted"]) == ("AADSTS7000215", False)


@pytest.mark.parametrize(
    ("body", "error", "description"),
    [
        ({"data": {"nextAction": "RETRY"}, "code": "390144", "message": "bad", "success": False}, "390144", "bad"),
        ({"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "bad"}}, "UNAUTHENTICATED", "bad"),
        ({"errors": [{"status": "401", "code": "NOT_AUTHORIZED", "detail": "bad"}]}, "NOT_AUTHORIZED", "bad"),
        ({"message": json.dumps({"error": "invalid_grant", "error_description": "bad"})}, "invalid_grant", "bad"),
    ],
    ids=["driver", "nested", "list", "wrapped"],
)  # fmt: skip
def test_the_innermost_reason_counts_even_behind_a_200(body: dict[str, Any], error: str, description: str) -> None:
    seen = facts(body, status=200)

    assert (seen["reply.error"], seen["reply.description"], seen["reply.granted"]) == (error, description, False)


def test_a_log_line_gives_the_same_facts_as_the_body() -> None:
    chart = Chart.of(read(f"ERROR azure.identity: (invalid_client) {LATE}\n    at Main").observations)

    assert chart.number("assertion.exp_in_s") == -600.5
    assert chart.text("reply.correlation_id") == ID
