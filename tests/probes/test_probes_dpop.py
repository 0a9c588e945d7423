"""DPoP in a check: proofs that are sent, nonces that are asked for, bound tokens. Nothing is sent a third time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from jwtdoctor.assertions.decode import Decoded, take_apart
from jwtdoctor.assertions.dpop import hash_of, verified
from jwtdoctor.assertions.keytypes import PrivateKey
from jwtdoctor.assertions.pairs import fresh_key, private_pem_of
from jwtdoctor.assertions.public import public_of_jwk
from jwtdoctor.checkup import events, examine
from jwtdoctor.errors import BadKey
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Exchange, NoReply, Reply, TokenRequest
from jwtdoctor.model.names import Outcome, Reach
from jwtdoctor.model.report import Concluded, Report
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.dpop import Prover, asks_for_nonce
from jwtdoctor.probes.flows.conflicts import Given, conflicts
from jwtdoctor.probes.grant import TokenSeen
from jwtdoctor.probes.request import Asked, ask_for_token
from jwtdoctor.probes.token import try_token
from jwtdoctor.simulator.providers.staged import stage
from jwtdoctor.simulator.wire import HttpRequest
from jwtdoctor.testing import World

NOW = 1_795_300_000.0
URL = "https://id.acme.example/token"
API = "https://api.acme.example/v1/ping"
TOKEN = "planted-access-token-0123456789"
GENERIC = load().providers["generic"]
GRANTED = Reply(200, {}, json.dumps({"access_token": TOKEN, "token_type": "DPoP"}))
ATTEMPT = Attempt(URL, client_id="c", client_secret=Secret("planted-secret"), dpop=True)


def wants(nonce: str | None, status: int = 400) -> Reply:
    return Reply(status, {} if nonce is None else {"DPoP-Nonce": nonce}, '{"error":"use_dpop_nonce"}')


def challenge(nonce: str) -> Reply:
    """RFC 9449 §9, figure 20."""
    told = {"WWW-Authenticate": 'DPoP error="use_dpop_nonce", error_description="…"', "DPoP-Nonce": nonce}
    return Reply(401, told, "")


@dataclass
class Server:
    """Answers each request with what is next, and keeps what came."""

    answers: Iterator[Exchange]
    came: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        assert deadline_s > 0
        headers = {name: value.reveal() if isinstance(value, Secret) else value for name, value in request.headers}
        self.came.append((request.url, headers))
        return next(self.answers)

    def get(self, url: str, deadline_s: float) -> Exchange:
        raise AssertionError((url, deadline_s))

    def get_with_token(self, url: str, token: Secret, deadline_s: float, proof: Secret | None = None) -> Exchange:
        assert deadline_s > 0
        assert token.reveal() == TOKEN
        self.came.append((url, {} if proof is None else {"DPoP": proof.reveal()}))
        return next(self.answers)

    def post_about_token(self, request: TokenRequest, deadline_s: float) -> Exchange:
        raise AssertionError((request.url, deadline_s))

    @property
    def proofs(self) -> list[Decoded]:
        return [take_apart(headers["DPoP"]) for _, headers in self.came]


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return fresh_key("EC", 256)


@pytest.fixture
def prover(key: PrivateKey) -> Prover:
    return Prover(key, lambda: NOW)


def asked(prover: Prover, *answers: Exchange, repeats: bool = True) -> tuple[Server, Asked]:
    server = Server(cycle(answers) if len(answers) == 1 else iter(answers))
    again = (lambda: None) if repeats else None
    seen = ask_for_token(
        "client-credentials", ATTEMPT, None, server, 5.0, lambda: False, prover=prover, again=again
    )  # fmt: skip
    return server, seen


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


# --- the token request


def test_each_request_carries_a_proof_for_itself(prover: Prover) -> None:
    server, seen = asked(prover, GRANTED)

    (proof,) = server.proofs
    assert (proof.claims["htm"], proof.claims["htu"], proof.claims["iat"]) == ("POST", URL, NOW)
    assert verified(proof).verifies
    assert "ath" not in proof.claims
    assert (seen.logins, seen.findings) == (1, ())
    facts = {o.fact: o.value for o in seen.observations}
    assert (facts["request.sends_dpop_proof"], facts["proof.url_fits"], facts["proof.method_fits"]) == (True,) * 3


def test_a_nonce_that_is_asked_for_is_sent_once_with_a_new_jti(prover: Prover) -> None:
    server, seen = asked(prover, wants("n.1"), GRANTED)

    first, second = (proof.claims for proof in server.proofs)
    assert ("nonce" in first, second["nonce"]) == (False, "n.1")
    assert first["jti"] != second["jti"]
    assert seen.logins == 2, "both carried the secret"
    assert rules(seen.findings) == ["dpop-nonce-asked"]
    assert seen.saw.startswith("a nonce was asked for and sent")


@dataclass
class Somebody:
    """Enters a device's code, and lets the polls wait for nothing."""

    def redirected(self, url: str, state: str, within_s: float) -> str | None:
        raise AssertionError((url, state, within_s))

    def shown(self, url: str, user_code: str) -> None:
        """Takes note of nothing."""

    def wait(self, seconds: float) -> None:
        """Time is not waited for."""


