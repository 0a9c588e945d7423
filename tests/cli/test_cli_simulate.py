"""`jwtdoctor simulate` as a process: its first line, its end, its bad input."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cli_shell import Shell

from jwtdoctor.assertions.pairs import new_pair


@contextmanager
def simulate(*words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "jwtdoctor", "simulate", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> tuple[str, str]:
    process.send_signal(how)
    return process.communicate(timeout=20)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jwtdoctor", "simulate", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def narrated_command(process: subprocess.Popen[str]) -> list[str]:
    """The words of the check command on stderr: its last line ends without a backslash."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if any("jwtdoctor check" in one for one in lines) and not line.rstrip().endswith("\\"):
            break
    text = "".join(lines)
    return shlex.split(text[text.index("jwtdoctor check") :].replace("\\\n", " "))


@pytest.mark.parametrize(("how", "codes"), [(signal.SIGTERM, {0}), (signal.SIGINT, {130, -signal.SIGINT})])
def test_it_serves_until_it_is_ended(how: signal.Signals, codes: set[int]) -> None:
    """A shell says 130 for both: CPython ends itself by the signal where that came while a module was loading."""
    with simulate("--fault", "password-wrong") as process:
        url = urlsplit(first_line(process))
        with closing(http.client.HTTPConnection(str(url.hostname), url.port, timeout=10)) as connection:
            connection.request("GET", url.path)
            status = connection.getresponse().status
        out, err = end(process, how)

    assert (status, out) == (400, "")
    assert process.returncode in codes
    assert "Traceback" not in err


def test_the_first_line_is_the_token_url_alone_and_the_rest_is_narration() -> None:
    with simulate("--fault", "no-run-as-user") as process:
        url = first_line(process)
        words = narrated_command(process)
        out, _ = end(process)

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/services/oauth2/token", url)
    assert (out, words[:2]) == ("", ["jwtdoctor", "check"])
    assert words[words.index("--url") + 1] == url


def test_the_throwaway_key_is_private_and_gone_at_the_end() -> None:
    with simulate() as process:
        first_line(process)
        words = narrated_command(process)
        key = Path(words[words.index("--key") + 1])
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (key, key.parent)]
        end(process)

    assert modes == [0o600, 0o700]
    assert not key.parent.exists()


def test_a_log_is_private_and_holds_a_line_a_request(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    with simulate("--fault", "password-wrong", "--log", str(log)) as process:
        url = urlsplit(first_line(process))
        with closing(http.client.HTTPConnection(str(url.hostname), url.port, timeout=10)) as connection:
            connection.request("GET", url.path + "?code=planted-secret")
            connection.getresponse().read()
        end(process)

    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert [json.loads(line)["error"] for line in log.read_text().splitlines()] == ["invalid_request"]
    assert "planted-secret" not in log.read_text()


def test_a_certificate_of_one_s_own_needs_no_throwaway(tmp_path: Path) -> None:
    certificate = tmp_path / "app.crt"
    certificate.write_text(new_pair(now=1_795_300_000.0).certificate_pem)
    with simulate("--cert", str(certificate), "--client-id", "3MVG9mine") as process:
        first_line(process)
        words = narrated_command(process)
        end(process)

    assert (words[words.index("--key") + 1], words[words.index("--client-id") + 1]) == ("YOUR.key", "3MVG9mine")


def test_every_fault_is_listed_as_json() -> None:
    found = json.loads(run("--list", "--format", "json").stdout)

    assert {"name": "clock-drift", "flow": "jwt-bearer", "stages": "clock-drift"} in found
    assert {"name": "healthy", "flow": "jwt-bearer", "stages": None} in found
    assert len({one["stages"] for one in found}) > 40


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param(("--fault", "clock-drifft"), "clock-drift", id="a fault that does not exist"),
        pytest.param(("--provider", "nobody"), "provider", id="a provider that does not exist"),
        pytest.param(("--provider", "cognito"), "takes no JWT", id="a provider that is not simulated"),
        pytest.param(("--listen", "0.0.0.0:0"), "loopback", id="an address that is not loopback"),
        pytest.param(("--listen", "127.0.0.1:99999"), "HOST:PORT", id="a port that is none"),
        pytest.param(("--cert", "/nowhere/at.all"), "certificate", id="a certificate that is not there"),
        pytest.param(("--clock-offset", "nan"), "--clock-offset", id="an offset that is no number"),
        pytest.param(("--tls", "/nowhere/a", "/nowhere/b"), "--tls", id="TLS files that are not there"),
        pytest.param(("--log", "/nowhere/at/all"), "written", id="a log that cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    found = Shell(tmp_path, monkeypatch)("simulate", *words)

    assert (found.code, found.out) == (2, "")
    assert says in found.err
    assert len(found.err.strip().splitlines()) == 1
