"""What a session learns of the clocks that judge its assertions, and when it signs and sends once more.

The table follows the published clock-skew behaviour of large SDKs: what is definitely about time, what only may be,
what teaches, and what does not.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from token_host import GRANT, TRUE, Asked, LocalClock, Said, TokenHost, date, refused, token_host

import jwtdoctor
from jwtdoctor.assertions.decode import take_apart
from jwtdoctor.errors import BadInput
from jwtdoctor.wrappers.again import about_time
from jwtdoctor.wrappers.calls import call_of

KEY = Path(__file__).parents[2] / "sample_keys" / "matching.key"
AUDIENCE = "https://login.salesforce.com"
EXPIRED = "expired authorization code"
"""Salesforce's words for an assertion that is over: in this flow they have no other meaning than time."""
BARE = None
"""`invalid_grant` and nothing else: it may be about anything."""


@dataclass(frozen=True)
class Scenario:
    """One client against one token host.

    `off_s`: how far the local clock is fast in truth. `believed_s`: what the skew has learnt before. A request is
    refused with `text` where its assertion was signed more than a minute off the host's time, or always where
    `always` is set. `headers` go with each refusal, `round_trip_s` is the time that each exchange takes.
    """

    name: str
    off_s: float = 0.0
    believed_s: float = 0.0
    text: str | None = EXPIRED
    always: bool = False
    retry: bool = True
    round_trip_s: float = 0.0
    has_date: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    logins: int = 1
    status: int = 200
    learns_s: float = 0.0
    next_logins: int = 1
    """Requests that a second call then takes."""


SCENARIOS = (
    Scenario("agreeing clocks"),
    Scenario(
        "a definite error, corrected and retried, and the correction persists",
        off_s=300, logins=2, learns_s=300,
    ),
    Scenario("a slow clock is corrected as well", off_s=-300, logins=2, learns_s=-300),
    Scenario("no retry allowed still learns", off_s=300, retry=False, status=400, learns_s=300),
    Scenario(
        "a round trip of 16 minutes teaches nothing",
        off_s=300, round_trip_s=960, status=400, learns_s=0, next_logins=1,
    ),
    Scenario("a stale offset is silently corrected by a success", believed_s=45, learns_s=0),
    Scenario(
        "a possible error below the threshold is not retried, yet learnt",
        off_s=20, text=BARE, always=True, status=400, learns_s=20,
    ),
    Scenario(
        "a possible error above the threshold is retried", off_s=300, text=BARE, logins=2, learns_s=300
    ),
    Scenario("no Date teaches nothing", off_s=300, has_date=False, status=400, learns_s=0),
    Scenario("a cached reply teaches nothing", off_s=300, headers={"Age": "0"}, status=400, learns_s=0),
    Scenario(
        "a cached reply does not poison what was learnt",
        off_s=300, believed_s=300, always=True, headers={"Age": "7"}, status=400, learns_s=300,
    ),
    Scenario(
        "a reply that a cache marks as its own does not poison either",
        off_s=300, believed_s=300, always=True, headers={"X-Cache": "HIT"}, status=400, learns_s=300,
    ),
    Scenario(
        "an error that is not about time is not retried, yet learnt",
        off_s=300, text="audience is invalid", always=True, status=400, learns_s=300,
    ),
    Scenario(
        "a refusal after the right correction is not retried",
        off_s=300, believed_s=300, always=True, status=400, learns_s=300,
    ),
    Scenario("a retry that is refused again is not a third request", off_s=300, always=True, logins=2, status=400,
             learns_s=300),
)  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_published_scenario(scenario: Scenario) -> None:
    clock, skew, records = LocalClock(TRUE + scenario.off_s), believing(scenario.believed_s), list[dict[str, Any]]()
    signer = signer_of(clock, skew)
    with token_host(answers(scenario, clock)) as host, requests.Session() as session:
        if scenario.retry:
            jwtdoctor.watch(session, records.append, skew, signer=signer, retry=True, clock=clock)
        else:
            jwtdoctor.watch(session, records.append, skew, clock=clock)
        response = log_in(session, host, signer)
        sent = len(host.asked)
        assert (sent, response.status_code) == (scenario.logins, scenario.status)
        assert skew.ahead_s == pytest.approx(scenario.learns_s, abs=0.01)

        log_in(session, host, signer)
        assert len(host.asked) - sent == scenario.next_logins

    assert len(records) == len(host.asked)
    assert [bool(r.get("retry")) for r in records[: scenario.logins]] == [False, True][: scenario.logins]


