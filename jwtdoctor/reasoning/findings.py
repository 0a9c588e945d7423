"""Things worth saying that are no verdict: a thin margin, a wrong clock under another fault, a late certificate."""

from __future__ import annotations

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning.rules.table import RIGHT_CLOCK_S

THIN_MARGIN_S = 30.0
"""An assertion that had less than this left on arrival fails at the next slow network or small drift."""
SMALL_RSA_BITS = 2048
DAY_S = 86_400.0
CLOCK_CAUSES = ("clock-drift", "server-clock-wrong")


def findings(chart: Chart, provider: Provider, outcome: Outcome, leaders: tuple[str, ...]) -> tuple[Finding, ...]:
    """The findings of a chart (derived facts included), errors first."""
    found = [
        *_clock(chart, leaders),
        *_margin(chart, outcome),
        *_key(chart),
        *_lifetime(chart, provider),
    ]
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda f: (rank[f.severity], f.rule)))


def _clock(chart: Chart, leaders: tuple[str, ...]) -> list[Finding]:
    """A wrong clock is said even where it is not the fault: it will be the next one."""
    ahead_s = chart.number("clock.ahead_s")
    if ahead_s is None or abs(ahead_s) <= RIGHT_CLOCK_S or set(leaders) & set(CLOCK_CAUSES):
        return []
    side = "ahead of" if ahead_s > 0 else "behind"
    return [
        Finding(
            "clock-is-off",
            "warning",
            "clock",
            f"this machine's clock is {abs(ahead_s):.1f} s {side} true time",
            "set the clock: jwtdoctor clock says how on this machine",
        )
    ]


def _margin(chart: Chart, outcome: Outcome) -> list[Finding]:
    left_s = chart.number("assertion.exp_in_s")
    if outcome is not Outcome.GRANTED or left_s is None or left_s >= THIN_MARGIN_S:
        return []
    return [
        Finding(
            "thin-margin",
            "warning",
            "exp",
            f"the token was granted with {left_s:.0f} s to spare before exp",
            "sign with a longer lifetime, and keep the clock synchronised",
        )
    ]


def _key(chart: Chart) -> list[Finding]:
    found = []
    bits, kind = chart.number("key.bits"), chart.text("key.type")
    if bits is not None and kind == "RSA" and bits < SMALL_RSA_BITS:
        found.append(
            Finding("key-is-small", "warning", "key", f"the RSA key has {bits:.0f} bits", "use 2048 bits or more")
        )
    left_s = chart.number("certificate.not_after_in_s")
    if left_s is not None and left_s < 0:
        found.append(
            Finding(
                "certificate-expired",
                "note",
                "certificate",
                f"the certificate ended {-left_s / DAY_S:.0f} days ago",
                "Salesforce is reported not to check this for JWT bearer; others do: renew it",
            )
        )
    elif left_s is not None and left_s < 30 * DAY_S:
        found.append(
            Finding(
                "certificate-ends-soon",
                "note",
                "certificate",
                f"the certificate ends in {left_s / DAY_S:.0f} days",
                "plan its renewal",
            )
        )
    return found


def _lifetime(chart: Chart, provider: Provider) -> list[Finding]:
    found = []
    lenient = f"{provider.title} may take it, others refuse it"
    if chart.flag("assertion.exp_is_milliseconds"):
        remedy = "give exp in seconds (RFC 7519 §2, NumericDate)"
        found.append(Finding("exp-in-milliseconds", "note", "exp", f"exp is in milliseconds; {lenient}", remedy))
    if chart.flag("assertion.exp_is_string"):
        remedy = "give exp as a number (RFC 7519 §2, NumericDate)"
        found.append(Finding("exp-is-a-string", "note", "exp", f"exp is a string; {lenient}", remedy))
    return found
