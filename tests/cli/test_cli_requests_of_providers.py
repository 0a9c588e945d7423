"""What `sign`, `check --copy`, `keys show` and `profiles` make of a provider that only its URL or key file names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from cli_shell import Shell

from jwtdoctor.assertions.decode import take_apart

KEYS = Path(__file__).parents[2] / "sample_keys"
RSA, EC = str(KEYS / "matching.key"), str(KEYS / "ec.key")
GUID = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def signed(jwtdoctor: Shell, url: str, *words: str, key: str = RSA) -> dict[str, Any]:
    ran = jwtdoctor("sign", "--url", url, "--client-id", "c-1", "--key", key, *words, "--format", "json")
    assert ran.code == 0, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    return document


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://account.docusign.com/oauth/token", "account.docusign.com"),
        ("https://account-d.docusign.com/oauth/token", "account-d.docusign.com"),
        ("https://auth.uat.interop.pagopa.it/token.oauth2", "auth.uat.interop.pagopa.it/client-assertion"),
        ("https://auth.att.interop.pagopa.it/token.oauth2", "auth.att.interop.pagopa.it/client-assertion"),
        ("https://www.googleapis.com/oauth2/v4/token", "https://www.googleapis.com/oauth2/v4/token"),
        ("https://oauth2.googleapis.com/token", "https://oauth2.googleapis.com/token"),
        ("https://ims-na1.adobelogin.com", "https://ims-na1.adobelogin.com/c/c-1"),
        ("https://acme.service-now.com", "c-1"),
        ("https://acme.okta.com/oauth2/default/v1/token", "https://acme.okta.com/oauth2/default/v1/token"),
        (
            "https://fhir.epic.com/interconnect-amcurprd-oauth/oauth2/token",
            "https://fhir.epic.com/interconnect-amcurprd-oauth/oauth2/token",
        ),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://idp.example.org/oauth/token", "https://idp.example.org"),
    ],
)
def test_the_audience_is_that_of_the_host_and_the_client_that_are_named(
    jwtdoctor: Shell, url: str, audience: str
) -> None:
    assert signed(jwtdoctor, url, "--username", "u")["assertion"]["claims"]["aud"] == audience


@pytest.mark.parametrize(
    ("url", "flow"),
    [
        ("https://appleid.apple.com/auth/token", "client-secret-jwt"),
        ("https://acme.okta.com", "private-key-jwt"),
        ("https://api.github.com/app", "api-jwt"),
        ("https://idp.example.org/oauth/token", "jwt-bearer"),
    ],
)
def test_the_flow_is_one_that_the_provider_has(jwtdoctor: Shell, url: str, flow: str) -> None:
    assert signed(jwtdoctor, url, "--username", "u", key=EC if "apple" in url else RSA)["flow"] == flow


def test_a_token_url_of_nobody_is_not_judged_by_salesforces_rules(jwtdoctor: Shell) -> None:
    ran = jwtdoctor("sign", "--url", "https://idp.example.org/oauth/token", "--client-id", "c", "--username", "u",
                    "--key", RSA)  # fmt: skip

    assert "3MVG" not in ran.err
    assert "salesforce" not in ran.err


@pytest.mark.parametrize("provider", ["zoom", "xero", "cognito", "sap-successfactors"])
def test_a_provider_that_takes_no_jwt_is_signed_nothing_for(jwtdoctor: Shell, provider: str) -> None:
    ran = jwtdoctor("sign", "--provider", provider, "--client-id", "c", "--username", "u", "--key", RSA)

    assert ran.code == 2
    assert "takes no signed JWT" in ran.err


def test_a_client_with_a_secret_alone_needs_no_flow_named(jwtdoctor: Shell) -> None:
    ran = jwtdoctor("check", "--url", "https://zoom.us/oauth/token", "--client-id", "c", "--client-secret", "env:S",
                    "--field", "account_id=A1", "--copy", "curl")  # fmt: skip

    assert ran.code == 0, ran.err
    assert "grant_type=account_credentials" in ran.out
    assert "account_id=A1" in ran.out
    assert "Authorization: Basic" in ran.out
    assert "client_secret=" not in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--field account_id=VALUE"),
        (("--field", "account_id"), "NAME=VALUE"),
        (("--field", "client_secret=s3cret"), "an option of its own"),
    ],
)
def test_a_form_field_that_the_provider_wants_is_asked_for_and_no_secret_is_taken_as_one(
    jwtdoctor: Shell, words: tuple[str, ...], said: str
) -> None:
    ran = jwtdoctor("check", "--url", "https://zoom.us/oauth/token", "--client-id", "c", "--client-secret", "env:S",
                    *words, "--copy", "curl")  # fmt: skip

    assert ran.code == 2
    assert said in ran.err
    assert "s3cret" not in ran.err


@pytest.mark.parametrize(
    ("url", "there", "absent"),
    [
        ("https://ims-na1.adobelogin.com", ("jwt_token=", "client_secret=YOUR_CLIENT_SECRET"), "grant_type"),
        ("https://api.box.com", ("assertion=", "client_id=c-1", "client_secret=YOUR_CLIENT_SECRET"), "jwt_token"),
        ("https://acme.service-now.com", ("client_secret=YOUR_CLIENT_SECRET",), "jwt_token"),
        ("https://api.github.com/app/installations/7/access_tokens", ("--request POST", "Bearer "), "grant_type"),
        ("https://api.github.com/app", ("Bearer ",), "POST"),
        ("https://acme.my.salesforce.com", ("grant_type=",), "client_secret"),
    ],
)
def test_the_request_of_sign_has_the_shape_that_the_provider_wants(
    jwtdoctor: Shell, url: str, there: tuple[str, ...], absent: str
) -> None:
    ran = jwtdoctor("sign", "--url", url, "--client-id", "c-1", "--username", "u", "--key", RSA, "--format", "curl")

    assert all(part in ran.out for part in there), ran.out
    assert absent not in ran.out


def test_the_scope_of_a_profile_goes_with_the_request_of_sign(jwtdoctor: Shell) -> None:
    url = "https://login.microsoftonline.com/t/oauth2/v2.0/token"
    Path("jwtdoctor.toml").write_text(
        f'[profile.e]\nurl = "{url}"\nclient_id = "{GUID}"\nkey = "{RSA}"\nscope = "https://graph.microsoft.com/.default"\n'
    )

    assert "scope=https://graph.microsoft.com/.default" in jwtdoctor("sign", "--profile", "e", "--format", "curl").out


@pytest.mark.parametrize("form", ["curl", "python"])
def test_a_copied_request_at_githubs_installations_is_a_post(jwtdoctor: Shell, form: str) -> None:
    ran = jwtdoctor("check", "--url", "https://api.github.com/app/installations/7/access_tokens", "--client-id", "1",
                    "--key", RSA, "--copy", form)  # fmt: skip

    assert ("--request POST" if form == "curl" else "requests.post(") in ran.out


@pytest.mark.parametrize(
    "url",
    [
        "https://1234.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token",
        "https://api.github.com/app",
        "https://fhir.epic.com/interconnect-fhir-oauth/oauth2/token",
        "https://acme.my.salesforce.com",
    ],
)
def test_the_copy_in_python_signs_as_sign_does(jwtdoctor: Shell, url: str) -> None:
    words = ("--url", url, "--client-id", "c-1", "--username", "u", "--key", RSA, "--kid", "K", "--claim", 'scope="x"')
    wanted = json.loads(jwtdoctor("sign", *words, "--format", "json").out)["assertion"]
    python = jwtdoctor("check", *words, "--copy", "python").out
    names: dict[str, Any] = {}

    exec(python.partition("\nform = {")[0].partition("\nheaders = {")[0], names)  # what is before the request
    made = take_apart(names["assertion"])

    def of_shape(claims: dict[str, Any]) -> dict[str, Any]:
        lived = {"life": claims["exp"] - claims["iat"]}
        return {name: claims[name] for name in claims if name not in ("exp", "iat", "jti")} | lived

    assert made.header == wanted["header"]
    assert of_shape(dict(made.claims)) == of_shape(wanted["claims"])


def test_the_copy_in_python_names_the_certificate_where_the_provider_finds_the_key_by_it(jwtdoctor: Shell) -> None:
    ran = jwtdoctor("check", "--url", "https://login.microsoftonline.com/t/oauth2/v2.0/token", "--client-id", GUID,
                    "--key", RSA, "--cert", str(KEYS / "matching.crt"), "--copy", "python")  # fmt: skip

    assert "'jwtdoctor', 'sign'" in ran.out


def test_an_individual_key_of_apples_needs_no_issuer(jwtdoctor: Shell) -> None:
    words = ("--url", "https://api.appstoreconnect.apple.com", "--username", "user", "--key", EC, "--kid", "K")
    ran = jwtdoctor("sign", *words, "--format", "json")
    Path("token").write_text(jwtdoctor("sign", *words).out)

    assert json.loads(ran.out)["assertion"]["claims"].keys() == {"sub", "aud", "exp", "iat"}
    assert "iss is required" not in jwtdoctor("inspect", "token", "--provider", "apple-app-store-connect").out
    assert "client_id is not known" in jwtdoctor("sign", *words, "--username", "someone").err


def test_the_key_id_in_the_name_of_apples_key_is_the_kid(jwtdoctor: Shell) -> None:
    shutil.copy(EC, "AuthKey_ABC123DEFG.p8")

    document = signed(jwtdoctor, "https://api.appstoreconnect.apple.com", key="AuthKey_ABC123DEFG.p8")
    asked = signed(jwtdoctor, "https://api.appstoreconnect.apple.com", "--kid", "OTHER", key="AuthKey_ABC123DEFG.p8")

    assert document["assertion"]["header"]["kid"] == "ABC123DEFG"
    assert asked["assertion"]["header"]["kid"] == "OTHER"


def test_keys_show_says_whose_key_a_credential_file_holds(jwtdoctor: Shell) -> None:
    Path("google.json").write_text(json.dumps({
        "type": "service_account", "client_email": "robot@acme.iam.gserviceaccount.com", "private_key_id": "0123abcd",
        "private_key": Path(RSA).read_text(), "token_uri": "https://oauth2.googleapis.com/token",
    }))  # fmt: skip
    shutil.copy(EC, "AuthKey_ABC123DEFG.p8")

    google, apple = jwtdoctor("keys", "show", "google.json").out, jwtdoctor("keys", "show", "AuthKey_ABC123DEFG.p8").out

    assert "robot@acme.iam.gserviceaccount.com" in google
    assert "0123abcd" in google
    assert "plain PEM" not in google
    assert "ABC123DEFG" in apple
    assert "cannot sign for Salesforce" not in apple


def test_a_key_of_a_curve_is_remarked_on_where_the_provider_takes_rsa(jwtdoctor: Shell) -> None:
    shutil.copy(EC, "acme.2026-01-01.private-key.pem")

    out = jwtdoctor("keys", "show", "acme.2026-01-01.private-key.pem").out

    assert "github" in out
    assert "RSA with SHA-256 only" in " ".join(out.split())


def test_keys_show_of_a_settings_file_does_not_call_it_json(jwtdoctor: Shell) -> None:
    Path("connections.toml").write_text('[prod]\naccount = "a"\nuser = "u"\n')

    ran = jwtdoctor("keys", "show", "connections.toml")

    assert (ran.code, "JSON" in ran.err, "settings file" in ran.err) == (2, False, True)


def test_profiles_take_the_providers_flow_where_none_is_set(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RT", "x")
    for name, source in (("rsa.key", RSA), ("ec.key", EC)):
        shutil.copy(source, name)
        Path(name).chmod(0o600)  # a checkout's own files may be read by others, which is a finding
    Path("jwtdoctor.toml").write_text(
        '[profile.gh]\nurl = "https://api.github.com/app"\nclient_id = "12345"\nkey = "rsa.key"\n'
        '[profile.apple]\nurl = "https://appleid.apple.com/auth/token"\nclient_id = "TEAM123456"\n'
        'username = "com.acme"\nkey = "ec.key"\nkid = "K"\nrefresh_token = "env:RT"\n'
        '[profile.box]\nurl = "https://api.box.com"\nclient_id = "c"\nusername = "1"\nkey = "rsa.key"\nkid = "k"\n'
        "claim = ['box_sub_type=\"enterprise\"']\n"
    )

    assert "nothing to complain of" in jwtdoctor("profiles", "doctor", "gh").out
    assert "does not read it" not in jwtdoctor("profiles", "doctor", "apple").out
    assert "client_secret" in jwtdoctor("profiles", "doctor", "box").out


@pytest.mark.parametrize(
    ("url", "words", "code", "said"),
    [
        ("https://acme.auth0.com/oauth/token", (), 0, "grant_type=client_credentials"),
        ("https://acme.auth0.com/oauth/token", ("--key", RSA), 0, "client_assertion_type"),
        ("https://acme.my.salesforce.com", (), 2, "no private key was named"),
    ],
)
def test_a_secret_without_a_key_is_the_clients_own_login_but_at_salesforce(
    jwtdoctor: Shell, url: str, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = jwtdoctor("check", "--url", url, "--client-id", "c", "--client-secret", "env:S", *words, "--copy", "curl")

    assert ran.code == code
    assert said in ran.out + ran.err