def answers(scenario: Scenario, clock: LocalClock) -> Any:
    def answer(asked: Asked) -> Said:
        true_now = clock.now - scenario.off_s
        served = date(true_now) if scenario.has_date else {}
        clock.now += scenario.round_trip_s
        signed_off_s = take_apart(asked.fields["assertion"]).claims["iat"] - true_now
        if scenario.always or abs(signed_off_s) > 60:
            return refused(scenario.text, **served, **scenario.headers)
        return Said(headers={**served, **scenario.headers})

    return answer


def believing(ahead_s: float) -> jwtdoctor.Skew:
    skew = jwtdoctor.Skew()
    if ahead_s:
        skew.record(TRUE + ahead_s, TRUE + ahead_s, date(TRUE))
    return skew


def signer_of(clock: LocalClock, skew: jwtdoctor.Skew | None, **more: Any) -> jwtdoctor.Signer:
    return jwtdoctor.Signer(
        key=KEY, issuer="3MVG9a", subject="u@e.com", audience=AUDIENCE, clock=clock, skew=skew, **more
    )


def log_in(session: requests.Session, host: TokenHost, signer: jwtdoctor.Signer, **more: str) -> requests.Response:
    token = signer.sign().token.reveal()
    return session.post(host.url, data={"grant_type": GRANT, "scope": "api id", "assertion": token, **more})


def drifted(clock: LocalClock, off_s: float = 300.0, **more: Any) -> Any:
    return answers(Scenario("drift", off_s=off_s, **more), clock)


# --- what a retry changes, and what it leaves


def test_a_retry_changes_the_assertion_alone() -> None:
    clock, skew = LocalClock(TRUE + 300), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    with token_host(drifted(clock)) as host, requests.Session() as session:
        session.headers["X-Mine"] = "yes"
        jwtdoctor.watch(session, signer=signer, retry=True, clock=clock)
        log_in(session, host, signer, note="a+b c=ä&d")

    first, second = host.asked
    assert {**first.fields, "assertion": ""} == {**second.fields, "assertion": ""}
    assert take_apart(second.fields["assertion"]).claims["iat"] == TRUE
    assert {k: v for k, v in first.headers.items() if k != "Content-Length"} == {
        k: v for k, v in second.headers.items() if k != "Content-Length"
    }


def test_a_retry_is_said_on_the_log(caplog: pytest.LogCaptureFixture) -> None:
    clock, skew = LocalClock(TRUE + 300), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    with token_host(drifted(clock)) as host, requests.Session() as session:
        log_in(jwtdoctor.watch(session, signer=signer, retry=True, clock=clock), host, signer)

    (said,) = [r.getMessage() for r in caplog.records if r.name == "jwtdoctor"]
    assert "+300 s off" in said
    assert "sent once more" in said


def test_an_assertion_of_somebody_else_is_never_replaced() -> None:
    clock, skew = LocalClock(TRUE + 300), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    other = jwtdoctor.Signer(key=KEY, issuer="3MVG9a", subject="other@e.com", audience=AUDIENCE, clock=clock)
    with token_host(drifted(clock)) as host, requests.Session() as session:
        jwtdoctor.watch(session, signer=signer, retry=True, clock=clock)
        assert log_in(session, host, other).status_code == 400

    assert len(host.asked) == 1
    assert skew.ahead_s == 300


