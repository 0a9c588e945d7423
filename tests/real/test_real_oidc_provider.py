"""`check` against npm's `oidc-provider`: private_key_jwt, client secrets, PKCE.

Its refusals are opaque by design, and its log names the true cause: the answer key. Each verdict from the opaque reply,
with what this side can see, is held against the verdict from the log's own words.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from peers import CALLBACK, Keys, Peer, check, code_of, examined, oidc_provider

import jwtdoctor
from jwtdoctor.model.names import Likelihood

pytestmark = pytest.mark.real
SECRET = "right-secret-of-twenty-characters"
PROOF = ("--flow", "private-key-jwt", "--client-id", "assertion-client")
CODE = ("--flow", "authorization-code", "--client-id", "code-client", "--redirect-uri", CALLBACK)
OPAQUE = ("client authentication failed", "grant request is invalid")
OLD_S = 700


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Peer]:
    with oidc_provider(request, keys.public) as peer:
        yield peer


@pytest.fixture(scope="module")
def usual(server: Peer, true_time: str) -> tuple[str, ...]:
    return ("--provider", "node-oidc-provider", "--url", server.token_url, "--ntp", true_time)


@pytest.fixture(autouse=True)
def _nothing_is_left_in_the_log(server: Peer) -> None:
    while not server.said.empty():
        server.said.get_nowait()


def logged(server: Peer) -> dict[str, str]:
    """The next error in the server's log."""
    while True:
        try:
            line = server.next_line()
        except Empty:
            pytest.fail("the server logged no error")
        if line.startswith("{"):
            told: dict[str, str] = json.loads(line)
            return told


def verdict_of_the_log(server: Peer, flow: str) -> str:
    """What the words of the log, sent as if they were the reply, are diagnosed as, without any other fact."""
    told = logged(server)
    reply = {"error": told["error"], "error_description": told["detail"]}
    return jwtdoctor.explain(json.dumps(reply), provider="node-oidc-provider", flow=flow).leaders[0]


def assert_opaque(report: dict[str, Any]) -> None:
    assert report["facts"]["reply.description"]["value"] in OPAQUE


@pytest.mark.parametrize("aud", ["default", "token URL", "issuer"])
def test_a_right_assertion_is_granted(
    usual: tuple[str, ...], server: Peer, keys: Keys, tmp_path: Path, aud: str
) -> None:
    told = {"default": (), "token URL": ("--audience", server.token_url), "issuer": ("--audience", server.url)}[aud]

    report = check(*usual, *PROOF, *told, "--key", keys.private, home=tmp_path)

    assert (report["outcome"], report["leaders"]) == ("granted", [])


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ("expired", "assertion-expired"),
        ("early", "assertion-not-yet-valid"),
        ("audience", "wrong-audience"),
        ("key", "signature-key-mismatch"),
        ("no exp", "missing-claim"),
        ("no jti", "missing-claim"),
    ],
)
def test_the_verdict_on_an_opaque_refusal_is_that_of_the_log(
    usual: tuple[str, ...], server: Peer, keys: Keys, tmp_path: Path, wrong: str, cause: str
) -> None:
    now = int(time.time())
    told = {
        "expired": ("--claim", f"iat={now - OLD_S - 180}", "--claim", f"exp={now - OLD_S}"),
        "early": ("--claim", f"nbf={now + OLD_S}"),
        "audience": ("--audience", "https://login.example.com"),
        "key": ("--key", str(keys.other), "--cert", str(keys.public)),
        "no exp": ("--claim", "exp=null"),
        "no jti": ("--claim", "jti=null"),
    }[wrong]

    report = check(*usual, *PROOF, "--key", keys.private, *told, home=tmp_path)

    assert_opaque(report)
    assert report["leaders"] == [cause]
    assert verdict_of_the_log(server, "private-key-jwt") == cause


def test_without_a_certificate_a_wrong_key_is_still_the_first_of_what_remains(
    usual: tuple[str, ...], keys: Keys, tmp_path: Path
) -> None:
    report = check(*usual, *PROOF, "--key", keys.other, home=tmp_path)

    assert report["leaders"][0] == "signature-key-mismatch"
    assert report["verdicts"][0]["likelihood"] == "possible"


