"""`profiles import` on the command line: what is written where, what is never written, and that it works afterwards."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from pathlib import Path

import pytest
from cli_shell import Shell

from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.world import CONSUMER_KEY, USERNAME, healthy

KEYS = Path(__file__).parents[2] / "sample_keys"
PLANTED = ["Pl4ntedAccessToken", "Pl4ntedRefresh", "Pl4ntedSecret", "Pl4ntedPassword", "Pl4ntedPassphrase"]
AUTH_FILE = {
    "accessToken": "00D5g0000Pl4ntedAccessToken", "refreshToken": "Pl4ntedRefresh", "clientSecret": "Pl4ntedSecret",
    "instanceUrl": "https://acme.my.salesforce.com", "loginUrl": "https://login.salesforce.com", "orgId": "00D5g",
    "username": "ci@acme.com", "clientId": CONSUMER_KEY, "privateKey": "/keys/server.key",
}  # fmt: skip
GOOGLE = {
    "type": "service_account", "project_id": "acme-1", "private_key_id": "0a1b2c", "client_id": "1234",
    "client_email": "sync-bot@acme-1.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token",
}  # fmt: skip


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def write(shell: Shell, name: str, content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    path = shell.work / name
    path.write_text(text)
    path.chmod(0o600)
    return name


def profiles(path: Path) -> dict[str, dict[str, object]]:
    return dict(tomllib.loads(path.read_text())["profile"])


def google_file(shell: Shell) -> str:
    return write(shell, "google.json", GOOGLE | {"private_key": (KEYS / "matching.key").read_text()})


# --- where it goes


def test_a_profile_goes_into_the_users_file_and_says_what_it_was_made_of(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", AUTH_FILE))

    made = profiles(jwtdoctor.config / "jwtdoctor.toml")
    assert answer.code == 0, answer.err
    assert "auth file of the Salesforce CLI" in answer.out
    assert made["acme-com"]["username"] == "ci@acme.com"
    assert made["acme-com"]["my_domain"] == "acme.my.salesforce.com"
    assert "next: jwtdoctor profiles doctor acme-com" in answer.out


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_a_new_file_is_private_and_an_older_one_keeps_its_mode(jwtdoctor: Shell) -> None:
    source = write(jwtdoctor, "a.json", AUTH_FILE)

    jwtdoctor("profiles", "import", source)
    (jwtdoctor.work / "jwtdoctor.toml").write_text("# ours\n[profile.bolt]\n")
    (jwtdoctor.work / "jwtdoctor.toml").chmod(0o644)
    jwtdoctor("profiles", "import", source, "--to", "project")

    assert (jwtdoctor.config / "jwtdoctor.toml").stat().st_mode & 0o777 == 0o600
    assert (jwtdoctor.work / "jwtdoctor.toml").stat().st_mode & 0o777 == 0o644
    assert (jwtdoctor.work / "jwtdoctor.toml").read_text().startswith("# ours\n[profile.bolt]\n")


def test_a_profile_is_never_overwritten_unasked(jwtdoctor: Shell) -> None:
    source = write(jwtdoctor, "a.json", AUTH_FILE)
    target = jwtdoctor.config / "jwtdoctor.toml"
    target.write_text('# mine\n[profile.acme]\nurl = "https://mine"\n\n# of bolt\n[profile.bolt]\nlifetime = 60\n')
    before = target.read_text()

    refused = jwtdoctor("profiles", "import", source, "--name", "acme")
    kept = target.read_text()
    replaced = jwtdoctor("profiles", "import", source, "--name", "acme", "--replace")

    assert (refused.code, kept) == (2, before)
    assert "profile 'acme' exists already. Use --replace" in refused.err
    assert replaced.code == 0, replaced.err
    assert profiles(target)["acme"]["url"] == "https://login.salesforce.com"
    assert "# of bolt\n[profile.bolt]\nlifetime = 60\n" in target.read_text()


def test_in_a_project_paths_below_it_are_relative(jwtdoctor: Shell) -> None:
    name = google_file(jwtdoctor)

    jwtdoctor("profiles", "import", name, "--to", "project")
    jwtdoctor("profiles", "import", name, "--to", "user")

    assert profiles(jwtdoctor.work / "jwtdoctor.toml")["sync-bot"]["key"] == "google.json"
    assert profiles(jwtdoctor.config / "jwtdoctor.toml")["sync-bot"]["key"] == str(jwtdoctor.work / "google.json")


def test_a_dry_run_prints_toml_and_writes_nothing(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", AUTH_FILE), "--dry-run")

    assert tomllib.loads(answer.out)["profile"]["acme-com"]["provider"] == "salesforce"
    assert "left out" in answer.err
    assert not (jwtdoctor.config / "jwtdoctor.toml").exists()


def test_json_tells_what_was_left_out_and_where_it_goes(jwtdoctor: Shell) -> None:
    env = "SF_USERNAME=ci@acme.com\nSF_CLIENT_ID=3MVG9x\nSF_CLIENT_SECRET=Pl4ntedSecret\n"
    source = write(jwtdoctor, "prod.env", env)

    document = json.loads(jwtdoctor("profiles", "import", source, "--format", "json", "--dry-run").out)

    assert document["written"] is False
    assert document["profiles"][0]["left_out"] == [
        {"what": "SF_CLIENT_SECRET", "why": "the client's secret", "setting": "client_secret",
         "ref": "env:SF_CLIENT_SECRET"}
    ]  # fmt: skip


def test_options_win_over_the_source(jwtdoctor: Shell) -> None:
    source = write(jwtdoctor, "a.json", AUTH_FILE)

    jwtdoctor("profiles", "import", source, "--username", "other@acme.com", "--lifetime", "60", "--name", "acme")

    made = profiles(jwtdoctor.config / "jwtdoctor.toml")["acme"]
    assert (made["username"], made["lifetime"]) == ("other@acme.com", 60)


def test_a_key_beside_a_login_by_browser_makes_it_one_by_jwt(jwtdoctor: Shell) -> None:
    login = {name: value for name, value in AUTH_FILE.items() if name != "privateKey"}
    key = write(jwtdoctor, "server.key", (KEYS / "matching.key").read_text())

    jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", login), "--name", "browser")
    jwtdoctor("profiles", "import", "a.json", key, "--name", "jwt")

    made = profiles(jwtdoctor.config / "jwtdoctor.toml")
    assert (made["browser"]["flow"], made["browser"]["refresh_token"]) == (
        "refresh-token",
        "env:ACME_COM_REFRESH_TOKEN",
    )
    assert (made["jwt"]["flow"], "refresh_token" in made["jwt"]) == ("jwt-bearer", False)


@pytest.mark.parametrize("option", [("--provider", "nobody"), ("--flow", "nothing")])
def test_a_provider_or_flow_that_there_is_not_is_told_before_anything_is_written(
    jwtdoctor: Shell, option: tuple[str, str]
) -> None:
    answer = jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", AUTH_FILE), *option)

    assert (answer.code, answer.out) == (2, "")
    assert not (jwtdoctor.config / "jwtdoctor.toml").exists()


# --- what is never written


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_of_a_source_is_written_or_shown(jwtdoctor: Shell, form: str) -> None:
    box = {"boxAppSettings": {"clientID": "b", "clientSecret": "Pl4ntedSecret", "appAuth": {
        "publicKeyID": "k", "privateKey": (KEYS / "encrypted.key").read_text(), "passphrase": "Pl4ntedPassphrase"}},
        "enterpriseID": "1"}  # fmt: skip
    env = "SF_USERNAME=a@b.c\nSF_CLIENT_ID=x\nSF_PASSWORD=Pl4ntedPassword\nURL=https://u:Pl4ntedPassword@h.example\n"
    postman = {"name": "pm", "_postman_variable_scope": "environment", "values": [
        {"key": "clientId", "value": "x"}, {"key": "url", "value": "https://login.salesforce.com"},
        {"key": "clientSecret", "value": "Pl4ntedSecret"}, {"key": "password", "value": "Pl4ntedPassword"},
        {"key": "username", "value": "eyJhbGciOi.Pl4ntedAccessToken.Pl4ntedAccessToken"}]}  # fmt: skip
    bruno = "vars {\n  clientId: x\n  url: https://login.salesforce.com\n  clientSecret: Pl4ntedSecret\n}\n"
    snow = '[c]\naccount = "a"\nuser = "u"\npassword = "Pl4ntedPassword"\ntoken = "Pl4ntedAccessToken"\n'
    sources = [write(jwtdoctor, name, content) for name, content in {
        "a.json": AUTH_FILE, "box.json": box, "p.env": env, "pm.json": postman, "b.bru": bruno, "s.toml": snow}.items()
    ]  # fmt: skip

    for source in sources:
        answer = jwtdoctor("profiles", "import", source, "--format", form, "--verbose")

        assert answer.code == 0, answer.err
        written = (jwtdoctor.config / "jwtdoctor.toml").read_text()
        assert [word for word in PLANTED if word in answer.out + answer.err + written] == []


HOSTILE = {
    "empty": "", "binary": "\x00\x01\x02", "nested": "[" * 200_000, "object": '{"a":' * 5_000,
    "unknown": '{"hello": "world"}', "list": "[1, 2]", "text": "hello world", "html": "<html></html>",
    "cut": '{"type": "service_account"',
    "quote": 'A="\n' + "x" * 300 + "\n" * 4_000, "lines": "A=1\n" * 6_000, "jwts": "KEY=" + "eyJ" * 300_000,
    "template": json.dumps({"name": "x", "values": [{"key": "clientId", "value": "{{" + " " * 200_000}]}),
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_what_holds_no_login_is_one_line_and_exit_2(jwtdoctor: Shell, content: str) -> None:
    answer = jwtdoctor("profiles", "import", write(jwtdoctor, "odd", content))

    assert answer.code == 2
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("jwtdoctor: odd: ")
    assert not (jwtdoctor.config / "jwtdoctor.toml").exists()


def test_a_value_cannot_break_out_of_its_quotes(jwtdoctor: Shell) -> None:
    evil = 'x"\n[profile.evil]\nurl = "https://evil'
    source = write(jwtdoctor, "a.json", AUTH_FILE | {"username": evil, "clientId": 'a"b\\', "alias": "a]\n[x\x1b[31m"})

    answer = jwtdoctor("profiles", "import", source)

    assert answer.code == 0, answer.err
    made = profiles(jwtdoctor.config / "jwtdoctor.toml")
    assert list(made) == ["a-x-31m"]
    assert made["a-x-31m"]["client_id"] == 'a"b\\'
    assert "username" not in made["a-x-31m"]
    assert "\x1b" not in answer.out


@pytest.mark.parametrize("name", ["", "a\nb", "-x", "x" * 61, "\x1b[31m"])
def test_a_name_that_is_none_is_refused(jwtdoctor: Shell, name: str) -> None:
    answer = jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", AUTH_FILE), f"--name={name}")

    assert (answer.code, answer.out) == (2, "")


@pytest.mark.parametrize("to", ["", ".", "gone/x.toml"])
def test_a_place_that_is_none_is_refused(jwtdoctor: Shell, to: str) -> None:
    assert jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", AUTH_FILE), f"--to={to}").code == 2


def test_a_settings_file_that_cannot_be_added_to_is_left_as_it_is(jwtdoctor: Shell) -> None:
    target = jwtdoctor.config / "jwtdoctor.toml"
    target.write_text('profile = { acme = { url = "https://mine" } }\n')
    source = write(jwtdoctor, "a.json", AUTH_FILE)

    answer = jwtdoctor("profiles", "import", source)

    assert answer.code == 2
    assert "cannot be edited here without risk" in answer.err
    assert target.read_text() == 'profile = { acme = { url = "https://mine" } }\n'


def test_a_key_cannot_come_by_stdin_and_an_answer_of_sf_can(jwtdoctor: Shell) -> None:
    told = ("accessToken", "instanceUrl", "username", "clientId")
    shown = {"status": 0, "result": {key: AUTH_FILE[key] for key in told}}

    refused = jwtdoctor("profiles", "import", "-", stdin=(KEYS / "matching.key").read_bytes())
    taken = jwtdoctor("profiles", "import", "-", "--name", "acme", stdin=json.dumps(shown).encode())

    assert (refused.code, "name the file" in refused.err.lower()) == (2, True)
    assert taken.code == 0, taken.err
    assert profiles(jwtdoctor.config / "jwtdoctor.toml")["acme"]["url"] == "https://acme.my.salesforce.com"


def test_several_logins_are_all_taken_or_one_of_them(jwtdoctor: Shell) -> None:
    source = write(jwtdoctor, "c.toml", '[one]\naccount = "a"\nuser = "u"\n[two]\naccount = "b"\nuser = "u"\n')

    named = jwtdoctor("profiles", "import", source, "--name", "x")
    one = jwtdoctor("profiles", "import", source, "--only", "two", "--name", "x", "--to", "project")
    both = jwtdoctor("profiles", "import", source)

    assert (named.code, "Choose one with --only" in named.err) == (2, True)
    assert one.code == both.code == 0
    assert list(profiles(jwtdoctor.work / "jwtdoctor.toml")) == ["x"]
    assert list(profiles(jwtdoctor.config / "jwtdoctor.toml")) == ["one", "two"]


# --- what was imported works


def test_an_imported_profile_logs_in(jwtdoctor: Shell) -> None:
    for name in ("matching.key", "matching.crt"):
        write(jwtdoctor, name, (KEYS / name).read_text())
    world = healthy("jwt-bearer", certificate_pem=(KEYS / "matching.crt").read_text())
    with Simulator(world) as simulator:
        login = AUTH_FILE | {"loginUrl": simulator.token_url, "username": USERNAME, "privateKey": "matching.key"}
        taken = jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", login), "matching.crt", "--name", "acme",
                          "--audience", "https://login.salesforce.com")  # fmt: skip
        healthy_profile = jwtdoctor("profiles", "doctor", "acme", "--format", "json")
        answer = jwtdoctor("check", "acme", "--no-ntp")

    assert taken.code == 0, taken.err
    assert [f["rule"] for f in json.loads(healthy_profile.out)["findings"] if f["severity"] == "error"] == []
    assert answer.code == 0, answer.out + answer.err


def test_a_profile_does_not_hinder_the_simulation(jwtdoctor: Shell) -> None:
    jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", AUTH_FILE), "--name", "acme")

    assert jwtdoctor("check", "acme", "--simulate").code == 0


def test_a_google_key_signs_what_google_auth_would(jwtdoctor: Shell) -> None:
    """google-auth, service_account._make_authorization_grant_assertion: iat, exp, iss, aud, scope; kid in the head."""
    scope = "https://www.googleapis.com/auth/cloud-platform"
    jwtdoctor("profiles", "import", google_file(jwtdoctor), "--scope", scope)

    own = json.loads(jwtdoctor("sign", "--profile", "sync-bot", "--format", "json").out)["assertion"]
    theirs = json.loads(jwtdoctor("sign", "--profile", "sync-bot", "--as", "google-auth", "--format", "json").out)

    claims = theirs["assertion"]["claims"]
    named = {"iss": GOOGLE["client_email"], "aud": GOOGLE["token_uri"], "scope": scope}
    assert own["header"] == theirs["assertion"]["header"] == {"alg": "RS256", "typ": "JWT", "kid": "0a1b2c"}
    assert {name: own["claims"][name] for name in named} == named
    assert own["claims"].keys() == claims.keys() == {"iss", "aud", "iat", "exp", "scope"}
    assert claims["exp"] - claims["iat"] == 3600


def test_a_key_signs_in_the_flow_that_the_provider_takes_it_in(jwtdoctor: Shell) -> None:
    write(jwtdoctor, "o.pem", (KEYS / "matching.key").read_text())
    env = "OKTA_CLIENT_ORGURL=https://acme.okta.com\nOKTA_CLIENT_CLIENTID=0oa\nOKTA_CLIENT_PRIVATEKEY=o.pem\n"

    jwtdoctor("profiles", "import", write(jwtdoctor, "okta.env", env))
    document = json.loads(jwtdoctor("sign", "--profile", "okta", "--format", "json").out)

    assert document["flow"] == "private-key-jwt"
    assert document["assertion"]["claims"]["sub"] == "0oa"
    assert document["assertion"]["claims"]["aud"] == "https://acme.okta.com/oauth2/v1/token"


def test_the_key_of_a_github_app_signs_for_its_id_and_nothing_else(jwtdoctor: Shell) -> None:
    source = write(jwtdoctor, "my-app.2026-01-01.private-key.pem", (KEYS / "matching.key").read_text())

    taken = jwtdoctor("profiles", "import", source, "--client-id", "12345")
    document = json.loads(jwtdoctor("sign", "--profile", "my-app", "--format", "json").out)

    assert taken.code == 0, taken.err
    assert document["provider"] == "github"
    assert document["assertion"]["claims"].keys() == {"iss", "exp", "iat"}
    assert document["assertion"]["claims"]["iss"] == "12345"


def test_a_box_configuration_keeps_its_secrets_and_signs(jwtdoctor: Shell) -> None:
    auth = {"publicKeyID": "k1", "privateKey": (KEYS / "encrypted.key").read_text(), "passphrase": "throwaway"}
    box = {"boxAppSettings": {"clientID": "b", "clientSecret": "s", "appAuth": auth}, "enterpriseID": "77"}
    jwtdoctor("profiles", "import", write(jwtdoctor, "box.json", box))

    document = json.loads(jwtdoctor("sign", "--profile", "box-77", "--format", "json").out)

    claims = document["assertion"]["claims"]
    assert (claims["iss"], claims["sub"], claims["box_sub_type"]) == ("b", "77", "enterprise")
    assert claims["aud"] == "https://api.box.com/oauth2/token"
    assert claims["exp"] - claims["iat"] <= 60
    assert "jti" in claims


def test_what_is_told_of_a_source_with_a_long_name_fits_the_terminal(jwtdoctor: Shell) -> None:
    """The line that names the source was as long as that name."""
    key = write(jwtdoctor, "AuthKey_ABC123DEFG.p8", (KEYS / "matching.key").read_text())

    told = jwtdoctor("profiles", "import", key, "--name", "a-name-that-is-as-long-as-names-become", "--dry-run").err

    assert max(map(len, told.splitlines())) <= 80


def test_a_snowflake_connection_signs_with_the_fingerprint_of_its_key(jwtdoctor: Shell) -> None:
    write(jwtdoctor, "rsa.p8", (KEYS / "matching.key").read_text())
    toml = '[connections.prod]\naccount = "xy12345.us-east-1"\nuser = "jdoe"\nprivate_key_file = "rsa.p8"\n'

    jwtdoctor("profiles", "import", write(jwtdoctor, "config.toml", toml))
    claims = json.loads(jwtdoctor("sign", "--profile", "prod", "--format", "json").out)["assertion"]["claims"]

    assert claims["sub"] == "XY12345.JDOE"
    assert claims["iss"].startswith("XY12345.JDOE.SHA256:")
    assert len(claims["iss"].removeprefix("XY12345.JDOE.SHA256:")) == 44
    assert "aud" not in claims


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_a_linked_settings_file_stays_a_link(jwtdoctor: Shell) -> None:
    real = jwtdoctor.root / "dotfiles.toml"
    real.write_text("")
    link = jwtdoctor.config / "jwtdoctor.toml"
    link.symlink_to(real)

    jwtdoctor("profiles", "import", write(jwtdoctor, "a.json", AUTH_FILE))

    assert link.is_symlink()
    assert "acme-com" in profiles(real)
