"""A watched session behaves as it did, and writes one record a token request."""

from __future__ import annotations

import asyncio
import copy
import gc
import hashlib
import io
import json
import logging
import pickle
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter
from token_host import GRANT, GRANTED, TRUE, Asked, LocalClock, Said, date, refused, token_host
from urllib3.util import Retry

import jwtdoctor
from jwtdoctor.errors import BadInput
from jwtdoctor.wrappers.records import KEYS

FORM = {"grant_type": "client_credentials", "client_id": "3MVG9a", "client_secret": "s3cr3t-value"}
Record = Mapping[str, Any]


class MySession(requests.Session):
    """A subclass that adds a header on its way out, as OAuth sessions do."""

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["headers"] = {"X-Mine": "yes", **(kwargs.get("headers") or {})}
        return super().request(method, url, *args, **kwargs)


@pytest.fixture
def records() -> list[Record]:
    return []


@pytest.fixture
def session(records: list[Record]) -> Iterator[requests.Session]:
    with jwtdoctor.watch(requests.Session(), log=records.append) as watched:
        yield watched


def test_a_record_holds_the_keys_of_the_contract_and_no_secret(
    session: requests.Session, records: list[Record]
) -> None:
    with token_host(refused("authentication failure", Date=date(TRUE)["Date"], **{"X-Request-Id": "r-1"})) as host:
        session.post(host.url + "?key=s3cr3t-value", data=FORM)

    (record,) = records
    assert tuple(record) == KEYS
    assert record["endpoint"] == host.url
    assert record["client"] == hashlib.sha256(b"3MVG9a").hexdigest()[:12]
    assert (record["flow"], record["status"]) == ("client-credentials", 400)
    assert (record["error"], record["description"]) == ("invalid_grant", "authentication failure")
    assert (record["server_date"], record["request_id"]) == (TRUE, "r-1")
    assert "s3cr3t" not in json.dumps(record)
    assert "3MVG9a" not in json.dumps(record)


def test_what_is_no_token_request_is_not_recorded(session: requests.Session, records: list[Record]) -> None:
    with token_host() as host:
        session.get(host.url)
        session.post(host.url, json={"Name": "Acme"})
        session.post(host.url, data=io.BytesIO(b"grant_type=password"))
        session.post(host.url)

    assert len(host.asked) == 4
    assert records == []


def test_the_same_session_and_the_same_kind_of_response_come_back(records: list[Record]) -> None:
    with MySession() as mine, requests.Session() as plain, token_host() as host:
        watched = jwtdoctor.watch(mine, log=records.append)
        response, bare = watched.post(host.url, data=FORM), plain.post(host.url, data=FORM)

    assert watched is mine
    assert type(response) is requests.Response
    assert vars(response).keys() == vars(bare).keys()
    assert response.content == bare.content
    assert host.asked[0].headers["X-Mine"] == "yes"
    assert len(records) == 1


def test_adapters_stay_who_they_are(session: requests.Session, records: list[Record]) -> None:
    """google-auth asks for the exact type, and mounts and replaces adapters later."""
    with token_host() as host:
        before = session.get_adapter(host.url)
        assert type(before) is HTTPAdapter
        later = HTTPAdapter(max_retries=2)
        session.adapters = OrderedDict({"http://": later})
        session.post(host.url, data=FORM)

        assert session.get_adapter(host.url) is later
    assert len(records) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_body_that_breaks_off_raises_what_it_would_raise(
    session: requests.Session, records: list[Record], stream: bool
) -> None:
    def read(one: requests.Session, url: str) -> str:
        with pytest.raises(requests.RequestException) as raised:
            _ = one.post(url, data=FORM, stream=stream).content
        return f"{raised.type.__name__}: {raised.value}"

    with token_host(Said(400, '{"error":"invalid_grant"}', breaks_at=9)) as host, requests.Session() as plain:
        assert read(session, host.url) == read(plain, host.url)

    assert [(r["status"], r["error"]) for r in records] == [(400, None)]


