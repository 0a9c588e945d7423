"""`jwtdoctor keys`: makes a pair to upload, says what a file is, and whether two belong together.

Decisions where the contract is silent:
- `keys show` of something that is recognised and cannot sign (an OpenSSH or PuTTY key, a certificate request) says
  what it is and is exit 0; what is no key at all is exit 2.
- `keys match` takes anything that holds a public key as OTHER: certificate, chain, public key, JWK, JWKS,
  `<certificate>` element, another private key. One that matches is enough.
- OTHER may also be a digest that a header or a console shows; then PRIVATE may be a certificate.
- No key material is printed, only digests of public keys.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jwtdoctor.cli.common import (
    OK,
    REF,
    REFUSED,
    Common,
    Group,
    common_options,
    emit,
    emit_document,
    narrate,
    one_line,
    report_document,
)
from jwtdoctor.cli.findings import code_of, finding_lines, wrapped
from jwtdoctor.errors import BadInput, BadKey
from jwtdoctor.render.keyfile import WHERE_TO_UPLOAD, details, headline

if TYPE_CHECKING:
    from jwtdoctor.assertions.keys import KeyFile, KeyPart, PublicKey
    from jwtdoctor.assertions.pairs import Pair
    from jwtdoctor.model.assertion import Finding
    from jwtdoctor.model.secret import Secret


@click.group("keys", cls=Group, short_help="Make, show and match keys and certificates.")
def command() -> None:
    """Makes a key pair to upload, says what a file is, and whether two belong together."""


@command.command("new", short_help="Make a key and its certificate.")
@click.argument("name", metavar="NAME")
@click.option("--bits", type=int, default=2048, show_default=True, help="Size of the RSA key.")
@click.option("--days", type=int, default=365, show_default=True, help="How long the certificate is valid.")
@click.option("--cn", metavar="TEXT", help="Common name of the certificate.  [default: NAME]")
@common_options("text", "json")
def new(common: Common, name: str, bits: int, days: int, cn: str | None) -> int:
    """Writes NAME.key (the private key, mode 0600) and NAME.crt (the certificate to upload).

    Neither is ever written over a file that is there.
    """
    from jwtdoctor.assertions.pairs import new_pair, write_pair

    base = Path(name)
    now = time.time()
    pair = new_pair(bits=bits, days=days, common_name=base.name if cn is None else cn, now=now)
    key_path, certificate_path = write_pair(pair, base)
    if common.format == "json":
        emit_document(common, report_document("keys new", key=_new_document(pair, key_path, certificate_path)))
        return OK
    emit(common, "\n".join(_new_lines(common, pair, key_path, certificate_path)))
    return OK


@command.command("show", short_help="What a file is.")
@click.argument("file", metavar="FILE")
@click.option("--passphrase", type=REF, metavar="REF", help="Passphrase of an encrypted key.")
@common_options("text", "json")
def show(common: Common, file: str, passphrase: str | None) -> int:
    """Says what FILE is: kind, size, dates, thumbprints, and what is wrong with it."""
    from jwtdoctor.assertions.keyfindings import key_findings
    from jwtdoctor.assertions.keys import describe
    from jwtdoctor.config.imports.keyfiles import APPLE_KEY

    data, where = _read(file)
    seen = describe(data, where, _resolved(passphrase))
    login = {} if file == "-" else _login_in(Path(file), data)
    findings = key_findings(seen, time.time(), _mode(file))
    if login.get("file") == APPLE_KEY:  # it is for nobody else, and of a curve by rule
        findings = tuple(finding for finding in findings if finding.rule != "key-not-rsa")
    if common.format == "json":
        emit_document(common, _show_document(seen, findings, login))
    else:
        emit(common, "\n".join(_show_lines(common, seen, findings, login)))
    return code_of(findings)


@command.command("match", short_help="Whether two belong together.")
@click.argument("private", metavar="PRIVATE")
@click.argument("other", metavar="OTHER")
@click.option("--passphrase", type=REF, metavar="REF", help="Passphrase of an encrypted key.")
@common_options("text", "json")
def match(common: Common, private: str, other: str, passphrase: str | None) -> int:
    """Says whether the private key belongs to the certificate, public key or JWKS: exit 0 if so, 1 if not.

    OTHER may also be a digest: x5t, x5t#S256, a JWK thumbprint, the SHA-256 of a public key.
    """
    from jwtdoctor.assertions.keys import load_private, load_publics, matches
    from jwtdoctor.assertions.thumbprints import digest_in

    secret = _resolved(passphrase)
    digest = None if Path(other).exists() else digest_in(other)
    if digest is not None:
        return _match_digest(common, private, digest, secret)
    data, where = _read(private)
    key = load_private(data, where=where, passphrase=secret)
    other_data, other_where = _read(other)
    publics = load_publics(other_data, where=other_where, passphrase=secret)
    own = next((public for public in publics if matches(key, public)), None)
    if common.format == "json":
        emit_document(common, _match_document(where, other_where, own, publics))
        return REFUSED if own is None else OK
    emit(common, "\n".join(_match_lines(common, where, other_where, own, publics)))
    return REFUSED if own is None else OK


# --- reading --------------------------------------------------------------------------------------


def _read(path: str) -> tuple[bytes, str]:
    from jwtdoctor.assertions.signer import read_file

    if path == "-":
        from jwtdoctor.assertions.material import MAX_BYTES

        return (b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_BYTES + 1)), "stdin"
    return read_file(path), one_line(path)


def _resolved(reference: str | None) -> Secret | None:
    from jwtdoctor.config.secrets import resolve

    return None if reference is None else resolve(reference, what="--passphrase")


def _mode(path: str) -> int | None:
    """Permission bits, where they mean something (not on Windows, not for stdin)."""
    if os.name != "posix" or path == "-":
        return None
    try:
        return Path(path).stat().st_mode
    except OSError:
        return None


# --- new ------------------------------------------------------------------------------------------


def _new_lines(common: Common, pair: Pair, key_path: Path, certificate_path: Path) -> Iterator[str]:
    from jwtdoctor.assertions.times import iso

    yield f"{one_line(key_path)}  the private key: keep it, show it to nobody (mode 0600)"
    yield f"{one_line(certificate_path)}  the certificate: upload it on the app"
    yield f"RSA {pair.bits} bits, valid until {iso(pair.not_after, None)}"
    yield ""
    yield "Where to upload the certificate"
    for app, path in WHERE_TO_UPLOAD:
        yield from wrapped(common, f"  {app:<20} ", path, 23)


def _new_document(pair: Pair, key_path: Path, certificate_path: Path) -> dict[str, Any]:
    return {
        "private_key": str(key_path),
        "certificate": str(certificate_path),
        "bits": pair.bits,
        "not_after": pair.not_after,
        "upload": [{"app": app, "where": path} for app, path in WHERE_TO_UPLOAD],
    }


# --- show -----------------------------------------------------------------------------------------


def _login_in(path: Path, data: bytes) -> dict[str, str]:
    """What the file says of the login that its key is for, beside the key: whose key, of which provider."""
    from jwtdoctor.config.imports.read import drafts_of, source_of

    try:
        drafts = drafts_of([source_of(path, data)], lambda _path: None)
    except BadInput:
        return {}
    if len(drafts) != 1 or drafts[0].settings.keys() <= {"key", "cert", "flow"}:
        return {}
    told = {name: drafts[0].settings.get(name) for name in ("provider", "client_id", "kid")}
    return {"file": drafts[0].kind, **{name: str(value) for name, value in told.items() if value is not None}}


def _show_lines(
    common: Common, seen: KeyFile, findings: tuple[Finding, ...], login: Mapping[str, str]
) -> Iterator[str]:
    if seen.wrong:
        yield f"{seen.where}: {seen.wrong}"
    for part in seen.parts:
        yield from wrapped(common, "", f"{seen.where}: {headline(part)}", 2)
        for name, value in details(part):
            yield from wrapped(common, f"  {name:<11} ", one_line(value), 14)
    for name, value in login.items():
        yield from wrapped(common, f"  {name:<11} ", one_line(value), 14)
    if findings:
        yield ""
        yield from finding_lines(common, findings)


def _show_document(seen: KeyFile, findings: tuple[Finding, ...], login: Mapping[str, str]) -> dict[str, Any]:
    from jwtdoctor.render.document import finding_document

    return report_document(
        "keys show",
        findings=[finding_document(finding) for finding in findings],
        file={
            "path": seen.where,
            "wrong": seen.wrong or None,
            "parts": [_part(part) for part in seen.parts],
            "login": dict(login) or None,
        },
    )


def _part(part: KeyPart) -> dict[str, Any]:
    told: dict[str, Any] = {"role": part.role, "form": part.form, "encrypted": part.encrypted}
    return told if part.public is None else told | _public(part.public)


def _public(public: PublicKey) -> dict[str, Any]:
    return {
        "type": public.kind,
        "bits": public.bits,
        "curve": public.curve or None,
        "subject": one_line(public.subject) or None,
        "issuer": one_line(public.issuer) or None,
        "not_before": public.not_before,
        "not_after": public.not_after,
        "x5t": public.x5t or None,
        "x5t#S256": public.x5t_s256 or None,
        "public_key_sha256": public.spki_sha256,
        "thumbprint": public.thumbprint or None,
        "kid": one_line(public.kid) or None,
    }


def _match_digest(common: Common, path: str, digest: bytes, passphrase: Secret | None) -> int:
    """PRIVATE may here be a certificate too: of a private key alone no x5t can be told."""
    from jwtdoctor.assertions.keys import load_private, load_publics, public_of
    from jwtdoctor.assertions.thumbprints import named_by

    data, where = _read(path)
    try:
        key = load_private(data, where=where, passphrase=passphrase)
        publics = [public_of(key), *([key.certificate] if key.certificate else [])]
    except BadKey:
        publics = list(load_publics(data, where=where, passphrase=passphrase))
    name = named_by(digest, publics)
    if common.format == "json":
        emit_document(common, _match_document(where, "digest", publics[0] if name else None, tuple(publics)))
        return OK if name else REFUSED
    ok, bad = ("+", "x") if common.streams.ascii else ("✓", "✗")
    said = f"{ok} this is the {name} in {where}" if name else f"{bad} no digest of what is in {where} is this one"
    emit(common, said)
    if not name and len(digest) == SHA1_BYTES and not any(public.is_certificate for public in publics):
        narrate(common, "20 bytes are an x5t, which is the digest of a certificate: give the certificate in its place")
    return OK if name else REFUSED


SHA1_BYTES = 20


# --- match ----------------------------------------------------------------------------------------


def _match_lines(
    common: Common, where: str, other: str, own: PublicKey | None, publics: tuple[PublicKey, ...]
) -> Iterator[str]:
    ok, bad = ("+", "x") if common.streams.ascii else ("✓", "✗")
    if own is not None:
        which = f" (kid {one_line(own.kid)})" if own.kid and len(publics) > 1 else ""
        yield from wrapped(common, "", f"{ok} {where} belongs to the {own.form} in {other}{which}", 2)
        return
    what = publics[0].form if len(publics) == 1 else f"{len(publics)} keys"
    yield from wrapped(common, "", f"{bad} {where} does NOT belong to the {what} in {other}", 2)
    yield from wrapped(
        common, "  do: ", "find the key that was made with this certificate, or upload the certificate of this key", 6
    )
    if len(publics) == 1:
        narrate(common, f"{other} holds {publics[0].description}")


def _match_document(where: str, other: str, own: PublicKey | None, publics: tuple[PublicKey, ...]) -> dict[str, Any]:
    shown = own or publics[0]
    return report_document(
        "keys match",
        facts={"key.matches_certificate": {"value": own is not None, "source": "key"}},
        match={"private": where, "other": other, "matches": own is not None, "public": _public(shown)},
    )
