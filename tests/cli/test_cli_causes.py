from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_shell import Shell

from jwtdoctor.knowledge.load import load


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def test_the_list_has_every_cause_in_80_columns(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("causes")

    assert answer.code == 0
    assert {line.split()[0] for line in answer.out.splitlines() if line[0] != " "} == set(load().causes)
    assert max(map(len, answer.out.splitlines())) <= 80


def test_the_list_as_json_is_a_report_document(jwtdoctor: Shell) -> None:
    document = json.loads(jwtdoctor("causes", "--format", "json").out)

    assert document["schema"] == "jwtdoctor.report/1"
    assert document["command"] == "causes"
    assert {row["cause"] for row in document["causes"]} == set(load().causes)


@pytest.mark.parametrize("slug", sorted(load().causes))
def test_every_cause_is_readable_in_80_columns(jwtdoctor: Shell, slug: str) -> None:
    answer = jwtdoctor("causes", slug)

    assert answer.code == 0
    assert answer.out.startswith(f"{slug}\n{load().causes[slug].title}")
    assert "\nDo\n" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_cause_is_told_with_its_clues_texts_remedies_and_sources(jwtdoctor: Shell) -> None:
    out = jwtdoctor("causes", "clock-drift").out

    for section in ("Speaks for it", "Speaks against it", "Texts (Salesforce)", "Do", "Confirm", "Sources"):
        assert f"\n{section}\n" in out
    assert '"expired authorization code"' in out
    assert "https://" in out


def test_a_cause_as_json_has_what_the_text_has(jwtdoctor: Shell) -> None:
    document = json.loads(jwtdoctor("causes", "clock-drift", "--format", "json").out)

    (cause,) = document["causes"]
    assert cause["cause"] == "clock-drift"
    assert {clue["speaks"] for clue in cause["clues"]} == {"for", "against"}
    assert all(clue["sources"] for clue in cause["clues"])
    assert cause["remedy"][0]["do"]
    assert any(text["description"] == "expired authorization code" for text in cause["texts"])


def test_an_alias_leads_to_its_cause(jwtdoctor: Shell) -> None:
    alias, slug = next((a, s) for a, s in sorted(load().aliases.items()) if s in load().causes)

    assert jwtdoctor("causes", alias).out.startswith(f"{slug}\n")


def test_an_unknown_cause_names_the_nearest(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("causes", "clock-drfit")

    assert answer.code == 2
    assert answer.err == "jwtdoctor: no cause is called 'clock-drfit'. Nearest: clock-drift\n"


def test_an_unknown_provider_is_exit_2(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("causes", "clock-drift", "--provider", "salesfroce")

    assert answer.code == 2
    assert "Nearest: salesforce" in answer.err


def test_in_the_c_locale_the_page_has_no_symbols(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C")

    assert "…" not in jwtdoctor("causes", "clock-drift").out


def test_the_answer_goes_to_a_file_and_the_remark_to_stderr(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("causes", "--output", "list.txt")

    assert (answer.out, answer.err) == ("", "written: list.txt\n")
    assert "clock-drift" in (jwtdoctor.work / "list.txt").read_text()


def test_quiet_leaves_the_remark_out(jwtdoctor: Shell) -> None:
    assert jwtdoctor("causes", "--output", "list.txt", "--quiet").err == ""


def test_a_folder_as_output_is_refused(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("causes", "--output", ".")

    assert answer.code == 2
    assert answer.err.startswith("jwtdoctor: .: is a folder")
