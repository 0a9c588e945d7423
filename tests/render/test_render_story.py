"""The story of logs, drawn: within the width, in ASCII where it must be, and with nothing that a reader would run."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from jwtdoctor.model.story import (
    AppUse,
    CauseRead,
    Change,
    DriftBin,
    Failure,
    Onset,
    Rate,
    SourceRead,
    Story,
    Subject,
    Tally,
    UnusualSource,
)
from jwtdoctor.render.html import html_of
from jwtdoctor.render.markdown import markdown_of
from jwtdoctor.render.story import (
    TABLES,
    WHEN,
    guarded,
    plots,
    spark,
    sparklines,
    story_csv,
    story_document,
    story_findings,
    story_page,
)
from jwtdoctor.render.text import text_of

T0 = 1_795_000_000.0
NASTY = "=cmd|' /C calc'!A0\x1b]0;x\x07<script>alert(1)</script>`\u202e[a](javascript:x)"


def story_of(name: str) -> Story:
    """A story in which every section has a row, and every foreign text is `name`."""
    tally = Tally(name, 5, 5, T0, T0 + 60)
    causes = (CauseRead("ip-restricted", "The caller's address is outside", "usual", "documented"),
              CauseRead("country-restricted", "The country is refused", "rarely", "inferred"))  # fmt: skip
    failure = Failure(
        name, 5, T0, T0 + 60, causes, ("login-event",), (("user", (tally,), 1), ("app", (tally,), 9)), (0, 5)
    )
    return Story(
        sources=(SourceRead("login-event", 2, 10, 100, 1, 1, 1, 1),), asked=10, refused=5, granted=5, calls=2,
        calls_refused=1, first_at=T0, last_at=T0 + 7200, step_s=3600.0, asked_series=(5, 5), refused_series=(0, 5),
        call_failures=(tally,), failures=(failure,), more_failures=3,
        onset=Onset(T0 + 3600, None, 5, 5, 0.0, 1.0, T0), subjects=(Subject("user", name, 5, 5, 0, 5),),
        changes=(Change("address", "new", name, T0, 5, 5), Change("clock", "moved", "+300.0 s", T0, 5, 5, "+0.1 s"),
                 Change("setting", "changed", name, T0, 0, 0, name), Change("key", "gone", name, T0, 5, 0)),
        drift=(DriftBin(-5.0, 5.0, 5, 0), DriftBin(300.0, None, 5, 5)),
        apps=(AppUse(name, 5, 5, 1, T0, (tally,), 7, 2),), more_apps=2,
        unusual=(UnusualSource(name, name, T0, 5, 5, 50, 1, "US"),), more_unusual=1,
        rates=(Rate(name, 3_500, T0, 5, 5),), limit_an_hour=3_600, events=(tally,), warnings=(name,),
    )  # fmt: skip


STORY = story_of("ci@acme.com")


def text(story: Story, *, width: int = 80, ascii: bool = False) -> str:
    return text_of(story_page(story), {WHEN: sparklines(story, ascii=ascii)}, width=width, ascii=ascii)


def test_the_text_says_what_failed_since_when_and_why() -> None:
    shown = text(STORY)

    assert shown.startswith("✗ REFUSED  5 of 10 logins and token requests; most since 2026-11-18 12:06 UTC,")
    whole = " ".join(shown.split())
    for words in ("(ip-restricted); or country-restricted", "$ jwtdoctor causes ip-restricted",
                  "97% of the limit 3,600", "3 more, in other words", "above +300 s 5 of 5 refused (100%)",
                  "by ci@acme.com and 4 more", "9 apps: ci@acme.com (5) …"):  # fmt: skip
        assert words in whole


@pytest.mark.parametrize("name", ["ci@acme.com", NASTY, "words " * 60])
def test_the_text_keeps_its_width_and_no_escape(name: str) -> None:
    shown = text(story_of(name))

    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "\u202e" not in shown


def test_ascii_is_ascii_the_sparklines_too() -> None:
    assert text(STORY, ascii=True).isascii()
    assert spark((0, 1, 9), ascii=True) == " .@"


def test_a_column_in_which_anything_happened_is_never_blank() -> None:
    assert " " not in spark((1, 100_000))
    assert spark((0, 0)) == "  "


def test_html_runs_nothing_and_closes_what_it_opens() -> None:
    shown = html_of(story_page(story_of(NASTY)), plots(story_of(NASTY)))

    seen: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append(tag)
            assert not any(name.startswith("on") or name in ("href", "src", "style") for name, _ in attrs)

    Reader().feed(shown)
    assert "script" not in seen
    assert seen.count("svg") == 2
    assert seen.count("rect") == 6


def test_markdown_opens_no_tag_and_no_link() -> None:
    shown = markdown_of(story_page(story_of(NASTY)), {})

    assert "<script" not in shown.replace("\\<", "")
    assert "](" not in shown.replace("\\]", "")


@pytest.mark.parametrize("table", TABLES)
def test_no_cell_of_a_csv_is_a_formula(table: str) -> None:
    rows = list(csv.reader(io.StringIO(story_csv(story_of(NASTY), table))))

    assert len(rows) > 1
    assert len({len(row) for row in rows}) == 1
    figures = ("ahead_from_s", "ahead_to_s")
    cells = [c for row in rows[1:] for name, c in zip(rows[0], row, strict=True) if name not in figures]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "\x1b[0m=1", "＝1"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert str(guarded(cell)).startswith("'")


def test_figures_and_ordinary_words_stay_as_they_are() -> None:
    assert [guarded(one) for one in ("a=b", 5, -5.0, None)] == ["a=b", 5, -5.0, ""]


def test_the_document_is_plain_json_without_escapes() -> None:
    shown = json.dumps(story_document(story_of(NASTY)), allow_nan=False, ensure_ascii=False)

    assert "\x1b" not in shown
    assert json.loads(shown)["schema"] == "jwtdoctor.logs/1"


def test_what_goes_on_is_an_error_and_what_has_ended_a_warning() -> None:
    (finding,) = story_findings(STORY)
    ended = replace(STORY, failures=(replace(STORY.failures[0], granted_since=500),))

    assert (finding.rule, finding.severity) == ("ip-restricted", "error")
    assert story_findings(ended)[0].severity == "warning"


def test_words_that_fit_many_causes_are_said_to_say_little() -> None:
    many = tuple(CauseRead(f"cause-{n}", "t", "often", "inferred") for n in range(9))

    assert "says little by itself: cause-0, cause-1, cause-2 and 6 more" in " ".join(
        text(replace(STORY, failures=(replace(STORY.failures[0], causes=many),))).split()
    )


def test_an_empty_story_is_told_in_a_line() -> None:
    empty = replace(STORY, asked=0, refused=0, granted=0, calls=0, asked_series=(), refused_series=(), failures=(),
                    more_failures=0, onset=None, first_at=None, last_at=None)  # fmt: skip

    assert text(empty).startswith("· NOTHING  No login, no token request and no API call")
