"""The margins that are kept where nobody asks for others: for every provider that is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.assertions.build import claims_of
from jwtdoctor.config.attempts import iat_back_of, lifetime_of
from jwtdoctor.config.profiles import Settings
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.assertion import AssertionSpec
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Limit, Provider

PROVIDERS = list(load().providers.values())


def limited(**limits: float) -> Provider:
    known = {name: Limit(value, Sureness.DOCUMENTED, ()) for name, value in limits.items()}
    return replace(load().providers["generic"], limits=known)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda p: p.slug)
def test_nothing_that_is_signed_by_default_sits_on_a_limit(provider: Provider) -> None:
    lifetime_s = lifetime_of(Settings({}), provider)
    back_s = iat_back_of(lifetime_s, provider)
    claims = claims_of(AssertionSpec("i", "s", "a", lifetime_s, iat_back_s=back_s), now=1_795_301_245.0)

    for name, used_s in (("max_ttl_s", claims["exp"] - claims["iat"]), ("max_exp_ahead_s", lifetime_s)):
        most_s = provider.limit(name)
        assert most_s is None or used_s <= most_s * 0.95, name
    assert 0 < lifetime_s <= 180
    assert provider.limit("max_age_s") is None or back_s == 0


def test_iat_is_dated_back_where_a_provider_advises_it_and_nowhere_else() -> None:
    backed = {provider.slug: back_s for provider in PROVIDERS if (back_s := iat_back_of(180, provider))}

    assert backed == {"github": 60}


@pytest.mark.parametrize(
    ("limits", "back_s"),
    [
        ({}, 0),
        ({"iat_back_s": 60}, 60),
        ({"iat_back_s": 60, "max_age_s": 60}, 0),
        ({"iat_back_s": 60, "max_ttl_s": 220}, 29),
        ({"iat_back_s": 60, "max_ttl_s": 180}, 0),
    ],
)
def test_dating_back_never_uses_up_what_counts_from_iat(limits: dict[str, float], back_s: int) -> None:
    assert iat_back_of(180, limited(**limits)) == back_s
