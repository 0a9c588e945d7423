"""What is copied out runs elsewhere: the request as curl and as Python, against the simulator.

Only the tests that paste into a shell need real parts (curl, bash, jq); what is written as Python runs anywhere.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import time

import pytest
from cli_shell import Shell, installed
from conftest import missing

from jwtdoctor.model.exchange import Reply
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator import proofs
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.wire import HttpRequest
from jwtdoctor.simulator.world import CONSUMER_KEY, USERNAME, healthy

ROOT = Path(__file__).parents[2]
KEYS = ROOT / "sample_keys"
AUDIENCE = "https://login.salesforce.com"
NASTY = "Pl4nted%2B&= Secret'\"$(touch ran)`é"


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return installed(tmp_path, monkeypatch)


class Heard(Simulator):
    """A simulator that counts what it was asked."""

    requests = 0

    def answer(self, request: HttpRequest) -> Reply:
        self.requests += 1
        return super().answer(request)


@pytest.fixture
def curl(request: pytest.FixtureRequest) -> None:
    """The programs that a pasted command needs; jq where the secret is read out of JSON."""
    for program in ("bash", "curl", "jq"):
        if shutil.which(program) is None:
            missing(request, f"{program} is not installed: .ci/real-parts system")


@pytest.fixture
def bearer() -> Iterator[Heard]:
    simulator = Heard(healthy("jwt-bearer", certificate_pem=(KEYS / "matching.crt").read_text()))
    with simulator:
        yield simulator


@pytest.fixture
def bound() -> Iterator[Heard]:
    """The same, and the app wants DPoP proofs with a nonce."""
    scenario = healthy("jwt-bearer", certificate_pem=(KEYS / "matching.crt").read_text())
    simulator = Heard(replace(scenario, policy=scenario.policy.with_app(requires_dpop=True)))
    with simulator:
        yield simulator


def who(simulator: Simulator) -> list[str]:
    return ["--url", simulator.token_url, "--client-id", CONSUMER_KEY, "--username", USERNAME, "--audience", AUDIENCE]


def ran(text: str, *program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*program, text], capture_output=True, text=True, timeout=60)


@pytest.mark.real
@pytest.mark.usefixtures("curl")
def test_the_copy_in_curl_signs_and_logs_in(jwtdoctor: Shell, bearer: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "throwaway")
    key = ["--key", str(KEYS / "encrypted.key"), "--key-passphrase", "env:WORD"]

    copy = jwtdoctor("check", *who(bearer), *key, "--copy", "curl")
    done = ran(copy.out, "bash", "-c")

    assert copy.code == 0, copy.err
    assert "eyJ" not in copy.out
    assert "HTTP/1.1 200" in done.stdout, done.stdout + done.stderr


@pytest.mark.real
@pytest.mark.usefixtures("curl")
def test_a_copy_that_cannot_sign_sends_nothing(jwtdoctor: Shell, bearer: Heard) -> None:
    copy = jwtdoctor("check", *who(bearer), "--key", "gone.key", "--copy", "curl")

    done = ran(copy.out, "bash", "-c")

    assert done.returncode == 2
    assert "gone.key: cannot be read" in done.stderr
    assert bearer.requests == 0


def test_the_copy_in_python_signs_and_logs_in(jwtdoctor: Shell, bearer: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "throwaway")
    key = ["--key", str(KEYS / "encrypted.key"), "--key-passphrase", "env:WORD"]

    copy = jwtdoctor("check", *who(bearer), *key, "--copy", "python")
    done = ran(copy.out, sys.executable, "-c")

    assert copy.code == 0, copy.err
    assert done.stdout.startswith("200"), done.stderr
    assert "throwaway" not in copy.out


@pytest.mark.real
@pytest.mark.usefixtures("curl")
def test_a_copy_with_a_proof_follows_the_nonce_in_the_shell(
    jwtdoctor: Shell, bound: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORD", "throwaway")
    key = ["--key", str(KEYS / "encrypted.key"), "--key-passphrase", "env:WORD"]
    copy = jwtdoctor("check", *who(bound), *key, "--dpop-key", str(KEYS / "encrypted.key"), "--copy", "curl")

    done = ran(copy.out, "bash", "-c")

    assert (copy.code, copy.err) == (0, "")
    assert "eyJ" not in copy.out
    assert ("HTTP/1.1 200" in done.stdout, bound.requests) == (True, 2), done.stdout + done.stderr


@pytest.mark.real
@pytest.mark.usefixtures("curl")
def test_a_copy_that_cannot_make_its_proof_sends_nothing(jwtdoctor: Shell, bound: Heard) -> None:
    words = (*who(bound), "--key", str(KEYS / "matching.key"), "--dpop-key", "gone.pem")
    copy = jwtdoctor("check", *words, "--copy", "curl")

    done = ran(copy.out, "bash", "-c")

    assert (done.returncode, bound.requests) == (2, 0)
    assert "gone.pem: cannot be read" in done.stderr


def test_a_copy_with_a_proof_follows_the_nonce_in_python(jwtdoctor: Shell, bound: Heard) -> None:
    copy = jwtdoctor("check", *who(bound), "--key", str(KEYS / "matching.key"), "--dpop", "--copy", "python")

    done = ran(copy.out, sys.executable, "-c")

    assert "no API takes the token" in copy.err
    assert (done.stdout[:3], bound.requests) == ("200", 2), done.stderr


@pytest.mark.real
@pytest.mark.usefixtures("curl")
def test_what_sign_writes_as_curl_logs_in(jwtdoctor: Shell, bearer: Heard) -> None:
    key = str(KEYS / "matching.key")

    done = ran(jwtdoctor("sign", *who(bearer), "--key", key, "--format", "curl").out, "bash", "-c")

    assert "HTTP/1.1 200" in done.stdout, done.stderr


def test_what_sign_writes_with_a_proof_is_asked_for_a_nonce_and_then_logs_in(jwtdoctor: Shell, bound: Heard) -> None:
    words = ("sign", *who(bound), "--key", str(KEYS / "matching.key"), "--dpop", "--format", "python")
    first = jwtdoctor(*words)
    nonce = proofs.nonce(bound.scenario.policy.logical_host, time())
    second = jwtdoctor(*words, "--dpop-nonce", nonce)

    said = [ran(one.out, sys.executable, "-c").stdout.strip() for one in (first, second)]

    assert said == ["400 use_dpop_nonce", "200"]


def test_what_sign_writes_as_python_logs_in(jwtdoctor: Shell, bearer: Heard) -> None:
    key = str(KEYS / "matching.key")

    done = ran(jwtdoctor("sign", *who(bearer), "--key", key, "--format", "python").out, sys.executable, "-c")

    assert done.stdout.startswith("200"), done.stderr


@pytest.mark.real
@pytest.mark.usefixtures("curl")
@pytest.mark.parametrize("auth", ["body", "basic"])
@pytest.mark.parametrize("place", ["env", "file", "json"])
def test_a_secret_with_every_trap_arrives_as_it_is(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch, auth: str, place: str
) -> None:
    monkeypatch.setenv("NASTY", NASTY)
    (jwtdoctor.work / "a secret").write_text(NASTY)
    (jwtdoctor.work / "b.json").write_text(json.dumps({"a": {"b": NASTY}}))
    ref = {"env": "env:NASTY", "file": "file:a secret", "json": "json:b.json#/a/b"}[place]
    world = healthy("client-credentials")
    app = replace(world.policy.app, consumer_secret=Secret(NASTY))
    with Simulator(replace(world, policy=replace(world.policy, app=app))) as simulator:
        argv = ["--url", simulator.token_url, "--client-id", CONSUMER_KEY, "--flow", "client-credentials"]
        copy = jwtdoctor("check", *argv, "--client-secret", ref, "--client-auth", auth, "--copy", "curl")
        done = ran(copy.out, "bash", "-c")

    assert "HTTP/1.1 200" in done.stdout, copy.out + done.stdout + done.stderr
    assert NASTY not in copy.out
    assert not (jwtdoctor.work / "ran").exists()


def test_a_jwt_that_is_the_credential_goes_into_the_header(jwtdoctor: Shell) -> None:
    argv = ["--provider", "github", "--flow", "api-jwt", "--url", "https://api.github.com/app", "--client-id", "12345"]
    argv += ["--key", str(KEYS / "matching.key")]

    curl, python = (jwtdoctor("check", *argv, "--copy", form).out for form in ("curl", "python"))
    signed = [jwtdoctor("sign", *argv, "--format", form).out for form in ("curl", "python")]

    assert '--header @<(printf "Authorization: Bearer %s" "$assertion")' in curl
    assert "requests.get('https://api.github.com/app'" in python
    assert "subject=None" in python
    assert all("grant_type" not in text for text in (curl, python, *signed))
    compile(python, "copy", "exec")


def test_another_clients_assertion_is_copied_by_the_command_that_makes_it(jwtdoctor: Shell, bearer: Heard) -> None:
    copy = jwtdoctor("check", *who(bearer), "--key", "a.key", "--as", "sf", "--copy", "python").out

    compile(copy, "copy", "exec")
    assert "'--as', 'sf'" in copy
