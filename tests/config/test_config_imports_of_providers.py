"""Credential files of Apple, Adobe, DocuSign and GitHub: a profile without any secret in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jwtdoctor.config.imports.draft import Draft
from jwtdoctor.config.imports.read import drafts_of, finished, source_of
from jwtdoctor.config.profiles import Value
from jwtdoctor.config.secrets import is_ref
from jwtdoctor.errors import BadInput

PEM = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"
USER, CLIENT = "66666666-7777-8888-9999-000000000000", "11111111-2222-3333-4444-555555555555"
SECRET = "planted-4711"


def one(name: str, content: object, **typed: Value) -> Draft:
    text = content if isinstance(content, str) else json.dumps(content)
    (draft,) = drafts_of([source_of(Path("/keys") / name, text.encode())], lambda _path: None)
    return finished(draft, typed)


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("AuthKey_ABC123DEFG.p8", {"client_id": "TEAM123456"}, ("apple", "client-secret-jwt", "ABC123DEFG")),
        ("AuthKey_ABC123DEFG.p8", {"client_id": CLIENT}, ("apple-app-store-connect", "api-jwt", "ABC123DEFG")),
        ("AuthKey_ABC123DEFG.p8", {"provider": "apple"}, ("apple", "client-secret-jwt", "ABC123DEFG")),
        ("SubscriptionKey_ABC123DEFG.p8", {}, ("apple-app-store-connect", "api-jwt", "ABC123DEFG")),
        ("app.2026-01-01.private-key.pem", {}, ("github", "api-jwt", None)),
        ("AuthKey_short.p8", {}, (None, "jwt-bearer", None)),
        ("myAuthKey_ABC123DEFG.p8", {}, (None, "jwt-bearer", None)),
    ],
)
def test_a_key_file_is_known_by_the_name_that_its_provider_gives(
    name: str, typed: dict[str, Value], expected: tuple[str | None, ...]
) -> None:
    settings = one(name, PEM, **typed).settings

    assert (settings.get("provider"), settings.get("flow"), settings.get("kid")) == expected
    assert ("url" in settings) is (expected[0] is not None)


def test_adobes_json_signs_for_the_organisation_and_says_that_it_is_retired() -> None:
    draft = one("adobe.json", {
        "API_KEY": "key123", "ORG_ID": "A@AdobeOrg", "TECHNICAL_ACCOUNT_ID": "T@techacct.adobe.com",
        "CLIENT_SECRET": SECRET,
    })  # fmt: skip

    assert draft.settings["claim"] == ('iss="A@AdobeOrg"',)
    assert (draft.settings["client_id"], draft.settings["username"]) == ("key123", "T@techacct.adobe.com")
    assert is_ref(str(draft.settings["client_secret"]))
    assert any("retired" in note for note in draft.notes)
    assert SECRET not in repr(draft)


def test_adobes_newer_json_signs_nothing() -> None:
    draft = one("adobe.json", {
        "CLIENT_ID": "key123", "CLIENT_SECRETS": [SECRET], "ORG_ID": "A@AdobeOrg", "SCOPES": ["openid", "AdobeID"],
    })  # fmt: skip

    assert draft.settings["flow"] == "client-credentials"
    assert draft.settings["scope"] == "openid,AdobeID"
    assert str(draft.settings["client_secret"]).endswith("#/CLIENT_SECRETS/0")
    assert [left.what for left in draft.left_out] == ["CLIENT_SECRETS"]
    assert SECRET not in repr(draft)


@pytest.mark.parametrize(
    "document",
    [
        {"dsJWTClientId": CLIENT, "impersonatedUserGuid": USER, "dsOauthServer": "https://account.docusign.com",
         "privateKeyLocation": "private.key"},
        {"DocuSignJWT": {"ClientId": CLIENT, "ImpersonatedUserId": USER, "AuthServer": "account.docusign.com",
                         "PrivateKeyFile": "private.key"}},
    ],
)  # fmt: skip
def test_docusigns_configuration_is_a_login(document: dict[str, object]) -> None:
    settings = one("ds.json", document).settings

    assert settings == {
        "provider": "docusign", "flow": "jwt-bearer", "url": "https://account.docusign.com", "client_id": CLIENT,
        "username": USER, "key": str(Path("/keys/private.key").absolute()), "scope": "signature impersonation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("https://login.microsoftonline.us/", "https://login.microsoftonline.us/t/oauth2/v2.0/token"),
        ("", "https://login.microsoftonline.com/t/oauth2/v2.0/token"),
        ("http://evil.example", None),
        ("https://u:p@login.microsoftonline.us", None),
    ],
)
def test_a_tenant_of_a_national_cloud_is_asked_there(host: str, url: str | None) -> None:
    text = f"AZURE_AUTHORITY_HOST={host}\nAZURE_TENANT_ID=t\nAZURE_CLIENT_ID={CLIENT}\nAZURE_CLIENT_SECRET={SECRET}\n"

    draft = one("gov.env", text)

    assert draft.settings.get("url") == url
    assert draft.ignored == ()


@pytest.mark.parametrize(
    "document",
    [
        {"dsJWTClientId": ["x"], "dsOauthServer": {"a": 1}, "privateKeyLocation": PEM, "impersonatedUserGuid": None},
        {"ORG_ID": {"x": SECRET}, "API_KEY": 5, "CLIENT_SECRET": [SECRET], "TECHNICAL_ACCOUNT_ID": "\x1b[31m"},
        {"ORG_ID": "A@AdobeOrg", "CLIENT_ID": None, "CLIENT_SECRETS": SECRET, "SCOPES": {"a": SECRET}},
    ],
)
def test_damaged_configurations_give_no_secret_away(document: dict[str, object]) -> None:
    try:
        told = repr(one("damaged.json", document))
    except BadInput as problem:
        told = str(problem)

    assert SECRET not in told
    assert "MIGH" not in told
    assert "\x1b" not in told
