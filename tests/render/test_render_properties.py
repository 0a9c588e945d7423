"""What holds for every report, whatever was observed: it fits, it carries no escapes, it is what its format says."""

from __future__ import annotations

import html.parser
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_samples import FORMATS, REPORTS, clock_report, tie_report

from jwtdoctor.checkup import examine, explain
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.report import Report, Timeline
from jwtdoctor.render.html import html as as_html
from jwtdoctor.render.junit import junit
from jwtdoctor.render.markdown import markdown
from jwtdoctor.render.page import clock_words, page
from jwtdoctor.render.sarif import sarif
from jwtdoctor.render.text import text
from jwtdoctor.render.timeline import draw
from jwtdoctor.render.way import margin_rows
from jwtdoctor.render.words import bound, duration, headline, measured
from jwtdoctor.testing import FAULTS, World

EXPLAINED = [
    '{"error":"invalid_grant","error_description":"audience is invalid"}',
    '{"error":"invalid_grant"}',
    '{"error":"invalid_grant","error_description":"expired authorization code"}',
    '{"error":"brand_new","error_description":"never seen"}',
    '{"access_token":"x","token_type":"Bearer"}',
    "https://x.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp?error=OAUTH_APP_BLOCKED&error_description=x",
    "java.net.UnknownHostException: login.salesforce.com",
    "the quick\nbrown fox",
    '{"schema":"jwtdoctor.case/1","flow":"jwt-bearer","text":"expired","facts":{"clock.ahead_s":9e9}}',
]


def fits(line: str, width: int) -> bool:
    """Within the width, or one word alone that is longer: a URL, a path, a quoted string of a command."""
    is_word_beside_name = re.fullmatch(r" {2}\S {1,2}[\w ]{0,14} {2,}\S+", line) is not None
    return (
        is_word_beside_name
        or len(line) <= width
        or re.fullmatch(r"(\$ )?\S+=?('[^']*'|\"[^\"]*\"|\S*)( \\)?", line.strip()) is not None
    )


def assert_drawn_well(report: Report) -> None:
    for width in (80, 60):
        for verbose in (False, True):
            for plain in (False, True):
                drawn = text(report, width=width, ascii=plain, verbose=verbose)
                assert [line for line in drawn.splitlines() if not fits(line, width)] == []
                assert "\x1b" not in drawn
                assert drawn.isascii() or not plain
    coloured = text(report, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text(report)
    ElementTree.fromstring(junit(report))
    assert json.loads(sarif(report))["runs"][0]["tool"]["driver"]["name"] == "jwtdoctor"


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS])
def test_every_staged_fault_is_drawn_within_its_width_in_every_form(fault: str) -> None:
    world = World(fault)

    assert_drawn_well(examine(world.case, world.instruments))


@pytest.mark.parametrize("observed", EXPLAINED, ids=range(len(EXPLAINED)))
def test_whatever_is_explained_is_drawn_within_its_width(observed: str) -> None:
    assert_drawn_well(explain(observed))


foreign = st.text(st.sampled_from("ab<>&\"'`*[]()#|\\\x1b\x07\u202e\u2028\n\r\t\0 é漢😀{}=:/."), max_size=60)


@settings(max_examples=60, deadline=None)
@given(foreign)
def test_foreign_text_opens_no_tag_no_link_and_sends_no_escape(said: str) -> None:
    report = tie_report()
    chart = report.chart.plus([Observation("reply.description", said, "reply")])
    verdicts = tuple(replace(v, evidence=tuple(replace(e, observed=said) for e in v.evidence)) for v in report.verdicts)
    report = replace(report, chart=chart, verdicts=verdicts, host=said, case=said, warnings=(said,))

    for render in FORMATS.values():
        drawn = render(report)
        assert not set(drawn) & set("\x1b\x07\u202e\0\r")
    assert tags(as_html(report)) <= tags(as_html(tie_report()))
    assert "<script" not in as_html(report)
    assert re.search(r"(?<!\\)[<\[]\w", markdown(report).replace("`", "")) is None
    ElementTree.fromstring(junit(report))


def tags(page_of: str) -> set[str]:
    """The names of the elements of a page, as a browser reads them."""
    found: set[str] = set()

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(tag)

    Reader().feed(page_of)
    return found


