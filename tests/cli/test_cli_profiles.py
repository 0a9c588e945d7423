from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_shell import Shell

SECRET = "hunter2-Kp9x"
PROFILE = """
[profile.acme]
url = "https://acme.my.salesforce.com"
key = "server.key"
client_secret = "cmd:printf hunter2-Kp9x"
password = "file:pw"
lifetime = 120
ntp = ["a.example", "b.example"]
"""


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path, monkeypatch)
    (shell.work / "jwtdoctor.toml").write_text(PROFILE)
    return shell


def test_list_names_each_profile_and_its_file(jwtdoctor: Shell) -> None:
    (jwtdoctor.config / "jwtdoctor.toml").write_text("[profile.bolt]\n")

    lines = jwtdoctor("profiles", "list").out.splitlines()

    assert lines[0].startswith("acme  (project file ")
    assert lines[1].startswith("bolt  (user file ")


def test_list_without_any_says_where_they_would_live(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").unlink()

    answer = jwtdoctor("profiles", "list")

    assert answer.code == 0
    assert "./jwtdoctor.toml" in answer.err


def test_show_gives_each_value_with_its_origin(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWTDOCTOR_LIFETIME", "60")

    document = json.loads(jwtdoctor("profiles", "show", "acme", "--format", "json").out)

    rows = {row["name"]: row for row in document["settings"]}
    assert (rows["lifetime"]["value"], rows["lifetime"]["origin"]) == (60, "environment JWTDOCTOR_LIFETIME")
    assert rows["key"]["value"] == str(jwtdoctor.work / "server.key")
    assert rows["url"]["origin"].endswith("jwtdoctor.toml [profile.acme]")
    assert rows["ntp"]["value"] == ["a.example", "b.example"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_show_gives_a_secret_as_its_reference_only(jwtdoctor: Shell, form: str) -> None:
    (jwtdoctor.work / "pw").write_text(SECRET)

    out = jwtdoctor("profiles", "show", "acme", "--format", form).out

    assert "file:pw" in out
    assert "cmd:printf" in out
    assert SECRET not in out


def test_doctor_finds_what_cannot_be_read_and_says_so_by_its_exit_code(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("profiles", "doctor", "acme")

    assert answer.code == 1
    assert "error: key" in answer.out
    assert "error: password" in answer.out
    assert "was not tried" in answer.out


def test_doctor_is_content_when_all_can_be_read(jwtdoctor: Shell) -> None:
    for name in ("pw", "server.key"):
        (jwtdoctor.work / name).write_text(SECRET)
        (jwtdoctor.work / name).chmod(0o600)

    answer = jwtdoctor("profiles", "doctor", "acme")

    assert answer.code == 0
    assert SECRET not in answer.out + answer.err


def test_doctor_warns_of_a_key_that_others_can_read(jwtdoctor: Shell) -> None:
    for name in ("pw", "server.key"):
        (jwtdoctor.work / name).write_text(SECRET)
        (jwtdoctor.work / name).chmod(0o644)

    document = json.loads(jwtdoctor("profiles", "doctor", "acme", "--format", "json").out)

    assert [f["rule"] for f in document["findings"]].count("secret-open-to-others") == 2


def test_an_unknown_profile_is_exit_2_with_the_nearest(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("profiles", "show", "acne")

    assert answer.code == 2
    assert answer.err == "jwtdoctor: no profile is called 'acne'. Nearest: acme\n"


def test_import_is_not_there_yet(jwtdoctor: Shell) -> None:
    assert jwtdoctor("profiles", "import", "x").code == 2
