"""`compare`, `--as`, `--copy` and `--prove` on the command line."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Answer, Shell

from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.world import CONSUMER_SECRET, healthy

TREE = Path(__file__).resolve().parents[2]
KEY = str(TREE / "sample_keys" / "matching.key")
URL = "https://acme.my.salesforce.com"
SIGN = ("sign", "--key", KEY, "--client-id", "3MVG9x", "--username", "ci@acme.com", "--url", URL, "--quiet")


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def claims(answer: Answer) -> dict[str, Any]:
    part = answer.out.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


# --- in another client's shoes


def test_sign_as_another_client_signs_as_it_does(jwtdoctor: Shell) -> None:
    assert isinstance(claims(jwtdoctor(*SIGN, "--as", "simple-salesforce"))["exp"], str)
    assert claims(jwtdoctor(*SIGN, "--as", "sf"))["aud"] == f"{URL}/"
    assert "as it was seen to sign" in jwtdoctor(*SIGN[:-1], "--as", "sf").err
    assert "it was not run" in jwtdoctor(*SIGN[:-1], "--as", "forrest").err


@pytest.mark.parametrize("client", ["sf", "simple-salesforce", "cumulusci", "node-salesforce-jwt", "sf-jwt-token"])
def test_the_simulator_takes_what_widely_used_clients_send(jwtdoctor: Shell, client: str) -> None:
    assert jwtdoctor("check", "--simulate", "--as", client, "--no-ntp").code == 0


@pytest.mark.parametrize(
    ("client", "code"),
    [("restforce", 0), ("go-salesforce", 0), ("salesforce-jwt-promise", 0), ("forrest", 1), ("google-auth", 1),
     ("octokit", 1)],
)  # fmt: skip
def test_every_other_client_of_the_table_can_be_tried_too(jwtdoctor: Shell, client: str, code: int) -> None:
    assert jwtdoctor("check", "--simulate", "--as", client, "--no-ntp").code == code


@pytest.mark.parametrize(("client", "leads"), [("sf", []), ("cumulusci", ["clock-drift"])])
def test_a_slow_clock_spares_one_client_and_breaks_another(jwtdoctor: Shell, client: str, leads: list[str]) -> None:
    """exp in milliseconds outlives every clock; exp that equals now has nothing but the server's tolerance."""
    told = ("check", "--simulate", "clock-drift:just-beyond", "--as", client, "--no-ntp", "--format", "json")

    assert json.loads(jwtdoctor(*told).out)["leaders"][:1] == leads


def test_a_client_s_request_goes_where_that_client_sends_it(jwtdoctor: Shell) -> None:
    sandbox = ("check", "--url", "https://acme--dev.sandbox.my.salesforce.com", "--client-id", "3MVG9x")
    named = ("--username", "ci@acme.com", "--key", KEY, "--no-ntp", "--timeout", "3", "--format", "json")

    report = json.loads(jwtdoctor(*sandbox, *named, "--as", "cumulusci").out)

    (told,) = [f["message"] for f in report["findings"] if f["rule"] == "client-asks-elsewhere"]
    assert "test.salesforce.com and not to acme--dev.sandbox.my.salesforce.com" in told
    assert report["facts"]["request.token_host"]["value"] == "test.salesforce.com"


def test_a_fault_cannot_go_with_another_client(jwtdoctor: Shell) -> None:
    answer = jwtdoctor(*SIGN, "--as", "sf", "--fault", "expired")

    assert (answer.code, answer.out) == (2, "")


# --- compare


def test_two_assertions_are_compared_claim_by_claim(jwtdoctor: Shell) -> None:
    jwtdoctor(*SIGN, "--output", "ours")
    jwtdoctor(*SIGN, "--as", "sf", "--output", "theirs")

    answer = jwtdoctor("compare", "ours", "theirs")

    assert answer.code == 0
    assert "any time at all" in answer.out
    assert "What does not matter at Salesforce" in answer.out
    signatures = [(jwtdoctor.work / name).read_text().strip().rpartition(".")[2] for name in ("ours", "theirs")]
    assert not any(signature in answer.out for signature in signatures)


def test_reports_and_cases_are_compared_fact_by_fact(jwtdoctor: Shell) -> None:
    jwtdoctor("check", "--simulate", "clock-drift", "--format", "json", "--output", "a.json", "--save-case", "a.case")
    jwtdoctor("check", "--simulate", "healthy", "--format", "json", "--output", "b.json", "--save-case", "b.case")

    for names in (("a.json", "b.json"), ("a.case", "b.case"), ("a.json", "b.case")):
        document = json.loads(jwtdoctor("compare", *names, "--format", "json").out)
        told = {row["name"]: row for row in document["differences"]}
        assert "clock-drift" in told["clock.ahead_s"]["causes"]
        assert told["clock.ahead_s"]["matters"] == "yes"


def test_two_requests_are_compared(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "a").write_text("grant_type=client_credentials&client_id=x&client_secret=PlantedS3cret\n")
    (jwtdoctor.work / "b").write_text("grant_type=client_credentials&client_id=x&scope=api\n")

    answer = jwtdoctor("compare", "a", "b", "--verbose")

    assert answer.code == 0, answer.err
    assert "request.sends_client_secret" in answer.out
    assert "request.sends_scope" in answer.out
    assert "PlantedS3cret" not in answer.out + answer.err


def test_one_of_the_two_may_be_stdin(jwtdoctor: Shell) -> None:
    jwtdoctor(*SIGN, "--output", "ours")
    theirs = jwtdoctor(*SIGN, "--as", "cumulusci").out

    answer = jwtdoctor("compare", "ours", "-", stdin=theirs.encode())

    assert answer.code == 0
    assert "claim alg" in answer.out


