"""Planted secrets appear in no output of any command, in no format, at no verbosity, on no error path.

`check` talks to a hostile endpoint that sends back all that it was sent, in its body and its headers: what a proxy's
error page or a debugging server would do. `sign` and `pkce new` print credentials, since that is what they are for, and
are tried on their error paths.
"""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
from cli_shell import Answer, Shell

from jwtdoctor.simulator.ntp import NtpResponder

SAMPLES = Path(__file__).resolve().parents[2] / "sample_keys"
KEY, CERT = str(SAMPLES / "matching.key"), str(SAMPLES / "matching.crt")
FORMATS = ("text", "json", "junit", "sarif", "markdown", "html")
LOUDNESS = ((), ("--verbose",), ("--quiet",))

SECRETS = {
    "client-secret": "PlantedSecret7Kq2vXz9",
    "password": "PlantedPassw0rd!Lm4&=%",
    "security-token": "PlantedSecTok3nAbCdEfGh",
    "refresh-token": "5Aep861PlantedRefreshTokenZz",
    "code": "aPrxPlantedCodeQq8=",
    "code-verifier": "PlantedVerifier-0123456789-0123456789-0123456789",
    "device-code": "PlantedDeviceC0deXyZ",
    "saml-assertion": "PlantedSamlAssertionBase64Text",
    "subject-token": "PlantedSubjectTokenJjJ",
}
FLOWS = {
    "jwt-bearer": ("client-secret",),
    "client-credentials": ("client-secret",),
    "password": ("client-secret", "password", "security-token"),
    "refresh-token": ("client-secret", "refresh-token"),
    "authorization-code": ("client-secret", "code", "code-verifier"),
    "device": ("device-code",),
    "saml-bearer": ("saml-assertion",),
    "token-exchange": ("subject-token",),
}
ACCESS_TOKEN = "00D5g00000PlantedOrg!AQcAQPlantedAccessToken.abcDEF_123"
ID_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4IiwiaWF0IjoxfQ.PlantedIdTokenSignature0123456789"
ASSERTION = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZHOSIsImV4cCI6MX0.PlantedAssertionSignature0123456789"
SIGNATURES = tuple(token.rpartition(".")[2] for token in (ID_TOKEN, ASSERTION))


class Echo(BaseHTTPRequestHandler):
    """400 with everything that was sent, plain and decoded, and with tokens on top."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        told = f"bad request: {sent} | {unquote_plus(sent)} | {self.headers.get('Authorization', '')}"
        body = json.dumps({"error": "invalid_grant", "error_description": told, "access_token": ACCESS_TOKEN}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Echo", sent[:2000])
        self.send_header("WWW-Authenticate", f'Bearer error_description="{sent[:500]}"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/services/oauth2/token"
    server.shutdown()
    server.server_close()
    thread.join()


NO_NTP = ("--no-ntp",)
NARROWING = ("jwt-bearer", ("--verbose",))
"""Without a time server the host's `Date` is narrowed, which takes a second: done for one flow, and loudly."""


@pytest.fixture(scope="module")
def ntp() -> Iterator[tuple[str, str]]:
    with NtpResponder(time.time) as responder:
        yield "--ntp", "{}:{}".format(*responder.address)


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


@pytest.fixture
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each secret in a file, outside the shell's folders, so that those must stay free of all of them."""
    folder = tmp_path_factory.mktemp("vault")
    for name, secret in SECRETS.items():
        (folder / name).write_text(f"{secret}\n")
    return folder


def spellings(secret: str) -> set[str]:
    """A secret as it is, percent-encoded, in base64, and as JSON writes it."""
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        b64encode(secret.encode()).decode(),
        urlsafe_b64encode(secret.encode()).decode().rstrip("="),
        json.dumps(secret)[1:-1],
    }


def leaked(shell: Shell, answer: Answer, secrets: Sequence[str]) -> list[str]:
    everything = f"{answer.out}\n{answer.err}\n{shell.written()}"
    return [secret for secret in secrets for spelling in spellings(secret) if spelling in everything]


@pytest.mark.parametrize("loudness", LOUDNESS, ids=str)
@pytest.mark.parametrize("flow", FLOWS)
def test_a_check_that_is_told_all_its_secrets_back_repeats_none(
    jwtdoctor: Shell, vault: Path, echo: str, ntp: tuple[str, str], flow: str, loudness: tuple[str, ...]
) -> None:
    argv = ["check", "--url", echo, "--flow", flow, "--client-id", "3MVG9x", "--save-case", "case.json"]
    argv += ["--key", KEY, "--username", "ci@acme.com", *(NO_NTP if (flow, loudness) == NARROWING else ntp)]
    for name in FLOWS[flow]:
        argv += [f"--{name}", f"file:{vault / name}"]

    for form in FORMATS:
        answer = jwtdoctor(*argv, "--format", form, *loudness)

        assert answer.code in (1, 2, 3), answer.err
        assert leaked(jwtdoctor, answer, [*SECRETS.values(), ACCESS_TOKEN, *key_lines()]) == []
    assert signature_free(jwtdoctor)


