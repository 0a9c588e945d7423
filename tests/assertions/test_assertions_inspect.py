from __future__ import annotations

from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from assertion_samples import NOW, limit, provider, token
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.assertions.inspect import is_secret_name, lint
from jwtdoctor.assertions.times import distance, duration, times
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.provider import Provider

USUAL: dict[str, Any] = {
    "iss": "3MVG9a", "sub": "u@e.com", "aud": "https://login.salesforce.com", "exp": int(NOW) + 180, "iat": int(NOW),
}  # fmt: skip
SALESFORCE = provider()
STRICT = provider("strict", audiences=("https://strict.example/",))
STRICT_CLAIMS = USUAL | {"aud": "https://strict.example/"}


def found(
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    rules: Provider = SALESFORCE,
    now: float | None = NOW,
    signature: bytes = b"s" * 256,
) -> dict[str, str]:
    """Rule to severity for the usual claims with changes; None takes a claim out."""
    base = USUAL if rules.slug == "salesforce" else STRICT_CLAIMS
    merged = {k: v for k, v in (base | (claims or {})).items() if v is not None}
    head = {k: v for k, v in ({"alg": "RS256", "typ": "JWT"} | (header or {})).items() if v is not None}
    return {f.rule: f.severity for f in lint(take_apart(token(head, merged, signature)), rules, now)}


def test_a_usual_assertion_has_nothing_against_it() -> None:
    assert found() == {}
    assert found(rules=STRICT) == {}


WHAT_REAL_CLIENTS_SEND = [
    ({"exp": str(int(NOW) + 180)}, {}, "time-is-text", "error"),
    ({"exp": int(NOW) * 1000 + 300}, {}, "time-in-milliseconds", "error"),
    ({"sub": None, "prn": "u@e.com"}, {}, "prn", "warning"),
    ({}, {"typ": None}, "typ-missing", "note"),
    ({"iat": None}, {}, "iat-missing", "note"),
    ({"alg": "RS256"}, {}, "header-in-claims", "note"),
]


@pytest.mark.parametrize(("claims", "header", "rule", "elsewhere"), WHAT_REAL_CLIENTS_SEND)
def test_what_real_clients_send_is_a_note_at_salesforce(
    claims: dict[str, Any], header: dict[str, Any], rule: str, elsewhere: str
) -> None:
    assert found(claims, header) == {rule: "note"}
    assert found(claims, header, STRICT)[rule] == elsewhere


def test_a_slash_after_the_audience_is_a_note_at_salesforce_and_an_error_where_it_belongs_there() -> None:
    assert found({"aud": "https://login.salesforce.com/"}) == {"aud-slash": "note"}
    assert found({"aud": "https://strict.example"}, rules=STRICT) == {"aud-slash": "error"}


def test_what_the_salesforce_cli_signs_is_never_expired() -> None:
    """`exp` is Date.now() + 300 in milliseconds: read as seconds it lies in the year 58860."""
    assert found({"exp": int(NOW) * 1000 + 300}, now=NOW + 3600) == {"time-in-milliseconds": "note"}


@pytest.mark.parametrize(
    ("aud", "rule"),
    [
        (["https://login.salesforce.com"], "aud-array"),
        ("login.salesforce.com", "aud-bare-host"),
        ("http://login.salesforce.com", "aud-http"),
        ("https://login.salesforce.com/services/oauth2/token", "aud-token-url"),
        (" https://login.salesforce.com", "aud-white-space"),
        ("https://acme.lightning.force.com", "aud-page-host"),
        (7, "aud-not-text"),
        ("", "aud-not-text"),
    ],
)
def test_an_audience_that_salesforce_refuses_is_an_error(aud: object, rule: str) -> None:
    assert found({"aud": aud}) == {rule: "error"}


@pytest.mark.parametrize(
    "aud",
    [
        "https://test.salesforce.com",
        "https://acme.my.salesforce.com",
        "https://acme--dev.sandbox.my.salesforce.com",
        "https://gs1.salesforce.com",
        "https://acme.my.site.com/shop",
    ],
)
def test_an_audience_that_salesforce_takes_is_nothing(aud: str) -> None:
    assert found({"aud": aud}) == {}


def test_placeholders_of_a_documented_audience_stand_for_anything() -> None:
    entra = provider("entra", audiences=("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",))

    assert found({"aud": "https://login.microsoftonline.com/acme/oauth2/v2.0/token"}, rules=entra) == {}
    assert found({"aud": "https://login.microsoftonline.com"}, rules=entra) == {"aud-unknown": "warning"}


