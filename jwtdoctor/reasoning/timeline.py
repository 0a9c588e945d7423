"""How the assertion's window lies against the clocks. All moments on one scale: true time, as far as it is known."""

from __future__ import annotations

from jwtdoctor.model.chart import Chart
from jwtdoctor.model.report import Timeline

LONGEST_S = 86_400.0 * 3
"""A window further away than this is milliseconds taken for seconds or a damaged claim: there is nothing to draw."""


def timeline(chart: Chart, at: float | None) -> Timeline | None:
    """The picture of an assertion judged at true time `at` (epoch seconds); None where exp or the time is unknown."""
    exp_in_s = chart.number("assertion.exp_in_s")
    if exp_in_s is None or at is None or abs(exp_in_s) > LONGEST_S:
        return None
    starts = [s for s in (chart.number("assertion.iat_in_s"), chart.number("assertion.nbf_in_s")) if s is not None]
    ttl_s = chart.number("assertion.ttl_s") or 0.0
    start_in_s = max(starts) if starts else exp_in_s - max(ttl_s, 0.0)
    ahead_s = chart.number("clock.ahead_s")
    local_s = chart.number("reply.date_ahead_s") if ahead_s is None else ahead_s
    host_s = chart.number("host.ahead_s")
    server_seen = host_s is not None or "reply.date_ahead_s" in chart
    return Timeline(
        start_s=at + start_in_s,
        end_s=at + exp_in_s,
        local_now_s=at + (local_s or 0.0),
        server_now_s=at + (host_s or 0.0) if server_seen or ahead_s is not None else None,
        start_is_iat=bool(starts),
        local_seen=local_s is not None,
        server_seen=server_seen,
        true_now_s=None if ahead_s is None else at,
    )
