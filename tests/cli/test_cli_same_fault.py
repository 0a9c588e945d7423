"""`check --simulate X` learns nothing that plain `check` against `simulate --fault X` would not: the engine never
hears a fault's name. Both are run over real sockets, and their reports compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Shell

from jwtdoctor.simulator.command import check_arguments
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.server import Simulator

NAMES = (
    "healthy", "clock-drift", "server-clock-wrong", "wrong-audience", "signature-key-mismatch", "client-id-unknown",
    "user-not-preauthorized", "user-not-assigned-to-app", "ip-restricted", "unsupported-algorithm",
    "assertion-time-miscalculated", "wrong-login-host", "healthy:client-credentials", "no-run-as-user",
    "client-secret-wrong", "scope-param-not-supported", "pkce-missing", "pkce-verifier-mismatch", "code-reused",
    "refresh-token-revoked", "password-wrong", "platform-maintenance",
)  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_check_of_a_served_fault_concludes_the_same(name: str, shell: Shell, tmp_path: Path) -> None:
    staged = shell("check", "--simulate", name, "--format", "json")
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o700)

    with Simulator(stage(name)) as served:
        words = check_arguments(served.scenario, served.ready().attempt, "{}:{}".format(*served.ntp), folder)
        assert words is not None
        plain = shell(*words, "--format", "json")

    assert plain.code == staged.code, plain.err
    assert essence(plain.out) == essence(staged.out)


def essence(document: str) -> dict[str, Any]:
    report = json.loads(document)
    scores = [(v["cause"], v["score"], v["likelihood"]) for v in report["verdicts"][:5]]
    return {
        "outcome": report["outcome"],
        "leaders": report["leaders"],
        "scores": scores,
        "logins": report["logins_used"],
    }
