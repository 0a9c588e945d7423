from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

import pytest

from jwtdoctor.model.exchange import NoReply, Reply, TokenRequest
from jwtdoctor.model.secret import Secret
from jwtdoctor.probes.echoes import without_own_secrets

PASSWORD = 'p&ss=w0rd% "quoted" ü'
REQUEST = TokenRequest("https://x", (("grant_type", "password"), ("password", Secret(PASSWORD))))


@pytest.mark.parametrize(
    "spelled",
    [
        PASSWORD,
        quote_plus(PASSWORD),
        PASSWORD.replace('"', '\\"').replace("ü", "\\u00fc"),
        b64encode(PASSWORD.encode()).decode(),
    ],
    ids=["plain", "form", "json", "base64"],
)
def test_an_echoed_secret_is_replaced_in_every_spelling(spelled: str) -> None:
    seen = without_own_secrets(Reply(400, {"X-Echo": f"a {spelled} b"}, f"<{spelled}>"), REQUEST)

    assert isinstance(seen, Reply)
    assert seen.body == "<[redacted]>"
    assert seen.headers == {"X-Echo": "a [redacted] b"}


def test_the_credential_of_a_basic_header_is_replaced_alone_too() -> None:
    request = TokenRequest("https://x", (), (("Authorization", Secret("Basic QUJDOmRlZg==")),))

    seen = without_own_secrets(Reply(401, {}, "got QUJDOmRlZg=="), request)

    assert isinstance(seen, Reply)
    assert seen.body == "got [redacted]"


def test_the_signature_of_an_assertion_is_replaced_alone_too() -> None:
    request = TokenRequest("https://x", (("assertion", Secret("aaaa.bbbb.signature")),))

    seen = without_own_secrets(Reply(400, {}, "bad signature: signature aaaa.bbbb"), request)

    assert isinstance(seen, Reply)
    assert "signature" not in seen.body


def test_a_connection_failure_that_quotes_a_secret_is_cleaned() -> None:
    seen = without_own_secrets(NoReply("proxy", f"cannot send {PASSWORD}"), REQUEST)

    assert isinstance(seen, NoReply)
    assert seen.text == "cannot send [redacted]"


def test_what_is_no_secret_stays_and_so_does_what_is_too_short_to_be_one() -> None:
    request = TokenRequest("https://x", (("scope", "api"), ("code", Secret("in"))))
    reply = Reply(400, {}, '{"error":"invalid_grant"} api')

    assert without_own_secrets(reply, request) == reply
