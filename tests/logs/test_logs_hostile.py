"""Files that mean harm, or were harmed: read, counted and told, with nothing lost, nothing run and bounded memory."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_files import EVENT_COLUMNS, T0, event, events, history, iat, table, write

from jwtdoctor.logs.columns import RAW
from jwtdoctor.logs.story import read
from jwtdoctor.logs.wash import LONGEST_VALUE, wash_csv
from jwtdoctor.model.story import SourceRead, Story

HEAD = ",".join(f'"{name}"' for name in EVENT_COLUMNS) + "\n"
GOOD = [table(EVENT_COLUMNS, [event(T0 + n)]).partition("\n")[2] for n in range(4)]


def named(line: str, user: str) -> bytes:
    return line.replace("ci@acme.com", user).encode()


def first(story: Story) -> SourceRead:
    return story.sources[0]


@pytest.mark.parametrize(
    ("middle", "users", "mended"),
    [
        (named(GOOD[1], "a\0b"), {"ci@acme.com", "ab"}, 0),
        (named(GOOD[1], "müller").replace("ü".encode(), b"\xfc"), {"ci@acme.com", "müller"}, 1),
        (named(GOOD[1], 'a"b'), {"ci@acme.com", 'a"b'}, 1),
        (GOOD[1].encode().replace(b'ci@acme.com"', b"open"), {"ci@acme.com", 'open,"198.51.100.4'}, 1),
        (named(GOOD[1], "two\nlines"), {"ci@acme.com", "two lines"}, 0),
        (GOOD[1].encode().replace(b"\n", b"\r\n"), {"ci@acme.com"}, None),
        (b'"Login","20261118110641.000"\n', {"ci@acme.com"}, 1),
        (b"\n\n", {"ci@acme.com"}, None),
    ],
    ids=["a NUL", "Latin-1", "a quote within", "an open quote", "a line break", "CR LF", "a short row", "blank lines"],
)
def test_a_bad_row_costs_no_other(tmp_path: Path, middle: bytes, users: set[str], mended: int | None) -> None:
    data = HEAD.encode() + GOOD[0].encode() + middle + GOOD[2].encode() + GOOD[3].encode()

    story = read([write(tmp_path / "a.csv", data)])

    assert first(story).rows == 3 + bool(middle.strip())
    if mended is not None:
        assert first(story).mended == mended
    assert {" ".join(rate.who.replace("\0", "").split()) for rate in story.rates} >= users & {
        "ci@acme.com",
        "ab",
        "müller",
    }


def test_a_line_of_many_megabytes_keeps_what_stands_behind_its_endless_value(tmp_path: Path) -> None:
    endless = GOOD[1].replace("ci@acme.com", "X" * 12_000_000).replace("LOGIN_NO_ERROR", "LOGIN_ERROR_USER_FROZEN")
    path = tmp_path / "a.csv"
    write(path, HEAD + GOOD[0] + endless + GOOD[2])

    tracemalloc.start()
    washed = wash_csv(path, tmp_path / "clean.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert (washed.rows, washed.mended) == (3, 1)
    assert peak < 12_000_000
    assert (tmp_path / "clean.csv").stat().st_size < 3 * LONGEST_VALUE
    story = read([str(path)])
    assert [one.said for one in story.failures] == ["LOGIN_ERROR_USER_FROZEN"]
    assert first(story).rows == 3


def test_a_line_of_delimiters_alone_costs_no_other(tmp_path: Path) -> None:
    text = HEAD + GOOD[0] + "," * 6_000_000 + "\n" + '"' + "a,\n" * 300 + GOOD[1] + '"' * 3_000_001 + "\n" + GOOD[2]

    story = read([write(tmp_path / "a.csv", text)])

    assert not any("could not be read" in warning for warning in story.warnings)
    assert story.granted == 3


def test_json_with_an_endless_value_and_a_broken_row_loses_no_row(tmp_path: Path) -> None:
    rows = [history(T0), history(T0 + 1, Application="Z" * 5_000_000), history(T0 + 2)]
    text = json.dumps({"records": rows}).replace(
        '{"Id": "0Ya1795000002"', '{"Id": 0Ya, "Status": "x", "SourceIp": 1}, {"Id": "b"'
    )

    story = read([write(tmp_path / "a.json", text)])

    assert story.granted == 3
    assert (first(story).mended, first(story).unread) == (1, 1)


def test_utf_16_and_a_line_for_excel_before_the_header_are_read(tmp_path: Path) -> None:
    text = events(event(T0), event(T0 + 1))
    wide = write(tmp_path / "wide.csv", ("\ufeff" + text).encode("utf-16-le"))
    excel = write(tmp_path / "excel.csv", "sep=;\r\n" + events(event(T0 + 2)).replace('","', '";"'))

    assert read([wide, excel]).asked == 3


def test_files_glued_together_are_read_by_their_own_headers(tmp_path: Path) -> None:
    other = table(
        ("EVENT_TYPE", "USER_NAME", "TIMESTAMP", "LOGIN_STATUS"), [{**event(T0 + 9), "USER_NAME": "b@acme.com"}]
    )

    story = read([write(tmp_path / "a.csv", events(event(T0)) + other)])

    assert {rate.who for rate in story.rates} == {"ci@acme.com", "b@acme.com"}
    assert story.last_at == T0 + 9


def test_an_archive_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    whole = gzip.compress(events(*(event(T0 + n) for n in range(3_000))).encode())

    story = read([write(tmp_path / "a.csv.gz", whole[: len(whole) // 2])])

    assert 500 < story.asked < 2_900
    assert any("breaks off" in warning for warning in story.warnings)


def test_a_path_is_never_a_pattern_and_a_name_never_sql(tmp_path: Path) -> None:
    for name in ("a[1]*?.csv", "it's; DROP TABLE events; --.csv"):
        write(tmp_path / name, events(event(T0)))
    write(tmp_path / "a1xx.csv", events(event(T0 + 1)))

    assert read([str(tmp_path / "a[1]*?.csv")]).asked == 1
    assert read([str(tmp_path / "it's; DROP TABLE events; --.csv")]).asked == 1


def test_a_header_of_hostile_names_is_no_sql(tmp_path: Path) -> None:
    text = events(event(T0)).replace("LOGIN_KEY", "a'); DROP TABLE events; --", 1).replace("CLIENT_IP", "SOURCE_IP", 1)

    assert read([write(tmp_path / "a.csv", text)]).asked == 1


def test_hostile_lines_of_an_iat_log_are_counted(tmp_path: Path) -> None:
    bad = ['{"at":1e400,"endpoint":3,"iat":1}', "[" * 5_000, '"x"',
           '{"at":"NaN","endpoint":"","iat":1,"ahead_s":"inf"}', "\x00" * 10,
           '{"x":"' + "y" * 3_000_000 + '"}', "\x1b]0;title\x07"]  # fmt: skip

    story = read([write(tmp_path / "a", iat(T0) + "\n".join(bad) + "\n" + iat(T0 + 1, error="invalid_grant"))])

    assert (story.granted, story.refused) == (1, 1)
    assert first(story).rows + first(story).unread == 2 + len(bad) - 1  # a line of NULs alone is a blank one


def test_noise_is_no_log_and_said_to_be(tmp_path: Path) -> None:
    story = read([write(tmp_path / "a", bytes(range(256)) * 50), write(tmp_path / "b", "")])

    assert story.asked == 0
    assert any("no login and no token error" in warning for warning in story.warnings)
    assert any("empty" in warning for warning in story.warnings)


def test_a_fixed_number_of_wordings_is_read_however_many_there_are(tmp_path: Path) -> None:
    rows = [event(T0 + n, LOGIN_STATUS=f"=x{n}") for n in range(3_000)]

    assert read([write(tmp_path / "a.csv", events(*rows))]).refused == 3_000


pieces = st.sampled_from(
    [b'"', b",", b"\n", b"\r\n", b"\0", b"\xff", b"\xc3\xa9", b"=1+1", b"\x1b[2J", b"a", b'""', b"Login"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.lists(pieces, max_size=40).map(b"".join))
def test_whatever_stands_between_rows_the_rows_before_it_are_read(tmp_path: Path, noise: bytes) -> None:
    path, clean = tmp_path / "a.csv", tmp_path / "clean.csv"
    path.write_bytes(HEAD.encode() + GOOD[0].encode() + GOOD[1].encode() + noise + b"\n" + GOOD[2].encode())

    wash_csv(path, clean)

    text = clean.read_text(encoding="utf-8")
    assert text.startswith(",".join(f'"{raw}"' for raw in RAW))
    assert text.count("LOGIN_NO_ERROR") == 3
    assert "\0" not in text
    assert "\x1b" not in text


def test_times_are_told_to_who_waits(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    tell: Callable[[str, float], None] = lambda what, share: told.append((what, share))  # noqa: E731

    read([write(tmp_path / "a.csv", "sep=,\n" + events(event(T0)))], progress=tell)

    assert any("a.csv" in what and share == 1.0 for what, share in told)
