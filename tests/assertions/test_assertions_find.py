from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from assertion_samples import token
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.assertions.find import find_assertion
from jwtdoctor.errors import NotAJwt

TOKEN = token()
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
BODY = urlencode({"grant_type": GRANT, "assertion": TOKEN})
URL = "https://login.salesforce.com/services/oauth2/token"


@pytest.mark.parametrize(
    ("text", "form", "parameter"),
    [
        (TOKEN, "token", ""),
        (f"\n  {TOKEN}\r\n", "token", ""),
        (f"Bearer {TOKEN}", "token", ""),
        (BODY, "body", "assertion"),
        (BODY.replace("assertion=", "client_assertion="), "body", "client_assertion"),
        (f"Authorization: Bearer {TOKEN}", "header", "Authorization"),
        (f"authorization:bearer {TOKEN}", "header", "Authorization"),
        (f'{{"grant_type": "{GRANT}", "assertion": "{TOKEN}"}}', "json", "assertion"),
        (f'"{TOKEN}"', "token", ""),
        (f"curl {URL} -d grant_type={GRANT} -d assertion={TOKEN}", "curl", "assertion"),
        (f"curl -X POST '{URL}' \\\n  --data-urlencode 'assertion={TOKEN}'", "curl", "assertion"),
        (f"$ curl -F assertion={TOKEN} {URL}", "curl", "assertion"),
        (f"curl --data='{BODY}' {URL}", "curl", "assertion"),
        (f"curl '{URL}?{BODY}' -X POST", "curl", "assertion"),
        (f"curl -H 'Authorization: Bearer {TOKEN}' https://api.github.com/app", "curl", "Authorization"),
        (f'curl --json \'{{"assertion": "{TOKEN}"}}\' {URL}', "json", "assertion"),
        (f"POST /services/oauth2/token HTTP/1.1\r\nHost: x\r\n\r\n{BODY}", "body", "assertion"),
        (f"GET /app HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n\r\n", "header", "Authorization"),
    ],
)
def test_the_assertion_is_found_in_whatever_is_pasted(text: str, form: str, parameter: str) -> None:
    found = find_assertion(text)

    assert (found.text, found.form, found.parameter) == (TOKEN, form, parameter)


def test_grant_type_and_url_of_a_curl_line_are_kept_without_the_query() -> None:
    found = find_assertion(f"curl '{URL}?debug=1' -d '{BODY}'")

    assert (found.grant_type, found.url) == (GRANT, URL)


def test_double_encoding_is_left_to_be_seen() -> None:
    found = find_assertion(f"assertion={quote(quote('a+b.c.d', safe=''), safe='')}")

    assert "%2B" in found.text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("grant_type=client_credentials&client_id=x", "carries no assertion"),
        (f"curl {URL} -d grant_type=x", "carries no assertion"),
        (f"curl {URL} -d @body.txt", "from a file"),
        (f"curl {URL} -d 'unclosed", "quote is not closed"),
        ('{"grant_type": "x"}', "carries no assertion"),
        ("x" * 1_000_001, "too many"),
    ],
)
def test_what_carries_none_is_said(text: str, says: str) -> None:
    with pytest.raises(NotAJwt, match=says):
        find_assertion(text, "stdin")


@given(st.text(max_size=300) | st.text(max_size=200).map(lambda text: "curl " + text))
@settings(max_examples=200, deadline=None)
def test_any_text_is_found_something_in_or_refused(text: str) -> None:
    try:
        said = str(find_assertion(text).form)
    except NotAJwt as refused:
        said = str(refused)

    assert said
    assert "\n" not in said