def test_each_poll_for_a_device_has_a_proof_and_one_nonce_is_asked_for_at_most(prover: Prover) -> None:
    begun = Reply(200, {}, '{"device_code":"d","user_code":"A-B","verification_uri":"https://id.acme.example/d"}')
    waits = Reply(400, {}, '{"error":"authorization_pending"}')
    attempt = replace(ATTEMPT, device_url="https://id.acme.example/device")

    def polled(*answers: Exchange) -> tuple[Server, Asked]:
        server = Server(iter((begun, *answers)))
        return server, ask_for_token(
            "device", attempt, None, server, 5.0, lambda: False, person=Somebody(), prover=prover, again=lambda: None
        )

    server, seen = polled(wants("n.1"), waits, GRANTED)
    polls = [take_apart(headers["DPoP"]).claims for _, headers in server.came[1:]]
    assert [claims.get("nonce") for claims in polls] == [None, "n.1", "n.1"]
    assert len({claims["jti"] for claims in polls}) == 3
    assert (seen.logins, rules(seen.findings)) == (2, ["dpop-nonce-asked"])

    server, seen = polled(waits, wants("n.2"), wants("n.3"))
    assert (len(server.came), seen.logins) == (4, 2)
    assert "dpop-nonce-asked-again" in rules(seen.findings)


def test_a_second_demand_is_the_end_of_it(prover: Prover) -> None:
    server, seen = asked(prover, wants("n.1"), wants("n.2"), GRANTED)

    assert (len(server.came), seen.logins) == (2, 2)
    assert rules(seen.findings) == ["dpop-nonce-asked", "dpop-nonce-asked-again"]


def test_a_demand_without_a_nonce_is_a_finding_and_not_followed(prover: Prover) -> None:
    server, seen = asked(prover, wants(None))

    assert (len(server.came), seen.logins, rules(seen.findings)) == (1, 1, ["dpop-nonce-missing"])


@pytest.mark.parametrize(
    "nonce", ["x" * 5_000, "a\x1b[31mb", "a b", '"quoted"', "", "n.1, n.2", "é"],
    ids=["long", "escape", "blank", "quoted", "empty", "two", "letter"],
)  # fmt: skip
def test_a_hostile_nonce_is_not_signed(prover: Prover, nonce: str) -> None:
    server, seen = asked(prover, wants(nonce))

    assert (len(server.came), rules(seen.findings)) == (1, ["dpop-nonce-malformed"])
    assert prover.nonces == {}
    assert all(nonce not in finding.message for finding in seen.findings if nonce)


def test_the_newest_nonce_goes_into_the_next_proof_for_that_server_alone(prover: Prover) -> None:
    """RFC 9449 §8.2: a success may bring the nonce for next time."""
    asked(prover, replace(GRANTED, headers={"dpop-nonce": "n.9"}))

    assert prover.proof("POST", URL).claims["nonce"] == "n.9"
    assert "nonce" not in prover.proof("GET", API).claims


def test_without_leave_to_repeat_nothing_is_sent_again(prover: Prover) -> None:
    server, seen = asked(prover, wants("n.1"), repeats=False)

    assert (len(server.came), seen.logins) == (1, 1)


def test_a_connection_that_breaks_on_the_second_request_still_counts_both(prover: Prover) -> None:
    _, seen = asked(prover, wants("n.1"), NoReply("reset", "gone", sent=True))

    assert seen.logins == 2


