"""The vendors' own clients log in through our judges, and get the provider's own error when a fault is staged.

google-auth, MSAL, PyGithub, octokit and the Snowflake connector were written for the real services: what they send must
be taken as it is, and what they make of a refusal shows whether its form is right. Authlib stands in for Okta, whose
own SDK wants a public host.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import installed
import pytest
import trustme
from conftest import missing

from jwtdoctor.checkup import explain
from jwtdoctor.simulator.server import Simulator
from jwtdoctor.simulator.staging import staged

pytestmark = pytest.mark.real
HERE = Path(__file__).parent
Outcome = dict[str, str]
Run = Callable[[dict[str, Any]], Outcome]

REFUSED = [
    ("google", "key-not-registered", "invalid_grant: Invalid JWT Signature."),
    ("google", "server-clock-wrong:slow", "Token must be a short-lived token (60 minutes)"),
    ("google", "client-deleted", "Invalid grant: account not found"),
    ("google", "app-not-authorized", "unauthorized_client: Client is unauthorized"),
    ("entra", "key-not-registered", "invalid_client [700027] AADSTS700027: Client assertion contains an invalid"),
    ("entra", "wrong-tenant", "unauthorized_client [700016] AADSTS700016: Application with identifier"),
    ("entra", "server-clock-wrong:fast", "AADSTS700024: Client assertion is not within its valid time range."),
    ("okta", "key-id-unknown", "invalid_client: The client_assertion JWT kid is invalid."),
    ("okta", "key-not-registered", "invalid_client: The client_assertion JWT kid is invalid."),
    ("okta", "dpop-required", "invalid_dpop_proof: The DPoP proof JWT header is missing."),
    ("github", "key-not-registered", "A JSON web token could not be decoded"),
    ("github", "server-clock-wrong:fast", "'Expiration time' claim ('exp') must be a numeric value"),
    ("github", "client-deleted", "Integration not found"),
    ("snowflake", "key-not-registered", "390144 (28000): Failed to login: Login error: JWT token is invalid."),
    ("snowflake", "server-clock-wrong:fast", "390144 (28000): Failed to login: Login error: JWT token is invalid."),
]


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest) -> Run:
    """One login by a provider's own client, in a process of its own."""
    python = installed.python_of("provider-clients")
    if python is None:
        missing(request, "google-auth, MSAL, PyGithub and the Snowflake connector are not installed (.ci/real-parts)")
    return lambda job: outcome([str(python), str(HERE / "provider_clients.py")], job)


@pytest.fixture(scope="module")
def octokit(request: pytest.FixtureRequest) -> Run:
    node, modules = installed.node(), installed.node_modules("octokit")
    if node is None or modules is None:
        missing(request, "octokit is not installed (.ci/real-parts)")
    return lambda job: outcome([str(node), str(HERE / "octokit_client.mjs"), str(modules)], job)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """The files of a certificate for localhost, of its key and of its authority: MSAL speaks TLS alone."""
    folder, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    made = authority.issue_cert("localhost")
    made.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    made.private_key_pem.write_to_path(str(folder / "key.pem"))
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    return str(folder / "certificate.pem"), str(folder / "key.pem"), str(folder / "authority.pem")


@contextmanager
def played(provider: str, fault: str, tls: tuple[str, str, str]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """What a client needs to log in at that service, and the requests that it saw."""
    records: list[Any] = []
    certificate = tls[:2] if provider == "entra" else None
    with Simulator(staged(fault, provider), certificate=certificate, log=records.append) as service:
        attempt = service.ready().attempt
        assert attempt.key_pem is not None
        job = {
            "client": provider,
            "url": service.token_url.replace("127.0.0.1", "localhost") if certificate else service.token_url,
            "audience": service.token_url,
            "key": attempt.key_pem.reveal(),
            "kid": attempt.kid,
            "certificate": attempt.certificate_pem,
            "client_id": attempt.client_id,
            "user": attempt.username,
            "code": attempt.code and attempt.code.reveal(),
            "redirect_uri": attempt.redirect_uri,
            "refresh_token": attempt.refresh_token and attempt.refresh_token.reveal(),
            "scope": attempt.extra_claims.get("scope") or attempt.scope,
            "ca": tls[2] if certificate else None,
        }
        yield job, records


def outcome(command: list[str], job: dict[str, Any]) -> Outcome:
    ran = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found: Outcome = json.loads(ran.stdout)
    return found


@pytest.mark.parametrize("provider", ["google", "entra", "okta", "github", "snowflake"])
def test_the_vendors_client_logs_in_unchanged(client: Run, tls: tuple[str, str, str], provider: str) -> None:
    with played(provider, "healthy", tls) as (job, records):
        told = client(job)

    assert "simulated" in told.get("granted", ""), told
    assert all(record["status"] < 400 for record in records)


@pytest.mark.parametrize(("provider", "fault", "words"), REFUSED, ids=[f"{p}-{f}" for p, f, _ in REFUSED])
def test_a_staged_fault_reaches_the_caller_in_the_providers_own_words(
    client: Run, tls: tuple[str, str, str], provider: str, fault: str, words: str
) -> None:
    with played(provider, fault, tls) as (job, records):
        told = client(job)

    assert words in told.get("refused", ""), told
    assert records, "the service was not asked"
    assert explain(told["refused"]).provider == provider, "whose words they are is seen in what the client prints"


@pytest.mark.parametrize(
    ("provider", "fault"), [("apple", "healthy"), ("apple", "healthy:code"), ("apple-app-store-connect", "healthy")]
)
def test_a_key_of_a_curve_is_taken_from_other_peoples_signers(
    client: Run, tls: tuple[str, str, str], provider: str, fault: str
) -> None:
    """PyJWT signs with ES256; a refresh token is used, or a code is redeemed."""
    with played(provider, fault, tls) as (job, records):
        told = client(job)

    assert "simulated" in told.get("granted", ""), told
    assert [record["status"] for record in records] == [200]


@pytest.mark.parametrize(
    ("provider", "fault", "words"),
    [
        ("apple", "key-id-unknown", "invalid_client"),
        ("apple", "code-reused", "invalid_grant: The code has already been used."),
        ("apple-app-store-connect", "key-id-unknown", "401"),
    ],
)
def test_apple_refuses_them_in_its_words(
    client: Run, tls: tuple[str, str, str], provider: str, fault: str, words: str
) -> None:
    with played(provider, fault, tls) as (job, _):
        assert words in client(job).get("refused", "")


def test_octokit_logs_in_and_gets_githubs_words(octokit: Run, tls: tuple[str, str, str]) -> None:
    with played("github", "healthy", tls) as (job, _):
        assert octokit(job) == {"granted": "Acme Integration"}
    with played("github", "key-not-registered", tls) as (job, _):
        assert octokit(job)["refused"].startswith("HttpError: A JSON web token could not be decoded")


@pytest.mark.parametrize("side", ["slow", "fast"])
def test_octokit_corrects_its_clock_by_the_date_of_our_refusal(
    octokit: Run, tls: tuple[str, str, str], side: str
) -> None:
    with played("github", f"server-clock-wrong:{side}", tls) as (job, records):
        told = octokit(job)

    assert told == {"granted": "Acme Integration"}
    assert [record["status"] for record in records] == [401, 200]
