"""`sign`, `inspect`, `keys` and `pkce` as they are typed."""

from __future__ import annotations

import json
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from cli_shell import Shell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SAMPLES = Path(__file__).resolve().parents[2] / "sample_keys"
KEY, CERT = str(SAMPLES / "matching.key"), str(SAMPLES / "matching.crt")
WHO = ("--client-id", "3MVG9sample.key", "--username", "user@example.com", "--key", KEY)
SIGN = ("sign", *WHO, "--url", "https://login.salesforce.com", "-q")
SECRET_LINES = [line for line in (SAMPLES / "matching.key").read_text().splitlines() if "-----" not in line]


@pytest.fixture
def jwtdoctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path, monkeypatch)


def token_of(jwtdoctor: Shell, *more: str) -> str:
    answer = jwtdoctor(*SIGN, *more)
    assert answer.code == 0, answer.err
    return answer.out.strip()


# --- sign


def test_sign_prints_the_token_alone(jwtdoctor: Shell) -> None:
    token = token_of(jwtdoctor)

    assert token.count(".") == 2
    assert jwtdoctor("inspect", "--cert", CERT, stdin=token.encode()).code == 0


def test_sign_narrates_on_stderr_and_never_the_token(jwtdoctor: Shell) -> None:
    answer = jwtdoctor(*[word for word in SIGN if word != "-q"])

    assert "credential" in answer.err
    assert answer.out.strip() not in answer.err


def test_a_form_and_a_curl_line_carry_the_grant_and_the_token(jwtdoctor: Shell) -> None:
    form = parse_qs(token_of(jwtdoctor, "--format", "form"))
    line = shlex.split(token_of(jwtdoctor, "--format", "curl"))

    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert form["assertion"][0].count(".") == 2
    assert line[0] == "curl"
    assert "https://login.salesforce.com/services/oauth2/token" in line


@pytest.mark.parametrize("form", ["token", "text", "json", "curl", "form", "header"])
def test_inspect_reads_whatever_sign_writes(jwtdoctor: Shell, form: str) -> None:
    answer = jwtdoctor("inspect", "--cert", CERT, stdin=token_of(jwtdoctor, "--format", form).encode())

    assert answer.code == 0, answer.out
    assert "verified with an RSA key" in answer.out


def test_json_is_a_report_document_with_header_claims_and_token(jwtdoctor: Shell) -> None:
    document = json.loads(token_of(jwtdoctor, "--format", "json", "--kid", "k", "--claim", 'scope="api"'))

    assert document["schema"] == "jwtdoctor.report/1"
    assert document["assertion"]["header"] == {"alg": "RS256", "typ": "JWT", "kid": "k"}
    assert document["assertion"]["claims"]["scope"] == "api"
    assert document["token"].count(".") == 2


def test_the_thumbprint_of_the_certificate_can_be_written(jwtdoctor: Shell) -> None:
    written = token_of(jwtdoctor, "--cert", CERT, "--x5t", "auto", "--x5t-s256", "auto", "--format", "json")
    shown = json.loads(jwtdoctor("keys", "show", CERT, "--format", "json").out)["file"]["parts"][0]

    header = json.loads(written)["assertion"]["header"]
    assert (header["x5t"], header["x5t#S256"]) == (shown["x5t"], shown["x5t#S256"])


@pytest.mark.skipif(sys.platform == "win32", reason="modes mean nothing there")
def test_output_is_a_private_file_and_never_over_another(jwtdoctor: Shell) -> None:
    first = jwtdoctor(*SIGN, "--output", "token.txt")
    second = jwtdoctor(*SIGN, "--output", "token.txt")

    assert (first.code, second.code) == (0, 2)
    assert first.out == ""
    assert stat.S_IMODE((jwtdoctor.work / "token.txt").stat().st_mode) == 0o600


def test_the_faults_are_listed_and_each_can_be_signed(jwtdoctor: Shell) -> None:
    listed = json.loads(jwtdoctor("sign", "--list-faults", "--format", "json").out)["faults"]

    assert len(listed) >= 40
    for fault in listed[:6]:
        assert token_of(jwtdoctor, "--fault", fault["name"])


