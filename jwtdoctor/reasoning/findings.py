"""Things worth saying that are no verdict: a thin margin, a wrong clock under another fault, a late certificate."""

from __future__ import annotations

from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.chart import Chart
from jwtdoctor.model.names import Outcome, Sureness
from jwtdoctor.model.provider import Provider
from jwtdoctor.reasoning.margins import margins_of
from jwtdoctor.reasoning.rules.table import RIGHT_CLOCK_S

THIN_MARGIN_S = 30.0
"""An assertion that had less than this left on arrival fails at the next slow network or small drift."""
NOTICE_S = 5.0
"""Less than this is no clock fault worth a line; as in `jwtdoctor clock`."""
SMALL_RSA_BITS = 2048
DAY_S = 86_400.0


def findings(chart: Chart, provider: Provider, outcome: Outcome, leaders: tuple[str, ...]) -> tuple[Finding, ...]:
    """The findings of a chart (derived facts included), errors first."""
    found = [
        *_clock(chart, leaders),
        *_host(chart, leaders),
        *_dead_v6(chart),
        *_margin(chart, provider, outcome),
        *_key(chart, provider),
        *_lifetime(chart, provider),
    ]
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(found, key=lambda f: (rank[f.severity], f.rule)))


def _clock(chart: Chart, leaders: tuple[str, ...]) -> list[Finding]:
    """A wrong clock is said even where it is not the fault: it will be the next one."""
    ahead_s = chart.number("clock.ahead_s")
    if ahead_s is None or abs(ahead_s) <= RIGHT_CLOCK_S or "clock-drift" in leaders:
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


def _host(chart: Chart, leaders: tuple[str, ...]) -> list[Finding]:
    """Where the token host's clock is not at true time, that is said: it is the clock that judges."""
    host_s, slack_s = chart.number("host.ahead_s"), chart.uncertainty("host.ahead_s")
    if host_s is None or abs(host_s) - slack_s <= NOTICE_S or "server-clock-wrong" in leaders:
        return []
    side = "fast" if host_s > 0 else "slow"
    return [
        Finding(
            "host-clock-is-off",
            "warning",
            "token host",
            f"its own clock is {abs(host_s):.1f} s {side} against true time, and it is the clock that judges",
            "sign with the host's time: Signer(..., skew=jwtdoctor.Skew()); and tell its operator",
        )
    ]


def _dead_v6(chart: Chart) -> list[Finding]:
    if not chart.flag("path.ipv6_hangs"):
        return []
    return [
        Finding(
            "ipv6-hangs",
            "warning",
            "path",
            "an IPv6 address of the host does not answer, an IPv4 one does: clients that try IPv6 first hang",
            "repair IPv6 on this network, or let the client prefer IPv4",
        )
    ]


def _margin(chart: Chart, provider: Provider, outcome: Outcome) -> list[Finding]:
    """A token that was granted with little to spare: the next slow network or small drift ends it."""
    room = margins_of(chart, provider)
    if outcome is not Outcome.GRANTED or room is None or room.left_s >= THIN_MARGIN_S:
        return []
    if room.left_s >= 0:
        said = f"the token was granted with {room.left_s:.0f} s to spare before exp"
    else:
        said = f"the token was granted {-room.left_s:.0f} s after exp: only the leeway of the server saved it"
    remedy = "sign with a longer lifetime, and keep the clock synchronised"
    return [Finding("thin-margin", "warning", "exp", said, remedy)]


def _key(chart: Chart, provider: Provider) -> list[Finding]:
    found = []
    bits, kind = chart.number("key.bits"), chart.text("key.type")
    if bits is not None and kind == "RSA" and bits < SMALL_RSA_BITS:
        found.append(
            Finding("key-is-small", "warning", "key", f"the RSA key has {bits:.0f} bits", "use 2048 bits or more")
        )
    if chart.flag("key.readable_by_others"):
        message = "others on this machine can read the private key"
        found.append(Finding("key-permissions", "note", "key", message, "chmod 600 FILE"))
    left_s = chart.number("certificate.not_after_in_s")
    if left_s is not None and left_s < 0:
        found.append(
            Finding(
                "certificate-expired",
                "note",
                "certificate",
                f"the certificate ended {-left_s / DAY_S:.0f} days ago",
                f"{_taken_or_not(provider)}: renew it",
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


def _taken_or_not(provider: Provider) -> str:
    """What becomes of an assertion that an expired certificate belongs to."""
    known = provider.expired_certificate
    if known is None:
        return "many servers refuse it"
    note = f" ({known.note})" if known.note else ""
    if known.is_taken:
        return f"{provider.title} is reported not to check this{note}; others do"
    return f"{provider.title} {'probably ' if known.sureness is Sureness.INFERRED else ''}refuses it{note}"


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
