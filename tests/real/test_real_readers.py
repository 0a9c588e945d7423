"""Our reports in front of what reads them: a browser, an accessibility checker, SARIF tools, JUnit viewers.

The pictures of the pages are left in pytest's temporary folder, for a person to look at.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, browser
from conftest import missing
from installed import part

from jwtdoctor.checkup import examine, explain
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.report import Report
from jwtdoctor.render.html import html
from jwtdoctor.render.junit import junit
from jwtdoctor.render.sarif import sarif
from jwtdoctor.testing import World

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("readers")]
LOOKS = {
    "wide": {"width": 1000},
    "narrow": {"width": 360},
    "dark": {"width": 1000, "scheme": "dark"},
    "paper": {"width": 760, "media": "print"},
}


def examined(fault: str) -> Report:
    world = World(fault)
    return examine(world.case, world.instruments)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    hostile = '{"error":"invalid_grant","error_description":"<script>alert(1)</script> ' + "x" * 400 + '"}'
    finding = Finding("pkce-and-secret", "error", "force-app/main/acme app.xml:12:5", "both are on", "switch one off")
    return {
        "late": examined("clock-drift"),
        "granted": examined("healthy"),
        "no-answer": examined("dns-failed"),
        "tie": explain('{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}'),
        "hostile": explain(hostile),
        "findings": replace(examined("wrong-audience"), findings=(finding,)),
    }


@pytest.fixture(scope="module")
def pages(reports: dict[str, Report], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(html(report), encoding="utf-8")
    (folder / "all.html").write_text(html(*reports.values()), encoding="utf-8")
    return {path.stem: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def tab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        missing(request, "chromium is not installed")
    with browser(Path(program), tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def reader(request: pytest.FixtureRequest) -> Callable[..., Path]:
    def find(*names: str) -> Path:
        found = part(*names)
        if found is None:
            missing(request, f"{'/'.join(names)} is not installed: .ci/real-parts report_readers")
        return found

    return find


# --- a browser

OVERFLOWING = """[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width && !e.closest('.unseen') && !e.closest('details:not([open])')
    && (box.right > innerWidth + 1 || box.left < -1);
}).map(e => e.tagName + ' ' + e.textContent.slice(0, 60))"""


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_of_a_page_stands_out_over_its_edge(tab: Browser, pages: dict[str, Path], look: str) -> None:
    for name, page in pages.items():
        tab.look(page, **LOOKS[look])  # type: ignore[arg-type]

        assert tab.evaluate(OVERFLOWING) == [], name
        if name in ("late", "tie"):
            tab.screenshot(page.with_name(f"{name}-{look}.png"))


def test_a_page_asks_for_nothing_runs_nothing_and_its_style_is_taken(tab: Browser, pages: dict[str, Path]) -> None:
    for page in pages.values():
        tab.look(page, width=1000)

        assert tab.requested() == [page.resolve().as_uri()]
        assert tab.complaints() == []
        assert tab.evaluate("document.scripts.length") == 0
        assert tab.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none"


def test_the_policy_stops_what_someone_might_add(tab: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    spoilt = (
        pages["late"]
        .read_text(encoding="utf-8")
        .replace("</main>", "<script>document.title='ran'</script><img src='http://127.0.0.1:9/x.png'></main>")
    )
    page = tmp_path / "spoilt.html"
    page.write_text(spoilt, encoding="utf-8")

    tab.look(page, width=1000)

    assert tab.evaluate("document.title") != "ran"
    assert len(tab.complaints()) == 2


def test_dark_is_dark_and_paper_is_light(tab: Browser, pages: dict[str, Path]) -> None:
    background = "getComputedStyle(document.body).backgroundColor"

    seen = {}
    for look, how in LOOKS.items():
        tab.look(pages["late"], **how)  # type: ignore[arg-type]
        seen[look] = tab.evaluate(background)
    tab.look(pages["late"], width=760, media="print", scheme="dark")

    assert seen["wide"] == seen["paper"] == tab.evaluate(background) == "rgb(255, 255, 255)"
    assert sum(int(part) for part in seen["dark"][4:-1].split(",")) < 150


def test_no_two_texts_of_the_picture_lie_on_each_other(tab: Browser, pages: dict[str, Path]) -> None:
    overlapping = """(() => {
      const boxes = [...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect());
      return boxes.filter((a, i) => boxes.some((b, j) => j > i && a.left < b.right && b.left < a.right
        && a.top < b.bottom - 2 && b.top < a.bottom - 2)).length; })()"""

    for name in ("late", "granted"):
        for width in (1000, 360):
            tab.look(pages[name], width=width)
            assert tab.evaluate("document.querySelectorAll('svg text').length") >= 5
            assert tab.evaluate(overlapping) == 0


def test_a_page_prints_to_a_few_sheets_with_the_verdict_on_the_first(tab: Browser, pages: dict[str, Path]) -> None:
    tab.look(pages["late"], width=760, media="print")

    printed = tab.pdf()

    assert printed.startswith(b"%PDF")
    assert 1 <= printed.count(b"/Type /Page\n") <= 3


@pytest.mark.parametrize("look", ["wide", "narrow", "dark"])
def test_an_accessibility_checker_finds_nothing(
    tab: Browser, pages: dict[str, Path], reader: Callable[..., Path], look: str
) -> None:
    axe = reader("report-readers-npm", "node_modules", "axe-core", "axe.min.js").read_text(encoding="utf-8")

    for name in pages if look == "wide" else ("late", "tie"):
        tab.look(pages[name], **LOOKS[look])  # type: ignore[arg-type]
        tab.evaluate(axe + "; 0")
        violations, passes = tab.evaluate(
            "axe.run().then(r => [r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.html)}`), r.passes.length])"
        )
        assert violations == [], name
        assert passes > 15


# --- SARIF


def test_the_sarif_multitool_validates_every_run_against_the_schema(
    reports: dict[str, Report], reader: Callable[..., Path], tmp_path: Path
) -> None:
    log = tmp_path / "report.sarif"
    log.write_text(sarif(*reports.values()), encoding="utf-8")
    spoilt = tmp_path / "spoilt.sarif"
    spoilt.write_text(log.read_text(encoding="utf-8").replace('"runs"', '"ruuns"'), encoding="utf-8")

    assert complaints_of_multitool(reader, log) == []
    assert "JSON1002" in complaints_of_multitool(reader, spoilt)


def complaints_of_multitool(reader: Callable[..., Path], log: Path) -> list[str]:
    """The rules broken, at error level or as a warning. That this tool has no page of its own yet is none."""
    tool = reader("report-readers-npm", "node_modules", "@microsoft", "sarif-multitool-linux", "Sarif.Multitool")
    tool.chmod(0o755)  # npm unpacks it without the right to run
    said = log.with_suffix(".said")
    subprocess.run(
        [tool, "validate", log, "--output", said, "--log", "ForceOverwrite", "--level", "Error;Warning"],
        env={
            **os.environ,
            "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
            "DOTNET_BUNDLE_EXTRACT_BASE_DIR": str(log.parent),
        },
        check=False,
        capture_output=True,
        timeout=60,
    )
    (run,) = json.loads(said.read_text(encoding="utf-8-sig"))["runs"]
    results: list[Any] = run["results"]
    return [result["ruleId"] for result in results if result["ruleId"] != "SARIF2005"]


def test_sarif_tools_reads_the_causes_and_where_they_are(
    reports: dict[str, Report], reader: Callable[..., Path], tmp_path: Path
) -> None:
    tool, table = reader("report-readers", "bin", "sarif"), tmp_path / "report.csv"
    (tmp_path / "report.sarif").write_text(sarif(*reports.values()), encoding="utf-8")

    subprocess.run(
        [tool, "csv", "--output", table, tmp_path / "report.sarif"], check=True, capture_output=True, timeout=60
    )

    rows = table.read_text(encoding="utf-8-sig")
    assert "clock-drift" in rows
    assert "force-app/main/acme" in rows


# --- JUnit


def test_a_viewer_of_junit_files_shows_the_cause(
    reports: dict[str, Report], reader: Callable[..., Path], tmp_path: Path
) -> None:
    python, drawn = reader("report-readers", "bin", "python"), tmp_path / "report.html"
    source = tmp_path / "report.xml"
    source.write_text(junit(*reports.values()), encoding="utf-8")

    subprocess.run([python, "-m", "junit2htmlreport", source, drawn], check=True, capture_output=True, timeout=60)

    shown = drawn.read_text(encoding="utf-8")
    assert "clock-drift" in shown
    assert str(ElementTree.parse(source).getroot().get("failures")) in shown
