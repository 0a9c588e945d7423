"""The session of a Salesforce CLI alias: asked of `sf`, old and new, and nothing of it is ever quoted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from jwtdoctor.config.sfsession import Run, sf_session
from jwtdoctor.errors import BadProfile

TOKEN = "00D5g000004aBcDEAU!AQEAQDsessionsessionsession.x_y"
URL = "https://acme.my.salesforce.com"
HIDDEN = "[REDACTED] use 'sf org auth show-access-token' to view"


def answering(**results: str) -> Run:
    """A CLI that answers `display` and `show` with these texts."""

    def run(words: Sequence[str]) -> str:
        return results["show" if "auth" in words else "display"]

    return run


def shown(**result: str) -> str:
    return json.dumps({"status": 0, "result": result})


def test_an_old_cli_shows_the_session_beside_the_host() -> None:
    session = sf_session("acme", answering(display=shown(accessToken=TOKEN, instanceUrl=URL + "/")))

    assert (session.instance_url, session.token.reveal()) == (URL, TOKEN)


def test_a_new_cli_hides_it_and_is_asked_once_more() -> None:
    run = answering(display=shown(accessToken=HIDDEN, instanceUrl=URL), show=shown(accessToken=TOKEN))

    assert sf_session("acme", run).token.reveal() == TOKEN


def test_warnings_before_the_json_are_passed_over() -> None:
    run = answering(display="Warning: update available\n" + shown(accessToken=TOKEN, instanceUrl=URL))

    assert sf_session("acme", run).instance_url == URL


@pytest.mark.parametrize("text", ["", "no json", "{", '{"status":1,"name":"NoOrgFound"}', "[]", '{"result":7}', HIDDEN])
def test_a_cli_that_gives_none_is_one_line_that_quotes_nothing(text: str) -> None:
    with pytest.raises(BadProfile, match="gave no session") as caught:
        sf_session("acme", answering(display=text, show=shown(accessToken="secret-but-malformed")))

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("alias", ["-x", "--json", "a b", "a;b", "", "a\nb", "x" * 200, "$(id)"])
def test_what_is_no_alias_is_never_run(alias: str) -> None:
    def run(words: Sequence[str]) -> str:
        raise AssertionError(words)

    with pytest.raises(BadProfile, match="no alias"):
        sf_session(alias, run)


def test_a_missing_cli_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BadProfile, match="not installed"):
        sf_session("acme")


def test_the_cli_is_run_without_a_shell_and_its_stderr_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "sf"
    program.write_text(
        f"#!/bin/sh\necho leak-on-stderr >&2\nprintf '%s' '{shown(accessToken=TOKEN, instanceUrl=URL)}'\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    session = sf_session("user@acme.example")

    assert session.token.reveal() == TOKEN
    assert capfd.readouterr().err == ""
