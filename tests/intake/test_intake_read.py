"""Bodies, dumps, curl lines, URLs and HAR files, read as one attempt."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from jwtdoctor.errors import BadCase, BadInput
from jwtdoctor.intake.bounds import MAX_INPUT
from jwtdoctor.intake.read import read
from jwtdoctor.model.chart import Chart

DATE = "Sat, 21 Nov 2026 22:47:25 GMT"
DATE_S = 1795301245.0
BODY = '{"error":"invalid_grant","error_description":"expired authorization code"}'


def facts_of(observed: str | bytes | dict[str, Any]) -> dict[str, Any]:
    return {seen.fact: seen.value for seen in read(observed).observations}


def jwt(claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    parts = [header or {"alg": "RS256", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, base64.urlsafe_b64encode(b"s" * 256).decode().rstrip("=")])


@pytest.mark.parametrize(
    ("body", "error", "description"),
    [
        pytest.param(BODY, "invalid_grant", "expired authorization code", id="oauth"),
        pytest.param("\ufeff" + BODY, "invalid_grant", "expired authorization code", id="byte-order-mark"),
        pytest.param('{"error":"invalid_client","error_description":null}', "invalid_client", None, id="epic"),
        pytest.param(
            '{"error":{"code":401,"message":"No credentials.","status":"UNAUTHENTICATED"}}',
            "UNAUTHENTICATED",
            "No credentials.",
            id="google-api",
        ),
        pytest.param(
            '[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]',
            "INVALID_SESSION_ID",
            "Session expired or invalid",
            id="salesforce-rest",
        ),
        pytest.param(
            '{"data":null,"code":"390144","message":"JWT token is invalid.","success":false}',
            "390144",
            "JWT token is invalid.",
            id="snowflake",
        ),
        pytest.param(
            '{"errorCode":"E0000011","errorSummary":"Invalid token provided","errorId":"oae"}',
            "E0000011",
            "Invalid token provided",
            id="okta",
        ),
        pytest.param(
            '{"errors":[{"status":"401","code":"NOT_AUTHORIZED","title":"t","detail":"Provide a signed token"}]}',
            "NOT_AUTHORIZED",
            "Provide a signed token",
            id="apple",
        ),
        pytest.param(
            (
                '{"type":"about:blank","status":400,"title":"Bad","errors":[{"code":"015-0008","detail":"Unable '
                'to generate a token"}]}'
            ),
            "015-0008",
            "Unable to generate a token",
            id="pdnd",
        ),
        pytest.param(
            '{"message":"A JSON web token could not be decoded","documentation_url":"https://docs.github.com/rest"}',
            None,
            "A JSON web token could not be decoded",
            id="github",
        ),
        pytest.param(
            '{"reason":"Invalid client_id or client_secret","error":"invalid_client"}',
            "invalid_client",
            "Invalid client_id or client_secret",
            id="zoom",
        ),
        pytest.param(
            '{"errorMessage":"{\\"error\\":\\"invalid_grant\\",\\"error_description\\":\\"ip restricted\\"}"}',
            "invalid_grant",
            "ip restricted",
            id="wrapped",
        ),
        pytest.param(
            "error=invalid_grant&error_description=user+hasn%27t+approved+this+consumer",
            "invalid_grant",
            "user hasn't approved this consumer",
            id="form",
        ),
        pytest.param(
            (
                "<?xml version='1.0'?><OAuth><error>invalid_grant</error><error_description>ip "
                "restricted</error_description></OAuth>"
            ),
            "invalid_grant",
            "ip restricted",
            id="xml",
        ),
        pytest.param(
            (
                "<soapenv:Envelope><soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: "
                "Invalid username</faultstring></soapenv:Fault></soapenv:Envelope>"
            ),
            "INVALID_LOGIN",
            "Invalid username",
            id="soap",
        ),
    ],
)
def test_every_dialect_of_error_body_gives_its_most_specific_error(
    body: str, error: str | None, description: str | None
) -> None:
    facts = facts_of(body)

    assert (facts.get("reply.error"), facts.get("reply.description")) == (error, description)
    assert facts["reply.has_description"] is (description is not None)
    assert facts["reply.granted"] is False


def test_an_entity_in_xml_is_not_expanded() -> None:
    body = (
        '<!DOCTYPE x [<!ENTITY a "boom"><!ENTITY b '
        '"&a;&a;">]><OAuth><error>invalid_grant</error><error_description>&b;</error_description></OAuth>'
    )

    assert facts_of(body)["reply.description"] == "&b;"


def test_a_page_is_a_page_and_no_token() -> None:
    facts = facts_of("<!DOCTYPE html><html><body>maintenance</body></html>")

    assert facts["reply.is_html"] is True
    assert facts["reply.granted"] is False
    assert "reply.error" not in facts


def test_an_error_page_names_its_code() -> None:
    page = (
        "<html><body>We can't authorize you because of an OAuth Error. OAUTH_APP_BLOCKED "
        ": this app is blocked</body></html>"
    )

    assert facts_of(page)["reply.error"] == "OAUTH_APP_BLOCKED"


def test_a_token_is_a_grant_and_is_not_kept() -> None:
    case = read(
        '{"access_token":"00D000000000001!AQEAQsecretsecret","instance_url":"https://acme.my.salesforce.com","id":"x"}'
    )

    assert Chart.of(case.observations).value("reply.granted") is True
    assert case.reply is not None
    assert "AQEAQ" not in case.reply.body


def test_a_redacted_token_still_reads_as_granted() -> None:
    assert facts_of('{"access_token": "[redacted]", "token_type": "Bearer"}')["reply.granted"] is True


def test_curl_i_gives_status_type_and_true_time() -> None:
    case = read(
        f"HTTP/1.1 400 Bad Request\r\nDate: {DATE}\r\nContent-Type: application/json;charset=UTF-8\r\n\r\n{BODY}"
    )
    chart = Chart.of(case.observations)

    assert case.at == DATE_S
    assert chart.value("reply.status") == 400
    assert chart.value("reply.content_type") == "application/json;charset=UTF-8"
    assert chart.value("reply.description") == "expired authorization code"


def test_a_cached_reply_does_not_tell_the_time() -> None:
    assert read(f"HTTP/2 400\ndate: {DATE}\nage: 30\n\n{BODY}").at is None


def test_entras_body_tells_its_own_time_and_the_assertions_window() -> None:
    description = (
        "AADSTS700024: Client assertion is not within its valid time range. "
        "Current time: 2024-05-03T10:00:00.0000000Z, "
        "assertion valid from 2024-05-03T09:40:00.0000000Z, expiry time of assertion 2024-05-03T09:50:00.0000000Z."
    )
    case = read(json.dumps({"error": "invalid_client", "error_description": description, "error_codes": [700024]}))
    chart = Chart.of(case.observations)

    assert case.at == 1714730400.0
    assert chart.value("assertion.exp_in_s") == -600.0
    assert chart.value("assertion.nbf_in_s") == -1200.0


def test_curl_v_tells_the_request_the_proxy_and_tls() -> None:
    facts = facts_of(
        "* Uses proxy env variable https_proxy == 'http://u:hunter2@proxy.corp:3128'\n"
        "* SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384\n"
        "> CONNECT login.salesforce.com:443 HTTP/1.1\n> Host: login.salesforce.com:443\n> \n"
        "< HTTP/1.1 200 Connection established\n< \n"
        "> POST /services/oauth2/token HTTP/1.1\n> Host: login.salesforce.com\n"
        "> Content-Type: application/x-www-form-urlencoded\n> \n* upload completely sent off: 85 bytes\n"
        f"< HTTP/1.1 400 Bad Request\n< Date: {DATE}\n< Content-Type: application/json\n< \n"
        f"* Connection #0 to host left intact\n{BODY}"
    )

    assert facts["reply.status"] == 400
    assert facts["reply.description"] == "expired authorization code"
    assert facts["request.token_host"] == "login.salesforce.com"
    assert facts["request.endpoint"] == "token"
    assert facts["request.tls_version"] == "1.3"
    assert facts["path.proxy"] == "proxy.corp:3128"
    assert facts["path.proxy_has_credentials"] is True
    assert not any("hunter2" in str(value) for value in facts.values())


def test_what_a_proxy_answers_to_connect_is_not_the_endpoints_reply() -> None:
    facts = facts_of(
        "> CONNECT login.salesforce.com:443 HTTP/1.1\n> Host: login.salesforce.com:443\n> \n"
        "< HTTP/1.1 407 Proxy Authentication Required\n< \ncurl: (56) CONNECT tunnel failed, response 407"
    )

    assert facts["path.proxy_status"] == 407
    assert "reply.status" not in facts


def test_a_raw_request_and_response_give_both_sides() -> None:
    case = read(
        "POST /services/oauth2/token HTTP/1.1\nHost: login.salesforce.com\nContent-Type: application/json\n\n"
        '{"grant_type":"password","client_id":"3MVG9abc","client_secret":"s",'
        '"username":"jo@acme.com.uat","password":"pw"}\n\n'
        "HTTP/1.1 400 Bad Request\nContent-Type: "
        'application/json\n\n{"error":"unsupported_grant_type","error_description":"grant type not supported"}'
    )
    chart = Chart.of(case.observations)

    assert case.flow == "password"
    assert chart.value("request.body_is_form_encoded") is False
    assert chart.value("request.content_type") == "application/json"
    assert chart.value("request.sends_client_secret") is True
    assert chart.value("user.username_is_sandbox_style") is True
    assert chart.value("reply.error") == "unsupported_grant_type"


def test_the_last_refused_exchange_of_a_dump_counts() -> None:
    case = read(
        f"HTTP/1.1 400 Bad\n\n{BODY}\nHTTP/1.1 302 Found\nLocation: https://x/\n\nHTTP/1.1 400 Bad\n\n"
        + '{"error":"invalid_client"}'
    )

    assert Chart.of(case.observations).value("reply.error") == "invalid_client"
    assert "expired authorization code" in case.warnings[0]


def test_a_redirect_is_observed_and_its_query_dropped() -> None:
    facts = facts_of(
        "HTTP/1.1 301 Moved\nLocation: https://login.salesforce.com/services/oauth2/token?code=abcdefgh12\n\n"
    )

    assert facts["request.redirected_to"] == "https://login.salesforce.com/services/oauth2/token"
    assert facts["reply.granted"] is False


class TestCurlLine:
    def test_its_options_become_request_facts(self) -> None:
        case = read(
            "$ curl -i -X POST https://acme--uat.sandbox.my.salesforce.com/services/oauth2/token \\\n"
            "  -d 'grant_type=client_credentials' -d client_id= --data-urlencode \"client_secret=abc def\"\n"
            'HTTP/1.1 400 Bad Request\n\n{"error":"invalid_grant","error_description":"no '
            'client credentials user enabled"}'
        )
        chart = Chart.of(case.observations)

        assert case.flow == "client-credentials"
        assert chart.value("request.token_host") == "acme--uat.sandbox.my.salesforce.com"
        assert chart.value("request.client_id_empty") is True
        assert chart.value("request.sends_client_secret") is True
        assert chart.value("request.method") == "POST"
        assert chart.value("reply.description") == "no client credentials user enabled"

    def test_user_and_password_are_basic_credentials(self) -> None:
        facts = facts_of(
            "curl -u 'key:secret' https://login.salesforce.com/services/oauth2/token -d grant_type=client_credentials"
        )

        assert facts["request.client_auth"] == "basic"
        assert facts["request.client_id_in_body"] is False
        assert facts["request.sends_client_secret"] is True

    def test_a_json_body_and_a_form_with_files_are_not_form_encoded(self) -> None:
        assert (
            facts_of('curl https://h.example/token --json \'{"grant_type":"password"}\'')[
                "request.body_is_form_encoded"
            ]
            is False
        )
        assert (
            facts_of("curl https://h.example/token -F grant_type=password")["request.content_type"]
            == "multipart/form-data"
        )

    def test_an_unclosed_quote_is_read_as_far_as_it_goes(self) -> None:
        assert facts_of("curl https://h.example/token -d 'grant_type=password")["request.token_host"] == "h.example"


class TestAssertionSeen:
    def test_a_request_body_gives_the_facts_of_its_assertion(self) -> None:
        token = jwt(
            {"iss": "3MVG9abc", "sub": "jo@acme.com.uat", "aud": "https://login.salesforce.com", "exp": DATE_S + 180}
        )
        body = f"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={token}"
        case = read(
            f"POST /services/oauth2/token HTTP/1.1\nHost: test.salesforce.com\nContent-Type: "
            f"application/x-www-form-urlencoded\n\n{body}\n\nHTTP/1.1 400 Bad Request\nDate: {DATE}\n\n{BODY}"
        )
        chart = Chart.of(case.observations)

        assert case.flow == "jwt-bearer"
        assert chart.value("assertion.aud") == "https://login.salesforce.com"
        assert chart.value("assertion.exp_in_s") == 180.0
        assert chart.value("user.username_is_sandbox_style") is True
        assert "request.client_id_in_body" not in chart
        assert "request.sends_code_verifier" not in chart

    def test_a_token_alone_is_an_assertion_without_time_facts(self) -> None:
        facts = facts_of(jwt({"iss": "i", "sub": "s", "aud": "a", "exp": 1}))

        assert facts["assertion.iss"] == "i"
        assert "assertion.exp_in_s" not in facts

    def test_a_certificate_in_its_place_is_no_jwt(self) -> None:
        facts = facts_of("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=notajwt")

        assert facts["assertion.is_jwt"] is False

    def test_a_redacted_assertion_is_present_and_of_unknown_form(self) -> None:
        facts = facts_of("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=[redacted]")

        assert "assertion.is_jwt" not in facts


@pytest.mark.parametrize(
    ("url", "error", "description", "flow"),
    [
        (
            (
                "https://acme.my.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp?error=invalid_scope&"
                "error_description=the+requested+scope+is+not+allowed"
            ),
            "invalid_scope",
            "the requested scope is not allowed",
            "authorization-code",
        ),
        (
            (
                "http://localhost:1717/OauthRedirect?error=access_denied&"
                "error_description=end-user+denied+authorization&state=abc"
            ),
            "access_denied",
            "end-user denied authorization",
            "authorization-code",
        ),
        (
            (
                "https://app.example/cb#error=redirect_uri_mismatch&"
                "error_description=redirect_uri%20must%20match%20configuration"
            ),
            "redirect_uri_mismatch",
            "redirect_uri must match configuration",
            "user-agent",
        ),
        (
            (
                "https://app.example/login?startURL=https%3A%2F%2Fx.example%2Fcb%3Ferror"
                "%3Dinvalid_scope%26error_description%3Dno"
            ),
            "invalid_scope",
            "no",
            "authorization-code",
        ),
    ],
)
def test_a_url_with_an_error_is_an_outcome_of_the_authorize_step(
    url: str, error: str, description: str, flow: str
) -> None:
    case = read(url)
    chart = Chart.of(case.observations)

    assert (chart.value("reply.error"), chart.value("reply.description")) == (error, description)
    assert chart.value("request.endpoint") == "authorize"
    assert "request.token_host" not in chart
    assert case.flow == flow


def test_an_authorize_request_tells_whether_it_carries_a_challenge() -> None:
    base = "https://login.salesforce.com/services/oauth2/authorize?response_type=code&client_id=3MVG9x&redirect_uri=x"

    assert facts_of(base)["request.code_challenge_sent"] is False
    assert facts_of(base + "&code_challenge=abc")["request.code_challenge_sent"] is True


class TestHar:
    def entry(self, url: str, status: int, body: str, **more: Any) -> dict[str, Any]:
        return {
            "startedDateTime": "2026-11-21T22:48:55.000Z",
            "time": 200,
            "request": {
                "method": "POST",
                "url": url,
                "headers": [],
                "postData": {
                    "mimeType": "application/x-www-form-urlencoded",
                    "params": [
                        {"name": "grant_type", "value": "authorization_code"},
                        {"name": "code_verifier", "value": "a~" * 30},
                        {"name": "client_id", "value": " 3MVG9x"},
                    ],
                },
            },
            "response": {
                "status": status,
                "headers": [{"name": "Date", "value": DATE}, {"name": "Content-Type", "value": "application/json"}],
                "content": {"text": body},
            },
            **more,
        }

    def test_the_token_exchange_is_read_from_both_sides(self) -> None:
        page = self.entry("https://acme.my.salesforce.com/home", 200, "<html></html>")
        page["request"].pop("postData")
        token = self.entry(
            "https://acme.my.salesforce.com/services/oauth2/token",
            400,
            '{"error":"invalid_grant","error_description":"invalid code verifier"}',
        )
        case = read(json.dumps({"log": {"version": "1.2", "entries": [token, page]}}))
        chart = Chart.of(case.observations)

        assert case.flow == "authorization-code"
        assert case.at == DATE_S
        assert chart.value("reply.description") == "invalid code verifier"
        assert chart.value("request.code_verifier_has_tilde") is True
        assert chart.value("request.code_verifier_length") == 60
        assert chart.value("request.client_id_has_whitespace") is True
        assert chart.value("reply.date_ahead_s") == pytest.approx(90.1)

    def test_a_base64_body_is_decoded(self) -> None:
        entry = self.entry("https://h.example/token", 400, base64.b64encode(BODY.encode()).decode())
        entry["response"]["content"]["encoding"] = "base64"

        assert facts_of({"log": {"entries": [entry]}})["reply.description"] == "expired authorization code"

    def test_an_error_redirect_counts_where_no_token_was_asked_for(self) -> None:
        entry = {
            "request": {
                "method": "GET",
                "url": "https://login.salesforce.com/services/oauth2/authorize?response_type=code",
            },
            "response": {
                "status": 302,
                "headers": [
                    {
                        "name": "Location",
                        "value": "https://app/cb?error=access_denied&error_description=end-user+denied+authorization",
                    }
                ],
                "content": {},
            },
        }

        assert facts_of({"log": {"entries": [entry]}})["reply.error"] == "access_denied"

    def test_a_request_that_was_never_answered_keeps_the_recorders_words(self) -> None:
        entry = self.entry("https://h.example/token", 0, "", _error="net::ERR_CERT_AUTHORITY_INVALID")

        assert facts_of({"log": {"entries": [entry]}})["reply.client_text"] == "net::ERR_CERT_AUTHORITY_INVALID"

    def test_a_damaged_file_is_read_as_far_as_it_goes(self) -> None:
        read({"log": {"entries": [None, 3, {"request": 1}, {"request": {"url": 7}, "response": []}]}})


def test_an_axios_error_is_opened() -> None:
    case = read(
        {
            "message": "Request failed with status code 400",
            "config": {
                "url": "https://login.salesforce.com/services/oauth2/token",
                "data": "grant_type=refresh_token&refresh_token=x",
            },
            "response": {"status": 400, "data": {"error": "invalid_grant", "error_description": "ip restricted"}},
        }
    )
    chart = Chart.of(case.observations)

    assert chart.value("reply.description") == "ip restricted"
    assert chart.value("reply.status") == 400
    assert case.flow == "refresh-token"


def test_what_the_caller_says_wins_over_the_input() -> None:
    case = read(
        {"schema": "jwtdoctor.case/1", "provider": "okta", "flow": "password"}, provider="salesforce", flow="jwt_bearer"
    )

    assert (case.provider, case.flow) == ("salesforce", "jwt-bearer")


def test_an_unknown_provider_counts_as_generic_with_a_warning() -> None:
    case = read(BODY, provider="nobody", known_providers={"salesforce", "generic"})

    assert case.provider == "generic"
    assert "nobody" in case.warnings[0]


@pytest.mark.parametrize("observed", ["", "  \n\t ", b"", b"\xef\xbb\xbf"])
def test_nothing_is_refused_with_one_line(observed: str | bytes) -> None:
    with pytest.raises(BadInput, match="empty"):
        read(observed, where="x.log")


def test_what_is_too_large_is_refused_with_one_line() -> None:
    with pytest.raises(BadInput, match=r"x\.log: is too large to read; expected at most 8 MB"):
        read(b"x" * (MAX_INPUT + 1), where="x.log")


def test_bytes_that_are_not_utf8_are_replaced_with_a_warning() -> None:
    case = read(b'{"error":"invalid_grant","error_description":"caf\xe9"}')

    assert Chart.of(case.observations).value("reply.description") == "caf\ufffd"
    assert "UTF-8" in case.warnings[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_what_powershell_writes_is_read(encoding: str) -> None:
    assert facts_of(BODY.encode(encoding))["reply.error"] == "invalid_grant"


def test_another_schema_of_a_case_is_refused() -> None:
    with pytest.raises(BadCase, match=r"jwtdoctor\.case/1"):
        read({"schema": "jwtdoctor.case/9"})


def test_a_damaged_case_file_names_the_place() -> None:
    with pytest.raises(BadCase, match=r"^x\.json:2:14: is no JSON here; expected a case file$"):
        read('{"schema": "jwtdoctor.case/1",\n "provider": salesforce}', where="x.json")


def test_several_cases_in_one_input_point_to_the_option_for_them() -> None:
    with pytest.raises(BadCase, match="--cases"):
        read('{"schema": "jwtdoctor.case/1"}\n{"schema": "jwtdoctor.case/1"}')


def test_an_earlier_report_is_read_for_its_facts() -> None:
    case = read(
        {
            "schema": "jwtdoctor.report/1",
            "provider": "salesforce",
            "flow": "jwt-bearer",
            "facts": {"clock.ahead_s": {"value": -300}},
        }
    )

    assert Chart.of(case.observations).value("clock.ahead_s") == -300
    assert case.flow == "jwt-bearer"


def test_json_nested_beyond_reason_is_still_a_case() -> None:
    read("[" * 100_000)
    read('{"a":' * 50_000)