def test_a_settings_file_and_the_environment_say_what_is_signed(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (jwtdoctor.work / "jwtdoctor.toml").write_text(
        f'[profile.acme]\nclient_id = "3MVG9file"\nkey = "{KEY}"\nurl = "https://test.salesforce.com"\n'
    )
    monkeypatch.setenv("JWTDOCTOR_USERNAME", "env@example.com")

    document = json.loads(jwtdoctor("sign", "--profile", "acme", "--format", "json", "-q").out)

    claims = document["assertion"]["claims"]
    assert (claims["iss"], claims["sub"]) == ("3MVG9file", "env@example.com")
    assert claims["aud"] == "https://test.salesforce.com"


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("sign",), "no private key was named"),
        (("sign", *WHO), "aud is not known"),
        (("sign", *WHO, "--audience", "a", "--format", "curl"), "token endpoint is not known"),
        (("sign", *WHO[2:], "--audience", "a"), "client_id is not known"),
        ((*SIGN, "--fault", "nope"), "--list-faults"),
        ((*SIGN, "--alg", "ES256"), "ES256 needs an EC key"),
        ((*SIGN, "--alg", "none"), "no such signing algorithm"),
        ((*SIGN, "--provider", "nope"), "no provider"),
        ((*SIGN, "--x5t", "auto"), "needs a certificate"),
        ((*SIGN[:5], "--key", CERT), "this is a certificate"),
        ((*SIGN[:5], "--key", str(SAMPLES / "encrypted.key")), "encrypted"),
        (("inspect", "nowhere.txt"), "nowhere.txt: cannot be read"),
        (("inspect", "--at", "nan"), "--at"),
        (("inspect",), "stdin: there is nothing here"),
        (("keys", "show", "nowhere"), "nowhere: cannot be read"),
        (("keys", "show", str(SAMPLES / "README.md")), "no key"),
        (("keys", "show", str(SAMPLES / "damaged.key")), "cut off"),
        (("keys", "match", str(SAMPLES / "public.pem"), CERT), "this is a public key"),
        (("keys", "new", "x", "--bits", "512"), "2048"),
        (("pkce", "new", "--length", "1"), "43 to 128"),
        (("pkce", "check", "--verifier", "literal", "--challenge", "x"), "reference"),
    ],
)
def test_what_cannot_be_worked_with_is_one_line_and_exit_2(jwtdoctor: Shell, argv: tuple[str, ...], says: str) -> None:
    answer = jwtdoctor(*argv)

    assert answer.code == 2
    assert says in answer.err
    assert len(answer.err.strip().splitlines()) == 1
    assert answer.out == ""


def test_true_time_that_cannot_be_measured_signs_nothing(jwtdoctor: Shell) -> None:
    answer = jwtdoctor(*SIGN, "--true-time", "--ntp", "127.0.0.1:9")

    assert answer.code == 3
    assert answer.out == ""
    assert "could not be measured" in answer.err


# --- inspect


