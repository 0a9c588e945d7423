"""Clocks: the local one and the token host's, against true time."""

from __future__ import annotations

from jwtdoctor.model.fact import fact

OBSERVED = (
    fact(
        "clock.ahead_s",
        "number",
        "how far the local clock is fast against true time",
        witness="clock",
        ask="How many seconds is this machine's clock ahead of true time (negative: behind)?",
    ),
    fact(
        "clock.uncertainty_s",
        "number",
        "half the width of the interval in which clock.ahead_s lies",
        witness="clock",
    ),
    fact("clock.sources_agree", "bool", "a majority of the time sources agree", witness="clock"),
    fact(
        "clock.sync_enabled",
        "bool",
        "the operating system keeps the clock synchronised",
        witness="clock.sync_enabled",
        ask="Is time synchronisation (NTP) switched on on the signing machine?",
    ),
    fact(
        "host.ahead_s",
        "number",
        "how far the token host's clock is fast against true time",
        witness="server-clock",
    ),
)

DERIVED = (
    fact(
        "clock.is_slow_beyond_ttl",
        "bool",
        "the local clock is slow by more than the assertion lives",
        witness="clock",
    ),
    fact(
        "clock.is_slow_beyond_margin",
        "bool",
        "the local clock is slow by more than this assertion tolerates",
        witness="clock",
    ),
    fact(
        "clock.is_fast_beyond_margin",
        "bool",
        "the local clock is fast by more than this server tolerates",
        witness="clock",
    ),
    fact(
        "clock.is_fast_where_iat_counts",
        "bool",
        "the local clock is fast, this provider demands iat, and how far ahead iat may lie is not known",
        witness="clock",
    ),
    fact(
        "clock.is_harmless",
        "bool",
        "the clock was measured, and its error cannot have spoilt this assertion",
        witness="clock",
    ),
    fact(
        "clock.offset_is_time_zone",
        "bool",
        "the clock error is near a whole number of quarter-hours, an hour at least",
        witness="clock.zone",
    ),
    fact(
        "host.is_off_beyond_margin",
        "bool",
        "the token host's own clock is off while the local one is right",
        witness="server-clock",
    ),
    fact(
        "clock.date_says_slow",
        "bool",
        "no time server answered, and Date says that the local clock is slow against the host by more than the life",
        witness="clock",
    ),
    fact(
        "clock.date_says_fast",
        "bool",
        "no time server answered, and Date says that the local clock is fast against the host by more than the life",
        witness="clock",
    ),
)