@pytest.mark.parametrize("name", ["iss", "sub", "aud", "exp"])
def test_a_missing_required_claim_is_an_error(name: str) -> None:
    assert found({name: None})["claim-missing"] == "error"


def test_prn_is_no_substitute_elsewhere() -> None:
    assert found({"sub": None, "prn": "u"}, rules=STRICT)["claim-missing"] == "error"


def test_a_claim_that_the_provider_forbids_is_an_error() -> None:
    assert (
        found({"nbf": int(NOW)}, rules=provider("pdnd", forbidden_claims=("nbf",), audiences=()))["claim-forbidden"]
        == "error"
    )


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        ({"alg": None}, "alg-missing"),
        ({"alg": "none"}, "alg-none"),
        ({"alg": "HS256"}, "alg-not-taken"),
        ({"alg": "ES256"}, "alg-not-taken"),
        ({"x5t": "ab" * 20}, "x5t-malformed"),
        ({"x5t#S256": "short"}, "x5t-malformed"),
    ],
)
def test_a_header_that_cannot_be_taken_is_an_error(header: dict[str, Any], rule: str) -> None:
    assert found(header=header)[rule] == "error"


def test_a_provider_that_finds_its_key_by_kid_wants_one() -> None:
    needs = provider("needs", needs_kid=True, audiences=())

    assert found(rules=needs) == {"kid-missing": "error"}
    assert found(header={"kid": "k"}, rules=needs) == {}
    assert found(header={"x5t": "A" * 27}, rules=needs) == {}


@pytest.mark.parametrize(
    ("alg", "size", "rule"),
    [("RS256", 241, "signature-size"), ("RS256", 0, "signature-missing"), ("ES256", 70, "signature-size")],
)
def test_a_signature_that_was_cut_off_is_seen(alg: str, size: int, rule: str) -> None:
    assert found(header={"alg": alg}, rules=provider(algorithms=("RS256", "ES256")), signature=b"s" * size) == {
        rule: "error"
    }


@pytest.mark.parametrize(
    ("past_s", "expected"),
    [(-1, {}), (0, {"expired-within-tolerance": "warning"}), (180, {"expired-within-tolerance": "warning"}),
     (181, {"expired": "error"})],
)  # fmt: skip
def test_expiry_is_judged_with_the_provider_s_tolerance(past_s: int, expected: dict[str, str]) -> None:
    assert found({"exp": int(NOW) - past_s, "iat": int(NOW) - 600}) == expected


def test_without_a_known_tolerance_there_is_none() -> None:
    assert found({"exp": int(NOW) - 1, "iat": int(NOW) - 600}, rules=STRICT) == {"expired": "error"}


def test_without_a_known_time_nothing_is_expired_or_early() -> None:
    assert found({"exp": 5_000, "iat": 4_000}, now=None) == {}


LIMITED = provider("limited", audiences=(), limits={"max_ttl_s": limit(60.0)})
UNKNOWN = provider("unknown", audiences=(), limits={"max_ttl_s": limit(None), "late_tolerance_s": limit(None)})


@pytest.mark.parametrize(
    ("life_s", "expected"),
    [(50, {}), (58, {"lifetime-at-limit": "warning"}), (60, {"lifetime-at-limit": "warning"}),
     (61, {"lifetime-over-limit": "error"})],
)  # fmt: skip
def test_a_lifetime_is_held_against_the_maximum_and_its_edge(life_s: int, expected: dict[str, str]) -> None:
    assert found({"exp": int(NOW) + life_s}, rules=LIMITED) == expected


def test_a_limit_that_is_not_known_makes_no_error() -> None:
    assert found({"exp": int(NOW) + 80_000}, rules=UNKNOWN) == {}


def test_exp_far_ahead_is_a_warning_since_no_refusal_was_ever_seen() -> None:
    assert found({"exp": int(NOW) + 10**7}) == {"lifetime-long": "warning"}


@pytest.mark.parametrize(("life_s", "rule"), [(10, "lifetime-short"), (0, "no-lifetime")])
def test_a_life_of_seconds_is_a_warning(life_s: int, rule: str) -> None:
    assert found({"exp": int(NOW) + 1, "iat": int(NOW) + 1 - life_s})[rule] == "warning"


