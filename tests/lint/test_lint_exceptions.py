"""Suppressions, the settings table and the baseline: every exception has its reason, and is told when it is idle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from jwtdoctor.errors import BadInput, BadProfile, UnknownName
from jwtdoctor.lint.check import MOST_IN_A_FILE, Linted, Options, lint
from jwtdoctor.lint.settings import LintSettings, settings_of
from jwtdoctor.lint.suppress import baseline_text, read_baseline

Write = Callable[[Mapping[str, str]], Path]
PATH = "connectedApps/Sync.connectedApp"
APP = """<ConnectedApp>
    <!-- {} -->
    <oauthConfig>
        <scopes>Full</scopes>
        <isIntrospectAllTokens>true</isIntrospectAllTokens>
    </oauthConfig>
    <oauthPolicy><ipRelaxation>BYPASS</ipRelaxation></oauthPolicy>
</ConnectedApp>
"""


def _rules(linted: Linted) -> set[str]:
    return {finding.rule for finding in linted.findings} - {"element-is-missing"}


def _lint(folder: Path, now: float, **options: Any) -> Linted:
    return lint([str(folder)], now, Options(**options))


def test_a_comment_speaks_for_the_element_behind_it_alone(write: Write, now: float) -> None:
    said = "jwtdoctor: ignore full-scope, introspects-all-tokens, ip-relaxed because the vendor's tool needs it"

    linted = _lint(write({PATH: APP.format(said)}), now)

    assert _rules(linted) == {"ip-relaxed", "suppression-unused"}
    assert {(one.finding.rule, one.kind, one.reason) for one in linted.suppressed} == {
        ("full-scope", "inSource", "the vendor's tool needs it"),
        ("introspects-all-tokens", "inSource", "the vendor's tool needs it"),
    }


@pytest.mark.parametrize(
    "said", ["jwtdoctor: ignore full-scope", "jwtdoctor: please", "jwtdoctor: ignore full-scope because "]
)
def test_a_comment_without_reason_suppresses_nothing_and_is_told(said: str, write: Write, now: float) -> None:
    assert {"full-scope", "suppression-unclear"} <= _rules(_lint(write({PATH: APP.format(said)}), now))


def test_a_comment_of_another_tool_is_none_of_ours(write: Write, now: float) -> None:
    linted = _lint(write({PATH: APP.format("this file is checked by jwtdoctor in CI")}), now)

    assert not any(rule.startswith("suppression") for rule in _rules(linted))


def test_a_configured_suppression_goes_by_path_and_rule(write: Write, now: float) -> None:
    table = {"suppress": [{"rule": "full-scope", "path": "*/Sync.*", "reason": "needed"},
                          {"rule": "ip-relaxed", "path": "*/Other.*", "reason": "needed"}]}  # fmt: skip
    folder = write({PATH: APP.format("x")})

    linted = _lint(folder, now, settings=settings_of(table, folder / "jwtdoctor.toml"))

    assert _rules(linted) == {"introspects-all-tokens", "ip-relaxed", "suppression-unused"}
    assert [one.kind for one in linted.suppressed] == ["external"]


def test_a_suppression_is_not_idle_where_its_rule_did_not_run(write: Write, now: float) -> None:
    said = "jwtdoctor: ignore refresh-tokens-for-ever because it is so"

    assert _rules(_lint(write({PATH: APP.format(said)}), now, ignore=("refresh-tokens-for-ever", "full-scope"))) == {
        "introspects-all-tokens",
        "ip-relaxed",
    }


def test_select_runs_these_rules_alone(write: Write, now: float) -> None:
    assert _rules(_lint(write({PATH: APP.format("x")}), now, select=("full-scope",))) == {"full-scope"}
    with pytest.raises(UnknownName, match="Nearest: full-scope"):
        _lint(write({PATH: APP.format("x")}), now, select=("ful-scope",))


def test_a_hostile_file_cannot_flood_the_answer(write: Write, now: float) -> None:
    many = "".join(f"<invented{n}/>" for n in range(MOST_IN_A_FILE + 7))

    linted = _lint(write({PATH: f"<ConnectedApp>{many}</ConnectedApp>"}), now, select=("element-is-unknown",))

    assert len(linted.findings) == MOST_IN_A_FILE + 1
    assert "7 more of this in the file" in {finding.message for finding in linted.findings}


def test_a_baseline_lets_pass_what_was_there_wherever_it_moved(write: Write, now: float) -> None:
    before = _lint(write({PATH: APP.format("x")}), now)
    baseline = read_baseline(baseline_text(before.findings).encode(), "b")

    moved = "\n\n" + APP.format("x").replace("<oauthPolicy>", "\n<oauthPolicy>")
    after = _lint(write({PATH: moved + "<!-- end -->"}), now, baseline=baseline)

    assert after.findings == ()
    assert {one.reason for one in after.suppressed} == {"in the baseline"}


def test_what_is_new_counts_and_what_is_gone_is_told(write: Write, now: float) -> None:
    baseline = read_baseline(baseline_text(_lint(write({PATH: APP.format("x")}), now).findings).encode(), "b")

    changed = APP.format("x").replace("BYPASS", "ENFORCE").replace("</label>", "")
    changed = changed.replace("<scopes>", "<isPkceRequired>yes</isPkceRequired><scopes>")

    assert _rules(_lint(write({PATH: changed}), now, baseline=baseline)) == {
        "value-of-wrong-kind",
        "baseline-entry-gone",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "x", "findings": []}', '{"findings": 3}', "[" * 5000])
def test_what_is_no_baseline_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput, match=r"^b: "):
        read_baseline(text.encode(), "b")


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"selct": []}, "unknown setting 'selct'"),
        ({"select": "full-scope"}, "a list of texts"),
        ({"baseline": 3}, "a text"),
        ({"suppress": {"rule": "x"}}, "tables with rule, path and reason"),
        ({"suppress": [{"rule": "full-scope"}]}, "an exception has a reason"),
        ({"suppress": [{"rule": "full-scope", "reason": "x", "until": "never"}]}, "unknown setting 'until'"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(table: dict[str, Any], says: str) -> None:
    with pytest.raises(BadProfile, match=says):
        settings_of(table, Path("jwtdoctor.toml"))


def test_without_a_table_everything_runs() -> None:
    assert settings_of({}, Path("x/jwtdoctor.toml")) == LintSettings(file="x/jwtdoctor.toml")
    assert Options().baseline == Counter()
