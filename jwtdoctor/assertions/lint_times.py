"""Lint rules: when the assertion holds (exp, iat, nbf), against the clock and the provider's limits.

A limit that is not known (None) makes no error.
"""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.assertions.decode import is_milliseconds, seconds
from jwtdoctor.assertions.lint_common import Under
from jwtdoctor.assertions.times import duration
from jwtdoctor.model.assertion import Finding, Severity

SHORT_LIFE_S = 30
"""Below this, a slow network or an ordinary drift spoils the assertion."""
LONG_LIFE_S = 86_400
CLOSE_TO_LIMIT = 0.95
"""Lifetimes at the very maximum fail with a clock that is a second fast (Okta, GitHub, App Store Connect)."""


def _time_types(under: Under) -> Iterator[Finding]:
    for name in ("exp", "iat", "nbf"):
        value = under.claims.get(name)
        if value is None:
            continue
        if seconds(value) is None:
            message = f"{name} is no number of seconds"
            yield Finding("time-not-a-number", "error", f"claims.{name}", message, "write epoch seconds (RFC 7519 §2)")
            continue
        if isinstance(value, str):
            yield _odd_time(under, name, "time-is-text", "is a number written as text")
        if is_milliseconds(value):
            yield _odd_time(under, name, "time-in-milliseconds", "is in milliseconds")
        elif isinstance(value, float) and value != int(value):
            message = f"{name} has a fraction; RFC 7519 §2 allows it, some servers do not"
            yield Finding("time-has-fraction", "note", f"claims.{name}", message, "write whole seconds")


def _odd_time(under: Under, name: str, rule: str, what: str) -> Finding:
    takes = (
        "Salesforce takes it, other servers refuse it"
        if under.is_salesforce
        else "RFC 7519 §2 wants a number of seconds"
    )
    return Finding(
        rule, under.tolerated, f"claims.{name}", f"{name} {what}; {takes}", "write epoch seconds as a number"
    )


def _expiry(under: Under) -> Iterator[Finding]:
    exp = under.time("exp")
    if exp is None or under.now is None:
        return
    past_s = under.now - exp
    tolerance_s = under.provider.limit("late_tolerance_s") or 0.0
    if past_s > tolerance_s:
        message = f"it expired {duration(past_s)} ago{_beyond(tolerance_s)}"
        yield Finding("expired", "error", "claims.exp", message, "sign a new one; sign just before it is sent")
    elif past_s >= 0:
        message = f"exp passed {duration(past_s)} ago; {under.provider.title} is reported to allow {tolerance_s:.0f} s"
        yield Finding("expired-within-tolerance", "warning", "claims.exp", message, "sign a new one")


def _beyond(tolerance_s: float) -> str:
    return f", beyond the {tolerance_s:.0f} s that are tolerated" if tolerance_s else ""


def _lifetime(under: Under) -> Iterator[Finding]:
    exp, iat = under.time("exp"), under.time("iat")
    if exp is None or iat is None:
        return
    ttl_s = exp - iat
    if ttl_s <= 0:
        severity: Severity = "warning" if ttl_s == 0 else "error"
        what = "exp equals iat, so that it lives no second" if ttl_s == 0 else "exp lies before iat"
        yield Finding("no-lifetime", severity, "claims.exp", what, "write exp = iat + 180")
    elif ttl_s < SHORT_LIFE_S:
        message = f"it lives {duration(ttl_s)} only; a small drift or a slow network spoils it"
        yield Finding("lifetime-short", "warning", "claims.exp", message, "write exp = iat + 180")
    yield from _against_maximum(under, ttl_s, "max_ttl_s", "exp - iat")
    yield from _was_too_far(under, ttl_s, exp)


def _was_too_far(under: Under, ttl_s: float, exp: float) -> Iterator[Finding]:
    """Where exp alone is judged, against now, and does not lie too far ahead any more: what it was when it was signed.

    As much of exp - iat as the provider advises to date iat back is no fault.
    """
    limit, back = under.provider.limits.get("max_exp_ahead_s"), under.provider.limit("iat_back_s") or 0.0
    if under.provider.limit("max_ttl_s") is not None or limit is None or limit.value is None:
        return
    still_is = under.now is not None and exp - under.now > limit.value
    if ttl_s > limit.value + back and not still_is:
        message = (
            f"exp is {duration(ttl_s)} after iat; {under.provider.title} takes an exp of {duration(limit.value)} "
            "ahead of its now"
        )
        remedy = f"write exp = now + {limit.value * CLOSE_TO_LIMIT:.0f} or less"
        yield Finding("lifetime-over-limit", "warning", "claims.exp", message, remedy, limit.sources)


