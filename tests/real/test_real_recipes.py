"""The recipes of docs/ci.md: their files keep to the schemas of their systems, and their commands run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import missing
from installed import part

from jwtdoctor.simulator import simulated_check

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("readers")]
ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
GITHUB, GITLAB, KUBERNETES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(CRON,) = re.findall(r"^```cron\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def github_steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = yaml.safe_load(GITHUB)["jobs"]["login"]["steps"]
    return steps


def commands() -> dict[str, str]:
    """What each system hands to a shell for the login itself."""
    (pod,) = yaml.safe_load(KUBERNETES)["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return {
        "github": next(step["run"] for step in github_steps() if "jwtdoctor check" in step.get("run", "")),
        "gitlab": yaml.safe_load(GITLAB)["login"]["script"][-1],
        "kubernetes": " ".join(pod["command"]),
        "cron": re.sub(r"^(\S+ ){5}flock -n \S+ ", "", CRON.splitlines()[-1]).replace("/var/lib/acme/", ""),
    }


@pytest.mark.parametrize(("name", "schema", "recipe"), [("workflow.yml", "vendor.github-workflows", GITHUB),
                                                        (".gitlab-ci.yml", "vendor.gitlab-ci", GITLAB)])  # fmt: skip
def test_a_recipe_keeps_to_the_schema_of_its_system(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, schema: str, recipe: str
) -> None:
    checker = part("report-readers", "bin", "check-jsonschema")
    if checker is None:
        missing(request, "check-jsonschema is not installed: .ci/real-parts report_readers")
    (tmp_path / name).write_text(recipe, encoding="utf-8")
    (tmp_path / "spoilt.yml").write_text(recipe.replace("timeout", "tiemout"), encoding="utf-8")

    for file, code in ((name, 0), ("spoilt.yml", 1)):
        done = subprocess.run([checker, "--builtin-schema", schema, tmp_path / file], capture_output=True, timeout=60)
        assert done.returncode == code, done.stdout.decode()


@pytest.fixture
def job(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a job whose user is not assigned to the app; its key lies where the recipes put it."""
    program = tmp_path / "bin" / "jwtdoctor"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m jwtdoctor "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    with simulated_check("user-not-assigned-to-app") as staged:
        key = staged.attempt.key_pem
        assert key is not None
        (tmp_path / "server.key").write_text(key.reveal(), encoding="utf-8")
        settings = {
            "JWTDOCTOR_PROVIDER": "salesforce",
            "JWTDOCTOR_URL": staged.attempt.token_url,
            "JWTDOCTOR_CLIENT_ID": staged.attempt.client_id,
            "JWTDOCTOR_USERNAME": staged.attempt.username,
            "JWTDOCTOR_AUDIENCE": "https://login.salesforce.com",
            "JWTDOCTOR_KEY": str(tmp_path / "server.key"),
            "JWTDOCTOR_NTP": ",".join(staged.ntp),
        }
        names = ", ".join(f'{name[10:].lower()} = "{value}"' for name, value in settings.items() if name[10:] != "NTP")
        (tmp_path / "jwtdoctor.toml").write_text(f"profile.acme = {{ {names} }}\n", encoding="utf-8")
        yield {
            **settings,
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "SF_PRIVATE_KEY": str(tmp_path / "server.key"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }


@pytest.mark.parametrize("system", commands())
def test_the_login_of_a_recipe_runs_and_its_files_tell_the_cause(
    job: dict[str, str], tmp_path: Path, system: str
) -> None:
    done = subprocess.run(
        ["bash", "-e", "-c", commands()[system]], env=job, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir() if path.is_file()}
    assert done.returncode == (0 if system == "cron" else 1), done.stderr
    assert "user-not-assigned-to-app" in done.stdout + "".join(written.values())
    assert "REFUSED" in done.stdout
    wanted = {"github": {"summary.md", "login.xml", "login.html"}, "gitlab": {"login.xml", "login.html"},
              "cron": {"login.txt", "login.html"}, "kubernetes": set()}[system]  # fmt: skip
    assert wanted <= set(written)
    assert job["SF_PRIVATE_KEY"] not in done.stdout


def test_the_key_of_the_workflow_is_readable_by_the_job_alone(tmp_path: Path) -> None:
    step = next(step for step in github_steps() if "KEY" in step.get("env", {}))

    subprocess.run(["bash", "-e", "-c", step["run"]], cwd=tmp_path, env={**os.environ, "KEY": "a\nb"}, check=True)

    assert (tmp_path / "server.key").read_text(encoding="utf-8") == "a\nb\n"
    assert (tmp_path / "server.key").stat().st_mode & 0o777 == 0o600
