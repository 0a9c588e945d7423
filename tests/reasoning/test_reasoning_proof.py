"""The time of a DPoP proof: whose fault it is that it does not fit."""

from __future__ import annotations

import pytest

from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.reasoning.derive import derive

GENERIC = load().providers["generic"]


def derived(**facts: float | bool) -> Chart:
    """`sent`, `iat_in`, `ahead` with `off` as its uncertainty, `date_ahead`."""
    names = {"sent": "request.sends_dpop_proof", "iat_in": "proof.iat_in_s", "ahead": "clock.ahead_s",
             "date_ahead": "reply.date_ahead_s"}  # fmt: skip
    off = facts.pop("off", None)
    chart = Chart.of([Observation(names[name], value, "test") for name, value in facts.items() if name != "ahead"])
    if "ahead" in facts:
        chart = chart.plus([Observation(names["ahead"], facts["ahead"], "ntp", off)])
    return derive(chart, GENERIC, "client-credentials")


@pytest.mark.parametrize(
    ("ahead", "off", "spoils"),
    [
        (-400.0, 0.1, True),
        (90.0, 0.1, True),
        (61.0, 5.0, None),
        (45.0, 0.1, None),
        (5.0, 0.1, False),
        (0.0, 40.0, None),
    ],
)
def test_a_clock_spoils_a_proof_from_a_minute_on_and_is_excused_where_it_is_right(
    ahead: float, off: float, spoils: bool | None
) -> None:
    assert derived(sent=True, ahead=ahead, off=off).flag("clock.spoils_proof") is spoils


def test_where_no_proof_was_sent_no_clock_spoils_one() -> None:
    assert derived(sent=False, ahead=-400.0).flag("clock.spoils_proof") is None
    assert derived(ahead=-400.0).flag("clock.spoils_proof") is None


def test_the_hosts_date_speaks_where_no_time_server_did() -> None:
    assert derived(sent=True, date_ahead=-400.0).flag("clock.spoils_proof") is True


def test_a_clock_that_spoils_a_proof_is_not_harmless_though_the_assertion_outlives_it() -> None:
    assert derived(ahead=-45.0).flag("clock.is_harmless") is True
    assert derived(sent=True, ahead=-90.0).flag("clock.is_harmless") is False


@pytest.mark.parametrize(
    ("iat_in", "ahead", "outside", "by_itself"),
    [(0.0, 0.0, False, False), (-400.0, -400.0, True, False), (-400.0, 0.0, True, True), (2.0, -300.0, False, False)],
    ids=["right", "clock", "kept", "corrected"],
)
def test_a_proof_that_its_clock_explains_was_not_kept(
    iat_in: float, ahead: float, outside: bool, by_itself: bool
) -> None:
    chart = derived(sent=True, iat_in=iat_in, ahead=ahead)

    assert (chart.flag("proof.is_outside_window"), chart.flag("proof.is_out_of_time")) == (outside, by_itself)


def test_without_a_clock_nobody_says_whether_a_proof_was_kept() -> None:
    chart = derived(sent=True, iat_in=-400.0)

    assert (chart.flag("proof.is_outside_window"), chart.flag("proof.is_out_of_time")) == (True, None)


@pytest.mark.parametrize(
    ("facts", "refused"),
    [
        ({"proof.nonce_present": True, "reply.error": "use_dpop_nonce"}, True),
        ({"proof.nonce_present": True, "token.api_error": "use_dpop_nonce"}, True),
        ({"proof.nonce_present": True, "reply.error": "invalid_client"}, False),
        ({"proof.nonce_present": False, "reply.error": "use_dpop_nonce"}, False),
        ({"reply.error": "use_dpop_nonce"}, None),
        ({"proof.nonce_present": True}, None),
    ],
)
def test_a_nonce_is_refused_where_one_was_sent_and_one_is_asked_for(
    facts: dict[str, bool | str], refused: bool | None
) -> None:
    chart = Chart.of([Observation(name, value, "test") for name, value in facts.items()])

    assert derive(chart, GENERIC, "client-credentials").flag("proof.nonce_is_refused") is refused
