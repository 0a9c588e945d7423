"""`check --dpop` against npm's `oidc-provider`, which demands proofs, with nonces of its own and without.

Two servers run: one hands out nonces and wants them, the other looks at the time of a proof.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import time

import pytest
from cli_shell import installed
from peers import CALLBACK, Keys, Peer, check, code_of, oidc_provider, redirect_of, tried

from jwtdoctor.checkup import examine
from jwtdoctor.instruments.system import real_instruments
from jwtdoctor.model.case import Attempt, Case
from jwtdoctor.model.names import Outcome, Reach
from jwtdoctor.model.report import Report
from jwtdoctor.model.secret import Secret

pytestmark = pytest.mark.real
PROVIDER = "node-oidc-provider"
SECRET = "right-secret-of-twenty-characters"
OFF_S = -900.0


@pytest.fixture(scope="module")
def with_nonces(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Peer]:
    with oidc_provider(request, keys.public) as peer:
        yield peer


@pytest.fixture(scope="module")
def without_nonces(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Peer]:
    with oidc_provider(request, keys.public, {"DPOP_NONCES": "none"}) as peer:
        yield peer


def bound(peer: Peer, keys: Keys, **more: object) -> Attempt:
    """A client that must prove possession, and proves itself with an assertion whose jti is good once."""
    return replace(Attempt(peer.token_url, "bound-client", key_path=str(keys.private), dpop=True), **more)  # type: ignore[arg-type]


def rules_of(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings]


def test_a_nonce_that_is_asked_for_is_sent_with_a_fresh_assertion(with_nonces: Peer, keys: Keys) -> None:
    report = tried(bound(with_nonces, keys), "private-key-jwt", PROVIDER)

    assert (report.outcome, report.logins_used, report.leaders) == (Outcome.GRANTED, 2, ())
    assert report.chart.text("token.type") == "DPoP"
    assert rules_of(report) == ["dpop-nonce-asked"]


def test_the_command_line_does_the_same(with_nonces: Peer, keys: Keys, tmp_path: Path) -> None:
    report = check(
        "--provider", PROVIDER, "--flow", "private-key-jwt", "--url", with_nonces.token_url, "--no-ntp",
        "--client-id", "bound-client", "--key", keys.private, "--dpop", home=tmp_path,
    )  # fmt: skip

    assert (report["outcome"], report["logins_used"]) == ("granted", 2)
    assert report["facts"]["proof.nonce_present"]["value"] is True
    assert "PRIVATE KEY" not in json.dumps(report)


@pytest.mark.parametrize("form", ["curl", "python"])
def test_the_copy_makes_its_proofs_and_logs_in_too(
    with_nonces: Peer, keys: Keys, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = installed(tmp_path, monkeypatch)
    copy = shell(
        "check", "--provider", PROVIDER, "--flow", "private-key-jwt", "--url", with_nonces.token_url,
        "--client-id", "bound-client", "--key", str(keys.private), "--dpop", "--copy", form,
    )  # fmt: skip
    program = ("bash", "-c") if form == "curl" else (sys.executable, "-c")

    done = subprocess.run([*program, copy.out], capture_output=True, text=True, timeout=60)

    granted = "HTTP/1.1 200" if form == "curl" else "200"
    assert done.stdout.startswith(granted), done.stdout + done.stderr


def test_without_nonces_one_request_is_enough(without_nonces: Peer, keys: Keys) -> None:
    report = tried(bound(without_nonces, keys), "private-key-jwt", PROVIDER)

    assert (report.outcome, report.logins_used) == (Outcome.GRANTED, 1)


def test_userinfo_takes_the_bound_token_with_a_proof_of_its_own(with_nonces: Peer, keys: Keys) -> None:
    assert keys.private.exists()
    got = code_of(with_nonces, "code-client")
    attempt = Attempt(
        with_nonces.token_url, "code-client", code=Secret(got.code), code_verifier=Secret(got.verifier),
        redirect_uri=CALLBACK, scope="openid", dpop=True,
    )  # fmt: skip

    report = tried(attempt, "authorization-code", PROVIDER)

    assert report.outcome is Outcome.GRANTED
    assert report.chart.flag("token.sent_with_proof") is True
    assert report.chart.number("token.identity_status") == 200


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person whose browser goes through the pages."""

    asked: list[str]

    def shown(self, url: str, user_code: str) -> None:
        raise AssertionError((url, user_code))

    def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)

    def redirected(self, url: str, state: str, within_s: float) -> str:
        assert state in url
        assert within_s > 0
        self.asked.append(url)
        return redirect_of(url)


def through_the_browser(peer: Peer, asked: list[str], **more: object) -> Report:
    attempt = replace(Attempt(peer.token_url, "code-client", redirect_uri=CALLBACK, scope="openid", dpop=True), **more)  # type: ignore[arg-type]
    world = replace(real_instruments(no_ntp=True, environ={}), host_clock=None, person=Somebody(asked))
    case = Case(PROVIDER, "authorization-code", attempt=attempt, reach=Reach.ENDPOINT)
    return examine(case, world)