def test_a_client_assertion_is_renewed_in_its_own_field() -> None:
    clock, skew = LocalClock(TRUE - 300), jwtdoctor.Skew()
    signer = signer_of(clock, skew)

    def answer(asked: Asked) -> Said:
        off_s = take_apart(asked.fields["client_assertion"]).claims["iat"] - TRUE
        return Said(headers=date(TRUE)) if off_s == 0 else refused("The client_assertion token is expired.",
                                                                   "invalid_client", **date(TRUE))  # fmt: skip

    with token_host(answer) as host, requests.Session() as session:
        jwtdoctor.watch(session, signer=signer, retry=True, clock=clock)
        form = {"grant_type": "client_credentials", "client_assertion": signer.sign().token.reveal()}
        assert session.post(host.url, data=form).status_code == 200

    assert len(host.asked) == 2


def test_a_retry_without_an_answer_leaves_the_first_one() -> None:
    clock, skew, records = LocalClock(TRUE + 300), jwtdoctor.Skew(), list[dict[str, Any]]()
    signer = signer_of(clock, skew)
    said = iter([refused(EXPIRED, **date(TRUE)), Said(0)])
    with token_host(lambda _: next(said)) as host, requests.Session() as session:
        jwtdoctor.watch(session, records.append, signer=signer, retry=True, clock=clock)
        response = log_in(session, host, signer)

    assert response.json()["error_description"] == EXPIRED
    assert records[0]["status"] == 400
    assert len(records) == len(host.asked) == 2


