"""The times, ids and reasons that Entra and others print: read in every form that they were seen to be printed in."""

from __future__ import annotations

import json

import pytest

from jwtdoctor.checkup import explain_case
from jwtdoctor.intake.read import read
from jwtdoctor.intake.times import printed_in, times_alike
from jwtdoctor.model.report import Report
from jwtdoctor.render import text as rendered

TRACE = "0d2a7b1e-1111-2222-3333-444455556666"
CORRELATION = "1d2a7b1e-1111-2222-3333-444455556666"
IDS = f"Trace ID: {TRACE} Correlation ID: {CORRELATION} Timestamp: 2024-02-01 12:13:14Z"
NOON = 1706789594.0
"""2024-02-01 12:13:14 UTC."""
UNKNOWN_KEY = (
    "AADSTS700027: Client assertion contains an invalid signature. [Reason - The key was not found., Thumbprint of key "
    "used by client: 'AB12CD34EF5678901234AB12CD34EF5678901234', Please visit the Azure Portal]."
)


def explained(text: str) -> Report:
    return explain_case(read(text))


def fact(report: Report, name: str) -> object:
    return report.chart.value(name)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2024-02-01T12:13:14.0000000Z", "2024-02-01T10:00:00.0000000Z", "2024-02-01T11:00:00.0000000Z"),
        ("2024-02-01T12:13:14+00:00", "2024-02-01T10:00:00+00:00", "2024-02-01T11:00:00+00:00"),
        ("2/1/2024 12:13:14 PM", "2/1/2024 10:00:00 AM", "2/1/2024 11:00:00 AM"),
        ("02/01/2024 12:13:14", "02/01/2024 10:00:00", "02/01/2024 11:00:00"),
        ("01.02.2024 12:13:14", "01.02.2024 10:00:00", "01.02.2024 11:00:00"),
        ("2024/02/01 12:13:14", "2024/02/01 10:00:00", "2024/02/01 11:00:00"),
    ],
)
def test_the_window_that_entra_prints_is_read_in_every_culture(now: str, start: str, end: str) -> None:
    report = explained(
        f"AADSTS700024: Client assertion is not within its valid time range. Current time: {now}, "
        f"assertion valid from {start}, expiry time of assertion {end}. Review the documentation. {IDS}"
    )

    assert (fact(report, "assertion.exp_in_s"), fact(report, "assertion.nbf_in_s")) == (-4394.0, -7994.0)
    assert report.at == NOON
    assert report.leaders == ("assertion-expired",)


def test_times_of_one_sentence_are_read_in_one_order() -> None:
    thirteenth, twelfth = times_alike("13/02/2024 00:13:14", "12/02/2024 23:40:00")
    morning, evening = times_alike("2/1/2024 12:00:00 AM", "2/1/2024 11:59:59 PM")

    assert thirteenth is not None
    assert twelfth is not None
    assert thirteenth - twelfth == 1994
    assert morning is not None
    assert evening is not None
    assert evening - morning == 86_399
    assert times_alike("99/99/2024 00:00:00", None) == (None, None)


def test_a_description_without_a_current_time_has_its_time_stamp() -> None:
    assert printed_in(f"AADSTS7000215: Invalid client secret provided. {IDS}") == NOON
    assert printed_in("Timestamp: some day") is None


@pytest.mark.parametrize("breaks", [" ", "\r\n", "\\r\\n"])
def test_an_exception_text_keeps_the_thumbprint_and_both_ids(breaks: str) -> None:
    report = explained(f"AuthenticationFailedException: failed: {UNKNOWN_KEY} {IDS}")
    over_lines = explained(
        f"MsalServiceException: {UNKNOWN_KEY}{breaks}Trace ID: {TRACE}{breaks}Correlation ID: {CORRELATION}"
        f"{breaks}Timestamp: 2024-02-01 12:13:14Z at Foo()"
    )

    for one in (report, over_lines):
        assert fact(one, "reply.thumbprint") == "ab12cd34ef5678901234ab12cd34ef5678901234"
        assert (fact(one, "reply.correlation_id"), fact(one, "reply.trace_id")) == (CORRELATION, TRACE)
        assert one.at == NOON


def test_a_reason_with_quotes_is_not_cut_where_no_time_stamp_follows() -> None:
    report = explained(f'error: "{UNKNOWN_KEY}", retrying')

    assert fact(report, "reply.thumbprint") == "ab12cd34ef5678901234ab12cd34ef5678901234"


def test_the_report_shows_both_ids_that_support_asks_for() -> None:
    body = {"error": "invalid_client", "error_description": UNKNOWN_KEY, "trace_id": "T-1", "correlation_id": "C-1"}

    assert "By the id of this answer: C-1 (trace T-1)" in rendered.text(explained(json.dumps(body)))


@pytest.mark.parametrize(
    ("text", "by_id"),
    [
        ('{"error":{"code":"x","message":"y","innerError":{"request-id":"G-1"}}}', "G-1"),
        ('{"error":"x","message":"y","detail":{"correlationId":"C-2"}}', "C-2"),
        ('HTTP/1.1 401 No\nX-DocuSign-TraceToken: D-1\n\n{"error":"invalid_grant"}', "D-1"),
        ('HTTP/1.1 401 No\nx-n-operationid: N-1\n\n{"error":"invalid_grant"}', "N-1"),
        (f"DatabaseError: 250001: Failed to connect. JWT token is invalid. [{TRACE}]", TRACE),
        (f"SQLException: JWT token is invalid. [{TRACE}] (SQLState=08001)\nINFO asked again [{CORRELATION}]", TRACE),
        (f"JWT token is invalid. [{CORRELATION}]\nand once more: JWT token is invalid. [{TRACE}]", TRACE),
    ],
)
def test_the_id_of_an_answer_is_found_wherever_it_stands(text: str, by_id: str) -> None:
    assert fact(explained(text), "reply.correlation_id") == by_id


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("AADSTS7000229: The client application is missing service principal.", "--flow client-credentials"),
        (
            '{"error":"invalid_client","error_description":"The client secret supplied is invalid."}',
            "--flow jwt-bearer",
        ),
        ("JWT_TOKEN_INVALID_ISSUE_TIME", None),
    ],
)
def test_the_flow_is_asked_for_among_those_that_the_provider_has(text: str, asked: str | None) -> None:
    said = rendered.text(explained(text))

    assert (asked in said) if asked else ("--flow" not in said)


@pytest.mark.parametrize(
    ("client_id", "is_one", "leader"),
    [("ENTER_YOUR_CLIENT_ID", True, "client-id-unknown"), ("<app-id>", None, None), (TRACE, None, None)],
)
def test_a_client_id_that_was_never_filled_in_is_seen_where_entra_quotes_it(
    client_id: str, is_one: bool | None, leader: str | None
) -> None:
    report = explained(f"AADSTS700016: Application with identifier '{client_id}' was not found in the directory 'A'.")

    assert fact(report, "request.client_id_is_placeholder") is is_one
    assert leader is None or report.leaders == (leader,)