def test_html_loads_nothing_and_runs_nothing() -> None:
    shown = as_html(clock_report())

    assert "default-src 'none'" in shown
    assert not re.search(r"<(script|img|link|iframe|object|embed|form|base)\b|\bon\w+=|url\(|@import|style=", shown)


# --- what was wrong once


def test_the_clock_is_told_with_its_bounds_and_how_many_servers_agree() -> None:
    assert clock_words(clock_report()) == "312.4 s behind true time, ± 0.02 s; 2 of 2 servers agree"


@pytest.mark.parametrize(("ahead_s", "said"), [(-0.0002, "right by true time"), (0.001, "0.001 s ahead of true time")])
def test_a_clock_that_is_right_is_not_said_to_be_0_000_s_behind(ahead_s: float, said: str) -> None:
    report = clock_report()
    found = [Observation("clock.ahead_s", ahead_s, "ntp", 0.0123)]

    assert clock_words(replace(report, chart=Chart.of(found))).startswith(f"{said}, ±")


@pytest.mark.parametrize(
    ("fault", "provider", "told"),
    [
        ("assertion-time-miscalculated:zone", "google", None),
        ("clock-drift:fast", "okta", "fast"),
        ("clock-drift", "salesforce", "left"),
    ],
)
def test_what_was_refused_for_its_times_is_promised_no_margin(fault: str, provider: str, told: str | None) -> None:
    """`acceptable for 2 h 3 min` stood below a refusal for an iat hours ahead."""
    world = World(fault, provider=provider)
    report = replace(examine(world.case, world.instruments), command="check")
    rows = margin_rows(report)

    assert report.outcome is Outcome.REFUSED
    assert "acceptable for" not in text(report)
    assert (rows[0][0] if rows else None) == told


def test_an_answer_s_status_is_said_once() -> None:
    """A page of HTML read `503 503: HTML page …`, a proxy `407: 407: …`."""
    world = World("platform-maintenance")
    shown = text(examine(world.case, world.instruments))

    assert "503" in shown
    assert "503 503" not in shown


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(899.56, "15 min"), (7199.6, "2 h"), (119.97, "2 min"), (312.4, "5 min 12 s"), (0.36, "360 ms"), (-2.5, "2.5 s"),
     (0, "0 s"), (90_061, "25 h 1 min"), (400_000, "5 days")],
)  # fmt: skip
def test_durations_are_rounded_and_not_cut(seconds: float, said: str) -> None:
    """899.56 s was said to be 14 min 59 s."""
    assert duration(seconds) == said


@settings(max_examples=200, deadline=None)
@given(st.floats(0, 1e5))
def test_a_bound_is_never_said_smaller_than_it_is(seconds: float) -> None:
    assert float(bound(seconds).removesuffix(" s")) >= seconds - 1e-9


def test_a_figure_as_measured_keeps_its_tenth() -> None:
    assert [measured(s) for s in (600, -312.4, 0.0042, 7200)] == ["600.0 s", "312.4 s", "0.004 s", "7,200 s (2 h)"]


def test_a_tie_names_both_causes_in_the_headline() -> None:
    """The headline of a tie was the first cause alone, as if it were the verdict."""
    statement = page(tie_report()).statement

    assert "pre-authorised users; or: The request went to a host" in statement


def test_a_verdict_stands_whole_in_the_first_line_where_it_fits_there() -> None:
    report = clock_report()
    long = "The request went to a host that does not serve this org"
    verdict = replace(report.verdicts[0], title=long, cause="wrong-login-host")
    report = replace(report, verdicts=(verdict,), leaders=("wrong-login-host",))

    first, second, *_ = text(report).splitlines()

    assert first == f"✗ REFUSED  {long}"
    assert second.strip() == "almost certain"


def test_a_long_command_goes_on_with_a_backslash_and_stays_one_command() -> None:
    drawn = text(clock_report())
    start = drawn.index("$ jwtdoctor sign")

    command = re.match(r"\$ (.*\\\n)+.*", drawn[start:])

    assert command is not None
    assert re.sub(r"\\\n\s+", "", command[0]) == "$ " + (clock_report().verdicts[0].remedy[1].command or "")


