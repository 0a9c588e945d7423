"""What rows of logs mean: the same for a list, a generator, and a column of whatever engine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.errors import UnknownName
from jwtdoctor.knowledge.load import load
from jwtdoctor.reasoning.columns import GRANTED, causes_of, leading, readings_of


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("LOGIN_NO_ERROR", GRANTED),
        ("Success", GRANTED),
        ("LOGIN_ERROR_RESTRICTED_DOMAIN", "ip-restricted"),
        ("Restricted IP", "ip-restricted"),
        ("Failed: Not approved for access", "user-not-assigned-to-app"),
        ("not approved for access", "user-not-assigned-to-app"),
        ("Login rate exceeded", "rate-limited"),
        ("invalid_client_id", "client-id-unknown"),
        ("dns", "dns-failed"),
        ("LOGIN_ERROR_OF_NEXT_YEAR", None),
        ("", None),
        (None, None),
        (float("nan"), None),
        (7, None),
    ],
)
def test_one_cell_is_one_cause(said: object, cause: str | None) -> None:
    assert causes_of([said]) == [cause]


def test_every_row_of_login_history_that_the_knowledge_names_has_a_reading() -> None:
    known = [r for r in load().providers["salesforce"].responses if r.where == "login-history" and r.readings]

    assert len(known) > 40
    for response in known:
        for words in (response.error, response.description):
            if words:
                assert {one.cause for one in readings_of(words)} >= {response.readings[0].cause}, words


def test_the_flow_decides_where_words_mean_two_things() -> None:
    said, words = ["invalid_grant"] * 2, ["user hasn't approved this consumer"] * 2

    assert causes_of(said, words, ["jwt-bearer", None])[0] == "user-not-preauthorized"
    assert {one.cause for one in readings_of("invalid_grant", "expired authorization code", "jwt-bearer")} >= {
        "clock-drift"
    }


def test_a_tie_names_no_cause() -> None:
    assert causes_of(["invalid_grant"]) == [None]
    assert len(readings_of("invalid_grant")) > 3
    assert leading(()) is None


def test_columns_must_be_of_one_length() -> None:
    with pytest.raises(ValueError):
        causes_of(["invalid_grant"], [])


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(UnknownName):
        causes_of(["x"], provider="nobody")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=60), st.none(), st.integers()), max_size=4))
def test_any_column_gets_a_column_of_known_slugs(said: list[object]) -> None:
    found = causes_of(iter(said))

    assert len(found) == len(said)
    assert all(one is None or one == GRANTED or one in load().causes for one in found)
