"""Who issued a certificate, and until when it holds: the few fields of a DER certificate that a path needs.

Read by hand because a certificate that failed verification is the one of interest here, and the standard library
decodes only those that passed. It verifies nothing. (Keys and certificates of the user are `assertions`' business.)
Bounded and strict: anything odd raises ValueError. ITU-T X.690, RFC 5280 §4.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address

MAX_DER = 64_000
_SEQUENCE, _INTEGER, _OID, _VERSION = 0x30, 0x02, 0x06, 0xA0
_STRINGS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1A: "ascii", 0x1E: "utf-16-be"}
_EXTENSIONS, _DNS_NAME, _ADDRESS = 0xA3, 0x82, 0x87
_ALTERNATIVE_NAMES = b"\x55\x1d\x11"
MAX_NAMES = 10
_COMMON_NAME, _ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_TIMES = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Names as (common name, organisation), empty where absent; times in epoch seconds."""

    issuer_name: str
    issuer_organisation: str
    subject_name: str
    not_before: float
    not_after: float
    subject_organisation: str = ""
    names: tuple[str, ...] = ()
    """The hosts that it is for (subjectAltName: DNS names and addresses), a few of them."""
    is_self_issued: bool = False
    key_kind: str = ""
    """`RSA` or `EC`; another kind by its object identifier in hex, empty where it cannot be read."""
    key_bits: int = 0
    """Of an RSA modulus; 0 for other kinds."""

    @property
    def issuer(self) -> str:
        """The issuer as one text: `NAME (ORGANISATION)`."""
        return _together(self.issuer_name, self.issuer_organisation)

    @property
    def subject(self) -> str:
        """The holder in the same form."""
        return _together(self.subject_name, self.subject_organisation)


def _together(name: str, organisation: str) -> str:
    return f"{name} ({organisation})" if name and organisation else name or organisation


def read_certificate(der: bytes) -> CertificateFacts:
    """The fields of one DER certificate. Raises ValueError for anything that is none."""
    if len(der) > MAX_DER:
        raise ValueError("a certificate of more than 64 kB")
    outer = _one(der, _SEQUENCE)
    fields = list(_items(next(_items(outer))[1]))
    if fields and fields[0][0] == _VERSION:
        fields = fields[1:]
    if len(fields) < 5 or fields[0][0] != _INTEGER:
        raise ValueError("no certificate")
    issuer, validity, subject = fields[2][1], fields[3][1], fields[4][1]
    begins, ends = (_time(tag, value) for tag, value in list(_items(validity))[:2])
    return CertificateFacts(
        _name(issuer, _COMMON_NAME),
        _name(issuer, _ORGANISATION),
        _name(subject, _COMMON_NAME),
        begins,
        ends,
        _name(subject, _ORGANISATION),
        _hosts(fields[5:]),
        issuer == subject,
        *_key(fields[5:]),
    )


def _one(data: bytes, wanted: int) -> bytes:
    tag, value = next(_items(data))
    if tag != wanted:
        raise ValueError("not the DER structure expected")
    return value


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The tag and the content of each element. Ends with ValueError where a length lies."""
    at = 0
    while at < len(data):
        tag, start, end = _span(data, at)
        yield tag, data[start:end]
        at = end
    if not data:
        raise ValueError("an empty DER structure")


def _span(data: bytes, at: int) -> tuple[int, int, int]:
    if at + 2 > len(data):
        raise ValueError("truncated DER")
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 3 or start + size > len(data):
            raise ValueError("an unusable DER length")
        length, start = int.from_bytes(data[start : start + size], "big"), start + size
    if start + length > len(data):
        raise ValueError("truncated DER")
    return tag, start, start + length


def _hosts(fields: list[tuple[int, bytes]]) -> tuple[str, ...]:
    """The names in the extension subjectAltName (RFC 5280 §4.2.1.6)."""
    packed = next((content for tag, content in fields if tag == _EXTENSIONS), None)
    if not packed:
        return ()
    for _, extension in _items(_one(packed, _SEQUENCE)):
        parts = list(_items(extension))
        if parts[0] == (_OID, _ALTERNATIVE_NAMES):
            names = list(_items(_one(parts[-1][1], _SEQUENCE)))[:MAX_NAMES]
            return tuple(text for tag, value in names if (text := _host(tag, value)))
    return ()


def _host(tag: int, value: bytes) -> str:
    if tag == _DNS_NAME:
        return value[:255].decode("ascii", "replace")
    if tag == _ADDRESS and len(value) in (4, 16):
        return str(ip_address(value))
    return ""


_KEY_KINDS = {b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01": "RSA", b"\x2a\x86\x48\xce\x3d\x02\x01": "EC"}
"""Object identifiers of RFC 3279 §2.3."""


def _key(fields: list[tuple[int, bytes]]) -> tuple[str, int]:
    """Kind and size of the key (subjectPublicKeyInfo); nothing where it defies reading, since dates matter more."""
    try:
        (_, algorithm), (_, bits) = list(_items(fields[0][1]))[:2]
        oid = next(_items(algorithm))[1]
        kind = _KEY_KINDS.get(oid, oid.hex())
        modulus = next(_items(_one(bits[1:], _SEQUENCE)))[1] if kind == "RSA" else b""
        return kind, int.from_bytes(modulus, "big").bit_length()
    except (ValueError, IndexError, StopIteration):
        return "", 0


def _name(name: bytes, wanted: bytes) -> str:
    """The last attribute of that kind in a distinguished name, or empty."""
    found = ""
    for _, rdn in _items(name) if name else ():
        for _, pair in _items(rdn):
            parts = list(_items(pair))
            if len(parts) == 2 and parts[0] == (_OID, wanted) and parts[1][0] in _STRINGS:
                found = parts[1][1][:400].decode(_STRINGS[parts[1][0]], "replace")
    return found


def _time(tag: int, value: bytes) -> float:
    if tag not in _TIMES:
        raise ValueError("no time")
    text = value.decode("ascii", "replace")
    return datetime.strptime(text, _TIMES[tag]).replace(tzinfo=UTC).timestamp()
