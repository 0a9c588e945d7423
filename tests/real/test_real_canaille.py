"""`check` against canaille, an identity provider: the RFC 7523 grant, client secrets, passwords.

It is built on Authlib and decides differently: its own audience, its own trust in clients, one way to send a secret,
and errors of its own with status 500. It is asked as `generic`: a user does not know what a server is made of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from peers import Keys, Peer, canaille, check, examined, shifted, tried

from jwtdoctor.model.case import Attempt
from jwtdoctor.model.report import Report
from jwtdoctor.model.secret import Secret

pytestmark = pytest.mark.real
USER = "user"
RIGHT = "right-secret"
OFF_S = 700
"""Neither within the leeway of 60 s nor a whole number of quarter-hours, which would be a time zone."""


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, keys: Keys) -> Iterator[Peer]:
    with canaille(request, keys.private) as peer:
        yield peer


def by_key(server: Peer, key: Path, **of_the_attempt: Any) -> Report:
    usual = {"client_id": "bearer-client", "username": USER, "audience": server.token_url, "key_path": str(key)}
    return tried(Attempt(server.token_url, **{**usual, **of_the_attempt}), "jwt-bearer", "generic")


def by_secret(server: Peer, secret: str, flow: str = "client-credentials", **of_the_attempt: Any) -> Report:
    usual = {"client_id": "secret-client", "client_secret": Secret(secret), "client_auth": "basic"}
    return tried(Attempt(server.token_url, **{**usual, **of_the_attempt}), flow, "generic")


def assert_no_promise(report: Report) -> None:
    assert "almost-certain" not in {verdict.likelihood for verdict in report.verdicts}


def test_a_right_assertion_is_granted(server: Peer, keys: Keys) -> None:
    report = by_key(server, keys.private)

    assert (report.outcome, report.leaders) == ("granted", ())


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("expired", "assertion-time-miscalculated"),  # an hour ago, which is a time zone as well
        ("not-yet-valid", "assertion-time-miscalculated"),  # an hour ahead, likewise
        ("milliseconds", "assertion-time-miscalculated"),
        ("word-times", "assertion-time-miscalculated"),
        ("wrong-aud", "wrong-audience"),
        ("slash-aud", "wrong-audience"),
        ("alg-none", "unsupported-algorithm"),
        ("hs256", "unsupported-algorithm"),
        ("es256-where-rs", "unsupported-algorithm"),
        ("ps256", "unsupported-algorithm"),
        ("missing-iss", "missing-claim"),
        ("missing-aud", "missing-claim"),
        ("missing-exp", "missing-claim"),
        ("wrong-iss", "client-id-unknown"),
        ("wrong-sub", "wrong-subject"),
        ("changed-signature", "signature-key-mismatch"),
        ("bad-base64", "assertion-malformed"),
        ("two-parts", "assertion-malformed"),
        ("padded", "credential-mangled"),
    ],
)
def test_a_deliberate_fault_of_ours_leads(server: Peer, keys: Keys, fault: str, cause: str) -> None:
    report = examined(
        server, keys, fault, flow="jwt-bearer", client_id="bearer-client", subject=USER, provider="generic"
    )

    assert (report.outcome, report.leaders[0]) == ("refused", cause)


def test_an_error_of_the_servers_own_leaves_the_claim_that_is_missing(server: Peer, keys: Keys) -> None:
    """Without a sub canaille looks for the address of nobody, and says so in JSON with status 500."""
    report = examined(
        server, keys, "missing-sub", flow="jwt-bearer", client_id="bearer-client", subject=USER, provider="generic"
    )

    assert report.chart.number("reply.status") == 500
    assert report.chart.text("reply.error") == "internal_server_error"
    assert report.leaders == ("missing-claim",)


@pytest.mark.parametrize("fault", ["array-aud", "ttl-too-long", "zero-life", "no-iat", "wrong-kid"])
def test_what_this_server_does_not_mind_is_granted(server: Peer, keys: Keys, fault: str) -> None:
    report = examined(
        server, keys, fault, flow="jwt-bearer", client_id="bearer-client", subject=USER, provider="generic"
    )

    assert (report.outcome, report.leaders) == ("granted", ())


@pytest.mark.parametrize("is_certificate_at_hand", [True, False])
def test_a_wrong_key_leads_though_its_reply_says_nothing(
    server: Peer, keys: Keys, is_certificate_at_hand: bool
) -> None:
    report = by_key(server, keys.other, certificate_path=str(keys.public) if is_certificate_at_hand else None)

    assert report.chart.text("reply.description") is None
    assert report.leaders[0] == "signature-key-mismatch"
    if is_certificate_at_hand:
        assert len(report.leaders) == 1
    else:
        assert_no_promise(report)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"audience": "https://login.example.com"}, "wrong-audience"),
        ({"client_id": "nobody"}, "client-id-unknown"),
        ({"username": "nobody"}, "wrong-subject"),
        ({"client_id": "untrusted-client"}, "user-not-approved-app"),
        ({"client_id": "secret-client"}, "flow-disabled"),
    ],
)
def test_what_is_refused_to_this_client_or_user_is_named_first(
    server: Peer, keys: Keys, change: dict[str, Any], cause: str
) -> None:
    report = by_key(server, keys.private, **change)

    assert (report.outcome, report.leaders[0]) == ("refused", cause)
    assert_no_promise(report)


def test_a_client_that_proves_itself_by_an_assertion_is_told_that_it_may_not(server: Peer, keys: Keys) -> None:
    """For client_credentials canaille takes a secret in the header and nothing else."""
    attempt = Attempt(server.token_url, "secret-client", audience=server.token_url, key_path=str(keys.private))

    report = tried(attempt, "private-key-jwt", "generic")

    assert report.leaders[0] == "client-type-mismatch"


@pytest.mark.parametrize(
    ("secret", "place", "client_id", "leaders"),
    [
        (RIGHT, "basic", "secret-client", set()),
        (RIGHT, "body", "secret-client", {"client-secret-wrong", "client-type-mismatch"}),
        ("wrong", "basic", "secret-client", {"client-secret-wrong", "client-type-mismatch"}),
        (RIGHT, "basic", "nobody", {"client-id-unknown"}),
    ],
)
def test_a_secret_in_the_place_that_is_not_read_is_a_tie_with_a_wrong_one(
    server: Peer, secret: str, place: str, client_id: str, leaders: set[str]
) -> None:
    """Its words are the same for both: no method that it takes succeeded."""
    report = by_secret(server, secret, client_auth=place, client_id=client_id)

    assert report.outcome == ("refused" if leaders else "granted")
    assert set(report.leaders) == leaders


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({}, None),
        ({"password": Secret("wrong")}, "password-wrong"),
        ({"username": "nobody"}, "password-wrong"),
        ({"client_id": "secret-client"}, "flow-disabled"),
    ],
)
def test_a_password(server: Peer, change: dict[str, Any], cause: str | None) -> None:
    usual = {"client_id": "password-client", "username": USER, "password": Secret("right-password")}

    report = by_secret(server, RIGHT, "password", **{**usual, **change})

    assert report.outcome == ("refused" if cause else "granted")
    assert report.leaders[:1] == ((cause,) if cause else ())


@pytest.mark.parametrize(
    ("our_clock_s", "server_clock_s", "cause"),
    [(-OFF_S, 0, "clock-drift"), (OFF_S, 0, "clock-drift"), (0, OFF_S, "server-clock-wrong")],
)
def test_the_side_whose_clock_is_off_is_named(
    request: pytest.FixtureRequest, server: Peer, keys: Keys, true_time: str, tmp_path: Path, our_clock_s: float,
    server_clock_s: float, cause: str,
) -> None:  # fmt: skip
    def look(peer: Peer) -> dict[str, Any]:
        return check(
            "--provider", "generic", "--url", peer.token_url, "--audience", peer.token_url, "--key", keys.private,
            "--client-id", "bearer-client", "--username", USER, "--ntp", true_time,
            home=tmp_path, environ=shifted(request, our_clock_s),
        )  # fmt: skip

    if server_clock_s:
        with canaille(request, keys.private, shifted(request, server_clock_s)) as late:
            report = look(late)
    else:
        report = look(server)

    assert (report["outcome"], report["leaders"]) == ("refused", [cause])
