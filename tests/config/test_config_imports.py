"""What each kind of source says of a login, by the names that its users write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jwtdoctor.config.imports.draft import Draft, variable_of
from jwtdoctor.config.imports.names import Variable, by_family, family_and_rest
from jwtdoctor.config.imports.read import drafts_of, finished, source_of
from jwtdoctor.config.profiles import SETTINGS, checked
from jwtdoctor.config.secrets import is_ref
from jwtdoctor.errors import BadInput

HERE = Path("/work-folder")
HERE_KEY = str((HERE / "k.pem").absolute())


def read(name: str, *contents: str, **others: str) -> list[Draft]:
    sources = [source_of(HERE / name, contents[0].encode())]
    sources += [source_of(HERE / other.replace("_", "."), text.encode()) for other, text in others.items()]
    return [finished(draft, {}) for draft in drafts_of(sources, lambda path: "SHA256:fingerprint=")]


def one(name: str, *contents: str, **others: str) -> dict[str, object]:
    drafts = read(name, *contents, **others)
    assert len(drafts) == 1
    return dict(drafts[0].settings)


# --- .env


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SF_CONSUMER_KEY=3MVG9x\nSF_USERNAME=a@b.c\nSF_PRIVATE_KEY_FILE=k.pem\nSF_DOMAIN=test",
         {"client_id": "3MVG9x", "username": "a@b.c", "key": HERE_KEY, "url": "https://test.salesforce.com",
          "flow": "jwt-bearer"}),
        ("SF_USERNAME=a@b.c\nSF_PASSWORD=p\nSF_SECURITY_TOKEN=t\nSF_CLIENT_ID=3MVG9x\nSF_DOMAIN=acme.my",
         {"flow": "password", "password": "env:SF_PASSWORD", "security_token": "env:SF_SECURITY_TOKEN",
          "url": "https://acme.my.salesforce.com"}),
        ("SFDX_CLIENT_ID=3MVG9x\nSFDX_HUB_USERNAME=a@b.c\nSFDX_HUB_KEY=/keys/hub.key",
         {"client_id": "3MVG9x", "username": "a@b.c", "key": str(Path("/keys/hub.key").absolute()), "url": "https://login.salesforce.com"}),
        ("SF_LOGIN_URL=https://test.salesforce.com/\nSF_OAUTH2_CLIENT_ID=3MVG9x\nSF_OAUTH2_CLIENT_SECRET=s\n"
         "SF_OAUTH2_REDIRECT_URI=http://localhost:4000/oauth2/callback",
         {"url": "https://test.salesforce.com", "client_secret": "env:SF_OAUTH2_CLIENT_SECRET",
          "redirect_uri": "http://localhost:4000/oauth2/callback", "flow": "authorization-code"}),
        ("SALESFORCE_INSTANCE_URL=https://acme.my.salesforce.com/services/data/v59.0\nSALESFORCE_CLIENT_ID=3MVG9x\n"
         "SALESFORCE_CLIENT_SECRET=s",
         {"url": "https://acme.my.salesforce.com", "flow": "client-credentials"}),
        ("HUB_CONSUMER_KEY=3MVG9x\nHUB_USERNAME=a@b.c\nSF_AUDIENCE_URL=https://login.salesforce.com",
         {"client_id": "3MVG9x", "audience": "https://login.salesforce.com"}),
        ("AZURE_TENANT_ID=contoso.onmicrosoft.com\nAZURE_CLIENT_ID=11111111-2222\nAZURE_CLIENT_SECRET=s",
         {"url": "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token",
          "flow": "client-credentials"}),
        ("OKTA_CLIENT_ORGURL=https://acme.okta.com\nOKTA_CLIENT_CLIENTID=0oa\nOKTA_CLIENT_SCOPES=okta.users.read",
         {"url": "https://acme.okta.com/oauth2/v1/token", "client_id": "0oa", "scope": "okta.users.read"}),
        ("AUTH0_DOMAIN=acme.eu.auth0.com\nAUTH0_CLIENT_ID=abc\nAUTH0_CLIENT_SECRET=s",
         {"url": "https://acme.eu.auth0.com/oauth/token"}),
        ("GITHUB_APP_ID=12345\nGITHUB_PRIVATE_KEY_PATH=app.pem",
         {"provider": "github", "client_id": "12345", "flow": "api-jwt", "url": "https://api.github.com/app"}),
        ("SNOWFLAKE_ACCOUNT=myorg-acct\nSNOWFLAKE_USER=jdoe\nSNOWFLAKE_PRIVATE_KEY_PATH=k.p8",
         {"provider": "snowflake", "username": "MYORG-ACCT.JDOE", "client_id": "MYORG-ACCT.JDOE.SHA256:fingerprint="}),
        ("JWTDOCTOR_URL=https://login.salesforce.com\nJWTDOCTOR_CLIENT_ID=3MVG9x\nJWTDOCTOR_LIFETIME=60\n"
         "JWTDOCTOR_CLIENT_SECRET=env:OTHER\nJWTDOCTOR_KEY=k.pem",
         {"lifetime": 60, "client_secret": "env:OTHER", "key": HERE_KEY}),
        ("SF_CLIENT_ID=3MVG9x\nSF_USERNAME=a@b.c\nFORMAT=json\nTIMEOUT=5\nAPP=x\nPROVIDER=google",
         {"format": None, "timeout": None, "app": None, "provider": None}),
        ("export SF_USERNAME='a@b.c'  \nSF_CLIENT_ID=\"3MVG9x\" # the app\n\n# SF_CLIENT_ID=old",
         {"username": "a@b.c", "client_id": "3MVG9x"}),
    ],
)  # fmt: skip
def test_a_dot_env_is_read_by_the_names_that_other_clients_use(text: str, expected: dict[str, object]) -> None:
    found = one(".env", text)

    assert {name: found.get(name) for name in expected} == expected


def test_a_key_within_a_dot_env_is_left_out_and_said_to_be() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"
    (draft,) = read("prod.env", f'SF_CLIENT_ID=3MVG9x\nSF_JWT_KEY="{pem}"\nSF_USERNAME=a@b.c\n')

    assert "key" not in draft.settings
    assert [left.what for left in draft.left_out] == ["SF_JWT_KEY"]
    assert "file of mode 0600" in draft.left_out[0].why


def test_a_token_is_never_a_setting_of_a_profile() -> None:
    (draft,) = read("prod.env", "SF_CLIENT_ID=3MVG9x\nSF_USERNAME=a@b.c\nSF_ACCESS_TOKEN=00D!x\nACCESS_TOKEN=x\n")

    assert "access_token" not in draft.settings
    assert [left.what for left in draft.left_out] == ["SF_ACCESS_TOKEN", "ACCESS_TOKEN"]


def test_the_logins_of_two_services_are_two_profiles() -> None:
    drafts = read("prod.env", "SF_CLIENT_ID=3MVG9x\nSF_USERNAME=a@b.c\nOKTA_CLIENT_ID=0oa\nOKTA_DOMAIN=acme.okta.com\n")

    assert [draft.name for draft in drafts] == ["prod-salesforce", "prod-okta"]


def test_names_that_say_nobody_go_to_the_only_login_there_is() -> None:
    groups = by_family([Variable("SF_USERNAME", "a"), Variable("CLIENT_SECRET", "s"), Variable("PORT", "80")])

    assert [one.name for one in groups["salesforce"]] == ["SF_USERNAME", "CLIENT_SECRET", "PORT"]


def test_the_machines_own_user_is_no_login() -> None:
    with pytest.raises(BadInput, match="no name in it says who logs in"):
        read(".env", "HOME=/root\nPATH=/bin\nPORT=80\n")


@pytest.mark.parametrize(
    "value", ["{{x}}", "${X}", "$X", "<your id>", "your-client-id", "changeme", "...", "a\tb\x1b[0m"]
)
def test_a_placeholder_is_no_value(value: str) -> None:
    (draft,) = read(".env", f"SF_USERNAME=a@b.c\nSF_CLIENT_ID={value}\n")

    assert "client_id" not in draft.settings
    assert [left.setting for left in draft.left_out] == ["client_id"]
    assert value not in draft.left_out[0].why


@pytest.mark.parametrize(
    "url", ["https://u:p@h.example", "http://h.example", "https://h.example?x=1", "ftp://h", "https://", "https://h a"]
)
def test_a_url_that_would_be_refused_is_left_out(url: str) -> None:
    (draft,) = read(".env", f"OAUTH_CLIENT_ID=x\nOAUTH_USERNAME=a\nTOKEN_URL={url}\n")

    assert "url" not in draft.settings
    assert [left.what for left in draft.left_out] == ["TOKEN_URL"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("SF_OAUTH2_CLIENT_ID", ("salesforce", "clientid")), ("clientId", ("", "clientid")),
     ("consumer-key", ("", "consumerkey")), ("SFDX_HUB_KEY", ("salesforce", "key")), ("_endpoint", ("", "endpoint")),
     ("SALESFORCE_JWT_SECRET_KEY", ("salesforce", "secretkey")), ("SF", ("", "sf")), ("", ("", ""))],
)  # fmt: skip
def test_a_name_is_taken_apart_into_whose_and_what(name: str, expected: tuple[str, str]) -> None:
    assert family_and_rest(name) == expected


# --- sf


def test_a_login_by_browser_has_its_refresh_token_put_into_a_variable() -> None:
    shown = {"status": 0, "result": {
        "accessToken": "00D!x", "instanceUrl": "https://acme.my.salesforce.com", "username": "a@acme.com",
        "clientId": "PlatformCLI", "alias": "uat", "sfdxAuthUrl": "force://PlatformCLI::Planted@acme"}}  # fmt: skip

    (draft,) = read("stdin", json.dumps(shown))

    assert (draft.name, draft.settings["flow"]) == ("uat", "refresh-token")
    assert draft.settings["refresh_token"] == "env:UAT_REFRESH_TOKEN"
    assert "Planted" not in str(draft)


# --- Postman and Bruno


def postman(**values: str) -> str:
    pairs = [{"key": key, "value": value, "enabled": True} for key, value in values.items()]
    return json.dumps({"name": "Acme prod", "values": pairs, "_postman_variable_scope": "environment"})


COLLECTION = json.dumps({
    "info": {"name": "APIs", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
    "auth": {"type": "oauth2", "oauth2": [
        {"key": "accessTokenUrl", "value": "{{host}}/token"}, {"key": "clientId", "value": "{{id}}"},
        {"key": "clientSecret", "value": "{{s}}"}, {"key": "grant_type", "value": "client_credentials"},
        {"key": "client_authentication", "value": "header"},
        {"key": "scope", "value": "read"}]},
    "variable": [{"key": "host", "value": "https://as.example/oauth2"}], "item": [],
})  # fmt: skip


def test_a_postman_environment_is_read_by_its_names() -> None:
    (draft,) = read(
        "e.json", postman(url="https://login.salesforce.com", clientId="3MVG9x", secretToken="t", other="1")
    )

    assert draft.name == "Acme-prod"
    assert draft.settings["security_token"] == "env:ACME_PROD_SECURITY_TOKEN"
    assert draft.ignored == ("other",)


def test_an_environment_fills_in_the_collection_beside_it() -> None:
    found = one("c.json", COLLECTION, e_json=postman(id="abc", s="Planted"))

    assert found["url"] == "https://as.example/oauth2/token"
    assert (found["client_id"], found["scope"], found["flow"]) == ("abc", "read", "client-credentials")
    assert found["client_secret"] == "env:APIS_CLIENT_SECRET"
    assert found["client_auth"] == "basic"


def test_a_token_request_among_the_others_is_found() -> None:
    form = [{"key": "grant_type", "value": "password"}, {"key": "client_id", "value": "x"},
            {"key": "username", "value": "a@b.c"}, {"key": "password", "value": "Planted"}]  # fmt: skip
    request = {"url": {"raw": "https://login.salesforce.com/services/oauth2/token?x=1"}, "body": {"urlencoded": form}}
    found = one("c.json", json.dumps({"info": {"name": "n"}, "item": [{"item": [{"request": request}]}]}))

    assert found["url"] == "https://login.salesforce.com/services/oauth2/token"
    assert (found["flow"], found["password"]) == ("password", "env:N_PASSWORD")


def test_a_collection_that_nests_deeper_than_any_is_read_no_further() -> None:
    node: dict[str, object] = {"request": {}}
    for _ in range(300):
        node = {"item": [node]}

    with pytest.raises(BadInput, match="says who logs in"):
        read("c.json", json.dumps({"info": {}, "item": [node]}))


def test_a_bruno_environment_names_its_secrets_only() -> None:
    text = "vars {\n  url: https://login.salesforce.com\n  clientId: 3MVG9x\n  ~username: off\n}\n"
    text += "vars:secret [\n  clientSecret\n]\n"

    found = one("dev.bru", text)

    assert found["client_secret"] == "env:DEV_CLIENT_SECRET"
    assert "username" not in found


def test_a_bruno_request_refers_to_the_variables_of_the_process() -> None:
    text = (
        "meta {\n  name: t\n}\nauth:oauth2 {\n  grant_type: client_credentials\n  access_token_url: {{base}}/token\n"
        "  client_id: abc\n  client_secret: {{process.env.THE_SECRET}}\n}\n"
    )

    found = one("t.bru", text, e_bru="vars {\n  base: https://as.example\n}\n")

    assert (found["url"], found["client_secret"]) == ("https://as.example/token", "env:THE_SECRET")


# --- keys and the rest


def test_what_gcloud_leaves_of_a_user_stays_in_its_file() -> None:
    document = {
        "type": "authorized_user",
        "client_id": "1.apps.googleusercontent.com",
        "client_secret": "Planted",
        "refresh_token": "Planted",
    }

    (draft,) = read("adc.json", json.dumps(document))

    where = (HERE / "adc.json").absolute()
    assert draft.settings["refresh_token"] == f"json:{where}#/refresh_token"
    assert draft.settings["flow"] == "refresh-token"
    assert "Planted" not in str(draft)


def test_what_the_user_types_wins_and_the_secret_of_the_source_is_left_out_all_the_same() -> None:
    source = source_of(HERE / ".env", b"SF_CLIENT_ID=x\nSF_USERNAME=a@b.c\nSF_CLIENT_SECRET=Planted\n")
    (draft,) = drafts_of([source], lambda path: None)

    typed = finished(draft, {"client_secret": "prompt"})

    assert typed.settings["client_secret"] == "prompt"
    assert [(left.what, left.ref) for left in typed.left_out] == [("SF_CLIENT_SECRET", "")]


def test_a_connection_without_a_key_says_so() -> None:
    (draft,) = read("connections.toml", '[default]\naccount = "xy1.eu-central-1.privatelink"\nuser = "u"\n')

    assert draft.name == "snowflake-default"
    assert draft.settings["username"] == "XY1.U"
    assert "no private_key_file" in " ".join(draft.notes)


def test_two_keys_for_one_login_are_refused() -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"

    with pytest.raises(BadInput, match="second of its kind"):
        read("a.pem", pem, b_pem=pem)


def test_a_google_key_of_another_token_uri_is_pointed_out() -> None:
    document = {
        "type": "service_account",
        "client_email": "a@b.iam.gserviceaccount.com",
        "token_uri": "https://evil.example",
    }

    (draft,) = read("g.json", json.dumps(document))

    assert any("token_uri is not Google's own" in note for note in draft.notes)


@pytest.mark.parametrize("data", [b"x" * 4_000_001, b"\xff\xfe\xff", b"\x80abc"], ids=["large", "utf-16", "binary"])
def test_what_is_too_large_or_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        source_of(HERE / "x", data)


@pytest.mark.parametrize(("profile", "expected"), [("acme", "ACME_KEY"), ("1-a é", "_1_A_KEY"), ("", "IMPORTED_KEY")])
def test_a_variable_has_a_name_that_a_shell_takes(profile: str, expected: str) -> None:
    assert variable_of(profile, "key") == expected
    assert is_ref(f"env:{variable_of(profile, 'key')}")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "values", "key", "value", "item", "info", "auth", "oauth2", "result", "status",
                         "username", "accessToken", "instanceUrl", "boxAppSettings", "appAuth", "request", "body",
                         "urlencoded"])
        | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(document=_JSON, text=st.text(max_size=200))
def test_whatever_is_read_is_a_profile_or_bad_input(document: object, text: str) -> None:
    for shape in shapes(document, text):
        try:
            drafts = drafts_of([source_of(HERE / "x", shape.encode("utf-8", "replace"))], lambda path: None)
        except BadInput:
            continue
        for draft in drafts:
            for name, value in finished(draft, {}).settings.items():
                assert name in SETTINGS
                checked(name, list(value) if isinstance(value, tuple) else value, "x")


def shapes(document: object, text: str) -> list[str]:
    """Something odd in each place that a reader looks at."""
    documents: list[object] = [
        {"type": "service_account", "private_key": document, "client_email": document, "token_uri": text},
        {"boxAppSettings": {"appAuth": document, "clientID": text}, "enterpriseID": document},
        {"username": text, "accessToken": document, "instanceUrl": document, "privateKey": text, "clientId": 1},
        {"name": document, "values": [{"key": "clientId", "value": document}, {"key": "url", "value": text}]},
        {"info": {"name": text}, "item": document, "variable": document, "auth": document},
        document,
    ]
    env = f"SF_CLIENT_ID={text}\nSF_USERNAME=x\nSF_DOMAIN={text}"
    return [*map(json.dumps, documents), text, env, f"vars {{\n  clientId: {text}\n}}"]
