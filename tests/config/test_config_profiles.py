from __future__ import annotations

import os
from pathlib import Path

import pytest

from jwtdoctor.config.profiles import Settings, settings
from jwtdoctor.errors import BadProfile, UnknownName

SECRET = "hunter2-Kp9x"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "jwtdoctor").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    return tmp_path


def write_user(home: Path, text: str) -> Path:
    path = home / "home" / "jwtdoctor" / "jwtdoctor.toml"
    path.write_text(text)
    return path


def write_project(home: Path, text: str) -> Path:
    path = home / "work" / "jwtdoctor.toml"
    path.write_text(text)
    return path


def read(home: Path, profile: str | None = "acme", folder: str = "work", **environ: str) -> Settings:
    world = {"XDG_CONFIG_HOME": str(home / "home"), **environ}
    return settings(profile, {"url": None}, environ=world, folder=home / folder)


def test_a_flag_beats_the_environment_the_project_the_user_and_the_default(home: Path) -> None:
    """Each step of the order, from the weakest on: the stronger one wins and is named as the origin."""
    world = {"XDG_CONFIG_HOME": str(home / "home")}
    seen = []

    def look(flag: str | None = None) -> None:
        found = settings(
            "acme", {"url": flag}, environ=world, folder=home / "work", defaults={"url": "https://default"}
        ).get("url")
        assert found is not None
        seen.append((found.value, found.origin.split(" /")[0]))

    write_user(home, "[profile.acme]\n")
    look()
    write_user(home, '[profile.acme]\nurl = "https://user"')
    look()
    write_project(home, '[profile.acme]\nurl = "https://project"')
    look()
    world["JWTDOCTOR_URL"] = "https://environment"
    look()
    look("https://flag")

    assert seen == [
        ("https://default", "default"),
        ("https://user", "user file"),
        ("https://project", "project file"),
        ("https://environment", "environment JWTDOCTOR_URL"),
        ("https://flag", "flag --url"),
    ]


def test_the_two_files_are_merged_key_by_key(home: Path) -> None:
    write_user(home, '[profile.acme]\nurl = "https://user"\nusername = "ci@acme.com"')
    write_project(home, '[profile.acme]\nurl = "https://project"')

    found = read(home)

    assert (found.text("url"), found.text("username")) == ("https://project", "ci@acme.com")


def test_a_project_file_is_found_from_a_folder_below(home: Path) -> None:
    write_project(home, '[profile.acme]\nkey = "keys/server.key"')
    (home / "work" / "a" / "b").mkdir(parents=True)

    found = read(home, folder="work/a/b")

    assert found.text("key") == str(home / "work" / "keys" / "server.key")


def test_a_project_file_of_another_user_above_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_project(home, '[profile.acme]\nurl = "https://evil"')
    (home / "work" / "below").mkdir()
    monkeypatch.setattr("jwtdoctor.config.profiles._is_ours", lambda p: False)

    found = read(home, profile=None, folder="work/below")

    assert found.get("url") is None
    assert found.warnings == (f"{path} belongs to another user and was not used",)


def test_the_variable_names_the_profile_and_else_default_is_it(home: Path) -> None:
    write_user(home, '[profile.acme]\nurl = "https://a"\n[profile.default]\nurl = "https://d"')

    assert read(home, profile=None).profile == "default"
    assert read(home, profile=None, JWTDOCTOR_PROFILE="acme").text("url") == "https://a"


def test_an_unknown_profile_names_the_nearest(home: Path) -> None:
    write_user(home, "[profile.acme]\n[profile.bolt]\n")

    with pytest.raises(UnknownName, match=r"no profile is called 'acne'\. Nearest: acme"):
        read(home, "acne")


def test_an_unknown_profile_far_from_all_is_not_quoted(home: Path) -> None:
    write_user(home, "[profile.acme]\n")

    with pytest.raises(UnknownName) as caught:
        read(home, SECRET)

    assert SECRET not in str(caught.value)


