from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from jwtdoctor.cli import streams
from jwtdoctor.cli.common import Common, emit, narrate, report_document, unknown
from jwtdoctor.cli.streams import Streams, one_line, write_file
from jwtdoctor.errors import BadInput


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Cp1252(Terminal):
    encoding = "cp1252"


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "140")


def test_a_wide_terminal_gets_colour_symbols_and_at_most_100_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)

    assert streams.streams(no_color=False, to_file=False, environ={}) == Streams(100, True, False, True)


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_the_environment_can_switch_colour_off(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> None:
    on_terminal(monkeypatch)

    assert not streams.streams(no_color=False, to_file=False, environ=environ).colour


def test_an_empty_no_color_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)

    assert streams.streams(no_color=False, to_file=False, environ={"NO_COLOR": ""}).colour


def test_a_file_is_80_columns_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch)

    shown = streams.streams(no_color=False, to_file=True, environ={})

    assert (shown.width, shown.colour) == (80, False)


def test_no_terminal_is_80_columns_without_colour_or_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setenv("COLUMNS", "140")

    assert streams.streams(no_color=False, to_file=False, environ={}) == Streams()


@pytest.mark.parametrize(
    ("environ", "ascii_only"),
    [
        ({"LANG": "C"}, True),
        ({"LC_ALL": "POSIX", "LANG": "en_GB.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_the_c_locale_gets_ascii(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], ascii_only: bool) -> None:
    on_terminal(monkeypatch)

    assert streams.streams(no_color=False, to_file=False, environ=environ).ascii is ascii_only


def test_a_console_of_old_windows_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Cp1252())

    assert streams.streams(no_color=False, to_file=False, environ={}).ascii


def test_a_character_that_the_stream_cannot_carry_is_still_readable_json(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Cp1252()
    monkeypatch.setattr(sys, "stdout", out)

    streams.answer(json.dumps("ü✗🔑", ensure_ascii=False))

    assert out.getvalue() == '"ü\\u2717\\ud83d\\udd11"\n'
    assert json.loads(out.getvalue()) == "ü✗🔑"


def test_narration_is_silent_under_quiet_and_shows_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    narrate(Common(), "red \x1b[31m  text\nsecond")
    narrate(Common(quiet=True), "not seen")

    assert capsys.readouterr().err == "red ?[31m  text\nsecond\n"


def test_text_from_outside_is_one_line_and_short() -> None:
    assert one_line("a\r\n\tb\x07") == "a b?"
    assert len(one_line("x" * 5000)) == 300


# --- files


def test_an_answer_replaces_the_file_of_before_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "answer"
    target.write_text("old")
    target.chmod(0o640)

    emit(Common(output=str(target), quiet=True), "new")

    assert target.read_text() == "new\n"
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["answer"]


def test_a_secret_file_is_private_and_never_overwrites(tmp_path: Path) -> None:
    target = tmp_path / "secret"

    write_file(str(target), "one", secret=True)
    with pytest.raises(BadInput, match="never overwritten"):
        write_file(str(target), "two", secret=True)

    assert target.read_text() == "one\n"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_dangling_link_is_not_followed_to_overwrite(tmp_path: Path) -> None:
    target = tmp_path / "link"
    target.symlink_to(tmp_path / "there")
    (tmp_path / "there").write_text("mine")

    with pytest.raises(BadInput, match="exists already"):
        write_file(str(target), "two", secret=True)

    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.parametrize("path", [".", "no/such/folder/file", "\0"], ids=["folder", "missing", "nul"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(BadInput):
        write_file(path, "text")

    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_file("/dev/null", "text")

    assert not Path("/dev/null").is_file()


# --- names


def test_a_name_that_is_near_is_quoted_and_one_that_is_far_is_not() -> None:
    assert str(unknown("provider", "salesfroce", ["salesforce"])) == (
        "no provider is called 'salesfroce'. Nearest: salesforce"
    )
    assert str(unknown("provider", "hunter2", ["salesforce"])) == "no provider of that name; expected salesforce"


def test_a_report_document_has_every_key_of_the_contract() -> None:
    document = report_document("pkce new", pkce={"method": "S256"})

    assert list(document)[:20] == [
        "schema", "tool", "command", "at", "took_s", "case", "profile", "provider", "flow", "outcome",
        "logins_used", "leaders", "verdicts", "questions", "claims", "findings", "probes", "clocks", "facts",
        "warnings",
    ]  # fmt: skip
    assert document["schema"] == "jwtdoctor.report/1"
    assert document["tool"] == "jwtdoctor 0.1.0"
    assert document["pkce"] == {"method": "S256"}
