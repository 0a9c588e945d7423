"""The story that logs tell, from the files that somebody has after a bad night."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from log_files import T0, USAGE_COLUMNS, event, events, histories, history, iat, iso, table, usage, write

from jwtdoctor.errors import BadInput
from jwtdoctor.logs.story import Wanted, cause_of_record, read
from jwtdoctor.model.story import Story

LATE = "expired authorization code"


@pytest.fixture(scope="module")
def drifted(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """An iat log of three days: for the last half day another key, and a clock that is 312 s fast."""
    lines = [iat(T0 + n * 300.0) for n in range(700)]
    bad = {"error": "invalid_grant", "description": "expired authorization code", "ahead_s": 312.0, "kid": "k2"}
    lines += [iat(T0 + n * 300.0, **bad) for n in range(700, 850)]
    path = tmp_path_factory.mktemp("drifted") / "anything.txt"
    return read([write(path, "".join(lines) + '{"at": 17950')])


def test_a_beginning_is_found_with_what_was_new_then(drifted: Story) -> None:
    assert drifted.onset is not None
    assert drifted.onset.start_at == T0 + 700 * 300
    assert drifted.onset.end_at is None
    assert drifted.onset.last_good_at == T0 + 699 * 300
    told = {(c.what, c.how, c.value) for c in drifted.changes}
    assert {("clock", "moved", "+312.0 s"), ("key", "new", "k2 RS256"), ("key", "gone", "k1 RS256")} <= told
    assert not any(change.what in ("app", "host", "flow") for change in drifted.changes)


def test_words_that_may_be_about_time_are_the_clock_where_it_was_off(drifted: Story) -> None:
    (failure,) = drifted.failures

    assert (failure.said, failure.count) == ("invalid_grant: expired authorization code", 150)
    assert failure.cause == "clock-drift"
    assert failure.ahead_s == 312


def test_refusals_are_counted_against_the_clock(drifted: Story) -> None:
    bins = {(one.low_s, one.high_s): (one.asked, one.refused) for one in drifted.drift}

    assert bins == {(-5.0, 5.0): (700, 0), (300.0, None): (150, 150)}


def test_a_torn_line_is_counted_and_costs_no_other(drifted: Story) -> None:
    (source,) = drifted.sources

    assert (source.kind, source.rows, source.unread) == ("iat", 850, 1)


def test_series_add_up(drifted: Story) -> None:
    assert sum(drifted.asked_series) == drifted.asked == 850
    assert sum(drifted.refused_series) == drifted.refused == 150
    assert len(drifted.asked_series) <= 60


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """An org: one integration moves to another address on the third day; another user and app go on as before."""
    folder = tmp_path_factory.mktemp("moved")
    rows, calls = [], []
    for n in range(600):
        at = float(T0 + n * 400)
        rows.append(
            event(at + 7, USER_ID="005000000000002", USER_NAME="anna@acme.com", LOGIN_SUB_TYPE="oauthrefreshtoken")
        )
        bad = {"SOURCE_IP": "203.0.113.9", "LOGIN_STATUS": "LOGIN_ERROR_RESTRICTED_DOMAIN"} if n >= 500 else {}
        rows.append(event(at, LOGIN_KEY=f"key{n}", **bad))
    calls = [usage(T0 + n * 4_000.0, LOGIN_KEY=f"key{n * 10}") for n in range(40)]
    calls += [usage(T0 + 5.0, STATUS_CODE="401", REQUEST_ID="one")]
    write(folder / "login.csv", events(*rows))
    write(folder / "usage.csv.gz", gzip.compress(table(USAGE_COLUMNS, calls).encode()))
    write(folder / "history.csv", histories(*(history(T0 + n * 400.0) for n in range(100))))
    return read([str(folder)])


def test_refusals_are_told_with_their_user_and_address(moved: Story) -> None:
    (failure,) = moved.failures

    assert (failure.said, failure.count, failure.cause) == ("LOGIN_ERROR_RESTRICTED_DOMAIN", 100, "ip-restricted")
    about = {what: tallies[0].value for what, tallies, _ in failure.about}
    assert (about["user"], about["address"]) == ("ci@acme.com", "203.0.113.9")


def test_whom_it_is_about_is_one_value_that_has_nearly_all_of_it(moved: Story) -> None:
    told = {(one.what, one.value) for one in moved.subjects}

    assert {("user", "ci@acme.com"), ("address", "203.0.113.9")} <= told
    assert ("flow", "refresh-token") not in told


def test_a_new_address_is_new_and_unusual(moved: Story) -> None:
    assert [(c.how, c.value) for c in moved.changes if c.what == "address"] == [("new", "203.0.113.9")]
    (unusual,) = moved.unusual
    assert (unusual.who, unusual.address, unusual.asked, unusual.refused) == ("ci@acme.com", "203.0.113.9", 100, 100)
    assert unusual.addresses_before == 1
    assert unusual.asked_before >= 500


def test_a_login_gets_its_app_from_login_history_or_from_the_calls_of_its_session(moved: Story) -> None:
    (app,) = moved.apps

    # 100 logins stand in Login History too; of the other sessions, 30 are known by their calls.
    assert (app.app, app.logins, app.calls, app.user_count) == ("Loader", 130, 41, 1)


def test_an_app_that_one_log_names_and_another_numbers_is_one_app(tmp_path: Path) -> None:
    name = "An app of a name that is longer than Login History keeps, as some names are"
    named = usage(T0, CONNECTED_APP_NAME=name)
    numbered = {
        **usage(T0 + 1),
        "EVENT_TYPE": "RestApi",
        "CONNECTED_APP_NAME": "",
        "CONNECTED_APP_ID": "0H4000000000001AAA",
    }
    paths = [write(tmp_path / "a.csv", table(USAGE_COLUMNS, [named, numbered])),
             write(tmp_path / "b.csv", histories(history(T0 + 2, Application=name[:64])))]  # fmt: skip

    (app,) = read(paths).apps

    assert (app.app, app.calls, app.logins) == (name[:64], 2, 1)
    assert read(paths, Wanted(app=name)).calls == read(paths, Wanted(app="0H4000000000001")).calls == 2


def test_one_login_in_two_logs_is_one(moved: Story) -> None:
    assert moved.asked == 1_200
    history_read = next(source for source in moved.sources if source.kind == "login-history")
    assert (history_read.repeated, history_read.rows) == (100, 0)
    assert any("100 logins stand in Login History and in event files" in warning for warning in moved.warnings)


def test_refused_calls_are_apart_from_refused_logins(moved: Story) -> None:
    assert (moved.calls, moved.calls_refused) == (41, 1)
    assert [(one.value, one.all) for one in moved.call_failures] == [("HTTP 401", 1)]


def test_refreshes_and_logins_are_told_against_the_limit(moved: Story) -> None:
    rates = {rate.who: rate for rate in moved.rates}

    assert moved.limit_an_hour == 3_600
    assert (rates["anna@acme.com"].refreshes, rates["anna@acme.com"].logins) == (600, 600)
    assert rates["ci@acme.com"].most_in_an_hour in (9, 10)


def test_an_hour_slides(tmp_path: Path) -> None:
    rows = [event(T0 - T0 % 3600 + 1800 + n * 9.0) for n in range(400)]  # half of them in each hour of the clock

    story = read([write(tmp_path / "a.csv", events(*rows))])

    assert story.rates[0].most_in_an_hour == 400


def test_rows_that_are_delivered_twice_count_once(tmp_path: Path) -> None:
    early = events(*(event(T0 + n) for n in range(5)))
    late = events(*(event(T0 + n) for n in range(9)), event(T0))  # the full set, and a row twice in itself

    story = read([write(tmp_path / "early.csv", early), write(tmp_path / "late.csv", late)])

    assert story.asked == 9
    assert story.sources[0].repeated == 6


def test_two_logins_of_one_second_are_two_but_an_overlapping_export_repeats(tmp_path: Path) -> None:
    row = {**history(T0), "Id": ""}
    first, second = histories(row, row), histories(row, row, {**history(T0 + 1), "Id": ""})

    story = read([write(tmp_path / "a.csv", first), write(tmp_path / "b.csv", second)])

    assert story.asked == 3


def test_an_export_of_the_user_interface_is_read_in_its_zone(tmp_path: Path) -> None:
    text = (
        '"Username","Login Time","Source IP","Login Type","Status","Browser","Platform","Application"\n'
        '"ci@acme.com","11/18/2026, 3:06:40 AM PST","198.51.100.4","Remote Access 2.0",'
        '"Failed: Not approved for access","Unknown","Unknown","Loader"\n'
    )

    story = read([write(tmp_path / "LoginHistory.csv", text)])

    assert story.first_at == T0
    assert story.failures[0].cause == "user-not-assigned-to-app"
    assert story.failures[0].about[0][1][0].value == "Loader"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"totalSize": len(rows), "done": True, "records": rows},
        lambda rows: {"status": 0, "result": {"records": rows}},
        lambda rows: rows,
    ],
    ids=["a REST answer", "the CLI's --json", "an array"],
)
def test_json_of_soql_is_read_in_its_envelopes(tmp_path: Path, wrap: object) -> None:
    rows = [history(T0), history(T0 + 1, Status="Failed: Restricted IP")]
    assert callable(wrap)

    story = read(
        [write(tmp_path / "x", json.dumps(wrap([{"attributes": {"type": "LoginHistory"}, **r} for r in rows])))]
    )

    assert (story.asked, story.refused) == (2, 1)
    assert story.apps[0].app == "Loader"


def test_pages_of_json_are_read_one_after_another_and_long_ones_too(tmp_path: Path) -> None:
    page = json.dumps({"records": [history(T0 + n) for n in range(10)]})
    long = json.dumps({"records": [history(T0 + 100 + n, Application="x" * 2_000) for n in range(2_000)]}, indent=1)

    story = read([write(tmp_path / "x.json", page + "\n" + page.replace("0Ya", "0Yb") + long)])

    assert story.asked == 2_020


def test_an_application_log_is_searched_for_what_the_endpoint_said(tmp_path: Path) -> None:
    log = "".join(
        f"{iso(T0 + n)} INFO  fine\n{iso(T0 + n)} ERROR no token\n"
        '  caused by: {"error":"invalid_client_id","error_description":"client identifier invalid"}\n'
        for n in range(5)
    )

    story = read([write(tmp_path / "app.log", log)])

    assert (story.refused, story.failures[0].cause) == (5, "client-id-unknown")
    assert (story.first_at, story.last_at) == (T0, T0 + 4)


def test_secrets_in_an_application_log_stay_there(tmp_path: Path) -> None:
    secret = "hunter2hunter2"  # nosec
    log = f'{iso(T0)} ERROR {{"error":"invalid_grant","error_description":"client_secret={secret} is wrong"}}\n'

    story = read([write(tmp_path / "app.log", log)])

    assert story.refused == 1
    assert secret not in str(story)


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (Wanted(since=T0 + 5), 5),
        (Wanted(app="loader"), 4),
        (Wanted(user="CI@acme.com"), 10),
        (Wanted(user="005000000000001AAA"), 10),
        (Wanted(user="someone"), 0),
    ],
    ids=["since", "an app by its name", "a user by name", "a user by id", "nobody"],
)
def test_only_what_is_asked_about_is_told(tmp_path: Path, wanted: Wanted, asked: int) -> None:
    rows = [event(T0 + n) for n in range(10)]
    logins = [history(T0 + n) for n in range(4)]

    story = read([write(tmp_path / "a.csv", events(*rows)), write(tmp_path / "b.csv", histories(*logins))], wanted)

    assert story.asked == asked
    assert any("left out" in warning for warning in story.warnings) == (asked < 10)


def test_an_app_of_an_iat_log_is_found_by_its_client_id(tmp_path: Path) -> None:
    lines = iat(T0, client="e3b0c44298fc") + iat(T0 + 1, client="3ecd3a8a7e3b")  # SHA-256 of "" and of "3MVG9x"
    path = write(tmp_path / "iat.jsonl", lines.replace("3ecd3a8a7e3b", _hashed("3MVG9x")))

    assert read([path], Wanted(app="3MVG9x")).asked == 1


def _hashed(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:12]


def test_event_types_that_do_not_exist_are_told_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", events(event(T0, EVENT_TYPE="ConnectedAppOAuth")))

    assert any("documents no event type ConnectedAppOAuth" in warning for warning in read([path]).warnings)
    with pytest.raises(BadInput, match=r"no event type ConnectedAppOAuth.*ApiTotalUsage"):
        read([str(tmp_path / "ConnectedAppOAuth.csv")])


def test_settings_that_somebody_changed_shortly_before_are_told(tmp_path: Path) -> None:
    rows = [event(T0 + n * 60.0, **({"LOGIN_STATUS": "LOGIN_ERROR_USER_FROZEN"} if n > 80 else {})) for n in range(100)]
    change = {**event(T0 + 79 * 60.0), "EVENT_TYPE": "PermissionUpdate", "USER_NAME": "admin@acme.com"}
    columns = ("EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "USER_NAME", "DESCRIPTION", "UPDATE_TYPE")
    changes = table(columns, [change | {"DESCRIPTION": "app access", "UPDATE_TYPE": "Delete"}])

    story = read([write(tmp_path / "a.csv", events(*rows)), write(tmp_path / "b.csv", changes)])

    (setting,) = (one for one in story.changes if one.what == "setting")
    assert (setting.value, setting.before) == ("PermissionUpdate Delete app access", "admin@acme.com")


def test_words_beyond_the_most_frequent_are_counted(tmp_path: Path) -> None:
    rows = [event(T0 + n, LOGIN_STATUS=f"LOGIN_ERROR_{n}") for n in range(40)]

    story = read([write(tmp_path / "a.csv", events(*rows))])

    assert len(story.failures) + story.more_failures == 40


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        ({"error": "invalid_grant", "description": LATE, "flow": "jwt-bearer", "ahead_s": 90}, "clock-drift"),
        ({"error": "invalid_grant", "description": LATE, "flow": "jwt-bearer", "ahead_s": 0}, None),
        ({"error": "dns", "status": None}, "dns-failed"),
        ({"status": 200}, None),
        ({"error": 7, "ahead_s": "x"}, None),
    ],
)  # fmt: skip
def test_a_record_names_its_cause_where_words_or_clock_do(record: dict[str, object], cause: str | None) -> None:
    assert cause_of_record(record, "salesforce") == cause


def test_what_is_no_path_is_one_clear_line(tmp_path: Path) -> None:
    for path in (str(tmp_path / "no.csv"), "\0", str(tmp_path)):
        with pytest.raises(BadInput):
            read([path])
