"""How long an assertion stays acceptable on the judging clock, and what drift would break it. Pure.

A clock is neither right nor wrong by taste: 90 seconds are nothing to an assertion that lives ten minutes, and too much
for one that lives sixty seconds. So an offset is held against `exp`, `iat` and the limits of this provider, each with
its own footing. A rule that nobody published breaks nothing here; that it is unknown is said.

The clock that judges is the token host's: its `Date` where it was seen, and time servers only in its place. (A right
host's `Date` is coarser than NTP, so where the two agree within their bounds the finer one is used.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jwtdoctor.model.chart import Chart
from jwtdoctor.model.clock import Interval
from jwtdoctor.model.margins import Edge, Margins
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning.rules.table import ON_THE_WAY_S

RFC_EXP = "https://www.rfc-editor.org/rfc/rfc7519#section-4.1.4"
USUAL_LIFETIME_S = 180.0
FARTHEST_S = 366 * 86_400.0
"""An exp further away is a damaged claim or milliseconds: there is no margin to speak of."""

Judge = Literal["date", "ntp", "nothing"]


@dataclass(frozen=True, slots=True)
class Window:
    """An assertion as the judging clock sees it now: seconds to `exp`, and to the later of `iat` and `nbf` (None: it
    has neither). Positive is ahead.
    """

    ends_in_s: float
    starts_in_s: float | None
    judged_by: Judge
    bound_s: float = 0.0


def margins(window: Window, provider: Provider) -> Margins:
    """The room that an assertion has at a provider."""
    tolerance = provider.limits.get("late_tolerance_s")
    is_known = tolerance is not None and tolerance.value is not None
    slow = _slow(window, provider)
    fast = _fast(window, provider)
    return Margins(
        left_s=slow.room_s,
        tolerated_s=(tolerance.value or 0.0) if tolerance is not None and slow.rule == "exp" else 0.0,
        tolerance_sureness=tolerance.sureness if tolerance is not None and is_known else None,
        slow=slow,
        fast=fast,
        fast_note="" if fast is not None else _fast_note(window, provider),
        judged_by=window.judged_by,
        bound_s=window.bound_s,
    )


def _slow(window: Window, provider: Provider) -> Edge:
    """A slower clock writes an earlier exp and iat: the assertion is over, or too old, on arrival."""
    edges = [Edge("slow", window.ends_in_s, "exp", "exp has passed then", Sureness.DOCUMENTED, (RFC_EXP,))]
    oldest = provider.limits.get("max_age_s")
    if oldest is not None and oldest.value is not None and window.starts_in_s is not None:
        because = f"it is then older than the {oldest.value:,.0f} s that are taken"
        room_s = oldest.value + window.starts_in_s
        edges.append(Edge("slow", room_s, "max_age_s", because, oldest.sureness, oldest.sources))
    return min(edges, key=lambda edge: edge.room_s)


def _fast(window: Window, provider: Provider) -> Edge | None:
    """A faster clock writes iat and exp further ahead: not begun yet, or valid for too long."""
    edges = []
    early = provider.limits.get("early_tolerance_s")
    if early is not None and early.value is not None and window.starts_in_s is not None:
        allowed = f"more than {early.value:g} s ahead" if early.value else "in the future"
        because = f"iat lies {allowed} then"
        room_s = early.value - window.starts_in_s
        edges.append(Edge("fast", room_s, "early_tolerance_s", because, early.sureness, early.sources))
    farthest = provider.limits.get("max_exp_ahead_s")
    if farthest is not None and farthest.value is not None:
        because = f"exp lies more than the {farthest.value:,.0f} s ahead that are taken"
        room_s = farthest.value - window.ends_in_s
        edges.append(Edge("fast", room_s, "max_exp_ahead_s", because, farthest.sureness, farthest.sources))
    return min(edges, key=lambda edge: edge.room_s) if edges else None


def _fast_note(window: Window, provider: Provider) -> str:
    if window.starts_in_s is None:
        return "it has no iat and no nbf, so a fast clock moves only exp, further ahead"
    early = provider.limits.get("early_tolerance_s")
    note = "" if early is None or early.note.startswith(("Not published", "None")) else early.note.rstrip(".")
    said = f"no limit for a fast clock is known at {provider.title}"
    return f"{said}: {note[0].lower()}{note[1:]}" if note else said


def fresh(lifetime_s: float, ahead: Interval | None, judged_by: Judge, *, has_iat: bool = True) -> Window:
    """The window of an assertion that is signed now by a clock that is `ahead` of the judging one.

    iat is a whole second, and the way takes its time: together they hide about a second of a fast clock.
    """
    ahead_s = 0.0 if ahead is None else ahead.ahead_s
    bound_s = 0.0 if ahead is None else ahead.uncertainty_s
    starts_in_s = ahead_s - ON_THE_WAY_S if has_iat else None
    return Window(lifetime_s + ahead_s, starts_in_s, "nothing" if ahead is None else judged_by, bound_s)


def margins_of(chart: Chart, provider: Provider) -> Margins | None:
    """The room of the assertion that a chart tells of, as it was when it was sent; None where exp is not known."""
    ends_in_s = chart.number("assertion.exp_in_s")
    if ends_in_s is None or abs(ends_in_s) > FARTHEST_S or chart.flag("assertion.exp_is_milliseconds"):
        return None
    starts = [s for s in (chart.number("assertion.iat_in_s"), chart.number("assertion.nbf_in_s")) if s is not None]
    host_s, bound_s, judged_by = _host_of(chart)
    window = Window(ends_in_s - host_s, max(starts) - host_s if starts else None, judged_by, bound_s)
    return margins(window, provider)


def _host_of(chart: Chart) -> tuple[float, float, Judge]:
    """The judging clock against the scale of the assertion's facts, its bound, and who told it."""
    date_bound_s = chart.uncertainty("reply.date_ahead_s")
    if "clock.ahead_s" not in chart:
        # The facts were reckoned with the host's Date as true time, where there was one.
        return 0.0, date_bound_s, "date" if "reply.date_ahead_s" in chart else "nothing"
    host_s, slack_s = chart.number("host.ahead_s"), chart.uncertainty("host.ahead_s")
    if host_s is None:
        return 0.0, chart.uncertainty("clock.ahead_s"), "ntp"
    if abs(host_s) <= slack_s:
        return 0.0, chart.uncertainty("clock.ahead_s"), "date"
    return host_s, slack_s, "date"