class Generous(BaseHTTPRequestHandler):
    """Grants a token to everybody, and answers whatever is done with it with all that was sent."""

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        own = f"http://{self.headers['Host']}"
        grant = {"access_token": ACCESS_TOKEN, "refresh_token": REFRESHED, "id_token": ID_TOKEN, "scope": "api",
                 "instance_url": own, "id": f"{own}/id/00D5g000004aBcDEAU/0055g00000ABcDeAAL",
                 "issued_at": "1795301245226", "signature": "bm90IGl0"}  # fmt: skip
        if self.path.endswith("/token"):
            self._tell(200, grant)
        else:
            self._tell(400, {"error": "invalid_request", "error_description": unquote_plus(sent)})

    def do_GET(self) -> None:
        told = f"bad session {self.headers.get('Authorization', '')}"
        self._tell(401, [{"errorCode": "INVALID_SESSION_ID", "message": told}])

    def _tell(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


REFRESHED = "5Aep861PlantedRotatedRefreshToken"


@pytest.fixture(scope="module")
def generous() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Generous)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/services/oauth2/token"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("flow", FLOWS)
def test_a_granted_token_that_is_used_and_revoked_is_in_no_output(
    jwtdoctor: Shell, vault: Path, generous: str, ntp: tuple[str, str], flow: str
) -> None:
    argv = ["check", "--url", generous, "--flow", flow, "--client-id", "3MVG9x", "--save-case", "case.json"]
    argv += ["--key", KEY, "--username", "ci@acme.com", "--prove", "--revoke", "--verbose"]
    argv += NO_NTP if flow == NARROWING[0] else ntp
    for name in FLOWS[flow]:
        argv += [f"--{name}", f"file:{vault / name}"]
    tokens = [ACCESS_TOKEN, REFRESHED, *SIGNATURES]

    for form in FORMATS:
        answer = jwtdoctor(*argv, "--format", form)

        assert answer.code == 1, answer.err
        assert leaked(jwtdoctor, answer, [*SECRETS.values(), *tokens, *key_lines()]) == []


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("copy", ["curl", "python"])
def test_a_copied_request_holds_no_secret(jwtdoctor: Shell, vault: Path, flow: str, copy: str) -> None:
    argv = ["check", "--url", "https://acme.my.salesforce.com", "--flow", flow, "--client-id", "3MVG9x", "--copy", copy]
    argv += ["--key", KEY, "--username", "ci@acme.com"]
    for name in FLOWS[flow]:
        argv += [f"--{name}", f"file:{vault / name}"]

    answer = jwtdoctor(*argv)

    assert answer.code == 0, answer.err
    assert leaked(jwtdoctor, answer, [*SECRETS.values(), *key_lines()]) == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_compare_repeats_no_secret_of_what_it_reads(
    jwtdoctor: Shell, tmp_path_factory: pytest.TempPathFactory, form: str
) -> None:
    folder = tmp_path_factory.mktemp("compared")
    for name, text in OBSERVED.items():
        (folder / name).write_text(text)

    for one in OBSERVED:
        for other in ("curl", "log"):
            answer = jwtdoctor("compare", str(folder / one), str(folder / other), "--format", form, "--verbose")

            assert answer.code in (0, 2)
            assert leaked(jwtdoctor, answer, [*PLANTED, *key_lines()]) == []


def signature_free(shell: Shell) -> bool:
    """No file holds three base64url parts with dots between them: a whole assertion."""
    import re

    return re.search(r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}", shell.written()) is None


def key_lines() -> list[str]:
    return [line for line in Path(KEY).read_text().splitlines() if "-----" not in line and len(line) > 20]


@pytest.mark.parametrize("auth", ["body", "basic"])
def test_a_secret_sent_as_basic_is_not_told_either(jwtdoctor: Shell, vault: Path, echo: str, auth: str) -> None:
    answer = jwtdoctor(
        "check", "--url", echo, "--flow", "client-credentials", "--client-id", "3MVG9x", "--client-auth", auth,
        "--client-secret", f"file:{vault / 'client-secret'}", "--no-ntp", "--verbose", "--save-case", "c.json",
    )  # fmt: skip

    assert answer.code == 1, answer.err
    basic = b64encode(f"3MVG9x:{SECRETS['client-secret']}".encode()).decode()
    assert leaked(jwtdoctor, answer, [SECRETS["client-secret"], basic]) == []


