"""Several outputs of one answer: who goes where, and that no file is lost or half written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from cli_shell import Shell

from jwtdoctor.cli.outputs import FORMAT, OUTPUT, Pair, paired
from jwtdoctor.errors import BadInput

REFUSED = '{"error":"invalid_grant","error_description":"audience is invalid"}'
F, W = FORMAT, OUTPUT


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("formats", "files", "order", "pairs"),
    [
        ([], [], [], [("text", None)]),
        ([], ["a"], [W], [("text", "a")]),
        (["json"], [], [F], [("json", None)]),
        (["json"], ["-"], [F, W], [("json", None)]),
        (["json"], ["a"], [W, F], [("json", "a")]),
        (["junit", "html"], ["a", "b"], [F, W, F, W], [("junit", "a"), ("html", "b")]),
        (["junit", "html"], ["a", "b"], [F, F, W, W], [("junit", "a"), ("html", "b")]),
        (["junit", "html"], ["a", "b"], [W, F, W, F], [("junit", "a"), ("html", "b")]),
        (["text", "junit"], ["a"], [F, F, W], [("text", None), ("junit", "a")]),
        (["junit", "text"], ["a"], [F, W, F], [("junit", "a"), ("text", None)]),
        (["junit", "text"], ["a"], [W, F, F], [("junit", "a"), ("text", None)]),
        (["text", "junit"], ["-", "a"], [F, W, F, W], [("text", None), ("junit", "a")]),
        (["json", "html", "sarif"], ["a", "b"], [F, W, F, F, W], [("json", "a"), ("html", None), ("sarif", "b")]),
    ],
)
def test_a_file_belongs_to_the_format_before_it_and_the_one_left_over_goes_to_stdout(
    formats: list[str], files: list[str], order: list[str], pairs: list[Pair]
) -> None:
    assert paired(formats, files, order, "text") == tuple(pairs)


@pytest.mark.parametrize(
    ("formats", "files", "order"),
    [
        (["text", "json"], [], [F, F]),
        (["text", "json", "html"], ["a"], [F, F, F, W]),
        (["text", "json"], ["-", "-"], [F, W, F, W]),
        ([], ["a", "b"], [W, W]),
        (["json"], ["a", "b"], [F, W, W]),
        (["json"], ["a", "b"], [W, W, F]),
        (["json", "html"], ["a", "a"], [F, W, F, W]),
        (["json", "html"], ["a", "./b/../a"], [F, W, F, W]),
    ],
)
def test_what_does_not_come_out_even_is_refused(formats: list[str], files: list[str], order: list[str]) -> None:
    with pytest.raises(BadInput, match=r"--(format|output): "):
        paired(formats, files, order, "text")


def test_each_format_is_written_to_its_own_file_as_if_it_had_been_asked_for_alone(jwtdoctor: Shell) -> None:
    pairs = {
        "text": "a.txt",
        "json": "a.json",
        "junit": "a.xml",
        "sarif": "a.sarif",
        "markdown": "a.md",
        "html": "a.html",
    }
    words = [word for form, file in pairs.items() for word in ("--format", form, "-o", file)]

    together = jwtdoctor("explain", REFUSED, *words, "--quiet")

    assert (together.code, together.out, together.err) == (1, "", "")
    for form, file in pairs.items():
        alone = jwtdoctor("explain", REFUSED, "--format", form)
        assert (jwtdoctor.work / file).read_text(encoding="utf-8") == alone.out


def test_one_login_serves_every_output(jwtdoctor: Shell) -> None:
    words = ["--format", "text", "--format", "json", "-o", "a.json", "--format", "junit", "-o", "a.xml"]

    answer = jwtdoctor("check", "--simulate", "wrong-audience", *words)

    document = json.loads((jwtdoctor.work / "a.json").read_text(encoding="utf-8"))
    assert answer.code == 1
    assert answer.out.startswith("✗ REFUSED")
    assert document["logins_used"] == 1
    assert 'type="wrong-audience"' in (jwtdoctor.work / "a.xml").read_text(encoding="utf-8")
    assert "written: a.json" in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "text", "--format", "json"],
        ["-o", "a", "-o", "b"],
        ["--format", "json", "-o", "a", "--format", "html", "-o", "a"],
        ["--format", "json", "-o", "a", "--format", "html", "-o", "nowhere/b"],
        ["--format", "json", "-o", "a", "--format", "html", "-o", "."],
        ["--format", "json", "-o", "a", "--format", "html", "-o", ""],
        ["--format", "json", "-o", "a", "--save-case", "a"],
    ],
)
def test_what_cannot_be_is_one_line_and_exit_2_before_a_login_is_spent(jwtdoctor: Shell, words: list[str]) -> None:
    (jwtdoctor.work / "a").write_text("mine", encoding="utf-8")

    answer = jwtdoctor("check", "--simulate", "healthy", *words)

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 1
    assert (jwtdoctor.work / "a").read_text(encoding="utf-8") == "mine"
    assert not jwtdoctor.state.exists()


def test_a_file_that_cannot_be_written_keeps_the_others_not_back(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "a.xml":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    (jwtdoctor.work / "a.xml").write_text("before", encoding="utf-8")
    words = ["--format", "junit", "-o", "a.xml", "--format", "json", "-o", "a.json", "--format", "text"]

    answer = jwtdoctor("explain", REFUSED, *words)

    assert answer.code == 2
    assert "a.xml: cannot be written: No space left on device" in answer.err
    assert (jwtdoctor.work / "a.xml").read_text(encoding="utf-8") == "before"
    assert json.loads((jwtdoctor.work / "a.json").read_text(encoding="utf-8"))["leaders"]
    assert answer.out.startswith("✗ REFUSED")
    assert sorted(path.name for path in jwtdoctor.work.iterdir()) == ["a.json", "a.xml"]


def test_a_reader_that_is_gone_costs_no_file(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    from jwtdoctor.cli.main import run

    assert run(["explain", REFUSED, "--format", "text", "--format", "json", "-o", "a.json"]) == 2
    assert json.loads((jwtdoctor.work / "a.json").read_text(encoding="utf-8"))["outcome"] == "refused"


def test_a_device_takes_more_than_one(jwtdoctor: Shell) -> None:
    words = ["--format", "json", "-o", os.devnull, "--format", "html", "-o", os.devnull]

    assert jwtdoctor("explain", REFUSED, *words).code == 1


@pytest.mark.parametrize(("form", "counted"), [("junit", "<testsuite "), ("sarif", '"tool"'), ("html", "<article>"),
                                               ("markdown", "\n## "), ("json", '{"schema"')])  # fmt: skip
def test_several_inputs_are_one_document(jwtdoctor: Shell, form: str, counted: str) -> None:
    (jwtdoctor.work / "one.json").write_text(REFUSED, encoding="utf-8")

    answer = jwtdoctor("explain", "one.json", '{"error":"invalid_client"}', "--format", form)

    assert answer.code == 1
    assert ("\n" + answer.out).count(counted) == 2
    assert "one.json" in answer.out or form == "json"


def test_cases_answer_in_json_and_refuse_another_form(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "cases.jsonl").write_text('{"schema":"jwtdoctor.case/1"}\n', encoding="utf-8")

    answer = jwtdoctor("explain", "--cases", "cases.jsonl", "--format", "junit", "-o", "a.xml")

    assert (answer.code, answer.out) == (2, "")
    assert "--cases: answers one JSON report a line" in answer.err


def test_the_help_says_that_pairs_may_be_given(jwtdoctor: Shell) -> None:
    help_ = " ".join(jwtdoctor("check", "--help").out.split())

    assert "repeatable, each with its -o. [default: text]" in help_
