"""`causes --write`: the pages of docs/causes are those of the knowledge, and nobody else's file is touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from cli_shell import Shell

from jwtdoctor.knowledge.load import load
from jwtdoctor.render.cause_pages import MADE, cause_pages
from jwtdoctor.simulator.faults import LISTED

DOCS = Path(__file__).resolve().parents[2] / "docs" / "causes"


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return cause_pages(load(), (fault.name for fault in LISTED))


def test_the_pages_in_docs_are_current(jwtdoctor: Shell) -> None:
    """Otherwise: jwtdoctor causes --write docs/causes."""
    answer = jwtdoctor("causes", "--write", str(DOCS), "--check")

    assert (answer.code, answer.out) == (0, f"{len(load().causes) + 1} pages, all current\n")


def test_every_cause_has_a_page_with_every_part_of_it(pages: dict[str, str]) -> None:
    for slug, cause in load().causes.items():
        page = pages[f"{slug}.md"]
        titles = re.findall(r"^## (.*)", page, re.M)
        assert page.startswith(f"{MADE}\n\n# {slug}\n")
        assert {"What you see", "How to tell it from others", "What to do", "How to make sure",
                "Where an administrator sees it", "Sources"} <= set(titles), slug  # fmt: skip
        assert [url for clue in cause.clues for url in clue.sources if f"<{url}>" not in page] == []


def test_every_source_that_is_cited_is_listed_and_every_number_leads_to_one(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        body, _, sources = page.partition("\n## Sources\n")
        prose = re.sub(r"```.*?```|`[^`]*`", "", body, flags=re.DOTALL)
        cited = {int(n) for group in re.findall(r" \[(\d+(?:, \d+)*)\]$", prose, re.M) for n in group.split(", ")}
        assert cited <= {int(n) for n in re.findall(r"^(\d+)\. <https?://", sources, re.M)}, name


def test_every_link_between_the_pages_leads_somewhere(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        missing = [target for target in re.findall(r"\]\(([\w.-]+\.md)\)", page) if target not in pages]
        assert missing == [], name


def test_the_index_leads_to_every_page_and_from_the_text_to_the_cause(pages: dict[str, str]) -> None:
    index = pages["README.md"]

    assert all(f"| [{slug}]({slug}.md) |" in index for slug in load().causes)
    assert re.search(r'^\| `invalid_grant "audience is invalid"`.* \| \[wrong-audience\]', index, re.M)
    assert all(line.count("|") - line.count("\\|") == 3
               for line in index.partition("## By name")[0].splitlines() if line.startswith("|"))  # fmt: skip


def test_pages_are_written_mended_and_removed_and_the_second_time_nothing_is_to_be_done(jwtdoctor: Shell) -> None:
    first = jwtdoctor("causes", "--write", "new/causes")
    folder = jwtdoctor.work / "new" / "causes"
    (folder / "clock-drift.md").write_text(f"{MADE}\nold", encoding="utf-8")
    (folder / "no-such-cause.md").write_text(f"{MADE}\nleft over", encoding="utf-8")
    (folder / "mine.md").write_text("mine", encoding="utf-8")

    checked = jwtdoctor("causes", "--write", "new/causes", "--check")
    mended = jwtdoctor("causes", "--write", "new/causes", "--format", "json")
    again = jwtdoctor("causes", "--write", "new/causes")

    assert first.out.count(": written\n") == len(load().causes) + 1
    assert (checked.code, checked.out.splitlines()) == (
        1, ["clock-drift.md: is not current", "no-such-cause.md: belongs to no cause"],
    )  # fmt: skip
    assert json.loads(mended.out)["pages"]["stale"] == ["clock-drift.md"]
    assert (again.code, again.out) == (0, f"{len(load().causes) + 1} pages, all current\n")
    assert (folder / "mine.md").read_text(encoding="utf-8") == "mine"
    assert not (folder / "no-such-cause.md").exists()


def test_a_file_that_was_not_written_by_it_is_refused_and_left_alone(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "README.md").write_text("mine", encoding="utf-8")

    answer = jwtdoctor("causes", "--write", ".")

    assert answer.code == 2
    assert "README.md: was not written by this command" in answer.err
    assert [path.name for path in jwtdoctor.work.iterdir()] == ["README.md"]


@pytest.mark.parametrize("words", [["--check"], ["clock-drift", "--write", "d"], ["--write", "a-file"],
                                   ["--write", "d", "--provider", "okta"]])  # fmt: skip
def test_what_cannot_be_is_one_line_and_exit_2(jwtdoctor: Shell, words: list[str]) -> None:
    (jwtdoctor.work / "a-file").write_text("mine", encoding="utf-8")

    answer = jwtdoctor("causes", *words)

    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)


# --- the page that compares the providers


def test_the_comparison_in_docs_is_current(jwtdoctor: Shell) -> None:
    """Otherwise: jwtdoctor causes --providers --write docs/providers.md."""
    answer = jwtdoctor("causes", "--providers", "--write", str(DOCS.parent / "providers.md"), "--check")

    assert (answer.code, answer.err) == (0, "")


def test_a_comparison_that_is_not_current_is_told_and_then_written(jwtdoctor: Shell) -> None:
    asked = ("causes", "--providers", "--write", "providers.md")

    codes = [jwtdoctor(*args).code for args in ((*asked, "--check"), asked, (*asked, "--check"))]

    assert codes == [1, 0, 0]
    assert (jwtdoctor.work / "providers.md").read_text(encoding="utf-8") == jwtdoctor("causes", "--providers").out


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("--write", "mine.md"), "left alone"),
        (("--write", "."), "cannot be read"),
        (("--write", ""), "no file"),
        (("--write", "gone/providers.md"), "does not exist"),
        (("--check",), "belongs to --write"),
        (("clock-drift",), "compares all"),
    ],
)
def test_what_the_comparison_cannot_do_is_said(jwtdoctor: Shell, argv: tuple[str, ...], says: str) -> None:
    (jwtdoctor.work / "mine.md").write_text("# Mine\n", encoding="utf-8")

    answer = jwtdoctor("causes", "--providers", *argv)

    assert answer.code == 2
    assert says in answer.err
    assert (jwtdoctor.work / "mine.md").read_text(encoding="utf-8") == "# Mine\n"


def test_programs_get_every_provider(jwtdoctor: Shell) -> None:
    rows = json.loads(jwtdoctor("causes", "--providers", "--format", "json").out)["providers"]

    assert [row["provider"] for row in rows] == list(load().providers)
