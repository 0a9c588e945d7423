"""Hostile input through the command line: always a report or one clear line, never a crash, never what was secret.

`explain` and `inspect` are run in process on arbitrary bytes and on real bodies that were cut, doubled and swapped.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_schema import complaints

from jwtdoctor.cli.main import run

SECRET = "Zq7hunter2hunter2x"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSIsInN1YiI6ImFAYi5jIiwiZXhwIjoxNzk1MzAxMjQ1LCJpYXQiOjE3OTUzMDEwNjV9"
REAL = [
    b'{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}',
    b'{"access_token":"00D!%b","signature":"x=","issued_at":"1700000000000","token_type":"Bearer"}' % SECRET.encode(),
    b"HTTP/1.1 400 Bad Request\r\nDate: Sat, 21 Nov 2026 22:47:25 GMT\r\n\r\n"
    b'{"error":"invalid_grant","error_description":"expired authorization code"}',
    b"curl https://login.salesforce.com/services/oauth2/token -d grant_type=password -d client_secret=%b -u a:%b"
    % (SECRET.encode(), SECRET.encode()),
    b'ERROR {\\"error\\":\\"invalid_client\\"} refresh_token=%b' % SECRET.encode(),
    b'{"schema":"jwtdoctor.case/1","at":1,"reply":{"status":400,"body":"x"},"facts":{"clock.ahead_s":{"value":1}}}',
    b'{"log":{"entries":[{"request":{"url":"https://h/token"},"response":{"status":400,"content":{"text":"{}"}}}]}}',
    b"https://a.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp?error=x&error_description=a+b",
    b"<html><head><title>Data Not Available</title></head></html>",
    f"{TOKEN}.AAAA".encode(),
    f"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={TOKEN}.AAAA".encode(),
    b"Bearer " + f"{TOKEN}.".encode(),
]
PIECES = [
    b"", b'"', b"\\", b"{", b"}" * 30, b"[" * 3000, b"\n", b"\r\n", b"%", b"%00", b"\x00", b"\x1b[31m", b"\xff\xfe",
    b"\xed\xa0\x80", b"\xe2\x80\xae", b"1e999", b"NaN", b"-Infinity", b"9" * 400, b"ey", b".", b"=" * 20,
    b"\xef\xbb\xbf",
]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


def answer_to(data: bytes, *argv: str) -> Answer:
    """One command line, `-` for the data, in process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))
        code = run([*argv, "-"])
    return Answer(code, out.getvalue(), err.getvalue())


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real input with pieces cut out, doubled, swapped or replaced."""
    data = draw(st.sampled_from(REAL))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(len(data), at + 40)))
        piece = draw(st.sampled_from([data[at:to] * 2, *PIECES, *REAL]) | st.binary(max_size=6))
        data = data[:at] + piece + data[to:]
    return data


hostile = st.one_of(mutated(), st.binary(max_size=300))
eagerly = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_one_line_of_ours(answer: Answer) -> bool:
    lines = answer.err.splitlines()
    return (
        answer.code == 2 and answer.out == "" and len(lines) == 1
        and lines[0].startswith("jwtdoctor: ") and "bug in jwtdoctor" not in answer.err
    )  # fmt: skip


@eagerly
@example(b"[" * 100_000)
@example(b'{"error":' + b"9" * 5000 + b"}")
@example(b'{"schema":"jwtdoctor.case/1","facts":{"key.bits":1e308,"clock.ahead_s":NaN}}')
@given(hostile)
def test_explain_answers_with_a_report_or_one_line(data: bytes) -> None:
    answer = answer_to(data, "explain", "--format", "json")

    if not is_one_line_of_ours(answer):
        assert answer.code in (0, 1, 3), answer.err
        assert answer.err == ""
        assert complaints(json.loads(answer.out), "report") == []


@eagerly
@given(hostile)
def test_explain_draws_text_that_no_terminal_obeys(data: bytes) -> None:
    answer = answer_to(data, "explain")

    assert is_one_line_of_ours(answer) or answer.code in (0, 1, 3)
    assert all(char.isprintable() or char == "\n" for char in answer.out + answer.err)


@eagerly
@example(TOKEN.encode() + b".")
@example(b"eyJhbGciOiJub25lIn0." + b"A" * 4000 + b".")
@given(hostile)
def test_inspect_answers_with_a_report_or_one_line(data: bytes) -> None:
    answer = answer_to(data, "inspect", "--format", "json")

    if not is_one_line_of_ours(answer):
        assert answer.code in (0, 1), answer.err
        assert complaints(json.loads(answer.out), "report") == []


@eagerly
@given(hostile)
def test_inspect_draws_text_that_no_terminal_obeys(data: bytes) -> None:
    answer = answer_to(data, "inspect")

    assert is_one_line_of_ours(answer) or answer.code in (0, 1)
    assert all(char.isprintable() or char == "\n" for char in answer.out + answer.err)


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_the_same_input_gives_the_same_json_and_its_report_explains_to_the_same_verdicts(data: bytes) -> None:
    first = answer_to(data, "explain", "--format", "json")
    again = answer_to(data, "explain", "--format", "json")

    assert first == again
    if first.out:
        document = json.loads(first.out)
        assert json.loads(json.dumps(document)) == document
        assert document["leaders"] == [v["cause"] for v in document["verdicts"][: len(document["leaders"])]]


@pytest.mark.parametrize("data", REAL, ids=range(len(REAL)))
def test_no_secret_of_a_real_body_is_repeated_wherever_it_breaks_off(data: bytes) -> None:
    for end in range(len(data), 0, -5):
        for command in ("explain", "inspect"):
            answer = answer_to(data[:end], command, "--verbose")
            assert SECRET not in answer.out + answer.err


@pytest.mark.parametrize("command", ["explain", "inspect"])
@pytest.mark.parametrize("made", ["folder", "missing", "empty", "unreadable", "endless"], ids=str)
def test_a_file_that_is_none_is_one_line(command: str, made: str, tmp_path: Path) -> None:
    path = tmp_path / made
    if made == "folder":
        path.mkdir()
    elif made in ("empty", "unreadable"):
        path.touch(mode=0o644 if made == "empty" else 0o000)
    elif made == "endless":
        path = Path("/dev/zero")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([command, str(path)])

    assert code == 2
    assert is_one_line_of_ours(Answer(code, out.getvalue(), err.getvalue()))


def test_a_cases_file_without_an_end_of_line_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain --cases /dev/zero` read for ever."""
    from jwtdoctor.intake import casefile

    monkeypatch.setattr(casefile, "MOST_SKIPPED", 20_000_000)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["explain", "--cases", "/dev/zero"])

    assert code == 2
    assert is_one_line_of_ours(Answer(code, out.getvalue(), err.getvalue()))
