from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from cli_shell import Shell

KEYS = Path(__file__).parents[2] / "sample_keys"
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


SOUND = """
[profile.sound]
url = "https://login.salesforce.com"
client_id = "3MVG9SimulatedAcmeIntegration.ConsumerKey_0123456789"
username = "ci@acme.com"
key = "server.key"
cert = "server.crt"
"""


def rules(shell: Shell, name: str) -> dict[str, str]:
    document = json.loads(shell("profiles", "doctor", name, "--format", "json").out)
    return {finding["rule"]: finding["severity"] for finding in document["findings"]}


@pytest.fixture
def sound(jwtdoctor: Shell) -> Shell:
    """A profile with nothing wrong about it, and room for more."""
    (jwtdoctor.work / "jwtdoctor.toml").write_text(SOUND)
    for name, sample in (("server.key", "matching.key"), ("server.crt", "matching.crt")):
        (jwtdoctor.work / name).write_text((KEYS / sample).read_text())
        (jwtdoctor.work / name).chmod(0o600)
    return jwtdoctor


def test_doctor_finds_what_cannot_be_read_and_says_so_by_its_exit_code(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("profiles", "doctor", "acme")

    assert answer.code == 1
    assert "✗ error    key (project file)" in answer.out
    assert "✗ error    password (project file)" in answer.out
    assert "was not tried" in answer.out
    assert max(len(line) for line in answer.out.splitlines()) <= 80


def test_doctor_is_content_with_a_sound_profile(sound: Shell) -> None:
    answer = sound("profiles", "doctor", "sound")

    assert (answer.code, answer.out) == (0, "sound: nothing to complain of in 5 settings\n")


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_doctor_warns_of_a_key_that_others_can_read(sound: Shell) -> None:
    (sound.work / "server.key").chmod(0o644)

    assert rules(sound, "sound") == {"secret-open-to-others": "warning"}


@pytest.mark.parametrize(
    ("more", "rule", "severity"),
    [
        ('client_secret = "env:NOT_SET_HERE"', "secret-unreadable", "error"),
        ('password = "prompt"', "setting-unused", "warning"),
        ('audience = "https://test.salesforce.com"', "audience-of-another-host", "warning"),
        ('provider = "google"', "provider-of-another-host", "warning"),
        ('flow = "refresh-token"', "setting-missing", "warning"),
        ('flow = "no-such-flow"', "unknown-name", "error"),
        ('provider = "no-such-provider"', "unknown-name", "error"),
        ("lifetime = -5", "no-lifetime", "error"),
    ],
)
def test_doctor_names_what_is_wrong(sound: Shell, more: str, rule: str, severity: str) -> None:
    (sound.work / "jwtdoctor.toml").write_text(SOUND + more)

    assert rules(sound, "sound").get(rule) == severity


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('"server.crt"', '"other.crt"', "certificate-of-another-key"),
        ('"server.key"', '"server.crt"', "key-unusable"),
        ('"3MVG9S', '"3MVG9S oops', "client-id-has-white-space"),
        ('"3MVG9S', '"ConsumerS', "client-id-form"),
        ("https://login.salesforce.com", "https://login.salesforce.com/x", "url-unusable"),
        ("ci@acme.com", "ci%40acme.com", "sub-escaped"),
    ],
)
def test_doctor_looks_into_the_values(sound: Shell, old: str, new: str, rule: str) -> None:
    (sound.work / "other.crt").write_text((KEYS / "other.crt").read_text())
    (sound.work / "jwtdoctor.toml").write_text(SOUND.replace(old, new))

    assert rule in rules(sound, "sound")


def test_doctor_runs_no_command_and_tells_no_secret(sound: Shell) -> None:
    (sound.work / "s").write_text(f"{SECRET}%2B ")
    more = 'password = "cmd:touch ran"\nclient_secret = "file:s"\n'
    (sound.work / "jwtdoctor.toml").write_text(SOUND + more)

    answer = sound("profiles", "doctor", "sound", "--verbose")

    assert SECRET not in answer.out + answer.err
    assert not (sound.work / "ran").exists()


