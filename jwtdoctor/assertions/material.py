r"""What is in a key file, as far as can be told without cryptography: PEM blocks, DER, JWK, or the wrong
thing.

Standard library only, and pure. Keys come damaged in a few ways that can be undone without a guess, and
that other tools answer with "could not deserialize": a byte order mark or UTF-16 (PowerShell's `>`), CRLF,
`\n` as two characters (environment variables), line breaks turned into blanks, quotes around it, base64 of
the whole PEM (CI secrets), "Bag Attributes" around it (openssl pkcs12), a JSON file with the PEM in a
member (Google, Box), a `<certificate>` element (Salesforce metadata). Each repair is a note, because the
tool that must read the file later may not repair it.

No message quotes the file.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from jwtdoctor.errors import BadKey

MAX_BYTES = 1_000_000
"""A key file has 200 to 20,000 bytes."""

PRIVATE_LABELS = (
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "DSA PRIVATE KEY",
)
PUBLIC_LABELS = ("PUBLIC KEY", "RSA PUBLIC KEY")
CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE")
REQUEST_LABELS = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")

FORMATS = {
    "PRIVATE KEY": "PKCS#8",
    "ENCRYPTED PRIVATE KEY": "PKCS#8, encrypted",
    "RSA PRIVATE KEY": "PKCS#1",
    "EC PRIVATE KEY": "SEC1",
    "PUBLIC KEY": "SubjectPublicKeyInfo",
    "RSA PUBLIC KEY": "PKCS#1",
}


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block. `legacy_headers` are those of an old encrypted key (RFC 1421 §4.6), else empty."""

    label: str
    der: bytes = field(repr=False)
    legacy_headers: str = ""

    @property
    def encrypted(self) -> bool:
        return self.label == "ENCRYPTED PRIVATE KEY" or "ENCRYPTED" in self.legacy_headers

    def pem(self) -> bytes:
        """The block again, with clean line breaks."""
        body = base64.encodebytes(self.der).decode("ascii")
        headers = f"{self.legacy_headers}\n\n" if self.legacy_headers else ""
        return f"-----BEGIN {self.label}-----\n{headers}{body}-----END {self.label}-----\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class Material:
    """What a file holds: PEM blocks, JWKs, or DER that is yet to be named. `notes` say what was repaired."""

    blocks: tuple[Block, ...] = ()
    jwks: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    der: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrongThing:
    """A recognised file that is no key that can sign: what it is, and what to do."""

    what: str
    do: str


def material_of(data: bytes, where: str) -> Material | WrongThing:
    """What these bytes are. Raises BadKey where they are nothing that belongs here."""
    if len(data) > MAX_BYTES:
        raise BadKey(f"is larger than {MAX_BYTES:,} bytes", where=where, expected="a key or certificate file")
    if not data.strip():
        raise BadKey("the file is empty", where=where, expected="a key or a certificate")
    if data[:1] == b"\x30" and not _is_text(data):
        _refuse_short_der(data, where)
        return Material(der=data)
    text, notes = _as_text(data, where)
    return _of_text(text, where, notes, depth=0)


def _of_text(text: str, where: str, notes: list[str], depth: int) -> Material | WrongThing:
    if element := re.search(r"<certificate>([^<]{1,20000})</certificate>", text):
        return _of_text(element.group(1), where, [*notes, "taken from the <certificate> element"], depth + 1)
    text = _unescaped(text, notes)
    if wrong := _wrong_thing(text):
        return wrong
    if text[:1] in ("{", "[") and "\n-----BEGIN" not in text:
        return _of_json(text, where, notes, depth)
    blocks = tuple(_blocks(text, where, notes))
    if blocks:
        return Material(blocks, notes=tuple(notes))
    if "-----BEGIN" in text:
        raise BadKey("the PEM text is cut off: it has a BEGIN line and no matching END line", where=where)
    return _of_bare_base64(text, where, notes, depth)


# --- text and its damage --------------------------------------------------------------------------


def _is_text(data: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 or byte > 126 for byte in data[:64])


def _as_text(data: bytes, where: str) -> tuple[str, list[str]]:
    notes: list[str] = []
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            notes.append("it begins with a byte order mark" if encoding == "utf-8" else "it is UTF-16 text")
            data = data.removeprefix(mark) if encoding == "utf-8" else data
            break
    else:
        encoding = "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise BadKey("this is neither text nor DER", where=where, expected="PEM, DER, PKCS#12 or a JWK") from None
    if "\r" in text:
        notes.append("it has Windows (CRLF) line breaks")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


