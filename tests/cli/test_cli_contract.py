"""The contract, command by command: documents fit their schemas, stdout is the answer alone, names are checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Shell
from small_schema import complaints

SAMPLES = Path(__file__).resolve().parents[2] / "sample_keys"
KEY, CERT = str(SAMPLES / "matching.key"), str(SAMPLES / "matching.crt")
REFUSAL = '{"error":"invalid_grant","error_description":"audience is invalid"}'
SIGN = (
    "sign",
    "--key",
    KEY,
    "--client-id",
    "3MVG9x",
    "--username",
    "ci@acme.com",
    "--url",
    "https://login.salesforce.com",
)
DOCUMENTS: list[tuple[str, ...]] = [
    ("check", "--simulate"),
    ("check", "--simulate", "clock-drift"),
    ("check", "--simulate", "wrong-audience", "--no-ntp"),
    ("check", "--simulate", "tls-trust-failed"),
    ("check", "--simulate", "pkce-missing"),
    ("check", "--url", "http://127.0.0.1:1", "--key", KEY, "--client-id", "x", "--username", "y", "--no-ntp"),
    ("explain", REFUSAL),
    ("explain", '{"access_token":"x","token_type":"Bearer"}'),
    ("explain", "the quick\nbrown fox"),
    ("explain", '{"schema":"jwtdoctor.case/1","facts":{"clock.ahead_s":-400,"no.such":1}}'),
    ("clock", "--no-ntp"),
    (*SIGN,),
    ("keys", "show", KEY),
    ("keys", "match", KEY, CERT),
    ("pkce", "new"),
    ("causes",),
    ("causes", "clock-drift"),
    ("profiles", "list"),
    ("profiles", "doctor"),
]


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def document(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("argv", DOCUMENTS, ids=lambda argv: " ".join(argv)[:50].replace(str(SAMPLES), ""))
def test_every_json_answer_fits_the_schema_of_the_report(jwtdoctor: Shell, argv: tuple[str, ...]) -> None:
    answer = jwtdoctor(*argv, "--format", "json")

    assert answer.code in (0, 1, 3), answer.err
    assert complaints(document(answer.out), "report") == []


def test_inspect_fits_the_schema_of_the_report(jwtdoctor: Shell) -> None:
    token = jwtdoctor(*SIGN, "--format", "token").out

    answer = jwtdoctor("inspect", "-", "--format", "json", stdin=token.encode())

    assert complaints(document(answer.out), "report") == []


def test_cases_answer_lines_that_fit_the_schema_of_the_report(jwtdoctor: Shell) -> None:
    lines = [
        json.dumps({"schema": "jwtdoctor.case/1", "id": str(n), "reply": {"status": 400, "body": body}})
        for n, body in enumerate((REFUSAL, "", "<html>", '{"access_token":"x"}'))
    ]
    (jwtdoctor.work / "cases.jsonl").write_text("\r\n".join(lines) + "\r\n")

    answer = jwtdoctor("explain", "--cases", "cases.jsonl")

    assert answer.code == 0
    assert [complaints(document(line), "report") for line in answer.out.splitlines()] == [[]] * 4


FAULTS = ["clock-drift", "server-clock-wrong", "wrong-login-host", "no-run-as-user", "refresh-token-rotated", "healthy"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_saved_case_fits_its_schema_and_replays_to_the_same_report(jwtdoctor: Shell, fault: str) -> None:
    checked = jwtdoctor("check", "--simulate", fault, "--save-case", "case.json", "--format", "json")
    replayed = jwtdoctor("explain", "case.json", "--format", "json")

    saved = (jwtdoctor.work / "case.json").read_text()
    before, after = document(checked.out), document(replayed.out)
    assert complaints(document(saved), "case") == []
    assert checked.code == replayed.code
    for part in ("outcome", "leaders", "questions", "claims", "provider", "flow"):
        assert after[part] == before[part]
    assert scores(after) == scores(before)
    assert before["facts"].keys() == after["facts"].keys()


def scores(report: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Each verdict with the weights behind it; what was observed may be a placeholder after saving."""
    return [
        (v["cause"], v["score"], v["likelihood"], [(e["fact"], e["standing"], e["weight"]) for e in v["evidence"]])
        for v in report["verdicts"]
    ]


def test_a_document_that_breaks_the_schema_is_told() -> None:
    """The validator of these tests sees what it is there to see."""
    broken = {"schema": "jwtdoctor.report/2", "outcome": "maybe", "leaders": "x", "logins_used": -1, "questions": [{}]}

    found = " ".join(complaints(broken, "report"))

    for place in (
        "report.schema",
        "report.outcome",
        "report.leaders",
        "report.logins_used",
        "questions[0].fact",
        "tool",
    ):
        assert place in found