def test_a_clock_within_what_date_can_tell_makes_no_headline() -> None:
    """With every verdict shown it read `The token host's clock is 361 ms slow`."""
    report = clock_report()
    verdict = replace(report.verdicts[0], cause="server-clock-wrong", title="The token host's own clock is off")
    chart = report.chart.plus([Observation("host.ahead_s", -0.361, "ntp, date", 1.0)])

    assert headline(replace(report, chart=chart), verdict) == "The token host's own clock is off"


def test_the_clock_of_an_explained_case_is_not_said_to_be_this_machine_s() -> None:
    report = clock_report()

    assert headline(report.with_command("explain"), report.verdicts[0]) == "The client's clock is 5 min 12 s slow"


def test_an_answer_that_nothing_recognises_is_shown_as_it_came() -> None:
    shown = text(explain('{"error":"brand_new","error_description":"never seen"}'))

    assert 'brand_new "never seen"' in shown
    assert "--flow jwt-bearer" in shown


def test_a_granted_check_says_what_it_looked_at() -> None:
    world = World("healthy")
    shown = text(examine(world.case, world.instruments))

    assert "3 of 3 servers agree" in shown
    assert "200, with a token" in shown


def test_an_echo_of_the_same_instrument_is_left_to_verbose() -> None:
    report = clock_report()

    assert text(report).count("counted once") == 1
    assert text(report, verbose=True).count("counted once") == 2


def test_claims_about_other_causes_are_left_to_verbose() -> None:
    assert "Certificates expire" not in text(clock_report())
    assert "Certificates expire" in text(clock_report(), verbose=True)


# --- the drawn window

T = 1795301245.0


@settings(max_examples=200, deadline=None)
@given(
    start=st.floats(-1e6, 1e6), life=st.floats(-1e5, 1e6), local=st.floats(-1e6, 1e6),
    server=st.none() | st.floats(-1e6, 1e6), width=st.integers(20, 120), flags=st.tuples(*[st.booleans()] * 4),
)  # fmt: skip
def test_a_window_is_drawn_within_its_width_wherever_its_moments_lie(
    start: float, life: float, local: float, server: float | None, width: int, flags: tuple[bool, bool, bool, bool]
) -> None:
    is_iat, local_seen, server_seen, plain = flags
    server_at = None if server is None else T + server
    window = Timeline(T + start, T + start + life, T + local, server_at, is_iat, local_seen, server_seen)

    lines = draw(window, width, ascii_only=plain)

    assert all(len(line) <= width for line in lines)
    assert len(lines) in (0, 2, 3)
    assert not plain or all(line.isascii() for line in lines)


def test_moments_outside_the_calendar_are_not_drawn() -> None:
    assert draw(Timeline(-1e15, T, T, T, True), 80) == []


@pytest.mark.parametrize(
    ("window", "says"),
    [
        (Timeline(T, T + 180, T, T + 600, True), ["iat to exp", "client clock", "server clock"]),
        (Timeline(T, T + 180, T, T, True, server_seen=False), ["iat to exp", "client clock", "true time"]),
        (Timeline(T, T + 180, T, None, True, local_seen=False), ["iat to exp", "it was sent"]),
        (Timeline(T, T - 300, T, T, True), ["exp, then iat", "client clock", "server clock"]),
        (Timeline(T, T, T, T, False), ["exp", "client clock", "server clock"]),
    ],
)
def test_a_clock_that_was_not_seen_is_not_drawn(window: Timeline, says: list[str]) -> None:
    """A server that never answered had a `server now`, and a case without a clock a `local now`."""
    assert [line[2:16].strip() for line in draw(window, 80)] == says


def test_the_mark_of_the_server_lies_after_the_bar_when_exp_had_passed() -> None:
    bar, client, server = draw(Timeline(T, T + 180, T, T + 600, True), 80)

    assert bar.index("├") == client.index("▲") < bar.index("┤") < server.index("▲")


def test_reports_that_were_not_refused_have_a_mark_of_their_own() -> None:
    marks = {outcome: page(replace(clock_report(), outcome=outcome)).outcome for outcome in Outcome}

    assert sorted(marks.values()) == ["GRANTED", "NO ANSWER", "NOT ASKED", "REFUSED"]
    assert set(REPORTS) == {"clock", "tie"}


def test_what_never_arrived_has_no_window_drawn() -> None:
    """A name that does not resolve was drawn with the server's clock beside the assertion."""
    assert "server clock" in text(clock_report())
    assert "server clock" not in text(replace(clock_report(), outcome=Outcome.UNREACHABLE))