@pytest.mark.parametrize(
    ("reply", "asks"),
    [
        (wants("n"), True),
        (wants("n", 401), True),
        (challenge("n"), True),
        (Reply(200, {}, '{"error":"use_dpop_nonce"}'), False),
        (Reply(400, {"DPoP-Nonce": "n"}, '{"error":"invalid_grant"}'), False),
    ],
)
def test_a_nonce_is_asked_for_by_the_code_and_by_nothing_else(reply: Reply, asks: bool) -> None:
    assert asks_for_nonce(reply) is asks


def test_a_proof_that_is_echoed_back_is_not_kept(prover: Prover) -> None:
    class Echo(Server):
        def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
            super().post_form(request, deadline_s)
            return Reply(
                400, {}, json.dumps({"error": "invalid_request", "error_description": self.came[-1][1]["DPoP"]})
            )

    server = Echo(iter([GRANTED]))

    seen = ask_for_token("client-credentials", ATTEMPT, None, server, 5.0, lambda: False, prover=prover)

    assert server.came[0][1]["DPoP"] not in repr(seen)
    assert server.came[0][1]["DPoP"].rpartition(".")[2] not in repr(seen)


# --- the token


def tried(prover: Prover | None, *answers: Exchange) -> tuple[Server, TokenSeen]:
    server = Server(iter(answers))
    attempt = replace(ATTEMPT, api_url=API, client_secret=None)
    return server, try_token(GRANTED, attempt, GENERIC, "client-credentials", server, 5.0, prover=prover)


def test_a_bound_token_is_used_with_a_proof_of_itself(prover: Prover) -> None:
    server, seen = tried(prover, Reply(200, {"Content-Type": "application/json"}, "{}"))

    claims = server.proofs[0].claims
    assert (claims["htm"], claims["htu"], claims["ath"]) == ("GET", API, hash_of(Secret(TOKEN)))
    facts = {o.fact: o.value for o in seen.observations}
    assert (facts["token.api_works"], facts["token.sent_with_proof"]) == (True, True)


def test_an_api_that_asks_for_a_nonce_gets_it_once(prover: Prover) -> None:
    server, seen = tried(prover, challenge("api.1"), Reply(200, {"Content-Type": "application/json"}, "{}"))

    assert [proof.claims.get("nonce") for proof in server.proofs] == [None, "api.1"]
    assert {o.fact: o.value for o in seen.observations}["token.api_works"] is True
    assert seen.findings == ()


def test_an_api_that_asks_again_is_left_alone(prover: Prover) -> None:
    server, seen = tried(prover, challenge("api.1"), challenge("api.2"))

    assert len(server.came) == 2
    assert "dpop-nonce-asked-again" in rules(seen.findings)
    assert {o.fact: o.value for o in seen.observations}["token.api_error"] == "use_dpop_nonce"


def test_a_proof_that_is_refused_with_400_is_a_refusal_of_the_token(prover: Prover) -> None:
    """Okta's APIs say so (github.com/okta/okta-sdk-nodejs/issues/453)."""
    said = 'DPoP error="invalid_dpop_proof", error_description="\'htu\' claim in the DPoP proof JWT is invalid."'
    _, seen = tried(prover, Reply(400, {"WWW-Authenticate": said}, ""))

    facts = {o.fact: o.value for o in seen.observations}
    assert (facts["token.api_works"], facts["token.api_error"]) == (False, "invalid_dpop_proof")


def test_without_a_prover_a_bound_token_goes_as_bearer() -> None:
    server, seen = tried(None, Reply(401, {}, ""))

    assert server.came == [(API, {})]
    assert "token.sent_with_proof" not in {o.fact for o in seen.observations}


# --- the whole check


def okta(fault: str = "dpop-required", **changes: object) -> tuple[World, Report]:
    world = World(fault, provider="okta")
    assert world.case.attempt is not None
    case = replace(world.case, attempt=replace(world.case.attempt, **{"dpop": True, **changes}))  # type: ignore[arg-type]
    return world, examine(case, world.instruments)


def logins(world: World) -> list[HttpRequest]:
    return [request for request in world.transport.requests if "grant_type" in request.parameters()]


