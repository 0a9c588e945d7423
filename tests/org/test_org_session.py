"""A session with an org that may be anything: bounded, patient with silence, and never talked into another host."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.errors import BadInput
from jwtdoctor.instruments.org import OrgDoor
from jwtdoctor.model.exchange import Exchange, NoReply, Reply, TextRequest
from jwtdoctor.model.secret import Secret
from jwtdoctor.org.asking import Asker
from jwtdoctor.org.audit import Target, audit
from jwtdoctor.org.queries import BLOCKED
from jwtdoctor.org.risks import risks
from jwtdoctor.org.session import OrgSession
from jwtdoctor.org.shapes import Rows, Unseen
from jwtdoctor.org.soql import quoted
from jwtdoctor.simulator.soql import Comparison, parse

TOKEN = "00D5g000004aBcD!" + "secretsecretsecret"
URL = "https://acme.my.salesforce.com"


@dataclass
class Wire:
    """Answers every request alike, and remembers what was asked."""

    answer: Exchange
    urls: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def get_from_org(self, url: str, token: Secret, deadline_s: float) -> Exchange:
        self.urls.append(url)
        return self.answer

    def post_text(self, request: TextRequest, deadline_s: float) -> Exchange:
        self.urls.append(request.url)
        self.bodies.append("".join(p.reveal() if isinstance(p, Secret) else p for p in request.parts))
        return self.answer


def session_on(answer: Exchange, **bounds: Any) -> tuple[OrgSession, Wire]:
    wire = Wire(answer)
    return OrgSession(OrgDoor(wire, URL, Secret(TOKEN)), **{"ends_at": monotonic() + 10, **bounds}), wire


def page(records: list[Any], **more: Any) -> Reply:
    return Reply(200, {}, json.dumps({"done": True, "records": records, **more}))


def test_a_page_that_names_another_host_is_not_followed() -> None:
    session, wire = session_on(page([{"Id": "1"}], done=False, nextRecordsUrl="https://evil.example/query/01g"))

    found = session.rows("SELECT Id FROM User")

    assert isinstance(found, Rows)
    assert not found.is_whole
    assert len(wire.urls) == 1


def test_pages_without_end_are_cut() -> None:
    session, wire = session_on(page([{"Id": "1"}] * 10, done=False, nextRecordsUrl="/services/data/v60.0/query/01g-10"))

    found = session.rows("SELECT Id FROM User")

    assert isinstance(found, Rows)
    assert not found.is_whole
    assert len(wire.urls) == 5


def test_the_number_of_requests_is_bounded() -> None:
    session, wire = session_on(page([]), most_calls=3)

    last = [session.rows("SELECT Id FROM User") for _ in range(5)][-1]

    assert isinstance(last, Unseen)
    assert len(wire.urls) == 3


def test_a_host_that_never_answered_is_asked_once() -> None:
    session, wire = session_on(NoReply("refused", "connection refused"))

    for _ in range(3):
        assert isinstance(session.rows("SELECT Id FROM User"), Unseen)

    assert len(wire.urls) == 1


def test_a_refused_session_is_not_tried_again() -> None:
    session, wire = session_on(Reply(401, {}, '[{"message":"Session expired","errorCode":"INVALID_SESSION_ID"}]'))

    for _ in range(3):
        session.rows("SELECT Id FROM User")

    assert len(wire.urls) == 1


@pytest.mark.parametrize(
    "answer", [Reply(503, {}, "<html>down</html>"), Reply(403, {}, '[{"errorCode":"API_DISABLED"}]')]
)
def test_an_org_that_only_refuses_was_not_read(answer: Reply) -> None:
    seen = audit(session_on(answer)[0], Target("3MVG9x", "a@b.example", "jwt-bearer"), 0.0)
    apps = risks(session_on(answer)[0], 0.0)

    assert seen.ended
    assert "org-not-read" in [finding.rule for finding in seen.findings]
    assert "org-not-read" in [finding.rule for finding in apps.findings]


def test_a_question_that_breaks_is_raised_to_whoever_asked() -> None:
    session, _ = session_on(page([]))

    def broken() -> int:
        raise BadInput("broken")

    with pytest.raises(BadInput, match="broken"):
        session.together([lambda: 1, broken, lambda: 3])
    assert session.together([lambda n=n: n for n in range(9)]) == list(range(9))  # type: ignore[misc]


def test_limits_are_kept_and_respected() -> None:
    session, wire = session_on(Reply(200, {"Sforce-Limit-Info": "api-usage=14900/15000"}, '{"done":true,"records":[]}'))

    session.rows("SELECT Id FROM User")
    second = session.rows("SELECT Id FROM User")

    assert isinstance(second, Unseen)
    assert second.code == "LIMIT"
    assert len(wire.urls) == 1


HOSTILE = [
    "",
    "null",
    "[]",
    "{}",
    '{"records": 7, "done": "no"}',
    '{"records": [1, null, {"Id": {"a": []}}], "done": true}',
    "[" * 100_000,
    "<html>503</html>",
    '[{"errorCode": 7}]',
    '[{"errorCode": "\\u001b[31mX", "message": "\\u001b]0;title\\u0007"}]',
    '{"totalSize": 1e400, "done": true, "records": [{"Metadata": {"loginIpRanges": [[]], "loginHours": {"x": 1}}}]}',
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
]


@pytest.mark.parametrize("status", [200, 302, 500])
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_a_host_answers_the_audit_ends_in_words_without_escapes(body: str, status: int) -> None:
    session, wire = session_on(Reply(status, {"Date": "never", "Sforce-Limit-Info": "api-usage=x/0"}, body))

    seen = audit(session, Target("3MVG9x", "a@b.example", "jwt-bearer"), 1_795_300_000.0)
    said = [*(f.message for f in seen.findings), *(getattr(o, "reason", "") for o in seen.outcomes), seen.ended]

    assert not any("\x1b" in text or "\x07" in text for text in said)
    assert len(wire.urls) <= 60


def test_a_row_of_every_wrong_type_is_no_crash() -> None:
    row = {"Id": 7, "Name": ["x"], "Label": None, "ApplicationId": {}, "Parent": "no", "ParentId": "0PS" + "0" * 15,
           "IsActive": "yes", "LoginTime": "2026-99-99", "Status": 1, "CreatedDate": "9999-12-31T23:59:59.000+0000",
           "Username": "a@b.example", "TimeZoneSidKey": "../../etc/passwd",
           "Metadata": {"loginIpRanges": [{}, 1]}}  # fmt: skip
    session, _ = session_on(page([row] * 3))

    audit(session, Target("3MVG9x", "a@b.example", "jwt-bearer"), 1_795_300_000.0)
    other, _ = session_on(page([row] * 3))
    risks(other, 1_795_300_000.0)


def test_texts_of_an_org_are_bounded_and_cleaned() -> None:
    row = {"Id": "00D5g000004aBcDEAU", "IsSandbox": False, "OrganizationType": "\x1b[31m" + "x" * 100_000}
    session, _ = session_on(page([row]))

    seen = audit(session, Target("", "", None, app="App"), 0.0)

    assert all(len(str(o.value)) < 2000 and "\x1b" not in str(o.value) for o in seen.observations)


def listing(names: list[str], kind: str) -> str:
    results = "".join(f"<result><fullName>{name}</fullName><type>{kind}</type></result>" for name in names)
    return f"<Envelope><Body><listMetadataResponse>{results}</listMetadataResponse></Body></Envelope>"


def test_of_very_many_components_some_are_read_and_the_rest_is_known_to_be_missing() -> None:
    session, wire = session_on(Reply(200, {}, listing([f"App{n}" for n in range(1000)], "BlacklistedConsumer")))
    asker = Asker(session)

    asker.components(BLOCKED)

    assert not asker.is_whole(BLOCKED)
    assert len(wire.urls) == 1 + 15


def test_half_of_the_components_is_not_taken_for_all_of_them() -> None:
    session, _ = session_on(Reply(200, {}, listing([], "ConnectedApp")), most_calls=1)

    assert isinstance(session.records("ConnectedApp", [f"App{n}" for n in range(11)]), Unseen)


def test_the_session_travels_in_the_soap_header_and_is_escaped() -> None:
    wire = Wire(Reply(500, {}, ""))
    session = OrgSession(OrgDoor(wire, URL, Secret("00D!a<&b")), ends_at=monotonic() + 5)

    session.records("ConnectedApp", ["A&B"])

    assert "<m:sessionId>00D!a&lt;&amp;b</m:sessionId>" in wire.bodies[0]
    assert "<m:fullNames>A&amp;B</m:fullNames>" in wire.bodies[0]


@pytest.mark.parametrize("url", ["http://acme.my.salesforce.com", "ftp://x", "https://u:p@acme.my.salesforce.com", ""])
def test_a_door_opens_to_https_alone(url: str) -> None:
    with pytest.raises(BadInput):
        OrgDoor(Wire(Reply(200)), url, Secret(TOKEN))


def test_a_session_with_a_line_break_never_reaches_a_header() -> None:
    with pytest.raises(BadInput, match="no session"):
        OrgDoor(Wire(Reply(200)), URL, Secret("00D!a\r\nX: y"))


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60).filter(lambda text: all(ord(c) >= 32 and ord(c) != 127 for c in text)))
def test_a_value_in_quotes_is_read_back_as_itself(text: str) -> None:
    where = parse(f"SELECT Id FROM User WHERE Username = {quoted(text)}").where

    assert isinstance(where, Comparison)
    assert where.values[0].value == text
