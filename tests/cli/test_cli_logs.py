"""`jwtdoctor logs` and `logs query`, as typed."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_shell import Shell
from small_schema import complaints

from jwtdoctor.cli.logs import record_line, since_epoch
from jwtdoctor.errors import BadInput

T0 = 1_795_000_000
HEAD = "EVENT_TYPE,TIMESTAMP_DERIVED,REQUEST_ID,USER_NAME,SOURCE_IP,LOGIN_STATUS\n"
GOOD = "Login,2026-11-18T11:06:40.000Z,R1,ci@acme.com,198.51.100.4,LOGIN_NO_ERROR\n"
BAD = "Login,2026-11-18T11:07:40.000Z,R2,=1+1,198.51.100.4,LOGIN_ERROR_USER_FROZEN\n"


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path, monkeypatch)
    (shell.work / "good.csv").write_text(HEAD + GOOD)
    (shell.work / "bad.csv").write_text(HEAD + GOOD + BAD)
    (shell.work / "query").write_text(HEAD + GOOD)
    return shell


def test_the_exit_code_says_whether_anything_was_refused(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "nothing.txt").write_text("hello\n")

    assert jwtdoctor("logs", "good.csv").code == 0
    assert jwtdoctor("logs", "bad.csv").code == 1
    assert jwtdoctor("logs", "nothing.txt").code == 3
    assert jwtdoctor("logs", "no.csv").code == jwtdoctor("logs").code == 2


def test_the_answer_is_text_that_names_the_cause(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("logs", "bad.csv")

    assert answer.out.startswith("✗ REFUSED  1 of 2 logins and token requests")
    assert "The user is frozen (user-frozen)" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80
    assert answer.err == ""


def test_stdin_is_a_log_too(jwtdoctor: Shell) -> None:
    assert jwtdoctor("logs", "-", stdin=(HEAD + BAD).encode()).code == 1


def test_json_is_one_report_document(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("logs", "bad.csv", "--format", "json")

    document = json.loads(answer.out)
    assert complaints(document, "report") == []
    assert (document["command"], document["outcome"], document["logins_used"]) == ("logs", "refused", 0)
    assert document["findings"][0]["rule"] == "user-frozen"
    assert document["logs"]["failures"][0]["causes"][0]["cause"] == "user-frozen"


def test_several_outputs_are_written_at_once(jwtdoctor: Shell) -> None:
    outputs = ("--format", "html", "-o", "a.html", "--format", "csv", "-o", "a.csv", "--format", "markdown")

    answer = jwtdoctor("logs", "bad.csv", *outputs)

    assert answer.out.startswith("## REFUSED: 1 of 2")
    assert (jwtdoctor.work / "a.html").read_text().startswith("<!doctype html>")
    (row,) = csv.DictReader(io.StringIO((jwtdoctor.work / "a.csv").read_text()))
    assert (row["said"], row["cause"], row["user"]) == ("LOGIN_ERROR_USER_FROZEN", "user-frozen", "'=1+1")


def test_csv_is_the_table_that_is_named(jwtdoctor: Shell) -> None:
    assert jwtdoctor("logs", "bad.csv", "--format", "csv", "--table", "series").out.startswith("from,asked,refused\n")


def test_only_what_is_asked_about_is_told(jwtdoctor: Shell) -> None:
    assert jwtdoctor("logs", "bad.csv", "--user", "ci@acme.com").code == 0
    assert jwtdoctor("logs", "bad.csv", "--since", "2026-11-18T11:07Z").code == 1
    assert "left out" in jwtdoctor("logs", "bad.csv", "--since", "1h").out


@pytest.mark.parametrize(
    ("text", "at"),
    [("2h", T0 - 7_200), ("7d", T0 - 7 * 86_400), ("2026-11-18", T0 - 40_000), ("2026-11-18T11:06", T0 - 40),
     ("2026-11-18 12:06:40+01:00", T0), ("2026-11-18T11:06:40Z", T0)],
)  # fmt: skip
def test_since_is_a_time_or_how_long_ago(text: str, at: float) -> None:
    assert since_epoch(text, T0) == at


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-40", "-5d", "5 parsecs", "11:06"])
def test_since_is_refused_where_it_is_no_time(text: str) -> None:
    with pytest.raises(BadInput, match="--since"):
        since_epoch(text, T0)


def test_without_duckdb_one_line_says_what_to_install(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)

    answer = jwtdoctor("logs", "good.csv")

    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert "needs DuckDB, which is not installed. Install it with: pip install 'jwtdoctor[logs]'" in answer.err
    assert jwtdoctor("logs", "query").code == 0


def test_wrong_usage_is_one_line(jwtdoctor: Shell) -> None:
    for wrong in ("--provider nobody", "--follow --format json", "--follow", "--since x", "-o no/such/folder"):
        answer = jwtdoctor("logs", "good.csv", "-q", *wrong.split())
        assert (answer.code, answer.err.count("\n")) == (2, 1), answer.err


def test_a_record_is_a_line_without_escapes() -> None:
    record = {"at": T0 + 0.4, "endpoint": "x", "status": 400, "error": "invalid_grant\x1b[31m", "client": "1a2b",
              "description": "expired authorization code", "flow": "jwt-bearer", "ahead_s": 312.0}  # fmt: skip

    assert record_line(record, "salesforce").split("  ") == [
        "2026-11-18 11:06:40", "400", "invalid_grant: expired authorization code", "client 1a2b", "clock +312.0 s",
        "→ clock-drift",
    ]  # fmt: skip
    assert record_line({"at": "x", "status": None, "error": "dns"}, "salesforce") == "no reply  dns  → dns-failed"


# --- logs query


def test_query_prints_the_calls_for_this_app_and_user(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("logs", "query", "--app", "Loader", "--user", "ci@acme.com")

    assert answer.code == 0
    for words in ("FROM LoginHistory WHERE", "FROM EventLogFile", "/sobjects/EventLogFile/FILE_ID/LogFile", "6 months",
                  "Monitor Login History", "Event Monitoring", "AppName = 'Loader'",
                  "Username = 'ci@acme.com'"):  # fmt: skip
        assert words in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_file_that_is_called_query_is_read_by_its_path(jwtdoctor: Shell) -> None:
    assert jwtdoctor("logs", "./query").out.startswith("✓ GRANTED")


def test_the_user_comes_from_the_profile(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text('[profile.acme]\nusername = "robot@acme.com"\n')

    assert "user robot@acme.com" in jwtdoctor("logs", "query", "--profile", "acme").out


@pytest.mark.parametrize("event", ["ConnectedApp", "connectedappoauth"])
def test_who_asks_for_an_event_type_that_guides_made_up_is_told_what_to_use(jwtdoctor: Shell, event: str) -> None:
    answer = jwtdoctor("logs", "query", "--event", event)
    document = json.loads(jwtdoctor("logs", "query", "--event", event, "--format", "json").out)

    assert answer.code == 0
    assert "Salesforce has no event type ConnectedApp" in answer.out
    assert "ApiTotalUsage" in answer.out
    assert f"'{event}'" not in answer.out
    assert complaints(document, "report") == []
    assert document["claims"][0]["verdict"] == "contradicted"
    assert all(call["soql"] is None or "ConnectedAppOAuth" not in call["soql"] for call in document["queries"])


def test_an_event_type_that_nobody_named_is_refused(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("logs", "query", "--event", "Logn")

    assert answer.code == 2
    assert "Login" in answer.err


def test_a_real_event_type_is_asked_for(jwtdoctor: Shell) -> None:
    assert "EventType IN ('BulkApi2')" in " ".join(jwtdoctor("logs", "query", "--event", "BulkApi2").out.split())


def test_query_as_markdown(jwtdoctor: Shell) -> None:
    assert jwtdoctor("logs", "query", "--format", "markdown").out.startswith("## QUERIES")


@pytest.mark.skipif(sys.platform == "win32", reason="interrupts by a POSIX signal")
def test_follow_goes_on_with_each_record_until_it_is_interrupted(tmp_path: Path) -> None:
    record = {"at": T0, "endpoint": "https://h/t", "iat": T0, "client": "1a2b", "status": 200, "error": None}
    log = tmp_path / "iat.jsonl"
    log.write_text(json.dumps(record) + "\n")
    command = [sys.executable, "-m", "jwtdoctor", "logs", str(log), "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr is not None
        assert program.stdout is not None
        assert program.stderr.readline() == f"following {log}; end with ctrl+c\n"
        with log.open("a") as file:
            file.write(json.dumps({**record, "at": T0 + 60, "status": 400, "error": "invalid_client_id"}) + "\n")
        lines = iter(program.stdout.readline, "")
        assert any(line.startswith("2026-11-18 11:07:40  400  invalid_client_id  client 1a2b") for line in lines)
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 130
