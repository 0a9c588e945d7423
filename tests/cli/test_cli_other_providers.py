"""`check --simulate`, `simulate` and `check` at providers other than Salesforce, over sockets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Shell

from jwtdoctor.cli.simulate import _narration
from jwtdoctor.simulator.command import check_arguments
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.staging import staged


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def told(jwtdoctor: Shell, *words: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(jwtdoctor(*words, "--format", "json").out)
    return report


@pytest.mark.parametrize("provider", ["google", "entra", "okta", "github", "snowflake", "box"])
def test_a_healthy_service_is_logged_in_to_over_sockets(jwtdoctor: Shell, provider: str) -> None:
    report = told(jwtdoctor, "check", "--provider", provider, "--simulate")

    assert (report["provider"], report["outcome"], report["leaders"]) == (provider, "granted", [])
    assert report["logins_used"] == 1


@pytest.mark.parametrize(
    ("provider", "fault", "leaders"),
    [
        ("google", "clock-drift:slow", ["clock-drift"]),
        ("entra", "server-clock-wrong:fast", ["server-clock-wrong"]),
        ("okta", "wrong-audience", ["wrong-audience"]),
        ("github", "clock-drift:fast", ["clock-drift"]),
        ("snowflake", "wrong-issuer:case", ["wrong-issuer"]),
    ],
)
def test_a_staged_fault_is_named_over_sockets(jwtdoctor: Shell, provider: str, fault: str, leaders: list[str]) -> None:
    report = told(jwtdoctor, "check", "--provider", provider, "--simulate", fault)

    assert (report["outcome"], report["leaders"]) == ("refused", leaders)


@pytest.mark.parametrize(("provider", "is_guessed"), [("box", True), ("okta", False), ("salesforce", False)])
def test_the_report_says_where_the_words_of_the_stage_are_a_guess(
    jwtdoctor: Shell, provider: str, is_guessed: bool
) -> None:
    ran = jwtdoctor("check", "--provider", provider, "--simulate")

    assert ("box is played from its data alone" in " ".join(ran.out.split())) == is_guessed


@pytest.mark.parametrize("command", ["check", "simulate", "sign", "causes"])
def test_a_list_of_providers_that_is_cut_begins_with_salesforce(jwtdoctor: Shell, command: str) -> None:
    ran = jwtdoctor(command, "--provider", "qqqq")

    assert ran.code == 2
    assert "expected salesforce, adobe, " in ran.err


def test_a_jwt_that_an_api_takes_is_not_called_a_token(jwtdoctor: Shell) -> None:
    out = jwtdoctor("check", "--provider", "github", "--simulate").out

    assert "The JWT was taken, and nothing speaks against it" in out
    assert "200, the JWT was taken" in out


def test_the_org_of_another_provider_cannot_be_read(jwtdoctor: Shell) -> None:
    ran = jwtdoctor("check", "--provider", "google", "--simulate", "--audit")

    assert ran.code == 2
    assert "only an org of Salesforce can be read" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--provider", "gogle"), "google"),
        (("--provider", "cognito", "--list"), "cognito takes no JWT, so there is none to judge"),
        (("--provider", "google", "--fault", "clock-drit"), "clock-drift:slow"),
        (("--provider", "google", "--client-id", "x"), "--client-id"),
        (("--provider", "google", "--clock-offset", "1e12"), "--clock-offset"),
    ],
)
def test_what_cannot_be_simulated_is_refused_in_one_line(jwtdoctor: Shell, words: tuple[str, ...], said: str) -> None:
    ran = jwtdoctor("simulate", *words)

    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_the_faults_of_a_provider_are_listed(jwtdoctor: Shell) -> None:
    out = jwtdoctor("simulate", "--provider", "okta", "--list").out

    assert out.startswith("private-key-jwt\n  healthy")
    assert "jti-replayed" in out
    assert "wrong-tenant" not in out


@pytest.mark.parametrize("provider", ["google", "entra", "okta", "github", "snowflake", "auth0", "box"])
def test_the_command_that_simulate_prints_logs_in(jwtdoctor: Shell, tmp_path: Path, provider: str) -> None:
    with Simulator(staged("healthy", provider)) as service:
        folder = tmp_path / "private"
        folder.mkdir(0o700)
        words = check_arguments(service.scenario, service.ready().attempt, "{}:{}".format(*service.ntp), folder)
        assert words is not None
        ran = jwtdoctor(*words, "--format", "json")
        narrated = _narration(service, tmp_path)

    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["outcome"] == "granted"
    assert ("played from its data alone" in narrated) == (provider in ("auth0", "box"))
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}


def test_sign_writes_the_thumbprints_that_entra_finds_the_key_by(jwtdoctor: Shell) -> None:
    keys = Path(__file__).parents[2] / "sample_keys"
    url = "https://login.microsoftonline.com/t/oauth2/v2.0/token"
    words = ("sign", "--url", url, "--client-id", "c-1", "--key", str(keys / "matching.key"))
    with_cert = (*words, "--cert", str(keys / "matching.crt"))

    headers = [told(jwtdoctor, *w)["assertion"]["header"] for w in (words, with_cert, (*with_cert, "--x5t", "own"))]

    assert [sorted(header) for header in headers] == [["alg", "typ"], *[["alg", "typ", "x5t", "x5t#S256"]] * 2]
    assert headers[2]["x5t"] == "own"
