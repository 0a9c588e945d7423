"""`watch` under libraries that nobody here wrote, against loopback servers: what they see is what they saw without it.

simple-salesforce speaks to our simulator; google-auth, Authlib and requests-oauthlib to a small token host. Each runs
in a process of its own, bare and then watched, and the two outcomes are compared.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import installed
import pytest
from conftest import missing
from token_host import Asked, Said, refused, token_host

import jwtdoctor
from jwtdoctor.simulator.faults import stage
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.wrappers.records import KEYS

pytestmark = pytest.mark.real
HERE = Path(__file__).parent
PACKAGE = Path(jwtdoctor.__file__).parent
KEY = HERE.parents[1] / "sample_keys" / "matching.key"
TOKEN: dict[str, Any] = {"access_token": "ya29.the-access-token", "token_type": "Bearer", "expires_in": 3600}
NEEDED = ("simple_salesforce", "google.auth", "authlib", "requests_oauthlib")
MODES = ("/granted", "/refused", "/html", "/hangs-up", "/moved-302", "/moved-307", "/busy-once")


@pytest.fixture(scope="module")
def client_python(request: pytest.FixtureRequest) -> Path:
    part = installed.python_of("watched-clients")
    if part is not None:
        return part
    if not all(_is_importable(name) for name in NEEDED):
        missing(request, f"{', '.join(NEEDED)} are not installed (.ci/real-parts watched_clients)")
    return Path(sys.executable)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder that holds jwtdoctor and nothing else, so that a client runs with its own versions of the rest."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "jwtdoctor").symlink_to(PACKAGE, target_is_directory=True)
    return folder


@pytest.mark.parametrize("client", ["google-auth", "google-auth in a block", "Authlib", "requests-oauthlib"])
def test_a_library_sees_the_same_with_and_without_watch(
    client: str, client_python: Path, tree: Path, tmp_path: Path
) -> None:
    job: dict[str, Any] = {"client": client, "modes": MODES, "key": str(KEY)}
    bare, _, asked_bare = _on_a_token_host(client_python, tree, {**job, "log": None})

    seen, records, asked = _on_a_token_host(client_python, tree, {**job, "log": str(tmp_path / "iat.jsonl")})

    assert seen == bare
    assert len(bare) == len(MODES)
    assert TOKEN["access_token"] in json.dumps(bare[0])
    assert all("ya29" not in json.dumps(outcome) for outcome in bare[1:4])
    assert [(a.method, a.path, a.headers.get("Content-Length")) for a in asked] == [
        (a.method, a.path, a.headers.get("Content-Length")) for a in asked_bare
    ]
    arrived = Counter(a.path for a in asked if a.method == "POST")
    assert Counter(urlsplit(r["endpoint"]).path for r in records) == arrived
    assert all(tuple(record) == KEYS for record in records)
    _assert_no_secret(records, asked)


def test_simple_salesforce_sees_the_same_with_and_without_watch(
    client_python: Path, tree: Path, tmp_path: Path
) -> None:
    faults = ("healthy", "clock-drift", "wrong-audience", "user-not-preauthorized", "platform-maintenance")
    for fault in faults:
        with _simulated(fault, tmp_path) as (job, asked):
            bare = _run(client_python, tree, {**job, "log": None})
            before = len(asked)
            log = tmp_path / f"{fault}.jsonl"
            seen = _run(client_python, tree, {**job, "log": str(log)})

        records, posted = _records(log), [a for a in asked[before:] if a["grant"]]
        assert seen == bare, fault
        # urllib3 repeats a 503 within one request, which is one record and teaches nothing of the clock.
        repeats = 3 if fault == "platform-maintenance" else 1
        assert (len(records), len(posted)) == (1, repeats), fault
        (record,) = records
        if repeats > 1:
            assert (record["status"], record["ahead_s"]) == (None, None)
            continue
        assert (record["flow"], record["status"]) == ("jwt-bearer", posted[0]["status"])
        assert (record["error"], record["description"]) == (posted[0]["error"], posted[0]["description"])
        assert record["endpoint"] == "https://login.salesforce.com/services/oauth2/token"
        assert record["client"] == hashlib.sha256(job["client_id"].encode()).hexdigest()[:12]
        assert record["exp"] is not None
        assert record["iat"] is None  # simple-salesforce signs none


def test_four_processes_of_thirty_two_threads_lose_and_tear_nothing(
    client_python: Path, tree: Path, tmp_path: Path
) -> None:
    log = tmp_path / "iat.jsonl"
    with token_host(_answer) as host:
        job = {"client": "google-auth", "modes": ["/granted"], "key": str(KEY), "base": host.base, "log": str(log)}
        programs = [_start(client_python, tree, {**job, "threads": 32, "times": 32}) for _ in range(4)]
        outcomes = [outcome for program in programs for outcome in _ended(program)]

    records = _records(log)
    posted = [a for a in host.asked if a.method == "POST"]
    assert len(outcomes) == 4 * 32
    assert all(outcome[0] == 200 for outcome in outcomes), outcomes
    assert len(records) == len(posted) == 4 * 32
    assert all(r["status"] == 200 and r["flow"] == "jwt-bearer" for r in records)


def test_simple_salesforce_in_many_threads_and_processes_is_recorded_whole(
    client_python: Path, tree: Path, tmp_path: Path
) -> None:
    log = tmp_path / "iat.jsonl"
    with _simulated("healthy", tmp_path) as (job, asked):
        program = {**job, "query": False, "log": str(log), "threads": 32, "times": 32}
        outcomes = [o for started in [_start(client_python, tree, program) for _ in range(4)] for o in _ended(started)]

    assert len(outcomes) == len([a for a in asked if a["grant"]]) == len(_records(log)) == 4 * 32
    assert all(outcome[1] is True for outcome in outcomes), outcomes


def test_an_unwritable_log_and_a_full_disk_change_nothing_for_a_library(
    client_python: Path, tree: Path, tmp_path: Path
) -> None:
    job = {"client": "google-auth", "modes": ["/granted"], "key": str(KEY)}
    bare, _, _ = _on_a_token_host(client_python, tree, {**job, "log": None})
    for log in (tmp_path / "no" / "such" / "folder", Path("/dev/full")):
        seen, _, _ = _on_a_token_host(client_python, tree, {**job, "log": str(log)})
        assert seen == bare


# --- the hosts


def _answer(asked: Asked) -> Said:
    mode = "/" + asked.path.split("/")[1]
    date = {"Date": formatdate(1_795_301_245, usegmt=True)}
    match mode:
        case "/api":
            return Said(200, '{"records": []}', date)
        case "/refused":
            return refused("Invalid JWT Signature.", **date)
        case "/html":
            return Said(403, "<html><body>Forbidden</body></html>", {**date, "Content-Type": "text/html"})
        case "/hangs-up":
            return Said(0)
        case "/moved-302" | "/moved-307":
            return Said(int(mode[-3:]), "", {**date, "Location": "/granted/token"})
        case _:
            return Said(200, json.dumps(TOKEN), date)


def _on_a_token_host(
    python: Path, tree: Path, job: Mapping[str, Any]
) -> tuple[list[Any], list[dict[str, Any]], list[Asked]]:
    """The outcomes, the records, and what arrived."""
    log = Path(job["log"]) if job["log"] else None
    refused_once: list[str] = []

    def answer(asked: Asked) -> Said:
        if asked.path.startswith("/busy-once") and not refused_once:
            refused_once.append(asked.path)
            return Said(503, "{}")
        return _answer(asked)

    with token_host(answer) as host:
        # The port is part of some messages: the same name for every host.
        outcomes = json.loads(json.dumps(_run(python, tree, {**job, "base": host.base})).replace(host.base, "BASE"))
    outcomes = json.loads(json.dumps(outcomes).replace(host.base.rpartition(":")[2], "PORT"))
    return [_without_ids(o) for o in outcomes], _records(log) if log and log.is_file() else [], host.asked


def _without_ids(outcome: Any) -> Any:
    """Messages of urllib3 name its objects by their place in memory."""
    return re.sub(r"0x[0-9a-f]+", "0x", outcome) if isinstance(outcome, str) else outcome


@contextmanager
def _simulated(fault: str, folder: Path) -> Iterator[tuple[dict[str, Any], list[Mapping[str, Any]]]]:
    asked: list[Mapping[str, Any]] = []
    with Simulator(stage(fault), log=asked.append) as simulator:
        attempt = simulator.ready().attempt
        key = folder / "client.key"
        if attempt.key_pem is not None and not key.exists():
            key.touch(0o600)
        if attempt.key_pem is not None:
            key.write_text(attempt.key_pem.reveal())
        base = simulator.token_url.removesuffix("/services/oauth2/token")
        job = {"client": "simple-salesforce", "modes": [""], "base": base, "key": str(key), "query": True}
        yield {**job, "client_id": attempt.client_id, "username": attempt.username}, asked


# --- the programs


def _run(python: Path, tree: Path, job: Mapping[str, Any]) -> list[Any]:
    return _ended(_start(python, tree, job))


def _start(python: Path, tree: Path, job: Mapping[str, Any]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [str(python), str(HERE / "watched_clients.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(tree)},
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(job))
    process.stdin.flush()
    return process


def _ended(process: subprocess.Popen[str]) -> list[Any]:
    try:
        printed, complained = process.communicate(timeout=90)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert process.returncode == 0, complained
    outcomes: list[Any] = json.loads(printed)
    return outcomes


def _records(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def _assert_no_secret(records: list[dict[str, Any]], asked: list[Asked]) -> None:
    written = json.dumps(records)
    secrets = [TOKEN["access_token"], "secret", *(a.fields["assertion"] for a in asked if "assertion" in a.fields)]
    assert not any(str(secret) in written for secret in secrets)


def _is_importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