_CARRIAGE_RETURN = re.compile(r"&#(?:0{0,4}13|[xX]0{0,4}[dD]);")
_LINE_FEED = re.compile(r"&#(?:0{0,4}10|[xX]0{0,4}[aA]);")
"""XML's references to the two line-break characters (XML 1.0 §4.1), as metadata that was retrieved holds them."""


def _unescaped(text: str, notes: list[str]) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" and "BEGIN" in text:
        notes.append("it stands in quotes")
        text = text[1:-1]
    if "\\n" in text and "-----BEGIN" in text and not text.startswith("{"):
        notes.append("its line breaks are written as the two characters \\n")
        text = text.replace("\\r", "").replace("\\n", "\n")
    return _LINE_FEED.sub("\n", _CARRIAGE_RETURN.sub("", text))


_SIGNS: tuple[tuple[str, str, str], ...] = (
    (
        r"\APuTTY-User-Key-File-",
        "a PuTTY key (.ppk), which no JWT library reads",
        "convert it: puttygen KEY.ppk -O private-openssh -o COPY, then ssh-keygen -p -m PKCS8 -f COPY",
    ),
    (
        r"-----BEGIN OPENSSH PRIVATE KEY-----",
        "an OpenSSH private key, which no JWT library reads",
        "convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY",
    ),
    (r"---- BEGIN SSH2 PUBLIC KEY ----", "an SSH2 public key", "give the private key in PEM form"),
    (
        r"\A(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S{1,30}) AAAA",
        "an OpenSSH public key",
        "give the private key; for the public half: ssh-keygen -e -m PKCS8 -f KEY.pub",
    ),
    (r"-----BEGIN PGP ", "a PGP file", "give a PEM key; PGP keys do not sign JWTs"),
    (
        r"\A\s*<(?:!doctype html|html|head|body)\b",
        "an HTML page: probably a login or error page that was saved in place of the file",
        "download the file again",
    ),
    (
        r"-----BEGIN (?:PKCS7|CMS)-----",
        "a PKCS#7 bundle of certificates",
        "take the certificate out: openssl pkcs7 -print_certs -in FILE",
    ),
    (
        r"-----BEGIN EC PARAMETERS-----(?![\s\S]*PRIVATE KEY)",
        "EC parameters without a key",
        "give the file that holds the key",
    ),
    (
        r"-----BEGIN (?:DH|X9\.42 DH) PARAMETERS-----",
        "Diffie-Hellman parameters",
        "give the file that holds the key",
    ),
)


def _wrong_thing(text: str) -> WrongThing | None:
    for sign, what, do in _SIGNS:
        if re.search(sign, text, re.IGNORECASE):
            return WrongThing(what, do)
    return None


# --- PEM ------------------------------------------------------------------------------------------

_EDGE = re.compile(r"-----(BEGIN|END) ([A-Z0-9 .]{1,40})-----")


def _blocks(text: str, where: str, notes: list[str]) -> Iterator[Block]:
    """Blocks in order. A linear scan over the edges: no regular expression runs over a body."""
    edges = list(_EDGE.finditer(text))
    if edges and text[: edges[0].start()].strip():
        notes.append("there is text around the PEM block (Bag Attributes or the like)")
    for first, last in pairwise(edges):
        if (first.group(1), last.group(1)) != ("BEGIN", "END") or first.group(2) == "EC PARAMETERS":
            continue
        if first.group(2) != last.group(2):
            raise BadKey("the BEGIN and END lines of the PEM text name different things", where=where)
        yield _block(first.group(2), text[first.end() : last.start()], where, notes)


def _block(label: str, body: str, where: str, notes: list[str]) -> Block:
    if not body.startswith("\n") or not body.endswith("\n"):
        notes.append("its line breaks are gone")
    headers = ""
    if found := re.match(r"\s*(Proc-Type: *4,ENCRYPTED)\s+(DEK-Info: *[A-Za-z0-9-]{1,40},[0-9A-Fa-f]{1,64})\s", body):
        headers = f"{found.group(1)}\n{found.group(2)}"
        body = body[found.end() :]
    der = _decoded("".join(body.split()), where)
    block = Block(_LABELS_LIKE.get(label, label), der, headers)
    if not block.legacy_headers:
        _refuse_short_der(der, where)
    return block


