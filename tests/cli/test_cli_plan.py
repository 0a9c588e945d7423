"""`jwtdoctor plan`, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import html5lib
import pytest
from cli_shell import Answer, Shell
from small_schema import complaints

SECRET = "hunter2-Kp9x"
TOKEN = "00D000000000001!AQEAQFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFake"
PLANS = ("policy", "rotation", "hardening", "checklist", "incident")


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def line_of(answer: Answer, name: str) -> dict[str, object]:
    lines = json.loads(answer.out)["plan"]["lines"]
    found: dict[str, object] = next(line for line in lines if line["id"] == name)
    return found


@pytest.mark.parametrize("plan", PLANS)
def test_every_plan_answers_without_any_evidence_and_says_so(jwtdoctor: Shell, plan: str) -> None:
    answer = jwtdoctor("plan", plan)

    assert answer.code == 0
    assert "not observed: " in answer.out
    assert "assumed: no flow was named" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80


@pytest.mark.parametrize("plan", PLANS)
def test_the_json_of_every_plan_fits_the_schema_of_the_report(jwtdoctor: Shell, plan: str) -> None:
    answer = jwtdoctor("plan", plan, "--fact", "app.kind=connected-app", "--format", "json")

    assert complaints(json.loads(answer.out), "report") == []


@pytest.mark.parametrize("plan", PLANS)
def test_every_plan_is_html_that_parses_and_markdown_with_its_sections(jwtdoctor: Shell, plan: str) -> None:
    facts = ("--fact", "app.kind=external-client-app", "--fact", "user.assigned_to_app=false")

    answer = jwtdoctor("plan", plan, *facts, "--format", "html", "-o", "p.html", "--format", "markdown")

    html5lib.HTMLParser(strict=True).parse((jwtdoctor.work / "p.html").read_text(encoding="utf-8"))
    assert answer.out.startswith(f"## {plan.upper()}: ")
    assert answer.out.count("### ") >= 2


def test_an_audit_of_an_org_fills_the_policy_page(jwtdoctor: Shell) -> None:
    jwtdoctor("audit", "--simulate", "user-not-assigned-to-app", "--format", "json", "-o", "audit.json")

    answer = jwtdoctor("plan", "policy", "--from", "audit.json", "--format", "json")

    line = line_of(answer, "permitted-users")
    assert answer.code == 1
    assert line["mark"] == "bad"
    assert {one["fact"] for one in line["rests_on"]} == {"app.permitted_users", "user.assigned_to_app"}  # type: ignore[attr-defined]
    assert line_of(answer, "session-policy")["mark"] == "ok"


def test_a_check_and_its_kept_case_are_evidence(jwtdoctor: Shell) -> None:
    jwtdoctor("check", "--simulate", "clock-drift", "--format", "json", "-o", "check.json", "--save-case", "c.json")

    from_report = jwtdoctor("plan", "incident", "--from", "check.json", "--format", "json")
    from_case = jwtdoctor("plan", "incident", "--case", "c.json", "--format", "json")

    assert line_of(from_report, "cause")["mark"] == "done"
    assert line_of(from_report, "clock")["mark"] == line_of(from_case, "clock")["mark"] == "bad"
    assert line_of(from_case, "one-check")["mark"] == "open"


def test_last_is_the_last_check_that_was_kept(jwtdoctor: Shell) -> None:
    nothing = jwtdoctor("plan", "incident", "--case", "last")
    jwtdoctor("check", "--simulate", "clock-drift")

    answer = jwtdoctor("plan", "incident", "--case", "last", "--format", "json")

    assert (nothing.code, nothing.out) == (2, "")
    assert line_of(answer, "keep")["mark"] == "done"


def test_lint_of_a_repository_is_evidence_beside_metadata_read_directly(jwtdoctor: Shell) -> None:
    app = jwtdoctor.work / "connectedApps" / "Sync.connectedApp-meta.xml"
    app.parent.mkdir()
    app.write_text(
        "<ConnectedApp><label>Sync</label><contactEmail>a@b.test</contactEmail><oauthConfig>"
        "<callbackUrl>https://x.test/cb</callbackUrl><isAdminApproved>true</isAdminApproved><scopes>Full</scopes>"
        "</oauthConfig><oauthPolicy><ipRelaxation>BYPASS</ipRelaxation>"
        "<refreshTokenPolicy>infinite</refreshTokenPolicy></oauthPolicy></ConnectedApp>",
        encoding="utf-8",
    )
    jwtdoctor("lint", "connectedApps", "--app", "Sync", "--format", "json", "-o", "lint.json")

    read = jwtdoctor("plan", "checklist", "--from", "lint.json", "--format", "json")
    directly = jwtdoctor("plan", "checklist", "--metadata", "connectedApps", "--format", "json")

    for answer in (read, directly):
        assert answer.code == 1
        assert line_of(answer, "g2-assigned")["mark"] == "bad"
        assert line_of(answer, "g1-scopes")["mark"] == "bad"
    assert "lint:rotates-at-every-deployment" not in line_of(read, "g1-rotation")["not_observed"]  # type: ignore[operator]


def test_a_profile_tells_flow_and_facts(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(
        '[profile.acme]\nflow = "client_credentials"\nclient_secret = "env:NOT_SET"\n'
        'fact = ["app.requires_secret=true"]\n',
        encoding="utf-8",
    )

    answer = jwtdoctor("plan", "policy", "acme", "--format", "json")

    assert json.loads(answer.out)["flow"] == "client-credentials"
    assert line_of(answer, "secret")["mark"] == "ok"


def test_commands_are_made_for_the_profile(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text('[profile."my app"]\nflow = "jwt_bearer"\n', encoding="utf-8")

    answer = jwtdoctor("plan", "incident", "my app", "--format", "json")

    assert line_of(answer, "one-check")["command"] == "jwtdoctor check 'my app'"
    assert line_of(answer, "org")["command"] == "jwtdoctor audit 'my app' --sf ALIAS"
    assert line_of(answer, "since-when")["command"] == "jwtdoctor logs query"


def test_an_item_is_ticked_in_the_name_of_who_accepts_it(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("plan", "checklist", "--accept", "g1-rotation=written in the wiki", "--format", "json")

    line = line_of(answer, "g1-rotation")
    assert line["mark"] == "ok"
    assert str(line["text"]).startswith("Accepted: written in the wiki. ")
    assert {"fact": "accepted", "observed": True, "source": "user"} in line["rests_on"]  # type: ignore[operator]


@pytest.mark.parametrize("given", ["g1-rotation", "g1-rotation= ", "no-such=reason"])
def test_nothing_is_accepted_without_an_item_and_a_reason(jwtdoctor: Shell, given: str) -> None:
    answer = jwtdoctor("plan", "checklist", "--accept", given)

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 1


def test_verbose_tells_the_line_its_sureness_and_its_sources(jwtdoctor: Shell) -> None:
    out = jwtdoctor("plan", "checklist", "--verbose").out

    assert "line: g1-rotation" in out
    assert "sure: documented" in out
    assert "https://" in out


def test_the_runbook_follows_kind_and_way(jwtdoctor: Shell) -> None:
    eca, app = ("--fact", "app.kind=external-client-app"), ("--fact", "app.kind=connected-app")

    rest = jwtdoctor("plan", "rotation", "--of", "secret", "--through", "rest", *eca).out
    setup = jwtdoctor("plan", "rotation", "--of", "secret", *app).out
    unknown = jwtdoctor("plan", "rotation", "--of", "secret").out

    assert "PATCH" in rest
    assert "Connected app" not in rest
    assert "count on no overlap" in " ".join(setup.split())
    assert "External client app, through Setup" in unknown
    assert "Connected app, through Setup" in unknown
    assert "not observed: app.kind" in " ".join(unknown.split())


def test_what_rotates_by_default_follows_the_flow(jwtdoctor: Shell) -> None:
    assert "key through ui" in jwtdoctor("plan", "rotation").out
    assert "secret through ui" in jwtdoctor("plan", "rotation", "--flow", "refresh_token").out


@pytest.mark.parametrize(
    "argv",
    [
        ("policy", "--from", "nowhere.json"),
        ("policy", "--fact", f"user.is_active={SECRET}"),
        ("policy", "--flow", SECRET),
        ("policy", "--case", f'{{"facts": 3, "password": "{SECRET}"}}'),
        ("policy", "--provider", "okta"),
        ("policy", "--metadata", "nowhere"),
        ("rotation", "--of", SECRET),
        ("nonsense",),
        (),
    ],
    ids=["no file", "bad fact", "bad flow", "bad case", "no option", "no metadata", "bad choice", "no plan", "none"],
)
def test_wrong_usage_is_one_line_and_exit_2(jwtdoctor: Shell, argv: tuple[str, ...]) -> None:
    answer = jwtdoctor("plan", *argv)

    assert answer.code == 2
    assert SECRET not in answer.err + answer.out
    assert len(answer.err.splitlines()) <= 1 or not argv


def test_a_profile_of_another_provider_is_refused(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text('[profile.o]\nprovider = "okta"\n', encoding="utf-8")

    answer = jwtdoctor("plan", "policy", "o")

    assert answer.code == 2
    assert "Salesforce's apps alone" in answer.err


def test_no_secret_and_no_escape_comes_through_in_any_form(jwtdoctor: Shell) -> None:
    facts = {
        "app.name": {"value": f"Sync \x1b]0;title\x07\x1b[31m {TOKEN}", "source": f"audit\x1b[2J{TOKEN}"},
        "app.scopes": {"value": ["api", f"<script>{TOKEN}</script>"], "source": "audit:ConnectedApp"},
        "app.kind": {"value": "connected-app", "source": "x"},
    }
    findings = [{"rule": "consumer-secret-in-source", "where": f"a\x1b[31m<b>client_secret={SECRET}:1"}]
    report = {"schema": "jwtdoctor.report/1", "command": "lint", "facts": facts, "findings": findings}
    (jwtdoctor.work / "r.json").write_text(json.dumps(report), encoding="utf-8")

    for plan in PLANS:
        for form in ("text", "markdown", "html", "json"):
            answer = jwtdoctor("plan", plan, "--from", "r.json", "--format", form)
            shown = answer.out + answer.err
            assert TOKEN not in shown
            assert SECRET not in shown
            assert "\x1b" not in shown
            assert "\\u001b" not in shown
            assert "<script" not in shown or form != "html"


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("healthy", None),
        ("user-not-assigned-to-app", "permitted-users"),
        ("user-not-approved-app", "permitted-users"),
        ("user-frozen", "user-state"),
        ("ip-restricted", "ip-caller-bearer"),
        ("login-hours-restricted", "login-hours"),
        ("app-blocked", "switched-off"),
        ("app-not-installed", "installed"),
        ("certificate-not-uploaded", "certificate"),
        ("no-run-as-user", "permitted-users-client-credentials"),
    ],
)
def test_the_policy_page_crosses_what_is_wrong_in_the_org_and_nothing_else(
    jwtdoctor: Shell, fault: str, line: str | None
) -> None:
    jwtdoctor("audit", "--simulate", fault, "--format", "json", "-o", "audit.json")

    answer = jwtdoctor("plan", "policy", "--from", "audit.json", "--format", "json")

    crossed = [one["id"] for one in json.loads(answer.out)["plan"]["lines"] if one["mark"] == "bad"]
    assert crossed == ([] if line is None else [line])
    assert answer.code == (0 if line is None else 1)
