"""The calls that fetch logs: such that Salesforce takes them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from jwtdoctor.logs.columns import NO_TYPES
from jwtdoctor.logs.queries import FREE, KNOWN_TYPES, TELLING, USE_INSTEAD, Subject, calls

HOSTILE = "O'Brien\\' OR Name != '\x1b[31m"


@pytest.mark.parametrize("subject", [Subject(), Subject("Loader", "ci@acme.com"), Subject(HOSTILE, HOSTILE, 30)])
def test_no_query_filters_what_salesforce_refuses_to_filter(subject: Subject) -> None:
    for call in calls(subject):
        where = (call.soql or "").partition(" WHERE ")[2]
        outside = re.sub(r"'(?:[^'\\]|\\.)*'", "''", where)
        assert "LoginHistory" not in (call.soql or "") or not re.search(r"\b(Status|Application)\b", outside)
        assert "LIKE" not in outside


def test_names_cannot_leave_their_quotes() -> None:
    for call in calls(Subject(HOSTILE, HOSTILE)):
        bare = re.sub(r"'(?:[^'\\]|\\.)*'", "''", call.soql or "")
        assert "'" not in bare.replace("''", "")
        assert "!=" not in bare
        assert "\x1b" not in f"{call.soql}{call.then}{call.rest}"


def test_the_rest_path_holds_the_same_query() -> None:
    for call in calls(Subject("Loader", "ci@acme.com")):
        if call.soql is not None:
            assert parse_qs(urlsplit(call.rest).query)["q"] == [call.soql]


def test_a_users_id_is_used_as_it_is_and_a_name_is_looked_up_first() -> None:
    assert calls(Subject(user="ci@acme.com"))[0].title == "The user's id"
    by_id = calls(Subject(user="005000000000001AAA"))
    assert by_id[0].title == "Login History"
    assert "UserId = '005000000000001AAA'" in (by_id[0].soql or "")


def test_every_call_says_what_it_needs_and_how_long_it_is_kept() -> None:
    assert all(call.needs and call.limits and call.retention and call.command for call in calls(Subject()))


def test_types_that_do_not_exist_are_never_asked_for() -> None:
    assert not set(NO_TYPES) & KNOWN_TYPES
    assert set(NO_TYPES) == USE_INSTEAD.keys()
    assert {*FREE, *TELLING} <= KNOWN_TYPES
