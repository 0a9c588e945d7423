from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_shell import Shell

REFUSAL = '{"error":"invalid_grant","error_description":"audience is invalid"}'
GRANT = '{"access_token":"x","token_type":"Bearer","instance_url":"https://acme.my.salesforce.com"}'


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def leaders(answer: str) -> list[str]:
    found: list[str] = json.loads(answer)["leaders"]
    return found


def test_a_refusal_as_the_argument_itself_is_named_with_exit_1(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("explain", REFUSAL, "--format", "json")

    assert answer.code == 1
    assert leaders(answer.out) == ["wrong-audience"]


def test_a_file_and_stdin_read_the_same(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "reply.json").write_text(REFUSAL)

    from_file = jwtdoctor("explain", "reply.json", "--format", "json")
    from_dash = jwtdoctor("explain", "-", "--format", "json", stdin=REFUSAL.encode())
    from_stdin = jwtdoctor("explain", "--format", "json", stdin=REFUSAL.encode())

    assert from_file.out == from_dash.out == from_stdin.out
    assert leaders(from_file.out) == ["wrong-audience"]


def test_a_granted_token_is_exit_0(jwtdoctor: Shell) -> None:
    assert jwtdoctor("explain", GRANT).code == 0


def test_a_text_that_nothing_recognises_is_exit_3(jwtdoctor: Shell) -> None:
    assert jwtdoctor("explain", "-", stdin=b"the quick brown fox").code == 3


def test_a_connection_that_failed_is_exit_3(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("explain", "-", stdin=b"Error: getaddrinfo ENOTFOUND login.salesforce.com")

    assert answer.code == 3
    assert "NO ANSWER" in answer.out


@pytest.mark.parametrize(
    ("argv", "stdin"),
    [
        (["nothing-here.json"], b""),
        (["."], b""),
        (["-"], b""),
        (["-"], b"x" * 8_000_001),
        (["{" + '"a":' * 3], b""),
        ([REFUSAL, "--provider", "salesfroce"], b""),
        ([REFUSAL, "--flow", "jwt-baerer"], b""),
        ([REFUSAL, "--fact", "user.is_actve=true"], b""),
        ([REFUSAL, "--fact", "user.is_active=perhaps"], b""),
        ([REFUSAL, "--format", "yaml"], b""),
        ([REFUSAL, "--profile", "nobody"], b""),
        (["last"], b""),
        (["--last"], b""),
        (["--cases", "nothing-here.jsonl"], b""),
        (["--cases", "x.jsonl", REFUSAL], b""),
    ],
    ids=lambda value: value[0][:20] if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exit_2(
    jwtdoctor: Shell, argv: list[str], stdin: bytes, request: pytest.FixtureRequest
) -> None:
    answer = jwtdoctor("explain", *argv, stdin=stdin)

    if argv == ["{" + '"a":' * 3]:  # broken JSON is text like any other, and not refused
        assert answer.code == 3
        return
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("jwtdoctor: ")
    assert len(answer.err.splitlines()) == 1


def test_bytes_that_are_no_utf8_are_a_warning_and_still_read(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("explain", "-", "--format", "json", stdin=b"\x80\x81 " + REFUSAL.encode())

    assert answer.code == 1
    assert leaders(answer.out) == ["wrong-audience"]
    assert json.loads(answer.out)["warnings"]


def test_a_fact_that_was_typed_moves_the_ranking(jwtdoctor: Shell) -> None:
    body = '{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}'
    facts = ["--fact", "app.permitted_users=admin-approved", "--fact", "user.assigned_to_app=false"]

    told = jwtdoctor("explain", body, "--flow", "jwt-bearer", *facts, "--format", "json")

    assert leaders(told.out) == ["user-not-assigned-to-app"]
    assert json.loads(told.out)["facts"]["user.assigned_to_app"]["source"] == "user"


def test_a_typed_fact_wins_over_the_one_of_the_case(jwtdoctor: Shell) -> None:
    case = '{"schema":"jwtdoctor.case/1","facts":{"clock.ahead_s":-400.0}}'

    document = json.loads(jwtdoctor("explain", case, "--fact", "clock.ahead_s=0.5", "--format", "json").out)

    assert document["facts"]["clock.ahead_s"]["value"] == 0.5


def test_the_environment_does_not_overrule_what_the_input_says(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWTDOCTOR_PROVIDER", "generic")
    (jwtdoctor.work / "jwtdoctor.toml").write_text("broken")

    answer = jwtdoctor("explain", REFUSAL, "--format", "json")

    assert json.loads(answer.out)["provider"] == "salesforce"


def test_a_named_profile_says_which_provider_it_was(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text('[profile.acme]\nprovider = "generic"\nflow = "jwt_bearer"')

    document = json.loads(jwtdoctor("explain", REFUSAL, "--profile", "acme", "--format", "json").out)

    assert (document["provider"], document["flow"], document["profile"]) == ("generic", "jwt-bearer", "acme")


def test_several_inputs_give_one_report_each_and_the_gravest_code(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "a.json").write_text(GRANT)
    (jwtdoctor.work / "b.json").write_text(REFUSAL)

    text = jwtdoctor("explain", "a.json", "b.json")
    lines = jwtdoctor("explain", "a.json", "b.json", "--format", "json").out.splitlines()

    assert text.code == 1
    assert [line for line in text.out.splitlines() if line.startswith("== ")] == ["== a.json", "== b.json"]
    assert [json.loads(line)["outcome"] for line in lines] == ["granted", "refused"]


def test_an_unreadable_input_among_several_does_not_cost_the_others(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("explain", "gone.json", REFUSAL)

    assert answer.code == 2
    assert "== {" in answer.out
    assert "gone.json" in answer.err


# --- cases


def test_cases_answer_one_json_report_a_line(jwtdoctor: Shell) -> None:
    lines = [{"schema": "jwtdoctor.case/1", "id": f"c{n}", "reply": {"status": 400, "body": REFUSAL}} for n in range(3)]
    (jwtdoctor.work / "cases.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")

    answer = jwtdoctor("explain", "--cases", "cases.jsonl")

    reports = [json.loads(line) for line in answer.out.splitlines()]
    assert answer.code == 0
    assert [report["case"] for report in reports] == ["c0", "c1", "c2"]
    assert all(report["leaders"] == ["wrong-audience"] for report in reports)


def test_a_bad_line_is_told_with_its_number_and_the_others_are_answered(jwtdoctor: Shell) -> None:
    good = json.dumps({"schema": "jwtdoctor.case/1", "id": "good", "reply": {"body": REFUSAL}})
    (jwtdoctor.work / "cases.jsonl").write_text(f"{good}\nnot json\n[1]\n{good}\n")

    answer = jwtdoctor("explain", "--cases", "cases.jsonl")

    assert answer.code == 2
    assert len(answer.out.splitlines()) == 2
    assert [line.split(": ")[1] for line in answer.err.splitlines()] == ["cases.jsonl:2", "cases.jsonl:3"]


def test_cases_go_to_a_file_whole(jwtdoctor: Shell) -> None:
    good = json.dumps({"schema": "jwtdoctor.case/1", "reply": {"body": REFUSAL}})
    (jwtdoctor.work / "cases.jsonl").write_text(f"{good}\n{good}\n")

    answer = jwtdoctor("explain", "--cases", "cases.jsonl", "--output", "reports.jsonl")

    assert answer.code == 0
    assert len((jwtdoctor.work / "reports.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("form", ["text", "json", "junit", "sarif", "markdown", "html"])
def test_every_format_answers(jwtdoctor: Shell, form: str) -> None:
    answer = jwtdoctor("explain", REFUSAL, "--format", form)

    assert answer.code == 1
    assert "wrong-audience" in answer.out or "aud" in answer.out


def test_the_text_fits_80_columns_but_for_urls(jwtdoctor: Shell) -> None:
    wide = [line for line in jwtdoctor("explain", REFUSAL).out.splitlines() if len(line) > 80]

    assert [line for line in wide if "https://" not in line] == []