def test_a_refused_connection_raises_what_it_would_raise_and_is_recorded(
    session: requests.Session, records: list[Record]
) -> None:
    with token_host() as host:
        url = host.url

    with pytest.raises(requests.ConnectionError):
        session.post(url, data=FORM)

    (record,) = records
    assert (record["status"], record["error"], record["description"]) == (None, "refused", None)
    assert record["round_trip_s"] >= 0


def test_a_streamed_refusal_is_recorded_with_its_words_when_it_was_read(
    session: requests.Session, records: list[Record]
) -> None:
    with token_host(refused("expired authorization code")) as host:
        response = session.post(host.url, data=FORM, stream=True)
        assert records == []
        lines = list(response.iter_lines())

    assert json.loads(lines[0])["error"] == "invalid_grant"
    assert [r["description"] for r in records] == ["expired authorization code"]
    assert type(response) is requests.Response


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda response: response.close(), id="closed"),
        pytest.param(lambda response: response.raw.read(), id="read past requests"),
        pytest.param(lambda response: pickle.dumps(response), id="pickled"),
    ],
)
def test_a_streamed_refusal_that_nobody_reads_through_is_recorded_all_the_same(
    session: requests.Session, records: list[Record], end: Callable[[requests.Response], object]
) -> None:
    with token_host(refused("expired authorization code")) as host:
        response = session.post(host.url, data=FORM, stream=True)
        end(response)
        response.close()

    assert [r["status"] for r in records] == [400]


def test_a_streamed_refusal_that_is_dropped_is_recorded_at_once(
    session: requests.Session, records: list[Record]
) -> None:
    """No cycle keeps it: its connection goes back as it would."""
    gc.disable()
    try:
        with token_host(refused("audience is invalid")) as host:
            session.post(host.url, data=FORM, stream=True)

            assert [r["status"] for r in records] == [400]
    finally:
        gc.enable()


def test_a_streamed_grant_is_recorded_at_once_and_its_body_left_alone(
    session: requests.Session, records: list[Record]
) -> None:
    with token_host() as host, session.post(host.url, data=FORM, stream=True) as response:
        assert [r["status"] for r in records] == [200]
        assert response.raw.read().decode() == GRANTED


def test_an_iterator_may_outlive_the_name_of_its_response(session: requests.Session, records: list[Record]) -> None:
    with token_host(refused("audience is invalid")) as host:
        body = b"".join(session.post(host.url, data=FORM, stream=True).iter_content(7))

    assert json.loads(body)["error_description"] == "audience is invalid"
    assert [r["description"] for r in records] == ["audience is invalid"]


def test_hooks_are_called_as_before(session: requests.Session, records: list[Record]) -> None:
    seen: list[int] = []

    def hook(response: requests.Response, *_: Any, **__: Any) -> None:
        assert isinstance(response, requests.Response)
        seen.append(response.status_code)

    with token_host() as host:
        session.post(host.url, data=FORM, hooks={"response": hook})

    assert seen == [200]
    assert len(records) == 1


def test_replies_that_a_test_makes_up_are_recorded_like_others(
    session: requests.Session, records: list[Record]
) -> None:
    with responses.RequestsMock() as made_up:
        made_up.post("https://login.example/token", json={"error": "invalid_grant"}, status=400)
        assert session.post("https://login.example/token", data=FORM).json() == {"error": "invalid_grant"}

    assert [(r["status"], r["error"]) for r in records] == [(400, "invalid_grant")]


def test_urllib3s_own_retries_are_one_request_and_teach_nothing(records: list[Record]) -> None:
    answers = iter([Said(503, "{}", date(TRUE)), Said(headers=date(TRUE))])
    clock, skew = LocalClock(TRUE + 300), jwtdoctor.Skew()
    with token_host(lambda _: next(answers)) as host, requests.Session() as mine:
        mine.mount("http://", HTTPAdapter(max_retries=Retry(3, status_forcelist=[503], allowed_methods=None)))
        jwtdoctor.watch(mine, records.append, skew, clock=clock).post(host.url, data=FORM)

    assert len(host.asked) == 2
    assert [(r["status"], r["ahead_s"]) for r in records] == [(200, None)]
    assert not skew.learnt


