"""`jwtdoctor lint`: exit codes, forms, bad and hostile input, and what it makes of a diagnosis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cli_shell import Shell
from small_schema import complaints

SECRET = "7A1F09B2C3D4E5F60718293A4B5C6D7E8F90A1B2C3D4E5F60718293A4B5C6D7E"
NOBODY = """<?xml version="1.0" encoding="UTF-8"?>
<ConnectedApp xmlns="http://soap.sforce.com/2006/04/metadata">
    <contactEmail>team@example.com</contactEmail>
    <label>Sync</label>
    <oauthConfig>
        <callbackUrl>https://sync.example.com</callbackUrl>
        <consumerSecret>SECRET</consumerSecret>
        <isAdminApproved>true</isAdminApproved>
        <scopes>Full</scopes>
    </oauthConfig>
</ConnectedApp>
"""
SOUND = NOBODY.replace("<consumerSecret>SECRET</consumerSecret>", "").replace("Full", "Api").replace(
    "</oauthConfig>", "</oauthConfig><profileName>System Administrator</profileName>"
)  # fmt: skip
PATH = "force-app/main/default/connectedApps/Sync.connectedApp-meta.xml"


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


@pytest.fixture
def work(jwtdoctor: Shell) -> Path:
    """The folder that the command runs in."""
    return jwtdoctor.work


def write(folder: Path, text: str, path: str = PATH) -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace("SECRET", SECRET), encoding="utf-8")


def test_a_sound_repository_is_exit_0(jwtdoctor: Shell, work: Path) -> None:
    write(work, SOUND)

    answer = jwtdoctor("lint", "force-app")

    assert answer.code == 0
    assert answer.out.startswith("✓ CLEAN  nothing to complain of\n  1 file read · 1 app\n")


def test_a_folder_without_metadata_is_not_called_clean(jwtdoctor: Shell, work: Path) -> None:
    (work / "empty").mkdir()

    answer = jwtdoctor("lint", "empty")

    assert answer.code == 3
    assert answer.out.startswith("· NOT READ  nothing here that lint knows\n")


def test_an_error_is_exit_1_with_its_place_remedy_and_cause(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)

    answer = jwtdoctor("lint", "force-app")

    assert answer.code == 1
    assert f"\n{PATH}\n" in answer.out
    assert "✗ 8:9" in answer.out
    assert "preauthorised-nobody" in answer.out
    assert "do: name the profile or permission set" in answer.out
    assert "jwtdoctor causes user-not-preauthorized" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_folder_without_metadata_is_exit_3(jwtdoctor: Shell, work: Path) -> None:
    (work / "empty").mkdir()

    answer = jwtdoctor("lint", "empty")

    assert (answer.code, "no metadata" in answer.err) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing to lint"),
        (("nowhere",), "nowhere: is not there"),
        (("force-app", "--select", "ful-scope"), "Nearest: full-scope"),
        (("force-app", "--ignore", "hunter2"), "no rule of that name"),
        (("--explain", "preauthorized-nobody"), "Nearest: preauthorised-nobody"),
        (("force-app", "--write-baseline"), "--baseline FILE"),
        (("force-app", "--baseline", "nowhere.json"), "nowhere.json: cannot be read"),
        (("force-app", "--baseline", PATH), "is no baseline"),
        (("force-app", "--against", "nowhere"), "nowhere: is not there"),
        (("force-app", "--app", "Other"), "expected Sync"),
        (("--list-rules", "--format", "sarif"), "expected text, markdown or json"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(
    jwtdoctor: Shell, work: Path, arguments: tuple[str, ...], says: str
) -> None:
    write(work, SOUND)

    answer = jwtdoctor("lint", *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err
    assert len(answer.err.splitlines()) == 1


def test_all_forms_at_once_and_none_holds_the_secret(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)
    forms = ("json", "sarif", "junit", "markdown", "html")
    pairs = [part for form in forms for part in ("--format", form, "-o", f"o.{form}")]

    answer = jwtdoctor("lint", "force-app", "--format", "text", *pairs, "--verbose")

    written = {form: (work / f"o.{form}").read_text(encoding="utf-8") for form in forms}
    assert answer.code == 1
    assert all(SECRET not in text for text in (answer.out, answer.err, *written.values()))
    assert all("consumer-secret-in-source" in text for text in written.values())


def test_the_json_form_is_a_report_with_rule_place_source_and_sureness(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)

    report = json.loads(jwtdoctor("lint", "force-app", "--format", "json", "--app", "Sync").out)

    assert complaints(report, "report") == []
    assert (report["command"], report["outcome"], report["lint"]["files"]) == ("lint", "not-asked", {"ConnectedApp": 1})
    assert report["facts"]["app.permitted_users"] == {"value": "admin-approved", "source": "metadata"}
    first = _finding(report, "preauthorised-nobody")
    assert (first["severity"], first["where"], first["sureness"]) == ("error", f"{PATH}:8:9", "documented")
    assert first["leads_to"] == ["user-not-preauthorized", "user-not-assigned-to-app"]
    assert first["sources"][0].startswith("https://")


def test_sarif_names_file_and_line_and_keeps_what_was_suppressed(jwtdoctor: Shell, work: Path) -> None:
    why = "<!-- jwtdoctor: ignore full-scope because the vendor needs it --><scopes>"
    write(work, NOBODY.replace("<scopes>", why))

    run = json.loads(jwtdoctor("lint", ".", "--format", "sarif").out)["runs"][0]

    results = {result["ruleId"]: result for result in run["results"]}
    place = results["preauthorised-nobody"]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == (PATH, {"startLine": 8, "startColumn": 9})
    assert results["full-scope"]["suppressions"][0]["justification"] == "the vendor needs it"
    assert results["full-scope"]["suppressions"][0]["kind"] == "inSource"


def test_junit_fails_errors_alone_and_a_clean_run_has_a_row(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)
    failing = ElementTree.fromstring(jwtdoctor("lint", "force-app", "--format", "junit").out)
    write(work, SOUND)
    clean = ElementTree.fromstring(jwtdoctor("lint", "force-app", "--format", "junit").out)

    kinds = sorted(str(failure.get("type")) for failure in failing.iter("failure"))
    assert kinds == ["consumer-secret-in-source", "preauthorised-nobody"]
    assert (clean.get("tests"), clean.get("failures")) == ("1", "0")


def test_a_baseline_makes_an_old_repository_pass(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)

    first = jwtdoctor("lint", "force-app", "--baseline", "b.json", "--write-baseline")
    again = jwtdoctor("lint", str(work / "force-app"), "--baseline", "b.json")

    assert (first.code, again.code) == (0, 0)
    assert "3 suppressed" in again.out
    assert SECRET not in (work / "b.json").read_text(encoding="utf-8")


def test_the_table_of_the_project_file_is_followed(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)
    (work / "jwtdoctor.toml").write_text(
        '[lint]\nignore = ["full-scope"]\n[[lint.suppress]]\nrule = "preauthorised-nobody"\nreason = "not live yet"\n'
        '[profile.acme]\nusername = "x"\n',
        encoding="utf-8",
    )

    report = json.loads(jwtdoctor("lint", "force-app", "--format", "json").out)

    assert {finding["rule"] for finding in report["findings"]} == {"consumer-secret-in-source"}
    assert report["lint"]["suppressed"][0]["reason"] == "not live yet"


@pytest.mark.parametrize("text", ['[lint]\nselect = "x"\n', '[lint]\nselect = ["hunter2"]\n', "lint = 3\n"])
def test_a_table_that_cannot_be_used_is_exit_2(jwtdoctor: Shell, work: Path, text: str) -> None:
    write(work, SOUND)
    (work / "jwtdoctor.toml").write_text(text, encoding="utf-8")

    answer = jwtdoctor("lint", "force-app")

    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)


def test_a_rule_explains_itself_with_examples(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("lint", "--explain", "preauthorised-nobody")

    assert answer.code == 0
    assert "\nBad\n  connectedApps/Sync.connectedApp\n" in answer.out
    assert "can lead to: user-not-preauthorized" in answer.out


def test_every_rule_is_listed(jwtdoctor: Shell) -> None:
    from jwtdoctor.lint.rules import all_rules

    listed = jwtdoctor("lint", "--list-rules").out
    documents = json.loads(jwtdoctor("lint", "--list-rules", "--format", "json").out)["rules"]

    assert all(rule in listed for rule in all_rules())
    assert [row["rule"] for row in documents] == list(all_rules())


def test_hostile_names_and_values_reach_no_terminal(jwtdoctor: Shell, work: Path) -> None:
    hostile = NOBODY.replace("<scopes>Full", "<x\u202ey/><ipRelaxation>\u009b31mred</ipRelaxation><scopes>\u202eFull")
    write(work, hostile, "force-app/connectedApps/bad\x1b[2Jname.connectedApp")

    answer = jwtdoctor("lint", "force-app", "--verbose")

    assert answer.code == 1
    assert not any(char in answer.out + answer.err for char in "\x1b\x9b\u202e")


def test_a_bare_refusal_is_explained_by_the_apps_own_metadata(jwtdoctor: Shell, work: Path) -> None:
    """The join: `invalid_grant` and nothing else, and the repository says that nobody is pre-authorised."""
    write(work, NOBODY)
    (work / "reply.json").write_text('{"error": "invalid_grant"}', encoding="utf-8")
    typed = ("explain", "reply.json", "--flow", "jwt-bearer", "--format", "json")

    alone = json.loads(jwtdoctor(*typed).out)
    joined = json.loads(jwtdoctor(*typed, "--metadata", "force-app").out)

    assert len(alone["leaders"]) > 1
    assert joined["leaders"] == ["user-not-assigned-to-app"]
    assert "jwtdoctor lint PATH --app NAME" in [question["command"] for question in alone["questions"]]


def test_what_is_typed_wins_over_the_metadata(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)
    (work / "reply.json").write_text('{"error": "invalid_grant"}', encoding="utf-8")

    report = json.loads(
        jwtdoctor("explain", "reply.json", "--metadata", "force-app", "--fact", "app.permitted_users=self-authorize",
                  "--format", "json").out
    )  # fmt: skip

    assert report["facts"]["app.permitted_users"] == {"value": "self-authorize", "source": "user"}
    assert report["facts"]["app.kind"] == {"value": "connected-app", "source": "metadata"}


def test_of_several_apps_one_must_be_named(jwtdoctor: Shell, work: Path) -> None:
    write(work, NOBODY)
    write(work, NOBODY, "force-app/connectedApps/Other.connectedApp")
    (work / "reply.json").write_text('{"error": "invalid_grant"}', encoding="utf-8")

    answer = jwtdoctor("explain", "reply.json", "--metadata", "force-app")

    assert (answer.code, "--app with one of: Other, Sync" in answer.err) == (2, True)
    assert jwtdoctor("explain", "reply.json", "--metadata", "force-app", "--app", "Other").code == 1


def _finding(report: dict[str, Any], rule: str) -> dict[str, Any]:
    return next(finding for finding in report["findings"] if finding["rule"] == rule)
