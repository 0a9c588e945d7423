"""Small parts of the intake: times, forms of names, our own requests and replies as facts."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from typing import Any

import pytest

from jwtdoctor.intake.forms import endpoint_of, is_placeholder, is_unfilled, username_is_sandbox_style
from jwtdoctor.intake.reply_facts import observe_reply
from jwtdoctor.intake.request_facts import observe_request
from jwtdoctor.intake.times import http_date, iso_time
from jwtdoctor.model.exchange import Reply, TokenRequest
from jwtdoctor.model.secret import Secret

URL = "https://login.salesforce.com/services/oauth2/token"


def facts(request: TokenRequest) -> dict[str, Any]:
    return {seen.fact: seen.value for seen in observe_request(request)}


@pytest.mark.parametrize(
    "text",
    [
        "Sat, 21 Nov 2026 22:47:25 GMT",
        "Saturday, 21-Nov-26 22:47:25 GMT",
        "Sat Nov 21 22:47:25 2026",
        "Sat, 21 Nov 2026 23:47:25 +0100",
    ],
)
def test_every_form_of_date_is_read(text: str) -> None:
    assert http_date(text) == 1795301245.0


@pytest.mark.parametrize(
    "text", ["", None, "yesterday", "Sat, 31 Feb 2026 22:47:25 GMT", "x" * 1000, "01 Jan 0001 00:00:00"]
)
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert http_date(text) is None


@pytest.mark.parametrize(
    "text", ["2026-11-21T22:47:25Z", "2026-11-21 22:47:25", "2026-11-21T22:47:25.0000000Z", "2026-11-22T00:17:25+01:30"]
)
def test_every_form_of_printed_time_is_read(text: str) -> None:
    assert iso_time(text) == 1795301245.0


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        ("jo@acme.com", False),
        ("jo@acme.com.uat", True),
        ("jo@acme.com.dev", True),
        ("jo@acme.co.uk", False),
        ("jo@acme.co.uk.full", True),
        ("jo@sub.acme.com", False),
        ("jo@acme.com.au", False),
        ("jo@acme.com.qa", None),
        ("3MVG9abc", None),
        ("", None),
    ],
)
def test_a_sandbox_suffix_is_told_from_a_domain(username: str, expected: bool | None) -> None:
    assert username_is_sandbox_style(username) is expected


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/services/oauth2/token", "token"),
        ("/oauth2/v1/token", "token"),
        ("/ims/exchange/jwt", "token"),
        ("/services/oauth2/authorize", "authorize"),
        ("/setup/secur/RemoteAccessErrorPage.apexp", "authorize"),
        ("/services/oauth2/revoke", "revoke"),
        ("/services/oauth2/introspect", "introspect"),
        ("/services/oauth2/userinfo", "userinfo"),
        ("/services/data/v63.0", "api"),
    ],
)
def test_an_endpoint_is_known_by_its_path(path: str, endpoint: str) -> None:
    assert endpoint_of("https://h.example" + path) == endpoint


class TestOurOwnRequest:
    def test_secrets_are_present_and_never_shown(self) -> None:
        request = TokenRequest(
            URL,
            (
                ("grant_type", "authorization_code"),
                ("client_id", "3MVG9x"),
                ("client_secret", Secret("hunter2")),
                ("code", Secret("hunter2")),
                ("code_verifier", Secret("hunter2~" * 6)),
                ("redirect_uri", "http://localhost:1717/OauthRedirect"),
            ),
        )
        seen = facts(request)

        assert seen["request.sends_client_secret"] is True
        assert seen["request.client_auth"] == "body"
        assert seen["request.code_verifier_length"] == 48
        assert seen["request.code_verifier_has_tilde"] is True
        assert seen["request.body_is_form_encoded"] is True
        assert seen["request.sends_redirect_uri"] is True
        assert "hunter2" not in repr(observe_request(request))

    def test_an_empty_secret_is_no_secret(self) -> None:
        request = TokenRequest(
            URL, (("grant_type", "client_credentials"), ("client_id", " "), ("client_secret", Secret("")))
        )

        assert facts(request)["request.sends_client_secret"] is False
        assert facts(request)["request.client_id_empty"] is True

    def test_identifiers_that_disagree_are_noticed(self) -> None:
        header = (("Authorization", Secret("Basic b3RoZXI6c2VjcmV0")),)
        request = TokenRequest(URL, (("grant_type", "client_credentials"), ("client_id", "3MVG9x")), header)

        assert facts(request)["request.client_ids_agree"] is False
        assert facts(request)["request.client_auth"] == "basic"

    @pytest.mark.parametrize(("client", "agree"), [("com.acme.web", True), ("com.acme.app", False)])
    def test_of_a_secret_that_is_a_jwt_the_subject_is_the_client(self, client: str, agree: bool) -> None:
        """Apple's: the issuer is the team."""
        parts = ({"alg": "ES256"}, {"iss": "A1B2C3D4E5", "sub": "com.acme.web"})
        token = ".".join(b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".c2ln"
        fields = (("grant_type", "refresh_token"), ("client_id", client), ("client_secret", Secret(token)))

        assert facts(TokenRequest(URL, fields))["request.client_ids_agree"] is agree


class TestReply:
    def seen(self, *args: Any) -> dict[str, Any]:
        return {one.fact: one.value for one in observe_reply(Reply(*args))}

    def test_a_status_alone_says_nothing_about_a_description(self) -> None:
        assert self.seen(400) == {"reply.status": 400, "reply.granted": False}

    def test_a_refusal_with_a_token_in_it_is_no_grant(self) -> None:
        assert self.seen(400, {}, '{"access_token":"x"}')["reply.granted"] is False

    def test_a_login_answered_with_200_and_an_error_is_refused(self) -> None:
        assert (
            self.seen(200, {}, '{"code":"390144","message":"JWT token is invalid.","success":false}')["reply.granted"]
            is False
        )

    def test_a_page_with_200_is_no_grant(self) -> None:
        assert self.seen(200, {"Content-Type": "text/html"}, "Sign in to the guest network")["reply.granted"] is False

    def test_407_is_a_proxys_word(self) -> None:
        assert self.seen(407)["path.proxy_status"] == 407

    def test_no_token_reaches_a_fact(self) -> None:
        body = '{"error":"x","error_description":"token 00D000000000001!AQEAQhunter2 is bad","trace_id":"t"}'

        assert "hunter2" not in repr(self.seen(400, {"x-request-id": "r"}, body))


def test_the_intake_loads_nothing_heavy() -> None:
    script = "import sys, jwtdoctor.intake.read; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert not {"requests", "cryptography", "jwt", "textual", "rich", "ntplib", "email", "tempfile"} & set(
        json.loads(loaded.replace("'", '"'))
    )


