"""Two of a kind, side by side, and what of their difference matters at a provider."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.reasoning.compare import Difference, Side, compare

KNOWLEDGE = load()
CLAIMS: dict[str, Any] = {"iss": "i", "sub": "s", "aud": "https://login.salesforce.com", "iat": 1000, "exp": 1180}
HEADER = {"alg": "RS256", "typ": "JWT"}


def differences(a: Side, b: Side, provider: str = "salesforce") -> dict[str, Difference]:
    return {d.name: d for d in compare(a, b, KNOWLEDGE.providers[provider], KNOWLEDGE)}


def assertions(change: dict[str, Any], provider: str = "salesforce", **header: str) -> dict[str, Difference]:
    claims = {k: v for k, v in (CLAIMS | change).items() if v is not None}
    return differences(Side("a", HEADER, CLAIMS), Side("b", {**HEADER, **header}, claims), provider)


def test_two_that_were_signed_at_different_times_by_one_rule_do_not_differ() -> None:
    assert assertions({"iat": 5000, "exp": 5180}) == {}


@pytest.mark.parametrize(
    ("change", "name", "salesforce", "elsewhere"),
    [
        ({"aud": "https://login.salesforce.com/"}, "aud", "no", "yes"),
        ({"aud": "https://test.salesforce.com"}, "aud", "yes", "yes"),
        ({"iss": "j"}, "iss", "yes", "yes"),
        ({"sub": "t"}, "sub", "yes", "yes"),
        ({"sub": None, "prn": "s"}, "sub", "no", "yes"),
        ({"exp": "1180"}, "exp (form)", "no", "yes"),
        ({"exp": 1003}, "exp - iat", "yes", "yes"),
        ({"jti": "x"}, "jti", "no", "no"),
        ({"alg": "RS256"}, "alg", "no", "no"),
        ({"odd": 1}, "odd", "unknown", "unknown"),
    ],
)
def test_what_matters_depends_on_the_provider(
    change: dict[str, Any], name: str, salesforce: str, elsewhere: str
) -> None:
    assert assertions(change)[name].matters == salesforce
    assert assertions(change, "generic")[name].matters == elsewhere


def test_a_claim_that_the_provider_demands_matters() -> None:
    found = assertions({"jti": "x"}, "auth0")["jti"]

    assert (found.a, found.b, found.matters, found.causes) == (None, "present", "yes", ("missing-claim",))


def test_one_jti_in_both_is_a_replay() -> None:
    a = Side("a", HEADER, CLAIMS | {"jti": "x"})

    assert differences(a, replace(a, name="b"))["jti"].causes == ("jti-replayed",)


def test_a_life_is_told_as_the_error_of_a_clock_that_it_survives() -> None:
    found = assertions({"exp": 1003})["exp - iat"]

    assert (found.a, found.b) == ("180 s", "3 s")
    assert "slow by 360 s with the one and by 183 s" in found.because


def test_milliseconds_read_as_seconds_never_end() -> None:
    assert assertions({"exp": 1_795_301_245_226, "iat": 1_795_301_245})["exp - iat"].b == "any time at all"


def test_without_iat_the_lives_cannot_be_told() -> None:
    assert assertions({"iat": None, "exp": 9000})["exp"].matters == "unknown"


@pytest.mark.parametrize(("alg", "matters"), [("RS512", "yes"), ("RS256", None)])
def test_an_algorithm_that_is_not_taken_matters(alg: str, matters: str | None) -> None:
    found = assertions({}, alg=alg)

    assert (found["alg"].matters if "alg" in found else None) == matters


def side(name: str, *facts: tuple[str, Any], **more: Any) -> Side:
    return Side(name, chart=Chart.of([Observation(fact, value) for fact, value in facts]), flow="jwt-bearer", **more)


def test_a_fact_matters_where_a_cause_looks_at_it() -> None:
    a = side("a", ("clock.ahead_s", 0.1), ("assertion.ttl_s", 180), ("path.http_version", "1.1"))
    b = side("b", ("clock.ahead_s", -900.0), ("assertion.ttl_s", 180), ("path.http_version", "2"))

    found = differences(a, b)

    assert "clock-drift" in found["clock.ahead_s"].causes
    assert found["path.http_version"].matters == "no"
    assert [d.matters for d in found.values()] == ["yes", "no"]


def test_two_measurements_of_one_clock_do_not_differ() -> None:
    assert differences(side("a", ("clock.ahead_s", 0.1)), side("b", ("clock.ahead_s", -0.4))) == {}


def test_scores_are_compared_where_both_are_reports() -> None:
    a, b = side("a", verdicts={"clock-drift": 20}), side("b", verdicts={"clock-drift": 3})

    assert (differences(a, b)["clock-drift"].a, differences(a, b)["clock-drift"].b) == (20, 3)
    assert differences(a, side("b")) == {}


def test_an_assertion_is_compared_with_a_case_by_what_both_have() -> None:
    token = replace(side("a", ("assertion.aud", "https://login.salesforce.com")), claims=CLAIMS)
    case = side("b", ("assertion.aud", "https://test.salesforce.com"), ("org.kind", "sandbox"))

    assert [*differences(token, case)] == ["assertion.aud"]


MY_DOMAIN = "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    ("audience", "matters"),
    [(MY_DOMAIN, "unknown"), (f"{MY_DOMAIN}/services/oauth2/token", "yes"), ("http://acme.my.salesforce.com", "yes"),
     ("https://acme--dev.sandbox.my.salesforce.com", "yes")],
)  # fmt: skip
def test_two_audiences_of_one_pool_are_both_taken_as_a_rule(audience: str, matters: str) -> None:
    assert assertions({"aud": audience})["aud"].matters == matters


def client_assertions(change: dict[str, Any], provider: str = "okta") -> dict[str, Difference]:
    right = CLAIMS | {"iss": "0oa1", "sub": "0oa1", "aud": "https://acme.okta.com/oauth2/v1/token", "jti": "1"}
    return differences(Side("a", HEADER, right), Side("b", HEADER, right | {"jti": "2"} | change), provider)


@pytest.mark.parametrize(
    ("change", "name", "cause"),
    [
        ({"sub": "ci@acme.com"}, "sub", "client-id-mismatch"),
        ({"iss": "0oa2"}, "iss", "client-id-unknown"),
        ({"aud": "https://acme.okta.com"}, "aud", "wrong-audience"),
        ({"exp": 9000}, "exp - iat", "assertion-ttl-too-long"),
        ({"jti": "1"}, "jti", "jti-replayed"),
    ],
)
def test_assertions_by_which_clients_prove_themselves_name_clients_and_no_users(
    change: dict[str, Any], name: str, cause: str
) -> None:
    found = client_assertions(change)

    assert cause in found[name].causes
    assert not {"wrong-subject", "user-not-assigned-to-app"} & {c for d in found.values() for c in d.causes}


def test_a_jti_of_null_is_none() -> None:
    found = client_assertions({"jti": None}, "node-oidc-provider")["jti"]

    assert (found.a, found.b, found.causes) == ("present", None, ("missing-claim",))


def test_scores_that_nobody_thinks_of_are_left_out() -> None:
    a, b = side("a", verdicts={"clock-drift": 20, "rate-limited": -30}), side("b", verdicts={"clock-drift": 3})

    assert [*differences(a, b)] == ["clock-drift"]
