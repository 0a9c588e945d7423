"""`check` against Debian's glewlwyd, a server written in C: private_key_jwt, client secrets, PKCE.

Whatever it minds of a client, it answers with an empty 403, and its log names the reason: the answer key. It is asked
as `glewlwyd`, and as `generic` by a user who does not know what stands behind the URL. It has no RFC 7523 grant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from peers import CALLBACK, Keys, Peer, Pkce, check, code_of, examined, glewlwyd, shifted, tried

import jwtdoctor
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.report import Report
from jwtdoctor.model.secret import Secret

pytestmark = pytest.mark.real
EMPTY_403: tuple[float | None, str | None] = (403, None)
RIGHT = "right-secret"
OFF_S = 700
"""Beyond any assertion's life, and no whole number of quarter-hours, which would be a time zone."""
NETWORK = {"ip-restricted", "proxy-refused", "network-blocked"}


@dataclass(slots=True)
class Log:
    """Glewlwyd's own log, from the last look on."""

    path: Path
    read: int = 0

    def news(self) -> str:
        text = self.path.read_text()
        news, self.read = text[self.read :], len(text)
        return news

    def leaders(self, flow: str = "private-key-jwt") -> tuple[str, ...]:
        """What the new lines alone are diagnosed as, without being told whose they are."""
        report = jwtdoctor.explain(self.news(), flow=flow)
        assert report.provider == "glewlwyd"
        return report.leaders


@pytest.fixture(scope="module")
def whole_log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(tmp_path_factory.mktemp("glewlwyd") / "log")


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest, keys: Keys, whole_log: Log) -> Iterator[Peer]:
    with glewlwyd(request, keys.public, whole_log.path) as peer:
        yield peer


@pytest.fixture
def log(server: Peer, whole_log: Log) -> Log:
    """With what was there before this test left out."""
    whole_log.news()
    return whole_log


def by_key(server: Peer, key: Path, provider: str = "glewlwyd", **of_the_attempt: Any) -> Report:
    """A login whose assertion the tool signs itself."""
    usual = {"client_id": "assertion-client", "scope": "read", "key_path": str(key)}
    return tried(Attempt(server.token_url, **{**usual, **of_the_attempt}), "private-key-jwt", provider)


def by_faulty(server: Peer, keys: Keys, fault: str, provider: str = "glewlwyd") -> Report:
    """A login with a ready assertion that has this fault."""
    return examined(
        server, keys, fault, flow="private-key-jwt", client_id="assertion-client", provider=provider, scope="read"
    )


def by_secret(server: Peer, secret: str, **of_the_attempt: Any) -> Report:
    usual = {"client_id": "secret-client", "scope": "read", "client_secret": Secret(secret)}
    return tried(Attempt(server.token_url, **{**usual, **of_the_attempt}), "client-credentials", "glewlwyd")


def by_code(server: Peer, got: Pkce, **of_the_attempt: Any) -> Report:
    usual = {
        "client_id": "code-client", "redirect_uri": CALLBACK, "code": Secret(got.code),
        "code_verifier": Secret(got.verifier), "code_challenge": got.challenge,
    }  # fmt: skip
    return tried(Attempt(server.token_url, **{**usual, **of_the_attempt}), "authorization-code", "glewlwyd")


def new_code(server: Peer) -> Pkce:
    account = {"username": "admin", "password": "password"}
    return code_of(server, "code-client", at="auth?g_continue=", login=(urljoin(server.url, "auth/"), account))


def reply(report: Report) -> tuple[float | None, str | None]:
    return report.chart.number("reply.status"), report.chart.text("reply.error")


