from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.config.writing import profile_toml, with_profile, write_profiles
from jwtdoctor.errors import BadProfile


def added(text: str, name: str = "acme", *, replace: bool = False, **values: str) -> str:
    return with_profile(text, name, values or {"url": "https://new"}, origin="a test", replace=replace, where="f")


@settings(max_examples=25, deadline=None)
@given(
    name=st.text(min_size=1, max_size=20), value=st.text(max_size=40), items=st.lists(st.text(max_size=10), max_size=3)
)
def test_what_is_written_reads_back_as_it_was(name: str, value: str, items: list[str]) -> None:
    text = profile_toml(name, {"url": value, "claim": tuple(items), "lifetime": 60, "no_iat": True}, value)

    assert tomllib.loads(text) == {"profile": {name: {"url": value, "claim": items, "lifetime": 60, "no_iat": True}}}


@pytest.mark.parametrize(
    "text",
    ["", "# only a comment", '[profile.bolt]\nurl = "x"', '[profile.bolt]\nurl = "x"\n\n', "\ufeff[profile.bolt]\n",
     '[profile.bolt]\r\nurl = "x"\r\n', '[profile.bolt]\nclaim = ["""\n[profile.acme]\n"""]\n'],
)  # fmt: skip
def test_a_profile_is_added_and_the_rest_stays_to_the_byte(text: str) -> None:
    made = added(text)

    assert made.startswith(text)
    assert tomllib.loads(made.removeprefix("\ufeff"))["profile"]["acme"] == {"url": "https://new"}


@pytest.mark.parametrize("header", ["[profile.acme]", '[ profile . "acme" ]  # mine', "['profile'.'acme']"])
def test_a_replaced_profile_goes_whatever_its_spelling(header: str) -> None:
    text = f'[profile.a]\nurl = "1"\n\n{header}\nurl = "old"\nntp = ["x",\n  "y"]\n\n# of b\n[profile.b]\nurl = "2"\n'

    made = added(text, replace=True)

    assert tomllib.loads(made)["profile"] == {"a": {"url": "1"}, "b": {"url": "2"}, "acme": {"url": "https://new"}}
    assert "# of b\n[profile.b]" in made


def test_a_profile_that_is_replaced_twice_leaves_one_remark() -> None:
    once = added("")

    assert added(once, replace=True) == once


@pytest.mark.parametrize(
    "text", ["profile.acme.url = 1", 'profile = {acme = {url = "x"}}', "[profile]\nacme.url = 'x'"]
)
def test_a_file_that_cannot_be_edited_without_risk_is_refused(text: str) -> None:
    with pytest.raises(BadProfile, match="without risk"):
        added(text, replace=True)


@pytest.mark.parametrize("text", ["[other]\n", "not toml", "profile = 1", "[" * 5000])
def test_what_is_no_settings_file_is_refused(text: str) -> None:
    with pytest.raises(BadProfile, match="no settings file"):
        added(text)


def test_of_several_profiles_all_are_written_or_none(tmp_path: Path) -> None:
    path = tmp_path / "new" / "jwtdoctor.toml"
    write_profiles(path, {"b": ("x", {"url": "1"})}, replace=False)

    with pytest.raises(BadProfile, match="'b' exists already"):
        write_profiles(path, {"a": ("x", {"url": "1"}), "b": ("x", {"url": "2"})}, replace=False)

    assert tomllib.loads(path.read_text())["profile"] == {"b": {"url": "1"}}
    assert [one.name for one in path.parent.iterdir()] == ["jwtdoctor.toml"]


def test_a_folder_in_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="cannot be read"):
        write_profiles(tmp_path, {"a": ("x", {"url": "1"})}, replace=False)
