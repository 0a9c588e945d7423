"""Programs that nobody here wrote, and the simulated org: simple-salesforce reads it, the Salesforce CLI opens it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import installed
import pytest
from client_runs import WALL, why_not
from conftest import missing
from real_clients import client

from jwtdoctor.org import queries as ask
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.wire import TOKEN_PATH
from jwtdoctor.simulator.world import CONSUMER_KEY

pytestmark = pytest.mark.real
READER = Path(__file__).parent / "org_reader.py"
USER = "Username = 'integration@acme.example'"


@pytest.fixture(scope="module")
def read(request: pytest.FixtureRequest) -> dict[str, Any]:
    python = installed.python_of("salesforce-python")
    if python is None:
        missing(request, "simple-salesforce is not installed (.ci/real-parts salesforce_python)")
    scenario = stage("ip-restricted")
    with Simulator(scenario) as simulator:
        job = {
            "base": simulator.token_url.removesuffix(TOKEN_PATH),
            "session": simulator.administrators_session(),
            "queries": [
                ask.USER.soql(USER),
                ask.HISTORY.soql("LoginTime = LAST_N_DAYS:7", "ORDER BY LoginTime DESC LIMIT 500"),
                "SELECT Id FROM LoginHistory WHERE Status = 'Success'",
                "SELECT Nope FROM User",
                "SELECT Id FROM Nope",
            ],
            "tooling": ["SELECT Metadata FROM Profile WHERE Name = 'Acme Integration Profile'"],
            "apps": ["Acme_Integration"],
        }
        done = subprocess.run(
            [str(python), str(READER)], input=json.dumps(job), capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_rows_arrive_with_their_relationships(read: dict[str, Any]) -> None:
    (user,) = read["queries"][0]

    assert (user["IsActive"], user["Profile"]["UserLicense"]["Name"]) == (True, "Salesforce")
    assert len(read["queries"][1]) == 12


def test_what_salesforce_refuses_is_refused_in_the_librarys_own_exceptions(read: dict[str, Any]) -> None:
    by_status, by_column, by_object = read["queries"][2:]

    assert [one["raised"] for one in read["queries"][2:]] == ["SalesforceMalformedRequest"] * 3
    assert by_status["content"][0]["errorCode"] == by_column["content"][0]["errorCode"] == "INVALID_FIELD"
    assert "field 'Status' can not be filtered in a query call" in by_status["content"][0]["message"]
    assert by_object["content"][0]["errorCode"] == "INVALID_TYPE"


def test_a_profiles_ranges_are_read_over_the_tooling_api(read: dict[str, Any]) -> None:
    (profile,) = read["tooling"][0]["records"]

    assert profile["Metadata"]["loginIpRanges"][0]["startAddress"] == "198.51.100.0"


def test_a_connected_app_is_read_over_the_metadata_api_by_salesforces_own_wsdl(read: dict[str, Any]) -> None:
    (app,) = read["apps"]

    assert (app["label"], app["key"]) == ("Acme Integration", CONSUMER_KEY)
    assert app["scopes"] == ["Api", "RefreshToken", "OpenID"]


def test_the_days_usage_is_told_in_every_answer(read: dict[str, Any]) -> None:
    used, total = read["usage"]

    assert (used > 17, total) == (True, 15_000)


@pytest.mark.timeout(150)
def test_the_session_of_the_real_salesforce_cli_opens_the_org(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if not client("sf org login jwt").is_installed:
        missing(request, "the Salesforce CLI is not installed (.ci/real-parts salesforce_npm)")
    if reason := why_not():
        missing(request, reason)

    done = subprocess.run(
        [*WALL, sys.executable, str(READER.with_name("org_by_sf.py"))],
        input=json.dumps({"folder": str(tmp_path)}),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(READER.parents[2])},
        timeout=140,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-3000:]
    read = json.loads(done.stdout)
    assert read["login"][0] == 0, read["login"][1]
    assert read["code"] == 0, read["err"]
    assert json.loads(read["out"])["facts"]["user.assigned_to_app"]["value"] is True
    assert "00D5g000004aBcD!" not in read["out"] + read["err"]
