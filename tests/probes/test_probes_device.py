"""The device flow: polls keep to the interval and end. And the code flow with a person at a browser."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import pytest

from jwtdoctor.checkup import examine
from jwtdoctor.errors import BadProfile
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.exchange import Exchange, NoReply, Reply, TokenRequest
from jwtdoctor.model.names import Outcome
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.flows import token_request
from jwtdoctor.probes.flows.device import Begun, begin, poll
from jwtdoctor.probes.request import ask_for_token
from jwtdoctor.testing import FixedClock, World, healthy

PENDING = Reply(400, {}, '{"error":"authorization_pending"}')
SLOWER = Reply(400, {}, '{"error":"slow_down"}')
GRANTED = Reply(200, {}, '{"access_token":"x"}')
OTHER = "https://id.example/token"


@dataclass
class Somebody:
    """A person who answers at once. `back`: the query of the redirect, `{state}` standing for the one asked with."""

    clock: FixedClock | None = None
    back: str | None = None
    waits: list[float] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)

    def redirected(self, url: str, state: str, within_s: float) -> str | None:
        assert within_s > 0
        self.told.append((url, state))
        return None if self.back is None else "http://127.0.0.1:9/cb?" + self.back.replace("{state}", state)

    def shown(self, url: str, user_code: str) -> None:
        self.told.append((url, user_code))

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.clock is not None:
            self.clock.advance(seconds)


def polled(*answers: Exchange, interval_s: float = 5.0, within_s: float = 100.0) -> tuple[Exchange, list[float]]:
    somebody, left = Somebody(), list(answers)
    got = poll(lambda: left.pop(0), somebody, interval_s, within_s, lambda: False)
    return got, somebody.waits


def test_a_poll_waits_for_the_interval_and_ends_with_the_answer() -> None:
    assert polled(PENDING, PENDING, GRANTED) == (GRANTED, [5.0, 5.0, 5.0])


def test_slow_down_adds_five_seconds_for_good() -> None:
    assert polled(SLOWER, PENDING, GRANTED) == (GRANTED, [5.0, 10.0, 10.0])


def test_polls_end_with_the_life_of_the_code() -> None:
    answer, waits = polled(*[PENDING] * 50, within_s=12.0)

    assert (answer, waits) == (PENDING, [5.0, 5.0])


def test_polls_are_bounded_whatever_the_endpoint_says() -> None:
    answer, waits = polled(*[PENDING] * 500, interval_s=0.001, within_s=1e6)

    assert (answer, len(waits)) == (PENDING, 60)


def test_a_refusal_ends_the_polls() -> None:
    refused = Reply(400, {}, '{"error":"access_denied"}')

    assert polled(PENDING, refused)[0] is refused


def test_no_answer_ends_the_polls() -> None:
    silent = NoReply("read-timeout", "nothing")

    assert polled(PENDING, silent)[0] is silent


def test_cancelling_ends_the_polls_before_the_next_one() -> None:
    answer = poll(lambda: pytest.fail("a poll after the cancellation"), Somebody(), 5.0, 100.0, lambda: True)

    assert isinstance(answer, NoReply)


def test_a_whole_device_login_in_the_simulator() -> None:
    world = World(healthy("device"))
    assert world.case.attempt is not None
    somebody = Somebody(world.clock)
    case = replace(world.case, attempt=replace(world.case.attempt, device_code=None))

    report = examine(case, replace(world.instruments, person=somebody))

    assert (report.outcome, report.logins_used) == (Outcome.GRANTED, 1)
    (url, code) = somebody.told[0]
    assert url.startswith("https://")
    assert len(code) == 8
    assert somebody.waits == [5.0]


def test_a_device_login_that_nobody_approves_is_device_pending() -> None:
    world = World("device-pending")
    assert world.case.attempt is not None
    case = replace(world.case, attempt=replace(world.case.attempt, device_code=None))

    report = examine(case, replace(world.instruments, person=Somebody(world.clock)))

    assert report.leaders == ("device-pending",)
    assert len(world.transport.requests) <= 62


@dataclass
class Endpoint:
    """Answers each POST with what is next."""

    answers: list[Reply]
    requests: list[TokenRequest] = field(default_factory=list)

    def post_form(self, request: TokenRequest, deadline_s: float) -> Exchange:
        assert deadline_s > 0
        self.requests.append(request)
        return self.answers.pop(0)

    def get(self, url: str, deadline_s: float) -> Exchange:
        raise AssertionError((url, deadline_s))


def test_elsewhere_the_names_are_those_of_the_standard() -> None:
    told = {"device_code": "d", "user_code": "\x1b[31mA-B", "verification_uri": "https://id.example/d", "interval": 7}
    endpoint = Endpoint([Reply(200, {}, json.dumps(told)), GRANTED])
    attempt = Attempt(OTHER, client_id="c", device_url="https://id.example/device", scope="read")
    somebody = Somebody()

    asked = ask_for_token("device", attempt, None, endpoint, 5.0, lambda: False, person=somebody)

    assert [r.url for r in endpoint.requests] == ["https://id.example/device", OTHER]
    assert dict(endpoint.requests[0].fields) == {"client_id": "c", "scope": "read"}
    assert endpoint.requests[1].field("grant_type") == "urn:ietf:params:oauth:grant-type:device_code"
    assert endpoint.requests[1].field("device_code") == Secret("d")
    assert somebody.told == [("https://id.example/d", "A-B")]
    assert (somebody.waits, asked.logins) == ([7.0], 1)


def test_where_to_ask_for_a_device_code_must_be_known() -> None:
    with pytest.raises(BadProfile, match="--device-url"):
        begin(Attempt(OTHER), Endpoint([]), 5.0)


@pytest.mark.parametrize("body", ["", "[]", '{"device_code": 5}', "<html>", '{"error":"invalid_client"}'])
def test_what_is_no_device_code_is_the_answer_itself(body: str) -> None:
    reply = Reply(400, {}, body)

    assert begin(Attempt(OTHER, device_url="https://id.example/d"), Endpoint([reply]), 5.0) is reply


def test_odd_numbers_of_an_endpoint_are_replaced_by_the_usual_ones() -> None:
    told = {"device_code": "d", "interval": -5, "expires_in": True, "user_code": 5}

    begun = begin(Attempt(OTHER, device_url="https://id.example/d"), Endpoint([Reply(200, {}, json.dumps(told))]), 5.0)

    assert isinstance(begun, Begun)
    assert (begun.interval_s, begun.expires_in_s, begun.user_code) == (5.0, 300.0, "")


# --- a person at a browser


@dataclass
class Pages(Endpoint):
    """An authorize endpoint that shows a login page."""

    asked: list[str] = field(default_factory=list)

    def get(self, url: str, deadline_s: float) -> Exchange:
        assert deadline_s > 0
        self.asked.append(url)
        return Reply(200, {"Content-Type": "text/html"}, "<html>log in</html>")


CODE_FLOW = Attempt(OTHER, client_id="c", redirect_uri="http://127.0.0.1:9/cb")


def test_a_person_logs_in_and_the_code_is_redeemed_with_its_verifier() -> None:
    pages = Pages([GRANTED])
    somebody = Somebody(back="code=abc&state={state}")

    asked = ask_for_token("authorization-code", CODE_FLOW, None, pages, 5.0, lambda: False, person=somebody)

    query = parse_qs(urlsplit(somebody.told[0][0]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["state"] == [somebody.told[0][1]]
    assert pages.requests[0].field("code") == Secret("abc")
    assert pages.requests[0].field("code_verifier") is not None
    assert (asked.logins, asked.skipped) == (1, "")


@pytest.mark.parametrize("back", ["code=abc&state=other", "code=abc", "error=access_denied&state=x"])
def test_a_redirect_without_this_login_s_state_is_not_redeemed(back: str) -> None:
    pages = Pages([])

    asked = ask_for_token("authorization-code", CODE_FLOW, None, pages, 5.0, lambda: False, person=Somebody(back=back))

    assert (pages.requests, asked.logins) == ([], 0)
    assert "state of another login" in asked.skipped


def test_a_person_who_refuses_is_the_answer() -> None:
    somebody = Somebody(back="error=access_denied&error_description=end-user+denied+authorization&state={state}")

    asked = ask_for_token("authorization-code", CODE_FLOW, None, Pages([]), 5.0, lambda: False, person=somebody)

    facts = {o.fact: o.value for o in asked.observations}
    assert (facts["reply.error"], facts["request.endpoint"], asked.logins) == ("access_denied", "authorize", 0)


@pytest.mark.parametrize("person", [None, Somebody()])
def test_without_an_answer_nothing_is_sent(person: Somebody | None) -> None:
    pages = Pages([])

    asked = ask_for_token("authorization-code", CODE_FLOW, None, pages, 5.0, lambda: False, person=person)

    assert (pages.requests, asked.logins) == ([], 0)
    assert "--code" in asked.skipped


def test_an_authorize_url_of_its_own_is_used() -> None:
    pages = Pages([])
    attempt = replace(CODE_FLOW, authorize_url="https://login.example/auth")

    ask_for_token("authorization-code", attempt, None, pages, 5.0, lambda: False)

    assert pages.asked[0].startswith("https://login.example/auth?response_type=code&client_id=c")


def test_scope_goes_with_the_authorize_request_and_not_with_the_code() -> None:
    pages = Pages([GRANTED])
    attempt = replace(CODE_FLOW, scope="api")

    ask_for_token(
        "authorization-code", attempt, None, pages, 5.0, lambda: False, person=Somebody(back="code=a&state={state}")
    )

    assert "scope=api" in pages.asked[0]
    assert pages.requests[0].field("scope") is None


def test_a_client_that_proves_itself_sends_its_assertion_and_no_secret() -> None:
    from jwtdoctor.model.assertion import Assertion

    attempt = Attempt(OTHER, client_id="c", client_secret=Secret("s"), scope="read")

    request = token_request("private-key-jwt", attempt, Assertion(Secret("a.b.c"), {}, {}, 0.0))

    assert dict(request.fields) == {
        "grant_type": "client_credentials",
        "client_id": "c",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": Secret("a.b.c"),
        "scope": "read",
    }
