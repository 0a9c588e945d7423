"""A beginning is where refusals are set apart from what was always there."""

from __future__ import annotations

from jwtdoctor.logs.onset import stretch


def test_refusals_out_of_the_blue_begin_where_they_begin() -> None:
    found = stretch([10] * 20, [0] * 12 + [10] * 8)

    assert found is not None
    assert (found.first, found.last, found.refused, found.asked) == (12, 19, 80, 80)
    assert (found.share_within, found.share_without) == (1.0, 0.0)


def test_a_constant_few_do_not_hide_a_beginning() -> None:
    found = stretch([100] * 30, [1, 0] * 10 + [60, 55, 70] + [1] * 7)

    assert found is not None
    assert (found.first, found.last) == (20, 22)


def test_what_is_always_alike_has_no_beginning() -> None:
    assert stretch([100] * 30, [2, 1, 0] * 10) is None


def test_all_refused_or_none_or_next_to_none_has_no_beginning() -> None:
    assert stretch([5, 5, 5], [5, 5, 5]) is None
    assert stretch([5, 5, 5], [0, 0, 0]) is None
    assert stretch([500, 5, 5], [0, 0, 2]) is None
    assert stretch([], []) is None


def test_the_bucket_in_which_it_began_belongs_to_it() -> None:
    found = stretch([10] * 10, [0] * 5 + [5] + [10] * 4)

    assert found is not None
    assert found.first == 5
