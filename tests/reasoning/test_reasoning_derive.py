"""Derived facts: the arithmetic of clocks, hosts, audiences and policies."""

from __future__ import annotations

import pytest

from jwtdoctor.checkup import examine
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.facts import VOCABULARY, Value
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Limit, Provider
from jwtdoctor.reasoning.derive import WhatIf, derive, reads_of
from jwtdoctor.reasoning.rules.table import RULES, is_whole_quarter_hours
from jwtdoctor.reasoning.salesforce_hosts import host_kind
from jwtdoctor.testing import World


def provider(slug: str = "salesforce", **limits: float | None) -> Provider:
    given = {name: Limit(value, Sureness.DOCUMENTED, ("https://vendor.example",)) for name, value in limits.items()}
    return Provider(slug, "V", (), "", (), ("RS256",), (), False, False, (), given)


def chart_of(flow: str | None = "jwt-bearer", at: Provider | None = None, **facts: Value) -> Chart:
    named = (Observation(name.replace("__", "."), value) for name, value in facts.items())
    return derive(Chart.of(named), at or provider(late_tolerance_s=180), flow)


def test_every_derived_fact_has_exactly_one_rule() -> None:
    assert sorted(r.fact for r in RULES) == sorted(n for n, f in VOCABULARY.items() if f.derived)


def test_every_rule_reads_facts_that_exist() -> None:
    assert all(name in VOCABULARY for rule in RULES for name in rule.reads)


def test_a_derived_fact_knows_the_observed_facts_that_it_rests_on() -> None:
    assert "clock.ahead_s" in reads_of("clock.is_harmless")


@pytest.mark.parametrize(
    ("ahead_s", "beyond_ttl", "beyond_margin"),
    [(0.0, False, False), (-100.0, False, False), (-200.0, True, False), (-400.0, True, True), (400.0, False, False)],
)
def test_only_a_slow_clock_makes_an_assertion_late(ahead_s: float, beyond_ttl: bool, beyond_margin: bool) -> None:
    chart = chart_of(clock__ahead_s=ahead_s, assertion__ttl_s=180)

    assert chart.flag("clock.is_slow_beyond_ttl") is beyond_ttl
    assert chart.flag("clock.is_slow_beyond_margin") is beyond_margin


def test_a_fast_clock_is_harmless_where_no_early_limit_is_known() -> None:
    assert chart_of(clock__ahead_s=900.0, assertion__ttl_s=180).flag("clock.is_harmless") is True


def test_a_fast_clock_hurts_where_the_provider_refuses_the_future() -> None:
    strict = provider("vendor", early_tolerance_s=60)

    assert chart_of(at=strict, clock__ahead_s=120.0, assertion__ttl_s=180).flag("clock.is_fast_beyond_margin") is True
    assert chart_of(at=strict, clock__ahead_s=30.0, assertion__ttl_s=180).flag("clock.is_fast_beyond_margin") is False


def test_a_fast_clock_hurts_where_exp_may_not_lie_too_far_ahead() -> None:
    strict = provider("vendor", max_exp_ahead_s=600)

    assert chart_of(at=strict, clock__ahead_s=120.0, assertion__ttl_s=590).flag("clock.is_fast_beyond_margin") is True


def test_time_servers_are_believed_before_the_date_header() -> None:
    chart = chart_of(clock__ahead_s=0.0, reply__date_ahead_s=-600.0, assertion__ttl_s=180)

    assert chart.flag("clock.is_slow_beyond_ttl") is False


def test_without_time_servers_date_alone_does_not_say_which_clock_is_off() -> None:
    chart = chart_of(reply__date_ahead_s=-600.0, assertion__ttl_s=180)

    assert chart.flag("clock.date_says_slow") is True
    assert chart.flag("clock.is_slow_beyond_ttl") is None


def test_sources_that_disagree_make_no_clock_harmless() -> None:
    chart = chart_of(clock__ahead_s=0.0, clock__sources_agree=False, assertion__ttl_s=180)

    assert chart.flag("clock.is_harmless") is None


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (3600, True),
        (-7200, True),
        (19_800, True),
        (3640, True),
        (20_740, True),
        (900, False),
        (300, False),
        (4000, False),
        (200_000, False),
    ],
)
def test_time_zones_are_whole_quarter_hours(seconds: float, expected: bool) -> None:
    assert is_whole_quarter_hours(seconds) is expected


def test_a_late_assertion_is_explained_by_a_slow_clock() -> None:
    chart = chart_of(clock__ahead_s=-500.0, assertion__exp_in_s=-320.0, assertion__ttl_s=180)

    assert chart.flag("assertion.expired_because_of_clock") is True
    assert chart.flag("assertion.expired_despite_right_clock") is False


def test_a_late_assertion_under_a_right_clock_is_its_own_fault() -> None:
    chart = chart_of(clock__ahead_s=0.2, assertion__exp_in_s=-3420.0)

    assert chart.flag("assertion.expired_because_of_clock") is False
    assert chart.flag("assertion.expired_despite_right_clock") is True
    assert chart.flag("assertion.exp_is_off_by_zone") is True


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("login.salesforce.com", "login"),
        ("test.salesforce.com:443", "test"),
        ("acme.my.salesforce.com", "my-domain"),
        ("acme--uat.sandbox.my.salesforce.com", "my-domain-sandbox"),
        ("<org>--uat.my.salesforce.com", "my-domain-sandbox"),
        ("fun-day-123.scratch.my.salesforce.com", "my-domain-scratch"),
        ("acme.lightning.force.com", "lightning"),
        ("na1.salesforce.com", "instance"),
        ("cs12.my.salesforce.com", "instance"),
        ("acme.my.site.com", "site"),
        ("proxy.example", "other"),
    ],
)
def test_hosts_tell_what_they_serve(host: str, kind: str) -> None:
    assert host_kind(host) == kind