def test_each_time_is_shown_as_epoch_utc_local_and_distance(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = '"iss":"3MVG9a","sub":"u@e.com","aud":"https://login.salesforce.com","exp":1795301245'

    answer = jwtdoctor("inspect", "--at", "1795301200", stdin=_token(claims).encode())

    assert "1795301245" in answer.out
    assert "in 45 s" in answer.out
    assert "2026-11-21 22:47:25Z" in answer.out
    assert "(here 2026-11-2" in answer.out
    assert "not verified" in answer.out


def _token(claims: str, signature: bytes = b"\x8f\x91" * 128) -> str:
    import base64

    parts = [b'{"alg":"RS256","typ":"JWT"}', ("{" + claims + "}").encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_lint_errors_are_exit_1_and_notes_are_exit_0(jwtdoctor: Shell) -> None:
    wrong = jwtdoctor("inspect", stdin=token_of(jwtdoctor, "--fault", "array-aud").encode())
    noted = jwtdoctor("inspect", stdin=token_of(jwtdoctor, "--fault", "string-times").encode())

    assert (wrong.code, noted.code) == (1, 0)
    assert "takes one string" in wrong.out.replace("\n             ", " ")
    assert "note" in noted.out


def test_what_is_no_jwt_is_exit_2(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("inspect", stdin=token_of(jwtdoctor, "--fault", "two-parts").encode())

    assert (answer.code, answer.out) == (2, "")
    assert "three parts" in answer.err


@pytest.mark.parametrize(
    ("cert", "code"), [("matching.crt", 0), ("public.pem", 0), ("matching.key", 0), ("other.crt", 1)]
)
def test_a_signature_is_verified_when_a_key_is_given(jwtdoctor: Shell, cert: str, code: int) -> None:
    answer = jwtdoctor("inspect", "--cert", str(SAMPLES / cert), stdin=token_of(jwtdoctor).encode())

    assert answer.code == code
    assert ("NOT" in answer.out) is bool(code)


def test_the_signature_is_never_printed(jwtdoctor: Shell) -> None:
    token = token_of(jwtdoctor)

    for form in ("text", "json"):
        answer = jwtdoctor("inspect", "-v", "--format", form, "--cert", CERT, stdin=token.encode())
        assert token.rpartition(".")[2] not in answer.out + answer.err
        assert token.split(".")[1] not in answer.out + answer.err


def test_inspect_json_is_a_report_document_with_the_assertion(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("inspect", "--format", "json", stdin=token_of(jwtdoctor, "--fault", "slash-aud").encode())

    document = json.loads(answer.out)
    assert (document["schema"], document["command"], document["outcome"]) == (
        "jwtdoctor.report/1",
        "inspect",
        "not-asked",
    )
    assert document["verdicts"] == []
    assert [finding["rule"] for finding in document["findings"]] == ["aud-slash"]
    assert [one["claim"] for one in document["assertion"]["times"]] == ["iat", "exp"]
    assert document["assertion"]["signature"] == {"present": True, "verified": None}
    assert document["facts"]["assertion.ttl_s"]["value"] == 180


def test_secrets_among_claims_and_in_the_body_are_not_shown(jwtdoctor: Shell) -> None:
    token = _token('"password":"planted-two","note":{"api_key":"planted-three"}')
    body = f"client_secret=planted-one&assertion={token}"

    for form in ("text", "json"):
        answer = jwtdoctor("inspect", "-v", "--format", form, stdin=body.encode())
        assert answer.code == 1
        assert "planted" not in answer.out + answer.err


def test_terminal_escapes_in_claims_do_not_reach_the_terminal(jwtdoctor: Shell) -> None:
    token = _token('"iss":"\\u001b[31mred\\u001b]0;title\\u0007","sub":"a\\u202eb","x\\u001b[2Jy":"z"')

    answer = jwtdoctor("inspect", stdin=token.encode())

    assert not [char for char in answer.out if not char.isprintable() and char != "\n"]


def test_a_token_as_the_argument_is_read_with_a_remark(jwtdoctor: Shell) -> None:
    token = token_of(jwtdoctor)

    answer = jwtdoctor("inspect", token)

    assert answer.code == 0
    assert "visible to other users" in answer.err
    assert token not in answer.err


def test_a_report_of_inspect_fits_80_columns(jwtdoctor: Shell) -> None:
    out = jwtdoctor("inspect", stdin=token_of(jwtdoctor, "--fault", "token-url-aud").encode()).out

    assert max(len(line) for line in out.splitlines()) <= 80


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_inspect_answers_arbitrary_bytes_with_a_report_or_one_line(jwtdoctor: Shell, data: bytes) -> None:
    answer = jwtdoctor("inspect", "-", stdin=data)

    assert answer.code in (0, 1, 2)
    assert answer.code != 2 or len(answer.err.strip().splitlines()) == 1
    assert "Traceback" not in answer.err


# --- keys


def test_a_new_pair_matches_and_tells_where_to_upload_it(jwtdoctor: Shell) -> None:
    made = jwtdoctor("keys", "new", "app", "--days", "90")
    matched = jwtdoctor("keys", "match", "app.key", "app.crt")

    assert (made.code, matched.code) == (0, 0)
    assert "Setup > " in made.out
    assert "PRIVATE" not in made.out + made.err
    assert stat.S_IMODE((jwtdoctor.work / "app.key").stat().st_mode) == 0o600 or sys.platform == "win32"


def test_a_new_pair_is_never_written_over_another(jwtdoctor: Shell) -> None:
    (jwtdoctor.work / "app.crt").write_text("precious")

    answer = jwtdoctor("keys", "new", "app")

    assert answer.code == 2
    assert [path.name for path in jwtdoctor.work.iterdir()] == ["app.crt"]


@pytest.mark.parametrize(
    ("other", "code"),
    [("matching.crt", 0), ("public.pem", 0), ("request.csr", 0), ("encrypted.key", 0), ("bundle.p12", 0),
     ("other.crt", 1), ("expired.crt", 1), ("ec.pub.pem", 1)],
)  # fmt: skip
def test_match_says_whether_two_belong_together(
    jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch, other: str, code: int
) -> None:
    monkeypatch.setenv("WORD", "throwaway")

    answer = jwtdoctor("keys", "match", KEY, str(SAMPLES / other), "--passphrase", "env:WORD")

    assert answer.code == code
    assert ("NOT" in answer.out) is bool(code)


def test_show_says_what_a_file_is(jwtdoctor: Shell) -> None:
    assert "certificate (PEM), an RSA key of 2048 bits" in " ".join(jwtdoctor("keys", "show", CERT).out.split())
    assert "ended" in jwtdoctor("keys", "show", str(SAMPLES / "expired.crt")).out
    assert "encrypted PEM" in jwtdoctor("keys", "show", str(SAMPLES / "encrypted.key")).out


def test_no_output_of_keys_holds_a_key_or_its_passphrase(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "throwaway")
    monkeypatch.setenv("WRONG", "planted-wrong")
    printed = ""
    for file in SAMPLES.iterdir():
        for form in ("text", "json"):
            for word in ("env:WORD", "env:WRONG"):
                answer = jwtdoctor("keys", "show", "-v", "--format", form, "--passphrase", word, str(file))
                printed += answer.out + answer.err

    assert not [line for line in SECRET_LINES if line in printed]
    assert "planted-wrong" not in printed


def test_a_key_on_stdin_is_read(jwtdoctor: Shell) -> None:
    assert "private key" in jwtdoctor("keys", "show", "-", stdin=(SAMPLES / "matching.key").read_bytes()).out


# --- pkce


def test_a_new_verifier_and_its_challenge_pass_the_check(jwtdoctor: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    made = dict(line.split("=", 1) for line in jwtdoctor("pkce", "new").out.split())
    monkeypatch.setenv("VERIFIER", made["code_verifier"])

    right = jwtdoctor("pkce", "check", "--verifier", "env:VERIFIER", "--challenge", made["code_challenge"])
    wrong = jwtdoctor("pkce", "check", "--verifier", "env:VERIFIER", "--challenge", "x", "--format", "json")

    assert (right.code, wrong.code) == (0, 1)
    assert json.loads(wrong.out)["findings"][0]["rule"] == "pkce-mismatch"
    assert made["code_verifier"] not in right.out + wrong.out + right.err + wrong.err


def test_a_verifier_that_is_no_reference_is_not_quoted(jwtdoctor: Shell) -> None:
    answer = jwtdoctor("pkce", "check", "--verifier", "planted-verifier", "--challenge", "x")

    assert answer.code == 2
    assert "planted" not in answer.out + answer.err


# --- start-up


@pytest.mark.parametrize("command", ["sign", "inspect", "keys", "pkce"])
def test_help_loads_nothing_heavy(command: str) -> None:
    code = (
        "import sys; from jwtdoctor.cli.main import run; code = run(sys.argv[1:]);"
        "print(code, {'jwt', 'cryptography', 'requests', 'textual', 'rich'} & set(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code, command, "--help"], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "0 set()"


def test_inspect_without_a_key_loads_no_cryptography(jwtdoctor: Shell) -> None:
    code = (
        "import sys; from jwtdoctor.cli.main import run; run(['inspect', '-']);"
        "print({'jwt', 'cryptography', 'requests'} & set(sys.modules), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], input=token_of(jwtdoctor), capture_output=True, text=True, check=True,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip

    assert done.stderr.strip() == "set()"