# --- private_key_jwt ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["glewlwyd", "generic"])
@pytest.mark.parametrize("change", [{}, {"alg": "RS512"}, {"alg": "PS256"}, {"iat": False}])
def test_a_right_assertion_is_granted(server: Peer, keys: Keys, provider: str, change: dict[str, Any]) -> None:
    report = by_key(server, keys.private, provider, **change)

    assert (report.outcome, report.leaders) == ("granted", ())


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("expired", "assertion-time-miscalculated"),  # an hour ago, which is a time zone as well
        ("time-zone", "assertion-time-miscalculated"),
        ("subtracted", "assertion-time-miscalculated"),
        ("milliseconds", "assertion-time-miscalculated"),
        ("word-times", "assertion-time-miscalculated"),
        ("ttl-too-long", "assertion-ttl-too-long"),
        ("wrong-aud", "wrong-audience"),
        ("bare-host-aud", "wrong-audience"),
        ("slash-aud", "wrong-audience"),
        ("array-aud", "audience-must-be-string"),
        ("missing-sub", "missing-claim"),
        ("missing-aud", "missing-claim"),
        ("missing-exp", "missing-claim"),
        ("wrong-sub", "client-id-mismatch"),
        ("bad-base64", "assertion-malformed"),
        ("two-parts", "assertion-malformed"),
    ],
)
def test_the_verdict_on_an_empty_refusal_is_one_of_those_of_the_log(
    server: Peer, keys: Keys, log: Log, fault: str, cause: str
) -> None:
    report = by_faulty(server, keys, fault)

    assert reply(report) == EMPTY_403
    assert report.leaders[0] == cause
    assert cause in log.leaders()


def test_a_replayed_jti_leads(server: Peer, keys: Keys, log: Log) -> None:
    first, second = (by_faulty(server, keys, "replayed-jti") for _ in range(2))

    assert (first.outcome, reply(second)) == ("granted", EMPTY_403)
    assert second.leaders[0] == "jti-replayed"
    assert log.leaders() == ("jti-replayed",)


@pytest.mark.parametrize("is_certificate_at_hand", [True, False])
def test_a_wrong_key_leads(server: Peer, keys: Keys, log: Log, is_certificate_at_hand: bool) -> None:
    """Without the certificate nothing on this side shows it: it is the first of what remains, and not promised."""
    report = by_key(server, keys.other, certificate_path=str(keys.public) if is_certificate_at_hand else None)

    assert reply(report) == EMPTY_403
    assert report.leaders[0] == "signature-key-mismatch"
    if is_certificate_at_hand:
        assert len(report.leaders) == 1
    else:
        assert report.verdicts[0].likelihood != "almost-certain"
    assert log.leaders() == ("signature-key-mismatch",)


@pytest.mark.parametrize("fault", ["wrong-key", "changed-signature", "es256-where-rs", "truncated", "line-wrapped"])
def test_what_spoils_only_the_signature_is_a_tie_that_holds_what_the_log_says(
    server: Peer, keys: Keys, log: Log, fault: str
) -> None:
    report = by_faulty(server, keys, fault)

    assert reply(report) == EMPTY_403
    assert {"signature-key-mismatch", "jti-replayed"} <= set(report.leaders)
    assert log.leaders() == ("signature-key-mismatch",)


def test_a_signature_by_a_shared_secret_is_among_what_is_left(server: Peer, keys: Keys, log: Log) -> None:
    """Glewlwyd tries the client's secret on it, and finds the signature wrong."""
    report = by_faulty(server, keys, "hs256")

    assert "unsupported-algorithm" in report.leaders
    assert log.leaders() == ("unsupported-algorithm",)


def test_without_any_signature_the_algorithm_is_named(server: Peer, keys: Keys, log: Log) -> None:
    """The log calls it no JWT at all."""
    report = by_faulty(server, keys, "alg-none")

    assert (reply(report), report.leaders) == (EMPTY_403, ("unsupported-algorithm",))
    assert "jwt_assertion is not a valid jwt" in log.news()


def test_an_assertion_without_jti_lacks_a_claim(server: Peer, keys: Keys, log: Log) -> None:
    report = by_key(server, keys.private, extra_claims=(("jti", None),))

    assert (reply(report), report.leaders) == (EMPTY_403, ("missing-claim",))
    assert log.leaders() == ("missing-claim",)