def _distance_ahead(under: Under) -> Iterator[Finding]:
    exp = under.time("exp")
    if exp is None or under.now is None:
        return
    ahead_s = exp - under.now
    yield from _against_maximum(under, ahead_s, "max_exp_ahead_s", "exp - now")
    if ahead_s > LONG_LIFE_S:
        message = f"exp lies {duration(ahead_s)} ahead; whoever finds this assertion can use it until then"
        yield Finding("lifetime-long", "warning", "claims.exp", message, "minutes are enough: write exp = iat + 180")


def _against_maximum(under: Under, span_s: float, limit_name: str, what: str) -> Iterator[Finding]:
    limit = under.provider.limits.get(limit_name)
    if limit is None or limit.value is None:
        return
    remedy = f"make it {limit.value * CLOSE_TO_LIMIT:.0f} s or less"
    if span_s > limit.value:
        spans = duration(span_s), duration(limit.value)
        if spans[0] == spans[1]:  # the words are coarser than what is too much
            spans = f"{span_s:.0f} s", f"{limit.value:.0f} s"
        message = f"{what} is {spans[0]}; {under.provider.title} allows {spans[1]}"
        yield Finding("lifetime-over-limit", "error", "claims.exp", message, remedy, limit.sources)
    elif span_s > limit.value * CLOSE_TO_LIMIT:
        message = f"{what} is at the maximum of {duration(limit.value)}: a clock a little fast breaks it"
        yield Finding("lifetime-at-limit", "warning", "claims.exp", message, remedy, limit.sources)


def _start(under: Under) -> Iterator[Finding]:
    if under.now is None:
        return
    tolerance = under.provider.limits.get("early_tolerance_s")
    known = tolerance is not None and tolerance.value is not None
    tolerance_s = tolerance.value if tolerance is not None and tolerance.value is not None else 0.0
    for name in ("iat", "nbf"):
        start = under.time(name)
        if start is None or start - under.now <= max(tolerance_s, 1.0):
            continue
        is_error = known or (name == "nbf" and not under.is_salesforce)
        message = f"{name} lies {duration(start - under.now)} in the future{_like_a_zone(start - under.now)}"
        remedy = "set the clock (jwtdoctor clock), or date it back by a minute where nothing counts from it"
        yield Finding("starts-in-future", "error" if is_error else "warning", f"claims.{name}", message, remedy)


def _like_a_zone(ahead_s: float) -> str:
    """Time zones differ by quarter hours; a difference near one, of an hour at least, is hardly drift."""
    is_zone = ahead_s >= 3_000 and abs((ahead_s + 450) % 900 - 450) < 60
    return ", which looks like a time zone taken for UTC" if is_zone else ""


def _age(under: Under) -> Iterator[Finding]:
    """How long ago it was issued, where the server counts from there (Snowflake)."""
    limit, iat = under.provider.limits.get("max_age_s"), under.time("iat")
    if limit is None or limit.value is None or iat is None or under.now is None:
        return
    age_s = under.now - iat
    remedy = "sign a new one just before it is sent, and do not date iat back"
    if age_s > limit.value:
        message = f"iat is {duration(age_s)} old; {under.provider.title} takes it for {duration(limit.value)} from iat"
        yield Finding("too-old", "error", "claims.iat", message, remedy, limit.sources)
    elif age_s > limit.value * CLOSE_TO_LIMIT:
        message = f"iat is {duration(age_s)} old, at the maximum of {duration(limit.value)}"
        yield Finding("too-old", "warning", "claims.iat", message, remedy, limit.sources)


def _issued(under: Under) -> Iterator[Finding]:
    if "iat" not in under.claims and "iat" not in under.provider.required_claims:
        yield Finding(
            "iat-missing", "note", "claims.iat", "there is no iat; it is optional here", "write iat for the logs"
        )


EXPIRY_RULES = (_time_types, _expiry)
"""What holds for a token that somebody else issued."""
RULES = (_time_types, _expiry, _lifetime, _distance_ahead, _start, _age, _issued)
