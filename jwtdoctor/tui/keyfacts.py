"""What a key and its certificate are, as lines to show: read on a thread, since keys may take their time.

No key material is among it, only digests of public keys.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jwtdoctor.errors import BadInput
from jwtdoctor.model.assertion import Finding
from jwtdoctor.model.case import Attempt
from jwtdoctor.model.secret import Secret
from jwtdoctor.render.keyfile import details, headline
from jwtdoctor.render.words import one_line

if TYPE_CHECKING:
    from jwtdoctor.assertions.keytypes import KeyFile

Sign = Literal["title", "", "+", "!", "✗"]


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One line: `name` in the margin, or a title."""

    text: str
    name: str = ""
    sign: Sign = ""


def of_attempt(attempt: Attempt) -> tuple[KeyLine, ...]:
    """The key and the certificate of a request, and whether they belong together."""
    lines: list[KeyLine] = []
    if attempt.key_path is not None:
        lines += of_file(attempt.key_path, attempt.key_passphrase)
    elif attempt.key_pem is not None:
        lines += of_data(attempt.key_pem.reveal().encode(), "the staged key", None)
    if attempt.certificate_path is not None:
        lines += of_file(attempt.certificate_path)
    elif attempt.certificate_pem is not None:
        lines += of_data(attempt.certificate_pem.encode(), "the certificate on the app", None)
    if attempt.key_path is not None and attempt.certificate_path is not None:
        lines += match(attempt.key_path, attempt.certificate_path, attempt.key_passphrase)
    return tuple(lines)


def of_file(path: str, passphrase: Secret | None = None) -> tuple[KeyLine, ...]:
    """What a file is, and what is wrong with it; a file that is no key is one line."""
    from jwtdoctor.assertions.signer import read_file

    try:
        data = read_file(path)
    except BadInput as problem:
        return (KeyLine(str(problem), sign="✗"),)
    return of_data(data, one_line(path), _mode(path), passphrase)


def of_data(data: bytes, where: str, mode: int | None, passphrase: Secret | None = None) -> tuple[KeyLine, ...]:
    """The same of what was read. `mode`: permission bits, None where they mean nothing."""
    from jwtdoctor.assertions.keyfindings import key_findings
    from jwtdoctor.assertions.keys import describe

    try:
        seen = describe(data, where, passphrase)
    except BadInput as problem:
        return (KeyLine(str(problem), sign="✗"),)
    return tuple(_lines(seen, key_findings(seen, time.time(), mode)))


def _lines(seen: KeyFile, findings: tuple[Finding, ...]) -> Iterator[KeyLine]:
    yield KeyLine(one_line(seen.where), sign="title")
    if seen.wrong:
        yield KeyLine(one_line(seen.wrong), sign="✗")
    for part in seen.parts:
        yield KeyLine(one_line(headline(part)), sign="+")
        yield from (KeyLine(one_line(value), name) for name, value in details(part))
    for finding in findings:
        remedy = f"; {finding.remedy}" if finding.remedy else ""
        yield KeyLine(one_line(finding.message + remedy), sign="✗" if finding.severity == "error" else "!")


def match(private: str, other: str, passphrase: Secret | None = None) -> tuple[KeyLine, ...]:
    """Whether a private key belongs to a certificate, public key or JWKS."""
    from jwtdoctor.assertions.keys import load_private, load_publics, matches
    from jwtdoctor.assertions.signer import read_file

    try:
        key = load_private(read_file(private), where=one_line(private), passphrase=passphrase)
        publics = load_publics(read_file(other), where=one_line(other))
    except BadInput as problem:
        return (KeyLine(str(problem), sign="✗"),)
    if any(matches(key, public) for public in publics):
        return (KeyLine("They belong together.", sign="+"),)
    words = "They do NOT belong together: upload the certificate of this key, or find the key of it."
    return (KeyLine(words, sign="✗"),)


def made(name: str, bits: int, days: int) -> tuple[KeyLine, ...]:
    """Writes NAME.key and NAME.crt, never over a file that is there, and says where the certificate goes."""
    from jwtdoctor.assertions.pairs import new_pair, write_pair
    from jwtdoctor.assertions.times import iso
    from jwtdoctor.render.keyfile import WHERE_TO_UPLOAD

    base = Path(name).expanduser()
    try:
        pair = new_pair(bits=bits, days=days, common_name=base.name, now=time.time())
        key, certificate = write_pair(pair, base)
    except BadInput as problem:
        return (KeyLine(str(problem), sign="✗"),)
    return (
        KeyLine(f"{one_line(str(key))}  the private key: keep it, show it to nobody (mode 0600)", sign="+"),
        KeyLine(f"{one_line(str(certificate))}  the certificate: upload it on the app", sign="+"),
        KeyLine(f"RSA {pair.bits} bits, valid until {iso(pair.not_after, None)}"),
        KeyLine("Where to upload it", sign="title"),
        *(KeyLine(where, app) for app, where in WHERE_TO_UPLOAD),
    )


def _mode(path: str) -> int | None:
    import os

    try:
        return Path(path).stat().st_mode if os.name == "posix" else None
    except OSError:
        return None
