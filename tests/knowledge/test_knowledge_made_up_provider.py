"""A provider that nobody has heard of is one data file: recognition, sign, check, simulate and explain follow."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from jwtdoctor.checkup import examine, explain
from jwtdoctor.cli.main import run
from jwtdoctor.errors import BadKnowledge
from jwtdoctor.knowledge import load as loading
from jwtdoctor.knowledge.typed import provider_of
from jwtdoctor.model.names import Likelihood, Outcome
from jwtdoctor.simulator.providers.staged import staged
from jwtdoctor.testing import World

KEY = Path(__file__).parents[2] / "sample_keys" / "matching.key"
DATA = r"""
title = "Quillon ID"
hosts = ['(^|\.)quillon\.test$']
token_path = "/v3/token"
audiences = ["https://{host}/v3/token"]
algorithms = ["PS384"]
required_claims = ["iss", "sub", "aud", "exp", "iat", "jti", "realm"]
forbidden_claims = ["nbf"]
needs_kid = true
aud_as_array = false
flows = ["private-key-jwt"]
references = ["https://docs.quillon.test/assertions"]

[requests.private-key-jwt]
beside = ["client_secret"]
headers = { Quillon-Version = "3" }
sources = ["https://docs.quillon.test/assertions"]

[limits.max_exp_ahead_s]
value = 120
sureness = "documented"
sources = ["https://docs.quillon.test/assertions"]

[limits.early_tolerance_s]
value = 5
sureness = "documented"
sources = ["https://docs.quillon.test/assertions"]

[[responses]]
id = "quillon-key"
where = "token"
statuses = [403]
error = "quill_denied"
description = "The quill is not in the drawer."
[[responses.readings]]
cause = "key-not-registered"
usual = "sole"
sureness = "documented"
sources = ["https://docs.quillon.test/errors"]

[[responses]]
id = "quillon-times"
where = "token"
statuses = [403]
error = "quill_denied"
pattern = 'ink of this letter is dry or not yet wet'
[[responses.readings]]
cause = "clock-drift"
usual = "usual"
sureness = "documented"
sources = ["https://docs.quillon.test/errors"]
[[responses.readings]]
cause = "assertion-expired"
usual = "often"
sureness = "documented"
sources = ["https://docs.quillon.test/errors"]