def test_okta_grants_a_proof_with_its_nonce_and_a_fresh_assertion() -> None:
    """Its judge has used up the jti of the first assertion by then."""
    world, report = okta()

    assertions = [take_apart(r.parameters()["client_assertion"]).claims["jti"] for r in logins(world)]
    assert (report.outcome, report.logins_used, report.leaders) == (Outcome.GRANTED, 2, ())
    assert len(set(assertions)) == 2
    assert report.chart.text("token.type") == "DPoP"
    assert report.chart.number("proof.iat_in_s") == 0.0


def test_the_jti_that_a_user_chose_is_replaced_for_the_second_request() -> None:
    _, report = okta(extra_claims={"jti": "mine"})

    assert (report.outcome, report.logins_used) == (Outcome.GRANTED, 2)


@pytest.mark.parametrize(
    ("fault", "headline", "logins", "found"),
    [
        ("dpop-required:url", "The DPoP proof is for another URL", 1, []),
        ("dpop-required:kept", "The DPoP proof was made at another time than it was sent", 1, []),
        ("dpop-required:nonce-lost", "The server wants a nonce of its own in the DPoP proof", 1,
         ["dpop-nonce-missing"]),
        ("dpop-required:nonce-unending", "The server refuses the nonce of the DPoP proof, and wants another", 2,
         ["dpop-nonce-asked-again", "dpop-nonce-asked"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_dpop_is_the_first_line(fault: str, headline: str, logins: int, found: list[str]) -> None:
    _, report = okta(fault)

    assert (report.leaders, report.verdicts[0].headline) == (("dpop-required",), headline)
    assert (report.logins_used, rules(report.findings)) == (logins, found)


def test_without_a_proof_the_first_line_says_so() -> None:
    _, report = okta(dpop=False)

    assert report.verdicts[0].headline == "The server wants a DPoP proof, and none was sent"
    assert report.verdicts[0].remedy[0].command == "jwtdoctor check --dpop"


@pytest.mark.parametrize(
    ("variant", "first"),
    [
        ("url", "Write the URL"),
        ("kept", "Date each proof"),
        ("nonce-lost", "Find what drops the DPoP-Nonce header"),
        ("nonce-unending", "Take the nonce of the newest DPoP-Nonce header"),
    ],
)
def test_who_sent_a_proof_is_not_told_to_send_one(variant: str, first: str) -> None:
    _, report = okta(f"dpop-required:{variant}")
    remedies = report.verdicts[0].remedy

    assert remedies[0].do.startswith(first)
    assert "jwtdoctor check --dpop" not in {remedy.command for remedy in remedies}


def test_a_token_that_is_not_bound_in_spite_of_the_proof_is_told() -> None:
    _, report = okta("healthy")

    assert (report.outcome, report.logins_used) == (Outcome.GRANTED, 1)
    assert "token-is-not-bound" in rules(report.findings)


def test_an_experiment_sends_nothing_that_was_not_announced() -> None:
    """A nonce that is asked for there is no reason for one more login, and says nothing against the cause."""
    slow = stage("clock-drift:slow", load().providers["okta"])
    world = World(replace(slow, policy=replace(slow.policy, wants_dpop=True, nonces="unending")), provider="okta")
    assert world.case.attempt is not None
    case = replace(world.case, attempt=replace(world.case.attempt, dpop=True), reach=Reach.REPEAT)
    (report,) = [e.report for e in events(case, world.instruments) if isinstance(e, Concluded)]

    assert (report.logins_used, len(logins(world)), report.leaders) == (2, 2, ("clock-drift",))
    assert "refused-for-another-reason" in rules(report.findings)


def test_a_key_that_can_sign_no_proof_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    world = World("dpop-required", provider="okta")
    assert world.case.attempt is not None
    case = replace(world.case, attempt=replace(world.case.attempt, dpop=True, dpop_key_path=f"{tmp_path}/none.pem"))

    with pytest.raises(BadKey, match="cannot be read"):
        examine(case, world.instruments)
    assert world.transport.requests == []


def test_a_key_of_ones_own_signs_the_proofs(key: PrivateKey, tmp_path: Path) -> None:
    path = tmp_path / "proof.pem"
    path.write_text(private_pem_of(key).reveal())

    world, report = okta(dpop_key_path=str(path))

    own = Prover(key, lambda: NOW).proof("POST", URL).header["jwk"]
    assert report.outcome is Outcome.GRANTED
    assert [take_apart(r.header("DPoP")).header["jwk"] for r in logins(world)] == [own, own]


@pytest.mark.parametrize(
    ("provider", "bits", "rules"),
    [("node-oidc-provider", 2048, ["dpop-algorithm"]), ("mastercard", 2048, []), ("generic", 2048, []),
     ("node-oidc-provider", 0, [])],
    ids=["no-RSA", "PS256", "unknown", "throwaway"],
)  # fmt: skip
def test_a_key_whose_algorithm_is_not_taken_in_proofs_is_told(
    provider: str, bits: int, rules: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "rsa.pem"
    path.write_text(private_pem_of(fresh_key("RSA", 2048)).reveal())
    world = World("dpop-required", provider=provider)
    assert world.case.attempt is not None
    attempt = replace(world.case.attempt, dpop=True, dpop_key_path=str(path) if bits else None)

    report = examine(replace(world.case, attempt=attempt), world.instruments)

    assert [f.rule for f in report.findings if f.rule == "dpop-algorithm"] == rules
    if provider == "mastercard":
        assert take_apart(logins(world)[0].header("DPoP")).header["alg"] == "PS256"


@pytest.mark.parametrize(
    ("answer", "claims", "rules"),
    [
        (Reply(400, {}, '{"error":"invalid_dpop_proof"}'), {}, ["dpop-proof-refused"]),
        (Reply(400, {}, '{"error":"invalid_dpop_proof"}'), {"htm": "GET"}, []),
        (Reply(400, {}, '{"error":"invalid_client"}'), {}, []),
        (GRANTED, {}, []),
        (NoReply("reset", "gone"), {}, []),
    ],
    ids=["right", "a-fault-of-ours", "other", "granted", "nothing"],
)
def test_of_a_right_proof_that_is_refused_it_is_said_what_that_leaves(
    prover: Prover, answer: Exchange, claims: dict[str, str], rules: list[str]
) -> None:
    _, seen = asked(replace(prover, claims=claims), answer)

    assert [finding.rule for finding in seen.findings] == rules
    assert all("for POST and this very URL, signed with ES256" in finding.message for finding in seen.findings)


# --- a code


@dataclass
class Authorizing(Server):
    """Gives a code at once, as to somebody who is logged in."""

    asked: list[dict[str, str]] = field(default_factory=list)

    def get(self, url: str, deadline_s: float) -> Exchange:
        assert deadline_s > 0
        self.asked.append(dict(parse_qsl(urlsplit(url).query)))
        return Reply(302, {"Location": f"http://127.0.0.1:9/cb?code=abcd&state={self.asked[-1]['state']}"}, "")


def test_a_code_is_asked_for_with_the_name_of_the_key_that_redeems_it(prover: Prover) -> None:
    server = Authorizing(iter([GRANTED]))
    ask_for_token("authorization-code", ATTEMPT, None, server, 5.0, lambda: False, prover=prover)

    jwk = server.proofs[0].header["jwk"]
    assert server.asked[0]["dpop_jkt"] == public_of_jwk(jwk, "the proof").thumbprint


def test_without_proofs_no_key_is_named() -> None:
    server = Authorizing(iter([GRANTED]))
    ask_for_token("authorization-code", replace(ATTEMPT, dpop=False), None, server, 5.0, lambda: False)

    assert "dpop_jkt" not in server.asked[0]


# --- before anything is sent


@pytest.mark.parametrize(
    ("flow", "changes", "found"),
    [
        ("refresh-token", {"client_secret": None}, ["dpop-key-is-new"]),
        ("refresh-token", {"client_secret": None, "dpop_key_path": "k.pem"}, []),
        ("refresh-token", {}, []),
        ("authorization-code", {"code": Secret("abcd")}, ["dpop-key-is-new"]),
        ("api-jwt", {}, ["dpop-not-sent"]),
        ("api-jwt", {"dpop": False}, []),
    ],
)
def test_a_new_key_is_told_where_something_was_bound_to_another(
    flow: str, changes: dict[str, object], found: list[str]
) -> None:
    attempt = replace(ATTEMPT, **changes)  # type: ignore[arg-type]

    told = [f.rule for f in conflicts(Given(flow, attempt, GENERIC))]

    assert [rule for rule in told if rule.startswith("dpop")] == found