OBSERVED = {
    "granted": json.dumps(
        {"access_token": ACCESS_TOKEN, "refresh_token": SECRETS["refresh-token"], "id_token": ID_TOKEN,
         "signature": SECRETS["client-secret"], "instance_url": "https://acme.my.salesforce.com"}
    ),
    "echoed": json.dumps(
        {"error": "invalid_grant",
         "error_description": f"assertion={ASSERTION}&client_secret={SECRETS['client-secret']}"}
    ),
    "curl": (
        f"curl -v https://login.salesforce.com/services/oauth2/token -u 3MVG9:{SECRETS['client-secret']}"
        f" -d grant_type=password -d password={quote(SECRETS['password'])} -d assertion={ASSERTION}\n"
        "> POST /services/oauth2/token HTTP/1.1\n> Host: login.salesforce.com\n"
        f"> Authorization: Bearer {ACCESS_TOKEN}\n>\n< HTTP/1.1 400 Bad Request\n< Set-Cookie: sid={ACCESS_TOKEN}\n"
        '<\n{"error":"invalid_grant","error_description":"authentication failure"}'
    ),
    "url": (
        f"https://acme.my.salesforce.com/callback?error=access_denied&code={SECRETS['code']}"
        f"&client_secret={SECRETS['client-secret']}#access_token={quote(ACCESS_TOKEN)}"
    ),
    "log": (
        f"DEBUG refresh_token={SECRETS['refresh-token']} client_secret={SECRETS['client-secret']}\n"
        f"DEBUG Authorization: Bearer {ACCESS_TOKEN}\nDEBUG assertion {ASSERTION}\n"
        'ERROR {"error":"invalid_client","error_description":"invalid client credentials"}'
    ),
    "form": (
        f"grant_type=authorization_code&code={SECRETS['code']}&client_secret={SECRETS['client-secret']}"
        f"&code_verifier={SECRETS['code-verifier']}"
    ),
    "key": Path(KEY).read_text(),
    "case": json.dumps(
        {"schema": "jwtdoctor.case/1", "id": f"x {ASSERTION}",
         "text": f"client_secret={SECRETS['client-secret']} Bearer {ACCESS_TOKEN}",
         "facts": {"reply.description": f"refresh_token={SECRETS['refresh-token']}", "no.such": 1}}
    ),
    "har": json.dumps(
        {"log": {"entries": [{
            "request": {"method": "POST", "url": "https://login.salesforce.com/services/oauth2/token",
                        "headers": [{"name": "Authorization", "value": f"Basic {SECRETS['client-secret']}"}],
                        "postData": {"mimeType": "application/x-www-form-urlencoded",
                                     "text": f"grant_type=refresh_token&refresh_token={SECRETS['refresh-token']}"}},
            "response": {"status": 400, "headers": [],
                         "content": {"text": '{"error":"invalid_grant","error_description":"expired"}'}}}]}}
    ),
}  # fmt: skip
PLANTED = (*SECRETS.values(), ACCESS_TOKEN, *SIGNATURES)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", OBSERVED)
def test_explain_repeats_no_secret_of_what_it_reads(
    jwtdoctor: Shell, tmp_path_factory: pytest.TempPathFactory, name: str, form: str
) -> None:
    source = tmp_path_factory.mktemp("observed") / name
    source.write_text(OBSERVED[name])

    for argv in ([str(source)], ["-"], ["--cases", str(source)]):
        answer = jwtdoctor("explain", *argv, "--format", form, "--verbose", stdin=OBSERVED[name].encode())

        assert answer.code in (0, 1, 2, 3)
        assert leaked(jwtdoctor, answer, [*PLANTED, *key_lines()]) == []


@pytest.mark.parametrize("name", OBSERVED)
def test_inspect_repeats_no_secret_of_what_it_reads(jwtdoctor: Shell, name: str) -> None:
    for form in ("text", "json"):
        answer = jwtdoctor("inspect", "-", "--format", form, "--verbose", stdin=OBSERVED[name].encode())

        assert answer.code in (0, 1, 2)
        assert leaked(jwtdoctor, answer, [*PLANTED, *key_lines()]) == []