[[responses]]
id = "quillon-long"
where = "token"
statuses = [403]
error = "quill_denied"
pattern = 'letter is too long'
[[responses.readings]]
cause = "assertion-ttl-too-long"
usual = "sole"
sureness = "documented"
sources = ["https://docs.quillon.test/errors"]
"""


@cache
def with_one_more() -> dict[str, Any]:
    tables = loading.raw_from_toml(files("jwtdoctor.knowledge"))
    return {**tables, "providers": {**tables["providers"], "quillon": tomllib.loads(DATA)}}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[loading.Knowledge]:
    """The knowledge with one more file in it, for everything that loads it."""
    with_one_more()
    monkeypatch.setattr(loading, "raw_from_toml", lambda _folder: with_one_more())
    monkeypatch.setattr(loading, "_is_source_checkout", lambda _folder: True)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    loading.load.cache_clear()
    yield loading.load()
    loading.load.cache_clear()


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    run([*words, "--format", "json"])
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("known")
def test_it_is_recognised_by_its_words_and_by_its_host() -> None:
    by_words = explain('{"error": "quill_denied", "error_description": "The quill is not in the drawer."}')
    by_host = explain({"schema": "jwtdoctor.case/1", "facts": {"request.token_host": "eu.quillon.test"}})

    assert (by_words.provider, by_words.leaders) == ("quillon", ("key-not-registered",))
    assert by_host.provider == "quillon"


@pytest.mark.usefixtures("known")
def test_sign_follows_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--url",
        "https://eu.quillon.test",
        "--client-id",
        "c-1",
        "--key",
        str(KEY),
        "--kid",
        "k-1",
        "--alg",
        "PS384",
    ]

    claims = told(capsys, "sign", *words, "--claim", 'realm="acme"')["assertion"]["claims"]

    assert claims["aud"] == "https://eu.quillon.test/v3/token"
    assert claims["iss"] == claims["sub"] == "c-1"
    assert claims["jti"]
    assert claims["exp"] - claims["iat"] == 114, "five per cent below its maximum"


@pytest.mark.usefixtures("known")
def test_its_own_shape_of_request_is_copied(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--provider", "quillon", "--url", "https://eu.quillon.test", "--client-id", "c-1", "--key", str(KEY)]

    assert run(["check", *words, "--client-secret", "env:QUILL", "--copy", "curl"]) == 0

    copied = capsys.readouterr().out
    assert "https://eu.quillon.test/v3/token" in copied
    assert "Quillon-Version: 3" in copied
    assert 'client_secret@<(printf %s "${QUILL}")' in copied


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("fault", "status", "said", "cause"),
    [
        ("key-id-unknown", 403, "The quill is not in the drawer.", "key-not-registered"),
        ("assertion-ttl-too-long", 403, "letter is too long", "assertion-ttl-too-long"),
        ("missing-claim:iat", 401, None, "missing-claim"),
    ],
)
def test_check_against_the_simulator_hears_its_words_and_names_the_cause(
    capsys: pytest.CaptureFixture[str], fault: str, status: int, said: str | None, cause: str
) -> None:
    report = told(capsys, "check", "--provider", "quillon", "--simulate", fault)

    facts = {name: row["value"] for name, row in report["facts"].items()}
    assert report["provider"] == "quillon"
    assert (facts["reply.status"], facts.get("reply.description")) == (status, said)
    assert report["leaders"] == [cause]


def test_every_fault_is_named_or_left_open_and_the_healthy_one_accuses_nobody(known: loading.Knowledge) -> None:
    seen = {}
    for fault in staged(known.providers["quillon"]):
        world = World(fault.name, provider="quillon", knowledge=known)
        report = examine(world.case, world.instruments)
        promised = {v.cause for v in report.verdicts if v.likelihood is Likelihood.ALMOST_CERTAIN}
        assert promised <= {fault.stages, *fault.also}, (fault.name, report.leaders)
        assert (report.outcome is Outcome.GRANTED) == (fault.stages is None), fault.name
        seen[fault.name] = report.leaders

    assert seen["healthy"] == ()
    assert seen["clock-drift:slow"] == ("clock-drift",)
    assert seen["assertion-ttl-too-long"] == ("assertion-ttl-too-long",)
    assert {"jti-replayed", "key-id-missing", "audience-must-be-string", "unsupported-algorithm"} <= seen.keys()


@pytest.mark.usefixtures("known")
def test_simulate_lists_its_faults(capsys: pytest.CaptureFixture[str]) -> None:
    rows = told(capsys, "simulate", "--provider", "quillon", "--list")

    assert {"name": "key-id-missing", "flow": "private-key-jwt", "stages": "key-id-missing"} in rows


@pytest.mark.usefixtures("known")
def test_it_stands_in_the_comparison_of_all_providers(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["causes", "--providers"]) == 0

    page = capsys.readouterr().out
    assert "Quillon ID" in page
    assert "PS384" in page
    assert "https://docs.quillon.test/assertions" in page


@pytest.mark.usefixtures("known")
def test_inspect_judges_by_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--url", "https://eu.quillon.test", "--client-id", "c-1", "--key", str(KEY), "--alg", "PS384"]
    token = told(capsys, "sign", *words, "--claim", "nbf=1")["token"]

    found = told(capsys, "inspect", token, "--provider", "quillon")["findings"]

    assert {"kid-missing", "claim-missing", "claim-forbidden"} <= {one["rule"] for one in found}, found


def test_its_proofs_are_signed_with_what_it_takes() -> None:
    proofs = 'proofs = { algorithms = ["PS256"], sureness = "documented", sources = ["https://quillon.example/dpop"] }'

    taken = provider_of("quillon", tomllib.loads(f"{proofs}\n{DATA}")).proofs

    assert taken is not None
    assert taken.algorithms == ("PS256",)
    with pytest.raises(BadKnowledge, match="proofs"):
        provider_of("quillon", tomllib.loads(proofs.replace('"documented"', '"rumour"') + "\n" + DATA))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('method = "DELETE"', "method"),
        ('path = "no path"', "path"),
        ('beside = ["password"]', "beside"),
        ('thumbprints = ["kid"]', "thumbprints"),
        ('client_auth = "query"', "client_auth"),
        ('spelled = "wrongly"', "spelled"),
    ],
)
def test_a_mistake_in_its_request_is_refused_by_name(line: str, named: str) -> None:
    broken = DATA.replace("beside = [", f"{line}\n#").replace('#"client_secret"]', "")

    with pytest.raises(BadKnowledge, match=named):
        provider_of("quillon", tomllib.loads(broken))


def test_a_claim_that_stands_for_another_needs_its_value() -> None:
    instead = '[claim_instead.iss]\nclaim = "sub"\nis = "user"\nsources = ["https://docs.quillon.test/assertions"]\n'

    provider = provider_of("quillon", tomllib.loads(DATA + instead))

    assert provider.has_instead("iss", {"sub": "user"})
    assert not provider.has_instead("iss", {"sub": "someone"})
    assert not provider.has_instead("aud", {"sub": "user"})
    with pytest.raises(BadKnowledge, match="claim_instead iss"):
        provider_of("quillon", tomllib.loads(DATA + instead.replace('is = "user"\n', "")))
