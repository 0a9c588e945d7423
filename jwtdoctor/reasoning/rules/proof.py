"""DPoP proofs: whether their time is right, and whose fault it is where it is not.

A proof has no lifetime of its own: how old it may be is the server's choice (RFC 9449 §11.1), and hardly one publishes
it. So a clock is accused from a minute on, and excused where it is right.
"""

from __future__ import annotations

from jwtdoctor.assertions.dpop import WINDOW_S
from jwtdoctor.reasoning.rules.table import RIGHT_CLOCK_S, Given, derived


@derived("clock.spoils_proof", "request.sends_dpop_proof", "clock.ahead_s", "reply.date_ahead_s")
def _clock_spoils_proof(given: Given) -> bool | None:
    """None between the two figures: there it depends on the server."""
    ahead_s = given.ahead_s()
    if ahead_s is None or not given.chart.flag("request.sends_dpop_proof"):
        return None
    if abs(ahead_s) - given.clock_slack_s() > WINDOW_S:
        return True
    return False if abs(ahead_s) + given.clock_slack_s() <= RIGHT_CLOCK_S else None


@derived("proof.is_outside_window", "proof.iat_in_s")
def _is_outside_window(given: Given) -> bool | None:
    """Whatever the reason: the clock, or a proof that was kept."""
    iat_in_s = given.chart.number("proof.iat_in_s")
    return None if iat_in_s is None else abs(iat_in_s) > WINDOW_S


@derived("proof.is_out_of_time", "proof.iat_in_s", "clock.ahead_s", "reply.date_ahead_s")
def _is_out_of_time(given: Given) -> bool | None:
    """A proof that was kept, or dated by hand: its iat is neither right nor what the clock showed when it was sent."""
    iat_in_s, ahead_s = given.chart.number("proof.iat_in_s"), given.ahead_s()
    if iat_in_s is None or ahead_s is None:
        return None
    if not given.chart.flag("proof.is_outside_window"):
        return False
    return abs(iat_in_s - ahead_s) - given.clock_slack_s() > WINDOW_S


@derived("proof.nonce_is_refused", "proof.nonce_present", "reply.error", "token.api_error")
def _nonce_is_refused(given: Given) -> bool | None:
    """A nonce was sent and one was asked for all the same (RFC 9449 §8.2: it may be over, or never have been known)."""
    has_nonce = given.chart.flag("proof.nonce_present")
    errors = (given.chart.text("reply.error"), given.chart.text("token.api_error"))
    return None if has_nonce is None or errors == (None, None) else has_nonce and "use_dpop_nonce" in errors
