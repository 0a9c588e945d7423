"""Client output, exceptions and log lines: which error the endpoint gave, and which words are a client's own."""

from __future__ import annotations

import json

import pytest

from jwtdoctor.checkup import named
from jwtdoctor.intake.logs import client_text
from jwtdoctor.intake.read import read
from jwtdoctor.intake.sighting import MAX_TEXT
from jwtdoctor.knowledge.load import load
from jwtdoctor.model.chart import Chart

NOT_APPROVED = "user hasn't approved this consumer"
SF_HEAD = (
    "Error (JwtGrantError): We encountered a JSON web token error, which is likely not an issue with Salesforce CLI. "
    "Here’s the error: JwtAuthError::Error authenticating with JWT.\nErrors encountered:\n"
)


def chart_of(text: str) -> Chart:
    return Chart.of(read(text).observations)


@pytest.mark.parametrize(
    ("text", "error", "description"),
    [
        pytest.param(
            f"Authentication failed (code: invalid_grant): {NOT_APPROVED}",
            "invalid_grant",
            NOT_APPROVED,
            id="simple-salesforce",
        ),
        pytest.param(
            (
                'SalesforceCredentialsException: Error retrieving access token: {"error": '
                '"invalid_grant", "error_description": "'
            )
            + NOT_APPROVED
            + '"}',
            "invalid_grant",
            NOT_APPROVED,
            id="cumulusci",
        ),
        pytest.param(
            (
                "invalid_grant: expired authorization code\n    at OAuth2._postParams "
                "(/app/oauth2.js:243:19) {\n  name: 'invalid_grant'\n}"
            ),
            "invalid_grant",
            "expired authorization code",
            id="jsforce",
        ),
        pytest.param(
            (
                "RefreshError: ('invalid_grant: Invalid JWT Signature.', {'error': 'invalid_grant', "
                "'error_description': 'Invalid JWT Signature.'})"
            ),
            "invalid_grant",
            "Invalid JWT Signature.",
            id="google-auth",
        ),
        pytest.param(
            f"""RefreshError: ("invalid_grant: {NOT_APPROVED}", """
            f"""{{'error': 'invalid_grant', 'error_description': "{NOT_APPROVED}"}})""",
            "invalid_grant",
            NOT_APPROVED,
            id="google-auth-apostrophe",
        ),
        pytest.param(
            (
                "omniauth: (salesforce) Authentication failure! invalid_credentials: "
                "OAuth2::Error, invalid_grant: authentication failure"
            ),
            "invalid_grant",
            "authentication failure",
            id="omniauth",
        ),
        pytest.param(
            (
                "oauth2: cannot fetch token: 400 Bad Request\nResponse: "
                '{"error":"invalid_grant","error_description":"audience is invalid"}'
            ),
            "invalid_grant",
            "audience is invalid",
            id="go",
        ),
        pytest.param(
            'oauth2: "invalid_grant" "audience is invalid"', "invalid_grant", "audience is invalid", id="go-new"
        ),
        pytest.param(
            f"OAuth2AuthorizationException: [invalid_grant] {NOT_APPROVED}\n\tat org.springframework.X",
            "invalid_grant",
            NOT_APPROVED,
            id="spring",
        ),
        pytest.param(
            f"call failed: {{error=invalid_grant, error_description={NOT_APPROVED}}}",
            "invalid_grant",
            NOT_APPROVED,
            id="java-map",
        ),
        pytest.param(
            f"map[error:invalid_grant error_description:{NOT_APPROVED}]", "invalid_grant", NOT_APPROVED, id="go-map"
        ),
        pytest.param(
            "Array\n(\n    [error] => invalid_grant\n    [error_description] => audience is invalid\n)",
            "invalid_grant",
            "audience is invalid",
            id="php",
        ),
        pytest.param(
            "{ error: 'invalid_grant', error_description: 'authentication failure' }",
            "invalid_grant",
            "authentication failure",
            id="node",
        ),
        pytest.param(
            'level=error error=invalid_grant error_description="ip restricted" status=400',
            "invalid_grant",
            "ip restricted",
            id="logfmt",
        ),
        pytest.param(
            'RestClient::BadRequest (400 Bad Request): {"error":"invalid_grant","error_description":"ip restricted"}',
            "invalid_grant",
            "ip restricted",
            id="rails",
        ),
        pytest.param(
            'body="{\\"error\\":\\"invalid_client_id\\",\\"error_description\\":\\"client identifier invalid\\"}"',
            "invalid_client_id",
            "client identifier invalid",
            id="escaped",
        ),
        pytest.param(
            (
                '{"level":"error","msg":"failed: '
                '{\\"error\\":\\"invalid_grant\\",\\"error_description\\":\\"audience is invalid\\"}"}'
            ),
            "invalid_grant",
            "audience is invalid",
            id="json-log-line",
        ),
        pytest.param(
            (
                "&#123;&quot;error&quot;: not JSON "
                "here\n{&quot;error&quot;:&quot;invalid_grant&quot;,"
                "&quot;error_description&quot;:&quot;ip restricted&quot;}"
            ),
            "invalid_grant",
            "ip restricted",
            id="html-escaped",
        ),
        pytest.param(
            'WWW-Authenticate: Bearer error="invalid_token", error_description="The token expired"',
            "invalid_token",
            "The token expired",
            id="challenge",
        ),
        pytest.param("reason: invalid_grant - audience is invalid", "invalid_grant", "audience is invalid", id="dash"),
    ],
)
def test_the_endpoints_error_is_found_in_what_clients_print(text: str, error: str, description: str) -> None:
    chart = chart_of(text)

    assert (chart.value("reply.error"), chart.value("reply.description")) == (error, description)
    assert chart.value("reply.granted") is False
    assert "reply.client_text" not in chart