@pytest.mark.parametrize(("status", "expected"), [(302, [302]), (307, [307, 200])])
def test_each_hop_that_carries_the_request_is_one_record(
    session: requests.Session, records: list[Record], status: int, expected: list[int]
) -> None:
    """After a 302 the next hop is a GET without a body; a 307 posts the secret again."""

    def answer(asked: Asked) -> Said:
        return Said() if asked.path == "/moved" else Said(status, "", {"Location": "/moved"})

    with token_host(answer) as host:
        response = session.post(host.url, data=FORM)

    assert [r.status_code for r in response.history] == [status]
    assert [r["status"] for r in records] == expected


def test_a_handler_that_sends_again_through_the_connection_is_seen(
    session: requests.Session, records: list[Record]
) -> None:
    """NTLM, Kerberos and Digest answer a 401 by themselves."""

    def hook(response: requests.Response, **options: Any) -> requests.Response:
        if response.status_code != 401:
            return response
        _ = response.content
        return response.connection.send(response.request, **options)

    answers = iter([Said(401, "{}"), Said()])
    with token_host(lambda _: next(answers)) as host:
        session.post(host.url, data=FORM, hooks={"response": hook})

    assert [r["status"] for r in records] == [401, 200]


def test_a_watched_session_can_be_pickled_and_stays_watched(tmp_path: Path) -> None:
    log = tmp_path / "iat.jsonl"
    with MySession() as mine, token_host() as host:
        mine.headers["X-Kept"] = "yes"
        watched = jwtdoctor.watch(mine, log=log, skew=jwtdoctor.Skew())
        with pickle.loads(pickle.dumps(watched)) as other:
            other.post(host.url, data=FORM)

    assert type(other) is MySession
    assert host.asked[0].headers["X-Kept"] == "yes"
    assert len(log.read_text().splitlines()) == 1


def test_what_cannot_be_pickled_of_the_watch_is_left_out(records: list[Record]) -> None:
    with requests.Session() as mine, token_host() as host:
        watched = jwtdoctor.watch(mine, log=lambda record: records.append(record))
        with pickle.loads(pickle.dumps(watched)) as other:
            assert other.post(host.url, data=FORM).status_code == 200

    assert records == []


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_sends_by_itself_and_is_watched(
    session: requests.Session, records: list[Record], copied: Callable[[requests.Session], requests.Session]
) -> None:
    with token_host() as host, copied(session) as other:
        other.headers = {**session.headers, "X-Copy": "yes"}
        other.post(host.url, data=FORM)

        assert host.asked[0].headers["X-Copy"] == "yes"
    assert len(records) == 1


def test_watching_twice_replaces_the_first_watch(session: requests.Session, records: list[Record]) -> None:
    second: list[Record] = []
    with token_host() as host:
        jwtdoctor.watch(session, log=second.append).post(host.url, data=FORM)

    assert (len(records), len(second)) == (0, 1)


def test_a_dropped_session_is_collected() -> None:
    gone = weakref.ref(jwtdoctor.watch(requests.Session()))
    gc.collect()

    assert gone() is None


def test_a_session_within_a_session_is_watched_too(records: list[Record]) -> None:
    """google-auth's AuthorizedSession asks for tokens through a session of its own."""

    class Outer(requests.Session):
        def __init__(self) -> None:
            super().__init__()
            self.inner = requests.Session()
            self.itself = self

    with Outer() as outer, outer.inner, token_host() as host:
        jwtdoctor.watch(outer, log=records.append)
        outer.inner.post(host.url, data=FORM)
        outer.post(host.url, data=FORM)

    assert len(records) == 2


@pytest.mark.parametrize("thing", [requests.Session, requests, 3, len], ids=str)
def test_what_is_no_session_is_refused(thing: Any) -> None:
    with pytest.raises(BadInput, match="no session"):
        jwtdoctor.watch(thing)


# --- blocks and functions


def test_a_block_sees_sessions_made_within_it(records: list[Record]) -> None:
    bare = requests.Session.send, requests.Session.get_adapter
    with token_host() as host:
        with jwtdoctor.watch(log=records.append):
            requests.post(host.url, data=FORM)
        requests.post(host.url, data=FORM)

    assert len(records) == 1
    assert (requests.Session.send, requests.Session.get_adapter) == bare