@pytest.mark.parametrize(
    ("client", "status", "cause"),
    [
        ("nobody", 403, "client-id-unknown"),
        ("secret-client", 403, "client-type-mismatch"),  # registered with a secret
        ("disabled-client", 500, "app-blocked"),
        ("other-grants-client", 400, "flow-disabled"),
    ],
)
def test_a_client_that_may_not_is_among_the_leaders(
    server: Peer, keys: Keys, log: Log, client: str, status: int, cause: str
) -> None:
    report = by_key(server, keys.private, client_id=client)

    assert report.chart.number("reply.status") == status
    assert cause in report.leaders
    assert report.verdicts[0].likelihood != "almost-certain"
    if cause != "flow-disabled":  # which the body says, and not the log
        assert cause in log.leaders()


@pytest.mark.parametrize(
    ("kid", "cause"), [("registered", None), (None, "key-id-missing"), ("other", "key-id-unknown")]
)
def test_a_key_of_a_set_is_found_by_its_id_alone(
    server: Peer, keys: Keys, log: Log, kid: str | None, cause: str | None
) -> None:
    report = by_key(server, keys.private, client_id="jwks-client", kid=kid)

    assert report.outcome == ("refused" if cause else "granted")
    if cause:
        assert reply(report) == EMPTY_403
        assert cause in report.leaders
        assert report.verdicts[0].likelihood != "almost-certain"
        assert log.leaders()[0] == cause


def test_a_scope_that_is_not_the_clients_is_named(server: Peer, keys: Keys) -> None:
    report = by_key(server, keys.private, scope="unknown")

    assert (reply(report), report.leaders) == ((400, "scope_invalid"), ("scope-not-allowed",))


def test_a_scope_that_is_not_sent_is_among_what_is_left(server: Peer, keys: Keys) -> None:
    """It wants one, and its log says no more than that the client may not."""
    report = by_key(server, keys.private, scope=None)

    assert reply(report) == EMPTY_403
    assert "malformed-request" in report.leaders
    assert report.verdicts[0].likelihood != "almost-certain"


def test_it_has_no_jwt_bearer_grant(server: Peer, keys: Keys, log: Log) -> None:
    attempt = Attempt(server.token_url, "assertion-client", "user", key_path=str(keys.private))

    report = tried(attempt, "jwt-bearer", "glewlwyd")

    assert (reply(report), report.leaders) == ((400, None), ("flow-disabled",))
    assert log.leaders("jwt-bearer") == ("flow-disabled",)


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("subtracted", "assertion-time-miscalculated"),
        ("wrong-aud", "wrong-audience"),
        ("missing-exp", "missing-claim"),
        ("wrong-sub", "client-id-mismatch"),
        ("two-parts", "assertion-malformed"),
        ("alg-none", "unsupported-algorithm"),
    ],
)
def test_who_does_not_know_the_server_is_told_what_is_seen_on_this_side(
    server: Peer, keys: Keys, fault: str, cause: str
) -> None:
    report = by_faulty(server, keys, fault, provider="generic")

    assert (reply(report), report.leaders) == (EMPTY_403, (cause,))


@pytest.mark.parametrize("fault", ["wrong-key", "array-aud", "slash-aud", "truncated"])
def test_who_does_not_know_the_server_is_promised_nothing_where_nothing_is_seen(
    server: Peer, keys: Keys, fault: str
) -> None:
    """An empty 403 was once blamed on the network alone."""
    report = by_faulty(server, keys, fault, provider="generic")

    assert reply(report) == EMPTY_403
    assert {"signature-key-mismatch", "wrong-audience"} | NETWORK <= set(report.leaders)
    assert {verdict.likelihood for verdict in report.verdicts[:1]} == {"possible"}


# --- clocks -------------------------------------------------------------------------------------------------------

PROOF = ("--flow", "private-key-jwt", "--client-id", "assertion-client", "--scope", "read")


