"""The door to an org over real sockets: large answers, floods, and a session that goes to one host alone."""

from __future__ import annotations

import json

import pytest
from loopback_servers import response, serving

from jwtdoctor.instruments.http import HttpTransport
from jwtdoctor.instruments.org import OrgDoor
from jwtdoctor.model.exchange import MAX_BODY, MAX_ORG_BODY, Reply
from jwtdoctor.model.secret import Secret

SESSION = Secret("00D5g000004aBcD!not.a.session")


def door(port: int) -> OrgDoor:
    return OrgDoor(HttpTransport(environ={}), f"http://127.0.0.1:{port}", SESSION)


def test_a_profile_of_several_megabytes_is_read_whole() -> None:
    body = json.dumps({"records": ["x" * (3 * MAX_BODY)]}).encode()
    with serving(response(body)) as server:
        got = door(server.port).get("/services/data/v60.0/tooling/query?q=x", 10.0)

    assert isinstance(got, Reply)
    assert (got.truncated, len(got.body)) == (False, len(body))


def test_a_flood_is_cut() -> None:
    with serving(response(b"x" * (MAX_ORG_BODY + 1_000_000))) as server:
        got = door(server.port).get("/services/data/v60.0/query?q=x", 10.0)

    assert isinstance(got, Reply)
    assert (got.truncated, len(got.body)) == (True, MAX_ORG_BODY)


def test_the_session_is_sent_as_bearer_and_within_a_soap_header() -> None:
    seen: list[bytes] = []

    with serving(response(b"{}"), seen=seen) as server:
        door(server.port).get("/services/data/v60.0/limits", 5.0)
        door(server.port).soap("/services/Soap/m/60.0", "<m:x/>", 5.0)

    rest, soap = (request.decode() for request in seen)
    assert f"Authorization: Bearer {SESSION.reveal()}" in rest
    assert f"<m:sessionId>{SESSION.reveal()}</m:sessionId>" in soap
    assert "Authorization" not in soap
    assert 'SOAPAction: ""' in soap


def test_only_paths_of_the_api_are_asked() -> None:
    with pytest.raises(ValueError, match="paths of the API"):
        door(9).get("https://evil.example/services/", 1.0)


def test_a_door_does_not_print_its_session() -> None:
    assert SESSION.reveal() not in repr(door(9))
