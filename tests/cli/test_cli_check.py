"""`check` against the simulator: real loopback sockets, real instruments, no file outside the package."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Answer, Shell

KEY = str(Path(__file__).resolve().parents[2] / "sample_keys" / "matching.key")
SAMPLE_URL = "https://acme.my.salesforce.com"


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def scores(answer: Answer) -> list[tuple[str, int, str]]:
    document: dict[str, Any] = json.loads(answer.out)
    return [(v["cause"], v["score"], v["likelihood"]) for v in document["verdicts"]]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_healthy_login_is_exit_0_and_accuses_nobody(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("check", "--simulate", "--format", "json")

    document = json.loads(answer.out)
    assert answer.code == 0
    assert (document["outcome"], document["logins_used"], document["leaders"]) == ("granted", 1, [])
    assert document["command"] == "check"


def test_a_token_for_an_assertion_that_was_over_does_not_say_that_life_was_left(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("check", "--simulate", "--lifetime", "-5")

    assert answer.code == 0
    assert "exp lies 5 s before iat, over " in answer.out
    assert "left on arrival" not in answer.out


@pytest.mark.parametrize("fault", ["clock-drift", "wrong-audience", "pkce-verifier-mismatch"])
def test_a_staged_fault_leads_and_is_exit_1(jwtdoctor: Shell, fault: str) -> None:
    answer = jwtdoctor("check", "--simulate", fault, "--format", "json")

    assert answer.code == 1
    assert json.loads(answer.out)["leaders"][0] == fault


def test_a_saved_case_replays_to_equal_verdicts_and_scores(jwtdoctor: Shell) -> None:
    checked = jwtdoctor("check", "--simulate", "wrong-audience", "--save-case", "case.json", "--format", "json")
    replayed = jwtdoctor("explain", "case.json", "--format", "json")

    assert scores(checked) == scores(replayed)
    assert json.loads(checked.out)["leaders"] == json.loads(replayed.out)["leaders"]


def test_the_last_check_can_be_explained_again(jwtdoctor: Shell) -> None:
    checked = jwtdoctor("check", "--simulate", "clock-drift", "--format", "json")

    for again in (["last"], ["--last"]):
        assert scores(checked) == scores(jwtdoctor("explain", *again, "--format", "json"))
    (kept,) = jwtdoctor.state.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_the_last_check_is_one_a_profile(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text('[profile.acme]\n[profile."../../bolt"]\n')

    jwtdoctor("check", "acme", "--simulate", "clock-drift")
    jwtdoctor("check", "--simulate", "--profile", "../../bolt")

    assert sorted(p.name for p in jwtdoctor.state.iterdir()) == ["last-%2e%2e%2f%2e%2e%2fbolt.json", "last-acme.json"]
    assert jwtdoctor("explain", "last", "--profile", "acme").code == 1
    assert jwtdoctor("explain", "last").code == 2


def test_no_ntp_is_said_to_be_not_examined(jwtdoctor: Shell) -> None:
    document = json.loads(jwtdoctor("check", "--simulate", "--no-ntp", "--format", "json").out)

    (clock,) = [probe for probe in document["probes"] if probe["probe"] == "clock"]
    assert clock["outcome"] == "skipped"


def test_progress_is_on_stderr_under_verbose_only(jwtdoctor: Shell) -> None:
    assert jwtdoctor("check", "--simulate").err == ""
    assert "assertion" in jwtdoctor("check", "--simulate", "--verbose").err


def test_a_proxy_of_this_machine_does_not_stand_in_the_way_of_loopback(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")

    assert jwtdoctor("check", "--simulate").code == 0


def test_an_unreachable_host_is_exit_3(jwtdoctor: Shell) -> None:
    url = f"http://127.0.0.1:{closed_port()}"

    answer = jwtdoctor("check", "--url", url, "--key", KEY, "--client-id", "x", "--username", "y", "--no-ntp")

    assert answer.code == 3
    assert "NO ANSWER" in answer.out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--url", "acme.my.salesforce.com"], "Write https://acme.my.salesforce.com"),
        (["--url", "http://acme.my.salesforce.com"], "loopback only"),
        (["--url", f"{SAMPLE_URL}/services/oauth2/token/services/oauth2/token"], "a path too many"),
        ([], "the token endpoint is not known"),
        (["nobody", "--url", SAMPLE_URL], "no profile of that name"),
        (["--url", SAMPLE_URL, "--provider", "salesfroce"], "Nearest: salesforce"),
        (["--url", SAMPLE_URL, "--flow", "jwt-baerer"], "Nearest: jwt-bearer"),
        (["--simulate", "clock-drfit"], "Nearest: clock-drift"),
        (["--simulate", "clock-drift", "--url", SAMPLE_URL], "--url: cannot go with --simulate"),
        (["--simulate", "clock-drift", "--flow", "authorization-code"], "--flow"),
        (["--simulate", "healthy", "--provider", "cognito"], "cognito takes no JWT, so there is none to judge"),
        (["--url", SAMPLE_URL, "--key", "gone.key"], "gone.key"),
        (["--url", SAMPLE_URL, "--key", "."], "."),
        (["--url", SAMPLE_URL, "--timeout", "0"], "--timeout: is out of range"),
        (["--url", SAMPLE_URL, "--timeout", "nan"], "--timeout: is out of range"),
        (["--url", SAMPLE_URL, "--client-secret", "hunter2"], "not a reference to a secret"),
        (["--url", SAMPLE_URL, "--client-secret", "env:NOT_SET_HERE"], "NOT_SET_HERE is not set"),
        (["--simulate", "--output", "."], "is a folder"),
        (["--simulate", "--save-case", "no/such/case.json"], "its folder does not exist"),
        (["--url", SAMPLE_URL, "--my-domain", "no host"], "--my-domain: is no host"),
        (["--url", SAMPLE_URL, "--key", KEY, "--audit"], "an administrator's session is needed"),
        (["--url", SAMPLE_URL, "--as", "x"], "--as: no client of that name is known"),
        (["--simulate", "--copy", "curl"], "--copy: cannot go with --simulate"),
        (["--url", SAMPLE_URL, "--device-url", "http://acme.example/device"], "--device-url: plain http"),
        (["--url", SAMPLE_URL, "--api-url", "http://api.acme.example/"], "--api-url: plain http"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else "",
)
def test_what_cannot_be_tried_is_one_line_and_exit_2(jwtdoctor: Shell, argv: list[str], said: str) -> None:
    answer = jwtdoctor("check", *argv, "--no-ntp")

    assert answer.code == 2
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert said in answer.err
    assert "hunter2" not in answer.err


def test_a_case_that_cannot_be_saved_does_not_cost_the_report(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "notes.txt").write_text("mine")

    answer = jwtdoctor("check", "--simulate", "--save-case", "notes.txt")

    assert answer.code == 2
    assert "GRANTED" in answer.out
    assert (jwtdoctor.work / "notes.txt").read_text() == "mine"


def test_a_saved_case_holds_placeholders_unless_names_are_kept(jwtdoctor: Shell) -> None:
    jwtdoctor("check", "--simulate", "--save-case", "redacted.json")
    jwtdoctor("check", "--simulate", "--save-case", "named.json", "--keep-names")

    assert "integration@acme.example" not in (jwtdoctor.work / "redacted.json").read_text()
    assert "integration@acme.example" in (jwtdoctor.work / "named.json").read_text()


def test_an_interrupt_while_probes_run_is_130_and_writes_nothing(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jwtdoctor.checkup.conclude", interrupted)

    answer = jwtdoctor("check", "--simulate", "--save-case", "case.json", "--output", "report.txt")

    assert answer.code == 130
    assert answer.out == ""
    assert list(jwtdoctor.work.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="sends a signal the Unix way")
def test_ctrl_c_while_the_endpoint_is_silent_ends_at_once_with_130_and_says_that_a_login_may_count(
    tmp_path: Path,
) -> None:
    tree = Path(__file__).resolve().parents[2]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        argv = ["check", "--url", f"http://127.0.0.1:{silent.getsockname()[1]}", "--key", KEY, "--client-id", "x"]
        process = subprocess.Popen(
            [sys.executable, "-m", "jwtdoctor", *argv, "--username", "y", "--no-ntp", "--output", "report.txt"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tree), "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "s")},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        connection = _after_a_request(silent)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        connection.close()

    assert process.returncode == 130
    assert out == ""
    assert err.strip() == "interrupted after the token request was begun: it may count as a login"
    assert list(tmp_path.iterdir()) == []


def _after_a_request(server: socket.socket) -> socket.socket:
    """The connection on which a POST began; the path probe connects too, and sends nothing."""
    server.settimeout(20)
    while True:
        connection, _ = server.accept()
        connection.settimeout(20)
        if connection.recv(4) == b"POST":
            return connection
        connection.close()
