"""`check` against an authorization server made of Authlib: jwt-bearer, private_key_jwt, client secrets, PKCE.

Authlib says what it minds of a claim, in its own words, and nothing at all of a bad signature. It is asked as
`generic`: a user does not know what a server is made of.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from peers import CALLBACK, Keys, Peer, authlib_server, check, code_of, examined

pytestmark = pytest.mark.real
USER = "user@example.com"
BEARER = ("--client-id", "bearer-client", "--username", USER)
PROOF = ("--flow", "private-key-jwt", "--client-id", "assertion-client")
SECRET = ("--flow", "client-credentials", "--client-id", "secret-client", "--client-secret", "env:SECRET")
CODE = ("--flow", "authorization-code", "--client-id", "code-client", "--redirect-uri", CALLBACK)
OLD_S = 700
"""Neither within Authlib's leeway of 60 s nor a whole number of quarter-hours, which would be a time zone."""


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Peer]:
    with authlib_server(request, keys.public) as peer:
        yield peer


@pytest.fixture(scope="module")
def usual(server: Peer, true_time: str) -> tuple[str, ...]:
    return ("--provider", "generic", "--url", server.token_url, "--ntp", true_time)


def times(*, iat_in_s: float, exp_in_s: float) -> tuple[str, ...]:
    now = int(time.time())
    return ("--claim", f"iat={now + iat_in_s:.0f}", "--claim", f"exp={now + exp_in_s:.0f}")


@pytest.mark.parametrize("grant", [BEARER, PROOF])
def test_a_right_assertion_is_granted(
    usual: tuple[str, ...], server: Peer, keys: Keys, tmp_path: Path, grant: tuple[str, ...]
) -> None:
    aud = ("--audience", server.token_url)
    report = check(*usual, *grant, *aud, "--key", keys.private, "--cert", keys.public, home=tmp_path)

    assert (report["outcome"], report["leaders"]) == ("granted", [])


@pytest.mark.parametrize("grant", [BEARER, PROOF])
@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ("expired", "assertion-expired"),
        ("early", "assertion-not-yet-valid"),
        ("audience", "wrong-audience"),
        ("key", "signature-key-mismatch"),
        ("claim", "missing-claim"),
    ],
)
def test_what_is_wrong_with_an_assertion_is_named_first(
    usual: tuple[str, ...], server: Peer, keys: Keys, tmp_path: Path, grant: tuple[str, ...], wrong: str, cause: str
) -> None:
    told = {
        "expired": times(iat_in_s=-OLD_S - 180, exp_in_s=-OLD_S),
        "early": ("--claim", f"nbf={time.time() + OLD_S:.0f}"),
        "audience": ("--audience", "https://login.example.com"),
        "key": ("--key", str(keys.other)),
        "claim": ("--claim", "exp=null"),
    }[wrong]
    right = ("--audience", server.token_url, "--key", str(keys.private))

    report = check(*usual, *grant, *right, *told, home=tmp_path)

    assert report["outcome"] == "refused"
    assert report["leaders"][0] == cause
    assert len(report["leaders"]) == 1 or report["questions"]


def test_another_key_than_that_of_the_certificate_is_sure(
    usual: tuple[str, ...], server: Peer, keys: Keys, tmp_path: Path
) -> None:
    pair = ("--key", keys.other, "--cert", keys.public)

    report = check(*usual, *BEARER, "--audience", server.token_url, *pair, home=tmp_path)

    assert report["leaders"] == ["signature-key-mismatch"]
    assert report["verdicts"][0]["score"] >= 20


def test_a_jti_that_was_used_before_is_named_first(
    usual: tuple[str, ...], server: Peer, keys: Keys, tmp_path: Path
) -> None:
    once = (*PROOF, "--audience", server.token_url, "--key", keys.private, "--claim", 'jti="the only one"')

    outcomes = [check(*usual, *once, home=tmp_path) for _ in range(2)]

    assert [report["outcome"] for report in outcomes] == ["granted", "refused"]
    assert outcomes[1]["leaders"] == ["jti-replayed"]


