"""`jwtdoctor clock` over loopback time servers, and its findings in imaginary rounds."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jwtdoctor.cli import clock
from jwtdoctor.errors import UnknownName
from jwtdoctor.instruments.ports import Instruments
from jwtdoctor.model.clock import SourceRefused, SyncState, TimeSample
from jwtdoctor.model.exchange import Exchange, Reply, TokenRequest
from jwtdoctor.probes.rounds import Measured, findings_of
from jwtdoctor.reasoning.clock import combine

TRUE = 1_795_301_245.0


class Source:
    """A time server in an imaginary world."""

    def __init__(self, name: str, ahead_s: float | None) -> None:
        self.name = name
        self._ahead_s = ahead_s

    def sample(self, timeout_s: float) -> TimeSample | SourceRefused:
        if self._ahead_s is None:
            return SourceRefused(self.name, "no answer in 1.9 s")
        return TimeSample(self.name, self._ahead_s, 0.01, 0.01)


class Host:
    """A token host that names its second; each request takes no time."""

    def __init__(self, date: str | None) -> None:
        self._date = date

    def now(self) -> float:
        return TRUE

    def get(self, url: str, deadline_s: float) -> Exchange:
        headers = {} if self._date is None else {"Date": self._date}
        return Reply(405, headers, "", sent_at=TRUE, received_at=TRUE)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        raise AssertionError("no credentials for a clock")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command will find: `aheads` of the servers, `date` of the host."""
    given: dict[str, Any] = {"aheads": [0.0, 0.001, 0.002], "date": None}

    def tools(*_: object) -> Instruments:
        host = Host(given["date"])
        sources = tuple(Source(f"ntp:{n}", ahead_s) for n, ahead_s in enumerate(given["aheads"]))
        return Instruments(host, host, sources, sync=lambda: SyncState(None, detail="a container"))

    monkeypatch.setattr(clock, "_tools", tools)
    monkeypatch.setattr("jwtdoctor.instruments.hostclock.wait", lambda seconds: None)
    return given


def run(*args: str) -> Result:
    return CliRunner().invoke(clock.command, list(args), standalone_mode=False)


def document(*args: str) -> dict[str, Any]:
    found = json.loads(run("--format", "json", *args).stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("aheads", "code", "begins"),
    [
        ([0.0, 0.001, 0.002], 0, "✓ FINE"),
        ([7.0, 7.0, 7.0], 0, "▲ NOTE"),
        ([-91.0, -91.0, -91.0], 1, "✗ OFF"),
        ([0.0, 50.0], 3, "? NOT MEASURED"),
        ([None, None], 3, "? NOT MEASURED"),
        ([], 3, "? NOT MEASURED"),
    ],
    ids=["right", "a little off", "slow", "no majority", "silent", "nobody to ask"],
)
def test_the_exit_code_says_what_the_first_line_says(
    world: dict[str, Any], aheads: list[float | None], code: int, begins: str
) -> None:
    world["aheads"] = aheads

    result = run()

    assert result.return_value == code
    assert result.stdout.startswith(begins)


def test_the_page_names_the_one_who_dissents(world: dict[str, Any]) -> None:
    world["aheads"] = [0.0, 0.001, 300.0, None]

    page = run().stdout

    assert "2 of 3 sources agree; ntp:2 dissents" in page
    assert max(map(len, page.splitlines())) <= 80


def test_the_document_is_a_report_with_its_clocks(world: dict[str, Any]) -> None:
    world["aheads"] = [90.0, 90.0, None]

    found = document()

    assert (found["schema"], found["command"], found["outcome"]) == ("jwtdoctor.report/1", "clock", "not-asked")
    assert [reading["standing"] for reading in found["clocks"]] == ["agrees", "agrees", "refused"]
    assert found["facts"]["clock.ahead_s"]["value"] == pytest.approx(90.0)
    assert [(f["rule"], f["severity"]) for f in found["findings"]] == [("clock-off", "error")]
    assert {"case", "logins_used", "verdicts", "probes", "warnings"} <= found.keys()


def test_a_token_host_without_a_date_is_refused_and_named(world: dict[str, Any]) -> None:
    found = document("--url", "https://login.example/")

    assert found["clocks"][-1] == {
        "source": "date:login.example", "ahead_s": None, "low_s": None, "high_s": None,
        "standing": "refused", "reason": "no Date header",
    }  # fmt: skip


def test_a_token_host_that_is_fast_is_the_finding_and_not_this_clock(world: dict[str, Any]) -> None:
    world["date"] = "Sun, 22 Nov 2026 00:07:25 GMT"
    host_ahead_s = 1_795_306_045.0 - TRUE

    found = document("--url", "https://login.example/")

    assert [f["rule"] for f in found["findings"]] == ["host-clock-off"]
    assert found["facts"]["host.ahead_s"]["value"] == pytest.approx(host_ahead_s, abs=1)
    assert "This clock is right" in run("--url", "https://login.example/").stdout


