"""PKCE (RFC 7636): a verifier and its challenge, and whether two belong together.

Standard library only. The checks name the slips that are really made: a hex digest in place of base64url,
`code_challenge_method` left out so that the server compares plainly, padding, the ordinary base64 alphabet.
Salesforce's own command line sends a verifier of 171 characters; that works there, so too long is a warning.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding, Severity
from jwtdoctor.model.secret import Secret

Method = Literal["S256", "plain"]

SHORTEST, LONGEST = 43, 128
"""RFC 7636 §4.1."""

_RFC = "https://www.rfc-editor.org/rfc/rfc7636#section-4.1"
_SLIPS = "https://salesforce.stackexchange.com/questions/330168/pcke-flow-salesforce-for-oauth-2-0"
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")


@dataclass(frozen=True, slots=True)
class Pkce:
    """A verifier (a secret until the code is redeemed) and the challenge made of it."""

    verifier: Secret
    challenge: str
    method: Method = "S256"


@dataclass(frozen=True, slots=True)
class PkceCheck:
    """Whether verifier and challenge belong together, and what is wrong with either."""

    matches: bool
    length: int
    findings: tuple[Finding, ...]

    @property
    def is_in_order(self) -> bool:
        return self.matches and all(finding.severity != "error" for finding in self.findings)


def new(length: int = 64) -> Pkce:
    """A fresh pair, S256. The verifier has `length` characters of the base64url alphabet: no `~`, no `.`.

    Raises BadInput for a length outside 43 to 128.
    """
    if not SHORTEST <= length <= LONGEST:
        raise BadInput(f"a verifier of {length} characters is not allowed", expected="43 to 128 (RFC 7636 §4.1)")
    verifier = secrets.token_urlsafe(length)[:length]
    return Pkce(Secret(verifier), challenge_of(verifier))


def challenge_of(verifier: str | Secret, method: Method = "S256") -> str:
    """The code_challenge (RFC 7636 §4.2): base64url of the SHA-256 of the verifier, or the verifier for
    `plain`.
    """
    text = verifier.reveal() if isinstance(verifier, Secret) else verifier
    return text if method == "plain" else _base64url(_digest(text))


def check(verifier: str | Secret, challenge: str, method: Method = "S256") -> PkceCheck:
    """Whether the two belong together (RFC 7636 §4.6), with every slip named. Never quotes the verifier."""
    text = verifier.reveal() if isinstance(verifier, Secret) else verifier
    matches = challenge_of(text, method) == challenge
    findings = [*check_verifier(text)]
    if method == "plain":
        findings.append(
            _warning(
                "pkce-plain",
                "the method is plain, so that whoever sees the challenge has the verifier",
                "send code_challenge_method=S256",
            )
        )
    if not matches:
        findings.append(_mismatch(text, challenge, method))
    return PkceCheck(matches, len(text), tuple(findings))


def check_verifier(verifier: str | Secret) -> list[Finding]:
    """What is wrong with the form of a verifier (RFC 7636 §4.1). Never quotes it."""
    text = verifier.reveal() if isinstance(verifier, Secret) else verifier
    findings = []
    if text != text.strip():
        findings.append(_error("pkce-white-space", "there is white space around the verifier", "strip it"))
    if not SHORTEST <= len(text) <= LONGEST:
        findings.append(_wrong_length(len(text)))
    if not _UNRESERVED.fullmatch(text.strip()):
        findings.append(
            _error(
                "pkce-characters",
                "the verifier holds characters outside A-Z a-z 0-9 - . _ ~ (RFC 7636 §4.1)",
                "make one with jwtdoctor pkce new",
            )
        )
    if "~" in text:
        findings.append(
            Finding(
                "pkce-tilde",
                "note",
                "code_verifier",
                "the verifier holds a ~, which RFC 7636 allows and Salesforce refuses",
                "use the base64url alphabet only",
                (_RFC,),
            )
        )
    return findings


def _wrong_length(length: int) -> Finding:
    severity: Severity = "error" if length < SHORTEST else "warning"
    message = f"the verifier has {length} characters; 43 to 128 are allowed (RFC 7636 §4.1)"
    if length > LONGEST:
        message += "; Salesforce takes longer ones (its own command line sends 171), others refuse them"
    return Finding("pkce-length", severity, "code_verifier", message, "make one with jwtdoctor pkce new", (_RFC,))


def _mismatch(text: str, challenge: str, method: Method) -> Finding:
    """The first slip that explains the difference, else only that there is one."""
    explained = next((says for says, made in _slips(text, challenge, method) if made), None)
    message = f"the challenge is {explained}" if explained else "the challenge was made of another verifier"
    return Finding(
        "pkce-mismatch",
        "error",
        "code_challenge",
        message,
        "send base64url(SHA-256(verifier)) without padding, and code_challenge_method=S256",
        (_SLIPS,),
    )


def _slips(text: str, challenge: str, method: Method) -> list[tuple[str, bool]]:
    digest = _digest(text)
    hexed = digest.hex()
    return [
        ("the verifier itself, so the method that was meant is plain", challenge == text),
        (
            "its S256 challenge, but the method says plain (code_challenge_method left out?)",
            method == "plain" and challenge == _base64url(digest),
        ),
        ("base64url with its padding left on", challenge.rstrip("=") == _base64url(digest)),
        (
            "ordinary base64 in place of base64url",
            challenge.rstrip("=") == base64.b64encode(digest).decode().rstrip("="),
        ),
        ("the hexadecimal digest in place of base64url", challenge.lower() == hexed),
        (
            "base64url of the hexadecimal digest and not of the raw one",
            challenge.rstrip("=") == _base64url(hexed.encode()),
        ),
        ("right but for white space", challenge.strip() == challenge_of(text, method)),
        ("that of the verifier without its white space", challenge == challenge_of(text.strip(), method)),
    ]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _error(rule: str, message: str, remedy: str) -> Finding:
    return Finding(rule, "error", "code_verifier", message, remedy, (_RFC,))


def _warning(rule: str, message: str, remedy: str) -> Finding:
    return Finding(rule, "warning", "code_challenge_method", message, remedy, (_RFC,))