def test_a_streamed_refusal_can_be_retried_and_its_words_still_read() -> None:
    clock, skew = LocalClock(TRUE + 300), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    with token_host(drifted(clock, always=True)) as host, requests.Session() as session:
        jwtdoctor.watch(session, signer=signer, retry=True, clock=clock)
        form = urlencode({"grant_type": GRANT, "assertion": signer.sign().token.reveal()}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with session.post(host.url, data=form, headers=headers, stream=True) as response:
            assert b"expired" in b"".join(response.iter_content(5))

    assert len(host.asked) == 2


def test_retries_that_do_not_help_end_when_the_budget_is_used_up() -> None:
    """Two machines with different clocks behind one name would double the logins for ever."""
    clock, skew = LocalClock(TRUE), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    wavers = [300.0, -300.0]

    def answer(_: Asked) -> Said:
        wavers.reverse()
        return refused(EXPIRED, **date(TRUE + wavers[0]))

    with token_host(answer) as host, requests.Session() as session:
        jwtdoctor.watch(session, signer=signer, retry=True, retry_budget=2, clock=clock)
        for _ in range(6):
            log_in(session, host, signer)

    assert len(host.asked) == 6 + 2


def test_threads_that_meet_the_same_drift_each_get_their_token() -> None:
    clock, skew = LocalClock(TRUE + 300), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    with token_host(drifted(clock)) as host, requests.Session() as session, ThreadPoolExecutor(8) as pool:
        jwtdoctor.watch(session, signer=signer, retry=True, retry_budget=100, clock=clock)
        list(pool.map(lambda _: log_in(session, host, signer), range(8)))

        assert {r.status_code for r in pool.map(lambda _: log_in(session, host, signer), range(8))} == {200}
    assert len(host.asked) <= 24


def test_each_token_host_has_a_skew_of_its_own() -> None:
    clock, skew = LocalClock(TRUE), jwtdoctor.Skew()
    with (
        token_host(Said(headers=date(TRUE - 50))) as one,
        token_host(Said(headers=date(TRUE + 900))) as two,
        jwtdoctor.watch(requests.Session(), skew=skew, clock=clock) as session,
    ):
        for host in (one, two, two):
            session.post(host.url, data={"grant_type": "client_credentials"})

    assert skew.ahead_s == 50


@pytest.mark.parametrize(
    "changes",
    [{}, {"signer": signer_of(LocalClock(), None)}, {"signer": signer_of(LocalClock(), jwtdoctor.Skew()),
                                                     "skew": jwtdoctor.Skew()}],
    ids=["no signer", "a signer without a skew", "another skew"],
)  # fmt: skip
def test_a_retry_needs_a_signer_that_signs_with_the_skew(changes: dict[str, Any]) -> None:
    with requests.Session() as session, pytest.raises(BadInput, match="a retry needs the signer"):
        jwtdoctor.watch(session, retry=True, **changes)


# --- reading a refusal


@pytest.mark.parametrize(
    ("description", "error", "expected"),
    [
        (EXPIRED, "invalid_grant", "definitely"),
        ("assertion is not yet valid", "invalid_grant", "definitely"),
        ("the token was made in the past", "invalid_grant", "possibly"),
        (None, "invalid_grant", "possibly"),
        ("invalid assertion", "invalid_grant", "no"),
        ("audience is invalid", "invalid_grant", "no"),
        ("user hasn't approved this consumer", "invalid_grant", "no"),
        ("client identifier invalid", "invalid_client_id", "no"),
        ("something new", "invalid_grant", "no"),
        (None, "server_error", "no"),
    ],
)
def test_a_refusal_is_about_time_definitely_possibly_or_not(description: str | None, error: str, expected: str) -> None:
    form = {"grant_type": GRANT, "assertion": signer_of(LocalClock(), None).sign().token.reveal()}
    call = call_of(requests.Request("POST", "https://login.salesforce.com/services/oauth2/token", data=form).prepare())
    assert call is not None
    said = refused(description, error)

    from jwtdoctor.model.exchange import Reply

    assert about_time(call, Reply(said.status, {"Content-Type": "application/json"}, said.body)) == expected


# --- the signer keeps an assertion


def test_an_assertion_is_kept_until_its_margin() -> None:
    clock = LocalClock()
    signer = signer_of(clock, None)
    first = signer.current()

    clock.now += 149
    assert signer.current() is first
    clock.now += 2
    renewed = signer.current()
    assert renewed is not first
    assert renewed.claims["exp"] == TRUE + 151 + 180


def test_the_margin_never_exceeds_half_the_life() -> None:
    """google-auth once asked for more margin than there was life, and renewed for every request."""
    clock = LocalClock()
    signer = signer_of(clock, None, lifetime_s=20)
    first = signer.current(margin_s=600)

    clock.now += 9
    assert signer.current(margin_s=600) is first
    clock.now += 2
    assert signer.current(margin_s=600) is not first


def test_another_correction_of_the_clock_makes_another_assertion() -> None:
    clock, skew = LocalClock(), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    first = signer.current()

    skew.record(TRUE + 1, TRUE + 1, date(TRUE))
    assert signer.current() is first
    skew.record(TRUE + 90, TRUE + 90, date(TRUE))
    assert signer.current().claims["iat"] == TRUE - 90


def test_a_clock_that_is_set_back_makes_another_assertion() -> None:
    clock = LocalClock()
    signer = signer_of(clock, None)
    first = signer.current()

    clock.now -= 3600

    assert signer.current() is not first


def test_an_assertion_with_a_jti_is_good_for_one_use() -> None:
    signer = signer_of(LocalClock(), None, jti=True)

    assert signer.current().claims["jti"] != signer.current().claims["jti"]


def test_a_kept_assertion_may_be_asked_for_from_many_threads() -> None:
    signer = signer_of(LocalClock(), None)
    signer.current()

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: signer.current(), range(64)))

    assert len({id(one) for one in made}) == 1


def test_nothing_is_logged_of_a_retry_that_would_show_the_assertion(caplog: pytest.LogCaptureFixture) -> None:
    clock, skew = LocalClock(TRUE + 300), jwtdoctor.Skew()
    signer = signer_of(clock, skew)
    level = caplog.at_level(logging.DEBUG, "jwtdoctor")
    with level, token_host(drifted(clock)) as host, requests.Session() as session:
        log_in(jwtdoctor.watch(session, signer=signer, retry=True, clock=clock), host, signer)

    written = "".join(str(vars(r)) for r in caplog.records if r.name.startswith("jwtdoctor"))
    assert written
    for asked in host.asked:
        assert not any(part in written for part in asked.fields["assertion"].split("."))