@pytest.mark.parametrize(
    ("host", "org", "fits"),
    [
        ("login.salesforce.com", "sandbox", False),
        ("test.salesforce.com", "sandbox", True),
        ("test.salesforce.com", "production", False),
        ("acme--uat.sandbox.my.salesforce.com", "production", False),
        ("acme.my.salesforce.com", "production", True),
        ("login.salesforce.com", "govcloud", False),
    ],
)
def test_hosts_fit_kinds_of_org(host: str, org: str, fits: bool) -> None:
    assert chart_of(request__token_host=host, org__kind=org).flag("request.host_fits_org") is fits


@pytest.mark.parametrize(
    ("aud", "form"),
    [
        ("https://login.salesforce.com", "ok"),
        ("https://login.salesforce.com/", "ok"),
        ("login.salesforce.com", "bare-host"),
        ("http://login.salesforce.com", "http"),
        ("https://login.salesforce.com/services/oauth2/token", "token-url"),
        (("https://login.salesforce.com",), "array"),
        ("salesforce", "not-a-url"),
    ],
)
def test_audiences_have_a_form(aud: Value, form: str) -> None:
    assert chart_of(assertion__aud=aud).text("assertion.aud_form") == form


def test_an_external_client_app_is_not_found_through_a_generic_host() -> None:
    chart = chart_of(
        app__kind="external-client-app",
        request__token_host="test.salesforce.com",
        assertion__aud="https://test.salesforce.com",
    )

    assert chart.flag("request.host_fits_app") is False
    assert chart.flag("assertion.aud_fits_app") is False


def test_pkce_and_secret_both_present_are_in_order() -> None:
    chart = chart_of(
        "authorization-code", app__requires_pkce=True, app__requires_secret=True, request__sends_client_secret=True,
        request__sends_code_verifier=True, request__code_verifier_length=64,
    )  # fmt: skip

    assert chart.flag("request.secret_is_missing") is False
    assert chart.flag("request.pkce_is_required_and_missing") is False
    assert chart.flag("request.pkce_is_in_order") is True


def test_salesforce_refuses_a_tilde_in_the_verifier() -> None:
    chart = chart_of("authorization-code", request__code_verifier_has_tilde=True, request__code_verifier_length=64)

    assert chart.flag("request.verifier_is_well_formed") is False


@pytest.mark.parametrize("words", ["admin-approved", "Admin approved users are pre-authorized"])
def test_pre_authorisation_without_an_assignment_is_seen(words: str) -> None:
    chart = chart_of(app__permitted_users=words, user__assigned_to_app=False)

    assert chart.flag("app.preauthorised_but_unassigned") is True


@pytest.mark.parametrize(("flow", "outside"), [("jwt-bearer", True), ("saml-bearer", True), ("refresh-token", False)])
def test_relaxing_ip_on_the_app_does_not_reach_bearer_assertions(flow: str, outside: bool) -> None:
    chart = chart_of(flow, user__caller_ip_in_ranges=False, app__ip_relaxation="relax")

    assert chart.flag("user.ip_is_outside") is outside


def test_no_ranges_mean_that_every_address_is_inside() -> None:
    assert chart_of(user__has_ip_ranges=False).flag("user.ip_is_inside") is True


def test_an_observed_fact_is_never_overwritten() -> None:
    told = Chart.of([Observation("clock.is_harmless", False, "user"), Observation("clock.ahead_s", 0.0)])

    assert derive(told, provider(), "jwt-bearer").flag("clock.is_harmless") is False


ANSWERS: dict[str, tuple[Value, ...]] = {
    "bool": (True, False),
    "number": (-600.0, 90.0),
    "text": ("production",),
    "list": (("api", "refresh_token"),),
}


@pytest.mark.parametrize("fault", ["clock-drift", "wrong-audience", "user-not-assigned-to-app", "code-expired"])
def test_one_answer_more_gives_the_chart_that_deriving_anew_gives(fault: str) -> None:
    world = World(fault)
    base = examine(world.case, world.instruments).chart.plus(world.administrators_facts)
    salesforce = load().providers["salesforce"]
    before = derive(base, salesforce, world.scenario.flow)
    what_if = WhatIf(base, salesforce, world.scenario.flow)

    for fact in (f for f in VOCABULARY.values() if not f.derived and f.name not in base):
        for value in ANSWERS.get(fact.kind, ()):
            answer = Observation(fact.name, value, "question")
            chart, changed = what_if.plus(answer)
            anew = derive(base.plus([answer]), salesforce, world.scenario.flow)
            assert chart.observations == anew.observations, fact.name
            assert changed == {o.fact for o in anew if before.value(o.fact) != o.value} | (
                {o.fact for o in before} - {o.fact for o in anew}
            )