_LABELS_LIKE = {
    "X509 CERTIFICATE": "CERTIFICATE",
    "TRUSTED CERTIFICATE": "CERTIFICATE",
    "NEW CERTIFICATE REQUEST": "CERTIFICATE REQUEST",
}


def _decoded(body: str, where: str) -> bytes:
    if not body:
        raise BadKey("the PEM block is empty: the lines between BEGIN and END are missing", where=where)
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadKey(
            "the PEM block is damaged: its body is not base64", where=where, do="copy the file again"
        ) from None


def _refuse_short_der(der: bytes, where: str) -> None:
    """DER says its own length (X.690 §8.1.3), so that a truncated file can be told from any other damage."""
    declared = _declared_length(der)
    if declared is None:
        raise BadKey("this is damaged: it does not begin as a key or certificate does", where=where)
    if declared > len(der):
        raise BadKey(
            f"this is cut off: it says that it has {declared:,} bytes, and {len(der):,} are here",
            where=where,
            do="copy the file again",
        )


def _declared_length(der: bytes) -> int | None:
    if len(der) < 2 or der[0] != 0x30:
        return None
    if der[1] < 0x80:
        return der[1] + 2
    size = der[1] & 0x7F
    if size == 0:
        return len(der)  # indefinite length: BER, as some PKCS#12 files are written
    if size > 4 or len(der) < 2 + size:
        return None
    return int.from_bytes(der[2 : 2 + size], "big") + 2 + size


# --- JSON and bare base64 -------------------------------------------------------------------------

_KEY_MEMBERS = ("private_key", "privateKey", "privatekey", "key", "certificate", "x5c")


def _of_json(text: str, where: str, notes: list[str], depth: int) -> Material | WrongThing:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        if re.match(r"\[{1,2}[\w.\"' -]{1,80}\]{1,2}\s", text):
            raise BadKey("this is a settings file and no key", where=where, expected="the key file it names") from None
        raise BadKey("this begins as JSON and is none", where=where, expected="a JWK, or PEM") from None
    if isinstance(found, dict) and "kty" in found:
        return Material(jwks=(found,), notes=tuple(notes))
    keys = found.get("keys") if isinstance(found, dict) else found
    if isinstance(keys, list) and keys and all(isinstance(k, dict) and "kty" in k for k in keys):
        return Material(jwks=tuple(keys[:100]), notes=tuple(notes))
    pem = next(_pem_members(found, 3), None)
    if pem is not None and depth < 3:
        is_its_place = isinstance(found, dict) and (found.get("type") == "service_account" or "boxAppSettings" in found)
        more = [] if is_its_place else ["the key is a member of a JSON file"]
        return _of_text(pem, where, [*notes, *more], depth + 1)
    raise BadKey("this JSON holds no key", where=where, expected="a JWK, a JWKS or a member private_key")


def _pem_members(found: object, levels: int) -> Iterator[str]:
    if not isinstance(found, dict) or levels == 0:
        return
    for name, value in found.items():
        if isinstance(value, str) and name in _KEY_MEMBERS and "-----BEGIN" in value:
            yield value
        yield from _pem_members(value, levels - 1)


def _of_bare_base64(text: str, where: str, notes: list[str], depth: int) -> Material | WrongThing:
    body = "".join(text.split())
    unknown = BadKey("this is no key and no certificate", where=where, expected="PEM, DER, PKCS#12 or a JWK")
    if depth > 3 or len(body) < 40 or not re.fullmatch(r"[A-Za-z0-9+/_-]+=*", body):
        raise unknown
    plain = body.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        raise unknown from None
    if raw[:1] == b"\x30" and _declared_length(raw) is not None:
        _refuse_short_der(raw, where)
        return Material(der=raw, notes=(*notes, "it is base64 without its BEGIN and END lines"))
    if b"-----BEGIN" in raw or raw.lstrip()[:1] == b"{":
        inner, more = _as_text(raw, where)
        return _of_text(inner, where, [*notes, "it is base64 of the whole file", *more], depth + 1)
    raise unknown
