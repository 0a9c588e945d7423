"""The `jwtdoctor check …` command line that fits a running scenario, for whoever wants to try it by hand.

Secrets go into files of a private folder and are named as `file:PATH`, since that is how `check` takes them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from jwtdoctor.model.case import Attempt
from jwtdoctor.model.facts import Value
from jwtdoctor.model.names import ASSERTION_FLOWS
from jwtdoctor.model.secret import Secret
from jwtdoctor.simulator.staging import Stage
from jwtdoctor.simulator.wire import TOKEN_PATH

_SECRETS = (
    ("--client-secret", "client_secret"),
    ("--password", "password"),
    ("--security-token", "security_token"),
    ("--refresh-token", "refresh_token"),
    ("--code", "code"),
    ("--code-verifier", "code_verifier"),
    ("--device-code", "device_code"),
    ("--saml-assertion", "saml_assertion"),
    ("--subject-token", "subject_token"),
)


def check_arguments(scenario: Stage, attempt: Attempt, ntp: str, folder: Path) -> list[str] | None:
    """The arguments of `jwtdoctor` that make this attempt, None where its fault cannot be said in options.

    `folder` is private to this user (0700); the key and the secrets are written into it, 0600 each.
    """
    if attempt.ready_assertion is not None or attempt.assertion is not None or attempt.dpop_claims:
        return None
    words = ["check", "--provider", scenario.provider, "--flow", scenario.flow, "--url", attempt.token_url]
    words += ["--client-id", attempt.client_id]
    words += _assertion_words(scenario, attempt, folder)
    for option, name in _SECRETS:
        secret = getattr(attempt, name)
        if secret is not None:
            words += [option, f"file:{_private_file(folder / name.replace('_', '-'), secret)}"]
    words += [] if attempt.redirect_uri is None else ["--redirect-uri", attempt.redirect_uri]
    words += [] if attempt.scope is None else ["--scope", attempt.scope]
    words += [] if attempt.pkce else ["--no-pkce"]
    words += ["--dpop"] if attempt.dpop else []
    words += ["--ntp", ntp]
    for seen in scenario.client_facts():
        words += ["--fact", f"{seen.fact}={_fact_text(seen.value)}"]
    return words


def audit_arguments(flow: str, attempt: Attempt, session: Secret, folder: Path) -> list[str]:
    """The arguments that read the simulated org as its administrator; the session is written into `folder`, 0600."""
    words = ["audit", "--access-token", f"file:{_private_file(folder / 'administrator.session', session)}"]
    words += ["--instance-url", attempt.token_url.removesuffix(TOKEN_PATH), "--flow", flow]
    words += ["--client-id", attempt.client_id] if attempt.client_id else []
    return words + (["--username", attempt.username] if attempt.username else [])


def _assertion_words(scenario: Stage, attempt: Attempt, folder: Path) -> list[str]:
    words = ["--username", attempt.username] if attempt.username else []
    if scenario.flow == "password":
        return words
    if scenario.flow not in ASSERTION_FLOWS:
        return []
    words += ["--audience", attempt.audience] if attempt.audience else []
    words += ["--key", _key_words(attempt, folder), "--lifetime", str(attempt.lifetime_s)]
    if attempt.certificate_pem is not None:
        words += ["--cert", _private_file(folder / "client.crt", Secret(attempt.certificate_pem))]
    words += [] if attempt.kid is None else ["--kid", attempt.kid]
    words += [] if attempt.iat else ["--no-iat"]
    words += [] if attempt.alg is None else ["--alg", attempt.alg]
    for name, value in attempt.extra_claims.items():
        words += ["--claim", f"{name}={json.dumps(value)}"]
    return words


def _key_words(attempt: Attempt, folder: Path) -> str:
    if attempt.key_pem is None:
        return attempt.key_path or "YOUR.key"
    return _private_file(folder / "client.key", attempt.key_pem)


def _private_file(path: Path, secret: Secret) -> str:
    """Writes a secret, 0600 from the first byte on, never over another file."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(secret.reveal())
    return str(path)


def _fact_text(value: Value) -> str:
    return json.dumps(list(value)) if isinstance(value, tuple) else str(value)
