"""The request as a form: validated when a field is left, explained by the provider's figures, one with its command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.widgets import TextArea
from tui_stage import SMALL, WIDE, app_of, bench, examined, state, subject, until, words  # noqa: F401

from jwtdoctor.config.profiles import SETTINGS, Value, read_file
from jwtdoctor.errors import BadInput
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.names import FLOWS
from jwtdoctor.tui.app import JwtDoctorApp
from jwtdoctor.tui.form import BY_NAME, FIELDS, fields_of, hint_of, is_safe_to_show, limits_of, value_of
from jwtdoctor.tui.retyping import as_text, retyped
from jwtdoctor.tui.screens.ask import AskScreen
from jwtdoctor.tui.screens.files import FilesScreen
from jwtdoctor.tui.screens.jump import JumpScreen
from jwtdoctor.tui.screens.save import SaveScreen
from jwtdoctor.tui.screens.workbench import Workbench
from jwtdoctor.tui.subjects import Profile, catalogue
from jwtdoctor.tui.widgets.assertion import AssertionPane, JsonArea
from jwtdoctor.tui.widgets.request import FieldInput, RequestPane, Toggle

SALESFORCE, GITHUB = load().providers["salesforce"], load().providers["github"]
HEADER = {"alg": "RS256", "typ": "JWT"}
CLAIMS = {"iss": "3MVG9", "sub": "ci@acme.com", "aud": "https://login.salesforce.com", "iat": 1000, "exp": 1180}


def test_every_field_is_a_setting_and_every_flow_has_its_own_fields() -> None:
    assert {field.name for field in FIELDS} <= SETTINGS.keys()
    for flow in FLOWS:
        names = {field.name for field in fields_of(flow)}
        assert {"url", "flow", "client_id"} <= names
    assert "key" in {field.name for field in fields_of("jwt-bearer")}
    assert "client_secret" not in {field.name for field in fields_of("jwt-bearer")}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("url", "https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
        ("lifetime", " 60 ", 60),
        ("lifetime", "", None),
        ("claim", '{"scope": "api", "n": 1}', ('scope="api"', "n=1")),
        ("no_iat", "no", True),
        ("no_iat", "yes", False),
        ("client_secret", "env:ACME", "env:ACME"),
    ],
)
def test_what_is_typed_becomes_a_setting(name: str, text: str, value: Value | None) -> None:
    assert value == value_of(BY_NAME[name], text, SALESFORCE)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("url", "acme.my.salesforce.com"),
        ("url", "http://acme.my.salesforce.com"),
        ("lifetime", "three"),
        ("lifetime", "1e9999"),
        ("claim", "scope=api"),
        ("claim", "[1]"),
        ("claim", '{"a b": 1}'),
        ("key", "no/such/file.key"),
        ("client_id", "3MVG9 x"),
        ("client_secret", "hunter2-planted"),
    ],
)
def test_what_cannot_be_used_is_said_and_never_quoted(name: str, text: str) -> None:
    with pytest.raises(BadInput) as refused:
        value_of(BY_NAME[name], text, SALESFORCE)

    assert "planted" not in str(refused.value)


def test_a_field_of_a_secret_shows_references_alone() -> None:
    assert is_safe_to_show("client_secret", "env:ACME")
    assert is_safe_to_show("client_secret", "fil")
    assert not is_safe_to_show("client_secret", "hunter2")
    assert is_safe_to_show("username", "hunter2")


def test_help_tells_the_limits_of_this_provider_with_their_footing() -> None:
    here = dict(limits_of(BY_NAME["lifetime"], SALESFORCE))
    there = dict(limits_of(BY_NAME["lifetime"], GITHUB))

    assert here["after exp"].startswith("180 s [field reports")
    assert "no maximum is known" in here["longest life"]
    assert here != there
    most = GITHUB.limit("max_exp_ahead_s") or GITHUB.limit("max_ttl_s")
    assert most is not None
    assert "at most" in hint_of(BY_NAME["lifetime"], int(most) + 1, GITHUB)
    assert hint_of(BY_NAME["lifetime"], 180, SALESFORCE) == ""


# --- the assertion as JSON


@pytest.mark.parametrize(
    ("change", "edits"),
    [
        ({}, {}),
        ({"aud": "https://test.salesforce.com"}, {"audience": "https://test.salesforce.com"}),
        ({"iss": "other"}, {"client_id": "other"}),
        ({"exp": 1060}, {"lifetime": 60}),
        ({"exp": "1180"}, {"claim": ('exp="1180"',)}),
        ({"iat": 900}, {"claim": ("iat=900",)}),
        ({"iat": None}, {"no_iat": True}),
        ({"scope": "api"}, {"claim": ('scope="api"',)}),
        ({"aud": ["a", "b"]}, {"claim": ('aud=["a", "b"]',)}),
    ],
)
def test_what_is_changed_in_the_json_becomes_settings(change: dict[str, object], edits: dict[str, Value]) -> None:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}

    assert edits == retyped(as_text(HEADER, claims), HEADER, CLAIMS)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"header": {}}', as_text({"alg": "RS256", "typ": "x"}, CLAIMS),
     as_text(HEADER, {k: v for k, v in CLAIMS.items() if k != "exp"}), as_text(HEADER, {**CLAIMS, "b ad": 1}),
     "[" * 9000],
)  # fmt: skip
def test_what_no_setting_can_say_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        retyped(text, HEADER, CLAIMS)

    assert "\n" not in str(refused.value)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.integers() | st.text(max_size=5), max_size=4))
def test_any_further_claims_survive_the_way_through_the_settings(more: dict[str, object]) -> None:
    wanted = {name: value for name, value in more.items() if name not in CLAIMS}

    edits = retyped(as_text(HEADER, {**CLAIMS, **wanted}), HEADER, CLAIMS)

    lines = edits.get("claim") or ()
    assert isinstance(lines, tuple)
    assert wanted == {line.partition("=")[0]: json.loads(line.partition("=")[2]) for line in lines}


# --- on the screen


async def test_a_new_request_is_typed_checked_explained_saved_and_asked_about(folder: Path) -> None:
    app = JwtDoctorApp(catalogue())

    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(app.focused, FieldInput))
        await pilot.press(*"acme", "tab")
        await until(pilot, lambda: "✗ has no scheme" in words(app))
        assert bench(app).command_line() == "jwtdoctor check"
        await pilot.press("f5")
        assert bench(app).run is None
        await until(pilot, lambda: app.focused is _input(app, "url"))
        await _retype(app, "url", "https://acme.my.salesforce.com")
        await _retype(app, "client_id", "3MVG9abc")
        await _retype(app, "username", "ci@acme.com")
        await until(pilot, lambda: "--username ci@acme.com" in bench(app).command_line())

        _input(app, "lifetime").focus()
        await pilot.press("f1")
        await until(pilot, lambda: "At Salesforce" in words(app))
        assert "180 s [field reports, 2]" in words(app)
        await pilot.press("escape")

        _input(app, "key").focus()
        await pilot.press("ctrl+f")
        await until(pilot, lambda: isinstance(app.screen, FilesScreen) and "server.key" in words(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "--key server.key" in bench(app).command_line())
        await until(pilot, lambda: "holds no key" in words(app) or "is no" in words(app) or "not a" in words(app))

        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, AskScreen))
        assert "Not saved" in words(app)
        await pilot.press("k")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        await pilot.press(*"acme", "down", "f5")
        await until(pilot, lambda: isinstance(app.screen, Workbench))
        assert not bench(app).is_unsaved
        assert bench(app).command_line() == "jwtdoctor check acme"

    assert read_file(folder / "jwtdoctor.toml")["acme"]["key"] == "server.key"
    assert app.broken == []


async def test_editing_moves_the_assertion_its_findings_and_the_command_at_once() -> None:
    first = subject("healthy")
    app = app_of(first, start=first)

    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: '"sub": "integration@acme.example"' in words(app))
        toggle = app.screen.query(Toggle).first()
        toggle.focus()
        await pilot.press("space")
        await until(pilot, lambda: '"iat"' not in words(app))
        assert "--no-iat" in bench(app).command_line()
        await pilot.press("space")
        await _retype(app, "audience", "login.salesforce.com")
        await until(pilot, lambda: "✗ aud" in words(app))
        await _retype(app, "audience", "https://login.salesforce.com")

        await pilot.press("ctrl+e")
        await until(pilot, lambda: isinstance(app.focused, JsonArea))
        area = app.screen.query_one(JsonArea)
        area.text = area.text.replace('"claims": {', '"claims": {"scope": "api",')
        await until(pilot, lambda: "--claim" in bench(app).command_line())
        area.text = area.text.replace('"RS256"', "17")
        await until(pilot, lambda: "✗ of the header only" in words(app))
        area.post_message(TextArea.Changed(area))
        await pilot.press("escape")
        await until(pilot, lambda: '"scope": "api"' in words(app))
        assert not app.screen.query_one(AssertionPane).is_editing

        await examined(pilot, app)
        await pilot.press("ctrl+o")
        await until(pilot, lambda: isinstance(app.screen, JumpScreen))
        await pilot.press("a")
        await until(pilot, lambda: app.focused is _input(app, "url"))


async def test_a_resize_loses_nothing_that_was_typed() -> None:
    first = subject("healthy")
    app = app_of(first, start=first)

    async with app.run_test(size=(200, 60)) as pilot:
        await until(pilot, lambda: '"sub"' in words(app))
        box = _input(app, "username")
        box.focus()
        box.value = "half-ty"
        await until(pilot, lambda: "Who logs in" in words(app))
        for size in (SMALL, (120, 40), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert _input(app, "username").value == "half-ty"
        assert "half-ty" in words(app)


def test_edits_stand_in_the_command_line_as_check_takes_them(folder: Path) -> None:
    typed = Profile("acme").edited({"url": "https://a b", "no_iat": True, "no_pkce": False, "claim": ('a="b c"',)})

    line = typed.command({})

    assert line == "JWTDOCTOR_NO_PKCE=0 jwtdoctor check acme --url 'https://a b' --no-iat --claim 'a=\"b c\"'"


def _input(app: JwtDoctorApp, name: str) -> FieldInput:
    row = bench(app).query_one(RequestPane).row(name)
    assert row is not None
    return row.query_one(FieldInput)


async def _retype(app: JwtDoctorApp, name: str, text: str) -> None:
    row = bench(app).query_one(RequestPane).row(name)
    assert row is not None
    row.put(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "server.key").write_text("not a key")
    return tmp_path
