"""`audit` and `check --audit` as they are typed, against the simulated org on loopback sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_shell import Answer, Shell

from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.policy import ADMINISTRATORS_PERMISSIONS
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.wire import TOKEN_PATH
from jwtdoctor.simulator.world import CONSUMER_KEY, USERNAME


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


@contextmanager
def org(fault: str = "healthy") -> Iterator[Simulator]:
    with Simulator(stage(fault)) as simulator:
        yield simulator


def host(simulator: Simulator) -> str:
    return simulator.token_url.removesuffix(TOKEN_PATH)


def document(answer: Answer) -> dict[str, Any]:
    found = json.loads(answer.out)
    assert isinstance(found, dict)
    return found


def test_the_org_makes_a_possible_cause_almost_certain(jwtdoctor: Shell) -> None:
    staged = ("check", "--simulate", "user-not-assigned-to-app", "--no-ntp", "--format", "json")

    without, with_org = document(jwtdoctor(*staged)), document(jwtdoctor(*staged, "--audit"))

    assert without["verdicts"][0]["likelihood"] == "likely"
    assert with_org["verdicts"][0]["likelihood"] == "almost-certain"
    assert with_org["facts"]["user.assigned_to_app"] == {"value": False, "source": "audit:SetupEntityAccess"}


@pytest.mark.parametrize("fault", ["user-frozen", "ip-restricted"])
def test_an_audit_says_why_it_did_fail(jwtdoctor: Shell, fault: str) -> None:
    answer = jwtdoctor("audit", "--simulate", fault, "--format", "json")

    found = document(answer)
    assert answer.code == 1
    assert (found["command"], found["outcome"], found["leaders"]) == ("audit", "refused", [fault])


def test_an_org_in_order_is_exit_0_in_few_lines_of_eighty_columns(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("audit", "--simulate")

    assert answer.code == 0
    assert "Nothing in the org speaks against this login" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_session_and_a_host_are_all_that_it_takes(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with org("user-frozen") as simulator:
        monkeypatch.setenv("ADMIN", simulator.administrators_session())
        answer = jwtdoctor(
            "audit", "--access-token", "env:ADMIN", "--instance-url", host(simulator), "--client-id", CONSUMER_KEY,
            "--username", USERNAME,
        )  # fmt: skip

    assert answer.code == 1
    assert "WOULD FAIL  The user is frozen" in answer.out


def test_a_profile_names_session_and_integration(jwtdoctor: Shell) -> None:
    with org() as simulator:
        (jwtdoctor.work / "admin.token").write_text(simulator.administrators_session())
        (jwtdoctor.work / "jwtdoctor.toml").write_text(
            f'[profile.acme]\nurl = "{host(simulator)}"\nclient_id = "{CONSUMER_KEY}"\nusername = "{USERNAME}"\n'
            'access_token = "file:admin.token"\n'
        )
        answer = jwtdoctor("audit", "acme", "--format", "json")

    assert (answer.code, document(answer)["profile"]) == (0, "acme")


def test_the_last_check_and_the_org_are_weighed_together(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = jwtdoctor("check", "--simulate", "user-not-approved-app", "--no-ntp", "--format", "json")
    with org("user-not-approved-app") as simulator:
        monkeypatch.setenv("ADMIN", simulator.administrators_session())
        session = ("--access-token", "env:ADMIN", "--instance-url", host(simulator), "--client-id", CONSUMER_KEY)
        answer = jwtdoctor("audit", "--last", *session, "--username", USERNAME, "--format", "json")

    before, after = document(refused), document(answer)
    assert len(before["leaders"]) > 1
    assert (after["command"], after["outcome"], after["leaders"]) == ("audit", "refused", ["user-not-approved-app"])
    assert after["facts"]["reply.description"]["value"] == "user hasn't approved this consumer"


def test_without_a_check_before_it_there_is_no_last(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("audit", "--last", "--simulate")

    assert (answer.code, "no check is kept here" in answer.err) == (2, True)


def test_what_is_not_visible_is_named_with_its_permission(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    scenario = stage("user-frozen")
    permissions = ADMINISTRATORS_PERMISSIONS - {"ManageUsers", "MonitorLoginHistory"}
    blind = replace(scenario.policy.administrator, permissions=permissions)
    with Simulator(replace(scenario, policy=replace(scenario.policy, administrator=blind))) as simulator:
        monkeypatch.setenv("ADMIN", simulator.administrators_session())
        answer = jwtdoctor(
            "audit", "--access-token", "env:ADMIN", "--instance-url", host(simulator), "--client-id", CONSUMER_KEY,
            "--username", USERNAME,
        )  # fmt: skip

    told = " ".join(answer.out.split())
    assert "as far as this session sees" in told
    assert "frozen or not: not visible" in told
    assert "it needs Manage Users" in told


@pytest.mark.parametrize(("fault", "failures"), [("user-frozen", "1"), ("healthy", "0")])
def test_a_refusal_fails_in_junit_as_the_exit_code_does(jwtdoctor: Shell, fault: str, failures: str) -> None:
    answer = jwtdoctor("audit", "--simulate", fault, "--format", "junit")

    assert f'failures="{failures}"' in answer.out.splitlines()[1]
    assert answer.code == int(failures)


def test_apps_at_risk_are_listed(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("audit", "--apps", "--simulate", "healthy:expired-certificate", "--format", "json")

    assert answer.code == 0
    assert "app-certificate-ends" in [finding["rule"] for finding in document(answer)["findings"]]


def test_the_session_is_never_shown(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with org() as simulator:
        session = simulator.administrators_session()
        monkeypatch.setenv("ADMIN", session)
        said = [
            jwtdoctor("audit", "--access-token", "env:ADMIN", "--instance-url", host(simulator), "--app",
                      "Acme Integration", "--username", USERNAME, "--verbose", "--format", form)
            for form in ("text", "json", "html")
        ]  # fmt: skip

    assert not any(session[16:40] in answer.out + answer.err for answer in said)
    assert session[16:40] not in jwtdoctor.written()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "an administrator's session is needed"),
        (["--access-token", "00D!literal"], "not a reference to a secret"),
        (["--access-token", "env:ADMIN"], "the org's own host is not known"),
        (["--access-token", "env:ADMIN", "--sf", "x"], "cannot go with --access-token"),
        (["--access-token", "env:ADMIN", "--instance-url", "http://acme.my.salesforce.com"], "plain http"),
        (["--access-token", "env:ADMIN", "--instance-url", "https://acme.my.salesforce.com"], "nothing was named"),
        (
            ["--access-token", "env:ADMIN", "--instance-url", "https://x.example", "--caller-ip", "home"],
            "is no address",
        ),
        (["--simulate", "--client-id", "x"], "cannot go with --simulate"),
        (["--simulate", "no-such-fault"], "no fault of that name"),
        (["--timeout", "0"], "out of range"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.setenv("ADMIN", "00D5g000004aBcD!notasession")

    answer = jwtdoctor("audit", *words)

    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "literal" not in answer.err
    assert answer.err.count("\n") == 1


def test_an_org_that_cannot_be_read_is_exit_3(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN", "00D5g000004aBcD!notasession")
    with org() as simulator:
        answer = jwtdoctor(
            "audit", "--access-token", "env:ADMIN", "--instance-url", host(simulator), "--username", USERNAME
        )

    assert answer.code == 3
    assert "NOT READ" in answer.out
    assert "INVALID_SESSION_ID" in answer.out


def test_check_with_audit_wants_a_session_before_it_spends_a_login(jwtdoctor: Shell) -> None:
    key = str(Path(__file__).resolve().parents[2] / "sample_keys" / "matching.key")

    named = ("--url", "https://acme.my.salesforce.com", "--key", key, "--client-id", "x", "--username", "a@b.example")

    answer = jwtdoctor("check", *named, "--no-ntp", "--audit")

    assert (answer.code, answer.out) == (2, "")
    assert "an administrator's session is needed" in answer.err


def test_a_case_saved_after_an_audit_replays_to_equal_verdicts_and_names_nobody(jwtdoctor: Shell) -> None:
    checked = jwtdoctor("check", "--simulate", "ip-restricted", "--audit", "--no-ntp", "--save-case", "case.json",
                        "--format", "json")  # fmt: skip
    replayed = jwtdoctor("explain", "case.json", "--format", "json")

    def scores(answer: Answer) -> list[tuple[str, int]]:
        return [(verdict["cause"], verdict["score"]) for verdict in document(answer)["verdicts"]]

    saved = (jwtdoctor.work / "case.json").read_text()
    assert scores(checked) == scores(replayed)
    assert not [name for name in ("Acme Integration", "Acme_Integration", CONSUMER_KEY) if name in saved]


def test_an_org_that_cannot_be_read_spoils_no_granted_login(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jwtdoctor.simulator.orgapi.administrators_session", lambda *_: "00D5g000004aBcD!gone")
    monkeypatch.setattr("jwtdoctor.simulator.server.administrators_session", lambda *_: "00D5g000004aBcD!gone")

    answer = jwtdoctor("check", "--simulate", "--audit", "--no-ntp", "--format", "json")

    found = document(answer)
    assert (answer.code, found["outcome"]) == (0, "granted")
    assert "INVALID_SESSION_ID" in next(probe["reason"] for probe in found["probes"] if probe["probe"] == "org")


def test_the_report_about_all_apps_keeps_to_the_published_schema(jwtdoctor: Shell) -> None:
    """Its command has an option in its name, which the schema did not allow."""
    schema = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text(encoding="utf-8"))

    report = json.loads(jwtdoctor("audit", "--apps", "--simulate", "--format", "json").out)

    assert report["command"] == "audit --apps"
    jsonschema.validate(report, schema)