# --- names, streams, remembered checks


@pytest.mark.parametrize(
    ("argv", "nearest"),
    [
        (("check", "--simulate", "clock-drif"), "clock-drift"),
        (("check", "--provider", "salesfroce", "--url", "https://x.example"), "salesforce"),
        (("check", "--flow", "jwt-baerer", "--url", "https://x.example"), "jwt-bearer"),
        (("explain", "{}", "--provider", "keyclok"), "keycloak"),
        (("explain", "{}", "--fact", "clock.ahead=1"), "clock.ahead_s"),
        (("causes", "clock-drit"), "clock-drift"),
        (("simulate", "--fault", "wrong-audienc"), "wrong-audience"),
        (("simulate", "--provider", "salesforc"), "salesforce"),
        ((*SIGN, "--fault", "expird"), "expired"),
        (("chek",), "check"),
    ],
    ids=lambda value: " ".join(value)[:40].replace(str(SAMPLES), "") if isinstance(value, tuple) else "",
)
def test_an_unknown_name_is_exit_2_and_names_the_nearest(jwtdoctor: Shell, argv: tuple[str, ...], nearest: str) -> None:
    answer = jwtdoctor(*argv)

    assert (answer.code, answer.out) == (2, "")
    assert nearest in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_provider_that_is_near_to_none_is_answered_with_those_that_there_are(jwtdoctor: Shell) -> None:
    """It said no more than `no provider of that name`."""
    answer = jwtdoctor("explain", "{}", "--provider", "zzzzzz")

    assert answer.code == 2
    assert "expected salesforce, adobe" in answer.err


@pytest.mark.parametrize("loudness", [("--quiet",), ("--verbose",), ("--no-color",), ()], ids=str)
def test_stdout_is_the_answer_alone_however_loud(jwtdoctor: Shell, loudness: tuple[str, ...]) -> None:
    answer = jwtdoctor("check", "--simulate", "wrong-audience", "--format", "json", *loudness)

    assert document(answer.out)["leaders"] == ["wrong-audience"]
    assert bool(answer.err) == (loudness == ("--verbose",))


def test_output_takes_the_answer_and_leaves_stdout_empty(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("explain", REFUSAL, "--format", "json", "--output", "report.json")

    assert (answer.code, answer.out) == (1, "")
    assert complaints(document((jwtdoctor.work / "report.json").read_text()), "report") == []


def test_the_question_of_a_check_is_answered_by_the_command_that_it_prints(jwtdoctor: Shell) -> None:
    """It printed `jwtdoctor explain … --fact`, which nobody can run."""
    shown = jwtdoctor("check", "--simulate", "user-not-preauthorized")
    printed = [line.split() for line in shown.out.splitlines() if "$ jwtdoctor explain last --fact" in line]

    answered = jwtdoctor(*printed[0][2:6], "--format", "json")

    assert answered.code == 1, answered.err
    assert printed[0][5].split("=")[0] in document(answered.out)["facts"]


def test_an_assertion_without_its_answer_accuses_nobody(jwtdoctor: Shell) -> None:
    """A bare token was taken for a request without a secret, and refused."""
    token = jwtdoctor(*SIGN, "--format", "token").out

    answer = jwtdoctor("explain", "-", "--format", "json", stdin=token.encode())

    told = document(answer.out)
    assert (answer.code, told["outcome"], told["leaders"]) == (3, "not-asked", [])
    assert not [name for name in told["facts"] if name.startswith("request.")]


def test_a_case_keeps_what_fits_and_warns_of_what_does_not(jwtdoctor: Shell) -> None:
    case = {
        "schema": "jwtdoctor.case/1", "id": 7, "at": "yesterday", "provider": "nobody", "flow": "weird", "extra": 1,
        "reply": {"status": "400", "headers": ["a"], "body": {"error": "invalid_grant"}},
        "facts": {
            "no.such": 1, "clock.ahead_s": "fast", "user.is_active": {"value": "yes"}, "request.token_host": None,
            "key.bits": {"value": 2048.0, "uncertainty": "x", "source": 5}, "assertion.exp_in_s": 1e400,
        },
    }  # fmt: skip

    answer = jwtdoctor("explain", "-", "--format", "json", stdin=json.dumps(case).encode())

    told = document(answer.out)
    assert complaints(told, "report") == []
    assert (told["provider"], told["flow"]) == ("generic", None)
    assert set(told["facts"]) >= {"key.bits", "reply.error"}
    assert not {"no.such", "clock.ahead_s", "user.is_active", "assertion.exp_in_s"} & set(told["facts"])
    for culprit in ("no.such", "clock.ahead_s", "user.is_active", "nobody", "weird", "extra", "at is"):
        assert any(culprit in warning for warning in told["warnings"]), culprit
