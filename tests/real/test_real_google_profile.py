"""A profile imported from a service account's key signs what google-auth signs with that key."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import missing
from installed import python_of

from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.cli.main import run

pytestmark = pytest.mark.real
KEY = Path(__file__).parents[2] / "sample_keys" / "matching.key"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
FILE = {
    "type": "service_account", "project_id": "acme-1", "private_key_id": "0a1b2c3d", "client_id": "1234",
    "client_email": "sync-bot@acme-1.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token",
}  # fmt: skip
THEIRS = """\
import sys
from google.oauth2 import service_account
path, scope, user = sys.argv[1:]
made = service_account.Credentials.from_service_account_file(path, scopes=[scope], subject=user or None)
print(made._make_authorization_grant_assertion().decode())
"""


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    path = tmp_path / "key.json"
    path.write_text(json.dumps(FILE | {"private_key": KEY.read_text()}))
    return path


@pytest.mark.parametrize("user", ["", "admin@acme.example"], ids=["itself", "delegated"])
def test_sign_and_google_auth_make_the_same_assertion(
    request: pytest.FixtureRequest, key_file: Path, capsys: pytest.CaptureFixture[str], user: str
) -> None:
    python = python_of("watched-clients")
    if python is None:
        missing(request, "google-auth is not installed (.ci/real-parts does)")
    argv = [str(python), "-c", THEIRS, str(key_file), SCOPE, user]
    theirs = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout.strip()

    assert run(["profiles", "import", str(key_file), "--scope", SCOPE, *(["--username", user] if user else [])]) == 0
    capsys.readouterr()
    assert run(["sign", "--profile", "sync-bot", "--as", "google-auth"]) == 0

    assert parts(theirs) == parts(capsys.readouterr().out.strip())


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, times by their rule: how long it lives."""
    decoded = take_apart(token)
    claims = dict(decoded.claims)
    return dict(decoded.header), claims | {"exp": claims["exp"] - claims["iat"], "iat": "now"}
