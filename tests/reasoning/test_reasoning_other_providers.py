"""Facts that are derived from a provider's figures: how fast, how old, how long, and for whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Limit, Provider
from jwtdoctor.reasoning.derive import derive

GENERIC = load().providers["generic"]


def provider(*, claims: tuple[str, ...] = (), audiences: tuple[str, ...] = (), **limits: float) -> Provider:
    known = {name: Limit(value, Sureness.DOCUMENTED, ("https://example.org",)) for name, value in limits.items()}
    return replace(GENERIC, slug="made-up", limits=known, required_claims=claims, audiences=audiences)


def derived(fact: str, by: Provider, **facts: Value) -> Value | None:
    seen = [Observation(name.replace("__", "."), value, "test") for name, value in facts.items()]
    return derive(Chart.of(seen), by, "jwt-bearer").value(fact)


@pytest.mark.parametrize(("ahead_s", "is_beyond"), [(0.4, False), (5.0, True), (-5.0, False)])
def test_no_tolerance_still_leaves_the_second_that_rounding_takes(ahead_s: float, is_beyond: bool) -> None:
    strict = provider(early_tolerance_s=0)

    assert derived("clock.is_fast_beyond_margin", strict, clock__ahead_s=ahead_s) is is_beyond


def test_a_fast_clock_pushes_an_exp_at_the_limit_over_it() -> None:
    hourly = provider(max_exp_ahead_s=3600)

    assert derived("clock.is_fast_beyond_margin", hourly, clock__ahead_s=1.0, assertion__exp_in_s=3600) is True
    assert derived("clock.is_fast_beyond_margin", hourly, clock__ahead_s=1.0, assertion__exp_in_s=7200) is False
    assert derived("clock.is_fast_beyond_margin", hourly, clock__ahead_s=1.0, assertion__ttl_s=300) is False


def test_a_fast_clock_is_not_called_harmless_where_iat_is_demanded() -> None:
    demanding = provider(claims=("iat",))

    assert derived("clock.is_harmless", demanding, clock__ahead_s=240.0, assertion__ttl_s=300) is None
    assert derived("clock.is_fast_where_iat_counts", demanding, clock__ahead_s=240.0) is True
    assert derived("clock.is_harmless", provider(), clock__ahead_s=240.0, assertion__ttl_s=300) is True


@pytest.mark.parametrize(("alg", "is_taken"), [("EdDSA", True), ("eddsa", True), ("ES256K", True), ("RS256", False)])
def test_an_algorithm_is_taken_however_it_is_written(alg: str, is_taken: bool) -> None:
    """EdDSA is the one name that is not all capitals: it was accused wherever it is taken."""
    modern = replace(provider(), algorithms=("ES256K", "EdDSA"))

    assert derived("assertion.alg_supported", modern, assertion__alg=alg) is is_taken


@pytest.mark.parametrize(
    ("limit", "harmless"),
    [
        (None, None),
        (Limit(None, Sureness.DOCUMENTED, ("https://example.org",)), None),
        (Limit(None, Sureness.INFERRED, ("https://example.org",)), True),
        (Limit(300, Sureness.DOCUMENTED, ("https://example.org",)), True),
    ],
    ids=["nothing is known", "a setting of each client", "not known to hurt", "tolerated"],
)
def test_a_fast_clock_is_harmless_only_where_something_is_known(limit: Limit | None, harmless: bool | None) -> None:
    """Keycloak's skew is a setting: a clock fifteen minutes fast was called harmless beside its bare refusal."""
    one = replace(provider(), limits={} if limit is None else {"early_tolerance_s": limit})
    seen: dict[str, Value] = {"clock__ahead_s": 240.0, "assertion__ttl_s": 300, "assertion__iat_in_s": 240.0}

    assert derived("clock.is_harmless", one, **seen) is harmless


def test_a_greatest_age_shortens_the_life_of_an_assertion() -> None:
    assert (
        derived("clock.is_slow_beyond_ttl", provider(max_age_s=60), clock__ahead_s=-90.0, assertion__ttl_s=3000) is True
    )
    assert derived("clock.is_slow_beyond_ttl", provider(), clock__ahead_s=-90.0, assertion__ttl_s=3000) is False
    assert derived("assertion.is_older_than_allowed", provider(max_age_s=60), assertion__iat_in_s=-61) is True


