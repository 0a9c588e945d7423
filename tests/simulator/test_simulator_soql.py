"""SOQL of the simulated org: what it answers, and what it refuses in the words of the API."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.simulator.orgquery import run
from jwtdoctor.simulator.orgrows import World
from jwtdoctor.simulator.policy import LoginRow, User
from jwtdoctor.simulator.soql import Refused
from jwtdoctor.simulator.world import healthy

NOW = 1_795_300_000.0
POLICY = healthy().policy
FAILED = LoginRow(
    at=NOW - 60,
    username="integration@acme.example",
    status="Restricted IP",
    source_ip="198.51.100.9",
    flow="jwt-bearer",
    host="acme.my.salesforce.com",
    application="Acme Integration",
)
ORG = World(replace(POLICY, logins=(FAILED,)), NOW)
USER_ID = POLICY.users[0].user_id


def records(soql: str, reader: User = POLICY.administrator, **how: Any) -> tuple[dict[str, Any], ...]:
    return run(soql, ORG, reader, **how).records


def refused(soql: str, reader: User = POLICY.administrator, **how: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        run(soql, ORG, reader, **how)
    return caught.value.code, caught.value.message.splitlines()[-1]


def names(soql: str) -> list[str]:
    return [record["Username"] for record in records(soql)]


@pytest.mark.parametrize(
    "where",
    [
        "Username = 'INTEGRATION@acme.example'",
        "Username LIKE 'integration%'",
        "Username IN ('integration@acme.example', 'nobody@acme.example')",
        f"Id = '{USER_ID[:15]}'",
        f"Id = '{USER_ID}' AND IsActive = true",
        "NOT Username = 'admin@acme.example'",
        "(Username = 'x' OR (Username != 'admin@acme.example' AND LastLoginDate != null))",
        "Id IN (SELECT UserId FROM LoginHistory WHERE LoginType = 'Remote Access 2.0')",
        "Profile.Name = 'Acme Integration Profile' AND Profile.UserLicense.Name = 'Salesforce'",
        "CreatedDate < 2026-01-01T00:00:00Z AND ProfileId != null AND User.Username != 'admin@acme.example'",
    ],
)
def test_a_condition_finds_the_integrations_user(where: str) -> None:
    assert names(f"SELECT Username FROM User WHERE {where}") == ["integration@acme.example"]


def test_rows_are_ordered_and_counted() -> None:
    both = names("SELECT Username FROM User ORDER BY Username DESC NULLS LAST LIMIT 2 OFFSET 0")

    assert both == sorted(both, reverse=True)
    assert run("SELECT COUNT() FROM User", ORG, POLICY.administrator).count == len(both) == 2


def test_a_relationship_is_nested_and_an_empty_one_is_null() -> None:
    sql = "SELECT Parent.Label, Parent.Profile.Name FROM SetupEntityAccess"

    (grant,) = records(sql)

    assert grant["Parent"]["Label"] == "Acme Integration Access"
    assert grant["Parent"]["Profile"] is None


def test_rows_are_grouped() -> None:
    grouped = records("SELECT Application, COUNT(Id) n, MAX(LoginTime) FROM LoginHistory GROUP BY Application")

    assert {row["Application"]: row["n"] for row in grouped} == {"Acme Integration": 1, "Browser": 11}
    assert all("expr0" in row for row in grouped)


def test_recent_rows_are_found_by_a_date_literal() -> None:
    assert records(
        "SELECT Status FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:7 AND LoginType = 'Remote Access 2.0'"
    )
    assert not records("SELECT Status FROM LoginHistory WHERE LoginTime < TODAY")


def test_metadata_of_a_profile_is_given_for_one_row_only() -> None:
    (profile,) = records("SELECT Metadata FROM Profile WHERE Name = 'Acme Integration Profile'", tooling=True)

    assert profile["Metadata"]["loginIpRanges"] == []
    assert refused("SELECT Id, Metadata FROM Profile", tooling=True) == (
        "MALFORMED_QUERY",
        "When retrieving results with Metadata or FullName fields, the query qualifications must specify no more than "
        "one row for retrieval. Result size: 2",
    )


@pytest.mark.parametrize("field", ["Status", "Application"])
def test_a_filter_on_what_cannot_be_filtered_is_refused_as_salesforce_refuses_it(field: str) -> None:
    assert refused(f"SELECT Id FROM LoginHistory WHERE {field} = 'x'") == (
        "INVALID_FIELD",
        f"field '{field}' can not be filtered in a query call",
    )


def test_the_place_of_an_error_is_shown() -> None:
    with pytest.raises(Refused) as caught:
        run("SELECT Id FROM LoginHistory WHERE Status = 'x'", ORG, POLICY.administrator)

    assert "ERROR at Row:1:Column:35" in caught.value.message


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nope FROM User", "INVALID_FIELD"),
        ("SELECT Nope.Id FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Metadata FROM Profile", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE IsActive = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM LoginHistory WHERE SourceIp LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM User WHERE Username = 'a' OR Username = 'b' AND IsActive = true", "MALFORMED_QUERY"),
        ("SELECT Id FROM User WHERE Username = 'open", "MALFORMED_QUERY"),
        ("SELECT Id FROM User; DROP TABLE User", "MALFORMED_QUERY"),
        ("SELECT FROM User", "MALFORMED_QUERY"),
        ("SELECT Id, * FROM User", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        (f"SELECT Id FROM User WHERE {'NOT ' * 3000}IsActive = true", "QUERY_TOO_COMPLICATED"),
        (f"SELECT Id FROM User WHERE {'(' * 3000}", "QUERY_TOO_COMPLICATED"),
        ("SELECT Id FROM User WHERE Username = '" + "x" * 30_000 + "'", "QUERY_TOO_COMPLICATED"),
    ],
)  # fmt: skip
def test_what_is_no_query_is_refused_with_its_code(soql: str, code: str) -> None:
    assert refused(soql)[0] == code


def test_an_object_is_not_there_for_a_reader_without_its_permission() -> None:
    stranger = POLICY.users[0]

    assert refused("SELECT Id FROM UserLogin", stranger)[0] == "INVALID_TYPE"
    assert refused("SELECT Id FROM SetupEntityAccess", stranger)[0] == "INVALID_TYPE"


def test_a_reader_without_the_permission_sees_his_own_rows_only() -> None:
    stranger = replace(POLICY.users[0], username="other@acme.example", user_id="0055g00000Other0AA")

    assert records("SELECT Id FROM LoginHistory", stranger) == ()
    assert records("SELECT AppName FROM OauthToken", POLICY.users[0])


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=200))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for soql in (text, f"SELECT Id FROM User WHERE {text}", f"SELECT {text} FROM User"):
        with contextlib.suppress(Refused):
            run(soql, ORG, POLICY.administrator)