@pytest.mark.parametrize(
    ("client_id", "is_one", "was_never_filled_in"),
    [
        ("ENTER_YOUR_CLIENT_ID", True, True),
        ("{{client_id}}", True, True),
        ("${CLIENT_ID}", True, True),
        ("$(clientId)", True, True),
        ("undefined", True, True),
        ("replace-with-your-client-id", True, True),
        ("INSERT_CLIENT_ID_HERE", True, True),
        ("<client-id>", True, False),  # so people write where they keep the id to themselves
        ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", True, False),
        ("YOUR_CLIENT_ID", True, False),
        ("3MVG9xxxxxxxx", True, False),
        ("00000000-0000-0000-0000-000000000000", True, False),
        ("3MVG9lKcPoNINVBIPJjdw1J9LLM82HnFVVX19KY1uA5mu0QqEWhqKpoW3svG3XHrXDiCQjK1mdgAvhCscA9GE", False, False),
        ("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", False, False),
        ("0oa1simulatedCLIENT0", False, False),
        ("12345", False, False),
        ("my-client", False, False),
        ("yourcompany-app", False, False),
        ("enter-data", False, False),
        ("replace-object-service", False, False),
        ("xxl-shop", False, False),
        ("robot@acme.iam.gserviceaccount.com", False, False),
    ],
)
def test_what_stands_for_a_client_id_is_told_from_one(client_id: str, is_one: bool, was_never_filled_in: bool) -> None:
    assert is_placeholder(client_id) is is_one
    assert is_unfilled(client_id) is was_never_filled_in