def test_doctor_says_which_variable_means_nothing(sound: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWTDOCTOR_CLIENTID", "x")

    assert rules(sound, "sound") == {"setting-not-used": "warning"}


def test_show_with_origin_names_what_is_hidden_and_what_is_taken_by_default(
    sound: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWTDOCTOR_USERNAME", "environment@acme.com")
    (sound.config / "jwtdoctor.toml").write_text('[profile.sound]\nusername = "user@acme.com"\nlifetime = 60\n')

    answer = sound("profiles", "show", "sound", "--origin", "--username", "typed@acme.com", "--format", "json")

    rows = {row["name"]: row for row in json.loads(answer.out)["settings"]}
    username = rows["username"]
    assert (username["value"], username["origin"]) == ("typed@acme.com", "flag --username")
    assert [hidden["value"] for hidden in username["hides"]] == [
        "environment@acme.com", "ci@acme.com", "user@acme.com"
    ]  # fmt: skip
    assert rows["lifetime"]["origin"].startswith("user file")
    assert (rows["provider"]["value"], rows["provider"]["origin"]) == ("salesforce", "the host of url")
    assert rows["audience"]["value"] == "https://login.salesforce.com"


def test_show_tells_it_in_words_too(sound: Shell) -> None:
    text = sound("profiles", "show", "sound", "--origin", "--username", "typed@acme.com").out

    assert "from flag --username" in text
    assert "hides ci@acme.com, project file" in text


def test_an_unknown_profile_is_exit_2_with_the_nearest(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("profiles", "show", "acne")

    assert answer.code == 2
    assert answer.err == "jwtdoctor: no profile is called 'acne'. Nearest: acme\n"


# --- several profiles, and broken files


TWO = """
[profile.good]
url = "https://acme.my.salesforce.com"
[profile.bad]
nosuch = "hunter2-Kp9x"
"""


def test_doctor_without_a_name_judges_every_profile_and_a_bad_one_hides_no_other(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(TWO)

    answer = jwtdoctor("profiles", "doctor")

    assert answer.code == 1
    assert "bad: 1 error\n" in answer.out
    assert "good: 3 warnings in 1 setting\n" in answer.out
    assert SECRET not in answer.out + answer.err


def test_doctor_tells_several_profiles_apart_in_json(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(TWO)

    document = json.loads(jwtdoctor("profiles", "doctor", "--format", "json").out)

    assert [(one["name"], one["settings"], len(one["findings"])) for one in document["profiles"]] == [
        ("bad", None, 1),
        ("good", 1, 3),
    ]
    assert [found["where"].partition(":")[0] for found in document["findings"]] == ["bad", "good", "good", "good"]


def test_doctor_without_a_name_judges_the_default_and_names_the_others(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(TWO + '[profile.default]\nurl = "https://acme.my.salesforce.com"\n')

    answer = jwtdoctor("profiles", "doctor")

    assert answer.out.startswith("default: 3 warnings in 1 setting")
    assert "not judged: bad, good; jwtdoctor profiles doctor NAME" in answer.err


def test_doctor_says_where_profiles_live_where_there_is_none(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").unlink()

    answer = jwtdoctor("profiles", "doctor")

    assert answer.code == 0
    assert answer.out == "no profile, and no setting in any variable; profiles live in ./jwtdoctor.toml\n"


@pytest.mark.parametrize("words", [["profiles", "doctor"], ["profiles", "show"]], ids=["doctor", "show"])
def test_a_bad_profile_is_the_matter_of_that_profile_alone(jwtdoctor: Shell, words: list[str]) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(TWO)

    good, bad = jwtdoctor(*words, "good"), jwtdoctor(*words, "bad")

    assert (good.code, bad.code) == (0, 2)
    assert "acme" in good.out or "good: 3 warnings" in good.out
    assert "[profile.bad]: unknown setting 'nosuch'" in bad.err


NO_TOML = "[profile.x\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["causes", "clock-drift"], 0),
        (["inspect", "token.jwt"], 1),
        (["lint", "."], 3),
        (["check", "--simulate", "clock-drift", "--no-ntp"], 1),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_needs_no_setting_warns_of_a_broken_file_and_goes_on(
    jwtdoctor: Shell, words: list[str], code: int
) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(NO_TOML)
    (jwtdoctor.work / "token.jwt").write_text("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln")

    answer = jwtdoctor(*words)

    assert answer.code == code
    assert len([line for line in answer.err.splitlines() if "is not TOML" in line]) == 1
    assert answer.err.startswith("warning: ")
    assert answer.out


@pytest.mark.parametrize(
    "words",
    [["check"], ["causes", "--profile", "x"], ["check", "--simulate", "clock-drift", "--profile", "x"],
     ["profiles", "doctor"], ["sign"]],
    ids=" ".join,
)  # fmt: skip
def test_a_broken_file_is_exit_2_where_its_settings_are_needed_or_named(jwtdoctor: Shell, words: list[str]) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(NO_TOML)

    answer = jwtdoctor(*words)

    assert (answer.code, answer.out) == (2, "")
    assert "is not TOML" in answer.err


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[profile.bad]\nnosuch = 1\n", 3, ""),
        ("[lint]\nignore = [\n", 2, "is not TOML"),
        ("  [ lint ]\nx = \n", 2, "is not TOML"),
    ],
    ids=["bad-profile", "broken-lint-table", "spaced"],
)
def test_lint_looks_at_no_profile_and_passes_over_no_choice_of_rules(
    jwtdoctor: Shell, text: str, code: int, said: str
) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(text)

    answer = jwtdoctor("lint", ".")

    assert answer.code == code
    assert said in answer.err
    assert ("nosuch" in answer.err) is False