def test_a_block_does_not_see_other_threads(records: list[Record]) -> None:
    with token_host() as host, jwtdoctor.watch(log=records.append), ThreadPoolExecutor(1) as pool:
        pool.submit(requests.post, host.url, data=FORM).result()

    assert len(host.asked) == 1
    assert records == []


def test_the_innermost_block_records(records: list[Record]) -> None:
    inner: list[Record] = []
    with token_host() as host, jwtdoctor.watch(log=records.append):
        with jwtdoctor.watch(log=inner.append):
            requests.post(host.url, data=FORM)
        requests.post(host.url, data=FORM)

    assert (len(records), len(inner)) == (1, 1)


def test_a_session_of_its_own_watch_is_not_recorded_twice(session: requests.Session, records: list[Record]) -> None:
    block: list[Record] = []
    with token_host() as host, jwtdoctor.watch(log=block.append):
        session.post(host.url, data=FORM)

    assert (len(records), len(block)) == (1, 0)


def test_a_function_is_watched_by_a_decorator(records: list[Record]) -> None:
    @jwtdoctor.watch(log=records.append)
    def login(url: str) -> int:
        """Logs in."""
        return requests.post(url, data=FORM).status_code

    with token_host() as host:
        assert (login(host.url), login.__doc__) == (200, "Logs in.")
        with pytest.raises(requests.RequestException):
            login("http://127.0.0.1:1/none")

    assert [r["status"] for r in records] == [200, None]


def test_a_coroutine_is_watched_with_the_threads_that_it_awaits(records: list[Record]) -> None:
    @jwtdoctor.watch(log=records.append)
    async def login(url: str) -> list[int]:
        calls = [asyncio.to_thread(requests.post, url, data=FORM) for _ in range(4)]
        return [response.status_code for response in await asyncio.gather(*calls)]

    with token_host() as host:
        assert asyncio.run(login(host.url)) == [200] * 4

    assert len(records) == 4


def test_a_generator_is_refused_since_it_would_run_unwatched() -> None:
    def steps() -> Iterator[int]:
        yield 1

    with pytest.raises(BadInput, match="generator"):
        jwtdoctor.watch()(steps)


def test_one_decorated_function_may_run_in_many_threads(records: list[Record]) -> None:
    @jwtdoctor.watch(log=records.append)
    def login(url: str) -> int:
        return requests.post(url, data=FORM).status_code

    bare = requests.Session.send
    with token_host() as host, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(login, [host.url] * 32)) == {200}

    assert len(records) == 32
    assert requests.Session.send is bare


# --- where records go


def test_records_reach_logging_with_their_keys(caplog: pytest.LogCaptureFixture) -> None:
    level = caplog.at_level(logging.INFO, "jwtdoctor.iat")
    with level, token_host(refused("audience is invalid")) as host, requests.Session() as mine:
        jwtdoctor.watch(mine).post(host.url, data=FORM)

    (made,) = [r for r in caplog.records if r.name == "jwtdoctor.iat"]
    assert {key: getattr(made, key) for key in ("status", "error", "flow")} == {
        "status": 400,
        "error": "invalid_grant",
        "flow": "client-credentials",
    }
    assert set(KEYS) <= vars(made).keys()
    assert made.getMessage() == f"token request to {host.url}: 400 invalid_grant"


def test_keys_that_the_applications_records_have_already_stay(caplog: pytest.LogCaptureFixture) -> None:
    """`extra` raises KeyError for them, and `request_id` is a usual one."""
    usual = logging.getLogRecordFactory()

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = usual(*args, **kwargs)
        made.request_id = "theirs"
        return made

    logging.setLogRecordFactory(factory)
    try:
        with caplog.at_level(logging.INFO, "jwtdoctor.iat"), token_host() as host, requests.Session() as mine:
            jwtdoctor.watch(mine).post(host.url, data=FORM)
    finally:
        logging.setLogRecordFactory(usual)

    (made,) = [r for r in caplog.records if r.name == "jwtdoctor.iat"]
    assert (made.__dict__["request_id"], made.__dict__["status"]) == ("theirs", 200)