def test_a_body_that_guzzle_cut_off_still_gives_its_code() -> None:
    chart = chart_of(
        "Client error: `POST https://login.salesforce.com/services/oauth2/token` resulted in a `400 Bad Request` "
        """response:\n{"error":"invalid_grant","error_description":"user hasn't appro (truncated...)\n"""
    )

    assert chart.value("reply.error") == "invalid_grant"
    assert chart.value("reply.description") == "user hasn't appro"
    assert chart.value("reply.status") == 400
    assert chart.value("request.token_host") == "login.salesforce.com"


def test_the_last_token_error_of_a_log_wins_and_the_others_are_named() -> None:
    case = read(
        '10:00 {"error":"invalid_client","error_description":"invalid client credentials"}\n10:01 retry\n'
        '10:02 HTTP 400 {"error":"invalid_grant","error_description":"ip restricted"}\n'
        '10:03 [{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]'
    )
    chart = Chart.of(case.observations)

    assert chart.value("reply.description") == "ip restricted"
    assert chart.value("reply.status") == 400
    assert "invalid client credentials" in case.warnings[0]
    assert "INVALID_SESSION_ID" in case.warnings[0]


def test_a_code_alone_says_nothing_about_a_description() -> None:
    chart = chart_of("IdentityProviderException: invalid_grant in /var/www/GenericProvider.php:222")

    assert chart.value("reply.error") == "invalid_grant"
    assert "reply.has_description" not in chart


def test_a_body_without_description_says_that_there_was_none() -> None:
    assert chart_of('{"error":"invalid_grant"}').value("reply.has_description") is False


class TestSalesforceCli:
    def test_the_first_pair_is_the_one_that_counts(self) -> None:
        case = read(SF_HEAD + f"{NOT_APPROVED}\nfetch failed\nclient identifier invalid\n{NOT_APPROVED}\n")
        chart = Chart.of(case.observations)

        assert chart.value("reply.description") == NOT_APPROVED
        assert case.flow == "jwt-bearer"
        assert "client identifier invalid" in case.warnings[0]

    def test_without_an_answer_of_the_first_host_the_last_answer_counts(self) -> None:
        chart = chart_of(SF_HEAD + "fetch failed\nclient identifier invalid\ninvalid assertion\nfetch failed")

        assert chart.value("reply.description") == "invalid assertion"

    def test_the_pair_that_it_adds_is_no_part_of_the_text_but_two_facts(self) -> None:
        chart = chart_of(
            SF_HEAD
            + (
                "audience is invalid  [audience=https://login.salesforce.com "
                "login=https://acme.my.salesforce.com/]\nfetch failed"
            )
        )

        assert chart.value("reply.description") == "audience is invalid"
        assert chart.value("assertion.aud") == "https://login.salesforce.com"
        assert chart.value("request.token_host") == "acme.my.salesforce.com"

    def test_nothing_but_fetch_failed_is_no_answer(self) -> None:
        chart = chart_of(SF_HEAD + "fetch failed\n" * 5)

        assert "reply.description" not in chart
        assert chart.text("reply.client_text") == "fetch failed"

    def test_an_empty_line_in_its_list_is_an_answer_without_words(self) -> None:
        case = read(
            SF_HEAD + "\nclient identifier invalid\n\n\naudience is invalid  "
            "[audience=https://test.salesforce.com login=https://acme.my.salesforce.com/]\n\n\n"
        )
        chart = Chart.of(case.observations)

        assert "reply.description" not in chart
        assert case.flow == "jwt-bearer"
        assert "client identifier invalid" in " ".join(case.warnings)

    def test_an_empty_line_that_was_pasted_before_its_list_hides_nothing(self) -> None:
        chart = chart_of(SF_HEAD + "\n" + "client identifier invalid\n" * 5)

        assert chart.value("reply.description") == "client identifier invalid"

    def test_its_json_output_is_read_by_its_message(self) -> None:
        printed = {
            "name": "JwtGrantError",
            "message": SF_HEAD + "invalid assertion\nfetch failed",
            "exitCode": 1,
            "stack": "JwtGrantError: x\n    at X.y (/a/b.js:1:2)",
            "status": 1,
        }

        assert chart_of(json.dumps(printed)).value("reply.description") == "invalid assertion"

    def test_its_own_sentence_is_not_taken_for_the_servers(self) -> None:
        case = read(
            "Error (AuthCodeExchangeError): Invalid client credentials. Verify the OAuth client secret and ID. "
        )
        chart = Chart.of(case.observations)

        assert "reply.description" not in chart
        assert "client credentials" not in (case.text or "")
        assert "client credentials" not in (chart.text("reply.client_text") or "")
        assert case.flow == "authorization-code"

    def test_what_follows_its_own_sentence_is_the_servers(self) -> None:
        chart = chart_of(
            "Invalid client credentials. Verify the OAuth client secret and ID. expired authorization code"
        )

        assert chart.value("reply.description") == "expired authorization code"

    def test_a_network_failure_behind_its_own_sentence_stays_a_clients_text(self) -> None:
        chart = chart_of("Invalid client credentials. Verify the OAuth client secret and ID. fetch failed")

        assert "reply.description" not in chart
        assert "fetch failed" in (chart.text("reply.client_text") or "")