@pytest.mark.parametrize(
    ("fault", "bearer", "proof"),
    [
        ("word-times", "assertion-time-miscalculated", "assertion-time-miscalculated"),
        ("milliseconds", "assertion-time-miscalculated", "assertion-time-miscalculated"),
        ("subtracted", "assertion-time-miscalculated", "assertion-time-miscalculated"),
        ("alg-none", "unsupported-algorithm", "unsupported-algorithm"),
        ("hs256", "unsupported-algorithm", "unsupported-algorithm"),
        ("es256-where-rs", "unsupported-algorithm", "unsupported-algorithm"),
        ("rs512", "unsupported-algorithm", "unsupported-algorithm"),
        ("missing-aud", "missing-claim", "missing-claim"),
        ("missing-iss", "missing-claim", "missing-claim"),
        ("missing-sub", "", "missing-claim"),
        ("wrong-iss", "client-id-unknown", "client-id-mismatch"),
        ("wrong-sub", "wrong-subject", "client-id-unknown"),
        ("bad-base64", "assertion-malformed", "assertion-malformed"),
        ("two-parts", "assertion-malformed", "assertion-malformed"),
        ("no-iat", "", ""),
        ("zero-life", "", ""),
    ],
)
def test_a_deliberate_fault_of_ours_leads_where_this_server_minds_it(
    server: Peer, keys: Keys, fault: str, bearer: str, proof: str
) -> None:
    granted = examined(
        server, keys, fault, flow="jwt-bearer", client_id="bearer-client", subject=USER, provider="generic"
    )
    proven = examined(server, keys, fault, flow="private-key-jwt", client_id="assertion-client", provider="generic")

    assert granted.leaders[:1] == ((bearer,) if bearer else ())
    assert (proof in proven.leaders) if proof else not proven.leaders


@pytest.mark.parametrize("place", ["body", "basic"])
@pytest.mark.parametrize(
    ("secret", "client_id", "leaders"),
    [
        ("right-secret", "secret-client", []),
        ("wrong-secret", "secret-client", ["client-secret-wrong"]),
        ("right-secret", "nobody", ["client-id-unknown"]),
    ],
)
def test_a_secret(
    usual: tuple[str, ...], tmp_path: Path, place: str, secret: str, client_id: str, leaders: list[str]
) -> None:
    told = ("--client-auth", place, "--client-id", client_id)

    report = check(*usual, *SECRET, *told, home=tmp_path, environ={"SECRET": secret})

    assert report["leaders"] == leaders


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ("nothing", ""),
        ("verifier", "pkce-verifier-mismatch"),
        ("short", "pkce-verifier-mismatch"),
        ("none", "pkce-missing"),
        ("redirect", "redirect-uri-mismatch"),
    ],
)
def test_the_code_grant_with_pkce(usual: tuple[str, ...], server: Peer, tmp_path: Path, wrong: str, cause: str) -> None:
    got = code_of(server, "code-client")
    verifier = {"verifier": got.verifier[::-1], "short": "short"}.get(wrong, got.verifier)
    told = [] if wrong == "none" else ["--code-verifier", "env:VERIFIER"]
    told += ["--redirect-uri", "http://127.0.0.1:9/elsewhere"] if wrong == "redirect" else []

    report = check(
        *usual, *CODE, *told, "--code", "env:CODE", home=tmp_path,
        environ={"CODE": got.code, "VERIFIER": verifier},
    )  # fmt: skip

    assert report["outcome"] == ("refused" if cause else "granted")
    assert report["leaders"] == ([cause] if cause else [])


def test_a_client_that_asks_for_a_code_without_pkce_is_told_so(usual: tuple[str, ...], tmp_path: Path) -> None:
    report = check(*usual, *CODE, "--no-pkce", home=tmp_path)

    assert report["leaders"] == ["pkce-missing"]