def test_with_time_servers_silent_the_hosts_clock_is_judged_and_true_time_is_not_claimed(
    world: dict[str, Any],
) -> None:
    world["aheads"] = [None]
    world["date"] = "Sun, 22 Nov 2026 00:07:25 GMT"

    result = run("--url", "https://login.example/")

    assert result.return_value == 1
    assert "against the token host" in result.stdout.splitlines()[0]
    assert "true time was not measured" in result.stdout
    assert "clock.ahead_s" not in document("--url", "https://login.example/")["facts"]


def test_watching_gives_a_line_a_round_and_one_answer(world: dict[str, Any]) -> None:
    result = run("--watch", "--rounds", "3", "--every", "0.05", "--format", "json")

    assert len(json.loads(result.stdout)["series"]["samples"]) == 3
    assert len(result.stderr.splitlines()) == 3


def test_ctrl_c_ends_a_watch_with_its_answer(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jwtdoctor.instruments.hostclock.wait", interrupt)

    result = run("--watch", "--format", "json")

    assert result.return_value == 130
    assert len(json.loads(result.stdout)["series"]["samples"]) == 1


def test_the_answer_can_go_to_a_file(world: dict[str, Any], tmp_path: Path) -> None:
    target = tmp_path / "clock.json"

    run("--format", "json", "--output", str(target))

    assert json.loads(target.read_text())["command"] == "clock"


@pytest.mark.parametrize("url", ["http://login.example/", "login.example", "https://u:hunter22@login.example/"])
def test_a_url_that_may_not_be_asked_is_refused_before_anything_is(world: dict[str, Any], url: str) -> None:
    result = run("--url", url)

    assert type(result.exception).__name__ == "BadInput"
    assert "hunter22" not in str(result.exception)


# --- findings --------------------------------------------------------------------------------------------------------


def round_of(*aheads: float, date: TimeSample | None = None, sync: SyncState | None = None) -> Measured:
    verdict = combine([TimeSample(f"ntp:{n}", ahead_s, 0.01) for n, ahead_s in enumerate(aheads)])
    return Measured(time.time(), 0.1, verdict, date, sync)


def test_a_whole_hour_is_called_a_time_zone() -> None:
    assert "time zone" in findings_of(round_of(3600.4))[0].message
    assert "time zone" not in findings_of(round_of(300.0))[0].message


def test_what_may_be_fine_is_not_complained_of() -> None:
    vague = combine([TimeSample("ntp:a", 31.0, 40.0)])

    assert findings_of(Measured(TRUE, 0.1, vague)) == ()


def test_the_command_that_fixes_it_here_is_named() -> None:
    off = SyncState(False, "systemd-timesyncd", "NTP service off", "sudo timedatectl set-ntp true")

    rules = {finding.rule: finding.remedy for finding in findings_of(round_of(90.0, sync=off))}

    assert rules == {
        "clock-off": "sudo timedatectl set-ntp true",
        "clock-not-synchronised": "sudo timedatectl set-ntp true",
    }


# --- against an assertion ---------------------------------------------------------------------------------------------


def test_the_page_says_how_long_an_assertion_holds_and_what_drift_breaks_it(world: dict[str, Any]) -> None:
    world["aheads"] = [-12.0, -12.0, -12.0]

    page = " ".join(run("--lifetime", "60", "--provider", "okta").stdout.split())

    assert "an assertion of 60 s, signed now for Okta" in page
    assert "acceptable for 48 s by true time" in page
    assert "slower 48 s more and it breaks: exp has passed then" in page
    assert "faster 13 s more and it breaks: iat lies in the future then (documented)" in page


def test_an_offset_that_breaks_the_assertion_is_an_error_below_the_usual_limit(world: dict[str, Any]) -> None:
    world["aheads"] = [25.0, 25.0, 25.0]

    lenient, strict = (document("--provider", name) for name in ("salesforce", "okta"))

    assert [f["severity"] for f in lenient["findings"]] == ["warning"]
    assert strict["findings"][0]["rule"] == "clock-breaks-assertions"
    assert "too fast" in strict["findings"][0]["message"]
    assert strict["margins"]["fast"]["room_s"] < 0
    assert lenient["margins"]["fast"] is None


def test_the_token_hosts_clock_is_the_one_that_judges(world: dict[str, Any]) -> None:
    world["date"] = "Sat, 21 Nov 2026 22:50:00 GMT"

    found = document("--url", "https://login.example.com/token")

    assert found["margins"]["judged_by"] == "date"


def test_an_unknown_provider_is_exit_2(world: dict[str, Any]) -> None:
    with pytest.raises(UnknownName):
        CliRunner().invoke(clock.command, ["--provider", "nobody"], standalone_mode=False, catch_exceptions=False)