@pytest.mark.parametrize(
    "text",
    [
        "unable to get local issuer certificate",
        "ERROR running force:auth:web:login:  tunneling socket could not be established, statusCode=407",
        (
            "error: request to https://test.salesforce.com//services/oauth2/token failed, "
            "reason: write EPROTO 00:SSL routines:x:wrong version number"
        ),
        "javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure",
        "secretOrPrivateKey must be an asymmetric key when using RS256",
        "We were unable to log into your salesforce org. Try clearing the cache and cookies",
        "Error: getaddrinfo ENOTFOUND acme.my.salesforce.com",
    ],
)
def test_a_client_that_never_reached_the_endpoint_keeps_its_text(text: str) -> None:
    case = read(text)

    assert case.text == text
    assert Chart.of(case.observations).value("reply.client_text") == text
    assert case.reply is None


def test_the_url_that_was_asked_gives_the_host() -> None:
    chart = chart_of(
        "error: request to https://test.salesforce.com//services/oauth2/token failed, reason: socket hang up"
    )

    assert chart.value("request.token_host") == "test.salesforce.com"
    assert chart.value("request.scheme") == "https"


def test_an_audience_is_not_taken_for_the_host_that_was_asked() -> None:
    chart = chart_of(
        "signed with aud https://login.salesforce.com/services/oauth2/token\ninvalid_grant: invalid assertion"
    )

    assert "request.token_host" not in chart


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Bad Request (HTTP 400). Failed to get an access token.", 400),
        ("401 (Unauthorized) on GET /repos/.../installation", 401),
        ("ApiError: Bad Request (POST https://account-d.docusign.com/oauth/token 400)", 400),
        ("Authentication failed (code: 503): <html>x</html>", 503),
        ("ERROR_HTTP_400:", 400),
    ],
)
def test_the_status_is_read_from_a_clients_words(text: str, status: int) -> None:
    assert chart_of(text).value("reply.status") == status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Login History status: Failed: Not approved for access", "Failed: Not approved for access"),
        ("Login access log: Failed: Missing Consumer Key Parameter", "Failed: Missing Consumer Key Parameter"),
        ("Login history: Failed: Missing Consumer Key Parameter", "Failed: Missing Consumer Key Parameter"),
        ("Login History: Username-Password Flow Disabled", "Username-Password Flow Disabled"),
        ("Failed: Restricted IP", "Failed: Restricted IP"),
        ("status LOGIN_ERROR_APP_BLOCKED seen", "LOGIN_ERROR_APP_BLOCKED"),
        (
            (
                'Username,"Login Time",Status\njo@acme.com,1,Success\njo@acme.com,2,"Failed: '
                'Not approved for access"\njo@acme.com,3,Success'
            ),
            "Failed: Not approved for access",
        ),
    ],
)
def test_a_row_of_login_history_is_recognised(text: str, status: str) -> None:
    assert chart_of(text).value("login_history.status") == status