@pytest.mark.parametrize(
    "argv",
    [
        ("keys", "show", KEY),
        ("keys", "match", KEY, CERT),
        ("keys", "match", KEY, KEY),
        ("keys", "match", CERT, KEY),
        ("keys", "show", str(SAMPLES / "encrypted.key")),
        ("keys", "show", str(SAMPLES / "damaged.key")),
        ("sign", "--key", str(SAMPLES / "damaged.key"), "--client-id", "x", "--username", "y"),
        ("sign", "--key", CERT, "--client-id", "x", "--username", "y", "--url", "https://login.salesforce.com"),
        ("inspect", KEY),
        ("explain", KEY),
        ("check", "--url", "http://127.0.0.1:1", "--key", str(SAMPLES / "damaged.key"), "--no-ntp"),
        ("check", "--url", "http://127.0.0.1:1", "--key", str(SAMPLES / "encrypted.key"), "--no-ntp"),
    ],
    ids=lambda argv: " ".join(Path(word).name for word in argv[:3]),
)
def test_no_command_prints_a_line_of_a_private_key(jwtdoctor: Shell, argv: tuple[str, ...]) -> None:
    lines = [
        line
        for name in ("matching", "encrypted", "damaged")
        for line in (SAMPLES / f"{name}.key").read_text().splitlines()
        if "-----" not in line and len(line) > 20
    ]

    for form in ("text", "json"):
        answer = jwtdoctor(*argv, *(() if argv[0] == "sign" else ("--format", form)), "--verbose")

        assert [line for line in lines if line in answer.out + answer.err] == []


SECRET = SECRETS["client-secret"]


@pytest.mark.parametrize(
    "argv",
    [
        *[("check", "--url", "http://127.0.0.1:1", f"--{name}", SECRET) for name in SECRETS],
        ("check", "--url", "http://127.0.0.1:1", "--key-passphrase", SECRET),
        ("check", "--url", f"https://u:{SECRET}@acme.my.salesforce.com"),
        ("check", "--url", f"https://acme.my.salesforce.com/?client_secret={SECRET}"),
        ("check", "--url", SECRET),
        ("check", "--simulate", SECRET),
        ("check", "--provider", SECRET),
        ("check", "--flow", SECRET, "--url", "http://127.0.0.1:1"),
        ("check", "--profile", SECRET),
        ("check", SECRET),
        ("check", "--timeout", SECRET),
        ("check", "--fact", f"user.is_active={SECRET}", "--simulate"),
        ("check", "--fact", SECRET, "--simulate"),
        ("check", "--claim", f"x={SECRET}", "--url", "http://127.0.0.1:1"),
        ("check", "--claim", SECRET, "--url", "http://127.0.0.1:1"),
        ("check", "--as", SECRET, "--url", "http://127.0.0.1:1"),
        ("check", "--copy", SECRET, "--url", "http://127.0.0.1:1"),
        ("check", "--my-domain", f"{SECRET}", "--url", "http://127.0.0.1:1"),
        ("check", "--device-url", SECRET, "--url", "http://127.0.0.1:1"),
        ("check", "--authorize-url", f"https://u:{SECRET}@x.example", "--url", "http://127.0.0.1:1"),
        *[
            ("check", f"--{name}-url", SECRET, "--url", "http://127.0.0.1:1")
            for name in ("api", "userinfo", "introspect", "revoke")
        ],
        ("sign", "--as", SECRET, "--key", KEY, "--client-id", "x", "--username", "y"),
        ("sign", "--key-passphrase", SECRET, "--key", KEY),
        ("sign", "--fault", SECRET, "--key", KEY, "--client-id", "x", "--username", "y"),
        ("sign", "--alg", SECRET, "--key", KEY, "--client-id", "x", "--username", "y"),
        ("explain", "--fact", f"clock.ahead_s={SECRET}", "{}"),
        ("explain", "--provider", SECRET, "{}"),
        ("causes", SECRET),
        ("profiles", "show", SECRET),
        ("profiles", "doctor", SECRET),
        ("keys", "show", KEY, SECRET),
        ("pkce", "check", SECRET),
        ("simulate", "--fault", SECRET),
        ("simulate", "--listen", SECRET),
        ("clock", "--samples", SECRET),
        ("tui", SECRET),
        (SECRET,),
    ],
    ids=lambda argv: " ".join(argv[:4]).replace(SECRET, "SECRET"),
)
def test_no_error_repeats_what_may_have_been_a_secret(jwtdoctor: Shell, argv: tuple[str, ...]) -> None:
    answer = jwtdoctor(*argv)

    assert answer.code == 2
    assert answer.out == ""
    assert leaked(jwtdoctor, answer, [SECRET]) == []


@pytest.mark.parametrize(
    "argv", [("check",), ("profiles", "show"), ("profiles", "doctor"), ("sign", "--key", KEY)], ids=str
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_literal_secret_in_a_profile_is_refused_and_not_repeated(
    jwtdoctor: Shell, argv: tuple[str, ...], form: str
) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(f'[profile.acme]\nclient_secret = "{SECRET}"\n')

    answer = jwtdoctor(*argv, "--profile", "acme", *(() if argv[0] == "sign" else ("--format", form)))

    assert answer.code == 2
    assert "client_secret" in answer.err
    assert SECRET not in answer.out + answer.err
