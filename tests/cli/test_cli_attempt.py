from __future__ import annotations

from dataclasses import replace

import pytest

from jwtdoctor.cli.attempt import attempt_of, claims_of, flow_name, is_loopback, lifetime_of, token_url_of
from jwtdoctor.cli.facts import told
from jwtdoctor.config.profiles import Setting, Settings
from jwtdoctor.errors import BadInput, UnknownName
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.names import Sureness
from jwtdoctor.model.provider import Limit, Provider

SECRET = "hunter2-Kp9x"
TOKEN_PATH = "/services/oauth2/token"


@pytest.fixture
def salesforce() -> Provider:
    return load().providers["salesforce"]


def given(**values: str | int | bool | tuple[str, ...]) -> Settings:
    return Settings({name: Setting(name, value, f"flag --{name}") for name, value in values.items()})


# --- the token URL


@pytest.mark.parametrize("end", ["", "/", TOKEN_PATH])
def test_a_host_alone_gets_the_token_path_of_its_provider(salesforce: Provider, end: str) -> None:
    expected = f"https://acme.my.salesforce.com{TOKEN_PATH}"

    assert token_url_of(f"https://acme.my.salesforce.com{end}", salesforce) == (expected, ())


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("acme.my.salesforce.com", "has no scheme. Write https://acme.my.salesforce.com"),
        (f"acme.my.salesforce.com{TOKEN_PATH}", "has no scheme. Write https://acme.my.salesforce.com"),
        ("localhost:8080", "has no scheme. Write https://HOST"),
        ("http://acme.my.salesforce.com", "plain http is taken on loopback only"),
        ("ftp://acme.my.salesforce.com", "another scheme than https"),
        ("https:///token", "names no host"),
        ("https://", "names no host"),
        ("https://acme.my.salesforce.com:99999", "is not a URL"),
        ("https://[::1", "is not a URL"),
        (f"https://u:{SECRET}@acme.my.salesforce.com", "holds credentials"),
        (f"https://acme.my.salesforce.com{TOKEN_PATH}?client_secret={SECRET}", "has a query"),
        (f"https://acme.my.salesforce.com#{SECRET}", "has a query or fragment"),
        ("https://acme.my.salesforce.com/a b", "holds blanks"),
        ("https://acme.my.salesforce.com/\x1b[31m", "control characters"),
        (f"https://acme.my.salesforce.com{TOKEN_PATH}{TOKEN_PATH}", "has a path too many"),
        (f"https://acme.my.salesforce.com{TOKEN_PATH}/x", "has a path too many"),
        ("https://acme.my.salesforce.com/lightning/page", "is not the token path of salesforce"),
        (f"https://acme.my.salesforce.com/{TOKEN_PATH}", "is not the token path of salesforce"),
    ],
)
def test_a_url_that_cannot_be_meant_says_what_to_write_and_quotes_no_secret(
    salesforce: Provider, url: str, line: str
) -> None:
    with pytest.raises(BadInput) as caught:
        token_url_of(url, salesforce)

    assert line in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_site_s_prefix_before_the_token_path_is_taken(salesforce: Provider) -> None:
    url = f"https://acme.my.site.com/shop{TOKEN_PATH}"

    assert token_url_of(url, salesforce) == (url, ())


def test_a_longer_name_at_the_end_of_a_path_is_not_a_path_too_many(salesforce: Provider) -> None:
    """PingFederate's /as/token.oauth2 was refused where /as/token is the usual path."""
    ping = replace(salesforce, token_path="/as/token", hosts=(), paths=())

    assert token_url_of("https://id.acme.example/as/token.oauth2", ping)[0].endswith("/as/token.oauth2")


def test_another_path_on_another_host_is_taken_with_a_warning(salesforce: Provider) -> None:
    url, warnings = token_url_of("http://127.0.0.1:8080/token", salesforce)

    assert url == "http://127.0.0.1:8080/token"
    assert len(warnings) == 1


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False),
     ("localhost.evil.example", False), ("0.0.0.0", False), ("127.0.0.1.evil.example", False)],
)  # fmt: skip
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_provider_without_a_token_path_of_its_own_wants_the_whole_url(salesforce: Provider) -> None:
    with pytest.raises(BadInput, match="expected the whole token URL"):
        token_url_of("https://login.example", replace(salesforce, token_path=""))