def test_a_row_of_login_history_beside_an_error_gives_both() -> None:
    chart = chart_of("invalid_grant: authentication failure\nLogin History: Failed: API security token required")

    assert chart.value("reply.description") == "authentication failure"
    assert chart.value("login_history.status") == "Failed: API security token required"


def test_entra_is_recognised_by_its_numbers() -> None:
    case = read(
        "MsalServiceException: \n\tErrorCode: invalid_client\nOriginal exception: "
        "AADSTS7000215: Invalid client secret provided. "
        "Trace ID: x"
    )
    chart = Chart.of(case.observations)

    assert named(case, load()).provider == "entra"
    assert chart.value("reply.error") == "invalid_client"
    assert (chart.text("reply.description") or "").startswith("AADSTS7000215: Invalid client secret")


def test_a_redirect_in_a_log_is_an_outcome_of_the_authorize_step() -> None:
    chart = chart_of(
        "to https://app/cb?error=invalid_request&error_description=missing%20required%20code%20challenge&state=1 done"
    )

    assert chart.value("reply.description") == "missing required code challenge"
    assert chart.value("request.endpoint") == "authorize"


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        pytest.param("ERROR running force:auth:jwt:grant:  socket hang up", "jwt-bearer", id="old sfdx"),
        pytest.param(
            'File "oauth/salesforce.py", line 91, in jwt_session\nSalesforceCredentialsException: Error retrieving '
            'access token: {"error":"invalid_grant","error_description":"expired authorization code"}',
            "jwt-bearer",
            id="CumulusCI",
        ),
        pytest.param(
            "SalesforceAuthenticationFailed: Authentication failed (code: invalid_grant): expired authorization code",
            "jwt-bearer",
            id="simple-salesforce, which knows no codes",
        ),
        pytest.param(
            "SalesforceAuthenticationFailed: Authentication failed (code: invalid_grant): authentication failure",
            None,
            id="simple-salesforce, some flow",
        ),
        pytest.param(
            "Error: Unable to refresh session due to: expired access/refresh token", "refresh-token", id="jsforce"
        ),
        pytest.param(
            "invalid_grant: authentication failure\n    at async OAuth2.authenticate (lib/oauth2.js:170:21)",
            "password",
            id="jsforce, password",
        ),
    ],
)
def test_a_flow_is_recognised_by_the_clients_own_words(text: str, flow: str | None) -> None:
    assert read(text).flow == flow


def test_a_407_in_a_clients_words_is_the_proxys() -> None:
    chart = chart_of("Authentication failed (code: 407): <html><title>Proxy Authentication Required</title></html>")

    assert chart.value("path.proxy_status") == 407
    assert "reply.status" not in chart


@pytest.mark.parametrize("end", ["\n", " "], ids=["lines", "one line"])
def test_a_token_in_which_a_long_log_is_cut_is_not_kept_in_half(end: str) -> None:
    """What is left of it has no form by which it would be known; the redaction of another makes room for it."""
    head = "eyJhbGciOiJSUzI1NiJ9."
    later = f"{end}and some more plain words {head}{'b' * 9_000}.c "

    kept = client_text(
        "x " * 4_000 + head + "a" * 2_000 + "planted" * 100 + later + "y" * (2 * MAX_TEXT - 300 - len(later))
    )

    assert "plain words [redacted]" in kept
    assert "planted" not in kept


def test_a_client_that_calls_401_by_its_name_has_said_the_status() -> None:
    """`Unauthenticated` was all that App Store Connect's answer left in a log, and nothing was recognised."""
    chart = chart_of("HTTP error from https://appstoreconnect.apple.com/notary/v2/submissions\nUnauthenticated\n")

    assert chart.value("reply.status") == 401


@pytest.mark.parametrize(
    "trouble",
    [
        "Could not read private key from /dev/fd/63",
        "error:1E08010C:DECODER routines::unsupported",
        "140735:error:0909006C:PEM routines:get_name:no start line:crypto/pem/pem_lib.c:745:",
        "Error: secretOrPrivateKey must be an asymmetric key when using RS256",
        "ValueError: Could not deserialize key data.",
    ],
)
def test_a_key_that_the_client_could_not_read_is_told_beside_the_refusal_of_what_it_sent(trouble: str) -> None:
    refusal = '{"message":"A JSON web token could not be decoded","documentation_url":"https://docs.github.com/rest"}'

    assert chart_of(f"{trouble}\n{refusal}").flag("key.loads") is False
    assert chart_of(f"deploy\n{refusal}").flag("key.loads") is None
    assert chart_of("\n".join([trouble, *["retry later"] * 300, refusal])).flag("key.loads") is None
    assert chart_of(f'{trouble}\n{{"access_token":"00Dx!AAA","token_type":"Bearer"}}').flag("key.loads") is None
