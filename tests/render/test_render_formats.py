"""Each format against the rules and the readers that others wrote for it."""

from __future__ import annotations

import io
import json
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import html5lib
import jsonschema
import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from render_samples import clock_report, tie_report

from jwtdoctor.checkup import examine, explain
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.clock import ClockReading
from jwtdoctor.model.margins import Edge, Margins
from jwtdoctor.model.names import Outcome, Sureness
from jwtdoctor.model.report import Failed, Report, Timeline
from jwtdoctor.render.html import html
from jwtdoctor.render.json import json as as_json
from jwtdoctor.render.junit import junit
from jwtdoctor.render.picture import picture, points_of, relation
from jwtdoctor.render.sarif import sarif
from jwtdoctor.testing import World

DOCS = Path(__file__).resolve().parents[2] / "docs"
T = 1795301245.0
STAGED = ["healthy", "clock-drift", "wrong-audience", "dns-failed", "user-not-preauthorized"]
BODIES = ['{"error":"invalid_grant"}', "the quick\nbrown fox", '{"access_token":"x","token_type":"Bearer"}']


def lint_report() -> Report:
    """Findings alone, as a command that makes no diagnosis reports them."""
    findings = (
        Finding(
            "require-secret-with-pkce", "error", "force app/Acme.eca-meta.xml:12:5", "both are on", "switch one off"
        ),
        Finding("broad-scope", "warning", "C:\\repo\\a.xml:3", "full is asked for"),
        Finding("old-app", "note", "/srv/a.xml", "installed before 2025"),
    )
    return replace(
        clock_report(), command="lint", outcome=Outcome.NOT_ASKED, leaders=(), verdicts=(), findings=findings,
        probes=(), timeline=None, clocks=(ClockReading("ntp:a", "refused", reason="no answer"),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """One of each kind: drawn by hand, staged, explained, with findings alone, with a probe that failed."""
    worlds = {name: World(name) for name in STAGED}
    staged = {name: examine(world.case, world.instruments) for name, world in worlds.items()}
    failed = (Failed("path", "a bug \x00 of ours", 0.2, is_bug=True), Failed("clock", "NTP is blocked", 3.0))
    broken = replace(clock_report(), probes=failed)
    return {
        **staged, **{f"explained-{n}": explain(body) for n, body in enumerate(BODIES)},
        "clock": clock_report(), "tie": tie_report(), "lint": lint_report(), "broken": broken,
        "never": replace(clock_report(), at=1e300, timeline=None),
    }  # fmt: skip


# --- JSON


def test_every_report_keeps_to_the_published_schema(reports: dict[str, Report]) -> None:
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)

    for name, report in reports.items():
        problems = [error.message for error in validator(schema).iter_errors(json.loads(as_json(report)))]
        assert problems == [], name


# --- JUnit

COUNTS = {"name", "tests", "failures", "errors", "skipped", "time"}
ALLOWED = {
    "testsuites": (COUNTS, {"testsuite"}),
    "testsuite": (COUNTS | {"timestamp", "hostname", "id", "package"}, {"testcase", "properties", "system-out"}),
    "testcase": ({"name", "classname", "time"}, {"skipped", "failure", "error", "system-out"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}
"""What Jenkins's schema (the xunit plugin's junit-10.xsd) lets an element hold, as far as it is used here."""


def xml_problems(element: ElementTree.Element) -> list[str]:
    attributes, children = ALLOWED[element.tag]
    found = [f"{element.tag}@{name}" for name in element.attrib if name not in attributes]
    found += [f"{element.tag}/{child.tag}" for child in element if child.tag not in children]
    if "name" in attributes and not element.get("name"):
        found.append(f"{element.tag} without a name")
    if not re.fullmatch(r"\d+\.\d+", element.get("time", "0.0")):
        found.append(f"{element.tag}@time")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.get("timestamp", "2026-01-01T00:00:00")):
        found.append(f"{element.tag}@timestamp")
    return found + [problem for child in element for problem in xml_problems(child)]


def test_junit_keeps_to_the_schema_of_jenkins(reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        assert xml_problems(ElementTree.fromstring(junit(report))) == [], name


def test_junit_is_read_by_a_reader_with_the_counts_that_it_states(reports: dict[str, Report]) -> None:
    whole = junitparser.JUnitXml.fromstring(junit(*reports.values()).encode())

    suites: list[Any] = list(whole)
    cases = [case for suite in suites for case in suite]
    failed = [case for case in cases if any(isinstance(result, junitparser.Failure) for result in case.result)]
    skipped = [case for case in cases if any(isinstance(result, junitparser.Skipped) for result in case.result)]
    assert len(suites) == len(reports)
    assert (whole.tests, whole.failures, whole.skipped) == (len(cases), len(failed), len(skipped))


@pytest.mark.parametrize(
    ("name", "failed"),
    [
        ("healthy", []),
        ("clock-drift", [("token", "clock-drift")]),
        ("tie", [("token", "tie")]),
        ("explained-1", []),
        ("explained-2", []),
        ("broken", [("token", "clock-drift"), ("path", "bug")]),
        ("lint", [("force app/Acme.eca-meta.xml:12:5", "require-secret-with-pkce")]),
    ],
)
def test_what_fails_in_junit_is_what_the_exit_code_counts(
    reports: dict[str, Report], name: str, failed: list[tuple[str, str]]
) -> None:
    root = ElementTree.fromstring(junit(reports[name]))

    rows = [(case.get("name"), row.get("type")) for case in root.iter("testcase") for row in case.findall("failure")]
    assert rows == failed


def test_a_suite_is_never_empty() -> None:
    """Jenkins takes a file without a test case for a broken run."""
    clean = replace(lint_report(), findings=())

    assert [case.get("name") for case in ElementTree.fromstring(junit(clean)).iter("testcase")] == [
        "nothing to complain of"
    ]


# --- SARIF


def runs_of(*reports: Report) -> list[Any]:
    log = json.loads(sarif(*reports))
    assert log["version"] == "2.1.0"
    runs: list[Any] = log["runs"]
    return runs


def test_every_result_names_its_rule_its_place_and_a_fingerprint(reports: dict[str, Report]) -> None:
    for run in runs_of(*reports.values()):
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        assert len(set(rules)) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]] == result["ruleId"]
            assert result["locations"]
            assert result["message"]["text"]
            assert result["partialFingerprints"]


def test_a_finding_with_a_line_gets_a_physical_location_that_is_a_uri(reports: dict[str, Report]) -> None:
    (run,) = runs_of(reports["lint"])

    places = [result["locations"][0] for result in run["results"]]
    assert places[0]["physicalLocation"] == {
        "artifactLocation": {"uri": "force%20app/Acme.eca-meta.xml"},
        "region": {"startLine": 12, "startColumn": 5},
    }
    assert places[1]["physicalLocation"]["artifactLocation"]["uri"] == "file:///C:/repo/a.xml"
    assert places[2] == {"logicalLocations": [{"fullyQualifiedName": "/srv/a.xml"}]}


def test_the_same_trouble_has_the_same_fingerprint_on_the_next_run() -> None:
    first, second = runs_of(clock_report(), replace(clock_report(), at=T + 86_400, took_s=3.0))

    assert first["results"][0]["partialFingerprints"] == second["results"][0]["partialFingerprints"]


def test_a_tie_of_many_does_not_flood_a_viewer() -> None:
    report = explain('{"error":"invalid_grant"}')
    (run,) = runs_of(report)

    assert len(report.leaders) > 10
    assert 1 < len(run["results"]) < 10
    assert f"one of {len(report.leaders)} causes" in run["results"][0]["message"]["text"]


# --- HTML


def test_html_has_no_parse_error_and_no_id_twice(reports: dict[str, Report]) -> None:
    for name, report in {**reports, "all": None}.items():
        whole = html(*reports.values()) if report is None else html(report)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            parser = html5lib.HTMLParser(strict=False, namespaceHTMLElements=False)
            parser.parse(io.StringIO(whole))
        ids = re.findall(r'\bid="([^"]+)"', whole)
        assert parser.errors == [], name
        assert len(set(ids)) == len(ids)


def test_the_policy_allows_the_one_style_sheet_by_its_hash() -> None:
    import base64
    import hashlib

    shown = html(clock_report())
    (style,) = re.findall(r"<style>(.*?)</style>", shown, re.DOTALL)

    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in shown
    assert "unsafe" not in shown


def test_a_link_leads_only_to_what_the_knowledge_names() -> None:
    report = clock_report()
    evil = replace(report, host="https://evil.example", case="https://evil.example", warnings=("https://evil.example",))

    assert 'href="https://example.com' in html(evil)
    assert 'href="https://evil' not in html(evil)
    assert "javascript:" not in html(replace(report, verdicts=tuple(
        replace(v, references=("javascript:alert(1)",)) for v in report.verdicts
    ))).replace("<li>javascript:alert(1)</li>", "")  # fmt: skip


# --- the picture

EDGE = Edge("slow", 10.0, "exp", "exp has passed", Sureness.DOCUMENTED)
moments = st.floats(-1e6, 1e6)


@settings(max_examples=25, deadline=None)
@given(start=moments, life=moments, local=moments, server=st.none() | moments, true=st.none() | moments,
       tolerated=st.floats(0, 1e4), flags=st.tuples(st.booleans(), st.booleans(), st.booleans()))  # fmt: skip
def test_everything_is_drawn_within_the_picture_and_said_in_its_title(
    start: float, life: float, local: float, server: float | None, true: float | None, tolerated: float,
    flags: tuple[bool, bool, bool],
) -> None:  # fmt: skip
    window = Timeline(T + start, T + start + life, T + local, None if server is None else T + server, *flags,
                      None if true is None else T + true)  # fmt: skip
    margins = Margins(1.0, tolerated, Sureness.FIELD_REPORT, EDGE, None, "", "date")

    figure = ElementTree.fromstring(picture(window, margins))

    places = [float(value.rstrip("%")) for shape in figure.iter() for name, value in shape.attrib.items()
              if name in ("x", "x1", "x2", "cx") and value.endswith("%")]  # fmt: skip
    title = figure.findtext("svg/title") or ""
    assert all(-0.01 <= place <= 100.01 for place in places)
    assert all(point.name in title for point in points_of(window))


@pytest.mark.parametrize(
    ("at_s", "said"),
    [(T - 12, "12 s before iat"), (T + 1, "within the window"), (T + 200, "20 s after exp, still forgiven"),
     (T + 600, "7 min after exp")],
)  # fmt: skip
def test_a_clock_is_said_to_stand_before_in_or_after_the_window(at_s: float, said: str) -> None:
    assert relation(Timeline(T, T + 180, T, T, True), at_s, 180.0) == said


def test_the_clock_that_judged_is_marked_and_only_that_one() -> None:
    drawn = picture(Timeline(T, T + 180, T, T + 600, True, true_now_s=T + 599), None)

    assert len(re.findall(r'<circle class="out"', drawn)) == 1
    assert len(re.findall(r'<circle class="other"', drawn)) == 2
    assert "server clock 03" not in drawn.partition('class="out"')[0]


def test_moments_outside_the_calendar_make_no_picture() -> None:
    assert picture(Timeline(-1e15, T, T, T, True), None) == ""