# --- what is signed


def limited(provider: Provider, **limits: float) -> Provider:
    found = {name: Limit(value, Sureness.DOCUMENTED, ()) for name, value in limits.items()}
    return replace(provider, limits=found)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [({}, 180), ({"max_ttl_s": 60.0}, 57), ({"max_ttl_s": 3600.0, "max_exp_ahead_s": 120.0}, 114)],
    ids=["none", "60 s", "the lower of two"],
)
def test_the_lifetime_is_180_or_95_per_cent_of_a_lower_maximum(
    salesforce: Provider, limits: dict[str, float], expected: int
) -> None:
    assert lifetime_of(given(), limited(salesforce, **limits)) == expected


def test_a_lifetime_that_was_asked_for_is_taken_as_it_is(salesforce: Provider) -> None:
    assert lifetime_of(given(lifetime=-30), salesforce) == -30


def test_settings_become_the_attempt(salesforce: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", SECRET)
    found = given(
        url="https://login.salesforce.com",
        client_id="3MVG9",
        username="ci@acme.com",
        client_secret="env:S",
        no_iat=True,
        claim=("aud2=[1]",),
    )

    attempt, _ = attempt_of(found, salesforce)

    assert attempt.token_url == f"https://login.salesforce.com{TOKEN_PATH}"
    assert (attempt.client_id, attempt.username, attempt.iat) == ("3MVG9", "ci@acme.com", False)
    assert attempt.client_secret is not None
    assert attempt.client_secret.reveal() == SECRET
    assert attempt.extra_claims == {"aud2": [1]}
    assert SECRET not in repr(attempt)


def test_without_a_url_it_says_where_one_can_stand(salesforce: Provider) -> None:
    with pytest.raises(BadInput, match=r"--url https://HOST, JWTDOCTOR_URL or url in a profile"):
        attempt_of(given(), salesforce)


def test_flows_are_taken_by_their_other_names_too() -> None:
    assert flow_name("jwt_bearer") == "jwt-bearer"


def test_an_unknown_flow_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Nearest: jwt-bearer"):
        flow_name("jwt-baerer")


@pytest.mark.parametrize("pair", ["scope", "=1", f"{SECRET} x=1", f"scope={SECRET}", "a={", "a=" + "[" * 100_000])
def test_a_claim_that_is_none_is_one_line_without_its_value(pair: str) -> None:
    with pytest.raises(BadInput) as caught:
        claims_of([pair])

    assert SECRET not in str(caught.value)


# --- facts


def test_facts_are_typed_by_the_vocabulary() -> None:
    seen = told(
        [
            "user.is_active=no",
            "clock.ahead_s=-312.4",
            "app.scopes=api, refresh_token",
            "assertion.aud=https://login.salesforce.com",
            'assertion.aud=["a"]',
            "org.kind=anything else",
        ]
    ).observations

    assert [(o.value, o.source) for o in seen] == [
        (False, "user"),
        (-312.4, "user"),
        (("api", "refresh_token"), "user"),
        ("https://login.salesforce.com", "user"),
        (("a",), "user"),
        ("anything else", "user"),
    ]


def test_a_fact_that_nobody_can_tell_is_not_asked_for_again() -> None:
    given = told(["login_history.status=unknown", "user.is_active=Unknown"])

    assert given.not_known == {"login_history.status", "user.is_active"}
    assert given.observations == ()


@pytest.mark.parametrize(
    "pair",
    [
        f"user.is_active={SECRET}",
        f"clock.ahead_s={SECRET}",
        "clock.ahead_s=nan",
        "clock.ahead_s=1e999",
        "app.scopes=[1]",
        "user.is_active",
        "clock.is_harmless=true",
    ],
)
def test_a_fact_that_does_not_fit_is_one_line_without_its_value(pair: str) -> None:
    with pytest.raises(BadInput) as caught:
        told([pair])

    assert SECRET not in str(caught.value)


def test_an_unknown_fact_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Nearest: user\.is_active"):
        told(["user.is_actve=true"])
