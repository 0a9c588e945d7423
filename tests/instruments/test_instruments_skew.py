"""The running correction: what teaches it, and what it must not learn from."""

from __future__ import annotations

from email.utils import formatdate
from threading import Thread

import pytest
from requests.structures import CaseInsensitiveDict

from jwtdoctor.instruments.skew import Skew

TRUE = 1_795_301_245.0


def date(epoch: float) -> dict[str, str]:
    return {"Date": formatdate(epoch, usegmt=True)}


def test_nothing_is_corrected_until_something_was_learnt() -> None:
    skew = Skew()

    assert skew.ahead_s == 0.0
    assert skew.correct(TRUE) == TRUE
    assert not skew.learnt


def test_a_fast_clock_is_positive_and_signs_earlier() -> None:
    skew = Skew()

    skew.record(TRUE + 90, TRUE + 92, date(TRUE + 1))

    assert skew.ahead_s == 90.0
    assert skew.correct(TRUE + 100) == TRUE + 10
    assert skew.learnt


def test_the_newest_reply_that_teaches_replaces() -> None:
    skew = Skew()

    skew.record(TRUE + 90, TRUE + 90, date(TRUE))
    skew.record(TRUE - 5, TRUE - 5, date(TRUE))

    assert skew.ahead_s == -5.0


@pytest.mark.parametrize(
    ("round_trip_s", "headers"),
    [
        (0.1, {**date(TRUE), "Age": "0"}),
        (0.1, {**date(TRUE), "age": "12"}),
        (0.1, {}),
        (0.1, {"Date": "soon"}),
        (60.5, date(TRUE)),
        (-1.0, date(TRUE)),
        (float("nan"), date(TRUE)),
    ],
    ids=["age", "lower-case age", "no date", "bad date", "too long", "stepped", "nan"],
)
def test_some_replies_teach_nothing(round_trip_s: float, headers: dict[str, str]) -> None:
    skew = Skew()
    skew.record(TRUE + 7, TRUE + 7, date(TRUE))

    skew.record(TRUE + 300, TRUE + 300 + round_trip_s, headers)

    assert skew.ahead_s == 7.0


def test_a_round_trip_of_a_minute_still_teaches() -> None:
    skew = Skew()

    skew.record(TRUE, TRUE + 60, date(TRUE))

    assert skew.ahead_s == 30.0


def test_header_names_are_read_without_case() -> None:
    skew = Skew()

    skew.record(TRUE + 3, TRUE + 3, CaseInsensitiveDict(date=formatdate(TRUE, usegmt=True)))

    assert skew.ahead_s == 3.0


def test_threads_may_share_it() -> None:
    skew = Skew()

    def learn(ahead_s: int) -> None:
        for _ in range(50):
            skew.record(TRUE + ahead_s, TRUE + ahead_s, date(TRUE))
            assert skew.ahead_s in (1.0, 2.0, 3.0)

    threads = [Thread(target=learn, args=(n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert skew.ahead_s in (1.0, 2.0, 3.0)