def test_a_handler_that_raises_does_not_reach_the_caller(records: list[Record]) -> None:
    class Broken(logging.Handler):
        def handle(self, record: logging.LogRecord) -> bool:
            raise RuntimeError("broken")

    logger, broken = logging.getLogger("jwtdoctor.iat"), Broken()
    logger.addHandler(broken)
    try:
        with token_host() as host, requests.Session() as mine:
            assert jwtdoctor.watch(mine).post(host.url, data=FORM).status_code == 200
            jwtdoctor.watch(mine, log=records.append).post(host.url, data=FORM)
    finally:
        logger.removeHandler(broken)

    assert len(records) == 1


def test_a_log_that_fails_is_complained_of_once_and_again_when_it_works(caplog: pytest.LogCaptureFixture) -> None:
    fails = iter([True, True, False])

    def log(record: Record) -> None:
        if next(fails):
            raise OSError(28, "No space left on device")

    with token_host() as host, jwtdoctor.watch(requests.Session(), log=log) as mine:
        assert [mine.post(host.url, data=FORM).status_code for _ in range(3)] == [200] * 3

    assert [r.getMessage() for r in caplog.records if r.name == "jwtdoctor"] == [
        "the iat log cannot be written (No space left on device): its records are lost until it can be",
        "the iat log is written again; 2 records were lost",
    ]


@pytest.mark.parametrize("path", ["/dev/full", "no/such/folder/iat.jsonl", "."])
def test_a_full_disk_and_an_unwritable_path_never_reach_the_caller(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with token_host() as host, jwtdoctor.watch(requests.Session(), log=path) as mine:
        assert mine.post(host.url, data=FORM).json()["instance_url"] == "https://acme.example"


def test_a_bug_of_ours_never_reaches_the_caller(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    with token_host() as host:
        for name in ("answered", "call_of", "look_on"):
            with monkeypatch.context() as patch:
                patch.setattr(f"jwtdoctor.wrappers.sending.{name}", broken)
                assert session.post(host.url, data=FORM).text == GRANTED

    assert sum("watching a token request failed" in r.getMessage() for r in caplog.records) == 3


def test_the_callers_correlation_id_stands_beside_the_servers(session: requests.Session, records: list[Record]) -> None:
    before = jwtdoctor.correlation_id.set("job 17\x1b[31m")
    try:
        with token_host() as host:
            session.post(host.url, data=FORM)
    finally:
        jwtdoctor.correlation_id.reset(before)

    assert records[0]["correlation_id"] == "job 17"


def test_thirty_two_threads_on_one_session_lose_nothing(tmp_path: Path) -> None:
    log = tmp_path / "iat.jsonl"
    with token_host() as host, jwtdoctor.watch(requests.Session(), log=log) as mine:
        ready = threading.Barrier(32)

        def ask(number: int) -> None:
            ready.wait(10)
            for _ in range(4):
                mine.post(host.url, data={**FORM, "client_id": f"client-{number}"})

        with ThreadPoolExecutor(32) as pool:
            list(pool.map(ask, range(32)))

    written = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(written) == 128
    assert len({r["client"] for r in written}) == 32


def test_an_assertion_is_logged_by_its_times_and_never_by_itself(
    session: requests.Session, records: list[Record], signer: jwtdoctor.Signer
) -> None:
    made = signer.sign()
    with token_host() as host:
        session.post(host.url, data={"grant_type": GRANT, "assertion": made.token.reveal()})

    (record,) = records
    assert (record["iat"], record["exp"], record["ttl_s"]) == (made.claims["iat"], made.claims["exp"], 180)
    assert (record["alg"], record["aud"], record["flow"]) == ("RS256", "https://login.salesforce.com", "jwt-bearer")
    assert record["client"] == hashlib.sha256(b"3MVG9a").hexdigest()[:12]
    assert not any(part in json.dumps(record) for part in made.token.reveal().split("."))
    assert "u@e.com" not in json.dumps(record)


@pytest.fixture
def signer() -> jwtdoctor.Signer:
    key = Path(__file__).parents[2] / "sample_keys" / "matching.key"
    return jwtdoctor.Signer(key=key, issuer="3MVG9a", subject="u@e.com", audience="https://login.salesforce.com")
