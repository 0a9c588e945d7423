"""What is to be said about a key file: weak keys, dates of certificates, repairs, who can read it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from jwtdoctor.assertions.keytypes import KeyFile, KeyPart, PublicKey
from jwtdoctor.assertions.times import duration
from jwtdoctor.assertions.weak import weaknesses
from jwtdoctor.model.assertion import Finding

SMALL_RSA_BITS = 2048
"""RFC 7518 §3.3: RSA keys of 2048 bits or more."""
SOON_S = 30 * 86_400.0
LONG_VALIDITY_S = 10 * 365.25 * 86_400.0
SALESFORCE_CERTIFICATE_BYTES = 4_096

_HELP_JWT = "https://help.salesforce.com/apex/HTViewHelpDoc?id=xcloud.remoteaccess_oauth_jwt_flow.htm"
_EXPIRED_WORKS = (
    "https://salesforce.stackexchange.com/questions/313488/"
    "do-expired-certificates-for-salesforce-connected-applications-block-connections"
)


def key_findings(file: KeyFile, now: float, mode: int | None = None) -> tuple[Finding, ...]:
    """Findings about a file, errors first. `now` epoch seconds; `mode` its permission bits, None
    where they say nothing.
    """
    found = [*_of_file(file, mode)]
    for part in file.parts:
        found += _of_part(part, now)
    rank = {"error": 0, "warning": 1, "note": 2}
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: rank[finding.severity]))


def _of_file(file: KeyFile, mode: int | None) -> Iterator[Finding]:
    if file.wrong:
        yield Finding("key-unusable", "warning", "file", f"this is {file.wrong}", file.do)
    holds_private = any(part.role == "private key" for part in file.parts)
    if holds_private and mode is not None and mode & 0o077:
        message = f"others on this machine can read the private key (mode {mode & 0o777:04o})"
        yield Finding("key-permissions", "warning", "file", message, "chmod 600 FILE")
    for note in file.notes:
        message = f"{note}; it was read all the same, other programs may refuse it"
        yield Finding("key-form", "note", "file", message, "write it as plain PEM")


def _of_part(part: KeyPart, now: float) -> Iterator[Finding]:
    if part.public is None:
        return
    yield from _of_size(part.role, part.public)
    yield from _of_numbers(part.role, part.public)
    if part.role == "certificate":
        yield from _of_dates(part.public, now)
        yield from _of_certificate(part.public)


def _of_size(role: str, public: PublicKey) -> Iterator[Finding]:
    if public.kind == "RSA" and public.bits < SMALL_RSA_BITS:
        message = f"the RSA key has {public.bits} bits; 2048 are the least (RFC 7518 §3.3)"
        yield Finding("key-is-small", "warning", role, message, "make a new pair: jwtdoctor keys new")
    elif public.kind != "RSA":
        message = f"{public.description} cannot sign for Salesforce, which takes RSA with SHA-256 only"
        yield Finding("key-not-rsa", "note", role, message, "elsewhere it is fine", (_HELP_JWT,))


def _of_numbers(role: str, public: PublicKey) -> Iterator[Finding]:
    """Keys that are weak whatever their size."""
    if public.kind == "RSA":
        numbers = public.native.public_numbers()
        for severity, message in weaknesses(numbers.n, numbers.e):
            yield Finding("key-is-weak", severity, role, message, "make a new pair: jwtdoctor keys new")


def _of_dates(public: PublicKey, now: float) -> Iterator[Finding]:
    start, end = public.not_before or 0.0, public.not_after or 0.0
    renew = "make a new pair and upload its certificate: jwtdoctor keys new"
    if now > end:
        message = f"the certificate ended {duration(now - end)} ago; Salesforce is reported not to check, others do"
        yield Finding("certificate-expired", "warning", "certificate", message, renew, (_EXPIRED_WORKS,))
    elif now < start:
        message = f"the certificate is not valid before {duration(start - now)} from now"
        yield Finding("certificate-not-yet-valid", "warning", "certificate", message, "check the clock that made it")
    elif end - now < SOON_S:
        message = f"the certificate ends in {duration(end - now)}"
        yield Finding("certificate-ends-soon", "warning", "certificate", message, renew)
    if end - start > LONG_VALIDITY_S:
        message = f"the certificate is valid for {(end - start) / 31_557_600:.0f} years"
        yield Finding("certificate-lives-long", "note", "certificate", message, "plan a rotation nevertheless")


def _of_certificate(public: PublicKey) -> Iterator[Finding]:
    if public.signature_hash in ("md5", "sha1"):
        message = f"the certificate is signed with {public.signature_hash.upper()}"
        yield Finding("certificate-weak-hash", "warning", "certificate", message, "make a new one: jwtdoctor keys new")
    if public.certificate_bytes > SALESFORCE_CERTIFICATE_BYTES:
        message = f"the certificate has {public.certificate_bytes:,} bytes; Salesforce takes 4 KB at most"
        yield Finding("certificate-too-large", "warning", "certificate", message, "upload a smaller one", (_HELP_JWT,))
