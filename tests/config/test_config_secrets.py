from __future__ import annotations

import json
import sys
import threading
import types
from pathlib import Path

import pytest

from jwtdoctor.config.secrets import LARGEST, is_ref, resolve, shown
from jwtdoctor.errors import BadProfile

SECRET = "hunter2-Kp9x"


@pytest.mark.parametrize(
    "text", ["env:A", "file:a/b", "json:a.json#/b/0/c~1d", "keyring:acme/ci@acme.com", "cmd:pass show acme", "prompt"]
)
def test_the_six_forms_are_references(text: str) -> None:
    assert is_ref(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET,
        "env:",
        "env:A B",
        "file:",
        "keyring:acme",
        "keyring:/x",
        "json:a.json",
        "json:#/a",
        "cmd: ",
        "promptly",
        "ENV:A",
        7,
        None,
    ],
)
def test_anything_else_is_no_reference(text: object) -> None:
    assert not is_ref(text)


def test_what_is_no_reference_is_refused_without_being_quoted() -> None:
    with pytest.raises(BadProfile) as caught:
        resolve(SECRET)

    assert SECRET not in str(caught.value)
    assert "env:NAME" in str(caught.value)


def test_a_variable_is_read_from_the_environment_handed_in() -> None:
    assert resolve("env:S", environ={"S": SECRET}).reveal() == SECRET


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(BadProfile, match="NOT_SET_HERE is not set"):
        resolve("env:NOT_SET_HERE", environ={})


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_one_line_end_of_a_file_is_taken_off(tmp_path: Path, end: str) -> None:
    (tmp_path / "s").write_bytes(SECRET.encode() + end.encode())

    assert resolve("file:s", folder=tmp_path).reveal() == SECRET


def test_further_line_ends_and_blanks_belong_to_the_secret(tmp_path: Path) -> None:
    (tmp_path / "s").write_text(f" {SECRET} \n\n")

    assert resolve("file:s", folder=tmp_path).reveal() == f" {SECRET} \n"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"\xff\xfe\xfa" + SECRET.encode(), "not UTF-8"), (b"x" * (LARGEST + 1), "larger than 64 KB")],
    ids=["empty", "binary", "large"],
)
def test_a_file_that_cannot_hold_a_secret_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "s").write_bytes(content)

    with pytest.raises(BadProfile, match=message) as caught:
        resolve("file:s", folder=tmp_path)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(("pointer", "found"), [("/a/b", SECRET), ("/list/1", SECRET), ("/x~1y/~0", SECRET)])
def test_one_text_of_a_json_file_is_read_by_its_pointer(tmp_path: Path, pointer: str, found: str) -> None:
    document = {"a": {"b": SECRET}, "list": ["no", SECRET], "x/y": {"~": SECRET}}
    (tmp_path / "s.json").write_text(json.dumps(document))

    assert resolve(f"json:s.json#{pointer}", folder=tmp_path).reveal() == found


@pytest.mark.parametrize("pointer", ["/a", "/n", "/gone", "/list/9", "/list/x", "/list/" + "9" * 5000, "/a/b/c"])
def test_a_place_without_a_text_is_told_and_what_is_there_is_not(tmp_path: Path, pointer: str) -> None:
    (tmp_path / "s.json").write_text(json.dumps({"a": {"b": SECRET}, "n": 7, "list": [SECRET]}))

    with pytest.raises(BadProfile, match="no text at this place") as caught:
        resolve(f"json:s.json#{pointer}", folder=tmp_path)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [SECRET, "[" * 60_000, "1" * 9_000])
def test_a_file_that_is_no_json_object_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "s.json").write_text(content)

    with pytest.raises(BadProfile) as caught:
        resolve("json:s.json#/a", folder=tmp_path)

    assert SECRET not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match="gone: cannot be read: No such file"):
        resolve("file:gone", folder=tmp_path)


def test_a_command_answers_with_its_output() -> None:
    assert resolve(f"cmd:echo {SECRET}").reveal() == SECRET


def test_a_command_that_fails_is_told_with_its_status_and_not_quoted() -> None:
    with pytest.raises(BadProfile, match="failed with status 3") as caught:
        resolve(f"cmd:echo {SECRET}; echo {SECRET} >&2; exit 3")

    assert SECRET not in str(caught.value)


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(BadProfile, match=r"did not end within 0\.3 s"):
        resolve("cmd:sleep 60", command_timeout_s=0.3)


def test_a_command_that_floods_is_cut_and_ended() -> None:
    with pytest.raises(BadProfile, match="larger than 64 KB"):
        resolve("cmd:yes")


def test_a_command_leaves_no_thread_behind() -> None:
    before = threading.active_count()

    with pytest.raises(BadProfile):
        resolve("cmd:sleep 60 & sleep 60", command_timeout_s=0.2)

    assert before == threading.active_count()


def test_a_missing_keyring_package_is_one_line_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(BadProfile, match=r"not installed\. Pip install 'jwtdoctor\[keyring\]'"):
        resolve("keyring:acme/ci")


def test_a_keyring_is_asked_for_service_and_user(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get_password(service: str, user: str) -> str:
        asked.append((service, user))
        return SECRET

    monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_password=get_password))

    assert resolve("keyring:acme/ci/x").reveal() == SECRET
    assert asked == [("acme", "ci/x")]


def test_a_keyring_that_has_no_entry_or_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, user: str) -> str:
        raise RuntimeError(f"locked {SECRET}")

    monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_password=lambda s, u: None))
    with pytest.raises(BadProfile, match="holds no such entry"):
        resolve("keyring:acme/ci")

    monkeypatch.setitem(sys.modules, "keyring", types.SimpleNamespace(get_password=locked))
    with pytest.raises(BadProfile, match="did not answer") as caught:
        resolve("keyring:acme/ci")
    assert SECRET not in str(caught.value)


def test_prompt_asks_by_the_name_of_the_setting() -> None:
    asked = []

    def ask(what: str) -> str:
        asked.append(what)
        return SECRET

    assert resolve("prompt", what="--client-secret", ask=ask).reveal() == SECRET
    assert asked == ["--client-secret"]


def test_a_command_is_shown_by_its_first_word_only() -> None:
    assert shown(f"cmd:printf {SECRET}") == "cmd:printf …"
    assert shown(f"cmd:'{SECRET}'") == "cmd:…"
    assert shown("env:A") == "env:A"
    assert shown(SECRET) == "[refused]"