@pytest.mark.parametrize(
    ("ttl_s", "sits", "over"), [(600, True, None), (595, True, None), (500, False, False), (601, False, True)]
)
def test_exactly_the_maximum_is_neither_within_nor_over(ttl_s: float, sits: bool, over: bool | None) -> None:
    ten_minutes = provider(max_ttl_s=600, max_exp_ahead_s=600)

    assert derived("assertion.sits_on_limit", ten_minutes, assertion__ttl_s=ttl_s) is sits
    assert derived("assertion.ttl_over_limit", ten_minutes, assertion__ttl_s=ttl_s) is over


@pytest.mark.parametrize(
    ("facts", "over"),
    [
        ({"assertion__ttl_s": 660}, None),  # GitHub's own sample: iat a minute back, exp ten minutes ahead
        ({"assertion__ttl_s": 540}, False),
        ({"assertion__ttl_s": 1200}, True),
        ({"assertion__ttl_s": 700, "assertion__exp_in_s": 580, "clock__ahead_s": 0.0}, False),
        ({"assertion__ttl_s": 660, "assertion__exp_in_s": 680, "clock__ahead_s": 120.0}, False),
        ({"assertion__ttl_s": 660, "assertion__exp_in_s": 640, "clock__ahead_s": 0.0}, True),
        ({"assertion__ttl_s": 240, "assertion__exp_in_s": 7380, "clock__ahead_s": 0.0}, False),
    ],
)
def test_where_exp_alone_is_judged_a_life_beyond_the_maximum_is_no_fault_by_itself(
    facts: dict[str, Value], over: bool | None
) -> None:
    assert derived("assertion.ttl_over_limit", load().providers["github"], **facts) is over


def test_a_maximum_of_exp_minus_iat_alone_leaves_nothing_to_a_clock() -> None:
    assert derived("assertion.sits_on_limit", provider(max_ttl_s=3600), assertion__ttl_s=3600) is None


@pytest.mark.parametrize(
    ("aud", "is_known"),
    [
        ("https://acme.example/t1/token", True),
        ("https://acme.example/t1/token/", False),
        ("https://evil.example/x", False),
        ("acme.example", False),
        ("the introspection endpoint", None),
    ],
)
def test_an_audience_is_measured_by_the_templates(aud: str, is_known: bool | None) -> None:
    by_tenant = provider(audiences=("https://{host}/{tenant}/token",))

    assert derived("assertion.aud_is_known_form", by_tenant, assertion__aud=aud) is is_known


def test_a_known_token_host_narrows_the_template() -> None:
    by_host = provider(audiences=("https://{host}/token",))
    facts: dict[str, Value] = {"assertion__aud": "https://b.example/token", "request__token_host": "a.example"}

    assert derived("assertion.aud_is_known_form", by_host, **facts) is False


def test_an_audience_of_test_does_not_fit_a_host_of_production() -> None:
    facts: dict[str, Value] = {"assertion__aud": "auth.uat.example.org/x", "request__token_host": "auth.example.org"}

    assert derived("assertion.aud_fits_host", provider(), **facts) is False
    assert (
        derived("assertion.aud_fits_host", provider(), **{**facts, "request__token_host": "auth.uat.example.org"})
        is None
    )


@pytest.mark.parametrize(
    ("slug", "grant", "fits", "is_known"),
    [
        ("zoom", "account_credentials", True, True),
        ("zoom", "client_credentials", False, True),
        ("auth0", "client_credentials", True, True),
        ("auth0", "account_credentials", False, False),
    ],
)
def test_a_grant_of_the_providers_own_stands_in_the_place_of_the_standard_one(
    slug: str, grant: str, fits: bool, is_known: bool
) -> None:
    seen = Chart.of([Observation("request.grant_type", grant, "test")])
    chart = derive(seen, load().providers[slug], "client-credentials")

    assert chart.value("request.grant_fits_flow") is fits
    assert chart.value("request.grant_type_is_known") is is_known