def test_a_code_is_bound_to_the_key_that_it_was_asked_for_with(with_nonces: Peer) -> None:
    asked: list[str] = []
    report = through_the_browser(with_nonces, asked)

    assert "dpop_jkt=" in asked[0]
    assert (report.outcome, report.chart.text("token.type")) == (Outcome.GRANTED, "DPoP")


def test_a_code_that_was_asked_for_with_another_key_is_not_redeemed(with_nonces: Peer) -> None:
    got = code_of(with_nonces, "code-client", more={"dpop_jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})
    attempt = Attempt(
        with_nonces.token_url, "code-client", code=Secret(got.code), code_verifier=Secret(got.verifier),
        redirect_uri=CALLBACK, dpop=True,
    )  # fmt: skip

    report = tried(attempt, "authorization-code", PROVIDER)

    assert report.outcome is Outcome.REFUSED
    assert report.chart.text("reply.description") == "grant request is invalid"  # it keeps the reason to itself
    assert "dpop-required" in report.leaders
    assert "dpop-key-is-new" in rules_of(report)


def test_a_request_without_a_proof_is_refused_and_said_to_want_one(with_nonces: Peer, keys: Keys) -> None:
    """The server keeps to itself why; this grant has few reasons."""
    report = tried(bound(with_nonces, keys, dpop=False), "private-key-jwt", PROVIDER)

    assert report.chart.text("reply.description") == "grant request is invalid"
    assert report.leaders[0] == "dpop-required"


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"htu": "https://old.acme.example/token"}, "DPoP proof htu mismatch"),
        ({"htm": "GET"}, "DPoP proof htm mismatch"),
        ({"jti": ""}, "DPoP proof must have a jti string property"),
        ({"iat": 1_700_000_000}, "DPoP proof iat is not recent enough"),
        ({"nonce": "made-up"}, "DPoP nonces are not supported"),
    ],
    ids=["url", "method", "no-jti", "kept", "nonce"],
)
def test_a_bad_proof_is_refused_in_words_that_are_known(
    without_nonces: Peer, keys: Keys, claims: dict[str, object], says: str
) -> None:
    report = tried(bound(without_nonces, keys, dpop_claims=claims), "private-key-jwt", PROVIDER)

    assert report.chart.text("reply.description") == says
    assert report.leaders == ("dpop-required",)
    assert report.logins_used == 1


def test_a_nonce_that_is_refused_again_is_the_end(with_nonces: Peer, keys: Keys) -> None:
    report = tried(bound(with_nonces, keys, dpop_claims={"nonce": "made-up"}), "private-key-jwt", PROVIDER)

    assert (report.leaders, report.logins_used) == (("dpop-required",), 2)
    assert "dpop-nonce-asked-again" in rules_of(report)


def test_an_algorithm_that_is_not_taken_for_proofs_is_refused(with_nonces: Peer, keys: Keys) -> None:
    report = tried(bound(with_nonces, keys, dpop_key_path=str(keys.other)), "private-key-jwt", PROVIDER)

    assert report.chart.text("reply.description") == "invalid DPoP key binding"
    assert report.leaders == ("dpop-required",)
    assert "dpop-algorithm" in rules_of(report)


@dataclass(frozen=True, slots=True)
class SlowClock:
    """A local clock that is a quarter of an hour behind."""

    def now(self) -> float:
        return time() + OFF_S


def slow(peer: Peer, reach: Reach = Reach.ENDPOINT) -> Report:
    """A client without an assertion, so that nothing but its proofs has a time."""
    attempt = Attempt(peer.token_url, "bound-post-client", client_secret=Secret(SECRET), dpop=True)
    case = Case(PROVIDER, "client-credentials", attempt=attempt, reach=reach)
    return examine(case, replace(real_instruments(no_ntp=True, environ={}, clock=SlowClock()), host_clock=None))


def test_a_slow_clock_spoils_a_proof_where_its_time_counts(without_nonces: Peer) -> None:
    report = slow(without_nonces)

    assert report.chart.text("reply.description") == "DPoP proof iat is not recent enough"
    assert report.leaders == ("clock-drift",), [(v.cause, v.score) for v in report.verdicts[:3]]


def test_a_proof_with_the_hosts_time_proves_that_it_was_the_clock(without_nonces: Peer) -> None:
    report = slow(without_nonces, Reach.REPEAT)

    assert report.chart.flag("retry.granted_with_host_time") is True
    assert report.logins_used == 2


def test_a_nonce_frees_a_proof_from_the_clock(with_nonces: Peer) -> None:
    assert slow(with_nonces).outcome is Outcome.GRANTED