@pytest.mark.parametrize("is_told", [True, False])
def test_a_replayed_jti(usual: tuple[str, ...], server: Peer, keys: Keys, tmp_path: Path, is_told: bool) -> None:
    """Nothing on this side shows it; it leads because all else is seen to be right, and surely where it is told."""
    once = (*PROOF, "--key", keys.private, "--cert", keys.public, "--claim", f'jti="of {is_told}"')
    told = ("--fact", "history.assertion_reused=true") if is_told else ()

    first, second = (check(*usual, *once, *told, home=tmp_path) for _ in range(2))

    assert (first["outcome"], second["outcome"]) == ("granted", "refused")
    assert_opaque(second)
    assert second["leaders"][0] == "jti-replayed"
    assert verdict_of_the_log(server, "private-key-jwt") == "jti-replayed"


@pytest.mark.parametrize("place", ["body", "basic"])
def test_a_wrong_secret(usual: tuple[str, ...], server: Peer, tmp_path: Path, place: str) -> None:
    client = {"body": "post-client", "basic": "basic-client"}[place]
    told = ("--flow", "client-credentials", "--client-id", client, "--client-auth", place, "--client-secret", "env:S")

    right = check(*usual, *told, home=tmp_path, environ={"S": SECRET})
    wrong = check(*usual, *told, home=tmp_path, environ={"S": "wrong-secret"})

    assert right["outcome"] == "granted"
    assert_opaque(wrong)
    assert wrong["leaders"] == ["client-secret-wrong"]
    assert verdict_of_the_log(server, "client-credentials") == "client-secret-wrong"


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [("nothing", ""), ("verifier", "pkce-verifier-mismatch"), ("short", "pkce-verifier-mismatch")],
)
def test_the_code_grant_with_pkce(usual: tuple[str, ...], server: Peer, tmp_path: Path, wrong: str, cause: str) -> None:
    got = code_of(server, "code-client")
    verifier = {"verifier": got.verifier[::-1], "short": "short"}.get(wrong, got.verifier)

    report = check(
        *usual, *CODE, "--code", "env:CODE", "--code-verifier", "env:VERIFIER", "--code-challenge", got.challenge,
        home=tmp_path, environ={"CODE": got.code, "VERIFIER": verifier},
    )  # fmt: skip

    assert report["leaders"] == ([cause] if cause else [])
    if wrong == "verifier":
        assert_opaque(report)
        assert verdict_of_the_log(server, "authorization-code") == cause


def test_a_refusal_by_the_authorize_endpoint_is_a_refusal(usual: tuple[str, ...], tmp_path: Path) -> None:
    """Its redirect to the client, on another port, was once taken for a captive portal."""
    report = check(*usual, *CODE, "--scope", "openid", "--no-pkce", home=tmp_path)

    assert (report["outcome"], report["leaders"]) == ("refused", ["pkce-missing"])


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("milliseconds", ""),
        ("no-iat", ""),
        ("zero-life", ""),
        ("subtracted", "assertion-time-miscalculated"),
        ("time-zone", "assertion-time-miscalculated"),
        ("word-times", "assertion-time-miscalculated"),
        ("wrong-aud", "wrong-audience"),
        ("slash-aud", "wrong-audience"),
        ("bare-host-aud", "wrong-audience"),
        ("alg-none", "unsupported-algorithm"),
        ("hs256", "unsupported-algorithm"),
        ("missing-sub", "missing-claim"),
        ("missing-aud", "missing-claim"),
        ("wrong-iss", "client-id-mismatch"),
        ("bad-base64", "assertion-malformed"),
        ("two-parts", "assertion-malformed"),
    ],
)
def test_a_deliberate_fault_of_ours_leads_where_this_server_minds_it(
    server: Peer, keys: Keys, fault: str, cause: str
) -> None:
    report = examined(
        server, keys, fault, flow="private-key-jwt", client_id="assertion-client", provider="node-oidc-provider"
    )

    assert report.leaders[:1] == ((cause,) if cause else ())


def test_an_unknown_kid_behind_an_opaque_refusal_is_an_honest_tie(server: Peer, keys: Keys) -> None:
    """Nearly every assertion has a kid and a jti: that they are there accuses neither."""
    report = examined(
        server, keys, "wrong-kid", flow="private-key-jwt", client_id="assertion-client", provider="node-oidc-provider"
    )

    assert "key-id-unknown" in report.leaders
    assert Likelihood.ALMOST_CERTAIN not in {verdict.likelihood for verdict in report.verdicts}