def test_what_is_the_same_does_not_differ(jwtdoctor: Shell) -> None:
    jwtdoctor(*SIGN, "--output", "ours")

    assert "do not differ" in jwtdoctor("compare", "ours", "ours").out


@pytest.mark.parametrize("argv", [("-", "-"), ("gone", "gone"), (".", "."), ("empty", "empty"), ("noise", "noise")])
def test_what_cannot_be_compared_is_one_line_and_exit_2(jwtdoctor: Shell, argv: tuple[str, str]) -> None:
    (jwtdoctor.work / "empty").write_text("")
    (jwtdoctor.work / "noise").write_bytes(bytes(range(256)))

    answer = jwtdoctor("compare", *argv)

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize("text", ["eyJhbGciOi.x.y", "{", "[]", "null", '{"schema": 5}', '{"claims": {"exp": 1e400}}',
                                  '{"header": 5, "claims": {"aud": [[]]}}'])  # fmt: skip
def test_odd_input_never_ends_in_a_traceback(jwtdoctor: Shell, text: str) -> None:
    (jwtdoctor.work / "odd").write_text(text)
    jwtdoctor(*SIGN, "--output", "ours")

    for argv in (("odd", "ours"), ("ours", "odd"), ("odd", "odd")):
        answer = jwtdoctor("compare", *argv)
        assert answer.code in (0, 2)
        assert "bug" not in answer.err


# --- copy out

SECRET_OPTIONS = ("--client-id", "3MVG9x", "--client-secret", "env:PLANTED", "--flow", "client-credentials")


@pytest.mark.parametrize("form", ["curl", "python"])
@pytest.mark.parametrize("auth", ["body", "basic"])
def test_a_copy_holds_references_and_no_secret(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch, form: str, auth: str
) -> None:
    monkeypatch.setenv("PLANTED", "PlantedS3cretValue")

    answer = jwtdoctor("check", "--url", URL, *SECRET_OPTIONS, "--client-auth", auth, "--copy", form)

    assert answer.code == 0, answer.err
    assert "PLANTED" in answer.out
    assert "PlantedS3cretValue" not in answer.out + answer.err


def test_the_command_of_a_reference_is_neither_run_nor_repeated(jwtdoctor: Shell) -> None:
    for form in ("curl", "python"):
        answer = jwtdoctor("check", "--url", URL, "--client-id", "x", "--flow", "client-credentials",
                           "--client-secret", "cmd:touch ran; echo PlantedS3cret", "--copy", form)  # fmt: skip

        assert answer.code == 0
        assert "PlantedS3cret" not in answer.out
        assert not (jwtdoctor.work / "ran").exists()


def test_a_copy_of_a_signed_request_signs_when_it_runs(jwtdoctor: Shell) -> None:
    argv = ("check", "--url", URL, "--client-id", "3MVG9x", "--username", "ci@acme.com", "--key", KEY)

    curl, python = (jwtdoctor(*argv, "--copy", form).out for form in ("curl", "python"))

    assert "jwtdoctor sign" in curl
    assert "jwtdoctor.Signer(" in python
    assert "eyJ" not in curl + python


@pytest.mark.parametrize("auth", ["body", "basic"])
def test_the_copy_in_python_logs_in(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch, auth: str) -> None:
    from jwtdoctor.simulator.world import CONSUMER_KEY

    monkeypatch.setenv("SIMULATED_SECRET", CONSUMER_SECRET)
    with Simulator(healthy("client-credentials")) as simulator:
        answer = jwtdoctor("check", "--url", simulator.token_url, "--client-id", CONSUMER_KEY, "--flow",
                           "client-credentials", "--client-secret", "env:SIMULATED_SECRET", "--client-auth", auth,
                           "--copy", "python")  # fmt: skip
        assert answer.code == 0, answer.err
        ran = subprocess.run(
            [sys.executable, "-c", answer.out], capture_output=True, text=True, timeout=60, cwd=jwtdoctor.work
        )

    assert ran.stdout.startswith("200"), ran.stderr


# --- prove


def test_prove_announces_what_it_sends_and_counts_it(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("check", "--simulate", "clock-drift", "--prove", "--format", "json")

    document = json.loads(answer.out)
    assert answer.code == 1
    assert document["logins_used"] == 2
    assert document["facts"]["retry.granted_with_true_time"]["value"] is True
    assert "--prove: 1 more login, after the 1 that was used" in answer.err
    assert "sign with true time" in answer.err


def test_prove_goes_to_the_named_host_on_loopback_too(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("check", "--simulate", "wrong-login-host", "--prove", "--format", "json")

    document = json.loads(answer.out)
    assert document["facts"]["retry.granted_with_host"]["value"] is True
    assert document["leaders"] == ["wrong-login-host"]


def test_quiet_keeps_the_plan_to_itself_and_nothing_to_prove_is_said_in_the_report(jwtdoctor: Shell) -> None:
    assert jwtdoctor("check", "--simulate", "clock-drift", "--prove", "--quiet").err == ""

    document = json.loads(jwtdoctor("check", "--simulate", "healthy", "--prove", "--format", "json").out)
    (retry,) = [probe for probe in document["probes"] if probe["probe"] == "retry"]
    assert (retry["outcome"], document["logins_used"]) == ("skipped", 1)


def test_a_token_that_the_api_refuses_is_exit_1(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("check", "--simulate", "api-access-control", "--format", "json")

    document = json.loads(answer.out)
    assert (answer.code, document["outcome"], document["leaders"]) == (1, "granted", ["api-access-control"])


def test_revoke_is_done_on_demand(jwtdoctor: Shell) -> None:
    assert "revoked" in jwtdoctor("check", "--simulate", "--revoke", "--verbose").err
    assert "revoked" not in jwtdoctor("check", "--simulate", "--verbose").err
