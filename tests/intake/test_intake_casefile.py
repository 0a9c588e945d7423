"""Case files: lenient in, redacted out, and the same verdicts either way."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from jwtdoctor.errors import BadCase, BadInput
from jwtdoctor.intake.arguments import open_argument
from jwtdoctor.intake.bounds import MAX_INPUT
from jwtdoctor.intake.casefile import case_from, case_to, read_cases_file, write_case
from jwtdoctor.model.case import Case
from jwtdoctor.model.chart import Chart, Observation
from jwtdoctor.model.exchange import Reply

CASES = Path(__file__).resolve().parents[1] / "cases"
RECORDED = ("dev-salesforce.jsonl", "dev-other.jsonl", "found-salesforce.jsonl", "found-other.jsonl")
SCHEMA = "jwtdoctor.case/1"


def saved(case: Case, keep_names: bool = False) -> dict[str, Any]:
    document = case_to(case, Chart.of(case.observations), keep_names)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    return document


def case_with(**facts: Any) -> Case:
    return Case(observations=tuple(Observation(name.replace("__", "."), value) for name, value in facts.items()))


def facts_of(document: dict[str, Any]) -> dict[str, Any]:
    return {name: fact["value"] for name, fact in document["facts"].items()}


class TestReading:
    def test_a_fact_is_bare_or_an_object_with_its_value(self) -> None:
        case = case_from(
            {
                "schema": SCHEMA,
                "facts": {"clock.ahead_s": {"value": 91, "uncertainty": 0.02, "source": "ntp"}, "app.scopes": ["api"]},
            }
        )
        chart = Chart.of(case.observations)

        assert chart.get("clock.ahead_s") == Observation("clock.ahead_s", 91, "ntp", 0.02)
        assert chart.value("app.scopes") == ("api",)
        assert case.warnings == ()

    @pytest.mark.parametrize(
        ("facts", "word"),
        [
            ({"clock.offset": 1}, "no fact is called"),
            ({"clock.ahead_s": "fast"}, "takes number"),
            ({"clock.ahead_s": True}, "takes number"),
            ({"user.is_active": 1}, "takes bool"),
            ({"user.is_active": {"value": "yes"}}, "takes bool"),
            ({"app.scopes": [1]}, "takes list"),
            ({"assertion.iss": {"no": "value"}}, "takes text"),
            ({"clock.is_harmless": True}, "worked out"),
        ],
    )
    def test_what_no_fact_is_becomes_a_warning_and_the_rest_is_read(self, facts: dict[str, Any], word: str) -> None:
        case = case_from({"schema": SCHEMA, "facts": {**facts, "reply.status": 400}}, "x.json")

        assert word in case.warnings[0]
        assert case.warnings[0].startswith("x.json: ")
        assert [seen.fact for seen in case.observations] == ["reply.status"]

    def test_an_unknown_provider_and_flow_are_warnings(self) -> None:
        case = case_from({"schema": SCHEMA, "provider": "nobody", "flow": "sorcery"}, known_providers={"salesforce"})

        assert (case.provider, case.flow) == ("generic", None)
        assert len(case.warnings) == 2

    def test_other_names_of_flows_are_taken(self) -> None:
        assert case_from({"schema": SCHEMA, "flow": "client-assertion"}).flow == "private-key-jwt"

    def test_what_the_file_says_wins_over_what_its_reply_tells(self) -> None:
        case = case_from(
            {"schema": SCHEMA, "reply": {"status": 400, "body": '{"error":"a_b"}'}, "facts": {"reply.error": "c_d"}}
        )

        assert Chart.of(case.observations).value("reply.error") == "c_d"
        assert Chart.of(case.observations).value("reply.status") == 400

    def test_true_time_is_the_cases_own_else_the_replys(self) -> None:
        reply = {"headers": {"date": "Sat, 21 Nov 2026 22:47:25 GMT"}}

        assert case_from({"schema": SCHEMA, "at": 5, "reply": reply}).at == 5.0
        assert case_from({"schema": SCHEMA, "reply": reply}).at == 1795301245.0
        assert case_from({"schema": SCHEMA}).at is None

    def test_a_body_written_as_an_object_is_read(self) -> None:
        case = case_from({"schema": SCHEMA, "reply": {"status": "400", "body": {"error": "invalid_grant"}}})

        assert Chart.of(case.observations).value("reply.error") == "invalid_grant"
        assert Chart.of(case.observations).value("reply.status") == 400

    @pytest.mark.parametrize("content", [{"reply": []}, {"facts": []}, {"schema": "jwtdoctor.case/2"}, {"schema": 1}])
    def test_what_is_no_case_at_all_is_refused(self, content: dict[str, Any]) -> None:
        with pytest.raises(BadCase) as caught:
            case_from({"schema": SCHEMA, **content}, "x.json")
        assert str(caught.value).startswith("x.json: ")
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "content",
        [
            {"at": "now"},
            {"reply": {"status": "many"}},
            {"reply": {"headers": 3}},
            {"text": 3},
            {"provider": 3},
            {"flow": 3},
            {"colour": "blue"},
            {"reply": {"body": 3}},
        ],
    )
    def test_a_value_of_the_wrong_type_is_a_warning(self, content: dict[str, Any]) -> None:
        assert case_from({"schema": SCHEMA, **content}).warnings


class TestRedaction:
    def test_hosts_keep_their_kind(self) -> None:
        hosts = {
            "acme.my.salesforce.com": "org1.my.salesforce.com",
            "acme--uat.sandbox.my.salesforce.com": "org1--sandbox1.sandbox.my.salesforce.com",
            "acme--uat--c.sandbox.vf.force.com": "org1--sandbox1--c.sandbox.vf.force.com",
            "acme-dev-ed.develop.my.salesforce.com": "org1-dev-ed.develop.my.salesforce.com",
            "login.salesforce.com": "login.salesforce.com",
            "test.salesforce.com": "test.salesforce.com",
            "na1.salesforce.com": "na1.salesforce.com",
            "keycloak.acme.corp:8443": "host1.example.com:8443",
            "acme.okta.com": "org1.okta.com",
            "oauth2.googleapis.com": "oauth2.googleapis.com",
        }
        for host, expected in hosts.items():
            assert facts_of(saved(case_with(request__token_host=host)))["request.token_host"] == expected

    def test_one_name_has_one_placeholder_everywhere(self) -> None:
        case = replace(
            case_with(
                assertion__aud="https://acme.my.salesforce.com/",
                request__token_host="acme--uat.my.salesforce.com",
                assertion__sub="jo@acme.com.uat",
                reply__description="no jo@acme.com.uat at acme.my.salesforce.com",
            ),
            reply=Reply(
                400, {"Location": "https://acme.my.salesforce.com/x?sid=y"}, '{"error":"x","who":"jo@acme.com.uat"}'
            ),
        )
        document = saved(case)
        facts = facts_of(document)

        assert facts["assertion.aud"] == "https://org1.my.salesforce.com/"
        assert facts["request.token_host"] == "org1--sandbox1.my.salesforce.com"
        assert facts["assertion.sub"] == "user1@example.com.sandbox1"
        assert facts["reply.description"] == "no user1@example.com.sandbox1 at org1.my.salesforce.com"
        assert document["reply"]["headers"]["Location"] == "https://org1.my.salesforce.com/x"
        assert "acme" not in json.dumps(document)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("3MVG9abcdefghijkl", "3MVG9xxxxxxxxkey1"),
            (" 3MVG9abcdefghijkl\n", " 3MVG9xxxxxxxxkey1\n"),
            ("jo.doe+int@acme.com", "user1.x+x@example.com"),
            ("jo%40acme.com", "user1%40example.com"),
            ("integration key", "xxxxxxxxxxx xxx"),
            ("ACME.JO.SHA256:ab1=", "XXXX.XX.XXX111:xx1="),
            ("", ""),
            (" ", " "),
            ("RS256", "RS256"),
            ("0", "0"),
            ("sa@proj-1.iam.gserviceaccount.com", "user1@project1.iam.gserviceaccount.com"),
        ],
    )
    def test_an_identity_keeps_its_form(self, value: str, expected: str) -> None:
        assert facts_of(saved(case_with(assertion__iss=value)))["assertion.iss"] == expected

    def test_addresses_and_ids_are_replaced_and_loopback_stays(self) -> None:
        text = "connect ETIMEDOUT 13.112.252.60:443 from 127.0.0.1 org 00D5g000004Abcd at 17:05:11 [2a00:1450::5]"

        assert facts_of(saved(case_with(reply__client_text=text)))["reply.client_text"] == (
            "connect ETIMEDOUT 192.0.2.1:443 from 127.0.0.1 org 00D000000000001 at 17:05:11 [2001:db8::1]"
        )

    def test_names_are_kept_on_demand_and_secrets_never(self) -> None:
        case = replace(
            case_with(assertion__sub="jo@acme.com", reply__client_text="client_secret=hunter2"),
            reply=Reply(400, {}, '{"error":"x","refresh_token":"hunter2"}'),
            text="password=hunter2",
            id="Bearer hunter2hunter2hunter2",
        )
        document = saved(case, keep_names=True)

        assert facts_of(document)["assertion.sub"] == "jo@acme.com"
        assert "hunter2" not in json.dumps(document)

    def test_derived_facts_are_not_saved(self) -> None:
        case = case_with(clock__is_harmless=True, clock__ahead_s=0.1)

        assert facts_of(saved(case)) == {"clock.ahead_s": 0.1}

    @pytest.mark.parametrize("name", RECORDED)
    def test_every_recorded_case_replays_to_the_same_facts_but_for_names(self, name: str) -> None:
        for line in read_cases_file(CASES / name):
            assert line.case is not None
            document = saved(line.case, keep_names=True)
            again = case_from(document)

            assert {o.fact: o.value for o in again.observations} == {o.fact: o.value for o in line.case.observations}
            assert (again.flow, again.provider, again.at) == (line.case.flow, line.case.provider, line.case.at)

    @pytest.mark.parametrize("name", RECORDED)
    def test_every_recorded_case_replays_to_the_same_verdicts_with_placeholders(self, name: str) -> None:
        from jwtdoctor.checkup import explain_case
        from jwtdoctor.knowledge.load import load

        knowledge = load()
        for line in list(read_cases_file(CASES / name))[::3]:
            assert line.case is not None
            report = explain_case(line.case, knowledge)
            again = explain_case(case_from(case_to(line.case, report.chart)), knowledge)

            expected = [(v.cause, v.score, v.likelihood) for v in report.verdicts]
            assert [(v.cause, v.score, v.likelihood) for v in again.verdicts] == expected

    def test_saving_what_was_saved_changes_nothing(self) -> None:
        case = replace(
            case_with(
                assertion__sub="jo@acme.com.uat",
                assertion__aud="https://acme--uat.sandbox.my.salesforce.com",
                path__proxy="proxy.acme.corp:3128",
            ),
            reply=Reply(400, {}, '{"error":"x","at":"13.1.2.3"}'),
        )
        once = saved(case)
        twice = saved(case_from(once))

        assert twice["reply"] == once["reply"]
        assert facts_of(once).items() <= facts_of(twice).items()


class TestCasesFile:
    def test_a_bad_line_is_named_and_the_others_are_read(self, tmp_path: Path) -> None:
        path = tmp_path / "cases.jsonl"
        path.write_bytes(
            b'\xef\xbb\xbf{"schema":"jwtdoctor.case/1","id":"one"}\n\nnot json\n[1]\n{"case":3}\n'
            b'{"case":{"schema":"jwtdoctor.case/1","id":"two"},"accept":["clock-drift"]}'
            b'\n{"facts":{"reply.status":\xff}}\n{"schema":"jwtdoctor.case/1","id":"last"}'
        )
        lines = list(read_cases_file(path))

        assert [line.number for line in lines] == [1, 3, 4, 5, 6, 7, 8]
        assert [line.case.id for line in lines if line.case] == ["one", "two", "last"]
        assert lines[4].rest == {"accept": ["clock-drift"]}
        assert str(lines[1].problem) == f"{path}:3: is no JSON; expected a case on one line"

    def test_a_line_without_end_is_refused_and_the_next_one_read(self, tmp_path: Path) -> None:
        path = tmp_path / "cases.jsonl"
        path.write_bytes(b'{"text":"' + b"x" * (MAX_INPUT * 2) + b'"}\n{"schema":"jwtdoctor.case/1","id":"b"}\n')
        lines = list(read_cases_file(path))

        assert "too large" in str(lines[0].problem)
        assert lines[1].case is not None

    def test_a_missing_file_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="no such file"):
            list(read_cases_file(tmp_path / "none.jsonl"))


class TestWriting:
    def test_a_case_is_written_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "case.json"
        write_case(path, {"schema": SCHEMA})

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert json.loads(path.read_text()) == {"schema": SCHEMA}
        assert [p.name for p in tmp_path.iterdir()] == ["case.json"]

    def test_an_older_case_is_replaced_and_any_other_file_is_not(self, tmp_path: Path) -> None:
        path, key = tmp_path / "case.json", tmp_path / "server.key"
        write_case(path, {"schema": SCHEMA, "id": "a"})
        write_case(path, {"schema": SCHEMA, "id": "b"})
        key.write_text("-----BEGIN PRIVATE KEY-----")

        assert json.loads(path.read_text())["id"] == "b"
        with pytest.raises(BadInput, match="not replaced"):
            write_case(key, {"schema": SCHEMA})
        assert key.read_text() == "-----BEGIN PRIVATE KEY-----"

    def test_a_folder_that_is_not_there_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="cannot be written"):
            write_case(tmp_path / "no" / "case.json", {"schema": SCHEMA})


class TestArguments:
    @pytest.mark.parametrize("text", ['{"error":"x"}', "<html>", "http://x", "https://x", "a\nb"])
    def test_text_itself_is_taken_as_it_is(self, text: str) -> None:
        assert open_argument(text, BytesIO())[0] == text

    def test_everything_else_is_a_path(self, tmp_path: Path) -> None:
        path = tmp_path / "body.json"
        path.write_bytes(b"x")

        assert open_argument(str(path), BytesIO()) == (b"x", str(path))
        assert open_argument("-", BytesIO(b"y")) == (b"y", "standard input")

    @pytest.mark.parametrize("argument", ["invalid_grant", "", "no/such/file", "\0", "x" * 5000, "."])
    def test_what_is_no_file_is_one_line(self, argument: str) -> None:
        with pytest.raises(BadInput) as caught:
            open_argument(argument, BytesIO())
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 400

    def test_a_huge_input_is_not_read_to_its_end(self, tmp_path: Path) -> None:
        path = tmp_path / "huge"
        with path.open("wb") as out:
            out.truncate(MAX_INPUT * 12)

        with pytest.raises(BadInput, match="too large"):
            open_argument(str(path), BytesIO())