def test_an_unknown_key_names_the_file_the_key_and_the_nearest(home: Path) -> None:
    path = write_user(home, f'[profile.acme]\nclient-secrt = "{SECRET}"')

    with pytest.raises(BadProfile) as caught:
        read(home)

    line = str(caught.value)
    assert str(path) in line
    assert "[profile.acme]" in line
    assert "'client-secrt'" in line
    assert "client_secret" in line
    assert SECRET not in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'[profile.acme]\nclient_secret = "{SECRET}"', "client_secret is no reference"),
        (f'[profile.acme]\nlifetime = "{SECRET}"', "lifetime has the wrong type"),
        ("[profile.acme]\nno_ntp = 1", "no_ntp has the wrong type; expected true or false"),
        ("[profile.acme]\nlifetime = true", "lifetime has the wrong type"),
        ("[profile.acme]\ntimeout = 0", "timeout has the wrong type"),
        ("[profile.acme]\ntimeout = nan", "timeout has the wrong type"),
        ("[profile.acme]\nntp = [1]", "ntp has the wrong type"),
        ("[profile]\nacme = 1", "is no table"),
        ("profile = 1", "'profile' is no table"),
        (f'[acme]\nurl = "{SECRET}"', "unknown table 'acme'"),
        (f'[profile.acme]\nurl = "{SECRET}', "jwtdoctor.toml:2:"),
        (f"[profile.acme]\nurl = {SECRET}", "is not TOML; expected"),
        ('[profile.acme]\n"\\u001b[31m" = 1', "unknown setting '?[31m'"),
    ],
)
def test_what_cannot_be_used_is_one_line_that_quotes_no_value(home: Path, text: str, expected: str) -> None:
    write_user(home, text)

    with pytest.raises(BadProfile) as caught:
        read(home)

    line = str(caught.value)
    assert expected in line
    assert SECRET not in line
    assert line.isprintable()


def test_a_literal_secret_in_the_environment_is_refused_without_being_quoted(home: Path) -> None:
    with pytest.raises(BadProfile, match="JWTDOCTOR_CLIENT_SECRET") as caught:
        read(home, profile=None, JWTDOCTOR_CLIENT_SECRET=SECRET)

    assert SECRET not in str(caught.value)


def test_a_file_that_is_no_utf8_names_the_line(home: Path) -> None:
    write_user(home, "").write_bytes(b"[profile.acme]\nurl = '\xff'")

    with pytest.raises(BadProfile, match=r"jwtdoctor\.toml:2: is not UTF-8"):
        read(home)


def test_the_environment_is_typed_by_the_setting(home: Path) -> None:
    found = read(
        home,
        profile=None,
        JWTDOCTOR_NO_NTP="yes",
        JWTDOCTOR_LIFETIME="60",
        JWTDOCTOR_NTP="a.example b.example:1123",
        JWTDOCTOR_FACT="org.kind=sandbox\napp.scopes=api, web",
    )

    assert found.flag("no_ntp") is True
    assert found.number("lifetime") == 60
    assert found.several("ntp") == ("a.example", "b.example:1123")
    assert found.several("fact") == ("org.kind=sandbox", "app.scopes=api, web")


def test_a_variable_that_is_no_setting_is_a_warning(home: Path) -> None:
    found = read(home, profile=None, JWTDOCTOR_CLIENTID="x", JWTDOCTOR_COMPLETE="", _JWTDOCTOR_COMPLETE="bash")

    assert found.warnings == ("JWTDOCTOR_CLIENTID is no setting and was not used; nearest: JWTDOCTOR_CLIENT_ID",)


def test_an_empty_variable_counts_as_not_set(home: Path) -> None:
    assert read(home, profile=None, JWTDOCTOR_URL="").get("url") is None


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Unix owners")
def test_ones_own_file_above_is_used(home: Path) -> None:
    write_project(home, '[profile.acme]\nurl = "https://mine"')
    (home / "work" / "below").mkdir()

    assert read(home, folder="work/below").text("url") == "https://mine"


def test_a_path_is_told_without_detours_unless_a_link_makes_another_file_of_it(home: Path) -> None:
    (home / "deep" / "er").mkdir(parents=True)
    (home / "link").symlink_to(home / "deep" / "er")
    toml = home / "jwtdoctor.toml"
    toml.write_text('[profile.a]\nkey = "deep/../k.pem"\n[profile.b]\nkey = "link/../k.pem"\n')

    straight, linked = (settings(name, {}, environ={}, folder=home).text("key") for name in "ab")

    assert straight == str(home / "k.pem")
    assert linked == str(home / "link/../k.pem")


def test_a_mistake_in_another_profile_is_no_matter_of_this_one(home: Path) -> None:
    (home / "jwtdoctor.toml").write_text('[profile.good]\nusername = "ann"\n[profile.bad]\nnosuch = 1\n')

    assert settings("good", {}, environ={}, folder=home).text("username") == "ann"
    assert settings(None, {}, environ={}, folder=home).profile is None
    with pytest.raises(BadProfile, match="nosuch"):
        settings("bad", {}, environ={}, folder=home)