@pytest.mark.parametrize(("off_s", "cause"), [(-OFF_S, "clock-drift"), (4000, "clock-drift")])
def test_a_clock_of_ours_that_is_off_is_named(
    request: pytest.FixtureRequest, server: Peer, keys: Keys, true_time: str, tmp_path: Path, off_s: float, cause: str
) -> None:
    """Fast by more than the hour that an assertion may live: glewlwyd looks at no iat."""
    usual = ("--provider", "glewlwyd", "--url", server.token_url, "--key", keys.private, "--ntp", true_time)

    report = check(*usual, *PROOF, home=tmp_path, environ=shifted(request, off_s))

    assert (report["outcome"], report["leaders"]) == ("refused", [cause])


def test_a_clock_of_the_server_that_is_off_is_named(
    request: pytest.FixtureRequest, keys: Keys, true_time: str, tmp_path: Path
) -> None:
    with glewlwyd(request, keys.public, tmp_path / "log", shifted(request, OFF_S)) as server:
        usual = ("--provider", "glewlwyd", "--url", server.token_url, "--key", keys.private, "--ntp", true_time)
        report = check(*usual, *PROOF, home=tmp_path)

    assert (report["outcome"], report["leaders"]) == ("refused", ["server-clock-wrong"])


# --- secrets and codes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["body", "basic"])
def test_a_secret(server: Peer, log: Log, place: str) -> None:
    assert by_secret(server, RIGHT, client_auth=place).outcome == "granted"
    log.news()

    report = by_secret(server, "wrong-secret", client_auth=place)

    assert reply(report) == EMPTY_403
    assert report.leaders[0] == "client-secret-wrong"
    assert "client-id-unknown" in report.leaders
    assert set(report.leaders) <= set(log.leaders("client-credentials"))


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        ("nothing", None),
        ("verifier", "pkce-verifier-mismatch"),
        ("no verifier", "pkce-missing"),
        ("redirect", "redirect-uri-mismatch"),
        ("client", "client-id-unknown"),
        ("twice", "code-reused"),
    ],
)
def test_the_code_grant_with_pkce(server: Peer, log: Log, wrong: str, cause: str | None) -> None:
    got = new_code(server)
    changes: dict[str, dict[str, Any]] = {
        "verifier": {"code_verifier": Secret(got.verifier[::-1])},
        "no verifier": {"code_verifier": None, "code_challenge": None, "pkce": False},
        "redirect": {"redirect_uri": "http://127.0.0.1:9/elsewhere"},
        "client": {"client_id": "nobody"},
    }
    if wrong == "twice":
        assert by_code(server, got).outcome == "granted"
    log.news()

    report = by_code(server, got, **changes.get(wrong, {}))

    assert report.outcome == ("refused" if cause else "granted")
    assert (cause in report.leaders) if cause else not report.leaders
    if wrong in ("verifier", "redirect"):
        assert log.leaders("authorization-code") == (cause,)


# --- DPoP ---------------------------------------------------------------------------------------------------------


def test_a_proof_of_ours_holds_before_another_implementation(server: Peer) -> None:
    report = by_secret(server, RIGHT, dpop=True)

    assert (report.outcome, report.leaders) == ("granted", ())
    assert report.chart.text("token.type") == "DPoP"


def test_a_nonce_that_it_wants_is_sent(server: Peer, keys: Keys) -> None:
    with_nonces = replace(server, url=urljoin(server.url, "nonces"))

    reports = [by_key(peer, keys.private, dpop=True) for peer in (server, with_nonces)]

    assert [report.outcome for report in reports] == ["granted", "granted"]
    assert [report.logins_used for report in reports] == [1, 2]


def test_a_proof_from_a_clock_that_is_off_is_told_from_a_wrong_secret(
    request: pytest.FixtureRequest, server: Peer, true_time: str, tmp_path: Path
) -> None:
    """Nothing else in this login has a time."""
    usual = ("--provider", "glewlwyd", "--url", server.token_url, "--ntp", true_time, "--client-id", "secret-client")
    login = ("--flow", "client-credentials", "--client-secret", "env:SECRET", "--scope", "read", "--dpop")

    report = check(*usual, *login, home=tmp_path, environ={"SECRET": RIGHT, **shifted(request, -OFF_S)})

    assert report["facts"]["reply.error"]["value"] == "invalid_dpop_proof"
    assert report["leaders"] == ["clock-drift"]