def test_an_iat_in_the_future_is_an_error_only_where_the_tolerance_is_known() -> None:
    known = provider("known", audiences=(), limits={"early_tolerance_s": limit(10.0)})

    assert found({"iat": int(NOW) + 60}) == {"starts-in-future": "warning"}
    assert found({"iat": int(NOW) + 60}, rules=known) == {"starts-in-future": "error"}
    assert found({"iat": int(NOW) + 9}, rules=known) == {}
    assert found({"nbf": int(NOW) + 60}, rules=STRICT) == {"starts-in-future": "error"}


def test_a_start_that_is_off_by_whole_hours_looks_like_a_time_zone() -> None:
    def said(ahead_s: int) -> str:
        claims = USUAL | {"iat": int(NOW) + ahead_s, "exp": int(NOW) + ahead_s + 180}
        return " ".join(f.message for f in lint(take_apart(token(None, claims)), SALESFORCE, NOW))

    assert "time zone" in said(5 * 3600)
    assert "time zone" in said(19_800)
    assert "time zone" not in said(400)
    assert "time zone" not in said(3600 + 420)


@pytest.mark.parametrize("name", ["client_secret", "password", "privateKey", "api_key"])
def test_a_secret_among_the_claims_is_an_error_and_not_quoted(name: str) -> None:
    findings = lint(take_apart(token(None, USUAL | {name: "planted"})), SALESFORCE, NOW)

    assert is_secret_name(name)
    assert [f.rule for f in findings] == ["secret-in-claims"]
    assert "planted" not in repr(findings)


def test_errors_come_first() -> None:
    findings = lint(take_apart(token({"alg": "none"}, USUAL | {"iat": None, "exp": 1})), SALESFORCE, NOW)

    ranks = [["error", "warning", "note"].index(f.severity) for f in findings]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize("slug", list(load().providers))
def test_every_provider_s_rules_can_be_applied(slug: str) -> None:
    rules = load().providers[slug]
    aud = rules.audiences[0].replace("{", "").replace("}", "") if rules.audiences else "https://x.example"

    findings = lint(take_apart(token(None, USUAL | {"aud": aud})), rules, NOW)

    assert not {"aud-unknown", "aud-slash", "aud-array"} & {f.rule for f in findings}


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.lists(st.text(max_size=5))
NAMES = ["iss", "sub", "prn", "aud", "exp", "iat", "nbf", "jti", "alg", "typ", "kid", "x5t", "x5t#S256"]


@given(st.dictionaries(st.sampled_from(NAMES), VALUES), st.dictionaries(st.sampled_from(NAMES), VALUES))
@settings(max_examples=200, deadline=None)
def test_values_of_any_type_are_linted_and_timed(header: dict[str, Any], claims: dict[str, Any]) -> None:
    decoded = take_apart(token(header, claims))

    for rules in (SALESFORCE, STRICT, LIMITED):
        assert isinstance(lint(decoded, rules, NOW), tuple)
    assert all(one.in_s is None or distance(one.in_s) for one in times(decoded.claims, NOW))


# --- times


def test_a_time_is_shown_in_utc_in_local_time_and_as_a_distance() -> None:
    (exp,) = times({"exp": 1_795_301_245}, 1_795_301_200, timezone(timedelta(hours=5, minutes=30)))

    assert exp.utc == "2026-11-21 22:47:25Z"
    assert exp.local == "2026-11-22 04:17:25+05:30"
    assert exp.in_s == 45


def test_milliseconds_are_shown_as_what_was_meant() -> None:
    (exp,) = times({"exp": "1795301245226"}, 1_795_301_200, UTC)

    assert (exp.unit, exp.is_text, exp.utc) == ("ms", True, "2026-11-21 22:47:25Z")


@pytest.mark.parametrize("written", ["soon", None, True, [1], 1e300])
def test_what_is_no_time_is_shown_as_none(written: object) -> None:
    (exp,) = times({"exp": written}, NOW, UTC)

    assert exp.epoch_s is None


def test_a_time_outside_the_calendar_has_no_date() -> None:
    (exp,) = times({"exp": -99_999_999_999}, NOW, UTC)

    assert exp.utc == ""
    assert exp.epoch_s == -99_999_999_999


@pytest.mark.parametrize(
    ("in_s", "says"),
    [
        (0.2, "now"),
        (179, "in 2 min 59 s"),
        (-60, "1 min ago"),
        (-18_720, "5 h 12 min ago"),
        (86_400, "in 1 d"),
        (1e12, "in 11,574,074 d 1 h"),
    ],
)
def test_a_distance_reads_as_people_say_it(in_s: float, says: str) -> None:
    assert distance(in_s) == says


def test_a_duration_rounds_to_whole_seconds() -> None:
    assert duration(59.6) == "1 min"
